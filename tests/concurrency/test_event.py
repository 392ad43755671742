"""Many writers, several server processes, relays killed again and again: every reader ends with the same feed."""

import http.client
import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.servers.load import SECONDS
from tests.servers.service import Service
from tests.servers.writers import Client, Threads, start_relay, write

WRITERS = 16
KILL_SECONDS = 0.7
CATCH_UP_SECONDS = 60
Event = dict[str, Any]
COUNTERS = "SELECT count(*), count(sequence), min(sequence), max(sequence) FROM events"


def read_by_waiting(service: Service, into: list[Event], goal: Callable[[], int | None]) -> None:
    after = 0
    with closing(Client(service)) as client:
        while (last := goal()) is None or after < last:
            status, answer = client.ask("GET", f"/segment-events?after={after}&wait=1&limit=200")
            assert status == 200, answer
            into += answer["segment_events"]
            after = answer["sequence"]


def read_by_asking(service: Service, into: list[Event], goal: Callable[[], int | None]) -> None:
    """Read in small pages, forgetting everything but the number."""
    after = 0
    while (last := goal()) is None or after < last:
        with closing(Client(service)) as client:
            status, answer = client.ask("GET", f"/segment-events?after={after}&limit=7")
        assert status == 200, answer
        into += answer["segment_events"]
        after = answer["sequence"]


def read_stream(service: Service, into: list[Event], goal: Callable[[], int | None]) -> None:
    """Read server-sent events, breaking the connection off every 500 events, and when nothing comes for a second."""
    after = 0
    while (last := goal()) is None or after < last:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=1)
        with closing(connection), suppress(TimeoutError):
            connection.request("GET", "/v2.0/segment-events", headers=headers)
            with connection.getresponse() as answer:
                for event in data_of(answer):
                    into.append(event)
                    after = event["sequence"]
                    if after % 500 == 0 or after == goal():
                        break


def data_of(answer: http.client.HTTPResponse) -> Iterator[Event]:
    for line in answer:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def kill_relays(database_url: str, folder: Path, until: float) -> int:
    """Have two relays at all times, and kill the older one every now and then; tell how many were killed."""
    relays, killed = [start_relay(database_url, folder) for _ in range(2)], 0
    while time.monotonic() < until:
        time.sleep(KILL_SECONDS)  # not a wait for anything: the relay is hit at some point of its work
        relays.append(start_relay(database_url, folder))
        relays[0].kill()
        assert relays.pop(0).wait() == -signal.SIGKILL
        killed += 1
    for relay in relays:
        relay.kill()
        relay.wait()
    return killed


@pytest.mark.load
def test_every_reader_ends_with_the_same_gapless_feed_which_is_what_the_tables_say(
    start_server: Callable[..., Service],
    database_url: str,
    run_sql: Callable[[str], Sequence[Sequence[Any]]],
    tmp_path: Path,
) -> None:
    servers = [start_server("--workers", "2", "--relay", "0") for _ in range(2)]
    until = time.monotonic() + SECONDS
    done = [Counter[str]() for _ in range(WRITERS)]
    feeds: list[list[Event]] = [[] for _ in range(6)]
    last: list[int] = []
    threads = Threads()

    def goal() -> int | None:
        assert not threads.failures, "another thread failed"
        return last[0] if last else None

    readers = [
        threads.start(read, servers[place % 2], feeds[place], goal)
        for place, read in enumerate([read_by_waiting, read_by_asking, read_stream] * 2)
    ]
    writers = [threads.start(write, servers[number % 2], number, until, done[number]) for number in range(WRITERS)]
    assert kill_relays(database_url, tmp_path, until) >= SECONDS / 2
    for writer in writers:
        writer.join()
    final = start_relay(database_url, tmp_path)
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while (counted := run_sql(COUNTERS)[0])[0] != counted[1]:
        assert time.monotonic() < deadline, f"events without a number: {counted}"
        time.sleep(0.05)
    last.append(counted[3])
    for reader in readers:
        reader.join()
    final.kill()
    final.wait()
    assert not threads.failures, threads.failures

    assert list(counted) == [counted[0], counted[0], 1, counted[0]]
    for feed in feeds:
        assert [event["sequence"] for event in feed] == list(range(1, counted[0] + 1))
        assert [event["id"] for event in feed] == [event["id"] for event in feeds[0]]
    assert Counter(event["type"] for event in feeds[0]) == sum(done, Counter())
    for kind, columns in (("network", "id, name, revision_number"), ("segment", "id, name, revision_number")):
        stored = {str(row[0]): tuple(row[1:]) for row in run_sql(f"SELECT {columns} FROM {kind}s")}
        assert replayed(kind, feeds[0]) == stored


