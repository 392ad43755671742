"""segmentary beside a whole Neutron: the same requests to both, with the same stored, on one database server."""

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import segmentary
from bench import load, measure, served
from bench.database import NOW, Database
from bench.measure import BLOCK, FASTEST_DELETES, Result, Side
from bench.processes import Meter
from bench.served import Server, Shape
from bench.statements import Amounts
from bench.workload import Workload
from segmentary.app import NeutronImport
from segmentary.db import migrate
from tests.servers import neutron
from tests.servers.found import FoundServers
from tests.servers.server import NoServerError

SETTINGS = Path(__file__).parent / "neutron.conf"
NETWORKS = 10_000
# Of identifiers: what is to be deleted.
VICTIM = 3
# The project of Neutron's requests without a token.
PROJECT = "fake_project_id"
FASTEST_DELETES_OF_NEUTRON = 400
# A request that is cut off at the end of a run has cost processor time and is not counted: of so many it is little.
FEWEST_REQUESTS = 10
LONGEST_SECONDS = 60


class OfNeutron(Database):
    """The database of a Neutron, with the rows that its API leaves behind."""

    fastest_deletes = FASTEST_DELETES_OF_NEUTRON

    def fill(self, stored: int) -> None:
        """Store networks with a VXLAN segment each."""
        self._store(1, stored, (1, 2), "network", "vxlan")
        self.execute(f"UPDATE ml2_vxlan_allocations SET allocated = true WHERE vxlan_vni <= {stored}")
        self.stored = self.networks = stored
        self.settle()

    def store_victims(self, first: int, count: int) -> None:
        """Store networks to be deleted, numbered from `first`, with a segment each."""
        self._store(first, first + count, (VICTIM, VICTIM), "made", "gre")

    def clean(self) -> None:
        """Remove what a workload left behind, but what is made at this moment; with an attribute goes what has it."""
        self.execute(
            "DELETE FROM standardattributes WHERE id IN ("
            "SELECT standard_attr_id FROM networksegments WHERE network_type <> 'vxlan' "
            "UNION SELECT standard_attr_id FROM networks WHERE name = 'made')"
        )
        self.execute(
            "UPDATE ml2_vlan_allocations SET allocated = false WHERE allocated AND NOT EXISTS (SELECT 1 "
            "FROM networksegments WHERE networksegments.physical_network = ml2_vlan_allocations.physical_network "
            "AND segmentation_id = vlan_id)"
        )
        self.execute("DELETE FROM ml2_gre_allocations WHERE gre_id > 100")
        self.settle()

    def settle(self) -> None:
        """Bring statistics up to date and sweep what was deleted, as is done for the other."""
        if self.kind == "mariadb":
            self.execute("ANALYZE TABLE networks, networksegments, standardattributes, ml2_vlan_allocations")
        else:
            super().settle()

    def _store(self, first: int, last: int, kinds: tuple[int, int], name: str, network_type: str) -> None:
        """Store networks and a segment of each, their ids of these kinds."""
        numbers = f"FROM ({self.numbers(first, last)}) AS numbers"
        network, segment = map(self.identifier, kinds)
        # Far from the numbers that Neutron gives.
        of_network, of_segment = (f"{kinds[0]}0000000000 + 2 * n + {place}" for place in (0, 1))
        for table, attributes in (("networks", of_network), ("networksegments", of_segment)):
            self.execute(
                "INSERT INTO standardattributes (id, resource_type, created_at, updated_at, description, "
                f"revision_number) SELECT {attributes}, '{table}', '{NOW}', '{NOW}', '', 0 {numbers}"
            )
        self.execute(
            "INSERT INTO networks (id, name, project_id, status, admin_state_up, mtu, vlan_transparent, qinq, "
            f"standard_attr_id) SELECT {network}, '{name}', '{PROJECT}', 'ACTIVE', true, 1450, false, false, "
            f"{of_network} {numbers}"
        )
        self.execute(
            "INSERT INTO networksegments (id, network_id, network_type, segmentation_id, is_dynamic, segment_index, "
            f"standard_attr_id) SELECT {segment}, {network}, '{network_type}', n, false, 0, {of_segment} {numbers}"
        )


