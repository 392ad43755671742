"""What `segmentary` says about itself and about databases, without serving anything."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from segmentary import __version__
from segmentary.cli.main import main
from segmentary.db import migrate

RunSql = Callable[[str], Sequence[Sequence[Any]]]


@dataclass(frozen=True)
class Said:
    """How a command ended and what it wrote."""

    status: int
    output: str
    errors: str

    @property
    def refusal(self) -> str:
        """The one line by which it refused."""
        assert self.status == 1
        assert self.output == ""
        assert self.errors.count("\n") == 1, self.errors
        return self.errors


Run = Callable[..., Said]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Give a function that runs `segmentary` in this process, in a folder of its own, as if typed."""
    for name in os.environ:
        if name.startswith("SEGMENTARY_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["segmentary", *arguments])
        capfd.readouterr()
        try:
            main()
            status: object = 0
        except SystemExit as ended:
            status = ended.code or 0
        assert isinstance(status, int)
        said = capfd.readouterr()
        return Said(status, said.out, said.err)

    return run


def test_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version") == Said(0, f"segmentary {__version__}\n", "")


def test_help_names_every_setting_with_its_environment_variable(run: Run) -> None:
    said = run("serve", "--help")
    assert said.status == 0
    for name in ("host", "port", "database", "workers", "token-file", "config"):
        assert f"--{name} " in said.output
        assert f"SEGMENTARY_{name.upper().replace('-', '_')}" in said.output.replace("\n", "")


@pytest.mark.parametrize(
    "arguments", [("serve", "--prot", "9697"), ("srve",), ("serve", "now"), ("database", "downgrade")], ids=" ".join
)
def test_what_the_command_line_does_not_know_ends_with_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    said = run(*arguments)
    assert said.status == 2
    assert re.fullmatch(r"segmentary.*: .+; see segmentary.* --help\n", said.errors), said.errors


def test_database_is_upgraded_once_and_then_is_what_is_declared(
    run: Run, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGMENTARY_DATABASE", empty_database_url)
    assert run("database", "current").output == "none\n"
    unfit = run("database", "check")
    assert unfit.status == 1
    assert f"revision is none, not {migrate.newest()}" in unfit.output
    first, second = (run("database", "upgrade") for _ in range(2))
    assert first.status == second.status == 0
    assert first.output.endswith(f"upgraded from none to {migrate.newest()}\n")
    assert second.output.endswith(f"is at revision {migrate.newest()} already\n")
    assert run("database", "current").output == f"{migrate.newest()}\n"
    fit = run("database", "check")
    assert fit.status == 0
    assert fit.output.endswith(f"is what is declared, revision {migrate.newest()}\n")


@pytest.mark.databases("postgresql", "mariadb")
def test_check_names_the_constraint_that_is_missing(
    run: Run, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.servers.schema import connect  # noqa: PLC0415 - used here only

    monkeypatch.setenv("SEGMENTARY_DATABASE", empty_database_url)
    run("database", "upgrade")
    connection = connect(empty_database_url)
    connection.cursor().execute("ALTER TABLE segments DROP CONSTRAINT segment_vlan_id_range")
    connection.close()
    said = run("database", "check")
    assert said.status == 1
    assert "constraint segment_vlan_id_range of table segments is missing" in said.output


def test_url_of_the_database_comes_from_the_environment_too(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGMENTARY_DATABASE", database_url)
    assert run("database", "current").output == f"{migrate.newest()}\n"


@pytest.mark.parametrize("verb", ["upgrade", "current", "check"])
@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@127.0.0.1:1/d", "mariadb://u:secret@127.0.0.1:1/d", "sqlite:////missing/folder/a.db"]
)
def test_database_that_cannot_be_reached_is_told_in_one_line_without_its_password(
    run: Run, verb: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGMENTARY_DATABASE", url)
    refusal = run("database", verb).refusal
    assert url.replace("secret", "***") in refusal
    assert "secret" not in refusal


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--database", "oracle://host/db"), "postgresql://"),
        (("--database", "nonsense"), "postgresql://"),
        (("--database", "sqlite://"), "sqlite:///name.db"),
        (("--config", "missing.toml"), "missing.toml"),
    ],
    ids=["oracle", "nonsense", "memory", "config"],
)
def test_setting_that_cannot_be_is_told_in_one_line_with_what_can(
    run: Run, arguments: tuple[str, ...], word: str
) -> None:
    assert word in run("database", "current", *arguments).refusal


def test_password_after_the_question_mark_of_a_url_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENTARY_DATABASE", "postgresql://u@h/d?password=secret")
    refusal = run("database", "current").refusal
    assert "//user:password@host" in refusal
    assert "secret" not in refusal
