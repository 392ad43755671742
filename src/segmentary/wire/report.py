"""Reports of hosts: what one agent says, as JSON.

{"host": {"agent_type": "Open vSwitch agent",
"physical_networks": [{"name": "fabric-a", "via": "br-a"}],
"segmentation_ids": [{"network_type": "vlan", "physical_network": "fabric-a", "segmentation_id": 7}]}}
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from segmentary.catalog import Agent, HostMapping, Segment
from segmentary.catalog.agent import INCLUDED, REPORTER, Observed, Report
from segmentary.catalog.network_type import LARGEST_ID, NAMES
from segmentary.catalog.physical_network import PHYSICAL_NETWORK_NAME
from segmentary.catalog.standard import HOST
from segmentary.errors import InvalidInput, InvalidValue, MissingAttribute, UnrecognizedAttribute
from segmentary.rules.attribute import describe
from segmentary.rules.draft import broken_rules, fit, refuse, shown
from segmentary.rules.kind import Choice, Entries, Integer, Kind, Text, Uuid
from segmentary.rules.listing import HostQuery
from segmentary.wire import schema
from segmentary.wire.decode import load_object

_REACHES = Entries((("name", "name", PHYSICAL_NETWORK_NAME), ("via", "via", Text(255))), minimum=0, required=("name",))
_OBSERVED = Entries(
    (
        ("network_type", "network_type", Choice(NAMES)),
        ("physical_network", "physical_network", PHYSICAL_NETWORK_NAME),
        ("segmentation_id", "segmentation_id", Integer(1, LARGEST_ID)),
        ("network_id", "network_id", Uuid()),
    ),
    minimum=0,
    required=("network_type", "segmentation_id"),
)
_KINDS: Mapping[str, Kind] = {
    "agent_type": describe(Agent).by_name["agent_type"].kind,
    "binary": describe(Agent).by_name["program"].kind,
    "availability_zone": describe(Agent).by_name["availability_zone"].kind,
    "physical_networks": _REACHES,
    "segmentation_ids": _OBSERVED,
}

# The two bodies as JSON Schema.
SCHEMA = schema.closed(
    {key: schema.value(kind) for key, kind in _KINDS.items()}, *(set(_KINDS) - {"physical_networks"})
)
MAPPING_SCHEMA = schema.closed(
    {"mapping": {**schema.value(describe(HostMapping).by_name["mapping"].kind), "default": INCLUDED}}, "mapping"
)


def report(host: str, body: bytes) -> Report:
    """Return the report in a body; raise `InvalidInput` with all that is wrong with it."""
    given = load_object("host", body)
    problems: list[InvalidInput] = []
    values = _accepted(given, problems) | {"host": fit("host", HOST, host, problems)}
    if "physical_networks" not in given:
        problems.append(MissingAttribute(attribute="physical_networks"))
    refuse(problems)
    reaches = tuple((one["name"], one.get("via", "")) for one in values["physical_networks"])
    _require_different([name for name, _ in reaches], "physical_networks", problems)
    observed = None if "segmentation_ids" not in values else tuple(_observed(values["segmentation_ids"], problems))
    if observed is not None:
        _require_different([one[:3] for one in observed], "segmentation_ids", problems)
    refuse(problems)
    return Report(
        host=values["host"],
        agent_type=values.get("agent_type", REPORTER),
        binary=values.get("binary", ""),
        availability_zone=values.get("availability_zone"),
        physical_networks=reaches,
        observed=observed,
    )


def report_object(report: Report) -> dict[str, object]:
    """Return a report as it stands in a body."""
    said: dict[str, object] = {
        "agent_type": report.agent_type,
        "binary": report.binary,
        "availability_zone": report.availability_zone,
        "physical_networks": [{"name": name, "via": via} for name, via in report.physical_networks],
        "segmentation_ids": None if report.observed is None else [_entry(one) for one in report.observed],
    }
    return {key: value for key, value in said.items() if value is not None}


def pairs(query: HostQuery) -> list[tuple[str, str]]:
    """Return a query as it stands in a URL."""
    several = {
        "agent_type": query.included,
        "not_agent_type": query.excluded,
        "physical_network": query.physical_networks,
    }
    asked = [(name, value) for name, values in several.items() for value in values]
    return [*asked, ("limit", str(query.limit)), *([("marker", query.marker)] if query.marker else [])]


def mapping(body: bytes) -> str:
    """Return what a body says of one host and one segment: included, which is also meant by no body, or excluded."""
    if not body:
        return INCLUDED
    given = load_object("host_mapping", body)
    unknown = sorted(set(given) - {"mapping"})
    if unknown:
        raise UnrecognizedAttribute(attribute=", ".join(unknown), known="mapping")
    problems: list[InvalidInput] = []
    kind = describe(HostMapping).by_name["mapping"].kind
    value = fit("mapping", kind, given.get("mapping", INCLUDED), problems)
    refuse(problems)
    return str(value)


def host_name(text: str) -> str | None:
    """Return the name of a host in a path, or None for what can be none."""
    problems: list[InvalidInput] = []
    value = fit("host", HOST, text, problems)
    return None if problems else str(value)


def _accepted(given: Mapping[str, object], problems: list[InvalidInput]) -> dict[str, Any]:
    unknown = sorted(shown(key)[1:-1] for key in given if key not in _KINDS)
    if unknown:
        problems.append(UnrecognizedAttribute(attribute=", ".join(unknown), known=", ".join(_KINDS)))
    return {key: fit(key, _KINDS[key], value, problems) for key, value in given.items() if key in _KINDS}


def _observed(entries: tuple[dict[str, Any], ...], problems: list[InvalidInput]) -> list[Observed]:
    found = []
    for entry in entries:
        problems += broken_rules(describe(Segment).declared_row_rules, entry)
        found.append(
            (
                entry["network_type"],
                entry.get("physical_network", ""),
                entry["segmentation_id"],
                entry.get("network_id"),
            )
        )
    return found


def _entry(observed: Observed) -> dict[str, object]:
    network_type, physical_network, number, network_id = observed
    entry = {
        "network_type": network_type,
        "physical_network": physical_network or None,
        "segmentation_id": number,
        "network_id": network_id,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _require_different(values: list[Any], name: str, problems: list[InvalidInput]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        reason = f"{shown(twice[0])} stands in it more than once"
        problems.append(InvalidValue(attribute=name, value=twice[0], reason=reason))
