"""The relay: numbers committed events, tells those who wait for them, delivers them, and drops those no longer kept.

    request thread: COMMIT --wake--> relay thread: number -> signal readers of this process
    other processes:                 relay thread: look every few moments for what they numbered or left unnumbered

Each server process has one, which with the setting `relay=0` only looks; `segmentary relay` is one more. They number
one after the other through the relay's row, so that any of them may be killed at any moment: what it did not commit the
next one does.
"""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

from segmentary.db import deliveries, outbox
from segmentary.db.transaction import Database, Tx
from segmentary.errors import SegmentaryError
from segmentary.services.deliveries import Deliveries
from segmentary.services.feed import Feed
from segmentary.settings import Settings

LOG = logging.getLogger("segmentary.relay")
# After each look: commits that follow each other closely are numbered together.
PAUSE_SECONDS = 0.01
QUIET_PAUSE_SECONDS = 0.05
# Without a wake: another process may have died before numbering, or may have numbered what a reader here waits for.
IDLE_SECONDS = 0.25
WAITED_FOR_SECONDS = 0.03
AWAY_SECONDS = 1.0
CLEAN_SECONDS = 60.0
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class Relay:
    """Numbers the events of a database and signals them to the readers of a feed."""

    def __init__(self, database: Database, feed: Feed, settings: Settings) -> None:
        """Prepare; `start` begins the work."""
        self._database, self._feed, self._settings = database, feed, settings
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._latest = 0
        self._clean_at = 0.0
        self._deliveries = Deliveries(database)

    def wake(self) -> None:
        """Tell that a transaction with events was committed in this process."""
        if not self._woken.is_set():
            self._woken.set()

    def start(self) -> None:
        """Begin to work in a thread, which does not keep the process alive."""
        self._thread = threading.Thread(target=self.run, name="relay", daemon=True)
        self._thread.start()
        if self._settings.relay:
            self._deliveries.start()

    def stop(self) -> None:
        """End the work and wait for that."""
        self._stopping.set()
        self._woken.set()
        self._deliveries.stop()
        if self._thread is not None:
            self._thread.join()

    def hand_over(self) -> None:
        """Leave delivering to other relays, and go on with numbering."""
        self._deliveries.stop()

    def run(self) -> None:
        """Work until `stop` is called."""
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                again = self.work()
            except SegmentaryError as error:
                LOG.warning("%s", error.message)
                self._stopping.wait(AWAY_SECONDS)
                continue
            if again:
                continue
            self._woken.wait(WAITED_FOR_SECONDS if self._feed.is_waited_for else IDLE_SECONDS)
            self._stopping.wait(PAUSE_SECONDS if self._feed.is_waited_for else QUIET_PAUSE_SECONDS)

    def work(self) -> bool:
        """Number what waits and drop what is too old, a batch of each; tell whether there may be more."""
        waiting, latest = self._database.read(outbox.state)
        numbers = waiting and self._settings.relay
        numbered = self._database.run(outbox.number) if numbers else 0
        if numbered or latest != self._latest:
            self._latest = latest + numbered
            self._feed.signal()
            self._deliveries.wake()
        return numbered == outbox.BATCH or bool(self._settings.relay and self._clean())

    def _clean(self) -> bool:
        if time.monotonic() < self._clean_at:
            return False
        kept, days = self._settings.events_kept, self._settings.events_kept_days
        oldest_time = (datetime.now(UTC) - timedelta(days=days)).strftime(TIME_FORMAT) if days else ""
        dropped = self._database.run(lambda tx: _drop(tx, kept, oldest_time))
        if not dropped:
            self._clean_at = time.monotonic() + CLEAN_SECONDS
        return bool(dropped)


def _drop(tx: Tx, kept: int, oldest_time: str) -> int:
    """Drop the oldest events, a batch at most, but none that a destination has still to get.

    Never the latest one: numbers go on from it.
    """
    outbox.take_turn(tx)
    delivered = deliveries.lowest_acknowledged(tx)
    last_beyond = outbox.latest(tx) - kept if kept else 0
    last = 0
    for sequence, created_at in outbox.oldest_rows(tx)[:-1]:
        if sequence > last_beyond and created_at >= oldest_time:
            break
        if delivered is not None and sequence > delivered:
            break
        last = sequence
    return outbox.drop_through(tx, last) if last else 0
