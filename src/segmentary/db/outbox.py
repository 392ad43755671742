"""The outbox: event rows, written in the transaction of the change they tell of, and the numbers readers know them by.

    transaction of a change     INSERT id=7, sequence NULL --COMMIT          many at once; ids commit in any order
    transaction of a relay      lock the relay's row -> committed rows without a number get the next ones, by id

A record's row is locked before its event is inserted, so of two events of one record the later has the higher id, and
sees the light later: numbers follow the order of the changes of each record. A number is given to committed rows only,
one transaction after the other: whoever has read up to number N has missed nothing up to N, and no number is left out.
Where there is one writer at a time, ids commit in their order, and the number is given with the row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, delete, false, func, select, true
from sqlalchemy import update as sql_update

from segmentary.catalog.event import NumberedEvent
from segmentary.db import journal
from segmentary.db.elements import NumberListed
from segmentary.db.statement import Bindings, Row, Statement, insertion
from segmentary.db.tables import EVENTS, RELAY
from segmentary.db.transaction import Tx

# Rows numbered, or dropped, in one transaction: few enough that nobody waits for it noticeably.
BATCH = 1000
SHAPES = 128
_PROJECTS = ("project_id", "actor_project_id")
_COLUMNS = ("event_id", "type", "resource_id", "payload", "actor", "request_id", "created_at", *_PROJECTS)
_SHOWN = ("event_id", "sequence", "type", "created_at", "actor", "request_id", "resource_id", "payload", *_PROJECTS)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of the feed: `oldest` and `latest` are the numbers kept at that moment, both 0 if there are none."""

    oldest: int
    latest: int
    events: list[NumberedEvent]


def append(tx: Tx, events: Sequence[Bindings]) -> None:
    """Write events."""
    rows: list[dict[str, Any]] = [{**event, "created_at": tx.now} for event in events]
    tx.execute_each(_append_numbered() if tx.one_writer else _append(), rows)


def state(tx: Tx) -> tuple[bool, int]:
    """Return whether committed events wait for a number, and the latest number, 0 if there is none."""
    row = tx.row(_state(), {})
    assert row is not None  # noqa: S101, scalar subqueries always make a row
    return row[0] is not None, row[1] or 0


def latest(tx: Tx) -> int:
    """Return the latest number, 0 if there is none."""
    row = tx.row(_latest(), {})
    return (row[0] if row else None) or 0


def number(tx: Tx) -> int:
    """Number committed events, at most `BATCH`, and return how many; others that number wait for this transaction."""
    take_turn(tx)
    waiting = tx.rows(_waiting(), {})
    if waiting:
        ids = ",".join([str(row[0]) for row in waiting])
        tx.execute(_number(), {"ids": f"[{ids}]", "latest": waiting[0][1]})
    return len(waiting)


def take_turn(tx: Tx) -> None:
    """Wait until no other transaction numbers or drops events; none does before the end of this one."""
    tx.execute(_take_turn(), {})


def limits(tx: Tx) -> tuple[int, int]:
    """Return the oldest and the latest number, both 0 if there is none."""
    row = tx.row(_limits(), {})
    assert row is not None  # noqa: S101, an aggregate always makes a row
    return row[0] or 0, row[1] or 0


def unnumbered(tx: Tx) -> int:
    """Return how many committed events have no number yet."""
    row = tx.row(_unnumbered(), {})
    assert row is not None  # noqa: S101, an aggregate always makes a row
    return int(row[0])


def excerpt(tx: Tx, after: int, limit: int, filters: Mapping[str, Sequence[str]]) -> Excerpt:
    """Return the first events numbered higher than `after` whose columns have one of the values given for them.

    One statement, so that the limits of the feed are those of the state that the events are read from.
    """
    values: dict[str, Any] = {
        f"{name}_{number}": value for name, wanted in filters.items() for number, value in enumerate(wanted)
    }
    shape = tuple((name, len(wanted)) for name, wanted in filters.items())
    rows = tx.rows(_excerpt(shape), {**values, "after": after, "limit": limit})
    oldest, newest = rows[0][:2]
    return Excerpt(oldest or 0, newest or 0, [NumberedEvent(*row[2:]) for row in rows if row[2] is not None])


