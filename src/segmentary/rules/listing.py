"""What a caller asks of a list: which records, in which order, which part of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class ListQuery:
    """A checked request for a list, by attribute names.

    `filters`: the values an attribute may have, any of them; an empty tuple matches nothing. `sort`: attribute and
    whether it descends, id last. `limit`: how many records, None for all. `marker`: the id of the record after which
    (or, with `reverse`, before which) the page begins. `fields`: the attributes to answer with, empty for all.
    """

    filters: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    sort: tuple[tuple[str, bool], ...] = (("id", False),)
    limit: int | None = None
    marker: str | None = None
    reverse: bool = False
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class HostQuery:
    """A checked request for hosts by name: those after `marker`, at most `limit`.

    `included` and `excluded` are agent types, of which an exclusion wins; `physical_networks` are those reached, any of
    them.
    """

    limit: int
    marker: str = ""
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    physical_networks: tuple[str, ...] = ()
