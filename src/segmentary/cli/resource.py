"""The commands of each resource, made from its declaration: list, show, create, set, delete.

segmentary network list --provider-network-type vlan --sort name
segmentary segment set blue-overlay --name core --if-revision 3 --database sqlite:///segmentary.db
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from segmentary.catalog import (
    BY_COLLECTION,
    EventDestination,
    Network,
    PhysicalNetwork,
    RbacPolicy,
    Segment,
    SegmentRange,
)
from segmentary.cli import option, output, target
from segmentary.cli.target import Records
from segmentary.rules.attribute import Resource, describe
from segmentary.wire import encode
from segmentary.wire.query import list_query


@dataclass(frozen=True, slots=True)
class Noun:
    """A group of commands: its name, its resource, and where that is among the collections of a target."""

    command: str
    resource: Resource
    collection: str

    @property
    def words(self) -> str:
        """What one record is called."""
        return self.resource.name.replace("_", " ")


NOUNS = (
    Noun("network", describe(Network), "networks"),
    Noun("segment", describe(Segment), "segments"),
    Noun("range", describe(SegmentRange), "segment_ranges"),
    Noun("physical-network", describe(PhysicalNetwork), "physical_networks"),
    Noun("rbac-policy", describe(RbacPolicy), "rbac_policies"),
    Noun("destination", describe(EventDestination), "event_destinations"),
)
COMMANDS = tuple(noun.command for noun in NOUNS)
COLLECTIONS = {noun.resource.collection: noun.collection for noun in NOUNS}
IF_REVISION = click.Option(["--if-revision"], type=click.IntRange(0), help="Only if this is its revision_number.")


def groups() -> list[click.Group]:
    """Return a group of commands for each resource."""
    return [_group(noun) for noun in NOUNS]


def _group(noun: Noun) -> click.Group:
    resource, form = noun.resource, _output_options(noun.resource)
    metavar = "NAME|ID" if "name" in resource.by_name else "ID"
    named = click.Argument(["named"], metavar=metavar)
    several = click.Argument(["named"], metavar=f"{metavar}...", nargs=-1, required=True)
    sorting = [
        click.Option(["--sort"], multiple=True, metavar="ATTRIBUTE[:desc]", help="Sort by it; repeat it for more."),
        click.Option(["--limit"], type=click.IntRange(1), help="The most records."),
    ]
    summary = (describe(resource.record).record.__doc__ or "").partition("\n")[0]
    group = click.Group(noun.command, help=f"{noun.words.capitalize()}s. {summary}")
    for command in (
        _command(noun, "list", f"List {noun.words}s.", [*option.of_filters(resource), *sorting, *form], _list),
        _command(noun, "show", f"Show a {noun.words}.", [named, *form], _show),
        _command(noun, "create", f"Create a {noun.words}.", [*option.of_create(resource), *form], _create),
        _command(
            noun, "set", f"Change a {noun.words}.", [named, *option.of_update(resource), IF_REVISION, *form], _set
        ),
        _command(noun, "delete", f"Delete {noun.words}s, in order.", [several, IF_REVISION], _delete),
    ):
        group.add_command(command)
    return group


Work = Callable[["Call", dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a command on what it works on."""

    noun: Noun
    opened: Any

    @property
    def records(self) -> Records:
        """The records of the command's resource."""
        records: Records = getattr(self.opened, self.noun.collection)
        return records

    def id_of(self, collection: str, named: str) -> str:
        """Return the id of the record of a collection with this name or id."""
        records = getattr(self.opened, COLLECTIONS[collection])
        return str(target.found(records, BY_COLLECTION[collection], named).id)

    def with_ids(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return values with the ids of those records that were named."""
        resource = self.noun.resource
        collections = {name: option.referenced(resource, resource.by_name[name]) for name in values}
        return {
            name: self.id_of(collection, value) if (collection := collections[name]) else value
            for name, value in values.items()
        }


def _command(noun: Noun, name: str, help_text: str, params: Sequence[click.Parameter], work: Work) -> click.Command:
    def run(url: str | None, token_file: str | None, database: str | None, **arguments: Any) -> None:  # noqa: ANN401, as typed
        with target.opened(url, token_file, database) as opened:
            work(Call(noun, opened), arguments)

    return click.Command(name, params=[*params, *target.options()], callback=run, help=help_text)


def _list(call: Call, arguments: dict[str, Any]) -> None:
    resource = call.noun.resource
    columns = arguments["columns"] or resource.summary
    pairs = [("fields", name) for name in ("id", *columns)] if arguments["columns"] or _is_table(arguments) else []
    for one in (each for each in resource.attributes + resource.lookups if arguments.get(each.name)):
        collection = option.referenced(resource, one)
        texts = arguments[one.name]
        pairs += [(one.wire or one.name, call.id_of(collection, each) if collection else each) for each in texts]
    for key in arguments["sort"]:
        name, _, direction = key.partition(":")
        pairs += [("sort_key", name), ("sort_dir", direction or "asc")]
    if arguments["limit"]:
        pairs.append(("limit", str(arguments["limit"])))
    shown = [encode.record_object(one) for one in call.records.list(list_query(resource, pairs))]
    columns = arguments["columns"] or (resource.summary if _is_table(arguments) else _names(resource))
    click.echo(output.several(shown, columns, arguments["style"]), nl=False)


def _show(call: Call, arguments: dict[str, Any]) -> None:
    _print(call, target.found(call.records, call.noun.resource, arguments["named"]), arguments)


def _create(call: Call, arguments: dict[str, Any]) -> None:
    resource = call.noun.resource
    values = option.given(resource.attributes + resource.options, arguments)
    _print(call, call.records.create(**call.with_ids(values)), arguments)


def _set(call: Call, arguments: dict[str, Any]) -> None:
    resource = call.noun.resource
    changes = option.given([one for one in resource.attributes if one.update], arguments)
    if not changes:
        raise click.UsageError("nothing to change: give at least one option that sets an attribute")
    record_id = call.id_of(resource.collection, arguments["named"])
    changed = call.records.update(record_id, if_revision=arguments["if_revision"], **call.with_ids(changes))
    _print(call, changed, arguments)


def _delete(call: Call, arguments: dict[str, Any]) -> None:
    if arguments["if_revision"] is not None and len(arguments["named"]) > 1:
        raise click.UsageError("--if-revision is for one record")
    for named in arguments["named"]:
        record_id = call.id_of(call.noun.resource.collection, named)
        call.records.delete(record_id, if_revision=arguments["if_revision"])


def _output_options(resource: Resource) -> list[click.Option]:
    return [
        click.Option(["--format", "style"], **output.style_choice()),
        click.Option(
            ["--column", "columns"],
            multiple=True,
            type=click.Choice(_names(resource)),
            metavar="ATTRIBUTE",
            help="Only this attribute; repeat it for more.",
        ),
    ]


def _is_table(arguments: dict[str, Any]) -> bool:
    return bool(arguments["style"] == "table")


def _names(resource: Resource) -> tuple[str, ...]:
    return tuple(one.wire for one in resource.attributes if one.wire and one.names)


def _print(call: Call, record: object, arguments: dict[str, Any]) -> None:
    columns = arguments["columns"] or _names(call.noun.resource)
    click.echo(output.one(encode.record_object(record), columns, arguments["style"]), nl=False)
