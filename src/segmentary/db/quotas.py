"""Quotas as they are stored: a row for each project and resource that has a limit of its own, or is counted.

A create under a limit writes the row before it counts, so that creates of one project come one after the other, on
every node of a cluster; `hard_limit` is NULL in rows that are there only for that. A create without a limit finds out
by a part of a statement that it makes anyway, and writes nothing here.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, func, insert, literal, null, select, true

from segmentary.catalog.quota import LIMITED
from segmentary.db.dialects import Dialect
from segmentary.db.statement import Row, Statement
from segmentary.db.tables import QUOTAS, TABLES
from segmentary.db.transaction import Tx

Limits = dict[str, int | None]
SHAPES = 64


def limit_of(resource: str, project: ColumnElement[str]) -> ColumnElement[Any]:
    """Return the limit of its own that a project has, NULL for none, to be selected beside something else."""
    own = (QUOTAS.c.project_id == project) & (QUOTAS.c.resource == literal(resource))
    return select(QUOTAS.c.hard_limit).where(own).scalar_subquery().label(f"limit_{resource}")


def own_limits(tx: Tx, projects: Sequence[str]) -> dict[str, Limits]:
    """Return the limits of their own that projects have, by project; those without any have no entry."""
    rows = tx.rows(_own(len(projects)), {f"project_{place}": one for place, one in enumerate(projects)})
    return _by_project(rows)


def every(tx: Tx) -> dict[str, Limits]:
    """Return the limits of all projects that have any of their own, by project, in order."""
    return _by_project(tx.rows(_every(), {}))


def take(tx: Tx, project: str, resource: str) -> None:
    """Make the transaction the only one that counts these records of the project."""
    tx.later(_take(), {"project_id": project, "resource": resource})


def used(tx: Tx, project: str) -> dict[str, int]:
    """Return how many records the project has, by resource."""
    row = tx.row(_used(), {"project_id": project})
    assert row is not None  # noqa: S101, scalar subqueries always make a row
    return dict(zip(LIMITED, row, strict=True))


def store(tx: Tx, project: str, resource: str, limit: int) -> None:
    """Give a project a limit of its own, whose row `take` has written."""
    tx.later(_set(), {"of_project": project, "of_resource": resource, "new_limit": limit})


def forget(tx: Tx, project: str) -> None:
    """Take away all limits of its own that a project has."""
    tx.later(_forget(), {"project_id": project})


def insert_network(tx: Tx, values: dict[str, Any]) -> Limits:
    """Insert one network and return the limits of its own that its project has on networks and segments."""
    row = tx.row(_insert_network(), values)
    assert row is not None  # noqa: S101, a row that is inserted is returned
    return dict(zip(("network", "segment"), row, strict=True))


def _by_project(rows: Sequence[Row]) -> dict[str, Limits]:
    found: dict[str, Limits] = {}
    for project, resource, limit in rows:
        found.setdefault(project, {})[resource] = limit
    return found


@lru_cache(SHAPES)
def _own(count: int) -> Statement:
    columns = [QUOTAS.c.project_id, QUOTAS.c.resource, QUOTAS.c.hard_limit]
    wanted = [bindparam(f"project_{place}", type_=QUOTAS.c.project_id.type) for place in range(count)]
    is_limit = QUOTAS.c.hard_limit.is_not(None)
    return Statement(select(*columns).where(QUOTAS.c.project_id.in_(wanted), is_limit), columns)


@cache
def _every() -> Statement:
    columns = [QUOTAS.c.project_id, QUOTAS.c.resource, QUOTAS.c.hard_limit]
    return Statement(
        select(*columns).where(QUOTAS.c.hard_limit.is_not(None)).order_by(QUOTAS.c.project_id, QUOTAS.c.resource),
        columns,
    )


@cache
def _take() -> Statement:
    names = ["project_id", "resource", "version"]
    row = select(bindparam("project_id", type_=String()), bindparam("resource", type_=String()), literal(0)).where(
        true()
    )

    def make(dialect: Dialect) -> Any:  # noqa: ANN401, an executable
        return dialect.insert_or_update(QUOTAS, names, row, {"version": QUOTAS.c.version + 1})

    return Statement(make)


@cache
def _set() -> Statement:
    mine = (QUOTAS.c.project_id == bindparam("of_project")) & (QUOTAS.c.resource == bindparam("of_resource"))
    return Statement(QUOTAS.update().where(mine).values(hard_limit=bindparam("new_limit")))


@cache
def _forget() -> Statement:
    mine = QUOTAS.c.project_id == bindparam("project_id")
    return Statement(QUOTAS.update().where(mine).values(hard_limit=null(), version=QUOTAS.c.version + 1))


@cache
def _used() -> Statement:
    names = ("networks", "segments", "network_segment_ranges", "rbac_policies")
    networks, segments, ranges, policies = (TABLES[one] for one in names)
    project = bindparam("project_id", type_=networks.c.project_id.type)
    counted = select(func.count())
    of_networks = counted.select_from(networks).where(networks.c.project_id == project)
    joined = networks.join(segments, segments.c.network_id == networks.c.id)
    of_segments = counted.select_from(joined).where(networks.c.project_id == project)
    of_ranges = counted.select_from(ranges).where(ranges.c.project_id == project)
    of_policies = counted.select_from(policies).where(policies.c.project_id == project)
    columns = [one.scalar_subquery() for one in (of_networks, of_segments, of_ranges, of_policies)]
    return Statement(select(*columns), columns)


@cache
def _insert_network() -> Statement:
    table = TABLES["networks"]
    names = [column.name for column in table.columns]
    project = bindparam("project_id", type_=table.c.project_id.type)
    limits = [limit_of(resource, project) for resource in ("network", "segment")]
    inserted = insert(table).inline().values({name: bindparam(name) for name in names})
    return Statement(inserted.returning(*limits), limits)
