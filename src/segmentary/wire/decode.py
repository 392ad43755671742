"""Bodies of requests -> drafts. JSON is taken strictly: what two readers could understand differently is refused."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from segmentary.catalog.standard import TAGS_KIND
from segmentary.errors import InvalidInput, Item, MalformedBody, blaming, problems_of
from segmentary.rules.attribute import Resource
from segmentary.rules.draft import Changes, Draft, create_draft, fit, refuse, shown, shown_names, update_draft
from segmentary.rules.kind import Kind

DEEPEST = 16
# A bulk body is not read on once this many things are wrong with it.
MOST_PROBLEMS = 20
_JSON_PROBLEMS = {
    "Unexpected UTF-8 BOM": "a byte order mark",
    "Invalid control character at": "a control character",
    "Extra data": "something after the end of the document",
}


def drafts(resource: Resource, body: bytes) -> tuple[list[Draft[Any]], bool]:
    """Return the drafts of a create request, and whether it asked for several; raise `InvalidInput`."""
    outer = _outer(body, resource.name, resource.collection)
    if resource.collection not in outer:
        return [create_draft(resource, _inner(outer, resource.name))], False
    entries = outer[resource.collection]
    if not isinstance(entries, list) or not entries:
        raise MalformedBody(reason=f"'{resource.collection}' must be a list of at least one {resource.name}")
    return _items(resource, entries), True


def changes(resource: Resource, body: bytes) -> Changes:
    """Return the changes of an update request; raise `InvalidInput`."""
    return update_draft(resource, load_object(resource.name, body, resource.collection))


def tags(body: bytes) -> tuple[str, ...]:
    """Return the tags of a body; raise `InvalidInput`."""
    tags: tuple[str, ...] = _fit("tags", TAGS_KIND, _outer(body, "tags")["tags"])
    return tags


def tag(text: str) -> str:
    """Return the tag in a path; raise `InvalidValue` for what can be none."""
    return str(_fit("tag", TAGS_KIND.entry, text))


def load_object(name: str, body: bytes, *also: str) -> Mapping[str, object]:
    """Return the object that a body has under this name; raise `MalformedBody`."""
    outer = _outer(body, name, *also)
    if name not in outer:
        raise _no_resource(name)
    return _inner(outer, name)


def load(body: bytes) -> object:
    """Return the value of strict JSON in UTF-8, at most `DEEPEST` deep; raise `MalformedBody`."""
    if not body:
        raise MalformedBody(reason="A resource body is required")
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except MalformedBody:
        raise
    except UnicodeDecodeError as error:
        raise MalformedBody(
            reason=f"Request body contains invalid data: it is not UTF-8 at byte {error.start}"
        ) from None
    except RecursionError:
        raise MalformedBody(reason=f"Request body is nested more than {DEEPEST} deep") from None
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno}, column {error.colno} it is not JSON"
        said = "Unexpected UTF-8 BOM" if body.startswith(BOM_UTF8) else error.msg
        reason = _JSON_PROBLEMS.get(said, said[:1].lower() + said[1:])
        raise MalformedBody(reason=f"Request body contains invalid data: {place} ({reason})") from None
    except ValueError:  # Python reads no numbers of thousands of digits
        raise MalformedBody(reason="Request body contains invalid data: a number has too many digits") from None
    _require_flat(value, DEEPEST)
    return value


def _fit(name: str, kind: Kind, value: object) -> Any:  # noqa: ANN401, of the kind
    problems: list[InvalidInput] = []
    accepted = fit(name, kind, value, problems)
    refuse(problems)
    return accepted


def _items(resource: Resource, entries: Sequence[object]) -> list[Draft[Any]]:
    """Return the drafts of the items of a bulk body, each bare or wrapped in the resource's name."""
    found: list[Draft[Any]] = []
    problems: list[InvalidInput] = []
    for place, entry in enumerate(entries):
        inner = entry[resource.name] if isinstance(entry, Mapping) and set(entry) == {resource.name} else entry
        item = Item(resource.collection, place)
        try:
            with blaming(item):
                if not isinstance(inner, Mapping):
                    raise MalformedBody(reason=f"It must be an object, it is {shown(inner)}")
                found.append(create_draft(resource, inner, item=item))
        except InvalidInput as error:
            problems += problems_of(error)
            if len(problems) >= MOST_PROBLEMS:
                break
    refuse(problems)
    return found


def _outer(body: bytes, name: str, *also: str) -> Mapping[str, object]:
    outer = load(body)
    if not isinstance(outer, Mapping):
        raise MalformedBody(reason=f"Request body contains invalid data: it must be an object with '{name}'")
    if not set(outer) & {name, *also}:
        raise _no_resource(name)
    if len(outer) > 1:
        found = name if name in outer else also[0]
        raise MalformedBody(reason=f"Request body has more than '{found}': {shown_names(set(outer) - {found})}")
    return outer


def _no_resource(name: str) -> MalformedBody:
    return MalformedBody(reason=f"Unable to find '{name}' in request body")


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


# Made once: making it costs as much as reading a small body.
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _require_flat(value: object, deeper: int) -> None:
    if not isinstance(value, dict | list):
        return
    if not deeper:
        raise MalformedBody(reason=f"Request body is nested more than {DEEPEST} deep")
    for one in value.values() if isinstance(value, dict) else value:
        _require_flat(one, deeper - 1)
