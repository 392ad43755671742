"""Query strings -> `ListQuery`, and the links from one page to the next.

?name=a&name=b&mtu=1500     filters: same key repeated = any of them, different keys = all of them
?fields=id&fields=name      only these attributes; unknown ones are ignored
?sort_key=name&sort_dir=asc pairs, in order; id is the last key whenever it is not among them
?limit=2&marker=ID          the page after the record with this id; page_reverse=True the page before it
?with_count=true            tell how many records there are on all pages together

Links carry in marker_values the marker and what its record had in the attributes sorted by, so that whoever follows
them gets the rest also when that record has gone or changed in between.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from segmentary.errors import InvalidInput, InvalidValue, UnrecognizedFilter
from segmentary.rules.attribute import Attribute, Resource
from segmentary.rules.draft import refuse, shown, shown_names
from segmentary.rules.kind import Flag, Integer, Text, UnfitValueError, Uuid, View
from segmentary.rules.listing import HostQuery, ListQuery
from segmentary.rules.tags import Tags

T = TypeVar("T")
_NAME = Text(255)
# How many hosts a page has where no limit is asked for.
HOSTS_PAGE = 1000
LARGEST_LIMIT = 2**31 - 1
Parameters = Sequence[tuple[str, str]]
# How many entries of a derived list one filter asks for.
MOST_ENTRIES = 50
_PLACE = frozenset({"marker", "marker_values", "page_reverse"})
_OPTIONS = _PLACE | {"fields", "sort_key", "sort_dir", "limit", "with_count"}
Sort = tuple[tuple[str, bool], ...]


def list_query(resource: Resource, parameters: Parameters, largest_page: int | None = None) -> ListQuery:
    """Return what a query string asks for, by wire names; raise `InvalidInput` with all that is wrong with it."""
    given: dict[str, list[str]] = {}
    for key, value in parameters:
        given.setdefault(key, []).append(value)
    problems: list[InvalidInput] = []
    filters = _filters(resource, given, problems)
    sort = _sort(resource, given.get("sort_key", []), given.get("sort_dir", []), problems)
    limit = _single(given, "limit", _limit, problems) or None
    marker = _single(given, "marker", str, problems) or None
    marker_values = _single(given, "marker_values", lambda text: _marker_values(resource, sort, marker, text), problems)
    reverse = _single(given, "page_reverse", Flag().parse, problems) or False
    counted = _single(given, "with_count", Flag().parse, problems) or False
    refuse(problems)
    if largest_page is not None:
        limit = min(limit or largest_page, largest_page)
    return ListQuery(
        filters=filters,
        sort=sort,
        limit=limit,
        marker=marker,
        marker_values=marker_values,
        reverse=reverse,
        fields=frozenset(value for value in given.get("fields", []) if value),
        counted=counted,
    )


def host_query(parameters: Parameters, largest_page: int | None = None, *, filters: bool = True) -> HostQuery:
    """Return what a query string asks for of hosts; raise `InvalidInput` with all that is wrong with it."""
    given: dict[str, list[str]] = {}
    for key, value in parameters:
        given.setdefault(key, []).append(value)
    known = ["limit", "marker"] + (["agent_type", "not_agent_type", "physical_network"] if filters else [])
    problems: list[InvalidInput] = []
    unknown = sorted(shown(key)[1:-1] for key in given if key not in known)
    if unknown:
        problems.append(UnrecognizedFilter(attribute=", ".join(unknown), known=", ".join(known)))
    limit = _single(given, "limit", _limit, problems) or HOSTS_PAGE
    marker = _single(given, "marker", _NAME.parse, problems) or ""
    for key in set(given) & {"agent_type", "not_agent_type", "physical_network"}:
        for text in given[key]:
            _single({key: [text]}, key, _NAME.parse, problems)
    refuse(problems)
    return HostQuery(
        limit=min(limit, largest_page or limit),
        marker=marker,
        included=tuple(dict.fromkeys(given.get("agent_type", ()))),
        excluded=tuple(dict.fromkeys(given.get("not_agent_type", ()))),
        physical_networks=tuple(dict.fromkeys(given.get("physical_network", ()))),
    )


def only_number(parameters: Parameters, name: str, kind: Integer, default: int) -> int:
    """Return the one number that a query string may have; raise `InvalidInput` with all that is wrong with it."""
    given: dict[str, list[str]] = {}
    for key, value in parameters:
        given.setdefault(key, []).append(value)
    problems: list[InvalidInput] = []
    unknown = sorted(shown(key)[1:-1] for key in given if key != name)
    if unknown:
        problems.append(UnrecognizedFilter(attribute=", ".join(unknown), known=name))
    number = _single(given, name, lambda text: kind.accept(kind.parse(text)), problems)
    refuse(problems)
    return default if number is None else number


def only_fields(parameters: Parameters) -> frozenset[str]:
    """Return the attributes asked for of a single record."""
    return frozenset(value for key, value in parameters if key == "fields" and value)


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a page goes: its first and last row, none if it is empty, and how many it has."""

    ends: Sequence[Sequence[Any]]
    count: int


def page_links(
    resource: Resource, query: ListQuery, extent: Extent, url: str, parameters: Parameters
) -> list[Mapping[str, str]]:
    """Return the links to the pages after and before this one.

    A short page has none in its own direction, so that the first page has a previous one and an exactly full last page
    a next one, which is empty; its previous one is the last page. Clients and Neutron's tests expect all this so.
    """
    if query.limit is None:
        return []
    kept = [(key, value) for key, value in parameters if key not in _PLACE]

    def link(relation: str, place: int) -> Mapping[str, str]:
        marker = _marker_of(resource, query.sort, extent.ends[place]) if extent.ends else []
        reverse = [("page_reverse", "True")] if relation == "previous" else []
        return {"rel": relation, "href": f"{url}?{urlencode(kept + marker + reverse)}"}

    is_full = extent.count >= query.limit
    links = []
    if query.reverse or is_full:
        links.append(link("next", -1))
    if not query.reverse or is_full:
        links.append(link("previous", 0))
    return links


