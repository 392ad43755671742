"""The `openstack` command, driven as a person types: many commands in one process, imported once."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.servers.forks import Forks

LONGEST_SECONDS = 120
# What `openstack` itself imports once it knows the command.
COMMANDS = ("network", "network_segment", "network_segment_range")


@cache
def forks(program: Path) -> Forks:
    """Return what runs an `openstack` without importing it each time."""
    modules = [f"openstackclient.network.v2.{one}" for one in COMMANDS]
    return Forks(program.with_name("python"), "openstack", "openstackclient.shell:main", *modules)


class Openstack:
    """Runs `openstack` commands against one server."""

    def __init__(self, program: Path, folder: Path, **variables: str) -> None:
        """Run it with these variables in the environment and none of the person who runs the tests."""
        self._installed, self._shim = program, forks(program).shim
        self._folder = folder
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        # No clouds.yaml of that person's either.
        self._environment = {**inherited, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), **variables}

    def all(self, *commands: str) -> list[Any]:
        """Run commands that must all succeed; return the JSON that they print, of those that print any."""
        done = self._run((), "".join(f"{command}\n" for command in commands))
        # So used it ends with status 1 whatever happened; a command that fails writes here.
        assert done.stderr.strip() == "", done.stderr
        return _documents(done.stdout)

    def refusals(self, *commands: str) -> list[str]:
        """Run commands that must all fail with one line each, and return the lines."""
        done = self._run((), "".join(f"{command}\n" for command in commands))
        assert done.stdout.strip() == ""
        lines = [line for line in done.stderr.splitlines() if line]
        assert len(lines) == len(commands), done.stderr
        return lines

    def refused(self, command: str) -> str:
        """Run a command that must fail, and return what it says."""
        done = self._run(tuple(shlex.split(command)), "")
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stdout == ""
        return done.stderr.strip()

    def one(self, command: str) -> str:
        """Run a command that must succeed, with the program as it is installed, and return what it prints."""
        done = self._run(tuple(shlex.split(command)), "", self._installed)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _run(
        self, arguments: tuple[str, ...], typed: str, program: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program or self._shim, *arguments],
            cwd=self._folder,
            env=self._environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )


def _documents(text: str) -> list[Any]:
    decoder = json.JSONDecoder()
    found: list[Any] = []
    place = 0
    while (rest := text[place:].lstrip()) != "":
        document, length = decoder.raw_decode(rest)
        found.append(document)
        place = len(text) - len(rest) + length
    return found


def names(rows: list[Mapping[str, Any]]) -> list[Any]:
    """Return the names in a list that was printed, in order of the alphabet, those without one first."""
    return sorted((row["Name"] for row in rows), key=lambda name: name or "")
