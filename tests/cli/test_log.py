"""What is written for the operator tells who asked for what, and nothing secret."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.servers.asking import ask
from tests.servers.service import Service, run_program

pytestmark = pytest.mark.databases("sqlite")


def test_line_of_the_log_has_the_request_and_the_actor(start_server: Callable[..., Service], tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a-token-of-25-characters.")
    file.chmod(0o600)
    service = start_server("--token-file", str(file), environment={"PYTHONWARNINGS": "default"})
    refused = ask(service.url, "GET", "/v2.0/networks", headers={"X-Auth-Token": "wrong"})
    line = next(one for one in service.output.splitlines() if "refused the credentials" in one)
    assert f"[{refused.headers['x-openstack-request-id']}]" in line
    # A database that is broken is the operator's business, and so in the log.
    (tmp_path / "segmentary.db").write_bytes(b"no database " * 1000)
    own = f"req-{uuid4()}"
    headers = {"X-Auth-Token": "a-token-of-25-characters.", "X-OpenStack-Request-ID": own}
    failed = ask(service.url, "POST", "/v2.0/networks", {"network": {}}, headers)
    assert failed.status >= 500
    assert f"[{failed.headers['x-openstack-request-id']} {own} token] POST /v2.0/networks" in service.output
    assert "a-token-of-25-characters." not in service.output


def test_settings_are_shown_without_the_password(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('database = "postgresql://me:hidden%21@h/d"\nusers_file = "users"\n')
    done = run_program(tmp_path, "settings", "--config", "s.toml", "--threads", "3")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert 'database = "postgresql://me:***@h/d"' in lines
    assert {'users_file = "users"', "threads = 3"} <= set(lines)
    assert "hidden" not in done.stdout
