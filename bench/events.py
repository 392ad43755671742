"""The price of events: creates while the feed is read and while it is not; delivery to each kind of destination."""

import http.client
import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench import load, served
from bench.database import Database
from bench.served import Server, Shape
from bench.statements import Amounts
from tests.servers import nats, rabbitmq
from tests.servers.queue import queue
from tests.servers.receiver import receiving
from tests.servers.server import NoServerError
from tests.servers.stream import Stream

CLIENTS = 16
# Far from the numbers that the workloads use up.
FIRST = 8_000_000
BLOCK = 100_000
# A destination that is slower than this is not waited for to the end: its rate is known by then.
LONGEST_SECONDS = 20
TOPIC = "segmentary_bench"


@dataclass(frozen=True)
class Price:
    """Creates a second, and events a second by the kind of their destination; None where its broker is not there."""

    creates: float
    creates_while_read: float
    delivered: dict[str, float | None]


def measure(database: Database, shape: Shape, folder: Path, seconds: int, rounds: int) -> Price:
    """Return creates a second without and with a reader, and events a second delivered to each kind of destination."""
    place = iter(range(FIRST, FIRST + 1000 * BLOCK, BLOCK))
    alone, read = [], []
    with served.segmentary(database.url, shape, folder) as server:
        _create(server, database, next(place), 1)
        for _ in range(rounds):
            alone.append(_create(server, database, next(place), seconds))
            with _reader(server):
                read.append(_create(server, database, next(place), seconds))
        rates = dict(_deliveries(server))
    database.execute("DELETE FROM event_destinations")
    database.clean()
    return Price(median(alone), median(read), rates)


def write(price: Price) -> None:
    """Write the figures for a person."""
    lines = [
        "\nevents",
        f"creates/s, {CLIENTS} clients, nobody reads the feed   {price.creates:8,.0f}",
        (
            f"creates/s, {CLIENTS} clients, the feed is read live   {price.creates_while_read:8,.0f}   "
            f"{price.creates_while_read / price.creates:.2f}"
        ),
        *(
            f"events/s delivered to {kind:8}                   " + (f"{rate:8,.0f}" if rate else "  no broker")
            for kind, rate in price.delivered.items()
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _create(server: Server, database: Database, first: int, seconds: int) -> float:
    amounts = Amounts(first=first, networks=database.networks, hosts=0, stored=database.stored, limit=1, records=1)
    figures = load.run(server.url, "create", CLIENTS, seconds, amounts)
    if figures.errors:
        sys.stdout.write(f"events: {figures.errors} creates failed\n")
    return figures.rate


@contextmanager
def _reader(server: Server) -> Iterator[None]:
    """Read the feed live, as a mirror does."""
    done = threading.Event()

    def read() -> None:
        after = _ask(server, "GET", "/v2.0/segment-events?limit=1&after=0")["sequence"]
        while not done.is_set():
            after = _ask(server, "GET", f"/v2.0/segment-events?after={after}&wait=1&limit=1000")["sequence"]

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield
    finally:
        done.set()
        reading.join()


def _deliveries(server: Server) -> Iterator[tuple[str, float | None]]:
    with receiving() as receiver:
        yield "webhook", _delivered(server, {"kind": "webhook", "endpoint": receiver.url})
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(nats.running())
        except NoServerError:
            yield "nats", None
        else:
            Stream(broker.url, TOPIC).create()
            asked = {"kind": "nats", "endpoint": broker.url, "topic": TOPIC}
            yield "nats", _delivered(server, asked)
    with ExitStack() as stack:
        try:
            bound = stack.enter_context(queue(stack.enter_context(rabbitmq.find())))
        except NoServerError:
            yield "rabbitmq", None
        else:
            bound.bind("#")
            endpoint = "amqp://" + bound.url.rpartition("@")[2]
            asked = {"kind": "rabbitmq", "endpoint": endpoint, "topic": bound.name}
            yield "rabbitmq", _delivered(server, asked)


def _delivered(server: Server, asked: Mapping[str, object]) -> float:
    """Have the whole feed delivered, or as much as there is time for, and return the events a second."""
    made = _ask(server, "POST", "/v2.0/event-destinations", {"event_destination": {**asked, "after": 0}})
    path = f"/v2.0/event-destinations/{made['event_destination']['id']}"

    def shown() -> dict[str, int]:
        found: dict[str, int] = _ask(server, "GET", path)["event_destination"]
        return found

    while shown()["acknowledged"] == 0:
        time.sleep(0.01)
    first, began = shown()["acknowledged"], time.monotonic()
    while (now := shown())["lag"] and time.monotonic() - began < LONGEST_SECONDS:
        time.sleep(0.02)
    rate = (now["acknowledged"] - first) / (time.monotonic() - began)
    _ask(server, "DELETE", path)
    return rate


def _ask(server: Server, method: str, path: str, body: object = None) -> dict[str, dict[str, int]]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = connection.getresponse().read()
        found: dict[str, dict[str, int]] = json.loads(answer) if answer else {}
        return found
    finally:
        connection.close()
