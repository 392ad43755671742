"""Databases for single tests: an empty one, or one whose schema is current and whose tables are as migrated.

Migrating takes longer than most tests, so it is done once for each kind of database. Between tests a SQLite
file is copied from a template; in a server database the rows are deleted, and the rows that the migrations
themselves inserted are put back.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers import mariadb, postgresql
from tests.servers.server import Address, Connection, DatabaseServer

TABLES = {
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
    "mariadb": "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
}
# (child, parent) for each foreign key between two tables. None for MariaDB, where foreign keys can be ignored;
# PostgreSQL lets only a superuser do that, and SEGMENTARY_TEST_POSTGRESQL_URL need not name one.
FOREIGN_KEYS = {
    "postgresql": """
        SELECT child.relname, parent.relname FROM pg_constraint
        JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid
        WHERE contype = 'f' AND conrelid <> confrelid AND connamespace = current_schema()::regnamespace
    """,
}
PREPARE_DELETING = {"postgresql": "SET synchronous_commit = off", "mariadb": "SET foreign_key_checks = 0"}
QUOTE = {"postgresql": '"', "mariadb": "`"}


def connect(url: str) -> Connection:
    """Open a connection of the plain driver, which commits each statement and enforces every constraint."""
    scheme, _, path = url.partition(":///")
    if scheme == "sqlite":
        connection = sqlite3.connect(path, isolation_level=None)  # None: commit each statement
        connection.execute("PRAGMA foreign_keys = ON")
        return connection
    if urlsplit(url).scheme == "postgresql":
        return postgresql.connect(Address.parse(url, port=postgresql.PORT))
    return mariadb.connect(Address.parse(url, port=mariadb.PORT))


def upgrade(url: str) -> None:
    """Migrate as `segmentary database upgrade` does."""
    from segmentary.db import migrate  # noqa: PLC0415 - not above: tests of other layers run while db does not

    migrate.upgrade(url)


class MigratedFile:
    """A migrated SQLite file, copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        upgrade(f"sqlite:///{self._template}")
        with closing(sqlite3.connect(self._template)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # so that the one file holds everything

    def copy_to(self, file: Path) -> str:
        """Make a copy and return its URL."""
        shutil.copyfile(self._template, file)
        return f"sqlite:///{file}"


class MigratedDatabase:
    """A migrated database of a server, emptied after each test."""

    def __init__(self, kind: str, url: str) -> None:
        self.url = url
        self._quote = QUOTE[kind]
        self._dirty = False
        upgrade(url)
        self._connection = connect(url)
        self._execute(PREPARE_DELETING[kind])
        self._children_first = self._tables_in_order(kind)
        self._rows_of_migrations = {table: rows for table in self._children_first if (rows := self._rows(table))[1]}

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def used_by_one_test(self) -> Iterator[str]:
        """Give the URL, and empty the tables afterwards, so that a lock left behind is blamed on the right test."""
        if self._dirty:  # emptying failed after the test before
            self.empty()
        self._dirty = True
        yield self.url
        self.empty()

    def empty(self) -> None:
        """Leave only the rows that the migrations inserted."""
        self._execute("BEGIN")
        try:
            for table in self._children_first:
                self._execute(f"DELETE FROM {self._quoted(table)}")
            for table, (columns, rows) in reversed(self._rows_of_migrations.items()):
                names = ", ".join(map(self._quoted, columns))
                places = ", ".join(["%s"] * len(columns))
                for row in rows:
                    self._execute(f"INSERT INTO {self._quoted(table)} ({names}) VALUES ({places})", row)
        except BaseException:
            self._execute("ROLLBACK")
            raise
        self._execute("COMMIT")
        self._dirty = False

    def _tables_in_order(self, kind: str) -> list[str]:
        order: TopologicalSorter[str] = TopologicalSorter({table: () for (table,) in self._execute(TABLES[kind])})
        if kind in FOREIGN_KEYS:
            for child, parent in self._execute(FOREIGN_KEYS[kind]):
                order.add(parent, child)
        return [table for table in order.static_order() if table != "alembic_version"]

    def _rows(self, table: str) -> tuple[list[str], Sequence[Sequence[Any]]]:
        cursor = self._connection.cursor()
        cursor.execute(f"SELECT * FROM {self._quoted(table)}")
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def _execute(self, statement: str, row: Sequence[Any] | None = None) -> Sequence[Sequence[Any]]:
        cursor = self._connection.cursor()
        cursor.execute(statement, row)
        return cursor.fetchall() if cursor.description else ()

    def _quoted(self, name: str) -> str:
        return f"{self._quote}{name}{self._quote}"


@contextmanager
def migrated(kind: str, server: DatabaseServer) -> Iterator[MigratedDatabase]:
    """Make and migrate a database on a server, and drop it at the end."""
    with server.database() as address, closing(MigratedDatabase(kind, address.url)) as database:
        yield database
