"""Records of any resource: what is written is what is read, by our code and past it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest

from segmentary.catalog import RESOURCES, Network, PhysicalNetwork, Segment
from segmentary.catalog.segment import SEGMENT_CLAIM
from segmentary.db import records
from segmentary.db.transaction import Database, Tx
from segmentary.errors import NetworkNotFound, NotFound, RevisionNumberConstraintFailed, TryAgain
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.kind import Flag, Timestamp
from tests.rules.rows import ID, fitting_row
from tests.servers import schema

RunSql = Callable[[str], Sequence[Sequence[Any]]]
each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)
TRY_TO_LOCK = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": f"SELECT id FROM networks WHERE id = '{ID}' FOR UPDATE NOWAIT",
    "mariadb": f"SELECT id FROM networks WHERE id = '{ID}' FOR UPDATE NOWAIT",
}
# Values that are spelled alike in no two databases' SQL, or that SQL would take for its own.
AWKWARD = "'; DROP TABLE networks; -- \" \\ % %s :name ? \t {} 😀"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url, connections=2)) as one:
        yield one


def record_of(resource: Resource, **values: object) -> Any:  # noqa: ANN401, a record of any resource
    """Return a fitting record; what is derived has its default."""
    derived = {one.name: one.default for one in resource.attributes if not one.stored}
    return resource.record(**{**derived, **fitting_row(resource), **values})


def insert_all(tx: Tx) -> None:
    """Insert one record of each resource, parents first."""
    for resource in RESOURCES:
        records.insert_records(tx, [record_of(resource)])


def stored_values(run_sql: RunSql, resource: Resource, record_id: str = ID) -> dict[str, object]:
    """Return a row in the form of our records, read past our code."""
    columns = ", ".join(resource.columns)
    (row,) = run_sql(f"SELECT {columns} FROM {resource.collection} WHERE id = '{record_id}'")
    values = dict(zip(resource.columns, row, strict=True))
    for one in resource.stored:
        if isinstance(one.kind, Timestamp):
            values[one.name] = str(values[one.name])[:19].replace(" ", "T") + "Z"
        elif isinstance(one.kind, Flag):
            values[one.name] = bool(values[one.name])
        elif one.name.endswith("id") and values[one.name] is not None and not isinstance(values[one.name], int):
            values[one.name] = str(values[one.name])
    return values


@each_resource
def test_record_is_stored_and_shown_with_every_value(database: Database, run_sql: RunSql, resource: Resource) -> None:
    database.run(insert_all)
    assert stored_values(run_sql, resource) == fitting_row(resource)
    row = database.read(lambda tx: records.show(tx, resource, ID))
    shown = dict(zip((one.name for one in resource.attributes), row, strict=True))
    assert {name: shown[name] for name in resource.columns} == fitting_row(resource)
    assert [type(shown[name]) for name in resource.columns] == [type(one) for one in fitting_row(resource).values()]


@each_resource
def test_record_that_does_not_exist_is_not_found_under_its_own_name(database: Database, resource: Resource) -> None:
    for act in (
        lambda tx: records.show(tx, resource, ID),
        lambda tx: records.lock(tx, resource.record, ID),
        lambda tx: records.lock(tx, resource.record, ID, revision=0),
    ):
        with pytest.raises(resource.not_found, match=ID):
            database.run(act)
    assert issubclass(resource.not_found, NotFound)


@each_resource
def test_change_stores_the_new_values_and_a_revision_and_keeps_the_rest(
    database: Database, run_sql: RunSql, resource: Resource
) -> None:
    database.run(insert_all)
    changed = {"description": AWKWARD} if "description" in resource.columns else {}

    def work(tx: Tx) -> tuple[Any, str]:
        before: Any = records.lock(tx, resource.record, ID)
        return records.change(tx, before, changed, beside=True), tx.now

    after, now = database.run(work)
    expected = {**fitting_row(resource), **changed, "updated_at": now, "revision_number": 1}
    assert records.stored(after) == expected
    assert stored_values(run_sql, resource) == expected


def test_change_touches_one_record_only(database: Database, run_sql: RunSql) -> None:
    other = str(uuid4())
    network = describe(Network)
    database.run(lambda tx: records.insert_records(tx, [record_of(network), record_of(network, id=other)]))
    database.run(lambda tx: records.change(tx, records.lock(tx, Network, ID), {"name": "blue", "mtu": 68}))
    assert stored_values(run_sql, network, other) == {**fitting_row(network), "id": other}
    assert stored_values(run_sql, network)["name"] == "blue"


@each_resource
def test_lock_at_the_revision_asked_for_and_no_other(database: Database, resource: Resource) -> None:
    database.run(insert_all)
    assert database.run(lambda tx: records.lock(tx, resource.record, ID, revision=0)).revision_number == 0
    with pytest.raises(RevisionNumberConstraintFailed) as refused:
        database.run(lambda tx: records.lock(tx, resource.record, ID, revision=7))
    assert refused.value.data == {"expected": 7, "current": 0}


def test_locked_record_cannot_be_locked_by_another_until_commit(
    database_kind: str, database: Database, database_url: str
) -> None:
    database.run(insert_all)
    with closing(schema.connect(database_url)) as other:
        cursor = other.cursor()
        if database_kind == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 0")

        def work(tx: Tx) -> None:
            records.lock(tx, Network, ID)
            with pytest.raises(database.dialect.errors):
                cursor.execute(TRY_TO_LOCK[database_kind])

        database.run(work)
        cursor.execute(TRY_TO_LOCK[database_kind])
        cursor.execute("ROLLBACK")


def test_removed_record_is_gone_and_no_other(database: Database, run_sql: RunSql) -> None:
    other = str(uuid4())
    network = describe(Network)
    database.run(lambda tx: records.insert_records(tx, [record_of(network), record_of(network, id=other)]))
    database.run(lambda tx: records.remove(tx, records.lock(tx, Network, ID)))
    assert [str(row[0]) for row in run_sql("SELECT id FROM networks")] == [other]
    with pytest.raises(NetworkNotFound):
        database.read(lambda tx: records.show(tx, network, ID))


def test_network_is_locked_and_shown_with_its_segments(database: Database) -> None:
    segment = describe(Segment)

    def insert(tx: Tx) -> None:
        records.insert_records(tx, [record_of(describe(PhysicalNetwork))])
        records.insert_records(tx, [record_of(describe(Network))])
        more = [{"id": str(uuid4()), "segment_index": number, "segmentation_id": 100 - number} for number in (2, 1)]
        records.insert_records(tx, [record_of(segment), *(record_of(segment, **values) for values in more)])

    database.run(insert)
    locked = database.run(lambda tx: records.lock(tx, Network, ID))
    row = database.read(lambda tx: records.show(tx, describe(Network), ID))
    assert records.as_records(Network, [row]) == [locked]
    entries: Any = locked.segments
    assert [one["provider:segmentation_id"] for one in entries] == [100, 99, 98]


def test_record_whose_key_is_held_is_not_inserted(database: Database, run_sql: RunSql) -> None:
    segment = describe(Segment)

    def work(tx: Tx) -> list[bool]:
        insert_all(tx)
        same_claim = record_of(segment, id=str(uuid4()), segment_index=1)
        free = record_of(segment, id=str(uuid4()), segment_index=1, segmentation_id=101)
        return [records.insert_unless_held(tx, one, SEGMENT_CLAIM) for one in (same_claim, free)]

    assert database.run(work) == [False, True]
    assert sorted(row[0] for row in run_sql("SELECT segmentation_id FROM segments")) == [100, 101]


def test_record_with_another_key_that_is_held_is_an_error(database: Database, run_sql: RunSql) -> None:
    def work(tx: Tx) -> bool:
        insert_all(tx)
        same_index = record_of(describe(Segment), id=str(uuid4()), segmentation_id=101)
        return records.insert_unless_held(tx, same_index, SEGMENT_CLAIM)

    with pytest.raises(TryAgain, match="segment_index_unique"):
        database.run(work)
    assert list(run_sql("SELECT id FROM segments")) == []


def test_record_that_refers_to_nothing_is_an_error_and_not_a_held_key(database: Database) -> None:
    orphan = record_of(describe(Segment), network_type="local", physical_network=None, segmentation_id=None)
    with pytest.raises(Exception) as refused:  # noqa: PT011, the class is compared below
        database.run(lambda tx: records.insert_unless_held(tx, orphan, SEGMENT_CLAIM))
    assert type(refused.value).__name__ == "TryAgain"
