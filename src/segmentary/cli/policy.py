"""The commands of `segmentary policy`: who may do what."""

from collections.abc import Callable
from typing import Any

import click

from segmentary.catalog.action import ACTIONS, RULES, TARGETS
from segmentary.catalog.actor import Actor, with_implied
from segmentary.cli import output

COLUMNS = ("rule", "value", "origin")
ALLOWED = ("rule", "allowed on")


def _file(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--policy-file",
        "file",
        envvar="SEGMENTARY_POLICY_FILE",
        default="",
        metavar="FILE",
        help="YAML file with rules that count instead of the defaults.  [SEGMENTARY_POLICY_FILE]",
    )(command)


@click.group("policy")
def policy_group() -> None:
    """The rules that say who may do what."""


@policy_group.command("list")
@_file
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="Show what who has it may do; repeat it.")
@click.option("--format", "style", **output.style_choice())
def list_rules(file: str, roles: tuple[str, ...], style: str) -> None:
    """List the rules in force, or what they allow a caller with some roles."""
    from segmentary.services.policy import Policy
    from segmentary.services.policy_rules import rules_in_force

    rules = rules_in_force(file)
    if roles:
        rights = Policy(rules).rights(Actor(name="caller", project_id="project", roles=with_implied(roles)))
        assert rights is not None  # noqa: S101, this caller is not trusted
        weighed = [(one, rights.grounds(one.name)) for one in ACTIONS]
        allowed = [
            {"rule": one.name, "allowed on": _grounds(one.resource in TARGETS, grounds)}
            for one, grounds in weighed
            if grounds
        ]
        click.echo(output.several(allowed, ALLOWED, style), nl=False)
        return
    shown = [
        {"rule": name, "value": rule, "origin": "default" if rule == RULES[name].default else file}
        for name, rule in rules.items()
    ]
    click.echo(output.several(shown, COLUMNS, style), nl=False)


@policy_group.command("check")
@_file
def check(file: str) -> None:
    """Tell whether a file of rules can be used; exit status 1 if not."""
    from segmentary.services.policy_rules import rules_in_force

    rules = rules_in_force(file)
    changed = sum(rule != RULES[name].default for name, rule in rules.items())
    click.echo(f"{changed} of the rules are other than the default")


def _grounds(has_targets: bool, grounds: tuple[frozenset[str], ...]) -> str:  # noqa: FBT001, one question
    if frozenset() in grounds:
        return "all" if has_targets else "yes"
    return " or ".join(" and ".join(sorted(one)) for one in grounds)
