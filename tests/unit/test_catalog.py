"""What every declaration of the catalog has in common."""

from collections import Counter

import pytest

from segmentary.catalog import BY_COLLECTION, RESOURCES
from segmentary.catalog.network_type import LARGEST_ID, NETWORK_TYPES, NetworkType, Scope, largest_mtu
from segmentary.catalog.segment import SEGMENT_CLAIM
from segmentary.rules.attribute import Presence, Resource
from segmentary.rules.evaluate import holds
from segmentary.rules.expression import (
    And,
    AtMost,
    Between,
    Coalesced,
    Expression,
    IsTrue,
    Length,
    Not,
    OneOf,
    Or,
    Present,
)
from segmentary.rules.kind import Constant, Entries, View
from segmentary.rules.rule import ReferenceRule, RowRule, Rule

each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)
each_network_type = pytest.mark.parametrize("network_type", NETWORK_TYPES, ids=lambda one: one.name)


def all_rules() -> list[Rule]:
    return [rule for resource in RESOURCES for rule in dict.fromkeys((*resource.row_rules, *resource.rules))]


def fields_of(expression: Expression) -> set[str]:
    match expression:
        case And(left, right) | Or(left, right):
            return fields_of(left) | fields_of(right)
        case Not(operand):
            return fields_of(operand)
        case AtMost(field, other):
            return {field, other}
        case Present(field) | IsTrue(field) | OneOf(field) | Between(field) | Length(field):
            return {field}
        case _:
            raise TypeError(expression)


def test_no_two_rules_have_the_same_name() -> None:
    assert not [name for name, count in Counter(rule.name for rule in all_rules()).items() if count > 1]


def test_every_rule_has_a_name_every_database_takes_and_says_its_limit() -> None:
    for rule in all_rules():
        assert rule.limit, rule.name
        assert len(rule.name) <= 63, rule.name  # PostgreSQL's longest identifier
        assert rule.name == rule.name.lower()


def test_a_rule_is_named_after_its_resource() -> None:
    for resource in RESOURCES:
        for rule in (*resource.row_rules, *resource.rules):
            assert rule.name.startswith(f"{resource.name}_")


@each_resource
def test_every_resource_has_the_standard_attributes(resource: Resource) -> None:
    chosen_by_the_server = ["id", "created_at", "updated_at", "revision_number"]
    assert set(chosen_by_the_server) <= set(resource.columns)
    assert all(resource.by_name[name].create is Presence.REFUSED for name in chosen_by_the_server)
    assert "description" in resource.columns or not resource.routed


@each_resource
def test_rules_speak_of_stored_attributes_only(resource: Resource) -> None:
    for rule in resource.row_rules:
        assert fields_of(rule.expression) <= set(resource.columns), rule.name
        assert rule.attribute in resource.columns
    for unique in resource.unique_rules:
        fields = [part.field if isinstance(part, Coalesced) else part for part in unique.key]
        assert set(fields) <= set(resource.columns)


def test_references_name_an_attribute_of_a_resource_declared_before() -> None:
    seen: set[str] = set()
    for resource in RESOURCES:
        seen.add(resource.collection)
        for rule in resource.rules:
            if isinstance(rule, ReferenceRule):
                assert rule.collection in seen
                assert rule.target in BY_COLLECTION[rule.collection].columns
                assert rule.attribute in resource.columns


@each_resource
def test_every_attribute_is_documented_and_named_once(resource: Resource) -> None:
    wire = [name for one in resource.attributes for name in (one.wire, one.also) if name]
    assert len(wire) == len(set(wire))
    assert all(one.doc.endswith(".") for one in resource.attributes)


@each_resource
def test_every_default_is_a_value_a_request_could_give(resource: Resource) -> None:
    for one in resource.attributes:
        if one.default is not None and one.create is not Presence.REFUSED:
            assert one.kind.accept(one.default) == one.default


@each_resource
def test_what_is_not_stored_is_a_view_a_constant_or_looked_up_in_a_part(resource: Resource) -> None:
    for one in resource.attributes:
        if not one.stored:
            assert isinstance(one.kind, View | Entries | Constant) or one.part is not None
            assert not one.sortable
            has_entries = isinstance(one.kind, View) and one.kind.entry is not None
            assert one.filterable == (one.part is not None or isinstance(one.kind, Constant) or has_entries)


@each_resource
def test_null_is_taken_only_where_it_can_be_stored(resource: Resource) -> None:
    assert all(one.nullable for one in resource.attributes if one.null)


@each_network_type
def test_a_network_type_that_claims_something_has_an_error_for_it(network_type: NetworkType) -> None:
    assert (network_type.in_use is None) == (network_type.unique_in is Scope.NOWHERE)


@each_network_type
def test_a_network_type_unique_on_a_physical_network_needs_one(network_type: NetworkType) -> None:
    assert network_type.has_physical_network == (network_type.unique_in is Scope.PHYSICAL_NETWORK)


@each_network_type
def test_a_network_type_gives_its_source_and_ids_that_can_be_stored(network_type: NetworkType) -> None:
    assert network_type.source
    if network_type.ids is not None:
        assert 1 <= network_type.ids.minimum <= network_type.ids.maximum <= LARGEST_ID < 2**63


@each_network_type
def test_every_network_type_has_two_rules_of_its_own(network_type: NetworkType) -> None:
    own = [rule for rule in all_rules() if rule.name.startswith(f"segment_{network_type.name}_")]
    assert {rule.attribute for rule in own if isinstance(rule, RowRule)} == {"physical_network", "segmentation_id"}


@each_network_type
def test_only_what_is_unique_somewhere_takes_part_in_the_claim(network_type: NetworkType) -> None:
    claim_id = SEGMENT_CLAIM.key[2]
    assert isinstance(claim_id, Coalesced)
    assert claim_id.only_if is not None
    claims = holds(claim_id.only_if, {"network_type": network_type.name})
    assert claims == (network_type.unique_in is not Scope.NOWHERE)


@each_network_type
def test_mtu_of_a_network_type_is_that_of_the_smaller_underlay_less_its_overhead(network_type: NetworkType) -> None:
    overhead = network_type.overhead
    if overhead is None:
        assert largest_mtu(network_type, 1500, 9000) is None
    else:
        assert largest_mtu(network_type, 1500, None) == 1500 - overhead
        assert largest_mtu(network_type, 1500, 1400) == 1400 - overhead
        assert largest_mtu(network_type, 1500, 9000) == 1500 - overhead
