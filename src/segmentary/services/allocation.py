"""Choosing segmentation IDs: the one way by which every segment without an ID of its own gets one.

    project's ranges, then shared ranges, of the type (and physical network) asked for
        each: [minimum ........ maximum] without what reserved ranges cover
              random start -> try to insert -> taken: next free one after it -> ... -> wrap once
              -> full? -> look at all that is used -> try what is free -> ... -> full -> next range

The insert itself is the claim; a number is used because a row has it, so nothing can leak and nothing is seeded.
The walk alone would not do: what it has passed may be free again when it ends. Only a count of what is used, in one
statement, exhausts a range.
"""

import random
import time
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from segmentary.catalog.network_type import BY_NAME
from segmentary.catalog.segment_range import ACTIVE, LEAST_RECENTLY_RELEASED, LOWEST, RESERVED
from segmentary.db import gaps, ranges
from segmentary.db.gaps import Interval, Pool, Space
from segmentary.db.ranges import Offer
from segmentary.db.transaction import Tx
from segmentary.errors import Item, NoNetworkAvailable, SegmentationIdReserved, blaming
from segmentary.services.claim import Claim, pool_of

# How many free numbers one look at a range returns, to be tried in turn.
TRIED_AT_ONCE = 16
# How many looks at a range may find nothing although it is not full: hooks may refuse what is free.
LOOKS_IN_VAIN = 3
# Old releases are forgotten by about one release in this many.
FORGET_EVERY = 64
# How many ranges of one kind a message names.
SHOWN_RANGES = 10


# Before any moment of a release, in microseconds since 1970.
NEVER = -1


@dataclass(frozen=True, slots=True)
class Want:
    """An ID is wanted of this type, on this physical network or on any, for a network of this project."""

    project_id: str
    network_type: str
    physical_network: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A range that may be chosen from, and the parts of it that no reserved range covers."""

    offer: Offer
    intervals: tuple[Interval, ...]


def candidates(tx: Tx, want: Want, besides: AbstractSet[Claim]) -> Iterator[Claim]:
    """Return claims to try one after another, until an insert succeeds; each was free when it was found.

    The first of a random range is not looked up: trying to insert it is looking it up. `besides` are claims that will
    not do, and may grow meanwhile.
    """
    if BY_NAME[want.network_type].ids is None:
        yield Claim(want.network_type, want.physical_network, None)
        return
    for choice in choices(tx, want):
        ranges.choose_from(tx, choice.offer.pool)
        if _is_walked(choice.offer):
            yield from (claim for claim in _walk(tx, choice) if claim not in besides)
        yield from _looked_up(tx, choice, besides)


def several(tx: Tx, want: Want, count: int, besides: AbstractSet[Claim]) -> list[Claim]:
    """Return up to `count` free claims, none of `besides`, found set by set."""
    if BY_NAME[want.network_type].ids is None:
        return [Claim(want.network_type, want.physical_network, None)] * count
    found: list[Claim] = []
    for choice in choices(tx, want):
        if len(found) < count:
            ranges.choose_from(tx, choice.offer.pool)
            found += _free(tx, choice, count - len(found), besides)
    return found


def choices(tx: Tx, want: Want) -> list[Choice]:
    """Return the ranges to choose from, those of the project first, then in the order of their ids."""
    return [one for one in _of_want(tx, want) if one.offer.state == ACTIVE and one.intervals]


def require_not_reserved(tx: Tx, asked: Sequence[tuple[Claim, Item | None]]) -> None:
    """Raise `SegmentationIdReserved` if a reserved range covers an ID asked for, beside the item that asks for it."""
    of_types: dict[str, list[tuple[Claim, Item | None]]] = {}
    for claim, item in asked:
        of_types.setdefault(claim.network_type, []).append((claim, item))
    for network_type, of_type in of_types.items():
        numbers = [claim.segmentation_id or 0 for claim, _ in of_type]
        offers = ranges.reserved(tx, network_type, (min(numbers), max(numbers)))
        for claim, item in of_type if offers else ():
            with blaming(item):
                _refuse_reserved(claim, offers)


def _refuse_reserved(claim: Claim, offers: Sequence[Offer]) -> None:
    pool, number = pool_of(claim), claim.segmentation_id or 0
    for offer in offers:
        if offer.pool == pool and offer.interval[0] <= number <= offer.interval[1]:
            why = offer.description or offer.name or "no reason given"
            raise SegmentationIdReserved(segmentation_id=number, holder=f"by range {offer.id} ({why})")


def release(tx: Tx, claims: Sequence[Claim]) -> None:
    """Note that IDs are free again, for the ranges that choose by the time of release; no segment has them any more."""
    moment = _microseconds()
    for claim in claims:
        pool = pool_of(claim)
        if claim.segmentation_id is None or not gaps.release(tx, pool, claim.segmentation_id, moment):
            continue
        if random.randrange(FORGET_EVERY) == 0:  # noqa: S311, spreads the work, no secret
            gaps.forget_releases(tx, pool, moment)


def none_available(tx: Tx, wants: Sequence[Want]) -> NoNetworkAvailable:
    """Return the error that says which ranges were tried, how large they are and how full."""
    tried = []
    for want in wants:
        if BY_NAME[want.network_type].ids is None:
            continue
        of_type = want.network_type + (f" on {want.physical_network}" if want.physical_network else "")
        found = [one for one in _of_want(tx, want) if one.offer.state != RESERVED]
        texts = _described(tx, found[:SHOWN_RANGES])
        if len(found) > SHOWN_RANGES:
            texts.append(f"and {len(found) - SHOWN_RANGES} more")
        tried.append(f"{of_type}: {'; '.join(texts) or 'no range'}")
    return NoNetworkAvailable(tried=", ".join(tried))


def without(interval: Interval, holes: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return what is left of an interval, as intervals in order."""
    left = []
    low, high = interval
    for start, end in sorted(holes):
        if end < low or start > high:
            continue
        if start > low:
            left.append((low, start - 1))
        low = max(low, end + 1)
    if low <= high:
        left.append((low, high))
    return tuple(left)


