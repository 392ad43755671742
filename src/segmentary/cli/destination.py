"""The commands of `segmentary destination` beside those of every resource: what it gave up, and sending that again."""

from typing import TYPE_CHECKING, Any

import click

from segmentary.catalog import EventDestination
from segmentary.cli import output, target
from segmentary.rules.attribute import describe

if TYPE_CHECKING:
    from segmentary.db.deliveries import DeadLetter

COLUMNS = ("sequence", "type", "resource_id", "attempts", "error", "died_at", "replay")
NAMED = click.Argument(["named"], metavar="NAME|ID")
FORMAT = click.Option(["--format", "style"], **output.style_choice())


def commands() -> list[click.Command]:
    """Return the commands."""
    number = click.Argument(["sequence"], type=click.IntRange(1))
    after = click.Option(["--after"], type=click.IntRange(0), default=0, help="Only events with a higher number.")
    limit = click.Option(["--limit"], type=click.IntRange(1, 1000), default=100, help="The most dead letters.")
    about = click.Option(["--resource-id"], metavar="ID", help="Only those about this record.")
    return [
        click.Command(
            "dead-letters",
            params=[NAMED, after, limit, FORMAT, *target.options()],
            callback=_dead_letters,
            help="List the events that a destination gave up.",
        ),
        click.Command(
            "replay",
            params=[NAMED, about, *target.options()],
            callback=_replay,
            help="Have the events that a destination gave up sent again.",
        ),
        click.Command(
            "forget",
            params=[NAMED, number, *target.options()],
            callback=_forget,
            help="Forget an event that a destination gave up, by its SEQUENCE.",
        ),
    ]


def _dead_letters(named: str, after: int, limit: int, style: str, **where: Any) -> None:  # noqa: ANN401, as typed
    with target.opened(**where) as opened:
        found = opened.dead_letters.list(_id(opened, named), after, limit)
    click.echo(output.several([_row(one) for one in found], COLUMNS, style), nl=False)


def _replay(named: str, resource_id: str | None, **where: Any) -> None:  # noqa: ANN401, as typed
    with target.opened(**where) as opened:
        opened.dead_letters.replay(_id(opened, named), resource_id)


def _forget(named: str, sequence: int, **where: Any) -> None:  # noqa: ANN401, as typed
    with target.opened(**where) as opened:
        opened.dead_letters.forget(_id(opened, named), sequence)


def _id(opened: Any, named: str) -> str:  # noqa: ANN401, a database or a service
    return str(target.found(opened.event_destinations, describe(EventDestination), named).id)


def _row(letter: "DeadLetter | dict[str, Any]") -> dict[str, object]:
    if isinstance(letter, dict):
        return {**letter["event"], **letter}
    event = {"sequence": letter.event.sequence, "type": letter.event.type, "resource_id": letter.event.resource_id}
    return {**event, **letter.fate}
