"""Free numbers: the next one at or after a given number, and many at once, of one network type and scope.

    used     1 2 3 . 5 6 . . 9           next free at or after 2: 4        at or after 7: 7

Nothing is kept but the rows of the segments themselves; a number is free while no row has it.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    or_,
    select,
    union_all,
)

from segmentary.catalog.segment_range import LEAST_RECENTLY_RELEASED
from segmentary.db.dialects import Dialect
from segmentary.db.statement import Statement
from segmentary.db.tables import RELEASES, TABLES
from segmentary.db.transaction import Tx

# How many numbers are compared with what is used at a time: few at first, then more, as long as all are taken.
FIRST_WINDOW = 64
LARGEST_WINDOW = 65_536
# Old releases are forgotten so many at a time, after looking at so many.
FORGOTTEN_AT_ONCE = 256
_SEGMENTS = TABLES["segments"]
_RANGES = TABLES["network_segment_ranges"]


class Pool(NamedTuple):
    """Numbers of one network type in one scope: a physical network's name, or '' where IDs are unique everywhere."""

    network_type: str
    scope: str


Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Space:
    """Where free numbers are looked for: intervals of a pool, in this order; `besides` are numbers that will not do."""

    pool: Pool
    intervals: Sequence[Interval]
    besides: AbstractSet[int]


def next_free(tx: Tx, pool: Pool, after: int, maximum: int) -> int | None:
    """Return the smallest free number above `after`, which is used, up to `maximum`, or None."""
    row = tx.row(_next_free(), {**pool._asdict(), "after": after, "maximum": maximum})
    return row[0] if row else None


def longest_released(tx: Tx, space: Space, count: int, released_before: int) -> list[int]:
    """Return up to `count` free numbers that were released before that moment, the longest ago first."""
    found: list[tuple[int, int]] = []
    limit = count + len(space.besides)
    for interval in space.intervals:
        values = {**_within(space.pool, interval), "released_before": released_before, "limit": limit}
        rows = tx.rows(_longest_released(), values)
        found += [(moment, number) for moment, number in rows if number not in space.besides]
    return [number for _, number in sorted(found)[:count]]


def free_numbers(tx: Tx, space: Space, count: int, released_after: int | None) -> list[int]:
    """Return up to `count` free numbers, in the order of the intervals.

    With `released_after` none that was released after that moment. An empty list says that there are none.
    """
    found: list[int] = []
    size = max(FIRST_WINDOW, 2 * count)
    for minimum, maximum in space.intervals:
        low = minimum
        while low <= maximum and len(found) < count:
            high = min(maximum, low + size - 1)
            taken = _taken(tx, space.pool, (low, high), released_after) | space.besides
            found += _first_free(low, high, taken, count - len(found))
            low, size = high + 1, min(size * 4, max(size, LARGEST_WINDOW))
    return found


def resting(tx: Tx, pool: Pool, interval: Interval, released_after: int) -> int:
    """Return how many numbers of the interval are free and were released after that moment."""
    row = tx.row(_resting(), {**_within(pool, interval), "released_after": released_after})
    return int(row[0]) if row else 0


def release(tx: Tx, pool: Pool, number: int, moment: int) -> bool:
    """Note when a number was released, in microseconds since 1970; tell whether a range of it wants to know."""
    values = {**pool._asdict(), "number": number, "moment": moment}
    return tx.execute(_release(), values) > 0


def forget_releases(tx: Tx, pool: Pool, moment: int) -> None:
    """Forget some releases of which no range wants to know any more at that moment, oldest first.

    Those of numbers that are used again, and those older than the cooldown of a range that does not choose by them.
    """
    stale = tx.rows(_stale_releases(), {**pool._asdict(), "moment": moment})
    if stale:
        numbers = [number for number, _ in stale]
        # One statement for any number of them: what is missing is the last one again.
        numbers += numbers[-1:] * (FORGOTTEN_AT_ONCE - len(stale))
        values = {f"number_{place}": number for place, number in enumerate(numbers)}
        # A number may have been released again since the look: that release is younger, and stays.
        tx.execute(_forget(), {**pool._asdict(), **values, "newest": max(moment for _, moment in stale)})


def _within(pool: Pool, interval: Interval) -> dict[str, Any]:
    return {**pool._asdict(), "minimum": interval[0], "maximum": interval[1]}


def _taken(tx: Tx, pool: Pool, interval: Interval, released_after: int | None) -> set[int]:
    """Return the numbers of the interval that are used, or were released after that moment."""
    values = _within(pool, interval)
    if released_after is None:
        return {row[0] for row in tx.rows(_used(), values)}
    return {row[0] for row in tx.rows(_used_or_resting(), {**values, "released_after": released_after})}


def _first_free(low: int, high: int, taken: AbstractSet[int], count: int) -> Iterator[int]:
    for number in range(low, high + 1):
        if count <= 0:
            return
        if number not in taken:
            yield number
            count -= 1


def _in_pool(columns: Any) -> ColumnElement[bool]:  # noqa: ANN401, the columns of a table or alias
    return and_(columns.network_type == bindparam("network_type"), columns.claim_scope == bindparam("scope"))


def _released_in_pool(columns: Any) -> ColumnElement[bool]:  # noqa: ANN401
    return and_(columns.network_type == bindparam("network_type"), columns.scope == bindparam("scope"))


