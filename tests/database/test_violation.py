"""Each constraint finds its way back from the driver's error to its rule."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from segmentary.catalog import RESOURCES, Agent, HostMapping, PhysicalNetwork, RbacPolicy, Segment, SegmentRange
from segmentary.db import records
from segmentary.db.transaction import Database, Tx
from segmentary.db.violation import ConstraintBroken
from segmentary.errors import Broken, InconsistentData, SegmentaryError, TryAgain
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.rule import ReferenceRule, Rule, UniqueRule
from tests.database.test_records import insert_all, record_of
from tests.rules.rows import broken_rules, rows_with_one_change

OTHER = str(uuid4())
# For each unique rule a second record that has the key of the first, and no other key of it.
SECOND_HOLDERS: Mapping[str, tuple[type, Mapping[str, object]]] = {
    "physical_network_name_unique": (PhysicalNetwork, {}),
    "segment_claim": (Segment, {"segment_index": 1}),
    "segment_index_unique": (Segment, {"segmentation_id": 101}),
    "agent_unique": (Agent, {}),
    "host_mapping_unique": (HostMapping, {}),
    "rbac_policy_unique": (RbacPolicy, {}),
}
each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)
REFERENCES = [(resource, rule) for resource in RESOURCES for rule in resource.reference_rules]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a database with one record of each resource."""
    with closing(Database(database_url, connections=1)) as one:
        one.run(insert_all)
        yield one


def insert(database: Database, resource: Resource, **values: object) -> Rule | None:
    """Insert a record that a rule refuses, and return the rule that `explain` is told."""
    told: list[Rule | None] = []

    def explain(_tx: Tx, rule: Rule | None) -> SegmentaryError:
        told.append(rule)
        return TryAgain(reason="told")

    with pytest.raises(TryAgain) as refused:
        database.run(lambda tx: records.insert_records(tx, [record_of(resource, **{"id": OTHER, **values})]), explain)
    assert isinstance(refused.value.__cause__, ConstraintBroken)
    return told[0]


@pytest.mark.parametrize(
    "rule", [rule for resource in RESOURCES for rule in resource.unique_rules], ids=lambda one: one.name
)
def test_second_holder_of_a_key_breaks_its_unique_rule(database: Database, rule: UniqueRule) -> None:
    record, values = SECOND_HOLDERS[rule.name]
    assert insert(database, describe(record), **values) is rule


@pytest.mark.parametrize(("resource", "rule"), REFERENCES, ids=[rule.name for _, rule in REFERENCES])
def test_reference_to_nothing_breaks_its_reference_rule(
    database_kind: str, database: Database, resource: Resource, rule: ReferenceRule
) -> None:
    distinct: dict[type, dict[str, Any]] = {
        Segment: {"segmentation_id": 101, "segment_index": 1},
        SegmentRange: {"minimum": 300, "maximum": 301},
        HostMapping: {"host": "other"},
        RbacPolicy: {"target_project": "other"},
    }
    missing = OTHER if rule.target == "id" else "nowhere"
    found = insert(database, resource, **{**distinct[resource.record], rule.attribute: missing})
    assert found is (None if database_kind == "sqlite" else rule)


@each_resource
def test_row_that_the_request_check_should_have_refused_is_our_fault_and_names_the_rule(
    database_url: str, resource: Resource
) -> None:
    """A row for each rule that can be broken alone; the type of a column may refuse it before the rule does."""
    told: set[str] = set()
    alone: set[str] = set()
    derived = {one.name: one.default for one in resource.attributes if not one.stored}
    with closing(Database(database_url, connections=1)) as database:
        for row in rows_with_one_change(resource):
            broken = broken_rules(resource, row)
            if len(broken) == 1 and not broken <= told:
                alone |= broken
                with pytest.raises(Broken) as refused:
                    database.run(partial(records.insert_records, records=[resource.record(**derived, **row)]))
                if isinstance(refused.value, InconsistentData):
                    told.add(str(refused.value.data["rule"]))
    assert told <= alone
    assert alone & {rule.name for rule in resource.row_rules} <= told
