"""Delivery to one event destination: at least once, in order for each record, acknowledged after the receiver has it.

    page of the feed    A1 B1 A2 C1 B2        letters are records, numbers the order of their events
    first wave          A1 B1 C1              the first event of each record, sent together
    second wave         A2 B2

    away     the receiver does not answer, or says that it cannot now   all waits, as long as it takes
    refusal  it answers that it does not want this event                sent again `attempts` times, then a dead letter
    dead     a record with a dead letter                                its later events become dead letters unsent

So a receiver never gets an event of a record before an earlier one of it, also not by a replay, which sends the dead
letters of a record in their order. What was delivered beyond `acknowledged` is known to this process only: whoever
follows it sends that again, under the same event ids.
"""

import logging
import random
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from segmentary.catalog import EventDestination
from segmentary.catalog.event import NumberedEvent
from segmentary.catalog.event_destination import NOTIFICATION
from segmentary.db import deliveries, outbox, records
from segmentary.db.deliveries import DeadLetter
from segmentary.db.transaction import Database, Tx
from segmentary.delivery import Failure, Message, Sender, Target, open_sender
from segmentary.errors import EventDestinationNotFound, EventsDropped, SegmentaryError
from segmentary.rules.attribute import describe
from segmentary.services.event_destination import types_of
from segmentary.wire import cloud_event, notification

LOG = logging.getLogger("segmentary.relay")
# Events looked at, and sent together, at once.
BATCH = 200
# Without a wake: another process may have numbered events, or asked for a replay.
LOOK_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 60.0
_MOST_DOUBLINGS = 10
FOLLOWS = "an earlier event of the record is a dead letter"


class LostError(Exception):
    """Another relay delivers to the destination now, or it is gone."""


class _FailedError(Exception):
    """Some of what was sent did not arrive; the text says why."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What there is to do for a destination at one moment.

    `events` are those of a page of the feed that reaches to `sequence`; `dead` the records with dead letters, and
    whether those are replayed; `replays` those dead letters.
    """

    destination: EventDestination
    acknowledged: int
    sequence: int
    events: list[NumberedEvent]
    dead: dict[str, bool]
    replays: dict[int, DeadLetter]


