"""Requests drawn at random from the OpenAPI document: no answer may contradict it, or say that the server failed."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.servers.service import Service

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sysconfig.get_path("scripts")) / "schemathesis"
# Set by `make fuzz`: seconds to go on for, with a new seed each time.
SECONDS = os.environ.get("SEGMENTARY_FUZZ_SECONDS")
# 503 NoNetworkAvailable is no failure: a check of tests/fuzz/hooks.py looks at all others. A request that fits the
# document can still be refused by what JSON Schema cannot say: as many sort_key as sort_dir, a used Idempotency-Key.
EXCLUDED = "not_a_server_error,positive_data_acceptance"


def fuzz(document: str | Path, url: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run schemathesis; its status is 0 if it finds nothing, and its output says how to repeat what it found."""
    command = [str(PROGRAM), "run", str(document), "--url", url, "--checks", "all", "--exclude-checks", EXCLUDED]
    budget = ["--max-time", SECONDS] if SECONDS else ["--seed", "1"]
    return subprocess.run(
        [*command, "--no-color", "--warnings", "off", "--generation-database", "none", *budget, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.databases("sqlite")
def test_answers_conform_to_the_document_on_sqlite(server: Service, tmp_path: Path) -> None:
    done = fuzz(f"{server.url}/openapi.json", server.url, tmp_path, "--max-examples", "3")
    assert done.returncode == 0, done.stdout + done.stderr + server.output


@pytest.mark.databases("postgresql", "mariadb")
def test_answers_conform_to_the_document_on_servers(server: Service, tmp_path: Path) -> None:
    limits = ("--max-examples", "2", "--phases", "fuzzing")
    done = fuzz(f"{server.url}/openapi.json", server.url, tmp_path, *limits)
    assert done.returncode == 0, done.stdout + done.stderr + server.output


@pytest.mark.databases("sqlite")
def test_a_contradiction_between_document_and_answer_is_found(server: Service, tmp_path: Path) -> None:
    with urlopen(f"{server.url}/openapi.json") as answer:  # noqa: S310 - http, ours
        document = json.load(answer)
    document["components"]["schemas"]["NetworkListAnswer"]["required"].append("never_there")
    (tmp_path / "other.json").write_text(json.dumps(document))
    only = ("--include-operation-id", "list_networks", "--max-examples", "1", "--phases", "fuzzing")
    done = fuzz(tmp_path / "other.json", server.url, tmp_path, *only, "--mode", "positive")
    assert done.returncode == 1
    assert "never_there" in done.stdout
