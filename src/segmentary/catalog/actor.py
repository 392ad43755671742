"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """The caller of a use case: `name` for the journal, `project_id` owner of what is created without one."""

    name: str
    project_id: str
    request_id: str | None = None


LOCAL_PROJECT = "default"
