"""Bodies of requests -> drafts. JSON is taken strictly: what two readers could understand differently is refused."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from segmentary.errors import InvalidInput, InvalidRequest, MalformedBody
from segmentary.rules.attribute import Resource
from segmentary.rules.draft import Changes, Draft, create_draft, shown, update_draft

DEEPEST = 16


def drafts(resource: Resource, body: bytes) -> tuple[list[Draft[Any]], bool]:
    """Return the drafts of a create request, and whether it asked for several; raise `InvalidInput`."""
    outer = _outer(resource, body)
    if resource.collection not in outer:
        return [create_draft(resource, _inner(outer, resource.name))], False
    entries = outer[resource.collection]
    if not isinstance(entries, list) or not entries:
        raise MalformedBody(reason=f"'{resource.collection}' must be a list of at least one {resource.name}")
    return [_entry(resource, entry, place) for place, entry in enumerate(entries)], True


def changes(resource: Resource, body: bytes) -> Changes:
    """Return the changes of an update request; raise `InvalidInput`."""
    outer = _outer(resource, body)
    return update_draft(resource, _inner(outer, resource.name))


def load(body: bytes) -> object:
    """Return the value of strict JSON in UTF-8, at most `DEEPEST` deep; raise `MalformedBody`."""
    if not body:
        raise MalformedBody(reason="A resource body is required")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except MalformedBody:
        raise
    except UnicodeDecodeError as error:
        raise MalformedBody(
            reason=f"Request body contains invalid data: it is not UTF-8 at byte {error.start}"
        ) from None
    except RecursionError:
        raise MalformedBody(reason=f"Request body is nested more than {DEEPEST} deep") from None
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number has too many digits"
        place = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise MalformedBody(reason=f"Request body contains invalid data: it is not JSON{place} ({reason})") from None
    _require_flat(value, DEEPEST)
    return value


def _entry(resource: Resource, entry: object, place: int) -> Draft[Any]:
    """Return the draft of one item of a bulk body, which may be bare or wrapped in the resource's name."""
    if isinstance(entry, Mapping) and set(entry) == {resource.name}:
        entry = entry[resource.name]
    where = f"{resource.collection}[{place}]"
    if not isinstance(entry, Mapping):
        raise MalformedBody(reason=f"'{where}' must be an object, it is {shown(entry)}")
    try:
        return create_draft(resource, entry)
    except InvalidInput as error:
        raise InvalidRequest([MalformedBody(reason=where), error]) from error


def _outer(resource: Resource, body: bytes) -> Mapping[str, object]:
    outer = load(body)
    if not isinstance(outer, Mapping):
        raise MalformedBody(reason=f"Request body contains invalid data: it must be an object with '{resource.name}'")
    known = {resource.name, resource.collection}
    if not set(outer) & known:
        raise MalformedBody(reason=f"Unable to find '{resource.name}' in request body")
    if len(outer) > 1:
        extra = ", ".join(sorted(shown(key)[1:-1] for key in set(outer) - {resource.name})) or resource.collection
        raise MalformedBody(reason=f"Request body has more than '{resource.name}': {extra}")
    return outer


def _inner(outer: Mapping[str, object], name: str) -> Mapping[str, object]:
    inner = outer.get(name)
    if not isinstance(inner, Mapping):
        raise MalformedBody(reason=f"Object '{name}' contains invalid data: it must be an object, it is {shown(inner)}")
    return inner


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add() is None
        raise MalformedBody(reason=f"Request body contains invalid data: {shown(twice)} stands twice in one object")
    return found


def _no_constant(word: str) -> NoReturn:
    raise MalformedBody(reason=f"Request body contains invalid data: {word} is not JSON")


def _require_flat(value: object, deeper: int) -> None:
    if not isinstance(value, dict | list):
        return
    if not deeper:
        raise MalformedBody(reason=f"Request body is nested more than {DEEPEST} deep")
    for one in value.values() if isinstance(value, dict) else value:
        _require_flat(one, deeper - 1)
