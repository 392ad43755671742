"""A bulk request creates all of its items, in order, or none; an error says which item it is about."""

from collections.abc import Iterator
from typing import Any

import pytest

import segmentary
from segmentary.errors import InvalidRequest, InvalidValue, TunnelIdInUse
from tests.api.client import Client, Object, client

UNKNOWN = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url) as found:
        yield found


def vxlan(network_id: str, number: int | None = None) -> Object:
    chosen = {} if number is None else {"segmentation_id": number}
    return {"network_id": network_id, "network_type": "vxlan", **chosen}


def stored(api: Client) -> dict[str, int]:
    collections = ("networks", "segments", "network_segment_ranges", "physical_networks")
    return {one: len(api.ask("GET", f"/{one}")[one]) for one in collections}


def refused_item(api: Client, status: int, collection: str, items: list[Any]) -> Object:
    """Send a bulk request that must be refused and change nothing; return the error."""
    before = stored(api)
    error = api.refused(status, "POST", f"/{collection}", {collection: items})
    assert stored(api) == before
    return error


@pytest.mark.parametrize("count", [1, 3, 50])
def test_items_come_back_in_order(api: Client, count: int) -> None:
    wanted = [f"p{place}" for place in reversed(range(count))]
    bare: list[Any] = [{"name": name} for name in wanted]
    ranges = [
        {**one, "network_type": "gre", "minimum": 10 * place + 1, "maximum": 10 * place + 9}
        for place, one in enumerate(bare)
    ]
    wrapped = [{"physical_network": one} for one in bare]
    for collection, items in (("networks", bare), ("network_segment_ranges", ranges), ("physical_networks", wrapped)):
        created = api.ask("POST", f"/{collection}", {collection: items})[collection]
        assert [one["name"] for one in created] == wanted
    network = api.network()["id"]
    segments = [vxlan(network, place + 1) for place in reversed(range(count))]
    created = api.ask("POST", "/segments", {"segments": segments})["segments"]
    assert [one["segmentation_id"] for one in created] == [one["segmentation_id"] for one in segments]


def test_every_wrong_item_is_told(api: Client) -> None:
    network = api.network()["id"]
    items = [vxlan(network), vxlan(network, 0), {"network_type": "vlan", "colour": 1}, 5, vxlan(network, 2**24)]
    error = refused_item(api, 400, "segments", items)
    assert [(one.get("item"), one.get("attribute"), one.get("rule")) for one in error["problems"]] == [
        (1, "segmentation_id", None),
        (2, "colour", None),
        (2, "network_id", None),
        (3, None, None),
        (4, "segmentation_id", "segment_vxlan_id_range"),
    ]
    assert [line.partition(":")[0] for line in error["message"].splitlines()] == [
        "segments[1]",
        "segments[2]",
        "segments[2]",
        "segments[3]",
        "segments[4]",
    ]


def test_claim_that_another_holds_is_told_with_its_item(api: Client) -> None:
    network = api.network()["id"]
    holder = api.segment(**vxlan(network, 7))
    error = refused_item(api, 409, "segments", [vxlan(network, 5), vxlan(network, 6), vxlan(network, 7)])
    assert (error["type"], error["item"]) == ("TunnelIdInUse", 2)
    assert error["message"].startswith("segments[2]: The tunnel ID 7 is in use")
    assert holder["id"] in error["message"]


def test_claim_of_an_earlier_item_is_told_with_the_later_item(api: Client) -> None:
    network = api.network()["id"]
    error = refused_item(api, 409, "segments", [vxlan(network, 5), vxlan(network, 6), vxlan(network, 5)])
    assert (error["type"], error["item"]) == ("TunnelIdInUse", 2)
    assert "by another item of this request" in error["message"]


def test_claim_of_a_network_is_told_with_its_item(api: Client) -> None:
    def network(*numbers: int) -> Object:
        return {"segments": [{"provider:network_type": "geneve", "provider:segmentation_id": one} for one in numbers]}

    api.network(**network(9, 10))
    error = refused_item(api, 409, "networks", [{}, network(1, 2), network(3, 9)])
    assert (error["type"], error["item"]) == ("TunnelIdInUse", 2)
    error = refused_item(api, 409, "networks", [network(1, 2), network(3, 4), network(5, 2)])
    assert error["item"] == 2


def test_unknown_network_and_physical_network_are_told_with_their_item(api: Client) -> None:
    network = api.network()["id"]
    error = refused_item(api, 404, "segments", [vxlan(network, 1), vxlan(UNKNOWN, 2), vxlan(UNKNOWN, 3)])
    assert (error["type"], error["item"]) == ("NetworkNotFound", 1)
    flat = {"network_id": network, "network_type": "flat", "physical_network": "nowhere"}
    error = refused_item(api, 400, "segments", [vxlan(network, 1), flat])
    assert error["problems"] == [{"item": 1, "rule": "segment_physical_network_known", "attribute": "physical_network"}]
    provider = {"provider:network_type": "flat", "provider:physical_network": "nowhere"}
    assert refused_item(api, 400, "networks", [{}, provider])["item"] == 1


