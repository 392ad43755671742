"""What two nodes cannot both have, one of them has, although each locks for itself only."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from segmentary import Application, Network
from segmentary.catalog import SegmentRange
from segmentary.errors import NetworkNotFound, NetworkSegmentRangeOverlaps, SegmentaryError, TunnelIdInUse
from tests.concurrency.shrinking import delete_again_and_again, shrink_again_and_again
from tests.concurrency.test_idempotency import at_once as with_one_key
from tests.concurrency.test_segment import at_once
from tests.servers.load import SECONDS
from tests.servers.service import Service

RunSql = Callable[[str], Sequence[Sequence[Any]]]
ROUNDS = 5
CALLERS = 5  # on each node


def everywhere(apps: Sequence[Application], call: Callable[[Application], object]) -> list[Any]:
    """Let callers on every node do something at the same moment."""
    return at_once([partial(call, app) for app in apps] * CALLERS)


def kinds(results: Sequence[object]) -> Counter[type]:
    return Counter(type(one) for one in results)


def test_one_of_all_nodes_gets_a_vni(apps: list[Application], run_sql: RunSql) -> None:
    for number in range(1, ROUNDS + 1):
        create = partial(_with_vni, number=number)
        assert kinds(everywhere(apps, create)) == {Network: 1, TunnelIdInUse: CALLERS * len(apps) - 1}
    assert run_sql("SELECT COUNT(*) FROM segments")[0][0] == ROUNDS


def _with_vni(app: Application, number: int) -> Network:
    return app.networks.create(provider_network_type="vxlan", provider_segmentation_id=number)


def test_one_of_all_nodes_creates_an_overlapping_range(apps: list[Application], run_sql: RunSql) -> None:
    for place in range(ROUNDS):
        values = {"network_type": "gre", "minimum": 10 * place + 1, "maximum": 10 * place + 10}
        found = everywhere(apps, lambda app: app.segment_ranges.create(**values))  # noqa: B023 - called before the next round
        assert kinds(found) == {SegmentRange: 1, NetworkSegmentRangeOverlaps: CALLERS * len(apps) - 1}
    assert run_sql("SELECT COUNT(*) FROM network_segment_ranges")[0][0] == ROUNDS


def test_segments_added_on_all_nodes_have_different_indexes(apps: list[Application], run_sql: RunSql) -> None:
    network = apps[0].networks.create()
    for app in apps:
        wait_for(app, network)
    found = everywhere(apps, lambda app: app.segments.create(network_id=network.id, network_type="local"))
    assert not [one for one in found if isinstance(one, SegmentaryError)]
    indexes = [row[0] for row in run_sql("SELECT segment_index FROM segments ORDER BY segment_index")]
    assert indexes == list(range(1 + CALLERS * len(apps)))


def wait_for(app: Application, network: Network) -> None:
    while True:
        try:
            app.networks.show(network.id)
        except NetworkNotFound:
            continue
        return


def test_request_with_one_key_on_all_nodes_is_carried_out_once(services: list[Service], run_sql: RunSql) -> None:
    for number in range(ROUNDS):
        found = with_one_key(services, lambda _: {"network": {}}, lambda _: f"order-{number}")  # noqa: B023 - called before the next round
        assert {(one.status, one.body) for one in found} == {(201, found[0].body)}
    assert run_sql("SELECT COUNT(*) FROM networks")[0][0] == ROUNDS


def test_range_never_shrinks_away_from_an_id_that_another_node_claims(apps: list[Application], run_sql: RunSql) -> None:
    shrink_again_and_again(apps[0], apps[1:] * 4, run_sql, SECONDS)


def test_range_is_never_deleted_under_an_id_that_another_node_claims(apps: list[Application], run_sql: RunSql) -> None:
    delete_again_and_again(apps[0], apps[1:], run_sql, SECONDS)