def oldest_rows(tx: Tx) -> list[Row]:
    """Return number and time of the oldest numbered events, at most `BATCH`."""
    return tx.rows(_oldest(), {"limit": BATCH})


def drop_through(tx: Tx, sequence: int) -> int:
    """Delete the events up to a number and return how many; the journal keeps what is never dropped."""
    journal.keep(tx, sequence)
    return tx.execute(_drop(), {"last": sequence})


@cache
def _append() -> Statement:
    return insertion(EVENTS, _COLUMNS)


@cache
def _append_numbered() -> Statement:
    return insertion(
        EVENTS, _COLUMNS, sequence=select(func.coalesce(func.max(EVENTS.c.sequence), 0) + 1).scalar_subquery()
    )


def _one(column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Any:  # noqa: ANN401, a scalar subquery
    return select(column).where(*conditions).limit(1).scalar_subquery()


def highest() -> Any:  # noqa: ANN401, a scalar subquery
    """Return the latest number, to be selected beside something else."""
    return select(func.max(EVENTS.c.sequence)).scalar_subquery()


@cache
def _state() -> Statement:
    columns = [_one(EVENTS.c.id, EVENTS.c.sequence.is_(None)).label("waiting"), highest().label("latest")]
    return Statement(select(*columns), columns)


@cache
def _latest() -> Statement:
    columns = [func.max(EVENTS.c.sequence)]
    return Statement(select(*columns), columns)


@cache
def _unnumbered() -> Statement:
    columns = [func.count()]
    return Statement(select(*columns).where(EVENTS.c.sequence.is_(None)), columns)


@cache
def _limits() -> Statement:
    columns = [func.min(EVENTS.c.sequence), func.max(EVENTS.c.sequence)]
    return Statement(select(*columns), columns)


@cache
def _take_turn() -> Statement:
    return Statement(sql_update(RELAY).where(RELAY.c.id == 1).values(turns=RELAY.c.turns + 1))


@cache
def _waiting() -> Statement:
    highest = select(func.coalesce(func.max(EVENTS.c.sequence), 0)).scalar_subquery()
    columns = [EVENTS.c.id, highest.label("latest")]
    unnumbered = EVENTS.c.sequence.is_(None)
    return Statement(select(*columns).where(unnumbered).order_by(EVENTS.c.id).limit(BATCH), columns)


@cache
def _number() -> Statement:
    return Statement(NumberListed(bindparam("ids", type_=Text()), bindparam("latest", type_=BigInteger())))


@lru_cache(SHAPES)
def _excerpt(shape: tuple[tuple[str, int], ...]) -> Statement:
    conditions = [EVENTS.c.sequence > bindparam("after")]
    for name, count in shape:
        wanted = [bindparam(f"{name}_{number}", type_=EVENTS.c[name].type) for number in range(count)]
        conditions.append(EVENTS.c[name].in_(wanted) if wanted else false())
    shown = [EVENTS.c[name] for name in _SHOWN]
    found = select(*shown).where(*conditions).order_by(EVENTS.c.sequence).limit(bindparam("limit")).subquery("found")
    lowest = select(func.min(EVENTS.c.sequence)).scalar_subquery()
    limits = select(lowest.label("oldest"), highest().label("latest")).subquery("limits")
    columns = [limits.c.oldest, limits.c.latest, *(found.c[name] for name in _SHOWN)]
    joined = select(*columns).select_from(limits.outerjoin(found, true())).order_by(found.c.sequence)
    return Statement(joined, columns)


@cache
def _oldest() -> Statement:
    columns = [EVENTS.c.sequence, EVENTS.c.created_at]
    numbered = EVENTS.c.sequence.is_not(None)
    found = select(*columns).where(numbered).order_by(EVENTS.c.sequence).limit(bindparam("limit"))
    return Statement(found, columns)


@cache
def _drop() -> Statement:
    return Statement(delete(EVENTS).where(EVENTS.c.sequence <= bindparam("last")))
