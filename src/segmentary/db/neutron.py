"""The database of a Neutron: the columns that are read of it, and looks for rows that break what must hold.

    networksegments (network, type, physical network, ID)    ml2_*_allocations (ID, allocated)
    network_segment_ranges                                    segmenthostmappings, agents
    subnets                                                   ml2_port_binding_levels

Only read, in a transaction that the database itself keeps from writing.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from segmentary.catalog import Segment, SegmentRange
from segmentary.catalog import neutron as catalog
from segmentary.catalog.network_type import FLAT, GENEVE, GRE, NETWORK_TYPES, VLAN, VXLAN, NetworkType, Scope
from segmentary.catalog.rbac_policy import AS_EXTERNAL
from segmentary.db import render
from segmentary.db.audit import FEWEST_FOR_A_COLLISION, Group, Look
from segmentary.db.elements import Seconds
from segmentary.db.statement import Statement
from segmentary.db.transaction import Tx
from segmentary.db.types import FlagType
from segmentary.errors import InvalidSetting
from segmentary.rules.attribute import describe

_OF = MetaData()


def _table(name: str, /, **columns: Any) -> Table:  # noqa: ANN401, types of columns
    return Table(name, _OF, *(Column(key, of_type) for key, of_type in columns.items()))


VERSION = _table("alembic_version", version_num=String)
STANDARD = _table(
    "standardattributes",
    id=BigInteger,
    created_at=DateTime,
    updated_at=DateTime,
    description=String,
    revision_number=BigInteger,
)
NETWORKS = _table(
    "networks",
    id=String,
    name=String,
    project_id=String,
    admin_state_up=FlagType,
    mtu=Integer,
    standard_attr_id=BigInteger,
)
SEGMENTS = _table(
    "networksegments",
    id=String,
    network_id=String,
    network_type=String,
    physical_network=String,
    segmentation_id=Integer,
    is_dynamic=FlagType,
    segment_index=Integer,
    name=String,
    standard_attr_id=BigInteger,
)
RANGES = _table(
    "network_segment_ranges",
    id=String,
    name=String,
    default=FlagType,
    shared=FlagType,
    project_id=String,
    network_type=String,
    physical_network=String,
    minimum=Integer,
    maximum=Integer,
    standard_attr_id=BigInteger,
)
MAPPINGS = _table("segmenthostmappings", segment_id=String, host=String)
AGENTS = _table("agents", id=String, host=String, heartbeat_timestamp=DateTime)
SUBNETS = _table("subnets", id=String, network_id=String, segment_id=String, cidr=String)
SERVICE_TYPES = _table("subnet_service_types", subnet_id=String, service_type=String)
LEVELS = _table("ml2_port_binding_levels", port_id=String, segment_id=String)
RBACS = _table("networkrbacs", id=String, object_id=String, action=String, target_project=String, project_id=String)
EXTERNALS = _table("externalnetworks", network_id=String)
FLATS = _table("ml2_flat_allocations", physical_network=String)
# Of each type with IDs: the table of its allocations and the column of the ID there.
_IDS = {VLAN: "vlan_id", VXLAN: "vxlan_vni", GRE: "gre_id", GENEVE: "geneve_vni"}
ALLOCATIONS: dict[NetworkType, tuple[Table, str]] = {
    one: (
        _table(
            f"ml2_{one.name}_allocations",
            **({"physical_network": String} if one.has_physical_network else {}),
            **{column: Integer, "allocated": FlagType},
        ),
        column,
    )
    for one, column in _IDS.items()
}
# Where a subnet without a segment is meant to be one.
ROUTED = "network:routed"
TABLES = {table.name: table for table in (NETWORKS, SEGMENTS, RANGES, MAPPINGS, AGENTS, SUBNETS, RBACS)}


def release(tx: Tx) -> str:
    """Return the release that the schema is of; raise `InvalidSetting` for one that is not known."""
    column = VERSION.c.version_num
    found = {row[0] for row in tx.rows(Statement(select(column), [column]), {})}
    known = found & set(catalog.RELEASES)
    if catalog.CONTRACTION not in found or not known:
        releases = ", ".join(catalog.RELEASES.values())
        reason = f"its schema is at {', '.join(sorted(found)) or 'nothing'}; known are the releases {releases}"
        raise InvalidSetting(setting="neutron", reason=reason)
    return catalog.RELEASES[known.pop()]


def counts(tx: Tx) -> dict[str, int]:
    """Return how many rows each table has."""
    column = func.count()
    found = {}
    for name, table in TABLES.items():
        row = tx.row(Statement(select(column).select_from(table), [column]), {})
        found[name] = int(row[0]) if row else 0
    return found


def groups(tx: Tx, down_seconds: int) -> Iterator[Group]:
    """Give the looks; an agent is dead that reported so many seconds before the one that reported last."""
    yield Group("networksegments", SEGMENTS, [SEGMENTS.c.id], [*_segment_rules(), *_lonely_segments()])
    yield _claims()
    yield _indexes()
    for one in ALLOCATIONS:
        yield _held(one)
        yield _leaked(one)
    yield from _flat()
    yield Group("network_segment_ranges", RANGES, [RANGES.c.id], list(_range_rules()))
    yield _overlaps()
    yield _foreign()
    yield _subnets()
    yield _mixed()
    yield _shared()
    yield _external()
    yield _mappings(tx, down_seconds)


def _segment_rules() -> Iterator[Look]:
    resource = describe(Segment)
    columns = {name: SEGMENTS.c[name] for name in ("network_type", "physical_network", "segmentation_id")}
    shown = [*columns.values(), SEGMENTS.c.network_id]
    for rule in (*resource.declared_row_rules, *(one for one in resource.row_rules if one.attribute == "network_type")):
        yield Look(rule.name, not_(render.condition(rule.expression, columns)), shown)


def _lonely_segments() -> Iterator[Look]:
    shown = [SEGMENTS.c[name] for name in ("network_id", "network_type", "physical_network", "segmentation_id")]
    network = exists().where(NETWORKS.c.id == SEGMENTS.c.network_id)
    yield Look(catalog.SEGMENT_NETWORK.name, ~network, shown)
    binding = exists().where(LEVELS.c.segment_id == SEGMENTS.c.id)
    yield Look(catalog.DYNAMIC_UNUSED.name, and_(SEGMENTS.c.is_dynamic == true(), ~binding), shown)


def _scope(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a physical network where none is an empty text."""
    return func.coalesce(column, "")


