"""Driver error -> the rule whose constraint fired."""

from collections.abc import Iterable

from sqlalchemy import UniqueConstraint

from segmentary.catalog import RESOURCES
from segmentary.catalog.agent import REPORT_RULES
from segmentary.catalog.event_destination import DELIVERY_RULES
from segmentary.db.dialects import Failure
from segmentary.db.tables import METADATA
from segmentary.errors import InconsistentData, SegmentaryError
from segmentary.rules.rule import ReferenceRule, Rule, UniqueRule


class ConstraintBroken(Exception):  # noqa: N818, it is a condition that services explain, never an answer
    """A constraint of the database refused a row; `rule` is None where the driver does not say which."""

    def __init__(self, rule: Rule | None) -> None:
        """Keep the rule."""
        self.rule = rule
        super().__init__(rule.name if rule else "a reference")


def _rules() -> Iterable[Rule]:
    for resource in RESOURCES:
        yield from resource.row_rules
        yield from resource.rules
    yield from REPORT_RULES
    yield from DELIVERY_RULES


_BY_NAME = {rule.name: rule for rule in _rules()}
_BY_COLUMNS = {
    tuple(f"{table.name}.{column.name}" for column in constraint.columns): constraint.name
    for table in METADATA.tables.values()
    for constraint in table.constraints
    if isinstance(constraint, UniqueConstraint)
}


def explained(failure: Failure) -> ConstraintBroken | SegmentaryError:
    """Return what a refused row means: a rule that the stored state decides, or a defect of the request check."""
    name = failure.constraint
    if failure.columns:
        name = str(_BY_COLUMNS.get(failure.columns, ", ".join(failure.columns)))
    if not name:
        return ConstraintBroken(None)
    rule = _BY_NAME.get(name)
    if isinstance(rule, UniqueRule | ReferenceRule):
        return ConstraintBroken(rule)
    return InconsistentData(rule=name)
