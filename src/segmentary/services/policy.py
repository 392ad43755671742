"""Policy: may this actor do this, and on which records? Decided here and nowhere else.

    rule     project_id:%(project_id)s or True:%(shared)s
               |  asked about every kind of record there can be: of the caller's project or not, shared or not, ...
    grounds  {own}, {shared}        the least that a record must be; EVERY: nothing at all, NONE: no record will do
               |
    on one record: is it that?      on a list: WHERE project_id = me, or shared (segmentary.db.scope)

Grounds are worked out once for each kind of caller and action, and kept: one look of oslo.policy takes about 100 us. A
`trusted` actor has no `Rights`: nothing limits it, and nothing is asked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

from segmentary import errors
from segmentary.catalog import BY_COLLECTION, RESOURCES, Network, RbacPolicy
from segmentary.catalog.action import (
    ABOUT_ACTOR,
    EXTERNAL,
    GET_EVENT,
    ONE_PROJECT,
    OPERATE,
    OWN,
    OWN_ACTOR,
    RULES,
    SHARED,
    SYSTEM,
    TARGETS,
)
from segmentary.catalog.actor import Actor
from segmentary.catalog.rbac_policy import EVERYBODY
from segmentary.catalog.segment import SEGMENT_PHYSICAL_NETWORK
from segmentary.db import records
from segmentary.db.scope import EVERY, NONE, Ground, Grounds, Scope
from segmentary.db.statement import Row
from segmentary.db.transaction import Tx
from segmentary.errors import InvalidValue, PolicyNotAuthorized, SegmentaryError, blaming
from segmentary.rules.attribute import Attribute, Resource, describe
from segmentary.rules.draft import Changes, Draft
from segmentary.rules.listing import ListQuery
from segmentary.services.event_rights import EventRights
from segmentary.services.policy_rules import Rules, enforcer
from segmentary.wire.encode import Fields

if TYPE_CHECKING:
    from oslo_policy.policy import Enforcer

# Kinds of callers whose grounds are kept.
CALLERS = 1024
ALL: frozenset[str] = frozenset()
# Of no attribute: what is shown where all that was asked for is hidden.
NOTHING = frozenset({""})
_NOT_MINE = "of another project"
# Of these a rule asks with the id of a project.
_OF_PROJECT = frozenset({OWN, OWN_ACTOR})
_POLICY = describe(RbacPolicy)
# The attribute that tells whether a record has a feature, and what its value then is.
_FEATURES: Mapping[str, tuple[str, Callable[[Any, str], bool]]] = {
    OWN: ("project_id", lambda value, project_id: value == project_id),
    SHARED: ("shared", lambda value, _: bool(value)),
    EXTERNAL: ("router_external", lambda value, _: bool(value)),
    ONE_PROJECT: ("target_project", lambda value, _: value != EVERYBODY),
}


class Policy:
    """The rules in force, and what each kind of caller may do by them."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules; nothing is weighed yet."""
        self._rules = rules
        self._of_caller = lru_cache(CALLERS)(self._rights)

    def rights(self, actor: Actor) -> "Rights | None":
        """Return what an actor may do; None if everything."""
        if actor.trusted:
            return None
        system = "all" if actor.system else None
        return self._of_caller((actor.project_id, actor.user_id, actor.name, actor.domain_id, actor.roles, system))

    def event_rights(self, actor: Actor) -> EventRights | None:
        """Return what an actor may read of events, None if everything; raise `PolicyNotAuthorized` if nothing."""
        rights = self.rights(actor)
        return None if rights is None else rights.of_events

    def scope(self, resource: Resource, actor: Actor) -> Scope:
        """Return which records of a resource an actor may see."""
        rights = self.rights(actor)
        return Scope(EVERY, actor.project_id) if rights is None else rights.scope(resource)

    @cached_property
    def _enforcer(self) -> "Enforcer":
        return enforcer(self._rules)

    def _rights(self, key: tuple[str, str, str, str, frozenset[str], str | None]) -> "Rights":
        project_id, user_id, name, domain_id, roles, system = key
        caller = {
            "project_id": project_id,
            "tenant_id": project_id,
            "user_id": user_id,
            "user_name": name,
            "domain_id": domain_id,
            "roles": sorted(roles),
            "system_scope": system,
        }
        return Rights(self._enforcer, project_id, caller)


