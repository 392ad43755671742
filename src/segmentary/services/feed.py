"""The feed: numbered events, read after a number, and places to wait for more.

    page(query)     what there is                      wait_for(query)   what there is, or will be before time is up
    follow(query)   page after page for as long as it is wanted

Waiting takes a place, of which there are few, because it occupies a thread of the server; it occupies no database
connection. A wait ends when this process has numbered events or has seen that another did (`signal`), and looks by
itself now and then where nobody signals.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from segmentary.catalog.actor import LIBRARY, Actor
from segmentary.catalog.event import NumberedEvent
from segmentary.db import deadline, outbox
from segmentary.db.transaction import Database
from segmentary.errors import EventsDropped
from segmentary.services.event_rights import EventRights
from segmentary.services.policy import Policy
from segmentary.wire.event import EventQuery

LOOK_SECONDS = 0.5
# Between looks that find nothing, however many events of others come.
REST_SECONDS = 0.1


class Page:
    """Events, and `sequence`, the number after which the next ones are to be asked for."""

    __slots__ = ("events", "sequence")

    def __init__(self, events: list[NumberedEvent], sequence: int) -> None:
        """Keep them."""
        self.events, self.sequence = events, sequence


class Feed:
    """The numbered events of a database; safe to be called from several threads."""

    def __init__(self, database: Database, policy: Policy, places: int) -> None:
        """Show what the policy lets an actor read, and let this many wait at once."""
        self._database, self._policy = database, policy
        self._free = places
        self._places = places
        self._changed = threading.Condition()
        self._signals = 0
        self._closed = False

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits."""
        return self._free < self._places

    def signal(self) -> None:
        """Tell those who wait that there are new events."""
        with self._changed:
            self._signals += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Send everybody away who waits, and let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def latest(self) -> int:
        """Return the latest number, 0 if there is none."""
        return self._database.read(outbox.latest)

    def page(self, query: EventQuery, actor: Actor = LIBRARY) -> Page:
        """Return the events asked for that there are and the actor may read.

        Raises `EventsDropped` if some before them are gone, `PolicyNotAuthorized` if the actor may read none.
        """
        rights = self._policy.event_rights(actor)
        filters = query.filters if rights is None else rights.filters(query.filters)
        excerpt = self._database.read(lambda tx: outbox.excerpt(tx, query.after, query.limit, filters))
        if query.after + 1 < excerpt.oldest:
            raise EventsDropped(after=query.after, oldest=excerpt.oldest)
        events = excerpt.events if rights is None else [_readable(one, rights) for one in excerpt.events]
        if len(events) == query.limit:
            return Page(events, events[-1].sequence)
        # Everything up to the latest number was looked at in the same state of the database.
        return Page(events, max(query.after, excerpt.latest))

    def wait_for(self, query: EventQuery, actor: Actor) -> Page:
        """Return the events asked for, waiting up to `query.wait` seconds for the first if there is a free place."""
        page = Page([], query.after)
        with self.place() as has_place:
            for page in self.follow(query, time.monotonic() + (query.wait if has_place else 0), actor):
                if page.events:
                    break
        return page

    def follow(self, query: EventQuery, until: float, actor: Actor) -> Iterator[Page]:
        """Return pages, at least one, until a moment of `time.monotonic`; an empty one whenever nothing came in time.

        The caller holds a `place`.
        """
        was_empty = False
        while True:
            signals = self._signals
            deadline.renew()  # for as long as was asked for, nothing was done
            page = self.page(query, actor)
            yield page
            query = replace(query, after=page.sequence)
            if not self._goes_on(until):
                return
            if not page.events:
                self._wait(signals, until, REST_SECONDS if was_empty else 0)
            was_empty = not page.events

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Take a place for the length of a wait; tell whether there was one."""
        with self._changed:
            has_place = self._free > 0 and not self._closed
            self._free -= has_place
        try:
            yield has_place
        finally:
            with self._changed:
                self._free += has_place

    def _goes_on(self, until: float) -> bool:
        return not self._closed and time.monotonic() < until

    def _wait(self, signals: int, until: float, rest: float) -> None:
        """Rest, then wait for a signal after the first `signals`, for a short while at most."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, min(rest, until - time.monotonic()))
            seconds = min(LOOK_SECONDS, until - time.monotonic())
            if self._signals == signals and seconds > 0 and not self._closed:
                self._changed.wait(seconds)


def _readable(event: NumberedEvent, rights: EventRights) -> NumberedEvent:
    actor, request_id = rights.actor(event.actor, event.request_id, event.project_id, event.actor_project_id)
    return replace(event, payload=rights.payload(event.type, event.payload), actor=actor, request_id=request_id)
