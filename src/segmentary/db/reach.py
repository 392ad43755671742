"""Which hosts reach which segments: what agents reported, joined with segments where it is asked for.

    reaches (agent, physical network)  --physical network-->  segments
    host_mappings: included or excluded beside it

Pages are found by index in each branch and merged, so that their price does not grow with hosts times segments.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    true,
    union,
)

from segmentary.catalog.agent import EXCLUDED, INCLUDED, Observed
from segmentary.db.listing import Branches
from segmentary.db.statement import Statement, insertion
from segmentary.db.tables import OBSERVATIONS, REACHES, TABLES
from segmentary.db.transaction import Tx
from segmentary.rules.listing import HostQuery

SHAPES = 256
_AGENTS = TABLES["agents"]
_MAPPINGS = TABLES["host_mappings"]
_SEGMENTS = TABLES["segments"]
_PHYSICAL_NETWORKS = TABLES["physical_networks"]


def agent_id(tx: Tx, host: str, agent_type: str) -> str | None:
    """Return the id of a host's agent of a type."""
    row = tx.row(_agent_id(), {"host": host, "agent_type": agent_type})
    return row[0] if row else None


def agents_of(tx: Tx, hosts: Sequence[str]) -> list[str]:
    """Return the ids of the agents of these hosts, in order."""
    if not hosts:
        return []
    return [row[0] for row in tx.rows(_agents_of(len(hosts)), _numbered("host", hosts))]


