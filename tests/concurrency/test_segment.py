"""Sixteen callers at once: one holder of each claim, one index for each segment, no orphan, and no strange error."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from segmentary import Application, Network
from segmentary.errors import (
    NetworkNotFound,
    PhysicalNetworkInUse,
    PhysicalNetworkNotFound,
    RevisionNumberConstraintFailed,
    RuleBroken,
    SegmentaryError,
    TunnelIdInUse,
    VlanIdInUse,
)

RunSql = Callable[[str], Sequence[Sequence[Any]]]
CALLERS = 16
ROUNDS = 4
ORPHANS = "SELECT count(*) FROM segments WHERE network_id NOT IN (SELECT id FROM networks)"


def at_once(calls: Iterable[Callable[[], Any]]) -> list[Any]:
    """Make all calls at the same moment; return what each returned, or the refusal that it met."""
    made = list(calls)
    ready = threading.Barrier(len(made))

    def one(call: Callable[[], Any]) -> Any:  # noqa: ANN401, whatever is called
        ready.wait(30)
        try:
            return call()
        except SegmentaryError as error:
            return error

    with ThreadPoolExecutor(len(made)) as threads:
        return list(threads.map(one, made))


def vlan(app: Application, network: Network, number: int) -> Callable[[], Any]:
    return lambda: app.segments.create(
        network_id=network.id, network_type="vlan", physical_network="rack", segmentation_id=number
    )


def test_one_of_many_callers_gets_a_vlan_and_the_others_are_told_who_has_it(app: Application, run_sql: RunSql) -> None:
    app.physical_networks.create(name="rack")
    networks = [app.networks.create() for _ in range(CALLERS)]
    results = at_once(vlan(app, network, 100) for network in networks)
    ((segment_id, network_id),) = run_sql("SELECT id, network_id FROM segments WHERE network_type = 'vlan'")
    refused = [one for one in results if isinstance(one, SegmentaryError)]
    assert len(refused) == CALLERS - 1
    assert {type(one) for one in refused} == {VlanIdInUse}
    assert {one.message for one in refused} == {
        f"The VLAN 100 on physical network rack is in use by segment {segment_id} of network {network_id}."
    }


def test_one_of_many_networks_is_created_with_a_vni_and_the_others_leave_nothing(
    app: Application, run_sql: RunSql
) -> None:
    results = at_once(
        [lambda: app.networks.create(provider_network_type="vxlan", provider_segmentation_id=7)] * CALLERS
    )
    assert Counter(type(one) for one in results) == {Network: 1, TunnelIdInUse: CALLERS - 1}
    counts = [run_sql(f"SELECT count(*) FROM {table}")[0][0] for table in ("networks", "segments", "events")]
    assert counts == [1, 1, 2]


def test_segments_added_to_one_network_get_different_indexes_without_gaps(app: Application, run_sql: RunSql) -> None:
    network = app.networks.create()
    items = [{"network_id": network.id, "network_type": "local"}] * 2
    results = at_once([lambda: app.segments.create_many(items)] * CALLERS)
    assert not [one for one in results if isinstance(one, SegmentaryError)]
    indexes = [row[0] for row in run_sql("SELECT segment_index FROM segments ORDER BY segment_index")]
    assert indexes == list(range(2 * CALLERS + 1))


def test_segment_refused_for_its_claim_leaves_no_gap_in_the_indexes(app: Application, run_sql: RunSql) -> None:
    app.physical_networks.create(name="rack")
    network = app.networks.create()
    at_once(vlan(app, network, 1 + number % 4) for number in range(CALLERS))
    indexes = [row[0] for row in run_sql("SELECT segment_index FROM segments ORDER BY segment_index")]
    assert indexes == list(range(5))


def test_network_deleted_while_segments_are_added_leaves_no_orphan(app: Application, run_sql: RunSql) -> None:
    app.physical_networks.create(name="rack")
    for round_number in range(ROUNDS):
        network = app.networks.create()
        adding = [vlan(app, network, 1 + round_number * CALLERS + number) for number in range(CALLERS - 2)]
        results = at_once([*adding, *[partial(app.networks.delete, network.id)] * 2])
        errors = {type(one) for one in results if isinstance(one, SegmentaryError)}
        assert errors == {NetworkNotFound}, "one of the two that delete comes too late"
        assert run_sql(ORPHANS)[0][0] == 0
        assert run_sql("SELECT count(*) FROM networks")[0][0] == 0
    created, deleted = (
        run_sql(f"SELECT count(*) FROM events WHERE type = 'segment.{verb}'")[0][0] for verb in ("created", "deleted")
    )
    assert created == deleted >= ROUNDS


def test_physical_network_deleted_while_segments_come_is_gone_or_in_use(app: Application) -> None:
    network = app.networks.create()
    for round_number in range(ROUNDS):
        rack = app.physical_networks.create(name="rack")
        adding = [vlan(app, network, 1 + round_number * CALLERS + number) for number in range(CALLERS - 2)]
        results = at_once([*adding, *[partial(app.physical_networks.delete, rack.id)] * 2])
        errors = {type(one) for one in results if isinstance(one, SegmentaryError)}
        assert errors <= {RuleBroken, PhysicalNetworkInUse, PhysicalNetworkNotFound}
        on_rack = app.segments.list(network_type="vlan")
        if app.physical_networks.list():
            assert on_rack
        else:
            assert not on_rack
            continue
        for segment in on_rack:
            app.segments.delete(segment.id)
        app.physical_networks.delete(rack.id)


def test_physical_network_of_a_name_is_created_once(app: Application, run_sql: RunSql) -> None:
    results = at_once([lambda: app.physical_networks.create(name="rack")] * CALLERS)
    ((rack_id,),) = run_sql("SELECT id FROM physical_networks")
    refused = [one.message for one in results if isinstance(one, SegmentaryError)]
    assert refused == [f"A physical network named rack exists already, with id {rack_id}."] * (CALLERS - 1)


def test_one_of_many_changes_of_a_known_revision_is_made(app: Application) -> None:
    network = app.networks.create()
    results = at_once(
        [lambda: app.networks.update(network.id, if_revision=network.revision_number, name="mine")] * CALLERS
    )
    assert Counter(type(one) for one in results) == {Network: 1, RevisionNumberConstraintFailed: CALLERS - 1}


def test_every_unconditional_change_counts(app: Application, run_sql: RunSql) -> None:
    network = app.networks.create()
    results = at_once([partial(app.networks.update, network.id, name=f"{number}") for number in range(CALLERS)])
    assert sorted(one.revision_number for one in results) == list(range(1, CALLERS + 1))
    assert run_sql("SELECT revision_number FROM networks")[0][0] == CALLERS
    assert run_sql("SELECT count(*) FROM events WHERE type = 'network.updated'")[0][0] == CALLERS


def test_two_networks_that_swap_their_vlans_end_with_one_holder_for_each(app: Application, run_sql: RunSql) -> None:
    """Each wants what the other holds: whoever comes first is refused, and nobody waits for ever."""
    app.physical_networks.create(name="rack")
    networks = [
        app.networks.create(
            provider_network_type="vlan", provider_physical_network="rack", provider_segmentation_id=number
        )
        for number in (1, 2)
    ]
    for _ in range(ROUNDS):
        results = at_once(
            partial(app.networks.update, network.id, provider_segmentation_id=number)
            for network, number in zip(networks, (2, 1), strict=True)
        )
        assert {type(one) for one in results if isinstance(one, SegmentaryError)} == {VlanIdInUse}
    assert sorted(row[0] for row in run_sql("SELECT segmentation_id FROM segments")) == [1, 2]


@pytest.mark.parametrize("kind", ["network", "segment"])
def test_deleted_by_many_at_once_is_deleted_once(app: Application, run_sql: RunSql, kind: str) -> None:
    network = app.networks.create()
    collection = app.networks if kind == "network" else app.segments
    record_id = network.id if kind == "network" else app.segments.list()[0].id
    results = at_once([lambda: collection.delete(record_id)] * CALLERS)
    assert Counter(type(one) for one in results)[type(None)] == 1
    assert {type(one).__name__ for one in results if one is not None} == {f"{kind.capitalize()}NotFound"}
    assert run_sql(f"SELECT count(*) FROM events WHERE type = '{kind}.deleted'")[0][0] == 1
