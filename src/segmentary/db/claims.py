"""Who holds what: claims of segments, names of physical networks, indexes of a network's segments."""

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Update, bindparam, delete, func, select
from sqlalchemy import update as sql_update

from segmentary.catalog import RESOURCES, Network, PhysicalNetwork, Segment
from segmentary.db import quotas, records
from segmentary.db.statement import Row, Statement
from segmentary.db.tables import TABLES
from segmentary.db.transaction import Tx
from segmentary.rules.attribute import Resource, describe
from segmentary.rules.rule import ReferenceRule

_SEGMENTS = TABLES["segments"]
_NETWORKS = TABLES["networks"]
_PHYSICAL_NETWORKS = TABLES["physical_networks"]
SHOWN_NAMES = 20
SHAPES = 128


class Taken(NamedTuple):
    """A network as it was before indexes were taken, and the limit of its own that its project has on segments."""

    network: Network
    limit: int | None


def take_indexes(tx: Tx, counts: Mapping[str, int]) -> dict[str, Taken]:
    """Lock networks, take the next segment indexes, as many of each as `counts` says, and return them as before.

    Those that do not exist are left out. The counter is written in the row, not computed under a lock: locks of a
    Galera cluster hold on one node only.
    """
    if len(counts) == 1:
        ((network_id, count),) = counts.items()
        rows = _taken_one(tx, network_id, count)
    else:
        rows = _taken_several(tx, counts)
    return {taken.network.id: taken for taken in map(_as_taken, rows)}


def _taken_one(tx: Tx, network_id: str, count: int) -> list[Row]:
    values = {"row_id": network_id, "count": count}
    if tx.update_returning:
        rows = tx.rows(_take_returning(), values)
    else:
        tx.later(_take(), values)
        rows = tx.rows(_taken(), {"row_id": network_id})
    place = describe(Network).columns.index("next_segment_index")
    return [(*row[:place], row[place] - count, *row[place + 1 :]) for row in rows]


def _taken_several(tx: Tx, counts: Mapping[str, int]) -> list[Row]:
    """Take the indexes of networks that are locked in the order of their ids, as every transaction does."""
    ids = sorted(counts)
    rows = tx.rows(_locked(len(ids)), {f"id_{number}": one for number, one in enumerate(ids)})
    for count in sorted(set(counts.values())):
        alike = [one for one in ids if counts[one] == count]
        values = {f"id_{number}": one for number, one in enumerate(alike)}
        tx.later(_take_of_several(len(alike)), {**values, "count": count})
    return rows


def _as_taken(row: Row) -> Taken:
    """Return a network without its segments: what is derived from them is left open."""
    return Taken(records.as_records(Network, records.without_parts(describe(Network), [row[:-1]]))[0], row[-1])


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


def _columns() -> list[ColumnElement[Any]]:
    return [*records.columns_of(describe(Network)), quotas.limit_of("segment", _NETWORKS.c.project_id)]


def _take_indexes(condition: ColumnElement[bool]) -> Update:
    taken = _NETWORKS.c.next_segment_index + bindparam("count")
    return sql_update(_NETWORKS).where(condition).values(next_segment_index=taken)


def _is_row() -> ColumnElement[bool]:
    return _NETWORKS.c.id == bindparam("row_id")


def _is_one_of(count: int) -> ColumnElement[bool]:
    return _NETWORKS.c.id.in_([bindparam(f"id_{number}", type_=_NETWORKS.c.id.type) for number in range(count)])


@cache
def _take() -> Statement:
    return Statement(_take_indexes(_is_row()))


@cache
def _take_returning() -> Statement:
    columns = _columns()
    return Statement(_take_indexes(_is_row()).returning(*columns), columns)


@cache
def _taken() -> Statement:
    columns = _columns()
    return Statement(select(*columns).where(_is_row()), columns)


@lru_cache(SHAPES)
def _locked(count: int) -> Statement:
    columns = _columns()
    return Statement(select(*columns).where(_is_one_of(count)).order_by(_NETWORKS.c.id).with_for_update(), columns)


@lru_cache(SHAPES)
def _take_of_several(count: int) -> Statement:
    return Statement(_take_indexes(_is_one_of(count)))


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
