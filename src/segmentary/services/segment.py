"""Use cases of segments."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from segmentary.catalog import Network, PhysicalNetwork, Segment, event
from segmentary.catalog.event import Event
from segmentary.catalog.network import NETWORK_MTU_FITS_SEGMENTS
from segmentary.catalog.network_type import BY_NAME, largest_mtu
from segmentary.db import claims, records
from segmentary.db.transaction import Tx
from segmentary.errors import Item, NetworkNotFound, RuleBroken, SegmentaryError, blaming
from segmentary.rules.draft import Changes, Draft
from segmentary.rules.rule import Rule
from segmentary.services import allocation, claim, quota
from segmentary.services.call import Call
from segmentary.services.claim import claim_of, known_physical_networks
from segmentary.services.event import record
from segmentary.services.planned import Planned, claims_of, planned, settle
from segmentary.services.record import finish


def create(tx: Tx, call: Call, drafts: Sequence[Draft[Segment]]) -> list[Segment]:
    """Create segments, each with the next index of its network; raise the error of what is in the way."""
    wanted: dict[str, list[Draft[Segment]]] = {}
    for draft in drafts:
        wanted.setdefault(draft.value("network_id"), []).append(draft)
    taken = claims.take_indexes(tx, {one: len(of_network) for one, of_network in wanted.items()})
    networks = {network_id: one.network for network_id, one in taken.items()}
    for network_id, of_network in wanted.items():
        if network_id not in networks:
            with blaming(of_network[0].item):
                raise NetworkNotFound(id=network_id)
    next_index = {one: network.next_segment_index for one, network in networks.items()}
    plans: list[Planned] = []
    for draft in drafts:
        network = networks[draft.value("network_id")]
        segment = finish(tx, Segment, draft, segment_index=next_index[network.id])
        next_index[network.id] += 1
        use_reserved = draft.value("use_reserved")
        plans.append(planned(segment, network.project_id, use_reserved=use_reserved, item=draft.item))
    # Named ones are looked up before an ID is taken, so that a typing error is told as such.
    underlays = known_physical_networks(tx, [(plan.claim, plan.item) for plan in plans])
    created = settle(tx, plans, before_insert=lambda _: None)
    chosen = [one for one in claims_of(created) if one.physical_network not in underlays]
    underlays |= known_physical_networks(tx, [(one, None) for one in chosen])
    added = [(one, plan.item) for one, plan in zip(created, plans, strict=True)]
    _enforce_quotas(tx, call, taken, added)
    fitted = _fit_mtus(tx, call, networks, added, underlays)
    events = [replace(one, request_id=wanted[network_id][0].request_id) for network_id, one in fitted]
    requests = [draft.request_id for draft in drafts]
    events += [event.created(one, request) for one, request in zip(created, requests, strict=True)]
    record(tx, call.actor, events)
    return created


def _enforce_quotas(
    tx: Tx, call: Call, taken: Mapping[str, claims.Taken], added: Sequence[tuple[Segment, Item | None]]
) -> None:
    """Refuse segments beyond what the projects of their networks may have."""
    limits = {one.network.project_id: one.limit for one in taken.values()}
    for project, limit in sorted(limits.items()):
        mine = [item for segment, item in added if taken[segment.network_id].network.project_id == project]
        quota.enforce(tx, call, project, {"segment": limit}, {"segment": mine})


def update(tx: Tx, call: Call, record_id: str, changes: Changes, revision: int | None) -> Segment:
    """Change the name or description of a segment."""
    before = records.lock(tx, Segment, record_id, revision=revision)
    after = records.change(tx, before, changes)
    record(tx, call.actor, [event.updated(before, after)])
    return after


def delete(tx: Tx, call: Call, record_id: str, revision: int | None) -> None:
    """Delete a segment; its claim is free in the same commit."""
    before = records.lock(tx, Segment, record_id, revision=revision)
    records.remove(tx, before)
    allocation.release(tx, list(claims_of([before])))
    record(tx, call.actor, [event.deleted(before)])


def explain(tx: Tx, rule: Rule | None, drafts: Sequence[Draft[Segment]]) -> SegmentaryError | None:
    """Return what a constraint that refused these segments means, or None if its reason is gone."""
    return claim.explain(tx, rule, [(claim_of(draft.given), draft.item) for draft in drafts])


def mtu_of(call: Call, segments: Sequence[Segment], underlays: Mapping[str, PhysicalNetwork]) -> int | None:
    """Return the largest MTU in bytes that all the segments carry, or None if none of them has an opinion."""
    largest = [
        largest_mtu(
            BY_NAME[one.network_type],
            call.settings.global_physnet_mtu,
            underlays[one.physical_network].mtu if one.physical_network else None,
        )
        for one in segments
    ]
    return min((one for one in largest if one is not None), default=None)


def mtu_too_large(asked: int, largest: int, stored: str | None = None) -> RuleBroken:
    """Return the refusal of an MTU that a segment of the network, of this id if it is stored, cannot carry."""
    whose = f" of network {stored}" if stored else ""
    return RuleBroken(
        rule=NETWORK_MTU_FITS_SEGMENTS.name,
        attribute=NETWORK_MTU_FITS_SEGMENTS.attribute,
        value=asked,
        reason=f"mtu {asked}{whose} is more than its segments carry, at most {largest}",
    )


def _fit_mtus(
    tx: Tx,
    call: Call,
    networks: Mapping[str, Network],
    added: Sequence[tuple[Segment, Item | None]],
    underlays: Mapping[str, PhysicalNetwork],
) -> list[tuple[str, Event]]:
    """Lower the networks' MTU to what the added segments carry, unless it was asked for: then refuse them.

    Returns the events with the ids of their networks.

    With each segment stands the item of a bulk request that asks for it.
    """
    of_network: dict[str, list[tuple[Segment, Item | None]]] = {}
    for segment, item in added:
        of_network.setdefault(segment.network_id, []).append((segment, item))
    lowered: dict[int, list[str]] = {}
    for network_id, network in networks.items():
        largest = mtu_of(call, [segment for segment, _ in of_network[network_id]], underlays)
        if largest is None or network.mtu <= largest:
            continue
        if network.mtu_requested:
            of_segments = of_network[network_id]
            item = next(item for segment, item in of_segments if mtu_of(call, [segment], underlays) == largest)
            with blaming(item):
                raise mtu_too_large(network.mtu, largest, network.id)
        lowered.setdefault(largest, []).append(network_id)
    events: list[tuple[str, Event]] = []
    for largest, ids in sorted(lowered.items()):
        before = records.lock_several(tx, Network, ids)
        after = records.change_several(tx, before, {"mtu": largest})
        events += [(one.id, event.updated(one, now)) for one, now in zip(before, after, strict=True)]
    return events
