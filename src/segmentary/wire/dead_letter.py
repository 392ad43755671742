"""Dead letters on the wire: the event as in the feed, and why it was given up.

{"dead_letters": [{"event": {...}, "attempts": 10, "error": "...", "died_at": "...", "replay": false}]}
"""

from collections.abc import Mapping, Sequence

from segmentary.catalog.event import NumberedEvent
from segmentary.errors import InvalidInput, UnrecognizedAttribute, UnrecognizedFilter
from segmentary.rules.draft import fit, refuse, shown, shown_names
from segmentary.rules.kind import Integer, Timestamp, Uuid
from segmentary.wire import schema
from segmentary.wire.decode import load_object
from segmentary.wire.encode import document
from segmentary.wire.event import SCHEMA as EVENTS
from segmentary.wire.event import encoded

LARGEST_LIMIT = 1000
_NUMBERS: Mapping[str, Integer] = {
    "after": Integer(0, 10**18 - 1, decimal_text=True),
    "limit": Integer(1, LARGEST_LIMIT, decimal_text=True),
}
PARAMETERS = (
    schema.option("after", schema.value(_NUMBERS["after"]), "Only dead letters of events with a higher number."),
    schema.option("limit", schema.value(_NUMBERS["limit"]), "The most dead letters; 100 if left out."),
)
SCHEMA = schema.closed(
    {
        "dead_letters": schema.array(
            schema.closed(
                {
                    "event": EVENTS["properties"]["segment_events"]["items"],
                    "attempts": {"type": "integer"},
                    "error": schema.TEXT,
                    "died_at": schema.value(Timestamp()),
                    "replay": {"type": "boolean"},
                }
            )
        )
    }
)
REPLAY = schema.closed({"replay": schema.closed({"resource_id": schema.value(Uuid())}, "resource_id")})


def query(parameters: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return `after` and `limit` as far as a query string has them; raise what is wrong with it."""
    problems: list[InvalidInput] = []
    numbers: dict[str, int] = {}
    for key, text in parameters:
        if key not in _NUMBERS:
            problems.append(UnrecognizedFilter(attribute=shown(key)[1:-1], known=", ".join(_NUMBERS)))
            continue
        value = fit(key, _NUMBERS[key], text, problems)
        if isinstance(value, int):
            numbers[key] = value
    refuse(problems)
    return numbers


def replay(body: bytes) -> str | None:
    """Return the id of the record whose dead letters a body wants replayed, None for all, also meant by no body."""
    if not body:
        return None
    given = load_object("replay", body)
    unknown = set(given) - {"resource_id"}
    if unknown:
        raise UnrecognizedAttribute(attribute=shown_names(unknown), known="resource_id")
    if "resource_id" not in given:
        return None
    problems: list[InvalidInput] = []
    value = fit("resource_id", Uuid(), given["resource_id"], problems)
    refuse(problems)
    return str(value)


def page(letters: Sequence[tuple[NumberedEvent, Mapping[str, object]]]) -> bytes:
    """Return the body of an answer with events and what became of each."""
    entries = [b'{"event":%s,%s' % (encoded(event), document(fate)[1:]) for event, fate in letters]
    return b'{"dead_letters":[%s]}' % b",".join(entries)
