"""Rows around every limit of every resource, made from the catalog."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from hypothesis import strategies as st

from segmentary.catalog import (
    Agent,
    EventDestination,
    HostMapping,
    Network,
    PhysicalNetwork,
    RbacPolicy,
    Segment,
    SegmentRange,
)
from segmentary.catalog.network_type import LARGEST_ID, NAMES, NETWORK_TYPES
from segmentary.catalog.segment_range import RANGE_TYPES
from segmentary.rules.attribute import Attribute, Resource, describe
from segmentary.rules.evaluate import holds
from segmentary.rules.kind import Choice, Flag, Integer, Kind, Text, Timestamp, UnfitValueError, Uuid
from segmentary.rules.tags import Tags, pack, unpack

Row = Mapping[str, Any]
ID = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"
TIME = "2026-08-07T10:15:00Z"
CHARACTERS = ("a", "ä", "中", "😀", "\N{COMBINING DIAERESIS}", " ")

STANDARD = {"id": ID, "description": "", "tags": "", "created_at": TIME, "updated_at": TIME, "revision_number": 0}


def fitting_row(resource: Resource) -> dict[str, Any]:
    """Return a row that breaks no rule."""
    own: dict[type, Row] = {
        PhysicalNetwork: {"name": "p", "mtu": None},
        Network: {
            "name": "",
            "project_id": "default",
            "admin_state_up": True,
            "shared": False,
            "router_external": False,
            "mtu": 1500,
            "mtu_requested": False,
            "next_segment_index": 1,
        },
        Segment: {
            "name": None,
            "network_id": ID,
            "network_type": "vlan",
            "physical_network": "p",
            "segmentation_id": 100,
            "segment_index": 0,
        },
        SegmentRange: {
            "name": "",
            "shared": True,
            "project_id": None,
            "network_type": "vlan",
            "physical_network": "p",
            "minimum": 100,
            "maximum": 199,
            "allocation": "random",
            "cooldown": 0,
            "state": "active",
        },
        Agent: {
            "agent_type": "Open vSwitch agent",
            "program": "",
            "topic": "",
            "host": "h",
            "availability_zone": None,
            "admin_state_up": True,
            "started_at": TIME,
            "heartbeat_at": TIME,
        },
        HostMapping: {"segment_id": ID, "host": "h", "mapping": "included"},
        EventDestination: {
            "name": "",
            "kind": "webhook",
            "endpoint": "https://receiver.example/",
            "topic": None,
            "shape": "cloudevents",
            "types": "",
            "username": None,
            "secret": None,
            "paused": False,
            "timeout": 10,
            "attempts": 10,
        },
        RbacPolicy: {
            "object_type": "network",
            "object_id": ID,
            "action": "access_as_shared",
            "target_project": "green",
            "project_id": "default",
        },
    }
    values = {**STANDARD, **own[resource.record]}
    return {name: values[name] for name in resource.columns}


def values_around_limits(kind: Kind) -> list[object]:  # noqa: PLR0911, one return for each kind
    """Return stored values at every limit of a kind, beside it and far away; NULL is one of them."""
    match kind:
        case Text(maximum, minimum):
            lengths = sorted({0, minimum, minimum + 1, maximum - 1, maximum, maximum + 1, 2 * maximum})
            return [None, *(character * length for length in lengths for character in CHARACTERS)]
        case Integer(minimum, maximum):
            far = (-(2**63), -(2**31) - 1, -1, 0, 2**31 - 1, 2**31, 2**32, 2**63 - 1)
            near = (limit + step for limit in (minimum, maximum) for step in (-1, 0, 1))
            return [None, *sorted({number for number in (*far, *near) if number < 2**63})]
        case Choice(values):
            return [None, "", *values, *(word.upper() for word in values), f"{values[0]} ", "nonsense", "x" * 33]
        case Flag():
            return [None, True, False]
        case Uuid():
            return [None, ID, "", "nonsense", ID[:-1], f"{ID[:-1]}g", "x" * 36, "6d8f2a341-c1b-4c8e-9a55-0f0c3b1c7d11"]
        case Tags():
            long = "x" * 255
            fit = ["", "\na\n", "\na\nb\n", f"\n{long}\n", pack(f"{number:02}{long[2:]}" for number in range(50))]
            return [None, *fit, "a", "\n", "\n\n", "\n\n\n", "\na", "a\n", "\na\n\nb\n", f"\n{long * 51}\n"]
        case Timestamp():
            return [None, TIME, "nonsense", "", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-08-07T25:00:00Z"]
        case _:
            raise TypeError(kind)


def segmentation_ids() -> list[int | None]:
    """Return the limits of every network type's IDs, and the numbers beside them."""
    limits = {
        0,
        LARGEST_ID,
        *(limit for one in NETWORK_TYPES if one.ids for limit in (one.ids.minimum, one.ids.maximum)),
    }
    return [None, *sorted({limit + step for limit in limits for step in (-1, 0, 1)})]


