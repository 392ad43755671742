"""A database's URL, its dialect and a pool of sessions.

Who borrows a session while working on a request has it until the deadline of that. Then the session is interrupted:
SQLite ends the statement, the connection to a server is shut down, whatever it waits for. A server ends statements by
itself somewhat earlier, so that none goes on for nobody.
"""

import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from segmentary.db import deadline
from segmentary.db.dialects import DIALECTS, Dialect
from segmentary.db.session import CursorSession, PipelineSession, Session
from segmentary.errors import InvalidSetting, TryAgain

POOL_WAIT_SECONDS = 30
LOOK_SECONDS = 0.5


def parse_url(text: str) -> tuple[URL, Dialect]:
    """Return the URL in SQLAlchemy's form and the dialect it asks for; raise `InvalidSetting`."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # no URL, or one whose port is no number
        url = None
    scheme = url.drivername.partition("+")[0] if url is not None else ""
    if url is None or scheme not in DIALECTS:
        schemes = ", ".join(f"{name}://" for name in DIALECTS)
        reason = f"it must be a URL such as mariadb://user:password@host:3306/name that begins with one of {schemes}"
        raise InvalidSetting(setting="database", reason=reason)
    if any("passw" in name.lower() for name in url.query):  # it would be printed where the URL is
        raise InvalidSetting(setting="database", reason="a password stands before the host: //user:password@host")
    if scheme == "sqlite" and url.database in {None, "", ":memory:"}:
        raise InvalidSetting(setting="database", reason="SQLite needs a file: sqlite:///name.db")
    dialect = DIALECTS[scheme]()
    return url.set(drivername=dialect.driver), dialect


def require_there(text: str) -> None:
    """Raise `InvalidSetting` for a SQLite file that does not exist, where it is not meant to be created."""
    url, dialect = parse_url(text)
    if dialect.one_writer and not Path(url.database or "").is_file():
        raise InvalidSetting(setting="database", reason=f"there is no file {url.database}")


class Pool:
    """At most `size` sessions; the one given back last is lent first, so that a quiet server needs few."""

    def __init__(self, url: URL, dialect: Dialect, size: int) -> None:
        """Prepare; no connection is opened yet."""
        self._dialect = dialect
        driver = url.get_dialect()
        self.driver = driver(dbapi=driver.import_dbapi(), **dialect.compiler_arguments)  # type: ignore[call-arg]  # each dialect has more of them
        self._url = url
        # Taken and put back: a semaphore of Python costs ten times as much.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(size):
            self._places.put(None)
        self._resting: deque[Session] = deque()
        # Of each open session its connection; of those that are lent when they have to be given back.
        self._connections: dict[Session, Any] = {}
        self._lent: dict[Session, float] = {}
        self._statement_seconds = 0

    def limit(self, seconds: int) -> None:
        """From now on interrupt what is not done by its deadline; new connections end statements after `seconds`."""
        self._statement_seconds = seconds
        threading.Thread(target=self._watch, name="deadlines", daemon=True).start()

    def lend(self) -> Session:
        """Return a session; raises `TryAgain` if all are lent for too long, and what the driver raises."""
        try:
            self._places.get(timeout=deadline.left(POOL_WAIT_SECONDS))
        except Empty:
            raise TryAgain(reason="all database connections are busy") from None
        try:
            session = self._resting.pop()
        except IndexError:
            try:
                session = self._open()
            except BaseException:
                self._places.put(None)
                raise
        self._lent[session] = deadline.moment()
        return session

    def take_back(self, session: Session) -> None:
        """Take a session back, in which no transaction is open."""
        del self._lent[session]
        if session.lost:
            self._close(session)
            # Those that rest have most likely lost theirs too.
            self.close()
        else:
            self._resting.append(session)
        self._places.put(None)

    def close(self) -> None:
        """Close the sessions that are not lent."""
        while self._resting:
            with suppress(IndexError):
                self._close(self._resting.pop())

    def _close(self, session: Session) -> None:
        self._connections.pop(session, None)
        with suppress(self._dialect.errors):
            session.close()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for session, until in list(self._lent.items()):
                connection = self._connections.get(session)
                if until < now and connection is not None:
                    self._dialect.interrupt(connection)

    def _open(self) -> Session:
        positional, named = self.driver.create_connect_args(self._url)
        connection: Any = self.driver.connect(*positional, **{**named, **self._dialect.connect_arguments()})
        self._dialect.connected(connection)
        session: Session = PipelineSession(connection) if self._dialect.has_pipeline else CursorSession(connection)
        session.locks_are_local = self._dialect.locks_are_local(connection)
        if self._statement_seconds:
            self._dialect.limit(connection, self._statement_seconds)
        self._connections[session] = connection
        return session


def shown_url(text: str) -> str:
    """Return the URL as it may be printed: without the password."""
    return make_url(text).render_as_string(hide_password=True)
