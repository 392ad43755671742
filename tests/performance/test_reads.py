"""What a request reads does not depend on how much is stored, on each database, by its own counters."""

import time
from collections.abc import Callable, Sequence
from itertools import count

import pytest

import segmentary
from bench.database import POOLS, Database
from bench.identifiers import NETWORK, STORED, identifier
from segmentary.catalog import Segment
from segmentary.rules.attribute import describe
from segmentary.rules.listing import ListQuery
from tests.performance.reads import reads

FEW, TIMES = 2_000, 8
NETWORK_ID = identifier(NETWORK, 7)


def acts(app: segmentary.Application) -> dict[str, Callable[[], object]]:
    """Return kinds of requests; each can be done again and again."""
    numbers, names = count(1), count()
    segment = describe(Segment)
    victims = iter([one.id for one in app.segments.create_many([_gre(next(numbers)) for _ in range(2)])])
    small = app.networks.create().id
    app.segments.create_many([{**_gre(next(numbers)), "network_id": small} for _ in range(3)])
    pool = list(POOLS)[-1]  # the fullest
    return {
        "show": lambda: app.segments.show(identifier(STORED, 9)),
        "page": lambda: app.find(segment, ListQuery(limit=100, marker=identifier(STORED, 500))),
        "filter by network": lambda: app.segments.list(network_id=small),
        "filter by ID": lambda: app.segments.list(segmentation_id=[8, 9]),
        "filter networks by ID": lambda: app.networks.list(provider_segmentation_id=8),
        "create": lambda: app.segments.create(**_gre(next(numbers))),
        "create with a chosen ID": lambda: app.segments.create(network_id=NETWORK_ID, network_type="geneve"),
        "create in a pool that is nearly full": lambda: app.segments.delete(
            app.segments.create(network_id=NETWORK_ID, network_type="vlan", physical_network=pool).id
        ),
        "update": lambda: app.segments.update(identifier(STORED, 11), name=f"name {next(names)}"),
        "delete": lambda: app.segments.delete(next(victims)),
    }


def _gre(number: int) -> dict[str, object]:
    return {"network_id": NETWORK_ID, "network_type": "gre", "segmentation_id": number}


def test_requests_read_no_more_when_eight_times_as_much_is_stored(database_url: str, database_kind: str) -> None:
    database = Database(database_kind, database_url, "")
    database.fill(1)
    database.store_pools()
    found = []
    for stored in (FEW, FEW * TIMES):
        database.fill(stored)
        with segmentary.open(database_url, threads=1) as app:
            found.append({name: reads(app, act) for name, act in acts(app).items()})
        database.clean()
    few, many = found
    # Where an ID is looked for in a nearly full pool, chance decides how far.
    slack = {"create in a pool that is nearly full": 3 * 4094}
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name] * 1.2 + slack.get(name, 5)} == {}


@pytest.mark.databases("postgresql")
def test_changed_rows_stay_on_their_pages_and_their_indexes_as_they_are(
    database_url: str, database_kind: str, run_sql: Callable[[str], Sequence[Sequence[int]]]
) -> None:
    database = Database(database_kind, database_url, "")
    database.fill(FEW)
    run_sql("SELECT pg_stat_reset()")  # a database is used by one test after the other
    changed = range(1, FEW, 100)  # hardly two on one page
    with segmentary.open(database_url) as app:
        for number in changed:
            app.segments.update(identifier(STORED, number), name="changed")
            app.segments.create(**{**_gre(number), "network_id": identifier(NETWORK, 1 + number // 2)})
    counted = (
        "SELECT sum(n_tup_upd)::int, sum(n_tup_hot_upd)::int FROM pg_stat_user_tables "
        "WHERE relname IN ('networks', 'segments')"
    )
    deadline = time.monotonic() + 10  # a session that ends tells what it did a little later
    while (found := tuple(run_sql(counted)[0]))[0] < 2 * len(changed) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == (2 * len(changed), 2 * len(changed))
