"""Filters let through what has one of the values asked for, and are told apart from mistakes."""

from collections.abc import Iterator

import pytest

from segmentary.catalog import RESOURCES
from segmentary.rules.attribute import Resource
from tests.api.client import Client, Object, client

# What openstacksdk and gophercloud offer beyond the attributes of the API's reference is among these.
OFFERED = {
    "networks": "admin_state_up description id mtu name project_id provider:network_type provider:physical_network "
    "provider:segmentation_id revision_number router:external shared status tenant_id is_default ipv4_address_scope "
    "ipv6_address_scope port_security_enabled vlan_transparent",
    "segments": "description id name network_id network_type physical_network revision_number segmentation_id",
    "network_segment_ranges": "available default description id maximum minimum name network_type physical_network "
    "project_id revision_number shared tenant_id used",
}
ODD = ("", "x", "0", "-1", "5", "true", "null", "%00", "%F0%9F%98%80", "999999999999999999", "9" * 30, "a" * 300, "1.5")


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url) as found:
        yield found


def names(api: Client, path: str) -> list[str]:
    found = api.ask("GET", path)
    return sorted(str(one["name"]) for one in next(iter(found.values())))


def a_range(api: Client, **values: object) -> Object:
    body = {"network_segment_range": {"network_type": "vxlan", **values}}
    created: Object = api.ask("POST", "/network_segment_ranges", body)["network_segment_range"]
    return created


@pytest.mark.parametrize("collection", OFFERED)
def test_every_filter_that_clients_offer_is_taken(api: Client, collection: str) -> None:
    texts = {"shared": "true", "default": "false", "admin_state_up": "True", "router:external": "False"}
    scope = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"
    texts |= {"ipv4_address_scope": scope, "ipv6_address_scope": scope}
    for name in OFFERED[collection].split():
        api.ask("GET", f"/{collection}?{name}={texts.get(name, '1')}")


def test_filters_on_what_no_network_has_find_all_or_nothing(api: Client) -> None:
    api.network(name="n")
    for name in ("is_default", "port_security_enabled", "vlan_transparent"):
        assert names(api, f"/networks?{name}=False") == ["n"]
        assert names(api, f"/networks?{name}=True") == []
        assert names(api, f"/networks?{name}=True&{name}=False") == ["n"]
    for name in ("ipv4_address_scope", "ipv6_address_scope"):
        assert names(api, f"/networks?{name}=") == ["n"]
        assert names(api, f"/networks?{name}=6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11") == []
    assert set(api.ask("GET", "/networks?fields=is_default")["networks"][0]) == set()


@pytest.mark.parametrize("resource", [one for one in RESOURCES if one.routed], ids=lambda one: one.name)
def test_any_text_as_a_filter_is_answered_or_refused_by_its_name(api: Client, resource: Resource) -> None:
    for name, one in resource.by_wire.items():
        if one.filterable:
            for text in ODD:
                answer = api.send("GET", f"/{resource.collection}?{name}={text}")
                assert answer.status_code in {200, 400}, f"{name}={text}: {answer.status}"
                if answer.status_code == 400:
                    assert answer.json["NeutronError"]["problems"] == [{"attribute": name}]


def test_unknown_filters_are_refused_and_the_valid_ones_named(api: Client) -> None:
    error = api.refused(400, "GET", "/segments?colour=red&hosts=a&name=b")
    start, _, valid = error["message"].partition(" Valid are: ")
    assert start == "Invalid attribute for filtering: 'colour, hosts'."
    assert {*OFFERED["segments"].split(), "created_at", "updated_at"} <= set(valid.removesuffix(".").split(", "))


def test_all_that_is_wrong_with_a_query_is_told_at_once(api: Client) -> None:
    error = api.refused(400, "GET", "/networks?x=1&mtu=a&limit=-1&sort_key=z&sort_dir=up&page_reverse=?&shared=2")
    blamed = [one["attribute"] for one in error["problems"]]
    assert blamed == ["x", "mtu", "shared", "sort_key", "limit", "page_reverse"]
    assert len(error["message"].splitlines()) == len(blamed)


def test_same_filter_again_is_or_and_another_is_and(api: Client) -> None:
    for name, mtu in (("a", 1000), ("b", 1000), ("b", 1200)):
        api.network(name=name, mtu=mtu)
    assert names(api, "/networks?name=a&name=b") == ["a", "b", "b"]
    assert names(api, "/networks?name=b&mtu=1000") == ["b"]
    assert names(api, "/networks?name=a&name=c&mtu=1200") == []


