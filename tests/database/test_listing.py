"""Lists: filters, order with NULLs, and pages that together are the whole list, whatever the database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentary.catalog import Network, PhysicalNetwork, Segment
from segmentary.db import listing, records
from segmentary.db.statement import Prepared, Statement
from segmentary.db.transaction import Database
from segmentary.errors import NotFound
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.listing import ListQuery
from tests.rules.rows import fitting_row
from tests.rules.trial import insert
from tests.servers import schema

Row = Mapping[str, Any]
Find = Callable[..., list[Any]]
NETWORK, SEGMENT, PHYSICAL_NETWORK = describe(Network), describe(Segment), describe(PhysicalNetwork)
listed_resource = pytest.mark.parametrize(
    "resource", [NETWORK, SEGMENT, PHYSICAL_NETWORK], ids=["networks", "segments", "physical_networks"]
)
WORDS = ("", "a", "A", "a ", "ä", "ab", "z", "😀")
PROVIDER = {f"provider_{name}": name for name in ("network_type", "physical_network", "segmentation_id")}


def made_up_id(number: int) -> str:
    # an odd factor scatters the ids, so that their order is not that of inserting
    return str(UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))


def made_up_rows() -> dict[str, list[Row]]:
    """Return rows with many equal values and many NULLs, parents first; networks have 0 to 4 segments."""
    words = cycle(WORDS)
    physical_networks: list[Row] = [
        {"name": f"p{number}", "description": next(words), "mtu": (None, 1500, None, 9000, 68)[number % 5]}
        for number in range(16)
    ]
    networks: list[Row] = [
        {"name": next(words), "mtu": 1400 + number % 3, "shared": number % 2 == 0, "router_external": number % 7 == 0}
        for number in range(20)
    ]
    network_ids = [made_up_id(100 + number) for number in range(20)]
    segments: list[Row] = []
    for number in range(40):
        of_network = number * number % 17
        is_vlan = number % 3 == 0
        segments.append(
            {
                "name": None if number % 4 == 0 else next(words),
                "network_id": network_ids[of_network],
                "network_type": "vlan" if is_vlan else ("local" if number % 3 == 1 else "vxlan"),
                "physical_network": f"p{number % 5}" if is_vlan else None,
                "segmentation_id": None if number % 3 == 1 else number + 1,
                "segment_index": sum(one["network_id"] == network_ids[of_network] for one in segments),
            }
        )
    made: dict[str, Sequence[Row]] = {
        "physical_networks": physical_networks,
        "networks": networks,
        "segments": segments,
    }
    return {
        resource.collection: [
            {**fitting_row(resource), **row, "id": made_up_id(start + number)}
            for number, row in enumerate(made[resource.collection])
        ]
        for start, resource in ((0, PHYSICAL_NETWORK), (100, NETWORK), (200, SEGMENT))
    }


ROWS = made_up_rows()


@pytest.fixture
def stored_database(database_kind: str, database_url: str) -> Iterator[Database]:
    """Give a database in which `ROWS` are stored."""
    with closing(schema.connect(database_url)) as connection:
        for table, rows in ROWS.items():
            for row in rows:
                insert(database_kind, connection, table, row)
        connection.commit()
    with closing(Database(database_url, connections=1)) as database:
        yield database


@pytest.fixture
def find(stored_database: Database) -> Find:
    """Give a function that lists the records of a resource."""

    def run(resource: Resource, **query: Any) -> list[Any]:  # noqa: ANN401, fields of ListQuery
        rows = stored_database.read(lambda tx: listing.find(tx, resource, ListQuery(**query)))
        return records.as_records(resource.record, rows)

    return run


def in_order(rows: Sequence[Row], sort: Sequence[tuple[str, bool]]) -> list[str]:
    """Return the ids of rows in order: NULL below every value, text by its characters' numbers."""
    ordered = list(rows)
    for name, descending in reversed(sort):
        ordered.sort(key=lambda row, name=name: _with_null_lowest(row[name]), reverse=descending)  # type: ignore[misc]  # bound at once
    return [row["id"] for row in ordered]


