"""Everything that differs between SQLite, PostgreSQL and MariaDB. Nothing else in the program asks which it is.

    question                 SQLite                  PostgreSQL            MariaDB
    write transaction        BEGIN IMMEDIATE         READ COMMITTED        READ COMMITTED
    writers at once          one                     many                  many
    UPDATE ... RETURNING     yes                     yes                   no: UPDATE, then SELECT
    NULL when ascending      first                   last: told to         first
    flags                    0, 1                    boolean               0, 1
    UPDATE by a list         not needed              json functions        JSON_TABLE, read first
    locks hold               in the file             on the server         on the server; on Galera, on the node
    CHECK broken             name in the text        name                  4025, name in the text
    UNIQUE broken            columns in the text     name                  1062, name in the text
    FOREIGN KEY broken       no name                 name                  1451, 1452, name in the text
    run again on             BUSY, LOCKED            40001, 40P01, 55P03   1020, 1205, 1213
    stopped for its length   INTERRUPT               57014                 1969, 1317

Errors are told apart by their codes, never by exception class or wording.
"""

import os
import re
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

import psycopg
import pymysql
from psycopg.adapt import Loader
from psycopg.types.string import TextLoader
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from sqlalchemy import Executable, bindparam, text
from sqlalchemy.dialects.mysql import insert as mariadb_insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.schema import PrimaryKeyConstraint, Table, UniqueConstraint

WAIT_SECONDS = 10
Key = PrimaryKeyConstraint | UniqueConstraint


class Cause(Enum):
    """What a driver's error means for the transaction."""

    CONSTRAINT = "a constraint refused the row"
    RUN_AGAIN = "another transaction was in the way"
    DISCONNECTED = "the connection is gone"
    STOPPED = "the statement took too long"
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class Failure:
    """A driver's error: its cause, and for a constraint its name or, where the driver has no name, its columns.

    `is_held_key`: the constraint is a key, primary or unique, that another row has.
    """

    cause: Cause
    constraint: str = ""
    columns: tuple[str, ...] = ()
    is_held_key: bool = False


class Dialect:
    """What the rest of `db` asks of a database.

    `begin` and `begin_reading` are the statements that begin a transaction that writes, and one whose statements all
    see the same state. `schema_lock` waits until no other connection upgrades the schema and answers 1; it is empty
    where beginning to write does that. `locks_tables` says that whoever wants rows for itself locks the table, because
    row locks are not given in turn. `has_round_trips` says that a statement goes to a server and comes back, so that
    several had better go together.
    """

    scheme: str
    driver: str
    errors: type[Exception]
    begin: tuple[str, ...] = ("BEGIN",)
    begin_reading: tuple[str, ...]
    schema_lock = ""
    compiler_arguments: Mapping[str, Any] = MappingProxyType({})
    has_pipeline = False
    has_listed = False
    update_returning = True
    held_key_is_error = False
    one_writer = False
    has_round_trips = True
    locks_tables = False
    time_to_driver: Callable[[str], str] | None = None
    flag_from_driver: Callable[[Any], bool] | None = None
    insert: Callable[[Table], Any]
    lock_table: Callable[[Table, bool], Executable]

    def connect_arguments(self) -> dict[str, Any]:
        """Return what the driver's connect() is called with; no transaction is begun unasked."""
        raise NotImplementedError

    def connected(self, connection: Any) -> None:  # noqa: ANN401, a driver's own connection
        """Prepare a new connection."""
        raise NotImplementedError

    def limit(self, connection: Any, seconds: int) -> None:  # noqa: ANN401
        """Have statements on a new connection end after so many seconds, or what comes closest."""
        raise NotImplementedError

    def interrupt(self, connection: Any) -> None:  # noqa: ANN401
        """End what another thread does on a connection, or have it find the connection lost."""
        raise NotImplementedError

    def locks_are_local(self, _connection: Any) -> bool:  # noqa: ANN401
        """Tell whether the server is a node of a cluster whose others take no notice of its locks."""
        return False

    def failure(self, error: Exception) -> Failure:
        """Tell what an error of the driver means."""
        raise NotImplementedError

    def insert_unless_held(self, names: Sequence[str], key: Key) -> Any:  # noqa: ANN401, an executable
        """Return the insertion of a row that does nothing where another row of the table has the same key."""
        insertion = self.insert(key.table).values({name: bindparam(name) for name in names})
        return insertion.on_conflict_do_nothing(index_elements=list(key.columns))

    def insert_or_update(self, table: Table, names: Sequence[str], rows: Any, changes: Mapping[str, Any]) -> Any:  # noqa: ANN401, a select, an executable
        """Return the insertion of the rows of a select that changes the row with the same primary key, if there is."""
        key = [column.name for column in table.primary_key]
        return self.insert(table).from_select(names, rows).on_conflict_do_update(index_elements=key, set_=changes)


