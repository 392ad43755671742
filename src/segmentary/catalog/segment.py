"""Segments: layer-2 segments, each the physical realisation of a network or of part of it.

A segment's claim is what no other segment may hold at the same time:

    network_type   claim_scope                          claim_id
    vlan           physical_network                     segmentation_id
    flat           physical_network                     0
    vxlan ...      ''                                   segmentation_id
    local          ''                                   NULL: claims nothing, never collides
"""

from segmentary.catalog.network_type import IDS_OF_TYPES, LARGEST_ID, NAMES, NETWORK_TYPES, Need, NetworkType, Scope
from segmentary.catalog.physical_network import PHYSICAL_NETWORK_NAME
from segmentary.catalog.standard import (
    CREATED_AT,
    DESCRIPTION,
    HOST,
    ID,
    REVISION_NUMBER,
    TAG_FILTERS,
    TAGS,
    UPDATED_AT,
)
from segmentary.errors import SegmentNotFound
from segmentary.rules.attribute import Presence, attribute, lookup, option, resource
from segmentary.rules.expression import Coalesced, absent, between, equal, implies, one_of, present
from segmentary.rules.kind import Choice, Flag, Integer, Text, Uuid
from segmentary.rules.rule import ReferenceRule, RowRule, UniqueRule


def _rules_of(network_type: NetworkType) -> tuple[RowRule, RowRule]:
    """Return what a type demands of its segments' physical network and segmentation ID."""
    name, ids = network_type.name, network_type.ids
    of_the_type = equal("network_type", name)
    needed = network_type.physical_network is Need.REQUIRED
    physical_network = RowRule(
        name=f"segment_{name}_physical_network",
        expression=implies(of_the_type, present("physical_network") if needed else absent("physical_network")),
        attribute="physical_network",
        why="Without it nobody knows on which wires the segment is."
        if needed
        else "Tunnels and local networks have no "
        "wires of their own: two readers may take the segment for two different ones.",
        limit=f"a {name} segment {'names the physical network it lives on' if needed else 'has no physical network'}",
        source=network_type.source,
        waits_for=("physical_network", "segmentation_id") if needed and ids else (),
    )
    if ids is None:
        segmentation_id = RowRule(
            name=f"segment_{name}_no_id",
            expression=implies(of_the_type, absent("segmentation_id")),
            attribute="segmentation_id",
            limit=f"a {name} segment has no segmentation_id",
            source=network_type.source,
        )
    else:
        segmentation_id = RowRule(
            name=f"segment_{name}_id_range",
            expression=implies(of_the_type, between("segmentation_id", ids.minimum, ids.maximum)),
            attribute="segmentation_id",
            limit=f"a {name} segment has a segmentation_id from {ids.minimum} to {ids.maximum}",
            why="No frame can carry the ID: whoever configures it is refused, or cuts it to another ID.",
            source=network_type.source,
            waits_for=("segmentation_id",),
        )
    return physical_network, segmentation_id


SEGMENT_CLAIM = UniqueRule(
    name="segment_claim",
    key=(
        "network_type",
        Coalesced("claim_scope", "physical_network", ""),
        Coalesced(
            "claim_id",
            "segmentation_id",
            0,
            only_if=one_of(
                "network_type", tuple(one.name for one in NETWORK_TYPES if one.unique_in is not Scope.NOWHERE)
            ),
        ),
    ),
    limit="one holder for each network type, physical network and segmentation ID",
    why="Two segments carried under one ID are one broadcast domain: frames of each network reach the other.",
)
SEGMENT_INDEX_UNIQUE = UniqueRule(
    name="segment_index_unique",
    key=("network_id", "segment_index"),
    limit="the segments of a network have different indexes",
)
SEGMENT_NETWORK = ReferenceRule(
    name="segment_network",
    attribute="network_id",
    collection="networks",
    target="id",
    limit="a segment belongs to an existing network",
)
SEGMENT_PHYSICAL_NETWORK = ReferenceRule(
    name="segment_physical_network_known",
    attribute="physical_network",
    collection="physical_networks",
    target="name",
    limit="a segment lives on a known physical network",
)


USE_RESERVED = option(
    "use_reserved", Flag(), default=False, doc="Take the segmentation_id asked for even from a reserved range."
)


@resource(
    "segment",
    "segments",
    not_found=SegmentNotFound,
    rules=(
        *(rule for network_type in NETWORK_TYPES for rule in _rules_of(network_type)),
        SEGMENT_CLAIM,
        SEGMENT_INDEX_UNIQUE,
        SEGMENT_NETWORK,
        SEGMENT_PHYSICAL_NETWORK,
    ),
    options=(USE_RESERVED,),
    summary=("id", "name", "network_id", "network_type", "physical_network", "segmentation_id"),
    # Who has VLAN 1234?
    indexes=(("physical_network", "id"), ("segmentation_id", "id")),
    lookups=(lookup("host", HOST, "Segments that this host reaches; repeated: any of these hosts."), *TAG_FILTERS),
)
class Segment:
    """One layer-2 segment of a network."""

    id: str = ID()
    name: str | None = attribute(
        Text(255), doc="Name, not necessarily unique.", create=Presence.OPTIONAL, update=True, null=True
    )
    description: str = DESCRIPTION()
    network_id: str = attribute(Uuid(), doc="The network it is a segment of.", create=Presence.REQUIRED)
    network_type: str = attribute(Choice(NAMES), doc="How the segment is realised.", create=Presence.REQUIRED)
    physical_network: str | None = attribute(
        PHYSICAL_NETWORK_NAME,
        doc="Name of the physical network it lives on, for the types that need one.",
        create=Presence.OPTIONAL,
    )
    segmentation_id: int | None = attribute(
        Integer(1, LARGEST_ID, narrower=IDS_OF_TYPES),
        doc="VLAN ID, VNI or GRE key, within the limits of the network type; chosen from a range if left out.",
        create=Presence.OPTIONAL,
    )
    segment_index: int = attribute(
        Integer(0, 2**31 - 1), doc="Place among the segments of the network; gaps stay.", wire=None
    )
    created_at: str = CREATED_AT()
    updated_at: str = UPDATED_AT()
    revision_number: int = REVISION_NUMBER()
    tags: tuple[str, ...] = TAGS()
