"""The rows of a Neutron's database that are taken over, as values by the names of our attributes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, String, Table, case, cast, exists, false, select, true, type_coerce

from segmentary.catalog.rbac_policy import EVERYBODY, FLAGS, OBJECT_TYPES
from segmentary.db.neutron import MAPPINGS, NETWORKS, RANGES, RBACS, SEGMENTS, STANDARD
from segmentary.db.statement import Statement
from segmentary.db.transaction import Tx
from segmentary.db.types import FlagType

Values = dict[str, Any]
TAGS = Table("tags", NETWORKS.metadata, Column("standard_attr_id", BigInteger), Column("tag", String))


def networks(tx: Tx) -> list[Values]:
    """Return the networks, whether they are shared with, and external for, everybody included."""
    names = ("id", "name", "project_id", "admin_state_up", "mtu")
    columns = [NETWORKS.c[name] for name in names]
    derived = [_flag(_for_everybody(action)).label(flag) for action, flag in FLAGS.items()]
    return _standard(tx, NETWORKS, [*columns, *derived])


def segments(tx: Tx) -> list[Values]:
    """Return the segments of all networks, in the order of their indexes."""
    names = ("id", "name", "network_id", "network_type", "physical_network", "segmentation_id", "segment_index")
    found = _standard(tx, SEGMENTS, [SEGMENTS.c[name] for name in (*names, "is_dynamic")])
    return sorted(found, key=lambda one: (one["network_id"], one["segment_index"]))


def ranges(tx: Tx) -> list[Values]:
    """Return the ranges, those that come from the configuration included."""
    names = ("id", "name", "default", "shared", "project_id", "physical_network", "minimum", "maximum")
    network_type = cast(RANGES.c.network_type, String(16)).label("network_type")
    return _standard(tx, RANGES, [*(RANGES.c[name] for name in names), network_type])


def policies(tx: Tx) -> list[Values]:
    """Return the RBAC policies of networks."""
    names = ("id", "object_id", "action", "target_project", "project_id")
    columns = [RBACS.c[name] for name in names]
    rows = tx.rows(Statement(select(*columns).order_by(RBACS.c.id), columns), {})
    # Neutron keeps no times of them, and has a table for each type of object.
    common = {"object_type": OBJECT_TYPES[0], "created_at": None, "updated_at": None, "revision_number": None}
    return [{**dict(zip(names, row, strict=True)), **common} for row in rows]


def mappings(tx: Tx) -> list[Values]:
    """Return which hosts reach which segments."""
    columns = [MAPPINGS.c.segment_id, MAPPINGS.c.host]
    rows = tx.rows(Statement(select(*columns).order_by(*columns), columns), {})
    return [dict(zip(("segment_id", "host"), row, strict=True)) for row in rows]


def _for_everybody(action: str) -> Any:  # noqa: ANN401, an SQL condition
    return exists().where(
        RBACS.c.object_id == NETWORKS.c.id, RBACS.c.action == action, RBACS.c.target_project == EVERYBODY
    )


def _flag(condition: Any) -> Any:  # noqa: ANN401, an SQL condition
    return type_coerce(case((condition, true()), else_=false()), FlagType())


def _standard(tx: Tx, table: Table, columns: list[Any]) -> list[Values]:
    """Return rows with the attributes that Neutron keeps of all resources in one table, and their tags."""
    standard = [STANDARD.c[name] for name in ("id", "description", "created_at", "updated_at", "revision_number")]
    joined = table.outerjoin(STANDARD, STANDARD.c.id == table.c.standard_attr_id)
    selected = [*columns, standard[0].label("standard_id"), *standard[1:]]
    rows = tx.rows(Statement(select(*selected).select_from(joined).order_by(table.c.id), selected, literal=True), {})
    names = [str(column.name) for column in selected]
    tags = _tags(tx)
    found = []
    for row in rows:
        values = {name: _read(value) for name, value in zip(names, row, strict=True)}
        found.append({**values, "tags": tuple(sorted(tags.get(values.pop("standard_id"), ())))})
    return found


def _tags(tx: Tx) -> dict[int, list[str]]:
    columns = [TAGS.c.standard_attr_id, TAGS.c.tag]
    found: dict[int, list[str]] = {}
    for attribute_id, tag in tx.rows(Statement(select(*columns), columns), {}):
        found.setdefault(attribute_id, []).append(tag)
    return found


def _read(value: Any) -> Any:  # noqa: ANN401, as the driver gives it
    """Return a value as ours are: times without a zone, as PostgreSQL keeps them there, are UTC."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
