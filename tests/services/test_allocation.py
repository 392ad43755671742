"""Which segmentation ID is chosen, and what is refused."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

import segmentary
from segmentary import Application
from segmentary.catalog import Network, SegmentRange
from segmentary.db import gaps, ranges
from segmentary.db.gaps import Pool
from segmentary.db.transaction import Tx
from segmentary.errors import (
    InvalidInput,
    InvalidSetting,
    NetworkNotFound,
    NoNetworkAvailable,
    RuleBroken,
    SegmentationIdReserved,
    SegmentsContainDuplicateEntry,
    SegmentsSetInConjunctionWithProviders,
    TunnelIdInUse,
    VlanIdInUse,
)
from segmentary.services import allocation

RunSql = Callable[[str], Sequence[Sequence[Any]]]
HOUR = 3_600_000_000  # in microseconds


def a_range(app: Application, minimum: int, maximum: int, **others: object) -> SegmentRange:
    """Create a VXLAN range, unless told otherwise."""
    return app.segment_ranges.create(**{"network_type": "vxlan", "minimum": minimum, "maximum": maximum, **others})


def a_vlan_range(app: Application, minimum: int, maximum: int, rack: str = "rack1", **others: object) -> SegmentRange:
    return a_range(app, minimum, maximum, network_type="vlan", physical_network=rack, **others)


def a_network(app: Application, network_type: str = "vxlan", **others: object) -> Network:
    return app.networks.create(provider_network_type=network_type, **others)


def chosen(app: Application, count: int = 1, network_type: str = "vxlan", **others: object) -> list[int]:
    """Create networks and return their IDs in order."""
    return [number_of(a_network(app, network_type, **others)) for _ in range(count)]


def number_of(network: Network) -> int:
    assert isinstance(network.provider_segmentation_id, int)
    return network.provider_segmentation_id


def stored_numbers(run_sql: RunSql) -> list[int]:
    return [row[0] for row in run_sql("SELECT segmentation_id FROM segments ORDER BY 1")]


def earlier(run_sql: RunSql, number: int, hours: int) -> None:
    """Move the release of an ID into the past."""
    run_sql(f"UPDATE releases SET released_at = released_at - {hours * HOUR} WHERE segmentation_id = {number}")


# ---- where an ID is chosen


def test_network_without_any_description_is_local(app: Application) -> None:
    a_range(app, 1, 10)
    network = app.networks.create()
    assert (network.provider_network_type, network.provider_segmentation_id) == ("local", None)


def test_network_without_any_description_gets_the_first_type_of_the_setting_that_has_room(database_url: str) -> None:
    with segmentary.open(database_url, project_network_types="vlan, vxlan,local") as app:
        a_vlan_range(app, 100, 100)
        a_range(app, 7, 7)
        made = [app.networks.create() for _ in range(4)]
        values = [(one.provider_network_type, one.provider_segmentation_id) for one in made]
        assert values == [("vlan", 100), ("vxlan", 7), ("local", None), ("local", None)]
        assert made[0].provider_physical_network == "rack1"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("types", ["flat", "vlan,", "VLAN", "vlan;vxlan"])
def test_setting_with_a_type_that_cannot_be_chosen_is_refused(database_url: str, types: str) -> None:
    with pytest.raises(InvalidSetting, match="project_network_types"):
        segmentary.open(database_url, project_network_types=types)


def test_physical_network_that_was_chosen_is_stored(app: Application, run_sql: RunSql) -> None:
    a_vlan_range(app, 100, 100, "rack1")
    a_vlan_range(app, 200, 200, "rack2")
    made = [a_network(app, "vlan") for _ in range(2)]
    assert [(one.provider_physical_network, one.provider_segmentation_id) for one in made] == [
        ("rack1", 100),
        ("rack2", 200),
    ]
    rows = run_sql("SELECT physical_network, segmentation_id FROM segments ORDER BY 2")
    assert [tuple(row) for row in rows] == [("rack1", 100), ("rack2", 200)]


def test_physical_network_that_is_asked_for_is_the_only_one_tried(app: Application) -> None:
    a_vlan_range(app, 100, 100, "rack1")
    a_vlan_range(app, 200, 200, "rack2")
    assert chosen(app, 1, "vlan", provider_physical_network="rack2") == [200]
    with pytest.raises(NoNetworkAvailable, match="vlan on rack2: shared range"):
        a_network(app, "vlan", provider_physical_network="rack2")


def test_segment_added_to_a_network_gets_an_id_of_the_networks_project(app: Application) -> None:
    a_range(app, 1, 10)
    a_range(app, 100, 100, shared=False, project_id="blue")
    network = app.networks.create(project_id="blue")
    first, second = (app.segments.create(network_id=network.id, network_type="vxlan") for _ in range(2))
    assert first.segmentation_id == 100
    assert second.segmentation_id in range(1, 11)


def test_segment_added_without_physical_network_stores_the_chosen_one(app: Application) -> None:
    a_vlan_range(app, 100, 100)
    segment = app.segments.create(network_id=app.networks.create().id, network_type="vlan")
    assert (segment.physical_network, segment.segmentation_id) == ("rack1", 100)


def test_ranges_of_the_project_come_first_then_shared_ones(app: Application) -> None:
    a_range(app, 1, 3)
    a_range(app, 10, 11, shared=False, project_id="blue")
    a_range(app, 20, 20, shared=False, project_id="blue")
    numbers = chosen(app, 6, project_id="blue")
    assert [set(numbers[:2]), numbers[2], set(numbers[3:])] == [{10, 11}, 20, {1, 2, 3}]


def test_id_of_another_projects_range_is_never_chosen(app: Application) -> None:
    a_range(app, 1, 2)
    a_range(app, 3, 6, shared=False, project_id="blue")
    a_range(app, 7, 7)
    assert set(chosen(app, 3, project_id="green")) == {1, 2, 7}
    with pytest.raises(NoNetworkAvailable) as refused:
        a_network(app, project_id="green")
    assert "3 to 6" not in refused.value.message


def test_range_created_changed_or_deleted_counts_at_once(app: Application) -> None:
    with pytest.raises(NoNetworkAvailable, match="vxlan: no range"):
        a_network(app)
    created = a_range(app, 5, 5)
    assert chosen(app) == [5]
    app.segment_ranges.update(created.id, maximum=6)
    assert chosen(app) == [6]
    app.segment_ranges.update(created.id, state="draining")
    with pytest.raises(NoNetworkAvailable):
        a_network(app)


# ---- the policies


def test_lowest_takes_the_lowest_free_id(app: Application) -> None:
    a_range(app, 10, 15, allocation="lowest")
    networks = [a_network(app) for _ in range(5)]
    assert [number_of(one) for one in networks] == [10, 11, 12, 13, 14]
    app.networks.delete(networks[3].id)
    app.networks.delete(networks[1].id)
    assert chosen(app, 3) == [11, 13, 15]


def test_random_takes_every_id_once(app: Application) -> None:
    a_range(app, 100, 139)
    numbers = chosen(app, 40)
    assert sorted(numbers) == list(range(100, 140))
    assert numbers != sorted(numbers)


def test_least_recently_released_takes_unused_ids_then_the_one_released_longest_ago(
    app: Application, run_sql: RunSql
) -> None:
    a_range(app, 10, 13, allocation="least_recently_released")
    networks = {number_of(one): one for one in (a_network(app) for _ in range(3))}
    (never_used,) = {10, 11, 12, 13} - set(networks)
    for hours, number in zip((1, 3, 2), networks, strict=True):
        app.networks.delete(networks[number].id)
        earlier(run_sql, number, hours)
    newest, oldest, middle = networks
    assert chosen(app, 4) == [never_used, oldest, middle, newest]


def test_least_recently_released_counts_across_what_is_reserved(app: Application, run_sql: RunSql) -> None:
    a_range(app, 10, 14, allocation="least_recently_released")
    a_range(app, 12, 12, state="reserved")
    networks = {number_of(one): one for one in (a_network(app) for _ in range(4))}
    for hours, number in enumerate((10, 14, 11, 13)):
        app.networks.delete(networks[number].id)
        earlier(run_sql, number, hours)
    assert chosen(app, 4) == [13, 11, 14, 10]


@pytest.mark.parametrize("policy", ["random", "lowest", "least_recently_released"])
def test_released_id_rests_for_the_cooldown_of_its_range(app: Application, run_sql: RunSql, policy: str) -> None:
    a_range(app, 10, 11, allocation=policy, cooldown=2 * 3600)
    networks = {number_of(one): one for one in (a_network(app) for _ in range(2))}
    app.networks.delete(networks[10].id)
    with pytest.raises(NoNetworkAvailable, match=r"\(2 IDs, 1 used, 1 in cooldown\)"):
        a_network(app)
    earlier(run_sql, 10, 1)
    with pytest.raises(NoNetworkAvailable):
        a_network(app)
    earlier(run_sql, 10, 1)
    assert chosen(app) == [10]


def test_cooldown_ends_when_the_range_gives_it_up(app: Application) -> None:
    created = a_range(app, 10, 10, cooldown=3600)
    app.networks.delete(a_network(app).id)
    app.segment_ranges.update(created.id, cooldown=0)
    assert chosen(app) == [10]


def test_resting_id_is_taken_by_whoever_asks_for_it(app: Application) -> None:
    a_range(app, 10, 10, cooldown=3600)
    app.networks.delete(a_network(app).id)
    assert number_of(a_network(app, provider_segmentation_id=10)) == 10


@pytest.mark.parametrize("forget_every", [1, 2**31])
def test_every_way_of_releasing_begins_the_cooldown(
    app: Application, run_sql: RunSql, monkeypatch: pytest.MonkeyPatch, forget_every: int
) -> None:
    monkeypatch.setattr(allocation, "FORGET_EVERY", forget_every)
    a_range(app, 1, 20, cooldown=3600, allocation="lowest")
    of_network, of_change = a_network(app), a_network(app)
    of_segment = app.segments.create(network_id=app.networks.create().id, network_type="vxlan")
    app.networks.delete(of_network.id)
    app.networks.update(of_change.id, provider_segmentation_id=20)
    app.segments.delete(of_segment.id)
    assert [row[0] for row in run_sql("SELECT segmentation_id FROM releases ORDER BY 1")] == [1, 2, 3]
    assert chosen(app) == [4]


def test_release_that_no_range_waits_for_is_not_noted(app: Application, run_sql: RunSql) -> None:
    a_range(app, 1, 10)
    a_range(app, 11, 20, cooldown=60)
    app.networks.delete(a_network(app, provider_segmentation_id=5).id)
    app.networks.delete(a_network(app, provider_segmentation_id=21).id)
    assert list(run_sql("SELECT segmentation_id FROM releases")) == []


def test_releases_that_no_range_waits_for_any_more_are_forgotten(
    app: Application, run_sql: RunSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_range(app, 1, 10, cooldown=2 * 3600)
    a_range(app, 11, 20, allocation="least_recently_released")
    deleted = a_range(app, 21, 30, cooldown=3600)
    for number in (1, 2, 11, 12, 21, 30):
        app.networks.delete(a_network(app, provider_segmentation_id=number).id)
    a_network(app, provider_segmentation_id=12)  # in use again
    app.segment_ranges.delete(deleted.id)
    earlier(run_sql, 1, 3)  # its cooldown is over
    earlier(run_sql, 2, 1)
    earlier(run_sql, 11, 1000)  # chosen by the time of its release, however long ago
    monkeypatch.setattr(allocation, "FORGET_EVERY", 1)
    app.networks.delete(a_network(app, provider_segmentation_id=13).id)
    assert [row[0] for row in run_sql("SELECT segmentation_id FROM releases ORDER BY 1")] == [2, 11, 13]


def test_release_is_not_forgotten_if_it_happens_again_meanwhile(
    app: Application, run_sql: RunSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_range(app, 1, 10, cooldown=3600)
    app.networks.delete(a_network(app, provider_segmentation_id=1).id)
    earlier(run_sql, 1, 2)
    moment = run_sql("SELECT released_at FROM releases")[0][0] + 3 * HOUR
    rows = Tx.rows

    def release_after_the_look(self: Tx, statement: Any, values: Any) -> Any:  # noqa: ANN401, a spy
        found = rows(self, statement, values)
        gaps.release(self, Pool("vxlan", ""), 1, moment)
        return found

    monkeypatch.setattr(Tx, "rows", release_after_the_look)
    app.database.run(lambda tx: gaps.forget_releases(tx, Pool("vxlan", ""), moment))
    monkeypatch.undo()
    assert [tuple(row) for row in run_sql("SELECT segmentation_id, released_at FROM releases")] == [(1, moment)]


# ---- draining and reserved


def test_draining_range_gives_nothing_new_and_keeps_what_is_used(app: Application) -> None:
    created = a_range(app, 10, 20)
    kept = a_network(app)
    drained = app.segment_ranges.update(created.id, state="draining")
    assert (drained.used_count, drained.available_count) == (1, 10)
    with pytest.raises(NoNetworkAvailable, match=r"10 to 20 \(11 IDs, 1 used, draining\)"):
        a_network(app)
    assert app.networks.show(kept.id) == kept
    free = 15 if number_of(kept) != 15 else 16
    assert number_of(a_network(app, provider_segmentation_id=free)) == free


def test_reserved_ids_inside_a_range_are_never_chosen(app: Application) -> None:
    a_range(app, 1, 12)
    a_range(app, 1, 2, state="reserved")
    a_range(app, 5, 8, state="reserved", shared=False, project_id="anyone")
    a_range(app, 12, 12, state="reserved")
    assert sorted(chosen(app, 5)) == [3, 4, 9, 10, 11]
    with pytest.raises(NoNetworkAvailable, match=r"1 to 12 \(12 IDs, 5 used, 7 reserved\)"):
        a_network(app)


def test_range_that_is_reserved_altogether_offers_nothing(app: Application) -> None:
    a_range(app, 1, 10)
    a_range(app, 1, 10, state="reserved")
    with pytest.raises(NoNetworkAvailable, match=r"\(10 IDs, 0 used, 10 reserved\)"):
        a_network(app)


def test_reserved_range_of_another_pool_does_not_matter(app: Application) -> None:
    a_vlan_range(app, 10, 10)
    a_vlan_range(app, 10, 10, "rack2", state="reserved")
    a_range(app, 10, 10, state="reserved")
    assert chosen(app, 1, "vlan", provider_physical_network="rack1") == [10]


@pytest.mark.parametrize(
    ("reserved", "why"),
    [
        ({"name": "uplinks", "description": "kept by the switch"}, "kept by the switch"),
        ({"name": "uplinks"}, "uplinks"),
        ({}, "no reason given"),
    ],
)
def test_reserved_id_that_is_asked_for_is_refused_with_the_reason(
    app: Application, run_sql: RunSql, reserved: dict[str, Any], why: str
) -> None:
    created = a_vlan_range(app, 100, 109, state="reserved", **reserved)
    network = app.networks.create()
    refused_with = rf"Segmentation ID 109 is reserved by range {created.id} \({why}\)"
    asked = {"physical_network": "rack1", "segmentation_id": 109}
    provider = {f"provider_{name}": value for name, value in asked.items()}
    with pytest.raises(SegmentationIdReserved, match=refused_with):
        a_network(app, "vlan", **provider)
    with pytest.raises(SegmentationIdReserved, match=refused_with):
        app.segments.create(network_id=network.id, network_type="vlan", **asked)
    assert [row[0] for row in run_sql("SELECT network_type FROM segments")] == ["local"]
    assert number_of(a_network(app, "vlan", use_reserved=True, **provider)) == 109
    again = asked | {"segmentation_id": 108}
    segment = app.segments.create(network_id=network.id, network_type="vlan", use_reserved=True, **again)
    assert segment.segmentation_id == 108


def test_reserved_id_in_the_middle_of_a_request_refuses_all_of_it(app: Application, run_sql: RunSql) -> None:
    a_range(app, 5, 5, state="reserved")
    items = [{"provider_network_type": "vxlan", "provider_segmentation_id": number} for number in (4, 5, 6)]
    with pytest.raises(SegmentationIdReserved, match="ID 5 is reserved"):
        app.networks.create_many(items)
    assert stored_numbers(run_sql) == []


# ---- asked for by number


@pytest.mark.parametrize("number", [15, 25, 35])
def test_explicit_id_is_claimed_inside_or_outside_any_range(app: Application, number: int) -> None:
    a_range(app, 10, 19)
    a_range(app, 20, 29, shared=False, project_id="blue")
    assert number_of(a_network(app, project_id="green", provider_segmentation_id=number)) == number


def test_explicit_id_that_is_held_is_refused_naming_the_holder(app: Application, run_sql: RunSql) -> None:
    a_range(app, 10, 10)
    a_vlan_range(app, 20, 20)
    tunnel, vlan = a_network(app), a_network(app, "vlan")
    (of_tunnel,), (of_vlan,) = (app.segments.list(network_id=one.id) for one in (tunnel, vlan))
    with pytest.raises(TunnelIdInUse, match=f"10 is in use by segment {of_tunnel.id} of network {tunnel.id}"):
        a_network(app, provider_segmentation_id=10)
    with pytest.raises(VlanIdInUse, match=f"20 on physical network rack1 .* segment {of_vlan.id} of network {vlan.id}"):
        a_network(app, "vlan", provider_physical_network="rack1", provider_segmentation_id=20)
    assert stored_numbers(run_sql) == [10, 20]


def test_explicit_id_is_passed_over_by_the_choice(app: Application) -> None:
    a_range(app, 1, 4)
    a_network(app, provider_segmentation_id=2)
    assert set(chosen(app, 3)) == {1, 3, 4}


def test_released_id_is_free_at_once(app: Application) -> None:
    a_range(app, 10, 10)
    for _ in range(3):
        network = a_network(app)
        with pytest.raises(NoNetworkAvailable):
            a_network(app)
        app.networks.delete(network.id)
    segment = app.segments.create(network_id=app.networks.create().id, network_type="vxlan")
    app.segments.delete(segment.id)
    assert chosen(app) == [10]


# ---- changing the ID of a network


def test_id_of_a_network_changes_and_the_old_one_is_free(app: Application, run_sql: RunSql) -> None:
    a_range(app, 10, 11, allocation="lowest")
    network = a_network(app)
    changed = app.networks.update(network.id, provider_segmentation_id=11)
    assert number_of(changed) == 11
    assert changed.revision_number == network.revision_number + 1
    assert stored_numbers(run_sql) == [11]
    assert chosen(app) == [10]


def test_current_id_may_be_sent_again_even_where_it_is_reserved(app: Application) -> None:
    a_range(app, 10, 10)
    network = a_network(app)
    a_range(app, 10, 10, state="reserved")
    same = app.networks.update(network.id, name="new", provider_network_type="vxlan", provider_segmentation_id=10)
    assert (same.name, same.provider_segmentation_id) == ("new", 10)


def test_id_that_another_holds_is_not_given_by_a_change(app: Application, run_sql: RunSql) -> None:
    first = a_network(app, provider_segmentation_id=1)
    second = a_network(app, provider_segmentation_id=2)
    with pytest.raises(TunnelIdInUse, match=f"1 is in use by segment .* of network {first.id}"):
        app.networks.update(second.id, name="new", provider_segmentation_id=1)
    assert app.networks.show(second.id) == second
    assert stored_numbers(run_sql) == [1, 2]


def test_reserved_id_is_given_by_a_change_only_to_whoever_says_so(app: Application) -> None:
    a_range(app, 5, 5, state="reserved")
    network = a_network(app, provider_segmentation_id=4)
    with pytest.raises(SegmentationIdReserved, match="ID 5 is reserved"):
        app.networks.update(network.id, provider_segmentation_id=5)
    assert number_of(app.networks.update(network.id, provider_segmentation_id=5, use_reserved=True)) == 5


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("number", [0, 4095, -1, 2**32])
def test_change_to_an_id_outside_the_type_is_refused(app: Application, number: int) -> None:
    a_vlan_range(app, 1, 10)
    network = a_network(app, "vlan")
    with pytest.raises(InvalidInput, match="1 to 4094"):
        app.networks.update(network.id, provider_segmentation_id=number)
    assert app.networks.show(network.id) == network


def test_id_of_a_network_with_several_segments_is_not_changed(app: Application) -> None:
    network = a_network(app, provider_segmentation_id=1)
    app.segments.create(network_id=network.id, network_type="gre", segmentation_id=2)
    with pytest.raises(RuleBroken, match="has 2 segments"):
        app.networks.update(network.id, provider_segmentation_id=3)


# ---- networks of several segments


def entry(network_type: str, physical_network: str | None = None, segmentation_id: int | None = None) -> dict[str, Any]:
    values = {
        "provider:network_type": network_type,
        "provider:physical_network": physical_network,
        "provider:segmentation_id": segmentation_id,
    }
    return {name: value for name, value in values.items() if value is not None}


def test_each_segment_of_a_network_gets_an_id_of_its_own(app: Application, run_sql: RunSql) -> None:
    a_range(app, 10, 11)
    a_vlan_range(app, 100, 100)
    a_vlan_range(app, 200, 200, "rack2")
    entries = [
        entry("vlan"),
        entry("vxlan"),
        entry("vlan", "rack2"),
        entry("vxlan"),
        entry("gre", None, 7),
        entry("local"),
    ]
    network = app.networks.create(segments=entries)
    assert isinstance(network.segments, list)
    shown = [tuple(one.values()) for one in network.segments]
    assert shown[0] == ("vlan", "rack1", 100)
    assert {shown[1], shown[3]} == {("vxlan", None, 10), ("vxlan", None, 11)}
    assert shown[2] == ("vlan", "rack2", 200)
    assert shown[4:] == [("gre", None, 7), ("local", None, None)]
    stored = run_sql("SELECT network_type, physical_network, segmentation_id FROM segments ORDER BY segment_index")
    assert [tuple(row) for row in stored] == shown
    assert app.networks.show(network.id) == network


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (entry("vlan"), NoNetworkAvailable),
        (entry("gre", None, 7), TunnelIdInUse),
        (entry("vxlan", None, 50), SegmentationIdReserved),
        (entry("vlan", "nowhere"), RuleBroken),
        (entry("vlan", "rack1", 4095), RuleBroken),
    ],
)
def test_segments_of_a_network_are_created_all_or_none(
    app: Application, run_sql: RunSql, last: dict[str, Any], error: type[Exception]
) -> None:
    a_range(app, 10, 19)
    a_range(app, 50, 50, state="reserved")
    a_vlan_range(app, 100, 100)
    a_network(app, "vlan")
    a_network(app, "gre", provider_segmentation_id=7)
    before = [run_sql(f"SELECT count(*) FROM {table}")[0][0] for table in ("networks", "segments", "events")]
    with pytest.raises(error):
        app.networks.create(segments=[entry("vxlan"), last])
    after = [run_sql(f"SELECT count(*) FROM {table}")[0][0] for table in ("networks", "segments", "events")]
    assert after == before


@pytest.mark.databases("sqlite")
def test_contradicting_descriptions_of_segments_are_refused(app: Application) -> None:
    with pytest.raises(SegmentsSetInConjunctionWithProviders):
        app.networks.create(provider_network_type="local", segments=[entry("local")])
    with pytest.raises(SegmentsContainDuplicateEntry):
        app.networks.create(segments=[entry("gre", None, 7), entry("gre", None, 7)])


def test_id_that_an_entry_asks_for_is_not_chosen_for_another(app: Application) -> None:
    a_range(app, 1, 3, allocation="lowest")
    network = app.networks.create(segments=[entry("vxlan"), entry("vxlan", None, 1), entry("vxlan")])
    assert isinstance(network.segments, list)
    assert [one["provider:segmentation_id"] for one in network.segments] == [2, 1, 3]


def test_entries_that_may_want_the_same_id_get_different_ones(app: Application) -> None:
    a_vlan_range(app, 1, 2, allocation="lowest")
    network = app.networks.create(segments=[entry("vlan"), entry("vlan", "rack1")])
    assert isinstance(network.segments, list)
    assert {one["provider:segmentation_id"] for one in network.segments} == {1, 2}


# ---- nothing is left


def test_message_of_exhaustion_names_what_was_tried(database_url: str) -> None:
    with segmentary.open(database_url, project_network_types="vlan,vxlan,gre") as app:
        a_vlan_range(app, 5, 6, name="office")
        shared = a_range(app, 10, 11)
        a_range(app, 20, 20, shared=False, project_id="blue", name="own")
        for _ in range(5):
            app.networks.create(project_id="blue")
        with pytest.raises(NoNetworkAvailable) as refused:
            app.networks.create(project_id="blue")
    assert refused.value.message == (
        "Unable to create the network. No project network is available for allocation: "
        "vlan: shared range office 5 to 6 on rack1 (2 IDs, 2 used), "
        "vxlan: project range own 20 to 20 (1 IDs, 1 used); "
        f"shared range {shared.id} 10 to 11 (2 IDs, 2 used), "
        "gre: no range."
    )


def test_message_of_exhaustion_stays_short(app: Application) -> None:
    app.segment_ranges.create_many(
        [{"network_type": "vxlan", "minimum": number, "maximum": number} for number in range(1, 301)]
    )
    app.networks.create_many([{"provider_network_type": "vxlan"}] * 300)
    with pytest.raises(NoNetworkAvailable, match="; and 290 more") as refused:
        a_network(app)
    assert len(refused.value.message) < 2000


@pytest.mark.databases("postgresql")
def test_id_released_behind_the_walk_is_found(
    app: Application, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_range(app, 10, 10)
    network = a_network(app)
    next_free = gaps.next_free

    def release_meanwhile(*arguments: Any) -> int | None:  # noqa: ANN401, passed on
        found = next_free(*arguments)
        monkeypatch.undo()
        with segmentary.open(database_url) as other:
            other.networks.delete(network.id)
        return found

    monkeypatch.setattr(gaps, "next_free", release_meanwhile)
    assert chosen(app) == [10]


@pytest.mark.databases("postgresql", "mariadb")
@pytest.mark.parametrize("policy", ["random", "lowest", "least_recently_released"])
def test_id_released_behind_a_look_is_found(
    app: Application, database_url: str, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """The range is full when it is looked at, and yet it never was while all of it was counted."""
    size = 3 * gaps.FIRST_WINDOW
    a_range(app, 1, size, allocation=policy)
    app.networks.create_many([{"provider_network_type": "vxlan"}] * (size - 1))
    last = a_network(app)
    used_counts, free_numbers = ranges.used_counts, gaps.free_numbers
    looks = []

    def look_past_it(*arguments: Any, **named: Any) -> list[int]:  # noqa: ANN401, passed on
        looks.append(arguments)
        return free_numbers(*arguments, **named) if len(looks) > 1 else []

    def count_after_a_release(*arguments: Any) -> list[int]:  # noqa: ANN401, passed on
        with segmentary.open(database_url) as other, suppress(NetworkNotFound):
            other.networks.delete(last.id)
        return used_counts(*arguments)

    monkeypatch.setattr(gaps, "free_numbers", look_past_it)
    monkeypatch.setattr(ranges, "used_counts", count_after_a_release)
    # Trying the ID itself would lock it, and its release would wait for that.
    another = 1 if number_of(last) > 1 else 2
    monkeypatch.setattr(allocation, "_random_number", lambda _intervals: another)
    assert chosen(app) == [number_of(last)]


@pytest.mark.databases("postgresql", "mariadb")
def test_more_lost_tries_than_one_look_returns_do_not_end_a_range(
    app: Application, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 3 * allocation.TRIED_AT_ONCE
    a_range(app, 1, size, cooldown=1)
    looks = []
    free_numbers = gaps.free_numbers

    def lose_all_of_the_first_look(*arguments: Any, **named: Any) -> list[int]:  # noqa: ANN401, passed on
        found = free_numbers(*arguments, **named)
        looks.append(found)
        if len(looks) == 1:
            with segmentary.open(database_url) as other:
                asked = [{"provider_network_type": "vxlan", "provider_segmentation_id": one} for one in found]
                other.networks.create_many(asked)
        return found

    monkeypatch.setattr(gaps, "free_numbers", lose_all_of_the_first_look)
    (number,) = chosen(app)
    assert len(looks[0]) == allocation.TRIED_AT_ONCE
    assert number not in looks[0]
    assert len(looks) == 2
