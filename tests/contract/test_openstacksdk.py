"""openstacksdk works with us as it does with Neutron; the calls are in sdk.py."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.service import Service

CALLS = Path(__file__).with_name("sdk.py")
STEPS = 11
LONGEST_SECONDS = 120


def run(openstack_program: Path, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    return subprocess.run(
        [str(openstack_program.with_name("python")), str(CALLS), url],
        cwd=folder,
        env={**inherited, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )


def test_programs_that_use_openstacksdk_work(server: Service, openstack_program: Path, tmp_path: Path) -> None:
    done = run(openstack_program, server.url, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": done") == STEPS


@pytest.mark.databases("sqlite")
def test_pages_that_the_server_makes_smaller_are_followed_to_the_end(
    start_server: Callable[..., Service], openstack_program: Path, tmp_path: Path
) -> None:
    done = run(openstack_program, start_server("--page-limit", "2").url, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
