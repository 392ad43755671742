"""Expressions over the attributes of one record, as frozen trees.

    implies(equal("network_type", "vlan"), between("segmentation_id", 1, 4094))

            Or
           /  \
        Not    Between(segmentation_id, 1, 4094)
         |
       Equal(network_type, vlan)

SQL's CHECK lets UNKNOWN pass and Python has no UNKNOWN. So each comparison here also means "and the value is present":
an expression is true or false on every row, and CHECK, evaluation and WHERE NOT select exactly the same rows.
Only what every database computes alike is in the language; there are no patterns.
"""

from dataclasses import dataclass


class Expression:
    """A condition on one record: true or false, never unknown."""

    def __and__(self, other: "Expression") -> "Expression":
        """Both hold."""
        return And(self, other)

    def __or__(self, other: "Expression") -> "Expression":
        """At least one holds."""
        return Or(self, other)

    def __invert__(self) -> "Expression":
        """The condition does not hold."""
        return Not(self)


@dataclass(frozen=True, slots=True)
class Present(Expression):
    """The attribute has a value."""

    field: str


@dataclass(frozen=True, slots=True)
class OneOf(Expression):
    """The attribute has one of these values, compared byte by byte."""

    field: str
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class IsTrue(Expression):
    """The flag is true."""

    field: str


@dataclass(frozen=True, slots=True)
class Between(Expression):
    """The number lies within the limits, both included; `None` leaves a side open."""

    field: str
    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True)
class AtMost(Expression):
    """The number is at most that of another attribute."""

    field: str
    other: str


@dataclass(frozen=True, slots=True)
class Length(Expression):
    """The text has between `minimum` and `maximum` characters (not bytes), both included."""

    field: str
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class And(Expression):
    """Both hold."""

    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Or(Expression):
    """At least one holds."""

    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """The condition does not hold."""

    operand: Expression


def present(field: str) -> Expression:
    """Return the condition that the attribute has a value."""
    return Present(field)


def absent(field: str) -> Expression:
    """Return the condition that the attribute has no value."""
    return Not(Present(field))


def equal(field: str, value: str | int) -> Expression:
    """Return the condition that the attribute has this value."""
    return OneOf(field, (value,))


def one_of(field: str, values: tuple[str | int, ...]) -> Expression:
    """Return the condition that the attribute has one of these values."""
    return OneOf(field, values)


def between(field: str, minimum: int, maximum: int | None) -> Expression:
    """Return the condition that the number lies within the limits, both included."""
    return Between(field, minimum, maximum)


def implies(condition: Expression, consequence: Expression) -> Expression:
    """Return the condition that `consequence` holds wherever `condition` does."""
    return Or(Not(condition), consequence)


@dataclass(frozen=True, slots=True)
class Coalesced:
    """A stored column computed from a record: the attribute, or `default` where it is absent; or nothing at all.

    Where `only_if` does not hold the column is NULL, and NULL never collides in a UNIQUE key.
    """

    name: str
    field: str
    default: str | int
    only_if: Expression | None = None
