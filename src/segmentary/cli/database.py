"""The commands of `segmentary database`."""

import sys

import click

from segmentary.db import migrate
from segmentary.db.engine import shown_url


def upgrade(url: str) -> None:
    """Bring the schema to the newest revision."""
    before = migrate.current(url)
    migrate.upgrade(url)
    newest = migrate.newest()
    done = f"is at revision {newest} already" if before == newest else f"upgraded from {before or 'none'} to {newest}"
    click.echo(f"{shown_url(url)}: {done}")


def current(url: str) -> None:
    """Print the revision of the schema."""
    click.echo(migrate.current(url) or "none")


def check(url: str) -> None:
    """Print how the schema differs from what is declared."""
    differences = migrate.check(url)
    for difference in differences:
        click.echo(f"{shown_url(url)}: {difference}")
    if differences:
        sys.exit(1)
    click.echo(f"{shown_url(url)}: is what is declared, revision {migrate.newest()}")