def _with_null_lowest(value: Any) -> tuple[Any, ...]:  # noqa: ANN401, a stored value
    return () if value is None else (value,)


def sorts(resource: Resource) -> st.SearchStrategy[tuple[tuple[str, bool], ...]]:
    names = [one.name for one in resource.stored if one.sortable and one.name != "id"]
    keys = st.lists(st.tuples(st.sampled_from(names), st.booleans()), max_size=3, unique_by=lambda key: key[0])
    return st.builds(lambda some, last: (*some, ("id", last)), keys, st.booleans())


@listed_resource
def test_records_come_in_the_order_asked_for_with_null_below_every_value(find: Find, resource: Resource) -> None:
    rows = ROWS[resource.collection]

    @hypothesis.settings(max_examples=40)
    @given(sorts(resource))
    def agrees(sort: tuple[tuple[str, bool], ...]) -> None:
        assert [one.id for one in find(resource, sort=sort)] == in_order(rows, sort)

    agrees()


@listed_resource
def test_pages_in_either_direction_are_together_the_whole_list(find: Find, resource: Resource) -> None:
    rows = ROWS[resource.collection]

    @hypothesis.settings(max_examples=25)
    @given(sorts(resource), st.integers(1, len(rows) + 2))
    def agrees(sort: tuple[tuple[str, bool], ...], limit: int) -> None:
        expected = in_order(rows, sort)
        for reverse in (False, True):
            pages: list[list[str]] = []
            marker = None
            while not pages or len(pages[-1]) == limit:
                found = find(resource, sort=sort, limit=limit, marker=marker, reverse=reverse)
                pages.append([one.id for one in found])
                assert len(found) <= limit
                marker = (pages[-1][0 if reverse else -1]) if found else None
                assert len(pages) <= len(rows) + 1, "the pages do not end"
            assert [one for page in (pages[::-1] if reverse else pages) for one in page] == expected

    agrees()


@listed_resource
def test_page_after_and_page_before_a_record_are_slices_of_the_whole_list(find: Find, resource: Resource) -> None:
    rows = ROWS[resource.collection]

    @hypothesis.settings(max_examples=40)
    @given(sorts(resource), st.integers(1, 7), st.integers(0, len(rows) - 1))
    def agrees(sort: tuple[tuple[str, bool], ...], limit: int, place: int) -> None:
        expected = in_order(rows, sort)
        after = find(resource, sort=sort, limit=limit, marker=expected[place])
        before = find(resource, sort=sort, limit=limit, marker=expected[place], reverse=True)
        assert [one.id for one in after] == expected[place + 1 : place + 1 + limit]
        assert [one.id for one in before] == expected[max(0, place - limit) : place]

    agrees()


def wanted_values(resource: Resource) -> st.SearchStrategy[dict[str, tuple[Any, ...]]]:
    """Draw filters on one to three attributes, each with up to three values that are stored or are not."""
    rows = ROWS[resource.collection]
    names = [one.name for one in resource.stored if one.filterable and one.name != records.TAGS]
    values = {name: st.sampled_from(sorted({row[name] for row in rows} - {None}, key=repr)) for name in names}
    if resource is NETWORK:
        held = ROWS["segments"]
        values |= {
            name: st.sampled_from(sorted({one[part] for one in held} - {None}, key=repr))
            for name, part in PROVIDER.items()
        }
    return st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=3, unique=True).flatmap(
        lambda some: st.fixed_dictionaries({name: st.lists(values[name], max_size=3).map(tuple) for name in some})
    )


def has(resource: Resource, row: Row, name: str, wanted: Sequence[Any]) -> bool:
    if resource.by_name[name].stored:
        return row[name] in wanted
    return any(one[PROVIDER[name]] in wanted for one in ROWS["segments"] if one["network_id"] == row["id"])


