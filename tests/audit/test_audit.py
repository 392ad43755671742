"""The audit as people and programs run it: command, API, library."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import segmentary
from tests.api.client import Client
from tests.servers.service import run_program

# What SARIF 2.1.0 demands of the parts that are written.
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id"],
                                            "properties": {
                                                "id": {"type": "string"},
                                                **dict.fromkeys(
                                                    ("shortDescription", "fullDescription", "help"), MESSAGE
                                                ),
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "invocations": {"items": {"required": ["executionSuccessful"]}},
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message", "ruleId"],
                            "properties": {
                                "message": MESSAGE,
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "locations": {
                                    "items": {
                                        "properties": {
                                            "logicalLocations": {
                                                "items": {"properties": {"fullyQualifiedName": {"type": "string"}}}
                                            }
                                        }
                                    }
                                },
                                "partialFingerprints": {"additionalProperties": {"type": "string"}},
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.fixture
def network_id(app: segmentary.Application) -> str:
    """Fill a database with what the program writes, and say which network has VLAN 5."""
    app.physical_networks.create(name="rack1")
    vlan = {"provider_network_type": "vlan", "provider_physical_network": "rack1"}
    network = app.networks.create(name="blue", **vlan, provider_segmentation_id=5)
    app.networks.create(name="red", mtu=1450, provider_network_type="vxlan", provider_segmentation_id=5)
    app.segment_ranges.create(network_type="vlan", physical_network="rack1", minimum=1, maximum=9, cooldown=60)
    gone = app.networks.create(name="gone", **vlan, provider_segmentation_id=6)
    app.networks.delete(gone.id)
    app.networks.update(app.networks.create(name="green", **vlan).id, name="olive")
    return network.id


@pytest.fixture
def damaged(database_url: str, network_id: str) -> str:
    """Damage a SQLite file past its constraints, and give the id of the segment."""
    with closing(sqlite3.connect(database_url.partition(":///")[2], isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        (segment_id,) = connection.execute(
            f"UPDATE segments SET segmentation_id = 9999 WHERE network_id = '{network_id}' RETURNING id"
        ).fetchone()
    return str(segment_id)


def test_nothing_is_found_in_what_the_program_wrote(app: segmentary.Application, network_id: str) -> None:
    del network_id
    seen: list[tuple[int, int]] = []
    result = app.audit(progress=lambda done, of, _collection: seen.append((done, of)))
    assert result.findings == []
    assert not result.totals
    assert result.rows["networks"] == 3
    assert seen == [(place, len(seen) - 1) for place in range(len(seen))]


@pytest.mark.databases("sqlite")
def test_the_exit_status_says_whether_something_is_found(
    tmp_path: Path, database_url: str, network_id: str, run_sql: Callable[[str], Any]
) -> None:
    clean = run_program(tmp_path, "audit", "--database", database_url)
    assert clean.returncode == 0, clean.stderr
    assert clean.stdout.endswith(": nothing found\n")
    assert not clean.stderr
    run_sql(f"UPDATE networks SET next_segment_index = 0 WHERE id = '{network_id}'")
    found = run_program(tmp_path, "audit", "--database", database_url)
    assert found.returncode == 1
    assert "networks: network_next_segment_index" in found.stdout
    assert network_id in found.stdout
    assert found.stdout.endswith(": 1 finding\n")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///missing.db", "there is no file missing.db"),
        ("postgresql://nobody@127.0.0.1:1/none", "is away or refuses"),
        ("oracle://x", "it must be a URL"),
    ],
)
def test_a_database_that_cannot_be_looked_at_is_another_status(tmp_path: Path, url: str, reason: str) -> None:
    done = run_program(tmp_path, "audit", "--database", url)
    assert done.returncode == 2
    assert reason in done.stderr
    assert not done.stdout
    assert not (tmp_path / "missing.db").exists()


@pytest.mark.databases("sqlite")
def test_a_finding_tells_rule_row_values_why_and_what_to_do(tmp_path: Path, database_url: str, damaged: str) -> None:
    done = run_program(tmp_path, "audit", "--database", database_url, "--format", "json")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    # The event of the segment tells of another revision only if the program changed it.
    (finding,) = result["findings"]
    assert finding["rule"] == "segment_vlan_id_range"
    assert finding["row"] == damaged
    assert finding["values"] == {"network_type": "vlan", "segmentation_id": 9999}
    assert "1 to 4094" in finding["limit"]
    assert "IEEE 802.1Q" in finding["why"]
    assert finding["remedy"]
    assert result["totals"] == {"segment_vlan_id_range": 1}


@pytest.mark.databases("sqlite")
def test_sarif_has_what_its_schema_demands(tmp_path: Path, database_url: str, damaged: str) -> None:
    done = run_program(tmp_path, "audit", "--database", database_url, "--format", "sarif")
    log = json.loads(done.stdout)
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "segment_vlan_id_range"
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == f"segments/{damaged}"


@pytest.mark.databases("sqlite")
def test_the_api_answers_as_the_command_does(app: segmentary.Application, damaged: str) -> None:
    client = Client(app)
    answer = client.ask("POST", "/segment-audits?limit=1")["segment_audit"]
    assert [one["row"] for one in answer["findings"]] == [damaged]
    assert answer["total"] == 1
    assert client.ask("POST", "/segment-audits?limit=0")["segment_audit"]["findings"] == []
    for wrong in ("limit=-1", "limit=10001", "limit=x", "rule=y"):
        client.refused(400, "POST", f"/segment-audits?{wrong}")
    client.refused(400, "POST", "/segment-audits", {"segment_audit": {}})
