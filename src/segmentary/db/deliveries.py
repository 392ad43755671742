"""How far event destinations are, which relay delivers to each, and the events they gave up.

    take(turns seen) -> beat, beat, advance, beat ... -> release, or the relay dies and `turns` stays as it is

A relay delivers to a destination while the destination's row has its id as `holder`. There is no lock and no clock to
compare: every write adds to `turns`, whoever sees a row stay as it is takes it by a write that demands the number seen,
and whoever lost it finds out by a write that changes no row. So it holds on a cluster too, where locks are per node.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, null, select
from sqlalchemy import update as sql_update

from segmentary.catalog.event import NumberedEvent
from segmentary.db.statement import Row, Statement, insertion
from segmentary.db.tables import DEAD_LETTERS, DELIVERIES, EVENTS, TABLES
from segmentary.db.transaction import Tx

ERROR_LENGTH = 255
_DESTINATIONS = TABLES["event_destinations"]
# The attributes of `NumberedEvent` in their order, as columns of a dead letter.
_EVENT = ("event_id", "sequence", "type", "created_at", "actor", "request_id", "resource_id", "payload")


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a destination is; `oldest` are sequence, type and time of the event after `acknowledged`, if any."""

    acknowledged: int
    latest: int
    oldest: tuple[int, str, str] | None
    dead_letters: int
    attempts: int
    failures: int
    last_error: str | None
    last_failed_at: str | None

    @property
    def lag(self) -> int:
        """How many numbers of the feed are after `acknowledged`."""
        return max(self.latest - self.acknowledged, 0)


