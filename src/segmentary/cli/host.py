"""The commands of `segmentary host`: report a host, and ask what hosts reach and carry."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from segmentary.catalog.agent import REPORTER
from segmentary.cli import target
from segmentary.rules.listing import HostQuery
from segmentary.wire import encode
from segmentary.wire.report import report as checked

if TYPE_CHECKING:
    from segmentary import app, client

    Hosts = app.Hosts | client.Hosts

PAGE = 1000
DIFFERENCES = (
    ("recorded_not_there", "recorded, not there"),
    ("there_not_recorded", "there, not recorded"),
    ("conflicting", "conflicting"),
)


@click.group("host")
def host_group() -> None:
    """Hosts: what they report and what they reach."""


@host_group.command(params=target.options())
@click.argument("host")
@click.argument("physical_networks", metavar="[NAME[=VIA]]...", nargs=-1)
@click.option("--agent-type", default=REPORTER, show_default=True, help="Which agent of the host reports.")
@click.option(
    "--observed",
    multiple=True,
    metavar="TYPE:[PHYSICAL_NETWORK]:ID",
    help="A segmentation ID that the host carries; repeat it. Without any, what was observed before stays.",
)
@target.on("hosts")
def report(
    hosts: "Hosts", host: str, physical_networks: Sequence[str], agent_type: str, observed: Sequence[str]
) -> None:
    """Report the physical networks that HOST reaches, each with the bridge or interface it reaches it through."""
    reached = [dict(zip(("name", "via"), text.split("=", 1), strict=False)) for text in physical_networks]
    said: dict[str, Any] = {"agent_type": agent_type, "physical_networks": reached}
    if observed:
        said["segmentation_ids"] = [_observed(text) for text in observed]
    shown = hosts.report(checked(host, encode.document({"host": said})))
    click.echo(f"{host} reaches {', '.join(_names(shown)) or 'no physical network'}")


@host_group.command("list", params=target.options())
@click.option("--agent-type", multiple=True, help="Only hosts with such an agent; repeat it for any of several.")
@click.option("--not-agent-type", multiple=True, help="Only hosts with another agent than such; it wins.")
@click.option("--physical-network", multiple=True, help="Only hosts that reach it; repeat it for any of several.")
@target.on("hosts")
def list_hosts(
    hosts: "Hosts", agent_type: Sequence[str], not_agent_type: Sequence[str], physical_network: Sequence[str]
) -> None:
    """List the hosts that reach anything, with the physical networks they reach."""
    asked = HostQuery(
        limit=PAGE,
        included=tuple(agent_type),
        excluded=tuple(not_agent_type),
        physical_networks=tuple(physical_network),
    )
    for one in _all(hosts, asked):
        click.echo(f"{one['host']}\t{'alive' if one['alive'] else 'silent'}\t{' '.join(_names(one))}")


@host_group.command(params=target.options())
@click.argument("host")
@target.on("hosts")
def show(hosts: "Hosts", host: str) -> None:
    """Show HOST with its agents, as JSON."""
    click.echo(json.dumps(hosts.show(host), indent=2, ensure_ascii=False))


@host_group.command(params=target.options())
@click.argument("host")
@target.on("hosts")
def forget(hosts: "Hosts", host: str) -> None:
    """Forget HOST, its agents and its mappings."""
    hosts.forget(host)
    click.echo(f"{host} is forgotten")


@host_group.command(params=target.options())
@click.argument("names", metavar="[HOST]...", nargs=-1)
@target.on("hosts")
def drift(hosts: "Hosts", names: Sequence[str]) -> None:
    """List where what hosts carry and what is recorded differ, of all hosts if none is named; status 1 if they do."""
    is_clean = True
    for host in names or [str(one["host"]) for one in _all(hosts, HostQuery(limit=PAGE))]:
        found: dict[str, Any] = hosts.drift(host)
        for key, words in DIFFERENCES:
            for one in found[key]:
                is_clean = False
                where = f" on {one['physical_network']}" if one["physical_network"] else ""
                held = f", segment {one['segment_id']}" if one["segment_id"] else ""
                click.echo(f"{host}\t{words}\t{one['network_type']} {one['segmentation_id']}{where}{held}")
    if not is_clean:
        click.get_current_context().exit(1)


def _all(hosts: "Hosts", query: HostQuery) -> Iterator[dict[str, Any]]:
    """Return all hosts, page by page; a server may make its pages shorter than asked for."""
    while page := hosts.find(query):
        yield from page
        query = replace(query, marker=str(page[-1]["host"]))


def _names(host: dict[str, Any]) -> list[str]:
    return sorted({one["name"] for agent in host["agents"] for one in agent["physical_networks"]})


def _observed(text: str) -> dict[str, object]:
    network_type, _, rest = text.partition(":")
    name, _, number = rest.rpartition(":")
    if not number.isdecimal():
        raise click.BadParameter(f"{text!r} is not TYPE:[PHYSICAL_NETWORK]:ID", param_hint="--observed")
    where = {"physical_network": name} if name else {}
    return {"network_type": network_type, "segmentation_id": int(number), **where}
