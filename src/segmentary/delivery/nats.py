"""NATS JetStream: a message is there once its stream has acknowledged it; Nats-Msg-Id lets the stream drop repetitions.

nats-py is asynchronous. Its loop runs in a thread of its own, also while nothing is sent, so that the server's pings
are answered; from here its coroutines are handed to that loop and their results waited for.
"""

import asyncio
import logging
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future  # noqa: TC003, annotations are evaluated
from contextlib import suppress
from typing import Any, TypeVar

import nats
from nats.aio.client import Client  # noqa: TC002, as above
from nats.errors import BadSubjectError, MaxPayloadError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from segmentary.delivery import Failure, Message, Target

T = TypeVar("T")
# Codes of JetStream's errors follow HTTP: from here on it is the server that cannot.
SERVER_ERRORS = 500
# Beyond the time that nats-py itself gives up after.
GRACE_SECONDS = 2


class Nats:
    """Publishes below one subject."""

    def __init__(self, target: Target) -> None:
        """Start the loop; nothing is connected yet."""
        self._target = target
        # What it would log, with a stack each time, is told by the failures returned here.
        logging.getLogger("nats").setLevel(logging.CRITICAL)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()
        self._client: Client | None = None

    def send(self, messages: Sequence[Message]) -> list[Failure | None]:
        """Publish all messages at once and wait for the acknowledgement of each."""
        try:
            stream = self._stream()
        except Exception as error:  # noqa: BLE001, nats-py passes on what sockets, DNS and TLS raise
            return [Failure(f"{self._target.url} cannot be connected to ({_reason(error)})")] * len(messages)
        waiting = [
            self._begin(
                stream.publish(
                    f"{self._target.topic}.{message.type}",
                    message.body,
                    timeout=self._target.timeout,
                    headers={"Nats-Msg-Id": message.id, "Content-Type": message.content_type},
                )
            )
            for message in messages
        ]
        outcomes = [self._outcome(one) for one in waiting]
        if any(one is not None and not one.is_refusal for one in outcomes):
            self._disconnect()
        return outcomes

    def rest(self) -> None:
        """Nothing: the loop answers pings."""

    def close(self) -> None:
        """Close the connection and end the loop."""
        self._disconnect()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _stream(self) -> JetStreamContext:
        if self._client is None or not self._client.is_connected:
            self._disconnect()
            self._client = self._wait(self._begin(nats.connect(self._target.url, **self._options())))
        return self._client.jetstream()

    def _options(self) -> dict[str, Any]:
        secret = {"token": self._target.secret} if self._target.secret else {}
        if self._target.username:
            secret = {"user": self._target.username, "password": self._target.secret or ""}
        # Whoever calls tries again, after pauses that grow.
        return {"allow_reconnect": False, "connect_timeout": self._target.timeout, **secret}

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            # The connection is of no more use, whatever it says to that.
            with suppress(Exception):
                self._wait(self._begin(client.close()))

    def _outcome(self, waiting: "Future[Any]") -> Failure | None:
        try:
            self._wait(waiting)
        except (MaxPayloadError, BadSubjectError) as error:
            return Failure(f"NATS refuses the message ({_reason(error)})", is_refusal=True)
        except NoStreamResponseError:
            return Failure(f"no stream of {self._target.url} takes subjects below {self._target.topic}")
        except APIError as error:
            is_refusal = (error.code or SERVER_ERRORS) < SERVER_ERRORS
            return Failure(f"the stream refuses the message ({error.code} {error.description})", is_refusal)
        except Exception as error:  # noqa: BLE001, nats-py passes on what sockets and TLS raise
            return Failure(f"{self._target.url} did not acknowledge ({_reason(error)})")
        return None

    def _begin(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _wait(self, waiting: "Future[T]") -> T:
        try:
            return waiting.result(self._target.timeout + GRACE_SECONDS)
        finally:
            waiting.cancel()


def open_sender(target: Target) -> Nats:
    """Return a sender to a server."""
    return Nats(target)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
