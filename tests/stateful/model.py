"""What segmentary promises about networks, segments and physical networks, as plain dictionaries.

Written from the documentation, not from the program: limits and errors stand here a second time on purpose.
"""

from dataclasses import dataclass, field

from segmentary.errors import (
    AlreadyClaimed,
    InvalidInput,
    NetworkNotFound,
    NoNetworkAvailable,
    PhysicalNetworkExists,
    PhysicalNetworkInUse,
    PhysicalNetworkNotFound,
    RevisionNumberConstraintFailed,
    SegmentaryError,
    SegmentNotFound,
)

Claim = tuple[str, str | None, int | None]
Refusal = type[SegmentaryError] | None
LARGEST_ID = {"vlan": 4094, "vxlan": 2**24 - 1, "gre": 2**32 - 1, "geneve": 2**24 - 1}
ON_PHYSICAL_NETWORKS = {"flat", "vlan"}
MTU = {"local": None, "flat": 1500, "vlan": 1500, "vxlan": 1450, "gre": 1458, "geneve": 1450}


@dataclass
class Network:
    name: str
    mtu: int
    next_index: int = 1
    revision: int = 0


@dataclass
class Segment:
    network_id: str
    claim: Claim
    index: int
    name: str | None = None
    revision: int = 0


@dataclass
class PhysicalNetwork:
    name: str
    revision: int = 0


@dataclass
class Model:
    """Everything that is stored, by id, and the types of the events recorded, in order."""

    networks: dict[str, Network] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    physical_networks: dict[str, PhysicalNetwork] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    def refusal_of_claim(self, claim: Claim) -> Refusal:
        """Return why no segment can get this claim now; there are no ranges to choose an ID from."""
        network_type, name, number = claim
        largest = LARGEST_ID.get(network_type)
        if network_type not in MTU or (number is not None and (largest is None or not 1 <= number <= largest)):
            return InvalidInput
        needs_name = network_type in ON_PHYSICAL_NETWORKS and (number is not None or largest is None)
        if (name is None and needs_name) or (name is not None and network_type not in ON_PHYSICAL_NETWORKS):
            return InvalidInput
        if name is not None and name not in {one.name for one in self.physical_networks.values()}:
            return InvalidInput
        if largest is not None and number is None:
            return NoNetworkAvailable
        is_taken = network_type != "local" and claim in {one.claim for one in self.segments.values()}
        return AlreadyClaimed if is_taken else None

    def refusal_of_segment(self, network_id: str, claim: Claim) -> Refusal:
        refusal = self.refusal_of_claim(claim)
        # What is wrong with the request itself is told before its network is looked for.
        is_malformed = Model(physical_networks=self.everywhere(claim)).refusal_of_claim(claim) is InvalidInput
        return NetworkNotFound if network_id not in self.networks and not is_malformed else refusal

    def everywhere(self, claim: Claim) -> dict[str, PhysicalNetwork]:
        """Return physical networks among which the claim's is known."""
        return {"": PhysicalNetwork(claim[1])} if claim[1] else {}

    def refusal_of_renumbering(self, network_id: str, number: int) -> Refusal:
        if not 1 <= number <= 2**32 - 1:
            return InvalidInput
        if network_id not in self.networks:
            return NetworkNotFound
        of_network = [one for one in self.segments.values() if one.network_id == network_id]
        if len(of_network) != 1:
            return InvalidInput
        network_type, name, current = of_network[0].claim
        return None if number == current else self.refusal_of_claim((network_type, name, number))

    def refusal_of_name(self, name: str, but: str = "") -> Refusal:
        if not 1 <= len(name) <= 64 or "\0" in name:
            return InvalidInput
        others = {one.name for key, one in self.physical_networks.items() if key != but}
        return PhysicalNetworkExists if name in others else None

    def refusal_of_leaving(self, physical_network_id: str) -> Refusal:
        """Return why a physical network can be neither deleted nor renamed."""
        if physical_network_id not in self.physical_networks:
            return PhysicalNetworkNotFound
        name = self.physical_networks[physical_network_id].name
        return PhysicalNetworkInUse if any(one.claim[1] == name for one in self.segments.values()) else None

    def refusal_of_revision(self, segment_id: str, revision: int | None) -> Refusal:
        if segment_id not in self.segments:
            return SegmentNotFound
        is_stale = revision is not None and revision != self.segments[segment_id].revision
        return RevisionNumberConstraintFailed if is_stale else None

    def add_network(self, network_id: str, name: str, segment_id: str, claim: Claim) -> None:
        self.networks[network_id] = Network(name, MTU[claim[0]] or 1500)
        self.segments[segment_id] = Segment(network_id, claim, 0)
        self.events += ["network.created", "segment.created"]

    def add_segment(self, segment_id: str, network_id: str, claim: Claim) -> None:
        network = self.networks[network_id]
        self.segments[segment_id] = Segment(network_id, claim, network.next_index)
        network.next_index += 1
        carried = MTU[claim[0]]
        if carried is not None and carried < network.mtu:
            network.mtu, network.revision = carried, network.revision + 1
            self.events.append("network.updated")
        self.events.append("segment.created")

    def remove_network(self, network_id: str) -> None:
        del self.networks[network_id]
        removed = [key for key, one in self.segments.items() if one.network_id == network_id]
        for key in removed:
            del self.segments[key]
        self.events += ["segment.deleted"] * len(removed) + ["network.deleted"]
