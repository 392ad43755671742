"""Recording events: rows of the transaction of the change, written after the row they tell of.

The lock on the row orders the events of one record.
"""

from collections.abc import Sequence
from typing import Any

from segmentary.catalog.actor import Actor
from segmentary.catalog.event import Event
from segmentary.db import outbox
from segmentary.db.transaction import Tx
from segmentary.services.record import new_id
from segmentary.wire import encode


def record(tx: Tx, actor: Actor, events: Sequence[Event]) -> None:
    """Record events of the transaction, in which others may then refuse them or write along.

    An update that left the revision as it was changed nothing: there is no event of it.
    """
    events = [one for one in events if _is_change(one)]
    if not events:
        return
    tx.recorded.append((actor, events))
    outbox.append(
        tx,
        [
            {
                "event_id": new_id(),
                "type": event.type,
                "resource_id": event.record.id,  # type: ignore[attr-defined]  # every record has an id
                "payload": _payload(event),
                "actor": actor.name,
                "request_id": event.request_id or actor.request_id,
                "project_id": getattr(event.record, "project_id", None),
                "actor_project_id": actor.project_id or None,
            }
            for event in events
        ],
    )
    tx.observer.recording(tx, actor, events)


def _is_change(event: Event) -> bool:
    if event.before is None or event.after is None:
        return True
    before: Any = event.before
    after: Any = event.after
    return bool(before.revision_number != after.revision_number)


def _payload(event: Event) -> str:
    """Return the record in its wire form; for an update also the old values of what changed."""
    payload: dict[str, object] = {"record": encode.encodable([event.record])[0]}
    if event.before is not None and event.after is not None:
        before, after = encode.record_object(event.before), encode.record_object(event.after)
        names = [*after, *(name for name in before if name not in after)]
        payload["changed"] = {
            name: {"old": before.get(name), "new": after.get(name)}
            for name in names
            if before.get(name) != after.get(name)
        }
    return encode.document(payload).decode()