class OfSegmentary(Database):
    """The database of the segmentary beside it, which took over what Neutron had stored."""

    fastest_deletes = FASTEST_DELETES

    def take(self, source: OfNeutron) -> None:
        """Import what the Neutron keeps: records, ids and ranges."""
        with segmentary.open(self.url) as app:
            taken = NeutronImport(app, source.url).carry_out()
        if taken.refused:
            raise RuntimeError(f"what was stored in Neutron is refused: {taken.refused[0].text}")
        self.stored, self.networks = source.stored, source.networks
        self.clean()

    def store_victims(self, first: int, count: int) -> None:
        """Store networks to be deleted, numbered from `first`, with a segment each."""
        self.store_networks(first, first + count, kind=VICTIM, name="made")
        self.store_segments(first, first + count, kind=VICTIM, network=self.identifier(VICTIM), network_type="gre")

    def clean(self) -> None:
        """Remove what a workload left behind, but what is made at this moment."""
        self.execute("DELETE FROM segments WHERE network_type <> 'vxlan'")
        of_network = "SELECT 1 FROM segments WHERE segments.network_id = networks.id"
        self.execute(f"DELETE FROM networks WHERE name = 'made' AND NOT EXISTS ({of_network})")
        self.execute("DELETE FROM events")
        self.settle()


@dataclass(frozen=True)
class Peer:
    """One of the two: a server, and what it stores."""

    server: Server
    database: OfNeutron | OfSegmentary


class Comparison:
    """Both, and the numbers that are used up."""

    def __init__(self, theirs: Peer, ours: Peer, seconds: int, rounds: int) -> None:
        self._theirs, self._ours = theirs, ours
        self._seconds, self._rounds = seconds, rounds
        self._used = 0

    def of(self, workload: Workload) -> Result:
        """Measure one workload: both in turn, several times."""
        for peer in (self._theirs, self._ours):  # what is prepared at the first request of a kind
            self._run(peer, workload, 1)
        pairs = [
            (self._long_enough(self._theirs, workload), self._run(self._ours, workload)) for _ in range(self._rounds)
        ]
        return Result(
            workload=workload,
            stored=self._ours.database.stored,
            limit=measure.middle([first for first, _ in pairs]),
            segmentary=measure.middle([second for _, second in pairs]),
        )

    def _long_enough(self, peer: Peer, workload: Workload) -> Side:
        """Run for as long as the fewest requests need, if that is longer."""
        seconds = self._seconds
        while True:
            side = self._run(peer, workload, seconds)
            if side.rate * seconds >= FEWEST_REQUESTS or seconds >= LONGEST_SECONDS:
                return side
            needed = math.ceil(1.2 * FEWEST_REQUESTS / side.rate) if side.rate else LONGEST_SECONDS
            seconds = min(max(needed, 2 * seconds), LONGEST_SECONDS)

    def _run(self, peer: Peer, workload: Workload, seconds: int = 0) -> Side:
        seconds = seconds or self._seconds
        first = self._used * BLOCK
        self._used += 1
        database = peer.database
        if workload.deletes:
            database.store_victims(first, seconds * database.fastest_deletes)
        amounts = Amounts(
            first=first, networks=NETWORKS, hosts=0, stored=NETWORKS, limit=workload.limit, records=workload.records
        )
        of_server, of_database = Meter(), Meter()
        with of_database.watching(database.processes), of_server.watching(peer.server.places):
            figures = load.run(peer.server.url, workload.request, workload.clients, seconds, amounts)
        memory = peer.server.memory()
        peer.server.calm()
        database.clean()
        return measure.side(figures, of_server.used, of_database.used, memory)


@contextmanager
def running(kind: str, shape: Shape, folder: Path, seconds: int, rounds: int) -> Iterator[Comparison]:
    """Start both, with as many processes, on databases of one server."""
    if kind == "sqlite":
        raise NoServerError("Neutron serves several processes from PostgreSQL and MariaDB only: --database mariadb")
    with closing(FoundServers()) as servers:
        server = servers.get(kind)
        with server.database() as of_neutron, server.database() as of_segmentary:
            theirs = OfNeutron(kind, of_neutron.url, server.origin)
            ours = OfSegmentary(kind, of_segmentary.url, server.origin)
            with neutron.running(folder, kind, theirs.url, SETTINGS, workers=shape.workers) as other:
                theirs.fill(NETWORKS)
                migrate.upgrade(ours.url)
                ours.take(theirs)
                with served.segmentary(ours.url, shape, folder) as own:
                    started = Server(other.url, other.process, 0.0)
                    yield Comparison(Peer(started, theirs), Peer(own, ours), seconds, rounds)
