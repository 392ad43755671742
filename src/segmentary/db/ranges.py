"""Segment ranges as the allocator and their own use cases read them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)

from segmentary.catalog.segment_range import RESERVED
from segmentary.db.dialects import Dialect
from segmentary.db.gaps import Interval, Pool
from segmentary.db.statement import Row, Statement
from segmentary.db.tables import RANGE_SCOPES, RANGE_SLOTS, TABLES
from segmentary.db.transaction import Tx

_RANGES = TABLES["network_segment_ranges"]
_SEGMENTS = TABLES["segments"]
_NETWORKS = TABLES["networks"]
# How many ranges one statement looks into: SQLite joins at most 500 SELECTs.
AT_ONCE = 200
# On a cluster: the more, the less two that choose at once meet; the fewer, the sooner a range that shrinks is done, and
# every ID chosen on another node in between has it begin again.
SLOTS = 64


@dataclass(frozen=True, slots=True)
class Offer:
    """A range as the allocator sees it."""

    id: str
    name: str
    description: str
    shared: bool
    pool: Pool
    interval: Interval
    allocation: str
    cooldown: int
    state: str


_OFFER_COLUMNS = (
    "id",
    "name",
    "description",
    "shared",
    "network_type",
    "physical_network",
    "minimum",
    "maximum",
    "allocation",
    "cooldown",
    "state",
)


def offers(tx: Tx, network_type: str, scope: str | None, project_id: str) -> list[Offer]:
    """Return the shared ranges, those of the project and every reserved one, by id; `scope` None: of any scope.

    They are locked against change until the transaction ends, but not against other readers of this kind, unless the
    transaction is a repeated one: whoever others were in the way of has the ranges alone the next time.
    """
    values = {"network_type": network_type, "project_id": project_id}
    if scope is not None:
        values["scope"] = scope
    if tx.locks_tables:
        tx.later(_lock(tx.is_repeated), {})
    return [_offer(row) for row in tx.rows(_offers(scope is not None, tx.is_repeated), values)]


def wait_for_allocations(tx: Tx) -> None:
    """Wait for the transactions that have ranges locked, so that one of them can be changed."""
    if tx.locks_tables:
        tx.later(_lock(alone=True), {})


def choose_from(tx: Tx, pool: Pool) -> None:
    """Contradict, on a cluster, whoever shuts out those that choose numbers of this pool."""
    if tx.locks_are_local:
        slot = random.randrange(SLOTS)  # noqa: S311, keeps callers apart, no secret
        tx.later(_take_slot(), {**pool._asdict(), "slot": slot})


def shut_out(tx: Tx, pool: Pool) -> None:
    """Contradict, on a cluster, whoever chooses numbers of this pool at the same time on any node."""
    if tx.locks_are_local:
        tx.later(_take_all_slots(), pool._asdict())


def reserved(tx: Tx, network_type: str, interval: Interval) -> list[Offer]:
    """Return the reserved ranges of a type, on any physical network, that share a number with the interval."""
    values = {"network_type": network_type, "minimum": interval[0], "maximum": interval[1]}
    return [_offer(row) for row in tx.rows(_reserved(), values)]


def take_scope(tx: Tx, pool: Pool) -> None:
    """Make the transaction the only one that changes ranges of this type and scope, on every node of a cluster."""
    tx.later(_take_scope(), pool._asdict())


def overlapping(tx: Tx, pool: Pool, interval: Interval, *, reserved: bool, but: str) -> list[str]:
    """Return the ids of the ranges, reserved ones or others, that share a number with the interval, but one."""
    values = {**pool._asdict(), "minimum": interval[0], "maximum": interval[1], "but": but}
    return [row[0] for row in tx.rows(_overlapping(reserved), values)]


def used_counts(tx: Tx, looks: Sequence[tuple[Pool, Interval]]) -> list[int]:
    """Return how many numbers are used in each interval."""
    return [count for count, _ in used_firsts(tx, looks)]


def used_firsts(tx: Tx, looks: Sequence[tuple[Pool, Interval]]) -> list[tuple[int, int | None]]:
    """Return how many numbers are used in each interval and which is the first of them, both at one moment."""
    return [(count, first) for _, count, first in _each(tx, looks, _counts, {})]


def used_holders(tx: Tx, looks: Sequence[tuple[Pool, Interval]], limit: int) -> list[list[tuple[int, str]]]:
    """Return for each interval its first `limit` used numbers and the projects of the networks that hold them."""
    found: list[list[tuple[int, str]]] = [[] for _ in looks]
    for place, number, project_id in _each(tx, looks, _holders, {"limit": limit}):
        found[place].append((number, project_id))
    return found


def uses(number: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a range has this number and a segment holds it."""
    return and_(_RANGES.c.minimum <= number, _RANGES.c.maximum >= number, _held_of_range(number))


