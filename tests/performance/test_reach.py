"""A page of what hosts reach costs the same however much is stored, on each database."""

from collections.abc import Callable

import pytest

import segmentary
from bench import hosts
from bench.database import Database
from bench.identifiers import VLAN, identifier
from segmentary.catalog import Segment
from segmentary.catalog.agent import EXCLUDED, INCLUDED
from segmentary.db import listing, reach
from segmentary.rules.attribute import describe
from segmentary.rules.listing import HostQuery, ListQuery
from tests.performance.reads import reads
from tests.servers.plan import plan

HOSTS, FABRICS, SEGMENTS, PAGE, TIMES = 600, 40, 6_000, 100, 8
ON_THE_WAY = identifier(VLAN, 400)


@pytest.fixture
def filled(database_url: str, database_kind: str) -> Database:
    database = Database(database_kind, database_url, "")
    database.fill(1)
    hosts.fill(database, hosts=HOSTS, physical_networks=FABRICS, segments=SEGMENTS)
    return database


def segments_of(app: segmentary.Application, marker: str | None, *names: str) -> list[object]:
    return [
        row[0] for row in app.find(describe(Segment), ListQuery(filters={"host": names}, limit=PAGE, marker=marker))
    ]


def questions(app: segmentary.Application) -> dict[str, Callable[[], list[object]]]:
    """Return questions for a page, each on the first and on a later one."""
    segment = identifier(VLAN, 1)

    def hosts_of(marker: str) -> list[object]:
        return [one["host"] for one in app.hosts.of_segment(segment, HostQuery(limit=PAGE, marker=marker))]

    return {
        "hosts of a segment": lambda: hosts_of(""),
        "hosts of a segment, later": lambda: hosts_of("host-00060"),
        "segments of a host": lambda: segments_of(app, None, "host-00017"),
        "segments of a host, later": lambda: segments_of(app, ON_THE_WAY, "host-00017"),
        "segments of hosts": lambda: segments_of(app, None, "host-00017", "host-00100", "host-00200"),
        "segments of hosts, later": lambda: segments_of(app, ON_THE_WAY, "host-00017", "host-00100", "host-00200"),
        "hosts": lambda: [one["host"] for one in app.hosts.find(HostQuery(limit=PAGE))],
    }


def test_pages_read_no_more_when_eight_times_as_much_is_stored(database_url: str, filled: Database) -> None:
    with segmentary.open(database_url, threads=1) as app:
        app.hosts.map(identifier(VLAN, 1), "host-00010", EXCLUDED)
        app.hosts.map(identifier(VLAN, 7), "host-00017", INCLUDED)
        asked = questions(app)
        pages = {name: ask() for name, ask in asked.items()}
        assert {len(page) for page in pages.values()} == {PAGE}
        few = {name: reads(app, ask) for name, ask in asked.items()}
    hosts.fill(filled, hosts=HOSTS * TIMES, physical_networks=FABRICS, segments=SEGMENTS * TIMES)
    with segmentary.open(database_url, threads=1) as app:
        asked = questions(app)
        assert {name: ask() for name, ask in asked.items()} == pages
        many = {name: reads(app, ask) for name, ask in asked.items()}
    assert {name: (few[name], many[name]) for name in asked if many[name] > few[name] * 1.1} == {}
    assert min(few.values()) >= PAGE, "the counters count what is read"


@pytest.mark.usefixtures("filled")
def test_pages_are_found_by_their_indexes(database_url: str) -> None:
    with segmentary.open(database_url, threads=1) as app:
        of_segment = reach._hosts_of_segment(True)  # noqa: SLF001, FBT003, its plan is the point
        values = {"segment": identifier(VLAN, 1), "marker": "", "limit": PAGE, "physical_network": "fabric-00000"}
        assert "reaches_physical_network_host" in plan(app.database, of_segment, values)
        for names in (("host-00017",), ("host-00017", "host-00100")):
            branches = app.database.read(lambda tx, names=names: reach.segments_of_hosts(tx, names))  # type: ignore[misc]  # bound now
            shape = listing._Shape(  # noqa: SLF001, the statement of a list is found by its shape
                (), (("id", False),), (False,), limited=True, branches=(branches.make, branches.sizes)
            )
            statement = listing._list(describe(Segment), shape)  # noqa: SLF001, as above
            found = plan(app.database, statement, {**branches.values, "after_id": ON_THE_WAY, "limit": PAGE})
            assert "segments_physical_network_id" in found, found
