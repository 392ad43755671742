"""The recipes for changing segmentary do what they say: they are carried out on a copy of the source."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.docs.pages import ROOT

DIFF = re.compile(r"^ *```diff\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
Run = Callable[..., str]


@pytest.fixture
def run_in_copy(tmp_path: Path) -> Run:
    """Give a function that runs Python in a copy of the project and returns what it prints."""
    for name in ("src", "tools", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "src"), str(tmp_path)])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def apply(recipe: str, root: Path) -> None:
    """Make the changes of a page: in each file, lines with a blank or a minus become those with a blank or a plus."""
    changes = [dedent(found) for found in DIFF.findall((ROOT / "docs" / "how-to" / recipe).read_text())]
    assert changes
    for change in changes:
        header, _, body = change.partition("@@\n")
        path = root / header.splitlines()[0].removeprefix("--- a/")
        old = "".join(f"{line[1:]}\n" for line in body.splitlines() if not line.startswith("+"))
        new = "".join(f"{line[1:]}\n" for line in body.splitlines() if not line.startswith("-"))
        source = path.read_text()
        assert source.count(old) == 1, f"{recipe}: these lines stand {source.count(old)} times in {path.name}:\n{old}"
        path.write_text(source.replace(old, new))


def test_a_network_type_is_added_as_the_page_says(run_in_copy: Run, tmp_path: Path) -> None:
    apply("add-a-network-type.md", tmp_path)
    changed = run_in_copy("-m", "tools.generate").splitlines()
    assert "docs/reference/network-types.md" in changed
    assert {name.rpartition(".")[0] for name in changed} > {
        f"docs/reference/schema/{one}" for one in ("sqlite", "mariadb")
    }
    used = """
        import sqlite3, segmentary
        from segmentary.errors import RuleBroken, TunnelIdInUse
        app = segmentary.open("sqlite:///new.db")
        values = {"provider_network_type": "nvgre", "provider_segmentation_id": 5001}
        print(app.networks.create(**values).mtu)
        for error, number in ((TunnelIdInUse, 5001), (RuleBroken, 4095)):
            try:
                app.networks.create(**{**values, "provider_segmentation_id": number})
            except error as refusal:
                print(refusal)
        try:
            sqlite3.connect("new.db").execute("UPDATE segments SET segmentation_id = 4095")
        except sqlite3.IntegrityError as refusal:
            print(refusal)
    """
    mtu, held, refused, broken = run_in_copy("-c", dedent(used)).splitlines()
    assert mtu == "1458"
    assert held.startswith("The tunnel ID 5001 is in use by segment ")
    assert refused.endswith(
        "provider:segmentation_id 4095: a nvgre segment has a segmentation_id from 4096 to 16777214."
    )
    assert broken == "CHECK constraint failed: segment_nvgre_id_range"


def test_an_attribute_is_added_as_the_page_says(run_in_copy: Run, tmp_path: Path) -> None:
    apply("add-an-attribute.md", tmp_path)
    assert "docs/reference/resources.md" in run_in_copy("-m", "tools.generate").splitlines()
    used = """
        import sqlite3, segmentary
        app = segmentary.open("sqlite:///new.db")
        network = app.networks.create()
        app.segments.create(network_id=network.id, network_type="local", vrf="blue")
        segment = app.segments.list(vrf="blue")[0]
        print(segment.vrf, app.segments.update(segment.id, vrf=None).vrf)
        try:
            sqlite3.connect("new.db").execute("UPDATE segments SET vrf = ''")
        except sqlite3.IntegrityError as refusal:
            print(refusal)
    """
    shown, broken = run_in_copy("-c", dedent(used)).splitlines()
    assert shown == "blue None"
    assert broken == "CHECK constraint failed: segment_vrf_allowed"
