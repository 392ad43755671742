"""Reading and writing records of any resource; one at a time by id, several at once set by set.

A row is a tuple of the values of a record's attributes, in the order of their declaration, the derived ones included:
lists are encoded from rows, without making records of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Table, bindparam, delete, select
from sqlalchemy import update as sql_update

from segmentary.db import sharing
from segmentary.db.sharing import Viewer
from segmentary.db.statement import Row, Statement, insertion
from segmentary.db.tables import KEYS, TABLES
from segmentary.db.transaction import Tx
from segmentary.errors import RevisionNumberConstraintFailed
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.rule import UniqueRule
from segmentary.rules.tags import pack, unpack

T = TypeVar("T")
# How many records one statement locks or changes; a power of two.
IDS_AT_ONCE = 512
# The attribute that is stored as a text of its own making.
TAGS = "tags"


def insert_records(tx: Tx, records: Sequence[Any]) -> None:
    """Insert records of one resource."""
    tx.execute_each(_insert(describe(records[0])), [stored(record) for record in records])


def insert_unless_held(tx: Tx, record: Any, rule: UniqueRule) -> bool:  # noqa: ANN401, a record of any resource
    """Insert a record; tell whether it was inserted: not, where another has the same key of this rule."""
    resource = describe(record)
    return tx.insert_unless_held(_insert_unless_held(resource, rule), stored(record), KEYS[rule.name])


def lock(tx: Tx, record: type[T], record_id: str, *, revision: int | None = None) -> T:
    """Return a record, which no other transaction can change until this one ends.

    Raises the resource's `NotFound`, or `RevisionNumberConstraintFailed` if `revision` is given and not the stored one.
    """
    resource = describe(record)
    row = tx.row(_lock(resource), {"id": record_id})
    if row is None:
        raise resource.not_found(id=record_id)
    found = as_records(record, complete(tx, resource, [row]))[0]
    if revision is not None:
        require_revision(found, revision)
    return found


def lock_several(tx: Tx, record: type[T], record_ids: Sequence[str]) -> list[T]:
    """Return records in the order of their ids, locked in this order; raise the resource's `NotFound`."""
    resource = describe(record)
    rows: list[Row] = []
    for ids in _chunks(sorted(record_ids)):
        rows += tx.rows(_lock_several(resource, len(ids)), _numbered(ids))
    found = as_records(record, complete(tx, resource, rows))
    missing = set(record_ids).difference(row[resource.columns.index("id")] for row in rows)
    if missing:
        raise resource.not_found(id=min(missing))
    return found


def require_revision(record: object, revision: int) -> None:
    """Raise `RevisionNumberConstraintFailed` unless the record is at this revision."""
    current = getattr(record, "revision_number")  # noqa: B009, every resource has it; `object` does not
    if current != revision:
        raise RevisionNumberConstraintFailed(expected=revision, current=current)


def show(tx: Tx, resource: Resource, record_id: str, viewer: Viewer | None = None) -> Row:
    """Return the row of one record, as a viewer is shown it; raise the resource's `NotFound`."""
    rows = tx.rows(_show(resource, 1, sharing.sees_all(viewer)), {"id_0": record_id, **sharing.values_of(viewer)})
    if not rows:
        raise resource.not_found(id=record_id)
    return _shown(resource, rows)


def show_several(tx: Tx, resource: Resource, ids: Sequence[str], viewer: Viewer | None = None) -> list[Row | None]:
    """Return the rows of at most `IDS_AT_ONCE` records in the order of their ids, None for each that there is not."""
    (asked,) = _chunks(ids)
    place, found = resource.columns.index("id"), dict[str, list[Row]]()
    for row in tx.rows(
        _show(resource, len(asked), sharing.sees_all(viewer)), _numbered(asked) | sharing.values_of(viewer)
    ):
        found.setdefault(row[place], []).append(row)
    return [_shown(resource, found[one]) if one in found else None for one in ids]


def _shown(resource: Resource, rows: Sequence[Row]) -> Row:
    """Return the row of all attributes from those of the statement for one record, a row for each part."""
    return without_parts(resource, rows)[0] if resource.parts is None else with_joined_parts(resource, rows)


def change(tx: Tx, before: T, changes: Mapping[str, object], *, beside: bool = False) -> T:
    """Store changes of a locked record and return it as it is now, a revision later.

    What changes nothing is no change: the record stays as it is, unless something `beside` its row has changed.
    """
    resource = describe(before)
    if not beside and all(getattr(before, name) == value for name, value in changes.items()):
        return before
    values = stored(before)
    values |= {**changes, "updated_at": tx.now, "revision_number": values["revision_number"] + 1}
    _pack_tags(values)
    tx.later(
        _update(resource),
        {f"new_{column}": values[column] for column in resource.columns if column != "id"} | {"row_id": values["id"]},
    )
    row = tuple([values[column] for column in resource.columns])
    return as_records(type(before), complete(tx, resource, [row]))[0]


