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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from segmentary.db import deadline
from segmentary.db.dialects import Cause, Key
from segmentary.db.engine import Pool, parse_url
from segmentary.db.forms import FORMS
from segmentary.db.session import Session
from segmentary.db.statement import Bindings, Prepared, Row, Statement
from segmentary.db.violation import ConstraintBroken, explained
from segmentary.errors import DatabaseFailed, SegmentaryError, TryAgain
from segmentary.rules.kind import Kind
from segmentary.rules.rule import Rule

T = TypeVar("T")
ATTEMPTS = 20
# No attempt begins later than this after the first: whoever asks has stopped waiting by then.
LAST_ATTEMPT_SECONDS = 20
STREAM_WAIT_SECONDS = 1
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Observer:
    """Who is told of transactions: `recording` when events are recorded in one, `committed` after it with all of them.

    `allows` is asked whether a claim that was chosen may be tried.
    """

    recording: Callable[["Tx", Any, Sequence[Any]], None] = lambda _tx, _actor, _events: None
    committed: Callable[[Sequence[tuple[Any, Sequence[Any]]]], None] = lambda _recorded: None
    allows: Callable[[Any], bool] = lambda _claim: True


class _RunAgainError(Exception):
    """The transaction was rolled back through no fault of its own."""


class Tx:
    """One transaction: what `work` talks to."""

    __slots__ = ("_database", "_session", "is_repeated", "now", "recorded")

    def __init__(self, database: "Database", session: Session, now: str, *, is_repeated: bool = False) -> None:
        """Talk to a session in which a transaction is open, or none if `work` reads one state of one statement.

        `is_repeated` tells `work` that others were in the way of it before.
        """
        self._database = database
        self._session = session
        self.now = now
        self.is_repeated = is_repeated
        # Who changed what, for the observer.
        self.recorded: list[tuple[Any, Sequence[Any]]] = []

    @property
    def update_returning(self) -> bool:
        """Whether an UPDATE can return the rows it changed."""
        return self._database.dialect.update_returning

    @property
    def observer(self) -> Observer:
        """Who is told of this transaction."""
        return self._database.observer

    @property
    def one_writer(self) -> bool:
        """Whether transactions that write run one after the other."""
        return self._database.dialect.one_writer

    @property
    def locks_are_local(self) -> bool:
        """Whether other nodes of a cluster take no notice of locks, only of rows that are written."""
        return self._session.locks_are_local

    @property
    def locks_tables(self) -> bool:
        """Whether tables are locked where elsewhere rows are."""
        return self._database.dialect.locks_tables

    @property
    def forms(self) -> Mapping[type[Kind], str]:
        """What a column of a kind must fulfil where the database has no type that refuses the rest."""
        return FORMS.get(self._database.dialect.scheme, {})

    def rows(self, statement: Statement, values: Bindings) -> list[Row]:
        """Execute and return all rows."""
        return self._session.rows(self._database.prepared(statement), values)

    def row(self, statement: Statement, values: Bindings) -> Row | None:
        """Execute and return the first row, or None."""
        rows = self.rows(statement, values)
        return rows[0] if rows else None

    def execute(self, statement: Statement, values: Bindings) -> int:
        """Execute and return how many rows were changed or matched."""
        return self._session.count(self._database.prepared(statement), values)

    def insert_unless_held(self, statement: Statement, values: Bindings, key: Key) -> bool:
        """Insert a row; tell whether it was inserted: not, where another row has the same key."""
        dialect = self._database.dialect
        if not dialect.held_key_is_error:
            return self.execute(statement, values) == 1
        try:
            return self.execute(statement, values) == 1
        except dialect.errors as error:
            failure = dialect.failure(error)
            # A primary key has no name of its own.
            if failure.is_held_key and failure.constraint == (key.name or "PRIMARY"):
                return False
            raise

    def later(self, statement: Statement, values: Bindings) -> None:
        """Execute without waiting for the end, where the driver can: before any later statement and before COMMIT.

        What it raises is raised by one of those.
        """
        self._session.later(self._database.prepared(statement), [values])

    def execute_each(self, statement: Statement, values: Sequence[Bindings]) -> None:
        """The same, once for each set of values, in one statement if there is one for that."""
        if statement.listed is not None and len(values) > 1 and self._database.dialect.has_listed:
            self.later(statement.listed, {"rows": msgspec.json.encode(values).decode()})
        elif values:
            self._session.later(self._database.prepared(statement), values)


NOBODY = Observer()
Explain = Callable[[Tx, Rule | None], SegmentaryError | None]


