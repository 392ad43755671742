"""Whichever statement of an operation fails, the operation is done once with its events, or not at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count
from typing import Any

import pytest

import segmentary
from segmentary import Application
from segmentary.db.session import CursorSession, PipelineSession
from segmentary.errors import DatabaseFailed, SegmentaryError, TryAgain
from segmentary.services import allocation
from tests.faults.broken_line import Line, ways
from tests.servers import schema
from tests.servers.proxy import Cut, Proxy, proxy

# Each arranges what the operation needs and returns the operation; `number` keeps what they make apart.
Arrange = Callable[[Application, int], Callable[[], object]]
Tables = Mapping[str, Mapping[str, tuple[Any, ...]]]
Effect = Mapping[str, Any]
KEYS = {"physical_networks": 0, "networks": 0, "segments": 0, "network_segment_ranges": 0, "releases": 2}


def network_with_segments(app: Application, number: int) -> str:
    """Create a network with three segments and return its id."""
    network = app.networks.create(name=f"network {number}")
    app.segments.create_many(
        [
            {"network_id": network.id, "network_type": "gre", "segmentation_id": number},
            {
                "network_id": network.id,
                "network_type": "vlan",
                "physical_network": "rack",
                "segmentation_id": number,
            },
        ]
    )
    return network.id


def create_network(app: Application, number: int) -> Callable[[], object]:
    return lambda: app.networks.create(
        provider_network_type="vlan", provider_physical_network="rack", provider_segmentation_id=number
    )


def create_network_with_an_id_chosen(app: Application, number: int) -> Callable[[], object]:
    return lambda: app.networks.create(name=f"{number}", provider_network_type="geneve")


def update_network(app: Application, number: int) -> Callable[[], object]:
    network = app.networks.create(provider_network_type="vxlan", provider_segmentation_id=number)
    return lambda: app.networks.update(
        network.id, name="changed", mtu=1400, provider_segmentation_id=number + 1_000_000
    )


def delete_network(app: Application, number: int) -> Callable[[], object]:
    network_id = network_with_segments(app, number)
    return lambda: app.networks.delete(network_id)


def create_segment(app: Application, number: int) -> Callable[[], object]:
    network_id = network_with_segments(app, number)
    return lambda: app.segments.create(network_id=network_id, network_type="vxlan", segmentation_id=number)


def create_segment_with_an_id_chosen(app: Application, number: int) -> Callable[[], object]:
    network_id = network_with_segments(app, number)
    return lambda: app.segments.create(network_id=network_id, network_type="geneve")


def create_several_segments(app: Application, number: int) -> Callable[[], object]:
    network_id = network_with_segments(app, number)
    return lambda: app.segments.create_many(
        [
            {"network_id": network_id, "network_type": "vxlan", "segmentation_id": number},
            {"network_id": network_id, "network_type": "geneve"},
            {"network_id": network_id, "network_type": "local"},
        ]
    )


def update_segment(app: Application, number: int) -> Callable[[], object]:
    segment = app.segments.list(network_id=network_with_segments(app, number))[0]
    return lambda: app.segments.update(segment.id, name="changed")


def delete_segment(app: Application, number: int) -> Callable[[], object]:
    network_id = network_with_segments(app, number)
    segment = app.segments.create(network_id=network_id, network_type="geneve")
    return lambda: app.segments.delete(segment.id)


def rename_physical_network(app: Application, number: int) -> Callable[[], object]:
    physical_network = app.physical_networks.create(name=f"rack {number}")
    return lambda: app.physical_networks.update(physical_network.id, name=f"room {number}")


def create_range(app: Application, number: int) -> Callable[[], object]:
    return lambda: app.segment_ranges.create(
        network_type="vlan", physical_network=f"rack {number}", minimum=1, maximum=4094
    )


OPERATIONS: Sequence[Arrange] = (
    create_network,
    create_network_with_an_id_chosen,
    update_network,
    delete_network,
    create_segment,
    create_segment_with_an_id_chosen,
    create_several_segments,
    update_segment,
    delete_segment,
    rename_physical_network,
    create_range,
)
each_operation = pytest.mark.parametrize("arrange", OPERATIONS, ids=lambda one: one.__name__)


def open_for_faults(url: str) -> Application:
    """Open a database with a rack and a range of geneve IDs that rest after their release."""
    app = segmentary.open(url, threads=1)
    app.physical_networks.create(name="rack")
    app.segment_ranges.create(network_type="geneve", minimum=1, maximum=2**24 - 1, cooldown=60)
    return app


class Stored:
    """What is stored, read past our code."""

    def __init__(self, url: str) -> None:
        self._connection = schema.connect(url)

    def close(self) -> None:
        self._connection.close()

    def tables(self) -> Tables:
        return {table: {str(row[key]): tuple(row) for row in self._rows(table)} for table, key in KEYS.items()}

    def events(self) -> list[str]:
        return [row[0] for row in self._rows("events", "type", "id")]

    def _rows(self, table: str, columns: str = "*", order: str = "1") -> Sequence[Sequence[Any]]:
        cursor = self._connection.cursor()
        cursor.execute(f"SELECT {columns} FROM {table} ORDER BY {order}")
        return cursor.fetchall()


@pytest.fixture
def stored(database_url: str) -> Iterator[Stored]:
    with closing(Stored(database_url)) as one:
        yield one


def watch(stored: Stored, act: Callable[[], object]) -> Effect:
    """Do something and return its effect: how many rows came, went and changed, and the events in order."""
    before, known = stored.tables(), len(stored.events())
    act()
    after = stored.tables()
    effect: dict[str, Any] = {"events": stored.events()[known:]}
    for table, rows in after.items():
        old = before[table]
        changed = sum(1 for key in rows.keys() & old.keys() if rows[key] != old[key])
        counts = (len(rows.keys() - old.keys()), len(old.keys() - rows.keys()), changed)
        if any(counts):
            effect[table] = counts
    return effect


class Attempt:
    """An operation and the refusal it met, if any."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self.refused: SegmentaryError | None = None

    def __call__(self) -> None:
        try:
            self._act()
        except SegmentaryError as error:
            self.refused = error


