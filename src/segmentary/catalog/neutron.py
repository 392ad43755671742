"""What must hold in the database of a Neutron, and what is known of what does not. Read, never written.

Bug numbers are those of Launchpad's project neutron.
"""

from segmentary.rules.rule import StoredRule

# Alembic's heads: that of its branch of contractions, and those of its branch of expansions by release.
CONTRACTION = "5c85685d616d"
RELEASES = {
    "fc153938cdc1": "2023.1",
    "89c58a70ceba": "2023.2",
    "0e6eff810791": "2024.1",
    "5bcb7b31ec7d": "2024.2",
    "ad80a9f07c5c": "2025.1",
    "d553edeb540f": "2025.2",
    "b1bca967e19d": "2026.1",
    "c7f8d9e0f1a2": "2026.2",
}

SEGMENT_CLAIM = StoredRule(
    name="segment_claim",
    limit="one holder for each network type, physical network and segmentation ID",
    why="Two segments carried under one ID are one broadcast domain: frames of each network reach the other.",
    remedy="Move one of the networks to another ID, and delete the segment row that nothing uses.",
)
SEGMENT_NETWORK = StoredRule(
    name="segment_network",
    limit="a segment belongs to an existing network",
    why="The ID is held for ever: no network is left whose deletion would release it.",
    remedy="Delete the row of networksegments, then its allocation row.",
)
SEGMENT_INDEX = StoredRule(
    name="segment_index_unique",
    limit="the static segments of a network have different indexes",
    why="Which of them is shown first, and bound first, is left to chance.",
    remedy="Give one of the rows the next free segment_index of the network.",
)
ALLOCATION_MISSING = StoredRule(
    name="neutron_allocation_missing",
    limit="the ID of a segment has an allocation row",
    why="The ID is offered to another network as soon as a range covers it again.",
    remedy="Insert the allocation row with allocated true.",
)
ALLOCATION_FREE = StoredRule(
    name="neutron_allocation_free",
    limit="the allocation row of an ID that a segment holds says allocated",
    why="The next network may be given the same ID.",
    remedy="Set allocated of the row.",
)
ALLOCATION_LEAKED = StoredRule(
    name="neutron_allocation_leaked",
    limit="an ID that is allocated is held by a segment",
    why="The ID can never be given out again: networks are refused though IDs are free.",
    remedy="Set allocated of the row to false; delete the row if no range covers the ID.",
)
RANGE_OVERLAP = StoredRule(
    name="network_segment_range_overlap",
    limit="ranges of one network type and physical network do not overlap; default ones are no duplicates",
    why="An ID of both is offered twice.",
    remedy="Shorten or delete one of the ranges.",
)
FOREIGN_RANGE = StoredRule(
    name="neutron_id_in_range_of_another_project",
    limit="an ID inside a project's range is held by a network of that project",
    why="The project was promised the ID for itself.",
    remedy="Move the network to another ID, or shorten the range.",
)
SUBNET_SEGMENT = StoredRule(
    name="neutron_subnet_segment",
    limit="the segment of a subnet is one of the subnet's network",
    why="Hosts of the segment get addresses that are not routed there.",
    remedy="Set segment_id of the subnet to a segment of its network.",
)
SUBNETS_MIXED = StoredRule(
    name="neutron_subnets_mixed",
    limit="all subnets of a network name a segment, or none does",
    why="The network is routed in part: which address a port gets depends on the order of its creation.",
    remedy="Set segment_id of the subnets that have none, or delete them.",
)
RBAC_POLICY_NETWORK = StoredRule(
    name="rbac_policy_network",
    limit="a policy shares an existing network",
    why="It shares nothing, and counts for the quota of its project.",
    remedy="Delete the row of networkrbacs.",
)
EXTERNAL_POLICY = StoredRule(
    name="neutron_external_policy",
    limit="a network has a row in externalnetworks exactly where it has a policy access_as_external",
    why="It is shown as external and nobody sees it for that, or is seen by projects that are told it is not external.",
    remedy="Set router:external of the network to false, then to what is meant.",
)
MAPPING_SEGMENT = StoredRule(
    name="host_mapping_segment",
    limit="a host mapping is of an existing segment",
    why="Ports are offered a segment that is gone.",
    remedy="Delete the row of segmenthostmappings.",
)
MAPPING_AGENT = StoredRule(
    name="neutron_host_mapping_agent",
    limit="a host that is mapped to a segment has an agent that is alive",
    why="Subnets of the segment are offered to ports of a host that nothing configures.",
    remedy="Start the agent, or delete the rows of the host from segmenthostmappings.",
)
DYNAMIC_UNUSED = StoredRule(
    name="neutron_dynamic_segment_unused",
    limit="a dynamic segment carries a binding of a port",
    why="Dynamic segments are deleted with their last binding: this one stays, and holds its ID.",
    remedy="Delete the row of networksegments, and free its allocation row.",
)
NEUTRON_RULES = (
    SEGMENT_CLAIM,
    SEGMENT_NETWORK,
    SEGMENT_INDEX,
    ALLOCATION_MISSING,
    ALLOCATION_FREE,
    ALLOCATION_LEAKED,
    RANGE_OVERLAP,
    FOREIGN_RANGE,
    SUBNET_SEGMENT,
    SUBNETS_MIXED,
    RBAC_POLICY_NETWORK,
    EXTERNAL_POLICY,
    MAPPING_SEGMENT,
    MAPPING_AGENT,
    DYNAMIC_UNUSED,
)
# By rule: a published defect of Neutron that leaves such rows, and what the rows have where it is that one.
KNOWN: dict[str, tuple[tuple[str, dict[str, object]], ...]] = {
    "segment_vlan_id_range": (
        ("bug 1840895: VLAN ID 0 was accepted", {"segmentation_id": 0}),
        ("bug 1698596: an ID was reserved and not stored", {"segmentation_id": None}),
    ),
    ALLOCATION_FREE.name: (
        ("a physical network left the configuration and came back: its rows are made anew, free", {}),
    ),
    ALLOCATION_MISSING.name: (("a physical network that leaves the configuration loses its rows, used ones too", {}),),
    ALLOCATION_LEAKED.name: (("bugs 1673243 and 1649750: a create that fails keeps its ID", {}),),
    RANGE_OVERLAP.name: (
        ("bug 2106463: default ranges were made twice", {"default": True}),
        ("bug 2161676: the check of overlap never matched ranges of tunnels", {"physical_network": ""}),
        ("bug 2161676: the check of overlap never matched ranges of tunnels", {"physical_network": None}),
    ),
    FOREIGN_RANGE.name: (("bug 1863423: a project could get an ID of another project's range", {}),),
    SEGMENT_INDEX.name: (("bug 1791233: two creates at once took one index", {}),),
    MAPPING_AGENT.name: (("rows of an agent that is deleted stay", {}),),
}
