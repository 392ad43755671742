"""Clients that want to keep the server busy: it answers others throughout, and stops at its limits."""

import resource
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from tests.servers.asking import ask
from tests.servers.service import Service

Start = Callable[..., Service]
pytestmark = pytest.mark.databases("sqlite")
IDLE = 10_000
MEGABYTE = 2**20
# Over TLS a connection that ends without a farewell is an error of its own.
CUT = (ConnectionError, ssl.SSLEOFError)


@contextmanager
def others_are_answered(service: Service) -> Iterator[None]:
    """Ask as an honest client for as long as the block takes; every answer must be good."""
    done, failed, answered = threading.Event(), list[object](), list[int]()

    def go_on() -> None:
        while not (done.is_set() and answered):
            try:
                answered.append(ask(service.url, "GET", "/v2.0/networks?limit=1").status)
            except Exception as error:  # noqa: BLE001, told below
                failed.append(error)
                return

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert not failed
    assert set(answered) == {200}


def connected(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=60)


def test_others_are_answered_whatever_one_client_sends(server: Service) -> None:
    with others_are_answered(server):
        bodies_of_100_megabytes_are_cut_off(lambda: connected(server))
        deep_and_wide_documents_are_refused(server)
        thousands_of_parameters_are_refused(server)
        idle_connections_hold_nobody_up(server)
    assert "Traceback" not in server.output


def bodies_of_100_megabytes_are_cut_off(connected: Callable[[], socket.socket]) -> None:
    length = f"Content-Length: {100 * MEGABYTE}".encode()
    for framing, chunk in ((length, b"%s"), (b"Transfer-Encoding: chunked", b"100000\r\n%s\r\n")):
        with closing(connected()) as connection:
            connection.sendall(b"POST /v2.0/networks HTTP/1.1\r\nHost: h\r\n" + framing + b"\r\n\r\n")
            sent, status = 0, b""
            connection.settimeout(0.05)
            while sent < 100 and not status:
                try:
                    status = connection.recv(10_000)
                except TimeoutError:
                    connection.settimeout(60)
                    try:
                        connection.sendall(chunk % (b" " * MEGABYTE))
                    except CUT:
                        break
                    connection.settimeout(0.05)
                    sent += 1
                except CUT:
                    break
            assert not status or status.startswith(b"HTTP/1.1 413 ")
            assert sent < 100, "all of it was taken"


def deep_and_wide_documents_are_refused(service: Service) -> None:
    deep = b'{"network": ' + b"[" * 400_000 + b"]" * 400_000 + b"}"
    wide = b'{"network": {' + b",".join(b'"%d": 0' % number for number in range(60_000)) + b"}}"
    many = b'{"networks": [' + b",".join([b"{}"] * 10_001) + b"]}"
    for body, word in ((deep, "nested more than"), (wide, "Unrecognized attribute"), (many, "at most 10000")):
        answer = ask(service.url, "POST", "/v2.0/networks", body)
        assert (answer.status, word in answer.message) == (400, True), answer.message[:200]
    assert ask(service.url, "GET", "/v2.0/networks").document == {"networks": []}


def thousands_of_parameters_are_refused(service: Service) -> None:
    for query in ("&".join(["name=x"] * 5000), "&".join(f"a{number}=x" for number in range(5000))):
        answer = ask(service.url, "GET", f"/v2.0/networks?{query}")
        assert answer.status in {400, 414, 431}


def idle_connections_hold_nobody_up(service: Service) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(IDLE, (hard if hard != resource.RLIM_INFINITY else IDLE * 2) - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 500), hard))
    try:
        with ExitStack() as stack:
            for number in range(count):
                stack.enter_context(closing(connected(service)))
                if number % 500 == 0:  # so that the queue of those not yet accepted, which has 1024 places, is empty
                    assert ask(service.url, "GET", "/").status == 200
            assert ask(service.url, "GET", "/v2.0/networks").status == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert ask(service.url, "GET", "/v2.0/networks").status == 200


def test_one_client_gets_so_many_requests_answered_at_once(start_server: Start) -> None:
    service = start_server("--client-limit", "2")
    waiting = b"GET /v2.0/segment-events?wait=30 HTTP/1.1\r\nHost: h\r\n\r\n"
    answer = ask(service.url, "GET", "/v2.0/networks")
    assert answer.status == 200
    with ExitStack() as stack:
        for _ in range(50):  # of which those that meet an honest request may be refused
            stack.enter_context(closing(connected(service))).sendall(waiting)
            answer = ask(service.url, "GET", "/v2.0/networks")
            if answer.status != 200:
                break
        assert answer.status == 503
        assert "2 requests of this client" in answer.message
        assert answer.headers["retry-after"] == "1"


def test_clients_behind_a_believed_proxy_are_told_apart(start_server: Start) -> None:
    service = start_server("--client-limit", "1", "--proxies", "127.0.0.1")
    waiting = b"GET /v2.0/segment-events?wait=30 HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.9, 192.0.2.1\r\n\r\n"

    def status(named: str) -> int:
        return ask(service.url, "GET", "/v2.0/networks", headers={"X-Forwarded-For": named}).status

    with ExitStack() as stack:
        for _ in range(50):  # of which those that meet the question may be refused instead of it
            stack.enter_context(closing(connected(service))).sendall(waiting)
            if status("192.0.2.1") == 503:
                break
        for other in ("192.0.2.2", "192.0.2.1, 192.0.2.2", "2001:db8::1"):
            assert status(other) == 200, other
        assert status("192.0.2.2, 192.0.2.1") == 503, "what a client writes itself stands first"
