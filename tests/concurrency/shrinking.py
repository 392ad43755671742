"""A range that shrinks or goes while others allocate from it: none of them may be left outside of it.

Several threads for three IDs: when it shrinks, the third is often just being claimed.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from time import monotonic
from typing import Any

from segmentary import Application
from segmentary.errors import NetworkSegmentRangeReferencedByProject, NoNetworkAvailable, TryAgain

RunSql = Callable[[str], Sequence[Sequence[Any]]]
VNIS = {"network_type": "vxlan", "minimum": 1, "maximum": 3}
OUTSIDE = """
    SELECT segmentation_id FROM segments WHERE segmentation_id NOT IN (
        SELECT segmentation_id FROM segments JOIN network_segment_ranges ON segmentation_id BETWEEN minimum AND maximum
    )
"""
# A transaction on another node of a cluster may end a little after the one that it contradicts.
LOOKS = 5


class Allocating:
    """Threads, each on an application, that take VNIs and give them back at once, until they are told to end."""

    def __init__(self, apps: Sequence[Application]) -> None:
        self.taken = 0
        self.failures: list[BaseException] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(app,)) for app in apps]
        for one in self._threads:
            one.start()

    def close(self) -> None:
        self._ended.set()
        for one in self._threads:
            one.join()

    def _work(self, app: Application) -> None:
        try:
            while not self._ended.is_set():
                try:
                    network = app.networks.create(provider_network_type="vxlan")
                except NoNetworkAvailable:
                    continue
                self.taken += 1
                app.networks.delete(network.id)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the thread raises it
            self.failures.append(error)


def shrink_again_and_again(
    app: Application, allocating: Sequence[Application], run_sql: RunSql, seconds: float
) -> None:
    """Shrink and grow a range while the others allocate."""
    record_id = app.segment_ranges.create(**VNIS).id

    def shrink() -> None:
        app.segment_ranges.update(record_id, maximum=2)

    again_and_again(shrink, lambda: app.segment_ranges.update(record_id, maximum=3), allocating, run_sql, seconds)


def delete_again_and_again(
    app: Application, allocating: Sequence[Application], run_sql: RunSql, seconds: float
) -> None:
    """Delete a range and create it again while the others allocate."""
    app.segment_ranges.create(**VNIS)

    def delete() -> None:
        (current,) = app.segment_ranges.list()
        app.segment_ranges.delete(current.id)

    again_and_again(delete, lambda: app.segment_ranges.create(**VNIS), allocating, run_sql, seconds)


def again_and_again(
    take: Callable[[], object],
    put_back: Callable[[], object],
    allocating: Sequence[Application],
    run_sql: RunSql,
    seconds: float,
) -> None:
    """Take IDs out of a range and put them back: whenever they are out, nobody has one of them."""
    taken_out = 0
    until = monotonic() + seconds
    with closing(Allocating(allocating)) as others:
        while monotonic() < until and not others.failures:
            try:
                take()
            except NetworkSegmentRangeReferencedByProject:
                pass
            except TryAgain:
                # Other nodes of a cluster do not wait for its locks, and can be in its way whenever it is run.
                if allocating.count(allocating[0]) == len(allocating):
                    raise
            else:
                taken_out += 1
                for _ in range(LOOKS):
                    outside = list(run_sql(OUTSIDE))
                    assert outside == [], outside
                put_back()
    assert others.failures == [], others.failures
    assert min(taken_out, others.taken) > 0
