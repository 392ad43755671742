"""Use cases of RBAC policies, which share networks, and the policies that networks make and end themselves.

    shared of a network becomes true     a policy access_as_shared for * is made
    that policy is deleted               shared of the network becomes false

Each change of who sees a network is a change of the network, a revision later. Its row is locked before the policy's.
"""

from collections.abc import Mapping, Sequence

from segmentary.catalog import Network, RbacPolicy, event
from segmentary.catalog.event import Event
from segmentary.catalog.rbac_policy import AS_EXTERNAL, EVERYBODY, FLAGS, OBJECT_TYPES
from segmentary.db import quotas, records, sharing
from segmentary.db.transaction import Tx
from segmentary.errors import DuplicateRbacPolicy, NetworkNotFound, SegmentaryError
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Changes, Draft
from segmentary.rules.rule import Rule
from segmentary.services import quota
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.record import finish


def create(tx: Tx, call: Call, drafts: Sequence[Draft[RbacPolicy]]) -> list[RbacPolicy]:
    """Share networks; for everybody that sets the attribute of the network which says so."""
    networks = _locked(tx, drafts)
    made = [_policy(tx, call, draft) for draft in drafts]
    records.insert_records(tx, made)
    projects = sorted({one.project_id for one in made})
    limits = quotas.own_limits(tx, projects)
    for project in projects:
        items = [draft.item for one, draft in zip(made, drafts, strict=True) if one.project_id == project]
        quota.enforce(tx, call, project, limits.get(project, {}), {"rbac_policy": items})
    changed = [
        _changed(tx, network, {flag: True for one in made if one.object_id == network.id and (flag := _flag(one))})
        for network in networks
    ]
    record(tx, call.actor, [*changed, *(event.created(one) for one in made)])
    return made


def update(tx: Tx, call: Call, record_id: str, changes: Changes, revision: int | None) -> RbacPolicy:
    """Share with another project instead; raise `DuplicateRbacPolicy` if that is done already."""
    network, before = _lock(tx, record_id, revision)
    target = changes.get("target_project", before.target_project)
    key = (before.object_id, before.action, target)
    held = sharing.holder(tx, key) if target != before.target_project else None
    if held is not None:
        raise _duplicate(key, held)
    after = records.change(tx, before, changes)
    events = [event.updated(before, after)]
    if target != before.target_project:
        flags = {flag: False for flag in [_flag(before)] if flag} | {flag: True for flag in [_flag(after)] if flag}
        events.insert(0, _changed(tx, network, flags))
    record(tx, call.actor, events)
    return after


def delete(tx: Tx, call: Call, record_id: str, revision: int | None) -> None:
    """Share no longer; for everybody that takes away the attribute of the network which says so."""
    network, before = _lock(tx, record_id, revision)
    records.remove(tx, before)
    flag = _flag(before)
    record(tx, call.actor, [_changed(tx, network, {flag: False} if flag else {}), event.deleted(before)])


def explain(tx: Tx, _rule: Rule | None, drafts: Sequence[Draft[RbacPolicy]]) -> SegmentaryError | None:
    """Return which policy does already what was refused, or None if none does any more."""
    seen: set[tuple[str, ...]] = set()
    for draft in drafts:
        key = tuple(draft.value(name) for name in _KEY)
        held = sharing.holder(tx, key)
        if held is not None or key in seen:
            error = _duplicate(key, held)
            error.blame(draft.item)
            return error
        seen.add(key)
    return None


def of_new(tx: Tx, networks: Sequence[Network], requests: Mapping[str, str | None]) -> list[Event]:
    """Make the policies of networks that are created shared, or external; return the events of them."""
    made = [_for_everybody(tx, one, action) for one in networks for action, flag in FLAGS.items() if getattr(one, flag)]
    if made:
        records.insert_records(tx, made)
    return [event.created(one, requests.get(one.object_id)) for one in made]


def follow(tx: Tx, network: Network, changes: Changes) -> tuple[Changes, list[Event]]:
    """Make or end policies as changes of the network say; return the changes that are left, and the events.

    A network that is external for nobody any more is so for no single project either; one that is external for a single
    project is external already, and is not opened to everybody by being said to be so.
    """
    left, events = dict(changes), list[Event]()
    for action, flag in FLAGS.items():
        wanted, is_set = changes.get(flag), getattr(network, flag)
        if wanted is None or (wanted == is_set and (wanted or action != AS_EXTERNAL)):
            continue
        present = [one for one in sharing.of_network(tx, network.id) if one.action == action]
        if wanted and present and action == AS_EXTERNAL:
            del left[flag]
        elif wanted:
            made = _for_everybody(tx, network, action)
            records.insert_records(tx, [made])
            events.append(event.created(made))
        else:
            gone = [one for one in present if one.target_project == EVERYBODY or action == AS_EXTERNAL]
            for one in gone:
                records.remove(tx, one)
            events += [event.deleted(one) for one in gone]
    return left, events


def remove_of(tx: Tx, network: Network) -> list[Event]:
    """Delete the policies of a network that is deleted; return the events of them."""
    removed = sharing.of_network(tx, network.id)
    if removed:
        sharing.remove_of_network(tx, network.id)
    return [event.deleted(one) for one in removed]


_KEY = ("object_id", "action", "target_project")


def _locked(tx: Tx, drafts: Sequence[Draft[RbacPolicy]]) -> list[Network]:
    try:
        return records.lock_several(tx, Network, sorted({draft.value("object_id") for draft in drafts}))
    except NetworkNotFound as error:
        error.blame(next(draft.item for draft in drafts if draft.value("object_id") == error.data["id"]))
        raise


def _policy(tx: Tx, call: Call, draft: Draft[RbacPolicy]) -> RbacPolicy:
    return finish(tx, RbacPolicy, draft, project_id=draft.value("project_id") or call.actor.project_id)


def _lock(tx: Tx, record_id: str, revision: int | None) -> tuple[Network, RbacPolicy]:
    """Return a policy and its network, both locked, the network first."""
    row = records.show(tx, describe(RbacPolicy), record_id)
    policy = records.as_records(RbacPolicy, [row])[0]
    try:
        network = records.lock(tx, Network, policy.object_id)
    except NetworkNotFound:  # deleted meanwhile, and the policy with it
        raise describe(RbacPolicy).not_found(id=record_id) from None
    return network, records.lock(tx, RbacPolicy, record_id, revision=revision)


def _flag(policy: RbacPolicy) -> str | None:
    """Return the attribute of the network that says what a policy says, None if it is for one project."""
    return FLAGS[policy.action] if policy.target_project == EVERYBODY else None


def _changed(tx: Tx, network: Network, flags: Mapping[str, bool]) -> Event:
    return event.updated(network, records.change(tx, network, flags, beside=True))


def _for_everybody(tx: Tx, network: Network, action: str) -> RbacPolicy:
    given = {"object_type": OBJECT_TYPES[0], "object_id": network.id, "action": action, "target_project": EVERYBODY}
    return finish(tx, RbacPolicy, Draft(describe(RbacPolicy), given), project_id=network.project_id)


def _duplicate(key: tuple[str, ...], held: RbacPolicy | None) -> DuplicateRbacPolicy:
    policy, project = (held.id, held.project_id) if held else ("of another item of this request", "")
    network, action, target = key
    return DuplicateRbacPolicy(
        object_id=network, action=action, target_tenant=target, policy=policy, project_id=project
    )
