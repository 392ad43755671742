"""What exists: records, network types, rules and events. Pure data; it reads and writes nothing.

To add a network type: `network_type.py`. To add an attribute: one line in the class of its resource. To add a
resource: a module here, its name in `RESOURCES`, and a module of the same name in `segmentary.services`.
"""

from segmentary.catalog import event
from segmentary.catalog.agent import Agent, HostMapping
from segmentary.catalog.event_destination import EventDestination
from segmentary.catalog.network import Network
from segmentary.catalog.physical_network import PhysicalNetwork
from segmentary.catalog.rbac_policy import RbacPolicy
from segmentary.catalog.segment import Segment
from segmentary.catalog.segment_range import SegmentRange
from segmentary.rules.attribute import Resource, describe

# Parents first: tables are made in this order and emptied in the other.
RESOURCES: tuple[Resource, ...] = tuple(
    describe(record)
    for record in (
        PhysicalNetwork,
        Network,
        Segment,
        SegmentRange,
        Agent,
        HostMapping,
        EventDestination,
        RbacPolicy,
    )
)
BY_COLLECTION = {one.collection: one for one in RESOURCES}
EVENT_TYPES = event.types(RESOURCES)

__all__ = [
    "BY_COLLECTION",
    "EVENT_TYPES",
    "RESOURCES",
    "Agent",
    "EventDestination",
    "HostMapping",
    "Network",
    "PhysicalNetwork",
    "RbacPolicy",
    "Segment",
    "SegmentRange",
]