class Database:
    """A database that units of work are run in."""

    def __init__(self, url: str, connections: int = 8, observer: Observer = NOBODY) -> None:
        """Prepare a pool of at most this many connections; none is opened yet."""
        self.observer = observer
        parsed, self.dialect = parse_url(url)
        self.url = url
        self._pool = Pool(parsed, self.dialect, connections)
        # Where there is one writer at a time, waiting here is fairer and cheaper than being refused and trying again.
        self._turn: Any = _Turn() if self.dialect.one_writer else nullcontext()
        # Streams go on for as long as their readers take: half of the connections are for other work.
        self._streams = threading.BoundedSemaphore(max(1, connections // 2))

    def limit(self, seconds: int) -> None:
        """Interrupt from now on what is not done by the deadline of its request; no statement may take `seconds`."""
        self._pool.limit(seconds)

    def prepared(self, statement: Statement) -> Prepared:
        """Return a statement for this database."""
        return statement.prepared(self.dialect, self._pool.driver)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

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
                    result, recorded = self._attempt(work, now, is_repeated=attempt > 0)
            except _RunAgainError:
                continue
            except ConstraintBroken as broken:
                error = self._explained(broken, explain)
                if error is not None:
                    raise error from broken
            else:
                if recorded:
                    self.observer.committed(recorded)
                return result
        raise TryAgain(reason="the database refused the transaction again and again because of others")

    def read(self, work: Callable[[Tx], T], *, one_state: bool = False) -> T:
        """Run `work`, which only reads; with `one_state` all its statements see the same state of the database."""
        for _ in range(ATTEMPTS):
            try:
                with self._lent() as session:
                    if not one_state:
                        return work(Tx(self, session, utc_now()))
                    session.begin(self.dialect.begin_reading)
                    try:
                        return work(Tx(self, session, utc_now()))
                    finally:
                        session.rollback()
            except _RunAgainError:
                continue
        raise TryAgain(reason="the database did not answer")

    def stream(self, work: Callable[[Tx], Iterator[T]]) -> Iterator[T]:
        """Run `work`, which reads part after part of one state of the database; the first is read before this returns.

        A connection is lent until the parts are used up or closed.
        """
        for _ in range(ATTEMPTS):
            parts = self._parts(work)
            try:
                begun = [next(parts)]
            except _RunAgainError:
                continue
            return joined(begun, parts)
        raise TryAgain(reason="the database did not answer")

    def _parts(self, work: Callable[[Tx], Iterator[T]]) -> Iterator[T]:
        with self._stream_place(), self._lent() as session:
            session.begin(self.dialect.begin_reading)
            try:
                yield from work(Tx(self, session, utc_now()))
            finally:
                session.rollback()

    @contextmanager
    def _stream_place(self) -> Iterator[None]:
        if not self._streams.acquire(timeout=deadline.left(STREAM_WAIT_SECONDS)):
            raise TryAgain(reason="too many long lists are being read; ask for pages with limit")
        try:
            yield
        finally:
            self._streams.release()

    def _explained(self, broken: ConstraintBroken, explain: Explain | None) -> SegmentaryError | None:
        if explain is None:
            return TryAgain(reason=f"another request changed what this one rests on ({broken})")
        return self.read(lambda tx: explain(tx, broken.rule))

    def _attempt(
        self, work: Callable[[Tx], T], now: str, *, is_repeated: bool
    ) -> tuple[T, list[tuple[Any, Sequence[Any]]]]:
        committing = False
        with self._lent() as session:
            try:
                session.begin(self.dialect.begin)
                tx = Tx(self, session, now, is_repeated=is_repeated)
                result = work(tx)
                committing = True
                session.commit()
            except BaseException as error:
                outcome_is_unknown = committing and self._is_lost(error)
                self._roll_back(session, error)
                if outcome_is_unknown:
                    raise TryAgain(
                        reason="the connection was lost during commit; look whether the change was made"
                    ) from error
                raise
            return result, tx.recorded

    def _is_lost(self, error: BaseException) -> bool:
        """Tell whether the connection is of no more use after an error."""
        if isinstance(error, self.dialect.errors):
            return self.dialect.failure(error).cause is Cause.DISCONNECTED
        # A driver that was interrupted in the middle of an answer would take its rest for the next one.
        return not isinstance(error, Exception)

    def _roll_back(self, session: Session, error: BaseException) -> None:
        """Roll back, or end the connection."""
        session.lost = self._is_lost(error)
        if not session.lost:
            try:
                session.rollback()
            except self.dialect.errors as second:
                # SQLite rolls some failures back by itself and then refuses; any other failure ends the connection.
                session.lost = self.dialect.failure(second).cause is not Cause.OTHER or not self.dialect.one_writer

    @contextmanager
    def _lent(self) -> Iterator[Session]:
        """Lend a session; turn the driver's errors into ours."""
        try:
            session = self._pool.lend()
        except self.dialect.errors as error:
            raise TryAgain(reason=f"the database is away ({_first_line(error)})") from error
        try:
            yield session
        except self.dialect.errors as error:
            failure = self.dialect.failure(error)
            session.lost |= failure.cause is Cause.DISCONNECTED
            if failure.cause in {Cause.RUN_AGAIN, Cause.DISCONNECTED}:
                raise _RunAgainError from error
            if failure.cause is Cause.STOPPED:
                deadline.left(0)  # says so, if it was the time of the whole request
                raise TryAgain(reason="a statement took too long in the database") from error
            if failure.cause is Cause.CONSTRAINT:
                raise explained(failure) from error
            raise DatabaseFailed from error
        finally:
            self._pool.take_back(session)


class _Turn:
    """One writer at a time; raises `TryAgain` to who waits for too long."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=deadline.left(threading.TIMEOUT_MAX)):
            raise TryAgain(reason="others write to the database for too long")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def joined(begun: list[T], rest: Iterator[T]) -> Iterator[T]:
    """Give what is begun, and what follows; nothing is kept of what was given, as `itertools.chain` would."""
    begun.reverse()
    while begun:
        yield begun.pop()
    yield from rest


def utc_now() -> str:
    """Return the time in UTC in whole seconds, in the wire form."""
    return _wire_time(int(time.time()))


@lru_cache(1)
def _wire_time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
