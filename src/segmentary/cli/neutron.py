"""The command `segmentary import --neutron URL`."""

import os
import sys
from collections.abc import Sequence

import click

from segmentary.app import NeutronImport
from segmentary.catalog.actor import LOCAL_PROJECT, Actor
from segmentary.cli import output, target
from segmentary.services.neutron_import import KINDS, Import, Note
from segmentary.settings import Settings

SHOWN_NOTES = 50


def run(settings: Settings, url: str, *, skip_refused: bool, asks: bool) -> None:
    """Show what would be taken over, do it, and compare."""
    with target.local(settings) as app:
        found = NeutronImport(
            app, url, Actor(name=os.environ.get("USER") or "import", project_id=LOCAL_PROJECT, trusted=True)
        )
        planned = found.plan()
        click.echo(shown(planned), nl=False)
        if planned.refused and not skip_refused:
            click.echo("Nothing is taken: some rows are refused. Correct them, or take the rest with --skip-refused.")
            sys.exit(1)
        if any(planned.taken.values()):
            if asks:
                click.confirm("Take it over?", abort=True)
            done = found.carry_out(skip_refused=skip_refused)
            if done.refused and not skip_refused:
                click.echo(shown(done), nl=False)
                sys.exit(1)
        rows = [
            {"collection": name, "in Neutron": theirs, "here with equal values": ours}
            for name, (theirs, ours) in found.compared().items()
        ]
        click.echo(output.several(rows, list(rows[0]), "table"), nl=False)
        result = app.audit(0)
        click.echo(f"Audit: {result.total or 'no'} findings.")
        sys.exit(1 if result.total else 0)


def shown(planned: Import) -> str:
    """Return a plan as a person reads it."""
    rows = [
        {
            "collection": resource.collection,
            "to take": len(planned.taken[resource]),
            "here already": planned.present[resource],
            "refused": sum(note.collection == resource.collection for note in planned.refused),
        }
        for resource in KINDS
    ]
    notes = _notes("Changed", planned.changed) + _notes("Refused", planned.refused)
    return output.several(rows, list(rows[0]), "table") + notes


def _notes(title: str, notes: Sequence[Note]) -> str:
    lines = [f"  {one.collection} {one.row}: {one.text}\n" for one in notes[:SHOWN_NOTES]]
    if len(notes) > SHOWN_NOTES:
        lines.append(f"  and {len(notes) - SHOWN_NOTES} more\n")
    return f"{title}:\n" + "".join(lines) if notes else ""
