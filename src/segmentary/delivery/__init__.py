"""How messages leave: a module for each kind of destination, which opens a sender. It knows nothing of the database.

    sender.send([message, message]) -> [None, Failure]     one outcome for each: None, the receiver has it

Messages that are sent together are about different records, so that they may overtake each other. A failure that is a
refusal is about this message; any other is about the receiver, which may take the same message later.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from segmentary.errors import DestinationKindNotInstalled


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """An event as it is sent; `id` is the event's own, the same whenever it is sent again."""

    id: str
    type: str
    content_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where messages are sent, as the destination says; `routing_key` None for the type of each event."""

    url: str
    topic: str | None
    routing_key: str | None
    username: str | None
    secret: str | None
    timeout: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the receiver does not have a message, and whether it refuses this very message."""

    reason: str
    is_refusal: bool = False


class Sender(Protocol):
    """A connection to a receiver, which is opened when it is needed, and again after it was lost."""

    def send(self, messages: Sequence[Message]) -> list[Failure | None]:
        """Send messages and return the outcome of each."""

    def rest(self) -> None:
        """Do what the connection needs while there is nothing to send."""

    def close(self) -> None:
        """Close the connection."""


# The library that each kind needs, beside those that are always there.
LIBRARIES: Mapping[str, str] = {"nats": "nats", "rabbitmq": "pika"}


def require_installed(kind: str) -> None:
    """Raise `DestinationKindNotInstalled` if the library for a kind of destination is missing."""
    if kind in LIBRARIES and find_spec(LIBRARIES[kind]) is None:
        raise DestinationKindNotInstalled(attribute="kind", kind=kind)


def open_sender(kind: str, target: Target) -> Sender:
    """Return a sender of a kind; raise `DestinationKindNotInstalled`."""
    require_installed(kind)
    opened: Callable[[Target], Sender] = import_module(f"segmentary.delivery.{kind}").open_sender
    return opened(target)