def _holding(columns: Any, number: ColumnElement[int]) -> ColumnElement[int | None]:  # noqa: ANN401, the columns of a table or alias
    """Return the number if a segment holds it, else NULL, in the pool of `columns`: a table's type and scope.

    A subquery for its value, which every database makes by the whole key, for one row after the other. Of a join or
    NOT EXISTS PostgreSQL thinks, before it knows how large the table becomes, that half of the key will do, and MariaDB
    reads the whole pool, or sorts it.
    """
    held = _SEGMENTS.alias("held")
    scope = columns.claim_scope if "claim_scope" in columns else columns.scope
    of_pool = and_(held.c.network_type == columns.network_type, held.c.claim_scope == scope)
    return select(held.c.claim_id).where(of_pool, held.c.claim_id == number).scalar_subquery()


@cache
def _next_free() -> Statement:
    """Find the first used number whose successor is free."""
    one = _SEGMENTS.alias("one")
    column = (one.c.claim_id + 1).label("number")
    statement = (
        select(column)
        .where(
            _in_pool(one.c),
            one.c.claim_id >= bindparam("after"),
            one.c.claim_id < bindparam("maximum"),
            _holding(one.c, one.c.claim_id + 1).is_(None),
        )
        .order_by(one.c.claim_id)
        .limit(1)
    )
    return Statement(statement, [column])


@cache
def _longest_released() -> Statement:
    columns = [RELEASES.c.released_at, RELEASES.c.segmentation_id]
    statement = (
        select(*columns)
        .where(
            _released_in_pool(RELEASES.c),
            RELEASES.c.segmentation_id.between(bindparam("minimum"), bindparam("maximum")),
            RELEASES.c.released_at <= bindparam("released_before"),
            _holding(RELEASES.c, RELEASES.c.segmentation_id).is_(None),
        )
        .order_by(*columns)
        .limit(bindparam("limit"))
    )
    return Statement(statement, columns)


def _used_numbers() -> Select[Any]:
    number = _SEGMENTS.c.claim_id
    return select(number).where(_in_pool(_SEGMENTS.c), number.between(bindparam("minimum"), bindparam("maximum")))


def _released_numbers() -> Select[Any]:
    number = RELEASES.c.segmentation_id
    inside = number.between(bindparam("minimum"), bindparam("maximum"))
    recent = RELEASES.c.released_at > bindparam("released_after")
    return select(number).where(_released_in_pool(RELEASES.c), inside, recent)


@cache
def _used() -> Statement:
    return Statement(_used_numbers(), [_SEGMENTS.c.claim_id])


@cache
def _used_or_resting() -> Statement:
    return Statement(union_all(_used_numbers(), _released_numbers()), [_SEGMENTS.c.claim_id])


@cache
def _resting() -> Statement:
    columns = [func.count()]
    of_pool = _released_numbers().with_only_columns(*columns)
    return Statement(of_pool.where(_holding(RELEASES.c, RELEASES.c.segmentation_id).is_(None)), columns)


@cache
def _stale_releases() -> Statement:
    """Find the stale ones among the oldest releases of a pool."""
    names = ("network_type", "scope", "segmentation_id", "released_at")
    oldest = (
        select(*(RELEASES.c[name] for name in names))
        .where(_released_in_pool(RELEASES.c))
        .order_by(RELEASES.c.released_at)
        .limit(4 * FORGOTTEN_AT_ONCE)
        .subquery("oldest")
    )
    by_release = _RANGES.c.allocation == LEAST_RECENTLY_RELEASED
    # As a number of 64 bits: a year has more microseconds than fit into the 32 bits of the column.
    microseconds = cast(_RANGES.c.cooldown, BigInteger()) * 1_000_000
    rests = oldest.c.released_at > bindparam("moment", type_=BigInteger()) - microseconds
    wanted = (
        select(_RANGES.c.id)
        .where(
            _RANGES.c.network_type == oldest.c.network_type,
            func.coalesce(_RANGES.c.physical_network, "") == oldest.c.scope,
            _RANGES.c.minimum <= oldest.c.segmentation_id,
            _RANGES.c.maximum >= oldest.c.segmentation_id,
            or_(by_release, rests),
        )
        .exists()
    )
    columns = [oldest.c.segmentation_id, oldest.c.released_at]
    statement = (
        select(*columns)
        .where(or_(_holding(oldest.c, oldest.c.segmentation_id).is_not(None), ~wanted))
        .limit(FORGOTTEN_AT_ONCE)
    )
    return Statement(statement, columns)


@cache
def _forget() -> Statement:
    numbers = [bindparam(f"number_{place}", type_=BigInteger()) for place in range(FORGOTTEN_AT_ONCE)]
    chosen = RELEASES.c.segmentation_id.in_(numbers)
    seen = RELEASES.c.released_at <= bindparam("newest", type_=BigInteger())
    return Statement(delete(RELEASES).where(_released_in_pool(RELEASES.c), chosen, seen))


def _wants_releases() -> Select[*tuple[Any, ...]]:
    """Return the release of a number, once if a range of its wants to know."""
    network_type, scope = bindparam("network_type", type_=String()), bindparam("scope", type_=String())
    number, moment = bindparam("number", type_=BigInteger()), bindparam("moment", type_=BigInteger())
    return (
        select(network_type, scope, number, moment)
        .select_from(_RANGES)
        .where(
            _RANGES.c.network_type == network_type,
            func.coalesce(_RANGES.c.physical_network, "") == scope,
            _RANGES.c.minimum <= number,
            _RANGES.c.maximum >= number,
            (_RANGES.c.cooldown > 0) | (_RANGES.c.allocation == LEAST_RECENTLY_RELEASED),
        )
        .limit(1)
    )


@cache
def _release() -> Statement:
    names = ["network_type", "scope", "segmentation_id", "released_at"]

    def make(dialect: Dialect) -> Any:  # noqa: ANN401, an executable
        return dialect.insert_or_update(
            RELEASES, names, _wants_releases(), {"released_at": bindparam("moment", type_=BigInteger())}
        )

    return Statement(make)
