"""The commands of `segmentary`. Errors are one line and an exit status: 1 refused, 2 wrong usage."""

import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TextIO, TypeVar

import click

from segmentary.cli import audit as audit_command
from segmentary.cli import desired, destination, output, resource
from segmentary.cli.host import host_group
from segmentary.cli.policy import policy_group
from segmentary.cli.quota import quota_group
from segmentary.cli.secret import no_password
from segmentary.cli.user import user_group
from segmentary.errors import SegmentaryError
from segmentary.settings import ENVIRONMENT_PREFIX, FIELDS, Settings, load

F = TypeVar("F", bound=Callable[..., Any])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="segmentary", message="segmentary %(version)s")
def commands() -> None:
    """The truth about network segments: which network has which segment, and which ID is free."""


def settings_options(*names: str) -> Callable[[F], F]:
    """Add an option for each of these settings, and --config."""

    def add(command: F) -> F:
        for name in reversed(names):
            field = FIELDS[name]
            default = "none" if field.default == "" else field.default
            help_text = f"{field.metadata['doc']}  [{ENVIRONMENT_PREFIX}{name.upper()}; default: {default}]"
            metavar = "NUMBER" if field.type is int else "TEXT"
            otherwise = f"in {ENVIRONMENT_PREFIX}{name.upper()}, or in the file of --config"
            command = click.option(
                f"--{name.replace('_', '-')}", name, metavar=metavar, help=help_text, callback=no_password(otherwise)
            )(command)
        help_text = f"TOML file with settings.  [{ENVIRONMENT_PREFIX}CONFIG]"
        return click.option("--config", metavar="FILE", help=help_text)(command)

    return add


def of_neutron(text: str, *, required: bool) -> Callable[[F], F]:
    """Add the option that names the database of a Neutron."""
    variable = f"{ENVIRONMENT_PREFIX}NEUTRON"
    return click.option(
        "--neutron",
        metavar="URL",
        required=required,
        envvar=variable,
        help=f"{text}  [{variable}]",
        callback=no_password(f"in {variable}"),
    )


def settings_from(arguments: dict[str, object]) -> Settings:
    """Return the settings from a command's options, the environment and the file they name."""
    given = dict(arguments)
    file = given.pop("config", None) or os.environ.get(f"{ENVIRONMENT_PREFIX}CONFIG")
    return load(given, os.environ, str(file) if file else None)


@commands.command()
@settings_options(*FIELDS)
def serve(**arguments: object) -> None:
    """Serve the Networking API over HTTP."""
    from segmentary.cli import server

    server.serve(settings_from(arguments))


@commands.command("settings")
@settings_options(*FIELDS)
def show_settings(**arguments: object) -> None:
    """Print the settings that `serve` would have, as TOML and without passwords."""
    from segmentary.cli import configuration

    configuration.show(settings_from(arguments))


@commands.command()
@settings_options("database", "events_kept", "events_kept_days")
def relay(**arguments: object) -> None:
    """Number events, as each server process does; useful beside programs that use the library."""
    from segmentary.cli.relay import run_relay

    run_relay(settings_from(arguments))


@commands.group("database")
def database_group() -> None:
    """The schema of a database."""


@database_group.command()
@settings_options("database")
def upgrade(**arguments: object) -> None:
    """Create the schema, or bring it to the newest revision."""
    from segmentary.cli import database

    database.upgrade(settings_from(arguments).database)


@database_group.command()
@settings_options("database")
def current(**arguments: object) -> None:
    """Print the revision of the schema."""
    from segmentary.cli import database

    database.current(settings_from(arguments).database)


@database_group.command()
@settings_options("database")
def check(**arguments: object) -> None:
    """Compare the schema with what is declared; exit status 1 if they differ."""
    from segmentary.cli import database

    database.check(settings_from(arguments).database)


@commands.command()
@settings_options("database", "global_physnet_mtu", "agent_down_time")
@of_neutron("Look at this database of a Neutron instead; it is only read.", required=False)
@click.option("--format", "style", **output.style_choice(tuple(audit_command.STYLES), "How to write what is found."))
@click.option(
    "--limit", type=click.IntRange(0), default=100, show_default=True, help="The most rows shown that break one rule."
)
def audit(style: str, limit: int, neutron: str | None, **arguments: object) -> None:
    """Look for stored rows that break a rule; change nothing.

    Exit status: 0 nothing found, 1 rows that break a rule, 2 could not look.
    """
    audit_command.run(settings_from(arguments), style, limit, neutron)


