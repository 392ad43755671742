"""What no attribute takes, made from its declaration but not by the code that checks it."""

from typing import Any

from hypothesis import strategies as st

from segmentary.rules.attribute import Attribute
from segmentary.rules.kind import Choice, Entries, Flag, Integer, Text, Uuid
from segmentary.rules.tags import Tags

Json = st.SearchStrategy[Any]

CONTROLS = st.sampled_from(["\0", "\x01", "\x1b", "\x7f", "\x80", "\x9f", "\ud800", "\udfff"])
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LISTS = st.lists(st.none() | st.integers() | st.text(max_size=5), max_size=3)
OBJECTS = st.dictionaries(st.text(max_size=5), st.integers(), max_size=3)
FRACTIONS = st.floats(-1e6, 1e6).map(lambda value: value if value % 1 else value + 0.5)
WHOLE_FLOATS = st.integers(1, 4094).map(float)
NO_NUMBERS = st.sampled_from(["", " ", "1 ", " 1", "+1", "1.0", "1e3", "0x1", "one", "\u0661", "1_0", "--1", "NaN"])

ANY_JSON: Json = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def unfit(one: Attribute) -> Json:  # noqa: PLR0911, one return for each kind
    """Return values that the attribute must not take."""
    nothing: Json = st.nothing() if one.null else st.none()
    match one.kind:
        case Text(maximum, minimum, lines):
            # "" stands for none where the attribute says so
            too_short: Json = st.just("") if minimum and not one.empty else st.nothing()
            too_long = st.integers(maximum + 1, maximum + 300).map(lambda length: "x" * length)
            breaks: Json = st.nothing() if lines else st.sampled_from(["\n", "\r", "\t"])
            inside = st.builds(
                lambda before, bad: f"{before}{bad}x", st.sampled_from(["", "a", "ä"]), CONTROLS | breaks
            )
            return nothing | too_short | too_long | inside | st.booleans() | NUMBERS | LISTS | OBJECTS
        case Integer(minimum, maximum, decimal_text):
            outside = st.integers(max_value=minimum - 1) | st.integers(min_value=maximum + 1)
            texts = (
                outside.map(str) | NO_NUMBERS if decimal_text else st.integers(minimum, maximum).map(str) | NO_NUMBERS
            )
            return nothing | outside | texts | st.booleans() | FRACTIONS | WHOLE_FLOATS | LISTS | OBJECTS
        case Flag():
            words = st.sampled_from(["true", "false", "True", "1", "0", "yes", "no", "on", ""])
            return nothing | words | NUMBERS | LISTS | OBJECTS
        case Choice(values):
            near = st.sampled_from(values).flatmap(lambda word: st.sampled_from([word.upper(), f"{word} ", f" {word}"]))
            return nothing | near | st.sampled_from(["", "vlam", "\0"]) | st.booleans() | NUMBERS | LISTS | OBJECTS
        case Uuid():
            near = st.uuids().flatmap(lambda one: st.sampled_from([f"{one}0", str(one)[:-1], f"{{{one}}}", f"g{one}"]))
            return nothing | near | st.sampled_from(["", "blue", "\0"]) | st.booleans() | NUMBERS | LISTS | OBJECTS
        case Entries():
            entries = st.sampled_from(
                [
                    [],
                    [1],
                    [None],
                    [[]],
                    [{"mtu": 1}],
                    [{"provider:network_type": 5}],
                    [{"provider:segmentation_id": -1}],
                ]
            )
            return nothing | entries | st.booleans() | NUMBERS | st.text(max_size=9) | OBJECTS
        case Tags(entry, most):
            wrong = [["a", "a"], [""], [None], [["a"]], ["\ud800"], ["a\n"], ["x" * (entry.maximum + 1)]]
            lists = st.sampled_from([*wrong, [str(number) for number in range(most + 1)]])
            return nothing | lists | st.booleans() | NUMBERS | st.text(max_size=9) | OBJECTS
        case _:
            raise TypeError(one)