def rotated(intervals: Sequence[Interval], start: int) -> list[Interval]:
    """Return the intervals so that they begin at `start`, which lies in one of them, and wrap once."""
    after = [(max(low, start), high) for low, high in intervals if high >= start]
    before = [(low, min(high, start - 1)) for low, high in intervals if low < start]
    return after + before


def claim_in(pool: Pool, number: int) -> Claim:
    """Return the claim of a number of a pool."""
    return Claim(pool.network_type, pool.scope if BY_NAME[pool.network_type].has_physical_network else None, number)


def _of_want(tx: Tx, want: Want) -> list[Choice]:
    """Return every range that a want can see, with what the reserved ones leave of it."""
    offers = ranges.offers(tx, want.network_type, want.physical_network, want.project_id)
    reserved = [one for one in offers if one.state == RESERVED]
    return [
        Choice(one, without(one.interval, [other.interval for other in reserved if other.pool == one.pool]))
        for one in sorted(offers, key=lambda one: one.shared)
    ]


def _is_walked(offer: Offer) -> bool:
    """Tell whether any free number of the range will do, whenever it was released."""
    return offer.allocation != LEAST_RECENTLY_RELEASED and not offer.cooldown


def _walk(tx: Tx, choice: Choice) -> Iterator[Claim]:
    """Return the numbers of a range from the start on, around once, passing over what is used or a hook refuses."""
    pool = choice.offer.pool
    for low, high in _from_start(choice):
        number: int | None = low
        while number is not None:
            claim = claim_in(pool, number)
            if not tx.observer.allows(claim):
                number = number + 1 if number < high else None
                continue
            yield claim
            # Only asked for the next one after the insert of this one was refused: this one is used.
            number = gaps.next_free(tx, pool, number, high)


