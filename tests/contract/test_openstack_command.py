"""What a person types at the `openstack` command works, on each database, with a token and without."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.command import Openstack, names
from tests.servers.asking import ask
from tests.servers.service import Service

Start = Callable[..., Service]
TOKEN = "4f1c0a52e9b86d37"  # noqa: S105, of this test


def with_token(service: Service, program: Path, folder: Path, token: str = TOKEN) -> Openstack:
    return Openstack(program, folder, OS_AUTH_TYPE="admin_token", OS_ENDPOINT=service.url, OS_TOKEN=token)


@pytest.fixture
def openstack(server: Service, openstack_program: Path, tmp_path: Path) -> Openstack:
    return Openstack(openstack_program, tmp_path, OS_AUTH_TYPE="none", OS_ENDPOINT=server.url)


@pytest.fixture
def closed_server(start_server: Start, tmp_path: Path) -> Service:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    return start_server("--token-file", str(file))


def walk_through(openstack: Openstack, service: Service, headers: dict[str, str]) -> None:
    physical_network = {"physical_network": {"name": "physnet1"}}
    assert ask(service.url, "POST", "/v2.0/physical-networks", physical_network, headers).status == 201
    networks_come_in_every_type(openstack)
    vxlan_segment = segments_are_added_and_changed_by_name(openstack)
    segments_are_shown_changed_and_deleted_by_id(openstack, vxlan_segment)
    networks_are_shared_with_single_projects(openstack)
    networks_are_found_changed_and_deleted(openstack)


def networks_come_in_every_type(openstack: Openstack) -> None:
    create = "network create -f json --provider-network-type"
    local, flat, vlan, vxlan, gre, geneve, aliases, listed = openstack.all(
        f"{create} local n-local",
        f"{create} flat --provider-physical-network physnet1 n-flat",
        f"{create} vlan --provider-physical-network physnet1 --provider-segment 100 --mtu 1400 n-vlan",
        f"{create} vxlan --provider-segment 5001 --description tunnel n-vxlan",
        f"{create} gre --provider-segment 4294967295 --share n-gre",
        f"{create} geneve --provider-segment 16777215 --external --disable n-geneve",
        "extension list --network -f json -c Alias",
        "network segment list -f json",
    )
    values = [
        (
            one["name"],
            one["provider:network_type"],
            one["provider:physical_network"],
            one["provider:segmentation_id"],
            one["mtu"],
        )
        for one in (local, flat, vlan, vxlan, gre, geneve)
    ]
    assert values == [
        ("n-local", "local", None, None, 1500),
        ("n-flat", "flat", "physnet1", None, 1500),
        ("n-vlan", "vlan", "physnet1", 100, 1400),
        ("n-vxlan", "vxlan", None, 5001, 1450),
        ("n-gre", "gre", None, 4294967295, 1458),
        ("n-geneve", "geneve", None, 16777215, 1450),
    ]
    assert vxlan["description"] == "tunnel"
    assert gre["shared"] is True
    assert geneve["router:external"] is True
    assert geneve["admin_state_up"] is False
    assert {"segment", "provider", "multi-provider", "net-mtu"} <= {one["Alias"] for one in aliases}
    assert sorted((one["Network Type"], one["Segment"]) for one in listed) == [
        ("flat", None),
        ("geneve", 16777215),
        ("gre", 4294967295),
        ("local", None),
        ("vlan", 100),
        ("vxlan", 5001),
    ]


def segments_are_added_and_changed_by_name(openstack: Openstack) -> str:
    create = "network segment create -f json --network n-vlan --network-type"
    vlan, vxlan, listed, shown, changed, network = openstack.all(
        f"{create} vlan --physical-network physnet1 --segment 101 --description first s-vlan",
        f"{create} vxlan --segment 5002 s-vxlan",
        "network segment list -f json --long --network n-vlan",
        "network segment show -f json s-vlan",
        "network segment set --name s-renamed --description second s-vlan",
        "network segment show -f json s-renamed",
        "network show -f json n-vlan",
    )
    assert (vlan["network_type"], vlan["physical_network"], vlan["segmentation_id"]) == ("vlan", "physnet1", 101)
    assert (vxlan["network_type"], vxlan["physical_network"], vxlan["segmentation_id"]) == ("vxlan", None, 5002)
    assert names(listed) == [None, "s-vlan", "s-vxlan"]
    assert shown["id"] == vlan["id"]
    assert shown["description"] == "first"
    assert (changed["id"], changed["name"], changed["description"]) == (vlan["id"], "s-renamed", "second")
    assert [one["provider:segmentation_id"] for one in network["segments"]] == [100, 101, 5002]
    assert network["provider:network_type"] is None
    segment_id: str = vxlan["id"]
    return segment_id


def segments_are_shown_changed_and_deleted_by_id(openstack: Openstack, segment_id: str) -> None:
    shown, changed, listed, of_network = openstack.all(
        f"network segment show -f json {segment_id}",
        f"network segment set --description third {segment_id}",
        f"network segment show -f json {segment_id}",
        f"network segment delete {segment_id}",
        "network segment delete s-renamed",
        "network segment list -f json",
        "network segment list -f json --network n-vlan",
    )
    assert (shown["id"], shown["name"]) == (segment_id, "s-vxlan")
    assert changed["description"] == "third"
    assert len(listed) == 6
    assert [(one["Network Type"], one["Segment"]) for one in of_network] == [("vlan", 100)]


def networks_are_shared_with_single_projects(openstack: Openstack) -> None:
    create = "network rbac create -f json --type network"
    shared, external = openstack.all(
        f"{create} --action access_as_shared --target-project red n-local",
        f"{create} --action access_as_external --target-all-projects n-vlan",
    )
    assert (shared["object_type"], shared["action"], shared["target_project_id"]) == (
        "network",
        "access_as_shared",
        "red",
    )
    assert shared["project_id"]
    assert external["target_project_id"] == "*"
    opened, listed, of_red, shown, closed = openstack.all(
        "network show -f json n-vlan",
        "network rbac list --long -f json",
        "network rbac list --target-project red --action access_as_shared --type network -f json",
        f"network rbac set --target-project green {shared['id']}",
        f"network rbac show -f json {shared['id']}",
        f"network rbac delete {shared['id']} {external['id']}",
        "network show -f json n-vlan",
    )
    assert opened["router:external"] is True
    assert {(one["ID"], one["Action"]) for one in listed} >= {
        (shared["id"], "access_as_shared"),
        (external["id"], "access_as_external"),
    }
    assert [one["ID"] for one in of_red] == [shared["id"]]
    assert shown["target_project_id"] == "green"
    assert closed["router:external"] is False


def networks_are_found_changed_and_deleted(openstack: Openstack) -> None:
    everything, active, down, by_type, by_place, by_number, shared, external, vlan = openstack.all(
        "network list -f json --long",
        "network list -f json --status ACTIVE",
        "network list -f json --status DOWN",
        "network list -f json --provider-network-type geneve",
        "network list -f json --provider-physical-network physnet1",
        "network list -f json --provider-segment 5001",
        "network list -f json --share",
        "network list -f json --external --disable",
        "network show -f json n-vlan",
    )
    assert names(everything) == names(active)
    assert names(everything) == ["n-flat", "n-geneve", "n-gre", "n-local", "n-vlan", "n-vxlan"]
    assert down == []
    assert [names(one) for one in (by_type, by_place, by_number)] == [["n-geneve"], ["n-flat", "n-vlan"], ["n-vxlan"]]
    assert [names(one) for one in (shared, external)] == [["n-gre"], ["n-geneve"]]
    changed, left = openstack.all(
        f"network set --name n-renamed --description changed --mtu 1300 --disable {vlan['id']}",
        "network show -f json n-renamed",
        f"network delete {vlan['id']}",
        "network delete n-local n-flat n-vxlan n-gre n-geneve",
        "network segment list -f json",
    )
    assert changed["id"] == vlan["id"]
    assert (changed["description"], changed["mtu"], changed["admin_state_up"]) == ("changed", 1300, False)
    assert changed["revision_number"] > vlan["revision_number"]
    assert left == []


def test_walk_through_without_authentication(openstack: Openstack, server: Service) -> None:
    walk_through(openstack, server, {})


@pytest.mark.databases("sqlite")
def test_quotas_are_set_shown_listed_and_taken_away(server: Service, openstack_program: Path, tmp_path: Path) -> None:
    variables = {"OS_AUTH_TYPE": "none", "OS_ENDPOINT": server.url, "OS_IDENTITY_API_VERSION": "3"}
    openstack = Openstack(openstack_program, tmp_path, **variables)

    def limits(rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {one["Resource"]: one["Limit"] for one in rows if one["Limit"] is not None}

    shown, default, _, usage, listed, left = openstack.all(
        "quota set --networks 5 --rbac-policies 7 p",
        "quota show -f json --network p",
        "quota show -f json --network --default p",
        "network create -f json --project p n-of-p",
        "quota show -f json --network --usage p",
        "quota list -f json --network",
        "quota delete --network p",
        "quota show -f json --network p",
        "network delete n-of-p",
    )
    assert limits(shown) == {"networks": 5, "segment": -1, "network_segment_range": -1, "rbac_policies": 7}
    assert limits(default) == limits(left) == {**limits(shown), "networks": -1, "rbac_policies": -1}
    assert [(one["Limit"], one["In Use"]) for one in usage if one["Resource"] == "networks"] == [(5, 1)]
    assert [(one["Project ID"], one["Networks"]) for one in listed] == [("p", 5)]
    openstack.all("quota set --networks 0 p")
    assert "Quota exceeded for resources: ['network']." in openstack.refused("network create --project p n")


@pytest.mark.databases("sqlite")
def test_networks_are_tagged_and_found_by_their_tags(openstack: Openstack) -> None:
    created, _, shown, _, all_of, any_of, not_all, none_of, untagged, left = openstack.all(
        "network create -f json --tag red --tag blue n-tagged",
        "network create -f json --no-tag n-plain",
        "network set --tag green n-tagged",
        "network unset --tag red n-tagged",
        "network show -f json n-tagged",
        "network create -f json --tag green n-green",
        "network list -f json --tags green,blue",
        "network list -f json --any-tags blue,red",
        "network list -f json --not-tags green,blue",
        "network list -f json --not-any-tags green,blue",
        "network set --no-tag n-tagged",
        "network show -f json n-tagged",
        "network list -f json --any-tags green,blue",
    )
    assert (sorted(created["tags"]), shown["tags"]) == (["blue", "red"], ["blue", "green"])
    assert [names(one) for one in (all_of, any_of, not_all, none_of)] == [
        ["n-tagged"],
        ["n-tagged"],
        ["n-green", "n-plain"],
        ["n-plain"],
    ]
    assert untagged["tags"] == []
    assert names(left) == ["n-green"]


def test_agents_that_reported_are_listed_shown_changed_and_deleted(openstack: Openstack, server: Service) -> None:
    assert ask(server.url, "POST", "/v2.0/physical-networks", {"physical_network": {"name": "physnet1"}}).status == 201
    for host, kind in (("h1", "Open vSwitch agent"), ("h2", "NIC Switch agent")):
        said = {"agent_type": kind, "physical_networks": [{"name": "physnet1", "via": "br-1"}]}
        assert ask(server.url, "PUT", f"/v2.0/hosts/{host}", {"host": said}).status == 200
    first, second = sorted(
        ask(server.url, "GET", "/v2.0/agents?fields=id&fields=host").document["agents"], key=lambda one: one["host"]
    )
    everything, by_type, by_host, shown, changed, left = openstack.all(
        "network agent list -f json",
        "network agent list -f json --agent-type nic",
        "network agent list -f json --host h1",
        f"network agent show -f json {first['id']}",
        f"network agent set --disable --description repairing {first['id']}",
        f"network agent show -f json {first['id']}",
        f"network agent delete {second['id']}",
        "network agent list -f json",
    )
    assert sorted((one["Host"], one["Agent Type"], one["Alive"], one["State"]) for one in everything) == [
        ("h1", "Open vSwitch agent", True, True),
        ("h2", "NIC Switch agent", True, True),
    ]
    assert [one["Host"] for one in by_type] == ["h2"]
    assert [one["ID"] for one in by_host] == [first["id"]]
    assert shown["configuration"] == {"bridge_mappings": {"physnet1": "br-1"}}
    assert (shown["alive"], shown["admin_state_up"], shown["host"]) == (True, True, "h1")
    assert (changed["admin_state_up"], changed["description"]) == (False, "repairing")
    assert [(one["Host"], one["State"]) for one in left] == [("h1", False)]


@pytest.mark.databases("sqlite")
def test_walk_through_with_a_token(closed_server: Service, openstack_program: Path, tmp_path: Path) -> None:
    openstack = with_token(closed_server, openstack_program, tmp_path)
    walk_through(openstack, closed_server, {"X-Auth-Token": TOKEN})


@pytest.mark.databases("postgresql", "mariadb")
def test_token_signs_in_on_server_databases_too(
    closed_server: Service, openstack_program: Path, tmp_path: Path
) -> None:
    openstack = with_token(closed_server, openstack_program, tmp_path)
    create = "network create -f json --provider-network-type vxlan --provider-segment 7 blue"
    created, listed = openstack.all(create, "network segment list -f json", "network delete blue")
    assert created["provider:segmentation_id"] == 7
    assert [one["Segment"] for one in listed] == [7]


@pytest.mark.databases("sqlite")
def test_wrong_token_is_told_as_such(closed_server: Service, openstack_program: Path, tmp_path: Path) -> None:
    openstack = with_token(closed_server, openstack_program, tmp_path, token="wrong" * 5)
    assert "requires authentication" in openstack.refused("network list")


@pytest.mark.databases("sqlite")
def test_refusals_are_shown_with_their_reasons(openstack: Openstack) -> None:
    (first,) = openstack.all("network create -f json --provider-network-type vxlan --provider-segment 5001 first")
    taken, unknown, nothing, odd = openstack.refusals(
        "network create --provider-network-type vxlan --provider-segment 5001 second",
        "network create --provider-network-type flat --provider-physical-network typo third",
        "network show nothing",
        "network segment show n/a?b#c",
    )
    assert "ConflictException: 409" in taken
    assert first["id"] in taken
    assert "'typo' is not known" in unknown
    assert nothing == "No Network found for nothing"
    assert odd == "No Segment found for n/a?b#c"


@pytest.mark.databases("sqlite")
def test_command_of_its_own_tells_success_by_its_status_and_prints_a_table(openstack: Openstack) -> None:
    assert "| name " in openstack.one("network create 'two words'")
    assert "No Network found for nothing" in openstack.refused("network show nothing")


@pytest.mark.databases("sqlite")
def test_endpoint_may_end_with_the_version(server: Service, openstack_program: Path, tmp_path: Path) -> None:
    for suffix in ("/v2.0", "/v2.0/"):
        openstack = Openstack(openstack_program, tmp_path, OS_AUTH_TYPE="none", OS_ENDPOINT=server.url + suffix)
        networks, extension = openstack.all("network list -f json", "extension show segment -f json")
        assert networks == []
        assert extension["alias"] == "segment"
