"""Who changed what, and taking changes back as new changes.

    undo of   created   deletes the record           refused if it was changed since
              updated   gives back the old values    refused if one of them was changed since
              deleted   creates it anew, with its id

Several changes of one request are taken back in one transaction, the last one first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from segmentary.catalog import RESOURCES, Network, RbacPolicy, Segment
from segmentary.catalog.event import Verb, type_of, types
from segmentary.catalog.rbac_policy import EVERYBODY
from segmentary.db import journal, records
from segmentary.db.statement import Row
from segmentary.db.transaction import Tx
from segmentary.errors import CannotUndo, NotFound, SegmentaryError
from segmentary.rules.attribute import Presence, Resource, describe
from segmentary.rules.draft import Draft, create_draft, shown, update_draft
from segmentary.rules.kind import UnfitValueError, Uuid
from segmentary.rules.rule import Rule
from segmentary.services import desired, rbac_policy, segment
from segmentary.services.call import Call
from segmentary.services.event_rights import EventRights
from segmentary.wire import encode

MOST = 10_000
_REQUEST = "req-"
_OF_POLICIES = frozenset(types([describe(RbacPolicy)]))
# These follow from any change.
FOLLOWING = frozenset({"updated_at", "revision_number"})
SERVICES = {**desired.SERVICES, describe(RbacPolicy): rbac_policy}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change as it is kept: who, when, in which request, the record after it and, of an update, what changed."""

    id: str
    sequence: int | None
    type: str
    time: str
    actor: str | None
    request_id: str | None
    resource_id: str
    record: Mapping[str, Any]
    changed: Mapping[str, Mapping[str, Any]]


def of_record(tx: Tx, resource: Resource, record_id: str, limit: int, rights: EventRights | None) -> list[Change]:
    """Return the newest changes of a record, oldest first, as they may be read; raise its `NotFound` if there is none.

    Without `rights` everything may be read.
    """
    owner = None if rights is None else rights.require_history(resource, record_id)
    types = [type_of(resource, verb) for verb in Verb]
    rows = [row for row in journal.of_record(tx, record_id, limit, owner) if row[journal.TYPE] in types]
    if not rows:
        raise resource.not_found(id=record_id)
    return [_change(row, rights) for row in rows]


def undo(tx: Tx, call: Call, named: str) -> list[Change]:
    """Take back the change with this id, or all changes of the request with this id; return them, the last one first.

    Raises `CannotUndo` with the reason where one no longer fits.
    """
    changes = _named(tx, named)
    if not changes:
        raise CannotUndo(id=named, reason="no such change or request is known")
    alone = len(changes) == 1
    for one in changes:
        if alone or not _follows(one):
            _undo(tx, call, one)
    return changes


def explain(tx: Tx, rule: Rule | None, named: str) -> SegmentaryError | None:
    """Return who holds what a segment that is to be restored held, or None if the reason of a refused row is gone."""
    gone = [one for one in _named(tx, named) if one.type == type_of(describe(Segment), Verb.DELETED)]
    return segment.explain(tx, rule, [Draft(describe(Segment), dict(one.record)) for one in gone])


def _named(tx: Tx, named: str) -> list[Change]:
    """Return the change with this id, or those of the request with this id, the last one first."""
    if not named.startswith(_REQUEST) and not _is_uuid(named):
        return []
    rows = journal.of_request(tx, named, MOST) if named.startswith(_REQUEST) else journal.one(tx, named)
    return [_change(row) for row in reversed(rows)]


def _follows(one: Change) -> bool:
    """Tell whether it is of a policy for everybody, which comes and goes with an attribute of its network."""
    return one.type in _OF_POLICIES and one.record["target_tenant"] == EVERYBODY and "target_tenant" not in one.changed


def _is_uuid(text: str) -> bool:
    try:
        Uuid().accept(text)
    except UnfitValueError:
        return False
    return True


