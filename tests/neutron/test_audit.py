"""The audit of a Neutron's database, over the tables that it reads as Neutron 2026.2 makes them.

The whole of Neutron, with its own schema, server and API: test_real.py, run by `make test-neutron`.
"""

from pathlib import Path

import pytest

from segmentary.app import audit_neutron
from segmentary.catalog.neutron import CONTRACTION, KNOWN, NEUTRON_RULES, RELEASES
from segmentary.errors import DatabaseFailed, InvalidSetting
from tests.neutron.planted import Planter, Run, plant_defects
from tests.servers.service import run_program

pytestmark = pytest.mark.databases("postgresql", "mariadb")


@pytest.mark.usefixtures("plant")
def test_nothing_is_found_in_what_is_right(empty_database_url: str) -> None:
    result = audit_neutron(empty_database_url)
    assert result.findings == []
    assert result.rows["networksegments"] == 10
    assert result.source.endswith("(Neutron 2026.2)")


def test_each_defect_is_found_and_nothing_else(empty_database_url: str, plant: Planter) -> None:
    expected = plant_defects(plant)
    result = audit_neutron(empty_database_url)
    assert {(one.check.rule, one.row) for one in result.findings} == expected
    assert {one.rule for one in result.checked} == {rule for rule, _ in expected}, "a rule has no planted violation"
    assert {one.name for one in NEUTRON_RULES} <= {rule for rule, _ in expected}
    assert result.total == len(result.findings)
    told = {one.check.rule: one.known for one in result.findings if one.known}
    assert set(told) == set(KNOWN)
    (zero,) = (one for one in result.findings if one.check.rule == "segment_vlan_id_range" and "1840895" in one.known)
    assert zero.values["segmentation_id"] == 0


def test_each_release_is_known(empty_database_url: str, run: Run) -> None:
    for revision, release in RELEASES.items():
        run("DELETE FROM alembic_version")
        for one in (CONTRACTION, revision):
            run(f"INSERT INTO alembic_version VALUES ('{one}')")
        assert audit_neutron(empty_database_url).source.endswith(f"(Neutron {release})")


def test_an_unknown_schema_is_refused(tmp_path: Path, empty_database_url: str, run: Run) -> None:
    run("DELETE FROM alembic_version")
    with pytest.raises(InvalidSetting, match=r"its schema is at nothing; known are the releases 2023\.1"):
        audit_neutron(empty_database_url)
    run("INSERT INTO alembic_version VALUES ('0000')")
    done = run_program(tmp_path, "audit", environment={"SEGMENTARY_NEUTRON": empty_database_url})
    assert done.returncode == 2
    assert "its schema is at 0000" in done.stderr
    run("DROP TABLE alembic_version")
    with pytest.raises(InvalidSetting, match="no table alembic_version"):
        audit_neutron(empty_database_url)


def test_a_transaction_of_the_audit_cannot_write(
    empty_database_url: str, plant: Planter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that would write is refused by the database itself."""
    from sqlalchemy import text  # noqa: PLC0415, only here

    from segmentary.db import neutron  # noqa: PLC0415, only here
    from segmentary.db.statement import Statement  # noqa: PLC0415, only here
    from segmentary.db.transaction import Tx  # noqa: PLC0415, only here

    del plant

    def writing(tx: Tx) -> int:
        return tx.execute(Statement(text("DELETE FROM networks")), {})

    monkeypatch.setattr(neutron, "counts", writing)
    with pytest.raises(DatabaseFailed):
        audit_neutron(empty_database_url)
    monkeypatch.undo()
    assert audit_neutron(empty_database_url).rows["networks"] > 0
