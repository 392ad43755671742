"""What every use case is told beside what is asked: who asks, and the settings in force."""

from dataclasses import dataclass

from segmentary.catalog.actor import Actor
from segmentary.settings import Settings


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a use case."""

    actor: Actor
    settings: Settings
