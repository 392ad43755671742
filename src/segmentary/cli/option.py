"""Attributes as options of commands, and what is typed as values of attributes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from segmentary.cli.secret import no_password
from segmentary.rules.attribute import Attribute, Presence, Resource
from segmentary.rules.draft import shown
from segmentary.rules.kind import Choice, Constant, Entries, Flag, Integer, Kind, Secret, Uuid, View
from segmentary.rules.tags import Tags

METAVARS: Mapping[type, str] = {Integer: "NUMBER", Uuid: "ID", Entries: "KEY=VALUE,...", View: "ENTRY", Tags: "TAG,..."}
NONE = "no_"


def referenced(resource: Resource, one: Attribute) -> str | None:
    """Return the collection of which the attribute names a record by its id."""
    targets = (rule for rule in resource.reference_rules if rule.attribute == one.name and rule.target == "id")
    return next((rule.collection for rule in targets), None)


def of_create(resource: Resource) -> list[click.Option]:
    """Return an option for each attribute that a create request may have."""
    creatable = (one for one in resource.attributes + resource.options if one.create is not Presence.REFUSED)
    return [_option(resource, one, required=one.create is Presence.REQUIRED) for one in creatable]


def of_update(resource: Resource) -> list[click.Option]:
    """Return an option for each attribute that can be changed, and one to take it away where it may be missing."""
    made = []
    for one in (each for each in resource.attributes if each.update):
        made.append(_option(resource, one))
        if one.null:
            made.append(click.Option([f"--no-{_spelled(one)}", f"{NONE}{one.name}"], is_flag=True, help="Set none."))
    return made


def of_filters(resource: Resource) -> list[click.Option]:
    """Return an option for each filter of a list; repeated, it asks for any of the values."""
    filters = [one for one in resource.attributes + resource.lookups if one.filterable and one.wire]
    return [
        click.Option(
            [f"--{_spelled(one, referenced(resource, one))}", one.name],
            multiple=True,
            metavar=_metavar(resource, one),
            type=_choice(one.kind),
            help=f"Only with this: {one.doc[0].lower()}{one.doc[1:]}",
        )
        for one in filters
    ]


def value(one: Attribute, given: Any) -> object:  # noqa: ANN401, as click gives it
    """Return the value of an attribute that stands for what was typed; raise `click.UsageError` for no entry."""
    if isinstance(one.kind, Entries):
        return [_entry(one.kind, text) for text in given]
    if isinstance(one.kind, Tags):
        return given.split(",") if given else []
    return _number(one.kind, given)


def _option(resource: Resource, one: Attribute, *, required: bool = False) -> click.Option:
    collection = referenced(resource, one)
    name, text = _spelled(one, collection), one.doc
    if isinstance(one.kind, Flag):
        return click.Option([f"--{name}/--no-{name}", one.name], default=None, required=required, help=text)
    if isinstance(one.kind, Entries):
        text += " Repeat it for each entry."
    variable = f"SEGMENTARY_{one.name.upper()}" if isinstance(one.kind, Secret) else None
    if variable:
        text += f"  [{variable}]"
    return click.Option(
        [f"--{name}", one.name],
        metavar=_metavar(resource, one),
        type=_choice(one.kind),
        multiple=isinstance(one.kind, Entries),
        required=required,
        help=text,
        envvar=variable,
        callback=no_password(f"in {variable}", is_secret=True) if variable else None,
    )


def _spelled(one: Attribute, collection: str | None = None) -> str:
    """Return the name of an attribute as an option; a record of another collection is given by its name or id."""
    return (one.name.removesuffix("_id") if collection else one.name).replace("_", "-")


def _metavar(resource: Resource, one: Attribute) -> str | None:
    if isinstance(one.kind, Choice):
        return None
    return "NAME|ID" if referenced(resource, one) else METAVARS.get(type(one.kind), "TEXT")


def _choice(kind: Kind) -> click.Choice[str] | None:
    if isinstance(kind, Choice):
        return click.Choice(kind.values)
    if isinstance(kind, Flag) or (isinstance(kind, Constant) and isinstance(kind.kind, Flag)):
        return click.Choice(("true", "false"))
    return None


def _entry(kind: Entries, text: str) -> dict[str, object]:
    """Return an entry written as JSON, or as key=value,key=value with the keys as they are or without their prefix."""
    if text.startswith("{"):
        try:
            entry: dict[str, object] = json.loads(text)
        except ValueError as error:
            raise click.UsageError(f"{shown(text)} is not JSON ({error})") from None
        return entry
    keys = {short: (key, one) for key, name, one in kind.fields for short in (key, name)}
    entry = {}
    for pair in text.split(","):
        short, separator, given = pair.partition("=")
        if not separator or short not in keys:
            known = ", ".join(name for _, name, _ in kind.fields)
            raise click.UsageError(f"{shown(pair)} is not KEY=VALUE with a KEY of {known}")
        key, of_key = keys[short]
        entry[key] = _number(of_key, given)
    return entry


def _number(kind: Kind, given: Any) -> object:  # noqa: ANN401, as click gives it
    """Return a number where one is asked for and written, else what is written: that is refused with the limits."""
    is_number = isinstance(kind, Integer) and isinstance(given, str) and given.lstrip("-").isdecimal()
    return int(given) if is_number else given


def given(names: Sequence[Attribute], arguments: Mapping[str, Any]) -> dict[str, object]:
    """Return the values of those attributes that were typed."""
    values: dict[str, object] = {}
    for one in names:
        if arguments.get(f"{NONE}{one.name}"):
            values[one.name] = None
        if arguments.get(one.name) not in {None, ()}:
            values[one.name] = value(one, arguments[one.name])
    return values