def replayed(kind: str, feed: list[Event]) -> dict[str, tuple[str | None, int]]:
    """Return what a mirror holds after the feed; every event must follow from the one before it of the same record."""
    mirror: dict[str, tuple[str | None, int]] = {}
    gone = set()
    for event in feed:
        resource, verb = event["type"].split(".")
        if resource != kind:
            continue
        record, record_id = event["record"], event["resource_id"]
        assert (record_id in mirror) == (verb != "created"), event
        assert record_id not in gone, event
        if verb == "deleted":
            assert mirror.pop(record_id) == (record["name"], record["revision_number"]), event
            gone.add(record_id)
            continue
        if verb == "updated":
            assert record["revision_number"] == mirror[record_id][1] + 1, event
            assert event["changed"]["revision_number"] == {
                "old": mirror[record_id][1],
                "new": record["revision_number"],
            }
        mirror[record_id] = (record["name"], record["revision_number"])
    return mirror


def snapshot(service: Service) -> tuple[int, dict[str, int]]:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        connection.request("GET", "/v2.0/segments")
        answer = connection.getresponse()
        sequence = int(answer.headers["X-Event-Sequence"])
        return sequence, {one["id"]: one["revision_number"] for one in json.load(answer)["segments"]}


def test_a_reader_that_lists_first_and_follows_from_its_number_misses_no_change(
    start_server: Callable[..., Service], run_sql: Callable[[str], Sequence[Sequence[Any]]]
) -> None:
    servers = [start_server("--workers", "2") for _ in range(2)]
    until = time.monotonic() + min(SECONDS, 3)
    done = [Counter[str]() for _ in range(4)]
    writers = [
        threading.Thread(target=write, args=(servers[number % 2], number, until, done[number])) for number in range(4)
    ]
    for writer in writers:
        writer.start()
    snapshots: list[tuple[int, dict[str, int]]] = []
    while time.monotonic() < until:
        snapshots.append(snapshot(servers[len(snapshots) % 2]))
    for writer in writers:
        writer.join()
    feed: list[Event] = []
    total = sum(count for one in done for count in one.values())
    read_by_waiting(servers[0], feed, lambda: total)
    stored = {str(row[0]): row[1] for row in run_sql("SELECT id, revision_number FROM segments")}
    assert len(snapshots) > 1
    for sequence, mirror in snapshots:
        for event in feed[sequence:]:
            if event["type"] == "segment.deleted":
                mirror.pop(event["resource_id"], None)
            elif event["type"].startswith("segment."):
                mirror[event["resource_id"]] = event["record"]["revision_number"]
        assert mirror == stored


@pytest.mark.databases("sqlite")
def test_a_stopping_server_sends_away_those_who_wait(start_server: Callable[..., Service]) -> None:
    service = start_server()
    answers: list[tuple[int, Any]] = []

    def wait() -> None:
        with closing(Client(service)) as client:
            answers.append(client.ask("GET", "/segment-events?wait=60"))

    waiting = threading.Thread(target=wait)
    waiting.start()
    started = time.monotonic()
    time.sleep(0.5)  # the request arrives; if it did not, it would be refused and the test fail
    service.stop()
    waiting.join()
    assert answers == [(200, {"segment_events": [], "sequence": 0})]
    assert time.monotonic() - started < 30, "the server waited for the one who waits"