def reaches_of(tx: Tx, agents: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Return for each agent the physical networks it reaches, by name, and through what."""
    found: dict[str, list[tuple[str, str]]] = {agent: [] for agent in agents}
    if agents:
        for agent, name, via in tx.rows(_reaches_of(len(agents)), _numbered("agent", agents)):
            found[agent].append((name, via))
    return found


def unknown_names(tx: Tx, names: Sequence[str]) -> list[str]:
    """Return those of the names that no physical network has, in order."""
    if not names:
        return []
    known = {row[0] for row in tx.rows(_known_names(len(names)), _numbered("name", names))}
    return sorted(set(names) - known)


def change_reaches(
    tx: Tx, agent: str, host: str, before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]
) -> None:
    """Store what an agent reaches now instead of before; rows that stay the same are not touched."""
    gone = sorted(set(before) - set(after))
    come = sorted(set(after) - set(before))
    tx.execute_each(_delete_reach(), [{"agent": agent, "name": name} for name, _ in gone])
    tx.execute_each(
        _insert_reach(),
        [{"agent_id": agent, "host": host, "physical_network": name, "via": via} for name, via in come],
    )


def observed_by(tx: Tx, agent: str) -> list[Observed]:
    """Return what an agent observed."""
    return [(row[0], row[1], row[2], row[3]) for row in tx.rows(_observed_by(), {"agent": agent})]


def observed_on(tx: Tx, host: str) -> list[Observed]:
    """Return what the agents of a host observed, each ID once."""
    found = tx.rows(_observed_on(), {"host": host})
    return list(dict.fromkeys((row[0], row[1], row[2], row[3]) for row in found))


def holders_of_observed(tx: Tx, host: str) -> dict[tuple[str, str, int], str]:
    """Return the segments that hold the IDs observed on a host, by network type, scope and number."""
    return {(row[0], row[1], row[2]): row[3] for row in tx.rows(_holders_of_observed(), {"host": host})}


def change_observed(tx: Tx, agent: str, host: str, before: Sequence[Observed], after: Sequence[Observed]) -> None:
    """Store what an agent observes now instead of before; rows that stay the same are not touched."""
    gone, come = set(before) - set(after), set(after) - set(before)
    order = repr
    tx.execute_each(
        _delete_observed(),
        [
            {"agent": agent, "network_type": one[0], "scope": one[1], "number": one[2]}
            for one in sorted(gone, key=order)
        ],
    )
    names = ("network_type", "scope", "segmentation_id", "network_id")
    tx.execute_each(
        _insert_observed(),
        [{"agent_id": agent, "host": host, **dict(zip(names, one, strict=True))} for one in sorted(come, key=order)],
    )


def hosts_page(tx: Tx, query: HostQuery) -> list[str]:
    """Return the next hosts that reach something, by name.

    With agent types included or excluded, or physical networks, those for which such an agent reports.
    """
    values: dict[str, Any] = {"marker": query.marker, "limit": query.limit}
    values |= _numbered("included", query.included) | _numbered("excluded", query.excluded)
    values |= _numbered("physical_network", query.physical_networks)
    statement = _hosts_page(len(query.included), len(query.excluded), len(query.physical_networks))
    return [row[0] for row in tx.rows(statement, values)]


def hosts_of_segment(
    tx: Tx, segment_id: str, physical_network: str | None, marker: str, limit: int
) -> list[tuple[str, str]]:
    """Return the next hosts that reach a segment, by name, after the marker, and why: reported or included."""
    values: dict[str, Any] = {"segment": segment_id, "marker": marker, "limit": limit}
    if physical_network is not None:
        values["physical_network"] = physical_network
    return [(row[0], row[1]) for row in tx.rows(_hosts_of_segment(physical_network is not None), values)]


def segments_of_hosts(tx: Tx, hosts: Sequence[str]) -> Branches:
    """Return the parts of the segments that these hosts reach: one for each physical network, one for inclusions."""
    names = [row[0] for row in tx.rows(_names_of_hosts(len(hosts)), _numbered("host", hosts))]
    values = _numbered("host", hosts) | _numbered("reached", names)
    return Branches(_branches, (len(hosts), len(names)), values)


def agents_on(tx: Tx, physical_network: str) -> tuple[int, str | None]:
    """Return how many agents report a physical network, and the first of their hosts."""
    row = tx.row(_agents_on(), {"name": physical_network})
    return (row[0], row[1]) if row else (0, None)


def mapping_id(tx: Tx, segment_id: str, host: str) -> str | None:
    """Return the id of the host mapping of a segment and a host."""
    row = tx.row(_mapping_id(), {"segment": segment_id, "host": host})
    return row[0] if row else None


def mappings_of_host(tx: Tx, host: str) -> list[str]:
    """Return the ids of the host mappings of a host."""
    return [row[0] for row in tx.rows(_mappings_of_host(), {"host": host})]


def _numbered(name: str, values: Sequence[Any]) -> dict[str, Any]:
    return {f"{name}_{number}": value for number, value in enumerate(values)}


def _any_of(column: Any, name: str, count: int) -> ColumnElement[bool]:  # noqa: ANN401, a column
    wanted: ColumnElement[bool] = column.in_(
        [bindparam(f"{name}_{number}", type_=column.type) for number in range(count)]
    )
    return wanted


def _branches(hosts: int, names: int) -> list[ColumnElement[bool]]:
    included = select(_MAPPINGS.c.segment_id).where(
        _any_of(_MAPPINGS.c.host, "host", hosts), _MAPPINGS.c.mapping == INCLUDED
    )
    return [*(_reached(hosts, place) for place in range(names)), _SEGMENTS.c.id.in_(included)]


def _reached(hosts: int, place: int) -> ColumnElement[bool]:
    """Return the condition of a segment on a physical network that one of the hosts, not excluded from it, reports."""
    reach, mapping = REACHES.alias("reach"), _MAPPINGS.alias("mapping")
    name: BindParameter[str] = bindparam(f"reached_{place}")
    # Told what stands outside: SQLAlchemy looks no further than one query around, and would join the segments in.
    excluded = (
        exists()
        .where(mapping.c.segment_id == _SEGMENTS.c.id, mapping.c.host == reach.c.host, mapping.c.mapping == EXCLUDED)
        .correlate(_SEGMENTS, reach)
    )
    is_reported = exists().where(reach.c.physical_network == name, _any_of(reach.c.host, "host", hosts), ~excluded)
    return and_(_SEGMENTS.c.physical_network == name, is_reported.correlate(_SEGMENTS))


@cache
def _agent_id() -> Statement:
    is_it = and_(_AGENTS.c.host == bindparam("host"), _AGENTS.c.agent_type == bindparam("agent_type"))
    return Statement(select(_AGENTS.c.id).where(is_it), [_AGENTS.c.id])


@lru_cache(SHAPES)
def _agents_of(count: int) -> Statement:
    of_hosts = _any_of(_AGENTS.c.host, "host", count)
    return Statement(
        select(_AGENTS.c.id).where(of_hosts).order_by(_AGENTS.c.host, _AGENTS.c.agent_type), [_AGENTS.c.id]
    )


@lru_cache(SHAPES)
def _reaches_of(count: int) -> Statement:
    columns = [REACHES.c.agent_id, REACHES.c.physical_network, REACHES.c.via]
    of_agents = _any_of(REACHES.c.agent_id, "agent", count)
    return Statement(
        select(*columns).where(of_agents).order_by(REACHES.c.agent_id, REACHES.c.physical_network), columns
    )


@lru_cache(SHAPES)
def _known_names(count: int) -> Statement:
    name = _PHYSICAL_NETWORKS.c.name
    return Statement(select(name).where(_any_of(name, "name", count)), [name])


@cache
def _delete_reach() -> Statement:
    is_it = and_(REACHES.c.agent_id == bindparam("agent"), REACHES.c.physical_network == bindparam("name"))
    return Statement(delete(REACHES).where(is_it))


@cache
def _insert_reach() -> Statement:
    return insertion(REACHES, ("agent_id", "host", "physical_network", "via"))


@cache
def _observed_by() -> Statement:
    names = ("network_type", "scope", "segmentation_id", "network_id")
    columns = [OBSERVATIONS.c[name] for name in names]
    return Statement(select(*columns).where(OBSERVATIONS.c.agent_id == bindparam("agent")), columns)


@cache
def _observed_on() -> Statement:
    names = ("network_type", "scope", "segmentation_id", "network_id")
    columns = [OBSERVATIONS.c[name] for name in names]
    return Statement(select(*columns).where(OBSERVATIONS.c.host == bindparam("host")).order_by(*columns), columns)


@cache
def _holders_of_observed() -> Statement:
    columns = [OBSERVATIONS.c[name] for name in ("network_type", "scope", "segmentation_id")] + [_SEGMENTS.c.id]
    held = and_(
        _SEGMENTS.c.network_type == OBSERVATIONS.c.network_type,
        _SEGMENTS.c.claim_scope == OBSERVATIONS.c.scope,
        _SEGMENTS.c.claim_id == OBSERVATIONS.c.segmentation_id,
    )
    joined = select(*columns).select_from(OBSERVATIONS.join(_SEGMENTS, held))
    return Statement(joined.where(OBSERVATIONS.c.host == bindparam("host")), columns)


@cache
def _delete_observed() -> Statement:
    is_it = and_(
        OBSERVATIONS.c.agent_id == bindparam("agent"),
        OBSERVATIONS.c.network_type == bindparam("network_type"),
        OBSERVATIONS.c.scope == bindparam("scope"),
        OBSERVATIONS.c.segmentation_id == bindparam("number"),
    )
    return Statement(delete(OBSERVATIONS).where(is_it))


@cache
def _insert_observed() -> Statement:
    names = ("agent_id", "host", "network_type", "scope", "segmentation_id", "network_id")
    return insertion(OBSERVATIONS, names)


@lru_cache(SHAPES)
def _hosts_page(included: int, excluded: int, names: int) -> Statement:
    if included or excluded:
        found = _hosts_with_agents(included, excluded, names)
        return Statement(select(found.c.host).order_by(found.c.host), [found.c.host])
    parts = [select(_first_hosts(REACHES, _reaches_any(names)).subquery("reported"))]
    if not names:
        parts.append(select(_first_hosts(_MAPPINGS, _MAPPINGS.c.mapping == INCLUDED).subquery("mapped")))
    found = union(*parts).subquery("found")
    return Statement(select(found.c.host).order_by(found.c.host).limit(bindparam("limit")), [found.c.host])


def _hosts_with_agents(included: int, excluded: int, names: int) -> Any:  # noqa: ANN401, a subquery
    """Return the next hosts with an agent of such a type that reaches something, found by the key of agents."""
    conditions: list[ColumnElement[bool]] = [exists().where(REACHES.c.agent_id == _AGENTS.c.id, _reaches_any(names))]
    if included:
        conditions.append(_any_of(_AGENTS.c.agent_type, "included", included))
    if excluded:
        conditions.append(~_any_of(_AGENTS.c.agent_type, "excluded", excluded))
    return _first_hosts(_AGENTS, *conditions).subquery("found")


def _first_hosts(table: Table, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the next hosts of a table, each once, in order."""
    after = table.c.host > bindparam("marker")
    return (
        select(table.c.host)
        .where(after, *conditions)
        .group_by(table.c.host)
        .order_by(table.c.host)
        .limit(bindparam("limit"))
    )


def _reaches_any(names: int) -> ColumnElement[bool]:
    return _any_of(REACHES.c.physical_network, "physical_network", names) if names else true()


@cache
def _hosts_of_segment(on_physical_network: bool) -> Statement:  # noqa: FBT001, one of two statements
    mapping, excluded = _MAPPINGS.alias("mapping"), _MAPPINGS.alias("excluded")
    of_segment = mapping.c.segment_id == bindparam("segment")
    included = (
        select(mapping.c.host, mapping.c.mapping.label("why"))
        .where(of_segment, mapping.c.mapping == INCLUDED, mapping.c.host > bindparam("marker"))
        .order_by(mapping.c.host)
        .limit(bindparam("limit"))
        .subquery("included")
    )
    parts = [select(included)]
    if on_physical_network:
        # Any mapping of its own: an exclusion takes the host away, an inclusion shows it in the other part.
        own = exists().where(excluded.c.segment_id == bindparam("segment"), excluded.c.host == REACHES.c.host)
        reported = (
            select(REACHES.c.host, literal_column("'reported'").label("why"))
            .where(
                REACHES.c.physical_network == bindparam("physical_network"), REACHES.c.host > bindparam("marker"), ~own
            )
            .group_by(REACHES.c.host)
            .order_by(REACHES.c.host)
            .limit(bindparam("limit"))
            .subquery("reported")
        )
        parts.append(select(reported))
    found = union(*parts).subquery("found")
    columns = [found.c.host, found.c.why]
    return Statement(select(*columns).order_by(found.c.host).limit(bindparam("limit")), columns)


@lru_cache(SHAPES)
def _names_of_hosts(count: int) -> Statement:
    name = REACHES.c.physical_network
    return Statement(select(name).where(_any_of(REACHES.c.host, "host", count)).distinct().order_by(name), [name])


@cache
def _agents_on() -> Statement:
    columns = [func.count(), func.min(REACHES.c.host)]
    return Statement(select(*columns).where(REACHES.c.physical_network == bindparam("name")), columns)


@cache
def _mapping_id() -> Statement:
    is_it = and_(_MAPPINGS.c.segment_id == bindparam("segment"), _MAPPINGS.c.host == bindparam("host"))
    return Statement(select(_MAPPINGS.c.id).where(is_it), [_MAPPINGS.c.id])


@cache
def _mappings_of_host() -> Statement:
    column = _MAPPINGS.c.id
    return Statement(select(column).where(_MAPPINGS.c.host == bindparam("host")).order_by(column), [column])