def _marker_of(resource: Resource, sort: Sort, row: Sequence[Any]) -> list[tuple[str, str]]:
    """Return the parameters by which the page after or before a row is found."""
    values = dict(zip(resource.by_name, row, strict=False))
    marker = [("marker", str(values["id"]))]
    seen = [values[name] for name, _ in sort if name != "id"]
    if seen:
        marker.append(("marker_values", json.dumps([values["id"], *seen], separators=(",", ":"))))
    return marker


def _marker_values(resource: Resource, sort: Sort, marker: str | None, text: str) -> Mapping[str, object] | None:
    """Return the values of a link by attribute; raise `UnfitValueError` for others than a link has.

    None if they are those of another marker: openstacksdk ends a walk by asking with the last id as marker, beside all
    that stood in the last link it followed.
    """
    names = [name for name, _ in sort if name != "id"]
    wanted = "what the link to the page has"
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise UnfitValueError(wanted) from None
    if not isinstance(values, list) or len(values) != 1 + len(names):
        raise UnfitValueError(wanted)
    if values.pop(0) != marker:
        return None
    attributes = [resource.by_name[name] for name in names]
    return {
        one.name: None if value is None and one.nullable else one.kind.accept(value)
        for one, value in zip(attributes, values, strict=True)
    }


def _filters(
    resource: Resource, given: Mapping[str, Sequence[str]], problems: list[InvalidInput]
) -> dict[str, tuple[object, ...]]:
    known = resource.filters
    unknown = [key for key in given if key not in known and key not in _OPTIONS]
    if unknown:
        problems.append(UnrecognizedFilter(attribute=shown_names(unknown), known=", ".join(sorted(known))))
    filters: dict[str, tuple[object, ...]] = {}
    for key, texts in given.items():
        if key not in known:
            continue
        one = known[key]
        try:
            values = _all_wanted(one, key, texts)
        except InvalidValue as problem:
            problems.append(problem)
            continue
        if one.name in filters:
            values = tuple(value for value in values if value in filters[one.name])
        filters[one.name] = values
    return filters


def _all_wanted(one: Attribute, key: str, texts: Sequence[str]) -> tuple[object, ...]:
    values = tuple(dict.fromkeys(value for text in dict.fromkeys(texts) for value in _wanted(one, key, text)))
    # Each is a condition of its own in the statement, and a database takes only so many.
    most = one.kind.most if isinstance(one.kind, Tags) else MOST_ENTRIES if isinstance(one.kind, View) else len(values)
    if len(values) > most:
        reason = f"it has {len(values)} values, at most {most} are allowed"
        raise InvalidValue(attribute=key, value=list(texts), reason=reason)
    return values


def _wanted(one: Attribute, key: str, text: str) -> tuple[object, ...]:
    """Return the values a filter asks for, none if no record can have it; raise `InvalidValue`.

    An empty text asks for an empty value, and for none at all.
    """
    if not text and one.nullable:
        return (None, "") if isinstance(one.kind, Text) else (None,)
    try:
        value = one.kind.parse(text)
    except UnfitValueError as unfit:
        if isinstance(one.kind, Uuid):
            return ()
        reason = f"{shown(text)} is not allowed, a filter on it must be {unfit}"
        raise InvalidValue(attribute=key, value=text, reason=reason) from None
    if isinstance(one.kind, Tags):
        return one.kind.parse(text)
    try:
        return (one.kind.accept(value),)
    except UnfitValueError:  # beyond the limits of what is stored, so that not every database could compare it
        return ()


def _sort(resource: Resource, keys: Sequence[str], directions: Sequence[str], problems: list[InvalidInput]) -> Sort:
    if len(keys) != len(directions):
        reason = f"there are {len(keys)} sort_key and {len(directions)} sort_dir, the number must be the same"
        problems.append(InvalidValue(attribute="sort_key", value=list(keys), reason=reason))
        return ()
    known = {wire: one for wire, one in resource.by_wire.items() if one.sortable and one.stored}
    sort: dict[str, bool] = {}
    for key, direction in zip(keys, directions, strict=True):
        if key not in known:
            reason = f"{shown(key)} is none of {', '.join(sorted(known))}"
            problems.append(InvalidValue(attribute="sort_key", value=key, reason=reason))
        elif direction not in {"asc", "desc"}:
            reason = f"{shown(direction)} is neither asc nor desc"
            problems.append(InvalidValue(attribute="sort_dir", value=direction, reason=reason))
        else:
            sort.setdefault(known[key].name, direction == "desc")
    sort.setdefault("id", False)
    return tuple(sort.items())


def _single(
    given: Mapping[str, Sequence[str]], key: str, parse: Callable[[str], T], problems: list[InvalidInput]
) -> T | None:
    texts = given.get(key, [])
    if not texts:
        return None
    try:
        return parse(texts[-1])
    except UnfitValueError as unfit:
        reason = f"{shown(texts[-1])} is not allowed, it must be {unfit}"
        problems.append(InvalidValue(attribute=key, value=texts[-1], reason=reason))
        return None


def _limit(text: str) -> int:
    return Integer(0, LARGEST_LIMIT, decimal_text=True).accept(text)
