"""segmentary.client does what the library does: the same verbs, records and errors, of a server elsewhere."""

import http.server
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import segmentary
from segmentary import errors
from segmentary.catalog import Network, Segment
from segmentary.catalog.agent import Report
from segmentary.client import Client
from segmentary.rules.attribute import ABSENT, describe
from segmentary.rules.listing import HostQuery, ListQuery
from tests.servers.server import free_port
from tests.servers.service import Service

Library = segmentary.Application


def report(host: str, *names: str) -> Report:
    return Report(
        host=host,
        agent_type="Open vSwitch agent",
        binary="",
        availability_zone=None,
        physical_networks=tuple((name, "br-1") for name in names),
        observed=(("vlan", "rack1", 7, None),),
    )


HIDDEN = "segment_index"  # what the server does not show
UNKNOWN = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"


@pytest.fixture
def client(server: Service) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


@pytest.fixture
def library(server: Service, database_url: str) -> Iterator[Library]:
    assert server.url  # it has made the schema current
    with segmentary.open(database_url) as app:
        yield app


ASKS: dict[str, Callable[[Any], object]] = {
    "unknown network": lambda one: one.networks.show(UNKNOWN),
    "no id": lambda one: one.networks.show(""),
    "text that is no id": lambda one: one.networks.show("no/id?x=1"),
    "unfit value": lambda one: one.networks.create(mtu=-1),
    "unknown network changed": lambda one: one.networks.update(UNKNOWN, name="x"),
    "unknown parent": lambda one: one.segments.create(network_id=UNKNOWN, network_type="vxlan", segmentation_id=1),
    "unknown parent, nothing to choose from": lambda one: one.segments.create(network_id=UNKNOWN, network_type="vxlan"),
    "missing attributes": lambda one: one.segments.create(name="x"),
    "broken rule": lambda one: one.segments.create(network_id=UNKNOWN, network_type="flat", segmentation_id=7),
    "name taken": lambda one: one.physical_networks.create(name="rack1"),
    "name taken by an item": lambda one: one.physical_networks.create_many([{"name": "rack2"}, {"name": "rack1"}]),
    "unfit item": lambda one: one.physical_networks.create_many([{"name": "rack2"}, {"name": ""}]),
    "range upside down": lambda one: one.segment_ranges.create(
        network_type="vlan", physical_network="rack1", minimum=9, maximum=1
    ),
    "nothing to choose from": lambda one: one.networks.create(
        provider_network_type="vlan", provider_physical_network="rack1"
    ),
    "unknown host": lambda one: one.hosts.show("no such?host"),
    "host of an unknown segment": lambda one: one.hosts.map(UNKNOWN, "h1"),
    "unknown physical network reported": lambda one: one.hosts.report(report("h1", "typo")),
    "unknown filter": lambda one: one.physical_networks.list(no_such=1),
}


def shown(record: object) -> dict[str, object]:
    return {one.name: getattr(record, one.name) for one in describe(record).attributes if one.wire}


def raised(call: Callable[[], object]) -> segmentary.SegmentaryError:
    with pytest.raises(segmentary.SegmentaryError) as found:
        call()
    return found.value


def test_records_are_those_of_the_library(client: Client, library: Library) -> None:
    rack = client.physical_networks.create(name="rack1", mtu=9000)
    network = client.networks.create(
        name="blue",
        provider_network_type="vlan",
        provider_physical_network="rack1",
        provider_segmentation_id=100,
    )
    overlay = client.segments.create(network_id=network.id, network_type="vxlan", segmentation_id=5001)
    offered = client.segment_ranges.create(network_type="vxlan", minimum=1, maximum=10)
    assert isinstance(network, Network)
    assert isinstance(overlay, Segment)
    assert getattr(overlay, HIDDEN) is ABSENT
    assert shown(library.physical_networks.show(rack.id)) == shown(rack)
    assert shown(library.segments.show(overlay.id)) == shown(overlay)
    assert shown(library.segment_ranges.show(offered.id)) == shown(client.segment_ranges.show(offered.id))
    assert shown(library.networks.show(network.id)) == shown(client.networks.show(network.id))
    segments = client.networks.show(network.id).segments
    assert isinstance(segments, list)
    assert [one["provider:segmentation_id"] for one in segments] == [100, 5001]


