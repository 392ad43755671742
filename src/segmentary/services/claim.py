"""What segments claim, and who holds it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from segmentary.catalog import PhysicalNetwork
from segmentary.catalog.network_type import BY_NAME
from segmentary.catalog.segment import SEGMENT_CLAIM, SEGMENT_PHYSICAL_NETWORK
from segmentary.db import claims
from segmentary.db.gaps import Pool
from segmentary.db.transaction import Tx
from segmentary.errors import Item, RuleBroken, SegmentaryError, blaming
from segmentary.rules.draft import shown
from segmentary.rules.rule import ReferenceRule, Rule


class Claim(NamedTuple):
    """The three values that say what a segment holds."""

    network_type: str
    physical_network: str | None
    segmentation_id: int | None

    @property
    def is_open(self) -> bool:
        """Tell whether the ID is still to be chosen."""
        return self.segmentation_id is None and BY_NAME[self.network_type].ids is not None


def claim_of(values: Mapping[str, object]) -> Claim:
    """Return what a segment with these attributes claims."""
    return Claim(values["network_type"], values.get("physical_network"), values.get("segmentation_id"))  # type: ignore[arg-type]  # checked values


def pool_of(claim: Claim) -> Pool:
    """Return the pool of numbers that a claim takes one of."""
    return Pool(claim.network_type, claim.physical_network or "")


Asked = Sequence[tuple[Claim, Item | None]]


def explain(tx: Tx, rule: Rule | None, wanted: Asked) -> SegmentaryError | None:
    """Return who holds one of the claims, or which physical network is unknown, or None if the reason is gone.

    With each claim stands the item of a bulk request that asks for it.
    """
    if rule is None or isinstance(rule, ReferenceRule):
        known_physical_networks(tx, wanted)
        return None
    if rule is not SEGMENT_CLAIM:
        return None
    seen: set[Claim] = set()
    for claim, item in wanted:
        error = held_by_another(tx, claim)
        if error is None and not claim.is_open and BY_NAME[claim.network_type].in_use and claim in seen:
            error = in_use(claim, "by another item of this request")
        if error is not None:
            error.blame(item)
            return error
        seen.add(claim)
    return None


def held_by_another(tx: Tx, claim: Claim) -> SegmentaryError | None:
    """Return the error that names the holder of a claim, or None if it is free or still open."""
    if BY_NAME[claim.network_type].in_use is None or claim.is_open:
        return None
    holder = claims.holder(tx, claim.network_type, claim.physical_network or "", claim.segmentation_id or 0)
    if holder is None:
        return None
    return in_use(claim, f"by segment {holder.id} of network {holder.network_id}")


def in_use(claim: Claim, holder: str) -> SegmentaryError:
    """Return the error that a claim has a holder."""
    error = BY_NAME[claim.network_type].in_use
    assert error is not None  # noqa: S101, only types that claim something get here
    return error(physical_network=claim.physical_network, segmentation_id=claim.segmentation_id, holder=holder)


def known_physical_networks(tx: Tx, wanted: Asked) -> dict[str, PhysicalNetwork]:
    """Return the physical networks that are named, by name; raise `RuleBroken` with the known names for others."""
    items: dict[str, Item | None] = {}
    for claim, item in wanted:
        if claim.physical_network is not None:
            items.setdefault(claim.physical_network, item)
    found: dict[str, PhysicalNetwork] = {}
    for name in sorted(items):
        physical_network = claims.physical_network(tx, name)
        if physical_network is None:
            with blaming(items[name]):
                raise _unknown(tx, name)
        found[name] = physical_network
    return found


def _unknown(tx: Tx, name: str) -> RuleBroken:
    names = claims.physical_network_names(tx)
    some = ", ".join(names[: claims.SHOWN_NAMES]) + (", ..." if len(names) > claims.SHOWN_NAMES else "")
    return RuleBroken(
        rule=SEGMENT_PHYSICAL_NETWORK.name,
        attribute=SEGMENT_PHYSICAL_NETWORK.attribute,
        value=name,
        reason=f"physical_network {shown(name)} is not known; known are: {some or 'none yet'}",
    )
