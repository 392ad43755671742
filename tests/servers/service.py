"""The real `segmentary serve`, started as a process the way a user starts it."""

import http.client
import os
import signal
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers.server import free_port

START_SECONDS = 20
STOP_SECONDS = 20
PROGRAM = Path(sysconfig.get_path("scripts")) / "segmentary"


class Service:
    """A running server of ours; `url` is where it answers."""

    def __init__(self, folder: Path, database: str, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"serve-{self.port}.log"
        command = [str(PROGRAM), "serve", "--host", "127.0.0.1", "--port", str(self.port), "--database", database]
        # Neither the settings of the person who runs the tests nor a file in their folder may have an effect.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTARY_")}
        with self._log.open("w") as output:
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=folder,
                env={**inherited, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
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

    def stop(self, *, status: int = 0) -> None:
        """Send SIGTERM and demand that it ends in time with this status; a second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        self.process.send_signal(signal.SIGTERM)
        try:
            ended = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            ended = None
        assert ended == status, f"serve ended with {ended}, not {status}, after SIGTERM:\n{self.output}"

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
