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
from segmentary.api.routes import OPEN_PATHS, PAGE, routes
from segmentary.api.wsgi import make_wsgi
from segmentary.errors import InvalidSetting
from segmentary.services import user
from segmentary.services.user import User

pytestmark = pytest.mark.databases("sqlite")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
ID = "01a203c4-f3e5-71bc-848a-4f7a10af3693"
# What a client or a load balancer asks before it has any credentials.
OPEN = {"/", "/v2.0", "/healthcheck"}
PASSWORD = "a good password"  # noqa: S105, of this test


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[segmentary.Application]:
    file = str(tmp_path / "users")
    assert user.add(file, User(name="ann", project_id="blue", roles=("admin",)), None)
    user.add(file, User(name="bob", project_id="blue", roles=("reader",)), PASSWORD)
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
                    first = "Basic realm=" if template in PAGE else "Keystone uri="
                    assert answer.headers["www-authenticate"].startswith(first)


class _Filled(dict[str, str]):
    def __missing__(self, _key: str) -> str:
        return ID


def test_a_browser_gets_the_page_with_a_password_and_guards_it(app: segmentary.Application) -> None:
    client = testing.TestClient(make_wsgi(app, Bodies(app.settings)))
    signed = basic(f"bob:{PASSWORD}")
    for path in (*PAGE, "/openapi.json"):
        answer = client.simulate_get(path, headers=signed)
        assert answer.status_code == 200, path
        if path in PAGE:
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["x-frame-options"] == "DENY"


def test_no_way_to_sign_in_with_a_browser_is_offered_where_there_are_no_passwords(
    database_url: str, tmp_path: Path
) -> None:
    file = str(tmp_path / "users")
    user.add(file, User(name="ann", project_id="blue", roles=("admin",)), None)
    with segmentary.open(database_url, users_file=file, authentication="token") as app:
        answer = testing.TestClient(make_wsgi(app, Bodies(app.settings))).simulate_get("/docs")
    assert answer.status_code == 401
    assert "Basic" not in answer.headers["www-authenticate"]


def test_pages_of_other_sites_can_neither_read_nor_have_anything_done(
    app: segmentary.Application, database_url: str
) -> None:
    """A browser adds a password by itself, and needs none at a server that asks for none."""
    elsewhere = {"Origin": "http://elsewhere"}
    with segmentary.open(database_url) as unguarded:
        for one, headers in ((app, basic(f"bob:{PASSWORD}")), (unguarded, {})):
            client = testing.TestClient(make_wsgi(one, Bodies(one.settings)))
            for path in ("/", "/v2.0", "/v2.0/networks", *PAGE, "/nothing"):
                for method in ("GET", "OPTIONS"):
                    answer: Any = client.simulate_request(method, path, headers=headers | elsewhere)
                    assert not [name for name in answer.headers if name.startswith("access-control-")], (method, path)
                    assert path in OPEN or answer.status_code == 403, (method, path)
            for origin in ("http://elsewhere", "null", "", "http://[::1", "\xf6", "https://falconframework.org.evil"):
                sent = headers | {"Origin": origin, "Content-Type": "text/plain"}
                answer = client.simulate_post("/v2.0/networks", body='{"network": {}}', headers=sent)
                assert (answer.status_code, answer.json["NeutronError"]["type"]) == (403, "OriginRefused"), origin
            own = client.simulate_get("/v2.0/networks", headers=headers | {"Origin": "http://falconframework.org"})
            assert (own.status_code, own.json) == (200, {"networks": []})


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