NOTHING: Effect = {"events": []}
# What may become of an operation; a statement that travels to the database together with COMMIT is lost with it.
POSSIBLE: Mapping[str, set[type]] = {"defect": {DatabaseFailed}, "again": {type(None)}, "lost": {type(None), TryAgain}}


@each_operation
def test_failure_of_any_statement_leaves_nothing_or_everything_once(
    database_kind: str, database_url: str, stored: Stored, monkeypatch: pytest.MonkeyPatch, arrange: Arrange
) -> None:
    numbers = count(1)
    # Else one release in many would have a statement more than the one that is counted.
    monkeypatch.setattr(allocation, "FORGET_EVERY", 1)
    with closing(open_for_faults(database_url)) as app:
        line = Line(app.database, database_kind, monkeypatch)
        act = arrange(app, next(numbers))
        line.start()
        expected = watch(stored, act)
        statements = line.count
        assert expected["events"]
        assert statements > 1
        for how in ways(database_kind):
            for failing in range(statements):
                attempt = Attempt(arrange(app, next(numbers)))
                line.fail(failing, how)
                effect = watch(stored, attempt)
                assert effect == (NOTHING if attempt.refused else expected), f"statement {failing}, {how}"
                assert type(attempt.refused) in POSSIBLE[how]


@pytest.mark.databases("postgresql", "mariadb")
@pytest.mark.parametrize("cut", Cut, ids=lambda cut: cut.value)
@pytest.mark.parametrize(
    "arrange", [create_network, delete_network, create_segment_with_an_id_chosen], ids=lambda one: one.__name__
)
def test_connection_lost_during_commit_leaves_what_the_database_decided(
    database_url: str, stored: Stored, monkeypatch: pytest.MonkeyPatch, arrange: Arrange, cut: Cut
) -> None:
    with proxy(database_url) as line, closing(open_for_faults(line.url)) as app:
        expected = watch(stored, arrange(app, 1))
        attempt = Attempt(arrange(app, 2))
        cut_at_commit(monkeypatch, line, cut)
        effect = watch(stored, attempt)
        assert isinstance(attempt.refused, TryAgain)
        assert effect == (expected if cut is Cut.NEXT_ANSWER_LOST else NOTHING)


def cut_at_commit(monkeypatch: pytest.MonkeyPatch, line: Proxy, cut: Cut) -> None:
    """Cut the line at the next commit; what is sent with it is lost or arrives with it."""
    for session in (CursorSession, PipelineSession):
        commit = session.commit

        def armed(self: Any, commit: Callable[[Any], None] = commit) -> None:  # noqa: ANN401, either session
            line.cut = cut
            commit(self)

        monkeypatch.setattr(session, "commit", armed)
