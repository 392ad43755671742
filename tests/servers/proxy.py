"""A connection between a program and its database, or a broker, that a test can cut, at the place it means."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import Enum

from tests.servers import mariadb, postgresql, rabbitmq
from tests.servers.server import Address

PORTS = {"postgresql": postgresql.PORT, "mariadb": mariadb.PORT, "amqp": rabbitmq.PORT}
BYTES = 65536


class Cut(Enum):
    """Which of the next two messages is the last to come through."""

    NEXT_REQUEST_LOST = "the next request does not reach the server"
    NEXT_ANSWER_LOST = "the next request reaches the server, its answer does not come back"


class Proxy:
    """Passes bytes between clients and a server; `url` is the one to connect to."""

    def __init__(self, url: str) -> None:
        scheme = url.partition(":")[0]
        self._server = Address.parse(url, port=PORTS[scheme])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = replace(self._server, host="127.0.0.1", port=self._listener.getsockname()[1]).url
        self.cut: Cut | None = None
        self.is_up = True
        # Answers are swallowed, connections stay: a server that hangs.
        self.is_silent = False
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.is_up = False
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Cut every connection there is."""
        while self._sockets:
            _close(self._sockets.pop())

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                if not self.is_up:
                    client.close()
                    continue
                server = socket.create_connection((self._server.host, self._server.port))
                self._sockets += [client, server]
                for one in (client, server):
                    # As the programs at both ends do: small messages are not held back.
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(one, other, one is client), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:  # noqa: FBT001, a direction
        with suppress(OSError):  # cut from the other side
            while data := source.recv(BYTES):
                is_last = Cut.NEXT_REQUEST_LOST if is_request else Cut.NEXT_ANSWER_LOST
                if self.cut is is_last:
                    self.cut = None
                    break
                if is_request or not self.is_silent:
                    target.sendall(data)
        _close(source)
        _close(target)


def _close(one: socket.socket) -> None:
    with suppress(OSError):  # closed before
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def proxy(url: str) -> Iterator[Proxy]:
    """Give a proxy to the server of a URL."""
    one = Proxy(url)
    try:
        yield one
    finally:
        one.close()
