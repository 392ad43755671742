"""A PUT that changes nothing leaves no trace: no revision, no time, no event; it is checked all the same."""

from collections.abc import Iterator

import pytest

from tests.api.client import Client, Object, client

SAME: dict[str, Object] = {
    "networks": {"name": "n", "description": "d", "shared": True, "tags": ["a", "b"]},
    "segments": {"name": "n", "description": "d"},
    "network_segment_ranges": {"name": "n", "minimum": 5, "maximum": 9, "state": "draining"},
    "physical_networks": {"name": "n", "mtu": 9000},
}
MORE: dict[str, Object] = {
    "segments": {"network_type": "local"},
    "network_segment_ranges": {"network_type": "vxlan"},
}


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url) as found:
        yield found


@pytest.mark.parametrize("collection", SAME)
def test_a_change_to_what_is_there_already_changes_nothing(api: Client, collection: str) -> None:
    name, values = collection[:-1], SAME[collection]
    beside = {"network_id": api.network()["id"]} if collection == "segments" else {}
    created = api.ask("POST", f"/{collection}", {name: {**values, **MORE.get(collection, {}), **beside}})[name]
    path = f"/{collection}/{created['id']}"
    for same in ({}, values, {"name": "n"}):
        assert api.ask("PUT", path, {name: same})[name] == created
    assert api.ask("GET", path)[name] == created
    api.refused(412, "PUT", path, {name: {"name": "n"}}, if_match="revision_number=7")
    api.refused(400, "PUT", path, {name: {"name": "n", "revision_number": 0}})
    changed = api.ask("PUT", path, {name: {**values, "name": "m"}})[name]
    assert changed["revision_number"] == created["revision_number"] + 1
    api.app.relay.work()
    found = api.ask("GET", f"/segment-events?resource_id={created['id']}")["segment_events"]
    assert [(one["type"], list(one.get("changed", {}))) for one in found] == [
        (f"{name}.created", []),
        (f"{name}.updated", [one for one in changed if changed[one] != created[one]]),
    ]


def test_the_present_provider_values_and_mtu_of_a_network_may_be_sent_back(api: Client) -> None:
    created = api.network(**{"provider:network_type": "vxlan", "provider:segmentation_id": 7})
    path = f"/networks/{created['id']}"
    same = {"provider:network_type": "vxlan", "provider:segmentation_id": "7", "mtu": 0}
    assert api.ask("PUT", path, {"network": same})["network"] == created
    changed = api.ask("PUT", path, {"network": {"provider:segmentation_id": 8}})["network"]
    assert (changed["provider:segmentation_id"], changed["revision_number"]) == (8, 1)
