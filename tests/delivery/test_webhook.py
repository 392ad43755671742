"""Webhooks, delivered by a relay to a real HTTP server."""

import base64
import hashlib
import hmac
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat

import segmentary
from segmentary.errors import DeadLetterNotFound, EventDestinationNotFound, EventsDropped, InvalidValue
from segmentary.services.relay import Relay
from segmentary.wire.event import EventQuery
from tests.delivery.waiting import wait_until
from tests.servers.receiver import Posted, Receiver, receiving

RunSql = Callable[[str], Sequence[Sequence[Any]]]
SECRET = "not to be told"  # noqa: S105 - it is


def numbers(receiver: Receiver) -> list[int]:
    return [one["sequence"] for one in receiver.events]


def feed(app: segmentary.Application) -> list[int]:
    while app.relay.work():
        pass
    return [one.sequence for one in app.feed.page(EventQuery()).events]


def states(app: segmentary.Application) -> object:
    return app.event_destinations.list()


def in_order_per_record(receiver: Receiver) -> bool:
    """Tell whether no event came before an earlier one of its record, repetitions left out."""
    last: dict[str, int] = {}
    seen = set()
    for event in receiver.events:
        if event["id"] in seen:
            continue
        seen.add(event["id"])
        if event["sequence"] <= last.get(event["resource_id"], 0):
            return False
        last[event["resource_id"]] = event["sequence"]
    return True


def test_every_event_is_delivered_as_a_signed_cloud_event_and_acknowledged(
    relaying: segmentary.Application, receiver: Receiver, run_sql: RunSql
) -> None:
    destination = relaying.event_destinations.create(kind="webhook", endpoint=receiver.url, secret=SECRET, after=0)
    network = relaying.networks.create(name="blü")
    relaying.networks.update(network.id, name="green")
    relaying.networks.delete(network.id)
    wait_until(lambda: len(receiver.taken) == 6, lambda: (numbers(receiver), states(relaying)))
    assert numbers(receiver) == [1, 2, 3, 4, 5, 6]
    stored = run_sql("SELECT event_id, type, resource_id FROM events ORDER BY sequence")
    for posted, (event_id, event_type, resource_id) in zip(receiver.taken, stored, strict=True):
        parsed = from_structured_event(HTTPMessage(dict(posted.headers), posted.body), JSONFormat())
        assert parsed.get_id() == posted.headers["webhook-id"] == str(event_id)
        assert (parsed.get_type(), parsed.get_subject()) == (event_type, str(resource_id))
        data = parsed.get_data()
        assert isinstance(data, dict)
        assert data["resource_id"] == str(resource_id)
        signed = b".".join([posted.headers["webhook-id"].encode(), posted.headers["webhook-timestamp"].encode()])
        digest = hmac.new(SECRET.encode(), signed + b"." + posted.body, hashlib.sha256).digest()
        assert posted.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    wait_until(lambda: relaying.event_destinations.show(destination.id).acknowledged == 6)
    shown = relaying.event_destinations.show(destination.id)
    assert (shown.status, shown.lag, shown.oldest_undelivered, shown.failures) == ("delivering", 0, None, 0)


@pytest.mark.databases("sqlite")
def test_a_receiver_that_fails_hangs_and_recovers_gets_everything_in_order(
    relaying: segmentary.Application, receiver: Receiver
) -> None:
    hanging = threading.Event()
    behaviours = iter([503, 503, None, 429, 204, 503])

    def answer(_posted: Posted) -> int:
        status = next(behaviours, 204)
        if status is None:
            hanging.wait()
            return 204  # too late: the relay has gone away, and comes again
        return status

    receiver.answer = answer
    destination = relaying.event_destinations.create(kind="webhook", endpoint=receiver.url, timeout=1, after=0)
    network = relaying.networks.create(name="0")
    for place in range(1, 6):
        relaying.networks.update(network.id, name=str(place))
    wait_until(lambda: relaying.event_destinations.show(destination.id).lag == 0, lambda: states(relaying))
    hanging.set()
    assert sorted(set(numbers(receiver))) == feed(relaying)
    assert in_order_per_record(receiver)
    shown = relaying.event_destinations.show(destination.id)
    assert (shown.status, shown.dead_letters) == ("delivering", 0)
    assert isinstance(shown.failures, int)
    assert shown.failures >= 5
    by_number: dict[int, set[str]] = {}
    for one in receiver.posted:
        by_number.setdefault(one.event["sequence"], set()).add(one.event["id"])
    assert all(len(ids) == 1 for ids in by_number.values())


