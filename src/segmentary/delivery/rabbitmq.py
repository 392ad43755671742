"""RabbitMQ: a message is there once the broker has confirmed it; it is persistent, and must have a queue to go to."""

from collections.abc import Sequence

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosed, NackError, UnroutableError

from segmentary.delivery import Failure, Message, Target

PERSISTENT = 2


class RabbitMq:
    """Publishes to one exchange."""

    def __init__(self, target: Target) -> None:
        """Prepare; nothing is connected yet."""
        self._target = target
        self._connection: pika.BlockingConnection | None = None
        self._opened: BlockingChannel | None = None

    def send(self, messages: Sequence[Message]) -> list[Failure | None]:
        """Publish one message after the other, each confirmed, until the broker does not take any."""
        outcomes: list[Failure | None] = []
        for message in messages:
            failure = self._publish(message)
            outcomes.append(failure)
            if failure is not None:
                outcomes += [failure] * (len(messages) - len(outcomes))
                break
        return outcomes

    def rest(self) -> None:
        """Answer the broker's heartbeats."""
        if self._connection is not None:
            try:
                self._connection.process_data_events(0)
            except (AMQPError, OSError):  # lost: the next message is sent over a new one
                self.close()

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection, self._opened = self._connection, None, None
        if connection is not None:
            try:
                connection.close()
            except (AMQPError, OSError):  # closed by the other side before
                return

    def _publish(self, message: Message) -> Failure | None:
        properties = pika.BasicProperties(
            message_id=message.id,
            type=message.type,
            content_type=message.content_type,
            content_encoding="utf-8",
            delivery_mode=PERSISTENT,
        )
        try:
            self._channel().basic_publish(
                self._target.topic or "",
                self._target.routing_key or message.type,
                message.body,
                properties,
                mandatory=True,
            )
        except UnroutableError:
            return Failure(f"no queue is bound to the exchange {self._target.topic} for {message.type}")
        except NackError:
            return Failure(f"{self._target.url} did not take the message")
        except ChannelClosed as error:
            self.close()
            return Failure(f"{self._target.url} refuses ({error.reply_code} {error.reply_text})")
        except (AMQPError, OSError, ValueError) as error:
            self.close()
            return Failure(f"{self._target.url} cannot be published to ({str(error) or type(error).__name__})")
        return None

    def _channel(self) -> BlockingChannel:
        if self._opened is None or not self._opened.is_open:
            self.close()
            self._connection = pika.BlockingConnection(self._parameters())
            self._opened = self._connection.channel()
            self._opened.confirm_delivery()
        return self._opened

    def _parameters(self) -> pika.URLParameters:
        parameters = pika.URLParameters(self._target.url)
        if self._target.username:
            parameters.credentials = pika.PlainCredentials(self._target.username, self._target.secret or "")
        seconds = self._target.timeout
        parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = seconds
        # A broker that hangs is noticed by its missing heartbeats.
        parameters.heartbeat = max(seconds, 2)
        parameters.connection_attempts = 1
        return parameters


def open_sender(target: Target) -> RabbitMq:
    """Return a sender to a broker."""
    return RabbitMq(target)
