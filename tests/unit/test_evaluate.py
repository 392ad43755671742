"""What expressions mean in Python; tests/rules proves that they mean the same to each database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentary.rules.evaluate import Row, holds
from segmentary.rules.expression import (
    AtMost,
    Expression,
    Length,
    absent,
    between,
    equal,
    implies,
    one_of,
    present,
)

TRUE, FALSE = present("here"), absent("here")
ROW: Row = {"here": 1, "none": None, "text": "äöü", "low": 1, "high": 4094}


@pytest.mark.parametrize(
    ("value", "expected"), [(0, False), (1, True), (4094, True), (4095, False), (None, False), ("100", False)]
)
def test_between_includes_both_limits_and_no_absent_value(value: object, expected: bool) -> None:  # noqa: FBT001, a verdict
    assert holds(between("id", 1, 4094), {"id": value}) is expected


def test_between_with_an_open_side_has_no_largest_value() -> None:
    assert holds(between("id", 1, None), {"id": 2**70})
    assert not holds(between("id", 1, None), {"id": 0})


def test_length_counts_characters_and_not_bytes() -> None:
    assert holds(Length("text", 3, 3), ROW)
    assert not holds(Length("text", 4, 6), ROW)
    assert not holds(Length("none", 0, 6), ROW)


def test_equal_distinguishes_case_and_trailing_spaces() -> None:
    assert holds(equal("text", "p"), {"text": "p"})
    assert not holds(equal("text", "p"), {"text": "P"})
    assert not holds(equal("text", "p"), {"text": "p "})


def test_one_of_holds_for_no_absent_value() -> None:
    assert holds(one_of("low", (1, 2)), ROW)
    assert not holds(one_of("none", ("a", "b")), ROW)
    assert not holds(one_of("unmentioned", ("a", "b")), ROW)


def test_at_most_compares_two_attributes_that_are_both_present() -> None:
    assert holds(AtMost("low", "high"), ROW)
    assert holds(AtMost("low", "low"), ROW)
    assert not holds(AtMost("high", "low"), ROW)
    assert not holds(AtMost("low", "none"), ROW)
    assert not holds(AtMost("none", "high"), ROW)


@pytest.mark.parametrize("left", [TRUE, FALSE])
@pytest.mark.parametrize("right", [TRUE, FALSE])
def test_connectives_have_their_truth_tables(left: Expression, right: Expression) -> None:
    one, other = holds(left, ROW), holds(right, ROW)
    assert holds(left & right, ROW) is (one and other)
    assert holds(left | right, ROW) is (one or other)
    assert holds(implies(left, right), ROW) is (not one or other)
    assert holds(~left, ROW) is not one


VALUES = st.none() | st.integers(-2, 5) | st.text("abÄ", max_size=3)
LEAVES = st.sampled_from(
    [present("a"), equal("a", 1), one_of("a", ("a", "Ä")), between("a", 0, 3), AtMost("a", "b"), Length("b", 1, 2)]
)
EXPRESSIONS = st.recursive(
    LEAVES, lambda inner: st.one_of(st.builds(lambda one: ~one, inner), st.builds(lambda x, y: x & y, inner, inner))
)


@given(EXPRESSIONS, st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES}))
def test_an_expression_is_true_or_false_on_every_row_and_its_negation_the_other(
    expression: Expression, row: dict[str, object]
) -> None:
    assert {holds(expression, row), holds(~expression, row)} == {True, False}


def test_what_is_no_expression_of_the_language_is_refused() -> None:
    with pytest.raises(TypeError):
        holds(Expression(), {})
