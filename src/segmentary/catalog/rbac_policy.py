"""RBAC policies, as the Networking API calls what shares a network: with one project, or with every one.

    action               target_tenant is a project               target_tenant is *
    access_as_shared     the project sees the network, shared     shared of the network
    access_as_external   the same, as an external one             router:external of the network

What is shared with everybody stands in the row of the network too, so that reading one looks at no other table;
`segmentary.services.rbac_policy` writes both together.
"""

from segmentary.catalog.standard import CREATED_AT, DESCRIPTION, ID, PROJECT_ID, REVISION_NUMBER, UPDATED_AT
from segmentary.errors import RbacPolicyNotFound
from segmentary.rules.attribute import Presence, attribute, resource
from segmentary.rules.kind import Choice, Text, Uuid
from segmentary.rules.rule import ReferenceRule, UniqueRule

EVERYBODY = "*"
AS_SHARED, AS_EXTERNAL = "access_as_shared", "access_as_external"
# The attribute of a network that says the same as a policy for everybody.
FLAGS = {AS_SHARED: "shared", AS_EXTERNAL: "router_external"}
OBJECT_TYPES = ("network",)

RBAC_POLICY_UNIQUE = UniqueRule(
    name="rbac_policy_unique",
    key=("object_id", "action", "target_project"),
    limit="a network has one policy for each action and target",
)
RBAC_POLICY_NETWORK = ReferenceRule(
    name="rbac_policy_network",
    attribute="object_id",
    collection="networks",
    target="id",
    limit="a policy shares an existing network",
)


@resource(
    "rbac_policy",
    "rbac_policies",
    not_found=RbacPolicyNotFound,
    rules=(RBAC_POLICY_UNIQUE, RBAC_POLICY_NETWORK),
    # What is shared with a project; what a project shares; what a list asks for by target.
    indexes=(("action", "target_project", "object_id"), ("project_id", "id"), ("target_project", "id")),
    summary=("id", "object_id", "action", "target_tenant", "project_id"),
)
class RbacPolicy:
    """Shares a network with a project, or with every one."""

    id: str = ID()
    description: str = DESCRIPTION()
    object_type: str = attribute(Choice(OBJECT_TYPES), doc="What is shared: a network.", create=Presence.REQUIRED)
    object_id: str = attribute(Uuid(), doc="The network.", create=Presence.REQUIRED)
    action: str = attribute(Choice((AS_SHARED, AS_EXTERNAL)), doc="As what it is seen.", create=Presence.REQUIRED)
    target_project: str = attribute(
        Text(255, minimum=1),
        doc="The project that it is shared with; * for every one.",
        wire="target_tenant",
        create=Presence.REQUIRED,
        update=True,
    )
    project_id: str = PROJECT_ID()
    created_at: str = CREATED_AT()
    updated_at: str = UPDATED_AT()
    revision_number: int = REVISION_NUMBER()
