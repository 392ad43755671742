"""Quotas: what /v2.0/quotas answers, and that nobody gets beyond a limit, however many ask at once."""

from collections import Counter
from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from typing import Any

import pytest

from tests.api.client import Client, Object, client

PROJECT = "p-1"
OWNED = {"project_id": PROJECT}
ANY = {"network": -1, "segment": -1, "network_segment_range": -1, "rbac_policy": -1}
AT_ONCE = 8


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url, threads=AT_ONCE) as found:
        yield found


def put(api: Client, **limits: object) -> Object:
    shown: Object = api.ask("PUT", f"/quotas/{PROJECT}", {"quota": limits})["quota"]
    return shown


def test_limits_are_set_shown_listed_and_taken_away(api: Client) -> None:
    assert api.ask("GET", f"/quotas/{PROJECT}") == {"quota": ANY}
    assert api.ask("GET", "/quotas") == {"quotas": []}
    assert put(api, network=5, check_limit=True) == {**ANY, "network": 5}
    assert put(api, segment="7") == {**ANY, "network": 5, "segment": 7}
    assert api.ask("GET", f"/quotas/{PROJECT}") == {"quota": {**ANY, "network": 5, "segment": 7}}
    assert api.ask("GET", "/quotas") == {
        "quotas": [{**ANY, "network": 5, "segment": 7, "project_id": PROJECT, "tenant_id": PROJECT}]
    }
    assert api.ask("GET", f"/quotas/{PROJECT}/default") == {"quota": ANY}
    api.network(project_id=PROJECT)
    for path in ("details", "details.json"):
        assert api.ask("GET", f"/quotas/{PROJECT}/{path}")["quota"] == {
            "network": {"limit": 5, "used": 1, "reserved": 0},
            "segment": {"limit": 7, "used": 1, "reserved": 0},
            "network_segment_range": {"limit": -1, "used": 0, "reserved": 0},
            "rbac_policy": {"limit": -1, "used": 0, "reserved": 0},
        }
    assert api.send("DELETE", f"/quotas/{PROJECT}").status_code == 204
    assert api.ask("GET", f"/quotas/{PROJECT}") == {"quota": ANY}
    assert api.ask("GET", "/quotas") == {"quotas": []}
    assert api.refused(404, "DELETE", f"/quotas/{PROJECT}")["type"] == "TenantQuotaNotFound"
    assert api.ask("GET", "/quotas/project") == {"project": {"project_id": "default"}}
    assert api.ask("GET", "/quotas/tenant") == {"tenant": {"tenant_id": "default"}}


def test_wrong_limits_are_refused_by_name(api: Client) -> None:
    no_limits: list[Any] = [-2, 2**31, 1.5, "many", None, True, []]
    for wrong in no_limits:
        message = api.refused(400, "PUT", f"/quotas/{PROJECT}", {"quota": {"network": wrong}})["message"]
        assert "network" in message
        assert "a whole number from -1 to 2147483647" in message
    message = api.refused(400, "PUT", f"/quotas/{PROJECT}", {"quota": {"floatingip": 1, "segment": -5}})["message"]
    assert "Unrecognized attribute(s) 'floatingip'" in message
    assert "segment" in message
    api.refused(400, "PUT", f"/quotas/{PROJECT}", {"quota": {"force": "yes"}})
    api.refused(400, "PUT", f"/quotas/{'x' * 256}", {"quota": {}})
    api.refused(400, "PUT", f"/quotas/{PROJECT}", {"quotas": {}})
    assert api.ask("GET", "/quotas") == {"quotas": []}


def test_limit_below_what_is_used_needs_force(api: Client) -> None:
    api.ask("POST", "/networks", {"networks": [{"project_id": PROJECT}] * 3})
    message = api.refused(400, "PUT", f"/quotas/{PROJECT}", {"quota": {"network": 2, "segment": 9}})["message"]
    assert "network" in message
    assert "the 3 in use" in message
    assert api.ask("GET", "/quotas") == {"quotas": []}
    assert put(api, network=2, force=True)["network"] == 2
    api.refused(409, "POST", "/networks", {"network": {"project_id": PROJECT}})
    api.network(project_id="another")


def test_who_has_as_much_as_allowed_gets_no_more_until_something_is_deleted(api: Client) -> None:
    put(api, network=2, segment=3)
    first, _ = (api.network(project_id=PROJECT) for _ in range(2))
    error = api.refused(409, "POST", "/networks", {"network": {"project_id": PROJECT}})
    assert error["type"] == "OverQuota"
    assert error["message"].startswith("Quota exceeded for resources: ['network']. Project p-1 has 2")
    api.segment(network_id=first["id"], network_type="local")
    error = api.refused(409, "POST", "/segments", {"segment": {"network_id": first["id"], "network_type": "local"}})
    assert "['segment']" in error["message"]
    api.ask("DELETE", f"/networks/{first['id']}")
    api.network(project_id=PROJECT)
    assert len(api.ask("GET", f"/networks?project_id={PROJECT}")["networks"]) == 2


