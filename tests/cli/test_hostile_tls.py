"""The same over TLS: half handshakes, headers and bodies that do not arrive, bodies without an end."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.test_hostile import bodies_of_100_megabytes_are_cut_off
from tests.cli.test_tls import certify, until_shown
from tests.servers.service import Service

pytestmark = pytest.mark.databases("sqlite")
SILENT = 2_000
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # how a handshake begins
HEAD = b"POST /v2.0/networks HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"


@pytest.fixture
def service(tmp_path: Path, database_url: str) -> Iterator[Service]:
    certificate = certify(tmp_path, "h")
    files = ("--tls-certificate-file", "server.pem", "--tls-key-file", "server.key")
    one = Service(tmp_path, database_url, (*files, "--threads", "4", "--body-seconds", "2"), {})
    try:
        until_shown(one, certificate)
        yield one
    finally:
        one.stop()


def plain(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=60)


def encrypted(service: Service) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain(service))


@contextmanager
def others_are_answered(service: Service, folder: Path) -> Iterator[None]:
    """Ask as an honest client, on new connections, for as long as the block takes; every answer must be good."""
    done, failed, answered = threading.Event(), list[object](), list[int]()
    context = ssl.create_default_context(cafile=str(folder / "server.pem"))

    def go_on() -> None:
        try:
            while not (done.is_set() and answered):
                connection = http.client.HTTPSConnection("127.0.0.1", service.port, timeout=60, context=context)
                with closing(connection):
                    connection.request("GET", "/v2.0/networks")
                    answered.append(connection.getresponse().status)
        except Exception as error:  # noqa: BLE001, told below
            failed.append(error)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert not failed
    assert set(answered) == {200}


def test_others_are_answered_whatever_one_client_sends_over_tls(service: Service, tmp_path: Path) -> None:
    with others_are_answered(service, tmp_path), ExitStack() as stack:

        def opened(connection: socket.socket) -> socket.socket:
            return stack.enter_context(closing(connection))

        for number in range(SILENT):
            silent = opened(plain(service))
            if number % 2:
                silent.sendall(HELLO)
        slow = [opened(encrypted(service)) for _ in range(8)]
        for connection in slow:
            connection.sendall(b"GET /v2.0/networks HTTP/1.1\r\nHost: loc")
        owing = [opened(encrypted(service)) for _ in range(2)]
        for connection in owing:
            connection.sendall(HEAD)
            assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
            connection.sendall(b"{")
        for connection in (*owing, *slow):
            assert _ended(connection)
        bodies_of_100_megabytes_are_cut_off(lambda: encrypted(service))
    assert "the body of its request did not arrive" in service.output
    assert "Traceback" not in service.output


def _ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1000) == b""
    except (ConnectionError, ssl.SSLEOFError):
        return True