@listed_resource
def test_filters_take_any_of_their_values_and_all_filters_count(find: Find, resource: Resource) -> None:
    @hypothesis.settings(max_examples=60)
    @given(wanted_values(resource), sorts(resource))
    def agrees(filters: dict[str, tuple[Any, ...]], sort: tuple[tuple[str, bool], ...]) -> None:
        rows = [
            row
            for row in ROWS[resource.collection]
            if all(has(resource, row, name, wanted) for name, wanted in filters.items())
        ]
        assert [one.id for one in find(resource, filters=filters, sort=sort)] == in_order(rows, sort)

    agrees()


def test_filter_without_values_matches_nothing(find: Find) -> None:
    assert find(NETWORK, filters={"name": ()}) == []
    assert find(NETWORK, filters={"provider_segmentation_id": ()}) == []


def test_text_is_compared_exactly(find: Find) -> None:
    for word in WORDS:
        found = find(NETWORK, filters={"name": (word,)})
        assert {one.name for one in found} == {word}


def test_value_that_no_column_can_hold_matches_nothing(find: Find) -> None:
    assert find(NETWORK, filters={"mtu": (10**18 - 1,)}) == []
    assert find(SEGMENT, filters={"segmentation_id": (10**18 - 1, -1)}) == []
    assert find(NETWORK, filters={"name": ("x" * 10_000,)}) == []


def test_every_record_is_shown_as_it_is_stored(find: Find) -> None:
    for resource in (NETWORK, SEGMENT, PHYSICAL_NETWORK):
        for one, row in zip(find(resource), sorted(ROWS[resource.collection], key=lambda row: row["id"]), strict=True):
            assert records.stored(one) == row


def test_networks_are_listed_with_their_segments_in_order_on_every_page(find: Find) -> None:
    for one in find(NETWORK, limit=7) + find(NETWORK):
        mine = sorted(
            (row for row in ROWS["segments"] if row["network_id"] == one.id), key=lambda row: row["segment_index"]
        )
        if len(mine) > 1:
            entries = [{f"provider:{part}": row[part] for part in PROVIDER.values()} for row in mine]
            assert one.segments == entries
        else:
            shown = {part: getattr(one, name) for name, part in PROVIDER.items()}
            assert shown == ({part: mine[0][part] for part in shown} if mine else dict.fromkeys(shown))


def test_page_after_an_unknown_record_is_refused_where_its_values_are_needed(find: Find) -> None:
    missing = made_up_id(999)
    with pytest.raises(NotFound):
        find(NETWORK, sort=(("name", False), ("id", False)), limit=5, marker=missing)
    following = sorted(row["id"] for row in ROWS["networks"] if row["id"] > missing)
    assert [one.id for one in find(NETWORK, limit=5, marker=missing)] == list(islice(following, 5))


def test_marker_without_limit_is_ignored(find: Find) -> None:
    assert find(NETWORK, marker=made_up_id(999)) == find(NETWORK)


@listed_resource
def test_number_of_statements_does_not_depend_on_the_number_of_records(
    stored_database: Database, monkeypatch: pytest.MonkeyPatch, find: Find, resource: Resource
) -> None:
    executed: list[Statement] = []
    prepared = stored_database.prepared

    def noted(statement: Statement) -> Prepared:
        executed.append(statement)
        return prepared(statement)

    monkeypatch.setattr(stored_database, "prepared", noted)
    for limit in (1, 10, None):
        executed.clear()
        assert len(find(resource, limit=limit)) == min(limit or 1000, len(ROWS[resource.collection]))
        assert len(executed) == 1
    first = ROWS[resource.collection][0]["id"]
    for limit in (1, 10):
        executed.clear()
        find(resource, sort=(("name", False), ("id", False)), limit=limit, marker=first)
        assert len(executed) == 2
