"""A NATS server of our own with JetStream, which a test can stop and start again; its data stays."""

import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.server import NoServerError, free_port, wait_until

FOLDERS = "/usr/sbin:/usr/bin:/usr/local/bin"
STOP_SECONDS = 20


class NatsServer:
    """A server process; `url` is where it answers whenever it runs."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._log = folder / "log"
        self._command = [program, "--addr", "127.0.0.1", "--port", str(self.port), "--jetstream"]
        self._command += ["--store_dir", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait_until(self._connect, self._process, self._log)

    def stop(self) -> None:
        """Kill it, so that nobody is told of its end."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(STOP_SECONDS)
            self._process = None

    def _connect(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as one:
            assert one.recv(4) == b"INFO"


@contextmanager
def running() -> Iterator[NatsServer]:
    """Give a running server."""
    program = shutil.which("nats-server", path=FOLDERS)
    if program is None:
        raise NoServerError("nats-server is not installed")
    with tempfile.TemporaryDirectory(prefix="segmentary-test-") as folder:
        server = NatsServer(program, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