def touch(tx: Tx, record: object, values: Mapping[str, object]) -> None:
    """Store values of a locked record that are no change of it: its revision stays."""
    overwrite(tx, replace(record, **values))  # type: ignore[type-var]  # every record is a dataclass


def by_ids(tx: Tx, resource: Resource, ids: Sequence[str]) -> list[Row]:
    """Return the rows of the records with these ids, in the order of the ids; those that are gone are left out."""
    if not ids:
        return []
    found = tx.rows(_by_ids(resource, len(ids)), {f"id_{number}": one for number, one in enumerate(ids)})
    rows = {row[resource.columns.index("id")]: row for row in found}
    return complete(tx, resource, [rows[one] for one in ids if one in rows])


def change_several(tx: Tx, before: Sequence[T], changes: Mapping[str, object]) -> list[T]:
    """Store the same changes of several locked records, which their parts do not depend on, and return them as now."""
    resource = describe(before[0])
    values = {**changes, "updated_at": tx.now}
    by_id = {one.id: one for one in before}  # type: ignore[attr-defined]  # every record has an id
    for ids in _chunks(sorted(by_id)):
        statement = _update_several(resource, tuple(values), len(ids))
        tx.later(statement, {f"new_{name}": value for name, value in values.items()} | _numbered(ids))
    return [
        replace(one, **values, revision_number=one.revision_number + 1)  # type: ignore[type-var,attr-defined]  # a record
        for one in before
    ]


def overwrite(tx: Tx, record: object) -> None:
    """Store all values of a record that this transaction has inserted."""
    values = {f"new_{column}": value for column, value in stored(record).items()}
    tx.later(_update(describe(record)), {**values, "row_id": values.pop("new_id")})


def remove(tx: Tx, record: object) -> None:
    """Delete a locked record."""
    resource = describe(record)
    tx.later(_delete(resource), {"id": getattr(record, "id")})  # noqa: B009, as above


def complete(tx: Tx, resource: Resource, rows: Sequence[Row]) -> list[Row]:
    """Return rows of columns as rows of all attributes: the derived ones are made from the records' parts.

    Without parts they have their defaults, until a service makes more of them.
    """
    if resource.parts is None or not rows:
        return without_parts(resource, rows)
    place = resource.columns.index("id")
    ids = [row[place] for row in rows]
    found = tx.rows(_parts(resource, len(ids)), {f"id_{number}": one for number, one in enumerate(ids)})
    parts: dict[str, list[Row]] = {}
    for part in found:
        parts.setdefault(part[0], []).append(part[1:])
    return [with_parts(resource, row, parts.get(row[place], [])) for row in rows]


def with_parts(resource: Resource, row: Row, parts: Sequence[Row]) -> Row:
    """Return a row of columns, with the rows of its parts, as a row of all attributes."""
    assert resource.parts is not None  # noqa: S101, only called for resources with parts
    values = dict(zip(resource.columns, row, strict=True))
    values |= resource.parts.derive(values, parts)
    return tuple([values[one.name] for one in resource.attributes])


def with_joined_parts(resource: Resource, rows: Sequence[Row]) -> Row:
    """Return the row of all attributes of one record, whose `rows` have its columns and those of a part each."""
    width = len(resource.columns)
    assert resource.parts is not None  # noqa: S101, only called for resources with parts
    end = width + 1 + len(resource.parts.columns)
    return with_parts(resource, rows[0][:width], [row[width + 1 : end] for row in rows if row[width] is not None])


def without_parts(resource: Resource, rows: Sequence[Row]) -> list[Row]:
    """Return rows of columns as rows of all attributes, the derived ones with their defaults."""
    if len(resource.stored) == len(resource.attributes):
        return rows if isinstance(rows, list) else list(rows)
    pick, defaults = _filling(resource)
    return [pick(row + defaults) for row in rows]


@cache
def _filling(resource: Resource) -> tuple[Callable[[Row], Row], Row]:
    """Return what puts a row of columns and, after them, the defaults of derived attributes in order; and those."""
    derived = [one for one in resource.attributes if not one.stored]
    names = [*resource.columns, *(one.name for one in derived)]
    return itemgetter(*(names.index(one.name) for one in resource.attributes)), tuple(one.default for one in derived)


def as_records(record: type[T], rows: Sequence[Row]) -> list[T]:
    """Return rows of all attributes as records; what stands after the attributes is left out."""
    resource = describe(record)
    names = [one.name for one in resource.attributes]
    if resource.tags is None:
        return [record(**dict(zip(names, row, strict=False))) for row in rows]
    return [record(**dict(zip(names, row, strict=False)) | {TAGS: unpack(row[resource.tags])}) for row in rows]


