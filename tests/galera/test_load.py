"""Exactness under load on a cluster, with clients on all nodes: a commit that is refused there is run again."""

from tests.concurrency.load import CLIENTS, Range, RunSql, a_range, all_at_once, assert_exact, coming_and_going
from tests.concurrency.load import until_none_is_left as drain
from tests.servers.asking import ask
from tests.servers.load import SECONDS
from tests.servers.server import DatabaseServer
from tests.servers.service import Service

ALL_VLANS = 4094


def a_range_everywhere(services: list[Service], minimum: int, maximum: int, **others: object) -> Range:
    """Create a range and return when every node has it."""
    created = a_range(services[0].url, minimum, maximum, **others)
    for service in services:
        while ask(service.url, "GET", f"/v2.0/network_segment_ranges/{created.id}").status == 404:
            pass
    return created


def refused_commits(nodes: list[DatabaseServer]) -> int:
    """Return how many transactions the nodes have refused for others on other nodes."""
    status = "SELECT SUM(variable_value) FROM information_schema.global_status WHERE variable_name IN"
    counters = "('wsrep_local_cert_failures', 'wsrep_local_bf_aborts')"
    return sum(int(node.execute(f"{status} {counters}")[0][0]) for node in nodes)


def test_all_ids_of_a_range_are_handed_out_once_and_then_none(
    services: list[Service], run_sql: RunSql, nodes: list[DatabaseServer]
) -> None:
    vlans = a_range_everywhere(services, 1, ALL_VLANS)
    before = refused_commits(nodes)
    held = all_at_once([one.url for one in services], drain)
    assert refused_commits(nodes) > before, "nothing was proved of commits that are refused"
    assert sorted(held.values()) == list(range(1, ALL_VLANS + 1))
    assert_exact(services[0].url, run_sql, vlans, held)


def test_ids_that_come_and_go_are_used_or_available(services: list[Service], run_sql: RunSql) -> None:
    vlans = a_range_everywhere(services, 101, 100 + 3 * CLIENTS)
    held = all_at_once([one.url for one in services], coming_and_going(SECONDS, most=3))
    assert_exact(services[0].url, run_sql, vlans, held)
