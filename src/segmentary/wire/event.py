"""Events on the wire, and what a reader may ask for.

{"id": "...", "sequence": 7, "type": "segment.updated", "time": "...", "actor": "...", "request_id": "req-...",
 "resource_id": "...", "record": {...}, "changed": {"name": {"old": "a", "new": "b"}}}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segmentary.catalog import EVENT_TYPES
from segmentary.catalog.event import NumberedEvent
from segmentary.errors import InvalidInput, InvalidValue, UnrecognizedFilter
from segmentary.rules.draft import refuse, shown
from segmentary.rules.kind import Choice, Integer, Kind, Timestamp, UnfitValueError, Uuid
from segmentary.wire import schema
from segmentary.wire.encode import document
from segmentary.wire.schema import Schema

# Events in one answer.
LARGEST_LIMIT = 1000
DEFAULT_LIMIT = 500
# Seconds for which one request may wait.
LONGEST_WAIT = 60
_NUMBERS: Mapping[str, Integer] = {
    "after": Integer(0, 2**63 - 1, decimal_text=True),
    "limit": Integer(1, LARGEST_LIMIT, decimal_text=True),
    "wait": Integer(0, LONGEST_WAIT, decimal_text=True),
}
_FILTERS = ("type", "resource_id")
# What a reader may ask for, and the answer, for the OpenAPI document.
PARAMETERS = (
    schema.option("after", schema.value(Integer(0, 10**18 - 1)), "The number of the last event that is known."),
    schema.option("limit", schema.value(_NUMBERS["limit"]), f"The most events; {DEFAULT_LIMIT} if left out."),
    schema.option("wait", schema.value(_NUMBERS["wait"]), "The seconds to wait for the first event."),
    schema.option("type", schema.array(schema.value(Choice(EVENT_TYPES))), "Only events of these types."),
    schema.option("resource_id", schema.array(schema.value(Uuid())), "Only events of these records."),
)
_CHANGES: Schema = {"type": "object", "additionalProperties": schema.closed({"old": {}, "new": {}})}
_EVENT: dict[str, Schema] = {
    "id": schema.value(Uuid()),
    "sequence": {"type": "integer"},
    "type": schema.value(Choice(EVENT_TYPES)),
    "time": schema.value(Timestamp()),
    "actor": {"type": ["string", "null"]},
    "request_id": {"type": ["string", "null"]},
    "resource_id": schema.value(Uuid()),
    "record": {"type": "object"},
    "changed": _CHANGES,
}
SCHEMA = schema.closed(
    {"segment_events": schema.array(schema.closed(_EVENT, "changed")), "sequence": {"type": "integer"}}
)
# In a history: an event just recorded has no number yet.
CHANGE = schema.closed({**_EVENT, "sequence": {"type": ["integer", "null"]}}, "changed")


@dataclass(frozen=True, kw_only=True, slots=True)
class EventQuery:
    """A checked request for events: those numbered higher than `after`, whose attributes are among the `filters`.

    `wait`: the seconds to wait if there are none yet.
    """

    after: int = 0
    limit: int = DEFAULT_LIMIT
    wait: int = 0
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)


def event_query(parameters: Sequence[tuple[str, str]]) -> EventQuery:
    """Return what a query string asks for; raise what is wrong with it."""
    problems: list[InvalidInput] = []
    numbers: dict[str, int] = {}
    filters: dict[str, list[str]] = {}
    for key, text in parameters:
        if key in _NUMBERS:
            value = _parsed(_NUMBERS[key], key, text, problems)
            if isinstance(value, int):
                numbers[key] = value
        elif key in _FILTERS:
            filters.setdefault(key, []).append(_wanted(key, text, problems))
        else:
            known = ", ".join([*_NUMBERS, *_FILTERS])
            problems.append(UnrecognizedFilter(attribute=shown(key)[1:-1], known=known))
    refuse(problems)
    return EventQuery(**numbers, filters=filters)


def last_event_id(text: str) -> int:
    """Return the number that a Last-Event-ID header holds; raise `InvalidValue`."""
    problems: list[InvalidInput] = []
    value = _parsed(_NUMBERS["after"], "Last-Event-ID", text, problems)
    refuse(problems)
    assert isinstance(value, int)  # noqa: S101, otherwise refused
    return value


def encoded(event: NumberedEvent) -> bytes:
    """Return an event as JSON; what is stored of the record is JSON already and put in as it is."""
    envelope = {
        "id": event.id,
        "sequence": event.sequence,
        "type": event.type,
        "time": event.time,
        "actor": event.actor,
        "request_id": event.request_id,
        "resource_id": event.resource_id,
    }
    return document(envelope)[:-1] + b"," + event.payload.encode()[1:]


def page(events: Sequence[NumberedEvent], sequence: int) -> bytes:
    """Return the body of an answer with events; `sequence` is the number to ask for events after, next."""
    return b'{"segment_events":[%s],"sequence":%d}' % (b",".join([encoded(one) for one in events]), sequence)


def _parsed(kind: Kind, key: str, text: str, problems: list[InvalidInput]) -> object:
    try:
        return kind.accept(text)
    except UnfitValueError as unfit:
        reason = f"{shown(text)} is not allowed, it must be {unfit}"
        problems.append(InvalidValue(attribute=key, value=text, reason=reason))
        return None


def _wanted(key: str, text: str, problems: list[InvalidInput]) -> str:
    if key == "type":
        if text not in EVENT_TYPES:
            reason = f"{shown(text)} is none of {', '.join(EVENT_TYPES)}"
            problems.append(InvalidValue(attribute=key, value=text, reason=reason))
        return text
    return str(_parsed(Uuid(), key, text, problems))
