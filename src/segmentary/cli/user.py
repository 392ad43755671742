"""The commands of `segmentary user`: who may sign in where there is no Keystone."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from segmentary.catalog.actor import LOCAL_DOMAIN, LOCAL_PROJECT
from segmentary.cli import output
from segmentary.services import user

COLUMNS = ("name", "project", "domain", "roles", "signs in with")


def _file(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--users-file",
        "file",
        envvar="SEGMENTARY_USERS_FILE",
        required=True,
        metavar="FILE",
        help="File of users, the same that the server is given.  [SEGMENTARY_USERS_FILE]",
    )(command)


@click.group("user")
def user_group() -> None:
    """Users who sign in with a token or a password of their own; a running server sees a change within a second."""


@user_group.command("add")
@click.argument("name")
@_file
@click.option("--project", default=LOCAL_PROJECT, show_default=True, metavar="ID", help="The project it acts for.")
@click.option("--domain", default=LOCAL_DOMAIN, show_default=True, metavar="ID", help="The domain of the user.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    metavar="ROLE",
    help="admin, manager, member, reader or service; repeat it.",
)
@click.option(
    "--password", is_flag=True, help="Ask for a password, or read it from standard input; else a token is made."
)
def add(  # noqa: PLR0913, each is one option
    file: str, name: str, project: str, domain: str, roles: Sequence[str], *, password: bool
) -> None:
    """Add the user NAME; print the token, which is kept nowhere else."""
    chosen = _password() if password else None
    one = user.User(name=name, project_id=project, domain_id=domain, roles=tuple(roles))
    token = user.add(file, one, chosen)
    if token is not None:
        click.echo(token)


@user_group.command("list")
@_file
@click.option("--format", "style", **output.style_choice())
def list_users(file: str, style: str) -> None:
    """List the users: nothing secret."""
    shown = [
        {
            "name": one.name,
            "project": one.project_id,
            "domain": one.domain_id,
            "roles": ", ".join(one.roles),
            "signs in with": "a token" if one.token else "a password",
        }
        for one in user.read(file)
    ]
    click.echo(output.several(shown, COLUMNS, style), nl=False)


@user_group.command("remove")
@click.argument("name")
@_file
def remove(file: str, name: str) -> None:
    """Remove the user NAME."""
    user.remove(file, name)


def _password() -> str:
    """Return a password that is typed twice, or the first line of standard input: never one of the command line."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        typed = sys.stdin.readline().rstrip("\n")
    if len(typed) < user.SHORTEST_PASSWORD:
        raise click.UsageError(f"a password has at least {user.SHORTEST_PASSWORD} characters")
    return typed
