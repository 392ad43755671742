"""Tables made from the catalog, with their constraints; and those that are no resource: events and the relay's row.

    attribute                 column                    RowRule        CHECK
    UniqueRule                UNIQUE                    ReferenceRule  FOREIGN KEY
    Coalesced part of a key   stored generated column

The constraint has the name of its rule: that is how a driver's error finds its way back to the rule.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
)

from segmentary.catalog import RESOURCES
from segmentary.catalog.agent import OBSERVATION_AGENT, REACH_AGENT, REACH_PHYSICAL_NETWORK
from segmentary.catalog.event_destination import DEAD_LETTER_DESTINATION, DELIVERY_DESTINATION
from segmentary.db import render
from segmentary.db.forms import FORMS, demanded
from segmentary.db.types import (
    COLLATION,
    FLAG_TYPE,
    LONG_TEXT_TYPE,
    SERIAL_TYPE,
    UTC_TIME_TYPE,
    UUID_TYPE,
    stored_type,
    text_type,
)
from segmentary.rules.attribute import Attribute, Resource
from segmentary.rules.expression import Coalesced
from segmentary.rules.rule import ReferenceRule, RowRule, UniqueRule

METADATA = MetaData()
_OPTIONS: dict[str, Any] = {
    "sqlite_strict": True,
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": COLLATION,
}
# PostgreSQL stores a changed row anew: beside the old one if its page has room, else elsewhere and in all indexes.
_OPTIONS_OF_RESOURCES = {**_OPTIONS, "postgresql_with": {"fillfactor": 90}}


def _table(resource: Resource) -> Table:
    table = Table(resource.collection, METADATA, *(_column(one) for one in resource.stored), **_OPTIONS_OF_RESOURCES)
    for unique in resource.unique_rules:
        for part in unique.key:
            if isinstance(part, Coalesced):
                table.append_column(_generated_column(part, table))
    for rule in resource.row_rules:
        table.append_constraint(_check(rule, table))
    for one in resource.stored:
        for check in _form_checks(resource, one):
            table.append_constraint(check)
    for unique in resource.unique_rules:
        table.append_constraint(_unique(unique))
    for reference in resource.reference_rules:
        table.append_constraint(_foreign_key(reference))
        _index_reference(reference, resource, table)
    for names in resource.indexes:
        Index(f"{resource.collection}_{'_'.join(names)}", *(table.c[name] for name in names))
    return table


def _column(one: Attribute) -> Column[Any]:
    return Column(one.name, stored_type(one.kind), primary_key=one.name == "id", nullable=one.nullable)


def _generated_column(part: Coalesced, table: Table) -> Column[Any]:
    expression = render.generated(part, dict(table.c.items()))
    return Column(part.name, table.c[part.field].type, Computed(expression, persisted=True), nullable=True)


def _check(rule: RowRule, table: Table) -> CheckConstraint:
    return CheckConstraint(render.condition(rule.expression, dict(table.c.items())), name=rule.name)


def _form_checks(resource: Resource, one: Attribute) -> Iterator[CheckConstraint]:
    """Give the CHECKs, each for one database, that stand in for a type which the database has not."""
    for database, forms in FORMS.items():
        form = forms.get(type(one.kind))
        if form is not None:
            check = CheckConstraint(demanded(form, one.kind, one.name), name=f"{resource.name}_{one.name}_allowed")
            check.ddl_if(dialect=database)
            yield check


def _unique(rule: UniqueRule) -> UniqueConstraint:
    return UniqueConstraint(*(part.name if isinstance(part, Coalesced) else part for part in rule.key), name=rule.name)


def _foreign_key(rule: ReferenceRule) -> ForeignKeyConstraint:
    target = f"{rule.collection}.{rule.target}"
    return ForeignKeyConstraint(
        [rule.attribute], [target], name=rule.name, ondelete="CASCADE" if rule.cascade else None
    )


def _index_reference(rule: ReferenceRule, resource: Resource, table: Table) -> None:
    """Index a reference, unless a key or an index begins with it: deleting a parent looks for its children."""
    firsts = {unique.key[0] for unique in resource.unique_rules} | {names[0] for names in resource.indexes}
    if rule.attribute not in firsts:
        Index(f"{rule.name}_index", table.c[rule.attribute])


TABLES: Mapping[str, Table] = {resource.collection: _table(resource) for resource in RESOURCES}
# The constraint of each unique rule, by the name of the rule.
KEYS: Mapping[str, UniqueConstraint] = {
    str(constraint.name): constraint
    for table in TABLES.values()
    for constraint in table.constraints
    if isinstance(constraint, UniqueConstraint)
}

# One row for each network type and physical network that has ranges: creating or changing a range writes it first, so
# that two ranges cannot come to overlap, on any node of a cluster.
RANGE_SCOPES = Table(
    "range_scopes",
    METADATA,
    Column("network_type", text_type(32), primary_key=True),
    Column("scope", text_type(64), primary_key=True),
    Column("version", SERIAL_TYPE, nullable=False),
    **_OPTIONS,
)

# On a cluster locks hold on one node only. There choosing an ID writes one of these rows of its type and physical
# network, whichever, and taking IDs out of a range writes all of them: of the two one is refused when it is certified,
# and two that choose seldom meet. Elsewhere no row is written.
RANGE_SLOTS = Table(
    "range_slots",
    METADATA,
    Column("network_type", text_type(32), primary_key=True),
    Column("scope", text_type(64), primary_key=True),
    Column("slot", SERIAL_TYPE, primary_key=True, autoincrement=False),
    Column("version", SERIAL_TYPE, nullable=False),
    **_OPTIONS,
)

# When an ID was last released, in microseconds since 1970, only for IDs of ranges that ask for it: those with a
# cooldown and those that choose the least recently released one.
RELEASES = Table(
    "releases",
    METADATA,
    Column("network_type", text_type(32), primary_key=True),
    Column("scope", text_type(64), primary_key=True),
    Column("segmentation_id", SERIAL_TYPE, primary_key=True, autoincrement=False),
    Column("released_at", SERIAL_TYPE, nullable=False),
    Index("releases_oldest", "network_type", "scope", "released_at", "segmentation_id"),
    **_OPTIONS,
)

# The limits of projects that have some of their own; see `segmentary.db.quotas`.
QUOTAS = Table(
    "quotas",
    METADATA,
    Column("project_id", text_type(255), primary_key=True),
    Column("resource", text_type(64), primary_key=True),
    Column("hard_limit", SERIAL_TYPE, nullable=True),
    Column("version", SERIAL_TYPE, nullable=False),
    **_OPTIONS,
)

# Which physical networks agents reach, and through what.
REACHES = Table(
    "reaches",
    METADATA,
    Column("agent_id", UUID_TYPE, primary_key=True),
    Column("physical_network", text_type(64), primary_key=True),
    Column("host", text_type(255), nullable=False),
    Column("via", text_type(255), nullable=False),
    _foreign_key(REACH_AGENT),
    _foreign_key(REACH_PHYSICAL_NETWORK),
    Index("reaches_physical_network_host", "physical_network", "host"),
    Index("reaches_host_physical_network", "host", "physical_network"),
    **_OPTIONS,
)

# Which segmentation IDs agents found on their hosts, recorded or not.
OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("agent_id", UUID_TYPE, primary_key=True),
    Column("network_type", text_type(32), primary_key=True),
    Column("scope", text_type(64), primary_key=True),
    Column("segmentation_id", SERIAL_TYPE, primary_key=True, autoincrement=False),
    Column("host", text_type(255), nullable=False),
    Column("network_id", UUID_TYPE, nullable=True),
    _foreign_key(OBSERVATION_AGENT),
    Index("observations_host", "host"),
    **_OPTIONS,
)

# The answers of requests that carried an Idempotency-Key; each project has its own.
ANSWERS = Table(
    "answers",
    METADATA,
    Column("project_id", text_type(255), primary_key=True),
    Column("idempotency_key", text_type(255), primary_key=True),
    Column("fingerprint", text_type(64), nullable=False),
    Column("answer", LONG_TEXT_TYPE, nullable=False),
    Column("created_at", UTC_TIME_TYPE, nullable=False),
    Index("answers_created_at", "created_at"),
    **_OPTIONS,
)

# One row for each change of a record, written in the transaction of the change; see `segmentary.db.outbox` for how
# `sequence` is given.
EVENTS = Table(
    "events",
    METADATA,
    Column("id", SERIAL_TYPE, primary_key=True, autoincrement=True),
    Column("event_id", UUID_TYPE, nullable=False),
    Column("sequence", SERIAL_TYPE, nullable=True),
    Column("type", text_type(64), nullable=False),
    Column("resource_id", UUID_TYPE, nullable=False),
    Column("payload", LONG_TEXT_TYPE, nullable=False),
    Column("actor", text_type(255), nullable=False),
    Column("request_id", text_type(64), nullable=True),
    Column("created_at", UTC_TIME_TYPE, nullable=False),
    # whose the record is, and of which project the actor
    Column("project_id", text_type(255), nullable=True),
    Column("actor_project_id", text_type(255), nullable=True),
    UniqueConstraint("event_id", name="event_id_unique"),
    UniqueConstraint("sequence", name="event_sequence_unique"),
    # the history of a record
    Index("events_resource_id_id", "resource_id", "id"),
    # the feed of a project
    Index("events_project_id_sequence", "project_id", "sequence"),
    **_OPTIONS,
)

# What is kept for ever of events that were dropped: creations, and the last change of each record.
JOURNAL = Table(
    "journal",
    METADATA,
    *(Column(one.name, one.type, primary_key=one.primary_key, nullable=one.nullable) for one in EVENTS.columns),
    Index("journal_resource_id_id", "resource_id", "id"),
    **_OPTIONS,
)

# One row, which every transaction that numbers events writes: so they number one after the other, on a cluster too.
RELAY = Table(
    "relay",
    METADATA,
    Column("id", SERIAL_TYPE, primary_key=True, autoincrement=False),
    Column("turns", SERIAL_TYPE, nullable=False),
    **_OPTIONS,
    info={"rows": ("INSERT INTO relay (id, turns) VALUES (1, 0)",)},
)

# How far each event destination is: a row of its own, so that progress is no change of the destination. `holder` is the
# relay that delivers to it; every write of the row adds to `turns`, so that a row that stays as it is has lost its
# relay. `attempts` is how many failed in a row.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("destination_id", UUID_TYPE, primary_key=True),
    Column("acknowledged", SERIAL_TYPE, nullable=False),
    Column("holder", UUID_TYPE, nullable=True),
    Column("turns", SERIAL_TYPE, nullable=False),
    Column("attempts", SERIAL_TYPE, nullable=False),
    Column("failures", SERIAL_TYPE, nullable=False),
    Column("last_error", text_type(255), nullable=True),
    Column("last_failed_at", UTC_TIME_TYPE, nullable=True),
    _foreign_key(DELIVERY_DESTINATION),
    **_OPTIONS,
)

# Events that a destination has given up, each a copy of its own: the feed may drop the event. `replay`: to be sent
# again.
DEAD_LETTERS = Table(
    "dead_letters",
    METADATA,
    Column("destination_id", UUID_TYPE, primary_key=True),
    Column("sequence", SERIAL_TYPE, primary_key=True, autoincrement=False),
    Column("event_id", UUID_TYPE, nullable=False),
    Column("type", text_type(64), nullable=False),
    Column("resource_id", UUID_TYPE, nullable=False),
    Column("payload", LONG_TEXT_TYPE, nullable=False),
    Column("actor", text_type(255), nullable=False),
    Column("request_id", text_type(64), nullable=True),
    Column("created_at", UTC_TIME_TYPE, nullable=False),
    Column("attempts", SERIAL_TYPE, nullable=False),
    Column("error", text_type(255), nullable=False),
    Column("died_at", UTC_TIME_TYPE, nullable=False),
    Column("replay", FLAG_TYPE, nullable=False),
    _foreign_key(DEAD_LETTER_DESTINATION),
    Index("dead_letters_destination_id_resource_id", "destination_id", "resource_id"),
    Index("dead_letters_destination_id_replay", "destination_id", "replay", "sequence"),
    **_OPTIONS,
)
