"""Ansible's modules for OpenStack work with us as with Neutron; run by `make test-ansible`, see tests/conftest.py."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.servers.service import Service

ROOT = Path(__file__).parents[2]
PLAYBOOK = Path(__file__).with_name("ansible") / "playbook.yaml"
CLOUDS = """
clouds:
  segmentary:
    auth_type: none
    auth: {endpoint: "URL"}
    region_name: RegionOne
    identity_api_version: "3"
    has_compute: false
    has_block_storage: false
    has_volume: false
    has_load_balancer: false
"""


@pytest.mark.databases("sqlite")
def test_a_playbook_changes_what_differs_and_nothing_else(server: Service, tmp_path: Path) -> None:
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(CLOUDS.replace("URL", server.url))
    variables = {"HOME": str(tmp_path), "OS_CLIENT_CONFIG_FILE": str(clouds), "ANSIBLE_LOCALHOST_WARNING": "false"}
    done = subprocess.run(
        [ROOT / ".venv-ansible" / "bin" / "ansible-playbook", PLAYBOOK],
        cwd=tmp_path,
        env={**os.environ, **variables, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible")},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
