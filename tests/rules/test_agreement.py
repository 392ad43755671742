"""A rule has one meaning: Python and each database give the same verdict on any row."""

import re
from collections import Counter
from typing import Any

import hypothesis
import pytest
from hypothesis import given

from segmentary.catalog import RESOURCES
from segmentary.rules.attribute import Resource
from tests.rules.rows import broken_rules, rows, rows_with_one_change
from tests.rules.trial import Trial, trial

ROWS = 200
each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)


def assert_same_verdict(one: Trial, resource: Resource, row: dict[str, Any]) -> set[str]:
    """Demand one verdict, and that a constraint which the database names is one that Python finds broken.

    Return the rules that the database named.
    """
    refusal, broken = one.refusal(resource.collection, row), broken_rules(resource, row)
    assert (refusal is not None) == bool(broken), f"Python: {broken or 'fits'}; database: {refusal or 'fits'}; {row}"
    named = named_rules(resource, refusal or "")
    assert named <= broken, f"Python: {broken}; database: {refusal}"
    return named


@each_resource
def test_random_rows_get_the_same_verdict(database_kind: str, database_url: str, resource: Resource) -> None:
    verdicts: Counter[bool] = Counter()
    with trial(database_kind, database_url) as one:

        @hypothesis.settings(max_examples=ROWS)
        @given(rows(resource))
        def agrees(row: dict[str, Any]) -> None:
            assert_same_verdict(one, resource, row)
            verdicts[not broken_rules(resource, row)] += 1

        agrees()
    assert min(verdicts[True], verdicts[False]) > ROWS / 20, "most rows got one verdict, so little was proved"


@each_resource
def test_every_rule_is_broken_by_some_row_and_named_where_it_alone_is_broken(
    database_kind: str, database_url: str, resource: Resource
) -> None:
    rules = {rule.name for rule in resource.row_rules}
    broken: set[str] = set()
    alone: set[str] = set()
    named: set[str] = set()
    with trial(database_kind, database_url) as one:
        for row in rows_with_one_change(resource):
            named |= assert_same_verdict(one, resource, row)
            of_row = broken_rules(resource, row)
            broken |= of_row
            alone |= of_row if len(of_row) == 1 else set()
    assert rules <= broken
    assert rules & alone <= named


def named_rules(resource: Resource, refusal: str) -> set[str]:
    """Return the rules whose names stand in what a database said."""
    forms = {f"{resource.name}_{one.name}_allowed" for one in resource.stored}
    known = forms | {rule.name for rule in resource.row_rules}
    return {name for name in known if re.search(rf"\b{name}\b", refusal)}
