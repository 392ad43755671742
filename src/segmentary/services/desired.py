"""Desired state: comparing what a file wants with what is stored, and carrying the difference out.

deletions (children first) -> changes -> creations (parents first): an ID that one entry gives up is free for another
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

from segmentary.catalog import Network, PhysicalNetwork, Segment, SegmentRange, event
from segmentary.db import listing, records
from segmentary.db.transaction import Tx
from segmentary.errors import InvalidInput, InvalidValue, PlanChanged, SegmentaryError, blaming
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.draft import Draft, create_draft, refuse, shown
from segmentary.rules.listing import ListQuery
from segmentary.rules.plan import Plan, Step, Verb, Wanted
from segmentary.rules.rule import Rule
from segmentary.services import network, physical_network, rbac_policy, segment, segment_range
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.hook import Asked
from segmentary.services.record import finish, new_id
from segmentary.wire.desired import KINDS, stored

SERVICES: Mapping[Resource, ModuleType] = {
    describe(PhysicalNetwork): physical_network,
    describe(SegmentRange): segment_range,
    describe(Network): network,
    describe(Segment): segment,
}
# By what an entry without an id is known, within its parent.
KEYS: Mapping[Resource, tuple[str, ...]] = {
    describe(PhysicalNetwork): ("name",),
    describe(SegmentRange): ("network_type", "physical_network", "name"),
    describe(Network): ("name",),
    describe(Segment): ("network_id", "network_type", "physical_network", "segmentation_id"),
}
_HAPPENS = {
    Verb.CREATE: event.Verb.CREATED,
    Verb.UPDATE: event.Verb.UPDATED,
    Verb.DELETE: event.Verb.DELETED,
}
_SEGMENT, _NETWORK = describe(Segment), describe(Network)
# How many records one statement creates.
AT_ONCE = 500
MOST_PROBLEMS = 20


def export(tx: Tx) -> dict[Resource, list[Any]]:
    """Return all records that a file of desired state has, in the order of their ids; segments in that of networks."""
    found: dict[Resource, list[Any]] = {
        resource: records.as_records(resource.record, listing.find(tx, resource, ListQuery())) for resource in KINDS
    }
    found[_SEGMENT].sort(key=lambda one: (one.network_id, one.segment_index))
    return found


def plan(tx: Tx, wanted: Sequence[Wanted], *, prune: bool) -> Plan:
    """Return the steps that lead to what is wanted; with `prune` what is not wanted is deleted.

    Raises `InvalidInput` with what can never be carried out: a change of what cannot change, an entry that may mean
    several records.
    """
    have = export(tx)
    problems: list[InvalidInput] = []
    matched = _match(wanted, have, problems)
    kept = {one.id for one in matched.values() if one is not None}
    ids = {one: found.id if found is not None else one.id or new_id() for one, found in matched.items()}
    steps: list[Step] = []
    if prune:
        gone = [(resource, one) for resource in reversed(KINDS) for one in have[resource] if one.id not in kept]
        lost = {one.id for resource, one in gone if resource is _NETWORK}
        # The segments of a network go with it; physical networks go last, when nothing refers to them any more.
        gone = [(resource, one) for resource, one in gone if getattr(one, "network_id", None) not in lost]
        inside: dict[str, list[Segment]] = {}
        for one in have[_SEGMENT]:
            inside.setdefault(one.network_id, []).append(one)
        steps += [
            _deletion(resource, one, inside.get(one.id, ())) for resource, one in gone if resource is not KINDS[0]
        ]
    updates = [_update(one, found, problems) for one, found in matched.items() if found is not None]
    steps += [step for step in updates if step is not None]
    steps += [_creation(one, ids, problems) for one, found in matched.items() if found is None]
    if prune:
        steps += [_deletion(KINDS[0], one) for one in have[KINDS[0]] if one.id not in kept]
    refuse(problems[:MOST_PROBLEMS])
    return Plan(steps=steps)


def apply(tx: Tx, call: Call, wanted: Sequence[Wanted], *, prune: bool, expected: str) -> Plan:
    """Carry out the plan for what is wanted if its digest is the one expected; raise `PlanChanged` otherwise."""
    made = plan(tx, wanted, prune=prune)
    if made.digest != expected:
        raise PlanChanged(expected=expected, found=made.digest)
    for verb, resource, steps in _runs(made.steps):
        if verb is Verb.CREATE:
            for start in range(0, len(steps), AT_ONCE):
                _create(tx, call, resource, steps[start : start + AT_ONCE])
        for step in steps if verb is not Verb.CREATE else ():
            service = SERVICES[resource]
            if step.verb is Verb.DELETE:
                service.delete(tx, call, step.id, step.revision)
            else:
                with blaming(step.wanted.item if step.wanted else None):
                    service.update(tx, call, step.id, step.values, step.revision)
    return made


def _match(
    wanted: Sequence[Wanted], have: Mapping[Resource, Sequence[Any]], problems: list[InvalidInput]
) -> dict[Wanted, Any]:
    """Return for each entry the stored record that it means, None if it is to be created."""
    by_id = {resource: {one.id: one for one in found} for resource, found in have.items()}
    by_key: dict[tuple[Resource, tuple[object, ...]], list[Any]] = {}
    for resource, found in have.items():
        for one in found:
            by_key.setdefault((resource, tuple(getattr(one, name) for name in KEYS[resource])), []).append(one)
            if resource is _SEGMENT:
                by_key.setdefault((resource, (one.network_id, one.network_type)), []).append(one)
    matched: dict[Wanted, Any] = {}
    seen: set[str] = set()
    # Those whose ID is left out take what the others leave.
    for one in sorted(wanted, key=_is_open):
        parent = matched.get(one.parent) if one.parent is not None else None
        same = by_id[one.resource].get(one.id) if one.id is not None else None
        if one.id is None:
            candidates = [each for each in by_key.get((one.resource, _key(one, parent)), ()) if each.id not in seen]
            if len(candidates) > 1 and not _is_open(one):
                problems.append(_problem(one, "id", f"{len(candidates)} records may be meant, give the id of one"))
            same = candidates[0] if candidates else None
        if same is not None and same.id in seen:
            problems.append(_problem(one, "id", f"{same.id} is that of an entry before"))
        if same is not None:
            seen.add(same.id)
        matched[one] = same
    return {one: matched[one] for one in wanted}


def _is_open(one: Wanted) -> bool:
    """Tell whether an entry is a segment that leaves open which ID it has."""
    return one.resource is _SEGMENT and one.id is None and "segmentation_id" not in one.values


def _key(one: Wanted, parent: Any) -> tuple[object, ...]:  # noqa: ANN401, a record
    values = {**one.values, "network_id": parent.id if parent is not None else None}
    if _is_open(one):
        return (values["network_id"], values.get("network_type"))
    return tuple(values.get(name, one.resource.by_name[name].default) for name in KEYS[one.resource])


def _problem(one: Wanted, attribute: str, reason: str) -> InvalidInput:
    error = InvalidValue(attribute=attribute, value=None, reason=reason)
    error.blame(one.item)
    return error


def label(resource: Resource, values: Mapping[str, Any] | Any) -> str:  # noqa: ANN401, values or a record
    """Return what a person knows a record by."""
    read: Callable[[str], Any] = values.get if isinstance(values, Mapping) else lambda name: getattr(values, name, None)
    parts = [read("name")]
    if resource is _SEGMENT or resource is describe(SegmentRange):
        parts += [read("network_type"), read("physical_network"), read("segmentation_id")]
    if resource is describe(SegmentRange):
        parts.append(f"{read('minimum')}-{read('maximum')}")
    return " ".join(str(part) for part in parts if part not in {None, ""}) or "(without a name)"


def _deletion(resource: Resource, one: Any, segments: Sequence[Segment] = ()) -> Step:  # noqa: ANN401, a record
    """Return the step that deletes a record; a network takes its segments with it."""
    taken = [label(_SEGMENT, each) for each in segments]
    return Step(
        verb=Verb.DELETE,
        resource=resource,
        id=one.id,
        label=label(resource, one),
        before={"segments": taken} if taken else {},
        values={},
        revision=one.revision_number,
    )


def _update(one: Wanted, found: Any, problems: list[InvalidInput]) -> Step | None:  # noqa: ANN401, a record
    changes = {name: value for name, value in one.values.items() if value != stored(found, name)}
    fixed = [name for name in changes if not one.resource.by_name[name].update]
    if one.parent is not None and one.parent.id not in {None, found.network_id}:
        fixed.append("network_id")
    for name in fixed:
        told = (
            f"{shown(stored(found, name))} is stored and cannot change; give the entry no id, to have another created"
        )
        problems.append(_problem(one, name, told))
    if not changes:
        return None
    before = {name: stored(found, name) for name in changes}
    return Step(
        verb=Verb.UPDATE,
        resource=one.resource,
        id=found.id,
        label=label(one.resource, found),
        before=before,
        values=changes,
        revision=found.revision_number,
        wanted=one,
    )


def _creation(one: Wanted, ids: Mapping[Wanted, str], problems: list[InvalidInput]) -> Step:
    parent_id = ids[one.parent] if one.parent is not None else None
    try:
        with blaming(one.item):
            create_draft(one.resource, {**_filled(one), **_parent(parent_id)}, by_wire=False)
    except InvalidInput as error:
        problems.append(error)
    return Step(
        verb=Verb.CREATE,
        resource=one.resource,
        id=ids[one],
        label=label(one.resource, one.values),
        before={},
        values=_filled(one),
        parent_id=parent_id,
        wanted=one,
    )


def _filled(one: Wanted) -> dict[str, Any]:
    """Return what is to be created: none of an attribute is the same as leaving it out."""
    return {name: value for name, value in one.values.items() if value is not None}


def _runs(steps: Sequence[Step]) -> Iterator[tuple[Verb, Resource, list[Step]]]:
    """Give steps that stand together and do the same to records of one resource; creations parents first."""
    creations = [one for one in steps if one.verb is Verb.CREATE]
    last = [one for one in steps if one.verb is Verb.DELETE and one.resource is KINDS[0]]
    for step in steps:
        if step.verb is Verb.UPDATE or (step.verb is Verb.DELETE and step.resource is not KINDS[0]):
            yield step.verb, step.resource, [step]
    for resource in KINDS:
        yield Verb.CREATE, resource, [one for one in creations if one.resource is resource]
    for step in last:
        yield step.verb, step.resource, [step]


def _create(tx: Tx, call: Call, resource: Resource, steps: Sequence[Step]) -> None:
    """Create records with the ids that the plan gave them."""
    drafts = [_draft(step, _given(step)) for step in steps]
    if resource is _NETWORK:
        create_networks(tx, call, drafts)
    elif drafts:
        SERVICES[resource].create(tx, call, drafts)


def _draft(step: Step, given: Mapping[str, Any]) -> Draft[Any]:
    return Draft(step.resource, given, step.wanted.item if step.wanted is not None else None)


def asked(plan: Plan) -> list[Asked]:
    """Return what a plan asks for, step by step."""
    return [
        (
            _HAPPENS[step.verb],
            step.resource,
            None if step.verb is Verb.CREATE else step.id,
            {} if step.verb is Verb.DELETE else {**step.values, **_parent(step.parent_id)},
        )
        for step in plan.steps
    ]


def _given(step: Step) -> dict[str, Any]:
    given = {**step.values, "id": step.id, **_parent(step.parent_id)}
    if step.resource is _SEGMENT:
        # Who writes an ID down means it, reserved or not.
        given |= {"use_reserved": True}
    return given


def _parent(parent_id: str | None) -> dict[str, str]:
    return {"network_id": parent_id} if parent_id is not None else {}


def explain(tx: Tx, rule: Rule | None, wanted: Sequence[Wanted], *, prune: bool) -> SegmentaryError | None:
    """Return who holds what a segment of the file claims, or None if the reason of a refused row is gone."""
    steps = [one for one in plan(tx, wanted, prune=prune).steps if one.verb is Verb.CREATE and one.resource is _SEGMENT]
    return segment.explain(tx, rule, [_draft(step, step.values) for step in steps])


def create_networks(tx: Tx, call: Call, drafts: Sequence[Draft[Network]]) -> None:
    """Create networks without segments: those of the file are added to them, and lower the MTU to what they carry."""
    made = []
    for draft in drafts:
        one = finish(
            tx,
            Network,
            draft,
            project_id=draft.value("project_id") or call.actor.project_id,
            mtu=draft.value("mtu") or call.settings.global_physnet_mtu,
            mtu_requested=bool(draft.value("mtu")),
            next_segment_index=0,
        )
        made.append(replace(one, **_WITHOUT_SEGMENTS))
    if made:
        records.insert_records(tx, made)
        record(tx, call.actor, [*(event.created(one) for one in made), *rbac_policy.of_new(tx, made, {})])


assert _NETWORK.parts is not None  # noqa: S101, networks are shown with their segments
_WITHOUT_SEGMENTS: dict[str, Any] = dict(_NETWORK.parts.derive({}, []))
