"""Export, plan and apply: what a file wants is stored, exactly, in one transaction, or nothing is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

import segmentary
from segmentary.cli.desired import shown
from segmentary.cli.main import commands
from segmentary.cli.output import tree
from segmentary.errors import (
    InvalidInput,
    NetworkSegmentRangeOverlaps,
    PlanChanged,
    VlanIdInUse,
)
from segmentary.wire.desired import KINDS, attributes, load

RACK = {"provider_network_type": "vlan", "provider_physical_network": "rack1"}


@pytest.fixture
def filled(app: segmentary.Application) -> segmentary.Application:
    """Fill a database with records of which every attribute that a file has is set somewhere."""
    app.physical_networks.create(name="rack1", description="line\nbreak: \N{SNOWMAN} 'quoted' \u2028", mtu=9000)
    app.segment_ranges.create(
        name="a",
        description="d",
        network_type="vlan",
        physical_network="rack1",
        minimum=1,
        maximum=9,
        allocation="lowest",
        cooldown=7,
        state="draining",
        tags=["x"],
    )
    app.segment_ranges.create(network_type="gre", minimum=1, maximum=9, shared=False, project_id="p", state="reserved")
    app.networks.create(name="no", admin_state_up=False, shared=True, router_external=True, project_id="other")
    blue = app.networks.create(
        name="blue", description="123", tags=["b", "a: c"], mtu=1400, **RACK, provider_segmentation_id=5
    )
    for number in (3, 2, 1):
        app.segments.create(
            network_id=blue.id,
            network_type="gre",
            segmentation_id=number,
            use_reserved=True,
            name="yes" if number == 2 else None,
            description="~",
            tags=["no"],
        )
    first = app.segments.list(network_id=blue.id, segmentation_id=3)[0]
    app.segments.delete(first.id)
    bare = app.networks.create(name="bare")
    app.segments.delete(app.segments.list(network_id=bare.id)[0].id)
    return app


@pytest.fixture
def other(tmp_path: Path) -> Iterator[segmentary.Application]:
    """Give an empty database."""
    with segmentary.open(f"sqlite:///{tmp_path / 'other.db'}") as app:
        yield app


def run(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(commands, arguments)


def apply(app: segmentary.Application, text: str, *, prune: bool = False) -> None:
    wanted = load(text)
    app.apply(wanted, app.plan(wanted, prune=prune), prune=prune)


def test_an_export_sets_every_attribute_differently_from_its_default(filled: segmentary.Application) -> None:
    document = filled.export()
    records = {name: document[name] for name in ("physical_networks", "network_segment_ranges", "networks")}
    records["segments"] = [one for network in document["networks"] for one in network["segments"]]
    for resource in KINDS:
        for one in attributes(resource):
            values = [each[str(one.wire)] for each in records[resource.collection]]
            assert any(value != one.default for value in values), f"{resource.name}.{one.name} is not tried"


def test_a_plan_of_the_export_is_empty_and_applied_elsewhere_it_gives_the_same_export(
    filled: segmentary.Application, other: segmentary.Application
) -> None:
    text = tree(filled.export())
    assert yaml.safe_load(text) == filled.export()
    assert filled.plan(load(text), prune=True).steps == []
    apply(other, text)
    assert tree(other.export()) == text
    assert other.plan(load(text), prune=True).steps == []
    assert not other.audit().totals


def test_the_export_comes_back_after_everything_was_changed(filled: segmentary.Application) -> None:
    text = tree(filled.export())
    for network in filled.networks.list():
        filled.networks.update(network.id, name=f"not {network.name}", mtu=1000)
    for one in filled.segments.list():
        filled.segments.update(one.id, name="changed")
    filled.networks.create(name="new", **RACK, provider_segmentation_id=8)
    apply(filled, text, prune=True)
    assert tree(filled.export()) == text
    assert not filled.audit().totals


def test_a_file_without_ids_is_known_by_names_and_claims(app: segmentary.Application) -> None:
    text = """
physical_networks: [{name: rack1}]
network_segment_ranges: [{name: r, network_type: vlan, physical_network: rack1, minimum: 1, maximum: 9}]
networks:
- name: blue
  segments:
  - {network_type: vlan, physical_network: rack1, segmentation_id: 5}
"""
    apply(app, text)
    assert app.plan(load(text), prune=True).steps == []
    changed = text.replace("maximum: 9", "maximum: 8").replace("name: blue", "name: blue\n  description: new")
    plan = app.plan(load(changed), prune=True)
    assert [(one.resource.name, dict(one.values)) for one in plan.steps] == [
        ("network_segment_range", {"maximum": 8}),
        ("network", {"description": "new"}),
    ]
    assert 'description: "" -> "new"' in shown(plan)


def test_a_segment_whose_id_is_left_open_gets_one_once(app: segmentary.Application) -> None:
    text = """
