"""The commands `segmentary history` and `segmentary undo`."""

import json
import os

import click

from segmentary.catalog.actor import LOCAL_PROJECT, Actor
from segmentary.cli import target
from segmentary.cli.resource import NOUNS
from segmentary.rules.kind import UnfitValueError, Uuid
from segmentary.services.journal import FOLLOWING
from segmentary.settings import Settings


def show(settings: Settings, command: str, named: str, style: str) -> None:
    """Print who changed a record, oldest change first."""
    noun = next(one for one in NOUNS if one.command == command)
    with target.local(settings) as app:
        try:
            record_id = Uuid().accept(named)  # also of a record that is deleted
        except UnfitValueError:
            record_id = target.found(getattr(app, noun.collection), noun.resource, named).id
        changes = app.history(noun.resource, record_id)
    if style == "json":
        click.echo(json.dumps(changes, indent=2, ensure_ascii=False))
        return
    for one in changes:
        click.echo(f"{one['time']}  {one['type']}  by {one['actor']}  {one['request_id'] or '-'}  {one['id']}")
        changed = one.get("changed", {})
        for name, pair in changed.items() if isinstance(changed, dict) else ():
            if name not in FOLLOWING:
                click.echo(f"    {name}: {_json(pair['old'])} -> {_json(pair['new'])}")


def undo(settings: Settings, named: str) -> None:
    """Take back a change or a request, and say what was taken back."""
    with target.local(settings) as app:
        actor = Actor(name=os.environ.get("USER") or "command line", project_id=LOCAL_PROJECT, trusted=True)
        for one in app.undo(named, actor):
            click.echo(f"taken back: {one['type']} {one['resource_id']} of {one['time']} by {one['actor']}")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
