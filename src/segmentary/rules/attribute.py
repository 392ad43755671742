"""Declaring records: a resource is a frozen class whose attributes say all there is to know about them.

    @resource("segment", "segments", not_found=SegmentNotFound)
    class Segment:
        name: str | None = attribute(Text(255), create=Presence.OPTIONAL, update=True, default=None)

From this line follow decoding, encoding, filters, sorting, the column and its CHECK, the command line and the docs.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar, dataclass_transform

from segmentary.errors import NotFound
from segmentary.rules.evaluate import predicate
from segmentary.rules.expression import Not, Or, Present
from segmentary.rules.kind import Constant, Kind, Secret
from segmentary.rules.rule import ReferenceRule, RowRule, Rule, UniqueRule
from segmentary.rules.tags import Tags

T = TypeVar("T")


class Absent(Enum):
    """The one value that means: this attribute does not appear on the wire for this record."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class Presence(Enum):
    """Whether the body of a create request may or must have an attribute."""

    REFUSED = "refused"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One attribute of a resource; `name` is its Python and column name, `wire` its name in JSON (None: hidden).

    `also` is a second name in JSON with the same meaning. `null` says that a request may set it to null, `nullable`
    that a stored record may have none. `empty` says that none is written as an empty text, and read from one. `stored`
    is false for what is derived from other records; `part` then names the attribute of the resource's parts that
    filters look at.
    """

    name: str
    wire: str | None
    kind: Kind
    create: Presence
    update: bool
    default: object
    null: bool
    nullable: bool
    stored: bool
    part: str | None
    filterable: bool
    sortable: bool
    also: str | None
    empty: bool
    doc: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which it is shown in JSON, none if it is not."""
        if isinstance(self.kind, Secret):
            return ()
        return tuple(name for name in (self.wire, self.also) if name)


def lookup(name: str, kind: Kind, doc: str, *, wire: str = "") -> Attribute:
    """Declare a filter of lists that is no attribute of the records."""
    is_none = isinstance(kind, Constant) and kind.value is None
    declared = option(name, kind, None, doc)
    return replace(declared, wire=wire or name, create=Presence.REFUSED, filterable=True, nullable=is_none)


def option(name: str, kind: Kind, default: object, doc: str, *, update: bool = False) -> Attribute:
    """Declare something that a create request, and with `update` also an update, may say: neither stored nor shown."""
    return Attribute(
        name=name,
        wire=name,
        kind=kind,
        create=Presence.OPTIONAL,
        update=update,
        default=default,
        null=False,
        nullable=False,
        stored=False,
        part=None,
        filterable=False,
        sortable=False,
        also=None,
        empty=False,
        doc=doc,
    )


def attribute(  # noqa: PLR0913, each keyword is one fact about an attribute
    kind: Kind,
    *,
    doc: str,
    wire: str | None = "",
    create: Presence = Presence.REFUSED,
    update: bool = False,
    default: object = None,
    null: bool = False,
    stored: bool = True,
    part: str | None = None,
    filterable: bool = True,
    sortable: bool = True,
    also: str | None = None,
    empty: bool = False,
) -> Any:  # noqa: ANN401, a field specifier stands for a value of the attribute's own type
    """Declare one attribute of a resource."""
    facts = {
        "kind": kind,
        "wire": wire,
        "create": create,
        "update": update,
        "default": default,
        "null": null,
        "stored": stored,
        "part": part,
        "filterable": filterable,
        "sortable": sortable,
        "also": also,
        "empty": empty,
        "doc": doc,
    }
    return dataclasses.field(metadata={"attribute": facts}, repr=not isinstance(kind, Secret))


