"""The audit of a Neutron's database."""

from segmentary.catalog.neutron import KNOWN, NEUTRON_RULES
from segmentary.db import audit, neutron
from segmentary.db.transaction import Tx
from segmentary.rules.finding import Audit, Check, Finding
from segmentary.services.audit import Progress, check_of, row_name

_RULES = {rule.name: rule for rule in NEUTRON_RULES}
# How our collections are called there.
_NAMES = {"networksegments": "segments", "network_segment_ranges": "network_segment_ranges"}


def run(tx: Tx, source: str, down_seconds: int, limit: int, progress: Progress) -> Audit:
    """Look for rows that break what must hold; raise `InvalidSetting` for a schema that is not known."""
    release = neutron.release(tx)
    groups = list(neutron.groups(tx, down_seconds))
    checked: dict[tuple[str, str], Check] = {}
    findings: list[Finding] = []
    totals: dict[tuple[str, str], int] = {}
    for place, group in enumerate(groups):
        progress(place, len(groups), group.collection)
        for broken in audit.find(tx, group, limit):
            check = checked.setdefault((broken.collection, broken.rule), _check(broken.rule, broken.collection))
            findings += [
                Finding(check=check, row=row_name(key), values=values, known=_known(check.rule, values))
                for key, values in broken.rows
            ]
            if broken.count:
                place_of_total = check.collection, check.rule
                totals[place_of_total] = totals.get(place_of_total, 0) + broken.count
    progress(len(groups), len(groups), "")
    return Audit(
        source=f"{source} (Neutron {release})",
        time=tx.now,
        checked=tuple(checked.values()),
        findings=sorted(findings, key=lambda one: (one.check.collection, one.check.rule)),
        totals=totals,
        rows=neutron.counts(tx),
    )


def _check(rule: str, collection: str) -> Check:
    stored = _RULES.get(rule)
    if stored is not None:
        return Check(rule=rule, collection=collection, limit=stored.limit, why=stored.why, remedy=stored.remedy)
    ours = check_of(rule, _NAMES[collection])
    return Check(rule=rule, collection=collection, limit=ours.limit, why=ours.why, remedy=ours.remedy)


def _known(rule: str, values: dict[str, object] | object) -> str:
    """Return the published defect that leaves such rows, if there is one."""
    assert isinstance(values, dict)  # noqa: S101, made by `audit.find`
    for told, of_values in KNOWN.get(rule, ()):
        if all(values.get(name) == value for name, value in of_values.items()):
            return told
    return ""
