"""Taking over what a Neutron keeps: a plan of what is taken, changed and refused, then all of it or nothing.

rows of Neutron -> records of ours -> checked by our rules, against each other and against what is stored
taken     not stored yet             changed    taken with another value, and why
present   stored just so             refused    breaks a rule, or differs from what is stored under its id
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from segmentary.catalog import (
    BY_COLLECTION,
    HostMapping,
    Network,
    PhysicalNetwork,
    RbacPolicy,
    Segment,
    SegmentRange,
    event,
)
from segmentary.catalog.agent import INCLUDED
from segmentary.catalog.network_type import BY_NAME, NETWORK_TYPES, Scope, largest_mtu
from segmentary.catalog.rbac_policy import RBAC_POLICY_UNIQUE
from segmentary.catalog.segment_range import ACTIVE, RANDOM
from segmentary.db import listing, neutron_rows, records
from segmentary.db.transaction import Tx
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.draft import shown
from segmentary.rules.kind import UnfitValueError
from segmentary.rules.listing import ListQuery
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.neutron_ranges import cut
from segmentary.services.record import new_id

# Parents first.
KINDS: tuple[Resource, ...] = tuple(
    map(describe, (PhysicalNetwork, Network, Segment, SegmentRange, HostMapping, RbacPolicy))
)
AT_ONCE = 500
_BEFORE = "1970-01-01T00:00:00Z"
_EXCLUSIVE = frozenset(one.name for one in NETWORK_TYPES if one.unique_in is not Scope.NOWHERE)
Values = dict[str, Any]
Source = dict[Resource, list[Values]]


class Note(NamedTuple):
    """What is said of one row: why it is refused, or what of it is changed."""

    collection: str
    row: str
    text: str


@dataclass(kw_only=True, slots=True)
class Import:
    """What is to be done with the rows of a Neutron."""

    taken: dict[Resource, list[Any]] = field(default_factory=lambda: {resource: [] for resource in KINDS})
    present: dict[Resource, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    changed: list[Note] = field(default_factory=list)
    refused: list[Note] = field(default_factory=list)


def read(tx: Tx) -> Source:
    """Return the rows of a Neutron, from one state of its database."""
    networks, segments, ranges = neutron_rows.networks(tx), neutron_rows.segments(tx), neutron_rows.ranges(tx)
    names = {one["physical_network"] for one in (*segments, *ranges)} - {None, ""}
    return {
        describe(PhysicalNetwork): [{"name": name} for name in sorted(names)],
        describe(Network): networks,
        describe(Segment): segments,
        describe(SegmentRange): cut(ranges),
        describe(HostMapping): neutron_rows.mappings(tx),
        describe(RbacPolicy): neutron_rows.policies(tx),
    }


def plan(tx: Tx, call: Call, source: Source) -> Import:
    """Compare the rows of a Neutron with our rules and with what is stored."""
    made = Import()
    stored = {resource: _stored(tx, resource) for resource in KINDS}
    seen = _Seen(stored)
    inside: dict[str, list[Values]] = {}
    for one in source[describe(Segment)]:
        inside.setdefault(one["network_id"], []).append(one)
    for resource in KINDS:
        for row in source[resource]:
            values = _values(resource, row, inside, call)
            name = _row_name(resource, values)
            known = _known(resource, values, stored[resource])
            problem = _problem(resource, values, known) or seen.problem(resource, values, known)
            if problem:
                made.refused.append(Note(resource.collection, name, problem))
            elif known is not None:
                made.present[resource] += 1
            else:
                _note_changes(made, resource, name, row, values)
                made.taken[resource].append(_record(resource, values, inside))
            if not problem:
                seen.add(resource, values)
    return made


def carry_out(tx: Tx, call: Call, source: Source, *, skip: bool) -> Import:
    """Insert what a plan takes, made anew in this transaction; with `skip` although other rows are refused."""
    made = plan(tx, call, source)
    if made.refused and not skip:
        return made
    for resource in KINDS:
        taken = made.taken[resource]
        for start in range(0, len(taken), AT_ONCE):
            part = taken[start : start + AT_ONCE]
            records.insert_records(tx, part)
            record(tx, call.actor, [event.created(one) for one in part])
    return made


def _stored(tx: Tx, resource: Resource) -> dict[Any, Any]:
    """Return the stored records by what a row is known by."""
    rows: list[Any] = records.as_records(resource.record, listing.find(tx, resource, ListQuery()))
    return {_identity(resource, {name: getattr(one, name) for name in resource.columns}): one for one in rows}


def _identity(resource: Resource, values: Mapping[str, Any]) -> Any:  # noqa: ANN401, text or a pair
    if resource is describe(PhysicalNetwork):
        return values["name"]
    return (values["segment_id"], values["host"]) if resource is describe(HostMapping) else values["id"]


def _row_name(resource: Resource, values: Values) -> str:
    found = _identity(resource, values)
    return found if isinstance(found, str) else f"{found[0]} {found[1]}"


def _values(resource: Resource, row: Values, inside: Mapping[str, list[Values]], call: Call) -> Values:
    """Return a row as the columns of our record."""
    values: Values = {one.name: one.default for one in resource.stored}
    values |= {name: value for name, value in row.items() if name in values}
    values["id"] = row.get("id") or new_id()
    # Rows that were never changed have no time of a change, old ones none at all; repeating gives the same time.
    values["created_at"] = values["created_at"] or _BEFORE
    values["updated_at"] = values["updated_at"] or values["created_at"]
    values["revision_number"] = values["revision_number"] or 0
    for one in resource.stored:
        if values[one.name] is None and not one.nullable and one.default == "":
            values[one.name] = ""
    if "project_id" in values and resource is not describe(SegmentRange):
        values["project_id"] = values["project_id"] or ""
    if resource is describe(Network):
        of_network = inside.get(values["id"], [])
        values["next_segment_index"] = max((one["segment_index"] for one in of_network), default=-1) + 1
        values["mtu_requested"] = values["mtu"] < _carried(of_network, call)
    if resource is describe(SegmentRange):
        values |= {"physical_network": values["physical_network"] or None, "allocation": RANDOM, "state": ACTIVE}
    if resource is describe(HostMapping):
        values["mapping"] = INCLUDED
    return values


def _carried(of_network: Sequence[Values], call: Call) -> int:
    """Return the largest MTU in bytes that segments carry, 0 if none has an opinion."""
    types = [BY_NAME.get(one["network_type"]) for one in of_network]
    sizes = [largest_mtu(one, call.settings.global_physnet_mtu, None) for one in types if one is not None]
    return min((one for one in sizes if one is not None), default=0)


def _note_changes(made: Import, resource: Resource, name: str, row: Values, values: Values) -> None:
    for attribute in row:
        old, new = row[attribute], values.get(attribute, row[attribute])
        if old != new and not (old in {None, ""} and new in {None, ""}):
            text = f"{attribute} {shown(old)} becomes {shown(new)}: here it cannot be otherwise"
            made.changed.append(Note(resource.collection, name, text))
    if row.get("default"):
        told = "a default range becomes a shared one: no range comes from the configuration here"
        made.changed.append(Note(resource.collection, name, told))
    if row.get("cut_from"):
        told = (
            f"the default range {row['cut_from']} is cut to {row['minimum']} to {row['maximum']}: others have the rest"
        )
        made.changed.append(Note(resource.collection, name, told))
    if row.get("is_dynamic"):
        told = "a dynamic segment becomes one as any other: it is not deleted with its last port"
        made.changed.append(Note(resource.collection, name, told))


def _known(resource: Resource, values: Values, stored: Mapping[Any, Any]) -> Any:  # noqa: ANN401, a record
    return stored.get(_identity(resource, values))


def _problem(resource: Resource, values: Values, known: Any) -> str:  # noqa: ANN401, a record
    """Return why a row cannot be taken as it is, or nothing."""
    for one in resource.stored:
        if values[one.name] is None and one.nullable:
            continue
        try:
            one.kind.accept(values[one.name])
        except UnfitValueError as unfit:
            return f"{one.name} {shown(values[one.name])} is not allowed, it must be {unfit}"
    for rule in resource.declared_row_rules:
        if not rule.holds(values):
            return f"{rule.name}: {rule.limit}; {rule.attribute} is {shown(values[rule.attribute])}"
    if known is None or resource in {describe(PhysicalNetwork), describe(HostMapping)}:
        return ""
    differing = [name for name in resource.columns if getattr(known, name) != values[name]]
    if differing:
        name = differing[0]
        return f"it is stored already, with {name} {shown(getattr(known, name))}, not {shown(values[name])}"
    return ""


class _Seen:
    """What rows before, and stored records, hold: keys, parents, intervals of ranges."""

    def __init__(self, stored: Mapping[Resource, Mapping[Any, Any]]) -> None:
        """Begin with what is stored."""
        self._keys: dict[tuple[object, ...], str] = {}
        self._parents: dict[Resource, set[object]] = {resource: set() for resource in KINDS}
        self._ranges: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
        for resource, found in stored.items():
            for one in found.values():
                self.add(resource, {name: getattr(one, name) for name in resource.columns})

    def add(self, resource: Resource, values: Values) -> None:
        """Take note of a record."""
        self._parents[resource].add(values["name"] if resource is describe(PhysicalNetwork) else values["id"])
        for key in _keys(resource, values):
            self._keys[key] = values["id"]
        if resource is describe(SegmentRange):
            self._ranges.setdefault(_pool(values), []).append((values["minimum"], values["maximum"], values["id"]))

    def problem(self, resource: Resource, values: Values, known: Any) -> str:  # noqa: ANN401, a record
        """Return what is in the way of a record, or nothing."""
        if known is not None:
            return ""
        for key in _keys(resource, values):
            if key in self._keys:
                return f"{key[0]}: {self._keys[key]} holds it already"
        for rule in resource.reference_rules:
            parent = BY_COLLECTION[rule.collection]
            if rule.target == "id" and values[rule.attribute] not in self._parents[parent]:
                return f"{rule.name}: {parent.name} {values[rule.attribute]} is not taken"
        if resource is describe(SegmentRange):
            for low, high, other in self._ranges.get(_pool(values), ()):
                if low <= values["maximum"] and values["minimum"] <= high:
                    return f"network_segment_range_overlap: it overlaps with {other}, {low} to {high}"
        return ""


def _pool(values: Values) -> tuple[str, str]:
    return values["network_type"], values["physical_network"] or ""


def _keys(resource: Resource, values: Values) -> Iterator[tuple[object, ...]]:
    """Give what no two records of a resource share, after the name of the rule that says so."""
    if resource is describe(Segment):
        if values["network_type"] in _EXCLUSIVE:
            yield "segment_claim", values["network_type"], values["physical_network"] or "", values["segmentation_id"]
        yield "segment_index_unique", values["network_id"], values["segment_index"]
    if resource is describe(RbacPolicy):
        yield RBAC_POLICY_UNIQUE.name, *(values[name] for name in ("object_id", "action", "target_project"))
    if resource is describe(PhysicalNetwork):
        yield "physical_network_name_unique", values["name"]


def _record(resource: Resource, values: Values, inside: Mapping[str, list[Values]]) -> Any:  # noqa: ANN401, a record
    """Return a record, a network as it is shown with its segments."""
    derived = {one.name: one.default for one in resource.attributes if not one.stored}
    made = resource.record(**{**derived, **values})
    parts = resource.parts
    if parts is None:
        return made
    rows = [tuple(one[name] for name in parts.columns) for one in inside.get(values["id"], ())]
    return replace(made, **dict(parts.derive({}, rows)))


def compared(tx: Tx, call: Call, source: Source) -> dict[str, tuple[int, int]]:
    """Return for each collection how many rows the Neutron has, and how many of them are stored with equal values."""
    made = plan(tx, call, source)
    return {resource.collection: (len(source[resource]), made.present[resource]) for resource in KINDS}
