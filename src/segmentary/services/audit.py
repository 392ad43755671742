"""The audit: every rule over the stored rows, all in one state of the database."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from segmentary.catalog import BY_COLLECTION, RESOURCES
from segmentary.catalog.agent import REPORT_RULES
from segmentary.catalog.network import NETWORK_MTU_FITS_SEGMENTS
from segmentary.catalog.stored import STORED_RULES
from segmentary.db import audit, views
from segmentary.db.audit import Broken
from segmentary.db.transaction import Tx
from segmentary.rules.finding import Audit, Check, Finding
from segmentary.rules.rule import ReferenceRule, RequestRule, RowRule, Rule, StoredRule, UniqueRule

# Called with how many of how many groups of rules were looked at, and the collection that comes next.
Progress = Callable[[int, int, str], None]
_MTU = StoredRule(
    name=NETWORK_MTU_FITS_SEGMENTS.name,
    limit=NETWORK_MTU_FITS_SEGMENTS.limit,
    why="Packets of the size that the network promises do not arrive.",
    remedy="Lower the mtu of the network, set it to 0 to follow the segments, or raise that of the physical network.",
)


def run(tx: Tx, source: str, global_mtu: int, limit: int, progress: Progress) -> Audit:
    """Look for rows that break any rule; `limit` is the most findings shown of each rule, none of them is uncounted.

    `tx` sees one state of the database; `source` says in the result which database it is.
    """
    groups = list(chain(audit.groups(tx), views.groups(tx, global_mtu)))
    checked: dict[tuple[str, str], Check] = {}
    findings: list[Finding] = []
    totals: dict[tuple[str, str], int] = {}
    for place, group in enumerate(groups):
        progress(place, len(groups), group.collection)
        for broken in audit.find(tx, group, limit):
            check = checked.setdefault((broken.rule, broken.collection), check_of(broken.rule, broken.collection))
            findings += _findings(check, broken)
            if broken.count:
                totals[check.collection, check.rule] = broken.count
    progress(len(groups), len(groups), "")
    rows = {resource.collection: audit.count(tx, resource.collection) for resource in RESOURCES}
    return Audit(
        source=source, time=tx.now, checked=tuple(checked.values()), findings=findings, totals=totals, rows=rows
    )


def check_of(rule: str, collection: str) -> Check:
    """Return what is told of a rule, or of a constraint that keeps what the program itself writes."""
    resource = BY_COLLECTION.get(collection)
    noun = resource.name.replace("_", " ") if resource else f"row of {collection}"
    match _RULES.get(rule):
        case RowRule(limit=limit, source=source, why=why, attribute=attribute):
            basis = f" Source: {source}." if source else ""
            told = why or f"Whoever reads the {noun} relies on it."
            return _check(
                rule, collection, f"{attribute}: {limit}", told + basis, f"Correct {attribute}, or delete the {noun}."
            )
        case UniqueRule(limit=limit, why=why):
            told = why or "Whoever looks one up finds two."
            return _check(rule, collection, limit, told, f"Keep one {noun}, change or delete the others.")
        case ReferenceRule(limit=limit, why=why, attribute=attribute):
            told = why or f"The {noun} belongs to nothing, and is shown and counted all the same."
            remedy = f"Create the record that {attribute} names again, or delete the {noun}."
            return _check(rule, collection, limit, told, remedy)
        case StoredRule(limit=limit, why=why, remedy=remedy):
            return _check(rule, collection, limit, why, remedy)
        case _:
            limit = f"what the constraint {rule} demands"
            return _check(rule, collection, limit, "The program relies on what it wrote itself.", "Delete the row.")


def _check(rule: str, collection: str, limit: str, why: str, remedy: str) -> Check:
    return Check(rule=rule, collection=collection, limit=limit, why=why, remedy=remedy)


def _findings(check: Check, broken: Broken) -> Iterator[Finding]:
    for key, values in broken.rows:
        yield Finding(check=check, row=row_name(key), values=values)


def row_name(key: Mapping[str, object]) -> str:
    """Return how a row is named: by its id, or by the columns of its key."""
    if len(key) == 1:
        return str(next(iter(key.values())))
    return ", ".join(f"{name}={value}" for name, value in key.items())


def _rules() -> Iterator[Rule | StoredRule]:
    for resource in RESOURCES:
        yield from resource.row_rules
        yield from (rule for rule in resource.rules if not isinstance(rule, RequestRule))
    yield from REPORT_RULES
    yield from (*STORED_RULES, _MTU)


_RULES = {rule.name: rule for rule in _rules()}