def test_empty_filter_asks_for_an_empty_or_absent_value(api: Client) -> None:
    network = api.network(name="n", **{"provider:network_type": "vxlan", "provider:segmentation_id": 7})
    api.network(name="")
    for name in ("", None, "s"):
        api.segment(network_id=network["id"], network_type="local", name=name)
    assert names(api, "/networks?name=") == [""]
    assert names(api, f"/segments?name=&network_id={network['id']}") == ["", "None", "None"]
    assert names(api, f"/segments?segmentation_id=&network_id={network['id']}") == ["", "None", "s"]
    assert names(api, "/segments?segmentation_id=7") == ["None"]
    assert names(api, "/segments?segmentation_id=&segmentation_id=7&name=s&name=") == ["", "None", "None", "None", "s"]
    assert names(api, "/segments?network_id=") == []


def test_empty_filter_on_the_physical_network_of_ranges_asks_for_tunnels(api: Client) -> None:
    a_range(api, name="tunnel", minimum=1, maximum=9)
    a_range(api, name="vlan", network_type="vlan", physical_network="p", minimum=1, maximum=9)
    assert names(api, "/network_segment_ranges?physical_network=") == ["tunnel"]
    assert names(api, "/network_segment_ranges?physical_network=p") == ["vlan"]
    assert names(api, "/network_segment_ranges?physical_network=p&physical_network=") == ["tunnel", "vlan"]


def test_empty_provider_filter_finds_networks_that_show_none_or_have_a_segment_without(api: Client) -> None:
    api.ask("POST", "/physical-networks", {"physical_network": {"name": "p"}})
    flat = {"provider:network_type": "flat", "provider:physical_network": "p"}
    api.network(name="flat", **flat)
    api.network(name="local")
    bare = api.network(name="bare")["id"]
    for one in api.ask("GET", f"/segments?network_id={bare}")["segments"]:
        api.ask("DELETE", f"/segments/{one['id']}")
    assert names(api, "/networks?provider:physical_network=") == ["bare", "local"]
    assert names(api, "/networks?provider:network_type=") == ["bare"]
    assert names(api, "/networks?provider:physical_network=p") == ["flat"]


def test_ranges_are_found_by_an_id_that_is_used_or_available(api: Client) -> None:
    a_range(api, name="low", minimum=1, maximum=10)
    a_range(api, name="high", minimum=11, maximum=20)
    a_range(api, name="geneve", network_type="geneve", minimum=1, maximum=20)
    a_range(api, name="vlan p", network_type="vlan", physical_network="p", minimum=1, maximum=20)
    a_range(api, name="vlan q", network_type="vlan", physical_network="q", minimum=1, maximum=20)
    network = api.network()["id"]
    api.segment(network_id=network, network_type="vxlan", segmentation_id=5)
    api.segment(network_id=network, network_type="vlan", physical_network="p", segmentation_id=5)
    assert names(api, "/network_segment_ranges?used=5") == ["low", "vlan p"]
    assert names(api, "/network_segment_ranges?available=5") == ["geneve", "vlan q"]
    assert names(api, "/network_segment_ranges?used=5&network_type=vlan") == ["vlan p"]
    assert names(api, "/network_segment_ranges?used=12&used=5&network_type=vxlan") == ["low"]
    assert names(api, "/network_segment_ranges?available=12&network_type=vxlan") == ["high"]
    assert names(api, "/network_segment_ranges?available=21&available=0&used=21") == []
    assert api.ask("GET", "/network_segment_ranges?used=5&with_count=1")["count"] == 2


def test_project_and_tenant_are_two_names_of_one_filter(api: Client) -> None:
    api.network(name="a", project_id="p")
    api.network(name="b", tenant_id="q")
    assert names(api, "/networks?project_id=p") == names(api, "/networks?tenant_id=p") == ["a"]
    assert names(api, "/networks?project_id=p&tenant_id=q") == []
    assert names(api, "/networks?project_id=p&project_id=q&tenant_id=q") == ["b"]


def test_nulls_are_first_ascending_and_last_descending(api: Client) -> None:
    network = api.network()["id"]
    for name in ("b", None, "", "a"):
        api.segment(network_id=network, network_type="local", name=name, description="x")
    ascending = api.ask("GET", "/segments?description=x&sort_key=name&sort_dir=asc")["segments"]
    descending = api.ask("GET", "/segments?description=x&sort_key=name&sort_dir=desc")["segments"]
    assert [one["name"] for one in ascending] == [None, "", "a", "b"]
    assert [one["name"] for one in descending] == ["b", "a", "", None]
