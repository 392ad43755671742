"""Messages published together to a RabbitMQ, without a relay."""

import secrets
import threading
from contextlib import closing

from segmentary.delivery import Message, Sender, Target, open_sender
from tests.servers.queue import Queue

MANY = 200


def target(broker: Queue) -> Target:
    return Target(url=broker.url, topic=broker.name, routing_key=None, username=None, secret=None, timeout=10)


def messages(*types: str) -> list[Message]:
    return [
        Message(id=secrets.token_hex(8), type=one, content_type="application/json", body=b'{"n":%d}' % place)
        for place, one in enumerate(types)
    ]


def ids(broker: Queue) -> list[str | None]:
    return [properties.message_id for _, properties, _ in broker.messages()]


def confirmed(sender: Sender, sent: list[Message]) -> list[str]:
    """Send; return the ids of what was confirmed."""
    outcomes = sender.send(sent)
    return [message.id for message, failure in zip(sent, outcomes, strict=True) if failure is None]


class Publishing:
    """A thread that publishes one batch after the other, until one is not confirmed."""

    def __init__(self, broker: Queue) -> None:
        self._broker = broker
        self.confirmed: list[str] = []
        self.offered = 0
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()
        self._begun.wait()

    def join(self) -> None:
        self._thread.join()

    def _publish(self) -> None:
        with closing(open_sender("rabbitmq", target(self._broker))) as sender:
            while self.offered == len(self.confirmed):
                sent = messages(*["created"] * MANY)
                self.offered += MANY
                self.confirmed += confirmed(sender, sent)
                self._begun.set()
