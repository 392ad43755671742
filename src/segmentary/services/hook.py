"""Hooks: functions of others that are asked, or told, about changes; with none subscribed nothing is paid.

    before      request checked -> hook(notice)            may refuse; told of what was asked for, not of what follows
                BEGIN
    candidate   an ID is chosen -> hook(claim)             may refuse the ID: the next one is taken
    precommit   row is written  -> hook(event, tx, actor)  may refuse, or write along; again if the work is run again
                COMMIT
    after                       -> hook(event, actor)      an error is logged and counted, the answer stays as it is

A hook refuses by raising `Refusal(reason)`: the caller gets 409 with the hook's name and the reason, and nothing is
stored. Any other exception of a hook is a defect: 500, and nothing is stored. Hooks of a phase run in the order of
their priority, the smallest first, then of their names. No change of segmentary itself happens in a hook.

A package subscribes at start through an entry point of the group `segmentary.hooks`: a function that is given these
hooks. A library user calls `app.hooks.subscribe(...)`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import entry_points
from typing import Any

from segmentary.catalog import EVENT_TYPES
from segmentary.catalog.actor import Actor
from segmentary.catalog.event import Event, Verb, type_of
from segmentary.db.transaction import Tx
from segmentary.errors import HookRefused, InvalidValue
from segmentary.rules.attribute import Resource
from segmentary.services.claim import Claim

LOG = logging.getLogger("segmentary.hooks")
ENTRY_POINTS = "segmentary.hooks"
# The type that candidates belong to: IDs are chosen for segments that are created.
CANDIDATES = "segment.created"


class Phase(Enum):
    """When a hook is called."""

    BEFORE = "before"
    CANDIDATE = "candidate"
    PRECOMMIT = "precommit"
    AFTER = "after"


class Refusal(Exception):  # noqa: N818, it is an answer, not a failure
    """Raised by a hook that says no; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is about to be tried: the attributes given (none for a deletion), and the record's id if it exists."""

    type: str
    record_id: str | None
    given: Mapping[str, Any]
    actor: Actor


# What is about to be tried: what happens to a record of which resource, its id if it exists, the attributes given.
Asked = tuple[Verb, Resource, str | None, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Hook:
    priority: int
    name: str
    function: Callable[..., object]

    def ask(self, *arguments: object) -> None:
        try:
            self.function(*arguments)
        except Refusal as refusal:
            raise HookRefused(hook=self.name, reason=str(refusal)) from refusal


class Hooks:
    """The hooks of an application; subscribe before the first request."""

    def __init__(self) -> None:
        """Begin with none."""
        self._hooks: dict[tuple[Phase, str], tuple[_Hook, ...]] = {}
        self.failures: Counter[str] = Counter()

    def __bool__(self) -> bool:
        """Whether anybody has subscribed."""
        return bool(self._hooks)

    def subscribe(
        self, event_type: str, phase: str, function: Callable[..., object], *, name: str = "", priority: int = 100
    ) -> None:
        """Have `function` called in a phase of an event type, such as "precommit" of "segment.created".

        Raises `InvalidValue` for an unknown type or phase, and for a name that the phase of the type has already.
        """
        phases = {one.value: one for one in Phase}
        if event_type not in EVENT_TYPES or phase not in phases:
            reason = f"types are {', '.join(EVENT_TYPES)}; phases are {', '.join(phases)}"
            raise InvalidValue(attribute="hook", value=f"{phase} of {event_type}", reason=reason)
        if phases[phase] is Phase.CANDIDATE and event_type != CANDIDATES:
            raise InvalidValue(attribute="hook", value=event_type, reason=f"candidates are of {CANDIDATES}")
        name = name or f"{function.__module__}.{function.__qualname__}"
        key = (phases[phase], event_type)
        present = self._hooks.get(key, ())
        if any(one.name == name for one in present):
            raise InvalidValue(attribute="hook", value=name, reason=f"{phase} of {event_type} has a hook named {name}")
        added = (*present, _Hook(priority, name, function))
        self._hooks[key] = tuple(sorted(added, key=lambda one: (one.priority, one.name)))

    @property
    def are_any(self) -> bool:
        """Tell whether somebody has subscribed."""
        return bool(self._hooks)

    def load(self) -> None:
        """Let installed packages subscribe."""
        for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda one: one.name):
            point.load()(self)

    def before(
        self, verb: Verb, resource: Resource, asked: Sequence[tuple[str | None, Mapping[str, Any]]], actor: Actor
    ) -> None:
        """Ask whether changes may be tried: for each, the record's id if it exists and what is given."""
        if not self._hooks:
            return
        event_type = type_of(resource, verb)
        for hook in self._hooks.get((Phase.BEFORE, event_type), ()):
            for record_id, given in asked:
                hook.ask(Notice(event_type, record_id, given, actor))

    def before_each(self, asked: Sequence[Asked], actor: Actor) -> None:
        """Ask whether changes of several resources may be tried."""
        for verb, resource, record_id, given in asked:
            self.before(verb, resource, [(record_id, given)], actor)

    def precommit(self, tx: Tx, actor: Actor, events: Sequence[Event]) -> None:
        """Ask whether what was written may be committed."""
        if not self._hooks:
            return
        for event in events:
            for hook in self._hooks.get((Phase.PRECOMMIT, event.type), ()):
                hook.ask(event, tx, actor)

    def after(self, actor: Actor, events: Sequence[Event]) -> None:
        """Tell what was committed."""
        if not self._hooks:
            return
        for event in events:
            for hook in self._hooks.get((Phase.AFTER, event.type), ()):
                try:
                    hook.function(event, actor)
                except Exception:
                    self.failures[hook.name] += 1
                    LOG.exception("hook %s failed after %s", hook.name, event.type)

    def allows(self, claim: Claim) -> bool:
        """Tell whether a segmentation ID that was chosen may be taken."""
        for hook in self._hooks.get((Phase.CANDIDATE, CANDIDATES), ()) if self._hooks else ():
            try:
                hook.function(claim)
            except Refusal:
                return False
        return True
