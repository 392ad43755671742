"""Requests become drafts only if nothing at all is wrong with them, and are told everything that is."""

from typing import Any

import pytest

from segmentary.catalog import RESOURCES, Network, PhysicalNetwork, Segment
from segmentary.errors import (
    InvalidInput,
    InvalidRequest,
    InvalidValue,
    MissingAttribute,
    ReadOnlyAttribute,
    RuleBroken,
    UnrecognizedAttribute,
)
from segmentary.rules.attribute import Presence, Resource, describe
from segmentary.rules.draft import create_draft, shown, update_draft

NETWORK, SEGMENT, PHYSICAL_NETWORK = describe(Network), describe(Segment), describe(PhysicalNetwork)
NETWORK_ID = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"


def problems_of_create(resource: Resource, values: dict[str, object], *, by_wire: bool = True) -> list[InvalidInput]:
    with pytest.raises(InvalidInput) as refused:
        create_draft(resource, values, by_wire=by_wire)
    return list(getattr(refused.value, "problems", (refused.value,)))


def vlan(**values: object) -> dict[str, object]:
    return {
        "network_id": NETWORK_ID,
        "network_type": "vlan",
        "physical_network": "p",
        "segmentation_id": 100,
        **values,
    }


def test_draft_has_what_was_given_and_the_defaults_of_the_rest() -> None:
    draft = create_draft(NETWORK, {"name": "blue", "router:external": True})
    assert draft.given == {"name": "blue", "router_external": True}
    assert draft.value("router_external") is True
    assert draft.value("admin_state_up") is True
    assert draft.value("description") == ""
    assert draft.value("mtu") is None


def test_null_given_differs_from_nothing_given() -> None:
    assert create_draft(PHYSICAL_NETWORK, {"name": "p", "mtu": None}).given == {"name": "p", "mtu": None}
    assert create_draft(PHYSICAL_NETWORK, {"name": "p"}).given == {"name": "p"}


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    problems = problems_of_create(
        SEGMENT,
        {"network_type": "vlam", "segmentation_id": True, "id": NETWORK_ID, "colour": "red", "shape": "round"},
    )
    assert [(type(one), one.data["attribute"]) for one in problems] == [
        (UnrecognizedAttribute, "colour, shape"),
        (InvalidValue, "network_type"),
        (InvalidValue, "segmentation_id"),
        (ReadOnlyAttribute, "id"),
        (MissingAttribute, "network_id"),
    ]


def test_several_problems_are_one_error_with_a_line_each() -> None:
    with pytest.raises(InvalidRequest) as refused:
        create_draft(SEGMENT, {"network_id": "x", "network_type": "vlan", "name": 5})
    assert len(refused.value.message.splitlines()) == 2
    assert "network_id" in refused.value.message
    assert "name" in refused.value.message


def test_single_problem_is_raised_as_itself() -> None:
    with pytest.raises(InvalidValue, match="segmentation_id"):
        create_draft(SEGMENT, vlan(segmentation_id="100"))


def test_refusal_names_attribute_value_and_limit() -> None:
    with pytest.raises(InvalidValue) as refused:
        create_draft(NETWORK, {"mtu": 65536})
    assert refused.value.message == (
        "Invalid input for mtu. Reason: 65536 is not allowed, it must be a whole number from 0 to 65535."
    )


def test_required_attribute_that_is_there_but_wrong_is_not_called_missing_too() -> None:
    assert [type(one) for one in problems_of_create(SEGMENT, vlan(network_id=5))] == [InvalidValue]
    assert [type(one) for one in problems_of_create(SEGMENT, vlan(network_id=None))] == [InvalidValue]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)
def test_every_attribute_the_server_chooses_is_refused_in_create(resource: Resource) -> None:
    for name, one in resource.by_wire.items():
        if one.create is Presence.REFUSED:
            problems = problems_of_create(resource, {name: None})
            assert (ReadOnlyAttribute, name) in [(type(each), each.data["attribute"]) for each in problems]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)
