"""Hosts report physical networks; what they reach follows from that and from what was said of single segments."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

import segmentary
from segmentary.catalog import Network, Segment
from segmentary.catalog.agent import EXCLUDED, Report
from segmentary.db import reach
from segmentary.errors import (
    HostMappingNotFound,
    HostNotFound,
    PhysicalNetworkInUse,
    ReadOnlyAttribute,
    RuleBroken,
    SegmentNotFound,
)
from segmentary.rules.attribute import describe
from segmentary.rules.listing import HostQuery, ListQuery
from tests.servers.plan import plan

RunSql = Callable[[str], Sequence[Sequence[object]]]
OVS, SRIOV = "Open vSwitch agent", "NIC Switch agent"
ALL = HostQuery(limit=100)


@pytest.fixture
def app(database_url: str) -> Iterator[segmentary.Application]:
    with segmentary.open(database_url) as opened:
        for name in ("alpha", "beta", "gamma"):
            opened.physical_networks.create(name=name)
        yield opened


def report(
    app: segmentary.Application,
    host: str,
    *names: str,
    agent_type: str = OVS,
    observed: tuple[tuple[str, str, int, str | None], ...] | None = None,
) -> dict[str, Any]:
    return app.hosts.report(
        Report(
            host=host,
            agent_type=agent_type,
            binary="",
            availability_zone=None,
            physical_networks=tuple((name, f"br-{name}") for name in names),
            observed=observed,
        )
    )


def a_network(app: segmentary.Application, name: str = "alpha", number: int = 100) -> Network:
    return app.networks.create(
        provider_network_type="vlan", provider_physical_network=name, provider_segmentation_id=number
    )


def only_segment(app: segmentary.Application, network: Network) -> Segment:
    return app.segments.list(network_id=network.id)[0]


def hosts_of(app: segmentary.Application, segment: Segment) -> list[str]:
    return [str(one["host"]) for one in app.hosts.of_segment(segment.id, ALL)]


def segments_of(
    app: segmentary.Application, *hosts: str, limit: int | None = None, marker: str | None = None
) -> list[str]:
    query = ListQuery(filters={"host": hosts}, limit=limit, marker=marker)
    return [row[0] for row in app.find(describe(Segment), query)]


def events(run_sql: RunSql) -> list[object]:
    return [row[0] for row in run_sql("SELECT type FROM events ORDER BY id")]


def test_a_new_host_reaches_the_segments_of_the_physical_networks_it_reports(app: segmentary.Application) -> None:
    on_alpha, on_beta = only_segment(app, a_network(app)), only_segment(app, a_network(app, "beta"))
    report(app, "h1", "alpha")
    assert hosts_of(app, on_alpha) == ["h1"]
    assert hosts_of(app, on_beta) == []
    assert segments_of(app, "h1") == [on_alpha.id]


def test_a_segment_created_after_the_report_is_reached_at_once(app: segmentary.Application) -> None:
    report(app, "h1", "alpha")
    created = only_segment(app, a_network(app))
    assert hosts_of(app, created) == ["h1"]


def test_changed_and_removed_physical_networks_end_the_reach_at_once(app: segmentary.Application) -> None:
    on_alpha, on_beta = only_segment(app, a_network(app)), only_segment(app, a_network(app, "beta"))
    report(app, "h1", "alpha")
    report(app, "h1", "beta")
    assert (hosts_of(app, on_alpha), hosts_of(app, on_beta)) == ([], ["h1"])
    report(app, "h1")
    assert hosts_of(app, on_beta) == []
    assert segments_of(app, "h1") == []


def test_the_same_segment_is_reached_by_two_hosts_and_from_either(app: segmentary.Application) -> None:
    segment = only_segment(app, a_network(app))
    report(app, "h2", "alpha")
    report(app, "h1", "alpha", "beta")
    assert hosts_of(app, segment) == ["h1", "h2"]
    assert segments_of(app, "h1", "h2") == [segment.id]


def test_a_host_reaches_what_any_of_its_agents_reports_and_is_listed_once(app: segmentary.Application) -> None:
    on_alpha, on_beta = only_segment(app, a_network(app)), only_segment(app, a_network(app, "beta"))
    report(app, "h1", "alpha")
    report(app, "h1", "alpha", "beta", agent_type=SRIOV)
    assert hosts_of(app, on_alpha) == ["h1"]
    assert sorted(segments_of(app, "h1")) == sorted([on_alpha.id, on_beta.id])
    assert len(app.agents.list()) == 2


def test_deleting_a_segment_leaves_nothing_of_its_mappings(app: segmentary.Application, run_sql: RunSql) -> None:
    segment = only_segment(app, a_network(app))
    app.hosts.map(segment.id, "h1")
    app.segments.delete(segment.id)
    assert list(run_sql("SELECT host FROM host_mappings")) == []
    with pytest.raises(SegmentNotFound):
        app.hosts.of_segment(segment.id, ALL)


def test_forgetting_a_host_removes_its_agents_reports_and_mappings(
    app: segmentary.Application, run_sql: RunSql
) -> None:
    segment = only_segment(app, a_network(app))
    report(app, "h1", "alpha", observed=(("vlan", "alpha", 7, None),))
    app.hosts.map(segment.id, "h1", EXCLUDED)
    app.hosts.forget("h1")
    for table in ("agents", "reaches", "observations", "host_mappings"):
        assert [tuple(row) for row in run_sql(f"SELECT count(*) FROM {table}")] == [(0,)]
    with pytest.raises(HostNotFound, match="h1"):
        app.hosts.show("h1")


def test_an_unknown_physical_network_is_refused_with_the_known_names_and_nothing_stored(
    app: segmentary.Application, run_sql: RunSql
) -> None:
    with pytest.raises(RuleBroken, match=r"'alpah' is not known; known are: alpha, beta, gamma"):
        report(app, "h1", "alpha", "alpah")
    assert [tuple(row) for row in run_sql("SELECT count(*) FROM agents")] == [(0,)]


def test_an_unknown_physical_network_is_declared_where_the_setting_says_so(database_url: str) -> None:
    with segmentary.open(database_url, unknown_physical_networks="declare") as app:
        report(app, "h1", "delta")
        assert [one.name for one in app.physical_networks.list()] == ["delta"]


def test_a_repeated_report_writes_nothing(app: segmentary.Application, run_sql: RunSql) -> None:
    report(app, "h1", "alpha", "beta")
    before = [list(run_sql(f"SELECT * FROM {table}")) for table in ("agents", "reaches", "events")]
    written: list[object] = []
    run = app.database.run

    def counted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401, passes everything on
        written.append(arguments)
        return run(*arguments, **named)

    app.database.run = counted  # type: ignore[method-assign]  # counts transactions that write, and carries them out
    report(app, "h1", "beta", "alpha")
    assert written == []
    assert [list(run_sql(f"SELECT * FROM {table}")) for table in ("agents", "reaches", "events")] == before


def test_an_old_heartbeat_is_renewed_without_an_event_or_a_revision(
    app: segmentary.Application, run_sql: RunSql
) -> None:
    report(app, "h1", "alpha")
    run_sql(
        "UPDATE agents SET heartbeat_at = '2020-01-01 00:00:00'"
        if "sqlite" not in app.database.url
        else "UPDATE agents SET heartbeat_at = '2020-01-01T00:00:00Z'"
    )
    assert app.agents.list()[0].alive is False
    recorded = events(run_sql)
    report(app, "h1", "alpha")
    agent = app.agents.list()[0]
    assert (agent.alive, agent.revision_number) == (True, 0)
    assert events(run_sql) == recorded


def test_each_change_of_a_host_or_of_a_mapping_is_one_event(app: segmentary.Application, run_sql: RunSql) -> None:
    segment = only_segment(app, a_network(app))
    known = len(events(run_sql))
    report(app, "h1", "alpha", "beta", "gamma")
    report(app, "h1", "alpha")
    app.hosts.map(segment.id, "h1", EXCLUDED)
    app.hosts.map(segment.id, "h1", EXCLUDED)
    app.hosts.map(segment.id, "h1")
    app.hosts.unmap(segment.id, "h1")
    app.hosts.forget("h1")
    assert events(run_sql)[known:] == [
        "agent.created",
        "agent.updated",
        "host_mapping.created",
        "host_mapping.updated",
        "host_mapping.deleted",
        "agent.deleted",
    ]


def test_an_exclusion_wins_over_a_report_and_its_removal_gives_the_host_back(app: segmentary.Application) -> None:
    segment = only_segment(app, a_network(app))
    report(app, "h1", "alpha")
    report(app, "h2", "alpha")
    app.hosts.map(segment.id, "h1", EXCLUDED)
    assert hosts_of(app, segment) == ["h2"]
    assert segments_of(app, "h1") == []
    assert segments_of(app, "h1", "h2") == [segment.id]
    app.hosts.unmap(segment.id, "h1")
    assert hosts_of(app, segment) == ["h1", "h2"]


def test_an_exclusion_takes_away_no_other_segment(app: segmentary.Application) -> None:
    first, second = only_segment(app, a_network(app)), only_segment(app, a_network(app, number=101))
    report(app, "h1", "alpha")
    app.hosts.map(first.id, "h1", EXCLUDED)
    assert segments_of(app, "h1") == [second.id]
    found: dict[str, Any] = app.hosts.drift("h1")
    assert [one["segment_id"] for one in found["recorded_not_there"]] == [second.id]


def test_a_tunnel_segment_is_reached_by_the_hosts_it_is_said_of(app: segmentary.Application) -> None:
    network = app.networks.create(provider_network_type="vxlan", provider_segmentation_id=5001)
    segment = only_segment(app, network)
    app.hosts.map(segment.id, "h1")
    assert app.hosts.of_segment(segment.id, ALL) == [{"host": "h1", "mapping": "included"}]
    assert segments_of(app, "h1") == [segment.id]


def test_setting_the_segments_of_a_host_takes_the_others_back(app: segmentary.Application) -> None:
    first, second = only_segment(app, a_network(app)), only_segment(app, a_network(app, "beta"))
    app.hosts.set_segments("h1", [first.id])
    app.hosts.set_segments("h1", [second.id])
    assert segments_of(app, "h1") == [second.id]


def test_setting_the_segments_of_a_host_leaves_its_exclusions(app: segmentary.Application) -> None:
    first, second = only_segment(app, a_network(app)), only_segment(app, a_network(app, "beta"))
    report(app, "h1", "alpha", "beta")
    app.hosts.map(first.id, "h1", EXCLUDED)
    app.hosts.set_segments("h1", [second.id])
    assert segments_of(app, "h1") == [second.id]
    app.hosts.set_segments("h1", [first.id])
    assert sorted(segments_of(app, "h1")) == sorted([first.id, second.id])


def test_a_segment_is_mapped_to_several_hosts_or_to_none(app: segmentary.Application) -> None:
    segment = only_segment(app, app.networks.create(provider_network_type="vxlan", provider_segmentation_id=5001))
    assert [one.host for one in app.hosts.map_several(segment.id, ["h2", "h1", "h2"])] == ["h1", "h2"]
    assert [one["host"] for one in app.hosts.of_segment(segment.id, ALL)] == ["h1", "h2"]
    before = app.feed.latest()
    with pytest.raises(SegmentNotFound):
        app.hosts.map_several("6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11", ["h3", "h4"])
    assert app.hosts.find(HostQuery(limit=100))[-1]["host"] == "h2"
    assert app.feed.latest() == before


def test_unmapping_what_was_never_mapped_is_not_found(app: segmentary.Application) -> None:
    segment = only_segment(app, a_network(app))
    with pytest.raises(HostMappingNotFound, match="h1"):
        app.hosts.unmap(segment.id, "h1")


def test_hosts_are_listed_by_agent_type_and_an_exclusion_wins(app: segmentary.Application) -> None:
    segment = only_segment(app, a_network(app))
    report(app, "h1", "alpha")
    report(app, "h2", "alpha", agent_type=SRIOV)
    report(app, "h3", "beta")
    report(app, "h4")
    app.hosts.map(segment.id, "h5")

    def listed(**filters: tuple[str, ...]) -> list[object]:
        return [one["host"] for one in app.hosts.find(HostQuery(limit=100, **filters))]  # type: ignore[arg-type]  # tuples

    assert listed() == ["h1", "h2", "h3", "h5"]
    assert listed(included=(SRIOV,)) == ["h2"]
    assert listed(excluded=(SRIOV,)) == ["h1", "h3"]
    assert listed(included=(SRIOV, OVS), excluded=(SRIOV,)) == ["h1", "h3"]
    assert listed(physical_networks=("alpha",)) == ["h1", "h2"]


def test_pages_of_hosts_and_segments_join_to_the_whole(app: segmentary.Application) -> None:
    network = a_network(app)
    app.segments.create_many(
        [
            {"network_id": network.id, "network_type": "vlan", "physical_network": name, "segmentation_id": number}
            for number in range(200, 220)
            for name in ("alpha", "beta")
        ]
    )
    for number in range(25):
        report(app, f"h{number:02}", "alpha", "beta")
    segment = app.segments.list(segmentation_id=210)[0]
    hosts: list[str] = []
    while page := app.hosts.of_segment(segment.id, HostQuery(limit=4, marker=hosts[-1] if hosts else "")):
        hosts += [str(one["host"]) for one in page]
    assert hosts == hosts_of(app, segment) == [f"h{number:02}" for number in range(25)]
    found: list[str] = []
    while part := segments_of(app, "h03", "h07", limit=7, marker=found[-1] if found else None):
        found += part
    assert found == sorted(one.id for one in app.segments.list())


def test_a_physical_network_that_a_host_reports_is_not_deleted(app: segmentary.Application) -> None:
    report(app, "h1", "gamma")
    with pytest.raises(PhysicalNetworkInUse, match=r"1 agent\(s\), of host h1"):
        app.physical_networks.delete(app.physical_networks.list(name="gamma")[0].id)


def test_agents_come_from_reports_only(app: segmentary.Application) -> None:
    with pytest.raises(ReadOnlyAttribute, match="hosts report"):
        app.agents.create()


def test_agents_show_their_physical_networks_in_the_form_of_their_type(app: segmentary.Application) -> None:
    report(app, "h1", "alpha")
    report(app, "h2", "alpha", agent_type=SRIOV)
    shown = {one.host: one.configurations for one in app.agents.list()}
    assert shown == {
        "h1": {"bridge_mappings": {"alpha": "br-alpha"}},
        "h2": {"device_mappings": {"alpha": ["br-alpha"]}},
    }


def test_drift_names_what_is_not_there_not_recorded_and_in_conflict(app: segmentary.Application) -> None:
    first, second = a_network(app, number=100), a_network(app, number=101)
    report(app, "h1", "alpha", observed=(("vlan", "alpha", 100, second.id), ("vlan", "alpha", 999, None)))
    found: dict[str, Any] = app.hosts.drift("h1")
    assert [one["segmentation_id"] for one in found["recorded_not_there"]] == [101]
    assert [one["segmentation_id"] for one in found["there_not_recorded"]] == [999]
    conflict = found["conflicting"][0]
    assert (conflict["segmentation_id"], conflict["network_id"], conflict["recorded_network_id"]) == (
        100,
        second.id,
        first.id,
    )


def test_a_report_without_observations_leaves_those_of_before(app: segmentary.Application) -> None:
    report(app, "h1", "alpha", observed=(("vlan", "alpha", 999, None),))
    report(app, "h1", "alpha", "beta")
    found: dict[str, Any] = app.hosts.drift("h1")
    assert [one["segmentation_id"] for one in found["there_not_recorded"]] == [999]


def test_the_hosts_of_a_segment_are_found_by_the_index_of_reaches(app: segmentary.Application) -> None:
    segment = only_segment(app, a_network(app))
    statement = reach._hosts_of_segment(True)  # noqa: SLF001, FBT003, its plan is the point
    values = {"segment": segment.id, "marker": "h1", "limit": 10, "physical_network": "alpha"}
    assert "reaches_physical_network_host" in plan(app.database, statement, values)
