"""Making the k-th statement of a program fail, by sending another one in its place that really does."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest

from segmentary.db.statement import Statement
from segmentary.db.transaction import Database

# A statement that cannot be executed; one that the database answers with "run the transaction again", by code; one
# after which the connection is gone.
DEFECT = "SELECT nonsense"
AGAIN = {
    "postgresql": "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40P01'; END $$",
    "mariadb": "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213",
}
LOST = {"postgresql": "SELECT pg_terminate_backend(pg_backend_pid())", "mariadb": "KILL CONNECTION_ID()"}


class Substitute:
    """What is executed in place of a prepared statement."""

    def __init__(self, sql: str | None) -> None:
        assert sql, "the database has no such failure"
        self.sql = sql

    def parameters(self, _values: object) -> Any:  # noqa: ANN401, what each driver wants for none
        return ()

    def rows(self, fetched: Sequence[Any]) -> list[Any]:
        return list(fetched)


class Line:
    """Counts the statements of a database and lets one of them fail, once."""

    def __init__(self, database: Database, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._kind, self._prepared = kind, database.prepared
        self.count = 0
        self._fail_at = -1
        self._how = ""
        monkeypatch.setattr(database, "prepared", self._counted)

    def start(self) -> None:
        """Count statements from 0 and let none fail."""
        self.fail(-1, "")

    def fail(self, number: int, how: str) -> None:
        """Count statements from 0 and let this one fail in one of the `ways`."""
        self.count, self._fail_at, self._how = 0, number, how

    def _counted(self, statement: Statement) -> Any:  # noqa: ANN401, a Prepared or what stands in for one
        number, self.count = self.count, self.count + 1
        return self._failing() if number == self._fail_at else self._prepared(statement)

    def _failing(self) -> Substitute:
        if self._how == "again" and self._kind == "sqlite":  # it has no statement that fails like that
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return Substitute({"defect": DEFECT, "again": AGAIN.get(self._kind), "lost": LOST.get(self._kind)}[self._how])


def ways(kind: str) -> Sequence[str]:
    """Return how a statement can fail on a database."""
    return ("defect", "again") if kind == "sqlite" else ("defect", "again", "lost")
