"""Hosts as the library and the API know them: what they reach, and which segments that means."""

from collections.abc import Callable, Sequence

from segmentary.catalog import HostMapping
from segmentary.catalog.actor import LIBRARY, Actor
from segmentary.catalog.agent import INCLUDED, Report
from segmentary.db import reach
from segmentary.db.transaction import Database, Tx
from segmentary.rules.listing import HostQuery
from segmentary.services import drift, host, host_mapping
from segmentary.services.call import Call
from segmentary.services.hook import Asked, Hooks
from segmentary.settings import Settings


def again(_tx: object, _rule: object) -> None:
    """A change looks for what is in its way by itself: run it again, it will find it."""


class Hosts:
    """Hosts and what they reach."""

    def __init__(self, database: Database, settings: Settings, hooks: Hooks) -> None:
        """Bind to a database, and to those who are asked before it is changed."""
        self._database, self._settings, self._hooks = database, settings, hooks

    def report(self, report: Report, actor: Actor = LIBRARY) -> dict[str, object]:
        """Store what an agent says of its host, unless that is what is stored; return the host."""
        settings, call = self._settings, Call(actor, self._settings)
        if not self._database.read(lambda tx: host.is_repeated(tx, settings, report)):
            self._ask(actor, lambda tx: host.asked(tx, report))
            self._database.run(lambda tx: host.take(tx, call, report), explain=again)
        return self.show(report.host)

    def find(self, query: HostQuery) -> list[dict[str, object]]:
        """Return the hosts that reach anything, by name."""
        settings = self._settings

        def work(tx: Tx) -> list[dict[str, object]]:
            return host.several(tx, settings, reach.hosts_page(tx, query))

        return self._database.read(work, one_state=True)

    def show(self, name: str) -> dict[str, object]:
        """Return a host; raise `HostNotFound`."""
        settings = self._settings
        return self._database.read(lambda tx: host.show(tx, settings, name), one_state=True)

    def require_known(self, name: str) -> None:
        """Raise `HostNotFound` if nothing is known of a host."""
        self._database.read(lambda tx: host.require_known(tx, name))

    def forget(self, name: str, actor: Actor = LIBRARY) -> None:
        """Forget a host, its agents and its mappings; raise `HostNotFound`."""
        call = Call(actor, self._settings)
        self._ask(actor, lambda tx: host.forgotten(tx, name))
        self._database.run(lambda tx: host.delete(tx, call, name), explain=again)

    def of_segment(self, segment_id: str, query: HostQuery) -> list[dict[str, object]]:
        """Return the hosts that reach a segment, by name, and why."""
        return self._database.read(lambda tx: host_mapping.hosts_of(tx, segment_id, query.marker, query.limit))

    def map(self, segment_id: str, name: str, mapping: str = INCLUDED, actor: Actor = LIBRARY) -> HostMapping:
        """Say that a host reaches a segment (included) or does not (excluded), whatever is reported."""
        call = Call(actor, self._settings)
        self._ask(actor, lambda tx: [host_mapping.mapped(tx, segment_id, name, mapping)])
        return self._database.run(lambda tx: host_mapping.put(tx, call, segment_id, name, mapping), explain=again)

    def map_several(
        self, segment_id: str, names: Sequence[str], mapping: str = INCLUDED, actor: Actor = LIBRARY
    ) -> list[HostMapping]:
        """Say the same of several hosts, of all or of none; return their mappings by the hosts' names."""
        call, hosts = Call(actor, self._settings), sorted(set(names))
        self._ask(actor, lambda tx: [host_mapping.mapped(tx, segment_id, one, mapping) for one in hosts])
        return self._database.run(
            lambda tx: [host_mapping.put(tx, call, segment_id, one, mapping) for one in hosts], explain=again
        )

    def unmap(self, segment_id: str, name: str, actor: Actor = LIBRARY) -> None:
        """Leave it to the reports again whether a host reaches a segment."""
        call = Call(actor, self._settings)
        self._ask(actor, lambda tx: host_mapping.unmapped(tx, segment_id, name))
        self._database.run(lambda tx: host_mapping.remove(tx, call, segment_id, name), explain=again)

    def set_segments(self, name: str, segments: Sequence[str], actor: Actor = LIBRARY) -> None:
        """Make these the segments a host is included in beside what is reported."""
        call = Call(actor, self._settings)
        self._ask(actor, lambda tx: host_mapping.replaced(tx, name, segments))
        self._database.run(lambda tx: host_mapping.set_segments(tx, call, name, segments), explain=again)

    def drift(self, name: str) -> dict[str, object]:
        """Return where what a host carries and what is recorded for it differ."""
        return self._database.read(lambda tx: drift.of_host(tx, name), one_state=True)

    def _ask(self, actor: Actor, asked: Callable[[Tx], Sequence[Asked]]) -> None:
        """Ask the hooks whether changes may be tried, if there are any; which they are depends on what is stored."""
        if self._hooks:
            self._hooks.before_each(self._database.read(asked, one_state=True), actor)
