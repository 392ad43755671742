"""Measuring a workload: the limit and segmentary in turn, several times; the median of each figure counts."""

import http.client
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench import limit, load, served
from bench.database import POOLS, Database
from bench.identifiers import STORED, identifier
from bench.load import Figures
from bench.processes import Meter
from bench.served import Server, Shape
from bench.statements import Amounts
from bench.workload import Against, Workload

# Each run has its numbers to itself, more than it can use up.
BLOCK = 1_000_000
FASTEST_DELETES = 8_000
MEMORY_REQUESTS = 100_000
# Long enough for all IDs of a range.
DRAIN_SECONDS = 15


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side's figures: requests a second, milliseconds, processor microseconds a request, MiB.

    `last_hundredth` of a range that was drained: how fast it was, the first hundredth being 1.
    """

    rate: float
    p50: float
    p99: float
    errors: int
    last_hundredth: float = math.nan
    server_microseconds: float
    database_microseconds: float
    memory: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """Both sides of a workload, with so many segments stored."""

    workload: Workload
    stored: int
    limit: Side
    segmentary: Side

    @property
    def ratio(self) -> float:
        """Throughput of segmentary in that of the limit; with one client that is the inverse of their latencies."""
        return self.segmentary.rate / self.limit.rate if self.limit.rate else math.nan


class Measurement:
    """A filled database, a server on it, and the numbers that are used up."""

    def __init__(  # noqa: PLR0913, each is one part of how it is measured
        self, database: Database, shape: Shape, folder: Path, seconds: int, rounds: int, *, server: Server | None
    ) -> None:
        self._database, self._shape, self._folder = database, shape, folder
        self._seconds, self._rounds = seconds, rounds
        self._server = server
        self._used = 0

    def of(self, workload: Workload) -> Result:
        """Measure one workload."""
        if workload.against is Against.START:
            return self._start(workload)
        if workload.against is Against.FIRST:
            return self._memory(workload)
        self._database.fill(max(self._database.stored, workload.limit))
        if workload.pool in POOLS:
            self._database.store_pools()
        with self._served() as server:
            if not workload.deletes:
                self._load(server, workload, 1)
            with self._limit(workload, server) as run_limit:
                pairs = [(run_limit(), self._load(server, workload, self._seconds)) for _ in range(self._rounds)]
        self._database.clean()
        return Result(
            workload=workload,
            stored=self._database.stored,
            limit=middle([first for first, _ in pairs]),
            segmentary=middle([second for _, second in pairs]),
        )

    def _served(self) -> AbstractContextManager[Server]:
        """Give the one server for all workloads, if there is one, or a new one."""
        if self._server is not None:
            return nullcontext(self._server)
        return served.segmentary(self._database.url, self._shape, self._folder)

    @contextmanager
    def _limit(self, workload: Workload, server: Server) -> Iterator[Callable[[], Side]]:
        if workload.against is not Against.CONSTANT:
            yield lambda: self._statements(workload)
            return
        with served.constant(_body(server), self._shape, self._folder) as other:
            yield lambda: self._load(other, workload, self._seconds, request="constant")

    def _statements(self, workload: Workload) -> Side:
        amounts = self._amounts(workload)
        meter = Meter()
        with meter.watching(self._database.processes):
            figures = limit.run(self._database, workload, self._seconds, amounts)
        return side(figures, 0.0, meter.used, 0.0)

    def _load(self, server: Server, workload: Workload, seconds: int, request: str = "") -> Side:
        amounts = self._amounts(workload)
        seconds = max(seconds, DRAIN_SECONDS) if workload.drains else seconds
        of_server, of_database = Meter(), Meter()
        with of_database.watching(self._database.processes), of_server.watching(server.places):
            figures = load.run(server.url, request or workload.request, workload.clients, seconds, amounts)
        if workload.drains:
            figures = load.of_drain(figures)
            self._database.clean()
        figures = replace(figures, requests=figures.requests // workload.requests)
        return side(figures, of_server.used, of_database.used, server.memory())

    def _amounts(self, workload: Workload) -> Amounts:
        first = self._used * BLOCK
        self._used += 1
        if workload.deletes:
            self._database.store_victims(first, self._seconds * FASTEST_DELETES)
        return Amounts(
            first=first,
            networks=workload.networks or self._database.networks,
            hosts=self._database.stored // 10,
            stored=self._database.stored,
            limit=workload.limit,
            records=workload.records,
            scope=workload.pool,
        )

    def _memory(self, workload: Workload) -> Result:
        """Create, show and list in turn; the memory of the first turn is the limit."""
        turns: list[Side] = []
        done = 0.0
        with served.segmentary(self._database.url, self._shape, self._folder) as server:
            while done < MEMORY_REQUESTS:
                turn = [self._load(server, workload, 2, request) for request in ("create", "show", "page", "update")]
                done += 2 * sum(one.rate for one in turn)
                turns.append(turn[-1])
        self._database.clean()
        return Result(workload=workload, stored=self._database.stored, limit=turns[0], segmentary=turns[-1])

    def _start(self, workload: Workload) -> Result:
        sides: tuple[list[Side], list[Side]] = ([], [])
        for _ in range(self._rounds):
            with served.constant(b"{}", self._shape, self._folder) as server:
                sides[0].append(_started(server))
            with served.segmentary(self._database.url, self._shape, self._folder) as server:
                sides[1].append(_started(server))
        return Result(
            workload=workload, stored=self._database.stored, limit=middle(sides[0]), segmentary=middle(sides[1])
        )


def _body(server: Server) -> bytes:
    """Return the answer that a constant is to be as long as."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    connection.request("GET", f"/v2.0/segments/{identifier(STORED, 1)}")
    body = connection.getresponse().read()
    connection.close()
    return body


def _started(server: Server) -> Side:
    milliseconds = server.ready_seconds * 1e3
    return Side(
        rate=1 / server.ready_seconds,
        p50=milliseconds,
        p99=milliseconds,
        errors=0,
        server_microseconds=0.0,
        database_microseconds=0.0,
        memory=server.memory(),
    )


def side(figures: Figures, server: float, database: float, memory: float) -> Side:
    """Return the figures of a run, with the processor seconds of the server and the database."""
    requests = figures.requests or math.nan
    return Side(
        rate=figures.rate,
        p50=figures.p50,
        p99=figures.p99,
        errors=figures.errors,
        last_hundredth=figures.last_hundredth,
        server_microseconds=server / requests * 1e6,
        database_microseconds=database / requests * 1e6,
        memory=memory,
    )


def middle(sides: list[Side]) -> Side:
    """Return the median of each figure, and all errors."""
    figures = [asdict(side) for side in sides]
    middle = {name: median(one[name] for one in figures) for name in figures[0]}
    return Side(**{**middle, "errors": sum(side.errors for side in sides)})
