"""What is typed stands in the list of processes and in the shell's history: no password may be."""

import re
from collections.abc import Callable
from typing import Any

import click

# user:password@ in a URL, or a password among what follows its question mark.
_PASSWORD = re.compile(r"//[^/?#]*:[^@]+@|[?&;][^=&;]*passw[^=&;]*=", re.IGNORECASE)
Callback = Callable[[click.Context, click.Parameter, Any], Any]


def no_password(otherwise: str, *, is_secret: bool = False) -> Callback:
    """Return what refuses a typed option that has a password in it, or is one, and says how to give it `otherwise`."""

    def refuse(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
        is_typed = context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if is_typed and value and (is_secret or _PASSWORD.search(value)):
            said = "is a secret" if is_secret else "has a password in it"
            reason = f"{parameter.opts[0]} {said}, which all users of this machine can read in the list of processes"
            raise click.UsageError(f"{reason}: give it {otherwise}", context)
        return value

    return refuse
