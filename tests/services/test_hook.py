"""Hooks of others around changes."""

import http.client
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

import segmentary
from segmentary.catalog import EVENT_TYPES
from segmentary.catalog.actor import Actor
from segmentary.catalog.agent import Report
from segmentary.catalog.event import Event
from segmentary.db.statement import Statement
from segmentary.db.transaction import Tx
from segmentary.errors import HookRefused, InvalidValue, NoNetworkAvailable
from segmentary.services.claim import Claim
from segmentary.services.hook import Notice
from segmentary.wire.desired import load
from tests.servers.service import Service

RunSql = Callable[[str], Sequence[Sequence[Any]]]


@pytest.fixture
def app(database_url: str) -> Iterator[segmentary.Application]:
    with segmentary.open(database_url) as opened:
        yield opened


def refuse(*_: object) -> None:
    raise segmentary.Refusal("not in the source of truth")


def delete(app: segmentary.Application, network_id: str) -> None:
    app.networks.delete(network_id)


def rows(run_sql: RunSql) -> list[Any]:
    return [run_sql(f"SELECT count(*) FROM {table}")[0][0] for table in ("networks", "segments", "events")]


@pytest.mark.parametrize("phase", ["before", "precommit"])
def test_a_hook_that_refuses_a_creation_leaves_nothing_stored(
    app: segmentary.Application, run_sql: RunSql, phase: str
) -> None:
    app.hooks.subscribe("network.created", phase, refuse, name="inventory")
    with pytest.raises(HookRefused) as refusal:
        app.networks.create(name="blue")
    assert refusal.value.message == "inventory refuses: not in the source of truth."
    assert rows(run_sql) == [0, 0, 0]


@pytest.mark.parametrize("phase", ["before", "precommit"])
@pytest.mark.parametrize("verb", ["updated", "deleted"])
@pytest.mark.databases("sqlite")
def test_a_hook_that_refuses_a_change_leaves_the_record_as_it_was(
    app: segmentary.Application, phase: str, verb: str
) -> None:
    network = app.networks.create(name="blue")
    app.hooks.subscribe(f"network.{verb}", phase, refuse)
    changes: dict[str, Callable[[], object]] = {
        "updated": lambda: app.networks.update(network.id, name="green"),
        "deleted": lambda: delete(app, network.id),
    }
    with pytest.raises(HookRefused):
        changes[verb]()
    assert app.networks.show(network.id) == network


Change = Callable[[segmentary.Application, Mapping[str, str]], object]
REPORT = Report(
    host="h1",
    agent_type="Open vSwitch agent",
    binary="",
    availability_zone=None,
    physical_networks=(("rack", "br"),),
    observed=None,
)
# For each type of event: a change that leads to it. What it needs is there, by the names of their collections.
CHANGES: Mapping[str, Change] = {
    "physical_network.created": lambda app, _: app.physical_networks.create(name="new"),
    "physical_network.updated": lambda app, ids: app.physical_networks.update(ids["physical_networks"], mtu=9000),
    "physical_network.deleted": lambda app, ids: app.physical_networks.delete(ids["unused"]),
    "network.created": lambda app, _: app.networks.create(name="new"),
    "network.updated": lambda app, ids: app.networks.update(ids["networks"], name="new"),
    "network.deleted": lambda app, ids: app.networks.delete(ids["networks"]),
    "segment.created": lambda app, ids: app.segments.create(
        network_id=ids["networks"], network_type="vxlan", segmentation_id=7
    ),
    "segment.updated": lambda app, ids: app.segments.update(ids["segments"], name="new"),
    "segment.deleted": lambda app, ids: app.segments.delete(ids["segments"]),
    "network_segment_range.created": lambda app, _: app.segment_ranges.create(
        network_type="geneve", minimum=1, maximum=9
    ),
    "network_segment_range.updated": lambda app, ids: app.segment_ranges.update(ids["ranges"], name="new"),
    "network_segment_range.deleted": lambda app, ids: app.segment_ranges.delete(ids["ranges"]),
    "agent.created": lambda app, _: app.hosts.report(replace(REPORT, host="h2")),
    "agent.updated": lambda app, _: app.hosts.report(replace(REPORT, binary="new")),
    "agent.deleted": lambda app, _: app.hosts.forget("h1"),
    "host_mapping.created": lambda app, ids: app.hosts.map(ids["segments"], "h3"),
    "host_mapping.updated": lambda app, ids: app.hosts.map(ids["segments"], "h1", "excluded"),
    "host_mapping.deleted": lambda app, ids: app.hosts.unmap(ids["segments"], "h1"),
    "event_destination.created": lambda app, _: app.event_destinations.create(kind="webhook", endpoint="http://h/"),
    "event_destination.updated": lambda app, ids: app.event_destinations.update(ids["destinations"], paused=False),
    "event_destination.deleted": lambda app, ids: app.event_destinations.delete(ids["destinations"]),
    "rbac_policy.created": lambda app, ids: app.rbac_policies.create(**sharing(ids["networks"], "*")),
    "rbac_policy.updated": lambda app, ids: app.rbac_policies.update(ids["policies"], target_project="green"),
    "rbac_policy.deleted": lambda app, ids: app.rbac_policies.delete(ids["policies"]),
}