class Sqlite(Dialect):
    """SQLite: one writer at a time, which begins as a writer, so that it never has to become one half-way."""

    scheme = "sqlite"
    driver = "sqlite+pysqlite"
    errors = sqlite3.Error
    # The write lock is taken at once; a deferred transaction keeps the state of its first read.
    begin = ("BEGIN IMMEDIATE",)
    begin_reading = ("BEGIN",)
    one_writer = True
    has_round_trips = False
    flag_from_driver = bool
    insert = staticmethod(sqlite_insert)

    def connect_arguments(self) -> dict[str, Any]:
        """Autocommit; connections go from thread to thread; statements stay compiled."""
        return {
            "isolation_level": None,
            "check_same_thread": False,
            "timeout": WAIT_SECONDS,
            "cached_statements": 512,
        }

    def connected(self, connection: Any) -> None:  # noqa: ANN401
        """WAL lets readers go on beside the writer; FULL makes every commit survive a power failure."""
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")

    def limit(self, connection: Any, seconds: int) -> None:  # noqa: ANN401
        """Bound the waiting for another process, which cannot be interrupted; a statement can."""
        connection.execute(f"PRAGMA busy_timeout = {min(WAIT_SECONDS, seconds) * 1000}")

    def interrupt(self, connection: Any) -> None:  # noqa: ANN401
        """https://www.sqlite.org/c3ref/interrupt.html."""
        with suppress(sqlite3.Error):  # it was closed meanwhile
            connection.interrupt()

    def failure(self, error: Exception) -> Failure:
        """Extended result codes, https://www.sqlite.org/rescode.html."""
        code = getattr(error, "sqlite_errorcode", None)
        text = str(error).rpartition(": ")[2]
        if code == sqlite3.SQLITE_CONSTRAINT_CHECK:
            return Failure(Cause.CONSTRAINT, constraint=text)
        if code in {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}:
            return Failure(Cause.CONSTRAINT, columns=tuple(text.split(", ")), is_held_key=True)
        if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            return Failure(Cause.CONSTRAINT)
        if code is not None and code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return Failure(Cause.RUN_AGAIN)
        return Failure(Cause.STOPPED if code == sqlite3.SQLITE_INTERRUPT else Cause.OTHER)


class _WireTimeLoader(Loader):
    """Turn PostgreSQL's 2026-08-07 10:15:00+00 into the wire form."""

    def load(self, data: Any) -> str:  # noqa: ANN401, bytes or a buffer
        text = bytes(data).decode()
        return f"{text[:10]}T{text[11:19]}Z"


