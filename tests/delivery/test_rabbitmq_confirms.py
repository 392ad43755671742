"""What a RabbitMQ confirms of messages that were published together, and what is made of the rest."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from pika.exchange_type import ExchangeType

from segmentary.delivery import open_sender
from tests.delivery.publishing import MANY, confirmed, ids, messages, target
from tests.servers.proxy import Cut, proxy
from tests.servers.queue import Queue, queue
from tests.servers.rabbitmq import connect


@pytest.fixture
def broker(rabbitmq: str) -> Iterator[Queue]:
    with queue(rabbitmq) as one:
        yield one


def test_only_messages_with_a_queue_are_confirmed(broker: Queue) -> None:
    broker.bind("kept")
    sent = messages(*["kept", "lost", "kept"] * MANY)
    with closing(open_sender("rabbitmq", target(broker))) as sender:
        outcomes = sender.send(sent)
    kept = [one.id for one in sent if one.type == "kept"]
    assert [one.id for one, failure in zip(sent, outcomes, strict=True) if failure is None] == kept
    assert {one.reason for one in outcomes if one} == {f"no queue is bound to the exchange {broker.name} for lost"}
    assert ids(broker) == kept


def test_messages_that_a_full_queue_rejects_are_not_confirmed(broker: Queue) -> None:
    with closing(connect(broker.url)) as connection:
        channel = connection.channel()
        channel.queue_delete(broker.name)
        channel.queue_declare(broker.name, durable=True, arguments={"x-max-length": 3, "x-overflow": "reject-publish"})
    broker.bind("#")
    with closing(open_sender("rabbitmq", target(broker))) as sender:
        sent = messages(*["created"] * MANY)
        taken = confirmed(sender, sent)
        # Which are rejected first is the broker's matter: it looks at the length between messages.
        assert 3 <= len(taken) < MANY
        assert ids(broker) == taken
        again = [one for one in sent if one.id not in taken][:3]
        assert confirmed(sender, again) == [one.id for one in again]


def test_a_channel_that_the_broker_closes_is_opened_again(rabbitmq: str, broker: Queue) -> None:
    broker.bind("#")
    missing = replace(target(broker), topic=f"{broker.name}-later")
    with closing(open_sender("rabbitmq", missing)) as sender:
        outcomes = sender.send(messages(*["created"] * MANY))
        assert all(one is not None and "no exchange" in one.reason for one in outcomes)
        with closing(connect(rabbitmq)) as connection:
            channel = connection.channel()
            channel.exchange_declare(missing.topic or "", ExchangeType.topic)  # type: ignore[arg-type]  # its types are wrong there
            try:
                channel.queue_bind(broker.name, missing.topic or "", "#")
                sent = messages(*["created"] * MANY)
                assert confirmed(sender, sent) == [one.id for one in sent]
                # Tags go on from those of the batch before.
                sent = messages(*["created"] * MANY)
                assert confirmed(sender, sent) == [one.id for one in sent]
            finally:
                channel.exchange_delete(missing.topic or "")
    assert len(ids(broker)) == 2 * MANY


@pytest.mark.parametrize("cut", Cut)
def test_what_a_cut_leaves_unconfirmed_is_told_as_such(broker: Queue, cut: Cut) -> None:
    broker.bind("#")
    with proxy(broker.url) as line, closing(open_sender("rabbitmq", replace(target(broker), url=line.url))) as sender:
        sent = messages(*["created"] * MANY)
        assert confirmed(sender, sent) == [one.id for one in sent]
        line.cut = cut
        sent = messages(*["created"] * MANY)
        outcomes = sender.send(sent)
        assert all(one is not None and "cannot be published to" in one.reason for one in outcomes)
        # The same messages, over a new connection.
        assert confirmed(sender, sent) == [one.id for one in sent]


def test_a_broker_that_hangs_is_given_up_and_tried_again(broker: Queue) -> None:
    broker.bind("#")
    with proxy(broker.url) as line:
        hanging = replace(target(broker), url=line.url, timeout=1)
        with closing(open_sender("rabbitmq", hanging)) as sender:
            sent = messages(*["created"] * MANY)
            assert confirmed(sender, sent) == [one.id for one in sent]
            line.is_silent = True
            while_publishing, while_connecting = sender.send(sent), sender.send(sent)
            line.is_silent = False
            assert confirmed(sender, sent) == [one.id for one in sent]
    assert {one and one.reason for one in while_publishing} == {f"{line.url} did not confirm within 1 seconds"}
    assert all(one is not None and "cannot be published to" in one.reason for one in while_connecting)
