"""Clients that take IDs from a range over HTTP and give them back, and what must hold afterwards."""

import http.client
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, NamedTuple
from uuid import uuid4

from tests.servers.asking import Answer, Asker, ask

ANSWERED_SECONDS = 60
CLIENTS = 32
RunSql = Callable[[str], Sequence[Sequence[Any]]]
VLAN = {"provider:network_type": "vlan", "provider:physical_network": "rack1"}


class Range(NamedTuple):
    """The range that is drawn from."""

    id: str
    minimum: int
    maximum: int

    @property
    def size(self) -> int:
        return self.maximum - self.minimum + 1


def a_range(url: str, minimum: int, maximum: int, **others: object) -> Range:
    """Create a VLAN range of rack1."""
    values = {"network_type": "vlan", "physical_network": "rack1", "minimum": minimum, "maximum": maximum, **others}
    answer = ask(url, "POST", "/v2.0/network_segment_ranges", {"network_segment_range": values})
    assert answer.status == 201, answer.body
    return Range(answer.document["network_segment_range"]["id"], minimum, maximum)


class Taker:
    """A client, and the IDs of the networks that it was told it has.

    With `repeats` it sends a request again, the same by its key, until there is an answer; otherwise a lost connection
    is a failure.
    """

    def __init__(self, url: str, *, repeats: bool = False) -> None:
        self._asker = Asker(url)
        self._repeats = repeats
        self.held: dict[str, int] = {}

    def close(self) -> None:
        self._asker.close()

    def take(self) -> int | None:
        """Create a network and return its ID; None if there is none left."""
        answer = self._ask("POST", "/v2.0/networks", {"network": VLAN})
        if answer.status == 503:
            assert answer.fault["type"] == "NoNetworkAvailable", answer.body
            return None
        assert answer.status == 201, (answer.status, answer.body)
        network = answer.document["network"]
        number: int = network["provider:segmentation_id"]
        self.held[network["id"]] = number
        return number

    def give_back(self) -> None:
        """Delete one of the networks."""
        network = random.choice(sorted(self.held))  # noqa: S311 - which one is no secret
        answer = self._ask("DELETE", f"/v2.0/networks/{network}")
        # A repeated one finds that the first was carried out, if only its answer was lost.
        assert answer.status == 204 or (self._repeats and answer.status == 404), (answer.status, answer.body)
        del self.held[network]

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        if not self._repeats:
            return self._asker.ask(method, path, body)
        headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        until = time.monotonic() + ANSWERED_SECONDS
        while True:
            try:
                return self._asker.ask(method, path, body, headers)
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < until, "nobody answers any more"
                self._asker.close()  # the next request opens another connection


def all_at_once(
    urls: Sequence[str], act: Callable[[Taker], None], *, clients: int = CLIENTS, repeats: bool = False
) -> dict[str, int]:
    """Let clients act, beginning together, spread over the servers; return the IDs by the networks that they hold."""
    barrier = threading.Barrier(clients)

    def client(number: int) -> dict[str, int]:
        with closing(Taker(urls[number % len(urls)], repeats=repeats)) as taker:
            barrier.wait()
            act(taker)
            return taker.held

    with ThreadPoolExecutor(clients) as threads:
        held: dict[str, int] = {}
        for one in threads.map(client, range(clients)):
            held |= one
    return held


def until_none_is_left(taker: Taker) -> None:
    """Take IDs until there are no more."""
    while taker.take() is not None:
        pass


def coming_and_going(seconds: float, most: int) -> Callable[[Taker], None]:
    """Return an act that takes and gives back at random for so long, holding at most so many IDs."""
    until = time.monotonic() + seconds

    def act(taker: Taker) -> None:
        while time.monotonic() < until:
            if taker.held and (len(taker.held) == most or random.random() < 0.1):  # noqa: S311 - no secret
                taker.give_back()
            else:
                assert taker.take() is not None, f"refused while {most} for each client are enough for all"

    return act


def assert_exact(url: str, run_sql: RunSql, of_range: Range, held: dict[str, int]) -> None:
    """Demand that exactly the IDs that clients hold are used, all of them of the range, and the others available."""
    claims = [row[0] for row in run_sql("SELECT segmentation_id FROM segments WHERE network_type = 'vlan'")]
    assert len(claims) == len(set(claims)), "an ID has two holders"
    outside = [one for one in claims if not of_range.minimum <= one <= of_range.maximum]
    assert outside == []
    networks = {
        str(network): number
        for network, number in run_sql(
            "SELECT networks.id, segmentation_id FROM networks LEFT JOIN segments ON network_id = networks.id"
        )
    }
    assert networks == held
    assert len(claims) == len(held), "a segment has no network"
    shown = ask(url, "GET", f"/v2.0/network_segment_ranges/{of_range.id}").document["network_segment_range"]
    assert (shown["used_count"], shown["available_count"]) == (len(held), of_range.size - len(held))
    assert sorted(map(int, shown["used"])) == sorted(claims)
    assert sorted([*claims, *shown["available"]]) == list(range(of_range.minimum, of_range.maximum + 1))
