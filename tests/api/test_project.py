"""Every project is known by its id, to clients that look it up where no Keystone answers."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.api.client import Client, client

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url) as found:
        yield found


@pytest.mark.parametrize("project_id", ["blue", "a b", "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11", "x" * 255])
@pytest.mark.parametrize(("path", "name"), [("/projects", "project"), ("/tenants", "tenant")])
def test_project_is_found_by_any_id(api: Client, path: str, name: str, project_id: str) -> None:
    shown = api.ask("GET", f"{path}/{quote(project_id)}")
    assert shown == {name: {"id": project_id, "name": project_id, "domain_id": "default", "enabled": True}}


def test_what_can_be_no_project_is_refused(api: Client) -> None:
    for project_id in ("x" * 256, "a%00b"):
        assert "project_id" in api.refused(400, "GET", f"/projects/{project_id}")["message"]
