"""A database server: making and dropping databases of its own, and running a private one."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

START_SECONDS = 30
STOP_SECONDS = 20


class Cursor(Protocol):
    """The part of a DB-API cursor that tests use."""

    @property
    def description(self) -> Sequence[Sequence[Any]] | None: ...

    def execute(self, statement: Any, parameters: Any = ..., /) -> Any: ...  # noqa: ANN401 - drivers differ

    def fetchall(self) -> Sequence[Sequence[Any]]: ...


class Connection(Protocol):
    """The part of a DB-API connection that tests use."""

    def cursor(self) -> Cursor: ...

    def commit(self) -> None: ...

    def close(self) -> None: ...


class NoServerError(Exception):
    """No server of this kind can be had on this machine; says what was tried."""


@dataclass(frozen=True)
class Address:
    """Where a server or one of its databases is, in the form `scheme://user:password@host:port/database`."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    database: str = ""

    @classmethod
    def parse(cls, url: str, *, port: int) -> "Address":
        """Read a URL; `port` is the one to take if it names none."""
        parts = urlsplit(url)
        return cls(
            scheme=parts.scheme,
            host=parts.hostname or "127.0.0.1",
            port=parts.port or port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=parts.path.lstrip("/"),
        )

    @property
    def url(self) -> str:
        password = f":{quote(self.password, safe='')}" if self.password else ""
        user = f"{quote(self.user, safe='')}{password}@" if self.user else ""
        return f"{self.scheme}://{user}{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class DatabaseServer:
    """A running server and how to reach it."""

    address: Address
    origin: str  # where it came from, for the summary of the test run
    connect: Callable[[Address], Connection]
    create_statement: str  # with {name}
    drop_statement: str

    def execute(self, statement: str) -> Sequence[Sequence[Any]]:
        """Run a statement outside any of the test databases, and return its rows."""
        connection = self.connect(self.address)
        try:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else ()
        finally:
            connection.close()

    @contextmanager
    def database(self) -> Iterator[Address]:
        """Make an empty database with a name nobody else has, and drop it at the end."""
        # The process number tells whose it is; the random part keeps hosts that share one server apart.
        name = f"segmentary_test_{os.getpid()}_{secrets.token_hex(4)}"
        self.execute(self.create_statement.format(name=name))
        try:
            yield replace(self.address, database=name)
        finally:
            self.execute(self.drop_statement.format(name=name))


def free_port() -> int:
    """Return a TCP port of the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class PrivateDirectory:
    """A temporary directory, and the ordinary user that owns it."""

    path: Path
    user: int | None  # None: the user who runs the tests

    def run(self, *command: str | Path) -> None:
        """Run a program to its end as that user; its output is in the error if it fails."""
        done = subprocess.run(
            command,
            cwd=self.path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=STOP_SECONDS + START_SECONDS,
            **self._identity,
        )
        if done.returncode:
            raise NoServerError(f"{command[0]} failed with status {done.returncode}:\n{done.stdout}{done.stderr}")

    @contextmanager
    def running(self, *command: str | Path, stop: signal.Signals, ready: Callable[[], None]) -> Iterator[None]:
        """Keep a server running as that user, from the moment that `ready` raises nothing."""
        log = self.path / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                command, cwd=self.path, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **self._identity
            )
        try:
            wait_until(ready, process, log)
            yield
        finally:
            process.send_signal(stop)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()
            process.wait()

    @property
    def _identity(self) -> dict[str, Any]:
        return {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": ()}


def wait_until(ready: Callable[[], None], process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when `ready` raises nothing; fail with the log if the process ends or time is up."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return ready()
        except Exception as error:
            if process.poll() is not None:
                raise NoServerError(
                    f"{process.args!r} ended with status {process.returncode}:\n{log.read_text()}"
                ) from error
            if time.monotonic() > deadline:
                raise NoServerError(
                    f"{process.args!r} did not answer in {START_SECONDS} s:\n{log.read_text()}"
                ) from error
        time.sleep(0.05)


@contextmanager
def private_directory() -> Iterator[PrivateDirectory]:
    """Make a directory for a private server, owned by an ordinary user: PostgreSQL refuses to run as root."""
    path = Path(tempfile.mkdtemp(prefix="segmentary-test-"))
    nobody = 65534
    user = nobody if os.geteuid() == 0 else None
    try:
        if user is not None:
            os.chown(path, user, user)
        yield PrivateDirectory(path, user)
    finally:
        shutil.rmtree(path)
