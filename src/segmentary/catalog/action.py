"""What an actor may be allowed, and who is by default: rules in the language of oslo.policy.

    create_network                       the verb on the resource
    create_network:provider:physical_network   the same, with this attribute in the request
    get_network:provider:physical_network      seeing this attribute: without it the record is shown without it

A rule asks of the caller (roles, project_id, ...) and, where the resource has `TARGETS`, of the record. Only those
may be named: what may be listed is then a condition of the query, not a filter after it.

The defaults are those of the Networking API; `segmentary policy list` prints them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from segmentary.catalog.network import PROVIDER

# Resource -> what a rule may ask of its records: word in a rule -> what it is about. See `segmentary.services.policy`.
OWN, SHARED, EXTERNAL, OWN_ACTOR, ONE_PROJECT = "own", "shared", "external", "own actor", "one project"
TARGETS: Mapping[str, Mapping[str, str]] = {
    "network": {"project_id": OWN, "tenant_id": OWN, "shared": SHARED, "router:external": EXTERNAL},
    "quota": {"project_id": OWN, "tenant_id": OWN},
    "event": {"project_id": OWN, "tenant_id": OWN},
    "actor of event": {"project_id": OWN, "tenant_id": OWN, "actor_project_id": OWN_ACTOR},
    "rbac_policy": {"project_id": OWN, "tenant_id": OWN, "one_project": ONE_PROJECT},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One thing that a rule decides; the name of the rule is its own."""

    name: str
    default: str
    doc: str
    resource: str = ""


_ADMIN = "rule:admin_required"
# Parts that rules are made of, to be overridden too.
PARTS: tuple[Action, ...] = (
    Action(name="admin_required", default="role:admin", doc="The operator of the cloud."),
    Action(name="owner", default="project_id:%(project_id)s", doc="The record is of the caller's project."),
    Action(name="shared", default="True:%(shared)s", doc="The network is shared with the caller's project."),
    Action(name="external", default="True:%(router:external)s", doc="The network leads outside, for the caller too."),
    Action(name="one_project", default="True:%(one_project)s", doc="The policy is for one project, not for *."),
    Action(name="own_actor", default="project_id:%(actor_project_id)s", doc="Who did it is of the caller's project."),
    Action(name="project_reader", default="role:reader and rule:owner", doc="Who may look at what the project has."),
    Action(name="project_member", default="role:member and rule:owner", doc="Who may change what the project has."),
    Action(name="project_manager", default="role:manager and rule:owner", doc="Who manages the project."),
)
_MEMBER = f"{_ADMIN} or rule:project_member"
_WORDS = {"create": "Create", "get": "See", "update": "Change", "delete": "Delete"}


def _verbs(resource: str, rule: str, **others: str) -> tuple[Action, ...]:
    words = resource.replace("_", " ")
    return tuple(
        Action(name=f"{verb}_{resource}", default=others.get(verb, rule), doc=f"{word} a {words}.", resource=resource)
        for verb, word in _WORDS.items()
    )


def _targets(verbs: str) -> tuple[Action, ...]:
    return tuple(
        Action(
            name=f"{verb}_rbac_policy:target_tenant",
            default=f"{_ADMIN} or rule:one_project",
            doc=f"{_WORDS[verb]} an RBAC policy with this target; the owner of a network shares with single projects.",
            resource="rbac_policy",
        )
        for verb in verbs.split()
    )


def _attributes(verbs: str, *names: str) -> tuple[Action, ...]:
    return tuple(
        Action(
            name=f"{verb}_network:{name}",
            default=_ADMIN,
            doc=f"{_WORDS[verb]} {name} of a network." if verb != "create" else f"Create a network with {name}.",
            resource="network",
        )
        for name in names
        for verb in verbs.split()
    )


_PROVIDER = tuple(f"provider:{name}" for name in PROVIDER.values())
# What stands at an operation of the API that has no rule of its own: whatever is added is the operator's until it has.
OPERATE = "operate"
# What every caller who has signed in may do.
ANYONE = ""
SYSTEM = "use_system_scope"
GET_EVENT = "get_segment_event"
# What an event tells of who did it, each by a rule of its own.
ABOUT_ACTOR = {"actor": "who did it", "request_id": "in which request it was done"}
ACTIONS: tuple[Action, ...] = (
    *_verbs("network", _MEMBER, get=f"{_ADMIN} or rule:project_reader or rule:shared or rule:external or role:service"),
    *_attributes("create get update", *_PROVIDER, "segments"),
    *_attributes("create update", "shared", "router:external", "use_reserved"),
    *_verbs("segment", _ADMIN),
    *_verbs("network_segment_range", _ADMIN),
    *_verbs("physical_network", _ADMIN),
    *(one for one in _verbs("agent", _ADMIN) if one.name != "create_agent"),  # agents come by reports
    *_verbs("event_destination", _ADMIN),
    *_verbs("rbac_policy", _MEMBER, get=f"{_ADMIN} or rule:project_reader"),
    *_targets("create update"),
    Action(
        name="get_quota",
        default=f"{_ADMIN} or rule:project_manager",
        doc="See the limits of a project and what it uses; the list of all needs the right for any project.",
        resource="quota",
    ),
    Action(name="update_quota", default=_ADMIN, doc="Set limits of a project.", resource="quota"),
    Action(name="delete_quota", default=_ADMIN, doc="Give a project the defaults again.", resource="quota"),
    Action(
        name="get_host", default=f"{_ADMIN} or role:service", doc="See hosts, what they reach and where they drift."
    ),
    Action(name="report_host", default=f"{_ADMIN} or role:service", doc="Report what a host reaches and carries."),
    Action(name="delete_host", default=_ADMIN, doc="Forget a host."),
    Action(name="map_host", default=_ADMIN, doc="Include or exclude hosts of a segment."),
    Action(
        name=GET_EVENT,
        default=f"{_ADMIN} or role:service or rule:project_reader",
        doc="Read events and histories: of whatever record, whole; or of the records of a project, as far as the "
        "caller may see those.",
        resource="event",
    ),
    *(
        Action(
            name=f"{GET_EVENT}:{attribute}",
            default=f"{_ADMIN} or role:service or rule:own_actor",
            doc=f"See in an event {what}; others see null.",
            resource="actor of event",
        )
        for attribute, what in ABOUT_ACTOR.items()
    ),
    Action(
        name="get_metrics", default=f"{_ADMIN} or role:service", doc="Read the numbers for monitoring, of all projects."
    ),
    Action(name=OPERATE, default=_ADMIN, doc="Every request to which no other rule applies."),
    Action(
        name=SYSTEM, default="!", doc="Act with credentials that are for the whole installation and for no project."
    ),
)
RULES: Mapping[str, Action] = {one.name: one for one in (*PARTS, *ACTIONS)}
