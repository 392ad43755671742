"""`segmentary host` against a running service."""

import json
import subprocess
import urllib.request
from collections.abc import Callable

import pytest

from tests.servers.service import Service, forks

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def run(server: Service) -> Run:
    def command(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        environment = {"SEGMENTARY_URL": server.url, "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [forks().shim, "host", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == status, done
        return done

    return command


@pytest.fixture(autouse=True)
def network(server: Service) -> None:
    def post(path: str, body: object) -> None:
        request = urllib.request.Request(f"{server.url}/v2.0/{path}", json.dumps(body).encode())  # noqa: S310, ours
        urllib.request.urlopen(request).close()  # noqa: S310, ours

    post("physical-networks", {"physical_network": {"name": "alpha"}})
    of_alpha = {"provider:network_type": "vlan", "provider:physical_network": "alpha"}
    post("networks", {"network": {**of_alpha, "provider:segmentation_id": 100}})


def test_reports_are_told_back_listed_and_forgotten_and_refusals_are_one_line(run: Run) -> None:
    assert run("report", "h1", "alpha=br-a").stdout == "h1 reaches alpha\n"
    assert run("list").stdout == "h1\talive\talpha\n"
    assert json.loads(run("show", "h1").stdout)["agents"][0]["physical_networks"] == [{"name": "alpha", "via": "br-a"}]
    refused = run("report", "h1", "alpah", status=1)
    assert (refused.stdout, refused.stderr.count("\n")) == ("", 1)
    assert "'alpah' is not known; known are: alpha" in refused.stderr
    run("forget", "h1")
    assert "h1 could not be found" in run("forget", "h1", status=1).stderr
    away = run("list", "--url", "http://127.0.0.1:9", status=1)
    assert (away.stderr.count("\n"), "http://127.0.0.1:9" in away.stderr) == (1, True)


def test_a_database_is_asked_and_told_without_a_service(run: Run, database_url: str) -> None:
    assert run("report", "h2", "alpha", "--database", database_url).stdout == "h2 reaches alpha\n"
    assert run("list").stdout == run("list", "--database", database_url).stdout == "h2\talive\talpha\n"
    assert "'alpah' is not known" in run("report", "h2", "alpah", "--database", database_url, status=1).stderr


def test_differences_are_listed_with_status_1_and_none_with_status_0(run: Run) -> None:
    run("report", "h1", "alpha", "--observed", "vlan:alpha:7")
    found = run("drift", status=1).stdout.splitlines()
    assert found[0].startswith("h1\trecorded, not there\tvlan 100 on alpha, segment ")
    assert found[1] == "h1\tthere, not recorded\tvlan 7 on alpha"
    run("report", "h1", "alpha", "--observed", "vlan:alpha:100")
    assert run("drift", "h1").stdout == ""
    assert "TYPE:[PHYSICAL_NETWORK]:ID" in run("report", "h1", "--observed", "seven", status=2).stderr
