"""Use cases of physical networks."""

from collections.abc import Sequence

from segmentary.catalog import PhysicalNetwork, event
from segmentary.db import claims, reach, records
from segmentary.db.transaction import Tx
from segmentary.errors import PhysicalNetworkExists, PhysicalNetworkInUse, SegmentaryError
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Changes, Draft
from segmentary.rules.rule import Rule
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.record import finish


def create(tx: Tx, call: Call, drafts: Sequence[Draft[PhysicalNetwork]]) -> list[PhysicalNetwork]:
    """Create physical networks."""
    created = [finish(tx, PhysicalNetwork, draft) for draft in drafts]
    records.insert_records(tx, created)
    record(tx, call.actor, [event.created(one) for one in created])
    return created


def update(tx: Tx, call: Call, record_id: str, changes: Changes, revision: int | None) -> PhysicalNetwork:
    """Change a physical network; its name only while nothing refers to it, or `PhysicalNetworkInUse`."""
    before = records.lock(tx, PhysicalNetwork, record_id, revision=revision)
    if changes.get("name", before.name) != before.name:
        _require_unused(tx, before, "renamed")
        holder = claims.physical_network(tx, changes["name"])
        if holder is not None:
            raise PhysicalNetworkExists(name=holder.name, id=holder.id)
    after = records.change(tx, before, changes)
    record(tx, call.actor, [event.updated(before, after)])
    return after


def delete(tx: Tx, call: Call, record_id: str, revision: int | None) -> None:
    """Delete a physical network that nothing refers to, or raise `PhysicalNetworkInUse`."""
    before = records.lock(tx, PhysicalNetwork, record_id, revision=revision)
    _require_unused(tx, before, "deleted")
    records.remove(tx, before)
    record(tx, call.actor, [event.deleted(before)])


def explain(tx: Tx, _rule: Rule | None, drafts: Sequence[Draft[PhysicalNetwork]]) -> SegmentaryError | None:
    """Return who has the name that was refused, or None if nobody has it any more."""
    seen: set[str] = set()
    for draft in drafts:
        name = draft.value("name")
        holder = claims.physical_network(tx, name)
        if holder is not None or name in seen:
            error = PhysicalNetworkExists(name=name, id=holder.id if holder else "of another item of this request")
            error.blame(draft.item)
            return error
        seen.add(name)
    return None


def _require_unused(tx: Tx, physical_network: PhysicalNetwork, verb: str) -> None:
    users = claims.referring(tx, describe(PhysicalNetwork).collection, physical_network.name)
    count, first_host = reach.agents_on(tx, physical_network.name)
    if first_host is not None:
        users.append(("agent", count, f"of host {first_host}"))
    if users:
        text = "; ".join(f"{count} {noun}(s), {first} the first of them" for noun, count, first in users)
        raise PhysicalNetworkInUse(name=physical_network.name, verb=verb, users=text)
