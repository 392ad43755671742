"""How much a database reads, by its own counters: what does not depend on how busy the machine is.

SQLite        steps of its machine: a row that is looked at takes a few
PostgreSQL    entries of indexes and rows of tables that scans returned
MariaDB       reads of rows and index entries by the storage engine
"""

from collections.abc import Callable
from typing import Any

from segmentary.app import Application

_POSTGRESQL = (
    "SELECT (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)"
    " + (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)"
)


def reads(app: Application, act: Callable[[], object]) -> int:
    """Return how much an act reads the second time: the first may prepare its statements.

    The application's only busy session must be the one that the act gets: call it with nothing else going on.
    """
    act()
    return {"sqlite": _steps, "postgresql": _scanned, "mariadb": _handled}[app.database.dialect.scheme](app, act)


def _connection(app: Application) -> Any:  # noqa: ANN401, a driver's own
    """Return the connection that is lent next."""
    return app.database.read(lambda tx: tx._session._connection)  # type: ignore[attr-defined]  # noqa: SLF001, what is counted is the connection's


def _steps(app: Application, act: Callable[[], object]) -> int:
    connection, steps = _connection(app), 0

    def count() -> None:
        nonlocal steps
        steps += 1

    connection.set_progress_handler(count, 1)
    try:
        act()
    finally:
        connection.set_progress_handler(None, 0)
    return steps


def _scanned(app: Application, act: Callable[[], object]) -> int:
    connection = _connection(app)

    def so_far() -> int:
        # A session tells of what it did when it is idle, and not at once unless it is told to.
        connection.execute("SELECT pg_stat_force_next_flush()")
        return int(connection.execute(_POSTGRESQL).fetchone()[0])

    before = so_far()
    act()
    return so_far() - before


def _handled(app: Application, act: Callable[[], object]) -> int:
    connection = _connection(app)

    def so_far() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
            return sum(int(value) for _, value in cursor.fetchall())

    before = so_far()
    act()
    return so_far() - before
