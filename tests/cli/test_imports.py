"""What a command makes its user wait for: libraries that it has no use for are not imported."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.servers.service import Service

HEAVY = {
    "alembic",
    "asyncio",
    "falcon",
    "granian",
    "keystoneauth1",
    "nats",
    "oslo_config",
    "oslo_policy",
    "pika",
    "psycopg",
    "pymysql",
    "sqlalchemy",
    "sqlite3",
    "urllib3",
    "yaml",
}


def imported(*arguments: str) -> set[str]:
    """Return which heavy packages a run of the program imports."""
    command = [sys.executable, "-X", "importtime", "-m", "segmentary", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert "segmentary.cli.main" in names
    return HEAVY & {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("segment", "list", "--help"), ("serve", "--help"), ("audit", "--help")],
    ids=" ".join,
)
def test_help_imports_no_heavy_package(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) == set()


@pytest.mark.databases("sqlite")
def test_command_that_asks_a_service_imports_its_http_client_alone(
    start_server: Callable[..., Service], database_url: str
) -> None:
    server = start_server()
    assert imported("segment", "list", "--url", server.url) == {"urllib3"}
    on_database = imported("segment", "list", "--database", database_url)
    assert {"sqlalchemy", "sqlite3"} <= on_database
    assert not {"alembic", "falcon", "granian", "urllib3"} & on_database
