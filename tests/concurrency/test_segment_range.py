"""Ranges that are created, changed and deleted at the same time, and while others allocate from them."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from segmentary import Application
from segmentary.errors import (
    NetworkSegmentRangeNotFound,
    NetworkSegmentRangeOverlaps,
    SegmentaryError,
)
from tests.concurrency.shrinking import delete_again_and_again, shrink_again_and_again
from tests.concurrency.test_segment import CALLERS, at_once
from tests.servers.load import SECONDS

RunSql = Callable[[str], Sequence[Sequence[Any]]]
VLAN = {"network_type": "vlan", "physical_network": "rack1"}


def kinds(results: Sequence[object]) -> Counter[type]:
    return Counter(type(one) for one in results)


@pytest.mark.parametrize("declared", [True, False])
def test_one_of_many_overlapping_ranges_is_created(app: Application, run_sql: RunSql, declared: bool) -> None:  # noqa: FBT001 - a parameter
    if declared:
        app.physical_networks.create(name="rack1")
    results = at_once(
        partial(app.segment_ranges.create, minimum=100 - number, maximum=200 + number, **VLAN)
        for number in range(CALLERS)
    )
    assert kinds(results)[NetworkSegmentRangeOverlaps] == CALLERS - 1
    ((created,),) = run_sql("SELECT id FROM network_segment_ranges")
    refused = [one.message for one in results if isinstance(one, SegmentaryError)]
    assert all(str(created) in message for message in refused)
    assert len(run_sql("SELECT id FROM physical_networks")) == 1


def test_of_neighbours_that_grow_into_each_other_one_grows(app: Application, run_sql: RunSql) -> None:
    left = app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=10)
    right = app.segment_ranges.create(network_type="vxlan", minimum=20, maximum=30)
    grow = [
        partial(app.segment_ranges.update, left.id, maximum=15),
        partial(app.segment_ranges.update, right.id, minimum=15),
    ]
    results = at_once(grow * (CALLERS // 2))
    refused = [one for one in results if isinstance(one, SegmentaryError)]
    assert {type(one) for one in refused} == {NetworkSegmentRangeOverlaps}
    assert len(refused) == CALLERS // 2
    bounds = sorted(tuple(row) for row in run_sql("SELECT minimum, maximum FROM network_segment_ranges"))
    assert bounds in ([(1, 15), (20, 30)], [(1, 10), (15, 30)])


@pytest.mark.load
def test_range_never_shrinks_away_from_an_id_that_is_just_being_claimed(app: Application, run_sql: RunSql) -> None:
    shrink_again_and_again(app, [app] * 8, run_sql, SECONDS / 2)


@pytest.mark.load
def test_range_is_never_deleted_under_an_id_that_is_just_being_claimed(app: Application, run_sql: RunSql) -> None:
    delete_again_and_again(app, [app] * 2, run_sql, SECONDS / 2)


def test_range_deleted_by_many_at_once_is_deleted_once(app: Application, run_sql: RunSql) -> None:
    created = app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=10)
    results = at_once([lambda: app.segment_ranges.delete(created.id)] * CALLERS)
    assert kinds(results) == {type(None): 1, NetworkSegmentRangeNotFound: CALLERS - 1}
    assert list(run_sql("SELECT id FROM network_segment_ranges")) == []