def test_ids_that_run_out_are_told_with_the_first_item_that_gets_none(api: Client) -> None:
    network = api.network()["id"]
    body = {"network_segment_range": {"network_type": "vxlan", "minimum": 1, "maximum": 3}}
    api.ask("POST", "/network_segment_ranges", body)
    items = [vxlan(network), vxlan(network, 9), *[vxlan(network)] * 4]
    error = refused_item(api, 503, "segments", items)
    assert (error["type"], error["item"]) == ("NoNetworkAvailable", 4)
    provider = {"provider:network_type": "vxlan"}
    assert refused_item(api, 503, "networks", [provider] * 5)["item"] == 3


def test_reserved_id_is_told_with_its_item(api: Client) -> None:
    network = api.network()["id"]
    body = {"network_segment_range": {"network_type": "vxlan", "minimum": 5, "maximum": 5, "state": "reserved"}}
    api.ask("POST", "/network_segment_ranges", body)
    error = refused_item(api, 409, "segments", [vxlan(network, 4), vxlan(network, 5)])
    assert (error["type"], error["item"]) == ("SegmentationIdReserved", 1)


def test_mtu_that_a_segment_cannot_carry_is_told_with_its_item(api: Client) -> None:
    too_large = {"mtu": 1501, "provider:network_type": "vxlan", "provider:segmentation_id": 9}
    assert refused_item(api, 400, "networks", [{}, too_large])["item"] == 1
    network = api.network(mtu=1500)["id"]
    local = {"network_id": network, "network_type": "local"}
    assert refused_item(api, 400, "segments", [local, vxlan(network, 1)])["item"] == 1


def test_overlapping_ranges_are_told_with_the_later_item(api: Client) -> None:
    def vxlan_range(minimum: int, maximum: int) -> Object:
        return {"network_type": "vxlan", "minimum": minimum, "maximum": maximum}

    items = [vxlan_range(1, 5), {**vxlan_range(1, 5), "network_type": "gre"}, vxlan_range(5, 9)]
    error = refused_item(api, 409, "network_segment_ranges", items)
    assert (error["type"], error["item"]) == ("NetworkSegmentRangeOverlaps", 2)
    stored_range = api.ask("POST", "/network_segment_ranges", {"network_segment_range": vxlan_range(20, 30)})
    error = refused_item(api, 409, "network_segment_ranges", [vxlan_range(1, 5), vxlan_range(30, 40)])
    assert error["item"] == 1
    assert stored_range["network_segment_range"]["id"] in error["message"]


def test_name_of_a_physical_network_that_is_taken_is_told_with_its_item(api: Client) -> None:
    api.ask("POST", "/physical-networks", {"physical_network": {"name": "p"}})
    assert refused_item(api, 409, "physical_networks", [{"name": "q"}, {"name": "p"}])["item"] == 1
    items = [{"name": "a"}, {"name": "b"}, {"name": "a"}]
    assert refused_item(api, 409, "physical_networks", items)["item"] == 2


def test_error_of_a_single_request_names_no_item(api: Client) -> None:
    network = api.network()["id"]
    api.segment(**vxlan(network, 5))
    error = api.refused(409, "POST", "/segments", {"segment": vxlan(network, 5)})
    assert "item" not in error
    assert error["message"].startswith("The tunnel ID 5 is in use")


def test_bulk_of_one_names_its_item(api: Client) -> None:
    network = api.network()["id"]
    api.segment(**vxlan(network, 5))
    assert refused_item(api, 409, "segments", [vxlan(network, 5)])["item"] == 0


@pytest.mark.parametrize(
    "body", [{"segments": []}, {"segments": {}}, {"segments": None}, {"segments": [], "segment": {}}]
)
def test_bulk_without_a_list_of_items_is_refused(api: Client, body: Object) -> None:
    assert api.refused(400, "POST", "/segments", body)["type"] == "HTTPBadRequest"


@pytest.mark.databases("sqlite")
def test_library_is_told_the_item_too(database_url: str) -> None:
    with segmentary.open(database_url) as app:
        network = app.networks.create().id
        with pytest.raises(TunnelIdInUse) as held:
            app.segments.create_many([vxlan(network, 5), vxlan(network, 5)])
        assert str(held.value.item) == "segments[1]"
        with pytest.raises(InvalidRequest) as invalid:
            app.segments.create_many([vxlan(network, 5), {"network_id": "x", "network_type": "y"}])
        assert [one.item.index for one in invalid.value.problems if one.item] == [1, 1]
        with pytest.raises(InvalidValue) as alone:
            app.segments.create(network_id="x", network_type="local")
        assert alone.value.item is None
