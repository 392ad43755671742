"""NATS JetStream: a server of our own, which is killed and started again."""

import pytest

import segmentary
from segmentary.db import deliveries
from tests.delivery.waiting import wait_until
from tests.servers.nats import NatsServer
from tests.servers.stream import Stream

pytestmark = pytest.mark.databases("sqlite")


def all_are_delivered(app: segmentary.Application) -> bool:
    return all(one.lag == 0 for one in app.event_destinations.list())


def states(app: segmentary.Application) -> object:
    return app.event_destinations.list()


def test_every_event_is_in_the_stream_once_and_in_order_also_if_it_is_sent_again(
    relaying: segmentary.Application, nats: NatsServer
) -> None:
    stream = Stream(nats.url, "one")
    stream.create()
    destination = relaying.event_destinations.create(kind="nats", endpoint=nats.url, topic="one", after=0)
    network = relaying.networks.create(name="blue")
    for place in range(5):
        relaying.networks.update(network.id, name=str(place))
    wait_until(lambda: relaying.event_destinations.show(destination.id).acknowledged == 8, lambda: states(relaying))
    # As if a relay had died between the acknowledgement of the stream and its own.
    again = relaying.event_destinations.create(kind="nats", endpoint=nats.url, topic="one", after=0)
    wait_until(lambda: relaying.event_destinations.show(again.id).lag == 0, lambda: states(relaying))
    messages = stream.messages()
    assert [event["data"]["sequence"] for _, _, event in messages] == list(range(1, 10))
    for subject, message_id, event in messages:
        assert subject == f"one.{event['type']}"
        assert message_id == event["id"] == event["data"]["id"]


def test_a_server_that_is_killed_and_started_again_lacks_nothing(
    relaying: segmentary.Application, nats: NatsServer
) -> None:
    stream = Stream(nats.url, "two")
    stream.create()
    destination = relaying.event_destinations.create(kind="nats", endpoint=nats.url, topic="two", after=0, timeout=1)
    for place in range(2):
        relaying.networks.create(name=f"before {place}")
        nats.stop()
        relaying.networks.create(name=f"away {place}")
        wait_until(lambda: relaying.event_destinations.show(destination.id).status == "failing")
        nats.start()
    wait_until(lambda: all_are_delivered(relaying), lambda: states(relaying))
    assert [event["data"]["sequence"] for _, _, event in stream.messages()] == list(range(1, 10))


def test_without_a_stream_events_wait_and_say_why(relaying: segmentary.Application, nats: NatsServer) -> None:
    destination = relaying.event_destinations.create(kind="nats", endpoint=nats.url, topic="three", attempts=1)
    wait_until(lambda: relaying.event_destinations.show(destination.id).last_error)
    shown = relaying.event_destinations.show(destination.id)
    assert shown.last_error == f"no stream of {nats.url} takes subjects below three"
    assert (shown.status, shown.dead_letters) == ("failing", 0)
    Stream(nats.url, "three").create()
    wait_until(lambda: all_are_delivered(relaying), lambda: states(relaying))


def test_a_message_that_the_stream_refuses_becomes_a_dead_letter(
    relaying: segmentary.Application, nats: NatsServer
) -> None:
    Stream(nats.url, "four").create(max_msg_size=1500)
    relaying.networks.create(name="ä" * 255, description="ä" * 255)
    created = relaying.event_destinations.create(
        kind="nats", endpoint=nats.url, topic="four", attempts=2, types="network.created", after=0
    )
    relaying.networks.create(name="small")
    wait_until(lambda: all_are_delivered(relaying), lambda: states(relaying))
    (letter,) = relaying.dead_letters.list(created.id)
    assert letter.attempts == 2
    assert "message size exceeds" in letter.error


def test_a_server_that_is_not_there_is_told_as_such(relaying: segmentary.Application) -> None:
    destination = relaying.event_destinations.create(
        kind="nats", endpoint="nats://127.0.0.1:1", topic="five", timeout=1
    )
    wait_until(lambda: relaying.event_destinations.show(destination.id).last_error)
    assert "cannot be connected to" in str(relaying.event_destinations.show(destination.id).last_error)
    assert len(str(relaying.event_destinations.show(destination.id).last_error)) <= deliveries.ERROR_LENGTH
