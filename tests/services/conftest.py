"""Fixtures for tests of use cases.

app           the library on a migrated database
statements    what the library has executed since the last look: statements and rows read
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

import segmentary
from segmentary import Application
from segmentary.db.statement import Bindings, Row, Statement
from segmentary.db.transaction import Database, Tx


@pytest.fixture
def app(database_url: str) -> Iterator[Application]:
    with segmentary.open(database_url) as one:
        yield one


@dataclass
class Statements:
    """How many statements were executed, however many sets of values each had, and how many rows were read."""

    executed: int = 0
    rows: int = 0

    def look(self) -> tuple[int, int]:
        """Return both numbers since the last look."""
        seen = (self.executed, self.rows)
        self.executed = self.rows = 0
        return seen


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    counted = Statements()
    prepared, rows = Database.prepared, Tx.rows

    def count_statement(self: Database, statement: Statement) -> object:
        counted.executed += 1
        return prepared(self, statement)

    def count_rows(self: Tx, statement: Statement, values: Bindings) -> list[Row]:
        found = rows(self, statement, values)
        counted.rows += len(found)
        return found

    monkeypatch.setattr(Database, "prepared", count_statement)
    monkeypatch.setattr(Tx, "rows", count_rows)
    return counted
