"""With whom networks are shared: what a caller is shown of them, and the policies of a network.

    shared             with everybody, or with the caller's project
    router:external    external for everybody, or for the caller's project; to its owner and to who sees all networks,
                       for whichever project

Without a viewer these two are as they are stored: what is so for everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, delete, literal_column, or_, select, type_coerce

from segmentary.catalog import RbacPolicy
from segmentary.catalog.rbac_policy import AS_EXTERNAL, AS_SHARED, FLAGS
from segmentary.db.statement import Statement
from segmentary.db.tables import TABLES
from segmentary.db.transaction import Tx
from segmentary.db.types import FLAG_TYPE
from segmentary.rules.attribute import Resource, describe

_NETWORKS, _POLICIES = TABLES["networks"], TABLES["rbac_policies"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is shown networks: a project, and whether it sees all there are."""

    project_id: str
    sees_all: bool


def sees_all(viewer: Viewer | None) -> bool | None:
    """Return what the text of a statement depends on: whether a viewer sees all networks, None if there is none."""
    return None if viewer is None else viewer.sees_all


def values_of(viewer: Viewer | None) -> dict[str, object]:
    """Return what the statements bind."""
    return {} if viewer is None else {"viewer": viewer.project_id}


def viewer_project() -> BindParameter[str]:
    """Return the parameter of the viewer's project."""
    return bindparam("viewer", type_=_NETWORKS.c.project_id.type)


def has_action(action: str) -> ColumnElement[bool]:
    """Return the condition on a policy; the word stands in the statement, so that plans are made for it."""
    return _POLICIES.c.action == literal_column(f"'{action}'", _POLICIES.c.action.type)


def columns_of(resource: Resource, *, sees_all: bool | None) -> list[Any]:
    """Return the columns of a record, without the generated ones, as a viewer is shown them."""
    return [column_of(resource, name, sees_all=sees_all) for name in resource.columns]


def column_of(resource: Resource, name: str, *, sees_all: bool | None) -> Any:  # noqa: ANN401, a column
    """Return a column as it is shown to a viewer who sees all networks, or does not; None: as it is stored."""
    column = TABLES[resource.collection].c[name]
    if sees_all is None or resource.collection != _NETWORKS.name or name not in FLAGS.values():
        return column
    return type_coerce(or_(column, _is_for_viewer(name, sees_all=sees_all)), FLAG_TYPE).label(name)


def shared_with_viewer(action: str) -> ColumnElement[bool]:
    """Return the condition that a policy with this action is for the viewer's project."""
    mine = _POLICIES.c.target_project == viewer_project()
    return _NETWORKS.c.id.in_(select(_POLICIES.c.object_id).where(has_action(action), mine))


def shared_with_any(action: str) -> ColumnElement[bool]:
    """Return the condition that a policy with this action is for some project."""
    return _NETWORKS.c.id.in_(select(_POLICIES.c.object_id).where(has_action(action)))


def holder(tx: Tx, key: Sequence[str]) -> RbacPolicy | None:
    """Return the policy with this network, action and target."""
    names = ("object_id", "action", "target_project")
    row = tx.row(_holder(), dict(zip(names, key, strict=True)))
    return RbacPolicy(**dict(zip(describe(RbacPolicy).columns, row, strict=True))) if row else None


def of_network(tx: Tx, network_id: str) -> list[RbacPolicy]:
    """Return the policies of a network, whose row is locked, in the order of their ids."""
    names = describe(RbacPolicy).columns
    return [
        RbacPolicy(**dict(zip(names, row, strict=True))) for row in tx.rows(_of_network(), {"network_id": network_id})
    ]


def remove_of_network(tx: Tx, network_id: str) -> None:
    """Delete the policies of a network."""
    tx.later(_remove_of_network(), {"network_id": network_id})


def _is_for_viewer(name: str, *, sees_all: bool) -> ColumnElement[bool]:
    """Return the condition that a policy for one project makes a network shared, or external, to the viewer."""
    action = AS_SHARED if name == FLAGS[AS_SHARED] else AS_EXTERNAL
    if action == AS_EXTERNAL and sees_all:
        return _is_there(action)
    mine = _is_there(action, _POLICIES.c.target_project == viewer_project())
    if action == AS_SHARED:
        return mine
    return or_(mine, and_(_NETWORKS.c.project_id == viewer_project(), _is_there(action)))


def _is_there(action: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a network has such a policy.

    As a value and not as EXISTS, for which PostgreSQL may read all policies there are to answer for a few networks.
    """
    of_network = _POLICIES.c.object_id == _NETWORKS.c.id
    found = select(_POLICIES.c.id).where(of_network, has_action(action), *conditions).limit(literal_column("1"))
    return found.correlate(_NETWORKS).scalar_subquery().is_not(None)


@cache
def _holder() -> Statement:
    columns = [_POLICIES.c[name] for name in describe(RbacPolicy).columns]
    key = [_POLICIES.c[name] == bindparam(name) for name in ("object_id", "action", "target_project")]
    return Statement(select(*columns).where(*key), columns)


@cache
def _of_network() -> Statement:
    columns = [_POLICIES.c[name] for name in describe(RbacPolicy).columns]
    of_network = _POLICIES.c.object_id == bindparam("network_id")
    return Statement(select(*columns).where(of_network).order_by(_POLICIES.c.id), columns)


@cache
def _remove_of_network() -> Statement:
    return Statement(delete(_POLICIES).where(_POLICIES.c.object_id == bindparam("network_id")))
