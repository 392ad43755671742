"""The commands `segmentary export`, `plan` and `apply`."""

import json
import os
from collections import Counter
from collections.abc import Iterator

import click

from segmentary.catalog.actor import LOCAL_PROJECT, Actor
from segmentary.cli import output, target
from segmentary.errors import PlanChanged
from segmentary.rules.plan import Plan, Step, Verb
from segmentary.settings import Settings
from segmentary.wire.desired import KINDS, SEGMENTS, load

COLLECTIONS = tuple(resource.collection for resource in KINDS)
SIGNS = {Verb.CREATE: "+", Verb.UPDATE: "~", Verb.DELETE: "-"}
WORDS = {Verb.CREATE: "to create", Verb.UPDATE: "to change", Verb.DELETE: "to delete"}


def export(settings: Settings, style: str, kind: str | None) -> None:
    """Print what is stored as a file of desired state."""
    if (style == "csv") != (kind is not None):
        raise click.UsageError("--format csv needs --kind, and only it has one: a table has one kind of rows")
    with target.local(settings) as app:
        document = app.export()
    if kind is not None:
        rows = list(_rows(document, kind))
        names = list(dict.fromkeys(name for row in rows for name in row))
        click.echo(output.several(rows, names, "csv"), nl=False)
    elif style == "json":
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(output.tree(document), nl=False)


def _rows(document: dict[str, list[dict[str, object]]], kind: str) -> Iterator[dict[str, object]]:
    """Give the rows of one kind; a segment with the id of its network."""
    if kind != SEGMENTS.collection:
        yield from (
            {name: value for name, value in one.items() if name != SEGMENTS.collection} for one in document[kind]
        )
        return
    for network in document["networks"]:
        segments = network[SEGMENTS.collection]
        yield from ({**one, "network_id": network["id"]} for one in (segments if isinstance(segments, list) else []))


def plan(settings: Settings, text: str, *, prune: bool) -> None:
    """Print the plan for a file."""
    wanted = load(text)
    with target.local(settings) as app:
        click.echo(shown(app.plan(wanted, prune=prune)), nl=False)


def apply(settings: Settings, text: str, *, prune: bool, expected: str | None, asks: bool) -> None:
    """Print the plan for a file and carry it out."""
    wanted = load(text)
    with target.local(settings) as app:
        found = app.plan(wanted, prune=prune)
        click.echo(shown(found), nl=False)
        if expected is not None and expected != found.digest:
            raise PlanChanged(expected=expected, found=found.digest)
        if not found.steps:
            return
        if asks and expected is None:
            click.confirm("Carry it out?", abort=True)
        actor = Actor(name=os.environ.get("USER") or "command line", project_id=LOCAL_PROJECT, trusted=True)
        app.apply(wanted, found, prune=prune, actor=actor)
        click.echo("Done.")


def shown(plan: Plan) -> str:
    """Return a plan as a person reads it."""
    if not plan.steps:
        return "Nothing to do: what is stored is what the file wants.\n"
    lines = [line for step in plan.steps for line in _lines(step)]
    counts = Counter(step.verb for step in plan.steps)
    summary = ", ".join(f"{counts[verb]} {WORDS[verb]}" for verb in Verb if counts[verb])
    return "".join(f"{line}\n" for line in lines) + f"Plan {plan.digest}: {summary}.\n"


def _lines(step: Step) -> Iterator[str]:
    noun = step.resource.name.replace("_", " ")
    place = f"  ({step.wanted.item})" if step.wanted is not None and step.verb is Verb.CREATE else f"  {step.id}"
    yield f"{SIGNS[step.verb]} {noun} {step.label}{place}"
    yield from (f"    with segment {each}" for each in step.before.get("segments", ()) if step.verb is Verb.DELETE)
    for name, value in step.values.items():
        one = step.resource.by_name[name]
        if step.verb is Verb.UPDATE:
            yield f"    {one.wire}: {_json(step.before[name])} -> {_json(value)}"
        elif value != one.default:
            yield f"    {one.wire}: {_json(value)}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
