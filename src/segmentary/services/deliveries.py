"""Which event destinations this relay delivers to: those that it holds, one thread for each.

    free, or its row has not been written for LEASE_SECONDS --take--> held, row written every BEAT_SECONDS
                                                            <--stop-- or killed: another relay takes it in seconds

Each relay measures with its own clock how long a row has been as it is (`segmentary.db.deliveries`). While there is no
destination, nothing is written.
"""

import logging
import threading
import time
from uuid import uuid4

from segmentary.db import deliveries
from segmentary.db.deliveries import Lease
from segmentary.db.transaction import Database
from segmentary.errors import SegmentaryError
from segmentary.services.delivery import Delivery

LOG = logging.getLogger("segmentary.relay")
BEAT_SECONDS = 1.0
LEASE_SECONDS = 3.0
# How long the end waits for what is being sent; the rest is left to the next relay.
STOP_SECONDS = 5.0


class Deliveries:
    """Holds destinations and delivers to them."""

    def __init__(self, database: Database) -> None:
        """Prepare; `start` begins the work."""
        self._database = database
        self._holder = str(uuid4())
        self._held: dict[str, Delivery] = {}
        self._revisions: dict[str, int] = {}
        # Of rows that others hold: how often they had been written, and when that was seen first.
        self._seen: dict[str, tuple[int, float]] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work in a thread, which does not keep the process alive."""
        self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the work and give the destinations up."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self) -> None:
        """Tell that there are new events."""
        for one in list(self._held.values()):
            one.wake()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._tend()
            except SegmentaryError as error:
                LOG.warning("%s", error.message)
            self._stopping.wait(BEAT_SECONDS)
        self._end(list(self._held), STOP_SECONDS)

    def _tend(self) -> None:
        """Show that this relay lives, take what is free, leave what was lost."""
        found = {one.destination_id: one for one in self._database.read(deliveries.leases)}
        lost = [one for one in self._held if one not in found or found[one].holder != self._holder]
        # Whoever waits here writes no row: what still sends ends by itself.
        self._end([one for one, delivery in self._held.items() if one in lost or not delivery.is_alive], 0)
        if self._held:
            self._database.run(lambda tx: deliveries.beat(tx, self._holder))
        self._seen = {key: seen for key, seen in self._seen.items() if key in found}
        for one in found.values():
            if one.destination_id not in self._held and self._is_due(one) and self._take(one):
                delivery = Delivery(self._database, one.destination_id, self._holder)
                self._held[one.destination_id] = delivery
                delivery.start()
            elif self._revisions.get(one.destination_id) != one.revision and one.destination_id in self._held:
                # It was changed: what failed may work now.
                self._held[one.destination_id].wake()
            self._revisions[one.destination_id] = one.revision

    def _is_due(self, lease: Lease) -> bool:
        """Tell whether nobody delivers to a destination."""
        if lease.holder is None or lease.holder == self._holder:
            return True
        now = time.monotonic()
        turns, since = self._seen.get(lease.destination_id, (-1, now))
        if turns != lease.turns:
            self._seen[lease.destination_id] = (lease.turns, now)
            return False
        return now - since >= LEASE_SECONDS

    def _take(self, lease: Lease) -> bool:
        return self._database.run(lambda tx: deliveries.take(tx, lease, self._holder))

    def _end(self, destination_ids: list[str], seconds: float) -> None:
        """End deliveries, and give up those destinations to which nothing is sent any more after so many seconds."""
        ending = [(one, self._held.pop(one)) for one in destination_ids]
        for _, delivery in ending:
            delivery.stop()
        until = time.monotonic() + seconds
        ended = [one for one, delivery in ending if delivery.join(max(until - time.monotonic(), 0))]
        if ended:
            try:
                self._database.run(lambda tx: deliveries.release(tx, self._holder, ended))
            except SegmentaryError as error:
                LOG.warning("%s", error.message)