def _claims() -> Group:
    exclusive = tuple(one.name for one in NETWORK_TYPES if one.unique_in is not Scope.NOWHERE)
    key = [SEGMENTS.c.network_type, _scope(SEGMENTS.c.physical_network), func.coalesce(SEGMENTS.c.segmentation_id, 0)]
    named = [column.label(f"part_{place}") for place, column in enumerate(key)]
    holds = and_(
        SEGMENTS.c.network_type.in_(exclusive),
        or_(SEGMENTS.c.segmentation_id.is_not(None), SEGMENTS.c.network_type == FLAT.name),
    )
    several = func.count() >= FEWEST_FOR_A_COLLISION
    twice = select(*named).where(holds).group_by(*key).having(several).subquery("twice")
    same = and_(*(column == twice.c[f"part_{place}"] for place, column in enumerate(key)))
    shown = [SEGMENTS.c[name] for name in ("network_type", "physical_network", "segmentation_id", "network_id")]
    look = Look(catalog.SEGMENT_CLAIM.name, holds, shown)
    return Group("networksegments", SEGMENTS.join(twice, same), [SEGMENTS.c.id], [look])


def _indexes() -> Group:
    key = [SEGMENTS.c.network_id, SEGMENTS.c.segment_index]
    static = SEGMENTS.c.is_dynamic == false()
    several = func.count() >= FEWEST_FOR_A_COLLISION
    twice = select(*key).where(static).group_by(*key).having(several).subquery("twice")
    same = and_(*(column == twice.c[column.name] for column in key))
    look = Look(catalog.SEGMENT_INDEX.name, static, key)
    return Group("networksegments", SEGMENTS.join(twice, same), [SEGMENTS.c.id], [look])


