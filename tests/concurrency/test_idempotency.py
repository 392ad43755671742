"""Requests with one Idempotency-Key at the same moment, at several worker processes: one of them is carried out."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from tests.servers.asking import Answer, Asker, ask
from tests.servers.service import Service

Start = Callable[..., Service]
RunSql = Callable[[str], Sequence[Sequence[Any]]]
CLIENTS = 16


def at_once(
    services: Sequence[Service], body_of: Callable[[int], object], key_of: Callable[[int], str]
) -> list[Answer]:
    """Have every client create networks, beginning together, spread over the servers."""
    barrier = threading.Barrier(CLIENTS)

    def client(number: int) -> Answer:
        with closing(Asker(services[number % len(services)].url)) as asker:
            assert asker.ask("GET", "/").status == 200
            barrier.wait()
            return asker.ask("POST", "/v2.0/networks", body_of(number), {"Idempotency-Key": key_of(number)})

    with ThreadPoolExecutor(CLIENTS) as threads:
        return list(threads.map(client, range(CLIENTS)))


def test_one_key_is_carried_out_once_and_everybody_gets_its_answer(start_server: Start, run_sql: RunSql) -> None:
    services = [start_server("--workers", "2")]
    found = at_once(services, lambda _: {"network": {"name": "blue"}}, lambda _: "order-1")
    assert {(one.status, one.body) for one in found} == {(201, found[0].body)}
    assert [row[0] for row in run_sql("SELECT name FROM networks")] == ["blue"]
    kinds = [row[0] for row in run_sql("SELECT type FROM events ORDER BY type")]
    assert kinds == ["network.created", "segment.created"]


def test_of_two_requests_with_one_key_one_is_carried_out(start_server: Start, run_sql: RunSql) -> None:
    services = [start_server("--workers", "2")]
    found = at_once(services, lambda number: {"network": {"name": f"n{number % 2}"}}, lambda _: "order-1")
    assert Counter(one.status for one in found) == {201: CLIENTS // 2, 422: CLIENTS // 2}
    ((name,),) = run_sql("SELECT name FROM networks")
    assert {json.loads(one.body)["network"]["name"] for one in found if one.status == 201} == {name}


def test_refused_request_leaves_its_key_to_whoever_waits(start_server: Start, run_sql: RunSql) -> None:
    """Of two keys that ask for one VNI the second comes to nothing, whoever waited for it."""
    services = [start_server("--workers", "2")]
    vni = {"network": {"provider:network_type": "vxlan", "provider:segmentation_id": 7}}
    found = at_once(services, lambda _: vni, lambda number: f"order-{number // 2 % 2}")
    assert Counter(one.status for one in found) == {201: CLIENTS // 2, 409: CLIENTS // 2}
    assert len({one.body for one in found if one.status == 201}) == 1
    assert [tuple(row) for row in run_sql("SELECT idempotency_key FROM answers")] in ([("order-0",)], [("order-1",)])
    holder = f"/v2.0/networks/{next(one.document['network']['id'] for one in found if one.status == 201)}"
    assert ask(services[0].url, "DELETE", holder).status == 204
    again = {
        key: ask(services[0].url, "POST", "/v2.0/networks", vni, {"Idempotency-Key": key})
        for key in ("order-0", "order-1")
    }
    assert [one.status for one in again.values()] == [201, 201]
    assert len({one.body for one in again.values()}) == 2
