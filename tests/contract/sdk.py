"""What a program does with openstacksdk, run by the Python of .venv-clients: `python sdk.py URL` ends with status 0."""

import sys
from typing import Any

import openstack
from openstack import exceptions

URL = sys.argv[1]


def refused(kind: type[Exception], call: Any, *arguments: Any, **values: Any) -> str:  # noqa: ANN401 - any call
    try:
        call(*arguments, **values)
    except kind as error:
        return str(error)
    raise AssertionError(f"{call} was not refused")


def names(found: Any) -> list[str]:  # noqa: ANN401 - the SDK has no types
    return sorted(one.name or "" for one in found)


def networks_are_created_found_changed_and_deleted(network: Any) -> None:  # noqa: ANN401 - the SDK has no types
    blue = network.create_network(name="blue", provider_network_type="vxlan", provider_segmentation_id=7, mtu=1400)
    assert (blue.provider_network_type, blue.provider_segmentation_id, blue.mtu) == ("vxlan", 7, 1400)
    assert blue.status == "ACTIVE"
    assert blue.is_admin_state_up is True
    assert network.find_network("blue").id == blue.id
    assert network.find_network(blue.id).name == "blue"
    assert network.find_network("nothing") is None
    assert network.find_network("odd/name?x#y") is None
    assert network.get_network(blue.id).created_at == blue.created_at
    assert network.update_network(blue, name="sky", description="changed").name == "sky"
    assert names(network.networks(name="sky", status="ACTIVE", provider_network_type="vxlan")) == ["sky"]
    assert names(network.networks(name="blue")) == []
    twin = network.create_network(name="sky")
    assert "More than one" in refused(exceptions.DuplicateResource, network.find_network, "sky")
    for one in (blue, twin):
        network.delete_network(one)
    refused(exceptions.NotFoundException, network.get_network, blue.id)
    assert network.delete_network(blue.id) is None
    refused(exceptions.NotFoundException, network.delete_network, blue.id, ignore_missing=False)


def networks_are_shared_with_single_projects(network: Any) -> None:  # noqa: ANN401 - the SDK has no types
    blue = network.create_network(name="shared")
    values = {"object_type": "network", "object_id": blue.id, "action": "access_as_shared"}
    one = network.create_rbac_policy(**values, target_project_id="red")
    assert (one.target_project_id, one.object_id, one.action, one.object_type) == (
        "red",
        blue.id,
        "access_as_shared",
        "network",
    )
    told = refused(exceptions.ConflictException, network.create_rbac_policy, **values, target_project_id="red")
    assert one.id in told
    every = network.create_rbac_policy(**values, target_project_id="*")
    assert network.get_network(blue.id).is_shared is True
    found = network.rbac_policies(target_project_id="red", object_id=blue.id)
    assert [each.id for each in found] == [one.id]
    assert network.update_rbac_policy(one, target_project_id="green").target_project_id == "green"
    assert network.find_rbac_policy(one.id).target_project_id == "green"
    assert network.get_rbac_policy(one.id).project_id == every.project_id
    network.delete_rbac_policy(every)
    assert network.get_network(blue.id).is_shared is False
    network.delete_network(blue)
    refused(exceptions.NotFoundException, network.get_rbac_policy, one.id)


def changes_can_be_made_conditional_on_the_revision(network: Any) -> None:  # noqa: ANN401 - the SDK has no types
    one = network.create_network(name="first")
    known = one.revision_number
    changed = network.update_network(one, if_revision=known, name="second")
    assert changed.revision_number > known
    told = refused(exceptions.PreconditionFailedException, network.update_network, one.id, if_revision=known, name="x")
    assert f"Constrained to {known}, but current revision is {changed.revision_number}" in told
    refused(exceptions.PreconditionFailedException, network.delete_network, one.id, if_revision=known)
    assert network.get_network(one.id).name == "second"
    network.delete_network(one.id, if_revision=changed.revision_number)


