"""RabbitMQ: a message is there once the broker has confirmed it; it is persistent, and must have a queue to go to.

    publish 1 2 3 4  ->
                     <-  ack 2 and all before, return 3, ack 3, nack 4      1 and 2 are there, 3 and 4 are not

pika's loop runs in the thread of whoever calls, while it waits for the broker. After any failure the connection is
closed: what the broker says later of old messages is not heard, and the tags of new ones begin at one again.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectionWorkflowFailed, AMQPConnectorPhaseErrorBase
from pika.channel import Channel
from pika.exceptions import AMQPConnectionError, AMQPError, ChannelClosedByBroker
from pika.spec import Basic

from segmentary.delivery import Failure, Message, Target

PERSISTENT = 2
CLOSING_SECONDS = 1


class RabbitMq:
    """Publishes to one exchange."""

    def __init__(self, target: Target) -> None:
        """Prepare; nothing is connected yet."""
        self._target = target
        # What it would log is told by the failures returned here.
        logging.getLogger("pika").setLevel(logging.CRITICAL)
        self._line: _Line | None = None

    def send(self, messages: Sequence[Message]) -> list[Failure | None]:
        """Publish all messages at once and wait for the confirmation of each."""
        try:
            if self._line is None:
                self._line = _Line(self._target)
            outcomes = self._line.publish(messages)
        except (AMQPError, OSError, ValueError) as error:
            outcomes = [_failure(self._target, error)] * len(messages)
        if any(outcomes):
            self.close()
        return outcomes

    def rest(self) -> None:
        """Answer the broker's heartbeats."""
        if self._line is not None and not self._line.is_alive():
            self.close()

    def close(self) -> None:
        """Close the connection."""
        line, self._line = self._line, None
        if line is not None:
            line.close()


