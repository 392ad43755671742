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

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, exists, false, func, not_, or_, select, union

from segmentary.catalog.standard import ANY_TAG, NO_TAG, NOT_ALL_TAGS
from segmentary.db import outbox, ranges, records
from segmentary.db.elements import NullsLow, PlaceIn
from segmentary.db.records import parts_of, with_joined_parts, without_parts
from segmentary.db.sharing import Viewer, column_of, columns_of, sees_all, values_of
from segmentary.db.statement import Row, Statement
from segmentary.db.tables import TABLES
from segmentary.db.transaction import Tx
from segmentary.rules.attribute import Resource
from segmentary.rules.kind import Constant, Integer
from segmentary.rules.listing import ListQuery
from segmentary.rules.tags import Tags

SHAPES = 512
MakeBranches = Callable[..., Sequence[ColumnElement[bool]]]
# Lists that are made from other records: the condition that one contains a value.
CONTAINING: Mapping[tuple[str, str], Callable[[ColumnElement[int]], ColumnElement[bool]]] = {
    ("network_segment_ranges", "used"): ranges.uses,
    ("network_segment_ranges", "available"): ranges.offers_free,
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the text of a list statement depends on; the rest are bound values.

    `filters`: attribute, number of values and whether none at all is one of them. `after`: for each sort key whether
    the marker's value is NULL. `numbered`: each row ends with the number of the latest event. `sees_all` is of the
    viewer, None if there is none.
    """

    filters: tuple[tuple[str, int, bool], ...]
    sort: tuple[tuple[str, bool], ...]
    after: tuple[bool, ...]
    limited: bool
    branches: tuple[MakeBranches, tuple[int, ...]] | None = None
    numbered: bool = False
    sees_all: bool | None = None


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
    return _found(tx, resource, query, branches, None, numbered=False)[0]


def find_numbered(
    tx: Tx, resource: Resource, query: ListQuery, branches: Branches | None = None, viewer: Viewer | None = None
) -> tuple[list[Row], int]:
    """Return the same as a viewer is shown them, and the number of the latest event whose change they tell of.

    Both are from one and the same statement.

    Where there are no rows to carry the number, it is asked for first, and then the list again.
    """
    rows, number = _found(tx, resource, query, branches, viewer, numbered=True)
    if rows:
        return rows, number or 0
    before = outbox.latest(tx)
    rows, number = _found(tx, resource, query, branches, viewer, numbered=True)
    return rows, number or before


def _found(  # noqa: PLR0913, what is asked of what, by whom, and what stands beside it
    tx: Tx, resource: Resource, query: ListQuery, branches: Branches | None, viewer: Viewer | None, *, numbered: bool
) -> tuple[list[Row], int | None]:
    """Return the rows and, if asked for, the number that the statement had beside them."""
    filters, values = _filters(resource, query)
    sort = tuple((name, descending != query.reverse) for name, descending in query.sort)
    after: tuple[bool, ...] = ()
    if query.limit is not None and query.marker is not None:
        marker = _marker(tx, resource, query, branches)
        if marker is not None:
            after = tuple(value is None for value in marker)
            values |= {
                f"after_{name}": value for (name, _), value in zip(sort, marker, strict=True) if value is not None
            }
    if query.limit is not None:
        values["limit"] = query.limit
    shape = _Shape(filters, sort, after, query.limit is not None, _shape_of(branches), numbered, sees_all(viewer))
    values |= {**(branches.values if branches else {}), **values_of(viewer)}
    rows = tx.rows(_list(resource, shape), values)
    number = rows[0][-1] if numbered and rows else None
    rows = _assembled(resource, rows, numbered=numbered)
    return rows[::-1] if query.reverse else rows, number


def count(
    tx: Tx, resource: Resource, query: ListQuery, branches: Branches | None = None, viewer: Viewer | None = None
) -> int:
    """Return how many records the filters (and branches) let through, whatever page is asked for."""
    filters, values = _filters(resource, query)
    values |= {**(branches.values if branches else {}), **values_of(viewer)}
    shape = _Shape(filters, (), (), limited=False, branches=_shape_of(branches), sees_all=sees_all(viewer))
    row = tx.row(_count(resource, shape), values)
    return int(row[0]) if row else 0


def _shape_of(branches: Branches | None) -> tuple[MakeBranches, tuple[int, ...]] | None:
    return (branches.make, branches.sizes) if branches else None


def _filters(resource: Resource, query: ListQuery) -> tuple[tuple[tuple[str, int, bool], ...], dict[str, Any]]:
    """Return the filters as a shape has them, and the values they bind.

    One on a constant is met by all records and dropped, or by none and empty. Numbers beyond the limits of the
    attribute are left out: no record has them, and a column may be too narrow to be compared with them.
    """
    shape: list[tuple[str, int, bool]] = []
    values: dict[str, Any] = {}
    for name, asked in query.filters.items():
        kind = resource.by_name[name].kind
        if isinstance(kind, Constant) and kind.value in asked:
            continue
        wanted = () if isinstance(kind, Constant) else asked
        if isinstance(kind, Integer):
            wanted = tuple([one for one in wanted if one is None or (isinstance(one, int) and kind.holds(one))])
        present = [value for value in wanted if value is not None]
        shape.append((name, len(present), len(present) < len(wanted)))
        if isinstance(kind, Tags):
            present = [f"\n{tag}\n" for tag in present]
        values |= {f"{name}_{number}": value for number, value in enumerate(present)}
    return tuple(shape), values


def _marker(tx: Tx, resource: Resource, query: ListQuery, branches: Branches | None) -> Row | None:
    """Return the marker's values of the sort keys, as the query has them or else as they are stored.

    With the values in the query, or where the id is the only key, the marker's record may be gone by now.
    """
    names = tuple(name for name, _ in query.sort)
    if query.marker_values is not None or names == ("id",):
        known = dict(query.marker_values or {}, id=query.marker)
        return tuple([known[name] for name in names])
    values = {"id": query.marker, **(branches.values if branches else {})}
    row = tx.row(_marker_values(resource, names, _shape_of(branches)), values)
    if row is None:
        raise resource.not_found(id=query.marker)
    return row


@lru_cache(SHAPES)
def _marker_values(
    resource: Resource, names: tuple[str, ...], branches: tuple[MakeBranches, tuple[int, ...]] | None
) -> Statement:
    table = TABLES[resource.collection]
    columns = [table.c[name] for name in names]
    statement = select(*columns).where(table.c.id == bindparam("id"))
    if branches is not None:  # a record that is no part of the list is no place in it
        make, sizes = branches
        statement = statement.where(or_(*make(*sizes)))
    return Statement(statement, columns)


@lru_cache(SHAPES)
def _list(resource: Resource, shape: _Shape) -> Statement:
    table, columns = TABLES[resource.collection], columns_of(resource, sees_all=shape.sees_all)
    conditions = [_is_one_of(resource, *one, shape.sees_all) for one in shape.filters]
    if shape.after:
        conditions.append(_is_after(table.c, shape.sort, shape.after))
    number = [outbox.highest().label("number")] if shape.numbered else []
    beside = [] if resource.parts else number
    if shape.branches is None:
        statement = _page(select(*columns, *beside).where(*conditions), table.c, shape)
    else:
        make, sizes = shape.branches
        parts = [
            select(_page(select(*columns).where(*conditions, branch), table.c, shape).subquery(f"branch_{place}"))
            for place, branch in enumerate(make(*sizes))
        ]
        found = union(*parts).subquery("found")
        statement = _page(select(*found.c, *beside), found.c, shape)
    if resource.parts is None:
        return Statement(statement, [*columns, *number])
    return _joined(resource, statement, shape.sort, number)


def _page(statement: Select[Any], columns: Any, shape: _Shape) -> Select[Any]:  # noqa: ANN401, columns
    """Return the statement in order, cut after a page."""
    ordered = statement.order_by(*_order(columns, shape.sort))
    return ordered.limit(bindparam("limit")) if shape.limited else ordered


@lru_cache(SHAPES)
def _count(resource: Resource, shape: _Shape) -> Statement:
    table, columns = TABLES[resource.collection], [func.count()]
    conditions = [_is_one_of(resource, *one, shape.sees_all) for one in shape.filters]
    if shape.branches is None:
        return Statement(select(*columns).select_from(table).where(*conditions), columns)
    make, sizes = shape.branches
    found = union(*(select(table.c.id).where(*conditions, branch) for branch in make(*sizes)))
    return Statement(select(*columns).select_from(found.subquery("found")), columns)


def _joined(
    resource: Resource, statement: Select[Any], sort: Sequence[tuple[str, bool]], beside: Sequence[ColumnElement[Any]]
) -> Statement:
    """Return the list with its records' parts beside them: a row for each part, records in order, parts in order."""
    page = statement.subquery("page")
    table, key, order, names = parts_of(resource)
    columns = [*page.c, table.c[key], *(table.c[name] for name in names), *beside]
    joined = (
        select(*columns)
        .select_from(page.outerjoin(table, table.c[key] == page.c.id))
        .order_by(*_order(page.c, sort), table.c[order])
    )
    return Statement(joined, columns)


def _assembled(resource: Resource, rows: list[Row], *, numbered: bool) -> list[Row]:
    """Return rows of all attributes from the rows of the statement.

    A number at the end stays where the rows are passed on as they are: whoever reads a row goes by places.
    """
    if resource.parts is None:
        is_made_anew = len(resource.stored) < len(resource.attributes)
        return without_parts(resource, [row[:-1] for row in rows] if numbered and is_made_anew else rows)
    place = resource.columns.index("id")
    assembled: list[Row] = []
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or rows[end][place] != rows[start][place]:
            assembled.append(with_joined_parts(resource, rows[start:end]))
            start = end
    return assembled


def _is_one_of(
    resource: Resource,
    name: str,
    count: int,
    or_none: bool,  # noqa: FBT001, a part of a shape
    sees_all: bool | None,  # noqa: FBT001, the same
) -> ColumnElement[bool]:
    """Return the condition that an attribute has one of `count` values, or none at all if that is asked for too."""
    if not count and not or_none:
        return false()
    table, one = TABLES[resource.collection], resource.by_name[name]
    if isinstance(one.kind, Tags):
        return _has_tags(table.c[records.TAGS], name, count)
    if one.stored:
        return _equals_any(column_of(resource, name, sees_all=sees_all), name, count, or_none=or_none)
    if one.part is None:
        contains = CONTAINING[resource.collection, name]
        return or_(*(contains(bindparam(f"{name}_{number}", type_=BigInteger())) for number in range(count)))
    parts, key, _, _ = parts_of(resource)
    part = exists().where(parts.c[key] == table.c.id)
    has_one = part.where(_equals_any(parts.c[one.part], name, count, or_none=or_none))
    return or_(has_one, ~part) if or_none else has_one


def _has_tags(column: ColumnElement[Any], name: str, count: int) -> ColumnElement[bool]:
    """Return the condition that one of the four filters by tags sets."""
    has = [PlaceIn(column, bindparam(f"{name}_{number}", type_=column.type)) > 0 for number in range(count)]
    meets = or_(*has) if name in {ANY_TAG, NO_TAG} else and_(*has)
    return not_(meets) if name in {NOT_ALL_TAGS, NO_TAG} else meets


def _equals_any(column: ColumnElement[Any], name: str, count: int, *, or_none: bool) -> ColumnElement[bool]:
    wanted = [bindparam(f"{name}_{number}", type_=column.type) for number in range(count)]
    conditions: list[ColumnElement[bool]] = []
    if wanted:
        conditions.append(column == wanted[0] if count == 1 else column.in_(wanted))
    if or_none:
        conditions.append(column.is_(None))
    return or_(*conditions)


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
