"""Servers under load: segmentary, or the same HTTP server answering a constant; and their processor time and memory."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from tests.servers.server import free_port

START_SECONDS = 60
STOP_SECONDS = 30
# In which a server that does nothing takes less than a tenth of a processor.
CALM_SECONDS = 0.4


class ServerEndedError(Exception):
    """The server did not start; says what it wrote."""


@dataclass(frozen=True)
class Shape:
    """How many processes and threads the server has."""

    workers: int
    threads: int


@dataclass(frozen=True)
class Server:
    """A running server; `ready_seconds` is the time from its start to its first answer."""

    url: str
    process: int
    ready_seconds: float

    def places(self) -> list[Path]:
        """Return its processes in /proc."""
        return [processes.PROC / str(one) for one in processes.tree(self.process)]

    def calm(self) -> None:
        """Wait until it has done what was asked before the load generator went away."""
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            before = sum(map(processes.seconds, self.places()))
            time.sleep(CALM_SECONDS)
            if sum(map(processes.seconds, self.places())) - before < CALM_SECONDS / 10:
                return

    def memory(self) -> float:
        """Return the MiB of its largest process."""
        return processes.resident_mebibytes(processes.tree(self.process))


@contextmanager
def segmentary(url: str, shape: Shape, folder: Path) -> Iterator[Server]:
    """Serve a database as a user would."""
    port = free_port()
    options = {"host": "127.0.0.1", "port": port, "database": url, "workers": shape.workers, "threads": shape.threads}
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with _running([sys.executable, "-m", "segmentary", "serve", *arguments], port, folder) as server:
        yield server


@contextmanager
def constant(body: bytes, shape: Shape, folder: Path) -> Iterator[Server]:
    """Serve a constant from a bare WSGI callable."""
    port = free_port()
    (folder / "body").write_bytes(body)
    command = [sys.executable, "-m", "bench.constant", folder / "body", port, shape.workers, shape.threads]
    with _running([str(one) for one in command], port, folder) as server:
        yield server


@contextmanager
def _running(command: Sequence[str], port: int, folder: Path) -> Iterator[Server]:
    log = folder / f"server-{port}.log"
    # Neither the settings of the person who runs the benchmark nor a file in their folder may have an effect.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTARY_")}
    started = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > started + START_SECONDS:
                raise ServerEndedError(f"{' '.join(command)}\n{log.read_text()}")
            time.sleep(0.01)
        yield Server(f"http://127.0.0.1:{port}", process.pid, time.monotonic() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    else:
        return True
    finally:
        connection.close()