@dataclass(frozen=True, slots=True)
class Lease:
    """Who delivers to a destination, as seen at one moment."""

    destination_id: str
    revision: int
    paused: bool
    holder: str | None
    turns: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a destination gave up after so many attempts, and why."""

    event: NumberedEvent
    attempts: int
    error: str
    died_at: str
    replay: bool

    @property
    def fate(self) -> dict[str, object]:
        """What became of the event, by the names that the API shows."""
        return {"attempts": self.attempts, "error": self.error, "died_at": self.died_at, "replay": self.replay}

    def dated(self, moment: str) -> "DeadLetter":
        """Return it with the time at which the destination gave it up."""
        return replace(self, died_at=moment)


def begin(tx: Tx, destination_id: str, after: int) -> None:
    """Note for a new destination the number after which it gets events."""
    row = {"destination_id": destination_id, "acknowledged": after, "turns": 0, "attempts": 0, "failures": 0}
    tx.later(_begin(), row)


def progress(tx: Tx, destination_ids: Sequence[str]) -> dict[str, Progress]:
    """Return how far destinations are, in one statement whatever their number."""
    if not destination_ids:
        return {}
    rows = tx.rows(_progress(len(destination_ids)), {f"id_{place}": one for place, one in enumerate(destination_ids)})
    return {
        row[0]: Progress(
            acknowledged=row[1],
            latest=row[2] or 0,
            oldest=(row[3], row[4], row[5]) if row[3] is not None else None,
            dead_letters=row[6],
            attempts=row[7],
            failures=row[8],
            last_error=row[9],
            last_failed_at=row[10],
        )
        for row in rows
    }


def leases(tx: Tx) -> list[Lease]:
    """Return who delivers to which destination."""
    return [Lease(*row) for row in tx.rows(_leases(), {})]


def take(tx: Tx, lease: Lease, holder: str) -> bool:
    """Become the one who delivers to a destination; tell whether that worked: not, if the row was written since."""
    return tx.execute(_take(), {"id": lease.destination_id, "seen": lease.turns, "new_holder": holder}) == 1


def beat(tx: Tx, holder: str) -> None:
    """Show that the relay lives."""
    tx.execute(_beat(), {"by": holder})


def release(tx: Tx, holder: str, destination_ids: Sequence[str]) -> None:
    """Give destinations up, so that another relay need not wait."""
    for one in destination_ids:
        tx.execute(_release(), {"id": one, "by": holder})


def advance(tx: Tx, destination_id: str, holder: str, acknowledged: int) -> bool:
    """Note that the receiver has everything up to a number; tell whether this relay still delivers to it."""
    return tx.execute(_advance(), {"id": destination_id, "by": holder, "new_acknowledged": acknowledged}) == 1


def fail(tx: Tx, destination_id: str, holder: str, error: str) -> bool:
    """Note that an attempt failed; tell whether this relay still delivers to the destination."""
    values = {"id": destination_id, "by": holder, "error": error[:ERROR_LENGTH], "failed_at": tx.now}
    return tx.execute(_fail(), values) == 1


def lowest_acknowledged(tx: Tx) -> int | None:
    """Return the number up to which every destination has all events, None if there is no destination."""
    row = tx.row(_lowest(), {})
    return row[0] if row else None


def bury(tx: Tx, destination_id: str, letters: Sequence[DeadLetter]) -> None:
    """Keep events as dead letters."""
    rows = [
        {
            "destination_id": destination_id,
            **dict(zip(_EVENT, _values(one.event), strict=True)),
            "attempts": one.attempts,
            "error": one.error[:ERROR_LENGTH],
            "died_at": one.died_at,
            "replay": one.replay,
        }
        for one in letters
    ]
    tx.execute_each(_bury(), rows)


def dead_letters(tx: Tx, destination_id: str, after: int, limit: int) -> list[DeadLetter]:
    """Return the next dead letters of a destination, by their numbers."""
    return _letters(tx.rows(_dead_letters(), {"id": destination_id, "after": after, "limit": limit}))


def replayed(tx: Tx, destination_id: str, limit: int) -> list[DeadLetter]:
    """Return the first of the dead letters that are to be sent again."""
    return _letters(tx.rows(_replayed(), {"id": destination_id, "limit": limit, "is_replayed": True}))


def dead_records(tx: Tx, destination_id: str) -> dict[str, bool]:
    """Return the ids of the records that dead letters are about, and whether those are to be sent again."""
    return {row[0]: bool(row[1]) for row in tx.rows(_dead_records(), {"id": destination_id, "is_replayed": True})}


def send_again(tx: Tx, destination_id: str, resource_id: str | None) -> None:
    """Have the dead letters of a destination, or only those about a record, sent again."""
    _mark_letters(tx, destination_id, resource_id, is_replayed=True)


def give_up(tx: Tx, destination_id: str, resource_id: str) -> None:
    """Have the dead letters about a record stay."""
    _mark_letters(tx, destination_id, resource_id, is_replayed=False)


def blame(tx: Tx, destination_id: str, letter: DeadLetter) -> None:
    """Note of a dead letter that it was refused once more."""
    values = {
        "sequence_of": letter.event.sequence,
        "new_attempts": letter.attempts,
        "new_error": letter.error[:ERROR_LENGTH],
    }
    tx.execute(_blame(), {"id": destination_id, **values})


def forget(tx: Tx, destination_id: str, sequence: int) -> bool:
    """Delete a dead letter; tell whether it was there."""
    return tx.execute(_forget(), {"id": destination_id, "sequence_of": sequence}) == 1


def touch(tx: Tx, destination_id: str) -> None:
    """Take turns with the relay, which writes the row of the destination before it looks at its dead letters."""
    tx.execute(_touch(), {"id": destination_id})


def _mark_letters(tx: Tx, destination_id: str, resource_id: str | None, *, is_replayed: bool) -> None:
    about = {} if resource_id is None else {"about": resource_id}
    tx.execute(_mark(bool(about)), {"id": destination_id, "new_replay": is_replayed, **about})


def _values(event: NumberedEvent) -> tuple[Any, ...]:
    return (
        event.id,
        event.sequence,
        event.type,
        event.time,
        event.actor,
        event.request_id,
        event.resource_id,
        event.payload,
    )


def _letters(rows: Sequence[Row]) -> list[DeadLetter]:
    width = len(_EVENT)
    return [DeadLetter(NumberedEvent(*row[:width]), *row[width:]) for row in rows]


def _is_it() -> ColumnElement[bool]:
    return DELIVERIES.c.destination_id == bindparam("id", type_=DELIVERIES.c.destination_id.type)


def _is_mine() -> ColumnElement[bool]:
    return DELIVERIES.c.holder == bindparam("by", type_=DELIVERIES.c.holder.type)


def _written(**values: Any) -> Mapping[str, Any]:  # noqa: ANN401, expressions
    """Return the values of a write of a destination's row."""
    return {"turns": DELIVERIES.c.turns + 1, **values}


def _of_destination() -> ColumnElement[bool]:
    return DEAD_LETTERS.c.destination_id == bindparam("id", type_=DEAD_LETTERS.c.destination_id.type)


def _letter_columns() -> list[ColumnElement[Any]]:
    letter = DEAD_LETTERS.c
    return [*(letter[name] for name in _EVENT), letter.attempts, letter.error, letter.died_at, letter.replay]


@cache
def _begin() -> Statement:
    return insertion(DELIVERIES, ("destination_id", "acknowledged", "turns", "attempts", "failures"))


