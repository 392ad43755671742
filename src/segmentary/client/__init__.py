"""The Python library over HTTP: the verbs, records and errors of `segmentary.open`, of a server elsewhere."""

from segmentary.client.host import Hosts
from segmentary.client.http import Client

__all__ = ["Client", "Hosts"]
