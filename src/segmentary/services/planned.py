"""Segments on their way into the database: each asks for a claim or wants one chosen, and gets it here.

Planned(segment without an ID, wants)  --settle-->  inserted Segment
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import chain

from segmentary.catalog import Segment
from segmentary.catalog.segment import SEGMENT_CLAIM
from segmentary.db import records
from segmentary.db.transaction import Tx
from segmentary.errors import Item, blaming
from segmentary.rules.attribute import describe
from segmentary.rules.draft import broken_rules, refuse
from segmentary.services import allocation
from segmentary.services.allocation import Want
from segmentary.services.claim import Claim, claim_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A segment to insert; with `wants` its claim is still to be chosen, by the first want that can be met.

    `item` is the place in a bulk request of what asks for it.
    """

    segment: Segment
    wants: tuple[Want, ...] = ()
    use_reserved: bool = False
    item: Item | None = None

    @property
    def claim(self) -> Claim:
        """What the segment asks for."""
        return Claim(self.segment.network_type, self.segment.physical_network, self.segment.segmentation_id)


def planned(segment: Segment, project_id: str, *, use_reserved: bool = False, item: Item | None = None) -> Planned:
    """Return a segment as it is planned for a network of this project."""
    claim = Claim(segment.network_type, segment.physical_network, segment.segmentation_id)
    wants = (Want(project_id, claim.network_type, claim.physical_network),) if claim.is_open else ()
    return Planned(segment=segment, wants=wants, use_reserved=use_reserved, item=item)


def settle(tx: Tx, plans: Sequence[Planned], before_insert: Callable[[Sequence[Segment]], None]) -> list[Segment]:
    """Insert the segments with their claims and return them in order; raise `NoNetworkAvailable`.

    `before_insert` is called once, with the segments about to be inserted, to insert what they refer to.
    """
    asked = [(one.claim, one.item) for one in plans if not one.wants and not one.use_reserved]
    allocation.require_not_reserved(tx, [one for one in asked if one[0].segmentation_id is not None])
    if len(plans) == 1 and plans[0].wants:
        with blaming(plans[0].item):
            return [_settle_one(tx, plans[0], before_insert)]
    segments = _with_claims(tx, plans)
    for one, segment in zip(plans, segments, strict=True):
        with blaming(one.item):
            _check(segment)
    before_insert(segments)
    # All in one order: two transactions that insert many then wait for each other in one direction only.
    records.insert_records(tx, sorted(segments, key=_place_of_claim))
    return segments


def _settle_one(tx: Tx, plan: Planned, before_insert: Callable[[Sequence[Segment]], None]) -> Segment:
    """Try one candidate after another: inserting is claiming, and whoever comes second takes the next one."""
    is_first = True
    besides: set[Claim] = set()
    for claim in chain.from_iterable(allocation.candidates(tx, want, besides) for want in plan.wants):
        segment = _with_claim(plan.segment, claim)
        if is_first:
            _check(segment)
            before_insert([segment])
            is_first = False
        if records.insert_unless_held(tx, segment, SEGMENT_CLAIM):
            return segment
    raise allocation.none_available(tx, plan.wants)


def _with_claims(tx: Tx, plans: Sequence[Planned]) -> list[Segment]:
    """Return the segments with claims, those that want the same chosen together, none twice."""
    groups: dict[tuple[Want, ...], list[Planned]] = {}
    for plan in plans:
        if plan.wants:
            groups.setdefault(plan.wants, []).append(plan)
    besides = {plan.claim for plan in plans if not plan.wants}
    chosen: dict[tuple[Want, ...], Iterator[Claim]] = {}
    for wants in sorted(groups, key=repr):
        found = _choose(tx, groups[wants], besides)
        besides.update(found)
        chosen[wants] = iter(found)
    return [_with_claim(plan.segment, next(chosen[plan.wants])) if plan.wants else plan.segment for plan in plans]


def _choose(tx: Tx, plans: Sequence[Planned], besides: AbstractSet[Claim]) -> list[Claim]:
    """Return a claim for each of some plans that want the same, none of `besides`."""
    wants = plans[0].wants
    found: list[Claim] = []
    for want in wants:
        if len(found) < len(plans):
            found += allocation.several(tx, want, len(plans) - len(found), besides)
    if len(found) < len(plans):
        with blaming(plans[len(found)].item):
            raise allocation.none_available(tx, wants)
    return found


def _place_of_claim(segment: Segment) -> tuple[str, str, int]:
    return segment.network_type, segment.physical_network or "", segment.segmentation_id or 0


def _with_claim(segment: Segment, claim: Claim) -> Segment:
    return replace(segment, **claim._asdict())


def _check(segment: Segment) -> None:
    resource = describe(Segment)
    row = {name: getattr(segment, name) for name in resource.columns}
    if not resource.is_sound(row):
        refuse(broken_rules(resource.row_rules, row))


def claims_of(segments: Sequence[Segment]) -> Iterator[Claim]:
    """Return what segments hold."""
    return (claim_of({name: getattr(one, name) for name in Claim._fields}) for one in segments)
