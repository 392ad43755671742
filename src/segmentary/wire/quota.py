"""Quotas on the wire.

{"quota": {"network": 5, "segment": -1, "network_segment_range": -1}}
"""

from collections.abc import Mapping
from dataclasses import dataclass

from segmentary.catalog.quota import LIMIT, LIMITED, PROJECT
from segmentary.errors import InvalidInput, UnrecognizedAttribute
from segmentary.rules.draft import fit, refuse, shown_names
from segmentary.rules.kind import Flag, Kind
from segmentary.wire import schema
from segmentary.wire.decode import load_object

# check_limit is what clients send for the opposite of force; Neutron takes it and does nothing with it.
_KINDS: Mapping[str, Kind] = {**dict.fromkeys(LIMITED, LIMIT), "force": Flag(), "check_limit": Flag()}
_LIMITS = {resource: schema.value(LIMIT) for resource in LIMITED}
_USAGE = schema.closed({name: {"type": "integer"} for name in ("limit", "used", "reserved")})
SHOWN = schema.closed({"quota": schema.closed(_LIMITS)})
LISTED = schema.closed(
    {"quotas": schema.array(schema.closed({**_LIMITS, "project_id": schema.TEXT, "tenant_id": schema.TEXT}))}
)
DETAILED = schema.closed({"quota": schema.closed(dict.fromkeys(LIMITED, _USAGE))})
UPDATE = schema.closed({"quota": schema.closed({key: schema.value(kind) for key, kind in _KINDS.items()}, *_KINDS)})


@dataclass(frozen=True, slots=True)
class Change:
    """What a request asks for: limits by resource, and whether they may be below what is used."""

    limits: Mapping[str, int]
    force: bool


def change(body: bytes) -> Change:
    """Return the change in a body; raise `InvalidInput` with all that is wrong with it."""
    given = load_object("quota", body)
    problems: list[InvalidInput] = []
    unknown = [key for key in given if key not in _KINDS]
    if unknown:
        problems.append(UnrecognizedAttribute(attribute=shown_names(unknown), known=", ".join(_KINDS)))
    accepted = {key: fit(key, _KINDS[key], value, problems) for key, value in given.items() if key in _KINDS}
    refuse(problems)
    limits = {key: value for key, value in accepted.items() if key in LIMITED and isinstance(value, int)}
    return Change(limits, accepted.get("force") is True)


def project(text: str) -> str:
    """Return the project in a path; raise `InvalidValue` for what can be none."""
    problems: list[InvalidInput] = []
    value = fit("project_id", PROJECT, text, problems)
    refuse(problems)
    return str(value)
