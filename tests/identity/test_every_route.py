"""Every path and method there is, without credentials and with wrong ones of every kind: only the open ones answer."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from falcon import testing

import segmentary
from segmentary.api.body import Bodies
from segmentary.api.proxy import behind
from segmentary.api.routes import OPEN_PATHS, routes
from segmentary.api.wsgi import make_wsgi
from segmentary.errors import InvalidSetting
from segmentary.services import user
from segmentary.services.user import User

pytestmark = pytest.mark.databases("sqlite")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
ID = "01a203c4-f3e5-71bc-848a-4f7a10af3693"
# What a client, a load balancer or a browser asks before it has any credentials; the page says nothing of the data.
OPEN = {"/", "/v2.0", "/healthcheck", "/docs", "/docs/page.js", "/docs/page.css"}


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[segmentary.Application]:
    file = str(tmp_path / "users")
    assert user.add(file, User(name="ann", project_id="blue", roles=("admin",)), None)
    user.add(file, User(name="bob", project_id="blue", roles=("admin",)), "a good password")
    with segmentary.open(database_url, users_file=file) as opened:
        yield opened


def basic(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


CREDENTIALS: dict[str, dict[str, str]] = {
    "none": {},
    "empty": {"X-Auth-Token": ""},
    "wrong": {"X-Auth-Token": "wrong"},
    "long": {"X-Auth-Token": "x" * 50_000},
    "not ASCII": {"X-Auth-Token": "z\xf6"},
    "of another service": {"X-Subject-Token": "wrong", "X-Service-Token": "wrong"},
    "headers of a proxy": {"X-Identity-Status": "Confirmed", "X-Roles": "admin", "X-Project-Id": "blue"},
    "wrong password": basic("bob:another password"),
    "name alone": basic("bob"),
    "no base64": {"Authorization": "Basic \xff"},
    "another scheme": {"Authorization": "Bearer wrong"},
}


def test_only_open_paths_answer_without_good_credentials(app: segmentary.Application) -> None:
    assert OPEN == OPEN_PATHS
    bodies = Bodies(app.settings)
    client = testing.TestClient(make_wsgi(app, bodies))
    paths = [path for path, _ in routes(app, bodies)]
    assert len(paths) > 40
    for template in [
        *paths,
        "/nothing",
        "/v2.0/nothing",
        "/v2.0/networks.json",
        "/v2.0/.json",
        "/docs/../v2.0/networks",
    ]:
        path = template.format_map(_Filled())
        for method in METHODS:
            for name, headers in CREDENTIALS.items() if method == "GET" else [("none", {})]:
                answer: Any = client.simulate_request(method, path, headers=headers)
                if template in OPEN:
                    assert answer.status_code in {200, 405}, (method, path, name)
                else:
                    assert answer.status_code == 401, (method, path, name, answer.text)
                    assert answer.headers["www-authenticate"].startswith("Keystone uri=")


class _Filled(dict[str, str]):
    def __missing__(self, _key: str) -> str:
        return ID


def test_pages_are_guarded_against_others(app: segmentary.Application) -> None:
    client = testing.TestClient(make_wsgi(app, Bodies(app.settings)))
    headers = client.simulate_get("/docs", headers={"Origin": "http://elsewhere"}).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert not [name for name in headers if name.startswith("access-control-")]


def test_only_configured_proxies_are_believed(app: segmentary.Application) -> None:
    wsgi = make_wsgi(app, Bodies(app.settings))
    said = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "network.example.org",
        "X-Forwarded-Prefix": "/network/",
        "X-Forwarded-For": "127.0.0.1",
    }

    def link(proxies: str, headers: dict[str, str]) -> str:
        client = testing.TestClient(behind(proxies, wsgi) if proxies else wsgi)
        answer = client.simulate_get("/", headers=headers, remote_addr="192.0.2.7")
        found: str = answer.json["versions"][0]["links"][0]["href"]
        return found

    own = link("", {})
    assert link("", said) == link("192.0.2.8, 2001:db8::/32", said) == own
    assert link("192.0.2.0/24", said) == "https://network.example.org/network/v2.0/"
    for name, value in {
        "Proto": "javascript",
        "Host": "a b",
        "Prefix": '/../x"',
        "Prefix ": "//elsewhere",
        "Host ": "h/evil",
    }.items():
        assert link("192.0.2.7", {f"X-Forwarded-{name.strip()}": value}) == own, value
    with pytest.raises(InvalidSetting):
        behind("10.0.0.0/99", wsgi)
