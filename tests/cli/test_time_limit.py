"""No request takes longer than it may, whatever it waits for: it is told so, and the others are answered."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from segmentary.app.application import OWN_CONNECTIONS
from segmentary.app.lists import PART
from segmentary.db import deadline, engine
from segmentary.db.statement import Statement
from segmentary.db.transaction import Database
from segmentary.errors import TryAgain
from tests.servers import schema
from tests.servers.asking import Answer, ask
from tests.servers.proxy import proxy
from tests.servers.service import Service

Start = Callable[..., Service]
THREADS = 2
LIMITED = ("--request-seconds", "2", "--threads", str(THREADS))
TOLD = ("within the 2 seconds", "took too long in the database")
# Nobody else may read or write; and how that ends.
CLOSE = {
    "sqlite": "BEGIN EXCLUSIVE",
    "postgresql": "BEGIN; LOCK TABLE networks IN ACCESS EXCLUSIVE MODE",
    "mariadb": "LOCK TABLES networks WRITE",
}
OPEN = {"sqlite": "ROLLBACK", "postgresql": "ROLLBACK", "mariadb": "UNLOCK TABLES"}
# A statement that would go on for hours.
COUNTING = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT count(*) FROM n"
)
ENDLESS = {
    "sqlite": COUNTING,
    "postgresql": COUNTING.replace("SELECT 1", "SELECT 1::bigint"),
    "mariadb": "SELECT count(*) FROM information_schema.columns a, information_schema.columns b, "
    "information_schema.columns c, information_schema.columns d",
}
SELECT_ONE = Statement(text("SELECT 1"))
# More than what is on its way to a client: several times what is read of a list at once.
LONG_LIST = 8 * PART


def assert_told(answer: Answer) -> None:
    assert (answer.status, answer.fault["type"]) == (503, "ServiceUnavailable")
    assert any(words in answer.message for words in TOLD), answer.message


def create(service: Service) -> Answer:
    return ask(service.url, "POST", "/v2.0/networks", {"network": {"name": "late"}})


@contextmanager
def closed_to_others(url: str, kind: str) -> Iterator[None]:
    with closing(schema.connect(url)) as connection:
        connection.cursor().execute(CLOSE[kind])
        try:
            yield
        finally:
            connection.cursor().execute(OPEN[kind])


def test_request_that_waits_for_a_lock_is_told_and_stores_nothing(
    start_server: Start, database_url: str, database_kind: str
) -> None:
    service = start_server(*LIMITED)
    assert ask(service.url, "GET", "/v2.0/networks").status == 200
    with closed_to_others(database_url, database_kind), ThreadPoolExecutor(4 * THREADS) as pool:
        waiting = [pool.submit(create, service) for _ in range(4 * THREADS)]
        for one in waiting:
            answer = one.result()
            assert (answer.status, answer.fault["type"]) == (503, "ServiceUnavailable")
        assert ask(service.url, "GET", "/").status == 200
    assert ask(service.url, "GET", "/v2.0/networks").document == {"networks": []}
    assert create(service).status == 201
    assert "Traceback" not in service.output


@pytest.mark.databases("postgresql", "mariadb")
def test_request_whose_database_says_nothing_more_is_told(start_server: Start, database_url: str) -> None:
    with proxy(database_url) as line:
        service = start_server(*LIMITED, environment={"SEGMENTARY_DATABASE": line.url})
        assert ask(service.url, "GET", "/v2.0/networks").status == 200
        line.is_silent = True
        with ThreadPoolExecutor(THREADS) as pool:
            for one in [pool.submit(ask, service.url, "GET", "/v2.0/networks") for _ in range(THREADS)]:
                assert one.result().status == 503
        assert create(service).status == 503
        line.is_silent = False
        assert ask(service.url, "GET", "/v2.0/networks").document == {"networks": []}


def test_statement_is_stopped_when_the_time_of_its_request_is_over(
    database_url: str, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOOK_SECONDS", 0.05)
    endless = Statement(text(ENDLESS[database_kind]))

    def late(database: Database) -> None:
        deadline.begin(0.5)
        with pytest.raises(TryAgain, match=r"within the 0\.5 seconds"):
            database.read(lambda tx: tx.rows(endless, {}))
        with pytest.raises(TryAgain, match=r"within the 0\.5 seconds"):
            database.run(lambda tx: tx.rows(SELECT_ONE, {}))

    with closing(Database(database_url, connections=1)) as database:
        # Later than the deadline, and soon enough that a server whose client is gone does not count for long.
        database.limit(5)
        in_thread = ThreadPoolExecutor(1)  # whose deadline is its own
        in_thread.submit(late, database).result()
        assert database.read(lambda tx: tx.rows(SELECT_ONE, {})) == [(1,)], "its place is free again"


@pytest.mark.databases("postgresql", "mariadb")
def test_server_ends_a_statement_by_itself_before_that(database_url: str, database_kind: str) -> None:
    endless = Statement(text(ENDLESS[database_kind]))
    with closing(Database(database_url, connections=1)) as database:
        database.limit(1)
        with pytest.raises(TryAgain, match="a statement took too long"):
            database.run(lambda tx: tx.rows(endless, {}))
        assert database.read(lambda tx: tx.rows(SELECT_ONE, {})) == [(1,)]


@pytest.mark.databases("sqlite")
def test_writer_waits_for_its_turn_until_its_deadline_only(database_url: str) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(_tx: object) -> None:
        begun.set()
        go_on.wait()

    def late(database: Database) -> None:
        deadline.begin(0.1)
        with pytest.raises(TryAgain, match="others write"):
            database.run(lambda tx: tx.rows(SELECT_ONE, {}))

    with closing(Database(database_url)) as database, ThreadPoolExecutor(2) as pool:
        holding = pool.submit(database.run, hold)
        begun.wait()
        try:
            pool.submit(late, database).result()
        finally:
            go_on.set()
        holding.result()


@pytest.mark.databases("sqlite")
def test_clients_that_do_not_read_a_long_list_keep_nobody_waiting(
    start_server: Start, run_sql: Callable[[str], Sequence[Sequence[Any]]]
) -> None:
    service = start_server("--request-seconds", "8", "--threads", str(THREADS))
    assert create(service).status == 201
    others = ", ".join(str(row[1]) for row in run_sql("PRAGMA table_info(networks)") if row[1] != "id")
    run_sql(
        f"INSERT INTO networks (id, {others}) WITH RECURSIVE n(i) AS "
        f"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {LONG_LIST}) "
        f"SELECT printf('01a203c4-0000-7000-8000-%012x', i), {others} FROM networks, n"
    )
    with ExitStack() as stack:
        readers = []
        for _ in range(2 * THREADS + OWN_CONNECTIONS):
            reader = stack.enter_context(closing(socket.socket()))
            reader.settimeout(60)
            # So that little of the answer is on its way.
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", service.port))
            reader.sendall(b"GET /v2.0/networks HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            readers.append(reader)
            assert ask(service.url, "GET", "/v2.0/networks?limit=1").status == 200
        give_up = time.monotonic() + 60
        while "it did not read its answer" not in service.output:
            assert ask(service.url, "GET", "/v2.0/networks?limit=1").status == 200
            assert time.monotonic() < give_up
    assert "Traceback" not in service.output
