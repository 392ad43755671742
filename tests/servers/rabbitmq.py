"""Finding RabbitMQ, or starting a private node if it is installed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pika
from pika.exceptions import AMQPError

from tests.servers.server import NoServerError, PrivateDirectory, free_port, private_directory, wait_until

VARIABLE = "SEGMENTARY_TEST_RABBITMQ_URL"
PORT = 5672
# The program itself: what Debian puts into /usr/sbin starts it as another user, without our environment.
FOLDERS = "/usr/lib/rabbitmq/bin:/usr/local/sbin:/opt/rabbitmq/sbin"
STOP_SECONDS = 30


def connect(url: str) -> pika.BlockingConnection:
    """Open a connection."""
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.stack_timeout = 5
    return pika.BlockingConnection(parameters)


@contextmanager
def find(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Give the URL named by the environment, else of a server on loopback, else of a private one."""
    if url := environment.get(VARIABLE):
        connect(url).close()  # a server that was asked for by name must answer: no falling back
        yield url
        return
    url = _local(PORT)
    try:
        connect(url).close()
    except (AMQPError, OSError):
        with running() as server:
            yield server.url
    else:
        yield url


class RabbitServer:
    """A node of our own, which a test can kill and start again; `url` is where it answers whenever it runs."""

    def __init__(self, program: str, directory: PrivateDirectory) -> None:
        self._port = free_port()
        self.url = _local(self._port)
        self._program, self._directory = program, directory
        self._log = directory.path / "log"
        self._process: subprocess.Popen[bytes] | None = None
        (directory.path / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self._port}\n")

    def start(self) -> None:
        user = self._directory.user
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [self._program],
                env=_environment(self._port, self._directory.path),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else (),
            )
        wait_until(lambda: connect(self.url).close(), self._process, self._log)

    def kill(self) -> None:
        """Kill it and what it has started, so that nobody is told of its end."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_SECONDS)
            self._process = None


@contextmanager
def running() -> Iterator[RabbitServer]:
    """Give a node of our own, with its data in a temporary directory."""
    program = shutil.which("rabbitmq-server", path=FOLDERS)
    if program is None:
        raise NoServerError(f"{VARIABLE} is not set, nothing answers guest on 127.0.0.1, rabbitmq-server is missing")
    with private_directory() as directory:
        server = RabbitServer(program, directory)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def _environment(port: int, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"segmentary-{port}@localhost",
        # In the place of that of the machine, which may say where to listen.
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }


def _local(port: int) -> str:
    return f"amqp://guest:guest@127.0.0.1:{port}/%2F"
