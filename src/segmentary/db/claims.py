"""Who holds what: claims of segments, names of physical networks, indexes of a network's segments."""

from functools import cache

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy import update as sql_update

from segmentary.catalog import RESOURCES, Network, PhysicalNetwork, Segment
from segmentary.db import records
from segmentary.db.statement import Statement
from segmentary.db.tables import TABLES
from segmentary.db.transaction import Tx
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.rule import ReferenceRule

_SEGMENTS = TABLES["segments"]
_NETWORKS = TABLES["networks"]
_PHYSICAL_NETWORKS = TABLES["physical_networks"]
SHOWN_NAMES = 20


def take_indexes(tx: Tx, network_id: str, count: int) -> Network:
    """Lock a network, take its next `count` segment indexes and return it as it was before.

    The counter is written in the row, not computed under a lock: locks of a Galera cluster hold on one node only.
    Raises `NetworkNotFound`.
    """
    resource = describe(Network)
    values = {"row_id": network_id, "count": count}
    if tx.update_returning:
        row = tx.row(_take_returning(), values)
    else:
        tx.later(_take(), values)
        row = tx.row(_taken(), {"row_id": network_id})
    if row is None:
        raise resource.not_found(id=network_id)
    place = resource.columns.index("next_segment_index")
    row = (*row[:place], row[place] - count, *row[place + 1 :])
    return _network(row)


def _network(row: tuple[object, ...]) -> Network:
    """Return a network without its segments: what is derived from them is left open."""
    return records.as_records(Network, [records.with_parts(describe(Network), row, [])])[0]


def physical_network(tx: Tx, name: str) -> PhysicalNetwork | None:
    """Return the physical network of this name."""
    row = tx.row(_physical_network(), {"name": name})
    return records.as_records(PhysicalNetwork, [row])[0] if row else None


def physical_network_names(tx: Tx) -> list[str]:
    """Return the first names of physical networks, in order, at most `SHOWN_NAMES`, and one more if there are more."""
    return [row[0] for row in tx.rows(_physical_network_names(), {})]


def referring(tx: Tx, collection: str, value: str) -> list[tuple[str, int, str]]:
    """Return who refers to a record, by the attribute that references name: what they are, how many, the first id."""
    found = []
    for resource in RESOURCES:
        for rule in resource.reference_rules:
            if rule.collection == collection:
                first = tx.row(_first_referring(resource, rule), {"value": value})
                if first is not None:
                    counted = tx.row(_count_referring(resource, rule), {"value": value})
                    found.append((resource.name, counted[0] if counted else 0, first[0]))
    return found


def holder(tx: Tx, network_type: str, scope: str, claim_id: int) -> Segment | None:
    """Return the segment that holds a claim."""
    row = tx.row(_holder(), {"network_type": network_type, "claim_scope": scope, "claim_id": claim_id})
    return records.as_records(Segment, [row])[0] if row else None


def segments_of(tx: Tx, network_id: str) -> list[Segment]:
    """Return the segments of a network by index, locked."""
    return records.as_records(Segment, tx.rows(_segments_of(), {"network_id": network_id}))


def remove_segments_of(tx: Tx, network_id: str) -> None:
    """Delete the segments of a network."""
    tx.later(_remove_segments_of(), {"network_id": network_id})


def _take_indexes() -> object:
    table = _NETWORKS
    return (
        sql_update(table)
        .where(table.c.id == bindparam("row_id"))
        .values(next_segment_index=table.c.next_segment_index + bindparam("count"))
    )


@cache
def _take() -> Statement:
    return Statement(_take_indexes())  # type: ignore[arg-type]  # an update


@cache
def _take_returning() -> Statement:
    columns = records.columns_of(describe(Network))
    return Statement(_take_indexes().returning(*columns), columns)  # type: ignore[attr-defined]  # an update


@cache
def _taken() -> Statement:
    columns = records.columns_of(describe(Network))
    return Statement(select(*columns).where(_NETWORKS.c.id == bindparam("row_id")), columns)


@cache
def _physical_network() -> Statement:
    columns = records.columns_of(describe(PhysicalNetwork))
    return Statement(select(*columns).where(_PHYSICAL_NETWORKS.c.name == bindparam("name")), columns)


@cache
def _physical_network_names() -> Statement:
    name = _PHYSICAL_NETWORKS.c.name
    return Statement(select(name).order_by(name).limit(SHOWN_NAMES + 1), [name])


@cache
def _count_referring(resource: Resource, rule: ReferenceRule) -> Statement:
    columns = [func.count()]
    refers = TABLES[resource.collection].c[rule.attribute] == bindparam("value")
    return Statement(select(*columns).where(refers), columns)


@cache
def _first_referring(resource: Resource, rule: ReferenceRule) -> Statement:
    table = TABLES[resource.collection]
    refers = table.c[rule.attribute] == bindparam("value")
    return Statement(select(table.c.id).where(refers).order_by(table.c.id).limit(1), [table.c.id])


@cache
def _holder() -> Statement:
    columns = records.columns_of(describe(Segment))
    key = ("network_type", "claim_scope", "claim_id")
    return Statement(select(*columns).where(*(_SEGMENTS.c[name] == bindparam(name) for name in key)), columns)


@cache
def _segments_of() -> Statement:
    columns = records.columns_of(describe(Segment))
    mine = _SEGMENTS.c.network_id == bindparam("network_id")
    return Statement(select(*columns).where(mine).order_by(_SEGMENTS.c.segment_index).with_for_update(), columns)


@cache
def _remove_segments_of() -> Statement:
    return Statement(delete(_SEGMENTS).where(_SEGMENTS.c.network_id == bindparam("network_id")))
