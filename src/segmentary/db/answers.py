"""Answers kept for requests that may be repeated, by their project and Idempotency-Key."""

from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, select, update

from segmentary.db.statement import Statement
from segmentary.db.tables import ANSWERS
from segmentary.db.transaction import Tx

# How many old answers are forgotten at a time, those of the same second as the last of them too.
FORGOTTEN_AT_ONCE = 256


class Key(NamedTuple):
    """What a request is known by; two projects may use the same key for different things."""

    project_id: str
    idempotency_key: str


def take(tx: Tx, key: Key, fingerprint: str) -> bool:
    """Take a key for this transaction; tell whether it was free. Waits for a transaction that is just using it."""
    values = {**key._asdict(), "fingerprint": fingerprint, "answer": "", "created_at": tx.now}
    return tx.insert_unless_held(_take(), values, ANSWERS.primary_key)


def take_over(tx: Tx, key: Key, fingerprint: str, before: str) -> bool:
    """Take a key whose answer is older than that time, in the wire form; tell whether it was."""
    values = {**_row(key), "before": before, "new_fingerprint": fingerprint, "now": tx.now}
    return tx.execute(_take_over(), values) > 0


def keep(tx: Tx, key: Key, answer: str) -> None:
    """Keep the answer of a key that this transaction has taken."""
    tx.later(_keep(), {**_row(key), "new_answer": answer})


def kept(tx: Tx, key: Key) -> tuple[str, str] | None:
    """Return the fingerprint and the answer of a key."""
    row = tx.row(_kept(), _row(key))
    return (row[0], row[1]) if row else None


def forget(tx: Tx, before: str) -> None:
    """Forget some of the answers older than that time, in the wire form, the oldest first."""
    last = tx.row(_last_forgotten(), {"before": before})
    if last is None:
        tx.later(_forget_older(), {"before": before})
    else:
        tx.later(_forget_until(), {"until": last[0]})


def _row(key: Key) -> dict[str, str]:
    return {"row_project_id": key.project_id, "row_key": key.idempotency_key}


def _is_it() -> ColumnElement[bool]:
    return and_(ANSWERS.c.project_id == bindparam("row_project_id"), ANSWERS.c.idempotency_key == bindparam("row_key"))


def _is_older() -> ColumnElement[bool]:
    return ANSWERS.c.created_at < bindparam("before", type_=ANSWERS.c.created_at.type)


@cache
def _take() -> Statement:
    names = [column.name for column in ANSWERS.columns]
    return Statement(lambda dialect: dialect.insert_unless_held(names, ANSWERS.primary_key))


@cache
def _take_over() -> Statement:
    values = {
        "fingerprint": bindparam("new_fingerprint"),
        "answer": "",
        "created_at": bindparam("now", type_=ANSWERS.c.created_at.type),
    }
    return Statement(update(ANSWERS).where(_is_it(), _is_older()).values(values))


@cache
def _keep() -> Statement:
    return Statement(update(ANSWERS).where(_is_it()).values(answer=bindparam("new_answer")))


@cache
def _kept() -> Statement:
    columns = [ANSWERS.c.fingerprint, ANSWERS.c.answer]
    return Statement(select(*columns).where(_is_it()), columns)


@cache
def _last_forgotten() -> Statement:
    column = ANSWERS.c.created_at
    oldest = select(column).where(_is_older()).order_by(column)
    return Statement(oldest.limit(1).offset(FORGOTTEN_AT_ONCE - 1), [column])


@cache
def _forget_older() -> Statement:
    return Statement(delete(ANSWERS).where(_is_older()))


@cache
def _forget_until() -> Statement:
    until = bindparam("until", type_=ANSWERS.c.created_at.type)
    return Statement(delete(ANSWERS).where(ANSWERS.c.created_at <= until))
