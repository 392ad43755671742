"""What a rule is: a named statement about stored records that a person can act on.

One name everywhere: rule = database constraint = `rule` in the error body = finding of the audit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from segmentary.rules.evaluate import Row, predicate
from segmentary.rules.expression import Coalesced, Expression


@dataclass(frozen=True, kw_only=True)
class RowRule:
    """A condition on one record by itself: checked on the request, a CHECK in the database.

    `attribute` is the one to blame; `limit` says in words what is allowed; `source` names the standard it comes from;
    `why` what goes wrong where a stored record breaks it, if that is not plain from the limit. On a request the rule
    waits while all of the attributes in `waits_for` are absent: they may still be chosen.
    """

    name: str
    expression: Expression
    attribute: str
    limit: str
    source: str = ""
    why: str = ""
    waits_for: tuple[str, ...] = ()

    @cached_property
    def holds(self) -> Callable[[Row], bool]:
        """The condition as a function, made once: a request evaluates every rule of its record."""
        return predicate(self.expression)


@dataclass(frozen=True, kw_only=True, slots=True)
class UniqueRule:
    """No two records have the same key: UNIQUE in the database, over generated columns where a part may be absent."""

    name: str
    key: tuple[str | Coalesced, ...]
    limit: str
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceRule:
    """The attribute names an existing record of another collection: FOREIGN KEY in the database.

    With `cascade` deleting that record deletes this one.
    """

    name: str
    attribute: str
    collection: str
    target: str
    limit: str
    why: str = ""
    cascade: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRule:
    """A condition on a request that a use case checks under its locks: other records decide it, no constraint can.

    `attribute` is the one to blame, by its name in JSON.
    """

    name: str
    attribute: str
    limit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRule:
    """A condition on the stored rows taken together, which no constraint can say: the audit alone looks for it.

    `why` says what goes wrong where it is broken, `remedy` what to do.
    """

    name: str
    limit: str
    why: str
    remedy: str


Rule = RowRule | UniqueRule | ReferenceRule | RequestRule
