"""The audit of a Neutron's database."""

from collections.abc import Mapping

from segmentary.catalog.neutron import KNOWN, NEUTRON_RULES
from segmentary.db import neutron
from segmentary.db.transaction import Tx
from segmentary.rules.finding import Audit, Check
from segmentary.services.audit import Progress, check_of, look

_RULES = {rule.name: rule for rule in NEUTRON_RULES}
# How our collections are called there.
_NAMES = {"networksegments": "segments", "network_segment_ranges": "network_segment_ranges"}


def run(tx: Tx, source: str, down_seconds: int, limit: int, progress: Progress) -> Audit:
    """Look for rows that break what must hold; raise `InvalidSetting` for a schema that is not known."""
    release = neutron.release(tx)
    found = look(tx, list(neutron.groups(tx, down_seconds)), limit, progress, _check, _known)
    found = found._replace(findings=sorted(found.findings, key=lambda one: (one.check.collection, one.check.rule)))
    return Audit(source=f"{source} (Neutron {release})", time=tx.now, rows=neutron.counts(tx), **found._asdict())


def _check(rule: str, collection: str) -> Check:
    stored = _RULES.get(rule)
    if stored is not None:
        return Check(rule=rule, collection=collection, limit=stored.limit, why=stored.why, remedy=stored.remedy)
    ours = check_of(rule, _NAMES[collection])
    return Check(rule=rule, collection=collection, limit=ours.limit, why=ours.why, remedy=ours.remedy)


def _known(rule: str, values: Mapping[str, object]) -> str:
    """Return the published defect that leaves such rows, if there is one."""
    for told, of_values in KNOWN.get(rule, ()):
        if all(values.get(name) == value for name, value in of_values.items()):
            return told
    return ""
