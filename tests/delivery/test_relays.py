"""Relays killed again and again, receivers that go and come: nothing is lost, and what is repeated has the same id."""

import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import segmentary
from tests.delivery.waiting import PATIENCE_SECONDS, wait_until
from tests.servers.load import SECONDS
from tests.servers.nats import NatsServer
from tests.servers.proxy import Proxy, proxy
from tests.servers.queue import Queue, queue
from tests.servers.receiver import Posted, Receiver
from tests.servers.service import Service
from tests.servers.stream import Stream
from tests.servers.writers import Threads, start_relay, write

WRITERS = 2
KILLS = max(1, int(SECONDS / 5))
Delivered = list[tuple[int, str, str]]  # number, event id and record id, in the order of arrival


def fail_now_and_then(dice: random.Random) -> Callable[[Posted], int]:
    return lambda _posted: 503 if dice.random() < 0.004 else 204


def delivered(events: Sequence[dict[str, Any]]) -> Delivered:
    return [(one["sequence"], one["id"], one["resource_id"]) for one in events]


@contextmanager
def broken_now_and_then(nats: NatsServer, line: Proxy) -> Iterator[None]:
    """Kill the NATS server and start it again, and cut the line to RabbitMQ, for as long as the block runs."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(1.5):
            nats.stop()
            line.is_up = False
            line.cut_all()
            done.wait(0.3)
            line.is_up = True
            nats.start()

    breaking = threading.Thread(target=run)
    breaking.start()
    try:
        yield
    finally:
        done.set()
        breaking.join()


@pytest.fixture
def line(rabbitmq: str) -> Iterator[Proxy]:
    with proxy(rabbitmq) as one:
        yield one


@pytest.fixture
def broker(rabbitmq: str) -> Iterator[Queue]:
    with queue(rabbitmq) as one:
        one.bind("#")
        yield one


def kill_who_delivers(database_url: str, folder: Path, receiver: Receiver) -> subprocess.Popen[bytes]:
    """Kill the relay that delivers as soon as it does, again and again; return the one that is left."""
    relays = [start_relay(database_url, folder)]
    for _ in range(KILLS):
        relays.append(start_relay(database_url, folder))
        enough = len(receiver.taken) + 5
        wait_until(partial(_has_taken, receiver, enough), lambda: len(receiver.taken))
        killed = relays.pop(0)
        killed.kill()
        assert killed.wait() == -signal.SIGKILL
    return relays[0]


def _has_taken(receiver: Receiver, enough: int) -> bool:
    return len(receiver.taken) >= enough


@pytest.mark.load
def test_nothing_is_lost_while_relays_are_killed_and_receivers_go_and_come(  # noqa: PLR0913, PLR0917 - all take part
    start_server: Callable[..., Service],
    app: segmentary.Application,
    database_url: str,
    run_sql: Callable[[str], Sequence[Sequence[Any]]],
    receiver: Receiver,
    nats: NatsServer,
    broker: Queue,
    line: Proxy,
    tmp_path: Path,
) -> None:
    server = start_server("--workers", "2", "--relay", "0")
    receiver.answer = fail_now_and_then(random.Random(1))  # noqa: S311 - which request fails is no secret
    stream = Stream(nats.url, "all")
    stream.create()
    endpoint = "amqp://" + line.url.rpartition("@")[2]
    app.event_destinations.create(kind="webhook", endpoint=receiver.url, timeout=2, after=0)
    app.event_destinations.create(kind="nats", endpoint=nats.url, topic="all", timeout=2, after=0)
    app.event_destinations.create(kind="rabbitmq", endpoint=endpoint, topic=broker.name, timeout=2, after=0)
    threads, until = Threads(), time.monotonic() + SECONDS
    done = [Counter[str]() for _ in range(WRITERS)]
    writers = [threads.start(write, server, number, until, done[number]) for number in range(WRITERS)]
    with broken_now_and_then(nats, line):
        left = kill_who_delivers(database_url, tmp_path, receiver)
        for writer in writers:
            writer.join()
    assert not threads.failures, threads.failures
    try:
        # Without a number an event counts in no lag.
        wait_until(lambda: run_sql("SELECT count(*) FROM events WHERE sequence IS NULL")[0][0] == 0)
        wait_until(
            lambda: all(one.lag == 0 for one in app.event_destinations.list()),
            app.event_destinations.list,
            seconds=PATIENCE_SECONDS + 6 * SECONDS,
        )
    finally:
        left.kill()
        left.wait()
    happened = [
        (number, str(event_id))
        for number, event_id in run_sql("SELECT sequence, event_id FROM events ORDER BY sequence")
    ]
    assert [one for one in app.event_destinations.list() if one.dead_letters] == []
    by_queue = delivered([event["data"] for _, _, event in broker.messages()])
    by_stream = delivered([event["data"] for _, _, event in stream.messages()])
    for arrived in (delivered(receiver.events), by_queue, by_stream):
        assert sorted({(number, event_id) for number, event_id, _ in arrived}) == happened
        assert_in_order(arrived)
    # The stream drops repetitions by their ids.
    assert len(by_stream) == len(happened)


def assert_in_order(arrived: Delivered) -> None:
    """Demand that no event first arrived after a later one of its record."""
    last: dict[str, int] = {}
    for number, _, record_id in dict.fromkeys(arrived):
        assert number > last.get(record_id, 0)
        last[record_id] = number
