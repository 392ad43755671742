"""What a caller asks of a list: which records, in which order, which part of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class ListQuery:
    """A checked request for a list, by attribute names.

    `filters`: the values an attribute may have, any of them, None among them for none at all; an empty tuple matches
    nothing. `sort`: attribute and whether it descends, id last. `limit`: how many records, None for all. `marker`: the
    id of the record after which (or, with `reverse`, before which) the page begins; `marker_values`: what that record
    had in the other attributes sorted by when it was seen, None to look it up. `fields`: the attributes to answer with,
    empty for all. `counted`: whether to tell how many records the filters let through.
    """

    filters: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    sort: tuple[tuple[str, bool], ...] = (("id", False),)
    limit: int | None = None
    marker: str | None = None
    marker_values: Mapping[str, object] | None = None
    reverse: bool = False
    fields: frozenset[str] = frozenset()
    counted: bool = False


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
