"""Transactions: `run` and `read` are the only ways to the database, and `run` holds the only retry loop.

    run(work)   BEGIN -> work(tx) -> COMMIT         again, after a random pause, while the failure says "run again"
                    |          |         |
                    |          |         +-- connection lost here: the outcome is unknown, never repeated blindly
                    |          +-- refused: ROLLBACK, the error goes to the caller
                    +-- connection lost here: again

`work` may run several times, so it has no effect except through `tx`. Ids are chosen before; the time is `tx.now`, the
same in every attempt.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from segmentary.db.dialects import Cause
from segmentary.db.engine import make_engine, parse_url
from segmentary.db.statement import Bindings, Row, Statement
from segmentary.db.violation import ConstraintBroken, explained
from segmentary.errors import DatabaseFailed, SegmentaryError, TryAgain
from segmentary.rules.rule import Rule

T = TypeVar("T")
ATTEMPTS = 20
# No attempt begins later than this after the first: whoever asks has stopped waiting by then.
LAST_ATTEMPT_SECONDS = 20
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.25


class _RunAgainError(Exception):
    """The transaction was rolled back through no fault of its own."""


class Tx:
    """One transaction: what `work` talks to."""

    __slots__ = ("_cursor", "_database", "now")

    def __init__(self, database: "Database", connection: Any, now: str) -> None:  # noqa: ANN401, a driver's own
        """Take a cursor, which serves every statement of the transaction."""
        self._database = database
        self._cursor = connection.cursor()
        self.now = now

    @property
    def update_returning(self) -> bool:
        """Whether an UPDATE can return the rows it changed."""
        return self._database.dialect.update_returning

    def rows(self, statement: Statement, values: Bindings) -> list[Row]:
        """Execute and return all rows."""
        prepared = self._execute(statement, values)
        rows: list[Row] = prepared.rows(self._cursor.fetchall())
        return rows

    def row(self, statement: Statement, values: Bindings) -> Row | None:
        """Execute and return the first row, or None."""
        rows = self.rows(statement, values)
        return rows[0] if rows else None

    def execute(self, statement: Statement, values: Bindings) -> int:
        """Execute and return how many rows were changed or matched."""
        self._execute(statement, values)
        return int(self._cursor.rowcount)

    def insert_unless_held(self, statement: Statement, values: Bindings) -> bool:
        """Insert a row; tell whether it was inserted: not, where another row has one of its keys."""
        try:
            return self.execute(statement, values) == 1
        except self._database.dialect.errors as error:
            if self._database.dialect.failure(error).is_held_key:
                return False
            raise

    def execute_each(self, statement: Statement, values: Sequence[Bindings]) -> None:
        """Execute once for each set of values, in as few round trips as the driver can."""
        if len(values) == 1:
            self._execute(statement, values[0])
        elif values:
            prepared = self._database.prepared(statement)
            self._cursor.executemany(prepared.sql, [prepared.parameters(one) for one in values])

    def _execute(self, statement: Statement, values: Bindings) -> Any:  # noqa: ANN401
        prepared = self._database.prepared(statement)
        self._cursor.execute(prepared.sql, prepared.parameters(values))
        return prepared


Explain = Callable[[Tx, Rule | None], SegmentaryError | None]


class Database:
    """A database that units of work are run in."""

    def __init__(self, url: str, connections: int = 8) -> None:
        """Prepare a pool of at most this many connections; none is opened yet."""
        parsed, self.dialect = parse_url(url)
        self.url = url
        self.engine = make_engine(parsed, self.dialect, connections)
        # Where there is one writer at a time, waiting here is fairer and cheaper than being refused and trying again.
        self._turn: Any = threading.Lock() if self.dialect.one_writer else nullcontext()

    def prepared(self, statement: Statement) -> Any:  # noqa: ANN401
        """Return a statement for this database."""
        return statement.prepared(self.dialect, self.engine.dialect)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def run(self, work: Callable[[Tx], T], explain: Explain | None = None) -> T:
        """Run `work` in a transaction that writes, again if the database asks for it, and commit.

        `explain` finds, in a transaction of its own, what a constraint that refused a row means for the caller; None
        says that the obstacle is gone and `work` may run again. Raises `TryAgain` after too many attempts, and what
        `work` and `explain` raise.
        """
        now, started = utc_now(), time.monotonic()
        for attempt in range(ATTEMPTS):
            if attempt:
                if time.monotonic() > started + LAST_ATTEMPT_SECONDS:
                    break
                time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)))  # noqa: S311, a pause is no secret
            try:
                with self._turn:
                    return self._attempt(work, now)
            except _RunAgainError:
                continue
            except ConstraintBroken as broken:
                error = self._explained(broken, explain)
                if error is not None:
                    raise error from broken
        raise TryAgain(reason="the database refused the transaction again and again because of others")

    def read(self, work: Callable[[Tx], T], *, one_state: bool = False) -> T:
        """Run `work`, which only reads; with `one_state` all its statements see the same state of the database."""
        for _ in range(ATTEMPTS):
            try:
                with self._connection() as connection:
                    if not one_state:
                        return work(Tx(self, connection, utc_now()))
                    self.dialect.begin_reading(connection)
                    try:
                        return work(Tx(self, connection, utc_now()))
                    finally:
                        connection.cursor().execute("ROLLBACK")
            except _RunAgainError:
                continue
        raise TryAgain(reason="the database did not answer")

    def _explained(self, broken: ConstraintBroken, explain: Explain | None) -> SegmentaryError | None:
        if explain is None:
            return TryAgain(reason=f"another request changed what this one rests on ({broken})")
        return self.read(lambda tx: explain(tx, broken.rule))

    def _attempt(self, work: Callable[[Tx], T], now: str) -> T:
        committing = False
        with self._connection() as connection:
            try:
                self.dialect.begin(connection)
                result = work(Tx(self, connection, now))
                committing = True
                connection.cursor().execute("COMMIT")
            except BaseException as error:
                lost = self._roll_back(connection, error)
                if committing and lost:
                    raise TryAgain(
                        reason="the connection was lost during commit; look whether the change was made"
                    ) from error
                raise
            return result

    def _roll_back(self, connection: Any, error: BaseException) -> bool:  # noqa: ANN401
        """Roll back; tell whether the connection is lost, which ends it."""
        # A driver that was interrupted in the middle of an answer would take its rest for the next one.
        lost = not isinstance(error, Exception)
        if isinstance(error, self.dialect.errors):
            lost = self.dialect.failure(error).cause is Cause.DISCONNECTED
        if not lost:
            try:
                connection.cursor().execute("ROLLBACK")
            except self.dialect.errors as second:
                # SQLite rolls some failures back by itself and then refuses; any other failure ends the connection.
                lost = self.dialect.failure(second).cause is not Cause.OTHER or not self.dialect.one_writer
        if lost:
            connection.invalidate()
        return lost

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """Lend a connection; turn the driver's errors into ours."""
        try:
            connection = self.engine.raw_connection()
        except PoolTimeoutError as error:
            raise TryAgain(reason="all database connections are busy") from error
        except (DBAPIError, self.dialect.errors) as error:
            raise TryAgain(reason=f"the database is away ({_first_line(error)})") from error
        try:
            yield connection
        except self.dialect.errors as error:
            failure = self.dialect.failure(error)
            if failure.cause is Cause.DISCONNECTED and connection.is_valid:
                connection.invalidate()
            if failure.cause in {Cause.RUN_AGAIN, Cause.DISCONNECTED}:
                raise _RunAgainError from error
            if failure.cause is Cause.CONSTRAINT:
                raise explained(failure) from error
            raise DatabaseFailed from error
        finally:
            connection.close()


def utc_now() -> str:
    """Return the time in UTC in whole seconds, in the wire form."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _first_line(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return (str(original).strip().splitlines() or [type(original).__name__])[0]
