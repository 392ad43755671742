"""Taking over what a Neutron keeps: all of it, as it is there, or nothing; and again what is new."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import segmentary
from segmentary.app import NeutronImport
from segmentary.services.neutron_import import KINDS
from tests.neutron.planted import LONG_AGO, MISSING, NOW, Planter, Run, plant_defects
from tests.servers.service import run_program

pytestmark = pytest.mark.databases("postgresql", "mariadb")


@pytest.fixture
def target(tmp_path: Path) -> Iterator[segmentary.Application]:
    with segmentary.open(f"sqlite:///{tmp_path / 'target.db'}") as app:
        yield app


@pytest.fixture
def source(target: segmentary.Application, plant: Planter, empty_database_url: str) -> NeutronImport:
    del plant
    return NeutronImport(target, empty_database_url)


def test_everything_is_taken_with_ids_times_and_revisions(
    target: segmentary.Application, plant: Planter, run: Run, empty_database_url: str
) -> None:
    network = plant.network("alpha")
    segment = plant.segment("vlan", "rack1", 180, network=network, index=7)
    run(f"UPDATE networks SET name = 'blue' WHERE id = '{network}'")
    for table, one in (("networks", network), ("networksegments", segment)):
        of_it = f"id = (SELECT standard_attr_id FROM {table} WHERE id = '{one}')"
        values = f"revision_number = 9, created_at = '{LONG_AGO}', description = 'd'"
        run(f"UPDATE standardattributes SET {values} WHERE {of_it}")
        run(f"INSERT INTO tags (standard_attr_id, tag) SELECT id, 'red' FROM standardattributes WHERE {of_it}")
    plant.policy(network, "access_as_shared", "*")
    plant.policy(network, "access_as_external", "*")
    one_project = plant.policy(network, "access_as_shared", "beta")
    run(f"INSERT INTO externalnetworks (network_id) VALUES ('{network}')")
    source = NeutronImport(target, empty_database_url)
    done = source.carry_out()
    assert not done.refused
    taken = target.networks.show(network)
    told = (taken.name, taken.description, taken.project_id, taken.shared, taken.router_external, taken.mtu, taken.tags)
    assert told == ("blue", "d", "alpha", True, True, 1400, ("red",))
    assert (taken.created_at, taken.updated_at, taken.revision_number) == (
        f"{LONG_AGO.replace(' ', 'T')}Z",
        f"{NOW.replace(' ', 'T')}Z",
        9,
    )
    copied = target.segments.show(segment)
    policy = target.rbac_policies.show(one_project)
    assert (policy.object_id, policy.target_project, policy.project_id) == (network, "beta", "alpha")
    told_of_segment = (copied.segmentation_id, copied.segment_index, copied.revision_number, copied.tags)
    assert told_of_segment == (180, 7, 9, ("red",))
    assert all(theirs == ours for theirs, ours in source.compared().values())
    assert source.compared()["segments"][0] == 11
    assert not target.audit().totals
    assert target.segments.create(network_id=network, network_type="local").segment_index == 8


def test_default_ranges_are_cut_where_others_are(target: segmentary.Application, source: NeutronImport) -> None:
    source.carry_out()
    found = target.segment_ranges.list(physical_network="rack1")
    assert sorted((one.minimum, one.maximum) for one in found) == [(100, 149), (150, 160), (161, 199)]


def test_repeating_takes_what_is_new_and_nothing_twice(
    target: segmentary.Application, source: NeutronImport, plant: Planter, empty_database_url: str
) -> None:
    source.carry_out()
    events = target.feed.latest()
    assert not any(source.carry_out().taken.values())
    assert target.feed.latest() == events
    segment = plant.segment("vxlan", None, 1234)
    again = NeutronImport(target, empty_database_url).carry_out()
    assert [one.id for one in again.taken[KINDS[2]]] == [segment]
    assert not target.audit().totals


def test_each_refused_row_keeps_everything_out_unless_it_is_skipped(
    target: segmentary.Application, plant: Planter, empty_database_url: str
) -> None:
    plant_defects(plant)
    source = NeutronImport(target, empty_database_url)
    refused = source.carry_out().refused
    assert not target.networks.list()
    told = {note.text.partition(":")[0] for note in refused}
    assert {
        "segment_claim",
        "segment_network",
        "network_segment_range_overlap",
        "host_mapping_segment",
        "rbac_policy_network",
    } <= told
    source.carry_out(skip_refused=True)
    assert not target.audit().totals
    for collection, (theirs, ours) in source.compared().items():
        assert theirs - ours == sum(note.collection == collection for note in refused), collection


def test_what_differs_from_what_is_stored_is_refused(target: segmentary.Application, source: NeutronImport) -> None:
    source.carry_out()
    changed = target.networks.list()[0]
    target.networks.update(changed.id, name="changed here")
    (note,) = source.plan().refused
    assert note.row == changed.id
    assert "it is stored already, with name 'changed here'" in note.text


def test_the_command_shows_the_plan_compares_and_audits(
    tmp_path: Path, plant: Planter, empty_database_url: str
) -> None:
    command = ("import", "--database", "sqlite:///new.db")
    environment = {"SEGMENTARY_NEUTRON": empty_database_url}
    assert run_program(tmp_path, *command, environment=environment).returncode == 1, "nobody said yes"
    done = run_program(tmp_path, *command, "--yes", environment=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Audit: no findings.\n")
    assert "a default range becomes a shared one" in done.stdout
    plant.segment("vlan", "rack1", 9999, allocated=None)
    refused = run_program(tmp_path, *command, "--yes", environment=environment)
    assert refused.returncode == 1
    assert "segment_vlan_id_range" in refused.stdout
    assert MISSING not in refused.stdout
