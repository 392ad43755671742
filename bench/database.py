"""A database of the benchmark's own: made, migrated, filled by set-based SQL, and dropped at the end."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.identifiers import FILLED, RANGE, identifier
from bench.processes import PROC, postgresql_backends
from bench.statements import LARGEST_NUMBER, LARGEST_VLAN
from segmentary.db import migrate
from tests.servers import schema
from tests.servers.found import FoundServers

NETWORKS_PER_SEGMENT = 0.1
FEWEST_NETWORKS = 1_000
# Physical networks with how many percent of their VLAN IDs are used.
POOLS = {"pool-0": 0, "pool-50": 50, "pool-90": 90, "pool-99": 99}
NOW = "2026-08-07 10:15:00"

_NUMBERS = {
    "postgresql": "SELECT i AS n FROM generate_series({first}, {last}) AS i",
    "mariadb": "SELECT seq AS n FROM seq_{first}_to_{last}",
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) "
        "SELECT n FROM numbers"
    ),
}
_IDENTIFIER = {
    "postgresql": "('00000000-0000-0000-{kind:04x}-' || lpad(to_hex({n}), 12, '0'))::uuid",
    "mariadb": "concat('00000000-0000-0000-{kind:04x}-', lpad(lower(hex({n})), 12, '0'))",
    "sqlite": "printf('00000000-0000-0000-{kind:04x}-%012x', {n})",
}
_TIME = {
    "postgresql": f"TIMESTAMPTZ '{NOW}+00'",
    "mariadb": f"'{NOW}'",
    "sqlite": f"'{NOW.replace(' ', 'T')}Z'",
}


@dataclass
class Database:
    """A filled database; networks and stored segments are numbered from 1."""

    kind: str
    url: str
    origin: str
    stored: int = 0
    networks: int = 0

    @property
    def name(self) -> str:
        """The name of the database, or the file of SQLite."""
        return self.url.rpartition("///" if self.kind == "sqlite" else "/")[2]

    def execute(self, statement: str) -> Sequence[Sequence[Any]]:
        """Run a statement past all of our code."""
        with closing(schema.connect(self.url)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else ()

    def fill(self, stored: int) -> None:
        """Store networks, and segments up to this number; what is stored already stays."""
        if stored <= self.stored:
            return
        networks = max(FEWEST_NETWORKS, int(stored * NETWORKS_PER_SEGMENT))
        if networks > self.networks:
            is_first = not self.networks
            self.store_networks(self.networks + 1, networks)
            self.networks = networks
            if is_first:
                self._store_range()
        self.store_segments(self.stored + 1, stored, kind=2, network_type="vxlan")
        self.stored = stored
        self.settle()

    def store_victims(self, first: int, count: int) -> None:
        """Store segments to be deleted, numbered from `first`."""
        self.store_segments(first, first + count, kind=3, network_type="gre", index="1000000 + n")

    def clean(self) -> None:
        """Remove what a workload left behind."""
        self.execute("DELETE FROM segments WHERE network_type NOT IN ('vxlan', 'vlan')")
        self.execute(f"DELETE FROM segments WHERE physical_network IN ({', '.join(map(repr, POOLS))}) AND name IS NULL")
        self.execute("DELETE FROM events")
        self.settle()

    def settle(self) -> None:
        """Bring statistics up to date and sweep what was deleted, so that this happens in no measurement."""
        if self.kind == "postgresql":
            self.execute("VACUUM ANALYZE")
            self.execute("CHECKPOINT")
        elif self.kind == "mariadb":
            self.execute("ANALYZE TABLE networks, segments, events, physical_networks, agents, reaches")
        else:
            self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def processes(self) -> list[Path]:
        """Return the processes or threads of the server that work for this database; none where it is in-process."""
        if self.kind == "postgresql":
            return postgresql_backends(self.name)
        if self.kind == "mariadb":
            rows = self.execute(f"SELECT TID FROM information_schema.PROCESSLIST WHERE DB = '{self.name}'")
            return [PROC / str(tid) / "task" / str(tid) for (tid,) in rows]
        return []

    def durability(self) -> str:
        """Return the settings of the server that decide whether an answered commit survives a power failure."""
        if self.kind == "postgresql":
            return ", ".join(f"{name} {self.execute(f'SHOW {name}')[0][0]}" for name in ("fsync", "synchronous_commit"))
        if self.kind == "mariadb":
            return f"innodb_flush_log_at_trx_commit {self.execute('SELECT @@innodb_flush_log_at_trx_commit')[0][0]}"
        return "journal_mode WAL, synchronous FULL"

    def version(self) -> str:
        """Return the version of the database."""
        statement = "SELECT sqlite_version()" if self.kind == "sqlite" else "SELECT version()"
        return str(self.execute(statement)[0][0]).partition(" on ")[0]

    def store_networks(self, first: int, last: int, kind: int = 1, name: str = "network") -> None:
        """Store networks, their ids of this kind."""
        self.execute(
            "INSERT INTO networks (id, name, description, project_id, admin_state_up, shared, router_external, mtu, "
            "mtu_requested, next_segment_index, created_at, updated_at, revision_number, tags) "
            f"SELECT {self.identifier(kind)}, '{name}', '', 'bench', {self.flag(on=True)}, {self.flag(on=False)}, "
            f"{self.flag(on=False)}, 1450, {self.flag(on=False)}, 500000000, {self.moment}, {self.moment}, 0, '' "
            f"FROM ({self.numbers(first, last)}) AS numbers"
        )

    def _store_range(self) -> None:
        """Store the range that creates without an ID choose from."""
        self.execute(
            "INSERT INTO network_segment_ranges (id, name, description, shared, network_type, minimum, maximum, "
            "allocation, cooldown, state, created_at, updated_at, revision_number, tags) "
            f"VALUES ('{identifier(RANGE, 1)}', 'bench', '', {self.flag(on=True)}, 'geneve', 1, {LARGEST_NUMBER}, "
            f"'random', 0, 'active', {self.moment}, {self.moment}, 0, '')"
        )

    def store_pools(self) -> None:
        """Store, once, physical networks with a range of VLAN IDs each, of which a part is used, spread over it."""
        if self.execute("SELECT 1 FROM physical_networks WHERE name LIKE 'pool-%'"):
            return
        for place, (name, percent) in enumerate(POOLS.items(), 2):
            self.execute(
                "INSERT INTO physical_networks (id, name, description, created_at, updated_at, revision_number) "
                f"VALUES ('{identifier(RANGE, place)}', '{name}', '', {self.moment}, {self.moment}, 0)"
            )
            self.execute(
                "INSERT INTO network_segment_ranges (id, name, description, shared, network_type, physical_network, "
                "minimum, maximum, allocation, cooldown, state, created_at, updated_at, revision_number, tags) "
                f"VALUES ('{identifier(RANGE, place)}', '{name}', '', {self.flag(on=True)}, 'vlan', '{name}', "
                f"1, {LARGEST_VLAN}, 'random', 0, 'active', {self.moment}, {self.moment}, 0, '')"
            )
            self.execute(
                "INSERT INTO segments (id, name, description, network_id, network_type, physical_network, "
                "segmentation_id, segment_index, created_at, updated_at, revision_number, tags) "
                f"SELECT {self.identifier(FILLED, f'n + {place * 10_000}')}, 'filled', '', {self.identifier(1, '1')}, "
                f"'vlan', '{name}', n, 400000000 + n + {place * 10_000}, {self.moment}, {self.moment}, 0, '' "
                f"FROM ({self.numbers(1, LARGEST_VLAN)}) AS numbers WHERE (n * 37) % 100 < {percent}"
            )

    def store_segments(  # noqa: PLR0913, each is one fact about the segments
        self, first: int, last: int, *, kind: int, network_type: str, index: str = "n", network: str = ""
    ) -> None:
        """Store segments, their ids of this kind, in one network or spread over all."""
        network = network or self.identifier(1, f"(n - 1) % {self.networks} + 1")
        self.execute(
            "INSERT INTO segments (id, name, description, network_id, network_type, segmentation_id, segment_index, "
            "created_at, updated_at, revision_number, tags) "
            f"SELECT {self.identifier(kind)}, 'segment', '', {network}, '{network_type}', n, {index}, "
            f"{self.moment}, {self.moment}, 0, '' FROM ({self.numbers(first, last)}) AS numbers"
        )

    def numbers(self, first: int, last: int) -> str:
        """Return a query for the numbers n from first to last."""
        return _NUMBERS[self.kind].format(first=first, last=last)

    def identifier(self, kind: int, n: str = "n") -> str:
        """Return the expression that `identifiers.identifier` is in Python."""
        return _IDENTIFIER[self.kind].format(kind=kind, n=n)

    def padded(self, prefix: str, n: str) -> str:
        """Return the expression for a name that ends in a number of five digits."""
        if self.kind == "sqlite":
            return f"printf('{prefix}%05d', {n})"
        text = f"lpad(cast({n} AS CHAR(5)), 5, '0')" if self.kind == "mariadb" else f"lpad(({n})::text, 5, '0')"
        return f"concat('{prefix}', {text})"

    def flag(self, *, on: bool) -> str:
        """Return the literal of a flag."""
        return str(on).lower() if self.kind == "postgresql" else str(int(on))

    @property
    def moment(self) -> str:
        """The literal of the time of all rows."""
        return _TIME[self.kind]


@contextmanager
def made(kind: str, folder: Path) -> Iterator[Database]:
    """Make a migrated database, on a server that is found or started, and drop it at the end."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'bench.db'}"
        migrate.upgrade(url)
        yield Database(kind, url, f"a file in {tempfile.gettempdir()}, SQLite {sqlite3.sqlite_version}")
        return
    with closing(FoundServers()) as servers:
        server = servers.get(kind)
        with server.database() as address:
            migrate.upgrade(address.url)
            yield Database(kind, address.url, server.origin)