def stored(record: Any) -> dict[str, Any]:  # noqa: ANN401, a record of any resource
    """Return what is stored of a record, by column: its attributes as they are, the tags as one text."""
    resource = describe(record)
    values = {column: getattr(record, column) for column in resource.columns}
    _pack_tags(values)
    return values


def _pack_tags(values: dict[str, Any]) -> None:
    if isinstance(values.get(TAGS), tuple):
        values[TAGS] = pack(values[TAGS])


def columns_of(resource: Resource) -> list[Any]:
    """Return the columns of a record, without the generated ones."""
    table = TABLES[resource.collection]
    return [table.c[name] for name in resource.columns]


@cache
def _insert(resource: Resource) -> Statement:
    return insertion(TABLES[resource.collection], resource.columns)


@cache
def _insert_unless_held(resource: Resource, rule: UniqueRule) -> Statement:
    return Statement(lambda dialect: dialect.insert_unless_held(resource.columns, KEYS[rule.name]))


@cache
def _lock(resource: Resource) -> Statement:
    table, columns = TABLES[resource.collection], columns_of(resource)
    return Statement(select(*columns).where(table.c.id == bindparam("id")).with_for_update(), columns)


@cache
def _lock_several(resource: Resource, count: int) -> Statement:
    table, columns = TABLES[resource.collection], columns_of(resource)
    chosen = table.c.id.in_(_ids(table, count))
    return Statement(select(*columns).where(chosen).order_by(table.c.id).with_for_update(), columns)


@cache
def _show(resource: Resource, count: int, sees_all: bool | None = None) -> Statement:  # noqa: FBT001, by which it is kept
    """Return the statement for so many records with their parts: one, so that both are of one state."""
    table, columns = TABLES[resource.collection], sharing.columns_of(resource, sees_all=sees_all)
    asked = table.c.id.in_(_ids(table, count)) if count > 1 else table.c.id == bindparam("id_0")
    if resource.parts is None:
        return Statement(select(*columns).where(asked), columns)
    parts, key, order, names = parts_of(resource)
    columns += [parts.c[key], *(parts.c[name] for name in names)]
    joined = table.outerjoin(parts, parts.c[key] == table.c.id)
    return Statement(select(*columns).select_from(joined).where(asked).order_by(parts.c[order]), columns)


@lru_cache(256)
def _by_ids(resource: Resource, count: int) -> Statement:
    table, columns = TABLES[resource.collection], columns_of(resource)
    wanted = [bindparam(f"id_{number}", type_=table.c.id.type) for number in range(count)]
    return Statement(select(*columns).where(table.c.id.in_(wanted)), columns)


@cache
def _update(resource: Resource) -> Statement:
    table = TABLES[resource.collection]
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in resource.columns if name != "id"}
    return Statement(sql_update(table).where(table.c.id == bindparam("row_id")).values(values))


@cache
def _update_several(resource: Resource, names: tuple[str, ...], count: int) -> Statement:
    table = TABLES[resource.collection]
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    values["revision_number"] = table.c.revision_number + 1
    return Statement(sql_update(table).where(table.c.id.in_(_ids(table, count))).values(values))


@cache
def _delete(resource: Resource) -> Statement:
    table = TABLES[resource.collection]
    return Statement(delete(table).where(table.c.id == bindparam("id")))


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Return ids in parts of few different lengths, powers of two, the last one filled up with its last id.

    So that few statements serve any number of ids.
    """
    for start in range(0, len(ids), IDS_AT_ONCE):
        part = ids[start : start + IDS_AT_ONCE]
        missing = (1 << (len(part) - 1).bit_length()) - len(part)
        yield [*part, *[part[-1]] * missing]


def _numbered(ids: Sequence[str]) -> dict[str, str]:
    return {f"id_{place}": one for place, one in enumerate(ids)}


def _ids(table: Table, count: int) -> list[BindParameter[Any]]:
    return [bindparam(f"id_{place}", type_=table.c.id.type) for place in range(count)]


@cache
def _parts(resource: Resource, count: int) -> Statement:
    table, key, order, names = parts_of(resource)
    columns = [table.c[key], *(table.c[name] for name in names)]
    wanted = [bindparam(f"id_{number}", type_=table.c[key].type) for number in range(count)]
    return Statement(select(*columns).where(table.c[key].in_(wanted)).order_by(table.c[key], table.c[order]), columns)


def parts_of(resource: Resource) -> tuple[Table, str, str, tuple[str, ...]]:
    """Return the table of a resource's parts, the key that points to it, their order and the columns shown."""
    parts = resource.parts
    assert parts is not None  # noqa: S101, only called for resources with parts
    return TABLES[describe(parts.resource).collection], parts.key, parts.order, parts.columns
