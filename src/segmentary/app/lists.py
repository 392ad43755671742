"""Lists: rows of any resource, a page at a time or part after part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from segmentary.catalog.actor import Actor
from segmentary.db import listing
from segmentary.db import scope as scopes
from segmentary.db.scope import Scope
from segmentary.db.statement import Row
from segmentary.db.transaction import Database, Tx
from segmentary.rules.attribute import Resource
from segmentary.rules.draft import known_id
from segmentary.rules.listing import ListQuery
from segmentary.services import host_mapping
from segmentary.services.policy import Policy

# The most records of a list that are read at once; a list that is longer is begun again, so that 10,000 are one part.
PART = 10_240
# What completes the rows of a resource with attributes derived from other records.
Completion = Callable[[Tx, Sequence[Row], frozenset[str]], list[Row]]


class Page(NamedTuple):
    """A page of a list, true at a number of the feed: it tells of every change up to that number.

    `total` is how many records there are on all pages together, None unless that was asked for.
    """

    sequence: int
    rows: list[Row]
    total: int | None


class Lists:
    """The lists of a database."""

    def __init__(self, database: Database, policy: Policy, completions: Mapping[str, Completion]) -> None:
        """Read from this database what the policy lets an actor see."""
        self._database, self._policy, self._completions = database, policy, completions

    def page(self, resource: Resource, query: ListQuery, actor: Actor) -> Page:
        """Return a page of a list of what an actor may see.

        Raises the resource's `NotFound` for a marker that can be no id, or whose record may not be seen.
        """
        scope = self._scope(resource, query, actor)
        query = _with_known_marker(resource, query)
        one_state = resource.name in self._completions or query.counted
        return self._database.read(lambda tx: self._page(tx, resource, query, scope), one_state=one_state)

    def parts(self, resource: Resource, query: ListQuery, actor: Actor) -> Iterator[Page]:
        """Return the same part after part, all of one state of the database: a long list is never held as a whole.

        A connection is lent until the parts are used up or closed, where there are several.
        """
        if query.limit is None:
            query = replace(query, marker=None)  # it has no meaning without
        is_long = (query.limit is None or query.limit > PART) and not query.reverse
        page = self.page(resource, replace(query, limit=PART) if is_long else query, actor)
        if not is_long or len(page.rows) < PART:
            return iter([page])
        del page  # before it is read again, in one state with those after it
        scope = self._scope(resource, query, actor)
        query = _with_known_marker(resource, query)
        return self._database.stream(lambda tx: self._parts(tx, resource, query, scope))

    def _scope(self, resource: Resource, query: ListQuery, actor: Actor) -> Scope:
        rights = self._policy.rights(actor)
        if rights is not None:
            rights.require_query(resource, query)
        return self._policy.scope(resource, actor)

    def _parts(self, tx: Tx, resource: Resource, query: ListQuery, scope: Scope) -> Iterator[Page]:
        left = query.limit
        while True:
            count = PART if left is None else min(PART, left)
            page = self._page(tx, resource, replace(query, limit=count), scope)
            left = None if left is None else left - count
            is_last = len(page.rows) < count or left == 0
            last = dict(zip(resource.by_name, page.rows[-1], strict=False)) if page.rows else {}
            yield page
            if is_last:
                return
            del page  # before the next one is read
            seen = {name: last[name] for name, _ in query.sort}
            query = replace(query, marker=last["id"], marker_values=seen, counted=False)

    def _page(self, tx: Tx, resource: Resource, query: ListQuery, scope: Scope) -> Page:
        complete = self._completions.get(resource.name)
        asked, branches = host_mapping.narrowed(tx, query) if resource.name == "segment" else (query, None)
        asked, parts = scopes.narrowed(resource, asked, scope)
        branches, viewer = parts or branches, scope.viewer
        rows, sequence = listing.find_numbered(tx, resource, asked, branches, viewer)
        rows = complete(tx, rows, query.fields) if complete else rows
        return Page(sequence, rows, listing.count(tx, resource, asked, branches, viewer) if query.counted else None)


def _with_known_marker(resource: Resource, query: ListQuery) -> ListQuery:
    """Return the query with its marker in stored form; raise the resource's `NotFound` for what can be no id."""
    if query.marker is None or query.limit is None:
        return query
    return replace(query, marker=known_id(resource, query.marker))