class Rights:
    """What one kind of caller may do."""

    def __init__(self, weighing: "Enforcer", project_id: str, caller: Mapping[str, Any]) -> None:
        """Know the caller; nothing is decided yet."""
        self.project_id = project_id
        self._enforcer = weighing
        self._caller = caller
        self._grounds: dict[str, Grounds] = {}
        self._limits: dict[tuple[str, str], Mapping[str, Grounds]] = {}

    def grounds(self, action: str) -> Grounds:
        """Return what a record must be so that an action on it is allowed."""
        found = self._grounds.get(action)
        if found is None:
            found = self._grounds[action] = self._decide(action if action in RULES else OPERATE)
        return found

    def require(self, action: str, project_id: str | None = None) -> None:
        """Raise `PolicyNotAuthorized` unless the action is allowed on what is of a project, or on whatever there is."""
        _require(self.grounds(action), frozenset({OWN} if project_id == self.project_id else ()), action)

    def scope(self, resource: Resource) -> Scope:
        """Return which records of a resource the caller may see."""
        return Scope(self.grounds(f"get_{resource.name}"), self.project_id)

    @cached_property
    def of_events(self) -> EventRights | None:
        """What may be read of events, None if everything; `PolicyNotAuthorized` if nothing."""
        grounds = self.grounds(GET_EVENT)
        if not grounds:
            raise PolicyNotAuthorized(action=GET_EVENT)
        told = {name: self.grounds(f"{GET_EVENT}:{name}") for name in ABOUT_ACTOR}
        if grounds == EVERY:
            is_all = all(one == EVERY for one in told.values())
            return None if is_all else EventRights(self.project_id, None, told)
        mine = frozenset({OWN})
        hidden = {
            one.name: frozenset(wire for wire, seen in self._limited("get", one).items() if not _is_met(seen, mine))
            for one in RESOURCES
            if _is_met(self.grounds(f"get_{one.name}"), mine)
        }
        return EventRights(self.project_id, hidden, told)

    def require_query(self, resource: Resource, query: ListQuery) -> None:
        """Raise `PolicyNotAuthorized` for a filter or an order by what the caller may not see of every record."""
        hidden = self._limited("get", resource)
        for name in [*query.filters, *(name for name, _ in query.sort)] if hidden else ():
            wire = resource.by_name[name].wire
            if wire in hidden:
                raise PolicyNotAuthorized(action=f"get_{resource.name}:{wire}")

    def fields(self, resource: Resource, asked: frozenset[str] = ALL) -> Fields:
        """Return which of the attributes asked for are shown."""
        hidden = self._limited("get", resource)
        if not hidden:
            return asked
        named = asked or frozenset(resource.by_wire)
        never = frozenset(wire for wire, grounds in hidden.items() if grounds == NONE)
        if len(never) == len(hidden):
            return named - never or NOTHING

        def of_row(row: Row) -> frozenset[str]:
            features = self.features(resource, dict(zip(resource.by_name, row, strict=False)))
            return named - {wire for wire, grounds in hidden.items() if not _is_met(grounds, features)} or NOTHING

        return of_row

    def features(self, resource: Resource, values: Mapping[str, Any]) -> Ground:
        """Return what a record with these values, by attribute, is to the caller."""
        possible = set(TARGETS.get(resource.name, {}).values())
        told = {feature: _FEATURES[feature] for feature in possible}
        return frozenset(feature for feature, (name, has) in told.items() if has(values.get(name), self.project_id))

    def require_visible(self, resource: Resource, record_id: str, row: Row) -> Ground:
        """Return what a record is to the caller; raise the resource's `NotFound` if it may not be seen."""
        features = self.features(resource, dict(zip(resource.by_name, row, strict=False)))
        if not _is_met(self.grounds(f"get_{resource.name}"), features):
            raise resource.not_found(id=record_id)
        return features

    def require_create(self, resource: Resource, drafts: Sequence[Draft[Any]]) -> None:
        """Raise `PolicyNotAuthorized`, or `InvalidValue` for another's project, unless the drafts may be created."""
        action = f"create_{resource.name}"
        if not self.grounds(action):
            raise PolicyNotAuthorized(action=action)
        limited = self._limited("create", resource)
        for draft in drafts:
            with blaming(draft.item):
                given = {one: draft.value(one.name) for one in resource.attributes + resource.options}
                features = self._features_of_draft(resource, draft)
                if OWN not in features and resource.name in TARGETS and not _is_met(self.grounds(action), features):
                    raise _not_yours(resource, draft)
                _require(self.grounds(action), features, action)
                explicit = [
                    one.wire for one, value in given.items() if one.name in draft.given and value != one.default
                ]
                _require_each(limited, explicit, features, action)

    def require_change(
        self, verb: str, resource: Resource, record_id: str, changes: Changes, look: Callable[[], Row]
    ) -> None:
        """Raise the resource's `NotFound` for what the caller may not see, `PolicyNotAuthorized` for what not change.

        `look` returns the row of the record; it is called only if that matters.
        """
        action = f"{verb}_{resource.name}"
        limited = self._limited(verb, resource) if changes else {}
        features: Ground = frozenset()
        after: Ground = frozenset()
        if limited or not self.grounds(action) == self.grounds(f"get_{resource.name}") == EVERY:
            row = look()
            features = self.require_visible(resource, record_id, row)
            after = self.features(resource, {**dict(zip(resource.by_name, row, strict=False)), **changes})
        _require(self.grounds(action), features, action)
        # Nobody gives himself what a right needs; the target is that of the request.
        features = (features | {ONE_PROJECT}) & after
        _require_each(limited, [resource.by_name[name].wire for name in changes], features, action)

    def require_references(self, tx: Tx, resource: Resource, drafts: Sequence[Draft[Any]]) -> None:
        """Raise the `NotFound` of a record that a draft names and the caller may not see."""
        for rule in resource.reference_rules:
            other = BY_COLLECTION[rule.collection]
            scope = self.scope(other)
            if rule.target != "id" or scope.grounds == EVERY:
                continue
            for draft in drafts:
                named = draft.value(rule.attribute)
                with blaming(draft.item):
                    features = self.require_visible(other, named, records.show(tx, other, named, scope.viewer))
                    if resource is _POLICY and OWN not in features:
                        self._require_others("create_rbac_policy", named)

    def require_shareable(self, tx: Tx, policy_id: str) -> None:
        """Raise `InvalidValue` unless the network of a policy is the caller's, or the caller may share any."""
        network_id = records.as_records(RbacPolicy, [records.show(tx, _POLICY, policy_id)])[0].object_id
        network = records.as_records(Network, [records.show(tx, describe(Network), network_id)])[0]
        if network.project_id != self.project_id:
            self._require_others("update_rbac_policy", network_id)

    def _require_others(self, action: str, network_id: str) -> None:
        if not _is_met(self.grounds(action), frozenset({ONE_PROJECT})):
            reason = f"network {network_id} is of another project, to share it needs the rights of an administrator"
            raise InvalidValue(attribute="object_id", value=network_id, reason=reason)

    def veiled(self, error: SegmentaryError) -> SegmentaryError:
        """Return an error without what it tells of records that the caller may not see."""
        told = dict(error.data)
        holding = "network_segment_range" if isinstance(error, errors.SegmentationIdReserved) else "segment"
        if "holder" in told and self.grounds(f"get_{holding}") != EVERY:
            told["holder"] = "elsewhere"
        elif isinstance(error, errors.NoNetworkAvailable) and self.grounds("get_network_segment_range") != EVERY:
            told["tried"] = "no ID is left of those that are offered to this project"
        elif told.get("rule") == SEGMENT_PHYSICAL_NETWORK.name and self.grounds("get_physical_network") != EVERY:
            told["reason"] = str(told["reason"]).partition(";")[0]
        elif isinstance(error, errors.DuplicateRbacPolicy) and not self._sees_policy_of(told["project_id"]):
            told |= {"policy": "one of another project", "project_id": ""}
        else:
            return error
        veiled = type(error)(**told)
        veiled.blame(error.item)
        return veiled

    def _sees_policy_of(self, project_id: object) -> bool:
        features = frozenset({OWN} if project_id == self.project_id else ())
        return _is_met(self.grounds("get_rbac_policy"), features)

    def _features_of_draft(self, resource: Resource, draft: Draft[Any]) -> Ground:
        if resource.name not in TARGETS:
            return frozenset()
        values = {name: draft.value(name) for name in resource.by_name if name in draft.resource.by_name}
        values["project_id"] = values.get("project_id") or self.project_id
        return self.features(resource, values)

    def _limited(self, verb: str, resource: Resource) -> Mapping[str, Grounds]:
        """Return the attributes that have a rule of their own for this verb and not always meet it."""
        found = self._limits.get((verb, resource.name))
        if found is None:
            rules = {wire: f"{verb}_{resource.name}:{wire}" for wire in resource.by_wire}
            weighed = {wire: self.grounds(rule) for wire, rule in rules.items() if rule in RULES}
            found = {wire: grounds for wire, grounds in weighed.items() if grounds != EVERY}
            self._limits[verb, resource.name] = found
        return found

    def _decide(self, action: str) -> Grounds:
        if not self.project_id and action != SYSTEM and not (self._caller["system_scope"] and self.grounds(SYSTEM)):
            return NONE
        words = TARGETS.get(RULES[action].resource, {})
        features = list(dict.fromkeys(words.values()))
        allowed: list[Ground] = []
        for size in range(len(features) + 1):
            for some in combinations(features, size):
                ground = frozenset(some)
                if any(less <= ground for less in allowed) or (ground & _OF_PROJECT and not self.project_id):
                    continue
                if self._allows(action, words, ground):
                    allowed.append(ground)
        return tuple(allowed)

    def _allows(self, action: str, words: Mapping[str, str], ground: Ground) -> bool:
        target: dict[str, Any] = {word: one in ground for word, one in words.items()}
        of_project = {word: one for word, one in words.items() if one in _OF_PROJECT}
        target |= {word: self.project_id if one in ground else _NOT_MINE for word, one in of_project.items()}
        return bool(self._enforcer.enforce(action, target, dict(self._caller)))


def _is_met(grounds: Grounds, features: Ground) -> bool:
    return any(ground <= features for ground in grounds)


def _require(grounds: Grounds, features: Ground, action: str) -> None:
    if not _is_met(grounds, features):
        raise PolicyNotAuthorized(action=action)


def _require_each(limited: Mapping[str, Grounds], wires: Iterable[str | None], features: Ground, action: str) -> None:
    for wire in wires:
        if wire and wire in limited:
            _require(limited[wire], features, f"{action}:{wire}")


def _not_yours(resource: Resource, draft: Draft[Any]) -> InvalidValue:
    owner: Attribute = resource.by_name["project_id"]
    reason = "it is not the project you act for, which needs the rights of an administrator"
    return InvalidValue(attribute=owner.wire, value=draft.value("project_id"), reason=reason)
