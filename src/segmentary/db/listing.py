"""Lists: filters, order and pages of any resource as one statement, made once for each shape of a query.

    page = records after the marker, in the order asked for

        ... a  b  c | d  e  f | g ...        marker c, limit 3: d e f        reverse, marker g, limit 3: d e f

A page is found by comparing with the marker's values (keyset), never by counting rows, so that it costs the same
wherever it lies, and stays right while records come and go.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, or_, select, union

from segmentary.db.dialects import NullsLow
from segmentary.db.records import columns_of, parts_of, with_parts, without_parts
from segmentary.db.statement import Row, Statement
from segmentary.db.tables import TABLES
from segmentary.db.transaction import Tx
from segmentary.rules.attribute import Resource
from segmentary.rules.kind import Constant
from segmentary.rules.listing import ListQuery

SHAPES = 512
MakeBranches = Callable[..., Sequence[ColumnElement[bool]]]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the text of a list statement depends on; the rest are bound values.

    `filters`: attribute and number of values. `after`: for each sort key whether the marker's value is NULL.
    """

    filters: tuple[tuple[str, int], ...]
    sort: tuple[tuple[str, bool], ...]
    after: tuple[bool, ...]
    limited: bool
    branches: tuple[MakeBranches, tuple[int, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Branches:
    """Parts of a table that a list is made of, each found by an index of its own; a record in several comes once.

    `make` returns the condition of each part, for `sizes` of what it is about; `values` are what those conditions bind.
    """

    make: MakeBranches
    sizes: tuple[int, ...]
    values: Mapping[str, object]


def find(tx: Tx, resource: Resource, query: ListQuery, branches: Branches | None = None) -> list[Row]:
    """Return the rows of the records asked for, in the order asked for; only those of the branches, if there are."""
    filters = _on_stored(resource, query.filters)
    values: dict[str, Any] = {
        f"{name}_{number}": value for name, one in filters.items() for number, value in enumerate(one)
    }
    sort = tuple((name, descending != query.reverse) for name, descending in query.sort)
    after: tuple[bool, ...] = ()
    if query.limit is not None and query.marker is not None:
        marker = _marker(tx, resource, query)
        if marker is not None:
            after = tuple(value is None for value in marker)
            values |= {
                f"after_{name}": value for (name, _), value in zip(sort, marker, strict=True) if value is not None
            }
    if query.limit is not None:
        values["limit"] = query.limit
    counts = tuple((name, len(one)) for name, one in filters.items())
    shape = _Shape(counts, sort, after, query.limit is not None, (branches.make, branches.sizes) if branches else None)
    values |= branches.values if branches else {}
    rows = tx.rows(_list(resource, shape), values)
    rows = _assembled(resource, rows)
    return rows[::-1] if query.reverse else rows


def _on_stored(resource: Resource, filters: Mapping[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Return the filters without those on constants: one met by all records is dropped, one met by none is empty."""
    on_stored: dict[str, tuple[object, ...]] = {}
    for name, wanted in filters.items():
        kind = resource.by_name[name].kind
        if not isinstance(kind, Constant):
            on_stored[name] = wanted
        elif kind.value not in wanted:
            on_stored[name] = ()
    return on_stored


def _marker(tx: Tx, resource: Resource, query: ListQuery) -> Row | None:
    """Return the marker's values of the sort keys; the id needs no look-up, so its record may be gone by now."""
    if [name for name, _ in query.sort] == ["id"]:
        return (query.marker,)
    names = tuple(name for name, _ in query.sort)
    row = tx.row(_marker_values(resource, names), {"id": query.marker})
    if row is None:
        raise resource.not_found(id=query.marker)
    return row


@lru_cache(SHAPES)
def _marker_values(resource: Resource, names: tuple[str, ...]) -> Statement:
    table = TABLES[resource.collection]
    columns = [table.c[name] for name in names]
    return Statement(select(*columns).where(table.c.id == bindparam("id")), columns)


@lru_cache(SHAPES)
def _list(resource: Resource, shape: _Shape) -> Statement:
    table, columns = TABLES[resource.collection], columns_of(resource)
    conditions = [_is_one_of(resource, name, count) for name, count in shape.filters]
    if shape.after:
        conditions.append(_is_after(table.c, shape.sort, shape.after))
    statement = _page(select(*columns).where(*conditions), table.c, shape)
    if shape.branches is not None:
        make, sizes = shape.branches
        parts = [
            select(_page(select(*columns).where(*conditions, branch), table.c, shape).subquery(f"branch_{place}"))
            for place, branch in enumerate(make(*sizes))
        ]
        found = union(*parts).subquery("found")
        statement = _page(select(found), found.c, shape)
    if resource.parts is None:
        return Statement(statement, columns)
    return _joined(resource, statement, shape.sort)


def _page(statement: Select[Any], columns: Any, shape: _Shape) -> Select[Any]:  # noqa: ANN401, columns
    """Return the statement in order, cut after a page."""
    ordered = statement.order_by(*_order(columns, shape.sort))
    return ordered.limit(bindparam("limit")) if shape.limited else ordered


def _joined(resource: Resource, statement: Select[Any], sort: Sequence[tuple[str, bool]]) -> Statement:
    """Return the list with its records' parts beside them: a row for each part, records in order, parts in order."""
    page = statement.subquery("page")
    table, key, order, names = parts_of(resource)
    columns = [*page.c, table.c[key], *(table.c[name] for name in names)]
    joined = (
        select(*columns)
        .select_from(page.outerjoin(table, table.c[key] == page.c.id))
        .order_by(*_order(page.c, sort), table.c[order])
    )
    return Statement(joined, columns)


def _assembled(resource: Resource, rows: list[Row]) -> list[Row]:
    """Return rows of all attributes from the rows of the statement."""
    if resource.parts is None:
        return [without_parts(resource, row) for row in rows]
    width, place = len(resource.columns), resource.columns.index("id")
    assembled: list[Row] = []
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end][place] != rows[start][place]:
            parts = [row[width + 1 :] for row in rows[start:end] if row[width] is not None]
            assembled.append(with_parts(resource, rows[start][:width], parts))
            start = end
    return assembled


def _is_one_of(resource: Resource, name: str, count: int) -> ColumnElement[bool]:
    if not count:
        return false()
    table, one = TABLES[resource.collection], resource.by_name[name]
    if one.stored:
        return _equals_any(table.c[name], name, count)
    parts, key, _, _ = parts_of(resource)
    assert one.part is not None  # noqa: S101, a filterable attribute is stored or belongs to a part
    return exists().where(parts.c[key] == table.c.id, _equals_any(parts.c[one.part], name, count))


def _equals_any(column: ColumnElement[Any], name: str, count: int) -> ColumnElement[bool]:
    wanted = [bindparam(f"{name}_{number}", type_=column.type) for number in range(count)]
    return column == wanted[0] if count == 1 else column.in_(wanted)


def _order(columns: Any, sort: Sequence[tuple[str, bool]]) -> list[ColumnElement[Any]]:  # noqa: ANN401, columns
    return [
        NullsLow(columns[name], descending=descending)
        if columns[name].nullable
        else (columns[name].desc() if descending else columns[name].asc())
        for name, descending in sort
    ]


def _is_after(columns: Any, sort: Sequence[tuple[str, bool]], nulls: Sequence[bool]) -> ColumnElement[bool]:  # noqa: ANN401
    """Return the condition that a row comes after the marker; NULL is smaller than every value.

    (first > m1) or (first = m1 and second > m2) or ...
    """
    alternatives: list[ColumnElement[bool]] = []
    equal_so_far: list[ColumnElement[bool]] = []
    for (name, descending), is_null in zip(sort, nulls, strict=True):
        column, value = columns[name], bindparam(f"after_{name}", type_=columns[name].type)
        if is_null:
            later = false() if descending else column.is_not(None)
            equal = column.is_(None)
        else:
            later = (column < value) if descending else (column > value)
            if descending and column.nullable:
                later = or_(later, column.is_(None))
            equal = column == value
        alternatives.append(and_(*equal_so_far, later))
        equal_so_far.append(equal)
    return or_(*alternatives)
