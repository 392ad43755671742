"""Our tables without their constraints, filled past the program with rows that break each rule; made from the tables.

What is broken is worked out a second time here, in Python, from the rows as the database gives them back.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateTable

from segmentary.catalog import BY_COLLECTION, RESOURCES
from segmentary.db.engine import parse_url
from segmentary.db.forms import FORMS
from segmentary.db.tables import METADATA, TABLES
from segmentary.db.types import UTC_TIME_TYPE, UUID_TYPE
from segmentary.rules.attribute import Resource
from segmentary.rules.kind import Flag, Timestamp, UnfitValueError, Uuid
from segmentary.rules.tags import Tags
from tests.rules.rows import TIME, accept_stored, fitting_row, rows_with_one_change
from tests.rules.trial import insert
from tests.servers import schema

# The columns that generated ones are made from.
SOURCES = {"claim_scope": "physical_network", "claim_id": "segmentation_id"}
Row = dict[str, Any]
Broken = set[tuple[str, str]]


def bare_tables(*, unique: bool) -> MetaData:
    """Return our tables with nothing but columns, primary keys and generated columns; with `unique` also other keys."""
    bare = MetaData()
    for table in METADATA.sorted_tables:
        columns = [
            Column(
                one.name,
                one.type,
                *([Computed(one.computed.sqltext, persisted=True)] if one.computed is not None else []),
                nullable=one.nullable,
                autoincrement=one.autoincrement,
            )
            for one in table.columns
        ]
        key = PrimaryKeyConstraint(*(one.name for one in table.primary_key))
        keys = [one for one in table.constraints if isinstance(one, UniqueConstraint)] if unique else []
        others = [UniqueConstraint(*(column.name for column in one.columns), name=one.name) for one in keys]
        Table(table.name, bare, *columns, key, *others, **table.dialect_kwargs)
    return bare


class Bare:
    """A database with bare tables; rows are inserted by the plain driver."""

    def __init__(self, kind: str, url: str, *, unique: bool = False) -> None:
        self._kind = kind
        self._connection = schema.connect(url)
        self._numbers = count(1)
        dialect = parse_url(url)[0].get_dialect()()
        for table in bare_tables(unique=unique).tables.values():
            self.run(str(CreateTable(table).compile(dialect=dialect)))

    def close(self) -> None:
        self._connection.close()

    def run(self, statement: str) -> Sequence[Sequence[Any]]:
        cursor = self._connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else ()

    def new_id(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._numbers):012}"

    def insert(self, table: str, **values: Any) -> Row:  # noqa: ANN401, values of any kind
        """Insert a row, a fitting one but for these values, that shares no key with another unless they say so."""
        row = {**self._base(METADATA.tables[table]), **values}
        insert(self._kind, self._connection, table, row)
        return row

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table with values as the program reads them."""
        of_table = METADATA.tables[table]
        names = [one.name for one in of_table.columns]
        found = self.run(f"SELECT {', '.join(names)} FROM {table}")
        return [{name: _read(of_table, name, value) for name, value in zip(names, row, strict=True)} for row in found]

    def told(self, collection: str, row_id: str, revision: int = 0, verb: str = "created") -> int:
        """Insert an event of a record and return its number."""
        name = BY_COLLECTION[collection].name
        number = next(self._numbers)
        self.insert(
            "events",
            id=number,
            sequence=len(self.run("SELECT id FROM events")) + 1,
            type=f"{name}.{verb}",
            resource_id=row_id,
            payload=f'{{"record": {{"revision_number": {revision}}}}}',
        )
        return number

    def _base(self, table: Table) -> Row:
        resource = BY_COLLECTION.get(table.name)
        number = next(self._numbers)
        row: Row = fitting_row(resource) if resource else {one.name: self._of_type(one) for one in table.columns}
        keys = {one.name for each in table.constraints if isinstance(each, UniqueConstraint) for one in each.columns}
        for one in table.columns:
            if one.name in keys and one.name in row and isinstance(one.type, Integer | BigInteger):
                row[one.name] = number
        return row | ({"id": self.new_id()} if resource else {})

    def _of_type(self, column: Column[Any]) -> object:
        if column.nullable:
            return None
        if column.type is UUID_TYPE:
            return self.new_id()
        if column.type is UTC_TIME_TYPE:
            return TIME
        if isinstance(column.type, Boolean):
            return False
        return next(self._numbers) if isinstance(column.type, Integer | BigInteger) else "x"


