"""Ranges that are created, changed and deleted at the same time, and while others allocate from them."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from itertools import count
from time import monotonic
from typing import Any

import pytest

from segmentary import Application
from segmentary.errors import (
    NetworkSegmentRangeNotFound,
    NetworkSegmentRangeOverlaps,
    NetworkSegmentRangeReferencedByProject,
    NoNetworkAvailable,
    SegmentaryError,
)
from tests.concurrency.test_segment import CALLERS, at_once
from tests.servers.load import SECONDS

RunSql = Callable[[str], Sequence[Sequence[Any]]]
VLAN = {"network_type": "vlan", "physical_network": "rack1"}
OUTSIDE = """
    SELECT segmentation_id FROM segments WHERE segmentation_id NOT IN (
        SELECT segmentation_id FROM segments JOIN network_segment_ranges ON segmentation_id BETWEEN minimum AND maximum
    )
"""


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


class Allocating:
    """Threads that take IDs of a type and give them back at once, until they are told to end."""

    def __init__(self, app: Application, threads: int, **provider: object) -> None:
        self.taken = count()
        self.failures: list[BaseException] = []
        self._app, self._provider = app, provider
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]
        for one in self._threads:
            one.start()

    def close(self) -> None:
        self._ended.set()
        for one in self._threads:
            one.join()

    def _work(self) -> None:
        try:
            while not self._ended.is_set():
                try:
                    network = self._app.networks.create(**self._provider)
                except NoNetworkAvailable:
                    continue
                next(self.taken)
                self._app.networks.delete(network.id)
        except BaseException as error:  # noqa: BLE001 - the test raises it
            self.failures.append(error)


@pytest.mark.load
def test_range_never_shrinks_away_from_an_id_that_is_just_being_claimed(app: Application, run_sql: RunSql) -> None:
    """Eight for three IDs: whenever the third is out of the range, nobody has it."""
    shrinking = app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=3)
    found: Counter[str] = Counter()
    until = monotonic() + SECONDS / 2
    with closing(Allocating(app, 8, provider_network_type="vxlan")) as allocating:
        while monotonic() < until and not allocating.failures:
            try:
                app.segment_ranges.update(shrinking.id, maximum=2)
            except NetworkSegmentRangeReferencedByProject:
                found["refused"] += 1
                continue
            found["shrunk"] += 1
            assert list(run_sql(OUTSIDE)) == []
            app.segment_ranges.update(shrinking.id, maximum=3)
    assert allocating.failures == []
    assert min(found["shrunk"], next(allocating.taken)) > 0, found


@pytest.mark.load
def test_range_is_never_deleted_under_an_id_that_is_just_being_claimed(app: Application, run_sql: RunSql) -> None:
    values = {"network_type": "vxlan", "minimum": 1, "maximum": 3}
    app.segment_ranges.create(**values)
    found: Counter[str] = Counter()
    until = monotonic() + SECONDS / 2
    with closing(Allocating(app, 2, provider_network_type="vxlan")) as allocating:
        while monotonic() < until and not allocating.failures:
            (current,) = app.segment_ranges.list()
            try:
                app.segment_ranges.delete(current.id)
            except NetworkSegmentRangeReferencedByProject:
                found["refused"] += 1
                continue
            found["deleted"] += 1
            assert list(run_sql(OUTSIDE)) == []
            app.segment_ranges.create(**values)
    assert allocating.failures == []
    assert min(found["deleted"], next(allocating.taken)) > 0, found


def test_range_deleted_by_many_at_once_is_deleted_once(app: Application, run_sql: RunSql) -> None:
    created = app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=10)
    results = at_once([lambda: app.segment_ranges.delete(created.id)] * CALLERS)
    assert kinds(results) == {type(None): 1, NetworkSegmentRangeNotFound: CALLERS - 1}
    assert list(run_sql("SELECT id FROM network_segment_ranges")) == []
