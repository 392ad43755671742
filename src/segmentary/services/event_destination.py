"""Use cases of event destinations: what they are; how far they are is written by the relay (`delivery.py`)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from segmentary.catalog import EVENT_TYPES, EventDestination, event
from segmentary.catalog.event_destination import DELIVERING, ENDPOINT_SCHEME, FAILING, PAUSED, SCHEMES, TYPES_KNOWN
from segmentary.db import deliveries, outbox, records
from segmentary.db.deliveries import DeadLetter, Progress
from segmentary.db.statement import Row
from segmentary.db.transaction import Tx
from segmentary.delivery import require_installed
from segmentary.errors import DeadLetterNotFound, EventsDropped, InvalidValue, RuleBroken, SegmentaryError, blaming
from segmentary.rules.attribute import ABSENT, describe
from segmentary.rules.draft import Changes, Draft, broken_rules, refuse, shown
from segmentary.rules.rule import RequestRule, Rule
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.record import finish

_NAMES = [one.name for one in describe(EventDestination).attributes]


def create(tx: Tx, call: Call, drafts: Sequence[Draft[EventDestination]]) -> list[EventDestination]:
    """Create destinations, which get events from now on, or those after a number; raise `EventsDropped`."""
    created = [finish(tx, EventDestination, draft) for draft in drafts]
    for one, draft in zip(created, drafts, strict=True):
        with blaming(draft.item):
            _check(one)
            require_installed(one.kind)
    # Nothing is dropped from here to the commit, so that what a destination begins with is still there.
    outbox.take_turn(tx)
    oldest, latest = outbox.limits(tx)
    records.insert_records(tx, created)
    for one, draft in zip(created, drafts, strict=True):
        after = draft.given.get("after", latest)
        with blaming(draft.item):
            if after + 1 < oldest:
                raise EventsDropped(after=after, oldest=oldest)
            if after > latest:
                raise InvalidValue(
                    attribute="after", value=after, reason=f"{after} is beyond {latest}, the latest event"
                )
        deliveries.begin(tx, one.id, after)
    record(tx, call.actor, [event.created(one) for one in created])
    return _completed(tx, created)


def update(tx: Tx, call: Call, record_id: str, changes: Changes, revision: int | None) -> EventDestination:
    """Change a destination: the relay goes on with it as it is then."""
    before = records.lock(tx, EventDestination, record_id, revision=revision)
    _check(replace(before, **changes))
    after = records.change(tx, before, changes)
    record(tx, call.actor, [event.updated(before, after)])
    return _completed(tx, [after])[0]


def delete(tx: Tx, call: Call, record_id: str, revision: int | None) -> None:
    """Delete a destination and with it its dead letters."""
    before = records.lock(tx, EventDestination, record_id, revision=revision)
    records.remove(tx, before)
    record(tx, call.actor, [event.deleted(before)])


def explain(_tx: Tx, _rule: Rule | None, _drafts: Sequence[Draft[EventDestination]]) -> SegmentaryError | None:
    """A destination depends on no other record: run again."""
    return None


def complete_rows(tx: Tx, rows: Sequence[Row]) -> list[Row]:
    """Return rows with how far the destinations are."""
    completed = _completed(tx, records.as_records(EventDestination, rows))
    return [tuple([getattr(one, name) for name in _NAMES]) for one in completed]


def dead_letters(tx: Tx, destination_id: str, after: int, limit: int) -> list[DeadLetter]:
    """Return the next dead letters of a destination; raise `EventDestinationNotFound`."""
    records.show(tx, describe(EventDestination), destination_id)
    return deliveries.dead_letters(tx, destination_id, after, limit)


def replay(tx: Tx, destination_id: str, resource_id: str | None) -> None:
    """Have the dead letters of a destination, or those about a record, sent again by the relay."""
    records.show(tx, describe(EventDestination), destination_id)
    deliveries.touch(tx, destination_id)
    deliveries.send_again(tx, destination_id, resource_id)


def forget(tx: Tx, destination_id: str, sequence: int) -> None:
    """Delete a dead letter; raise `DeadLetterNotFound`."""
    records.show(tx, describe(EventDestination), destination_id)
    deliveries.touch(tx, destination_id)
    if not deliveries.forget(tx, destination_id, sequence):
        raise DeadLetterNotFound(id=sequence)


def types_of(destination: EventDestination) -> tuple[str, ...]:
    """Return the types of events that a destination gets, none for all."""
    return tuple(one.strip() for one in destination.types.split(",")) if destination.types.strip() else ()


def _check(one: EventDestination) -> None:
    """Raise what is wrong with a destination as it is to be stored."""
    resource = describe(EventDestination)
    problems = broken_rules(resource.row_rules, {name: getattr(one, name) for name in resource.columns})
    if one.endpoint.partition("://")[0] not in SCHEMES[one.kind]:
        schemes = " or ".join(f"{scheme}://" for scheme in SCHEMES[one.kind])
        problems.append(
            _broken(ENDPOINT_SCHEME, one.endpoint, f"a destination of kind {one.kind} begins with {schemes}")
        )
    types = types_of(one)
    unknown = [each for each in types if each not in EVENT_TYPES]
    if unknown or len(set(types)) != len(types):
        said = f"{shown(unknown[0])} is none of {', '.join(EVENT_TYPES)}" if unknown else "a type stands there twice"
        problems.append(_broken(TYPES_KNOWN, one.types, said))
    refuse(problems)


def _broken(rule: RequestRule, value: str, reason: str) -> RuleBroken:
    return RuleBroken(
        rule=rule.name, attribute=rule.attribute, value=value, reason=f"{rule.attribute} {shown(value)}: {reason}"
    )


def _completed(tx: Tx, destinations: Sequence[EventDestination]) -> list[EventDestination]:
    found = deliveries.progress(tx, [one.id for one in destinations])
    return [replace(one, **_shown(one, found[one.id])) for one in destinations]


def _shown(one: EventDestination, progress: Progress) -> dict[str, Any]:
    oldest = progress.oldest
    return {
        "secret": ABSENT,
        "status": PAUSED if one.paused else FAILING if progress.attempts else DELIVERING,
        "acknowledged": progress.acknowledged,
        "lag": progress.lag,
        "oldest_undelivered": dict(zip(("sequence", "type", "time"), oldest, strict=True)) if oldest else None,
        "dead_letters": progress.dead_letters,
        "failures": progress.failures,
        "last_error": progress.last_error,
        "last_failed_at": progress.last_failed_at,
    }
