"""Agents: what reports from a host, which physical networks it reaches, and what was observed there.

    host compute-7
    ├── agent "Open vSwitch agent"   reach: fabric-a through br-a, fabric-b through br-b
    └── agent "NIC Switch agent"     reach: fabric-a through ens5f0

A host reaches a segment if one of its agents reports the segment's physical network: that is derived where it is
asked for, never stored. Stored beside it is only what differs from it, a host mapping for a host and a segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segmentary.catalog.standard import CREATED_AT, HOST, ID, REVISION_NUMBER, UPDATED_AT
from segmentary.errors import AgentNotFound, HostMappingNotFound
from segmentary.rules.attribute import ABSENT, Absent, Presence, attribute, resource
from segmentary.rules.kind import Choice, Flag, Text, Timestamp, Uuid, View
from segmentary.rules.rule import ReferenceRule, UniqueRule

REPORTER = "Host report"
# Under which key of `configurations` an agent's physical networks stand, where it is not bridge_mappings.
MAPPING_KEYS = {"NIC Switch agent": "device_mappings", "Macvtap agent": "interface_mappings"}
LISTED_KEYS = frozenset({"device_mappings"})
INCLUDED, EXCLUDED = "included", "excluded"


def mappings(agent_type: str, reaches: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Return what an agent reaches, physical network and through what, in the form that Neutron's agents report."""
    key = MAPPING_KEYS.get(agent_type, "bridge_mappings")
    return {key: {name: [via] if key in LISTED_KEYS else via for name, via in reaches}}


def shown_time(moment: str) -> str:
    """Return a time as agents show it: neither T nor Z, a quirk of Neutron's that clients parse."""
    return f"{moment[:10]} {moment[11:19]}"


def _view(doc: str, wire: str = "") -> Any:  # noqa: ANN401, a field
    return attribute(View(), doc=doc, wire=wire, default=ABSENT, stored=False, filterable=False, sortable=False)


# The rules of the two tables that hold what agents report.
REACH_AGENT = ReferenceRule(
    name="reach_agent",
    attribute="agent_id",
    collection="agents",
    target="id",
    limit="what is reached is reported by an existing agent",
    cascade=True,
)
REACH_PHYSICAL_NETWORK = ReferenceRule(
    name="reach_physical_network_known",
    attribute="physical_network",
    collection="physical_networks",
    target="name",
    limit="an agent reaches known physical networks",
)
OBSERVATION_AGENT = ReferenceRule(
    name="observation_agent",
    attribute="agent_id",
    collection="agents",
    target="id",
    limit="what is observed is reported by an existing agent",
    cascade=True,
)
REPORT_RULES = (REACH_AGENT, REACH_PHYSICAL_NETWORK, OBSERVATION_AGENT)


Observed = tuple[str, str, int, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What one agent says of its host: the physical networks it reaches, with what through, and what was observed.

    An observed ID is its network type, physical network ('' for tunnels), number and, if known, network; `observed`
    None says nothing about what the host carries.
    """

    host: str
    agent_type: str
    binary: str
    availability_zone: str | None
    physical_networks: tuple[tuple[str, str], ...]
    observed: tuple[Observed, ...] | None


@resource(
    "agent",
    "agents",
    not_found=AgentNotFound,
    rules=(UniqueRule(name="agent_unique", key=("host", "agent_type"), limit="a host has one agent of a type"),),
)
class Agent:
    """What reports from a host."""

    id: str = ID()
    agent_type: str = attribute(Text(255, minimum=1), doc="What kind of agent it is.")
    program: str = attribute(Text(255), doc="The program.", wire="binary", default="")
    topic: str = attribute(Text(255), doc="The message queue it listens to, for agents that have one.", default="")
    host: str = attribute(HOST, doc="The host it runs on.")
    availability_zone: str | None = attribute(Text(255), doc="The availability zone.")
    admin_state_up: bool = attribute(Flag(), doc="Whether it is meant to work.", update=True, default=True)
    alive: bool | Absent = _view("Whether it reported within the last `agent_down_time` seconds.")
    description: str | None = attribute(Text(255, lines=True), doc="Free text for people.", update=True, null=True)
    configurations: dict[str, object] = _view("Its physical networks, as Neutron's agents report them.")
    resources_synced: bool | None = _view("Always null.")
    created_shown: str = _view("When it first reported, in UTC.", "created_at")
    started_shown: str = _view("When it first reported, in UTC.", "started_at")
    heartbeat_shown: str = _view("When it last reported, in UTC.", "heartbeat_timestamp")
    started_at: str = attribute(Timestamp(), doc="When it first reported.", wire=None)
    heartbeat_at: str = attribute(Timestamp(), doc="When it last reported.", wire=None)
    created_at: str = CREATED_AT(wire=None)
    updated_at: str = UPDATED_AT(wire=None)
    revision_number: int = REVISION_NUMBER(wire=None)


@resource(
    "host_mapping",
    "host_mappings",
    not_found=HostMappingNotFound,
    routed=False,
    rules=(
        UniqueRule(
            name="host_mapping_unique", key=("segment_id", "host"), limit="a segment and a host have one mapping"
        ),
        ReferenceRule(
            name="host_mapping_segment",
            attribute="segment_id",
            collection="segments",
            target="id",
            limit="a host mapping is of an existing segment",
            cascade=True,
        ),
    ),
    indexes=(("host", "segment_id"),),
)
class HostMapping:
    """What differs, for one host and one segment, from what the agents' reports say."""

    id: str = ID()
    segment_id: str = attribute(Uuid(), doc="The segment.")
    host: str = attribute(HOST, doc="The host.")
    mapping: str = attribute(
        Choice((INCLUDED, EXCLUDED)),
        doc="included: the host reaches the segment whatever is reported; excluded: it does not.",
        create=Presence.OPTIONAL,
        default=INCLUDED,
    )
    created_at: str = CREATED_AT()
    updated_at: str = UPDATED_AT()
    revision_number: int = REVISION_NUMBER()
