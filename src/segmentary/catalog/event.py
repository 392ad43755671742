"""Events: what is recorded, in the transaction of a change, about that change."""

from dataclasses import dataclass
from enum import Enum

from segmentary.rules.attribute import describe


class Verb(Enum):
    """What happened to a record."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """A record was created, updated or deleted: `before` and `after` are the record as it was and as it is."""

    verb: Verb
    before: object | None
    after: object | None

    @property
    def type(self) -> str:
        """The name on the wire, such as segment.created."""
        return f"{describe(self.record).name}.{self.verb.value}"

    @property
    def record(self) -> object:
        """The record as it is, or as it last was."""
        record = self.after if self.after is not None else self.before
        assert record is not None  # noqa: S101, the three functions below are the only makers
        return record


def created(record: object) -> Event:
    """Return the event that a record was created."""
    return Event(Verb.CREATED, None, record)


def updated(before: object, after: object) -> Event:
    """Return the event that a record was changed."""
    return Event(Verb.UPDATED, before, after)


def deleted(record: object) -> Event:
    """Return the event that a record was deleted."""
    return Event(Verb.DELETED, record, None)
