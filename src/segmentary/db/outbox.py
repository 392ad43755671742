"""The outbox: event rows, written in the transaction of the change they tell of."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert

from segmentary.db.statement import Bindings, Statement
from segmentary.db.tables import EVENTS
from segmentary.db.transaction import Tx

_COLUMNS = ("event_id", "type", "resource_id", "payload", "actor", "request_id", "created_at")
_APPEND = Statement(insert(EVENTS).values({name: bindparam(name) for name in _COLUMNS}))


def append(tx: Tx, events: Sequence[Bindings]) -> None:
    """Write events, numbered later by the relay."""
    rows: list[dict[str, Any]] = [{**event, "created_at": tx.now} for event in events]
    tx.execute_each(_APPEND, rows)