def offers_free(number: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a range has this number and no segment holds it."""
    return and_(_RANGES.c.minimum <= number, _RANGES.c.maximum >= number, not_(_held_of_range(number)))


def _each(tx: Tx, looks: Sequence[tuple[Pool, Interval]], make: Any, values: dict[str, Any]) -> list[Row]:  # noqa: ANN401, a statement's maker
    rows: list[Row] = []
    for start in range(0, len(looks), AT_ONCE):
        part = looks[start : start + AT_ONCE]
        bound = dict(values)
        for place, (pool, (minimum, maximum)) in enumerate(part):
            bound |= {
                f"network_type_{place}": pool.network_type,
                f"scope_{place}": pool.scope,
                f"minimum_{place}": minimum,
                f"maximum_{place}": maximum,
            }
        rows += [(row[0] + start, *row[1:]) for row in tx.rows(make(len(part)), bound)]
    return rows


def _offer(row: Row) -> Offer:
    values = dict(zip(_OFFER_COLUMNS, row, strict=True))
    pool = Pool(values.pop("network_type"), values.pop("physical_network") or "")
    return Offer(pool=pool, interval=(values.pop("minimum"), values.pop("maximum")), **values)


def _scope() -> ColumnElement[str]:
    return func.coalesce(_RANGES.c.physical_network, "")


@cache
def _lock(alone: bool) -> Statement:  # noqa: FBT001, one of two statements
    return Statement(lambda dialect: dialect.lock_table(_RANGES, alone))


@cache
def _offers(of_one_scope: bool, alone: bool) -> Statement:  # noqa: FBT001, one of four statements
    columns = [_RANGES.c[name] for name in _OFFER_COLUMNS]
    conditions = [
        _RANGES.c.network_type == bindparam("network_type"),
        or_(
            _RANGES.c.shared == true(),
            _RANGES.c.project_id == bindparam("project_id"),
            _RANGES.c.state == RESERVED,
        ),
    ]
    if of_one_scope:
        conditions.append(_scope() == bindparam("scope", type_=String()))
    statement = select(*columns).where(*conditions).order_by(_RANGES.c.id)

    def make(dialect: Dialect) -> Any:  # noqa: ANN401, an executable
        return statement if dialect.locks_tables else statement.with_for_update(read=not alone)

    return Statement(make, columns)


@cache
def _reserved() -> Statement:
    columns = [_RANGES.c[name] for name in _OFFER_COLUMNS]
    statement = select(*columns).where(*_shares_a_number(), _RANGES.c.state == RESERVED).order_by(_RANGES.c.id)
    return Statement(statement, columns)


def _shares_a_number() -> tuple[ColumnElement[bool], ...]:
    return (
        _RANGES.c.network_type == bindparam("network_type"),
        _RANGES.c.minimum <= bindparam("maximum"),
        _RANGES.c.maximum >= bindparam("minimum"),
    )


@cache
def _take_scope() -> Statement:
    return Statement(lambda dialect: _taking(dialect, RANGE_SCOPES, {}))


def _taking(dialect: Dialect, table: Table, others: Mapping[str, ColumnElement[Any]]) -> Any:  # noqa: ANN401, an executable
    """Return the writing of rows of a pool, whether they are there or not."""
    names = ["network_type", "scope", *others, "version"]
    of_pool = [bindparam(name, type_=String()) for name in ("network_type", "scope")]
    rows = select(*of_pool, *others.values(), literal(0)).where(true())
    return dialect.insert_or_update(table, names, rows, {"version": table.c.version + 1})


@cache
def _take_slot() -> Statement:
    slot = bindparam("slot", type_=BigInteger())
    return Statement(lambda dialect: _taking(dialect, RANGE_SLOTS, {"slot": slot}))


@cache
def _take_all_slots() -> Statement:
    slots = union_all(*(select(literal(slot).label("slot")) for slot in range(SLOTS))).subquery("every")
    return Statement(lambda dialect: _taking(dialect, RANGE_SLOTS, {"slot": slots.c.slot}))


@cache
def _overlapping(reserved: bool) -> Statement:  # noqa: FBT001, one of two statements
    of_kind = _RANGES.c.state == RESERVED if reserved else _RANGES.c.state != RESERVED
    of_scope = _scope() == bindparam("scope", type_=String())
    statement = (
        select(_RANGES.c.id)
        .where(*_shares_a_number(), of_scope, _RANGES.c.id != bindparam("but"), of_kind)
        .order_by(_RANGES.c.minimum)
    )
    return Statement(statement, [_RANGES.c.id])


def _held_of_range(number: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(
        _SEGMENTS.c.network_type == _RANGES.c.network_type,
        _SEGMENTS.c.claim_scope == _scope(),
        _SEGMENTS.c.claim_id == number,
    )


def _held(place: int) -> ColumnElement[bool]:
    return and_(
        _SEGMENTS.c.network_type == bindparam(f"network_type_{place}"),
        _SEGMENTS.c.claim_scope == bindparam(f"scope_{place}"),
        _SEGMENTS.c.claim_id.between(bindparam(f"minimum_{place}"), bindparam(f"maximum_{place}")),
    )


@lru_cache(AT_ONCE)
def _counts(count: int) -> Statement:
    used, first = func.count().label("used"), func.min(_SEGMENTS.c.claim_id).label("first")
    columns = [literal(0).label("place"), used, first]
    counts = [select(literal(place).label("place"), used, first).where(_held(place)) for place in range(count)]
    table = union_all(*counts).subquery("counted")
    return Statement(select(table).order_by(table.c.place), columns)


@lru_cache(AT_ONCE)
def _holders(count: int) -> Statement:
    number, project_id = _SEGMENTS.c.claim_id, _NETWORKS.c.project_id
    held = _SEGMENTS.join(_NETWORKS, _NETWORKS.c.id == _SEGMENTS.c.network_id)
    firsts = [
        select(
            select(literal(place).label("place"), number, project_id)
            .select_from(held)
            .where(_held(place))
            .order_by(number)
            .limit(bindparam("limit"))
            .subquery(f"first_{place}")
        )
        for place in range(count)
    ]
    table = union_all(*firsts).subquery("holder")
    return Statement(select(table).order_by(table.c.place, table.c.claim_id), list(table.c))
