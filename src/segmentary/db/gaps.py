"""Free numbers: the next one at or after a given number, and many at once, of one network type and scope.

    used     1 2 3 . 5 6 . . 9           next free at or after 2: 4        at or after 7: 7

Nothing is kept but the rows of the segments themselves; a number is free while no row has it.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, bindparam, func, select, union_all

from segmentary.catalog.segment_range import LEAST_RECENTLY_RELEASED
from segmentary.db.dialects import Dialect
from segmentary.db.statement import Statement
from segmentary.db.tables import RELEASES, TABLES
from segmentary.db.transaction import Tx

FIRST_WINDOW = 4096
_SEGMENTS = TABLES["segments"]
_RANGES = TABLES["network_segment_ranges"]


class Pool(NamedTuple):
    """Numbers of one network type in one scope: a physical network's name, or '' where IDs are unique everywhere."""

    network_type: str
    scope: str


Interval = tuple[int, int]


def next_free(tx: Tx, pool: Pool, after: int, maximum: int) -> int | None:
    """Return the smallest free number above `after`, which is used, up to `maximum`, or None."""
    row = tx.row(_next_free(), {**pool._asdict(), "after": after, "maximum": maximum})
    return row[0] if row else None


def next_rested(tx: Tx, pool: Pool, interval: Interval, released_after: int) -> int | None:
    """Return the smallest number of the interval that is neither used nor was released after that moment, or None."""
    values = {**pool._asdict(), "minimum": interval[0], "maximum": interval[1], "released_after": released_after}
    row = tx.row(_next_rested(), values)
    return row[0] if row else None


def longest_released(tx: Tx, pool: Pool, interval: Interval, released_before: int, count: int) -> list[int]:
    """Return the free numbers of the interval that were released longest ago, before that moment, oldest first."""
    values = {**pool._asdict(), "minimum": interval[0], "maximum": interval[1], "released_before": released_before}
    return [row[0] for row in tx.rows(_longest_released(), {**values, "limit": count})]


def free_numbers(
    tx: Tx, pool: Pool, intervals: Sequence[Interval], count: int, released_after: int | None
) -> list[int]:
    """Return up to `count` free numbers of the intervals, in their order, not released after that moment.

    Windows of the intervals are compared with what is used in them; they grow, so that a full pool costs few reads.
    """
    found: list[int] = []
    size = max(FIRST_WINDOW, 4 * count)
    for minimum, maximum in intervals:
        low = minimum
        while low <= maximum and len(found) < count:
            high = min(maximum, low + size - 1)
            taken = set(used_numbers(tx, pool, (low, high)))
            if released_after is not None:
                values = {**pool._asdict(), "minimum": low, "maximum": high, "released_after": released_after}
                taken.update(row[0] for row in tx.rows(_released(), values))
            found += _first_free(low, high, taken, count - len(found))
            low, size = high + 1, size * 2
    return found


def used_numbers(tx: Tx, pool: Pool, interval: Interval) -> list[int]:
    """Return the used numbers of the interval, in order."""
    values = {**pool._asdict(), "minimum": interval[0], "maximum": interval[1]}
    return [row[0] for row in tx.rows(_used(), values)]


def release(tx: Tx, numbers: Sequence[tuple[Pool, int]], moment: int) -> None:
    """Note when numbers were released, in microseconds since 1970, where a range of theirs wants to know."""
    tx.execute_each(_release(), [{**pool._asdict(), "number": number, "moment": moment} for pool, number in numbers])


def _first_free(low: int, high: int, taken: set[int], count: int) -> Iterator[int]:
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


@cache
def _next_free() -> Statement:
    """Find the first used number whose successor is free.

    An outer join, not NOT EXISTS: MariaDB would read the whole pool for that.
    """
    one, successor = _SEGMENTS.alias("one"), _SEGMENTS.alias("successor")
    column = (one.c.claim_id + 1).label("number")
    follows = and_(
        successor.c.network_type == one.c.network_type,
        successor.c.claim_scope == one.c.claim_scope,
        successor.c.claim_id == one.c.claim_id + 1,
    )
    statement = (
        select(column)
        .select_from(one.outerjoin(successor, follows))
        .where(
            _in_pool(one.c),
            one.c.claim_id >= bindparam("after"),
            one.c.claim_id < bindparam("maximum"),
            successor.c.claim_id.is_(None),
        )
        .order_by(one.c.network_type, one.c.claim_scope, one.c.claim_id)
        .limit(1)
    )
    return Statement(statement, [column])


@cache
def _next_rested() -> Statement:
    used, released = _SEGMENTS.alias("used"), RELEASES.alias("released")
    low, high = bindparam("minimum", type_=BigInteger()), bindparam("maximum", type_=BigInteger())
    candidates = union_all(
        select((low + 0).label("number")),
        select(used.c.claim_id + 1).where(_in_pool(used.c), used.c.claim_id >= low, used.c.claim_id < high),
        select(released.c.segmentation_id + 1).where(
            _released_in_pool(released.c),
            released.c.segmentation_id >= low,
            released.c.segmentation_id < high,
            released.c.released_at > bindparam("released_after"),
        ),
    ).subquery("candidate")
    return _untaken(candidates.c.number, candidates)


def _untaken(number: ColumnElement[Any], candidates: Any) -> Statement:  # noqa: ANN401, a subquery
    """Return the smallest candidate that is neither used nor resting."""
    holder, rest = _SEGMENTS.alias("holder"), RELEASES.alias("rest")
    held = and_(_in_pool(holder.c), holder.c.claim_id == number)
    rests = and_(
        _released_in_pool(rest.c),
        rest.c.segmentation_id == number,
        rest.c.released_at > bindparam("released_after"),
    )
    statement = (
        select(number)
        .select_from(candidates.outerjoin(holder, held).outerjoin(rest, rests))
        .where(holder.c.claim_id.is_(None), rest.c.segmentation_id.is_(None))
        .order_by(number)
        .limit(1)
    )
    return Statement(statement, [number])


@cache
def _longest_released() -> Statement:
    number = RELEASES.c.segmentation_id
    held = and_(
        _SEGMENTS.c.network_type == RELEASES.c.network_type,
        _SEGMENTS.c.claim_scope == RELEASES.c.scope,
        _SEGMENTS.c.claim_id == number,
    )
    statement = (
        select(number)
        .select_from(RELEASES.outerjoin(_SEGMENTS, held))
        .where(
            _released_in_pool(RELEASES.c),
            number.between(bindparam("minimum"), bindparam("maximum")),
            RELEASES.c.released_at <= bindparam("released_before"),
            _SEGMENTS.c.claim_id.is_(None),
        )
        .order_by(RELEASES.c.released_at, number)
        .limit(bindparam("limit"))
    )
    return Statement(statement, [number])


@cache
def _used() -> Statement:
    number = _SEGMENTS.c.claim_id
    inside = number.between(bindparam("minimum"), bindparam("maximum"))
    return Statement(select(number).where(_in_pool(_SEGMENTS.c), inside).order_by(number), [number])


@cache
def _released() -> Statement:
    number = RELEASES.c.segmentation_id
    inside = number.between(bindparam("minimum"), bindparam("maximum"))
    recent = RELEASES.c.released_at > bindparam("released_after")
    return Statement(select(number).where(_released_in_pool(RELEASES.c), inside, recent), [number])


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
