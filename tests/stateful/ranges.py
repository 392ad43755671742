"""What segment ranges should do, in the plainest way: sets of numbers, looked through whenever something is asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segmentary.errors import (
    AlreadyClaimed,
    InvalidInput,
    NetworkNotFound,
    NetworkSegmentRangeNotFound,
    NetworkSegmentRangeOverlaps,
    NetworkSegmentRangeReferencedByProject,
    SegmentaryError,
    SegmentationIdReserved,
)

Refusal = type[SegmentaryError] | None


class Pool(NamedTuple):
    """Where IDs are unique: a network type, and a physical network or nothing."""

    network_type: str
    physical_network: str | None


@dataclass(frozen=True)
class Range:
    """A stored range; `project_id` is None if it is shared."""

    pool: Pool
    minimum: int
    maximum: int
    project_id: str | None
    state: str
    allocation: str
    cooldown: int

    @property
    def ids(self) -> set[int]:
        return set(range(self.minimum, self.maximum + 1))


@dataclass
class Network:
    """A stored network and the IDs of its segments."""

    project_id: str
    claims: list[tuple[Pool, int]]


@dataclass
class RangeModel:
    """Everything stored, and the order in which IDs that a range waits for were released."""

    ranges: dict[str, Range] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    released: dict[tuple[Pool, int], int] = field(default_factory=dict)

    def used(self, pool: Pool) -> set[int]:
        return {number for network in self.networks.values() for of, number in network.claims if of == pool}

    def reserved(self, pool: Pool) -> set[int]:
        found = (one.ids for one in self.ranges.values() if one.pool == pool and one.state == "reserved")
        return set().union(*found)

    def choosable(self, record_id: str) -> list[set[int]]:
        """Return the IDs of a range that may be chosen: sets, of which the next is looked at when one is used up."""
        one = self.ranges[record_id]
        free = one.ids - self.used(one.pool) - self.reserved(one.pool)
        released = {number: at for (pool, number), at in self.released.items() if pool == one.pool and number in free}
        if one.cooldown:
            # Nothing rests for long enough in a test.
            free -= set(released)
        if one.allocation == "lowest":
            return [{number} for number in sorted(free)]
        if one.allocation == "least_recently_released":
            in_order = sorted(free & set(released), key=lambda number: (released[number], number))
            return [free - set(released), *({number} for number in in_order)]
        return [free]

    def offered(self, network_type: str, physical_network: str | None, project_id: str) -> list[tuple[Pool, set[int]]]:
        """Return the IDs that a network of a project is offered, in the order in which they are handed out."""
        mine = [
            record_id
            for record_id, one in sorted(self.ranges.items())
            if one.state == "active"
            and one.pool.network_type == network_type
            and physical_network in {None, one.pool.physical_network}
            and one.project_id in {None, project_id}
        ]
        ordered = sorted(mine, key=lambda record_id: self.ranges[record_id].project_id is None)
        return [(self.ranges[one].pool, ids) for one in ordered for ids in self.choosable(one) if ids]

    def release(self, claims: Sequence[tuple[Pool, int]]) -> None:
        """Take note of the IDs that are released at one moment, of those that a range waits for."""
        now = max(self.released.values(), default=0) + 1
        for pool, number in claims:
            of_ranges = (one for one in self.ranges.values() if one.pool == pool and number in one.ids)
            if any(one.cooldown or one.allocation == "least_recently_released" for one in of_ranges):
                self.released[pool, number] = now

    def refusal_of_range(self, asked: Range, but: str = "") -> Refusal:
        """Return why a range cannot be stored."""
        if asked.minimum > asked.maximum:
            return InvalidInput
        for record_id, one in self.ranges.items():
            alike = one.pool == asked.pool and (one.state == "reserved") == (asked.state == "reserved")
            if record_id != but and alike and one.ids & asked.ids:
                return NetworkSegmentRangeOverlaps
        return None

    def refusal_of_change(self, record_id: str, asked: Range | None) -> Refusal:
        """Return why a range cannot become another, or, if that is None, nothing."""
        before = self.ranges.get(record_id)
        if before is None:
            return NetworkSegmentRangeNotFound
        refusal = self.refusal_of_range(asked, but=record_id) if asked else None
        lost = before.ids - (asked.ids if asked else set())
        in_use = before.state != "reserved" and lost & self.used(before.pool)
        return refusal or (NetworkSegmentRangeReferencedByProject if in_use else None)

    def refusal_of_claim(self, pool: Pool, number: int, *, use_reserved: bool) -> Refusal:
        """Return why an ID that is asked for cannot be had."""
        if number in self.reserved(pool) and not use_reserved:
            return SegmentationIdReserved
        return AlreadyClaimed if number in self.used(pool) else None

    def refusal_of_renumbering(self, network_id: str, number: int) -> Refusal:
        """Return why a network cannot have another ID."""
        if network_id not in self.networks:
            return NetworkNotFound
        claims = self.networks[network_id].claims
        if len(claims) != 1:
            return InvalidInput
        ((pool, current),) = claims
        return None if number == current else self.refusal_of_claim(pool, number, use_reserved=False)
