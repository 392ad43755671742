"""Hosts, the physical networks they reach and the segments on those: rows as reports and creates leave them."""

from bench.database import Database
from bench.identifiers import AGENT, PHYSICAL_NETWORK, VLAN

REACHED = 8
# Distances between the physical networks of one host, so that hosts next to each other reach different ones.
STEP = 13
OF_HOSTS = "WHERE {} LIKE 'fabric-%'"


def fill(database: Database, *, hosts: int, physical_networks: int, segments: int) -> None:
    """Store hosts host-00001 and on, that reach `REACHED` of the physical networks fabric-00000 and on.

    What is stored already stays, so that both can grow. The segments, at most 4,094 of each physical network, are
    spread over the networks that are stored.
    """
    moment = database.moment
    if not _count(database, f"physical_networks {OF_HOSTS.format('name')}"):
        database.execute(
            "INSERT INTO physical_networks (id, name, description, created_at, updated_at, revision_number) "
            f"SELECT {database.identifier(PHYSICAL_NETWORK)}, {database.padded('fabric-', 'n - 1')}, '', "
            f"{moment}, {moment}, 0 FROM ({database.numbers(1, physical_networks)}) AS numbers"
        )
    new = database.numbers(_count(database, "agents") + 1, hosts)
    database.execute(
        "INSERT INTO agents (id, agent_type, program, topic, host, admin_state_up, started_at, heartbeat_at, "
        "created_at, updated_at, revision_number) "
        f"SELECT {database.identifier(AGENT)}, 'Open vSwitch agent', '', '', {database.padded('host-', 'n')}, "
        f"{database.flag(on=True)}, {moment}, {moment}, {moment}, {moment}, 0 FROM ({new}) AS numbers"
    )
    name = database.padded("fabric-", f"(numbers.n + {STEP} * places.n) % {physical_networks}")
    database.execute(
        "INSERT INTO reaches (agent_id, physical_network, host, via) "
        f"SELECT {database.identifier(AGENT, 'numbers.n')}, {name}, {database.padded('host-', 'numbers.n')}, 'br' "
        f"FROM ({new}) AS numbers CROSS JOIN ({database.numbers(1, REACHED)}) AS places"
    )
    network = database.identifier(1, f"(n - 1) % {database.networks} + 1")
    number = f"(n - 1) {'DIV' if database.kind == 'mariadb' else '/'} {physical_networks} + 1"
    first = _count(database, f"segments {OF_HOSTS.format('physical_network')}") + 1
    database.execute(
        "INSERT INTO segments (id, description, network_id, network_type, physical_network, segmentation_id, "
        "segment_index, created_at, updated_at, revision_number, tags) "
        f"SELECT {database.identifier(VLAN)}, '', {network}, 'vlan', "
        f"{database.padded('fabric-', f'(n - 1) % {physical_networks}')}, {number}, 300000000 + n, "
        f"{moment}, {moment}, 0, '' FROM ({database.numbers(first, segments)}) AS numbers"
    )
    database.settle()


def _count(database: Database, rows: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {rows}")[0][0])
