"""Sixteen clients at once, over HTTP: what two of them cannot both have, one of them has."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from tests.servers.asking import Answer, Asker, ask
from tests.servers.service import Service

CLIENTS = 16
REQUESTS = 12
VNIS = 8
RunSql = Callable[[str], Sequence[Sequence[Any]]]
Act = Callable[[Asker, int], list[Answer]]


def all_at_once(service: Service, act: Act) -> list[Answer]:
    """Let every client act on a connection of its own, beginning together; no answer may be a failure of ours."""
    barrier = threading.Barrier(CLIENTS)

    def client(number: int) -> list[Answer]:
        with closing(Asker(service.url)) as asker:
            assert asker.ask("GET", "/").status == 200  # connected before the others begin
            barrier.wait()
            return act(asker, number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [answer for found in pool.map(client, range(CLIENTS)) for answer in found]
    assert [(one.status, one.body) for one in answers if one.status >= 500] == []
    return answers


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(one.status for one in answers)


def a_network(service: Service, **values: object) -> str:
    answer = ask(service.url, "POST", "/v2.0/networks", {"network": values})
    assert answer.status == 201, answer.body
    network_id: str = answer.document["network"]["id"]
    return network_id


def assert_nothing_is_held_twice(run_sql: RunSql) -> None:
    for columns in ("network_type, physical_network, segmentation_id", "network_id, segment_index"):
        of_claims = " WHERE segmentation_id IS NOT NULL" if "segmentation_id" in columns else ""
        twice = run_sql(f"SELECT {columns}, COUNT(*) FROM segments{of_claims} GROUP BY {columns} HAVING COUNT(*) > 1")
        assert list(twice) == [], columns
    assert list(run_sql("SELECT id FROM segments WHERE network_id NOT IN (SELECT id FROM networks)")) == []


def test_one_of_sixteen_gets_the_id_and_the_others_are_told_who_has_it(server: Service, run_sql: RunSql) -> None:
    body = {"network": {"provider:network_type": "vxlan", "provider:segmentation_id": 77}}
    answers = all_at_once(server, lambda asker, _: [asker.ask("POST", "/v2.0/networks", body)])
    assert statuses(answers) == {201: 1, 409: CLIENTS - 1}
    (holder,) = (one.document["network"]["id"] for one in answers if one.status == 201)
    for refused in (one for one in answers if one.status == 409):
        assert refused.fault["type"] == "TunnelIdInUse"
        assert holder in refused.message
    assert [
        tuple(row) for row in run_sql("SELECT segmentation_id, COUNT(*) FROM segments GROUP BY segmentation_id")
    ] == [(77, 1)]


def test_segments_added_to_one_network_at_once_have_different_indexes(server: Service, run_sql: RunSql) -> None:
    network = a_network(server)

    def add(asker: Asker, number: int) -> list[Answer]:
        values = {"network_id": network, "network_type": "vxlan"}
        return [
            asker.ask("POST", "/v2.0/segments", {"segment": {**values, "segmentation_id": 1 + number * 3 + step}})
            for step in range(3)
        ]

    assert statuses(all_at_once(server, add)) == {201: 3 * CLIENTS}
    indexes = [row[0] for row in run_sql("SELECT segment_index FROM segments ORDER BY segment_index")]
    assert indexes == list(range(3 * CLIENTS + 1))


def test_mixed_creating_and_deleting_leaves_every_id_with_at_most_one_holder(server: Service, run_sql: RunSql) -> None:
    shared = a_network(server)

    def work(asker: Asker, number: int) -> list[Answer]:
        chance = random.Random(number)  # noqa: S311 - which IDs collide is no secret
        answers: list[Answer] = []
        own: list[str] = []
        for _ in range(REQUESTS):
            vni = chance.randint(1, VNIS)
            match chance.randrange(4):
                case 0:
                    values = {"provider:network_type": "vxlan", "provider:segmentation_id": vni}
                    answers.append(asker.ask("POST", "/v2.0/networks", {"network": values}))
                    if answers[-1].status == 201:
                        own.append(f"/v2.0/networks/{answers[-1].document['network']['id']}")
                case 1:
                    segment = {"network_id": shared, "network_type": "vxlan", "segmentation_id": vni}
                    answers.append(asker.ask("POST", "/v2.0/segments", {"segment": segment}))
                    if answers[-1].status == 201:
                        own.append(f"/v2.0/segments/{answers[-1].document['segment']['id']}")
                case 2 if own:
                    answers.append(asker.ask("DELETE", own.pop()))
                case _:
                    answers.append(asker.ask("GET", "/v2.0/networks"))
        return answers

    found = statuses(all_at_once(server, work))
    assert set(found) == {200, 201, 204, 409}
    assert_nothing_is_held_twice(run_sql)
    ((held,),) = run_sql("SELECT COUNT(*) FROM segments WHERE segmentation_id IS NOT NULL")
    assert held == found[201] - found[204]
