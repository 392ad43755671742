"""A network type is one declaration: one that is made up and appended to a copy of the source works like any other."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT

# A hyphen in its name, IDs beyond every other type's, and a place on physical networks: nothing that another type has.
DECLARATION = """
Q_IN_Q = NetworkType(
    name="q-in-q",
    physical_network=Need.REQUIRED,
    ids=IdRange(4097, 2**40),
    unique_in=Scope.PHYSICAL_NETWORK,
    in_use=VlanIdInUse,
    overhead=4,
    source="a type made up by a test",
)
NETWORK_TYPES: tuple[NetworkType, ...] = (LOCAL, FLAT, VLAN, VXLAN, GRE, GENEVE, Q_IN_Q)
"""
OLD = "NETWORK_TYPES: tuple[NetworkType, ...] = (LOCAL, FLAT, VLAN, VXLAN, GRE, GENEVE)\n"
REGENERATE = "from tools import generate; print(*generate.write(generate.ROOT, generate.migration()), sep='\\n')"
WALK = """
import sqlite3
import pytest
import segmentary
from segmentary.db import migrate
from segmentary.errors import InvalidInput, NoNetworkAvailable, RuleBroken, SegmentNotFound, VlanIdInUse

URL = "sqlite:///new.db"
with segmentary.open(URL) as app:
    app.physical_networks.create(name="rack")
    app.physical_networks.create(name="room")
    values = {"provider_network_type": "q-in-q", "provider_physical_network": "rack"}
    network = app.networks.create(**values, provider_segmentation_id=2**40)
    assert network.mtu == 1496
    assert (network.provider_network_type, network.provider_segmentation_id) == ("q-in-q", 2**40)
    assert app.networks.list(provider_network_type="q-in-q") == [network]

    with pytest.raises(VlanIdInUse, match=f"in use by segment .* of network {network.id}"):
        app.networks.create(**values, provider_segmentation_id=2**40)
    other = app.networks.create(**{**values, "provider_physical_network": "room"}, provider_segmentation_id=2**40)
    changed = app.networks.update(other.id, provider_segmentation_id=4097)
    assert changed.provider_segmentation_id == 4097

    for number in (4096, 2**40 + 1):
        with pytest.raises(InvalidInput):
            app.networks.create(**values, provider_segmentation_id=number)
        with pytest.raises(InvalidInput):
            app.networks.update(other.id, provider_segmentation_id=number)
    with pytest.raises(RuleBroken, match="a q-in-q segment names the physical network it lives on"):
        app.networks.create(provider_network_type="q-in-q", provider_segmentation_id=5000)

    with pytest.raises(NoNetworkAvailable):
        app.segments.create(network_id=network.id, network_type="q-in-q", physical_network="rack")
    with pytest.raises(InvalidInput):
        app.segment_ranges.create(network_type="q-in-q", physical_network="rack", minimum=4096, maximum=5000)
    app.segment_ranges.create(network_type="q-in-q", physical_network="rack", minimum=5000, maximum=5000)
    segment = app.segments.create(network_id=network.id, network_type="q-in-q", physical_network="rack")
    assert segment.segmentation_id == 5000
    assert app.segments.list(network_type="q-in-q", segmentation_id=5000) == [segment]

    stored = sqlite3.connect("new.db")
    with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed: segment_q-in-q_id_range"):
        stored.execute("UPDATE segments SET segmentation_id = 4096 WHERE segmentation_id = 5000")
    stored.close()

    app.segments.delete(segment.id)
    with pytest.raises(SegmentNotFound):
        app.segments.show(segment.id)
    app.networks.delete(network.id)
    app.networks.delete(other.id)
    assert app.segments.list() == []
assert migrate.check(URL) == []
"""


def test_network_type_that_is_only_declared_is_stored_allocated_and_refused_like_any_other(tmp_path: Path) -> None:
    for name in ("src", "tools", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    catalog = tmp_path / "src" / "segmentary" / "catalog" / "network_type.py"
    source = catalog.read_text(encoding="utf-8")
    assert source.count(OLD) == 1
    catalog.write_text(source.replace(OLD, DECLARATION), encoding="utf-8")
    assert len(run_in(tmp_path, REGENERATE).split()) == 3
    run_in(tmp_path, WALK)


def run_in(folder: Path, program: str) -> str:
    """Run a Python program with the source of a folder, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "src"), str(folder)])}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
