"""A whole Neutron, installed from PyPI, on its own schema, filled through its own API: `make test-neutron`.

It is no part of `make test`: installing and starting it takes minutes.
"""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import segmentary
from segmentary.app import NeutronImport, audit_neutron
from tests.neutron.conftest import QUOTES
from tests.neutron.planted import Planter, Run, hosts, plant_defects
from tests.servers import schema
from tests.servers.server import free_port, wait_until

ROOT = Path(__file__).parents[2]
BIN = Path(os.environ.get("SEGMENTARY_TEST_NEUTRON", ROOT / ".venv-neutron")) / "bin"
HERE = Path(__file__).parent
IGNORE_KEYS = {"postgresql": "SET session_replication_role = replica", "mariadb": "SET foreign_key_checks = 0"}
RANGES = (("vlan", "rack1", 100, 199), ("vlan", "rack2", 1, 4094), ("vxlan", None, 1000, 1999), ("gre", None, 3, 100))

pytestmark = [
    pytest.mark.databases("postgresql", "mariadb"),
    pytest.mark.skipif(not BIN.exists(), reason="a whole Neutron is installed by `make test-neutron` only"),
]


class Neutron:
    """A server on a database."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/v2.0"

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401, JSON
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers, method=method)  # noqa: S310, http
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310, http
            text = answer.read()
            return json.loads(text) if text else None

    def network(self, **provider: object) -> str:
        body = {f"provider:{name}" if name in PROVIDER else name: value for name, value in provider.items()}
        return str(self.ask("POST", "/networks", {"network": body})["network"]["id"])

    def listed(self, collection: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"/{collection}")[collection]
        return sorted(found, key=lambda one: str(one["id"]))


PROVIDER = {"network_type", "physical_network", "segmentation_id"}


@contextmanager
def running(folder: Path, url: str) -> Iterator[Neutron]:
    """Make the schema with Neutron's own migrations and serve on it."""
    port = free_port()
    text = (HERE / "neutron.conf").read_text()
    (folder / "neutron.conf").write_text(text.format(folder=folder, port=port, url=url, etc=BIN.parent / "etc"))
    config = ["--config-file", str(folder / "neutron.conf")]
    made = subprocess.run([BIN / "neutron-db-manage", *config, "upgrade", "heads"], check=False, capture_output=True)
    assert made.returncode == 0, made.stderr[-2000:]
    log = folder / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [BIN / "python", HERE / "serve_neutron.py", folder / "neutron.conf", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    neutron = Neutron(port)
    try:
        wait_until(lambda: neutron.ask("GET", "/networks"), process, log)
        yield neutron
    finally:
        process.terminate()
        process.wait(60)


def fill(neutron: Neutron) -> None:
    """Make networks of all types, ranges and a routed network, through the API."""
    if not neutron.listed("network_segment_ranges"):  # only the first worker makes those of the configuration
        for network_type, physical_network, low, high in RANGES:
            row = {"name": "r", "network_type": network_type, "minimum": low, "maximum": high, "shared": True}
            row |= {"physical_network": physical_network} if physical_network else {}
            neutron.ask("POST", "/network_segment_ranges", {"network_segment_range": row})
    for network_type, number in (("vxlan", 1001), ("gre", 5), ("geneve", 5001), ("vxlan", 9000)):
        neutron.network(name=network_type, network_type=network_type, segmentation_id=number)
    neutron.network(name="flat", network_type="flat", physical_network="rack9")
    neutron.network(name="local", network_type="local")
    neutron.network(name="vlan", network_type="vlan", physical_network="rack1", segmentation_id=150)
    neutron.network(name="outside", network_type="vlan", physical_network="rack2", segmentation_id=300)
    neutron.network(name="chosen")
    mine = {"name": "mine", "network_type": "vxlan", "minimum": 3000, "maximum": 3010, "shared": False}
    neutron.ask("POST", "/network_segment_ranges", {"network_segment_range": {**mine, "project_id": "alpha"}})
    routed = neutron.network(
        name="routed", mtu=1400, network_type="vlan", physical_network="rack1", segmentation_id=160
    )
    second = {"network_id": routed, "network_type": "vlan", "physical_network": "rack2", "segmentation_id": 161}
    neutron.ask("POST", "/segments", {"segment": {**second, "name": "second"}})
    for place, segment in enumerate(one for one in neutron.listed("segments") if one["network_id"] == routed):
        subnet = {"network_id": routed, "ip_version": 4, "cidr": f"10.0.{place}.0/24", "segment_id": segment["id"]}
        neutron.ask("POST", "/subnets", {"subnet": subnet})
    gone = neutron.network(name="gone", network_type="vlan", physical_network="rack1", segmentation_id=155)
    neutron.ask("DELETE", f"/networks/{gone}")


def driver_url(kind: str, url: str) -> str:
    scheme = {"postgresql": "postgresql+psycopg2", "mariadb": "mysql+pymysql"}[kind]
    return f"{scheme}://{url.partition('://')[2]}"


def test_audit_and_import_of_a_whole_neutron(database_kind: str, empty_database_url: str, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    with (
        running(tmp_path, driver_url(database_kind, empty_database_url)) as neutron,
        closing(schema.connect(empty_database_url)) as connection,
        segmentary.open(target) as app,
    ):
        fill(neutron)

        def execute(statement: str) -> Any:  # noqa: ANN401, rows
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else ()

        run: Run = execute
        execute(IGNORE_KEYS[database_kind])
        plant = Planter(run, QUOTES[database_kind], 10**6)
        hosts(plant)
        assert audit_neutron(empty_database_url).findings == []
        taken = NeutronImport(app, empty_database_url)
        assert not taken.carry_out().refused
        assert all(theirs == ours for theirs, ours in taken.compared().values())
        assert not app.audit().totals
        for one in neutron.listed("segments"):
            ours = app.segments.show(one["id"])
            names = (
                "network_id",
                "network_type",
                "physical_network",
                "segmentation_id",
                "revision_number",
                "created_at",
            )
            assert {name: getattr(ours, name) for name in names} == {name: one[name] for name in names}
        expected = plant_defects(plant)
        assert {(one.check.rule, one.row) for one in audit_neutron(empty_database_url).findings} == expected
