"""Desired state: what a file wants to be stored, and the steps that lead from what is stored to that.

file --wire/desired--> Wanted --services/desired--> Plan(steps) --> carried out, if it is still the same plan
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from segmentary.errors import Item
from segmentary.rules.attribute import Resource


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Wanted:
    """One record that a file wants: checked values by attribute, its id if it says one, its place in the file.

    A `parent` is the record that it stands in.
    """

    resource: Resource
    id: str | None
    values: Mapping[str, Any]
    item: Item
    parent: "Wanted | None" = None


class Verb(Enum):
    """What a step does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One change: of which record, from what to what.

    `revision` is that of the stored record, None for one that is created; `parent_id` the network of a segment.
    """

    verb: Verb
    resource: Resource
    id: str
    label: str
    before: Mapping[str, Any]
    values: Mapping[str, Any]
    revision: int | None = None
    parent_id: str | None = None
    wanted: Wanted | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The steps in the order in which they are carried out."""

    steps: Sequence[Step]

    @property
    def digest(self) -> str:
        """Twelve characters that are others for another plan, or where a record that it changes was changed."""
        told = [
            (one.verb.value, one.resource.name, one.label, sorted(map(repr, one.values.items())), one.revision)
            for one in self.steps
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:12]
