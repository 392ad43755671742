"""The commands of `segmentary host`: report a host, and ask a service what hosts reach and carry."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import click

from segmentary.catalog.agent import REPORTER
from segmentary.cli.service import Service, in_path

DIFFERENCES = (
    ("recorded_not_there", "recorded, not there"),
    ("there_not_recorded", "there, not recorded"),
    ("conflicting", "conflicting"),
)


@click.group("host")
@click.option(
    "--url",
    envvar="SEGMENTARY_URL",
    default="http://127.0.0.1:9696",
    show_default=True,
    help="URL of the service.  [SEGMENTARY_URL]",
)
@click.option("--token-file", envvar="SEGMENTARY_TOKEN_FILE", help="File with the token.  [SEGMENTARY_TOKEN_FILE]")
@click.pass_context
def host_group(context: click.Context, url: str, token_file: str | None) -> None:
    """Hosts: what they report and what they reach."""
    context.obj = Service(url, token_file or None)


@host_group.command()
@click.argument("host")
@click.argument("physical_networks", metavar="[NAME[=VIA]]...", nargs=-1)
@click.option("--agent-type", default=REPORTER, show_default=True, help="Which agent of the host reports.")
@click.option(
    "--observed",
    multiple=True,
    metavar="TYPE:[PHYSICAL_NETWORK]:ID",
    help="A segmentation ID that the host carries; repeat it. Without any, what was observed before stays.",
)
@click.pass_obj
def report(
    service: Service, host: str, physical_networks: Sequence[str], agent_type: str, observed: Sequence[str]
) -> None:
    """Report the physical networks that HOST reaches, each with the bridge or interface it reaches it through."""
    reached = [dict(zip(("name", "via"), text.split("=", 1), strict=False)) for text in physical_networks]
    body: dict[str, Any] = {"agent_type": agent_type, "physical_networks": reached}
    if observed:
        body["segmentation_ids"] = [_observed(text) for text in observed]
    shown = service.call("PUT", f"/v2.0/hosts/{in_path(host)}", {"host": body})["host"]
    click.echo(f"{host} reaches {', '.join(_names(shown)) or 'no physical network'}")


@host_group.command("list")
@click.option("--agent-type", multiple=True, help="Only hosts with such an agent; repeat it for any of several.")
@click.option("--not-agent-type", multiple=True, help="Only hosts with another agent than such; it wins.")
@click.option("--physical-network", multiple=True, help="Only hosts that reach it; repeat it for any of several.")
@click.pass_obj
def list_hosts(
    service: Service, agent_type: Sequence[str], not_agent_type: Sequence[str], physical_network: Sequence[str]
) -> None:
    """List the hosts that reach anything, with the physical networks they reach."""
    filters = {"agent_type": agent_type, "not_agent_type": not_agent_type, "physical_network": physical_network}
    for one in _hosts(service, filters):
        click.echo(f"{one['host']}\t{'alive' if one['alive'] else 'silent'}\t{' '.join(_names(one))}")


@host_group.command()
@click.argument("host")
@click.pass_obj
def show(service: Service, host: str) -> None:
    """Show HOST with its agents, as JSON."""
    click.echo(json.dumps(service.call("GET", f"/v2.0/hosts/{in_path(host)}")["host"], indent=2, ensure_ascii=False))


@host_group.command()
@click.argument("host")
@click.pass_obj
def forget(service: Service, host: str) -> None:
    """Forget HOST, its agents and its mappings."""
    service.call("DELETE", f"/v2.0/hosts/{in_path(host)}")
    click.echo(f"{host} is forgotten")


@host_group.command()
@click.argument("hosts", metavar="[HOST]...", nargs=-1)
@click.pass_context
def drift(context: click.Context, hosts: Sequence[str]) -> None:
    """List where what hosts carry and what is recorded differ, of all hosts if none is named; status 1 if they do."""
    service: Service = context.obj
    is_clean = True
    for host in hosts or [str(one["host"]) for one in _hosts(service, {})]:
        found = service.call("GET", f"/v2.0/hosts/{in_path(host)}/drift")["drift"]
        for key, words in DIFFERENCES:
            for one in found[key]:
                is_clean = False
                where = f" on {one['physical_network']}" if one["physical_network"] else ""
                held = f", segment {one['segment_id']}" if one["segment_id"] else ""
                click.echo(f"{host}\t{words}\t{one['network_type']} {one['segmentation_id']}{where}{held}")
    if not is_clean:
        context.exit(1)


def _hosts(service: Service, filters: dict[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Return all hosts, page by page."""
    marker: list[tuple[str, str]] = []
    while True:
        page = service.call("GET", f"/v2.0/hosts?{urlencode([*_pairs(filters), *marker])}")
        yield from page["hosts"]
        if "hosts_links" not in page:
            return
        marker = [("marker", page["hosts"][-1]["host"])]


def _pairs(filters: dict[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in filters.items() for value in values]


def _names(host: dict[str, Any]) -> list[str]:
    return sorted({one["name"] for agent in host["agents"] for one in agent["physical_networks"]})


def _observed(text: str) -> dict[str, object]:
    network_type, _, rest = text.partition(":")
    name, _, number = rest.rpartition(":")
    if not number.isdecimal():
        raise click.BadParameter(f"{text!r} is not TYPE:[PHYSICAL_NETWORK]:ID", param_hint="--observed")
    where = {"physical_network": name} if name else {}
    return {"network_type": network_type, "segmentation_id": int(number), **where}
