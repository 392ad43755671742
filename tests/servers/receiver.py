"""A real HTTP receiver of webhooks, which takes them, refuses them, or lets them wait, as a test says."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


@dataclass(frozen=True)
class Posted:
    """A request as it came."""

    headers: Mapping[str, str]  # by names in lower case
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The event as in the feed."""
        event: dict[str, Any] = msgspec.json.decode(self.body)["data"]
        return event


def take(_posted: Posted) -> int:
    """Take everything."""
    return 204


@dataclass
class Receiver:
    """`answer` says with what status a request is answered; `taken` are those that were answered with success."""

    url: str = ""
    answer: Callable[[Posted], int] = take
    posted: list[Posted] = field(default_factory=list)
    taken: list[Posted] = field(default_factory=list)
    location: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events that were taken, in the order in which they were."""
        return [one.event for one in list(self.taken)]

    def handle(self, posted: Posted) -> int:
        with self._lock:
            self.posted.append(posted)
        status = self.answer(posted)
        if 200 <= status < 300:
            with self._lock:
                self.taken.append(posted)
        return status


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body of an answer in one packet: else each costs the delay of an acknowledgement.
        wbufsize = -1

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the sender was killed half-way
                self.close_connection = True
                return
            status = receiver.handle(Posted({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name it has there
            """Stay silent."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that went away while it waited is what tests are about."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Give a receiver."""
    receiver = Receiver()
    server = _Server(("127.0.0.1", 0), _handler(receiver))
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/events"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
