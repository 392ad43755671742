"""The application: settings -> a database and the use cases on it; `open` is the library's front door.

application.py   the composition root: records of any resource, audits, desired state
collection.py    the records of one resource
hosts.py         hosts and what they reach
lists.py         lists: pages, and long ones part after part
dead_letters.py  events that destinations gave up
neutron.py       the database of a Neutron
"""

from segmentary.app.application import Application, open  # noqa: A004, read as segmentary.open
from segmentary.app.collection import Collection
from segmentary.app.hosts import Hosts
from segmentary.app.lists import PART, Page
from segmentary.app.neutron import NeutronImport, audit_neutron
from segmentary.catalog.actor import LIBRARY
from segmentary.rules.draft import known_id

__all__ = [
    "LIBRARY",
    "PART",
    "Application",
    "Collection",
    "Hosts",
    "NeutronImport",
    "Page",
    "audit_neutron",
    "known_id",
    "open",
]
