"""segmentary: the truth about network segments, as a service and as a library.

    cli        the command line                      api       HTTP, the OpenStack Networking API v2.0
    client     the library over HTTP
    app        settings -> use cases on a database   services  use cases, a module for each noun
    wire       JSON <-> records                      db        SQL, transactions, schema
    delivery   how messages leave for receivers outside
    catalog    what exists: records, types, rules    rules     the language they are declared in

Each layer may use those below it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmentary.app import Application, open  # noqa: A004, read as segmentary.open
    from segmentary.catalog import Network, PhysicalNetwork, Segment
    from segmentary.errors import SegmentaryError
    from segmentary.services.hook import Refusal
    from segmentary.settings import Settings

    __version__: str

__all__ = [
    "Application",
    "Network",
    "PhysicalNetwork",
    "Refusal",
    "Segment",
    "SegmentaryError",
    "Settings",
    "__version__",
    "open",
]

_HOMES = {
    "Application": "segmentary.app",
    "Network": "segmentary.catalog",
    "PhysicalNetwork": "segmentary.catalog",
    "Refusal": "segmentary.services.hook",
    "Segment": "segmentary.catalog",
    "SegmentaryError": "segmentary.errors",
    "Settings": "segmentary.settings",
    "open": "segmentary.app",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: who asks a service needs no database library, and who asks for help needs nothing."""
    if name == "__version__":
        return import_module("importlib.metadata").version("segmentary")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