def _is_allocation_of(one: NetworkType) -> ColumnElement[bool]:
    """Return the condition that an allocation row is that of a segment."""
    table, column = ALLOCATIONS[one]
    same = and_(SEGMENTS.c.network_type == one.name, SEGMENTS.c.segmentation_id == table.c[column])
    return and_(same, SEGMENTS.c.physical_network == table.c.physical_network) if one.has_physical_network else same


def _held(one: NetworkType) -> Group:
    """Look for segments whose ID the allocations do not know as used; wrong IDs are told of elsewhere."""
    table, column = ALLOCATIONS[one]
    assert one.ids is not None  # noqa: S101, only types with IDs have allocations
    fits = and_(
        SEGMENTS.c.network_type == one.name, SEGMENTS.c.segmentation_id.between(one.ids.minimum, one.ids.maximum)
    )
    if one.has_physical_network:
        fits = and_(fits, SEGMENTS.c.physical_network.is_not(None))
    shown = [SEGMENTS.c[name] for name in ("network_type", "physical_network", "segmentation_id", "network_id")]
    looks = [
        Look(catalog.ALLOCATION_MISSING.name, and_(fits, table.c[column].is_(None)), shown),
        Look(catalog.ALLOCATION_FREE.name, and_(fits, table.c.allocated == false()), shown),
    ]
    return Group("networksegments", SEGMENTS.outerjoin(table, _is_allocation_of(one)), [SEGMENTS.c.id], looks)


def _leaked(one: NetworkType) -> Group:
    table, column = ALLOCATIONS[one]
    key = [table.c.physical_network, table.c[column]] if one.has_physical_network else [table.c[column]]
    unheld = and_(table.c.allocated == true(), ~exists().where(_is_allocation_of(one)))
    return Group(table.name, table, key, [Look(catalog.ALLOCATION_LEAKED.name, unheld, [table.c.allocated])])


def _flat() -> Iterator[Group]:
    same = and_(SEGMENTS.c.network_type == FLAT.name, SEGMENTS.c.physical_network == FLATS.c.physical_network)
    unheld = Look(catalog.ALLOCATION_LEAKED.name, ~exists().where(same), [FLATS.c.physical_network])
    yield Group(FLATS.name, FLATS, [FLATS.c.physical_network], [unheld])
    shown = [SEGMENTS.c.network_type, SEGMENTS.c.physical_network]
    of_type = and_(SEGMENTS.c.network_type == FLAT.name, SEGMENTS.c.physical_network.is_not(None))
    unknown = and_(of_type, FLATS.c.physical_network.is_(None))
    look = Look(catalog.ALLOCATION_MISSING.name, unknown, shown)
    yield Group("networksegments", SEGMENTS.outerjoin(FLATS, same), [SEGMENTS.c.id], [look])


def _range_rules() -> Iterator[Look]:
    columns: dict[str, ColumnElement[Any]] = {
        "network_type": cast(RANGES.c.network_type, String(16)),
        "physical_network": func.nullif(RANGES.c.physical_network, ""),
        **{name: RANGES.c[name] for name in ("minimum", "maximum", "shared", "project_id")},
    }
    names = ("network_type", "physical_network", "minimum", "maximum", "shared", "project_id")
    for rule in describe(SegmentRange).declared_row_rules:
        yield Look(rule.name, not_(render.condition(rule.expression, columns)), [RANGES.c[name] for name in names])


def _overlaps() -> Group:
    one, other = RANGES.alias("one"), RANGES.alias("other")
    same_bounds = and_(one.c.minimum == other.c.minimum, one.c.maximum == other.c.maximum)
    meet = and_(
        one.c.id < other.c.id,
        one.c.network_type == other.c.network_type,
        _scope(one.c.physical_network) == _scope(other.c.physical_network),
        one.c.default == other.c.default,
        one.c.minimum <= other.c.maximum,
        other.c.minimum <= one.c.maximum,
        or_(one.c.default == false(), same_bounds),
    )
    names = ("network_type", "physical_network", "minimum", "maximum", "default")
    shown = [*(one.c[name] for name in names), other.c.id.label("other_id")]
    look = Look(catalog.RANGE_OVERLAP.name, true(), shown)
    return Group("network_segment_ranges", one.join(other, meet), [one.c.id], [look])


