"""What a person types about segment ranges at the `openstack` command works, on each database, without a Keystone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.command import Openstack, names
from tests.servers.service import Service

Start = Callable[..., Service]
TOKEN = "9d0b62f81c7a4e35"  # noqa: S105, of this test
RANGE = "network segment range"


@pytest.fixture
def openstack(server: Service, openstack_program: Path, tmp_path: Path) -> Openstack:
    return Openstack(openstack_program, tmp_path, OS_AUTH_TYPE="none", OS_ENDPOINT=server.url)


def ranges_are_created_listed_and_found(openstack: Openstack) -> None:
    create = f"{RANGE} create -f json"
    office, blue, everything, long, shown = openstack.all(
        f"{create} --shared --network-type vlan --physical-network rack1 --minimum 100 --maximum 199 office",
        f"{create} --private --project blue --network-type vxlan --minimum 5000 --maximum 5009 of-blue",
        f"{RANGE} list -f json",
        f"{RANGE} list -f json --long",
        f"{RANGE} show -f json office",
    )
    assert (office["shared"], office["project_id"], office["physical_network"]) == (True, None, "rack1")
    assert (blue["shared"], blue["project_id"], blue["physical_network"]) == (False, "blue", "")
    assert (blue["minimum"], blue["maximum"], blue["available"]) == (5000, 5009, ["5000-5009"])
    assert names(everything) == ["of-blue", "office"]
    assert [one["Available"] for one in long] == [["100-199"], ["5000-5009"]]
    assert shown == office


def networks_get_ids_from_ranges(openstack: Openstack) -> None:
    plain, vlan, blue, segment, shown = openstack.all(
        "network create -f json n-plain",
        "network create -f json --provider-network-type vlan n-vlan",
        "network create -f json --project blue --provider-network-type vxlan n-blue",
        "network segment create -f json --network n-plain --network-type vlan --physical-network rack1 s-plain",
        f"{RANGE} show -f json of-blue",
    )
    assert plain["provider:network_type"] == "local"
    assert (vlan["provider:physical_network"], vlan["provider:segmentation_id"] // 100) == ("rack1", 1)
    assert blue["provider:segmentation_id"] in range(5000, 5010)
    assert segment["segmentation_id"] in range(100, 200)
    assert shown["used"] == {"blue": [str(blue["provider:segmentation_id"])]}
    assert (shown["used_count"], shown["available_count"]) == (1, 9)


def lists_are_narrowed_by_what_is_used(openstack: Openstack) -> None:
    create = f"{RANGE} create -f json --shared --network-type gre --minimum 7 --maximum 7 full"
    take = "network create -f json --provider-network-type gre n-gre"
    _, gre, *listed = openstack.all(
        create, take, *(f"{RANGE} list -f json --{kind}" for kind in ("used", "unused", "available", "unavailable"))
    )
    assert gre["provider:segmentation_id"] == 7
    used, unused, available, unavailable = map(names, listed)
    assert (used, unused) == (["full", "of-blue", "office"], [])
    assert (available, unavailable) == (["of-blue", "office"], ["full"])


def ranges_are_changed_and_deleted(openstack: Openstack) -> None:
    (grown,) = openstack.all(
        f"{RANGE} set --name of-red --minimum 4990 --maximum 5019 of-blue", f"{RANGE} show -f json of-red"
    )
    assert (grown["minimum"], grown["maximum"], grown["used_count"]) == (4990, 5019, 1)
    told = openstack.refused(f"{RANGE} delete of-red")
    assert "409" in told
    assert "1 ID(s) in use would fall out" in told
    (left,) = openstack.all("network delete n-blue n-gre", f"{RANGE} delete of-red full", f"{RANGE} list -f json")
    assert names(left) == ["office"]


def walk_through(openstack: Openstack) -> None:
    ranges_are_created_listed_and_found(openstack)
    networks_get_ids_from_ranges(openstack)
    lists_are_narrowed_by_what_is_used(openstack)
    ranges_are_changed_and_deleted(openstack)


def test_walk_through_without_authentication(openstack: Openstack) -> None:
    walk_through(openstack)


CREATE_FOR_PROJECT = (
    f"{RANGE} create -f json --private --project blue --network-type gre --minimum 1 --maximum 2 of-blue"
)


@pytest.mark.databases("sqlite")
def test_project_is_looked_up_with_a_token(start_server: Start, openstack_program: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    url = start_server("--token-file", str(file)).url
    openstack = Openstack(openstack_program, tmp_path, OS_AUTH_TYPE="admin_token", OS_ENDPOINT=url, OS_TOKEN=TOKEN)
    (created,) = openstack.all(CREATE_FOR_PROJECT)
    assert created["project_id"] == "blue"


@pytest.mark.databases("sqlite")
def test_project_is_looked_up_at_version_3(server: Service, openstack_program: Path, tmp_path: Path) -> None:
    variables = {"OS_AUTH_TYPE": "none", "OS_ENDPOINT": server.url, "OS_IDENTITY_API_VERSION": "3"}
    (created,) = Openstack(openstack_program, tmp_path, **variables).all(CREATE_FOR_PROJECT)
    assert created["project_id"] == "blue"


@pytest.mark.databases("sqlite")
def test_bad_bounds_and_overlaps_are_told(openstack: Openstack) -> None:
    create = f"{RANGE} create --shared --network-type vlan --physical-network rack1"
    openstack.all(f"{create} -f json --minimum 10 --maximum 20 first")
    too_high, wrong_way, overlap = openstack.refusals(
        f"{create} --minimum 1 --maximum 4095 second",
        f"{create} --minimum 20 --maximum 10 second",
        f"{create} --minimum 20 --maximum 30 second",
    )
    assert "a vlan range lies within 1 to 4094" in too_high
    assert "20" in wrong_way
    assert "overlaps with" in overlap
