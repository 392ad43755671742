"""Use cases of host mappings: what differs, for one host and one segment, from what agents report."""

from collections.abc import Sequence
from dataclasses import replace

from segmentary.catalog import HostMapping, Segment, event
from segmentary.catalog.agent import INCLUDED
from segmentary.catalog.event import Verb
from segmentary.db import reach, records
from segmentary.db.listing import Branches
from segmentary.db.transaction import Tx
from segmentary.errors import HostMappingNotFound
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Draft
from segmentary.rules.listing import ListQuery
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.hook import Asked
from segmentary.services.record import finish

HOST_FILTER = "host"


def put(tx: Tx, call: Call, segment_id: str, host: str, mapping: str) -> HostMapping:
    """Include or exclude a host of a segment; saying the same again changes nothing. Raises `SegmentNotFound`."""
    records.lock(tx, Segment, segment_id)
    found = reach.mapping_id(tx, segment_id, host)
    if found is None:
        draft: Draft[HostMapping] = Draft(
            describe(HostMapping), {"segment_id": segment_id, "host": host, "mapping": mapping}
        )
        created = finish(tx, HostMapping, draft)
        records.insert_records(tx, [created])
        record(tx, call.actor, [event.created(created)])
        return created
    before = records.lock(tx, HostMapping, found)
    if before.mapping == mapping:
        return before
    after = records.change(tx, before, {"mapping": mapping})
    record(tx, call.actor, [event.updated(before, after)])
    return after


def remove(tx: Tx, call: Call, segment_id: str, host: str) -> None:
    """Leave it to the reports again whether a host reaches a segment; raise `HostMappingNotFound`."""
    records.lock(tx, Segment, segment_id)
    found = reach.mapping_id(tx, segment_id, host)
    if found is None:
        raise HostMappingNotFound(id=f"of host {host} on segment {segment_id}")
    before = records.lock(tx, HostMapping, found)
    records.remove(tx, before)
    record(tx, call.actor, [event.deleted(before)])


def mapped(tx: Tx, segment_id: str, host: str, mapping: str) -> Asked:
    """Return what `put` asks for."""
    found = reach.mapping_id(tx, segment_id, host)
    verb = Verb.CREATED if found is None else Verb.UPDATED
    return verb, describe(HostMapping), found, {"segment_id": segment_id, "host": host, "mapping": mapping}


def unmapped(tx: Tx, segment_id: str, host: str) -> list[Asked]:
    """Return what `remove` asks for."""
    found = reach.mapping_id(tx, segment_id, host)
    return [] if found is None else [(Verb.DELETED, describe(HostMapping), found, {})]


def replaced(tx: Tx, host: str, segments: Sequence[str]) -> list[Asked]:
    """Return what `set_segments` asks for."""
    resource = describe(HostMapping)
    mine = records.as_records(HostMapping, records.by_ids(tx, resource, reach.mappings_of_host(tx, host)))
    gone: list[Asked] = [(Verb.DELETED, resource, one.id, {}) for one in mine if _is_taken_back(one, segments)]
    return gone + [mapped(tx, one, host, INCLUDED) for one in sorted(set(segments))]


def hosts_of(tx: Tx, segment_id: str, marker: str, limit: int) -> list[dict[str, object]]:
    """Return the next hosts that reach a segment, by name, and why; raise `SegmentNotFound`."""
    segment = records.as_records(Segment, [records.show(tx, describe(Segment), segment_id)])[0]
    found = reach.hosts_of_segment(tx, segment_id, segment.physical_network, marker, limit)
    return [{"host": host, "mapping": why} for host, why in found]


def narrowed(tx: Tx, query: ListQuery) -> tuple[ListQuery, Branches | None]:
    """Return a query of segments without its hosts, and the parts of the segments that these hosts reach."""
    if HOST_FILTER not in query.filters:
        return query, None
    hosts = [str(one) for one in query.filters[HOST_FILTER]]
    filters = {name: values for name, values in query.filters.items() if name != HOST_FILTER}
    if not hosts:  # asked for by names that no host can have
        return replace(query, filters={**filters, "id": ()}), None
    return replace(query, filters=filters), reach.segments_of_hosts(tx, hosts)


def set_segments(tx: Tx, call: Call, host: str, segments: Sequence[str]) -> None:
    """Make these the segments a host is included in; take back its other inclusions, and leave its exclusions."""
    mine = [records.lock(tx, HostMapping, one) for one in reach.mappings_of_host(tx, host)]
    for one in mine:
        if _is_taken_back(one, segments):
            records.remove(tx, one)
            record(tx, call.actor, [event.deleted(one)])
    for segment_id in sorted(set(segments)):
        put(tx, call, segment_id, host, INCLUDED)


def _is_taken_back(one: HostMapping, segments: Sequence[str]) -> bool:
    return one.mapping == INCLUDED and one.segment_id not in segments
