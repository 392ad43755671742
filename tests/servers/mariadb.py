"""Finding MariaDB, or starting a private one if it is installed."""

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pymysql

from tests.servers.server import Address, Connection, DatabaseServer, NoServerError, free_port, private_directory

VARIABLE = "SEGMENTARY_TEST_MARIADB_URL"
PORT = 3306
OperationalError = pymysql.OperationalError
SYSTEM_FOLDERS = "/usr/sbin:/usr/bin:/sbin:/bin"  # Debian puts mariadbd where an ordinary user's PATH does not look


def connect(address: Address) -> Connection:
    """Open a connection that commits each statement."""
    return pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.database or None,
        connect_timeout=5,
        charset="utf8mb4",
        autocommit=True,
        # a transaction that a test left open is reported, not waited for
        init_command="SET SESSION lock_wait_timeout = 10, SESSION innodb_lock_wait_timeout = 10",
    )


@contextmanager
def find(
    environment: Mapping[str, str] = os.environ, loopback_port: int = PORT, folders: str = SYSTEM_FOLDERS
) -> Iterator[DatabaseServer]:
    """Give the server named by the environment, else one answering on loopback, else a private one."""
    if url := environment.get(VARIABLE):
        server = _server(Address.parse(url, port=PORT), f"named by {VARIABLE}")
        server.execute("SELECT 1")  # a server that was asked for by name must answer: no falling back
        yield server
        return
    server = local(loopback_port, "answering on loopback")
    try:
        server.execute("SELECT 1")
    except pymysql.OperationalError:
        with private(folders) as server:
            yield server
    else:
        yield server


@contextmanager
def private(folders: str = SYSTEM_FOLDERS) -> Iterator[DatabaseServer]:
    """Run a server of our own, with its data in a temporary directory and no care for durability."""
    mariadbd = shutil.which("mariadbd", path=folders)
    install = shutil.which("mariadb-install-db", path=folders)
    if mariadbd is None or install is None:
        raise NoServerError(
            f"{VARIABLE} is not set, nothing lets user root in on 127.0.0.1, and mariadbd is not installed"
        )
    with private_directory() as directory:
        data = directory.path / "data"
        directory.run(
            install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"
        )
        server = local(free_port(), f"private, from {mariadbd}")
        command = [
            mariadbd,
            "--no-defaults",
            f"--datadir={data}",
            "--bind-address=127.0.0.1",
            f"--port={server.address.port}",
            "--socket=socket",  # relative to the data: a long path would not fit into a socket address
            "--max-connections=300",
            "--innodb-flush-log-at-trx-commit=0",
            "--skip-log-bin",
        ]
        with directory.running(*command, stop=signal.SIGTERM, ready=lambda: connect(server.address).close()):
            yield server


def local(port: int, origin: str) -> DatabaseServer:
    """Return the server on a port of the loopback address whose root has no password."""
    return _server(Address("mariadb", "127.0.0.1", port, user="root", password=""), origin)


def _server(address: Address, origin: str) -> DatabaseServer:
    return DatabaseServer(
        address=address,
        origin=origin,
        connect=connect,
        # no character set or collation: the program must not depend on what the administrator chose
        create_statement="CREATE DATABASE {name}",
        drop_statement="DROP DATABASE {name}",
    )
