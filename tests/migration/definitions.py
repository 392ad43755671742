"""The definitions of a database as the database itself tells them, in a form that can be compared."""

import re
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from tests.servers import schema
from tests.servers.server import Connection

# Table, and what there is in it: the text of a definition each.
POSTGRESQL = (
    """
    SELECT table_name, column_name, data_type, character_maximum_length, collation_name, is_nullable, column_default,
        generation_expression, datetime_precision
    FROM information_schema.columns WHERE table_schema = current_schema()
    """,
    """
    SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid) FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid WHERE connamespace = current_schema()::regnamespace
    """,
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
)
SQLITE = "SELECT tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
MARIADB = "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"


def definitions(kind: str, url: str) -> list[str]:
    """Return all definitions of a database in order, without those of Alembic's own table."""
    with closing(schema.connect(url)) as connection:
        if kind == "postgresql":
            found = [row for query in POSTGRESQL for row in rows(connection, query)]
        elif kind == "mariadb":
            tables = [row[0] for row in rows(connection, MARIADB)]
            found = [
                (table, *line)
                for table in tables
                for line in _lines(rows(connection, f"SHOW CREATE TABLE {table}")[0][1])
            ]
        else:
            found = list(rows(connection, SQLITE))
    return sorted(_in_one_line(row) for row in found if row[0] != "alembic_version")


def _in_one_line(row: Sequence[Any]) -> str:
    return " | ".join(" ".join(str(value).split()) for value in row)


def rows(connection: Connection, statement: str) -> Sequence[Sequence[Any]]:
    cursor = connection.cursor()
    cursor.execute(statement)
    return cursor.fetchall()


def _lines(definition: str) -> list[tuple[str]]:
    """Return a definition line by line, without the next number of the table."""
    return [(line.rstrip(","),) for line in re.sub(r" AUTO_INCREMENT=\d+", "", definition).splitlines()]
