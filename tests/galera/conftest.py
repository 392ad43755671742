"""Fixtures for tests on a Galera cluster, which `make test-galera` runs.

nodes       the servers of a cluster of three, started once
urls        a migrated database as each of the nodes has it
run_sql     run SQL on the database, by the first node, after all that was committed on any of them
services    `segmentary serve` for each node
apps        the library on each node
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import segmentary
from segmentary import Application
from tests.conftest import APP_CONNECTIONS
from tests.servers import galera, mariadb, schema
from tests.servers.server import Address, DatabaseServer
from tests.servers.service import Service

WANTED = "SEGMENTARY_TEST_GALERA"


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[DatabaseServer]]:
    if os.environ.get(WANTED) != "1":
        pytest.skip(f"{WANTED}=1 is not set: run `make test-galera`")
    with galera.cluster() as found:
        yield found


@pytest.fixture
def urls(nodes: list[DatabaseServer]) -> Iterator[list[str]]:
    with nodes[0].database() as address:
        schema.upgrade(address.url)
        found = [replace(node.address, database=address.database) for node in nodes]
        for one in found:
            wait_until_applied(one)
        yield [one.url for one in found]


def wait_until_applied(address: Address) -> None:
    """Return when a node has what the others committed before."""
    with closing(mariadb.connect(replace(address, database=""))) as connection:
        cursor = connection.cursor()
        cursor.execute("SET SESSION wsrep_sync_wait = 1")
        cursor.execute(f"SELECT version_num FROM {address.database}.alembic_version")


@pytest.fixture
def run_sql(urls: list[str]) -> Iterator[Callable[[str], Sequence[Sequence[Any]]]]:
    with closing(schema.connect(urls[0])) as connection:
        connection.cursor().execute("SET SESSION wsrep_sync_wait = 1")

        def run(statement: str) -> Sequence[Sequence[Any]]:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else ()

        yield run


@pytest.fixture
def services(urls: list[str], tmp_path: Path) -> Iterator[list[Service]]:
    with ExitStack() as stack:
        found = [Service(tmp_path, url, (), {}) for url in urls]
        for one in found:
            stack.callback(one.stop)
        for one in found:
            one.wait_until_it_answers()
        yield found


@pytest.fixture
def apps(urls: list[str]) -> Iterator[list[Application]]:
    with ExitStack() as stack:
        yield [stack.enter_context(segmentary.open(url, threads=APP_CONNECTIONS)) for url in urls]
