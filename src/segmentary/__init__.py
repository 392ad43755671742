"""segmentary: the truth about network segments, as a service and as a library.

    cli        the command line                      api       HTTP, the OpenStack Networking API v2.0
    client     the library over HTTP
    app        settings -> use cases on a database   services  use cases, a module for each noun
    wire       JSON <-> records                      db        SQL, transactions, schema
    delivery   how messages leave for receivers outside
    catalog    what exists: records, types, rules    rules     the language they are declared in

Each layer may use those below it.
"""

from importlib.metadata import version

from segmentary.app import Application, open  # noqa: A004, read as segmentary.open
from segmentary.catalog import Network, PhysicalNetwork, Segment
from segmentary.errors import SegmentaryError
from segmentary.services.hook import Refusal
from segmentary.settings import Settings

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

__version__ = version("segmentary")
