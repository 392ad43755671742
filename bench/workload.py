"""What is measured: each kind of work, against which limit, and what the project wants of the ratio."""

from dataclasses import dataclass
from enum import Enum


class Against(Enum):
    """What a workload is held against."""

    STATEMENTS = "the statements alone"
    ROWS = "driver and JSON alone"
    CONSTANT = "a constant, same size"
    START = "Granian's own start"
    NEUTRON = "a whole Neutron"
    FIRST = "its first requests"


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One kind of work. `records` is how many one request stands for; `short` is part of the short form.

    `request` names the request in wrk.lua, `statements` the file in sql/. `networks` is how many networks the work is
    spread over (None: all), `limit` how many rows a list asks for. `deletes` has rows stored beforehand to be deleted.
    `hosts` has hosts stored, and segments that they reach; measured only if asked for by name.
    `pool` is the physical network whose VLAN IDs are allocated, `requests` how many requests do the work once; with
    `drains` all its IDs are, for at most the length of a run.
    `target` is the least ratio wanted on PostgreSQL: of throughput, or, for one client, of the inverse of the latency.
    """

    name: str
    clients: int
    request: str
    against: Against
    statements: str = ""
    records: int = 1
    networks: int | None = None
    limit: int = 1
    deletes: bool = False
    target: float | None = None
    short: bool = False
    hosts: bool = False
    pool: str = "none"
    requests: int = 1
    drains: bool = False


WORKLOADS = (
    Workload(name="memory over 100,000 requests", clients=16, request="", against=Against.FIRST),
    Workload(name="start-up", clients=1, request="", against=Against.START),
    Workload(name="show", clients=16, request="show", against=Against.CONSTANT, target=0.6, short=True),
    Workload(name="show", clients=16, request="show", against=Against.STATEMENTS, statements="show"),
    Workload(name="page of 100", clients=1, request="page", against=Against.ROWS, statements="page", limit=100),
    Workload(name="filter by network", clients=1, request="filter", against=Against.ROWS, statements="filter"),
    *(
        Workload(
            name=f"list {limit}",
            clients=1,
            request="list",
            against=Against.ROWS,
            statements="list",
            limit=limit,
            target=1 / 1.5 if limit >= 10_000 else None,  # noqa: PLR2004, the one list with a target
            short=limit == 1_000,  # noqa: PLR2004, the middle one
        )
        for limit in (100, 1_000, 10_000)
    ),
    Workload(
        name="create",
        clients=1,
        request="create",
        against=Against.STATEMENTS,
        statements="create",
        target=1 / 2.5,
        short=True,
    ),
    Workload(
        name="create",
        clients=16,
        request="create",
        against=Against.STATEMENTS,
        statements="create",
        target=0.6,
        short=True,
    ),
    Workload(
        name="create, automatic ID",
        clients=1,
        request="automatic",
        against=Against.STATEMENTS,
        statements="create_automatic",
        target=1 / 2.5,
    ),
    Workload(
        name="create, automatic ID",
        clients=16,
        request="automatic",
        against=Against.STATEMENTS,
        statements="create_automatic",
        target=0.6,
        short=True,
    ),
    Workload(
        name="create, one network",
        clients=16,
        request="create",
        against=Against.STATEMENTS,
        statements="create",
        networks=1,
    ),
    Workload(name="update", clients=16, request="update", against=Against.STATEMENTS, statements="update"),
    Workload(
        name="delete", clients=16, request="delete", against=Against.STATEMENTS, statements="delete", deletes=True
    ),
    *(
        Workload(
            name=f"allocate and release, {percent} % used",
            clients=clients,
            request="allocate",
            against=Against.STATEMENTS,
            statements="allocate",
            pool=f"pool-{percent}",
            requests=2,
        )
        for percent in (0, 50, 90, 99)
        for clients in (1, 16)
    ),
    Workload(
        name="drain 4,094 IDs",
        clients=32,
        request="drain",
        against=Against.STATEMENTS,
        statements="create_automatic",
        pool="pool-0",
        drains=True,
        target=0.4,
    ),
    *(
        Workload(
            name=name.replace("_", " "),
            clients=1,
            request=name,
            against=Against.ROWS,
            statements=name,
            hosts=True,
            limit=100,
        )
        for name in ("hosts_of_segment", "segments_of_host", "segments_of_hosts")
    ),
    Workload(
        name="report of host", clients=16, request="report", against=Against.STATEMENTS, statements="report", hosts=True
    ),
    Workload(
        name="bulk create 1000, one network",
        clients=1,
        request="bulk",
        against=Against.STATEMENTS,
        statements="create",
        records=1_000,
        short=True,
    ),
    *(
        Workload(name=f"neutron: {name}", clients=clients, request=request, against=Against.NEUTRON)
        for name, request in (
            ("create network, automatic VLAN ID", "create_network"),
            ("create segment, explicit ID", "create"),
        )
        for clients in (1, 16)
    ),
    Workload(
        name="neutron: create 20 networks at once",
        clients=1,
        request="create_networks",
        against=Against.NEUTRON,
        records=20,
    ),
    *(
        Workload(name=f"neutron: {name}", clients=16, request=request, against=Against.NEUTRON)
        for name, request in (
            ("show network", "show_network"),
            ("show segment", "show"),
            ("update network", "update_network"),
            ("update segment", "update"),
        )
    ),
    *(
        Workload(name=f"neutron: {name}", clients=16, request=request, against=Against.NEUTRON, deletes=True)
        for name, request in (("delete network", "delete_network"), ("delete segment", "delete"))
    ),
    Workload(name="neutron: page of 100 networks", clients=1, request="page_of_networks", against=Against.NEUTRON),
    *(
        Workload(name=f"neutron: list {limit} {of}", clients=1, request=request, against=Against.NEUTRON, limit=limit)
        for of, request in (("networks", "list_networks"), ("segments", "list"))
        for limit in (100, 1_000, 10_000)
    ),
)