def test_a_refused_event_becomes_a_dead_letter_which_later_events_of_its_record_follow(
    relaying: segmentary.Application, receiver: Receiver, run_sql: RunSql
) -> None:
    poison = relaying.networks.create(name="poison").id
    refusing = True
    receiver.answer = lambda posted: 400 if refusing and posted.event["resource_id"] == poison else 204
    destination = relaying.event_destinations.create(
        kind="webhook", endpoint=receiver.url, attempts=2, after=0, types="network.created,network.updated"
    )
    for name in ("a", "b"):
        relaying.networks.update(poison, name=name)
    sound = relaying.networks.create(name="sound").id
    latest = feed(relaying)[-1]
    wait_until(
        lambda: relaying.event_destinations.show(destination.id).acknowledged == latest, lambda: states(relaying)
    )
    letters = relaying.dead_letters.list(destination.id)
    assert [(one.event.type, one.attempts) for one in letters] == [
        ("network.created", 2),
        ("network.updated", 0),
        ("network.updated", 0),
    ]
    assert letters[0].error == f"{receiver.url} answered with status 400"
    assert [one["resource_id"] for one in receiver.events] == [sound]
    sent = [one.event["sequence"] for one in receiver.posted if one.event["resource_id"] == poison]
    assert sent == [letters[0].event.sequence] * 2, "what follows a dead letter was sent"

    # Replayed while the receiver still refuses, they are dead letters again.
    relaying.dead_letters.replay(destination.id)
    wait_until(lambda: len([one for one in receiver.posted if one.event["resource_id"] == poison]) == 4)
    wait_until(lambda: not any(one.replay for one in relaying.dead_letters.list(destination.id)))
    assert relaying.event_destinations.show(destination.id).dead_letters == 3

    refusing = False
    relaying.dead_letters.forget(destination.id, letters[1].event.sequence)
    with pytest.raises(DeadLetterNotFound):
        relaying.dead_letters.forget(destination.id, letters[1].event.sequence)
    relaying.networks.update(poison, name="c")
    relaying.dead_letters.replay(destination.id, poison)
    wait_until(lambda: relaying.event_destinations.show(destination.id).dead_letters == 0, lambda: states(relaying))
    relaying.networks.update(poison, name="d")
    wait_until(lambda: len(receiver.events) == 5, lambda: states(relaying))
    of_poison = [one["record"]["name"] for one in receiver.events if one["resource_id"] == poison]
    assert of_poison == ["poison", "b", "c", "d"]
    assert in_order_per_record(receiver)
    assert list(run_sql("SELECT count(*) FROM dead_letters")[0]) == [0]


@pytest.mark.databases("sqlite")
def test_one_slow_destination_never_holds_others_back(relaying: segmentary.Application, receiver: Receiver) -> None:
    release = threading.Event()
    with receiving() as slow:

        def wait(_posted: Posted) -> int:
            release.wait()
            return 204

        slow.answer = wait
        relaying.event_destinations.create(name="slow", kind="webhook", endpoint=slow.url, timeout=60)
        relaying.event_destinations.create(name="fast", kind="webhook", endpoint=receiver.url)
        wait_until(lambda: slow.posted)
        for place in range(10):
            relaying.networks.create(name=str(place))
        wait_until(lambda: len([one for one in receiver.events if one["type"] == "network.created"]) == 10)
        assert not slow.taken
        release.set()


@pytest.mark.databases("sqlite")
def test_a_paused_destination_gets_nothing_until_it_is_resumed(
    relaying: segmentary.Application, receiver: Receiver
) -> None:
    destination = relaying.event_destinations.create(
        kind="webhook", endpoint=receiver.url, paused=True, types="network.created"
    )
    with receiving() as other:
        relaying.event_destinations.create(kind="webhook", endpoint=other.url, types="network.created")
        relaying.networks.create(name="while paused")
        wait_until(lambda: other.taken)
    shown = relaying.event_destinations.show(destination.id)
    assert shown.status == "paused"
    assert isinstance(shown.oldest_undelivered, dict)
    assert receiver.posted == []
    relaying.event_destinations.update(destination.id, paused=False)
    wait_until(lambda: [one["record"]["name"] for one in receiver.events] == ["while paused"])
    relaying.event_destinations.delete(destination.id)
    with pytest.raises(EventDestinationNotFound):
        relaying.dead_letters.list(destination.id)


@pytest.mark.databases("sqlite")
def test_a_destination_begins_now_or_after_a_number_that_is_kept(
    relaying: segmentary.Application, receiver: Receiver
) -> None:
    for place in range(3):
        relaying.networks.create(name=str(place))
    assert feed(relaying) == [1, 2, 3, 4, 5, 6]
    relaying.event_destinations.create(kind="webhook", endpoint=receiver.url)
    relaying.networks.create(name="later")
    wait_until(lambda: len(receiver.taken) == 3)
    assert numbers(receiver) == [7, 8, 9]
    with receiving() as other:
        relaying.event_destinations.create(kind="webhook", endpoint=other.url, after=4)
        wait_until(lambda: len(other.taken) == 6)
        assert numbers(other) == [5, 6, 7, 8, 9, 10]
    with pytest.raises(InvalidValue, match="11 is beyond 10"):
        relaying.event_destinations.create(kind="webhook", endpoint=receiver.url, after=11)


