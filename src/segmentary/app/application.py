"""The composition root: settings -> a database and the use cases on it; `open` is the library's front door.

with segmentary.open("sqlite:///segments.db") as app:
    network = app.networks.create(name="blue")
    app.segments.create(network_id=network.id, network_type="vxlan", segmentation_id=5001)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType, TracebackType
from typing import Any, Self, TypeVar

from segmentary.app.collection import Collection
from segmentary.app.dead_letters import DeadLetters
from segmentary.app.hosts import Hosts, again
from segmentary.app.lists import Completion, Lists, Page
from segmentary.catalog import Agent, EventDestination, Network, PhysicalNetwork, RbacPolicy, Segment, SegmentRange
from segmentary.catalog.actor import LIBRARY, Actor
from segmentary.catalog.event import Event, Verb
from segmentary.db import listing, migrate, outbox, records
from segmentary.db.engine import shown_url
from segmentary.db.scope import EVERY
from segmentary.db.sharing import Viewer
from segmentary.db.statement import Row
from segmentary.db.transaction import Database, Explain, Observer, Tx
from segmentary.errors import SegmentaryError
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.draft import Changes, Draft, known_id
from segmentary.rules.finding import Audit
from segmentary.rules.listing import ListQuery
from segmentary.rules.plan import Plan, Wanted
from segmentary.rules.tags import unpack
from segmentary.services import (
    agent,
    audit,
    desired,
    event_destination,
    journal,
    network,
    physical_network,
    rbac_policy,
    segment,
    segment_range,
    tag,
)
from segmentary.services.call import Call, project_network_types
from segmentary.services.feed import Feed
from segmentary.services.hook import Hooks
from segmentary.services.idempotency import Once, once
from segmentary.services.policy import ALL, Policy, Rights
from segmentary.services.policy_rules import rules_in_force
from segmentary.services.quota import Quotas
from segmentary.services.relay import Relay
from segmentary.services.together import ApartError, Together
from segmentary.settings import Settings, load
from segmentary.wire.desired import document
from segmentary.wire.encode import Fields
from segmentary.wire.metrics import Metric, of_destinations, of_feed

R = TypeVar("R")
# The module with a resource's use cases; each has create, update, delete and explain.
SERVICES: Mapping[str, ModuleType] = {
    "network": network,
    "segment": segment,
    "physical_network": physical_network,
    "network_segment_range": segment_range,
    "agent": agent,
    "event_destination": event_destination,
    "rbac_policy": rbac_policy,
}
# Beside those of the threads that answer: for numbering events, and for delivering them.
OWN_CONNECTIONS = 4
# Of which single creates that wait at the same moment are stored together.
TOGETHER = frozenset({"network", "segment"})


class Application:
    """All use cases on one database; safe to be called from several threads."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the database of the settings; nothing is connected yet."""
        project_network_types(settings)
        self.settings = settings
        self.policy = Policy(rules_in_force(settings.policy_file))
        self.hooks = Hooks()
        self.hooks.load()
        observer = Observer(self.hooks.precommit, self._committed, self.hooks.allows)
        self.database = Database(settings.database, settings.threads + OWN_CONNECTIONS, observer)
        self.feed = Feed(self.database, self.policy, settings.event_places)
        self.relay = Relay(self.database, self.feed, settings)
        self.networks = Collection(self, Network)
        self.segments = Collection(self, Segment)
        self.physical_networks = Collection(self, PhysicalNetwork)
        self.segment_ranges = Collection(self, SegmentRange)
        self.agents = Collection(self, Agent)
        self.event_destinations = Collection(self, EventDestination)
        self.rbac_policies = Collection(self, RbacPolicy)
        self.dead_letters = DeadLetters(self.database)
        self.hosts = Hosts(self.database, settings, self.hooks)
        self.quotas = Quotas(self.database, settings)
        self._created = Together(self._create_together)
        self._shown = Together(self._show_together)
        self._completions: Mapping[str, Completion] = {
            "network_segment_range": segment_range.complete,
            "agent": lambda tx, rows, _fields: agent.complete_rows(tx, settings, rows),
            "event_destination": lambda tx, rows, _fields: event_destination.complete_rows(tx, rows),
        }
        self.lists = Lists(self.database, self.policy, self._completions)

    def __enter__(self) -> Self:
        """Use it as a context manager to have it closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Send readers of events away, end the relay and close all database connections."""
        self.feed.close()
        self.relay.stop()
        self.database.close()

    def _committed(self, recorded: Sequence[tuple[Actor, Sequence[Event]]]) -> None:
        """What is done after the commit of a transaction that recorded events."""
        self.relay.wake()
        for actor, events in recorded:
            self.hooks.after(actor, events)

    def audit(self, limit: int = 100, progress: audit.Progress = lambda _done, _of, _collection: None) -> Audit:
        """Look for stored rows that break a rule, in one state of the database; change nothing.

        `limit` is the most findings of each rule that are returned, all are counted; `progress` is told how far it is.
        """
        source = shown_url(self.settings.database)
        mtu = self.settings.global_physnet_mtu
        return self.database.read(lambda tx: audit.run(tx, source, mtu, limit, progress), one_state=True)

    def metrics(self) -> list[Metric]:
        """Return how far the feed and its destinations are, in one state of the database."""

        def work(tx: Tx) -> list[Metric]:
            resource = describe(EventDestination)
            rows = event_destination.complete_rows(tx, listing.find(tx, resource, ListQuery()))
            shown = [dict(zip(resource.by_name, row, strict=False)) for row in rows]
            return [*of_feed(*outbox.limits(tx), outbox.unnumbered(tx)), *of_destinations(shown, tx.now)]

        return self.database.read(work, one_state=True)

    def history(
        self, resource: Resource, record_id: str, limit: int = 1000, actor: Actor = LIBRARY
    ) -> list[dict[str, object]]:
        """Return the newest changes of a record, oldest first; raise its `NotFound` if none is known to the actor."""
        rights = self.policy.event_rights(actor)
        return self.database.read(lambda tx: journal.told(journal.of_record(tx, resource, record_id, limit, rights)))

    def undo(self, named: str, actor: Actor = LIBRARY) -> list[dict[str, object]]:
        """Take back the change, or all changes of the request, with this id, as new changes; return them."""
        call = Call(actor, self.settings)
        return self.database.run(
            lambda tx: journal.told(journal.undo(tx, call, named)),
            explain=lambda tx, rule: journal.explain(tx, rule, named),
        )

    def export(self) -> dict[str, Any]:
        """Return physical networks, ranges, and networks with their segments, as a document of desired state."""
        return self.database.read(lambda tx: document(desired.export(tx)), one_state=True)

    def plan(self, wanted: Sequence[Wanted], *, prune: bool = False) -> Plan:
        """Return the steps that lead to what a document wants; with `prune` what it does not name is deleted."""
        return self.database.read(lambda tx: desired.plan(tx, wanted, prune=prune), one_state=True)

    def apply(self, wanted: Sequence[Wanted], expected: Plan, *, prune: bool = False, actor: Actor = LIBRARY) -> Plan:
        """Carry a plan out in one transaction; raise `PlanChanged` if it is another by now."""
        call = Call(actor, self.settings)
        if self.hooks:
            self.hooks.before_each(desired.asked(expected), actor)
        return self.database.run(
            lambda tx: desired.apply(tx, call, wanted, prune=prune, expected=expected.digest),
            explain=lambda tx, rule: desired.explain(tx, rule, wanted, prune=prune),
        )

    def create(self, resource: Resource, drafts: Sequence[Draft[Any]], actor: Actor) -> list[Any]:
        """Create records, all or none, and return them in the order of their drafts.

        Single segments, or networks, that several threads ask for at the same moment are stored together, unless there
        are hooks, which are told of one request at a time.
        """
        rights = self.policy.rights(actor)
        if rights is not None:
            rights.require_create(resource, drafts)
        if resource.name in TOGETHER and len(drafts) == 1 and not self.hooks.are_any:
            draft = replace(drafts[0], request_id=actor.request_id)
            return [self._created.do((resource, actor.asking(None)), draft)]
        return self._create(resource, drafts, actor)

    def _create_together(self, key: tuple[Resource, Actor], drafts: Sequence[Draft[Any]]) -> list[Any]:
        resource, actor = key
        return self._create(resource, drafts, actor, together=len(drafts) > 1)

    def _create(
        self, resource: Resource, drafts: Sequence[Draft[Any]], actor: Actor, *, together: bool = False
    ) -> list[Any]:
        self.hooks.before(Verb.CREATED, resource, [(None, one.given) for one in drafts], actor)
        service, call = SERVICES[resource.name], Call(actor, self.settings)
        rights = self.policy.rights(actor)

        def work(tx: Tx) -> list[Any]:
            if together and tx.is_repeated:
                # Others chose the same: where few IDs are left, whoever looks for one has more luck than all together.
                raise ApartError
            if rights is not None:
                rights.require_references(tx, resource, drafts)
            created: list[Any] = service.create(tx, call, drafts)
            return created

        return self._run(rights, work, lambda tx, rule: service.explain(tx, rule, drafts))

    def create_once(
        self,
        resource: Resource,
        drafts: Sequence[Draft[Any]],
        actor: Actor,
        asked: Once,
        answer: Callable[[Sequence[Any]], bytes],
    ) -> bytes:
        """Create records unless that was done for this key before; return `answer` of them, or the one kept then."""
        rights = self.policy.rights(actor)
        if rights is not None:
            rights.require_create(resource, drafts)
        self.hooks.before(Verb.CREATED, resource, [(None, one.given) for one in drafts], actor)
        service, call = SERVICES[resource.name], Call(actor, self.settings)

        def work(tx: Tx) -> bytes:
            if rights is not None:
                rights.require_references(tx, resource, drafts)
            return once(tx, call, asked, lambda tx: answer(service.create(tx, call, drafts)))

        return self._run(rights, work, lambda tx, rule: service.explain(tx, rule, drafts))

    def _run(self, rights: Rights | None, work: Callable[[Tx], R], explain: Explain) -> R:
        """Run work that writes; what it is refused for tells a caller nothing of what that one may not see."""
        try:
            return self.database.run(work, explain=explain)
        except SegmentaryError as error:
            if rights is None:
                raise
            raise rights.veiled(error) from error

    def fields(self, resource: Resource, actor: Actor, asked: frozenset[str] = ALL) -> Fields:
        """Return which of the attributes asked for, all if there are none, an actor is shown."""
        rights = self.policy.rights(actor)
        return asked if rights is None else rights.fields(resource, asked)

    def find(self, resource: Resource, query: ListQuery) -> list[Row]:
        """Return the rows of a list."""
        return self.page(resource, query).rows

    def page(self, resource: Resource, query: ListQuery, actor: Actor = LIBRARY) -> Page:
        """Return a page of a list of what an actor may see.

        Raises the resource's `NotFound` for a marker that can be no id, or whose record may not be seen.
        """
        return self.lists.page(resource, query, actor)

    def show(self, resource: Resource, record_id: str, fields: frozenset[str] = ALL, actor: Actor = LIBRARY) -> Row:
        """Return the row of one record; raise the resource's `NotFound` if there is none that the actor may see."""
        rights, complete = self.policy.rights(actor), self._completions.get(resource.name)
        if rights is not None and rights.scope(resource).grounds == EVERY:
            rights = None
        if rights is not None or complete is None:
            row = self._look(resource, record_id, actor)
            if rights is not None:
                rights.require_visible(resource, record_id, row)
            if complete is None:
                return row
        return self.database.read(
            lambda tx: complete(tx, [records.show(tx, resource, record_id)], fields)[0], one_state=True
        )

    def _look(self, resource: Resource, record_id: str, actor: Actor) -> Row:
        """Return the row of a record; those that several threads ask for at the same moment go to a server together."""
        viewer = self.policy.scope(resource, actor).viewer if resource.record is Network else None
        if not self.database.dialect.has_round_trips:
            return self.database.read(lambda tx: records.show(tx, resource, record_id, viewer))
        row = self._shown.do((resource, viewer), record_id)
        if row is None:
            raise resource.not_found(id=record_id)
        return row

    def _show_together(self, key: tuple[Resource, Viewer | None], ids: Sequence[str]) -> list[Row | None]:
        resource, viewer = key
        return self.database.read(lambda tx: records.show_several(tx, resource, ids, viewer))

    def update(self, resource: Resource, record_id: str, changes: Changes, revision: int | None, actor: Actor) -> Any:  # noqa: ANN401, a record; what, which, how, when, who
        """Change a record and return it as it is now."""
        self._require_change("update", resource, record_id, changes, actor)
        self.hooks.before(Verb.UPDATED, resource, [(record_id, changes)], actor)
        service, call = SERVICES[resource.name], Call(actor, self.settings)
        rights, viewer = self.policy.rights(actor), self.policy.scope(resource, actor).viewer

        def work(tx: Tx) -> Any:  # noqa: ANN401, a record
            if rights is not None and resource.record is RbacPolicy:
                rights.require_shareable(tx, record_id)
            after = service.update(tx, call, record_id, changes, revision)
            if resource.record is not Network:
                return after
            # What it is to the caller, which may be more than is so for everybody.
            return records.as_records(Network, [records.show(tx, resource, record_id, viewer)])[0]

        return self._run(rights, work, again)

    def delete(self, resource: Resource, record_id: str, revision: int | None, actor: Actor) -> None:
        """Delete a record."""
        self._require_change("delete", resource, record_id, {}, actor)
        self.hooks.before(Verb.DELETED, resource, [(record_id, {})], actor)
        service, call = SERVICES[resource.name], Call(actor, self.settings)
        work: Callable[[Any], None] = lambda tx: service.delete(tx, call, record_id, revision)  # noqa: E731, typed
        self._run(self.policy.rights(actor), work, again)

    def _require_change(self, verb: str, resource: Resource, record_id: str, changes: Changes, actor: Actor) -> None:
        rights = self.policy.rights(actor)
        if rights is not None:
            rights.require_change(verb, resource, record_id, changes, lambda: self._look(resource, record_id, actor))

    def tags(self, resource: Resource, record_id: str, actor: Actor = LIBRARY) -> tuple[str, ...]:
        """Return the tags of a record; raise `TagResourceNotFound`."""
        assert resource.tags is not None  # noqa: S101, only resources that have tags have the paths
        with tag.naming(resource, record_id):
            return unpack(self.show(resource, known_id(resource, record_id), ALL, actor)[resource.tags])

    def change_tags(self, resource: Resource, record_id: str, change: tag.Change, actor: Actor) -> tuple[str, ...]:
        """Change the tags of a record and return them as they are now; raise `TagResourceNotFound`."""
        call = Call(actor, self.settings)
        with tag.naming(resource, record_id):
            known = known_id(resource, record_id)
            self._require_change("update", resource, known, {"tags": change.tags}, actor)
            self.hooks.before(Verb.UPDATED, resource, [(record_id, {"tags": change.tags})], actor)
            return self.database.run(lambda tx: tag.change(tx, call, resource, known, change))


def open(url: str = "sqlite:///segmentary.db", **settings: Any) -> Application:  # noqa: A001, ANN401, reads as segmentary.open
    """Open a database for use in this process; a SQLite file is created, and upgraded, if need be.

    Raises `SchemaNotCurrent` if a server's schema is missing or old, and `InvalidSetting`.
    """
    app = Application(load({"database": url, **settings}, environment={}))
    migrate.require_current(app.database)
    return app
