"""Events get numbers after commit; what is dropped are the oldest."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest

import segmentary
from segmentary.db import outbox
from segmentary.errors import EventsDropped
from segmentary.services.relay import Relay
from segmentary.wire.event import EventQuery
from tests.servers import schema

# As stored where there is one writer, in the wire form, and where there are many.
LONG_AGO = {True: "2001-01-01T00:00:00Z", False: "2001-01-01 00:00:00"}
RunSql = Callable[[str], Sequence[Sequence[Any]]]


@pytest.fixture
def app(database_url: str) -> Iterator[segmentary.Application]:
    with segmentary.open(database_url) as opened:
        yield opened


def relay(app: segmentary.Application) -> None:
    """Do all that there is for a relay to do."""
    while app.relay.work():
        pass


def numbered(run_sql: RunSql) -> list[tuple[int, str]]:
    return [
        (sequence, str(resource_id))
        for sequence, resource_id in run_sql(
            "SELECT sequence, resource_id FROM events WHERE sequence IS NOT NULL ORDER BY sequence"
        )
    ]


def insert_event(resource_id: str) -> str:
    return (
        "INSERT INTO events (event_id, type, resource_id, payload, actor, created_at) "
        f"VALUES ('{uuid4()}', 'network.created', '{resource_id}', '{{}}', 'test', '2026-01-01 00:00:00')"
    )


@pytest.mark.databases("postgresql", "mariadb")
def test_an_event_that_commits_late_gets_a_later_number_although_it_was_inserted_first(
    app: segmentary.Application, database_url: str, run_sql: RunSql
) -> None:
    late, early = str(uuid4()), str(uuid4())
    with closing(schema.connect(database_url)) as slow:
        slow.cursor().execute("BEGIN")
        slow.cursor().execute(insert_event(late))
        run_sql(insert_event(early))
        relay(app)
        assert numbered(run_sql) == [(1, early)]
        slow.cursor().execute("COMMIT")
    relay(app)
    assert numbered(run_sql) == [(1, early), (2, late)]


def test_an_event_that_is_rolled_back_leaves_no_gap(
    app: segmentary.Application, database_url: str, run_sql: RunSql
) -> None:
    first = app.networks.create(name="first")
    with closing(schema.connect(database_url)) as refused:
        refused.cursor().execute("BEGIN")
        refused.cursor().execute(insert_event(str(uuid4())))
        refused.cursor().execute("ROLLBACK")
    second = app.networks.create(name="second")
    relay(app)
    assert [number for number, _ in numbered(run_sql)] == [1, 2, 3, 4]
    assert [numbered(run_sql)[place][1] for place in (0, 2)] == [first.id, second.id]


def test_more_events_than_a_batch_are_numbered_in_the_order_of_their_changes(
    app: segmentary.Application, run_sql: RunSql
) -> None:
    networks = app.networks.create_many([{"name": str(place)} for place in range(outbox.BATCH // 2 + 10)])
    relay(app)
    found = numbered(run_sql)
    assert [number for number, _ in found] == list(range(1, 2 * len(networks) + 1))
    ids = {network.id for network in networks}
    assert [one for _, one in found if one in ids] == [network.id for network in networks]


def test_events_beyond_those_kept_are_dropped_and_asking_for_them_is_refused(
    app: segmentary.Application, run_sql: RunSql
) -> None:
    for place in range(5):
        app.networks.create(name=str(place))
    relay(app)
    few = Relay(app.database, app.feed, segmentary.Settings(events_kept=4))
    while few.work():
        pass
    assert [number for number, _ in numbered(run_sql)] == [7, 8, 9, 10]
    assert [one.sequence for one in app.feed.page(EventQuery(after=6)).events] == [7, 8, 9, 10]
    with pytest.raises(EventsDropped) as refusal:
        app.feed.page(EventQuery(after=5))
    assert refusal.value.data == {"after": 5, "oldest": 7}


def test_events_older_than_they_are_kept_are_dropped_but_the_latest_number_stays(
    app: segmentary.Application, run_sql: RunSql
) -> None:
    for place in range(3):
        app.networks.create(name=str(place))
    relay(app)
    run_sql(f"UPDATE events SET created_at = '{LONG_AGO[app.database.dialect.one_writer]}'")
    later = Relay(app.database, app.feed, segmentary.Settings(events_kept_days=1))
    while later.work():
        pass
    assert [number for number, _ in numbered(run_sql)] == [6]
    app.networks.create(name="next")
    relay(app)
    assert [number for number, _ in numbered(run_sql)] == [6, 7, 8]
