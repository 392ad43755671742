"""Segment ranges: the IDs offered for automatic allocation, as live data.

    shared range   1 ............................ 4094      offered to every project
    reserved            100..199                            never chosen, may lie inside another range
    project range       (only where no other range is)      offered to one project, tried before the shared ones

A range holds no row for its IDs: an ID is used while a segment holds it.
"""

from segmentary.catalog.network_type import IDS_OF_TYPES, LARGEST_ID, NETWORK_TYPES, Need, NetworkType
from segmentary.catalog.physical_network import PHYSICAL_NETWORK_NAME
from segmentary.catalog.standard import CREATED_AT, DESCRIPTION, ID, REVISION_NUMBER, TAG_FILTERS, TAGS, UPDATED_AT
from segmentary.errors import NetworkSegmentRangeNotFound
from segmentary.rules.attribute import ABSENT, Absent, Presence, attribute, resource
from segmentary.rules.expression import AtMost, IsTrue, absent, between, equal, implies, present
from segmentary.rules.kind import Choice, Constant, Flag, Integer, Text, View
from segmentary.rules.rule import ReferenceRule, RowRule

RANGE_TYPES = tuple(one.name for one in NETWORK_TYPES if one.ids)
RANDOM, LOWEST, LEAST_RECENTLY_RELEASED = "random", "lowest", "least_recently_released"
ACTIVE, DRAINING, RESERVED = "active", "draining", "reserved"
LONGEST_COOLDOWN = 366 * 24 * 3600
# `used` and `available` name at most so many IDs of a range, and so many in all ranges of one answer.
LISTED_IDS = 4096
LISTED_TOGETHER = 65_536
# The same for a list that is asked for by `fields`.
LISTED_ON_REQUEST = 2**20


_BOUND = Integer(1, LARGEST_ID, narrower=IDS_OF_TYPES)
_FIRST = (
    f"the first {LISTED_IDS}, and {LISTED_TOGETHER} of all ranges of a list; with fields={{}} the first "
    f"{LISTED_ON_REQUEST}."
)


def _rules_of(network_type: NetworkType) -> tuple[RowRule, ...]:
    """Return what a type demands of the ranges of its IDs."""
    assert network_type.ids is not None  # noqa: S101, only types with IDs have ranges
    name, ids = network_type.name, network_type.ids
    of_the_type = equal("network_type", name)
    needed = network_type.physical_network is Need.REQUIRED
    limit = f"a {name} range lies within {ids.minimum} to {ids.maximum}"
    return (
        RowRule(
            name=f"network_segment_range_{name}_physical_network",
            expression=implies(of_the_type, present("physical_network") if needed else absent("physical_network")),
            attribute="physical_network",
            limit=f"a {name} range {'names the physical network it is for' if needed else 'has no physical network'}",
            source=network_type.source,
        ),
        *(
            RowRule(
                name=f"network_segment_range_{name}_{bound}",
                expression=implies(of_the_type, between(bound, ids.minimum, ids.maximum)),
                attribute=bound,
                limit=limit,
                source=network_type.source,
            )
            for bound in ("minimum", "maximum")
        ),
    )