class _Line:
    """A connection with a channel that confirms, of use until something fails."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._channel: Channel | None = None
        self._is_closed = False
        self._lost: Failure | None = None
        self._published = 0
        # The ids of messages that the broker has not settled, by their tags; what became of the others, by their ids.
        self._waiting: dict[int, str] = {}
        self._outcomes: dict[str | None, Failure | None] = {}
        self._heard = 0.0
        self._connection = pika.SelectConnection(
            _parameters(target),
            on_open_callback=self._on_connected,
            on_open_error_callback=self._on_closed,
            on_close_callback=self._on_closed,
        )
        self._loop = self._connection.ioloop

    def publish(self, messages: Sequence[Message]) -> list[Failure | None]:
        """Publish messages and return what became of each: only what was confirmed is None."""
        self._outcomes = {}
        # pika gives up to connect after the timeout; it does not bear to be closed before.
        self._work_until(lambda: self._channel or self._lost, self._target.timeout + CLOSING_SECONDS)
        if self._channel is not None and self._lost is None:
            for message in messages:
                self._publish(self._channel, message)
            self._work_until(lambda: self._lost or not self._waiting, self._target.timeout)
        unsettled = self._lost or Failure(f"{self._target.url} did not confirm within {self._target.timeout} seconds")
        return [self._outcomes.get(message.id, unsettled) for message in messages]

    def is_alive(self) -> bool:
        """Answer what the broker asks, without waiting; tell whether the connection is of use."""
        self._work(0)
        return self._lost is None

    def close(self) -> None:
        """Take leave of the broker; of one that does not answer to that, drop the connection."""
        if self._connection.is_open:
            self._connection.close()
        self._work_until(lambda: self._is_closed, CLOSING_SECONDS)
        if self._connection.is_closing:
            # By itself pika drops a connection only when heartbeats are missing, many seconds later.
            self._connection._terminate_stream(None)  # type: ignore[attr-defined]  # noqa: SLF001
            self._work_until(lambda: self._is_closed, CLOSING_SECONDS)
        self._loop.close()

    def _publish(self, channel: Channel, message: Message) -> None:
        properties = pika.BasicProperties(
            message_id=message.id,
            type=message.type,
            content_type=message.content_type,
            content_encoding="utf-8",
            delivery_mode=PERSISTENT,
        )
        routing_key = self._target.routing_key or message.type
        channel.basic_publish(self._target.topic or "", routing_key, message.body, properties, mandatory=True)
        self._published += 1
        self._waiting[self._published] = message.id

    def _work_until(self, is_done: Callable[[], object], seconds: float) -> None:
        """Let the connection work until that, or until the broker has settled nothing for so long."""
        self._heard = time.monotonic()
        while not is_done() and (left := self._heard + seconds - time.monotonic()) > 0:
            self._work(left)

    def _work(self, seconds: float) -> None:
        """Let the connection work so long, or until a callback stops it."""
        timer = self._loop.call_later(seconds, self._loop.stop)
        self._loop.start()
        self._loop.remove_timeout(timer)

    def _on_connected(self, connection: Any) -> None:  # noqa: ANN401, its types say less than it is
        connection.channel(on_open_callback=self._on_opened)

    def _on_opened(self, channel: Channel) -> None:
        channel.add_on_close_callback(lambda _channel, reason: self._lose(reason))
        channel.add_on_return_callback(self._on_returned)
        channel.confirm_delivery(self._on_settled, lambda _frame: self._on_ready(channel))

    def _on_ready(self, channel: Channel) -> None:
        self._channel = channel
        self._loop.stop()

    def _on_returned(
        self, _channel: Channel, _method: Basic.Return, properties: pika.BasicProperties, _body: bytes
    ) -> None:
        """Note a message without a queue; its ack follows."""
        reason = f"no queue is bound to the exchange {self._target.topic} for {properties.type}"
        self._outcomes[properties.message_id] = Failure(reason)

    def _on_settled(self, frame: Any) -> None:  # noqa: ANN401, generic in the stubs only
        """Note an ack or a nack of a message, or of all up to it."""
        tag, is_multiple = frame.method.delivery_tag, frame.method.multiple
        failure = None
        if isinstance(frame.method, Basic.Nack):
            failure = Failure(f"{self._target.url} did not take the message")
        for one in [one for one in self._waiting if one <= tag] if is_multiple else [tag]:
            self._outcomes.setdefault(self._waiting.pop(one), failure)
        self._heard = time.monotonic()
        if not self._waiting:
            self._loop.stop()

    def _on_closed(self, _connection: object, reason: Any) -> None:  # noqa: ANN401, the stubs say str or Exception
        self._is_closed = True
        self._lose(reason)

    def _lose(self, reason: BaseException) -> None:
        self._lost = self._lost or _failure(self._target, reason)
        self._loop.stop()


def _failure(target: Target, reason: BaseException) -> Failure:
    error = _innermost(reason)
    if isinstance(error, ChannelClosedByBroker):
        return Failure(f"{target.url} refuses ({error.reply_code} {error.reply_text})")
    return Failure(f"{target.url} cannot be published to ({str(error) or type(error).__name__})")


def _innermost(error: BaseException) -> BaseException:
    """Return what has failed, without what pika wraps around it on the way through its stack."""
    if isinstance(error, AMQPConnectionWorkflowFailed):
        return _innermost(error.exceptions[-1])
    if isinstance(error, AMQPConnectorPhaseErrorBase):
        return _innermost(error.exception)
    if isinstance(error, AMQPConnectionError) and isinstance(error.args[0], BaseException):
        return _innermost(error.args[0])
    return error


def _parameters(target: Target) -> pika.URLParameters:
    parameters = pika.URLParameters(target.url)
    if target.username:
        parameters.credentials = pika.PlainCredentials(target.username, target.secret or "")
    seconds = target.timeout
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = seconds
    # A broker that hangs is noticed by its missing heartbeats.
    parameters.heartbeat = max(seconds, 2)
    parameters.connection_attempts = 1
    return parameters


def open_sender(target: Target) -> RabbitMq:
    """Return a sender to a broker."""
    return RabbitMq(target)
