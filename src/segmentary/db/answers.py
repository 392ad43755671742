"""Answers kept for requests that may be repeated, by their Idempotency-Key."""

from functools import cache

from sqlalchemy import bindparam, delete, select, update

from segmentary.db.statement import Statement
from segmentary.db.tables import ANSWERS
from segmentary.db.transaction import Tx


def take(tx: Tx, key: str, fingerprint: str) -> bool:
    """Take a key for this transaction; tell whether it was free. Waits for a transaction that is just using it."""
    values = {"idempotency_key": key, "fingerprint": fingerprint, "answer": "", "created_at": tx.now}
    return tx.insert_unless_held(_take(), values)


def keep(tx: Tx, key: str, answer: str) -> None:
    """Keep the answer of a key that this transaction has taken."""
    tx.later(_keep(), {"row_key": key, "new_answer": answer})


def kept(tx: Tx, key: str) -> tuple[str, str] | None:
    """Return the fingerprint and the answer of a key."""
    row = tx.row(_kept(), {"row_key": key})
    return (row[0], row[1]) if row else None


def forget(tx: Tx, before: str) -> None:
    """Forget the answers older than that time, in the wire form."""
    tx.later(_forget(), {"before": before})


@cache
def _take() -> Statement:
    names = ("idempotency_key", "fingerprint", "answer", "created_at")
    return Statement(lambda dialect: dialect.insert_unless_held(ANSWERS, names))


@cache
def _keep() -> Statement:
    is_it = ANSWERS.c.idempotency_key == bindparam("row_key")
    return Statement(update(ANSWERS).where(is_it).values(answer=bindparam("new_answer")))


@cache
def _kept() -> Statement:
    columns = [ANSWERS.c.fingerprint, ANSWERS.c.answer]
    return Statement(select(*columns).where(ANSWERS.c.idempotency_key == bindparam("row_key")), columns)


@cache
def _forget() -> Statement:
    return Statement(delete(ANSWERS).where(ANSWERS.c.created_at < bindparam("before", type_=ANSWERS.c.created_at.type)))