@lru_cache(256)
def _progress(count: int) -> Statement:
    row = DELIVERIES.c
    latest = select(func.max(EVENTS.c.sequence)).scalar_subquery()
    letters = select(func.count()).where(DEAD_LETTERS.c.destination_id == row.destination_id).scalar_subquery()
    columns: list[Any] = [
        row.destination_id,
        row.acknowledged,
        latest.label("latest"),
        EVENTS.c.sequence,
        EVENTS.c.type,
        EVENTS.c.created_at,
        letters.label("dead_letters"),
        row.attempts,
        row.failures,
        row.last_error,
        row.last_failed_at,
    ]
    wanted = [bindparam(f"id_{place}", type_=row.destination_id.type) for place in range(count)]
    joined = DELIVERIES.outerjoin(EVENTS, EVENTS.c.sequence == row.acknowledged + 1)
    return Statement(select(*columns).select_from(joined).where(row.destination_id.in_(wanted)), columns)


@cache
def _leases() -> Statement:
    one = _DESTINATIONS.c
    columns = [one.id, one.revision_number, one.paused, DELIVERIES.c.holder, DELIVERIES.c.turns]
    joined = _DESTINATIONS.join(DELIVERIES, DELIVERIES.c.destination_id == one.id)
    return Statement(select(*columns).select_from(joined).order_by(one.id), columns)


@cache
def _take() -> Statement:
    is_as_seen = DELIVERIES.c.turns == bindparam("seen")
    return Statement(
        sql_update(DELIVERIES).where(_is_it(), is_as_seen).values(_written(holder=bindparam("new_holder")))
    )


@cache
def _beat() -> Statement:
    return Statement(sql_update(DELIVERIES).where(_is_mine()).values(_written()))


@cache
def _release() -> Statement:
    return Statement(sql_update(DELIVERIES).where(_is_it(), _is_mine()).values(_written(holder=null())))


@cache
def _advance() -> Statement:
    values = _written(acknowledged=bindparam("new_acknowledged"), attempts=0)
    return Statement(sql_update(DELIVERIES).where(_is_it(), _is_mine()).values(values))


@cache
def _fail() -> Statement:
    row = DELIVERIES.c
    values = _written(
        attempts=row.attempts + 1,
        failures=row.failures + 1,
        last_error=bindparam("error"),
        last_failed_at=bindparam("failed_at", type_=row.last_failed_at.type),
    )
    return Statement(sql_update(DELIVERIES).where(_is_it(), _is_mine()).values(values))


@cache
def _lowest() -> Statement:
    columns = [func.min(DELIVERIES.c.acknowledged)]
    return Statement(select(*columns), columns)


@cache
def _touch() -> Statement:
    return Statement(sql_update(DELIVERIES).where(_is_it()).values(_written()))


@cache
def _bury() -> Statement:
    return insertion(DEAD_LETTERS, [column.name for column in DEAD_LETTERS.columns])


@cache
def _dead_letters() -> Statement:
    columns = _letter_columns()
    chosen = select(*columns).where(_of_destination(), DEAD_LETTERS.c.sequence > bindparam("after"))
    return Statement(chosen.order_by(DEAD_LETTERS.c.sequence).limit(bindparam("limit")), columns)


@cache
def _replayed() -> Statement:
    columns = _letter_columns()
    chosen = select(*columns).where(_of_destination(), DEAD_LETTERS.c.replay == bindparam("is_replayed"))
    return Statement(chosen.order_by(DEAD_LETTERS.c.sequence).limit(bindparam("limit")), columns)


@cache
def _dead_records() -> Statement:
    waiting = func.max(case((DEAD_LETTERS.c.replay == bindparam("is_replayed"), 1), else_=0))
    columns: list[Any] = [DEAD_LETTERS.c.resource_id, waiting]
    grouped = select(*columns).where(_of_destination()).group_by(DEAD_LETTERS.c.resource_id)
    return Statement(grouped, [DEAD_LETTERS.c.resource_id, DEAD_LETTERS.c.sequence])


@lru_cache(2)
def _mark(is_about_record: bool) -> Statement:  # noqa: FBT001, a shape of the statement
    conditions = [_of_destination()]
    if is_about_record:
        conditions.append(DEAD_LETTERS.c.resource_id == bindparam("about", type_=DEAD_LETTERS.c.resource_id.type))
    return Statement(sql_update(DEAD_LETTERS).where(*conditions).values(replay=bindparam("new_replay")))


@cache
def _blame() -> Statement:
    is_it = DEAD_LETTERS.c.sequence == bindparam("sequence_of")
    values: dict[str, Any] = {"attempts": bindparam("new_attempts"), "error": bindparam("new_error")}
    return Statement(sql_update(DEAD_LETTERS).where(_of_destination(), is_it).values(values))


@cache
def _forget() -> Statement:
    is_it = DEAD_LETTERS.c.sequence == bindparam("sequence_of")
    return Statement(delete(DEAD_LETTERS).where(_of_destination(), is_it))
