"""Reading the bodies of requests within limits: of size, of time, and of the threads that wait for them at once.

A body is read while a thread waits for the client. So that clients that never send the rest cannot stop the others, at
most half of the threads read bodies at once; and `overdue` tells whose bodies should have arrived by now, for the
server to hang up on them.
"""

import threading
import time
from queue import Empty, SimpleQueue
from typing import Any

import falcon

from segmentary.errors import BodyTooLarge, MalformedBody, TryAgain
from segmentary.settings import Settings

WAIT_SECONDS = 0.2


class Bodies:
    """The bodies that the threads of this process are reading."""

    def __init__(self, settings: Settings) -> None:
        """Take the limits from the settings."""
        self._limit = settings.body_limit
        self._seconds = settings.body_seconds
        # Taken and put back: a semaphore of Python costs ten times as much.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(max(1, settings.threads // 2)):
            self._places.put(None)
        # thread -> when its body should have arrived, and the address it comes from
        self._reading: dict[int, tuple[float, str]] = {}

    def read(self, request: falcon.Request) -> bytes:
        """Return the body; raise `BodyTooLarge` beyond the limit, however the body is sent.

        Raises `MalformedBody` if it ends early, and `TryAgain` if too many others are waited for.
        """
        length = request.content_length
        if length is not None and length > self._limit:
            raise BodyTooLarge(limit=self._limit)
        data = self._received(request, length)
        if len(data) > self._limit:
            raise BodyTooLarge(limit=self._limit)
        if length is not None and len(data) < length:
            raise MalformedBody(reason=f"Request body ended after {len(data)} of {length} bytes")
        return data

    def overdue(self) -> set[str]:
        """Return the addresses of clients whose bodies should have arrived by now."""
        now = time.monotonic()
        return {address for deadline, address in list(self._reading.values()) if deadline < now}

    def _received(self, request: falcon.Request, length: int | None) -> bytes:
        try:
            self._places.get(timeout=WAIT_SECONDS)
        except Empty:
            raise TryAgain(reason="too many requests are waited for whose bodies have not arrived") from None
        thread = threading.get_ident()
        self._reading[thread] = (time.monotonic() + self._seconds, request.remote_addr)
        try:
            stream: Any = request.stream if length is None else request.bounded_stream
            data: bytes = stream.read(self._limit + 1)
            return data
        finally:
            del self._reading[thread]
            self._places.put(None)
