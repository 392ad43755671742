"""The audit: every rule over the stored rows, all in one state of the database."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from segmentary.catalog import BY_COLLECTION, RESOURCES
from segmentary.catalog.agent import REPORT_RULES
from segmentary.catalog.network import NETWORK_MTU_FITS_SEGMENTS
from segmentary.catalog.stored import STORED_RULES
from segmentary.db import audit, views
from segmentary.db.audit import Group
from segmentary.db.transaction import Tx
from segmentary.rules.finding import Audit, Check, Finding
from segmentary.rules.rule import ReferenceRule, RequestRule, RowRule, Rule, StoredRule, UniqueRule


class Found(NamedTuple):
    """The part of an `Audit` that looking at groups of rules gives."""

    checked: tuple[Check, ...]
    findings: list[Finding]
    totals: dict[tuple[str, str], int]


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
    found = look(tx, list(chain(audit.groups(tx), views.groups(tx, global_mtu))), limit, progress, check_of)
    rows = {resource.collection: audit.count(tx, resource.collection) for resource in RESOURCES}
    return Audit(source=source, time=tx.now, rows=rows, **found._asdict())


def look(  # noqa: PLR0913, PLR0917, what is looked for, how much is told of it, and to whom
    tx: Tx,
    groups: Sequence[Group],
    limit: int,
    progress: Progress,
    told: Callable[[str, str], Check],
    known: Callable[[str, Mapping[str, object]], str] = lambda _rule, _values: "",
) -> Found:
    """Return what breaks the rules of groups; `told` and `known` say of a rule what stands in the findings."""
    checked: dict[tuple[str, str], Check] = {}
    findings: list[Finding] = []
    totals: Counter[tuple[str, str]] = Counter()
    for place, group in enumerate(groups):
        progress(place, len(groups), group.collection)
        for broken in audit.find(tx, group, limit):
            key = broken.rule, broken.collection
            check = checked[key] if key in checked else checked.setdefault(key, told(*key))
            findings += [
                Finding(check=check, row=_row_name(name), values=values, known=known(check.rule, values))
                for name, values in broken.rows
            ]
            if broken.count:
                totals[check.collection, check.rule] += broken.count
    progress(len(groups), len(groups), "")
    return Found(tuple(checked.values()), findings, dict(totals))


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


def _row_name(key: Mapping[str, object]) -> str:
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
