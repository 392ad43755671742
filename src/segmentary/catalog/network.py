"""Networks: what a project sees; each has one or more segments and is shown with them.

segments of the network      provider:* attributes       segments attribute
exactly one                  its values                  absent
several                      absent                      a list, by segment_index
none                         null                        absent
"""

from collections.abc import Mapping, Sequence
from typing import Any

from segmentary.catalog.network_type import IDS_OF_TYPES, LARGEST_ID, NAMES
from segmentary.catalog.physical_network import PHYSICAL_NETWORK_NAME
from segmentary.catalog.segment import Segment
from segmentary.catalog.standard import (
    CREATED_AT,
    DESCRIPTION,
    ID,
    PROJECT_ID,
    REVISION_NUMBER,
    TAG_FILTERS,
    TAGS,
    UPDATED_AT,
)
from segmentary.errors import NetworkNotFound
from segmentary.rules.attribute import ABSENT, Absent, Parts, Presence, attribute, lookup, option, resource
from segmentary.rules.kind import Choice, Constant, Entries, Flag, Integer, Text, Uuid, View
from segmentary.rules.rule import RequestRule

# What an entry of `segments` may say.
SEGMENT_ENTRY = (
    ("provider:network_type", "network_type", Choice(NAMES)),
    ("provider:physical_network", "physical_network", PHYSICAL_NETWORK_NAME),
    ("provider:segmentation_id", "segmentation_id", Integer(0, LARGEST_ID, decimal_text=True)),
)
# Attribute of a network -> attribute of its only segment.
PROVIDER = {
    "provider_network_type": "network_type",
    "provider_physical_network": "physical_network",
    "provider_segmentation_id": "segmentation_id",
}

STATUS = "ACTIVE"

NETWORK_PROVIDER_TYPE = RequestRule(
    name="network_provider_type",
    attribute="provider:network_type",
    limit="a network with any provider:* attribute names its provider:network_type",
)
NETWORK_PROVIDER_UPDATE = RequestRule(
    name="network_provider_update",
    attribute="provider:segmentation_id",
    limit="of the provider:* attributes only provider:segmentation_id changes, and only of a network with one segment",
)
NETWORK_SEGMENTS_UPDATE = RequestRule(
    name="network_segments_update",
    attribute="segments",
    limit="the segments of a network are added and deleted through /v2.0/segments, not in place",
)
NETWORK_MTU_FITS_SEGMENTS = RequestRule(
    name="network_mtu_fits_segments",
    attribute="mtu",
    limit="an mtu that was asked for is at most what all segments of the network carry",
)


def _derive(_stored: Mapping[str, object], segments: Sequence[tuple[Any, ...]]) -> Mapping[str, object]:
    """Return the derived attributes of a network from its segments' provider values, in order of segment_index."""
    common: dict[str, object] = {"subnets": [], "status": STATUS, "l2_adjacency": True}
    if len(segments) <= 1:
        only = segments[0] if segments else (None, None, None)
        return {**dict(zip(PROVIDER, only, strict=True)), "segments": ABSENT, **common}
    entries = [
        {f"provider:{name}": value for name, value in zip(PROVIDER.values(), segment, strict=True)}
        for segment in segments
    ]
    return {**dict.fromkeys(PROVIDER, ABSENT), "segments": entries, **common}


# Filters that clients have for what no network here is or has: what a network without it would answer.
_LACKING = (
    ("is_default", Constant(False, Flag()), "Whether it is the default external network: none is."),  # noqa: FBT003, a value
    ("port_security_enabled", Constant(False, Flag()), "Whether its ports are guarded: none is."),  # noqa: FBT003
    ("vlan_transparent", Constant(False, Flag()), "Whether it carries VLANs of its users: none does."),  # noqa: FBT003
    ("ipv4_address_scope", Constant(None, Uuid()), "Its scope of IPv4 addresses: none has one."),
    ("ipv6_address_scope", Constant(None, Uuid()), "Its scope of IPv6 addresses: none has one."),
)


