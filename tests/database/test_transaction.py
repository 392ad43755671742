"""The runner: what is committed, what is rolled back, what is tried again, and what is told to the caller."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from segmentary.catalog import PhysicalNetwork
from segmentary.db import answers, dialects, engine, records, transaction
from segmentary.db.statement import Statement
from segmentary.db.transaction import Database, Tx
from segmentary.db.violation import ConstraintBroken
from segmentary.errors import DatabaseFailed, NetworkNotFound, TryAgain
from segmentary.rules.attribute import describe
from tests.rules.rows import fitting_row
from tests.servers import schema
from tests.servers.proxy import Cut, proxy
from tests.servers.server import free_port

RunSql = Callable[[str], Sequence[Sequence[Any]]]
servers = pytest.mark.databases("postgresql", "mariadb")

# A table that is ours alone, so that these tests know nothing of networks.
INSERT = Statement(text("INSERT INTO range_scopes (network_type, scope, version) VALUES ('trial', :scope, :version)"))
SET = Statement(text("UPDATE range_scopes SET version = :version WHERE scope = :scope"))
COUNT = Statement(text("SELECT count(*) FROM range_scopes"))
KEY = answers.Key("project", "key")
SELECT_ONE = Statement(text("SELECT 1"))
NONSENSE = Statement(text("SELECT nonsense"))
OWN_CONNECTION = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT connection_id()"}
KILL = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}
CONNECTIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = database()",
}
REFUSED_BECAUSE_OF_OTHERS = {
    "postgresql": "DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{}'; END $$",
    "mariadb": "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = {}",
}
CODES = {"postgresql": ("40001", "40P01", "55P03"), "mariadb": ("1020", "1205", "1213")}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a database with a single connection: one that was not given back is missed at once."""
    with closing(Database(database_url, connections=1)) as one:
        yield one


@pytest.fixture
def rows(run_sql: RunSql) -> Callable[[], list[tuple[str, int]]]:
    """Give a function that returns what is stored, past our code."""
    return lambda: [
        (scope, version) for scope, version in run_sql("SELECT scope, version FROM range_scopes ORDER BY 1")
    ]


def insert(tx: Tx, scope: str = "a", version: int = 1) -> int:
    return tx.execute(INSERT, {"scope": scope, "version": version})


def insert_physical_network(tx: Tx, name: str) -> None:
    row = {**fitting_row(describe(PhysicalNetwork)), "id": str(uuid4()), "name": name}
    records.insert_records(tx, [PhysicalNetwork(**row)])


def one_value(tx: Tx, statement: Statement) -> Any:  # noqa: ANN401, whatever is asked for
    row = tx.row(statement, {})
    assert row is not None
    return row[0]


def refusal(kind: str, code: str) -> Statement:
    return Statement(text(REFUSED_BECAUSE_OF_OTHERS[kind].format(code)))


def own_connection(kind: str, tx: Tx) -> int:
    number: int = one_value(tx, Statement(text(OWN_CONNECTION[kind])))
    return number


def test_what_work_returns_is_returned_after_commit(database: Database, rows: Callable[[], object]) -> None:
    assert database.run(lambda tx: (insert(tx), 5)[1]) == 5
    assert rows() == [("a", 1)]


@pytest.mark.parametrize("error", [NetworkNotFound(id="x"), ZeroDivisionError(), KeyboardInterrupt()], ids=repr)
def test_whatever_work_raises_leaves_nothing_and_the_connection_usable(
    database: Database, rows: Callable[[], object], error: BaseException
) -> None:
    def work(tx: Tx) -> None:
        insert(tx)
        raise error

    with pytest.raises(type(error)):
        database.run(work)
    assert rows() == []
    database.run(insert)
    assert rows() == [("a", 1)]


def test_statement_that_cannot_be_executed_is_a_defect_and_leaves_nothing(
    database: Database, rows: Callable[[], object]
) -> None:
    attempts = count(1)

    def work(tx: Tx) -> None:
        next(attempts)
        insert(tx)
        tx.rows(NONSENSE, {})

    with pytest.raises(DatabaseFailed) as refused:
        database.run(work)
    assert isinstance(refused.value.__cause__, database.dialect.errors)
    assert rows() == []
    assert next(attempts) == 2, "a defect was tried again"
    database.run(insert)