def test_hosts_are_those_of_the_library(client: Client, library: Library) -> None:
    client.physical_networks.create(name="rack1")
    network = client.networks.create(
        provider_network_type="vlan", provider_physical_network="rack1", provider_segmentation_id=100
    )
    (segment,) = client.segments.list(network_id=network.id)
    client.hosts.report(report("h 1", "rack1"))
    client.hosts.report(report("h2"))
    every = HostQuery(limit=10)
    assert client.hosts.show("h 1") == library.hosts.show("h 1")
    assert [one["host"] for one in client.hosts.find(HostQuery(limit=10, physical_networks=("rack1",)))] == ["h 1"]
    mapping = client.hosts.map(segment.id, "h2")
    assert [mapping] == [client.hosts.map(segment.id, "h2")]
    assert client.hosts.of_segment(segment.id, every) == library.hosts.of_segment(segment.id, every)
    assert [one["host"] for one in client.hosts.of_segment(segment.id, HostQuery(limit=10, marker="h 1"))] == ["h2"]
    assert client.segments.list(host=["h 1", "h2"]) == [segment]
    assert client.hosts.drift("h 1") == library.hosts.drift("h 1")
    client.hosts.unmap(segment.id, "h2")
    client.hosts.forget("h 1")
    assert library.hosts.of_segment(segment.id, every) == []


def test_records_are_changed_and_deleted_at_a_revision(client: Client, library: Library) -> None:
    network = client.networks.create(name="blue")
    changed = client.networks.update(network.id, name="green", if_revision=network.revision_number)
    assert (changed.name, library.networks.show(network.id).name) == ("green", "green")
    stale = raised(lambda: client.networks.delete(network.id, if_revision=network.revision_number))
    assert type(stale) is errors.RevisionNumberConstraintFailed
    client.networks.delete(network.id, if_revision=changed.revision_number)
    assert library.networks.list() == []


@pytest.mark.databases("sqlite")
def test_errors_are_those_of_the_library(client: Client, library: Library) -> None:
    library.physical_networks.create(name="rack1")
    for title, ask in ASKS.items():
        here, there = raised(partial(ask, library)), raised(partial(ask, client))
        assert type(there) is type(here), title
        assert there.message.replace("provider:", "provider_") == here.message, title
        assert there.item == here.item, title
        assert {key: value for key, value in here.data.items() if key != "value"} == there.data, title


@pytest.mark.databases("sqlite")
def test_several_problems_are_told_together(client: Client) -> None:
    several = raised(lambda: client.segments.create(network_type="vxlan", segmentation_id=0))
    assert isinstance(several, errors.InvalidRequest)
    assert [type(one) for one in several.problems] == [errors.InvalidValue, errors.MissingAttribute]


def test_lists_are_filtered_sorted_and_cut_as_by_the_library(client: Client, library: Library) -> None:
    client.networks.create_many([{"name": f"n{number % 3}", "shared": number % 2 == 0} for number in range(7)])
    chosen: tuple[dict[str, object], ...] = (
        {},
        {"name": "n1"},
        {"name": ["n1", "n2"]},
        {"shared": True},
        {"name": []},
        {"name": "none"},
    )
    for filters in chosen:
        there, here = client.networks.list(**filters), library.networks.list(**filters)
        assert [one.id for one in there] == [one.id for one in here]
    sort = (("name", True), ("id", False))
    marker = library.networks.list(ListQuery(sort=sort, limit=1))[0].id
    for query in (
        ListQuery(sort=sort),
        ListQuery(sort=sort, limit=3),
        ListQuery(sort=sort, limit=2, marker=marker),
        ListQuery(limit=2, filters={"shared": (True,)}),
    ):
        assert [one.id for one in client.networks.list(query)] == [one.id for one in library.networks.list(query)]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("arguments", [(), ("--page-limit", "2")], ids=["unlimited", "pages of at most 2"])
