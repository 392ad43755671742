"""Results of audits as JSON, and as SARIF 2.1.0, which code hosts and editors show.

SARIF: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections import Counter
from importlib.metadata import version

from segmentary.rules.finding import Audit, Check, Finding
from segmentary.wire import schema
from segmentary.wire.schema import TEXT, Schema

Wire = dict[str, object]
_NUMBERS: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
FINDING = schema.closed(
    {
        **dict.fromkeys(("rule", "collection", "row"), TEXT),
        "values": {"type": "object"},
        **dict.fromkeys(("limit", "why", "remedy"), TEXT),
        "known": TEXT,
    },
    "known",
)
RESULT = schema.closed(
    {
        "source": {**TEXT, "description": "Which database was looked at."},
        "time": TEXT,
        "checked": {"type": "integer", "description": "How many rules were looked for."},
        "rows": {**_NUMBERS, "description": "How many rows each collection had."},
        "total": {"type": "integer", "description": "How many rows break a rule, once for each that they break."},
        "totals": {**_NUMBERS, "description": "The same for each rule that is broken."},
        "findings": {**schema.array(FINDING), "description": "The first rows of each rule that is broken."},
    }
)


def result(audit: Audit) -> Wire:
    """Return an audit as a JSON object."""
    return {
        "source": audit.source,
        "time": audit.time,
        "checked": len(audit.checked),
        "rows": dict(audit.rows),
        "total": audit.total,
        "totals": _totals(audit),
        "findings": [_finding(one) for one in audit.findings],
    }


def _totals(audit: Audit) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for (_, rule), count in audit.totals.items():
        totals[rule] += count
    return dict(totals)


def _finding(one: Finding) -> Wire:
    check = one.check
    told: Wire = {"rule": check.rule, "collection": check.collection, "row": one.row, "values": dict(one.values)}
    told |= {"limit": check.limit, "why": check.why, "remedy": check.remedy}
    return told | ({"known": one.known} if one.known else {})


def sarif(audit: Audit) -> Wire:
    """Return an audit as a SARIF log with one run."""
    checks = list({check.rule: check for check in audit.checked}.values())
    places = {check.rule: place for place, check in enumerate(checks)}
    driver: Wire = {"name": "segmentary", "version": version("segmentary"), "rules": [_rule(one) for one in checks]}
    results = [_result(one, places[one.check.rule]) for one in audit.findings]
    run: Wire = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "endTimeUtc": audit.time}],
        "results": results,
        "properties": {"source": audit.source, "rows": dict(audit.rows), "totals": _totals(audit)},
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule(check: Check) -> Wire:
    return {
        "id": check.rule,
        "shortDescription": {"text": sentence(check.limit)},
        "fullDescription": {"text": check.why},
        "help": {"text": check.remedy},
        "defaultConfiguration": {"level": "error"},
    }


def _result(one: Finding, place: int) -> Wire:
    where = f"{one.check.collection}/{one.row}"
    text = f"{where} ({values_text(one)}) breaks the rule: {one.check.limit}."
    return {
        "ruleId": one.check.rule,
        "ruleIndex": place,
        "level": "error",
        "message": {"text": f"{text} {one.known}".strip()},
        "locations": [{"logicalLocations": [{"name": one.row, "fullyQualifiedName": where, "kind": "row"}]}],
        "partialFingerprints": {"row/v1": f"{one.check.rule}:{where}"},
        "properties": {"values": dict(one.values)},
    }


def values_text(one: Finding) -> str:
    """Return the values of a finding on one line."""
    return ", ".join(f"{name}={'null' if value is None else value}" for name, value in one.values.items())


def sentence(limit: str) -> str:
    """Return a limit as a sentence."""
    return f"{limit[:1].upper()}{limit[1:]}."