def sharing(network: str, target: str) -> dict[str, object]:
    return {"object_type": "network", "object_id": network, "action": "access_as_shared", "target_project": target}


def filled(app: segmentary.Application) -> dict[str, str]:
    """Store a record of each resource and return their ids."""
    rack = app.physical_networks.create(name="rack").id
    unused = app.physical_networks.create(name="unused").id
    network = app.networks.create(name="blue").id
    segment = app.segments.list(network_id=network)[0].id
    between = app.segment_ranges.create(network_type="vxlan", minimum=1, maximum=9).id
    destination = app.event_destinations.create(kind="webhook", endpoint="http://h/", paused=True).id
    policy = app.rbac_policies.create(**sharing(network, "red")).id
    app.hosts.report(REPORT)
    app.hosts.map(segment, "h1")
    return {
        "physical_networks": rack,
        "unused": unused,
        "networks": network,
        "segments": segment,
        "ranges": between,
        "destinations": destination,
        "policies": policy,
    }


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("phase", ["before", "precommit"])
def test_every_change_of_every_resource_can_be_refused_and_nothing_of_it_is_stored(
    app: segmentary.Application, run_sql: RunSql, phase: str
) -> None:
    ids = filled(app)
    assert set(CHANGES) == set(EVENT_TYPES)
    refused: list[str] = []

    def refuse_one(noticed: Any, *_: object) -> None:  # noqa: ANN401 - a notice or an event
        if noticed.type == refused[0]:
            raise segmentary.Refusal("not this one")

    for event_type in EVENT_TYPES:
        app.hooks.subscribe(event_type, phase, refuse_one, name=event_type)
    before = run_sql("SELECT max(sequence) FROM events")
    for event_type, change in CHANGES.items():
        refused[:] = [event_type]
        with pytest.raises(HookRefused) as refusal:
            change(app, ids)
        assert refusal.value.data["hook"] == event_type
    refused[:] = ["host_mapping.deleted"]
    with pytest.raises(HookRefused, match=r"host_mapping\.deleted"):
        app.hosts.set_segments("h1", [])
    assert run_sql("SELECT max(sequence) FROM events") == before


@pytest.mark.databases("sqlite")
def test_the_steps_of_a_plan_are_asked_about_before_any_is_carried_out(app: segmentary.Application) -> None:
    app.networks.create(name="old")
    wanted = load("networks: [{name: new}]")
    plan = app.plan(wanted, prune=True)
    notices: list[Notice] = []
    for event_type in EVENT_TYPES:
        app.hooks.subscribe(event_type, "before", notices.append, name="note")
    app.hooks.subscribe("network.created", "before", refuse, name="refuse")
    with pytest.raises(HookRefused):
        app.apply(wanted, plan, prune=True)
    assert {one.type for one in notices} >= {"network.created", "network.deleted"}
    assert [one.name for one in app.networks.list()] == ["old"]


