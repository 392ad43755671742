"""A RabbitMQ exchange with a queue, as their administrator and their readers see them."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import pika
from pika.exchange_type import ExchangeType

from tests.servers.rabbitmq import connect


@dataclass(frozen=True)
class Queue:
    """An exchange and a queue with the same name, which nobody else has."""

    url: str
    name: str

    def bind(self, key: str) -> None:
        with closing(connect(self.url)) as connection:
            connection.channel().queue_bind(self.name, self.name, key)

    def messages(self) -> list[tuple[str, pika.BasicProperties, dict[str, Any]]]:
        """Take all messages there are: routing key, properties and JSON of each."""
        found: list[tuple[str, pika.BasicProperties, dict[str, Any]]] = []
        with closing(connect(self.url)) as connection:
            channel = connection.channel()
            while True:
                method, properties, body = channel.basic_get(self.name, auto_ack=True)
                if method is None or properties is None or body is None:
                    return found
                found.append((method.routing_key or "", properties, msgspec.json.decode(body)))


@contextmanager
def queue(url: str) -> Iterator[Queue]:
    """Make an exchange and a queue that nothing is bound to yet; delete them at the end."""
    name = f"segmentary-test-{secrets.token_hex(6)}"
    with closing(connect(url)) as connection:
        channel = connection.channel()
        channel.exchange_declare(name, ExchangeType.topic, durable=True)  # type: ignore[arg-type]  # its types are wrong there
        channel.queue_declare(name, durable=True)
    try:
        yield Queue(url, name)
    finally:
        with closing(connect(url)) as connection:
            channel = connection.channel()
            channel.queue_delete(name)
            channel.exchange_delete(name)
