"""Rows for the database of a Neutron: a healthy stock by SQL, and defects, one of each kind."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from segmentary.catalog import Segment, SegmentRange
from segmentary.catalog.network_type import NETWORK_TYPES, Need, NetworkType
from segmentary.rules.attribute import describe

Run = Callable[[str], Sequence[Sequence[Any]]]
Found = set[tuple[str, str]]
MISSING = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"
IDS = {"vlan": "vlan_id", "vxlan": "vxlan_vni", "gre": "gre_id", "geneve": "geneve_vni"}
NOW, LONG_AGO = "2026-11-22 12:00:00", "2026-11-22 11:00:00"


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f"'{value}'"


class Planter:
    """Inserts rows; each network and segment is complete, with its allocation, but for what is said."""

    def __init__(self, run: Run, quote: str, first: int) -> None:
        self._run, self._quote = run, quote
        self._numbers = count(first)

    def insert(self, table: str, **values: object) -> None:
        names = ", ".join(f"{self._quote}{name}{self._quote}" for name in values)
        self._run(f"INSERT INTO {table} ({names}) VALUES ({', '.join(map(literal, values.values()))})")

    def new_id(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._numbers):012}"

    def attribute(self, of_type: str) -> int:
        number = next(self._numbers)
        self.insert("standardattributes", id=number, resource_type=of_type, created_at=NOW, updated_at=NOW)
        return number

    def network(self, project: str = "p", **values: object) -> str:
        made = self.new_id()
        row = {"id": made, "name": "n", "project_id": project, "status": "ACTIVE", "admin_state_up": True, "mtu": 1400}
        self.insert("networks", **row, standard_attr_id=self.attribute("networks"), **values)
        return made

    def segment(  # noqa: PLR0913, each is one fact about a segment
        self,
        network_type: str,
        physical_network: str | None,
        number: int | None,
        *,
        network: str = "",
        allocated: bool | None = True,
        index: int = 0,
        dynamic: bool = False,
    ) -> str:
        """Insert a segment; `allocated` None leaves its allocation row out."""
        made = self.new_id()
        row: dict[str, object] = {"id": made, "network_id": network or self.network(), "network_type": network_type}
        row |= {"physical_network": physical_network, "segmentation_id": number, "segment_index": index}
        self.insert("networksegments", **row, is_dynamic=dynamic, standard_attr_id=self.attribute("networksegments"))
        if allocated is not None:
            self.allocation(network_type, physical_network, number, allocated=allocated)
        return made

    def allocation(
        self, network_type: str, physical_network: str | None, number: int | None, *, allocated: bool
    ) -> None:
        if network_type == "flat" and physical_network is not None:
            self.insert("ml2_flat_allocations", physical_network=physical_network)
        elif network_type in IDS and number is not None and (network_type != "vlan" or physical_network is not None):
            where = {"physical_network": physical_network} if network_type == "vlan" else {}
            of_scope = f" AND physical_network = '{physical_network}'" if where else ""
            table, column = f"ml2_{network_type}_allocations", IDS[network_type]
            # An ID inside a range has its row already.
            self._run(f"DELETE FROM {table} WHERE {column} = {number}{of_scope}")
            self.insert(table, **where, **{column: number}, allocated=allocated)

    def range(self, **values: object) -> str:
        row: dict[str, object] = {
            "id": self.new_id(),
            "name": "r",
            "default": False,
            "shared": True,
            "project_id": None,
        }
        row |= values
        self.insert("network_segment_ranges", **row, standard_attr_id=self.attribute("network_segment_ranges"))
        return str(row["id"])

    def subnet(self, network: str, segment: str | None, cidr: str) -> str:
        made = self.new_id()
        row = {"id": made, "network_id": network, "segment_id": segment, "ip_version": 4, "cidr": cidr}
        self.insert("subnets", **row, standard_attr_id=self.attribute("subnets"))
        return made

    def policy(self, network: str, action: str, target: str) -> str:
        made = self.new_id()
        row = {"id": made, "object_id": network, "action": action, "target_project": target, "project_id": "alpha"}
        self.insert("networkrbacs", **row)
        return made

    def agent(self, host: str, heartbeat: str) -> None:
        row = {"id": self.new_id(), "agent_type": "Open vSwitch agent", "binary": "x", "topic": "x", "host": host}
        times = dict.fromkeys(("created_at", "started_at"), LONG_AGO)
        self.insert(
            "agents", **row, **times, heartbeat_timestamp=heartbeat, configurations="{}", admin_state_up=True, load=0
        )

    def mapping(self, segment: str, host: str) -> None:
        self.insert("segmenthostmappings", segment_id=segment, host=host)


def hosts(plant: Planter) -> None:
    """Agents come by RPC, not through the API: two of them, one of which stopped long ago."""
    plant.agent("alive", NOW)
    plant.agent("dead", LONG_AGO)
    plant.mapping(plant.segment("vlan", "rack1", 170), "alive")


def healthy(plant: Planter) -> None:
    """What a Neutron keeps that is right: all types, ranges, a routed network."""
    for one in NETWORK_TYPES:
        physical_network = "rack9" if one.has_physical_network else None
        plant.segment(one.name, physical_network, one.ids.minimum if one.ids else None)
    plant.range(network_type="vlan", physical_network="rack1", minimum=100, maximum=199, default=True)
    plant.range(network_type="vlan", physical_network="rack1", minimum=150, maximum=160)
    plant.range(network_type="vxlan", physical_network="", minimum=1000, maximum=1999)
    plant.allocation("vlan", "rack1", 101, allocated=False)
    routed = plant.network()
    for index in range(2):
        segment = plant.segment("vlan", "rack8", 10 + index, network=routed, index=index)
        plant.subnet(routed, segment, f"10.0.{index}.0/24")
    floating = plant.subnet(routed, None, "10.0.9.0/24")
    plant.insert("subnet_service_types", subnet_id=floating, service_type="network:routed")
    plant.subnet(plant.network(), None, "10.1.0.0/24")
    external = plant.network()
    plant.insert("externalnetworks", network_id=external)
    for target in ("*", "beta"):
        plant.policy(external, "access_as_external", target)
    bound = plant.segment("vlan", "rack7", 1, dynamic=True)
    plant.insert("ml2_port_binding_levels", port_id=MISSING, host="alive", level=0, driver="x", segment_id=bound)


def _wrong_segments(plant: Planter) -> Found:
    """Segments that break the rules of their types, as many as there are."""
    rules = describe(Segment).declared_row_rules
    rows: list[tuple[str, str | None, int | None]] = [("opflex", None, None), ("vlan", "rack1", 9999)]
    for place, one in enumerate(NETWORK_TYPES):
        fits = one.ids.maximum - place if one.ids and one.name != "gre" else 60 + place if one.ids else None
        physical_network = f"wrong{place}" if one.has_physical_network else None
        rows.append((one.name, None if physical_network else f"wrong{place}", fits))
        rows.append((one.name, physical_network, 0 if one.ids else 5))
    found: Found = set()
    for row in rows:
        values = dict(zip(("network_type", "physical_network", "segmentation_id"), row, strict=True))
        made = plant.segment(*row, allocated=True if _is_real(row) else None)
        broken = {rule.name for rule in rules if not rule.holds(values)}
        broken |= {"segment_network_type_allowed"} if row[0] == "opflex" else set()
        assert broken, row
        found |= {(rule, made) for rule in broken}
    assert {rule.name for rule in rules} <= {rule for rule, _ in found}
    return found


def _is_real(row: tuple[str, str | None, int | None]) -> bool:
    return row[0] != "opflex" and row[2] not in {0, 9999}


def _wrong_ranges(plant: Planter) -> Found:
    rules = describe(SegmentRange).declared_row_rules
    rows: list[Mapping[str, Any]] = []
    for place, one in enumerate(one for one in NETWORK_TYPES if one.ids):
        rows += _wrong_ranges_of(one, place)
    rows.append({"network_type": "vlan", "physical_network": "o", "minimum": 1, "maximum": 2, "shared": False})
    found: Found = set()
    for row in rows:
        made = plant.range(**row)
        values = {"shared": True, "project_id": None, **row, "physical_network": row["physical_network"] or None}
        found |= {(rule.name, made) for rule in rules if not rule.holds(values)}
    assert {rule.name for rule in rules} <= {rule for rule, _ in found}
    return found


def _wrong_ranges_of(one: NetworkType, place: int) -> list[Mapping[str, Any]]:
    assert one.ids is not None
    needed = one.physical_network is Need.REQUIRED
    base = {"network_type": one.name, "minimum": 300_000, "maximum": 300_001}
    base |= {"minimum": 300, "maximum": 301} if needed else {}
    return [
        {**base, "physical_network": "" if needed else f"x{place}"},
        {**base, "physical_network": f"y{place}" if needed else "", "minimum": 0, "maximum": 1},
        {**base, "physical_network": f"z{place}" if needed else "", "minimum": 9, "maximum": -1},
    ]


def plant_defects(plant: Planter) -> Found:
    """Insert one defect of each kind and return which rows break which rule."""
    found = _wrong_segments(plant) | _wrong_ranges(plant)
    twice = {plant.segment("vlan", "rack1", 700, allocated=True if first else None) for first in (True, False)}
    found |= {("segment_claim", one) for one in twice}
    found.add(("segment_network", plant.segment("vxlan", None, 90_000, network=MISSING)))
    network = plant.network()
    found |= {("segment_index_unique", plant.segment("vxlan", None, number, network=network)) for number in (91, 92)}
    found.add(("neutron_allocation_missing", plant.segment("vlan", "rack1", 701, allocated=None)))
    found.add(("neutron_allocation_missing", plant.segment("flat", "nowhere", None, allocated=None)))
    found.add(("neutron_allocation_free", plant.segment("vlan", "rack1", 702, allocated=False)))
    found.add(("neutron_allocation_free", plant.segment("geneve", None, 702, allocated=False)))
    plant.allocation("vlan", "rack1", 703, allocated=True)
    plant.allocation("gre", None, 703, allocated=True)
    plant.allocation("flat", "leaked", None, allocated=True)
    found |= {("neutron_allocation_leaked", row) for row in ("physical_network=rack1, vlan_id=703", "703", "leaked")}
    tunnels = {"network_type": "vxlan", "physical_network": ""}
    overlap = [plant.range(**tunnels, minimum=low, maximum=low + 10) for low in (200_000, 200_010)]
    found.add(("network_segment_range_overlap", min(overlap)))
    plant.range(**tunnels, minimum=210_000, maximum=210_010, shared=False, project_id="alpha")
    plant.segment("vxlan", None, 210_001, network=plant.network("alpha"))
    found.add(("neutron_id_in_range_of_another_project", plant.segment("vxlan", None, 210_005)))
    found.add(("neutron_dynamic_segment_unused", plant.segment("vlan", "rack1", 704, dynamic=True)))
    found.add(("rbac_policy_network", plant.policy(MISSING, "access_as_shared", "beta")))
    external, unpoliced = plant.network(), plant.network()
    plant.policy(external, "access_as_external", "beta")
    plant.insert("externalnetworks", network_id=unpoliced)
    found |= {("neutron_external_policy", one) for one in (external, unpoliced)}
    return found | _wrong_subnets(plant) | _wrong_mappings(plant)


def _wrong_subnets(plant: Planter) -> Found:
    elsewhere, network, mixed = plant.segment("vlan", "rack1", 705), plant.network(), plant.network()
    plant.subnet(mixed, plant.segment("vlan", "rack1", 706, network=mixed), "10.9.0.0/24")
    plant.subnet(mixed, None, "10.9.1.0/24")
    wrong = {plant.subnet(network, segment, "10.8.0.0/24") for segment in (elsewhere, MISSING)}
    return {("neutron_subnet_segment", one) for one in wrong} | {("neutron_subnets_mixed", mixed)}


def _wrong_mappings(plant: Planter) -> Found:
    segment = plant.segment("vlan", "rack1", 707)
    plant.mapping(MISSING, "alive")
    plant.mapping(segment, "dead")
    plant.mapping(segment, "unheard")
    return {
        ("host_mapping_segment", f"segment_id={MISSING}, host=alive"),
        *(("neutron_host_mapping_agent", f"segment_id={segment}, host={host}") for host in ("dead", "unheard")),
    }
