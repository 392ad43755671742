"""Nothing invalid can be stored by direct SQL either, and the refusal names the rule where the database can."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from uuid import uuid4

import pytest

from segmentary.catalog import RESOURCES, Network, PhysicalNetwork, Segment
from segmentary.rules.attribute import describe
from tests.rules.rows import ID, TIME, fitting_row
from tests.rules.trial import insert
from tests.servers import schema

RunSql = Callable[[str], Sequence[Sequence[object]]]
Insert = Callable[..., None]
ROWS = {resource.collection: fitting_row(resource) for resource in RESOURCES}


@pytest.fixture
def insert_row(database_kind: str, database_url: str) -> Iterator[Insert]:
    """Give a function that inserts a fitting row with some values changed."""
    with closing(schema.connect(database_url)) as connection:

        def run(table: str, **values: object) -> None:
            insert(database_kind, connection, table, {**ROWS[table], "id": str(uuid4()), **values})

        yield run


@pytest.fixture
def stored(insert_row: Insert) -> Insert:
    """Give the same function, with a network, its vlan segment 100 and the physical networks p and q stored."""
    insert_row("physical_networks", name="p")
    insert_row("physical_networks", name="q")
    insert_row("networks", id=ID)
    insert_row("segments")
    return insert_row


# What is wrong: the changed values of a segment, and the rule that refuses them.
WRONG_SEGMENTS: Mapping[str, tuple[Mapping[str, object], str]] = {
    "vlan 9999": ({"segmentation_id": 9999}, "segment_vlan_id_range"),
    "vlan 4095": ({"segmentation_id": 4095}, "segment_vlan_id_range"),
    "vlan without an id": ({"segmentation_id": None}, "segment_vlan_id_range"),
    "vlan without a physical network": ({"physical_network": None}, "segment_vlan_physical_network"),
    "vxlan on a physical network": ({"network_type": "vxlan"}, "segment_vxlan_physical_network"),
    "type in capitals": ({"network_type": "VLAN"}, "segment_network_type_allowed"),
    "unknown type": ({"network_type": "nonsense"}, "segment_network_type_allowed"),
    "second holder of a vlan": ({"segmentation_id": 100}, "segment_claim"),
    "second segment with an index": ({"segment_index": 0}, "segment_index_unique"),
    "segment of a missing network": ({"network_id": str(uuid4())}, "segment_network"),
    "unknown physical network": ({"physical_network": "nowhere"}, "segment_physical_network_known"),
    "physical network with a space behind": ({"physical_network": "p "}, "segment_physical_network_known"),
    "physical network in capitals": ({"physical_network": "P"}, "segment_physical_network_known"),
}
# SQLite says which columns, and of a foreign key nothing.
SQLITE_SAYS = {
    "segment_claim": "UNIQUE constraint failed: segments.network_type, segments.claim_scope, segments.claim_id",
    "segment_index_unique": "UNIQUE constraint failed: segments.network_id, segments.segment_index",
    "segment_network": "FOREIGN KEY constraint failed",
    "segment_physical_network_known": "FOREIGN KEY constraint failed",
    "physical_network_name_unique": "UNIQUE constraint failed: physical_networks.name",
}


# Values with which a second fitting row collides with no other.
OTHER_KEYS: Mapping[str, Mapping[str, object]] = {
    "networks": {},
    "segments": {"segment_index": 7, "segmentation_id": 7},
    "physical_networks": {"name": "other"},
}


def refusal(act: Callable[..., object], *arguments: object, **values: object) -> str:
    with pytest.raises(Exception) as refused:  # noqa: PT011, each driver has errors of its own; the text is asserted
        act(*arguments, **values)
    return str(refused.value)


def name_in_text(kind: str, rule: str) -> str:
    return SQLITE_SAYS.get(rule, rule) if kind == "sqlite" else rule


@pytest.mark.parametrize("wrong", WRONG_SEGMENTS)
def test_wrong_segment_is_refused_by_name(database_kind: str, stored: Insert, run_sql: RunSql, wrong: str) -> None:
    values, rule = WRONG_SEGMENTS[wrong]
    text = refusal(stored, "segments", **{"segmentation_id": 101, "segment_index": 1, **values})
    assert name_in_text(database_kind, rule) in text
    assert run_sql("SELECT segmentation_id FROM segments") in ([(100,)], ((100,),))


def test_second_flat_segment_of_a_physical_network_is_refused_and_one_on_another_is_not(
    database_kind: str, stored: Insert
) -> None:
    flat = {"network_type": "flat", "segmentation_id": None}
    stored("segments", **flat, segment_index=1)
    stored("segments", **flat, segment_index=2, physical_network="q")
    assert name_in_text(database_kind, "segment_claim") in refusal(stored, "segments", **flat, segment_index=3)


def test_second_tunnel_with_an_id_is_refused_and_one_of_another_type_is_not(database_kind: str, stored: Insert) -> None:
    tunnel = {"network_type": "vxlan", "physical_network": None, "segmentation_id": 2**24 - 1}
    stored("segments", **tunnel, segment_index=1)
    stored("segments", **{**tunnel, "network_type": "geneve"}, segment_index=2)
    assert name_in_text(database_kind, "segment_claim") in refusal(stored, "segments", **tunnel, segment_index=3)


def test_local_segments_claim_nothing(stored: Insert, run_sql: RunSql) -> None:
    local = {"network_type": "local", "physical_network": None, "segmentation_id": None}
    for index in range(1, 4):
        stored("segments", **local, segment_index=index)
    assert len(run_sql("SELECT id FROM segments")) == 4


def test_same_vlan_on_another_physical_network_is_no_collision(stored: Insert, run_sql: RunSql) -> None:
    stored("segments", physical_network="q", segment_index=1)
    assert len(run_sql("SELECT id FROM segments")) == 2


def test_second_physical_network_of_a_name_is_refused_and_another_spelling_is_another_name(
    database_kind: str, stored: Insert
) -> None:
    assert name_in_text(database_kind, "physical_network_name_unique") in refusal(stored, "physical_networks", name="p")
    for name in ("P", "p ", "ṗ"):
        stored("physical_networks", name=name)


@pytest.mark.parametrize("statement", ["DELETE FROM networks", "UPDATE networks SET id = '{other}'"])
def test_network_with_segments_cannot_go(database_kind: str, stored: Insert, run_sql: RunSql, statement: str) -> None:
    del stored
    text = refusal(run_sql, statement.replace("{other}", str(uuid4())))
    assert name_in_text(database_kind, "segment_network") in text


@pytest.mark.parametrize("statement", ["DELETE FROM physical_networks", "UPDATE physical_networks SET name = 'r'"])
def test_physical_network_with_segments_cannot_go(
    database_kind: str, stored: Insert, run_sql: RunSql, statement: str
) -> None:
    del stored
    text = refusal(run_sql, f"{statement} WHERE name = 'p'")
    assert name_in_text(database_kind, "segment_physical_network_known") in text


@pytest.mark.parametrize("resource", [Network, Segment, PhysicalNetwork])
def test_second_record_with_an_id_is_refused(stored: Insert, run_sql: RunSql, resource: type) -> None:
    table = describe(resource).collection
    (known,) = run_sql(f"SELECT id FROM {table} LIMIT 1")[0]
    refusal(stored, table, id=known, **OTHER_KEYS[table])


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("networks", {"admin_state_up": 5}),
        ("networks", {"admin_state_up": None}),
        ("networks", {"mtu": "large"}),
        ("networks", {"mtu": None}),
        ("networks", {"name": None}),
        ("networks", {"created_at": "nonsense"}),
        ("segments", {"segmentation_id": "one hundred"}),
        ("segments", {"id": "not-a-uuid"}),
        ("segments", {"revision_number": -1}),
        ("physical_networks", {"mtu": 67}),
        ("physical_networks", {"id": None}),
    ],
    ids=str,
)
def test_value_of_another_type_is_refused(
    stored: Insert, run_sql: RunSql, table: str, values: Mapping[str, object]
) -> None:
    before = run_sql(f"SELECT * FROM {table} ORDER BY id")
    refusal(stored, table, **{**OTHER_KEYS[table], **values})
    assert run_sql(f"SELECT * FROM {table} ORDER BY id") == before


@pytest.mark.parametrize(
    "change",
    [
        "segmentation_id = 9999",
        "segmentation_id = NULL",
        "network_type = 'flat'",
        "physical_network = NULL",
        "segment_index = -1",
        "claim_id = 5",
        "claim_scope = 'q'",
        "admin_state_up = 1",
    ],
)
def test_update_of_a_segment_to_something_invalid_is_refused(stored: Insert, run_sql: RunSql, change: str) -> None:
    del stored
    before = run_sql("SELECT * FROM segments")
    refusal(run_sql, f"UPDATE segments SET {change}")
    assert run_sql("SELECT * FROM segments") == before


def test_time_is_stored_to_the_second(stored: Insert, run_sql: RunSql) -> None:
    del stored
    ((created_at,),) = run_sql("SELECT created_at FROM networks")
    assert str(created_at).replace(" ", "T")[:19] == TIME[:19]
