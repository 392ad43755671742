"""Use cases of hosts: what they report, what they reach, and where reports and records differ.

report --compare--> the same: nothing is written (but a heartbeat now and then)
--> other:    the rows that differ, and one event of the agent
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from segmentary.catalog import Agent, HostMapping, PhysicalNetwork, event
from segmentary.catalog.agent import REACH_PHYSICAL_NETWORK, Report
from segmentary.catalog.event import Verb
from segmentary.db import claims, reach, records
from segmentary.db.transaction import Tx
from segmentary.errors import HostNotFound, RuleBroken
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Draft, shown
from segmentary.services import agent as agents
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.hook import Asked
from segmentary.services.record import finish
from segmentary.settings import Settings

# A repeated report writes its time only where the stored one is older than this part of `agent_down_time`.
HEARTBEATS_PER_DOWN_TIME = 3
DECLARE = "declare"


def is_repeated(tx: Tx, settings: Settings, report: Report) -> bool:
    """Tell whether a report says what is stored, and its time need not be written."""
    agent_id = reach.agent_id(tx, report.host, report.agent_type)
    if agent_id is None:
        return False
    stored = records.as_records(Agent, [records.show(tx, describe(Agent), agent_id)])[0]
    age = datetime.fromisoformat(tx.now) - datetime.fromisoformat(stored.heartbeat_at)
    return (
        age.total_seconds() < settings.agent_down_time / HEARTBEATS_PER_DOWN_TIME
        and (stored.program, stored.availability_zone) == (report.binary, report.availability_zone)
        and sorted(reach.reaches_of(tx, [agent_id])[agent_id]) == sorted(report.physical_networks)
        and (report.observed is None or set(reach.observed_by(tx, agent_id)) == set(report.observed))
    )


def take(tx: Tx, call: Call, report: Report) -> None:
    """Store a report; raise `RuleBroken` if it names an unknown physical network that may not be declared."""
    _know(tx, call, [name for name, _ in report.physical_networks])
    agent_id = reach.agent_id(tx, report.host, report.agent_type)
    if agent_id is None:
        after = _first(tx, call, report)
        record(tx, call.actor, [event.created(after)])
        return
    before = agents.locked(tx, call, agent_id)
    stored = reach.reaches_of(tx, [agent_id])[agent_id]
    observed = reach.observed_by(tx, agent_id) if report.observed is not None else []
    reach.change_reaches(tx, agent_id, report.host, stored, report.physical_networks)
    reach.change_observed(tx, agent_id, report.host, observed, report.observed or ())
    said = {"program": report.binary, "availability_zone": report.availability_zone}
    is_changed = sorted(stored) != sorted(report.physical_networks) or any(
        getattr(before, name) != value for name, value in said.items()
    )
    if not is_changed:
        records.touch(tx, before, {"heartbeat_at": tx.now})
        return
    after = records.change(tx, before, {**said, "heartbeat_at": tx.now}, beside=True)
    record(tx, call.actor, [event.updated(before, agents.shown(tx, call, after))])


def asked(tx: Tx, report: Report) -> list[Asked]:
    """Return what a report asks for, by the names of its attributes."""
    agent_id = reach.agent_id(tx, report.host, report.agent_type)
    verb = Verb.CREATED if agent_id is None else Verb.UPDATED
    return [(verb, describe(Agent), agent_id, {one.name: getattr(report, one.name) for one in fields(Report)})]


def forgotten(tx: Tx, host: str) -> list[Asked]:
    """Return what forgetting a host asks for."""
    found: list[Asked] = [(Verb.DELETED, describe(Agent), one, {}) for one in reach.agents_of(tx, [host])]
    return found + [(Verb.DELETED, describe(HostMapping), one, {}) for one in reach.mappings_of_host(tx, host)]


def show(tx: Tx, settings: Settings, host: str) -> dict[str, object]:
    """Return a host with its agents; raise `HostNotFound` if nothing is known of it."""
    require_known(tx, host)
    return several(tx, settings, [host])[0]


def several(tx: Tx, settings: Settings, hosts: Sequence[str]) -> list[dict[str, object]]:
    """Return hosts with their agents, in two statements whatever their number."""
    resource = describe(Agent)
    found = agents.complete(
        tx, settings, records.as_records(Agent, records.by_ids(tx, resource, reach.agents_of(tx, hosts)))
    )
    reaches = reach.reaches_of(tx, [one.id for one in found])
    by_host: dict[str, list[Agent]] = {}
    for one in found:
        by_host.setdefault(one.host, []).append(one)
    return [_host(host, by_host.get(host, []), reaches) for host in hosts]


def require_known(tx: Tx, host: str) -> None:
    """Raise `HostNotFound` if nothing is known of a host."""
    if not reach.agents_of(tx, [host]) and not reach.mappings_of_host(tx, host):
        raise HostNotFound(id=host)


def delete(tx: Tx, call: Call, host: str) -> None:
    """Forget a host: its agents with what they reported, and its mappings; raise `HostNotFound`."""
    mine, mappings = reach.agents_of(tx, [host]), reach.mappings_of_host(tx, host)
    if not mine and not mappings:
        raise HostNotFound(id=host)
    removed: list[object] = [agents.locked(tx, call, one) for one in sorted(mine)]
    removed += [records.lock(tx, HostMapping, one) for one in sorted(mappings)]
    for one in removed:
        records.remove(tx, one)
    record(tx, call.actor, [event.deleted(one) for one in removed])


def _host(host: str, of_host: Sequence[Agent], reaches: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, object]:
    return {
        "host": host,
        "alive": any(one.alive for one in of_host),
        "agents": [
            {
                "id": one.id,
                "agent_type": one.agent_type,
                "binary": one.program,
                "availability_zone": one.availability_zone,
                "alive": one.alive,
                "heartbeat_at": one.heartbeat_at,
                "physical_networks": [{"name": name, "via": via} for name, via in reaches[one.id]],
            }
            for one in of_host
        ],
    }


def _first(tx: Tx, call: Call, report: Report) -> Agent:
    given = {
        "host": report.host,
        "agent_type": report.agent_type,
        "program": report.binary,
        "availability_zone": report.availability_zone,
    }
    draft: Draft[Agent] = Draft(describe(Agent), given)
    one = finish(tx, Agent, draft, started_at=tx.now, heartbeat_at=tx.now)
    records.insert_records(tx, [one])
    reach.change_reaches(tx, one.id, report.host, (), report.physical_networks)
    reach.change_observed(tx, one.id, report.host, (), report.observed or ())
    return agents.shown(tx, call, one)


def _know(tx: Tx, call: Call, names: Sequence[str]) -> None:
    """Declare the physical networks that are not known, or refuse them, as the settings say."""
    unknown = reach.unknown_names(tx, names)
    if not unknown:
        return
    if call.settings.unknown_physical_networks != DECLARE:
        known = claims.physical_network_names(tx)
        some = ", ".join(known[: claims.SHOWN_NAMES]) or "none yet"
        raise RuleBroken(
            rule=REACH_PHYSICAL_NETWORK.name,
            attribute="physical_networks",
            value=unknown,
            reason=f"physical network {shown(unknown[0])} is not known; known are: {some}. Create it, or set "
            "unknown_physical_networks to declare",
        )
    resource = describe(PhysicalNetwork)
    declared = [finish(tx, PhysicalNetwork, Draft(resource, {"name": name})) for name in unknown]
    records.insert_records(tx, declared)
    record(tx, call.actor, [event.created(one) for one in declared])
