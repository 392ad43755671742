"""Use cases of agents, the view of hosts that existing clients know; agents come from what hosts report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from segmentary.catalog import Agent, event
from segmentary.catalog.agent import mappings, shown_time
from segmentary.db import reach, records
from segmentary.db.statement import Row
from segmentary.db.transaction import Tx
from segmentary.errors import ReadOnlyAttribute, SegmentaryError
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Changes, Draft
from segmentary.rules.rule import Rule
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.settings import Settings

_NAMES = [one.name for one in describe(Agent).attributes]


def create(_tx: Tx, _call: Call, _drafts: Sequence[Draft[Agent]]) -> list[Agent]:
    """Refuse: an agent is there once its host has reported."""
    raise ReadOnlyAttribute(
        attribute="agent", reason="Agents are not created; hosts report with PUT /v2.0/hosts/{host}"
    )


def update(tx: Tx, call: Call, record_id: str, changes: Changes, revision: int | None) -> Agent:
    """Change whether an agent is meant to work, or its description."""
    before = locked(tx, call, record_id, revision)
    after = shown(tx, call, records.change(tx, before, changes))
    record(tx, call.actor, [event.updated(before, after)])
    return after


def delete(tx: Tx, call: Call, record_id: str, revision: int | None) -> None:
    """Delete an agent and with it what it reported."""
    before = locked(tx, call, record_id, revision)
    records.remove(tx, before)
    record(tx, call.actor, [event.deleted(before)])


def explain(_tx: Tx, _rule: Rule | None, _drafts: Sequence[Draft[Agent]]) -> SegmentaryError | None:
    """Nothing is created here."""
    return None


def locked(tx: Tx, call: Call, record_id: str, revision: int | None = None) -> Agent:
    """Return an agent as it is shown, locked against change; raise `AgentNotFound`."""
    return shown(tx, call, records.lock(tx, Agent, record_id, revision=revision))


def shown(tx: Tx, call: Call, agent: Agent) -> Agent:
    """Return an agent with what is derived from its reports."""
    return complete(tx, call.settings, [agent])[0]


def complete(tx: Tx, settings: Settings, agents: Sequence[Agent]) -> list[Agent]:
    """Return agents with what is derived from their reports."""
    reaches = reach.reaches_of(tx, [one.id for one in agents])
    return [
        replace(
            one,
            alive=_seconds(one.heartbeat_at, tx.now) < settings.agent_down_time,
            configurations=mappings(one.agent_type, reaches[one.id]),
            resources_synced=None,
            created_shown=shown_time(one.created_at),
            started_shown=shown_time(one.started_at),
            heartbeat_shown=shown_time(one.heartbeat_at),
        )
        for one in agents
    ]


def complete_rows(tx: Tx, settings: Settings, rows: Sequence[Row]) -> list[Row]:
    """Return rows with what is derived from the agents' reports."""
    completed = complete(tx, settings, records.as_records(Agent, rows))
    return [tuple([getattr(one, name) for name in _NAMES]) for one in completed]


def _seconds(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
