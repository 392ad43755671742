"""Exactness under load, over HTTP, with several worker processes: no duplicate, no leak, and no false refusal."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.concurrency.load import CLIENTS, RunSql, a_range, all_at_once, assert_exact, coming_and_going
from tests.concurrency.load import until_none_is_left as drain
from tests.servers.load import SECONDS
from tests.servers.service import Service

Start = Callable[..., Service]
pytestmark = pytest.mark.load
ALL_VLANS = 4094
WORKERS = 4
# A server whose worker ends within 5.5 s of its start gives up; the oldest of four is killed, so each lives for 6.
KILL_SECONDS = min(1.5, SECONDS / WORKERS)


@pytest.fixture
def service(start_server: Start) -> Service:
    return start_server("--workers", "2")


def test_all_ids_of_a_range_are_handed_out_once_and_then_none(service: Service, run_sql: RunSql) -> None:
    vlans = a_range(service.url, 1, ALL_VLANS)
    held = all_at_once([service.url], drain)
    assert sorted(held.values()) == list(range(1, ALL_VLANS + 1))
    assert_exact(service.url, run_sql, vlans, held)


@pytest.mark.parametrize("policy", ["lowest", "least_recently_released"])
def test_whoever_wants_the_same_id_gets_another(service: Service, run_sql: RunSql, policy: str) -> None:
    vlans = a_range(service.url, 1001, 1200, allocation=policy)
    held = all_at_once([service.url], drain)
    assert_exact(service.url, run_sql, vlans, held)
    assert len(held) == vlans.size


def test_ids_that_come_and_go_are_used_or_available(service: Service, run_sql: RunSql) -> None:
    """There is always one for whoever asks, and often only just."""
    vlans = a_range(service.url, 101, 100 + 3 * CLIENTS)
    held = all_at_once([service.url], coming_and_going(SECONDS, most=3))
    assert_exact(service.url, run_sql, vlans, held)


def started(process: int) -> int:
    """Return when a process was started, in ticks of the system's clock."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])


@pytest.mark.skipif(sys.platform != "linux", reason="the workers are found in /proc")
def test_killed_workers_leak_no_id(start_server: Start, run_sql: RunSql) -> None:
    service = start_server("--workers", str(WORKERS))
    vlans = a_range(service.url, 101, 100 + 3 * CLIENTS)
    killed: list[int] = []
    ended = threading.Event()

    def kill() -> None:
        while not ended.wait(KILL_SECONDS):
            killed.append(min(service.workers, key=started))
            os.kill(killed[-1], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        held = all_at_once([service.url], coming_and_going(SECONDS, most=3), repeats=True)
    finally:
        ended.set()
        killer.join()
    assert len(killed) > 1
    assert_exact(service.url, run_sql, vlans, held)