def _looked_up(tx: Tx, choice: Choice, besides: AbstractSet[Claim]) -> Iterator[Claim]:
    """Return free numbers of a range, found by looking at all of it, until it is full or nothing is found again.

    A look takes several statements, and a number that is released behind it may be taken ahead of it by somebody else:
    that all are used is only known when one statement has counted them.
    """
    # Where numbers rest one that is not used need not be free, so that counting tells nothing.
    in_vain = int(_is_walked(choice.offer))
    while not in_vain or (in_vain <= LOOKS_IN_VAIN and not choice.offer.cooldown and not _is_full(tx, choice)):
        found = _free(tx, choice, TRIED_AT_ONCE, besides)
        in_vain = 0 if found else in_vain + 1
        yield from found


def _is_full(tx: Tx, choice: Choice) -> bool:
    """Tell whether every number of a range was used at one moment."""
    used = ranges.used_counts(tx, [(choice.offer.pool, interval) for interval in choice.intervals])
    return sum(used) == sum(high - low + 1 for low, high in choice.intervals)


def _free(tx: Tx, choice: Choice, count: int, besides: AbstractSet[Claim]) -> list[Claim]:
    """Return up to `count` free claims of a range that no hook refuses; none: it is exhausted."""
    pool = choice.offer.pool
    others = {one.segmentation_id for one in besides if one.segmentation_id is not None and pool_of(one) == pool}
    found: list[Claim] = []
    asked = count
    while True:
        numbers = _free_numbers(tx, choice, asked, others)
        found += [claim for claim in (claim_in(pool, number) for number in numbers) if tx.observer.allows(claim)]
        if len(found) >= count or len(numbers) < asked:
            return found[:count]
        # Those that a hook refused are passed over from now on, in growing steps.
        others |= set(numbers)
        asked *= 2


def _free_numbers(tx: Tx, choice: Choice, count: int, besides: AbstractSet[int]) -> list[int]:
    """Return up to `count` free numbers of a range, in the order in which it hands them out."""
    offer = choice.offer
    space = Space(offer.pool, _from_start(choice), besides)
    rested = _microseconds() - offer.cooldown * 1_000_000
    if offer.allocation == LEAST_RECENTLY_RELEASED:
        # Those that were never released are all alike: a start of its own for each keeps callers apart.
        numbers = gaps.free_numbers(tx, space, count, released_after=NEVER)
        if len(numbers) < count:
            numbers += gaps.longest_released(tx, space, count - len(numbers), released_before=rested)
    else:
        numbers = gaps.free_numbers(tx, space, count, released_after=rested if offer.cooldown else None)
    return numbers


def _from_start(choice: Choice) -> list[Interval]:
    """Return the intervals of a range, beginning where it begins to choose."""
    start = choice.intervals[0][0] if choice.offer.allocation == LOWEST else _random_number(choice.intervals)
    return rotated(choice.intervals, start)


def _random_number(intervals: Sequence[Interval]) -> int:
    """Return a number of the intervals, each equally likely."""
    place = random.randrange(sum(high - low + 1 for low, high in intervals))  # noqa: S311, spreads callers, no secret
    for low, high in intervals:
        if place <= high - low:
            return low + place
        place -= high - low + 1
    raise AssertionError(intervals)


def _microseconds() -> int:
    return time.time_ns() // 1000


def _described(tx: Tx, found: Sequence[Choice]) -> list[str]:
    """Return for each range its name, limits and size, and what its IDs are taken by."""
    counts = ranges.used_counts(tx, [(one.offer.pool, one.offer.interval) for one in found])
    texts = []
    for choice, used in zip(found, counts, strict=True):
        offer, (low, high) = choice.offer, choice.offer.interval
        left = sum(end - start + 1 for start, end in choice.intervals)
        rested = _microseconds() - offer.cooldown * 1_000_000
        resting = gaps.resting(tx, offer.pool, offer.interval, rested) if offer.cooldown else 0
        taken = [
            f"{high - low + 1} IDs",
            f"{used} used",
            *([f"{resting} in cooldown"] if resting else []),
            *([f"{high - low + 1 - left} reserved"] if left <= high - low else []),
            *([offer.state] if offer.state != ACTIVE else []),
        ]
        kind = "shared" if offer.shared else "project"
        where = f" on {offer.pool.scope}" if offer.pool.scope else ""
        texts.append(f"{kind} range {offer.name or offer.id} {low} to {high}{where} ({', '.join(taken)})")
    return texts
