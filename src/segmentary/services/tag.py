"""Use cases of tags: putting them all in place of the present ones, adding some, taking some away.

Saying what is the case already changes nothing: the revision stays and no event is recorded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from segmentary.catalog import SegmentRange, event
from segmentary.catalog.standard import TAGS_KIND
from segmentary.db import ranges, records
from segmentary.db.transaction import Tx
from segmentary.errors import InvalidValue, TagNotFound, TagResourceNotFound
from segmentary.rules.attribute import Resource
from segmentary.rules.draft import shown
from segmentary.services.call import Call
from segmentary.services.event import record


class How(Enum):
    """What is done with tags."""

    PUT = "put"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """What is done with which tags, only at a revision if one is given."""

    how: How
    tags: tuple[str, ...]
    revision: int | None = None

    def applied(self, present: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tags after the change; raise `TagNotFound`, or `InvalidValue` if they are too many."""
        if self.how is How.PUT:
            return self.tags
        if self.how is How.REMOVE:
            for tag in self.tags:
                if tag not in present:
                    raise TagNotFound(tag=shown(tag)[1:-1])
            return tuple([one for one in present if one not in self.tags])
        together = set(present).union(self.tags)
        if len(together) > TAGS_KIND.most:
            reason = f"it would have {len(together)} tags, at most {TAGS_KIND.most} are allowed"
            raise InvalidValue(attribute="tags", value=list(self.tags), reason=reason)
        return TAGS_KIND.accept(together)


@contextmanager
def naming(resource: Resource, record_id: str) -> Iterator[None]:
    """Say of a record that does not exist what Neutron says of it where tags are asked for."""
    try:
        yield
    except resource.not_found:
        raise TagResourceNotFound(resource=resource.collection, id=shown(record_id)) from None


def change(tx: Tx, call: Call, resource: Resource, record_id: str, asked: Change) -> tuple[str, ...]:
    """Change the tags of a record and return them as they are now."""
    if resource.record is SegmentRange:
        ranges.wait_for_allocations(tx)
    before: Any = records.lock(tx, resource.record, record_id, revision=asked.revision)
    tags = asked.applied(before.tags)
    after = records.change(tx, before, {records.TAGS: tags})
    record(tx, call.actor, [event.updated(before, after)])
    return tags
