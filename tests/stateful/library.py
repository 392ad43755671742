"""What the machines have in common: a database, the library on it, and plain SQL past the library."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import not_, or_

import segmentary
from segmentary.catalog import RESOURCES
from segmentary.db import render
from segmentary.db.engine import parse_url
from segmentary.db.tables import TABLES
from segmentary.errors import SegmentaryError
from segmentary.rules.attribute import Resource
from tests.servers import schema
from tests.stateful.model import Refusal

EMPTY = ("events", "segments", "networks", "network_segment_ranges", "range_scopes", "releases", "physical_networks")


class LibraryMachine(RuleBasedStateMachine):
    """Requests to the library on one database, empty at the start; after each every rule holds over what is stored."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.raw = schema.connect(url)
        for table in EMPTY:
            self.query(f"DELETE FROM {table}")
        self.app = segmentary.open(url, threads=1)
        self.broken = [rows_that_break_a_rule(url, resource) for resource in RESOURCES]

    def teardown(self) -> None:
        self.app.close()
        self.raw.close()

    @invariant()
    def every_rule_holds_over_the_stored_rows(self) -> None:
        for statement in self.broken:
            assert not self.query(statement), statement

    def ask(self, refusal: Refusal, act: Callable[[], Any]) -> Any:  # noqa: ANN401, whatever is asked for
        """Return the answer, or None where the request is refused as the model says."""
        if refusal is None:
            return act() or True
        with pytest.raises(SegmentaryError) as refused:
            act()
        assert isinstance(refused.value, refusal), refused.value.message
        return None

    def query(self, statement: str) -> Sequence[Sequence[Any]]:
        cursor = self.raw.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else ()


@cache
def rows_that_break_a_rule(url: str, resource: Resource) -> str:
    """Return the plain SQL of it, made from the same declarations as the constraints."""
    columns = dict(TABLES[resource.collection].c.items())
    broken = or_(*(not_(render.condition(one.expression, columns)) for one in resource.row_rules))
    text = broken.compile(dialect=parse_url(url)[0].get_dialect()(), compile_kwargs={"literal_binds": True})
    return f"SELECT * FROM {resource.collection} WHERE {text}"