@pytest.mark.databases("sqlite")
def test_before_a_transaction_a_hook_sees_what_was_asked_for(app: segmentary.Application) -> None:
    notices: list[Notice] = []
    for verb in ("created", "updated", "deleted"):
        app.hooks.subscribe(f"network.{verb}", "before", notices.append)
    network = app.networks.create(name="blue")
    app.networks.update(network.id, name="green")
    app.networks.delete(network.id)
    assert all(isinstance(one, Notice) for one in notices)
    assert [(one.type, one.record_id, dict(one.given), one.actor.name) for one in notices] == [
        ("network.created", None, {"name": "blue"}, "library"),
        ("network.updated", network.id, {"name": "green"}, "library"),
        ("network.deleted", network.id, {}, "library"),
    ]


def test_inside_the_transaction_a_hook_sees_the_final_record_and_can_write_along(
    app: segmentary.Application, run_sql: RunSql
) -> None:
    note = Statement(sqlalchemy.text("UPDATE segments SET description = :text WHERE id = :id"))
    seen: list[Event] = []

    def write_along(event: Event, tx: Tx, actor: Actor) -> None:
        assert isinstance(event.after, segmentary.Segment)
        seen.append(event)
        tx.execute(note, {"text": f"made by {actor.name}", "id": event.after.id})

    app.hooks.subscribe("segment.created", "precommit", write_along)
    network = app.networks.create(name="blue")
    assert [one.after.network_id for one in seen if isinstance(one.after, segmentary.Segment)] == [network.id]
    assert [row[0] for row in run_sql("SELECT description FROM segments")] == ["made by library"]


@pytest.mark.databases("sqlite")
def test_what_a_hook_wrote_along_goes_when_a_later_hook_refuses(app: segmentary.Application, run_sql: RunSql) -> None:
    create = Statement(sqlalchemy.text("UPDATE relay SET turns = turns + 1"))
    app.hooks.subscribe("network.created", "precommit", lambda _event, tx, _actor: tx.execute(create, {}), name="a")
    app.hooks.subscribe("network.created", "precommit", refuse, name="b")
    with pytest.raises(HookRefused):
        app.networks.create(name="blue")
    assert run_sql("SELECT turns FROM relay")[0][0] == 0


@pytest.mark.databases("sqlite")
def test_hooks_run_by_priority_then_by_name(app: segmentary.Application) -> None:
    order: list[str] = []
    for name, priority in (("c", 1), ("b", 100), ("a", 100), ("d", 50)):

        def note(_event: Event, _actor: Actor, name: str = name) -> None:
            order.append(name)

        app.hooks.subscribe("network.created", "after", note, name=name, priority=priority)
    app.networks.create(name="blue")
    assert order == ["c", "d", "a", "b"]


