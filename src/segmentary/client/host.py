"""Hosts on a server: the verbs of `segmentary.app.Hosts`."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from segmentary.catalog import HostMapping, Segment
from segmentary.catalog.agent import INCLUDED, Report
from segmentary.rules.attribute import describe
from segmentary.rules.draft import known_id
from segmentary.rules.listing import HostQuery
from segmentary.wire import report as wire


class Hosts:
    """Hosts and what they reach."""

    def __init__(self, request: Callable[..., Any]) -> None:
        """Ask a server with `Client.request`."""
        self._request = request

    def report(self, report: Report) -> dict[str, Any]:
        """Say what an agent says of its host; return the host."""
        body = {"host": wire.report_object(report)}
        return self._host(self._request("PUT", "hosts", _path(report.host), body=body))

    def find(self, query: HostQuery) -> list[dict[str, Any]]:
        """Return the hosts that reach anything, by name."""
        found: list[dict[str, Any]] = self._request("GET", "hosts", pairs=wire.pairs(query))["hosts"]
        return found

    def show(self, name: str) -> dict[str, Any]:
        """Return a host; raise `HostNotFound`."""
        return self._host(self._request("GET", "hosts", _path(name)))

    def forget(self, name: str) -> None:
        """Forget a host, its agents and its mappings; raise `HostNotFound`."""
        self._request("DELETE", "hosts", _path(name))

    def of_segment(self, segment_id: str, query: HostQuery) -> list[dict[str, Any]]:
        """Return the hosts that reach a segment, by name, and why."""
        path = f"{_segment(segment_id)}/hosts"
        found: list[dict[str, Any]] = self._request("GET", "segments", path, pairs=wire.pairs(query))["hosts"]
        return found

    def map(self, segment_id: str, name: str, mapping: str = INCLUDED) -> HostMapping:
        """Say that a host reaches a segment (included) or does not (excluded), whatever is reported."""
        body = {"host_mapping": {"mapping": mapping}}
        told = self._request("PUT", "segments", f"{_segment(segment_id)}/hosts/{_path(name)}", body=body)
        return HostMapping(**told["host_mapping"])

    def unmap(self, segment_id: str, name: str) -> None:
        """Leave it to the reports again whether a host reaches a segment."""
        self._request("DELETE", "segments", f"{_segment(segment_id)}/hosts/{_path(name)}")

    def drift(self, name: str) -> dict[str, Any]:
        """Return where what a host carries and what is recorded for it differ."""
        found: dict[str, Any] = self._request("GET", "hosts", f"{_path(name)}/drift")["drift"]
        return found

    def _host(self, told: dict[str, dict[str, Any]]) -> dict[str, Any]:
        return told["host"]


def _path(name: str) -> str:
    return quote(name, safe="")


def _segment(record_id: str) -> str:
    return known_id(describe(Segment), record_id)
