"""The meaning of expressions in Python."""

from collections.abc import Callable, Mapping

from segmentary.rules.expression import And, AtMost, Between, Expression, IsTrue, Length, Not, OneOf, Or, Present

Row = Mapping[str, object]


def holds(expression: Expression, row: Row) -> bool:
    """Tell whether the condition holds for the row; an attribute the row lacks counts as absent."""
    return predicate(expression)(row)


def predicate(*expressions: Expression) -> Callable[[Row], bool]:
    """Return, as a function of a row, whether all hold; compiled: one made of functions takes five times as long."""
    text = " and ".join(source(one) for one in expressions) or "True"
    made: Callable[[Row], bool] = eval(f"lambda row: {text}")  # noqa: S307, what the catalog declares  # nosec B307
    return made


def source(expression: Expression) -> str:  # noqa: PLR0911, one return for each kind of node
    """Return the expression as Python, in parentheses."""
    match expression:
        case Or(left, right):
            return f"({source(left)} or {source(right)})"
        case And(left, right):
            return f"({source(left)} and {source(right)})"
        case Not(operand):
            return f"(not {source(operand)})"
        case OneOf(field, values):
            return f"(row.get({field!r}) in {values!r})"
        case Present(field):
            return f"(row.get({field!r}) is not None)"
        case IsTrue(field):
            return f"(row.get({field!r}) is True)"
        case Between(field, minimum, maximum):
            is_at_most = "" if maximum is None else f" <= {maximum}"
            return f"(isinstance(number := row.get({field!r}), int) and {minimum} <= number{is_at_most})"
        case AtMost(field, other):
            are_numbers = f"isinstance(low := row.get({field!r}), int) and isinstance(high := row.get({other!r}), int)"
            return f"({are_numbers} and low <= high)"
        case Length(field, minimum, maximum):
            return f"(isinstance(text := row.get({field!r}), str) and {minimum} <= len(text) <= {maximum})"
        case _:
            raise TypeError(expression)
