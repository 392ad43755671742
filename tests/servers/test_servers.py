"""Each way of getting a database server works, so that none is found broken on the machine that needs it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType

import pytest

from tests.servers import mariadb, postgresql
from tests.servers.found import FoundServers
from tests.servers.server import DatabaseServer, NoServerError, free_port

MODULES = {"postgresql": postgresql, "mariadb": mariadb}


@pytest.fixture
def module(database_kind: str) -> ModuleType:
    return MODULES[database_kind]


@contextmanager
def private(module: ModuleType) -> Iterator[DatabaseServer]:
    """Start a private server, or skip where the program is not installed."""
    found: AbstractContextManager[DatabaseServer] = module.private()
    try:
        server = found.__enter__()
    except NoServerError as error:
        pytest.skip(str(error))
    try:
        yield server
    finally:
        found.__exit__(None, None, None)


@pytest.mark.databases("postgresql", "mariadb")
def test_private_server_is_found_by_url_and_on_loopback_and_is_gone_afterwards(module: ModuleType) -> None:
    with private(module) as server:
        with module.find({module.VARIABLE: server.address.url}) as named:
            assert named.address == server.address
        with module.find({}, loopback_port=server.address.port) as local:
            assert local.origin == "answering on loopback"
        with server.database() as one, server.database() as other:
            assert one.database != other.database
            server.connect(one).close()
        with pytest.raises(module.OperationalError):
            server.connect(one)
    with pytest.raises(module.OperationalError):
        server.connect(server.address)


@pytest.mark.databases("postgresql", "mariadb")
def test_server_named_by_url_that_does_not_answer_is_an_error(module: ModuleType) -> None:
    url = f"any://root@127.0.0.1:{free_port()}/"
    with pytest.raises(module.OperationalError), module.find({module.VARIABLE: url}):
        pass


def test_private_postgresql_is_started_where_none_answers() -> None:
    with postgresql.find({}, loopback_port=free_port()) as server:
        assert server.origin.startswith("private")
        assert server.execute("SELECT 1") == [(1,)]


def test_absent_mariadb_says_what_was_tried() -> None:
    with (
        pytest.raises(NoServerError, match="mariadbd is not installed"),
        mariadb.find({}, loopback_port=free_port(), folders="/nowhere"),
    ):
        pass


@pytest.mark.databases("postgresql", "mariadb")
def test_server_is_looked_for_once(database_kind: str, found_servers: FoundServers) -> None:
    assert found_servers.get(database_kind) is found_servers.get(database_kind)
