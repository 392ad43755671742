"""What an audit finds: rows that break a rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One rule as an audit looks for it: in rows of `collection` it must be that `limit`.

    `why` says what goes wrong where it is not, `remedy` what to do about it.
    """

    rule: str
    collection: str
    limit: str
    why: str
    remedy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A row that breaks a rule: `row` is its id, or its key where it has none; `values` are those that the rule reads.

    `known` names a published defect that leaves such rows behind, if there is one.
    """

    check: Check
    row: str
    values: Mapping[str, object]
    known: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """The result of an audit: at most so many findings of each rule as asked for.

    `totals` says how many there are, by collection and rule; `checked` are all rules that were looked for; `rows` says
    how many rows each collection had.
    """

    source: str
    time: str
    checked: Sequence[Check]
    findings: Sequence[Finding]
    totals: Mapping[tuple[str, str], int]
    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many rows break a rule, once for each rule that they break."""
        return sum(self.totals.values())
