"""Use cases of quotas: limits of a project, and refusing what would go beyond them."""

from collections.abc import Mapping, Sequence

from segmentary.catalog.quota import LIMIT, LIMITED, UNLIMITED, Usage
from segmentary.db import quotas
from segmentary.db.transaction import Database, Tx
from segmentary.errors import (
    InvalidInput,
    InvalidValue,
    Item,
    OverQuota,
    TenantQuotaNotFound,
    UnrecognizedAttribute,
    blaming,
)
from segmentary.rules.draft import fit, refuse, shown, shown_names
from segmentary.services.call import Call
from segmentary.settings import Settings


class Quotas:
    """The quotas of a database, for library users and the API."""

    def __init__(self, database: Database, settings: Settings) -> None:
        """Bind to a database, with the defaults of the settings."""
        self._database, self._settings = database, settings

    def list(self) -> dict[str, dict[str, int]]:
        """Return the limits of the projects that have any of their own, by project."""
        return self._database.read(lambda tx: every(tx, self._settings))

    def show(self, project: str) -> dict[str, int]:
        """Return the limits of a project."""
        return self._database.read(lambda tx: show(tx, self._settings, project))

    def default(self) -> dict[str, int]:
        """Return the limits of projects that have none of their own."""
        return defaults(self._settings)

    def usage(self, project: str) -> dict[str, "Usage"]:
        """Return the limits of a project and what it uses."""
        return self._database.read(lambda tx: usage(tx, self._settings, project), one_state=True)

    def set(self, project: str, limits: Mapping[str, int], *, force: bool = False) -> dict[str, int]:
        """Set limits of a project and return all; raise `InvalidValue` for one below what is used, unless forced."""
        return self._database.run(lambda tx: update(tx, self._settings, project, limits, force=force))

    def delete(self, project: str) -> None:
        """Give a project the defaults again; raise `TenantQuotaNotFound` if it has no limits of its own."""
        self._database.run(lambda tx: delete(tx, project))


def defaults(settings: Settings) -> dict[str, int]:
    """Return the limits of projects that have none of their own."""
    return {resource: getattr(settings, f"quota_{resource}") for resource in LIMITED}


def every(tx: Tx, settings: Settings) -> dict[str, dict[str, int]]:
    """Return the limits of the projects that have any of their own, by project."""
    return {project: _effective(settings, own) for project, own in quotas.every(tx).items()}


def show(tx: Tx, settings: Settings, project: str) -> dict[str, int]:
    """Return the limits of a project."""
    return _effective(settings, quotas.own_limits(tx, [project]).get(project, {}))


def usage(tx: Tx, settings: Settings, project: str) -> dict[str, Usage]:
    """Return the limits of a project, and what it uses."""
    limits, used = show(tx, settings, project), quotas.used(tx, project)
    return {resource: Usage(limits[resource], used[resource]) for resource in LIMITED}


def update(tx: Tx, settings: Settings, project: str, limits: Mapping[str, int], *, force: bool) -> dict[str, int]:
    """Set limits of a project and return all; raise `InvalidValue` for one below what is used, unless with `force`."""
    problems: list[InvalidInput] = []
    unknown = set(limits) - set(LIMITED)
    if unknown:
        problems.append(UnrecognizedAttribute(attribute=shown_names(unknown), known=", ".join(LIMITED)))
    for resource in LIMITED:
        if resource in limits:
            fit(resource, LIMIT, limits[resource], problems)
    refuse(problems)
    for resource in sorted(limits):
        quotas.take(tx, project, resource)
    used = quotas.used(tx, project)
    if not force:
        refuse(
            [_too_low(one, limits[one], used[one]) for one in LIMITED if UNLIMITED < limits.get(one, -1) < used[one]]
        )
    for resource, limit in limits.items():
        quotas.store(tx, project, resource, limit)
    return show(tx, settings, project)


def delete(tx: Tx, project: str) -> None:
    """Give a project the defaults again; raise `TenantQuotaNotFound` if it has no limits of its own."""
    if project not in quotas.own_limits(tx, [project]):
        raise TenantQuotaNotFound(project=shown(project)[1:-1])
    quotas.forget(tx, project)


def enforce(
    tx: Tx, call: Call, project: str, own: Mapping[str, int | None], added: Mapping[str, Sequence[Item | None]]
) -> None:
    """Raise `OverQuota` if a project has more records now than it may; `own` are the limits of its own.

    `added` has for each resource the items of a request by which a record was inserted, in order.
    """
    limits = _effective(call.settings, own)
    limited = [resource for resource in LIMITED if added.get(resource) and limits[resource] != UNLIMITED]
    if not limited:
        return
    for resource in limited:
        quotas.take(tx, project, resource)
    used = quotas.used(tx, project)
    over = [resource for resource in limited if used[resource] > limits[resource]]
    if over:
        first, items = over[0], added[over[0]]
        before = used[first] - len(items)
        with blaming(items[max(0, limits[first] - before)]):
            raise OverQuota(
                resources=over,
                project=project,
                limits=", ".join(f"{limits[one]} {one}(s)" for one in over),
                used=", ".join(str(used[one] - len(added[one])) for one in over),
            )


def _effective(settings: Settings, own: Mapping[str, int | None]) -> dict[str, int]:
    limits = defaults(settings)
    return limits | {resource: limit for resource, limit in own.items() if limit is not None}


def _too_low(resource: str, limit: int, used: int) -> InvalidValue:
    reason = f"limit {limit} is less than the {used} in use; with force it is set all the same"
    return InvalidValue(attribute=resource, value=limit, reason=reason)