def test_value_that_the_driver_cannot_send_is_no_lost_connection(database: Database) -> None:
    attempts = count(1)

    def work(tx: Tx) -> None:
        next(attempts)
        tx.execute(INSERT, {"scope": "\ud800", "version": 1})

    with pytest.raises((DatabaseFailed, UnicodeEncodeError)):
        database.run(work)
    assert next(attempts) == 2
    database.run(insert)


@servers
def test_transaction_refused_because_of_others_is_run_again(
    database_kind: str, database: Database, rows: Callable[[], object]
) -> None:
    attempts = count()
    refusals = [refusal(database_kind, code) for code in CODES[database_kind]]

    def work(tx: Tx) -> int:
        insert(tx)
        attempt = next(attempts)
        if attempt < len(refusals):
            tx.execute(refusals[attempt], {})
        return attempt

    assert database.run(work) == len(refusals)
    assert rows() == [("a", 1)]


@servers
def test_transaction_that_is_always_refused_is_given_up(
    database_kind: str, database: Database, rows: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "LONGEST_PAUSE_SECONDS", 0)
    attempts = count(1)
    refuse = refusal(database_kind, CODES[database_kind][0])

    def work(tx: Tx) -> None:
        next(attempts)
        insert(tx)
        tx.execute(refuse, {})

    with pytest.raises(TryAgain, match="because of others"):
        database.run(work)
    assert next(attempts) == transaction.ATTEMPTS + 1
    assert rows() == []


@servers
def test_transaction_is_not_begun_again_after_the_caller_stopped_waiting(
    database_kind: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "LAST_ATTEMPT_SECONDS", 0)
    attempts = count(1)
    refuse = refusal(database_kind, CODES[database_kind][0])
    with pytest.raises(TryAgain):
        database.run(lambda tx: (next(attempts), tx.execute(refuse, {})))
    assert next(attempts) == 2


@servers
def test_two_transactions_in_a_deadlock_both_succeed(database_url: str, rows: Callable[[], object]) -> None:
    with closing(Database(database_url, connections=2)) as database, ThreadPoolExecutor(2) as threads:
        database.run(lambda tx: (insert(tx, "a"), insert(tx, "b")))
        attempts = count(1)
        both_hold_one = threading.Barrier(2)

        def change(first: str, second: str) -> None:
            is_first_attempt = True

            def work(tx: Tx) -> None:
                nonlocal is_first_attempt
                next(attempts)
                tx.execute(SET, {"scope": first, "version": 2})
                if is_first_attempt:
                    is_first_attempt = False
                    both_hold_one.wait(30)
                tx.execute(SET, {"scope": second, "version": 2})

            database.run(work)

        for done in [threads.submit(change, "a", "b"), threads.submit(change, "b", "a")]:
            done.result(60)
    # More than three attempts: the victim may take its first row again before the other wakes up.
    assert next(attempts) >= 4, "there was no deadlock"
    assert rows() == [("a", 2), ("b", 2)]


