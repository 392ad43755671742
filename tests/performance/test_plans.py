"""The index by which each database finds what a request asks for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

import segmentary
from bench.database import Database
from bench.identifiers import STORED as STORED_SEGMENT
from bench.identifiers import identifier
from segmentary.catalog import Network, Segment
from segmentary.db import claims, gaps, listing, outbox, records
from segmentary.db.statement import Statement
from segmentary.rules.attribute import describe
from segmentary.rules.listing import ListQuery
from tests.servers.plan import plan

STORED = 2000
ID = "00000000-0000-7000-8000-000000000001"
# What each database calls the index of a primary key.
PRIMARY = {"sqlite": "sqlite_autoindex_{table}_1", "postgresql": "{table}_pkey", "mariadb": "PRIMARY"}
# SQLite has no names for the indexes of UNIQUE constraints: they are numbered, the primary key's first.
UNIQUE_OF_SQLITE = {
    "segment_claim": "network_type=? AND claim_scope=? AND claim_id",
    "segment_index_unique": "network_id=?",
    "event_sequence_unique": "sequence>?",
}


class Look(NamedTuple):
    """A statement with values, and the index it is meant to use: a name, or "" for the primary key of a table."""

    statement: Statement
    values: Mapping[str, Any]
    uses: str = ""
    table: str = "segments"


def page(filters: Mapping[str, tuple[object, ...]]) -> Statement:
    """Return the statement of a page of segments after a marker."""
    shape = listing._Shape(  # noqa: SLF001, the statement of a list is found by its shape
        tuple((name, len(values), False) for name, values in filters.items()), (("id", False),), (False,), limited=True
    )
    return listing._list(describe(Segment), shape)  # noqa: SLF001, as above


SEGMENT, NETWORK = describe(Segment), describe(Network)
POOL = {"network_type": "gre", "scope": ""}
LOOKS = {
    "show a segment": Look(records._show(SEGMENT, 1), {"id_0": ID}),  # noqa: SLF001, plans are what statements are tested by
    "show segments asked for together": Look(records._show(SEGMENT, 4), {f"id_{place}": ID for place in range(4)}),  # noqa: SLF001
    "show networks asked for together": Look(
        records._show(NETWORK, 4),  # noqa: SLF001
        {f"id_{place}": ID for place in range(4)},
        table="networks",
    ),
    "lock a network": Look(records._lock(NETWORK), {"id": ID}, table="networks"),  # noqa: SLF001
    "page of segments": Look(page({}), {"after_id": ID, "limit": 100}),
    "segments with an ID": Look(
        page({"segmentation_id": (7,)}),
        {"segmentation_id_0": 7, "after_id": ID, "limit": 100},
        "segments_segmentation_id_id",
    ),
    "segments of a network": Look(
        claims._segments_of(),  # noqa: SLF001
        {"network_id": ID},
        "segment_index_unique",
    ),
    "holder of a claim": Look(
        claims._holder(),  # noqa: SLF001
        {"network_type": "gre", "claim_scope": "", "claim_id": 7},
        "segment_claim",
    ),
    "next free number": Look(gaps._next_free(), {**POOL, "after": 7, "maximum": 4094}, "segment_claim"),  # noqa: SLF001
    "feed of events": Look(outbox._excerpt(()), {"after": 7, "limit": 100}, "event_sequence_unique", "events"),  # noqa: SLF001
    "feed of a project": Look(
        outbox._excerpt((("type", 3), ("project_id", 1))),  # noqa: SLF001
        {
            "after": 7,
            "limit": 100,
            "project_id_0": "blue",
            **{f"type_{number}": "network.created" for number in range(3)},
        },
        "events_project_id_sequence",
        "events",
    ),
}


@pytest.fixture
def app(database_url: str) -> Iterator[segmentary.Application]:
    with segmentary.open(database_url) as opened:
        network = opened.networks.create()
        items = [
            {"network_id": network.id, "network_type": "gre", "segmentation_id": 2 * number + 1}
            for number in range(STORED)
        ]
        opened.segments.create_many(items)
        yield opened


def test_what_grows_is_found_by_an_index(app: segmentary.Application, database_kind: str) -> None:
    wrong = {}
    # MariaDB looks a primary key up while it plans, and has no plan for what is not there.
    stored = {"segments": app.segments.list()[0].id, "networks": app.networks.list()[0].id, "events": ID}
    for name, look in LOOKS.items():
        values = {key: stored[look.table] if value == ID else value for key, value in look.values.items()}
        found = plan(app.database, look.statement, values)
        wanted = look.uses or PRIMARY[database_kind].format(table=look.table)
        if database_kind == "sqlite":
            wanted = UNIQUE_OF_SQLITE.get(look.uses, wanted)
        if wanted not in found:
            wrong[name] = f"{wanted} not in:\n{found}"
    assert not wrong, "\n".join(f"{name}: {text}" for name, text in wrong.items())


# What the plan of the look for a gap must say, however little is stored when it is made, and what it must not.
OF_GAP = {
    "sqlite": ("(network_type=? AND claim_scope=? AND claim_id=?)", "TEMP B-TREE"),
    "postgresql": ("(claim_id = (one.claim_id + '1'::bigint))", "Join"),
    "mariadb": ("'eq_ref', 'segment_claim'", "filesort"),
}


def test_next_free_number_is_found_by_the_whole_key_and_without_sorting(
    database_url: str, app: segmentary.Application, run_sql: Callable[[str], object], database_kind: str
) -> None:
    look = LOOKS["next free number"]
    of_stored = plan(app.database, look.statement, dict(look.values))
    run_sql("DELETE FROM segments WHERE segmentation_id > 20")
    with segmentary.open(database_url) as fresh:
        of_few = plan(fresh.database, look.statement, dict(look.values))
    wanted, unwanted = OF_GAP[database_kind]
    for found in (of_stored, of_few):
        assert wanted in found
        assert unwanted not in found


@pytest.mark.databases("postgresql")
def test_a_page_is_planned_once(database_url: str) -> None:
    Database("postgresql", database_url, "").fill(20_000)
    with segmentary.open(database_url, threads=1) as app:
        for number in range(20):
            app.find(SEGMENT, ListQuery(limit=100, marker=identifier(STORED_SEGMENT, 100 * number)))
        connection = app.database.read(lambda tx: tx._session._connection)  # type: ignore[attr-defined]  # noqa: SLF001, what it prepared is told there only
        told = connection.execute("SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements").fetchone()
    assert told[0] >= 20
    assert told[1] == 0
