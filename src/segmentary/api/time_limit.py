"""How long a request may take, and how long a client may keep an answer waiting.

The work for a request has a deadline (`segmentary.db.deadline`). A long answer is made while it is sent, and while its
client does not take it, it keeps a place that others need: `overdue` tells whose answers were kept waiting for so long,
for the server to hang up on them (`segmentary.cli.connections`).
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from segmentary.api.proxy import Wsgi
from segmentary.db import deadline


class Answers:
    """The long answers that clients of this process are reading."""

    def __init__(self, seconds: int) -> None:
        """Let clients keep an answer waiting for so long, all of its parts together."""
        self._seconds = seconds
        self._under_way: dict[int, _Answer] = {}

    def limited(self, wsgi: Wsgi) -> Wsgi:
        """Return an application whose requests have a deadline, and whose long answers are watched."""

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401, a WSGI callable
            deadline.begin(self._seconds)
            answer = wsgi(environ, start_response)
            return answer if isinstance(answer, list) else self._watched(answer, environ["REMOTE_ADDR"])

        return application

    def overdue(self) -> dict[str, float]:
        """Return the addresses of clients that keep an answer waiting, and for how many times as long as they may."""
        now = time.monotonic()
        found: dict[str, float] = {}
        for one in list(self._under_way.values()):
            waited = one.waited + (now - one.since if one.since else 0)
            if waited > self._seconds:
                found[one.address] = max(found.get(one.address, 0), waited / self._seconds)
        return found

    def _watched(self, parts: Iterable[bytes], address: str) -> Iterator[bytes]:
        answer = self._under_way[id(parts)] = _Answer(address)
        try:
            for part in parts:
                answer.since = time.monotonic()
                yield part
                answer.waited += time.monotonic() - answer.since
                answer.since = 0.0
        finally:
            del self._under_way[id(parts)]
            close = getattr(parts, "close", None)
            if close is not None:
                close()


class _Answer:
    __slots__ = ("address", "since", "waited")

    def __init__(self, address: str) -> None:
        """Begin: `since` is when a part was given that is not taken yet, `waited` how long those before took."""
        self.address = address
        self.since = self.waited = 0.0
