"""How many statements a request costs: few, and no more for many records than for some."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest

import segmentary
from segmentary.catalog import Segment
from segmentary.rules.attribute import describe
from segmentary.rules.listing import ListQuery
from tests.performance.traffic import Traffic, watch

# Statements of each kind of request, BEGIN and COMMIT included. MariaDB reads a row after changing it.
EXPECTED = {
    "show a network": {"sqlite": 1, "postgresql": 1, "mariadb": 1},
    "show": {"sqlite": 1, "postgresql": 1, "mariadb": 1},
    "list": {"sqlite": 2, "postgresql": 2, "mariadb": 2},
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
    found = {statements(traffic, partial(app.find, resource, query)) for query in queries}
    assert len(found) == 1
