"""Calls that wait at the same moment are done together, in one transaction, and each is answered by itself.

    first caller        ----works for itself------|
    those who meanwhile come  ....wait............|--the first of them works for all--|
    and those after them                             ....wait.........................|-- ...

Alone is what a caller is who finds nobody at work, so that a quiet server does nothing differently; and who has waited
for long, as one group may wait for a lock that is none of the others' business.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from segmentary.errors import TryAgain

Key = TypeVar("Key")
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
MOST = 64
# A group takes a few milliseconds, unless it waits for a lock.
PATIENCE_SECONDS = 0.25


class ApartError(Exception):
    """Raised by work for several that each had better be done alone."""


class _Place(Generic[Key, Asked, Answer]):
    """A caller who waits: until it is `answered`, is to work for a `group`, or neither, and then works alone."""

    __slots__ = ("answered", "asked", "error", "group", "key", "turn")

    def __init__(self, key: Key, asked: Asked) -> None:
        self.key, self.asked = key, asked
        self.group: list[_Place[Key, Asked, Answer]] = []
        self.answered: list[Answer] = []
        self.error: TryAgain | None = None
        self.turn = threading.Lock()
        self.turn.acquire()


class Together(Generic[Key, Asked, Answer]):
    """Does one kind of work for callers in several threads; what has different keys is not done together."""

    def __init__(
        self, work: Callable[[Key, Sequence[Asked]], Sequence[Answer]], patience: float = PATIENCE_SECONDS
    ) -> None:
        """Do `work`, which does all that is asked or nothing, and gives the answers in order.

        Nobody waits for longer than `patience`, in seconds, to be worked for.

        If it raises anything but `TryAgain` for several, it is called again for each of them alone.
        """
        self._work = work
        self._patience = patience
        self._lock = threading.Lock()
        self._is_busy = False
        self._waiting: list[_Place[Key, Asked, Answer]] = []

    def do(self, key: Key, asked: Asked) -> Answer:
        """Return the answer to what is asked, done alone or with what others ask."""
        place: _Place[Key, Asked, Answer] = _Place(key, asked)
        with self._lock:
            waits = self._is_busy
            if waits:
                self._waiting.append(place)
            self._is_busy = True
        if not waits:
            place.group = [place]
        elif not place.turn.acquire(timeout=self._patience) and not self._leaves(place):
            place.turn.acquire()
        if place.group:
            self._lead(place.group)
        if place.error is not None:
            raise place.error
        return place.answered[0] if place.answered else self._work(key, [asked])[0]

    def _leaves(self, place: _Place[Key, Asked, Answer]) -> bool:
        """Take a caller out of the queue; tell whether it was still there, so that nobody works for it."""
        with self._lock:
            stays = [one for one in self._waiting if one is not place]
            is_there = len(stays) < len(self._waiting)
            self._waiting = stays
        return is_there

    def _lead(self, group: list[_Place[Key, Asked, Answer]]) -> None:
        """Work for a group, give the lead to the next one, and wake the others."""
        try:
            if len(group) > 1:
                self._work_for(group)
            else:
                group[0].answered = [self._work(group[0].key, [group[0].asked])[0]]
        finally:
            self._hand_over()
            for place in group[1:]:
                place.turn.release()

    def _work_for(self, group: list[_Place[Key, Asked, Answer]]) -> None:
        try:
            answers = self._work(group[0].key, [place.asked for place in group])
        except TryAgain as error:
            # Whether it was done may be unknown: nobody may do it again unasked.
            for place in group:
                place.error = TryAgain(**error.data)
        except Exception:  # noqa: BLE001, S110, whoever is at fault raises it again alone; the others must not see it
            pass
        else:
            for place, answer in zip(group, answers, strict=True):
                place.answered = [answer]

    def _hand_over(self) -> None:
        with self._lock:
            following = [one for one in self._waiting if one.key == self._waiting[0].key][:MOST]
            self._waiting = [one for one in self._waiting if one not in following]
            self._is_busy = bool(following)
        if following:
            following[0].group = following
            following[0].turn.release()