def _foreign() -> Group:
    inside = and_(
        RANGES.c.shared == false(),
        cast(RANGES.c.network_type, String(16)) == SEGMENTS.c.network_type,
        _scope(RANGES.c.physical_network) == _scope(SEGMENTS.c.physical_network),
        SEGMENTS.c.segmentation_id.between(RANGES.c.minimum, RANGES.c.maximum),
    )
    joined = SEGMENTS.join(NETWORKS, NETWORKS.c.id == SEGMENTS.c.network_id).join(RANGES, inside)
    another = func.coalesce(NETWORKS.c.project_id, "") != func.coalesce(RANGES.c.project_id, "")
    shown = [SEGMENTS.c[name] for name in ("network_type", "physical_network", "segmentation_id", "network_id")]
    whose = [NETWORKS.c.project_id, RANGES.c.id.label("range_id"), RANGES.c.project_id.label("project_of_range")]
    look = Look(catalog.FOREIGN_RANGE.name, another, [*shown, *whose])
    return Group("networksegments", joined, [SEGMENTS.c.id], [look])


def _subnets() -> Group:
    wrong = and_(
        SUBNETS.c.segment_id.is_not(None),
        or_(SEGMENTS.c.id.is_(None), SEGMENTS.c.network_id != SUBNETS.c.network_id),
    )
    shown = [SUBNETS.c.network_id, SUBNETS.c.segment_id, SEGMENTS.c.network_id.label("network_of_segment")]
    look = Look(catalog.SUBNET_SEGMENT.name, wrong, [SUBNETS.c.cidr, *shown])
    return Group("subnets", SUBNETS.outerjoin(SEGMENTS, SEGMENTS.c.id == SUBNETS.c.segment_id), [SUBNETS.c.id], [look])


def _mixed() -> Group:
    bound, unbound = SUBNETS.alias("bound"), SUBNETS.alias("unbound")
    routed = exists().where(SERVICE_TYPES.c.subnet_id == unbound.c.id, SERVICE_TYPES.c.service_type == ROUTED)
    mixed = and_(
        exists().where(bound.c.network_id == NETWORKS.c.id, bound.c.segment_id.is_not(None)),
        exists().where(unbound.c.network_id == NETWORKS.c.id, unbound.c.segment_id.is_(None), ~routed),
    )
    return Group("networks", NETWORKS, [NETWORKS.c.id], [Look(catalog.SUBNETS_MIXED.name, mixed, [NETWORKS.c.name])])


def _shared() -> Group:
    unknown = ~exists().where(NETWORKS.c.id == RBACS.c.object_id)
    look = Look(catalog.RBAC_POLICY_NETWORK.name, unknown, [RBACS.c.object_id, RBACS.c.action, RBACS.c.target_project])
    return Group("networkrbacs", RBACS, [RBACS.c.id], [look])


def _external() -> Group:
    """Look for networks of which the two tables that say whether they are external say different things."""
    row = exists().where(EXTERNALS.c.network_id == NETWORKS.c.id)
    policy = exists().where(RBACS.c.object_id == NETWORKS.c.id, RBACS.c.action == AS_EXTERNAL)
    look = Look(catalog.EXTERNAL_POLICY.name, or_(and_(row, ~policy), and_(policy, ~row)), [NETWORKS.c.name])
    return Group("networks", NETWORKS, [NETWORKS.c.id], [look])


def _mappings(tx: Tx, down_seconds: int) -> Group:
    column = func.max(Seconds(AGENTS.c.heartbeat_timestamp))
    row = tx.row(Statement(select(column).select_from(AGENTS), [column]), {})
    newest = int(row[0]) if row and row[0] is not None else 0
    alive = exists().where(
        AGENTS.c.host == MAPPINGS.c.host, Seconds(AGENTS.c.heartbeat_timestamp) >= newest - down_seconds
    )
    unknown = ~exists().where(SEGMENTS.c.id == MAPPINGS.c.segment_id)
    key = [MAPPINGS.c.segment_id, MAPPINGS.c.host]
    looks = [Look(catalog.MAPPING_SEGMENT.name, unknown, key), Look(catalog.MAPPING_AGENT.name, ~alive, key)]
    return Group("segmenthostmappings", MAPPINGS, key, looks)
