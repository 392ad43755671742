"""/v2.0/segment-events over HTTP."""

import http.client
import json
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.servers.service import PROGRAM, Service, environment_of_program

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def connection(server: Service) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as made:
        yield made


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> tuple[int, Any]:
    connection.request(method, f"/v2.0{path}", json.dumps(body) if body is not None else None)
    answer = connection.getresponse()
    data = answer.read()
    return answer.status, json.loads(data) if data else None


def create_physical_network(connection: http.client.HTTPConnection, name: str) -> str:
    status, answer = ask(connection, "POST", "/physical-networks", {"physical_network": {"name": name}})
    assert status == 201, answer
    return str(answer["physical_network"]["id"])


def events(connection: http.client.HTTPConnection, query: str) -> tuple[list[Any], int]:
    status, answer = ask(connection, "GET", f"/segment-events?{query}")
    assert status == 200, answer
    return answer["segment_events"], answer["sequence"]


def test_an_event_tells_what_happened_to_which_record_by_whom_in_which_request(
    connection: http.client.HTTPConnection,
) -> None:
    request_id = "req-11111111-2222-3333-4444-555555555555"
    body = json.dumps({"physical_network": {"name": "fabric"}})
    connection.request("POST", "/v2.0/physical-networks", body, {"X-OpenStack-Request-ID": request_id})
    record = json.load(connection.getresponse())["physical_network"]
    ((event,), sequence) = events(connection, "after=0&wait=5")
    assert sequence == 1
    assert len(event.pop("id")) == 36
    assert event == {
        "sequence": 1,
        "type": "physical_network.created",
        "time": record["created_at"],
        "actor": "anonymous",
        "request_id": request_id,
        "resource_id": record["id"],
        "record": record,
    }


def test_an_update_tells_old_and_new_values_of_what_changed(connection: http.client.HTTPConnection) -> None:
    record_id = create_physical_network(connection, "fabric")
    ask(connection, "PUT", f"/physical-networks/{record_id}", {"physical_network": {"mtu": 9000}})
    ((event,), _) = events(connection, "type=physical_network.updated&wait=5")
    assert event["changed"]["mtu"] == {"old": None, "new": 9000}
    assert event["changed"]["revision_number"] == {"old": 0, "new": 1}
    assert set(event["changed"]) <= {"mtu", "revision_number", "updated_at"}


def test_a_network_made_and_deleted_with_its_segment_has_events_of_both(
    connection: http.client.HTTPConnection,
) -> None:
    _, answer = ask(connection, "POST", "/networks", {"network": {"name": "blue"}})
    ask(connection, "DELETE", f"/networks/{answer['network']['id']}")
    found, _ = events(connection, "wait=5&after=0")
    while len(found) < 4:
        found += events(connection, f"wait=5&after={found[-1]['sequence']}")[0]
    assert [one["type"] for one in found] == [
        "network.created",
        "segment.created",
        "segment.deleted",
        "network.deleted",
    ]
    assert found[1]["record"]["network_id"] == found[0]["resource_id"]


def test_filters_choose_events_and_the_number_to_go_on_from_passes_over_the_others(
    connection: http.client.HTTPConnection,
) -> None:
    first, second = (create_physical_network(connection, name) for name in ("a", "b"))
    ask(connection, "DELETE", f"/physical-networks/{first}")
    events(connection, "after=2&wait=5")
    found, sequence = events(connection, f"resource_id={second}")
    assert ([one["sequence"] for one in found], sequence) == ([2], 3)
    types = "type=physical_network.deleted&type=network.created"
    found, sequence = events(connection, types)
    assert ([one["sequence"] for one in found], sequence) == ([3], 3)
    found, sequence = events(connection, "limit=2")
    assert ([one["sequence"] for one in found], sequence) == ([1, 2], 2)


def test_events_that_are_no_longer_kept_are_gone(
    start_server: Callable[..., Service], run_sql: Callable[[str], Sequence[Sequence[Any]]]
) -> None:
    first = start_server()
    with closing(http.client.HTTPConnection("127.0.0.1", first.port, timeout=30)) as connection:
        for name in "abcde":
            create_physical_network(connection, name)
    first.stop()
    second = start_server("--events-kept", "2")
    with closing(http.client.HTTPConnection("127.0.0.1", second.port, timeout=30)) as connection:
        while run_sql("SELECT count(*) FROM events")[0][0] > 2:
            events(connection, "after=5&wait=1")
        assert [one["sequence"] for one in events(connection, "after=3")[0]] == [4, 5]
        for headers in ({}, {"Accept": "text/event-stream"}):
            connection.request("GET", "/v2.0/segment-events?after=2", headers=headers)
            answer = connection.getresponse()
            body = json.load(answer)["NeutronError"]
            assert (answer.status, body["type"]) == (410, "EventsDropped")
            assert "4 is the oldest" in body["message"]


def test_a_stream_begins_after_the_last_event_id_and_goes_on_with_what_comes(
    connection: http.client.HTTPConnection, server: Service
) -> None:
    for name in ("a", "b"):
        create_physical_network(connection, name)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as reader:
        reader.request("GET", "/v2.0/segment-events", headers={"Accept": "text/event-stream", "Last-Event-ID": "1"})
        with reader.getresponse() as stream:
            assert stream.getheader("Content-Type") == "text/event-stream"
            assert block(stream) == {"retry": "1000"}
            second = block(stream)
            assert (second["id"], second["event"]) == ("2", "physical_network.created")
            assert json.loads(second["data"])["record"]["name"] == "b"
            create_physical_network(connection, "c")
            assert json.loads(block(stream)["data"])["record"]["name"] == "c"


def block(stream: http.client.HTTPResponse) -> dict[str, str]:
    lines: dict[str, str] = {}
    while line := stream.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        lines[name] = value
    return lines


def test_whoever_finds_no_place_to_wait_is_answered_at_once(start_server: Callable[..., Service]) -> None:
    server = start_server("--event-places", "1")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as reader:
        reader.request("GET", "/v2.0/segment-events", headers={"Accept": "text/event-stream"})
        with reader.getresponse() as stream:
            assert block(stream) == {"retry": "1000"}
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as other:
                # the stream's place is taken once it has sent an event
                create_physical_network(other, "a")
                assert block(stream)["id"] == "1"
                assert events(other, "after=1&wait=60") == ([], 1)
                other.request("GET", "/v2.0/segment-events", headers={"Accept": "text/event-stream"})
                with other.getresponse() as second:
                    assert second.read().count(b"event: ") == 1


def test_lists_carry_the_number_from_which_to_follow(connection: http.client.HTTPConnection) -> None:
    create_physical_network(connection, "a")
    for path in ("/physical-networks", "/segments"):
        connection.request("GET", f"/v2.0{path}")
        answer = connection.getresponse()
        answer.read()
        assert answer.getheader("X-Event-Sequence") == "1"


def test_the_relay_of_its_own_ends_well_when_it_is_told_to(database_url: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [PROGRAM, "relay"],
        cwd=tmp_path,
        env=environment_of_program({"SEGMENTARY_DATABASE": database_url}),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert b"relays events of" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
