"""What only a look at all rows together sees, as looks of an audit: counters, overlaps, releases, reports, events."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, exists, false, func, literal, or_, select, true

from segmentary.catalog import RESOURCES, stored
from segmentary.catalog.event import Verb, type_of
from segmentary.catalog.network import NETWORK_MTU_FITS_SEGMENTS
from segmentary.catalog.network_type import NETWORK_TYPES
from segmentary.catalog.rbac_policy import AS_EXTERNAL, AS_SHARED, EVERYBODY, FLAGS
from segmentary.catalog.segment_range import RESERVED
from segmentary.db.audit import Group, Look
from segmentary.db.elements import RecordedRevision, Seconds
from segmentary.db.statement import Statement
from segmentary.db.tables import EVENTS, OBSERVATIONS, REACHES, RELEASES, TABLES
from segmentary.db.transaction import Tx
from segmentary.rules.attribute import Resource

# Servers may have different clocks, and a transaction keeps its time through all its attempts.
CLOCKS_APART_SECONDS = 60
_NETWORKS, _SEGMENTS, _RANGES = TABLES["networks"], TABLES["segments"], TABLES["network_segment_ranges"]
_POLICIES = TABLES["rbac_policies"]
_PHYSICAL_NETWORKS, _AGENTS = TABLES["physical_networks"], TABLES["agents"]


def groups(tx: Tx, global_mtu: int) -> Iterator[Group]:
    """Give the looks; `global_mtu` is the MTU in bytes of physical networks that have none of their own."""
    yield Group("networks", _NETWORKS, [_NETWORKS.c.id], [_next_index(), _mtu(global_mtu), *_shared()])
    yield _overlaps()
    yield _released()
    yield _of_host(REACHES, stored.REACH_HOST.name)
    yield _of_host(OBSERVATIONS, stored.OBSERVATION_HOST.name)
    first, last = _numbers(tx)
    yield _sequence(last)
    for resource in RESOURCES:
        yield _of_last_events(resource)
        yield _deleted(resource)
        if first <= 1:
            yield _without_event(resource)


def _next_index() -> Look:
    beyond = exists().where(
        _SEGMENTS.c.network_id == _NETWORKS.c.id, _SEGMENTS.c.segment_index >= _NETWORKS.c.next_segment_index
    )
    return Look(stored.NEXT_SEGMENT_INDEX.name, beyond, [_NETWORKS.c.next_segment_index])


def _mtu(global_mtu: int) -> Look:
    """Look for networks whose MTU was asked for and is more than one of their segments carries."""
    own = _PHYSICAL_NETWORKS.c.mtu
    underlay = case((own < global_mtu, own), else_=literal(global_mtu))
    too_much = or_(
        *(
            and_(_SEGMENTS.c.network_type == one.name, _NETWORKS.c.mtu > underlay - one.overhead)
            for one in NETWORK_TYPES
            if one.overhead is not None
        )
    )
    joined = _SEGMENTS.outerjoin(_PHYSICAL_NETWORKS, _PHYSICAL_NETWORKS.c.name == _SEGMENTS.c.physical_network)
    some = select(literal(1)).select_from(joined).where(_SEGMENTS.c.network_id == _NETWORKS.c.id, too_much)
    is_broken = and_(_NETWORKS.c.mtu_requested, some.correlate(_NETWORKS).exists())
    return Look(NETWORK_MTU_FITS_SEGMENTS.name, is_broken, [_NETWORKS.c.mtu])


def _shared() -> Iterator[Look]:
    """Look for networks whose flags say otherwise than their policies for everybody."""
    rules = {AS_SHARED: stored.NETWORK_SHARED, AS_EXTERNAL: stored.NETWORK_EXTERNAL}
    for action, flag in FLAGS.items():
        column = _NETWORKS.c[flag]
        has = exists().where(
            _POLICIES.c.object_id == _NETWORKS.c.id,
            _POLICIES.c.action == action,
            _POLICIES.c.target_project == EVERYBODY,
        )
        yield Look(rules[action].name, or_(and_(column == true(), ~has), and_(column == false(), has)), [column])


def _overlaps() -> Group:
    """Look for ranges that meet another with a higher id."""
    one, other = _RANGES.alias("one"), _RANGES.alias("other")
    meet = and_(
        one.c.id < other.c.id,
        one.c.network_type == other.c.network_type,
        func.coalesce(one.c.physical_network, "") == func.coalesce(other.c.physical_network, ""),
        (one.c.state == RESERVED) == (other.c.state == RESERVED),
        one.c.minimum <= other.c.maximum,
        other.c.minimum <= one.c.maximum,
    )
    names = ("network_type", "physical_network", "minimum", "maximum")
    shown = [*(one.c[name] for name in names), other.c.id.label("other_id"), other.c.minimum.label("other_minimum")]
    look = Look(stored.RANGE_OVERLAP.name, true(), [*shown, other.c.maximum.label("other_maximum")])
    return Group("network_segment_ranges", one.join(other, meet), [one.c.id], [look])


def _released() -> Group:
    held = and_(
        _SEGMENTS.c.network_type == RELEASES.c.network_type,
        _SEGMENTS.c.claim_scope == RELEASES.c.scope,
        _SEGMENTS.c.claim_id == RELEASES.c.segmentation_id,
    )
    later = RELEASES.c.released_at > (Seconds(_SEGMENTS.c.updated_at) + CLOCKS_APART_SECONDS) * 1_000_000
    names = ("network_type", "physical_network", "segmentation_id", "updated_at")
    shown = [*(_SEGMENTS.c[name] for name in names), RELEASES.c.released_at]
    look = Look(stored.RELEASED_CLAIMED.name, later, shown)
    return Group("segments", RELEASES.join(_SEGMENTS, held), [_SEGMENTS.c.id], [look])


def _of_host(reported: Table, rule: str) -> Group:
    another = and_(_AGENTS.c.id == reported.c.agent_id, _AGENTS.c.host != reported.c.host)
    look = Look(rule, true(), [reported.c.host, _AGENTS.c.host.label("host_of_agent")])
    return Group(reported.name, reported.join(_AGENTS, another), list(reported.primary_key.columns), [look])


def _numbers(tx: Tx) -> tuple[int, int]:
    """Return the first and the last number of events, 0 without any."""
    columns = [func.min(EVENTS.c.sequence), func.max(EVENTS.c.sequence)]
    row = tx.row(Statement(select(*columns), columns), {})
    assert row is not None  # noqa: S101, an aggregate always makes a row
    return row[0] or 0, row[1] or 0


def _sequence(last: int) -> Group:
    """Look for the events after which a number is missing."""
    after = EVENTS.alias("after")
    missing = and_(EVENTS.c.sequence < last, ~exists().where(after.c.sequence == EVENTS.c.sequence + 1))
    return Group("events", EVENTS, [EVENTS.c.id], [Look(stored.EVENT_SEQUENCE.name, missing, [EVENTS.c.sequence])])


def _last_events(resource: Resource) -> Any:  # noqa: ANN401, a subquery
    """Return the last event of each record of a resource."""
    types = [type_of(resource, verb) for verb in Verb]
    last = select(func.max(EVENTS.c.id).label("id")).where(EVENTS.c.type.in_(types)).group_by(EVENTS.c.resource_id)
    ids = last.subquery("ids")
    names = ("sequence", "type", "resource_id", "payload")
    columns = [EVENTS.c[name] for name in names]
    return select(*columns).select_from(EVENTS.join(ids, EVENTS.c.id == ids.c.id)).subquery("last_event")


def _of_last_events(resource: Resource) -> Group:
    """Look for records that are not stored as their last event tells."""
    table, last = TABLES[resource.collection], _last_events(resource)
    is_deleted = last.c.type == type_of(resource, Verb.DELETED)
    looks = [Look(stored.EVENT_MISSING.name, and_(~is_deleted, table.c.id.is_(None)), [last.c.type, last.c.sequence])]
    if resource.by_name["revision_number"].wire:
        told: ColumnElement[Any] = RecordedRevision(last.c.payload)
        differs = and_(~is_deleted, table.c.revision_number != told)
        shown = [table.c.revision_number, told.label("revision_number_told"), last.c.sequence]
        looks.append(Look(stored.EVENT_REVISION.name, differs, shown))
    joined = last.outerjoin(table, table.c.id == last.c.resource_id)
    return Group(resource.collection, joined, [last.c.resource_id], looks)


def _deleted(resource: Resource) -> Group:
    table, last = TABLES[resource.collection], _last_events(resource)
    is_back = and_(table.c.id == last.c.resource_id, last.c.type == type_of(resource, Verb.DELETED))
    look = Look(stored.EVENT_DELETED.name, true(), [last.c.type, last.c.sequence])
    return Group(resource.collection, table.join(last, is_back), [table.c.id], [look])


def _without_event(resource: Resource) -> Group:
    """Look for records without an event; only where no event was dropped."""
    table, event = TABLES[resource.collection], EVENTS.alias("event")
    untold = ~exists().where(event.c.resource_id == table.c.id)
    look = Look(stored.RECORD_EVENT.name, untold, [table.c.created_at])
    return Group(resource.collection, table, [table.c.id], [look])
