"""Events: what is recorded, in the transaction of a change, about that change."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from segmentary.rules.attribute import Resource, describe


class Verb(Enum):
    """What happened to a record."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """A record was created, updated or deleted: `before` and `after` are the record as it was and as it is.

    `request_id` is the request that changed it, if that is not the actor's.
    """

    verb: Verb
    before: object | None
    after: object | None
    request_id: str | None = None

    @property
    def type(self) -> str:
        """The name on the wire, such as segment.created."""
        return type_of(describe(self.record), self.verb)

    @property
    def record(self) -> object:
        """The record as it is, or as it last was."""
        record = self.after if self.after is not None else self.before
        assert record is not None  # noqa: S101, the three functions below are the only makers
        return record


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event as stored, with the number readers know it by; `payload` is JSON with the record and what changed.

    `actor` is None where the reader is not told. The projects, of the record and of the actor, are read for those only
    who may not see everything.
    """

    id: str
    sequence: int
    type: str
    time: str
    actor: str | None
    request_id: str | None
    resource_id: str
    payload: str
    project_id: str | None = None
    actor_project_id: str | None = None


def type_of(resource: Resource, verb: Verb) -> str:
    """Return the name on the wire, such as segment.created."""
    return f"{resource.name}.{verb.value}"


def types(resources: Iterable[Resource]) -> tuple[str, ...]:
    """Return the names of all events about these resources."""
    return tuple(type_of(resource, verb) for resource in resources for verb in Verb)


def created(record: object, request_id: str | None = None) -> Event:
    """Return the event that a record was created."""
    return Event(Verb.CREATED, None, record, request_id)


def updated(before: object, after: object) -> Event:
    """Return the event that a record was changed."""
    return Event(Verb.UPDATED, before, after)


def deleted(record: object) -> Event:
    """Return the event that a record was deleted."""
    return Event(Verb.DELETED, record, None)