def segments_are_created_filtered_changed_and_deleted(network: Any) -> None:  # noqa: ANN401 - the SDK has no types
    blue = network.create_network(name="blue", provider_network_type="geneve", provider_segmentation_id=1)
    second = network.create_segment(
        name="second", network_id=blue.id, network_type="vxlan", segmentation_id=8, description="of blue"
    )
    for wanted in (
        {"name": "second"},
        {"description": "of blue"},
        {"network_type": "vxlan"},
        {"segmentation_id": 8},
        {"name": "second", "network_id": blue.id},
    ):
        assert [one.id for one in network.segments(**wanted)] == [second.id], wanted
    assert len(list(network.segments(network_id=blue.id))) == 2
    assert [one["provider:segmentation_id"] for one in network.get_network(blue.id).segments] == [1, 8]
    assert network.find_segment("second").id == second.id
    assert network.update_segment(second, name="third").name == "third"
    told = refused(
        exceptions.ConflictException,
        network.create_segment,
        network_id=blue.id,
        network_type="vxlan",
        segmentation_id=8,
    )
    assert second.id in told
    told = refused(
        exceptions.BadRequestException,
        network.create_segment,
        network_id=blue.id,
        network_type="vlan",
        physical_network="typo",
        segmentation_id=8,
    )
    assert "'typo'" in told
    network.delete_segment(second)
    refused(exceptions.NotFoundException, network.get_segment, second.id)
    network.delete_network(blue)
    assert list(network.segments(network_id=blue.id)) == []


def tags_are_set_added_removed_and_filtered_by(network: Any) -> None:  # noqa: ANN401 - the SDK has no types
    blue = network.create_network(name="blue")
    assert blue.tags == []
    network.set_tags(blue, ["red", "green"])
    assert network.get_network(blue.id).tags == ["green", "red"]
    network.add_tag(blue, "a b")
    network.add_tags(blue, ["red", "new"])
    assert network.get_tags(blue) == ["a b", "green", "new", "red"]
    assert network.check_tag(blue, "a b") is not False
    network.remove_tag(blue, "a b")
    refused(exceptions.NotFoundException, network.check_tag, blue, "a b")
    assert names(network.networks(tags="green,red")) == names(network.networks(any_tags="green,blue")) == ["blue"]
    assert names(network.networks(not_tags="green,red")) == names(network.networks(not_any_tags="green")) == []
    network.remove_all_tags(blue)
    assert network.get_network(blue.id).tags == []
    network.delete_network(blue)


def networks_have_several_segments(network: Any) -> None:  # noqa: ANN401 - the SDK has no types
    vlans = {"network_type": "vlan", "physical_network": "rack1"}
    offered = network.create_network_segment_range(name="office", shared=True, minimum=100, maximum=101, **vlans)
    described = [
        {"provider:network_type": "vlan", "provider:physical_network": "rack1"},
        {"provider:network_type": "vxlan", "provider:segmentation_id": 9},
        {"provider:network_type": "local"},
    ]
    blue = network.create_network(name="blue", segments=described)
    assert blue.provider_network_type is None
    vlan, vxlan, local = network.get_network(blue.id).segments
    assert vlan["provider:segmentation_id"] in {100, 101}
    assert (vxlan["provider:network_type"], vxlan["provider:segmentation_id"]) == ("vxlan", 9)
    assert local["provider:network_type"] == "local"
    assert len(list(network.segments(network_id=blue.id))) == 3
    told = refused(exceptions.HttpException, network.create_network, segments=[described[0], described[0]])
    assert "101" in told
    seen = network.get_network_segment_range(offered.id)
    assert len(seen.used) == len(seen.available) == 1
    refused(exceptions.ConflictException, network.delete_network_segment_range, offered)
    network.delete_network(blue)
    network.update_network_segment_range(offered, name="renamed")
    assert names(network.network_segment_ranges(network_type="vlan")) == ["renamed"]
    network.delete_network_segment_range(offered)