class Postgresql(Dialect):
    """PostgreSQL."""

    scheme = "postgresql"
    driver = "postgresql+psycopg"
    errors = psycopg.Error
    schema_lock = "SELECT 1 FROM pg_advisory_xact_lock(hashtext('segmentary schema'))"
    begin_reading = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)
    # $1, $2: what the server itself understands
    compiler_arguments = MappingProxyType({"paramstyle": "numeric_dollar"})
    locks_tables = True
    has_pipeline = True
    has_listed = True
    insert = staticmethod(postgresql_insert)

    def connect_arguments(self) -> dict[str, Any]:
        """Autocommit: BEGIN and COMMIT are ours."""
        return {"autocommit": True, "connect_timeout": WAIT_SECONDS}

    def connected(self, connection: Any) -> None:  # noqa: ANN401
        """Bound the waiting for locks, prefer indexes, and have UUIDs and times arrive as text.

        A prepared statement planned while its table was empty would keep reading the whole table as it grows; every
        statement on a table that grows has an index, so that a plan without one is never meant. Where there is none,
        the price put on that must not make the server compile the statement: that takes a tenth of a second. At the
        price of a turning disk for a row, a page of few among many would be found by reading past the others. A plan
        that does not know the limit of a page looks dear, and so each page would be planned anew.
        """
        chosen = {
            "TimeZone": "UTC",
            "DateStyle": "ISO",
            "default_transaction_isolation": "read committed",
            "lock_timeout": f"{WAIT_SECONDS}s",
            "enable_seqscan": "off",
            "random_page_cost": "1.1",
            "jit": "off",
            "plan_cache_mode": "force_generic_plan",
        }
        connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in chosen.items()))
        connection.adapters.register_loader("uuid", TextLoader)
        connection.adapters.register_loader("timestamptz", _WireTimeLoader)

    def limit(self, connection: Any, seconds: int) -> None:  # noqa: ANN401
        """https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT."""
        connection.execute(f"SET statement_timeout = '{seconds}s'")

    def interrupt(self, connection: Any) -> None:  # noqa: ANN401
        """Shut the connection down: to cancel a statement would need another one to a server that may not answer."""
        with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    def lock_table(self, table: Table, alone: bool) -> Executable:  # noqa: FBT001, shared or alone
        """Whoever wants a shared row alone waits for ever under load; table locks are granted in turn."""
        return text(f"LOCK TABLE {table.name} IN {'EXCLUSIVE' if alone else 'ROW SHARE'} MODE")

    def failure(self, error: Exception) -> Failure:
        """SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html."""
        state = getattr(error, "sqlstate", None)
        if state in {"23505", "23514", "23503"}:
            name = error.diag.constraint_name or ""  # type: ignore[attr-defined]  # every psycopg.Error has it
            return Failure(Cause.CONSTRAINT, constraint=name, is_held_key=state == "23505")
        if state in {"40001", "40P01", "55P03"}:
            return Failure(Cause.RUN_AGAIN)
        if state == "57014":
            return Failure(Cause.STOPPED)
        # Without a state it is the driver's own: a lost connection, or a value it cannot send.
        lost = isinstance(error, psycopg.OperationalError) if state is None else state[:2] == "08"
        if lost or state in {"57P01", "57P02", "57P03", "57P05"}:
            return Failure(Cause.DISCONNECTED)
        return Failure(Cause.OTHER)


def _wire_time(text: str) -> str:
    """Turn MariaDB's 2026-08-07 10:15:00 into the wire form."""
    return f"{text[:10]}T{text[11:19]}Z"


def _mariadb_time(text: str) -> str:
    """Turn the wire form into what MariaDB takes: it refuses the letter Z."""
    return f"{text[:10]} {text[11:19]}"


_HELD_KEY = 1062