def _change(row: Row, rights: EventRights | None = None) -> Change:
    _, event_id, sequence, kind, resource_id, payload, actor, request_id, time, *projects = row
    if rights is not None:
        payload, (actor, request_id) = rights.payload(kind, payload), rights.actor(actor, request_id, *projects)
    told = msgspec.json.decode(payload)
    return Change(
        id=event_id,
        sequence=sequence,
        type=kind,
        time=time,
        actor=actor,
        request_id=request_id,
        resource_id=resource_id,
        record=told["record"],
        changed=told.get("changed", {}),
    )


def _undo(tx: Tx, call: Call, one: Change) -> None:
    name, _, verb = one.type.partition(".")
    resource = next(each for each in RESOURCES if each.name == name)
    if resource not in SERVICES:
        raise CannotUndo(id=one.id, reason=f"changes of a {resource.name} are not taken back")
    if _follows(one):
        raise CannotUndo(id=one.id, reason="it follows from a change of the network: take that one back")
    if verb == Verb.DELETED.value:
        _restore(tx, call, resource, one)
        return
    try:
        stored: Any = records.lock(tx, resource.record, one.resource_id)
    except NotFound:
        raise CannotUndo(id=one.id, reason=f"{resource.name} {one.resource_id} is gone") from None
    # As it stands in events: lists, where records have tuples.
    now = msgspec.json.decode(encode.document(encode.record_object(stored)))
    if verb == Verb.CREATED.value:
        differing = _differing(resource, one, now)
        if differing:
            raise _changed_since(one, differing[0], one.record[differing[0]], now.get(differing[0]))
        SERVICES[resource].delete(tx, call, one.resource_id, None)
        return
    _give_back(tx, call, resource, one, now)


def _differing(resource: Resource, one: Change, now: Mapping[str, Any]) -> list[str]:
    """Return which attributes are others than after a creation; segments that are gone again are no difference."""
    names = [key for key in one.record if key not in FOLLOWING and now.get(key) != one.record[key]]
    is_bare = resource.parts is not None and all(now.get(f"provider:{name}") is None for name in resource.parts.columns)
    if is_bare and "segments" not in now:
        return [key for key in names if key in resource.by_wire and resource.by_wire[key].stored]
    return names


def _give_back(tx: Tx, call: Call, resource: Resource, one: Change, now: Mapping[str, Any]) -> None:
    """Give back the values that an update replaced."""
    values = {}
    for key, pair in one.changed.items():
        known = resource.by_wire.get(key)
        if key in FOLLOWING or known is None or known.also == key:
            continue
        if now.get(key) != pair["new"]:
            raise _changed_since(one, key, pair["new"], now.get(key))
        if not known.update:
            raise CannotUndo(id=one.id, reason=f"{key} cannot be changed back through the API")
        values[key] = pair["old"]
    if values:
        SERVICES[resource].update(tx, call, one.resource_id, update_draft(resource, values), None)


def _restore(tx: Tx, call: Call, resource: Resource, one: Change) -> None:
    """Create a deleted record anew, with its id; a network without segments, which have deletions of their own."""
    names = [
        each.wire
        for each in resource.attributes
        if each.create is not Presence.REFUSED and each.stored and each.wire and one.record.get(each.wire) is not None
    ]
    draft = create_draft(resource, {name: one.record[name] for name in names})
    step = {**draft.given, "id": one.resource_id, **({"use_reserved": True} if "segmentation_id" in names else {})}
    restored = type(draft)(resource, step)
    if resource is describe(Network):
        desired.create_networks(tx, call, [restored])
    else:
        SERVICES[resource].create(tx, call, [restored])


def _changed_since(one: Change, key: str, then: object, now: object) -> CannotUndo:
    reason = f"{key} was {shown(then)} after it and is {shown(now)} now: take back the later changes first"
    return CannotUndo(id=one.id, reason=reason)


def told(changes: Sequence[Change]) -> list[dict[str, object]]:
    """Return changes as JSON objects."""
    names = ("id", "sequence", "type", "time", "actor", "request_id", "resource_id", "record")
    return [
        {**{name: getattr(one, name) for name in names}, **({"changed": dict(one.changed)} if one.changed else {})}
        for one in changes
    ]
