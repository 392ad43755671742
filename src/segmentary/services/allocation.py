"""Choosing segmentation IDs: the one way by which every segment without an ID of its own gets one.

    project's ranges, then shared ranges, of the type (and physical network) asked for
        each: [minimum ........ maximum] without what reserved ranges cover
              random start -> try to insert -> taken: next free one after it -> ... -> wrap once -> next range

The insert itself is the claim; a number is used because a row has it, so nothing can leak and nothing is seeded.
"""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from segmentary.catalog.network_type import BY_NAME
from segmentary.catalog.segment_range import ACTIVE, LEAST_RECENTLY_RELEASED, LOWEST, RESERVED
from segmentary.db import gaps, ranges
from segmentary.db.gaps import Interval, Pool
from segmentary.db.ranges import Offer
from segmentary.db.transaction import Tx
from segmentary.errors import Item, NoNetworkAvailable, SegmentationIdReserved, blaming
from segmentary.services.claim import Claim, pool_of

TRIES_OF_THE_LONGEST_RELEASED = 64


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


def candidates(tx: Tx, want: Want) -> Iterator[Claim]:
    """Return claims to try one after another, until an insert succeeds; each was free when it was found.

    The first of a random range is not looked up: trying to insert it is looking it up.
    """
    if BY_NAME[want.network_type].ids is None:
        yield Claim(want.network_type, want.physical_network, None)
        return
    for choice in choices(tx, want):
        for number in _numbers(tx, choice):
            yield claim_in(choice.offer.pool, number)


def several(tx: Tx, want: Want, count: int) -> list[Claim]:
    """Return up to `count` free claims, found set by set."""
    if BY_NAME[want.network_type].ids is None:
        return [Claim(want.network_type, want.physical_network, None)] * count
    found: list[Claim] = []
    for choice in choices(tx, want):
        missing = count - len(found)
        if missing:
            found += _several_allowed(tx, choice, missing)
    return found


def choices(tx: Tx, want: Want) -> list[Choice]:
    """Return the ranges to choose from, those of the project first, then in the order of their ids."""
    offers = ranges.offers(tx, want.network_type, want.physical_network, want.project_id)
    reserved = [one for one in offers if one.state == RESERVED]
    found = [
        Choice(one, without(one.interval, [other.interval for other in reserved if other.pool == one.pool]))
        for one in sorted(offers, key=lambda one: one.shared)
        if one.state == ACTIVE
    ]
    return [choice for choice in found if choice.intervals]


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
            raise SegmentationIdReserved(segmentation_id=number, range_id=offer.id, why=why)


def release(tx: Tx, claims: Sequence[Claim]) -> None:
    """Note that IDs are free again, for the ranges that choose by the time of release."""
    numbers = [(pool_of(claim), claim.segmentation_id) for claim in claims if claim.segmentation_id is not None]
    gaps.release(tx, numbers, _microseconds())


def none_available(tx: Tx, wants: Sequence[Want]) -> NoNetworkAvailable:
    """Return the error that says which ranges were tried, how large they are and how full."""
    tried = []
    for want in wants:
        if BY_NAME[want.network_type].ids is None:
            continue
        of_type = want.network_type + (f" on {want.physical_network}" if want.physical_network else "")
        found = choices(tx, want)
        counts = ranges.used_counts(tx, [(one.offer.pool, one.offer.interval) for one in found])
        texts = [_described(one.offer, used) for one, used in zip(found, counts, strict=True)]
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


def _numbers(tx: Tx, choice: Choice) -> Iterator[int]:
    """Return the numbers of a range that are worth trying, each found free."""
    pool, offer = choice.offer.pool, choice.offer
    if offer.allocation == LEAST_RECENTLY_RELEASED:
        yield from _allowed(tx, pool, _rested(tx, pool, choice.intervals, -1))
        for interval in choice.intervals:
            longest = gaps.longest_released(tx, pool, interval, _released_before(offer), TRIES_OF_THE_LONGEST_RELEASED)
            yield from _allowed(tx, pool, longest)
        return
    start = choice.intervals[0][0] if offer.allocation == LOWEST else _random_number(choice.intervals)
    intervals = rotated(choice.intervals, start)
    cutoff = _released_after(offer)
    if cutoff is not None:
        yield from _allowed(tx, pool, _rested(tx, pool, intervals, cutoff))
        return
    for low, high in intervals:
        number: int | None = low
        while number is not None:
            if not tx.observer.allows(claim_in(pool, number)):
                number = number + 1 if number < high else None
                continue
            yield number
            # Only asked for the next one after the insert of this one was refused: this one is used.
            number = gaps.next_free(tx, pool, number, high)


def _several_allowed(tx: Tx, choice: Choice, count: int) -> list[Claim]:
    """Return up to `count` free claims of a range that no hook refuses."""
    asked = count
    while True:
        numbers = _several_numbers(tx, choice, asked)
        claims = [claim_in(choice.offer.pool, number) for number in numbers]
        allowed = [claim for claim in claims if tx.observer.allows(claim)]
        if len(allowed) >= count or len(numbers) < asked:
            return allowed[:count]
        asked *= 2


def _several_numbers(tx: Tx, choice: Choice, count: int) -> list[int]:
    """Return up to `count` free numbers of a range, in the order in which it hands them out."""
    pool, offer = choice.offer.pool, choice.offer
    if offer.allocation == LEAST_RECENTLY_RELEASED:
        numbers = gaps.free_numbers(tx, pool, choice.intervals, count, released_after=-1)
        released = [
            number
            for interval in choice.intervals
            if len(numbers) < count
            for number in gaps.longest_released(tx, pool, interval, _released_before(offer), count - len(numbers))
        ]
        return (numbers + released)[:count]
    start = choice.intervals[0][0] if offer.allocation == LOWEST else _random_number(choice.intervals)
    return gaps.free_numbers(tx, pool, rotated(choice.intervals, start), count, _released_after(offer))


def _allowed(tx: Tx, pool: Pool, numbers: Iterable[int]) -> Iterator[int]:
    """Return the numbers that no hook refuses."""
    return (number for number in numbers if tx.observer.allows(claim_in(pool, number)))


def _rested(tx: Tx, pool: Pool, intervals: Sequence[Interval], released_after: int) -> Iterator[int]:
    for low, high in intervals:
        number = gaps.next_rested(tx, pool, (low, high), released_after)
        while number is not None:
            yield number
            number = gaps.next_rested(tx, pool, (number + 1, high), released_after) if number < high else None


def _random_number(intervals: Sequence[Interval]) -> int:
    """Return a number of the intervals, each equally likely."""
    place = random.randrange(sum(high - low + 1 for low, high in intervals))  # noqa: S311, spreads callers, no secret
    for low, high in intervals:
        if place <= high - low:
            return low + place
        place -= high - low + 1
    raise AssertionError(intervals)


def _released_after(offer: Offer) -> int | None:
    """Return the moment after which a release is too recent, or None if none is."""
    return _microseconds() - offer.cooldown * 1_000_000 if offer.cooldown else None


def _released_before(offer: Offer) -> int:
    return _microseconds() - offer.cooldown * 1_000_000


def _microseconds() -> int:
    return time.time_ns() // 1000


def _described(offer: Offer, used: int) -> str:
    low, high = offer.interval
    kind = "shared" if offer.shared else "project"
    where = f" on {offer.pool.scope}" if offer.pool.scope else ""
    return f"{kind} range {offer.name or offer.id} {low} to {high}{where} ({high - low + 1} IDs, {used} used)"
