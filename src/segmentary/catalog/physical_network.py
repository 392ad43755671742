"""Physical networks: the named underlays (fabrics) that flat and vlan segments live on, known before they are used."""

from segmentary.catalog.standard import CREATED_AT, DESCRIPTION, ID, REVISION_NUMBER, UPDATED_AT
from segmentary.errors import PhysicalNetworkNotFound
from segmentary.rules.attribute import Presence, attribute, resource
from segmentary.rules.kind import Integer, Text
from segmentary.rules.rule import UniqueRule

PHYSICAL_NETWORK_NAME = Text(64, minimum=1)


@resource(
    "physical_network",
    "physical_networks",
    not_found=PhysicalNetworkNotFound,
    rules=(
        UniqueRule(
            name="physical_network_name_unique", key=("name",), limit="no two physical networks have the same name"
        ),
    ),
    summary=("id", "name", "mtu", "description"),
)
class PhysicalNetwork:
    """A named underlay that segments live on."""

    id: str = ID()
    name: str = attribute(
        PHYSICAL_NETWORK_NAME,
        doc="Name of the physical network, unique; changed only while nothing refers to it.",
        create=Presence.REQUIRED,
        update=True,
    )
    description: str = DESCRIPTION()
    mtu: int | None = attribute(
        Integer(68, 65535),
        doc="Largest packet the underlay carries, in bytes; null if it is the global one.",
        create=Presence.OPTIONAL,
        update=True,
        null=True,
    )
    created_at: str = CREATED_AT()
    updated_at: str = UPDATED_AT()
    revision_number: int = REVISION_NUMBER()
