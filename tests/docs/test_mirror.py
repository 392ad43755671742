"""The program of docs/how-to/mirror-segments.md, killed again and again while segments change."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, blocks
from tests.servers.service import Service

PAGE = ROOT / "docs" / "how-to" / "mirror-segments.md"
KILLS = 6
PATIENCE_SECONDS = 60
RunSql = Callable[[str], Sequence[Sequence[Any]]]


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: object) -> Any:  # noqa: ANN401, JSON
    connection.request(method, f"/v2.0{path}", json.dumps(body) if body is not None else None)
    answer = connection.getresponse()
    data = answer.read()
    assert answer.status < 300, data
    return json.loads(data) if data else None


def change(connection: http.client.HTTPConnection) -> None:
    """Leave one network more, whose segment has been changed, and create and delete another."""
    kept, gone = (ask(connection, "POST", "/networks", {"network": {"name": name}})["network"]["id"] for name in "ab")
    (segment,) = ask(connection, "GET", f"/segments?network_id={kept}", None)["segments"]
    ask(connection, "PUT", f"/segments/{segment['id']}", {"segment": {"name": "changed"}})
    ask(connection, "DELETE", f"/networks/{gone}", None)


def mirrored(file: Path) -> dict[str, Any]:
    content = json.loads(file.read_text()) if file.exists() else {"segments": {}}
    return {key: (one["name"], one["revision_number"]) for key, one in content["segments"].items()}


def stored(run_sql: RunSql) -> dict[str, Any]:
    return {str(row[0]): (row[1], row[2]) for row in run_sql("SELECT id, name, revision_number FROM segments")}


def wait_until(condition: Callable[[], bool], mirror: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert mirror.poll() is None, "the mirror ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.databases("sqlite", "postgresql")
def test_the_mirror_is_what_is_stored_however_often_it_was_killed(
    server: Service, run_sql: RunSql, tmp_path: Path
) -> None:
    (program,) = blocks(PAGE.read_text(), "py")
    (tmp_path / "mirror.py").write_text(program)
    file = tmp_path / "segments.json"
    command = [sys.executable, "mirror.py", server.url, str(file)]
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        for number in range(KILLS):
            with subprocess.Popen(command, cwd=tmp_path) as mirror:
                wait_until(file.exists, mirror)
                for _ in range(number + 1):
                    change(connection)
                mirror.kill()
            assert json.loads(file.read_text())["sequence"] >= 0, "a kill left half a file"
    with subprocess.Popen(command, cwd=tmp_path) as mirror:
        wait_until(lambda: mirrored(file) == stored(run_sql), mirror)
        mirror.kill()
    assert len(stored(run_sql)) == sum(range(1, KILLS + 1))
