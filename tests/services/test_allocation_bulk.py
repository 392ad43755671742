"""Many at once: set by set, all or none, and no dearer for a large range than for a small one."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from segmentary import Application
from segmentary.errors import NetworkNotFound, NoNetworkAvailable
from segmentary.services.hook import Refusal
from tests.services.conftest import Statements

RunSql = Callable[[str], Sequence[Sequence[Any]]]
VXLAN = {"provider_network_type": "vxlan"}
# To begin, at random, at a taken ID or near the end of a range costs a statement or two more: of so many IDs, never.
LAST_VNI = 2**24 - 1


def numbers(run_sql: RunSql) -> list[int]:
    return [row[0] for row in run_sql("SELECT segmentation_id FROM segments WHERE segmentation_id > 0 ORDER BY 1")]


def sizes(run_sql: RunSql) -> dict[str, int]:
    tables = ("networks", "segments", "events", "releases", "network_segment_ranges")
    return {table: run_sql(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


@pytest.mark.parametrize("policy", ["random", "lowest", "least_recently_released"])
def test_thousand_networks_get_as_many_ids(app: Application, run_sql: RunSql, policy: str) -> None:
    app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=1_200, allocation=policy)
    app.networks.create_many([VXLAN | {"provider_segmentation_id": number} for number in range(3, 603, 3)])
    made = app.networks.create_many([VXLAN] * 1_000)
    assert len({one.provider_segmentation_id for one in made}) == 1_000
    assert numbers(run_sql) == list(range(1, 1_201))
    (shown,) = app.segment_ranges.list()
    assert (shown.used_count, shown.available_count) == (1_200, 0)


def test_request_for_more_than_there_is_stores_nothing(app: Application, run_sql: RunSql) -> None:
    app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=99)
    before = sizes(run_sql)
    with pytest.raises(NoNetworkAvailable, match=r"1 to 99 \(99 IDs, 0 used\)"):
        app.networks.create_many([VXLAN] * 100)
    assert sizes(run_sql) == before


def test_bulk_goes_on_in_the_next_range_and_physical_network(app: Application, run_sql: RunSql) -> None:
    for rack, low in (("rack1", 10), ("rack2", 20), ("rack3", 30)):
        app.segment_ranges.create(network_type="vlan", physical_network=rack, minimum=low, maximum=low + 3)
    made = app.networks.create_many([{"provider_network_type": "vlan"}] * 10)
    racks = [str(one.provider_physical_network) for one in made]
    assert sorted(racks) == ["rack1"] * 4 + ["rack2"] * 4 + ["rack3"] * 2
    assert numbers(run_sql)[:8] == [10, 11, 12, 13, 20, 21, 22, 23]


def test_ids_that_items_ask_for_are_not_chosen_for_others(app: Application, run_sql: RunSql) -> None:
    app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=10, allocation="lowest")
    asked = [VXLAN | {"provider_segmentation_id": number} for number in (2, 4)]
    made = app.networks.create_many([VXLAN, asked[0], VXLAN, asked[1], VXLAN])
    assert [one.provider_segmentation_id for one in made] == [1, 2, 3, 4, 5]
    assert numbers(run_sql) == [1, 2, 3, 4, 5]


def test_bulk_leaves_reserved_and_resting_ids_alone(app: Application, run_sql: RunSql) -> None:
    app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=20, cooldown=3600)
    app.segment_ranges.create(network_type="vxlan", minimum=5, maximum=8, state="reserved")
    app.networks.delete(app.networks.create(**VXLAN, provider_segmentation_id=10).id)
    app.networks.create_many([VXLAN] * 15)
    assert numbers(run_sql) == [*range(1, 5), 9, *range(11, 21)]
    with pytest.raises(NoNetworkAvailable, match=r"\(20 IDs, 15 used, 1 in cooldown, 4 reserved\)"):
        app.networks.create(**VXLAN)


def test_projects_of_one_request_get_ids_of_their_own_ranges(app: Application) -> None:
    for low, project_id in ((100, "blue"), (200, "green")):
        owner = {"shared": False, "project_id": project_id}
        app.segment_ranges.create(network_type="vxlan", minimum=low, maximum=low + 4, **owner)
    made = app.networks.create_many([VXLAN | {"project_id": one} for one in ("blue", "green") * 5])
    assert {one.provider_segmentation_id for one in made if one.project_id == "blue"} == set(range(100, 105))
    assert {one.provider_segmentation_id for one in made if one.project_id == "green"} == set(range(200, 205))


def test_ids_that_a_hook_refuses_are_passed_over(app: Application, run_sql: RunSql) -> None:
    app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=200)

    def odd_ones_only(claim: Any) -> None:  # noqa: ANN401, the claim of a hook
        if claim.segmentation_id % 2 == 0:
            raise Refusal("even")

    app.hooks.subscribe("segment.created", "candidate", odd_ones_only)
    app.networks.create_many([VXLAN] * 60)
    for _ in range(40):
        app.networks.create(**VXLAN)
    assert numbers(run_sql) == list(range(1, 201, 2))
    with pytest.raises(NoNetworkAvailable):
        app.networks.create(**VXLAN)


def cost_of_bulk(app: Application, statements: Statements, count: int) -> list[int]:
    """Return the statements of creating networks with IDs chosen, with IDs asked for, and segments of them."""
    costs = []
    statements.look()
    made = app.networks.create_many([VXLAN] * count)
    costs.append(statements.look()[0])
    app.networks.create_many(
        [{"provider_network_type": "gre", "provider_segmentation_id": one.provider_segmentation_id} for one in made]
    )
    costs.append(statements.look()[0])
    app.segments.create_many([{"network_id": one.id, "network_type": "geneve"} for one in made])
    costs.append(statements.look()[0])
    return costs


def test_number_of_statements_does_not_grow_with_the_request(app: Application, statements: Statements) -> None:
    for network_type in ("vxlan", "geneve"):
        app.segment_ranges.create(network_type=network_type, minimum=1, maximum=LAST_VNI)
    assert cost_of_bulk(app, statements, 500) == cost_of_bulk(app, statements, 20)


def test_networks_whose_mtu_is_lowered_are_changed_together(
    app: Application, run_sql: RunSql, statements: Statements
) -> None:
    app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=LAST_VNI)
    costs = []
    for count in (20, 300):
        made = app.networks.create_many([{"name": "flexible"}] * count)
        statements.look()
        app.segments.create_many([{"network_id": one.id, "network_type": "vxlan"} for one in made])
        costs.append(statements.look()[0])
    assert costs[0] == costs[1]
    assert {tuple(row) for row in run_sql("SELECT mtu, revision_number FROM networks")} == {(1450, 1)}
    updates = run_sql("SELECT count(*), count(DISTINCT resource_id) FROM events WHERE type = 'network.updated'")
    assert tuple(updates[0]) == (320, 320)


def test_segments_of_a_request_get_consecutive_indexes_of_their_network(app: Application, run_sql: RunSql) -> None:
    app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=100)
    few, many = (app.networks.create().id for _ in range(2))
    order = [few, many, many, few, many]
    app.segments.create_many([{"network_id": one, "network_type": "vxlan"} for one in order])
    for network_id, count in ((few, 3), (many, 4)):
        rows = run_sql(f"SELECT segment_index FROM segments WHERE network_id = '{network_id}' ORDER BY 1")
        assert [row[0] for row in rows] == list(range(count))


def test_unknown_network_of_a_request_is_named_and_nothing_stored(app: Application, run_sql: RunSql) -> None:
    app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=100)
    known = app.networks.create().id
    unknown = "00000000-0000-7000-8000-000000000000"
    before = sizes(run_sql)
    with pytest.raises(NetworkNotFound, match=rf"segments\[1\]: Network {unknown} could not be found"):
        app.segments.create_many([{"network_id": one, "network_type": "vxlan"} for one in (known, unknown)])
    assert sizes(run_sql) == before


def costs_of_a_range(app: Application, statements: Statements, network_type: str, maximum: int) -> list[object]:
    """Return statements and rows read for each use of a range, with nothing in it, and then one ID."""
    costs: list[object] = []

    def note(name: str) -> None:
        costs.append((name, *statements.look()))

    statements.look()
    # The lowest, so that how many used IDs a look meets is no matter of chance.
    created = app.segment_ranges.create(network_type=network_type, minimum=1, maximum=maximum, allocation="lowest")
    note("create")
    app.segment_ranges.list(network_type=network_type)
    note("list")
    app.segment_ranges.show(created.id)
    note("show")
    app.segment_ranges.update(created.id, name="new")
    note("rename")
    app.segment_ranges.update(created.id, maximum=maximum - 1)
    note("shrink")
    network = app.networks.create(provider_network_type=network_type)
    note("choose")
    app.networks.create_many([{"provider_network_type": network_type}] * 3)
    note("choose several")
    app.segment_ranges.list(network_type=network_type)
    note("list in use")
    app.networks.delete(network.id)
    note("release")
    return costs


def test_range_of_all_vnis_costs_what_one_of_hundred_costs(
    app: Application, run_sql: RunSql, statements: Statements
) -> None:
    small = costs_of_a_range(app, statements, "geneve", 100)
    small_sizes = sizes(run_sql)
    large = costs_of_a_range(app, statements, "vxlan", 2**24 - 1)
    assert large == small
    assert sizes(run_sql) == {table: 2 * count for table, count in small_sizes.items()}
    assert small_sizes["network_segment_ranges"] == 1
    assert small_sizes["segments"] == 3
