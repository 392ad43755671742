"""The plan a database makes for a statement of the program, as text."""

import copy
from typing import Any

from segmentary.db.statement import Statement
from segmentary.db.transaction import Database, Tx

_COMMANDS = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (COSTS OFF)", "mariadb": "EXPLAIN"}


def plan(database: Database, statement: Statement, values: dict[str, Any]) -> str:
    """Return the plan as the program's own connections get it, a line for each row of it."""

    def explain(tx: Tx) -> str:
        explained = copy.copy(database.prepared(statement))
        explained.sql = f"{_COMMANDS[database.dialect.scheme]} {explained.sql}"
        explained._flags = []  # noqa: SLF001, the rows of a plan have other columns than those of the statement
        return "\n".join(str(row) for row in tx._session.rows(explained, values))  # noqa: SLF001, a Tx takes statements only

    return database.read(explain)