def _read(table: Table, name: str, value: Any) -> Any:  # noqa: ANN401, as the driver gives it
    resource = BY_COLLECTION.get(table.name)
    kind = resource.by_name[name].kind if resource and name in resource.by_name else None
    if value is None:
        return None
    if isinstance(kind, Flag) and value in {0, 1}:
        return bool(value)
    if isinstance(kind, Timestamp) and not isinstance(value, str):
        return TIME
    return str(value) if isinstance(kind, Uuid) or table.c[name].type is UUID_TYPE else value


def plant(bare: Bare) -> None:
    """Insert rows of which some break each rule that a constraint keeps."""
    bare.insert("physical_networks", name="p")
    network = bare.insert("networks", next_segment_index=10**6)
    for resource in RESOURCES:
        _plant_row_rules(bare, resource, {"network_id": network["id"]})
    for table in METADATA.sorted_tables:
        for constraint in table.constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                lost = {one.parent.name: _missing(one.parent) for one in constraint.elements}
                bare.insert(table.name, **lost)
            elif isinstance(constraint, UniqueConstraint):
                names = [SOURCES.get(one.name, one.name) for one in constraint.columns]
                first = bare.insert(table.name, **({"sequence": 1} if "sequence" in names else {}))
                same = {name: first[name] for name in names}
                bare.insert(table.name, **same)


def _missing(column: Column[Any]) -> object:
    return "00000000-0000-4000-8000-ffffffffffff" if column.type is UUID_TYPE else "missing"


def _plant_row_rules(bare: Bare, resource: Resource, parents: Row) -> None:
    """Insert for each rule the row that breaks it and the fewest others, if the database's types can hold one."""
    parents = {name: value for name, value in parents.items() if name in resource.columns}
    flags = ({**fitting_row(resource), one.name: 2} for one in resource.stored if isinstance(one.kind, Flag))
    candidates = [*rows_with_one_change(resource), *flags]
    wrong = sorted(((set(_broken_by(resource, row)), row) for row in candidates), key=lambda one: len(one[0]))
    missing = {rule for broken, _ in wrong for rule in broken}
    for broken, row in wrong:
        if not broken & missing:
            continue
        changed = {name: value for name, value in row.items() if value != fitting_row(resource)[name]}
        with suppress(Exception):  # the column's type refuses the value: the next one then
            bare.insert(resource.collection, **{**parents, **changed})
            missing -= broken


def broken_constraints(bare: Bare, kind: str) -> Broken:
    """Return which rows break which constraint, worked out in Python."""
    rows = {table.name: bare.rows(table.name) for table in METADATA.sorted_tables}
    found: Broken = set()
    for resource in RESOURCES:
        for row in rows[resource.collection]:
            found |= {(rule, row["id"]) for rule in _broken_by(resource, row, FORMS.get(kind, {}))}
    for table in METADATA.sorted_tables:
        for constraint in table.constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                found |= {(str(constraint.name), _name(table, row)) for row in _orphans(constraint, table, rows)}
            elif isinstance(constraint, UniqueConstraint):
                found |= {(str(constraint.name), _name(table, row)) for row in _twins(constraint, rows[table.name])}
    return found


def _broken_by(resource: Resource, row: Row, forms: Collection[type] = (Flag, Tags, Timestamp, Uuid)) -> Iterator[str]:
    yield from (rule.name for rule in resource.row_rules if not rule.holds(row))
    for one in resource.stored:
        if type(one.kind) in forms and not (one.nullable and row[one.name] is None):
            try:
                accept_stored(one.kind, row[one.name])
            except UnfitValueError:
                yield f"{resource.name}_{one.name}_allowed"


def _orphans(constraint: ForeignKeyConstraint, table: Table, rows: Mapping[str, list[Row]]) -> Iterator[Row]:
    parents = {
        tuple(row[one.column.name] for one in constraint.elements) for row in rows[constraint.referred_table.name]
    }
    for row in rows[table.name]:
        key = tuple(row[one.parent.name] for one in constraint.elements)
        if None not in key and key not in parents:
            yield row


def _twins(constraint: UniqueConstraint, rows: list[Row]) -> Iterator[Row]:
    names = [one.name for one in constraint.columns]
    keys = Counter(tuple(row[name] for name in names) for row in rows)
    for row in rows:
        key = tuple(row[name] for name in names)
        if None not in key and keys[key] > 1:
            yield row


def _name(table: Table, row: Row) -> str:
    names = [one.name for one in table.primary_key]
    return str(row[names[0]]) if len(names) == 1 else ", ".join(f"{name}={row[name]}" for name in names)


def tell_of_all(bare: Bare) -> None:
    """Give every record an event that fits it."""
    for collection in TABLES:
        for row in bare.rows(collection):
            bare.told(collection, row["id"], row.get("revision_number") or 0)
