"""Which records a caller may see, as parts of a table that are each found by an index of their own.

A list is made of these parts and of nothing else: what is hidden is in no page, no count and no link.

    ground              parts, any of which is enough
    OWN                 of the project
    SHARED              shared with everybody; with the project
    EXTERNAL            external for everybody; for the project; of the project and external for any other
    SHARED, EXTERNAL    one of each

A filter for what is shared, or external, is a ground more: it is found the same way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, and_, false, true

from segmentary.catalog.action import EXTERNAL, OWN, SHARED
from segmentary.catalog.rbac_policy import AS_EXTERNAL, AS_SHARED, FLAGS
from segmentary.db import sharing
from segmentary.db.listing import Branches
from segmentary.db.sharing import Viewer
from segmentary.db.tables import TABLES
from segmentary.rules.attribute import Resource
from segmentary.rules.listing import ListQuery

# What a record must be, all of it: some of OWN, SHARED, EXTERNAL.
Ground = frozenset[str]
# Any of these is enough.
Grounds = tuple[Ground, ...]
EVERY: Grounds = (frozenset(),)
NONE: Grounds = ()

_NETWORKS, _POLICIES = TABLES["networks"], TABLES["rbac_policies"]
_OWN_POLICY, _TO_ALL, _TO_VIEWER, _TO_ANY = "own_policy", "to_all", "to_viewer", "to_any"
# By its place, a bit of a code that stands for conditions.
_CONDITIONS = (
    OWN,
    _OWN_POLICY,
    *(f"{one} {to}" for one in (SHARED, EXTERNAL) for to in (_TO_ALL, _TO_VIEWER, _TO_ANY)),
)
_ACTIONS = {SHARED: AS_SHARED, EXTERNAL: AS_EXTERNAL}
_FILTERS = {FLAGS[action]: feature for feature, action in _ACTIONS.items()}


@dataclass(frozen=True, slots=True)
class Scope:
    """The records that meet one of the grounds of a project."""

    grounds: Grounds
    project_id: str

    @property
    def viewer(self) -> Viewer:
        """To whom the records are shown."""
        return Viewer(self.project_id, self.grounds == EVERY)


def narrowed(resource: Resource, query: ListQuery, scope: Scope) -> tuple[ListQuery, Branches | None]:
    """Return a query and the parts of the table that it is about, None for all of it.

    Filters that the parts have taken over are left out of the query.
    """
    grounds, filters = scope.grounds, dict(query.filters)
    for name, feature in _FILTERS.items() if resource.collection == _NETWORKS.name else ():
        if set(filters.get(name, ())) == {True}:
            del filters[name]
            grounds = tuple(ground | {feature} for ground in grounds)
    if grounds == EVERY:
        return query, None
    codes = {code for ground in grounds for code in _codes(resource, ground, sees_all=scope.viewer.sees_all)}
    least = sorted(code for code in codes if not any(one != code and one & code == one for one in codes))
    return replace(query, filters=filters), Branches(_conditions, tuple(least), {"viewer": scope.project_id})


def _codes(resource: Resource, ground: Ground, *, sees_all: bool) -> Iterable[int]:
    """Give a code for each way to meet a ground."""
    own = OWN if resource.collection == _NETWORKS.name else _OWN_POLICY
    to_any: Mapping[bool, tuple[str, ...]] = {True: (f"{EXTERNAL} {_TO_ANY}",), False: (OWN, f"{EXTERNAL} {_TO_ANY}")}
    ways: Mapping[str, tuple[tuple[str, ...], ...]] = {
        OWN: ((own,),),
        SHARED: ((f"{SHARED} {_TO_ALL}",), (f"{SHARED} {_TO_VIEWER}",)),
        EXTERNAL: ((f"{EXTERNAL} {_TO_ALL}",), (f"{EXTERNAL} {_TO_VIEWER}",), to_any[sees_all]),
    }
    for chosen in product(*(ways[feature] for feature in sorted(ground))):
        yield sum(1 << _CONDITIONS.index(one) for one in {each for way in chosen for each in way})


def _conditions(*codes: int) -> list[ColumnElement[bool]]:
    """Return a condition for each code."""
    return [
        and_(*(_condition(one) for place, one in enumerate(_CONDITIONS) if code >> place & 1)) for code in codes
    ] or [false()]


def _condition(name: str) -> Any:  # noqa: ANN401, a condition
    if name in {OWN, _OWN_POLICY}:
        return (_NETWORKS if name == OWN else _POLICIES).c.project_id == sharing.viewer_project()
    feature, _, to = name.partition(" ")
    action = _ACTIONS[feature]
    if to == _TO_ALL:
        return _NETWORKS.c[FLAGS[action]] == true()
    return sharing.shared_with_viewer(action) if to == _TO_VIEWER else sharing.shared_with_any(action)
