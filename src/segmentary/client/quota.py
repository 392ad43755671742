"""Quotas of a server: what `segmentary.services.quota.Quotas` does, over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from segmentary.catalog.quota import LIMITED, Usage

Limits = dict[str, int]


class Quotas:
    """The quotas of a server."""

    def __init__(self, request: Callable[..., Any]) -> None:
        """Ask a server with `Client.request`."""
        self._request = request

    def list(self) -> dict[str, Limits]:
        """Return the limits of the projects that have any of their own, by project."""
        found = self._request("GET", "quotas")["quotas"]
        return {one["project_id"]: {name: one[name] for name in LIMITED} for one in found}

    def show(self, project: str) -> Limits:
        """Return the limits of a project."""
        return self._limits(self._request("GET", "quotas", _path(project)))

    def default(self) -> Limits:
        """Return the limits of projects that have none of their own."""
        return self._limits(self._request("GET", "quotas", "any/default"))

    def usage(self, project: str) -> dict[str, Usage]:
        """Return the limits of a project and what it uses."""
        told = self._request("GET", "quotas", f"{_path(project)}/details")["quota"]
        return {name: Usage(one["limit"], one["used"]) for name, one in told.items()}

    def set(self, project: str, limits: Mapping[str, int], *, force: bool = False) -> Limits:
        """Set limits of a project and return all; raise `InvalidValue` for one below what is used, unless forced."""
        body = {"quota": {**limits, "force": force}}
        return self._limits(self._request("PUT", "quotas", _path(project), body=body))

    def delete(self, project: str) -> None:
        """Give a project the defaults again; raise `TenantQuotaNotFound` if it has no limits of its own."""
        self._request("DELETE", "quotas", _path(project))

    def _limits(self, told: dict[str, Limits]) -> Limits:
        return told["quota"]


def _path(project: str) -> str:
    return quote(project, safe="")
