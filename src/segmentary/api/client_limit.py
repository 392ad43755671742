"""How many requests of one client a process works on at once, so that one cannot take all the threads.

A client is an address; of a configured proxy it is the one that the proxy names last in X-Forwarded-For. Without such
proxies many clients may come from one address, so nothing is limited unless it is asked for.

The answer is 503 with Retry-After, which clients of OpenStack repeat by themselves; of 429 they know nothing.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from segmentary.api.exchange import JSON, new_request_id
from segmentary.api.proxy import CLIENT, Wsgi
from segmentary.errors import TryAgain
from segmentary.wire import fault


def limited(most: int, wsgi: Wsgi) -> Wsgi:
    """Return an application that answers 503 to a client that has `most` requests under way in this process."""
    clients = _Clients(most)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401, a WSGI callable
        with clients.counted(environ.get(CLIENT) or environ["REMOTE_ADDR"]) as is_one_of_few:
            if is_one_of_few:
                return wsgi(environ, start_response)
        status, body = fault.answer(TryAgain(reason=f"{most} requests of this client are being answered, the most"))
        headers = [("Content-Type", JSON), ("Retry-After", "1"), ("x-openstack-request-id", new_request_id())]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    return application


class _Clients:
    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def counted(self, address: str) -> Iterator[bool]:
        """Count a request while it is worked on; tell whether its client has few enough."""
        with self._lock:
            self._under_way[address] += 1
            is_one_of_few = self._under_way[address] <= self._most
        try:
            yield is_one_of_few
        finally:
            with self._lock:
                self._under_way[address] -= 1
                if not self._under_way[address]:
                    del self._under_way[address]
