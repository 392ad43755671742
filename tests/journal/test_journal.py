"""Who changed what is kept and told, and changes are taken back as new changes or refused with the reason."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import segmentary
from segmentary.catalog import Network, PhysicalNetwork, Segment, SegmentRange
from segmentary.errors import CannotUndo, NetworkNotFound, SegmentNotFound, VlanIdInUse
from segmentary.rules.attribute import describe
from segmentary.services.relay import Relay
from tests.api.client import Client
from tests.servers.service import run_program

NETWORK, SEGMENT = describe(Network), describe(Segment)
RACK = {"provider_network_type": "vlan", "provider_physical_network": "rack1"}


@pytest.fixture(autouse=True)
def rack(app: segmentary.Application) -> None:
    app.physical_networks.create(name="rack1")


def verbs(changes: Sequence[dict[str, Any]]) -> list[str]:
    return [str(one["type"]).partition(".")[2] for one in changes]


def last(app: segmentary.Application, resource: Any, record_id: str) -> str:  # noqa: ANN401, a resource
    return str(app.history(resource, record_id)[-1]["id"])


def test_a_history_tells_who_when_which_request_before_and_after(app: segmentary.Application) -> None:
    client = Client(app)
    request_id = "req-11111111-2222-3333-4444-555555555555"
    headers = {"X-OpenStack-Request-ID": request_id}
    made = client.ask("POST", "/networks", {"network": {"name": "blue"}}, headers)["network"]
    client.ask("PUT", f"/networks/{made['id']}", {"network": {"name": "red"}})
    client.ask("DELETE", f"/networks/{made['id']}")
    found = client.ask("GET", f"/networks/{made['id']}/history")["history"]
    assert verbs(found) == ["created", "updated", "deleted"]
    assert found[0]["request_id"] == request_id
    assert found[0]["actor"] == "anonymous"
    assert found[0]["record"]["name"] == "blue"
    assert found[1]["changed"]["name"] == {"old": "blue", "new": "red"}
    assert found[2]["record"]["name"] == "red"
    assert verbs(client.ask("GET", f"/networks/{made['id']}/history?limit=1")["history"]) == ["deleted"]
    client.refused(404, "GET", f"/segments/{made['id']}/history")
    client.refused(400, "GET", f"/networks/{made['id']}/history?limit=0")


def test_the_creation_and_the_last_change_are_never_dropped(
    app: segmentary.Application, run_sql: Callable[[str], Any]
) -> None:
    one, other = app.networks.create(name="0"), app.networks.create(name="other")
    kept = Relay(app.database, app.feed, segmentary.Settings(events_kept=1))
    names = [str(number) for number in range(1, 6)]
    for name in names:
        app.networks.update(one.id, name=name)
        while kept.work():
            pass
    app.networks.update(other.id, name="later")
    app.networks.delete(other.id)
    for _ in range(3):
        app.physical_networks.update(app.physical_networks.list()[0].id, description=str(_))
    kept._clean_at = 0  # noqa: SLF001, it looks once a minute
    while kept.work():
        pass
    assert len(run_sql("SELECT id FROM events WHERE sequence IS NOT NULL")) == 1
    history = app.history(NETWORK, one.id)
    assert verbs(history) == ["created", "updated"]
    assert history[-1]["record"]["name"] == "5"  # type: ignore[index]  # a record
    assert verbs(app.history(NETWORK, other.id)) == ["created", "deleted"]
    assert not app.audit().totals


def test_an_update_is_taken_back(app: segmentary.Application) -> None:
    one = app.networks.create(name="blue", description="a", **RACK, provider_segmentation_id=5)
    app.networks.update(one.id, name="red", description="b", provider_segmentation_id=6)
    (undone,) = app.undo(last(app, NETWORK, one.id))
    now = app.networks.show(one.id)
    assert (now.name, now.description, now.provider_segmentation_id) == ("blue", "a", 5)
    assert undone["type"] == "network.updated"
    assert verbs(app.history(NETWORK, one.id)) == ["created", "updated", "updated"]


def test_a_creation_is_taken_back_by_deleting_and_a_deletion_by_creating_anew(app: segmentary.Application) -> None:
    network = app.networks.create(name="blue")
    one = app.segments.create(network_id=network.id, network_type="gre", segmentation_id=7, name="x")
    app.undo(last(app, SEGMENT, one.id))
    with pytest.raises(SegmentNotFound):
        app.segments.show(one.id)
    app.undo(last(app, SEGMENT, one.id))
    restored = app.segments.show(one.id)
    assert (restored.name, restored.segmentation_id, restored.network_id) == ("x", 7, network.id)
    assert verbs(app.history(SEGMENT, one.id)) == ["created", "deleted", "created"]
    assert not app.audit().totals


def test_a_whole_request_is_taken_back_and_that_again(app: segmentary.Application) -> None:
    client = Client(app)
    body = {"networks": [{"name": "a"}, {"name": "b", "provider:network_type": "gre", "provider:segmentation_id": 3}]}
    request_id = "req-11111111-2222-3333-4444-555555555555"
    made = client.ask("POST", "/networks", body, {"X-OpenStack-Request-ID": request_id})["networks"]
    assert len(app.undo(request_id)) == 4
    assert not app.networks.list()
    assert not app.segments.list()
    deletion = "req-21111111-2222-3333-4444-555555555555"
    again = client.ask("POST", "/networks", {"network": body["networks"][1]})["network"]
    client.send("DELETE", f"/networks/{again['id']}", None, {"X-OpenStack-Request-ID": deletion})
    app.undo(deletion)
    shown = app.networks.show(again["id"])
    assert (shown.name, shown.provider_segmentation_id) == ("b", 3)
    assert made
    assert not app.audit().totals


@pytest.mark.databases("sqlite")
def test_what_no_longer_fits_is_refused_and_nothing_is_changed(app: segmentary.Application) -> None:
    one = app.networks.create(name="blue")
    created = last(app, NETWORK, one.id)
    app.networks.update(one.id, name="red")
    updated = last(app, NETWORK, one.id)
    app.networks.update(one.id, name="green")
    for change in (created, updated):
        with pytest.raises(CannotUndo, match=r"name was '(blue|red)' after it and is 'green' now"):
            app.undo(change)
    app.networks.delete(one.id)
    with pytest.raises(CannotUndo, match="is gone"):
        app.undo(updated)
    for unknown in ("req-99999999-2222-3333-4444-555555555555", one.id):
        with pytest.raises(CannotUndo, match="no such change"):
            app.undo(unknown)
    assert verbs(app.history(NETWORK, one.id)) == ["created", "updated", "updated", "deleted"]


@pytest.mark.databases("sqlite")
def test_a_deletion_is_not_taken_back_where_another_took_the_id(app: segmentary.Application) -> None:
    network = app.networks.create(name="blue", **RACK, provider_segmentation_id=5)
    segment = app.segments.list(network_id=network.id)[0]
    app.segments.delete(segment.id)
    app.segments.create(network_id=network.id, network_type="vlan", physical_network="rack1", segmentation_id=5)
    with pytest.raises(VlanIdInUse):
        app.undo(last(app, SEGMENT, segment.id))


@pytest.mark.databases("sqlite")
def test_every_resource_of_a_file_of_desired_state_is_restored(app: segmentary.Application) -> None:
    rack = app.physical_networks.create(name="rack2", mtu=9000, description="d")
    one = app.segment_ranges.create(network_type="vlan", physical_network="rack2", minimum=1, maximum=9, tags=["x"])
    app.segment_ranges.delete(one.id)
    app.physical_networks.delete(rack.id)
    for made, record in ((rack, PhysicalNetwork), (one, SegmentRange)):
        app.undo(last(app, describe(record), made.id))
    assert app.physical_networks.show(rack.id).mtu == 9000
    assert app.segment_ranges.show(one.id).tags == ("x",)


@pytest.mark.databases("sqlite")
def test_the_commands_show_and_take_back(tmp_path: Path, app: segmentary.Application, database_url: str) -> None:
    one = app.networks.create(name="blue")
    app.networks.update(one.id, name="red")
    database = ("--database", database_url)
    told = run_program(tmp_path, "history", "network", "red", *database).stdout
    assert 'name: "blue" -> "red"' in told
    done = run_program(tmp_path, "undo", last(app, NETWORK, one.id), *database)
    assert done.stdout.startswith("taken back: network.updated"), done.stderr
    assert app.networks.show(one.id).name == "blue"
    assert run_program(tmp_path, "undo", one.id, *database).returncode == 1
    with pytest.raises(NetworkNotFound):
        app.history(NETWORK, "00000000-0000-4000-8000-000000000000")
