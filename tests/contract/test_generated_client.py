"""A client that a generator made from the OpenAPI document works with the server."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.servers.service import Service

USE = """
import json, sys
from segmentary_client import Client
from segmentary_client.api.networks import create_network, list_networks, show_network
from segmentary_client.models import NetworkCreate, NetworkCreateRequest

client = Client(base_url=sys.argv[1])
body = NetworkCreateRequest(network=NetworkCreate(name="blue", mtu=1400))
created = create_network.sync(client=client, body=body).network
listed = list_networks.sync(client=client, name=["blue"]).networks
refused = show_network.sync(client=client, record_id="6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11")
print(json.dumps({
    "created": [created.name, created.mtu], "listed": [one.id == created.id for one in listed],
    "refused": refused.neutron_error.type_,
}))
"""


@pytest.mark.databases("sqlite")
def test_a_generated_client_creates_and_lists_a_network(
    server: Service, openstack_program: Path, tmp_path: Path
) -> None:
    programs = openstack_program.parent
    document = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
    generate = [str(programs / "openapi-python-client"), "generate", "--meta", "none", "--path", str(document)]
    made = subprocess.run(
        [*generate, "--output-path", str(tmp_path / "segmentary_client"), "--fail-on-warning"],
        env={"PATH": str(programs)},  # it formats what it made with ruff
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    (tmp_path / "use.py").write_text(USE)
    used = subprocess.run(
        [programs / "python", "use.py", server.url], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert used.returncode == 0, used.stderr
    said = json.loads(used.stdout)
    assert said == {"created": ["blue", 1400], "listed": [True], "refused": "NetworkNotFound"}
