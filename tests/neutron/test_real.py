"""A whole Neutron, installed from PyPI, on its own schema, filled through its own API: `make test-neutron`.

It is no part of `make test`: installing and starting it takes minutes.
"""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import segmentary
from segmentary.app import NeutronImport, audit_neutron
from tests.neutron.conftest import QUOTES
from tests.neutron.planted import Planter, Run, hosts, plant_defects
from tests.servers import neutron, schema
from tests.servers.neutron import BIN, Neutron

IGNORE_KEYS = {"postgresql": "SET session_replication_role = replica", "mariadb": "SET foreign_key_checks = 0"}
RANGES = (("vlan", "rack1", 100, 199), ("vlan", "rack2", 1, 4094), ("vxlan", None, 1000, 1999), ("gre", None, 3, 100))

pytestmark = [
    pytest.mark.databases("postgresql", "mariadb"),
    pytest.mark.skipif(not BIN.exists(), reason="a whole Neutron is installed by `make test-neutron` only"),
]


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
    chosen = next(one["id"] for one in neutron.listed("networks") if one["name"] == "chosen")
    beta = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d22"
    policies = (("access_as_shared", beta), ("access_as_shared", "*"), ("access_as_external", beta))
    for action, target in policies:
        body = {"object_type": "network", "object_id": chosen, "action": action, "target_tenant": target}
        neutron.ask("POST", "/rbac-policies", {"rbac_policy": body | {"project_id": "alpha"}})
    gone = neutron.network(name="gone", network_type="vlan", physical_network="rack1", segmentation_id=155)
    neutron.ask("DELETE", f"/networks/{gone}")


@pytest.mark.long
def test_audit_and_import_of_a_whole_neutron(database_kind: str, empty_database_url: str, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    with (
        neutron.running(tmp_path, database_kind, empty_database_url) as server,
        closing(schema.connect(empty_database_url)) as connection,
        segmentary.open(target) as app,
    ):
        fill(server)

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
        for one in server.listed("segments"):
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
        policies = server.ask("GET", "/rbac-policies")["rbac_policies"]
        for one in policies:
            shared = app.rbac_policies.show(one["id"])
            assert (shared.object_id, shared.action) == (one["object_id"], one["action"])
            assert (shared.target_project, shared.project_id) == (one["target_tenant"], one["project_id"])
        for one in server.listed("networks"):
            network = app.networks.show(one["id"])
            assert (network.shared, network.router_external) == (one["shared"], one["router:external"]), one["name"]
        assert len(policies) == 3
        expected = plant_defects(plant)
        assert {(one.check.rule, one.row) for one in audit_neutron(empty_database_url).findings} == expected