Derive = Callable[[Mapping[str, object], Sequence[tuple[Any, ...]]], Mapping[str, object]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The records of another resource that a record is shown with: `columns` of those whose `key` is its id, in order.

    `derive` makes the derived attributes from the record's stored values and the rows of its parts.
    """

    resource: type
    key: str
    order: str
    columns: tuple[str, ...]
    derive: Derive


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """All that is declared about one kind of record. There is one of each: compared by identity, hashed at no cost."""

    name: str
    collection: str
    record: type
    attributes: tuple[Attribute, ...]
    not_found: type[NotFound]
    rules: tuple[Rule, ...]
    parts: Parts | None
    options: tuple[Attribute, ...]
    indexes: tuple[tuple[str, ...], ...]
    routed: bool
    lookups: tuple[Attribute, ...]
    summary: tuple[str, ...]

    @cached_property
    def by_name(self) -> dict[str, Attribute]:
        """The attributes, options and lookups by Python name."""
        return {one.name: one for one in self.attributes + self.options + self.lookups}

    @cached_property
    def by_wire(self) -> dict[str, Attribute]:
        """The attributes and options by every name they have in JSON."""
        names = {one.wire: one for one in self.attributes + self.options if one.wire}
        return names | {one.also: one for one in self.attributes if one.also}

    @cached_property
    def filters(self) -> dict[str, Attribute]:
        """What a list can be asked for, by every name it has in a query string."""
        found = {name: one for name, one in self.by_wire.items() if one.filterable}
        return found | {one.wire: one for one in self.lookups if one.wire}

    @cached_property
    def required(self) -> tuple[Attribute, ...]:
        """The attributes that the body of a create request must have."""
        return tuple(one for one in self.attributes if one.create is Presence.REQUIRED)

    @cached_property
    def stored(self) -> tuple[Attribute, ...]:
        """The attributes that are columns, in declaration order."""
        return tuple(one for one in self.attributes if one.stored)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in declaration order."""
        return tuple(one.name for one in self.stored)

    @cached_property
    def tags(self) -> int | None:
        """The place of the tags among the attributes, None if the records have none."""
        return next((place for place, one in enumerate(self.attributes) if isinstance(one.kind, Tags)), None)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The defaults of the attributes, by Python name."""
        return {one.name: one.default for one in self.attributes}

    @cached_property
    def row_rules(self) -> tuple[RowRule, ...]:
        """The conditions on one record: those of the kinds of its attributes, then the declared ones."""
        of_kinds = (_rule_of_kind(self.name, one) for one in self.stored)
        return (*(rule for rule in of_kinds if rule is not None), *self.declared_row_rules)

    @cached_property
    def declared_row_rules(self) -> tuple[RowRule, ...]:
        """The conditions on one record that relate several of its attributes."""
        return tuple(rule for rule in self.rules if isinstance(rule, RowRule))

    @cached_property
    def is_sound(self) -> Callable[[Mapping[str, object]], bool]:
        """Tell of a row whether all conditions hold, at a third of the cost of asking for each."""
        return predicate(*(rule.expression for rule in self.row_rules))

    @cached_property
    def unique_rules(self) -> tuple[UniqueRule, ...]:
        """The keys that no two records share."""
        return tuple(rule for rule in self.rules if isinstance(rule, UniqueRule))

    @cached_property
    def reference_rules(self) -> tuple[ReferenceRule, ...]:
        """The attributes that name records of other collections."""
        return tuple(rule for rule in self.rules if isinstance(rule, ReferenceRule))


def _rule_of_kind(resource_name: str, one: Attribute) -> RowRule | None:
    condition = one.kind.condition(one.name)
    if condition is None:
        return None
    limit = one.kind.allows
    if one.nullable:
        condition = Or(Not(Present(one.name)), condition)
        limit += ", or null"
    return RowRule(name=f"{resource_name}_{one.name}_allowed", expression=condition, attribute=one.name, limit=limit)


def _attribute_of(field: dataclasses.Field[Any], hint: object) -> Attribute:
    facts = dict(field.metadata["attribute"])
    wire = field.name if facts.pop("wire") == "" else field.metadata["attribute"]["wire"]
    arguments = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return Attribute(name=field.name, wire=wire, nullable=type(None) in arguments, **facts)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attribute,))
def resource(  # noqa: PLR0913, each keyword is one fact about a resource
    name: str,
    collection: str,
    *,
    not_found: type[NotFound],
    rules: tuple[Rule, ...] = (),
    parts: Parts | None = None,
    options: tuple[Attribute, ...] = (),
    indexes: tuple[tuple[str, ...], ...] = (),
    routed: bool = True,
    lookups: tuple[Attribute, ...] = (),
    summary: tuple[str, ...] = (),
) -> Callable[[type[T]], type[T]]:
    """Declare a resource: `name` and `collection` are its names in JSON, of one and of several.

    `options` are what a create request may say beside the attributes; `indexes` the attributes that lists look records
    up by; without `routed` the five verbs have no paths of their own; `lookups` are filters that are no attributes;
    `summary` are the attributes that a table of records shows a person, by their names in JSON.
    """

    def declare(cls: type[T]) -> type[T]:
        record = dataclass(frozen=True, kw_only=True, slots=True)(cls)
        hints = typing.get_type_hints(record)
        fields = dataclasses.fields(record)  # type: ignore[arg-type]  # T is a dataclass now
        record.__resource__ = Resource(  # type: ignore[attr-defined]  # the class carries its own description
            name=name,
            collection=collection,
            record=record,
            attributes=tuple(_attribute_of(field, hints[field.name]) for field in fields),
            not_found=not_found,
            rules=rules,
            parts=parts,
            options=options,
            indexes=indexes,
            routed=routed,
            lookups=lookups,
            summary=summary,
        )
        return record

    return declare


def describe(record: type | object) -> Resource:
    """Return the description of a resource's class, or of the class of a record."""
    described: Resource = record.__resource__  # type: ignore[union-attr]  # set by @resource
    return described