@resource(
    "network",
    "networks",
    not_found=NetworkNotFound,
    rules=(NETWORK_PROVIDER_TYPE, NETWORK_PROVIDER_UPDATE, NETWORK_SEGMENTS_UPDATE, NETWORK_MTU_FITS_SEGMENTS),
    parts=Parts(
        resource=Segment,
        key="network_id",
        order="segment_index",
        columns=tuple(PROVIDER.values()),
        derive=_derive,
    ),
    options=(
        option(
            "use_reserved",
            Flag(),
            default=False,
            doc="Take the segmentation IDs asked for even from reserved ranges.",
            update=True,
        ),
    ),
    lookups=(*(lookup(*one) for one in _LACKING), *TAG_FILTERS),
    # What a project sees is looked up by each of these; see segmentary.db.scope.
    indexes=(("project_id", "id"), ("shared", "id"), ("router_external", "id")),
    summary=("id", "name", *(f"provider:{name}" for name in PROVIDER.values()), "mtu"),
)
class Network:
    """A layer-2 network as a project sees it."""

    id: str = ID()
    name: str = attribute(
        Text(255), doc="Name, not necessarily unique.", create=Presence.OPTIONAL, update=True, default=""
    )
    description: str = DESCRIPTION()
    project_id: str = PROJECT_ID()
    admin_state_up: bool = attribute(
        Flag(), doc="Whether the network is meant to forward.", create=Presence.OPTIONAL, update=True, default=True
    )
    status: str = attribute(Constant(STATUS, Text(16)), doc="Always ACTIVE.", stored=False, sortable=False)
    shared: bool = attribute(
        Flag(),
        doc="Whether it is shared with every project, or by a policy with the one that asks; set: with every one.",
        create=Presence.OPTIONAL,
        update=True,
        default=False,
        sortable=False,
    )
    router_external: bool = attribute(
        Flag(),
        doc="Whether it leads outside for every project, or by a policy for the one that asks; set: for every one.",
        wire="router:external",
        create=Presence.OPTIONAL,
        update=True,
        default=False,
        sortable=False,
    )
    mtu: int = attribute(
        Integer(0, 65535, decimal_text=True),
        doc="Largest packet in bytes; 0 or left out: the most that all its segments carry.",
        create=Presence.OPTIONAL,
        update=True,
    )
    mtu_requested: bool = attribute(
        Flag(), doc="Whether the mtu was asked for; if not, it follows the segments.", wire=None
    )
    provider_network_type: str | Absent | None = attribute(
        Choice(NAMES),
        doc="The network type of its only segment.",
        wire="provider:network_type",
        create=Presence.OPTIONAL,
        update=True,
        stored=False,
        part="network_type",
        sortable=False,
    )
    provider_physical_network: str | Absent | None = attribute(
        PHYSICAL_NETWORK_NAME,
        doc="The physical network of its only segment.",
        wire="provider:physical_network",
        create=Presence.OPTIONAL,
        update=True,
        stored=False,
        part="physical_network",
        sortable=False,
    )
    provider_segmentation_id: int | Absent | None = attribute(
        Integer(1, LARGEST_ID, decimal_text=True, narrower=IDS_OF_TYPES),
        doc="The segmentation ID of its only segment.",
        wire="provider:segmentation_id",
        create=Presence.OPTIONAL,
        update=True,
        stored=False,
        part="segmentation_id",
        sortable=False,
    )
    segments: list[dict[str, object]] | Absent = attribute(
        Entries(SEGMENT_ENTRY),
        doc="The provider values of its segments, if it has several; in an entry, segmentation_id 0 means: choose one.",
        create=Presence.OPTIONAL,
        update=True,
        stored=False,
        filterable=False,
        sortable=False,
    )
    subnets: list[str] = attribute(View(), doc="Its subnets.", stored=False, filterable=False, sortable=False)
    l2_adjacency: bool = attribute(
        View(), doc="Whether all its ports share one layer-2 domain.", stored=False, filterable=False, sortable=False
    )
    next_segment_index: int = attribute(Integer(0, 2**31 - 1), doc="The index of the next segment.", wire=None)
    created_at: str = CREATED_AT()
    updated_at: str = UPDATED_AT()
    revision_number: int = REVISION_NUMBER()
    tags: tuple[str, ...] = TAGS()
