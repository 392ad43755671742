"""Single creates, or shows, that wait at the same moment are done together, and each is answered by itself."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

import segmentary
from segmentary.app import LIBRARY
from segmentary.catalog import Network, Segment
from segmentary.db import transaction
from segmentary.errors import NetworkNotFound, SegmentNotFound, TunnelIdInUse
from segmentary.rules.attribute import describe
from segmentary.rules.draft import create_draft
from tests.servers import schema

RunSql = Callable[[str], Sequence[Sequence[Any]]]
WAITING = 6
UNKNOWN = "00000000-0000-7000-8000-000000000001"


def create(app: segmentary.Application, request: str, network_id: str, number: int | None) -> Segment:
    values = {"network_id": network_id, "network_type": "vxlan"} | ({"segmentation_id": number} if number else {})
    draft = create_draft(describe(Segment), values)
    created: Segment = app.create(describe(Segment), [draft], replace(LIBRARY, request_id=request))[0]
    return created


def at_once(
    app: segmentary.Application, kind: str, first: tuple[str, int], others: Sequence[tuple[str, int | None]]
) -> list[Future[Segment]]:
    """Create a segment, which is held up until all others wait; return the answers."""
    held = app.networks.list()[0].id
    begin = {
        "sqlite": "BEGIN IMMEDIATE",
        "postgresql": f"BEGIN; SELECT 1 FROM networks WHERE id = '{held}' FOR UPDATE",
        "mariadb": "START TRANSACTION",
    }[kind]
    with closing(schema.connect(app.database.url)) as blocker, ThreadPoolExecutor(1 + len(others)) as threads:
        cursor = blocker.cursor()
        cursor.execute(begin)
        if kind == "mariadb":
            cursor.execute(f"SELECT 1 FROM networks WHERE id = '{held}' FOR UPDATE")
        answers = [threads.submit(create, app, "req-0", *first)]
        together = app._created  # noqa: SLF001, whoever waits, waits there
        while not together._is_busy:  # noqa: SLF001, as above
            pass
        for place, one in enumerate(others, 1):
            answers.append(threads.submit(create, app, f"req-{place}", *one))
            while len(together._waiting) < place:  # noqa: SLF001, as above
                pass
        cursor.execute("ROLLBACK")
    return answers


def test_each_of_those_who_wait_gets_its_own_segment_and_event(
    app: segmentary.Application, database_kind: str, run_sql: RunSql
) -> None:
    networks = [app.networks.create().id for _ in range(3)]
    app.segment_ranges.create(network_type="vxlan", minimum=100, maximum=199, shared=True)
    before = len(run_sql("SELECT id FROM events"))
    others = [(networks[place % 3], place if place % 2 else None) for place in range(1, WAITING)]
    created = [one.result() for one in at_once(app, database_kind, (networks[0], 99), others)]
    assert [one.network_id for one in created] == [networks[0], *(network for network, _ in others)]
    wanted = [99, *(number for _, number in others)]
    assert all(one.segmentation_id == number for one, number in zip(created, wanted, strict=True) if number)
    assert len({one.segmentation_id for one in created}) == WAITING
    events = run_sql("SELECT type, resource_id, request_id FROM events ORDER BY id")[before:]
    told = {str(resource_id): request for kind, resource_id, request in events if kind == "segment.created"}
    assert told == {one.id: f"req-{place}" for place, one in enumerate(created)}
    # A vxlan segment carries less than a network may have been given: told as the doing of the first who asked.
    lowered = {str(resource_id): request for kind, resource_id, request in events if kind == "network.updated"}
    assert lowered == {networks[0]: "req-0", networks[1]: "req-1", networks[2]: "req-2"}
    assert [app.segments.show(one.id) for one in created] == created


def test_those_who_are_refused_do_not_take_the_others_with_them(
    app: segmentary.Application, database_kind: str
) -> None:
    network = app.networks.create().id
    others = [(network, 1), (UNKNOWN, 2), (network, 3), (network, 3), (network, 4)]
    answers = at_once(app, database_kind, (network, 99), others)
    errors = [answer.exception() for answer in answers]
    assert [type(one) for one in errors[:3]] == [type(None), type(None), NetworkNotFound]
    assert sorted(type(one).__name__ for one in errors[3:5]) == ["NoneType", TunnelIdInUse.__name__]
    assert errors[5] is None
    assert sorted(one.segmentation_id or 0 for one in app.segments.list(network_type="vxlan")) == [1, 3, 4, 99]


def test_they_take_one_transaction(app: segmentary.Application, database_kind: str) -> None:
    network = app.networks.create().id
    runs: list[object] = []
    run = app.database.run

    def counted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401, passes everything on
        runs.append(arguments)
        return run(*arguments, **named)

    app.database.run = counted  # type: ignore[method-assign]  # counts transactions, and carries them out
    assert isinstance(app.database, transaction.Database)
    answers = at_once(app, database_kind, (network, 99), [(network, number) for number in range(1, WAITING)])
    assert all(answer.exception() is None for answer in answers)
    assert len(runs) == 2


@pytest.mark.databases("postgresql", "mariadb")  # in a file there is nothing to go to together
def test_records_that_are_asked_for_at_the_same_moment_are_read_together(app: segmentary.Application) -> None:
    networks = [app.networks.create() for _ in range(3)]
    for place, number in ((1, 1), (2, 2), (2, 3)):
        app.segments.create(network_id=networks[place].id, network_type="gre", segmentation_id=number)
    networks = [app.networks.show(one.id) for one in networks]
    segments = app.segments.list()
    asked: list[Callable[[], object]] = [
        *(lambda one=one: app.segments.show(one.id) for one in segments),
        *(lambda one=one: app.networks.show(one.id) for one in networks),
        lambda: app.segments.show(UNKNOWN),
    ]
    reads: list[object] = []
    read, let_go = app.database.read, threading.Event()

    def held(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401, passes everything on
        reads.append(arguments)
        assert len(reads) > 1 or let_go.wait(60)
        return read(*arguments, **named)

    app.database.read = held  # type: ignore[method-assign]  # counts what is read, and reads it
    waiting = app._shown  # noqa: SLF001, whoever waits, waits there
    with ThreadPoolExecutor(1 + len(asked)) as threads:
        first = threads.submit(app.segments.show, segments[0].id)
        while not reads:
            pass
        answers = [threads.submit(one) for one in asked]
        while len(waiting._waiting) < len(asked):  # noqa: SLF001, as above
            pass
        let_go.set()
    assert first.result() == segments[0]
    assert [one.result() for one in answers[:-1]] == [*segments, *networks]
    assert isinstance(answers[-1].exception(), SegmentNotFound)
    # One of those who came first, one of segments, one of networks.
    assert len(reads) == len({Segment, Network}) + 1
