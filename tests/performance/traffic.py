"""Counting what goes to a database, at the driver: statements, and on PostgreSQL also round trips."""

from collections.abc import Sequence
from typing import Any

import pytest

from segmentary.db import engine
from segmentary.db.session import CursorSession, PipelineSession


class Traffic:
    """What went to the database since `clear`."""

    def __init__(self) -> None:
        self.statements = 0
        self.round_trips = 0

    def clear(self) -> None:
        """Count from 0."""
        self.statements = self.round_trips = 0


class _Cursor:
    """A cursor whose executions are counted."""

    def __init__(self, cursor: Any, traffic: Traffic) -> None:  # noqa: ANN401, a driver's own
        self._cursor, self._traffic = cursor, traffic

    def execute(self, *arguments: Any) -> Any:  # noqa: ANN401
        self._traffic.statements += 1
        return self._cursor.execute(*arguments)

    def executemany(self, sql: str, values: Sequence[Any]) -> Any:  # noqa: ANN401
        self._traffic.statements += 1
        return self._cursor.executemany(sql, values)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._cursor, name)


class _Libpq:
    """A connection of libpq whose executions are counted; preparing, once for a connection, is not."""

    def __init__(self, libpq: Any, traffic: Traffic) -> None:  # noqa: ANN401
        self._libpq, self._traffic = libpq, traffic

    def exec_prepared(self, *arguments: Any) -> Any:  # noqa: ANN401
        self._traffic.statements += 1
        self._traffic.round_trips += 1
        return self._libpq.exec_prepared(*arguments)

    def send_query_prepared(self, *arguments: Any) -> Any:  # noqa: ANN401
        self._traffic.statements += 1
        return self._libpq.send_query_prepared(*arguments)

    def pipeline_sync(self) -> None:
        self._traffic.round_trips += 1
        self._libpq.pipeline_sync()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._libpq, name)


def watch(monkeypatch: pytest.MonkeyPatch) -> Traffic:
    """Count what goes over every connection that is opened from now on."""
    traffic = Traffic()

    def with_cursor(connection: Any) -> CursorSession:  # noqa: ANN401
        session = CursorSession(connection)
        session._cursor = _Cursor(session._cursor, traffic)  # noqa: SLF001, there is no other way to its cursor
        return session

    def with_pipeline(connection: Any) -> PipelineSession:  # noqa: ANN401
        session = PipelineSession(connection)
        counted: Any = _Libpq(session._libpq, traffic)  # noqa: SLF001, as above
        session._libpq = counted  # noqa: SLF001
        return session

    monkeypatch.setattr(engine, "CursorSession", with_cursor)
    monkeypatch.setattr(engine, "PipelineSession", with_pipeline)
    return traffic
