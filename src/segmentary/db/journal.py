"""The journal: what was changed, by whom, in which request: the events, and what is kept of those that are dropped.

events     1 created   2 updated   3 updated   4 updated | 5 updated          drop through 4
journal    1 created                                       (4 only while nothing came after it)
"""

from functools import cache
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, exists, insert, or_, select, union_all

from segmentary.catalog.event import Verb
from segmentary.db.statement import Row, Statement
from segmentary.db.tables import EVENTS, JOURNAL
from segmentary.db.transaction import Tx

_COLUMNS = tuple(column.name for column in EVENTS.columns)
# The place of the event's type in a row.
TYPE = _COLUMNS.index("type")


def keep(tx: Tx, last: int) -> None:
    """Keep, of the events up to a number that are about to be dropped, creations and the last change of each record."""
    tx.execute(_forget(), {"last": last})
    tx.execute(_keep(), {"last": last})


def of_record(tx: Tx, resource_id: str, limit: int, project_id: str | None = None) -> list[Row]:
    """Return the newest changes of a record, only of a project's if that is given, oldest first."""
    values = {"value": resource_id, "limit": limit}
    if project_id is None:
        return list(reversed(tx.rows(_of("resource_id"), values)))
    return list(reversed(tx.rows(_of("resource_id", owned=True), {**values, "owner": project_id})))


def of_request(tx: Tx, request_id: str, limit: int) -> list[Row]:
    """Return the newest changes of a request, oldest first."""
    return list(reversed(tx.rows(_of("request_id"), {"value": request_id, "limit": limit})))


def one(tx: Tx, event_id: str) -> list[Row]:
    """Return one change, or nothing."""
    return tx.rows(_of("event_id"), {"value": event_id, "limit": 1})


def _is_creation(table: Table) -> Any:  # noqa: ANN401, a condition
    return table.c.type.like(f"%.{Verb.CREATED.value}")


@cache
def _forget() -> Statement:
    """Forget last changes that others of the same record came after."""
    later = exists().where(EVENTS.c.resource_id == JOURNAL.c.resource_id, EVENTS.c.sequence <= bindparam("last"))
    return Statement(delete(JOURNAL).where(~_is_creation(JOURNAL), later))


@cache
def _keep() -> Statement:
    later = EVENTS.alias("later")
    is_last = ~exists().where(later.c.resource_id == EVENTS.c.resource_id, later.c.id > EVENTS.c.id)
    chosen = and_(EVENTS.c.sequence <= bindparam("last"), or_(_is_creation(EVENTS), is_last))
    columns = [EVENTS.c[name] for name in _COLUMNS]
    return Statement(insert(JOURNAL).from_select(list(_COLUMNS), select(*columns).where(chosen)))


@cache
def _of(name: str, *, owned: bool = False) -> Statement:
    parts = []
    for table in (EVENTS, JOURNAL):
        wanted = table.c[name] == bindparam("value", type_=table.c[name].type)
        if owned:
            wanted &= table.c.project_id == bindparam("owner", type_=table.c.project_id.type)
        parts.append(select(*(table.c[column] for column in _COLUMNS)).where(wanted))
    found = union_all(*parts).subquery("found")
    columns = [found.c[column] for column in _COLUMNS]
    return Statement(select(*columns).order_by(found.c.id.desc()).limit(bindparam("limit")), columns)