class Mariadb(Dialect):
    """MariaDB, also as a Galera cluster, where any statement, COMMIT included, may fail with 1213."""

    scheme = "mariadb"
    driver = "mariadb+pymysql"
    errors = pymysql.err.Error
    # Names of locks are the server's, not the database's, and short.
    schema_lock = "SELECT GET_LOCK(CONCAT('segmentary ', MD5(DATABASE())), 60)"
    begin_reading = (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    )
    update_returning = False
    held_key_is_error = True
    time_to_driver = staticmethod(_mariadb_time)
    flag_from_driver = bool
    insert = staticmethod(mariadb_insert)

    _NAMES = (
        (4025, re.compile(r"CONSTRAINT `([^`]+)`")),
        (_HELD_KEY, re.compile(r"for key '(?:[^'.]+\.)?([^']+)'")),
        (1451, re.compile(r"CONSTRAINT `([^`]+)`")),
        (1452, re.compile(r"CONSTRAINT `([^`]+)`")),
    )
    _RUN_AGAIN = frozenset({1020, 1205, 1213})
    _STOPPED = frozenset({1317, 1969})
    _DISCONNECTED = frozenset({1047, 1053, 1152, 1927, 2002, 2003, 2006, 2013, 2014, 2055})

    def connect_arguments(self) -> dict[str, Any]:
        """Autocommit; times arrive as text; READ COMMITTED, as the default level hides the winner of a collision."""
        times = {FIELD_TYPE.DATETIME: _wire_time, FIELD_TYPE.TIMESTAMP: _wire_time}
        return {
            "autocommit": True,
            "charset": "utf8mb4",
            "connect_timeout": WAIT_SECONDS,
            "read_timeout": WAIT_SECONDS,
            "conv": {**conversions, **times},
            "init_command": (
                "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
                f"time_zone = '+00:00', tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = {WAIT_SECONDS}, "
                # Our subqueries look single rows up by index; reading whole tables for them first never pays.
                "optimizer_switch = 'materialization=off'"
            ),
        }

    def connected(self, connection: Any) -> None:  # noqa: ANN401
        """`init_command` has run with connecting. What comes now may take longer; the driver has no word for that."""
        connection._read_timeout = None  # noqa: SLF001, see above

    def limit(self, connection: Any, seconds: int) -> None:  # noqa: ANN401
        """https://mariadb.com/kb/en/server-system-variables/#max_statement_time."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION max_statement_time = {seconds}")

    def interrupt(self, connection: Any) -> None:  # noqa: ANN401
        """Shut the connection down, of which the driver keeps the socket to itself."""
        line = connection._sock  # noqa: SLF001, see above
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def locks_are_local(self, connection: Any) -> bool:  # noqa: ANN401
        """Ask for Galera; a server that was built without it does not know the variable."""
        with connection.cursor() as cursor:
            cursor.execute("SHOW VARIABLES LIKE 'wsrep_on'")
            return bool(cursor.fetchall() == (("wsrep_on", "ON"),))

    def failure(self, error: Exception) -> Failure:
        """Error codes, https://mariadb.com/kb/en/mariadb-error-codes/."""
        code = error.args[0] if error.args else None
        for constraint_code, pattern in self._NAMES:
            if code == constraint_code:
                found = pattern.search(str(error.args[1]))
                name = found.group(1) if found else ""
                return Failure(Cause.CONSTRAINT, constraint=name, is_held_key=code == _HELD_KEY)
        if code in self._RUN_AGAIN:
            return Failure(Cause.RUN_AGAIN)
        if code in self._STOPPED:
            return Failure(Cause.STOPPED)
        if code in self._DISCONNECTED or isinstance(error, pymysql.err.InterfaceError):
            return Failure(Cause.DISCONNECTED)
        return Failure(Cause.OTHER)

    def insert_unless_held(self, names: Sequence[str], key: Key) -> Any:  # noqa: ANN401, an executable
        """A refused row is an error here, which leaves the transaction as it was (`Tx.insert_unless_held`).

        INSERT IGNORE would also swallow rows that break a CHECK.
        """
        return mariadb_insert(key.table).values({name: bindparam(name) for name in names})

    def insert_or_update(self, table: Table, names: Sequence[str], rows: Any, changes: Mapping[str, Any]) -> Any:  # noqa: ANN401, a select, an executable
        """ON DUPLICATE KEY UPDATE."""
        return mariadb_insert(table).from_select(names, rows).on_duplicate_key_update(changes)


DIALECTS: dict[str, type[Dialect]] = {
    "sqlite": Sqlite,
    "postgresql": Postgresql,
    "mariadb": Mariadb,
    "mysql": Mariadb,
}
