"""UUIDs that say what they stand for, so that every load generator can make them from a number."""

NETWORK, STORED, NEW, EVENT, RANGE, PHYSICAL_NETWORK, AGENT, VLAN, FILLED, OTHER_EVENT = range(1, 11)


def identifier(kind: int, number: int) -> str:
    """Return the UUID of the network, stored segment, new segment or event of this number."""
    return f"00000000-0000-0000-{kind:04x}-{number:012x}"