@resource(
    "network_segment_range",
    "network_segment_ranges",
    not_found=NetworkSegmentRangeNotFound,
    rules=(
        *(rule for network_type in NETWORK_TYPES if network_type.ids for rule in _rules_of(network_type)),
        RowRule(
            name="network_segment_range_minimum_at_most_maximum",
            expression=AtMost("minimum", "maximum"),
            attribute="minimum",
            limit="the minimum of a range is at most its maximum",
        ),
        RowRule(
            name="network_segment_range_owner",
            expression=(IsTrue("shared") & absent("project_id")) | (~IsTrue("shared") & present("project_id")),
            attribute="project_id",
            limit="a shared range has no project, any other has one",
            waits_for=("project_id",),
        ),
        ReferenceRule(
            name="network_segment_range_physical_network_known",
            attribute="physical_network",
            collection="physical_networks",
            target="name",
            limit="a range is for a known physical network",
        ),
    ),
    summary=("id", "name", "network_type", "physical_network", "minimum", "maximum", "state", "project_id"),
    lookups=TAG_FILTERS,
)
class SegmentRange:
    """A range of segmentation IDs of one network type, on one physical network for the types that need one."""

    id: str = ID()
    name: str = attribute(
        Text(255), doc="Name, not necessarily unique.", create=Presence.OPTIONAL, update=True, default=""
    )
    description: str = DESCRIPTION()
    default: bool = attribute(
        Constant(False, Flag()),  # noqa: FBT003, the value is the point
        doc="Always false: no range comes from configuration.",
        default=False,
        stored=False,
        sortable=False,
    )
    shared: bool = attribute(
        Flag(), doc="Whether it is offered to every project.", create=Presence.OPTIONAL, default=True
    )
    project_id: str | None = attribute(
        Text(255, minimum=1),
        doc="The only project it is offered to; by default that of the caller. Null for a shared range.",
        also="tenant_id",
        create=Presence.OPTIONAL,
    )
    network_type: str = attribute(Choice(RANGE_TYPES), doc="The type of the segments.", create=Presence.REQUIRED)
    physical_network: str | None = attribute(
        PHYSICAL_NETWORK_NAME,
        doc="The physical network, for the types that need one; it is declared if it is not known. Empty for tunnels.",
        create=Presence.OPTIONAL,
        empty=True,
    )
    minimum: int = attribute(_BOUND, doc="The first ID.", create=Presence.REQUIRED, update=True)
    maximum: int = attribute(_BOUND, doc="The last ID.", create=Presence.REQUIRED, update=True)
    allocation: str = attribute(
        Choice((RANDOM, LOWEST, LEAST_RECENTLY_RELEASED)),
        doc="Which free ID is chosen.",
        create=Presence.OPTIONAL,
        update=True,
        default=RANDOM,
    )
    cooldown: int = attribute(
        Integer(0, LONGEST_COOLDOWN),
        doc="Seconds after its release before an ID is chosen again.",
        create=Presence.OPTIONAL,
        update=True,
        default=0,
    )
    state: str = attribute(
        Choice((ACTIVE, DRAINING, RESERVED)),
        doc="active: IDs are chosen; draining: none is chosen any more, used ones stay; "
        "reserved: none is ever chosen, and asking for one by number is refused unless with use_reserved.",
        create=Presence.OPTIONAL,
        update=True,
        default=ACTIVE,
    )
    used: dict[str, str] | Absent = attribute(
        View(Integer(1, LARGEST_ID)),
        default=ABSENT,
        doc="ID to project of the networks that hold IDs of the range; "
        + _FIRST.format("used")
        + " A filter names an ID that is used.",
        stored=False,
        sortable=False,
    )
    available: list[int] | Absent = attribute(
        View(Integer(1, LARGEST_ID)),
        default=ABSENT,
        doc="The free IDs; " + _FIRST.format("available") + " A filter names an ID that is free.",
        stored=False,
        sortable=False,
    )
    available_intervals: list[list[int]] | Absent = attribute(
        View(),
        default=ABSENT,
        doc="The free IDs as pairs of first and last, only with fields=available_intervals; the first "
        f"{LISTED_ON_REQUEST} pairs.",
        stored=False,
        filterable=False,
        sortable=False,
    )
    used_count: int | Absent = attribute(
        View(), default=ABSENT, doc="How many IDs segments hold.", stored=False, filterable=False, sortable=False
    )
    available_count: int | Absent = attribute(
        View(), default=ABSENT, doc="How many IDs no segment holds.", stored=False, filterable=False, sortable=False
    )
    created_at: str = CREATED_AT()
    updated_at: str = UPDATED_AT()
    revision_number: int = REVISION_NUMBER()
    tags: tuple[str, ...] = TAGS()