class Delivery:
    """Delivers to one destination in a thread, as long as this relay holds it."""

    def __init__(self, database: Database, destination_id: str, holder: str) -> None:
        """Prepare; `start` begins the work."""
        self._database, self._id, self._holder = database, destination_id, holder
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"delivery {destination_id}", daemon=True)
        self._sender: Sender | None = None
        self._opened_for: Target | None = None
        # Numbers of events that need not be sent any more, beyond what is acknowledged; how often others were refused.
        self._settled: set[int] = set()
        self._refusals: Counter[int] = Counter()
        self._failed = 0

    @property
    def is_alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def wake(self) -> None:
        """Tell that there may be something new."""
        self._woken.set()

    def stop(self) -> None:
        """End the work after what is being sent."""
        self._stopping.set()
        self._woken.set()

    def join(self, seconds: float) -> bool:
        """Wait for the end of the work; tell whether it ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                pause = self._step()
                if pause:
                    self._woken.wait(pause)
        except LostError:
            LOG.info("event destination %s is no longer delivered to from here", self._id)
        finally:
            self._close()

    def _step(self) -> float:
        """Deliver a wave; return the seconds to wait before the next step."""
        try:
            work = self._look()
            if work.destination.paused:
                self._close()
                return LOOK_SECONDS
            has_more = self._deliver(work)
        except _FailedError as failed:
            return self._pause_after(str(failed))
        except SegmentaryError as error:
            return self._pause_after(error.message)
        except LostError:
            raise
        except Exception as error:
            # A defect must neither end the delivery nor go on unseen.
            LOG.exception("delivery to event destination %s", self._id)
            return self._pause_after(f"{type(error).__name__}: {error}")
        if not has_more and self._sender is not None:
            self._sender.rest()
        return 0 if has_more else LOOK_SECONDS

    def _pause_after(self, reason: str) -> float:
        """Note a failure; return how long to wait: each time twice as long, a part of it by chance."""
        self._failed += 1
        LOG.warning("event destination %s: %s", self._id, reason)
        try:
            is_ours = self._database.run(lambda tx: deliveries.fail(tx, self._id, self._holder, reason))
        except SegmentaryError as error:
            LOG.warning("event destination %s: %s", self._id, error.message)
            is_ours = True
        if not is_ours:
            raise LostError
        times = min(max([self._failed, *self._refusals.values()]), _MOST_DOUBLINGS)
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**times)
        return random.uniform(longest / 2, longest)  # noqa: S311, spreads the load, no secret

    def _look(self) -> _Work:
        """Read the destination and what it is to get next."""

        def work(tx: Tx) -> _Work:
            row = records.show(tx, describe(EventDestination), self._id)
            destination = records.as_records(EventDestination, [row])[0]
            if destination.paused:
                return _Work(destination, 0, 0, [], {}, {})
            progress = deliveries.progress(tx, [self._id])[self._id]
            types = types_of(destination)
            page = outbox.excerpt(tx, progress.acknowledged, BATCH, {"type": types} if types else {})
            if progress.acknowledged + 1 < page.oldest:
                raise EventsDropped(after=progress.acknowledged, oldest=page.oldest)
            is_full = len(page.events) == BATCH
            sequence = page.events[-1].sequence if is_full else max(page.latest, progress.acknowledged)
            dead = deliveries.dead_records(tx, self._id) if progress.dead_letters else {}
            replays = deliveries.replayed(tx, self._id, BATCH) if any(dead.values()) else []
            numbered = {one.event.sequence: one for one in replays}
            return _Work(destination, progress.acknowledged, sequence, page.events, dead, numbered)

        try:
            return self._database.read(work, one_state=True)
        except EventDestinationNotFound:
            raise LostError from None

    def _deliver(self, work: _Work) -> bool:
        """Send a wave and store what became of it; tell whether there is more to do at once."""
        fresh = [one for one in work.events if one.sequence not in self._settled]
        followers = [one for one in fresh if one.resource_id in work.dead]
        again = [one.event for one in work.replays.values()]
        wave = _first_of_each([*again, *(one for one in fresh if one.resource_id not in work.dead)])
        outcomes = self._send(work.destination, wave)
        taken = [one for one, failure in zip(wave, outcomes, strict=True) if failure is None]
        given_up = self._given_up(work.destination, wave, outcomes)
        if taken or given_up or followers or (work.sequence > work.acknowledged and not fresh):
            self._store(work, taken, given_up, followers)
            self._failed = 0
        failures = [failure for failure in outcomes if failure is not None]
        if failures:
            raise _FailedError(failures[0].reason)
        return bool(wave or followers)

    def _send(self, destination: EventDestination, events: list[NumberedEvent]) -> list[Failure | None]:
        if not events:
            return []
        target = Target(
            url=destination.endpoint,
            topic=destination.topic,
            routing_key=notification.ROUTING_KEY if destination.shape == NOTIFICATION else None,
            username=destination.username,
            secret=destination.secret if isinstance(destination.secret, str) else None,
            timeout=destination.timeout,
        )
        if self._sender is None or target != self._opened_for:
            self._close()
            self._sender = open_sender(destination.kind, target)
            self._opened_for = target
        shape = notification if destination.shape == NOTIFICATION else cloud_event
        return self._sender.send(
            [Message(id=one.id, type=one.type, content_type=shape.CONTENT_TYPE, body=shape.body(one)) for one in events]
        )

    def _given_up(
        self, destination: EventDestination, wave: list[NumberedEvent], outcomes: list[Failure | None]
    ) -> list[DeadLetter]:
        """Return the events that were refused once too often."""
        found = []
        for one, failure in zip(wave, outcomes, strict=True):
            if failure is not None and failure.is_refusal:
                self._refusals[one.sequence] += 1
                if self._refusals[one.sequence] >= destination.attempts:
                    attempts = self._refusals.pop(one.sequence)
                    found.append(DeadLetter(one, attempts, failure.reason, "", replay=False))
        return found

    def _store(
        self, work: _Work, taken: list[NumberedEvent], given_up: list[DeadLetter], followers: list[NumberedEvent]
    ) -> None:
        """Store how far the destination is and what it gave up; raise `LostError` if another relay has it."""
        settled = self._settled.union(one.sequence for one in taken)

        def note(tx: Tx) -> set[int]:
            # The row first: whoever replays or forgets dead letters writes it too.
            if not deliveries.advance(tx, self._id, self._holder, _reached(work, settled)):
                raise LostError
            if not (given_up or followers or work.replays):
                return settled
            buried = self._note_letters(tx, work, taken, given_up, followers)
            deliveries.advance(tx, self._id, self._holder, _reached(work, settled | buried))
            return settled | buried

        after = self._database.run(note)
        for one in taken:
            self._refusals.pop(one.sequence, None)
        reached = _reached(work, after)
        self._settled = {one for one in after if one > reached}

    def _note_letters(
        self,
        tx: Tx,
        work: _Work,
        taken: list[NumberedEvent],
        given_up: list[DeadLetter],
        followers: list[NumberedEvent],
    ) -> set[int]:
        """Store what became of dead letters and what becomes one; return the numbers of the new ones."""
        dead = deliveries.dead_records(tx, self._id)
        for one in taken:
            if one.sequence in work.replays:
                deliveries.forget(tx, self._id, one.sequence)
        new = []
        for letter in given_up:
            if letter.event.sequence in work.replays:
                deliveries.blame(tx, self._id, letter)
                deliveries.give_up(tx, self._id, letter.event.resource_id)
            else:
                new.append(letter.dated(tx.now))
        # A record whose dead letters are all forgotten meanwhile goes on with the next wave.
        new += [
            DeadLetter(one, 0, FOLLOWS, tx.now, replay=dead[one.resource_id])
            for one in followers
            if one.resource_id in dead
        ]
        deliveries.bury(tx, self._id, new)
        return {one.event.sequence for one in new}

    def _close(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()


def _first_of_each(events: Iterable[NumberedEvent]) -> list[NumberedEvent]:
    """Return the first event of each record."""
    firsts: dict[str, NumberedEvent] = {}
    for one in events:
        firsts.setdefault(one.resource_id, one)
    return list(firsts.values())


def _reached(work: _Work, settled: set[int]) -> int:
    """Return the number up to which nothing of a page is left to send."""
    for one in work.events:
        if one.sequence not in settled:
            return one.sequence - 1
    return max(work.sequence, work.acknowledged)