def test_events_that_a_destination_lacks_are_kept_and_dropped_after_it_has_them(
    app: segmentary.Application, receiver: Receiver
) -> None:
    destination = app.event_destinations.create(kind="webhook", endpoint=receiver.url, paused=True, after=0)
    for place in range(4):
        app.networks.create(name=str(place))
    whole = feed(app)
    few = segmentary.Settings(events_kept=2)
    cleaning = Relay(app.database, app.feed, few)
    while cleaning.work():
        pass
    assert feed(app) == whole
    app.event_destinations.update(destination.id, paused=False)
    whole = feed(app)
    app.relay.start()
    wait_until(lambda: app.event_destinations.show(destination.id).lag == 0, lambda: states(app))
    assert numbers(receiver) == whole
    cleaning = Relay(app.database, app.feed, few)
    while cleaning.work():
        pass
    with pytest.raises(EventsDropped):
        app.event_destinations.create(kind="webhook", endpoint=receiver.url, after=0)


@pytest.mark.databases("sqlite")
def test_a_destination_whose_events_somebody_deleted_stands_still_and_says_so(
    relaying: segmentary.Application, receiver: Receiver, run_sql: RunSql
) -> None:
    destination = relaying.event_destinations.create(kind="webhook", endpoint=receiver.url, paused=True, after=0)
    relaying.networks.create(name="blue")
    assert feed(relaying) == [1, 2, 3]
    run_sql("DELETE FROM events WHERE sequence < 3")
    relaying.event_destinations.update(destination.id, paused=False)
    wait_until(lambda: relaying.event_destinations.show(destination.id).last_error)
    shown = relaying.event_destinations.show(destination.id)
    assert shown.last_error == "The events after 0 are no longer all kept, 3 is the oldest: list the records anew."
    assert (shown.status, receiver.posted) == ("failing", [])


@pytest.mark.databases("sqlite")
def test_a_redirect_is_not_followed(relaying: segmentary.Application, receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.answer, receiver.location = lambda _posted: 307, elsewhere.url
        destination = relaying.event_destinations.create(kind="webhook", endpoint=receiver.url, attempts=1)
        wait_until(lambda: relaying.event_destinations.show(destination.id).dead_letters == 1)
        assert elsewhere.posted == []


@pytest.mark.databases("sqlite")
def test_a_secret_is_stored_and_never_told(
    relaying: segmentary.Application, receiver: Receiver, caplog: pytest.LogCaptureFixture, run_sql: RunSql
) -> None:
    receiver.answer = lambda _posted: 500
    with caplog.at_level(logging.DEBUG):
        destination = relaying.event_destinations.create(
            kind="webhook", endpoint=receiver.url, secret=SECRET, attempts=1, after=0
        )
        relaying.event_destinations.update(destination.id, secret=SECRET + "2")
        wait_until(lambda: len(relaying.dead_letters.list(destination.id)) == 2)
        with pytest.raises(InvalidValue) as refused:
            relaying.event_destinations.create(kind="webhook", endpoint=receiver.url, secret=SECRET * 50)
    assert SECRET not in str(refused.value.data) + refused.value.message
    with pytest.raises(InvalidValue, match=r"endpoint\. Reason: what was given is not allowed") as refused:
        relaying.event_destinations.create(kind="webhook", endpoint="http://user:nottobetold@h/")
    assert "nottobetold" not in str(refused.value.data)
    assert SECRET not in caplog.text
    assert [row[0] for row in run_sql("SELECT secret FROM event_destinations")] == [SECRET + "2"]
    for table in ("events", "dead_letters", "deliveries"):
        assert SECRET not in str(run_sql(f"SELECT * FROM {table}"))
    assert not [one for one in receiver.posted if SECRET.encode() in one.body]


def test_a_relay_that_ends_hands_its_destinations_over_at_once(
    app: segmentary.Application, receiver: Receiver, run_sql: RunSql
) -> None:
    app.event_destinations.create(kind="webhook", endpoint=receiver.url, types="network.created")
    app.relay.start()
    app.networks.create(name="by the first")
    wait_until(lambda: len(receiver.taken) == 1)
    app.relay.hand_over()
    assert [row[0] for row in run_sql("SELECT holder FROM deliveries")] == [None]
    app.networks.create(name="by the second")
    second = Relay(app.database, app.feed, app.settings)
    second.start()
    wait_until(lambda: len(receiver.taken) == 2)
    second.stop()
    assert [one["record"]["name"] for one in receiver.events] == ["by the first", "by the second"]
