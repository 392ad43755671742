"""RabbitMQ: a real broker, through a proxy that cuts connections."""

from collections.abc import Iterator

import msgspec
import pytest

import segmentary
from tests.delivery.publishing import MANY, Publishing, ids
from tests.delivery.waiting import wait_until
from tests.servers.proxy import Cut, Proxy, proxy
from tests.servers.queue import Queue, queue
from tests.servers.rabbitmq import running

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def broker(rabbitmq: str) -> Iterator[Queue]:
    with queue(rabbitmq) as one:
        yield one


@pytest.fixture
def line(rabbitmq: str) -> Iterator[Proxy]:
    with proxy(rabbitmq) as one:
        yield one


def endpoint(url: str) -> str:
    """Return a URL without its user and password: guest is who the relay is if nothing else is said."""
    return "amqp://" + url.rpartition("@")[2]


def states(app: segmentary.Application) -> object:
    return app.event_destinations.list()


def is_delivered(app: segmentary.Application) -> bool:
    return all(one.lag == 0 for one in app.event_destinations.list())


def test_events_are_confirmed_persistent_cloud_events_in_order(relaying: segmentary.Application, broker: Queue) -> None:
    broker.bind("#")
    relaying.event_destinations.create(
        kind="rabbitmq",
        endpoint=endpoint(broker.url),
        topic=broker.name,
        username="guest",
        secret="guest",  # noqa: S106 - that of a new RabbitMQ
        after=0,
    )
    network = relaying.networks.create(name="blue")
    relaying.networks.update(network.id, name="green")
    wait_until(lambda: is_delivered(relaying), lambda: states(relaying))
    messages = broker.messages()
    assert [event["data"]["sequence"] for _, _, event in messages] == [1, 2, 3, 4]
    for key, properties, event in messages:
        assert key == properties.type == event["type"]
        assert properties.message_id == event["id"]
        assert properties.delivery_mode == 2
        assert properties.content_type == "application/cloudevents+json; charset=utf-8"


def test_notifications_have_the_shape_that_openstack_services_send(
    relaying: segmentary.Application, broker: Queue
) -> None:
    broker.bind("notifications.info")
    relaying.event_destinations.create(
        kind="rabbitmq",
        endpoint=endpoint(broker.url),
        topic=broker.name,
        shape="notification",
        types="segment.created,segment.updated,segment.deleted",
        after=0,
    )
    network = relaying.networks.create(name="blue")
    segment = relaying.segments.list(network_id=network.id)[0]
    relaying.segments.update(segment.id, name="core")
    relaying.networks.delete(network.id)
    wait_until(lambda: is_delivered(relaying), lambda: states(relaying))
    messages = broker.messages()
    assert {key for key, _, _ in messages} == {"notifications.info"}
    assert {envelope["oslo.version"] for _, _, envelope in messages} == {"2.0"}
    told = [msgspec.json.decode(envelope["oslo.message"]) for _, _, envelope in messages]
    assert [one["event_type"] for one in told] == ["segment.create.end", "segment.update.end", "segment.delete.end"]
    assert [one["payload"]["segment"]["name"] for one in told] == [None, "core", "core"]
    assert told[2]["payload"]["segment_id"] == segment.id
    assert [one["message_id"] for one in told] == [properties.message_id for _, properties, _ in messages]
    assert {one["priority"] for one in told} == {"INFO"}


def test_nothing_is_lost_while_the_broker_goes_and_comes(
    relaying: segmentary.Application, broker: Queue, line: Proxy
) -> None:
    broker.bind("#")
    relaying.event_destinations.create(
        kind="rabbitmq", endpoint=endpoint(line.url), topic=broker.name, timeout=2, after=0
    )
    for cut in (Cut.NEXT_REQUEST_LOST, Cut.NEXT_ANSWER_LOST):
        relaying.networks.create(name="before")
        wait_until(lambda: is_delivered(relaying), lambda: states(relaying))
        line.cut = cut
        relaying.networks.create(name="while it is cut")
        wait_until(lambda: is_delivered(relaying), lambda: states(relaying))
    line.is_up = False
    line.cut_all()
    relaying.networks.create(name="while it is away")
    wait_until(lambda: relaying.event_destinations.list()[0].status == "failing")
    line.is_up = True
    wait_until(lambda: is_delivered(relaying), lambda: states(relaying))
    ids: dict[int, set[str]] = {}
    order: list[int] = []
    for _, properties, event in broker.messages():
        sequence = event["data"]["sequence"]
        if sequence not in ids:
            order.append(sequence)
        ids.setdefault(sequence, set()).add(properties.message_id or "")
    assert order == list(range(1, 12))
    assert all(len(one) == 1 for one in ids.values())


def test_events_wait_for_a_queue_and_say_so(relaying: segmentary.Application, broker: Queue) -> None:
    destination = relaying.event_destinations.create(
        kind="rabbitmq", endpoint=endpoint(broker.url), topic=broker.name, attempts=1, types="network.created"
    )
    relaying.networks.create(name="blue")
    wait_until(lambda: relaying.event_destinations.show(destination.id).last_error)
    shown = relaying.event_destinations.show(destination.id)
    assert shown.last_error == f"no queue is bound to the exchange {broker.name} for network.created"
    assert shown.dead_letters == 0
    broker.bind("network.*")
    wait_until(lambda: is_delivered(relaying), lambda: states(relaying))
    assert [event["type"] for _, _, event in broker.messages()] == ["network.created"]


def test_an_exchange_that_does_not_exist_is_told_as_such(relaying: segmentary.Application, rabbitmq: str) -> None:
    destination = relaying.event_destinations.create(
        kind="rabbitmq", endpoint=endpoint(rabbitmq), topic="segmentary-test-never-made", types="network.created"
    )
    relaying.networks.create(name="blue")
    wait_until(lambda: relaying.event_destinations.show(destination.id).last_error)
    assert "no exchange" in str(relaying.event_destinations.show(destination.id).last_error)


def test_a_node_that_is_killed_has_what_it_confirmed_and_gets_what_it_missed(relaying: segmentary.Application) -> None:
    with running() as node, queue(node.url) as broker, queue(node.url) as flooded:
        broker.bind("#")
        relaying.event_destinations.create(
            kind="rabbitmq", endpoint=endpoint(node.url), topic=broker.name, timeout=2, after=0
        )
        before = relaying.networks.create(name="before")
        wait_until(lambda: is_delivered(relaying), lambda: states(relaying))

        flooded.bind("#")
        flood = Publishing(flooded)
        node.kill()
        flood.join()
        assert MANY <= len(flood.confirmed) < flood.offered
        meanwhile = relaying.networks.create(name="meanwhile")
        wait_until(lambda: relaying.event_destinations.list()[0].failures, lambda: states(relaying))
        assert not is_delivered(relaying)

        node.start()
        wait_until(lambda: is_delivered(relaying), lambda: states(relaying))
        arrived = [event for _, _, event in broker.messages()]
        assert set(flood.confirmed) <= set(ids(flooded))

    numbers = {event["id"]: event["data"]["sequence"] for event in arrived}
    assert sorted(numbers.values()) == list(range(1, relaying.feed.latest() + 1))
    assert {before.id, meanwhile.id} <= {event["data"]["resource_id"] for event in arrived}
