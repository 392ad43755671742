"""Signing in with a token: what is open, what is closed, and what a refusal looks like to OpenStack's clients."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers.asking import Asker
from tests.servers.service import Service

TOKEN = "4f1c0a52e9b86d37"  # noqa: S105, of this test
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def asker(start_server: Callable[..., Service], tmp_path: Path) -> Iterator[Asker]:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    service = start_server("--token-file", str(file))
    assert "-H 'X-Auth-Token: TOKEN'" in service.output
    assert TOKEN not in service.output
    with closing(Asker(service.url)) as asker:
        yield asker


def test_only_versions_and_health_are_open_without_the_token(asker: Asker) -> None:
    for path in ("/", "/v2.0", "/v2.0/", "/healthcheck"):
        assert asker.ask("GET", path).status == 200, path
    for method, path in [
        ("GET", "/v2.0/extensions"),
        ("GET", "/v2.0/networks"),
        ("GET", "/v2.0/networks.json"),
        ("GET", "/.json"),
        ("GET", "/nothing/of/ours"),
        ("GET", "/v2.0/networks/../../"),
        ("OPTIONS", "/v2.0/networks"),
        ("HEAD", "/v2.0/networks"),
        ("PATCH", "/v2.0/networks"),
        ("PUT", "/v2.0/networks/x"),
        ("DELETE", "/v2.0/networks/x"),
    ]:
        assert asker.ask(method, path).status == 401, (method, path)


def test_refusal_has_the_form_that_keystoneauth_knows(asker: Asker) -> None:
    answer = asker.ask("GET", "/v2.0/networks")
    assert answer.document == {
        "error": {
            "code": 401,
            "title": "Unauthorized",
            "message": "The request you have made requires authentication.",
        }
    }
    assert answer.headers["www-authenticate"].startswith('Keystone uri="http://127.0.0.1:')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-openstack-request-id"].startswith("req-")


def test_anything_but_the_token_is_refused(asker: Asker) -> None:
    for header in (
        {"X-Auth-Token": ""},
        {"X-Auth-Token": TOKEN[:-1]},
        {"X-Auth-Token": TOKEN + "0"},
        {"X-Auth-Token": TOKEN.upper()},
        {"X-Auth-Token": f"{TOKEN},{TOKEN}"},
        {"X-Auth-Token": "zw\xf6lf"},
        {"X-Auth-Token": "x" * 20_000},
        {"Authorization": f"Bearer {TOKEN}"},
        {"X-Subject-Token": TOKEN},
    ):
        assert asker.ask("GET", "/v2.0/networks", headers=header).status == 401, header


def test_the_token_opens_everything(asker: Asker) -> None:
    header = {"X-Auth-Token": TOKEN}
    assert asker.ask("GET", "/v2.0", headers=header).status == 200
    assert asker.ask("POST", "/v2.0/networks", {"network": {"name": "blue"}}, header).status == 201
    assert asker.ask("GET", "/v2.0/networks", headers=header).document["networks"][0]["name"] == "blue"


def test_body_of_a_refused_request_is_not_read(asker: Asker) -> None:
    # If it were, the answer would wait for the rest of it.
    headers = {"Content-Length": "1000000", "Expect": "100-continue"}
    assert asker.ask("POST", "/v2.0/networks", b"", headers).status == 401
