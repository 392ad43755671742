"""Rule expressions as SQL, with the meaning they have in `segmentary.rules.evaluate`.

Each comparison is also "and the value is present": `x IS NOT NULL AND ...` is false, never unknown, where x is NULL.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, not_, or_, true

from segmentary.db.elements import CharacterLength
from segmentary.rules.expression import (
    And,
    AtMost,
    Between,
    Coalesced,
    Expression,
    IsTrue,
    Length,
    Not,
    OneOf,
    Or,
    Present,
)

Columns = Mapping[str, ColumnElement[Any]]


def condition(expression: Expression, columns: Columns) -> ColumnElement[bool]:
    """Return the SQL of a condition over these columns; constants stand in it as literals."""
    match expression:
        case And(left, right):
            return and_(condition(left, columns), condition(right, columns))
        case Or(left, right):
            return or_(condition(left, columns), condition(right, columns))
        case Not(operand):
            return not_(condition(operand, columns))
        case Present(field):
            return columns[field].is_not(None)
        case _:
            return _comparison(expression, columns)


def _comparison(expression: Expression, columns: Columns) -> ColumnElement[bool]:
    match expression:
        case OneOf(field, values):
            column = columns[field]
            return _of_present(column == values[0] if len(values) == 1 else column.in_(values), column)
        case IsTrue(field):
            return _of_present(columns[field] == true(), columns[field])
        case Between(field, minimum, None):
            return _of_present(columns[field] >= minimum, columns[field])
        case Between(field, minimum, maximum):
            return _of_present(columns[field].between(minimum, maximum), columns[field])
        case AtMost(field, other):
            return _of_present(columns[field] <= columns[other], columns[field], columns[other])
        case Length(field, minimum, maximum):
            return _of_present(CharacterLength(columns[field]).between(minimum, maximum), columns[field])
        case _:
            raise TypeError(expression)


def _of_present(comparison: ColumnElement[bool], *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the comparison, false where a column that may be NULL is."""
    return and_(*(column.is_not(None) for column in columns if getattr(column, "nullable", True)), comparison)


def generated(column: Coalesced, columns: Columns) -> ColumnElement[Any]:
    """Return the SQL of a generated column."""
    value = func.coalesce(columns[column.field], literal(column.default))
    if column.only_if is None:
        return value
    return case((condition(column.only_if, columns), value))