def test_all_records_are_given_whatever_the_pages(
    start_server: Callable[..., Service], arguments: tuple[str, ...]
) -> None:
    with Client(start_server(*arguments).url) as client:
        made = client.networks.create_many([{"name": f"n{number}"} for number in range(6)])
        wanted = [one.id for one in made]
        assert sorted(one.id for one in client.networks.list()) == sorted(wanted)
        for page in (1, 2, 3, 100):
            assert sorted(one.id for one in client.networks.iterate(page=page)) == sorted(wanted)
        assert [one.name for one in client.networks.iterate(page=1, name=["n2", "n4"])] == ["n2", "n4"]


@pytest.mark.databases("sqlite")
def test_several_are_created_in_order_or_none(client: Client) -> None:
    assert [one.name for one in client.networks.create_many([{"name": "b"}, {"name": "a"}])] == ["b", "a"]
    assert client.networks.create_many([]) == []
    failed = raised(lambda: client.networks.create_many([{"name": "c"}, {"mtu": "much"}]))
    assert str(failed.item) == "networks[1]"
    assert client.networks.list(name="c") == []


@pytest.mark.databases("sqlite")
def test_a_repeated_key_creates_nothing_twice(client: Client) -> None:
    first = client.networks.create(idempotency_key="order-1", name="blue")
    assert client.networks.create(idempotency_key="order-1", name="blue") == first
    assert len(client.networks.list()) == 1
    reused = raised(lambda: client.networks.create(idempotency_key="order-1", name="red"))
    assert type(reused) is errors.IdempotencyKeyReused


@pytest.mark.databases("sqlite")
def test_the_token_is_sent(start_server: Callable[..., Service], tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("a-token-of-25-characters.")
    token_file.chmod(0o600)
    url = start_server("--token-file", str(token_file)).url
    with Client(url) as without, Client(url, token="a-token-of-25-characters.") as client:  # noqa: S106 - made up
        assert type(raised(without.networks.list)) is errors.NotAuthenticated
        assert client.networks.list() == []


def test_no_answer_is_told_as_try_again() -> None:
    with Client(f"http://127.0.0.1:{free_port()}") as client:
        assert isinstance(raised(client.networks.list), errors.TryAgain)


class Strange(http.server.BaseHTTPRequestHandler):
    """Answers as some other web server, after refusing to answer `failures` times."""

    failures = 0
    asked = 0
    status = 200

    def do_GET(self) -> None:
        self._answer(b'{"networks": []}')

    def do_POST(self) -> None:
        self._answer(b"<html>hello</html>")

    def _answer(self, body: bytes) -> None:
        type(self).asked += 1
        if self.asked <= self.failures:
            self.close_connection = True
            return
        self.send_response(self.status)
        if self.status == 200:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.status == 200:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def strange() -> Iterator[tuple[str, type[Strange]]]:
    handler = type("Handler", (Strange,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server_of_others:
        thread = threading.Thread(target=server_of_others.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server_of_others.server_port}", handler
        server_of_others.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [200, 204])
def test_what_is_no_answer_of_this_api_is_told(strange: tuple[str, type[Strange]], status: int) -> None:
    url, handler = strange
    handler.status = status
    with Client(url) as client:
        assert type(raised(lambda: client.networks.create(name="x"))) is errors.UnexpectedAnswer


@pytest.mark.parametrize(("retries", "failures", "answered"), [(0, 1, False), (1, 1, True), (1, 2, False)])
def test_reading_is_repeated_as_often_as_asked(
    strange: tuple[str, type[Strange]], retries: int, failures: int, *, answered: bool
) -> None:
    url, handler = strange
    handler.failures = failures
    with Client(url, retries=retries) as client:
        if answered:
            assert client.networks.list() == []
        else:
            assert isinstance(raised(client.networks.list), errors.TryAgain)
    assert handler.asked == retries + 1


def test_a_create_without_a_key_is_not_repeated(strange: tuple[str, type[Strange]]) -> None:
    url, handler = strange
    handler.failures = 9
    with Client(url, retries=2) as client:
        raised(lambda: client.networks.create(name="x"))
        assert handler.asked == 1
        raised(lambda: client.networks.create(idempotency_key="k", name="x"))
        assert handler.asked == 4
