"""Trying rows and conditions on a database, past all of our code that writes, and leaving nothing behind."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from segmentary.catalog import RESOURCES
from tests.servers import schema
from tests.servers.server import Connection

# PostgreSQL forgets the dropped constraints with the transaction.
NO_FOREIGN_KEYS = {
    "sqlite": ["PRAGMA foreign_keys = OFF", "BEGIN"],
    "postgresql": [
        "BEGIN",
        *(
            f"ALTER TABLE {resource.collection} DROP CONSTRAINT {rule.name}"
            for resource in RESOURCES
            for rule in resource.reference_rules
        ),
    ],
    "mariadb": ["SET foreign_key_checks = 0", "BEGIN"],
}


class Trial:
    """A transaction in which rows are tried one by one, without their foreign keys."""

    def __init__(self, kind: str, connection: Connection) -> None:
        self._kind, self._connection = kind, connection

    def refusal(self, table: str, row: Mapping[str, object]) -> str | None:
        """Insert a row and take it back; return what the database said against it, None if it took it."""
        self.run("SAVEPOINT trial")
        try:
            insert(self._kind, self._connection, table, row)
        except Exception as error:  # noqa: BLE001, each driver has errors of its own
            return str(error)
        else:
            return None
        finally:
            self.run("ROLLBACK TO SAVEPOINT trial")

    def run(self, statement: str) -> Sequence[Sequence[Any]]:
        cursor = self._connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else ()


@contextmanager
def trial(kind: str, url: str) -> Iterator[Trial]:
    """Give a transaction without foreign keys, rolled back at the end."""
    connection = schema.connect(url)
    try:
        one = Trial(kind, connection)
        for statement in NO_FOREIGN_KEYS[kind]:
            one.run(statement)
        yield one
        one.run("ROLLBACK")
    finally:
        connection.close()


def insert(kind: str, connection: Connection, table: str, row: Mapping[str, object]) -> None:
    """Insert a row of Python values as the plain driver takes them."""
    mark = "?" if kind == "sqlite" else "%s"
    names, marks = ", ".join(row), ", ".join([mark] * len(row))
    values = [_in_form_of_driver(kind, value) for value in row.values()]
    connection.cursor().execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


def _in_form_of_driver(kind: str, value: object) -> object:
    is_time = isinstance(value, str) and value[10:11] == "T" and value.endswith("Z")
    return str(value).rstrip("Z").replace("T", " ") if is_time and kind == "mariadb" else value
