"""What a caller may read of events: which of them, and what of each.

    get_segment_event    on whatever record     every event, whole
                         on a project's own     those of its records, of the kinds that the caller may see there,
                                                without the attributes that the caller may not see there
    get_segment_event:actor, :request_id        who did it, and in which request; null without

An event knows of its record whose it was and nothing else that a rule asks for: what may be seen of a record only
because it is shared, or leads outside, is not told by its events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from segmentary.catalog.action import OWN, OWN_ACTOR
from segmentary.catalog.event import Verb
from segmentary.db.scope import Grounds
from segmentary.rules.attribute import Resource
from segmentary.wire.encode import document


@dataclass(frozen=True, slots=True)
class EventRights:
    """What one kind of caller may read; worked out by `segmentary.services.policy`.

    `hidden` are the attributes that are not shown, by the names of the resources whose events are; None: all of
    whatever record is. `about_actor` says of each part that tells of the actor when it is told.
    """

    project_id: str
    hidden: Mapping[str, frozenset[str]] | None
    about_actor: Mapping[str, Grounds]

    def filters(self, asked: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
        """Return what is asked of events, narrowed to those that may be read."""
        if self.hidden is None:
            return asked
        types = [f"{name}.{verb.value}" for name in self.hidden for verb in Verb]
        wanted = asked.get("type", types)
        return {**asked, "type": [one for one in types if one in wanted], "project_id": [self.project_id]}

    def require_history(self, resource: Resource, record_id: str) -> str | None:
        """Return whose the record must be, None if anybody's; raise the resource's `NotFound` if none may be read."""
        if self.hidden is None:
            return None
        if resource.name not in self.hidden:
            raise resource.not_found(id=record_id)
        return self.project_id

    def payload(self, event_type: str, payload: str) -> str:
        """Return the JSON with the record and what changed, without what is hidden."""
        hidden = self.hidden and self.hidden[event_type.partition(".")[0]]
        if not hidden:
            return payload
        parts = msgspec.json.decode(payload).items()
        return document(
            {part: {name: value for name, value in told.items() if name not in hidden} for part, told in parts}
        ).decode()

    def actor(
        self, name: str | None, request_id: str | None, project_id: str | None, actor_project_id: str | None
    ) -> tuple[str | None, str | None]:
        """Return what may be told of an event's actor, name and request id, where record and actor are of projects."""
        whose = {OWN: project_id, OWN_ACTOR: actor_project_id}
        features = frozenset(one for one, project in whose.items() if project == self.project_id)
        told = {one for one, grounds in self.about_actor.items() if any(ground <= features for ground in grounds)}
        return name if "actor" in told else None, request_id if "request_id" in told else None
