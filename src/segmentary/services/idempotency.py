"""Safe retry: a request that carries an Idempotency-Key is carried out once, and repeated only in its answer.

The key is taken in the transaction of the change: of two requests with one key the second waits for the first, and
where the first came to nothing the second is carried out. Refusals are not kept: they changed nothing.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from segmentary.db import answers
from segmentary.db.transaction import Tx
from segmentary.errors import IdempotencyKeyReused
from segmentary.services.call import Call

# Old answers are forgotten by about one keyed request in this many.
FORGET_EVERY = 64


@dataclass(frozen=True, slots=True)
class Once:
    """The key of a request, and a digest of the request that must be the same wherever the key is."""

    key: str
    fingerprint: str


def once(tx: Tx, call: Call, asked: Once, work: Callable[[Tx], bytes]) -> bytes:
    """Return the answer of `work`, or the one that was kept; raise `IdempotencyKeyReused` for another request's key."""
    key = answers.Key(call.actor.project_id, asked.key)
    oldest = _hours_before(tx.now, call.settings.idempotency_hours)
    if random.randrange(FORGET_EVERY) == 0:  # noqa: S311, spreads the work, no secret
        answers.forget(tx, oldest)
    while not (answers.take(tx, key, asked.fingerprint) or answers.take_over(tx, key, asked.fingerprint, oldest)):
        kept = answers.kept(tx, key)
        if kept is None:
            continue  # It was forgotten at this moment, so that it can be taken now.
        fingerprint, answer = kept
        if fingerprint != asked.fingerprint:
            raise IdempotencyKeyReused(key=asked.key)
        return answer.encode()
    made = work(tx)
    answers.keep(tx, key, made.decode())
    return made


def _hours_before(moment: str, hours: int) -> str:
    earlier = datetime.fromisoformat(moment) - timedelta(hours=hours)
    return earlier.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
