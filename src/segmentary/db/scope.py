"""Which records a caller may see, as parts of a table that are each found by an index of their own.

A list is made of these parts and of nothing else: what is hidden is in no page, no count and no link.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, false, true

from segmentary.catalog.action import EXTERNAL, OWN, SHARED
from segmentary.db.listing import Branches
from segmentary.db.tables import TABLES

# What a record must be, all of it: some of OWN, SHARED, EXTERNAL.
Ground = frozenset[str]
# Any of these is enough.
Grounds = tuple[Ground, ...]
EVERY: Grounds = (frozenset(),)
NONE: Grounds = ()

_NETWORKS = TABLES["networks"]
_PARTS: Mapping[str, Callable[[], ColumnElement[bool]]] = {
    OWN: lambda: _NETWORKS.c.project_id == bindparam("scope_project", type_=_NETWORKS.c.project_id.type),
    SHARED: lambda: _NETWORKS.c.shared == true(),
    EXTERNAL: lambda: _NETWORKS.c.router_external == true(),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The records that meet one of the grounds of a project."""

    grounds: Grounds
    project_id: str


def branches(scope: Scope) -> Branches:
    """Return the parts of a table that are in a scope."""
    codes = [sum(1 << place for place, one in enumerate(_PARTS) if one in ground) for ground in scope.grounds]
    return Branches(_conditions, tuple(sorted(codes)), {"scope_project": scope.project_id})


def _conditions(*codes: int) -> list[ColumnElement[bool]]:
    """Return a condition for each ground; its bits are those of the parts, in their order."""
    parts = list(_PARTS.values())
    return [and_(*(one() for place, one in enumerate(parts) if code >> place & 1)) for code in codes] or [false()]