network_segment_ranges: [{name: r, network_type: vxlan, minimum: 7, maximum: 8}]
networks: [{name: blue, segments: [{network_type: vxlan}, {network_type: vxlan, segmentation_id: 7}]}]
"""
    apply(app, text)
    assert sorted(one.segmentation_id or 0 for one in app.segments.list()) == [7, 8]
    assert app.plan(load(text), prune=True).steps == []


def test_without_prune_nothing_is_deleted_and_with_it_each_deletion_is_shown(filled: segmentary.Application) -> None:
    assert filled.plan(load("networks: []"), prune=False).steps == []
    text = shown(filled.plan(load("networks: []"), prune=True))
    for line in ("- network blue", "    with segment vlan rack1 5", "    with segment yes gre 2", "- physical network"):
        assert line in text
    apply(filled, "networks: []", prune=True)
    assert not any(filled.export().values())
    assert not filled.audit().totals


def test_an_id_that_one_network_gives_up_goes_to_another(app: segmentary.Application) -> None:
    app.physical_networks.create(name="rack1")
    app.networks.create(name="old", **RACK, provider_segmentation_id=5)
    text = """
physical_networks: [{name: rack1}]
networks: [{name: new, segments: [{network_type: vlan, physical_network: rack1, segmentation_id: 5}]}]
"""
    with pytest.raises(VlanIdInUse, match=r"networks\[0\].segments\[0\]: The VLAN 5"):
        apply(app, text)
    assert [one.name for one in app.networks.list()] == ["old"]
    apply(app, text, prune=True)
    assert [one.name for one in app.networks.list()] == ["new"]


def test_all_or_nothing(app: segmentary.Application) -> None:
    text = """
networks: [{name: made}]
network_segment_ranges:
- {name: a, network_type: vxlan, minimum: 1, maximum: 9}
- {name: b, network_type: vxlan, minimum: 9, maximum: 10}
"""
    with pytest.raises(NetworkSegmentRangeOverlaps):
        apply(app, text)
    assert not any(app.export().values())


@pytest.mark.parametrize("change", ["rename", "delete"])
def test_a_plan_that_no_longer_holds_is_not_carried_out(app: segmentary.Application, change: str) -> None:
    one = app.networks.create(name="blue")
    wanted = load(f"networks: [{{id: {one.id}, name: green}}]")
    plan = app.plan(wanted)
    if change == "rename":
        app.networks.update(one.id, description="someone was here")
    else:
        app.networks.delete(one.id)
    with pytest.raises(PlanChanged):
        app.apply(wanted, plan)
    assert "green" not in [each.name for each in app.networks.list()]


WRONG = {
    "networks: {}": "networks",
    "[]": "keys",
    "network: []": "Unrecognized attribute",
    "networks: [1]": r"networks\[0\]",
    "networks: [{name: a, name: b}]": "stands twice",
    "networks: [": "not YAML",
    "networks: [{nam: a}]": r"networks\[0\].*nam",
    "networks: [{id: 5}]": r"networks\[0\].*id",
    "networks: [{name: a, mtu: 1.5}]": r"networks\[0\].*mtu",
    "networks: [{name: a, segments: [{network_type: vlan, segmentation_id: 9999}]}]": r"networks\[0\].segments\[0\]",
    "networks: [{name: a, segments: [{segmentation_id: 5}]}]": "network_type",
    "physical_networks: [{}]": "name",
    "a: &a [*a]": "recursive|Unrecognized|not YAML",
    "!!python/object/apply:os.system ['true']": "not YAML",
}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_is_refused_with_the_place(app: segmentary.Application, text: str) -> None:
    with pytest.raises(InvalidInput, match=WRONG[text]):
        app.plan(load(text))


@pytest.mark.databases("sqlite")
def test_what_cannot_change_or_may_mean_several_is_refused(app: segmentary.Application) -> None:
    same = [app.networks.create(name="blue") for _ in range(2)]
    segment = app.segments.list(network_id=same[0].id)[0]
    with pytest.raises(InvalidInput, match="2 records may be meant"):
        app.plan(load("networks: [{name: blue}]"))
    with pytest.raises(InvalidInput, match="cannot change"):
        app.plan(load(f"networks: [{{id: {same[0].id}, segments: [{{id: {segment.id}, network_type: gre}}]}}]"))
    with pytest.raises(InvalidInput, match="that of an entry before"):
        app.plan(load(f"networks: [{{id: {same[0].id}}}, {{id: {same[0].id}}}]"))


@pytest.mark.databases("sqlite")
def test_the_commands_show_what_they_do(tmp_path: Path, database_url: str, run_sql: Callable[[str], Any]) -> None:
    file, database = tmp_path / "wanted.yaml", ("--database", database_url)
    file.write_text("networks: [{name: blue}]")
    plan = run("plan", str(file), *database)
    digest = plan.stdout.rpartition("Plan ")[2].partition(":")[0]
    assert "+ network blue  (networks[0])" in plan.stdout
    assert run("apply", str(file), *database).exit_code == 1, "nobody said yes"
    assert run("apply", str(file), *database, "--plan", "other").exit_code == 1
    assert not run_sql("SELECT id FROM networks")
    done = run("apply", str(file), *database, "--plan", digest)
    assert done.exit_code == 0, done.stderr
    exported = run("export", *database).stdout
    file.write_text(exported)
    assert run("plan", str(file), *database, "--prune").stdout.startswith("Nothing to do")
    csv = run("export", *database, "--format", "csv", "--kind", "networks").stdout
    assert csv.splitlines()[0].startswith("id,name,")
    assert len(csv.splitlines()) == 2
    assert run("export", *database, "--format", "csv").exit_code == 2
