"""What /v2.0/extensions tells is what is there: each alias stands beside a request that only works with it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segmentary.catalog.extension import EXTENSIONS
from tests.api.client import Client, client, links

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
Check = Callable[[Client], bool]
HOST = {"host": {"agent_type": "a", "physical_networks": []}}
VXLAN = {"provider:network_type": "vxlan", "provider:segmentation_id": 7}
RANGE = {"network_type": "gre", "minimum": 1, "maximum": 5}


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url) as found:
        yield found


def answers(api: Client, status: int, method: str, path: str, body: object = None, **headers: str) -> bool:
    found = api.send(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    return found.status_code == status


def has(record: dict[str, Any], *names: str) -> bool:
    return set(names) <= set(record)


def several_segments(api: Client) -> bool:
    return len(api.network(segments=[VXLAN, {**VXLAN, "provider:segmentation_id": 8}])["segments"]) == 2


def shared_with_one(api: Client) -> bool:
    network = api.network()["id"]
    policy = {"object_type": "network", "object_id": network, "action": "access_as_shared", "target_tenant": "p"}
    made = api.ask("POST", "/rbac-policies", {"rbac_policy": policy})["rbac_policy"]
    return bool(policy.items() <= made.items())


def stale_revision(api: Client) -> bool:
    path = f"/networks/{api.network()['id']}"
    return answers(api, 412, "DELETE", path, If_Match="revision_number=9")


def writable_mtu(api: Client) -> bool:
    path = f"/networks/{api.network()['id']}"
    return bool(api.ask("PUT", path, {"network": {"mtu": 1400}})["network"]["mtu"] == 1400)


def tags_added(api: Client) -> bool:
    path = f"/networks/{api.network(tags=['a'])['id']}/tags"
    return bool(api.ask("POST", path, {"tags": ["b"]}) == {"tags": ["a", "b"]})


def empty_name(api: Client) -> bool:
    api.network(name="x")
    return bool(api.ask("GET", "/networks?name=") == {"networks": []})


def low_quota(api: Client) -> bool:
    api.network(project_id="p")
    return answers(api, 400, "PUT", "/quotas/p", {"quota": {"network": 0}})


def segment_quota(api: Client) -> bool:
    return bool(api.ask("PUT", "/quotas/p", {"quota": {"segment": 3}})["quota"]["segment"] == 3)


def tagged_segment(api: Client) -> bool:
    one = api.segment(network_id=api.network()["id"], network_type="local", tags=["a"])
    return bool(one["tags"] == ["a"])


def hosts_of_a_segment(api: Client) -> bool:
    api.ask("PUT", "/hosts/h", HOST)
    one = api.ask("GET", "/segments")["segments"] or [api.segment(network_id=api.network()["id"], network_type="local")]
    return answers(api, 200, "GET", f"/segments/{one[0]['id']}/hosts") and answers(api, 200, "GET", "/segments?host=h")


def repeated_once(api: Client) -> bool:
    for _ in range(2):
        api.ask("POST", "/networks", {"network": {"name": "once"}}, {"Idempotency-Key": "k"})
    return len(api.ask("GET", "/networks?name=once")["networks"]) == 1


def counted(api: Client) -> bool:
    api.network()
    return bool(api.ask("GET", "/networks?with_count=true&limit=1")["count"] == 1)


def events(api: Client) -> bool:
    return "X-Event-Sequence".lower() in api.send("GET", "/networks").headers and answers(
        api, 200, "GET", "/segment-events"
    )


WORKS: dict[str, Check] = {
    "provider": lambda api: api.network(**VXLAN)["provider:segmentation_id"] == 7,
    "multi-provider": several_segments,
    "segment": lambda api: answers(api, 200, "GET", "/segments"),
    "standard-attr-segment": lambda api: has(
        api.segment(network_id=api.network()["id"], network_type="local"),
        "created_at",
        "updated_at",
        "revision_number",
        "description",
    ),
    "l2_adjacency": lambda api: api.network()["l2_adjacency"] is True,
    "net-mtu": lambda api: api.network()["mtu"] == 1500,
    "net-mtu-writable": writable_mtu,
    "external-net": lambda api: api.network(**{"router:external": True})["router:external"],
    "standard-attr-description": lambda api: api.network(description="d")["description"] == "d",
    "standard-attr-timestamp": lambda api: has(api.network(), "created_at", "updated_at"),
    "standard-attr-revisions": lambda api: has(api.network(), "revision_number"),
    "revision-if-match": stale_revision,
    "standard-attr-tag": lambda api: answers(api, 201, "PUT", f"/networks/{api.network()['id']}/tags/a"),
    "tag-creation": tags_added,
    "project-id": lambda api: api.network(tenant_id="p")["project_id"] == "p",
    "sorting": lambda api: answers(api, 200, "GET", "/networks?sort_key=name&sort_dir=desc"),
    "pagination": lambda api: "previous" in links(api.ask("GET", "/networks?limit=1")),
    "filter-validation": lambda api: answers(api, 400, "GET", "/networks?no_such=1"),
    "empty-string-filtering": empty_name,
    "network-segment-range": lambda api: answers(
        api, 201, "POST", "/network_segment_ranges", {"network_segment_range": RANGE}
    ),
    "agent": lambda api: answers(api, 200, "GET", "/agents"),
    "rbac-policies": shared_with_one,
    "quotas": lambda api: answers(api, 200, "PUT", "/quotas/p", {"quota": {"network": 5}}),
    "quota_details": lambda api: api.ask("GET", "/quotas/p/details")["quota"]["network"]["used"] == 0,
    "quota-check-limit": low_quota,
    "segmentary-hosts": hosts_of_a_segment,
    "segmentary-allocation": lambda api: has(
        api.ask("POST", "/network_segment_ranges", {"network_segment_range": {**RANGE, "allocation": "lowest"}})[
            "network_segment_range"
        ],
        "used_count",
        "cooldown",
        "state",
    ),
    "segmentary-audit": lambda api: answers(api, 200, "POST", "/segment-audits"),
    "segmentary-event-destinations": lambda api: answers(api, 200, "GET", "/event-destinations"),
    "segmentary-events": events,
    "segmentary-idempotency": repeated_once,
    "segmentary-lists": counted,
    "segmentary-physical-networks": lambda api: answers(
        api, 201, "POST", "/physical-networks", {"physical_network": {"name": "p"}}
    ),
    "segmentary-quotas": segment_quota,
    "segmentary-tags": tagged_segment,
}


@pytest.mark.databases("sqlite")
def test_every_alias_has_its_feature(api: Client) -> None:
    assert set(WORKS) == {one.alias for one in EXTENSIONS}
    for alias, works in WORKS.items():
        before = [one["id"] for one in api.ask("GET", "/network_segment_ranges")["network_segment_ranges"]]
        for one in before:
            api.ask("DELETE", f"/network_segment_ranges/{one}")
        for network in api.ask("GET", "/networks")["networks"]:
            api.ask("DELETE", f"/networks/{network['id']}")
        assert works(api), alias


@pytest.mark.databases("sqlite")
def test_each_extension_is_shown_by_itself_and_ours_tell_where_they_are_documented(api: Client) -> None:
    listed = api.ask("GET", "/extensions")["extensions"]
    operations = {
        one["operationId"] for methods in json.loads(DOCUMENT.read_text())["paths"].values() for one in methods.values()
    }
    for one in listed:
        assert api.ask("GET", f"/extensions/{one['alias']}") == {"extension": one}
        assert set(one) == {"alias", "name", "description", "updated", "links"}
        ours = one["alias"].startswith("segmentary-")
        assert [link["rel"] for link in one["links"]] == (["describedby"] if ours else [])
        for link in one["links"]:
            page, _, operation = link["href"].partition("#")
            assert page.endswith("/docs")
            assert operation in operations
    assert api.refused(404, "GET", "/extensions/router")["type"] == "ExtensionNotFound"
    for method in ("POST", "PUT", "DELETE"):
        assert api.send(method, "/extensions/segment").status_code in {404, 405}
