"""Any expression of the language selects in each database exactly the rows on which it holds in Python."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, ColumnElement, Connection, Integer, MetaData, Table, create_engine, insert, select

from segmentary.db import render
from segmentary.db.engine import parse_url
from segmentary.db.types import FLAG_TYPE, text_type
from segmentary.rules.evaluate import holds
from segmentary.rules.expression import AtMost, Between, Expression, IsTrue, Length, Not, OneOf, Present

WORDS = (None, "", "a", "A", "a ", "ä", "ab")
NUMBERS = (None, 0, 1, 4094)
ROWS = [
    {"place": place, "word": word, "low": low, "high": high, "flag": flag}
    for place, (word, low, high, flag) in enumerate(product(WORDS, NUMBERS, NUMBERS, (None, True, False)), start=1)
]
TABLE = Table(
    "trial",
    MetaData(),
    Column("place", Integer, primary_key=True),
    Column("word", text_type(8)),
    Column("low", Integer),
    Column("high", Integer),
    Column("flag", FLAG_TYPE),
    prefixes=["TEMPORARY"],
)

FIELDS = st.sampled_from(["low", "high"])
LEAVES = st.one_of(
    st.builds(Present, st.sampled_from(["word", "low", "high", "flag"])),
    st.just(IsTrue("flag")),
    st.builds(OneOf, st.just("word"), st.lists(st.sampled_from(WORDS[1:]), min_size=1, max_size=3).map(tuple)),
    st.builds(OneOf, FIELDS, st.lists(st.sampled_from(NUMBERS[1:]), min_size=1, max_size=3).map(tuple)),
    st.builds(Between, FIELDS, st.integers(-1, 4095), st.none() | st.integers(-1, 4095)),
    st.builds(AtMost, FIELDS, FIELDS),
    st.builds(Length, st.just("word"), st.integers(0, 2), st.integers(0, 2)),
)
EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner), st.builds(lambda a, b: a & b, inner, inner), st.builds(lambda a, b: a | b, inner, inner)
    ),
    max_leaves=6,
)


def places(connection: Connection, condition: ColumnElement[bool]) -> Sequence[Any]:
    # CHECK constraints have their constants as literals too
    compiled = select(TABLE.c.place).where(condition).compile(connection, compile_kwargs={"literal_binds": True})
    return sorted(connection.exec_driver_sql(str(compiled)).scalars())


def test_random_expressions_select_the_rows_on_which_they_hold(empty_database_url: str) -> None:
    engine = create_engine(parse_url(empty_database_url)[0])
    with engine.connect() as connection:
        TABLE.create(connection)
        connection.execute(insert(TABLE), ROWS)

        @hypothesis.settings(max_examples=150)
        @given(EXPRESSIONS)
        def agrees(expression: Expression) -> None:
            condition = render.condition(expression, dict(TABLE.c.items()))
            expected = [row["place"] for row in ROWS if holds(expression, row)]
            assert places(connection, condition) == expected
            assert places(connection, ~condition) == [row["place"] for row in ROWS if row["place"] not in expected]

        agrees()
    engine.dispose()
