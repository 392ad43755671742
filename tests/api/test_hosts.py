"""Hosts and agents over HTTP: reports, both directions, pages, and what is refused."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from falcon import testing

import segmentary
from segmentary.api.body import Bodies
from segmentary.api.wsgi import make_wsgi


@pytest.fixture
def client(database_url: str) -> Iterator[testing.TestClient]:
    with segmentary.open(database_url) as app:
        app.physical_networks.create(name="alpha")
        app.physical_networks.create(name="beta")
        yield testing.TestClient(make_wsgi(app, Bodies(app.settings)))


def put(client: testing.TestClient, path: str, body: Mapping[str, object]) -> testing.Result:
    return client.simulate_put(path, body=json.dumps(body))


def report(client: testing.TestClient, host: str, *names: str, **more: object) -> dict[str, Any]:
    reached = [{"name": name, "via": f"br-{name}"} for name in names]
    answer = put(client, f"/v2.0/hosts/{host}", {"host": {"physical_networks": reached, **more}})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json["host"]
    return shown


def a_segment(client: testing.TestClient, number: int = 100) -> str:
    network = {
        "provider:network_type": "vlan",
        "provider:physical_network": "alpha",
        "provider:segmentation_id": number,
    }
    client.simulate_post("/v2.0/networks", body=json.dumps({"network": network}))
    found = client.simulate_get("/v2.0/segments", params={"segmentation_id": number}).json["segments"]
    return str(found[0]["id"])


def test_a_report_is_answered_with_the_host_as_it_is_known(client: testing.TestClient) -> None:
    shown = report(client, "h1", "alpha", agent_type="Open vSwitch agent", binary="neutron-openvswitch-agent")
    assert (shown["host"], shown["alive"]) == ("h1", True)
    assert shown["agents"][0]["physical_networks"] == [{"name": "alpha", "via": "br-alpha"}]
    assert client.simulate_get("/v2.0/hosts/h1").json["host"] == shown
    assert [one["host"] for one in client.simulate_get("/v2.0/hosts").json["hosts"]] == ["h1"]


def test_both_directions_are_answered(client: testing.TestClient) -> None:
    segment = a_segment(client)
    report(client, "h1", "alpha")
    report(client, "h2", "alpha")
    assert client.simulate_get(f"/v2.0/segments/{segment}/hosts").json == {
        "hosts": [{"host": "h1", "mapping": "reported"}, {"host": "h2", "mapping": "reported"}]
    }
    for path in ("/v2.0/hosts/h1/segments", "/v2.0/segments?host=h1&host=h2"):
        assert [one["id"] for one in client.simulate_get(path).json["segments"]] == [segment]


def test_single_hosts_are_excluded_and_given_back(client: testing.TestClient) -> None:
    segment = a_segment(client)
    report(client, "h1", "alpha")
    path = f"/v2.0/segments/{segment}/hosts/h1"
    answer = put(client, path, {"host_mapping": {"mapping": "excluded"}})
    assert (answer.status_code, answer.json["host_mapping"]["mapping"]) == (200, "excluded")
    assert client.simulate_get(f"/v2.0/segments/{segment}/hosts").json == {"hosts": []}
    assert client.simulate_delete(path).status_code == 204
    assert client.simulate_delete(path).status_code == 404
    assert len(client.simulate_get(f"/v2.0/segments/{segment}/hosts").json["hosts"]) == 1


def test_pages_of_hosts_carry_the_link_to_the_next(client: testing.TestClient) -> None:
    for number in range(5):
        report(client, f"h{number}", "alpha")
    path, found = "/v2.0/hosts?limit=2", []
    while path:
        page = client.simulate_get(path).json
        found += [one["host"] for one in page["hosts"]]
        links = page.get("hosts_links", [])
        path = links[0]["href"].partition("/v2.0")[1] + links[0]["href"].partition("/v2.0")[2] if links else ""
    assert found == [f"h{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "physical_networks"),
        ({"physical_networks": "alpha"}, "physical_networks"),
        ({"physical_networks": [{"name": ""}]}, "name"),
        ({"physical_networks": [{"nome": "alpha"}]}, "physical_networks"),
        ({"physical_networks": [{}]}, "each entry has name"),
        ({"physical_networks": [{"via": "br-alpha"}]}, "each entry has name"),
        ({"physical_networks": [{"name": "alpha"}, {"name": "alpha"}]}, "more than once"),
        ({"physical_networks": [{"name": "gamma"}]}, "known are: alpha, beta"),
        ({"physical_networks": [], "bridge": "x"}, "bridge"),
        ({"physical_networks": [], "segmentation_ids": [{"network_type": "vlan"}]}, "segmentation_id"),
        (
            {
                "physical_networks": [],
                "segmentation_ids": [
                    {"network_type": "vlan", "physical_network": "alpha", "segmentation_id": 4095},
                ],
            },
            "4094",
        ),
    ],
)
def test_a_report_that_is_wrong_is_refused_with_what_is_wrong(
    client: testing.TestClient, body: Mapping[str, object], named: str
) -> None:
    answer = put(client, "/v2.0/hosts/h1", {"host": body})
    assert answer.status_code == 400
    assert named in answer.json["NeutronError"]["message"]
    assert client.simulate_get("/v2.0/hosts/h1").status_code == 404


def test_agents_are_listed_shown_changed_and_deleted_as_clients_know_them(client: testing.TestClient) -> None:
    report(client, "h1", "alpha", agent_type="Open vSwitch agent", binary="neutron-openvswitch-agent")
    agent = client.simulate_get("/v2.0/agents", params={"host": "h1"}).json["agents"][0]
    assert agent["configurations"] == {"bridge_mappings": {"alpha": "br-alpha"}}
    assert agent["binary"] == "neutron-openvswitch-agent"
    assert len(agent["heartbeat_timestamp"]) == len("2026-08-07 10:15:00")
    path = f"/v2.0/agents/{agent['id']}"
    changed = put(client, path, {"agent": {"admin_state_up": False, "description": "spare"}}).json["agent"]
    assert (changed["admin_state_up"], changed["description"]) == (False, "spare")
    assert client.simulate_post("/v2.0/agents", body='{"agent": {}}').status_code == 400
    assert client.simulate_delete(path).status_code == 204
    assert client.simulate_get(path).status_code == 404


def test_drift_is_shown_of_a_host(client: testing.TestClient) -> None:
    a_segment(client)
    observed = [{"network_type": "vlan", "physical_network": "alpha", "segmentation_id": 7}]
    report(client, "h1", "alpha", segmentation_ids=observed)
    drift = client.simulate_get("/v2.0/hosts/h1/drift").json["drift"]
    assert [one["segmentation_id"] for one in drift["recorded_not_there"]] == [100]
    assert [one["segmentation_id"] for one in drift["there_not_recorded"]] == [7]


def test_what_is_unknown_of_hosts_is_not_found_or_named(client: testing.TestClient) -> None:
    for path in ("/v2.0/hosts/nobody", "/v2.0/hosts/nobody/segments", "/v2.0/hosts/nobody/drift"):
        assert client.simulate_get(path).status_code == 404
    assert client.simulate_delete("/v2.0/hosts/nobody").status_code == 404
    answer = client.simulate_get("/v2.0/hosts?agent=x")
    assert answer.status_code == 400
    assert "agent_type" in answer.json["NeutronError"]["message"]


def test_a_name_that_no_host_can_have_reaches_no_segment(client: testing.TestClient) -> None:
    a_segment(client)
    report(client, "h1", "alpha")
    answer = client.simulate_get("/v2.0/segments?host=")
    assert (answer.status_code, answer.json) == (200, {"segments": []})