def test_every_attribute_that_stays_as_created_is_refused_in_update(resource: Resource) -> None:
    for name, one in resource.by_wire.items():
        if not one.update:
            with pytest.raises(ReadOnlyAttribute, match=f"read-only attribute {name}"):
                update_draft(resource, {name: None})


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)
def test_hidden_attributes_are_unknown_on_the_wire(resource: Resource) -> None:
    hidden = [one.name for one in resource.attributes if one.wire is None and one.name not in resource.by_wire]
    for name in hidden:
        with pytest.raises(UnrecognizedAttribute, match=name):
            update_draft(resource, {name: 1})


def test_library_names_are_not_those_of_the_wire() -> None:
    assert create_draft(NETWORK, {"router_external": True}, by_wire=False).given == {"router_external": True}
    with pytest.raises(UnrecognizedAttribute, match="router:external"):
        create_draft(NETWORK, {"router:external": True}, by_wire=False)
    with pytest.raises(UnrecognizedAttribute, match="router_external"):
        create_draft(NETWORK, {"router_external": True})


def test_unknown_attribute_is_told_which_are_known() -> None:
    with pytest.raises(UnrecognizedAttribute) as refused:
        update_draft(SEGMENT, {"nme": "x"})
    assert refused.value.message == "Unrecognized attribute(s) 'nme'. Known here: description, name, tags."


def test_two_names_of_one_attribute_may_agree_and_must_not_differ() -> None:
    assert create_draft(NETWORK, {"project_id": "a", "tenant_id": "a"}).given == {"project_id": "a"}
    assert create_draft(NETWORK, {"tenant_id": "a"}).given == {"project_id": "a"}
    with pytest.raises(InvalidValue, match="project_id and tenant_id are two names of one attribute"):
        create_draft(NETWORK, {"project_id": "a", "tenant_id": "b"})


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        (vlan(segmentation_id=4095), "segment_vlan_id_range"),
        ({"network_id": NETWORK_ID, "network_type": "flat"}, "segment_flat_physical_network"),
        ({"network_id": NETWORK_ID, "network_type": "vlan", "segmentation_id": 5}, "segment_vlan_physical_network"),
        ({"network_id": NETWORK_ID, "network_type": "local", "segmentation_id": 5}, "segment_local_no_id"),
        ({"network_id": NETWORK_ID, "network_type": "vxlan", "segmentation_id": 2**24}, "segment_vxlan_id_range"),
        (vlan(network_type="vxlan"), "segment_vxlan_physical_network"),
        (vlan(network_type="flat"), "segment_flat_no_id"),
    ],
)
def test_attributes_that_do_not_fit_together_are_refused_with_the_name_of_the_rule(
    values: dict[str, object], rule: str
) -> None:
    problems = problems_of_create(SEGMENT, values)
    assert [(type(one), one.data["rule"]) for one in problems] == [(RuleBroken, rule)]


def test_all_rules_that_are_broken_are_reported() -> None:
    problems = problems_of_create(SEGMENT, vlan(network_type="local"))
    assert [one.data["rule"] for one in problems] == ["segment_local_physical_network", "segment_local_no_id"]


def test_update_has_only_what_was_given() -> None:
    assert update_draft(SEGMENT, {"name": None}) == {"name": None}
    assert update_draft(SEGMENT, {}) == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1, "1"),
        (1.0, "1.0"),
        (0.0, "0.0"),
        ("1", "'1'"),
        ("a\0\ud800ä", "'a\\x00\\ud800ä'"),
        ([], "[]"),
        (10**5000, "(a number of too many digits)"),
        ([10**5000], "(a number of too many digits)"),
    ],
    ids=range(12),
)
def test_values_are_shown_escaped_and_told_apart(value: Any, text: str) -> None:  # noqa: ANN401, any value
    assert shown(value) == text


def test_long_values_are_shown_in_part() -> None:
    assert shown("x" * 10**6) == f"'{'x' * 40}'... (1000000 characters)"
    assert len(shown("\0" * 10**6)) < 200
    assert len(shown(list(range(10**4)))) < 100
