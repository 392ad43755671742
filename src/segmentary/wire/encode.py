"""Records as JSON, straight from rows.

Which attributes are shown, under which names, is worked out once for each resource and set of `fields`.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from segmentary.rules.attribute import ABSENT, Resource, describe

_ENCODE = msgspec.json.Encoder().encode
Wire = dict[str, object]


def record_object(record: object, fields: frozenset[str] = frozenset()) -> Wire:
    """Return a record as a JSON object."""
    resource = describe(record)
    return row_object(resource, [getattr(record, one.name) for one in resource.attributes], fields)


def row_object(resource: Resource, row: Sequence[Any], fields: frozenset[str] = frozenset()) -> Wire:
    """Return a row of all attributes as a JSON object."""
    return _shaper(resource, fields)(row)


def one(resource: Resource, row: Sequence[Any], fields: frozenset[str] = frozenset()) -> bytes:
    """Return the body of an answer with one record."""
    return _ENCODE({resource.name: row_object(resource, row, fields)})


def several(
    resource: Resource, rows: Sequence[Sequence[Any]], fields: frozenset[str] = frozenset(), **beside: object
) -> bytes:
    """Return the body of an answer with a list of records, and what else stands `beside` it."""
    shape = _shaper(resource, fields)
    return _ENCODE({resource.collection: [shape(row) for row in rows], **beside})


def page(name: str, entries: Sequence[Wire], links: Sequence[object]) -> bytes:
    """Return the body of an answer with a page of objects that are no records."""
    return _ENCODE({name: entries} | ({f"{name}_links": links} if links else {}))


def document(value: object) -> bytes:
    """Return any other JSON document."""
    return _ENCODE(value)


@lru_cache(256)
def _shaper(resource: Resource, fields: frozenset[str]) -> Callable[[Sequence[Any]], Wire]:
    shown = [
        (place, wire)
        for place, one in enumerate(resource.attributes)
        for wire in (one.wire, one.also)
        if wire and (not fields or wire in fields)
    ]
    names = [wire for _, wire in shown]
    places = [place for place, _ in shown]
    empty = frozenset(one.wire for one in resource.attributes if one.empty)
    if len(resource.stored) < len(resource.attributes):
        return lambda row: {
            wire: "" if value is None and wire in empty else value
            for wire, value in zip(names, [row[place] for place in places], strict=True)
            if value is not ABSENT
        }
    if places == list(range(len(resource.attributes))):
        return lambda row: dict(zip(names, row, strict=True))
    return lambda row: dict(zip(names, [row[place] for place in places], strict=True))