@commands.command()
@settings_options("database")
@click.option("--format", "style", **output.style_choice(("yaml", "json", "csv"), "Form."))
@click.option("--kind", type=click.Choice(desired.COLLECTIONS), help="What to write as CSV.")
def export(style: str, kind: str | None, **arguments: object) -> None:
    """Write physical networks, ranges, networks and segments as a file of desired state."""
    desired.export(settings_from(arguments), style, kind)


@commands.command()
@click.argument("resource", type=click.Choice(resource.COMMANDS), metavar="RESOURCE")
@click.argument("named", metavar="NAME|ID")
@click.option("--format", "style", **output.style_choice(("table", "json"), "How to write it."))
@settings_options("database")
def history(resource: str, named: str, style: str, **arguments: object) -> None:
    """Show who changed a record, when and how; a deleted one is named by its id."""
    from segmentary.cli import history as history_command

    history_command.show(settings_from(arguments), resource, named, style)


@commands.command()
@click.argument("change", metavar="CHANGE|REQUEST")
@settings_options("database", "global_physnet_mtu")
def undo(change: str, **arguments: object) -> None:
    """Take back one change, or all changes of one request, as new changes; refused where they no longer fit."""
    from segmentary.cli import history as history_command

    history_command.undo(settings_from(arguments), change)


@commands.command("import")
@of_neutron("The database of the Neutron; it is only read.", required=True)
@click.option("--skip-refused", is_flag=True, help="Take the rest if some rows are refused.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options("database", "global_physnet_mtu")
def import_records(neutron: str, skip_refused: bool, yes: bool, **arguments: object) -> None:  # noqa: FBT001, flags
    """Take over what a Neutron keeps, with its ids and times: show the plan, then all of it or nothing.

    Repeating it takes what is new. Afterwards both are compared, and what is stored is audited.
    """
    from segmentary.cli import neutron as neutron_command

    neutron_command.run(settings_from(arguments), neutron, skip_refused=skip_refused, asks=not yes)


FILE = click.argument("file", metavar="FILE", type=click.File(encoding="utf-8"))
PRUNE = click.option("--prune", is_flag=True, help="Delete what the file does not name.")


@commands.command()
@FILE
@PRUNE
@settings_options("database", "global_physnet_mtu")
def plan(file: TextIO, prune: bool, **arguments: object) -> None:  # noqa: FBT001, a flag
    """Show what `apply` would change so that what is stored is what FILE wants."""
    desired.plan(settings_from(arguments), file.read(), prune=prune)


@commands.command()
@FILE
@PRUNE
@click.option("--plan", "expected", metavar="PLAN", help="Only if it is this plan, by the name that `plan` shows.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options("database", "global_physnet_mtu")
def apply(file: TextIO, prune: bool, expected: str | None, yes: bool, **arguments: object) -> None:  # noqa: FBT001, flags
    """Show the plan for FILE and carry it out in one transaction, if it still holds by then."""
    desired.apply(settings_from(arguments), file.read(), prune=prune, expected=expected, asks=not yes)


commands.add_command(host_group)
commands.add_command(quota_group)
commands.add_command(policy_group)
commands.add_command(user_group)
for group in resource.groups():
    commands.add_command(group)
for command in destination.commands():
    destination_group = commands.commands["destination"]
    assert isinstance(destination_group, click.Group)  # noqa: S101, made from a resource
    destination_group.add_command(command)


def main() -> None:
    """Run the command line."""
    try:
        status = commands(prog_name="segmentary", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "segmentary"
        said = error.format_message().rstrip(".")
        _fail(command, f"{said}; see {command} --help", error.exit_code)
    except click.Abort:
        _fail("segmentary", "stopped.", 1)
    except SegmentaryError as error:
        _fail("segmentary", error.message, 1)
    # What a command gave to Context.exit.
    sys.exit(status if isinstance(status, int) else 0)


def _fail(command: str, message: str, status: int) -> NoReturn:
    """End with one line, whatever a database or a library put into it."""
    click.echo(f"{command}: {' '.join(message.split())}", err=True)
    sys.exit(status)
