"""The real `segmentary serve`, started as a process the way a user starts it."""

import http.client
import os
import signal
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.servers.forks import Forks, Run
from tests.servers.server import free_port

START_SECONDS = 60
STOP_SECONDS = 60
PROGRAM = Path(sysconfig.get_path("scripts")) / "segmentary"

# What the program itself imports once it knows the command.
LATER = ("segmentary.app", "segmentary.client", "segmentary.cli.server", "segmentary.cli.database", "alembic.command")


@cache
def forks() -> Forks:
    """Return what runs `segmentary` without importing it each time."""
    return Forks(PROGRAM.with_name("python"), "segmentary", "segmentary.cli.main:main", *LATER)


def environment_of_program(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the settings of the person who runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTARY_")} | dict(extra)


def is_about_python(environment: Mapping[str, str]) -> bool:
    """Tell whether variables change how a Python starts, which a fork does not see."""
    return any(name.startswith("PYTHON") for name in environment)


def run_program(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `segmentary` with these arguments to its end, in a folder whose files it may find."""
    return subprocess.run(
        [PROGRAM if is_about_python(environment or {}) else forks().shim, *arguments],
        cwd=folder,
        env=environment_of_program(environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )


class Service:
    """A running server of ours; `url` is where it answers."""

    process: Run | subprocess.Popen[bytes]

    def __init__(
        self,
        folder: Path,
        database: str,
        arguments: tuple[str, ...],
        environment: Mapping[str, str],
        *,
        installed: bool = False,
    ) -> None:
        """Start it; `installed`: the program that the installation made, imports and all, not a fork."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"serve-{self.port}.log"
        command = ["serve", "--host", "127.0.0.1", "--port", str(self.port), *arguments]
        whole = environment_of_program({"SEGMENTARY_DATABASE": database, **environment})
        with self._log.open("w") as output:
            if installed or is_about_python(environment):
                self.process = subprocess.Popen(
                    [str(PROGRAM), *command],
                    cwd=folder,
                    env=whole,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            else:
                self.process = forks().run(command, folder, whole, output.fileno())
        self._stopped = False

    @property
    def output(self) -> str:
        """What it wrote so far, standard error included."""
        return self._log.read_text()

    def wait_until_it_answers(self) -> None:
        """Return when GET / is answered, with whatever status; fail with its output if it ends or time is up."""
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            self._stopped = True
            self.process.kill()
            pytest.fail(f"serve did not answer; it ended with {self.process.wait()} and wrote:\n{self.output}")

    @property
    def workers(self) -> list[int]:
        """The process numbers of its workers; Linux only."""
        return [
            int(number)
            for number in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def stop(self, *, status: int = 0) -> None:
        """Send SIGTERM and demand that it ends in time with this status; a second call does nothing."""
        if self._stopped:
            return
        self.process.send_signal(signal.SIGTERM)
        self.must_end(status=status)

    def must_end(self, *, status: int = 0) -> None:
        """Demand that it ends in time with this status."""
        self._stopped = True
        try:
            ended = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            ended = None
        assert ended == status, f"serve ended with {ended}, not {status}:\n{self.output}"

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        else:
            return True
        finally:
            connection.close()