@pytest.mark.databases("sqlite")
def test_writer_waits_for_another_process_and_is_run_again_when_it_is_refused(
    database_url: str, rows: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "WAIT_SECONDS", 0.05)
    refused = threading.Event()
    is_busy = dialects.Sqlite.failure

    def failure(dialect: dialects.Sqlite, error: Exception) -> dialects.Failure:
        found = is_busy(dialect, error)
        if found.cause is dialects.Cause.RUN_AGAIN:
            refused.set()
        return found

    monkeypatch.setattr(dialects.Sqlite, "failure", failure)
    with (
        closing(Database(database_url, connections=1)) as database,
        closing(schema.connect(database_url)) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        other.cursor().execute("BEGIN IMMEDIATE")
        done = thread.submit(database.run, insert)
        assert refused.wait(30)
        other.cursor().execute("COMMIT")
        done.result(60)
    assert rows() == [("a", 1)]


@pytest.mark.databases("sqlite")
def test_writer_that_another_process_never_lets_in_is_told_to_try_again(
    database_url: str, rows: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "WAIT_SECONDS", 0)
    monkeypatch.setattr(transaction, "LONGEST_PAUSE_SECONDS", 0)
    with closing(Database(database_url, connections=1)) as database, closing(schema.connect(database_url)) as other:
        other.cursor().execute("BEGIN IMMEDIATE")
        with pytest.raises(TryAgain):
            database.run(insert)
        assert database.read(lambda tx: one_value(tx, COUNT)) == 0, "readers do not wait for writers"
        other.cursor().execute("COMMIT")
        database.run(insert)
    assert rows() == [("a", 1)]


@servers
def test_connection_lost_before_commit_is_replaced_and_the_transaction_run_again(
    database_kind: str, database: Database, rows: Callable[[], object]
) -> None:
    attempts = count(1)

    def work(tx: Tx) -> None:
        insert(tx)
        if next(attempts) == 1:
            tx.rows(Statement(text(KILL[database_kind].format(own_connection(database_kind, tx)))), {})
        tx.execute(SET, {"scope": "a", "version": 2})

    database.run(work)
    assert next(attempts) == 3
    assert rows() == [("a", 2)]


@servers
def test_connection_that_died_in_the_pool_is_replaced(
    database_kind: str, database: Database, run_sql: RunSql, rows: Callable[[], object]
) -> None:
    for act in (database.run, database.read):
        number = act(lambda tx: own_connection(database_kind, tx))
        run_sql(KILL[database_kind].format(number))
        assert act(lambda tx: one_value(tx, SELECT_ONE)) == 1
        assert act(lambda tx: own_connection(database_kind, tx)) != number
    database.run(insert)
    assert rows() == [("a", 1)]


@servers
@pytest.mark.parametrize("cut", Cut, ids=lambda cut: cut.value)
def test_connection_lost_during_commit_is_told_and_never_repeated(
    database_url: str, rows: Callable[[], object], cut: Cut
) -> None:
    attempts = count(1)
    with proxy(database_url) as line, closing(Database(line.url, connections=1)) as database:
        database.run(lambda tx: insert(tx, "before"))

        def work(tx: Tx) -> None:
            next(attempts)
            insert(tx)
            tx.rows(COUNT, {})
            line.cut = cut

        with pytest.raises(TryAgain, match="lost during commit; look whether the change was made"):
            database.run(work)
        assert next(attempts) == 2
        assert rows() == [*([("a", 1)] if cut is Cut.NEXT_ANSWER_LOST else []), ("before", 1)]
        database.run(lambda tx: insert(tx, "after"))


@servers
@pytest.mark.parametrize("cut", Cut, ids=lambda cut: cut.value)
def test_connection_lost_in_the_middle_is_replaced_whichever_side_is_silent(
    database_url: str, rows: Callable[[], object], cut: Cut
) -> None:
    attempts = count(1)
    with proxy(database_url) as line, closing(Database(line.url, connections=1)) as database:

        def work(tx: Tx) -> None:
            insert(tx)
            if next(attempts) == 1:
                line.cut = cut
            tx.rows(COUNT, {})

        database.run(work)
    assert next(attempts) == 3
    assert rows() == [("a", 1)]


@servers
def test_database_that_is_away_is_told_and_found_again_when_it_is_back(
    database_url: str, rows: Callable[[], object]
) -> None:
    with proxy(database_url) as line, closing(Database(line.url, connections=2)) as database:
        database.run(insert)
        line.is_up = False
        line.cut_all()
        for act in (database.run, database.read):
            with pytest.raises(TryAgain, match="the database is away"):
                act(lambda tx: tx.rows(SELECT_ONE, {}))
        line.is_up = True
        database.run(lambda tx: insert(tx, "b"))
    assert rows() == [("a", 1), ("b", 1)]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb", "sqlite"])
def test_database_that_was_never_there_is_away(kind: str, tmp_path: Path) -> None:
    urls = {"sqlite": f"sqlite:///{tmp_path}/no/such/folder/segmentary.db"}
    with closing(Database(urls.get(kind, f"{kind}://nobody@127.0.0.1:{free_port()}/none"))) as database:
        with pytest.raises(TryAgain, match="the database is away"):
            database.run(lambda tx: tx.rows(SELECT_ONE, {}))
        with pytest.raises(TryAgain, match="the database is away"):
            database.read(lambda tx: tx.rows(SELECT_ONE, {}))


@servers
def test_no_connection_stays_behind(database_kind: str, database_url: str, run_sql: RunSql) -> None:
    def connections() -> int:
        number: int = run_sql(CONNECTIONS[database_kind])[0][0]
        return number

    before = connections()
    with closing(Database(database_url, connections=3)) as database, ThreadPoolExecutor(8) as threads:

        def fail(number: int) -> None:
            attempts = count(1)

            def work(tx: Tx) -> None:
                insert(tx, str(number))
                if number % 3 == 0:
                    tx.rows(NONSENSE, {})
                if next(attempts) == 1:
                    tx.rows(Statement(text(KILL[database_kind].format(own_connection(database_kind, tx)))), {})
                raise ZeroDivisionError

            with pytest.raises((DatabaseFailed, ZeroDivisionError)):
                database.run(work)

        for done in [threads.submit(fail, number) for number in range(12)]:
            done.result(120)
        assert connections() <= before + 3
        database.run(insert)
    for _ in range(100):  # a server notices closed connections by and by
        if connections() == before:
            break
        threading.Event().wait(0.05)
    assert connections() == before


def test_caller_is_told_when_all_connections_stay_busy(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "POOL_WAIT_SECONDS", 0.05)
    with closing(Database(database.url, connections=1)) as busy:

        def meanwhile(_tx: Tx) -> None:
            with pytest.raises(TryAgain, match="all database connections are busy"):
                busy.read(lambda tx: tx.rows(SELECT_ONE, {}))

        busy.read(meanwhile)
        busy.read(lambda tx: tx.rows(SELECT_ONE, {}))


def test_reading_one_state_does_not_see_what_is_committed_meanwhile(database: Database, database_url: str) -> None:
    with closing(Database(database_url, connections=1)) as other:
        number = count()

        def count_twice(tx: Tx) -> tuple[int, int]:
            before = one_value(tx, COUNT)
            other.run(lambda tx: insert(tx, str(next(number))))
            return before, one_value(tx, COUNT)

        assert database.read(count_twice, one_state=True) == (0, 0)
        assert database.read(count_twice) == (1, 2)


def test_constraint_that_was_broken_is_explained_in_another_transaction(database: Database) -> None:
    database.run(lambda tx: insert_physical_network(tx, "p"))
    error = NetworkNotFound(id="explained")

    def explain(tx: Tx, rule: object) -> NetworkNotFound:
        assert one_value(tx, SELECT_ONE) == 1
        assert getattr(rule, "name") == "physical_network_name_unique"  # noqa: B009, rules of all kinds have one
        return error

    with pytest.raises(NetworkNotFound) as refused:
        database.run(lambda tx: insert_physical_network(tx, "p"), explain)
    assert refused.value is error
    assert isinstance(refused.value.__cause__, ConstraintBroken)


def test_constraint_whose_reason_is_gone_lets_the_work_run_again(database: Database) -> None:
    database.run(lambda tx: insert_physical_network(tx, "p"))
    attempts = count(1)

    def work(tx: Tx) -> int:
        attempt = next(attempts)
        insert_physical_network(tx, "p" if attempt == 1 else "q")
        return attempt

    assert database.run(work, explain=lambda _tx, _rule: None) == 2


def test_constraint_that_nobody_explains_is_for_the_caller_to_try_again(database: Database) -> None:
    database.run(lambda tx: insert_physical_network(tx, "p"))
    with pytest.raises(TryAgain, match="physical_network_name_unique"):
        database.run(lambda tx: insert_physical_network(tx, "p"))


def test_row_whose_key_is_held_is_not_inserted_and_the_transaction_goes_on(
    database: Database, rows: Callable[[], object]
) -> None:
    def work(tx: Tx) -> list[bool]:
        insert(tx)
        return [answers.take(tx, KEY, "one"), answers.take(tx, KEY, "other")]

    assert database.run(work) == [True, False]
    assert rows() == [("a", 1)]
    assert database.read(lambda tx: answers.kept(tx, KEY)) == ("one", "")
