"""Webhooks: a POST for each message, signed as https://www.standardwebhooks.com says.

    webhook-id: the event's id              webhook-timestamp: when it was sent, in seconds since 1970
    webhook-signature: v1,BASE64            HMAC-SHA256 of "ID.TIMESTAMP.BODY" with the destination's secret

A redirect is not followed, and of an answer no more than its status is used.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence

import urllib3

from segmentary.delivery import Failure, Message, Target

# Answers that are about the receiver's state, not about the message.
BUSY = frozenset({408, 425, 429, 502, 503, 504})
# Read of an answer, so that its connection can be used again; what is longer costs the connection.
ANSWER_BYTES = 64 * 1024


class Webhook:
    """Posts to one URL over a connection that stays open."""

    def __init__(self, target: Target) -> None:
        """Prepare; nothing is connected yet."""
        self._target = target
        timeout = urllib3.Timeout(total=target.timeout)
        self._pool = urllib3.PoolManager(num_pools=1, timeout=timeout, retries=False)

    def send(self, messages: Sequence[Message]) -> list[Failure | None]:
        """Post one message after the other, until the receiver does not take any."""
        outcomes: list[Failure | None] = []
        for message in messages:
            failure = self._post(message)
            outcomes.append(failure)
            if failure is not None and not failure.is_refusal:
                outcomes += [failure] * (len(messages) - len(outcomes))
                break
        return outcomes

    def rest(self) -> None:
        """Nothing: HTTP needs no heartbeat."""

    def close(self) -> None:
        """Close the connection."""
        self._pool.clear()

    def _post(self, message: Message) -> Failure | None:
        headers = {"Content-Type": message.content_type, "User-Agent": "segmentary", **self._signature(message)}
        try:
            answer = self._pool.request(
                "POST", self._target.url, body=message.body, headers=headers, redirect=False, preload_content=False
            )
            with answer:
                read = answer.read(ANSWER_BYTES, decode_content=False)
                if len(read) < ANSWER_BYTES:
                    answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Failure(f"no answer from {self._target.url} ({type(error).__name__}: {_reason(error)})")
        if 200 <= answer.status < 300:  # noqa: PLR2004, what HTTP calls successful
            return None
        return Failure(f"{self._target.url} answered with status {answer.status}", answer.status not in BUSY)

    def _signature(self, message: Message) -> dict[str, str]:
        moment = str(int(time.time()))
        named = {"webhook-id": message.id, "webhook-timestamp": moment}
        if self._target.secret is None:
            return named
        signed = f"{message.id}.{moment}.".encode() + message.body
        digest = hmac.new(self._target.secret.encode(), signed, hashlib.sha256).digest()
        return {**named, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def open_sender(target: Target) -> Webhook:
    """Return a sender to a URL."""
    return Webhook(target)


def _reason(error: Exception) -> str:
    """Return what is wrong without urllib3's objects, whose addresses differ from time to time."""
    return str(error).rpartition(": ")[2]