def lists_come_in_pages_of_any_size(network: Any) -> None:  # noqa: ANN401 - the SDK has no types
    made = [network.create_network(name=f"n{number}") for number in range(5)]
    everything = [one.id for one in network.networks()]
    assert sorted(everything) == sorted(one.id for one in made)
    for limit in (1, 2, 5, 7):
        assert [one.id for one in network.networks(limit=limit)] == everything, limit
    assert names(network.networks(limit=2, name="n3")) == ["n3"]
    backwards = [one.name for one in network.networks(limit=2, sort_key="name", sort_dir="desc")]
    assert backwards == ["n4", "n3", "n2", "n1", "n0"]
    assert [one.name for one in network.networks(fields=["name"], name="n1")] == ["n1"]
    assert len(list(network.segments(limit=2))) == 5
    for one in made:
        network.delete_network(one)


def extensions_are_found_by_their_alias(network: Any) -> None:  # noqa: ANN401 - the SDK has no types
    assert network.find_extension("segment").name == "Segment"
    assert network.find_extension("router") is None
    assert "provider" in {one.alias for one in network.extensions()}


def the_cloud_layer_does_the_same(connection: Any) -> None:  # noqa: ANN401 - the SDK has no types
    blue = connection.create_network(
        "blue", provider={"network_type": "vxlan", "segmentation_id": 9}, mtu_size=1400, project_id="paint"
    )
    assert (blue.name, blue.mtu, blue.project_id, blue.provider_segmentation_id) == ("blue", 1400, "paint", 9)
    assert connection.get_network("blue").id == connection.get_network_by_id(blue.id).id == blue.id
    assert connection.get_network("nothing") is None
    assert names(connection.list_networks({"name": "blue"})) == names(connection.search_networks("blue")) == ["blue"]
    assert connection.update_network("blue", name="sky", mtu_size=1300).mtu == 1300
    assert names(connection.get_external_networks()) == []
    assert connection.delete_network("sky") is True
    assert connection.delete_network("sky") is False


def quotas_are_set_shown_and_taken_away(network: Any) -> None:  # noqa: ANN401 - as above
    assert network.get_quota("paint").networks == -1
    assert network.update_quota("paint", networks=1).networks == 1
    assert [(one.project_id, one.networks) for one in network.quotas()] == [("paint", 1)]
    blue = network.create_network(name="blue", project_id="paint")
    told = refused(exceptions.ConflictException, network.create_network, name="red", project_id="paint")
    assert "Quota exceeded for resources: ['network']" in told
    assert network.get_quota("paint", details=True).networks == {"limit": 1, "used": 1, "reserved": 0}
    assert network.get_quota_default("paint").networks == -1
    network.delete_quota("paint")
    network.delete_network(blue)


def segment_ranges_are_created_filtered_changed_and_deleted(network: Any) -> None:  # noqa: ANN401 - as above
    values = {"network_type": "gre", "minimum": 5, "maximum": 9, "shared": False, "project_id": "paint"}
    offered = network.create_network_segment_range(name="ids", **values)
    assert (offered.available, offered.used, offered.project_id) == ([5, 6, 7, 8, 9], {}, "paint")
    for wanted in (
        {"name": "ids"},
        {"shared": False},
        {"minimum": 5, "maximum": 9},
        {"available": 7},
        {"default": False},
    ):
        assert [one.id for one in network.network_segment_ranges(**wanted)] == [offered.id], wanted
    assert network.update_network_segment_range(offered, maximum=6).available == [5, 6]
    network.delete_network_segment_range(offered)
    refused(exceptions.NotFoundException, network.get_network_segment_range, offered.id)


def main() -> None:
    connection = openstack.connection.Connection(
        auth_type="none", auth={"endpoint": URL}, region_name="RegionOne", app_name="tests"
    )
    for step in (
        networks_are_created_found_changed_and_deleted,
        networks_are_shared_with_single_projects,
        changes_can_be_made_conditional_on_the_revision,
        segments_are_created_filtered_changed_and_deleted,
        tags_are_set_added_removed_and_filtered_by,
        networks_have_several_segments,
        lists_come_in_pages_of_any_size,
        extensions_are_found_by_their_alias,
        quotas_are_set_shown_and_taken_away,
        segment_ranges_are_created_filtered_changed_and_deleted,
    ):
        step(connection.network)
        print(f"{step.__name__}: done")  # noqa: T201 - for the test that runs this
    the_cloud_layer_does_the_same(connection)
    print("the cloud layer: done")  # noqa: T201 - the same


if __name__ == "__main__":
    main()