def related_values(resource: Resource) -> list[dict[str, Any]]:
    """Return all that the attributes which rules relate can be together, fitting or not."""
    names = (None, "p", "", "p" * 64, "p" * 65)
    ids = segmentation_ids()
    if resource is describe(Segment):
        return [
            {"network_type": network_type, "physical_network": name, "segmentation_id": number}
            for network_type, name, number in product(NAMES, names, ids)
        ]
    if resource is describe(SegmentRange):
        owners = product((True, False), (None, "project", ""))
        of_owners = [{"shared": shared, "project_id": project} for shared, project in owners]
        near = [(low, high) for low, high in product(ids, ids) if low is None or high is None or abs(low - high) <= 2]
        return of_owners + [
            {"network_type": network_type, "physical_network": name, "minimum": low, "maximum": high}
            for network_type, name, (low, high) in product(RANGE_TYPES, names[:2], near)
        ]
    if resource is describe(EventDestination):
        kinds, shapes = ("webhook", "nats", "rabbitmq"), ("cloudevents", "notification")
        return [
            {"kind": kind, "shape": shape, "topic": topic, "username": username}
            for kind, shape, topic, username in product(kinds, shapes, (None, "t"), (None, "u"))
        ]
    return [{}]


def rows_with_one_change(resource: Resource) -> Iterator[dict[str, Any]]:
    """Give the fitting row with each value around each limit, and with all related values."""
    for attribute in resource.stored:
        for value in values_around_limits(attribute.kind):
            yield {**fitting_row(resource), attribute.name: value}
    for related in related_values(resource):
        yield {**fitting_row(resource), **related}


def rows(resource: Resource) -> st.SearchStrategy[dict[str, Any]]:
    """Draw rows whose related values fit or not, half of each, and of which at most two other values are changed."""
    related = related_values(resource)
    fitting = [values for values in related if not broken_rules(resource, {**fitting_row(resource), **values})]
    changed = st.lists(st.sampled_from(resource.stored).flatmap(_changed_value), max_size=2)
    return st.builds(
        lambda base, others: {**fitting_row(resource), **base, **dict(others)},
        st.sampled_from(fitting) | st.sampled_from(related),
        changed,
    )


def _changed_value(one: Attribute) -> st.SearchStrategy[tuple[str, object]]:
    return st.tuples(st.just(one.name), st.sampled_from(values_around_limits(one.kind)))


def accept_stored(kind: Kind, value: Any) -> None:  # noqa: ANN401, a value of the row
    """Raise `UnfitValueError` unless this is the stored form of a value of the kind."""
    if not isinstance(kind, Tags):
        kind.accept(value)
    elif value is None or pack(kind.accept(unpack(value))) != value:
        raise UnfitValueError(kind.allows)


def broken_rules(resource: Resource, row: Row) -> set[str]:
    """Return the names of the rules that Python finds broken; for a form, the name of the CHECK in its place."""
    broken = {rule.name for rule in resource.row_rules if not holds(rule.expression, row)}
    for one in resource.stored:
        if one.kind.condition(one.name) is None:
            try:
                accept_stored(one.kind, row[one.name])
            except UnfitValueError:
                broken.add(f"{resource.name}_{one.name}_allowed")
    return broken
