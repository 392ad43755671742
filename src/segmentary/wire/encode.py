"""Records as JSON, straight from rows.

Which attributes are shown, under which names, is worked out once for each resource and set of `fields`: it becomes a
class of msgspec, whose instances cost a third of a dict to make and to encode, and which leaves out what is absent.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import starmap
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
import msgspec.structs

from segmentary.rules.attribute import ABSENT, Resource, describe
from segmentary.rules.tags import unpack

_ENCODE = msgspec.json.Encoder().encode
Wire = dict[str, object]
_NO_FIELDS: frozenset[str] = frozenset()
# The attributes to show, by their names in JSON, all if there is none; or what tells them of each row.
Fields = frozenset[str] | Callable[[Any], frozenset[str]]


def record_object(record: object) -> Wire:
    """Return a record as a JSON object, to be compared."""
    shown = encodable([record])[0]
    values = zip(shown.__struct_encode_fields__, msgspec.structs.astuple(shown), strict=True)
    return {wire: value for wire, value in values if value is not msgspec.UNSET}


def encodable(records: Sequence[object], fields: Fields = _NO_FIELDS) -> list[msgspec.Struct]:
    """Return records of one resource as objects that are encoded as they are shown."""
    resource = describe(records[0])
    return _shaped(resource, list(map(_values_of(resource), records)), fields)


def one(resource: Resource, row: Sequence[Any], fields: Fields = _NO_FIELDS) -> bytes:
    """Return the body of an answer with one record."""
    return _ENCODE({resource.name: _shaped(resource, [row], fields)[0]})


def several(
    resource: Resource, parts: Iterable[Sequence[Sequence[Any]]], fields: Fields, beside: Callable[[], Wire]
) -> Iterator[bytes]:
    """Return the body of an answer with a list of records, and what else stands `beside` it, part after part."""
    before = b'{"%s":[' % resource.collection.encode()

    def items_of(rows: Sequence[Sequence[Any]]) -> bytes:
        return _ENCODE(_shaped(resource, rows, fields))[1:-1]

    # Mapped, not looped over: the rows of one part are gone when those of the next are read.
    for items in map(items_of, parts):
        yield before + items
        before = b"," if items else before
    after = beside()
    yield b"]" + (b"," + _ENCODE(after)[1:] if after else b"}")


def page(name: str, entries: Sequence[Wire], links: Sequence[object]) -> bytes:
    """Return the body of an answer with a page of objects that are no records."""
    return _ENCODE({name: entries} | ({f"{name}_links": links} if links else {}))


def document(value: object) -> bytes:
    """Return any other JSON document."""
    return _ENCODE(value)


def _shaped(resource: Resource, rows: Sequence[Sequence[Any]], fields: Fields) -> list[msgspec.Struct]:
    if callable(fields):
        return [_shape(resource, fields(row))([row])[0] for row in rows]
    return _shape(resource, fields)(rows)


@lru_cache
def _values_of(resource: Resource) -> Callable[[object], Sequence[Any]]:
    return attrgetter(*(one.name for one in resource.attributes))


@lru_cache(256)
def _shape(resource: Resource, fields: frozenset[str]) -> Callable[[Sequence[Sequence[Any]]], list[msgspec.Struct]]:
    """Return a function from rows of all attributes to what is encoded as their shown ones."""
    shown = [
        (place, wire)
        for place, one in enumerate(resource.attributes)
        for wire in one.names
        if not fields or wire in fields
    ]
    # The tags come last: most records have none, and the default of the last need not be given.
    tags = next((place for place, _ in shown if place == resource.tags), None)
    places = [place for place, _ in shown if place != tags]
    shape = msgspec.defstruct(
        resource.record.__name__,
        [(f"value_{number}", object) for number in range(len(places))] + ([("tags", object, ())] if tags else []),
        rename={f"value_{number}": wire for number, (place, wire) in enumerate(shown) if place != tags},
        gc=False,
    )
    # an itemgetter of one place gives no tuple
    pick = itemgetter(*places) if len(places) > 1 else lambda row: [row[place] for place in places]
    special = [
        (number, one.empty)
        for number, one in enumerate(resource.attributes[place] for place in places)
        if one.empty or not one.stored
    ]

    def made(rows: Sequence[Sequence[Any]]) -> list[msgspec.Struct]:
        values: Iterable[Sequence[Any]] = map(pick, rows)
        if special:
            values = (_with_special(one, special) for one in values)
        if tags is None or not any(map(itemgetter(tags), rows)):
            return list(starmap(shape, values))
        return [
            shape(*one, msgspec.UNSET if row[tags] is ABSENT else unpack(row[tags]))
            for one, row in zip(values, rows, strict=True)
        ]

    return made


def _with_special(values: Sequence[Any], special: Sequence[tuple[int, bool]]) -> Sequence[Any]:
    """Return values with those that are encoded as nothing, or as "" where others would be null."""
    encoded = list(values)
    for number, empty in special:
        if encoded[number] is ABSENT:
            encoded[number] = msgspec.UNSET
        elif empty and encoded[number] is None:
            encoded[number] = ""
    return encoded
