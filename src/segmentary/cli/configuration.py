"""`segmentary settings`: the settings in force, without what is secret in them."""

import json

import click

from segmentary.db.engine import shown_url
from segmentary.settings import FIELDS, Settings


def show(settings: Settings) -> None:
    """Print the settings as TOML, the password of the database as ***; files of secrets are named, never read."""
    for name in FIELDS:
        value = getattr(settings, name)
        shown = shown_url(value) if name == "database" else value
        click.echo(f"{name} = {json.dumps(shown, ensure_ascii=False)}")
