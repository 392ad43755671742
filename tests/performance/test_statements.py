"""How many statements a request costs: few, and no more for many records than for some."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest

import segmentary
from segmentary.catalog import RESOURCES, Network, Segment
from segmentary.rules.attribute import describe
from segmentary.rules.listing import ListQuery
from segmentary.wire import encode
from segmentary.wire.report import report
from tests.api.client import Client
from tests.performance.traffic import Traffic, watch

# Statements of each kind of request, BEGIN and COMMIT included. MariaDB reads a row after changing it.
EXPECTED = {
    "show a network": {"sqlite": 1, "postgresql": 1, "mariadb": 1},
    "show": {"sqlite": 1, "postgresql": 1, "mariadb": 1},
    "list": {"sqlite": 1, "postgresql": 1, "mariadb": 1},
    "create": {"sqlite": 6, "postgresql": 6, "mariadb": 7},
    "create a network": {"sqlite": 5, "postgresql": 5, "mariadb": 5},
    "update": {"sqlite": 5, "postgresql": 5, "mariadb": 5},
    "delete": {"sqlite": 6, "postgresql": 6, "mariadb": 6},
}
numbers = count(1)


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch) -> Traffic:
    return watch(monkeypatch)


@pytest.fixture
def app(database_url: str, traffic: Traffic) -> Iterator[segmentary.Application]:
    with segmentary.open(database_url) as opened:
        assert traffic.statements == 0, "opening a database goes past the sessions that are counted"
        yield opened


def gre(network_id: str) -> dict[str, Any]:
    return {"network_id": network_id, "network_type": "gre", "segmentation_id": next(numbers)}


def networks(app: segmentary.Application, amount: int) -> list[str]:
    return [one.id for one in app.networks.create_many([{} for _ in range(amount)])]


def statements(traffic: Traffic, act: Callable[[], object]) -> int:
    """Return how many statements `act` takes the second time: the first may find a new connection."""
    act()
    traffic.clear()
    act()
    return traffic.statements


def test_requests_for_one_record_cost_few_statements(
    app: segmentary.Application, traffic: Traffic, database_kind: str
) -> None:
    (network,) = networks(app, 1)
    victims = iter(app.segments.create_many([gre(network), gre(network)]))
    segment = app.segments.create(**gre(network))
    names = count()
    acts: dict[str, Callable[[], object]] = {
        "show a network": lambda: app.networks.show(network),
        "show": lambda: app.segments.show(segment.id),
        "list": lambda: app.segments.list(network_id=network),
        "create": lambda: app.segments.create(**gre(network)),
        "create a network": app.networks.create,
        "update": lambda: app.segments.update(segment.id, name=f"name {next(names)}"),
        "delete": lambda: app.segments.delete(next(victims).id),
    }
    found = {name: statements(traffic, act) for name, act in acts.items()}
    assert found == {name: of_kinds[database_kind] for name, of_kinds in EXPECTED.items()}


@pytest.mark.databases("postgresql")
def test_statements_whose_result_nobody_waits_for_take_no_round_trip(
    app: segmentary.Application, traffic: Traffic
) -> None:
    (network,) = networks(app, 1)
    segment = app.segments.create(**gre(network))
    traffic.clear()
    app.segments.create(**gre(network))
    # BEGIN with taking an index; is the ID reserved; the two inserts with COMMIT
    assert traffic.round_trips == 3
    app.segments.update(segment.id, name="known by now")
    traffic.clear()
    app.segments.update(segment.id, name="again")
    # BEGIN with locking the row; UPDATE, event and COMMIT
    assert traffic.round_trips == 2


def test_many_segments_are_created_in_as_many_statements_as_some(app: segmentary.Application, traffic: Traffic) -> None:
    (network,) = networks(app, 1)

    def create(amount: int) -> int:
        return statements(traffic, lambda: app.segments.create_many([gre(network) for _ in range(amount)]))

    assert create(200) == create(2)


def test_segments_of_many_networks_are_created_in_as_many_statements_as_of_some(
    app: segmentary.Application, traffic: Traffic
) -> None:
    ids = networks(app, 100)

    def create(amount: int) -> int:
        return statements(traffic, lambda: app.segments.create_many([gre(one) for one in ids[:amount]]))

    assert create(100) == create(2)


def test_long_list_is_read_in_as_many_statements_as_a_short_one(app: segmentary.Application, traffic: Traffic) -> None:
    (network,) = networks(app, 1)
    resource = describe(Segment)
    app.segments.create_many([gre(network) for _ in range(999)])  # beside the one that the network came with
    queries = [ListQuery(limit=1), ListQuery(limit=1000), ListQuery(), ListQuery(filters={"network_id": (network,)})]
    assert [len(app.find(resource, query)) for query in queries] == [1, 1000, 1000, 1000]
    assert {statements(traffic, partial(app.find, resource, query)) for query in queries} == {1}


@pytest.mark.databases("sqlite")
def test_ten_thousand_segments_are_answered_with_one_statement(app: segmentary.Application, traffic: Traffic) -> None:
    (network,) = networks(app, 1)
    app.segments.create_many([gre(network) for _ in range(9_999)])  # beside the one that the network came with
    api = Client(app)
    found: list[int] = []
    assert statements(traffic, lambda: found.append(len(api.ask("GET", "/segments")["segments"]))) == 1
    assert found == [10_000, 10_000]


def test_every_collection_is_listed_in_as_many_statements_whatever_its_length(
    app: segmentary.Application, traffic: Traffic
) -> None:
    def add(first: int, last: int) -> None:
        numbers = range(first, last)
        app.networks.create_many([{"name": "n"} for _ in numbers])
        app.physical_networks.create_many([{"name": f"p{number}"} for number in numbers])
        for number in numbers:
            app.segment_ranges.create(network_type="vxlan", minimum=10 * number + 1, maximum=10 * number + 5)
            app.hosts.report(report(f"h{number}", encode.document({"host": {"physical_networks": [{"name": "p0"}]}})))

    def counted() -> dict[str, int]:
        found = {}
        for resource in (one for one in RESOURCES if one.routed):
            for name, query in {"all": ListQuery(), "page": ListQuery(limit=50)}.items():
                found[f"{resource.collection} {name}"] = statements(traffic, partial(app.page, resource, query))
        return found

    add(0, 2)
    few = counted()
    assert {few[f"{collection} all"] for collection in ("networks", "segments", "physical_networks")} == {1}
    add(2, 30)
    assert counted() == few


def test_a_list_without_records_has_the_number_of_the_latest_event_too(app: segmentary.Application) -> None:
    app.networks.create(name="blue")
    app.relay.work()
    resource = describe(Network)
    latest = app.page(resource, ListQuery()).sequence
    assert latest == 2  # the network and its segment
    assert app.page(resource, ListQuery(filters={"name": ("green",)})).sequence == latest
    assert app.page(resource, ListQuery(limit=1, filters={"name": ("blue",)})).sequence == latest
    assert app.page(describe(Segment), ListQuery(counted=True)).sequence == latest
