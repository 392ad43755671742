"""Use cases of segments."""

from collections.abc import Mapping, Sequence

from segmentary.catalog import Network, PhysicalNetwork, Segment, event
from segmentary.catalog.network import NETWORK_MTU_FITS_SEGMENTS
from segmentary.catalog.network_type import BY_NAME, largest_mtu
from segmentary.catalog.segment import SEGMENT_CLAIM, SEGMENT_PHYSICAL_NETWORK
from segmentary.db import claims, records
from segmentary.db.transaction import Tx
from segmentary.errors import RuleBroken, SegmentaryError
from segmentary.rules.draft import Changes, Draft, shown
from segmentary.rules.rule import ReferenceRule, Rule
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.record import finish

# The three values that say what a segment claims.
Claim = tuple[str, str | None, int | None]


def create(tx: Tx, call: Call, drafts: Sequence[Draft[Segment]]) -> list[Segment]:
    """Create segments, each with the next index of its network; raise the error of what is in the way."""
    wanted: dict[str, int] = {}
    for draft in drafts:
        wanted[draft.value("network_id")] = wanted.get(draft.value("network_id"), 0) + 1
    networks = {one: claims.take_indexes(tx, one, wanted[one]) for one in sorted(wanted)}
    underlays = known_physical_networks(tx, [claim_of(draft.given) for draft in drafts])
    next_index = {one: network.next_segment_index for one, network in networks.items()}
    created = []
    for draft in drafts:
        network_id = draft.value("network_id")
        created.append(finish(tx, Segment, draft, segment_index=next_index[network_id]))
        next_index[network_id] += 1
    for network_id, network in networks.items():
        _fit_mtu(tx, call, network, [one for one in created if one.network_id == network_id], underlays)
    records.insert_records(tx, created)
    record(tx, call.actor, [event.created(one) for one in created])
    return created


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
    record(tx, call.actor, [event.deleted(before)])


def explain(tx: Tx, rule: Rule | None, drafts: Sequence[Draft[Segment]]) -> SegmentaryError | None:
    """Return what a constraint that refused these segments means, or None if its reason is gone."""
    return explain_claims(tx, rule, [claim_of(draft.given) for draft in drafts])


def explain_claims(tx: Tx, rule: Rule | None, wanted: Sequence[Claim]) -> SegmentaryError | None:
    """Return who holds one of the claims, or which physical network is unknown, or None if the reason is gone."""
    if rule is None or isinstance(rule, ReferenceRule):
        known_physical_networks(tx, wanted)
        return None
    if rule is not SEGMENT_CLAIM:
        return None
    for place, claim in enumerate(wanted):
        error = held_by_another(tx, claim)
        if error is not None:
            return error
        if claim in wanted[:place]:
            return _in_use(claim, "by another item of this request")
    return None


def held_by_another(tx: Tx, claim: Claim) -> SegmentaryError | None:
    """Return the error that names the holder of a claim, or None if it is free."""
    network_type, physical_network, segmentation_id = claim
    if BY_NAME[network_type].in_use is None:
        return None
    holder = claims.holder(tx, network_type, physical_network or "", segmentation_id or 0)
    if holder is None:
        return None
    return _in_use(claim, f"by segment {holder.id} of network {holder.network_id}")


def claim_of(values: Mapping[str, object]) -> Claim:
    """Return what a segment with these attributes claims."""
    network_type, physical_network = values["network_type"], values.get("physical_network")
    return network_type, physical_network, values.get("segmentation_id")  # type: ignore[return-value]  # checked values


def known_physical_networks(tx: Tx, wanted: Sequence[Claim]) -> dict[str, PhysicalNetwork]:
    """Return the physical networks that are named, by name; raise `RuleBroken` with the known names for others."""
    found: dict[str, PhysicalNetwork] = {}
    for name in sorted({claim[1] for claim in wanted if claim[1] is not None}):
        physical_network = claims.physical_network(tx, name)
        if physical_network is None:
            raise _unknown(tx, name)
        found[name] = physical_network
    return found


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


def mtu_too_large(network_id: str, asked: int, largest: int) -> RuleBroken:
    """Return the refusal of an MTU that a segment of the network cannot carry."""
    return RuleBroken(
        rule=NETWORK_MTU_FITS_SEGMENTS.name,
        attribute=NETWORK_MTU_FITS_SEGMENTS.attribute,
        value=asked,
        reason=f"mtu {asked} of network {network_id} is more than its segments carry, at most {largest}",
    )


def _fit_mtu(
    tx: Tx, call: Call, network: Network, added: Sequence[Segment], underlays: Mapping[str, PhysicalNetwork]
) -> None:
    """Lower the network's MTU to what the added segments carry, unless it was asked for: then refuse them."""
    largest = mtu_of(call, added, underlays)
    if largest is None or network.mtu <= largest:
        return
    if network.mtu_requested:
        raise mtu_too_large(network.id, network.mtu, largest)
    before = records.lock(tx, Network, network.id)
    record(tx, call.actor, [event.updated(before, records.change(tx, before, {"mtu": largest}))])


def _unknown(tx: Tx, name: str) -> RuleBroken:
    names = claims.physical_network_names(tx)
    some = ", ".join(names[: claims.SHOWN_NAMES]) + (", ..." if len(names) > claims.SHOWN_NAMES else "")
    return RuleBroken(
        rule=SEGMENT_PHYSICAL_NETWORK.name,
        attribute=SEGMENT_PHYSICAL_NETWORK.attribute,
        value=name,
        reason=f"physical_network {shown(name)} is not known; known are: {some or 'none yet'}",
    )


def _in_use(claim: Claim, holder: str) -> SegmentaryError:
    network_type, physical_network, segmentation_id = claim
    error = BY_NAME[network_type].in_use
    assert error is not None  # noqa: S101, only types that claim something get here
    return error(physical_network=physical_network, segmentation_id=segmentation_id, holder=holder)
