"""Segment ranges: what is refused, what is always possible, and what is shown of them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from segmentary import Application
from segmentary.catalog import SegmentRange
from segmentary.errors import (
    InvalidInput,
    InvalidValue,
    NetworkSegmentRangeNotFound,
    NetworkSegmentRangeOverlaps,
    NetworkSegmentRangeReferencedByProject,
    RevisionNumberConstraintFailed,
    RuleBroken,
)
from segmentary.rules.attribute import describe
from segmentary.rules.listing import ListQuery
from segmentary.wire import encode

RunSql = Callable[[str], Sequence[Sequence[Any]]]


def a_range(app: Application, minimum: int, maximum: int, **others: object) -> SegmentRange:
    """Create a VLAN range of rack1, unless told otherwise."""
    values: dict[str, object] = {"network_type": "vlan", **others}
    if values["network_type"] == "vlan":
        values.setdefault("physical_network", "rack1")
    return app.segment_ranges.create(minimum=minimum, maximum=maximum, **values)


def use(app: Application, number: int, **others: object) -> str:
    """Have a new network hold an ID of rack1 and return the network's id."""
    values: dict[str, object] = {"provider_network_type": "vlan", **others}
    if values["provider_network_type"] == "vlan":
        values.setdefault("provider_physical_network", "rack1")
    return app.networks.create(provider_segmentation_id=number, **values).id


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("network_type", "minimum", "maximum", "limit"),
    [
        ("vlan", 0, 10, "vlan 1 to 4094"),
        ("vlan", 1, 4095, "a vlan range lies within 1 to 4094"),
        ("vlan", 4095, 4096, "a vlan range lies within 1 to 4094"),
        ("vlan", -1, 10, "vlan 1 to 4094"),
        ("vlan", 10, 9, "the minimum of a range is at most its maximum"),
        ("vxlan", 1, 2**24, "a vxlan range lies within 1 to 16777215"),
        ("geneve", 1, 2**24, "a geneve range lies within 1 to 16777215"),
        ("gre", 1, 2**32, "gre 1 to 4294967295"),
        ("gre", 0, 1, "gre 1 to 4294967295"),
        ("vlan", "1", 10, "a whole number"),
        ("vlan", 1.0, 10, "a whole number"),
        ("vlan", True, 10, "a whole number"),
        ("vlan", None, 10, "a whole number"),
        ("vlan", 1, 10**30, "a whole number"),
    ],
)
def test_bad_bound_is_refused_naming_the_limit(
    app: Application, network_type: str, minimum: object, maximum: object, limit: str
) -> None:
    physical_network = {"physical_network": "rack1"} if network_type == "vlan" else {}
    with pytest.raises(InvalidInput) as refused:
        app.segment_ranges.create(network_type=network_type, minimum=minimum, maximum=maximum, **physical_network)
    assert limit in refused.value.message
    assert app.segment_ranges.list() == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"minimum": 0}, "vlan 1 to 4094"),
        ({"maximum": 4095}, "a vlan range lies within 1 to 4094"),
        ({"minimum": 21}, "the minimum of a range is at most its maximum"),
        ({"cooldown": -1}, "cooldown"),
        ({"state": "gone"}, "one of active, draining, reserved"),
        ({"allocation": "highest"}, "one of random, lowest, least_recently_released"),
    ],
)
def test_bad_change_is_refused_naming_the_limit(app: Application, changes: dict[str, Any], limit: str) -> None:
    created = a_range(app, 10, 20)
    with pytest.raises(InvalidInput) as refused:
        app.segment_ranges.update(created.id, **changes)
    assert limit in refused.value.message
    assert app.segment_ranges.show(created.id) == created


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "unchangeable",
    [
        {"network_type": "vxlan"},
        {"physical_network": "rack2"},
        {"shared": False},
        {"project_id": "other"},
        {"default": True},
        {"used": {}},
    ],
)
def test_attribute_that_says_whose_ids_they_are_does_not_change(app: Application, unchangeable: dict[str, Any]) -> None:
    created = a_range(app, 10, 20)
    with pytest.raises(InvalidInput, match="read-only"):
        app.segment_ranges.update(created.id, **unchangeable)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("values", "limit"),
    [
        ({"network_type": "vlan"}, "a vlan range names the physical network it is for"),
        ({"network_type": "vlan", "physical_network": ""}, "a vlan range names the physical network it is for"),
        ({"network_type": "gre", "physical_network": "rack1"}, "a gre range has no physical network"),
        ({"network_type": "flat", "physical_network": "rack1"}, "one of vlan, vxlan, gre, geneve"),
        ({"network_type": "local"}, "one of vlan, vxlan, gre, geneve"),
        ({"network_type": "gre", "shared": True, "project_id": "a"}, "a shared range has no project"),
    ],
)
def test_range_that_contradicts_its_type_is_refused(app: Application, values: dict[str, object], limit: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        app.segment_ranges.create(minimum=1, maximum=2, **values)
    assert limit in refused.value.message


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("network_type", ["vxlan", "gre", "geneve"])
def test_tunnel_range_takes_and_shows_an_empty_physical_network(app: Application, network_type: str) -> None:
    created = app.segment_ranges.create(network_type=network_type, physical_network="", minimum=1, maximum=2)
    assert created.physical_network is None
    assert encode.record_object(created)["physical_network"] == ""


def test_largest_range_of_each_type_is_stored(app: Application, run_sql: RunSql) -> None:
    limits = {"vlan": 4094, "vxlan": 2**24 - 1, "gre": 2**32 - 1, "geneve": 2**24 - 1}
    for network_type, maximum in limits.items():
        a_range(app, 1, maximum, network_type=network_type)
    stored = run_sql("SELECT network_type, maximum FROM network_segment_ranges")
    assert sorted(map(tuple, stored)) == sorted(limits.items())


def test_range_declares_its_physical_network_once(app: Application) -> None:
    a_range(app, 1, 10, physical_network="new")
    a_range(app, 11, 20, physical_network="new")
    assert [one.name for one in app.physical_networks.list()] == ["new"]
    assert use(app, 5, provider_physical_network="new")


def test_private_range_belongs_to_the_caller_or_to_the_project_named(app: Application) -> None:
    assert a_range(app, 1, 10, shared=False).project_id == "default"
    assert a_range(app, 11, 20, shared=False, project_id="blue").project_id == "blue"
    assert a_range(app, 21, 30).project_id is None


@pytest.mark.parametrize("owner", [{}, {"shared": False, "project_id": "blue"}])
@pytest.mark.parametrize(("minimum", "maximum"), [(1, 100), (100, 200), (200, 300), (120, 130), (50, 250), (1, 4094)])
def test_overlapping_range_is_refused_naming_the_other(
    app: Application, owner: dict[str, object], minimum: int, maximum: int
) -> None:
    first = a_range(app, 100, 200, shared=False, project_id="green")
    with pytest.raises(NetworkSegmentRangeOverlaps, match=f"{minimum} to {maximum} overlaps with: {first.id}"):
        a_range(app, minimum, maximum, **owner)


def test_every_range_in_the_way_is_named(app: Application) -> None:
    names = [a_range(app, low, low + 9).id for low in (30, 10, 20)]
    with pytest.raises(NetworkSegmentRangeOverlaps) as refused:
        a_range(app, 15, 35)
    assert refused.value.data["others"] == ", ".join([names[1], names[2], names[0]])


def test_neighbouring_range_and_range_of_another_pool_are_created(app: Application) -> None:
    a_range(app, 100, 200)
    a_range(app, 1, 99)
    a_range(app, 201, 300)
    a_range(app, 100, 200, physical_network="rack2")
    a_range(app, 100, 200, network_type="vxlan")
    a_range(app, 100, 200, network_type="gre")
    assert len(app.segment_ranges.list()) == 6


def test_ranges_of_one_request_do_not_overlap_each_other(app: Application) -> None:
    items = [
        {"network_type": "gre", "minimum": 1, "maximum": 10},
        {"network_type": "gre", "minimum": 10, "maximum": 20},
    ]
    with pytest.raises(NetworkSegmentRangeOverlaps, match=r"another item of this request \(1 to 10\)"):
        app.segment_ranges.create_many(items)
    assert app.segment_ranges.list() == []


def test_growing_into_another_range_is_refused(app: Application) -> None:
    first = a_range(app, 100, 200)
    second = a_range(app, 201, 300)
    with pytest.raises(NetworkSegmentRangeOverlaps, match=second.id):
        app.segment_ranges.update(first.id, maximum=201)
    assert app.segment_ranges.show(first.id) == first


def test_reserved_range_lies_inside_another_but_not_across_a_reserved_one(app: Application) -> None:
    a_range(app, 1, 4094)
    inside = a_range(app, 100, 199, state="reserved", description="kept by the switch")
    across = a_range(app, 4000, 4094, state="reserved")
    with pytest.raises(NetworkSegmentRangeOverlaps, match=inside.id):
        a_range(app, 150, 250, state="reserved")
    app.segment_ranges.update(across.id, minimum=200)


def test_reserved_range_inside_another_stays_reserved(app: Application) -> None:
    outer = a_range(app, 1, 4094)
    inner = a_range(app, 100, 199, state="reserved")
    for state in ("active", "draining"):
        with pytest.raises(NetworkSegmentRangeOverlaps, match=outer.id):
            app.segment_ranges.update(inner.id, state=state)


def test_range_with_its_ends_in_use_is_renamed_and_grows(app: Application) -> None:
    created = a_range(app, 100, 200)
    use(app, 100)
    use(app, 200)
    assert app.segment_ranges.update(created.id, name="new").name == "new"
    assert app.segment_ranges.update(created.id, description="why", minimum=100, maximum=200).description == "why"
    grown = app.segment_ranges.update(created.id, minimum=99, maximum=201)
    assert (grown.minimum, grown.maximum, grown.used_count, grown.available_count) == (99, 201, 2, 101)


def test_range_shrinks_as_far_as_its_ids_in_use(app: Application) -> None:
    created = a_range(app, 100, 200)
    use(app, 110)
    use(app, 190)
    shrunk = app.segment_ranges.update(created.id, minimum=110, maximum=190)
    assert (shrunk.minimum, shrunk.maximum) == (110, 190)


@pytest.mark.parametrize(
    ("changes", "count", "first"),
    [({"minimum": 111}, 1, 110), ({"maximum": 179}, 2, 180), ({"minimum": 111, "maximum": 150}, 3, 110)],
)
def test_range_does_not_shrink_away_from_an_id_in_use(
    app: Application, changes: dict[str, Any], count: int, first: int
) -> None:
    created = a_range(app, 100, 200)
    for number in (110, 180, 190):
        use(app, number)
    with pytest.raises(NetworkSegmentRangeReferencedByProject, match=rf"{count} ID\(s\) in use .* {first} the first"):
        app.segment_ranges.update(created.id, **changes)
    assert app.segment_ranges.show(created.id).revision_number == 0


def test_range_is_deleted_once_its_ids_are_released(app: Application) -> None:
    created = a_range(app, 100, 200)
    networks = [use(app, number) for number in (150, 140)]
    use(app, 99)
    with pytest.raises(NetworkSegmentRangeReferencedByProject, match=r"deleted: 2 ID\(s\) in use .* 140 the first"):
        app.segment_ranges.delete(created.id)
    for network in networks:
        app.networks.delete(network)
    app.segment_ranges.delete(created.id)
    with pytest.raises(NetworkSegmentRangeNotFound):
        app.segment_ranges.show(created.id)


def test_ids_of_another_pool_do_not_keep_a_range(app: Application) -> None:
    created = a_range(app, 100, 200)
    a_range(app, 100, 200, physical_network="rack2")
    use(app, 150, provider_physical_network="rack2")
    use(app, 150, provider_network_type="vxlan")
    app.segment_ranges.delete(created.id)


def test_reserved_range_goes_whatever_is_in_use(app: Application) -> None:
    a_range(app, 1, 4094)
    reserved = a_range(app, 100, 199, state="reserved")
    use(app, 150, use_reserved=True)
    assert app.segment_ranges.update(reserved.id, minimum=160).minimum == 160
    app.segment_ranges.delete(reserved.id)


def test_change_at_another_revision_is_refused(app: Application) -> None:
    created = a_range(app, 1, 10)
    app.segment_ranges.update(created.id, name="new")
    with pytest.raises(RevisionNumberConstraintFailed):
        app.segment_ranges.update(created.id, if_revision=0, name="newer")
    with pytest.raises(RevisionNumberConstraintFailed):
        app.segment_ranges.delete(created.id, if_revision=0)
    app.segment_ranges.delete(created.id, if_revision=1)


def test_used_ids_name_the_project_of_their_network(app: Application) -> None:
    created = a_range(app, 10, 16)
    use(app, 12, project_id="blue")
    use(app, 14, project_id="green")
    shown = app.segment_ranges.show(created.id)
    assert shown.used == {"12": "blue", "14": "green"}
    assert shown.available == [10, 11, 13, 15, 16]
    assert (shown.used_count, shown.available_count) == (2, 5)
    assert app.segment_ranges.list() == [shown]


def test_segments_added_to_a_network_are_used_ids_of_its_project(app: Application) -> None:
    created = a_range(app, 10, 12)
    network = app.networks.create(project_id="blue")
    app.segments.create(network_id=network.id, network_type="vlan", physical_network="rack1", segmentation_id=11)
    assert app.segment_ranges.show(created.id).used == {"11": "blue"}


def with_fields(app: Application, *fields: str) -> dict[str, object]:
    """Return the only range as a list with `fields` shows it."""
    asked = frozenset(fields)
    rows = app.find(describe(SegmentRange), ListQuery(fields=asked))
    (shown,) = json.loads(b"".join(encode.several(describe(SegmentRange), [rows], asked, dict)))[
        "network_segment_ranges"
    ]
    return dict(shown)


def test_free_ids_are_shown_as_intervals_where_asked_for(app: Application) -> None:
    a_range(app, 1, 2**24 - 1, network_type="vxlan")
    for number in (1, 5, 6, 2**24 - 1):
        use(app, number, provider_network_type="vxlan")
    assert "available_intervals" not in with_fields(app)
    assert with_fields(app, "available_intervals", "available_count") == {
        "available_intervals": [[2, 4], [7, 2**24 - 2]],
        "available_count": 2**24 - 5,
    }


def test_large_range_names_its_first_ids_only_and_counts_all(app: Application) -> None:
    a_range(app, 1, 20_000, network_type="gre")
    app.networks.create_many(
        [{"provider_network_type": "gre", "provider_segmentation_id": number} for number in range(2, 10_002, 2)]
    )
    shown = with_fields(app)
    assert shown["used"] == {str(number): "default" for number in range(2, 2 * 4096 + 1, 2)}
    assert shown["available"] == list(range(1, 2 * 4096, 2))
    assert (shown["used_count"], shown["available_count"]) == (5_000, 15_000)
    assert with_fields(app, "available") == {"available": [*range(1, 10_000, 2), *range(10_001, 20_001)]}
    assert with_fields(app, "used") == {"used": {str(number): "default" for number in range(2, 10_002, 2)}}
    assert with_fields(app, "name", "used_count") == {"name": "", "used_count": 5_000}


def test_list_of_hundreds_of_ranges_counts_all_ids_and_names_some_of_each(app: Application) -> None:
    items = [
        {"network_type": "vlan", "physical_network": f"rack{number:03}", "minimum": 1, "maximum": 4094}
        for number in range(450)
    ]
    app.segment_ranges.create_many(items)
    app.networks.create_many(
        [
            {
                "provider_network_type": "vlan",
                "provider_physical_network": f"rack{number:03}",
                "provider_segmentation_id": 4094,
            }
            for number in range(0, 450, 2)
        ]
    )
    found = app.segment_ranges.list()
    assert len(found) == 450
    for one in found:
        assert one.physical_network is not None
        is_used = int(one.physical_network.removeprefix("rack")) % 2 == 0
        assert one.used == ({"4094": "default"} if is_used else {})
        assert (one.used_count, one.available_count) == (is_used, 4094 - is_used)
        assert one.available == list(range(1, 65_536 // 450 + 1))


def test_no_range_is_there_before_one_is_created(app: Application) -> None:
    assert app.segment_ranges.list() == []


@pytest.mark.databases("sqlite")
def test_filters_and_order_of_ranges(app: Application) -> None:
    a_range(app, 30, 40, name="b", state="draining")
    a_range(app, 10, 20, name="a")
    app.segment_ranges.create(network_type="gre", minimum=1, maximum=2)
    assert [one.name for one in app.segment_ranges.list(network_type="vlan", state="active")] == ["a"]
    query = ListQuery(filters={"physical_network": ("rack1",)}, sort=(("minimum", False), ("id", False)))
    assert [one.name for one in app.segment_ranges.list(query)] == ["a", "b"]


@pytest.mark.databases("sqlite")
def test_problem_of_a_range_names_rule_and_attribute(app: Application) -> None:
    with pytest.raises(RuleBroken) as refused:
        a_range(app, 1, 4095)
    assert refused.value.data["rule"] == "network_segment_range_vlan_maximum"
    assert refused.value.data["attribute"] == "maximum"
    with pytest.raises(InvalidValue) as unfit:
        a_range(app, 0, 4094)
    assert unfit.value.data["attribute"] == "minimum"