def test_segments_that_come_with_a_network_count_too(api: Client) -> None:
    put(api, segment=1)
    entries = [{"provider:network_type": "vxlan", "provider:segmentation_id": number} for number in (1, 2)]
    error = api.refused(409, "POST", "/networks", {"network": {"project_id": PROJECT, "segments": entries}})
    assert "['segment']" in error["message"]
    assert api.ask("GET", "/networks") == {"networks": []}
    api.network(project_id=PROJECT)


def test_bulk_request_over_quota_creates_nothing_and_names_the_first_item_too_many(api: Client) -> None:
    put(api, network=2, segment=4, network_segment_range=1)
    item = {"project_id": PROJECT}
    error = api.refused(409, "POST", "/networks", {"networks": [item, {}, item, item, item]})
    assert error["item"] == 3
    assert api.ask("GET", "/networks") == {"networks": []}
    network = api.network(project_id=PROJECT)
    segments = [{"network_id": network["id"], "network_type": "local"}] * 5
    assert api.refused(409, "POST", "/segments", {"segments": segments})["item"] == 3
    ranges = [
        {"network_type": "vxlan", "minimum": start, "maximum": start, "shared": False, **item} for start in (1, 2)
    ]
    error = api.refused(409, "POST", "/network_segment_ranges", {"network_segment_ranges": ranges})
    assert (error["type"], error["item"]) == ("OverQuota", 1)
    shared = {"network_type": "vxlan", "minimum": 5, "maximum": 6}
    for one in (ranges[0], shared, {**shared, "minimum": 7, "maximum": 7}):
        api.ask("POST", "/network_segment_ranges", {"network_segment_range": one})


def test_policies_that_share_count_for_who_makes_them_and_those_of_shared_networks_too(api: Client) -> None:
    put(api, rbac_policy=2)
    network = api.network(project_id=PROJECT, shared=True)
    policy = {"object_type": "network", "object_id": network["id"], "action": "access_as_shared", **OWNED}
    body = {"rbac_policies": [{**policy, "target_tenant": target} for target in ("a", "b")]}
    error = api.refused(409, "POST", "/rbac-policies", body)
    assert (error["type"], error["item"]) == ("OverQuota", 1)
    assert len(api.ask("POST", "/rbac-policies", {"rbac_policies": body["rbac_policies"][:1]})["rbac_policies"]) == 1
    assert api.ask("GET", f"/quotas/{PROJECT}/details")["quota"]["rbac_policy"] == {
        "limit": 2,
        "used": 2,
        "reserved": 0,
    }
    # A network that is shared with everybody is no request for a policy.
    api.network(project_id=PROJECT, shared=True)


def test_defaults_come_from_the_settings(database_url: str) -> None:
    with client(database_url, quota_network=1, quota_segment=2) as api:
        assert api.ask("GET", "/quotas/default")["quota"] == {**ANY, "network": 1, "segment": 2}
        network = api.network()
        assert "['network']" in api.refused(409, "POST", "/networks", {"network": {}})["message"]
        api.segment(network_id=network["id"], network_type="local")
        local = {"network_id": network["id"], "network_type": "local"}
        assert "['segment']" in api.refused(409, "POST", "/segments", {"segment": local})["message"]
        api.ask("PUT", "/quotas/default", {"quota": {"network": -1}})
        api.refused(409, "POST", "/networks", {"network": {}})  # its segment would be one too many
        api.ask("PUT", "/quotas/default", {"quota": {"segment": -1}})
        api.network()


def network_body(_api: Client) -> Object:
    return {"network": {"project_id": PROJECT}}


def segment_body(api: Client) -> Object:
    return {"segment": {"network_id": api.network(project_id=PROJECT)["id"], "network_type": "local"}}


@pytest.mark.parametrize(
    ("resource", "body"), [("network", network_body), ("segment", segment_body)], ids=["networks", "segments"]
)
def test_of_creates_at_the_same_time_exactly_the_limit_succeed(
    api: Client, resource: str, body: Callable[[Client], Object]
) -> None:
    """Segments of different networks share nothing but the quota of their project."""
    bodies = [body(api) for _ in range(AT_ONCE)]
    before = api.ask("GET", f"/quotas/{PROJECT}/details")["quota"][resource]["used"]
    room = 5
    put(api, **{resource: before + room})
    start = Barrier(AT_ONCE)
    answers: Counter[Any] = Counter()

    def create(one: Object) -> None:
        start.wait()
        for _ in range(2):
            answer = api.send("POST", f"/{resource}s", one)
            answers[answer.json.get("NeutronError", {}).get("type", answer.status_code)] += 1

    threads = [Thread(target=create, args=(one,)) for one in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {201: room, "OverQuota": 2 * AT_ONCE - room}
    assert api.ask("GET", f"/quotas/{PROJECT}/details")["quota"][resource]["used"] == before + room
