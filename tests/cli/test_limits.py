"""Clients that send too much, too slowly, or never finish, do not keep the others waiting."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from tests.servers.asking import ask
from tests.servers.service import Service

Start = Callable[..., Service]
pytestmark = pytest.mark.databases("sqlite")
THREADS = 4
WITH_LENGTH = b"POST /v2.0/networks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
CHUNKED = (
    b"POST /v2.0/networks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
)


def connected(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=60)


@contextmanager
def stalled(service: Service, head: bytes, first: bytes, count: int) -> Iterator[list[socket.socket]]:
    """Open connections whose requests begin and do not go on."""
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(connected(service))) for _ in range(count)]
        for connection in connections:
            connection.sendall(head)
            if first:
                assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")  # its handler waits for the body now
                connection.sendall(first)
        yield connections


def assert_others_are_answered(service: Service) -> None:
    for _ in range(2 * THREADS):
        assert ask(service.url, "GET", "/v2.0/networks").status == 200


@pytest.mark.parametrize(("head", "first"), [(WITH_LENGTH, b"{"), (CHUNKED, b"1\r\n{\r\n")], ids=["length", "chunked"])
def test_bodies_that_never_arrive_hold_half_of_the_threads_until_the_server_hangs_up(
    start_server: Start, head: bytes, first: bytes
) -> None:
    service = start_server("--threads", str(THREADS), "--body-seconds", "1")
    with stalled(service, head, first, THREADS // 2) as connections:
        assert_others_are_answered(service)
        for connection in connections:
            assert connection.recv(1000) == b""
    assert service.output.count("the body of its request did not arrive") == THREADS // 2
    assert ask(service.url, "POST", "/v2.0/networks", {"network": {}}).status == 201


def test_request_with_a_body_is_told_to_come_again_while_too_many_bodies_are_waited_for(start_server: Start) -> None:
    service = start_server("--threads", str(THREADS), "--body-seconds", "60")
    with stalled(service, WITH_LENGTH, b"{", THREADS // 2) as connections:
        answer = ask(service.url, "POST", "/v2.0/networks", {"network": {}})
        assert answer.status == 503
        assert answer.fault["type"] == "ServiceUnavailable"
        assert "bodies have not arrived" in answer.message
        connections[0].sendall(b"}".rjust(99))
        assert connections[0].recv(1000).startswith(b"HTTP/1.1 400 ")
        assert ask(service.url, "POST", "/v2.0/networks", {"network": {}}).status == 201


def test_body_that_drips_is_cut_off_as_one_that_stands_still(start_server: Start) -> None:
    service = start_server("--body-seconds", "1")
    with stalled(service, WITH_LENGTH, b" ", 1) as (connection,):
        connection.settimeout(0.1)
        for _ in range(90):  # it would last 9 seconds
            try:
                if connection.recv(1000) == b"":
                    break
            except TimeoutError:
                connection.sendall(b" ")
            except ConnectionResetError:
                break
        else:
            pytest.fail("the server waited to the end")
    assert_others_are_answered(service)


def test_body_shorter_than_announced_is_refused_though_it_is_json(server: Service) -> None:
    with closing(connected(server)) as connection:
        connection.sendall(b"POST /v2.0/networks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
        connection.sendall(b'{"network": {}}')
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"ended after 15 of 100 bytes" in answer
    assert ask(server.url, "GET", "/v2.0/networks").document == {"networks": []}


def test_headers_that_never_end_are_cut_off_and_hold_no_thread(server: Service) -> None:
    with stalled(server, b"GET /v2.0/networks HTTP/1.1\r\nHost: loc", b"", 3 * 8) as connections:
        assert_others_are_answered(server)
        for connection in connections:
            assert connection.recv(1000) == b""


def test_headers_of_more_than_64_kib_are_refused(server: Service) -> None:
    for head in (
        b"GET /v2.0/networks HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 2**17,
        b"GET /v2.0/networks?name=" + b"x" * 2**17 + b" HTTP/1.1\r\nHost: localhost",
        b"GET /v2.0/networks HTTP/1.1\r\nHost: localhost\r\n" + b"\r\n".join([b"X-Many: x"] * 20_000),
    ):
        with closing(connected(server)) as connection:
            try:
                connection.sendall(head + b"\r\n\r\n")
                status = connection.recv(1000).split()[1]
            except ConnectionError:
                continue  # hung up on in the middle of them
            assert status in {b"400", b"414", b"431"}
    assert_others_are_answered(server)


def test_hundreds_of_idle_connections_keep_nobody_waiting(server: Service) -> None:
    with stalled(server, b"", b"", 300):
        assert_others_are_answered(server)


def test_client_that_hangs_up_at_once_leaves_nothing_behind(server: Service) -> None:
    for head in (
        b"",
        b"GET",
        WITH_LENGTH,
        CHUNKED,
        b"\0\0\0\0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ):
        with closing(connected(server)) as connection:
            connection.sendall(head)
    assert_others_are_answered(server)
    assert "ERROR" not in server.output
    assert "Traceback" not in server.output
