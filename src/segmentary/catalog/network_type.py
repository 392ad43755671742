"""The network types: how a segment is realised, and what each way needs.

    type     physical network   segmentation ID               one holder for each
    local    -                  -                             -
    flat     required           -                             physical network
    vlan     required           1 to 4094      (VLAN ID)      physical network and ID
    vxlan    -                  1 to 2^24 - 1  (VNI)          ID
    gre      -                  1 to 2^32 - 1  (key)          ID
    geneve   -                  1 to 2^24 - 1  (VNI)          ID

To add a type, append its declaration to `NETWORK_TYPES`: rules, constraints, claims, command line and docs follow.
"""

from dataclasses import dataclass
from enum import Enum

from segmentary.errors import AlreadyClaimed, FlatNetworkInUse, TunnelIdInUse, VlanIdInUse


class Need(Enum):
    """Whether a stored segment of the type has a physical network."""

    REQUIRED = "required"
    FORBIDDEN = "forbidden"


class Scope(Enum):
    """Where a claim of the type has one holder."""

    NOWHERE = "nowhere"
    PHYSICAL_NETWORK = "physical network"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class IdRange:
    """The segmentation IDs a type has, both ends included."""

    minimum: int
    maximum: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkType:
    """One way to realise a segment.

    `overhead` is what encapsulation takes from the underlay's MTU, in bytes (None: the type has no MTU of its own);
    `source` the standard that the limits of `ids` come from.
    """

    name: str
    physical_network: Need
    ids: IdRange | None
    unique_in: Scope
    in_use: type[AlreadyClaimed] | None
    overhead: int | None
    source: str

    @property
    def has_physical_network(self) -> bool:
        """Tell whether segments of the type live on a physical network."""
        return self.physical_network is Need.REQUIRED


# Tunnel overheads: outer IPv4 header (20) plus the encapsulation with the inner Ethernet header.
LOCAL = NetworkType(
    name="local",
    physical_network=Need.FORBIDDEN,
    ids=None,
    unique_in=Scope.NOWHERE,
    in_use=None,
    overhead=None,
    source="a network that does not leave its host",
)
FLAT = NetworkType(
    name="flat",
    physical_network=Need.REQUIRED,
    ids=None,
    unique_in=Scope.PHYSICAL_NETWORK,
    in_use=FlatNetworkInUse,
    overhead=0,
    source="untagged frames: one flat segment for each physical network",
)
VLAN = NetworkType(
    name="vlan",
    physical_network=Need.REQUIRED,
    ids=IdRange(1, 4094),
    unique_in=Scope.PHYSICAL_NETWORK,
    in_use=VlanIdInUse,
    overhead=0,
    source="IEEE 802.1Q, clause 9.6: VIDs 0 and 4095 are reserved",
)
VXLAN = NetworkType(
    name="vxlan",
    physical_network=Need.FORBIDDEN,
    ids=IdRange(1, 2**24 - 1),
    unique_in=Scope.EVERYWHERE,
    in_use=TunnelIdInUse,
    overhead=50,
    source="RFC 7348, section 5: a VNI has 24 bits",
)
GRE = NetworkType(
    name="gre",
    physical_network=Need.FORBIDDEN,
    ids=IdRange(1, 2**32 - 1),
    unique_in=Scope.EVERYWHERE,
    in_use=TunnelIdInUse,
    overhead=42,
    source="RFC 2890, section 2.1: a key has 32 bits",
)
GENEVE = NetworkType(
    name="geneve",
    physical_network=Need.FORBIDDEN,
    ids=IdRange(1, 2**24 - 1),
    unique_in=Scope.EVERYWHERE,
    in_use=TunnelIdInUse,
    overhead=50,
    source="RFC 8926, section 3.4: a VNI has 24 bits",
)

NETWORK_TYPES: tuple[NetworkType, ...] = (LOCAL, FLAT, VLAN, VXLAN, GRE, GENEVE)

BY_NAME = {one.name: one for one in NETWORK_TYPES}
NAMES = tuple(BY_NAME)
LARGEST_ID = max(one.ids.maximum for one in NETWORK_TYPES if one.ids)
# Said wherever a number is refused that is an ID of no type.
IDS_OF_TYPES = ", ".join(f"{one.name} {one.ids.minimum} to {one.ids.maximum}" for one in NETWORK_TYPES if one.ids)


def largest_mtu(network_type: NetworkType, global_mtu: int, physical_network_mtu: int | None) -> int | None:
    """Return the largest MTU in bytes that a segment of the type carries, or None if the type has no opinion.

    Quirk kept from Neutron: a physical network's MTU counts only where it is smaller than the global one.
    """
    if network_type.overhead is None:
        return None
    underlay = global_mtu if physical_network_mtu is None else min(global_mtu, physical_network_mtu)
    return underlay - network_type.overhead
