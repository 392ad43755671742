"""Sessions: a connection as the runner of transactions uses it, with the least work that each driver allows.

CursorSession     one cursor for every statement                                SQLite, MariaDB
PipelineSession   statements whose result nobody waits for travel with the      PostgreSQL
                  next one that somebody does, or with COMMIT

a create on PostgreSQL:    BEGIN + UPDATE networks  ->  row        INSERT + INSERT + COMMIT  ->  done
"""

import select
from collections.abc import Sequence
from typing import Any, Protocol

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from segmentary.db.statement import Bindings, Prepared, Row

MOST_PREPARED = 1000
_Command = tuple[bytes, list[bytes | None]]


class Session(Protocol):
    """What the drivers have in common here.

    `lost` says that the connection is of no more use, `locks_are_local` that it is to a node of a cluster.
    """

    lost: bool
    locks_are_local: bool

    def rows(self, prepared: Prepared, values: Bindings) -> list[Row]:
        """Execute and return all rows."""

    def count(self, prepared: Prepared, values: Bindings) -> int:
        """Execute and return how many rows were changed or matched."""

    def later(self, prepared: Prepared, values: Sequence[Bindings]) -> None:
        """Execute once for each set of values, before anything that is executed after it, and before COMMIT."""

    def begin(self, commands: Sequence[str]) -> None:
        """Begin a transaction."""

    def commit(self) -> None:
        """Commit it."""

    def rollback(self) -> None:
        """Roll it back, however far it got."""

    def close(self) -> None:
        """Close the connection."""


class CursorSession:
    """A session of any driver."""

    __slots__ = ("_connection", "_cursor", "locks_are_local", "lost")

    def __init__(self, connection: Any) -> None:  # noqa: ANN401, a driver's own
        """Take one cursor, which serves every statement."""
        self.lost = self.locks_are_local = False
        self._connection = connection
        self._cursor = connection.cursor()

    def rows(self, prepared: Prepared, values: Bindings) -> list[Row]:
        """Execute and return all rows."""
        self._cursor.execute(prepared.sql, prepared.parameters(values))
        return prepared.rows(self._cursor.fetchall())

    def count(self, prepared: Prepared, values: Bindings) -> int:
        """Execute and return how many rows were changed or matched."""
        self._cursor.execute(prepared.sql, prepared.parameters(values))
        return int(self._cursor.rowcount)

    def later(self, prepared: Prepared, values: Sequence[Bindings]) -> None:
        """Execute once for each set of values, at once."""
        if len(values) == 1:
            self._cursor.execute(prepared.sql, prepared.parameters(values[0]))
        else:
            self._cursor.executemany(prepared.sql, [prepared.parameters(one) for one in values])

    def begin(self, commands: Sequence[str]) -> None:
        """Begin a transaction."""
        for command in commands:
            self._cursor.execute(command)

    def commit(self) -> None:
        """Commit it."""
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        """Roll it back."""
        self._cursor.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PipelineSession:
    """A session of psycopg, at the level of libpq: psycopg's cursors cost three times as much processor time.

    Every statement is prepared on its first use. Parameters and results are text, which psycopg's loaders read.
    """

    __slots__ = ("_connection", "_libpq", "_names", "_poll", "_transformer", "_waiting", "locks_are_local", "lost")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Prepare to wait for the connection's socket."""
        self.lost = self.locks_are_local = False
        self._connection = connection
        self._libpq = connection.pgconn
        self._transformer = Transformer(connection)
        self._names: dict[str, bytes] = {}
        self._waiting: list[_Command] = []
        self._poll = select.poll()

    def rows(self, prepared: Prepared, values: Bindings) -> list[Row]:
        """Execute, after what waits, and return all rows."""
        result = self._execute(prepared.sql, _texts(prepared.parameters(values)))
        self._transformer.set_pgresult(result)
        rows: list[Row] = self._transformer.load_rows(0, result.ntuples, tuple)
        return rows

    def count(self, prepared: Prepared, values: Bindings) -> int:
        """Execute, after what waits, and return how many rows were changed or matched."""
        return self._execute(prepared.sql, _texts(prepared.parameters(values))).command_tuples or 0

    def later(self, prepared: Prepared, values: Sequence[Bindings]) -> None:
        """Let it wait for the next statement that has a result, or for COMMIT."""
        name = self._name(prepared.sql)
        self._waiting += [(name, _texts(prepared.parameters(one))) for one in values]

    def begin(self, commands: Sequence[str]) -> None:
        """Let BEGIN wait for the first statement."""
        self._waiting = [(self._name(command), []) for command in commands]

    def commit(self) -> None:
        """Commit, with what waits before it."""
        self._execute("COMMIT", [])

    def rollback(self) -> None:
        """Roll back, if anything was begun."""
        self._waiting = []
        if self._libpq.transaction_status != pq.TransactionStatus.IDLE:
            self._execute("ROLLBACK", [])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _execute(self, sql: str, texts: list[bytes | None]) -> Any:  # noqa: ANN401, a result of libpq
        name = self._name(sql)
        if not self._waiting:
            return _checked(self._libpq.exec_prepared(name, texts))  # type: ignore[arg-type]  # None is NULL
        commands = [*self._waiting, (name, texts)]
        self._waiting = []
        try:
            self._libpq.enter_pipeline_mode()
            for command in commands:
                self._libpq.send_query_prepared(*command)
            self._libpq.pipeline_sync()
            results = self._results(len(commands))
            self._libpq.exit_pipeline_mode()
        except BaseException:
            # Interrupted half-way: what this connection would answer next is unknown.
            self._connection.close()
            raise
        return [_checked(result) for result in results][-1]

    def _results(self, count: int) -> list[Any]:
        """Send what is buffered and return the results of so many commands; the end of the pipeline has one more."""
        results: list[Any] = []
        while self._libpq.flush():
            self._wait(select.POLLOUT | select.POLLIN)
            self._libpq.consume_input()
        while len(results) <= count:
            while self._libpq.is_busy():
                self._wait(select.POLLIN)
                self._libpq.consume_input()
            result = self._libpq.get_result()
            if result is not None:
                results.append(result)
            elif self._libpq.status != pq.ConnStatus.OK:
                raise psycopg.OperationalError(self._libpq.get_error_message())
        return results[:count]

    def _wait(self, events: int) -> None:
        """Wait for the socket, letting other threads work meanwhile."""
        self._poll.register(self._libpq.socket, events)
        self._poll.poll()

    def _name(self, sql: str) -> bytes:
        """Return the name of a prepared statement, after preparing it on its first use."""
        name = self._names.get(sql)
        if name is None:
            # Lists have many shapes. Those that wait know their statements by name.
            if len(self._names) >= MOST_PREPARED and not self._waiting:
                _checked(self._libpq.exec_(b"DEALLOCATE ALL"))
                self._names.clear()
            name = b"s%d" % len(self._names)
            _checked(self._libpq.prepare(name, sql.encode()))
            self._names[sql] = name
        return name


def _texts(values: Sequence[Any]) -> list[bytes | None]:
    return [None if value is None else str(value).encode() for value in values]


def _checked(result: Any) -> Any:  # noqa: ANN401
    """Return the result, or raise the error that it tells of."""
    if result.status in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
        return result
    error = error_from_result(result)
    if error.sqlstate is None:
        # It is not the server that says so: the connection is lost.
        raise psycopg.OperationalError(str(error))
    raise error
