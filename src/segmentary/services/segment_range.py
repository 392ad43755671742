"""Use cases of segment ranges.

Ranges are live data: the allocator reads them in the transaction that inserts the segment, and locks those it reads
against change, so that a range cannot shrink under an ID that is just being claimed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from segmentary.catalog import PhysicalNetwork, SegmentRange, event
from segmentary.catalog.segment_range import LISTED_IDS, LISTED_ON_REQUEST, LISTED_TOGETHER, RESERVED
from segmentary.db import claims, quotas, ranges, records
from segmentary.db.gaps import Interval, Pool
from segmentary.db.statement import Row
from segmentary.db.transaction import Tx
from segmentary.errors import (
    Item,
    NetworkSegmentRangeOverlaps,
    NetworkSegmentRangeReferencedByProject,
    SegmentaryError,
    blaming,
)
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Changes, Draft, broken_rules, refuse
from segmentary.rules.rule import Rule
from segmentary.services import quota
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.record import finish

_NAMES = [one.name for one in describe(SegmentRange).attributes]
_LISTS = ("used", "available", "available_intervals")


def create(tx: Tx, call: Call, drafts: Sequence[Draft[SegmentRange]]) -> list[SegmentRange]:
    """Create ranges; a physical network that is not known yet is declared."""
    created = []
    for draft in drafts:
        shared, project_id = draft.value("shared"), draft.value("project_id")
        one = finish(
            tx,
            SegmentRange,
            draft,
            project_id=project_id if shared else project_id or call.actor.project_id,
        )
        with blaming(draft.item):
            refuse(broken_rules(describe(SegmentRange).row_rules, _values(one)))
        created.append(one)
    _declare_physical_networks(tx, call, created)
    items = {one.id: draft.item for one, draft in zip(created, drafts, strict=True)}
    ordered = sorted(created, key=_pool)
    for place, one in enumerate(ordered):
        ranges.take_scope(tx, _pool(one))
        with blaming(items[one.id]):
            _require_no_overlap(tx, one, ordered[:place])
    records.insert_records(tx, created)
    _enforce_quotas(tx, call, created, items)
    record(tx, call.actor, [event.created(one) for one in created])
    return _counted(tx, created)


def update(tx: Tx, call: Call, record_id: str, changes: Changes, revision: int | None) -> SegmentRange:
    """Change a range; it may not shrink away from an ID in use."""
    ranges.wait_for_allocations(tx)
    before = records.lock(tx, SegmentRange, record_id, revision=revision)
    after = replace(before, **changes)
    refuse(broken_rules(describe(SegmentRange).row_rules, _values(after)))
    if (after.minimum, after.maximum, after.state) != (before.minimum, before.maximum, before.state):
        ranges.take_scope(tx, _pool(before))
        _require_no_overlap(tx, after, [])
    lost = [(before.minimum, after.minimum - 1), (after.maximum + 1, before.maximum)]
    _require_unused(
        tx, before, [(max(low, before.minimum), min(high, before.maximum)) for low, high in lost], "changed"
    )
    after = records.change(tx, before, changes)
    record(tx, call.actor, [event.updated(before, after)])
    return _counted(tx, [after])[0]


def delete(tx: Tx, call: Call, record_id: str, revision: int | None) -> None:
    """Delete a range none of whose IDs is in use."""
    ranges.wait_for_allocations(tx)
    before = records.lock(tx, SegmentRange, record_id, revision=revision)
    ranges.take_scope(tx, _pool(before))
    _require_unused(tx, before, [(before.minimum, before.maximum)], "deleted")
    records.remove(tx, before)
    record(tx, call.actor, [event.deleted(before)])


def explain(_tx: Tx, _rule: Rule | None, _drafts: Sequence[Draft[SegmentRange]]) -> SegmentaryError | None:
    """Another request declared or deleted the physical network at the same time: run again."""
    return None


def complete(tx: Tx, rows: Sequence[Row], fields: frozenset[str]) -> list[Row]:
    """Return the rows with what is derived from the segments: counts, and the IDs used and free.

    Asked for by name in `fields` they name up to `LISTED_ON_REQUEST` IDs of a range; otherwise `LISTED_IDS`, and all
    ranges together `LISTED_TOGETHER`.
    """
    stored = [dict(zip(_NAMES, row, strict=True)) for row in rows]
    looks = [(_pool_of(one), (one["minimum"], one["maximum"])) for one in stored]
    limit = LISTED_ON_REQUEST if fields else min(LISTED_IDS, LISTED_TOGETHER // max(len(rows), 1))
    names = [name for name in _LISTS if name in fields] if fields else ["used", "available"]
    holders = ranges.used_holders(tx, looks, limit + 1) if names else [[] for _ in looks]
    # What is counted here need not be counted by the database, and agrees with what is listed.
    uncounted = [place for place, held in enumerate(holders) if not names or len(held) > limit]
    counts = [len(held) for held in holders]
    for place, count in zip(uncounted, ranges.used_counts(tx, [looks[one] for one in uncounted]), strict=True):
        counts[place] = count
    completed = []
    for one, (_, interval), held, count in zip(stored, looks, holders, counts, strict=True):
        available = interval[1] - interval[0] + 1 - count
        values = one | _lists(interval, held, limit, names) | {"used_count": count, "available_count": available}
        completed.append(tuple([values[name] for name in _NAMES]))
    return completed


def _lists(interval: Interval, held: Sequence[tuple[int, str]], limit: int, names: Sequence[str]) -> dict[str, object]:
    """Return the lists of these names, given the first used IDs of a range: one more than `limit` if there are."""
    free = free_intervals(interval, [number for number, _ in held], complete=len(held) <= limit)
    make: dict[str, Callable[[], object]] = {
        "used": lambda: {str(number): project_id for number, project_id in held[:limit]},
        "available": lambda: _numbers(free, limit),
        "available_intervals": lambda: [list(one) for one in free[:limit]],
    }
    return {name: make[name]() for name in names}


def free_intervals(interval: Interval, used: Sequence[int], *, complete: bool) -> list[Interval]:
    """Return the free numbers of an interval as intervals; up to the last used one if `used` is not complete."""
    free = []
    low = interval[0]
    for number in used:
        if number > low:
            free.append((low, number - 1))
        low = number + 1
    if complete and low <= interval[1]:
        free.append((low, interval[1]))
    return free


def _numbers(intervals: Iterable[Interval], limit: int) -> list[int]:
    numbers: list[int] = []
    for low, high in intervals:
        numbers += range(low, min(high, low + limit - len(numbers) - 1) + 1)
        if len(numbers) >= limit:
            break
    return numbers


def _counted(tx: Tx, of_ranges: Sequence[SegmentRange]) -> list[SegmentRange]:
    rows = [tuple([getattr(one, name) for name in _NAMES]) for one in of_ranges]
    return records.as_records(SegmentRange, complete(tx, rows, frozenset()))


def _values(one: SegmentRange) -> dict[str, Any]:
    return {name: getattr(one, name) for name in describe(SegmentRange).columns}


def _pool(one: SegmentRange) -> Pool:
    return Pool(one.network_type, one.physical_network or "")


def _pool_of(stored: dict[str, Any]) -> Pool:
    return Pool(stored["network_type"], stored["physical_network"] or "")


def _enforce_quotas(tx: Tx, call: Call, created: Sequence[SegmentRange], items: Mapping[str, Item | None]) -> None:
    projects = sorted({one.project_id for one in created if one.project_id})
    limits = quotas.own_limits(tx, projects) if projects else {}
    for project in projects:
        mine = [items[one.id] for one in created if one.project_id == project]
        quota.enforce(tx, call, project, limits.get(project, {}), {"network_segment_range": mine})


def _declare_physical_networks(tx: Tx, call: Call, of_ranges: Sequence[SegmentRange]) -> None:
    names = sorted({one.physical_network for one in of_ranges if one.physical_network})
    unknown = [name for name in names if claims.physical_network(tx, name) is None]
    resource = describe(PhysicalNetwork)
    declared = [finish(tx, PhysicalNetwork, Draft(resource, {"name": name})) for name in unknown]
    if declared:
        records.insert_records(tx, declared)
        record(tx, call.actor, [event.created(one) for one in declared])


def _require_no_overlap(tx: Tx, one: SegmentRange, earlier: Sequence[SegmentRange]) -> None:
    """Refuse a range that shares an ID with another, stored or earlier in the same request.

    Reserved ranges overlap only with each other.
    """
    interval, reserved = (one.minimum, one.maximum), one.state == RESERVED
    others = ranges.overlapping(tx, _pool(one), interval, reserved=reserved, but=one.id)
    others += [
        f"another item of this request ({other.minimum} to {other.maximum})"
        for other in earlier
        if _pool(other) == _pool(one)
        and (other.state == RESERVED) == reserved
        and other.minimum <= one.maximum
        and other.maximum >= one.minimum
    ]
    if others:
        raise NetworkSegmentRangeOverlaps(minimum=one.minimum, maximum=one.maximum, others=", ".join(others))


def _require_unused(tx: Tx, one: SegmentRange, lost: Sequence[Interval], verb: str) -> None:
    """Refuse to lose IDs that are in use; other ranges do not matter, an ID lies in one range of its kind."""
    looks = [(_pool(one), interval) for interval in lost if interval[0] <= interval[1]]
    if not looks or one.state == RESERVED:
        return
    ranges.shut_out(tx, _pool(one))
    # In one statement: releasing an ID does not wait for us.
    used = ranges.used_firsts(tx, looks)
    firsts = [first for _, first in used if first is not None]
    if firsts:
        count = sum(count for count, _ in used)
        raise NetworkSegmentRangeReferencedByProject(id=one.id, verb=verb, count=count, first=min(firsts))
