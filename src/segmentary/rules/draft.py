"""Drafts: requests whose attributes are checked, not yet stored.

    names and values --create_draft--> Draft[Segment] --(service adds what the server chooses)--> Segment
    names and values --update_draft--> Changes

All problems of a request are found before it is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from segmentary.errors import (
    InvalidInput,
    InvalidRequest,
    InvalidValue,
    Item,
    MissingAttribute,
    ReadOnlyAttribute,
    RuleBroken,
    UnrecognizedAttribute,
)
from segmentary.rules.attribute import Attribute, Presence, Resource
from segmentary.rules.kind import Kind, Secret, UnfitValueError, Url, Uuid
from segmentary.rules.rule import RowRule

T = TypeVar("T")
SHOWN_CHARACTERS = 80
SHOWN_NAMES = 10


@dataclass(frozen=True, slots=True)
class Draft(Generic[T]):
    """A checked request to create a record: what was given, by attribute name.

    `item` is its place in a bulk request, None if it came alone. `request_id` is the request it came with, where
    drafts of several are stored together.
    """

    resource: Resource
    given: Mapping[str, Any]
    item: Item | None = None
    request_id: str | None = None

    def value(self, name: str) -> Any:  # noqa: ANN401, an attribute can have any kind
        """Return the value given, or the attribute's default."""
        return self.given[name] if name in self.given else self.resource.by_name[name].default


Changes = Mapping[str, Any]


def create_draft(
    resource: Resource, values: Mapping[str, object], *, by_wire: bool = True, item: Item | None = None
) -> Draft[Any]:
    """Check a request to create a record; raise what is wrong with it."""
    problems: list[InvalidInput] = []
    given = _accepted(resource, values, "POST", problems, by_wire=by_wire)
    problems += [
        MissingAttribute(attribute=name(one, by_wire=by_wire))
        for one in resource.required
        if one.name not in given and not _is_blamed(problems, one)
    ]
    if not problems:
        row = {one.name: given.get(one.name, one.default) for one in resource.attributes}
        problems += broken_rules(due_rules(resource, row), row)
    refuse(problems)
    return Draft(resource, given, item)


def update_draft(resource: Resource, values: Mapping[str, object], *, by_wire: bool = True) -> Changes:
    """Check a request to change a record; raise what is wrong with it."""
    problems: list[InvalidInput] = []
    given = _accepted(resource, values, "PUT", problems, by_wire=by_wire)
    refuse(problems)
    return given


def fit(name: str, kind: Kind, value: object, problems: list[InvalidInput]) -> Any:  # noqa: ANN401, of the kind
    """Return the value that a kind makes of what is given under a name; add what is wrong with it to the problems."""
    try:
        return kind.accept(value)
    except UnfitValueError as unfit:
        told = "what was given" if _is_secret(kind, value) else shown(value)
        reason = f"{told} is not allowed, it must be {unfit}"
        problems.append(InvalidValue(attribute=name, value=told, reason=reason))
        return None


def broken_rules(rules: Iterable[RowRule], row: Mapping[str, object]) -> list[InvalidInput]:
    """Return an error for each rule that the row breaks."""
    return [
        RuleBroken(
            rule=rule.name,
            attribute=rule.attribute,
            value=row.get(rule.attribute),
            reason=f"{rule.attribute} {shown(row.get(rule.attribute))}: {rule.limit}",
        )
        for rule in rules
        if not rule.holds(row)
    ]


def due_rules(resource: Resource, row: Mapping[str, object]) -> list[RowRule]:
    """Return the declared rules that a request can be held to, not those that wait for what is still to be chosen."""
    present = {name for name, value in row.items() if value is not None}
    return [
        rule for rule in resource.declared_row_rules if not rule.waits_for or not present.isdisjoint(rule.waits_for)
    ]


def refuse(problems: list[InvalidInput]) -> None:
    """Raise the problem, or all of them together; do nothing if there is none."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise InvalidRequest(problems)


def name(one: Attribute, *, by_wire: bool) -> str:
    """Return what the caller calls the attribute."""
    return (one.wire or one.name) if by_wire else one.name


def shown(value: object) -> str:
    """Return a value as it may stand in a message: short, escaped, JSON's words for JSON's constants."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        text = repr(value)
    except ValueError:  # Python writes no numbers of thousands of digits
        return "(a number of too many digits)"
    if len(text) <= SHOWN_CHARACTERS:
        return text
    if isinstance(value, str):
        return f"{value[: SHOWN_CHARACTERS // 2]!r}... ({len(value)} characters)"
    return text[:SHOWN_CHARACTERS] + "..."


def shown_names(names: Iterable[str]) -> str:
    """Return names that a caller made up as they may stand in a message: in order, escaped, the first few."""
    ordered = sorted(names)
    first = ", ".join(shown(name)[1:-1] for name in ordered[:SHOWN_NAMES])
    return first if len(ordered) <= SHOWN_NAMES else f"{first}, ... ({len(ordered)} names)"


def _accepted(
    resource: Resource, values: Mapping[str, object], verb: str, problems: list[InvalidInput], *, by_wire: bool
) -> dict[str, object]:
    known = resource.by_wire if by_wire else resource.by_name
    unknown = [key for key in values if key not in known]
    if unknown:
        writable = sorted(key for key, one in known.items() if _is_writable(one, verb))
        problems.append(UnrecognizedAttribute(attribute=shown_names(unknown), known=", ".join(writable)))
    given: dict[str, object] = {}
    for key, value in values.items():
        one = known.get(key)
        if one is None:
            continue
        if not _is_writable(one, verb):
            problems.append(_read_only(key, verb))
            continue
        _accept_one(one, key, value, given, problems)
    return given


def _is_writable(one: Attribute, verb: str) -> bool:
    return one.create is not Presence.REFUSED if verb == "POST" else one.update


def _accept_one(
    one: Attribute, key: str, value: object, given: dict[str, object], problems: list[InvalidInput]
) -> None:
    before = len(problems)
    is_none = (value is None and one.null) or (value == "" and one.empty)
    accepted = None if is_none else fit(key, one.kind, value, problems)
    if len(problems) > before:
        return
    if one.name in given and given[one.name] != accepted:
        reason = f"{one.wire} and {one.also} are two names of one attribute and must not differ"
        problems.append(InvalidValue(attribute=key, value=value, reason=reason))
    given[one.name] = accepted


def _is_secret(kind: Kind, value: object) -> bool:
    """Tell whether a value may hold a password, which must not be repeated: a URL may, before an @."""
    return isinstance(kind, Secret) or (isinstance(kind, Url) and isinstance(value, str) and "@" in value)


def _read_only(key: str, verb: str) -> ReadOnlyAttribute:
    if verb == "POST":
        return ReadOnlyAttribute(attribute=key, reason=f"Attribute '{key}' not allowed in POST")
    return ReadOnlyAttribute(attribute=key, reason=f"Cannot update read-only attribute {key}")


def _is_blamed(problems: list[InvalidInput], one: Attribute) -> bool:
    return any(problem.data.get("attribute") in {one.wire, one.name} for problem in problems)


def known_id(resource: Resource, text: str) -> str:
    """Return a record's id in stored form; raise the resource's `NotFound` for what can be no id."""
    try:
        return Uuid().accept(text)
    except UnfitValueError:
        raise resource.not_found(id=shown(text)) from None
