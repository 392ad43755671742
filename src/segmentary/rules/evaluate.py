"""The meaning of expressions in Python."""

from collections.abc import Callable, Mapping

from segmentary.rules.expression import And, AtMost, Between, Expression, IsTrue, Length, Not, OneOf, Or, Present

Row = Mapping[str, object]


def holds(expression: Expression, row: Row) -> bool:
    """Tell whether the condition holds for the row; an attribute the row lacks counts as absent."""
    return predicate(expression)(row)


def predicate(expression: Expression) -> Callable[[Row], bool]:  # noqa: PLR0911, one return for each kind of node
    """Return the expression as a function of a row."""
    match expression:
        case Or() | And() | Not():
            return _connective(expression)
        case OneOf(field, values):
            return lambda row: row.get(field) in values
        case Present(field):
            return lambda row: row.get(field) is not None
        case IsTrue(field):
            return lambda row: row.get(field) is True
        case Between(field, minimum, maximum):
            return lambda row: _is_between(row.get(field), minimum, maximum)
        case AtMost(field, other):
            return lambda row: _is_at_most(row.get(field), row.get(other))
        case Length(field, minimum, maximum):
            return lambda row: _has_length(row.get(field), minimum, maximum)
        case _:
            raise TypeError(expression)


def _connective(expression: Or | And | Not) -> Callable[[Row], bool]:
    if isinstance(expression, Not):
        operand = predicate(expression.operand)
        return lambda row: not operand(row)
    left, right = predicate(expression.left), predicate(expression.right)
    if isinstance(expression, And):
        return lambda row: left(row) and right(row)
    return lambda row: left(row) or right(row)


def _is_between(value: object, minimum: int, maximum: int | None) -> bool:
    return isinstance(value, int) and minimum <= value and (maximum is None or value <= maximum)


def _is_at_most(low: object, high: object) -> bool:
    return isinstance(low, int) and isinstance(high, int) and low <= high


def _has_length(value: object, minimum: int, maximum: int) -> bool:
    return isinstance(value, str) and minimum <= len(value) <= maximum