@pytest.mark.databases("sqlite")
def test_a_hook_that_fails_after_the_commit_is_logged_and_counted_and_changes_nothing(
    app: segmentary.Application, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def fail(_event: Event, _actor: Actor) -> None:
        raise RuntimeError("out of order")

    app.hooks.subscribe("network.created", "after", fail, name="broken")
    app.hooks.subscribe("network.created", "after", lambda event, _actor: told.append(event.type), name="sound")
    with caplog.at_level(logging.ERROR):
        network = app.networks.create(name="blue")
    assert app.networks.show(network.id) == network
    assert app.hooks.failures == {"broken": 1}
    assert told == ["network.created"]
    assert "out of order" in caplog.text


@pytest.mark.databases("sqlite")
def test_a_hook_after_the_commit_is_not_told_of_what_was_refused(app: segmentary.Application) -> None:
    told: list[str] = []
    app.hooks.subscribe("network.created", "after", lambda event, _actor: told.append(event.type))
    app.hooks.subscribe("segment.created", "precommit", refuse)
    with pytest.raises(HookRefused):
        app.networks.create(name="blue")
    assert told == []


def with_range(app: segmentary.Application, maximum: int, **more: object) -> str:
    app.segment_ranges.create(name="r", network_type="vxlan", minimum=100, maximum=maximum, **more)
    return app.networks.create(name="blue").id


@pytest.mark.parametrize("allocation", ["random", "lowest", "least_recently_released"])
def test_an_id_that_a_hook_refuses_is_left_out_and_the_next_one_taken(
    app: segmentary.Application, allocation: str
) -> None:
    network_id = with_range(app, 109, allocation=allocation)
    asked: list[int | None] = []

    def only_even(claim: Claim) -> None:
        asked.append(claim.segmentation_id)
        if (claim.segmentation_id or 0) % 2:
            raise segmentary.Refusal("taken elsewhere")

    app.hooks.subscribe("segment.created", "candidate", only_even)
    one_by_one = [app.segments.create(network_id=network_id, network_type="vxlan") for _ in range(3)]
    together = app.segments.create_many([{"network_id": network_id, "network_type": "vxlan"}] * 2)
    assert {one.segmentation_id for one in [*one_by_one, *together]} == {100, 102, 104, 106, 108}
    assert asked
    with pytest.raises(NoNetworkAvailable):
        app.segments.create(network_id=network_id, network_type="vxlan")


@pytest.mark.databases("sqlite")
def test_an_id_asked_for_by_number_is_not_put_to_the_candidate_hooks(app: segmentary.Application) -> None:
    network_id = with_range(app, 109)
    app.hooks.subscribe("segment.created", "candidate", refuse)
    segment = app.segments.create(network_id=network_id, network_type="vxlan", segmentation_id=103)
    assert segment.segmentation_id == 103


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("event_type", "phase"),
    [("segment.split", "after"), ("segment.created", "during"), ("network.created", "candidate")],
)
def test_a_hook_of_an_unknown_type_or_phase_is_refused(
    app: segmentary.Application, event_type: str, phase: str
) -> None:
    with pytest.raises(InvalidValue):
        app.hooks.subscribe(event_type, phase, refuse)


@pytest.mark.databases("sqlite")
def test_two_hooks_of_one_name_are_refused(app: segmentary.Application) -> None:
    app.hooks.subscribe("segment.created", "after", refuse)
    with pytest.raises(InvalidValue):
        app.hooks.subscribe("segment.created", "after", refuse)


@pytest.mark.databases("sqlite")
def test_an_installed_package_can_refuse_through_its_entry_point_and_the_caller_gets_409(
    start_server: Callable[..., Service], tmp_path: Path
) -> None:
    package = tmp_path / "installed"
    information = package / "inventory-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: inventory\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[segmentary.hooks]\ninventory = inventory:subscribe\n")
    (package / "inventory.py").write_text(
        "import segmentary\n"
        "def refuse(notice):\n"
        "    if notice.given['name'] == 'red':\n"
        "        raise segmentary.Refusal('red is taken')\n"
        "def subscribe(hooks):\n"
        "    hooks.subscribe('network.created', 'before', refuse, name='inventory')\n"
    )
    service = start_server(environment={"PYTHONPATH": str(package)})
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)) as connection:
        answers = []
        for name in ("red", "blue"):
            connection.request("POST", "/v2.0/networks", json.dumps({"network": {"name": name}}))
            answer = connection.getresponse()
            answers.append((answer.status, json.load(answer)))
    status, body = answers[0]
    assert status == 409
    assert body["NeutronError"]["type"] == "HookRefused"
    assert body["NeutronError"]["message"] == "inventory refuses: red is taken."
    assert answers[1][0] == 201
