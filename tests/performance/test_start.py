"""Starting costs the same whatever is offered: a range has no row for its IDs, and none is read or written at start."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import segmentary
from segmentary.db.tables import METADATA
from tests.servers.asking import ask
from tests.servers.service import Service

RunSql = Callable[[str], Sequence[Sequence[Any]]]
ALL_VNIS = 2**24 - 1


def rows(run_sql: RunSql) -> dict[str, int]:
    """Return how many rows each table has."""
    return {name: run_sql(f"SELECT COUNT(*) FROM {name}")[0][0] for name in sorted(METADATA.tables)}


def test_restart_with_a_range_of_all_vnis_stores_nothing(start_server: Callable[..., Service], run_sql: RunSql) -> None:
    first = start_server()
    vnis = {"network_segment_range": {"network_type": "vxlan", "minimum": 1, "maximum": ALL_VNIS}}
    created = ask(first.url, "POST", "/v2.0/network_segment_ranges", vnis)
    assert created.status == 201
    stored = rows(run_sql)
    assert stored["network_segment_ranges"] == 1
    assert sum(stored.values()) < 10
    first.stop()
    second = start_server()
    found = ask(second.url, "GET", "/v2.0/network_segment_ranges").document["network_segment_ranges"]
    assert found == [created.document["network_segment_range"]]
    assert (found[0]["used_count"], found[0]["available_count"]) == (0, ALL_VNIS)
    assert ask(second.url, "POST", "/v2.0/networks", {"network": {"provider:network_type": "vxlan"}}).status == 201
    assert rows(run_sql) == {**stored, "networks": 1, "segments": 1, "events": stored["events"] + 2}


@pytest.mark.databases("sqlite")
def test_start_executes_the_same_statements_with_a_range_of_all_vnis(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[str] = []
    connect = sqlite3.connect

    def connect_and_trace(*arguments: Any, **named: Any) -> sqlite3.Connection:  # noqa: ANN401, passed on
        connection: sqlite3.Connection = connect(*arguments, **named)
        connection.set_trace_callback(executed.append)
        return connection

    monkeypatch.setattr(sqlite3.dbapi2, "connect", connect_and_trace)
    monkeypatch.setattr(sqlite3, "connect", connect_and_trace)

    def start_with(network_type: str, maximum: int) -> list[str]:
        with segmentary.open(database_url) as app:
            app.segment_ranges.create(network_type=network_type, minimum=1, maximum=maximum)
        executed.clear()
        with segmentary.open(database_url) as app:
            app.networks.list()
        return list(executed)

    small, large = start_with("geneve", 100), start_with("vxlan", ALL_VNIS)
    assert small
    assert large == small
