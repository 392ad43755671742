"""How to install it on a database server is tried on each of them."""

import json
import os
import secrets
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from tests.servers.found import FoundServers
from tests.servers.server import Address
from tests.servers.service import PROGRAM, Service

PAGE = (ROOT / "docs" / "how-to" / "install.md").read_text()
STATEMENTS = dict(zip(("postgresql", "mariadb"), blocks(PAGE, "sql"), strict=True))
DROP = {"postgresql": ("DATABASE {}", "USER {}"), "mariadb": ("DATABASE {}", "USER {}@'%'")}


@pytest.fixture
def made(database_kind: str, found_servers: FoundServers) -> Iterator[Address]:
    """Execute the page's SQL under another name than `segmentary`; give the address that the page's settings have."""
    server = found_servers.get(database_kind)
    # as long as the names of databases that other tests make, so that a killed run's can be told by their beginning
    name = f"segmentary_test_{os.getpid()}_{secrets.token_hex(4)}"
    try:
        for statement in STATEMENTS[database_kind].replace("segmentary", name).split(";\n"):
            if statement:
                server.execute(statement)
        yield Address(database_kind, server.address.host, server.address.port, name, "secret", name)
    finally:
        for what in DROP[database_kind]:
            server.execute(f"DROP {what.format(name)}")


@pytest.fixture
def settings(made: Address, tmp_path: Path) -> Path:
    """Write the page's settings file, for this database and with the files in a temporary folder."""
    url = "postgresql://segmentary:secret@127.0.0.1/segmentary"
    text = next(blocks(PAGE, "toml"))
    assert url in text
    file = tmp_path / "segmentary.toml"
    file.write_text(text.replace(url, made.url).replace("/etc/segmentary", str(tmp_path)))
    token = tmp_path / "token"
    token.write_text(f"{secrets.token_hex(32)}\n")
    token.chmod(0o640)
    return file


def answer(url: str, token: str) -> tuple[int, object]:
    request = urllib.request.Request(url, headers={"X-Auth-Token": token})  # noqa: S310, our own server
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None


def segmentary(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.databases("postgresql", "mariadb")
def test_the_steps_of_the_page_lead_to_a_service(made: Address, settings: Path, tmp_path: Path) -> None:
    too_early = segmentary("serve", "--config", settings)
    assert too_early.returncode == 1
    assert "Run: segmentary database upgrade" in too_early.stderr
    assert "secret" not in too_early.stderr
    upgraded = segmentary("database", "upgrade", "--config", settings)
    assert upgraded.returncode == 0
    assert made.database in upgraded.stdout
    assert "secret" not in upgraded.stdout
    service = Service(tmp_path, made.url, ("--config", str(settings)), {}, installed=True)
    try:
        service.wait_until_it_answers()
        url = f"{service.url}/v2.0/networks"
        assert answer(url, (tmp_path / "token").read_text().strip()) == (200, {"networks": []})
        assert answer(url, "another token") == (401, None)
    finally:
        service.stop()
