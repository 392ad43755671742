"""SELECT the rows that break a rule, made from the tables: what each constraint demands, and the rules of all rows.

    CHECK            rows for which it is not true          one reading of the table for all of its CHECKs
    UNIQUE           rows that share a key with another     GROUP BY ... HAVING COUNT(*) > 1
    FOREIGN KEY      rows whose parent is missing           an anti-join
    StoredRule       `segmentary.db.views`

A constraint may have been dropped, or switched off while rows were written: the rows are looked at all the same. The
database counts; what is read is the rows that are shown, however many break a rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    FromClause,
    Table,
    UniqueConstraint,
    and_,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    text,
    true,
)

from segmentary.catalog import BY_COLLECTION
from segmentary.db.forms import demanded
from segmentary.db.statement import Statement
from segmentary.db.tables import METADATA
from segmentary.db.transaction import Tx

FEWEST_FOR_A_COLLISION = 2


@dataclass(frozen=True, slots=True)
class Look:
    """A condition that rows break a rule by, and the columns that show it."""

    rule: str
    is_broken: ColumnElement[bool]
    shown: Sequence[ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Group:
    """Looks at the rows of one source, which are named by `key`."""

    collection: str
    source: FromClause
    key: Sequence[ColumnElement[Any]]
    looks: Sequence[Look]


@dataclass(frozen=True, slots=True)
class Broken:
    """How many rows break a rule, and the first of them: key and shown values by name."""

    rule: str
    collection: str
    count: int
    rows: Sequence[tuple[Mapping[str, object], Mapping[str, object]]]


def groups(tx: Tx) -> Iterator[Group]:
    """Give what the constraints of all tables demand, as they are declared."""
    for table in METADATA.sorted_tables:
        checks = [*_checks(table), *_forms(tx, table)]
        if checks:
            yield Group(table.name, table, _key(table), checks)
        for constraint in sorted(table.constraints, key=lambda one: str(one.name)):
            if isinstance(constraint, UniqueConstraint):
                yield _collisions(table, constraint)
            elif isinstance(constraint, ForeignKeyConstraint):
                yield _orphans(table, constraint)


def find(tx: Tx, group: Group, limit: int) -> list[Broken]:
    """Return for each rule of a group how many rows break it, and the first `limit` of those rows."""
    found = []
    for look, count in zip(group.looks, _counts(tx, group), strict=True):
        rows = _rows(tx, group, look, limit) if count and limit else []
        found.append(Broken(look.rule, str(group.collection), count, rows))
    return found


def count(tx: Tx, collection: str) -> int:
    """Return how many rows a table has."""
    column = func.count()
    row = tx.row(Statement(select(column).select_from(METADATA.tables[collection]), [column]), {})
    assert row is not None  # noqa: S101, an aggregate always makes a row
    return int(row[0])


def _counts(tx: Tx, group: Group) -> list[int]:
    if len(group.looks) == 1:
        counted: list[Any] = [func.count()]
        statement = select(*counted).select_from(group.source).where(group.looks[0].is_broken)
    else:
        counted = [func.sum(case((one.is_broken, 1), else_=0)) for one in group.looks]
        statement = select(*(one.label(f"broken_{place}") for place, one in enumerate(counted)))
        statement = statement.select_from(group.source)
    row = tx.row(Statement(statement, counted, literal=True), {})
    assert row is not None  # noqa: S101, as above
    return [int(one or 0) for one in row]


def _rows(tx: Tx, group: Group, look: Look, limit: int) -> list[tuple[Mapping[str, object], Mapping[str, object]]]:
    columns = [*group.key, *look.shown]
    labelled = [column.label(f"value_{place}") for place, column in enumerate(columns)]
    statement = select(*labelled).select_from(group.source).order_by(*group.key).limit(limit)
    statement = statement.where(look.is_broken)
    names = [str(column.name) for column in columns]
    width = len(group.key)
    return [
        (dict(zip(names[:width], row[:width], strict=True)), dict(zip(names[width:], row[width:], strict=True)))
        for row in tx.rows(Statement(statement, columns, literal=True), {})
    ]


def _key(table: Table) -> list[ColumnElement[Any]]:
    return list(table.primary_key.columns)


def _checks(table: Table) -> Iterator[Look]:
    for constraint in sorted(table.constraints, key=lambda one: str(one.name)):
        if isinstance(constraint, CheckConstraint) and constraint.columns:
            yield Look(str(constraint.name), not_(constraint.sqltext), list(constraint.columns))


def _forms(tx: Tx, table: Table) -> Iterator[Look]:
    """Give what stands in for a type that the database has not, for tables of records."""
    resource = BY_COLLECTION.get(table.name)
    if resource is None:
        return
    for one in resource.stored:
        form = tx.forms.get(type(one.kind))
        if form is not None:
            column = table.c[one.name]
            unfit: Any = text(f"NOT ({demanded(form, one.kind, f'{table.name}.{one.name}')})")
            broken = unfit if one.nullable else or_(column.is_(None), unfit)
            yield Look(f"{resource.name}_{one.name}_allowed", broken, [column])


def _collisions(table: Table, constraint: UniqueConstraint) -> Group:
    columns = list(constraint.columns)
    filled = [column.is_not(None) for column in columns]
    several = func.count() >= FEWEST_FOR_A_COLLISION
    twice = select(*columns).where(*filled).group_by(*columns).having(several).subquery("twice")
    joined = table.join(twice, and_(*(column == twice.c[column.name] for column in columns)))
    return Group(table.name, joined, _key(table), [Look(str(constraint.name), true(), columns)])


def _orphans(table: Table, constraint: ForeignKeyConstraint) -> Group:
    parent = constraint.referred_table.alias("parent")
    pairs = [(one.parent, parent.c[one.column.name]) for one in constraint.elements]
    named = [child.is_not(None) for child, _ in pairs]
    missing = and_(*named, ~exists().where(*(above == child for child, above in pairs)))
    look = Look(str(constraint.name), missing, [child for child, _ in pairs])
    return Group(table.name, table, _key(table), [look])
