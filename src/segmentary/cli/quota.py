"""The commands of `segmentary quota`: how many records a project may have."""

from typing import TYPE_CHECKING

import click

from segmentary.catalog.quota import LIMITED
from segmentary.cli import output, target

if TYPE_CHECKING:
    from segmentary.client.quota import Quotas as RemoteQuotas
    from segmentary.services.quota import Quotas as LocalQuotas

    Quotas = LocalQuotas | RemoteQuotas

_NAMES = {name: f"--{name.replace('_', '-')}" for name in LIMITED}
_FORMAT = click.option("--format", "style", **output.style_choice())


@click.group("quota")
def quota_group() -> None:
    """Quotas: how many networks, segments and segment ranges a project may have; -1 is any number."""


@quota_group.command("list", params=target.options())
@_FORMAT
@target.on("quotas")
def list_quotas(quotas: "Quotas", style: str) -> None:
    """List the projects that have limits of their own."""
    rows = [{"project_id": project, **limits} for project, limits in quotas.list().items()]
    click.echo(output.several(rows, ("project_id", *LIMITED), style), nl=False)


@quota_group.command(params=target.options())
@click.argument("project")
@_FORMAT
@target.on("quotas")
def show(quotas: "Quotas", project: str, style: str) -> None:
    """Show what PROJECT may have and has."""
    rows = [{"resource": name, "limit": one.limit, "used": one.used} for name, one in quotas.usage(project).items()]
    click.echo(output.several(rows, ("resource", "limit", "used"), style), nl=False)


@quota_group.command("set", params=target.options())
@click.argument("project")
@click.option(_NAMES["network"], type=int, metavar="NUMBER", help="Networks of the project; -1 for any number.")
@click.option(_NAMES["segment"], type=int, metavar="NUMBER", help="Segments of its networks; -1 for any number.")
@click.option(
    _NAMES["network_segment_range"], type=int, metavar="NUMBER", help="Segment ranges of its own; -1 for any."
)
@click.option(_NAMES["rbac_policy"], type=int, metavar="NUMBER", help="RBAC policies that it makes; -1 for any.")
@click.option("--force", is_flag=True, help="Also below what the project has now.")
@_FORMAT
@target.on("quotas")
def set_limits(quotas: "Quotas", project: str, *, force: bool, style: str, **limits: int | None) -> None:
    """Set limits of PROJECT."""
    asked = {name: limit for name, limit in limits.items() if limit is not None}
    if not asked:
        raise click.UsageError(f"nothing to set: give at least one of {', '.join(_NAMES.values())}")
    click.echo(output.one(dict(quotas.set(project, asked, force=force)), LIMITED, style), nl=False)


@quota_group.command(params=target.options())
@click.argument("project")
@target.on("quotas")
def delete(quotas: "Quotas", project: str) -> None:
    """Give PROJECT the defaults again."""
    quotas.delete(project)
