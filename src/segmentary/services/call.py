"""What every use case is told beside what is asked: who asks, and the settings in force."""

from dataclasses import dataclass

from segmentary.catalog.actor import Actor
from segmentary.catalog.network_type import BY_NAME, LOCAL, NETWORK_TYPES
from segmentary.errors import InvalidSetting
from segmentary.settings import Settings


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a use case."""

    actor: Actor
    settings: Settings

    @property
    def project_network_types(self) -> list[str]:
        """The network types that a network created without any is tried to get, in order."""
        return project_network_types(self.settings)


def project_network_types(settings: Settings) -> list[str]:
    """Return the types of the setting; raise `InvalidSetting` for one that cannot be chosen for a project."""
    if not settings.project_network_types:
        return [LOCAL.name]
    names = [name.strip() for name in settings.project_network_types.split(",")]
    allowed = [one.name for one in NETWORK_TYPES if one.ids or not one.has_physical_network]
    for name in names:
        if name not in BY_NAME or name not in allowed:
            reason = f"{name!r} is none of {', '.join(allowed)}"
            raise InvalidSetting(setting="project_network_types", reason=reason)
    return names
