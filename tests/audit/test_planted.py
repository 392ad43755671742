"""Every rule is found broken where it is, named and located, on each database; nothing else is."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from segmentary.catalog import stored
from segmentary.catalog.network import NETWORK_MTU_FITS_SEGMENTS
from segmentary.db.transaction import Database
from segmentary.rules.finding import Audit
from segmentary.services import audit
from tests.audit.bare import Bare, broken_constraints, plant, tell_of_all

MTU = 1500
MISSING = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"


@pytest.fixture
def bare(database_kind: str, empty_database_url: str) -> Iterator[Bare]:
    with closing(Bare(database_kind, empty_database_url)) as one:
        yield one


@pytest.fixture
def look(empty_database_url: str) -> Iterator[Callable[..., Audit]]:
    """Give a function that audits the database."""
    with closing(Database(empty_database_url)) as database:

        def run(limit: int = 10_000) -> Audit:
            return database.read(
                lambda tx: audit.run(tx, "planted", MTU, limit, lambda _done, _of, _name: None), one_state=True
            )

        yield run


def found(result: Audit) -> set[tuple[str, str]]:
    return {(one.check.rule, one.row) for one in result.findings}


def test_rows_that_break_constraints_are_found_and_no_others(
    database_kind: str, bare: Bare, look: Callable[..., Audit]
) -> None:
    plant(bare)
    tell_of_all(bare)
    expected = broken_constraints(bare, database_kind)
    result = look()
    rules = {one.rule for one in result.checked} - set(STORED | STORED_EVENTS)
    assert sorted(rules - {rule for rule, _ in expected}) == [], "a rule has no planted violation"
    assert {one for one in found(result) if one[0] in rules} == expected
    assert result.total >= len(expected)


def next_index(bare: Bare) -> str:
    row = bare.insert("networks", next_segment_index=5)
    bare.insert("segments", network_id=row["id"], segment_index=5, network_type="local", **NO_CLAIM)
    return str(row["id"])


def mtu(bare: Bare) -> str:
    row = bare.insert("networks", mtu=1451, mtu_requested=True)
    bare.insert("segments", network_id=row["id"], segment_index=0, **TUNNEL)
    return str(row["id"])


def overlap(bare: Bare) -> str:
    ids = [bare.insert("network_segment_ranges", minimum=low, maximum=low + 10)["id"] for low in (100, 110)]
    bare.insert("network_segment_ranges", minimum=105, maximum=106, state="reserved")
    return str(min(ids))


def released(bare: Bare) -> str:
    network = bare.insert("networks", next_segment_index=10)
    row = bare.insert("segments", network_id=network["id"], segment_index=0, **{**TUNNEL, "segmentation_id": 7})
    bare.insert("releases", network_type="vxlan", scope="", segmentation_id=7, released_at=2**52)
    bare.insert("releases", network_type="vxlan", scope="", segmentation_id=8, released_at=2**52)
    return str(row["id"])


def reach(bare: Bare) -> str:
    agent = bare.insert("agents", host="one", agent_type="a")
    row = bare.insert("reaches", agent_id=agent["id"], physical_network="p", host="two")
    return f"agent_id={row['agent_id']}, physical_network=p"


def observation(bare: Bare) -> str:
    agent = bare.insert("agents", host="one", agent_type="b")
    bare.insert("observations", agent_id=agent["id"], host="two", network_type="vlan", scope="p", segmentation_id=3)
    return f"agent_id={agent['id']}, network_type=vlan, scope=p, segmentation_id=3"


def event_deleted(bare: Bare) -> str:
    row = bare.insert("networks")
    bare.told("networks", row["id"], verb="deleted")
    return str(row["id"])


def event_missing(bare: Bare) -> str:
    bare.told("networks", MISSING, verb="updated")
    return MISSING


def event_revision(bare: Bare) -> str:
    row = bare.insert("networks", revision_number=3)
    bare.told("networks", row["id"], 3)
    bare.told("networks", row["id"], 2, verb="updated")
    return str(row["id"])


def no_event(bare: Bare) -> str:
    return str(bare.insert("networks")["id"])


def hole(bare: Bare) -> str:
    number = bare.told("networks", bare.insert("networks")["id"])
    bare.insert("events", id=2**40, sequence=2**40, type="x", resource_id=MISSING, payload="{}")
    return str(number)


def shared(bare: Bare) -> str:
    policed = bare.insert("networks", shared=True)
    bare.insert("rbac_policies", object_id=policed["id"], target_project="*")
    return str(bare.insert("networks", shared=True)["id"])


def external(bare: Bare) -> str:
    row = bare.insert("networks")
    bare.insert("rbac_policies", object_id=row["id"], action="access_as_external", target_project="*")
    bare.insert("rbac_policies", object_id=bare.insert("networks")["id"], action="access_as_external")
    return str(row["id"])


NO_CLAIM = {"physical_network": None, "segmentation_id": None}
TUNNEL = {"network_type": "vxlan", "physical_network": None, "segmentation_id": 70}
# What is planted for each rule that no constraint keeps; those that need events come after all rows were told of.
STORED: dict[str, Callable[[Bare], str]] = {
    stored.NEXT_SEGMENT_INDEX.name: next_index,
    NETWORK_MTU_FITS_SEGMENTS.name: mtu,
    stored.NETWORK_SHARED.name: shared,
    stored.NETWORK_EXTERNAL.name: external,
    stored.RANGE_OVERLAP.name: overlap,
    stored.RELEASED_CLAIMED.name: released,
    stored.REACH_HOST.name: reach,
    stored.OBSERVATION_HOST.name: observation,
}
STORED_EVENTS: dict[str, Callable[[Bare], str]] = {
    stored.EVENT_DELETED.name: event_deleted,
    stored.EVENT_MISSING.name: event_missing,
    stored.EVENT_REVISION.name: event_revision,
    stored.RECORD_EVENT.name: no_event,
    stored.EVENT_SEQUENCE.name: hole,
}


def test_rows_that_break_rules_of_all_rows_are_found_and_no_others(bare: Bare, look: Callable[..., Audit]) -> None:
    bare.insert("physical_networks", name="p")
    expected = {(rule, make(bare)) for rule, make in STORED.items()}
    tell_of_all(bare)
    expected |= {(rule, make(bare)) for rule, make in STORED_EVENTS.items()}
    result = look()
    assert found(result) == expected
    assert {one.rule for one in result.checked} >= {rule for rule, _ in expected}
    assert {one.name for one in stored.STORED_RULES} <= {rule for rule, _ in expected}, (
        "a rule has no planted violation"
    )


def test_more_findings_than_asked_for_are_counted(bare: Bare, look: Callable[..., Audit]) -> None:
    for _ in range(7):
        bare.insert("physical_networks", mtu=1)
    tell_of_all(bare)
    result = look(3)
    assert {rule: count for (_, rule), count in result.totals.items()} == {
        "physical_network_mtu_allowed": 7,
        "physical_network_name_unique": 7,
    }
    assert len(result.findings) == 6
