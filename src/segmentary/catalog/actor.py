"""Who asks.

    admin ──> manager ──> member ──> reader        service

Each role of the line has those after it too, as Keystone's own bootstrap has it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

LOCAL_PROJECT = "default"
LOCAL_DOMAIN = "default"
IMPLIED = {"admin": "manager", "manager": "member", "member": "reader"}


def with_implied(roles: Iterable[str]) -> frozenset[str]:
    """Return roles with those that they imply, in the lower case that policies are written in."""
    found: set[str] = set()
    for role in roles:
        one: str | None = role.lower()
        while one is not None:
            found.add(one)
            one = IMPLIED.get(one)
    return frozenset(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """The caller of a use case: `name` for the journal, `project_id` owner of what is created without one.

    `system` says that the credentials are for the whole installation and for no project, which then is "". `trusted` is
    who needs no permission: the library's user has the database, and some installations trust whoever can connect.
    """

    name: str
    project_id: str
    domain_id: str = LOCAL_DOMAIN
    user_id: str = ""
    roles: frozenset[str] = frozenset()
    system: bool = False
    trusted: bool = False
    request_id: str | None = None

    def asking(self, request_id: str | None) -> "Actor":
        """Return the actor of one request; called for each, so without the cost of `replace`."""
        return Actor(
            name=self.name,
            project_id=self.project_id,
            domain_id=self.domain_id,
            user_id=self.user_id,
            roles=self.roles,
            system=self.system,
            trusted=self.trusted,
            request_id=request_id,
        )


# Who uses the library has the database.
LIBRARY = Actor(name="library", project_id=LOCAL_PROJECT, trusted=True)
