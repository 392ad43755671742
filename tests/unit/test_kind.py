"""Each kind of value takes what it should and nothing else, at every limit."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentary.rules.evaluate import holds
from segmentary.rules.kind import Choice, Flag, Integer, Kind, Text, Timestamp, UnfitValueError, Uuid, View

ID = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"
VLAN_ID = Integer(1, 4094)
ARABIC_100 = "\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT ZERO}\N{ARABIC-INDIC DIGIT ZERO}"
KINDS: list[Kind] = [Uuid(), Text(8), Text(8, minimum=1, lines=True), VLAN_ID, Flag(), Choice(("a", "b")), Timestamp()]
CONTROLS = ["\0", "a\0b", "\x07", "\x1b[2J", "\x7f", "\x85", "\x9f", "line\nbreak", "tab\t"]
SURROGATES = ["\ud800", "a\udfff", "\udc00\ud800"]


def is_accepted(kind: Kind, value: object) -> bool:
    try:
        kind.accept(value)
    except UnfitValueError:
        return False
    return True


def is_parsed(kind: Kind, text: str) -> bool:
    try:
        kind.parse(text)
    except UnfitValueError:
        return False
    return True


@pytest.mark.parametrize("value", [1, 2, 4093, 4094])
def test_whole_numbers_within_the_limits_are_taken(value: int) -> None:
    assert VLAN_ID.accept(value) == value


@pytest.mark.parametrize(
    "value",
    [0, 4095, -1, 2**63, -(2**63), 10**5000, True, False, 100.0, 1.5, float("nan"), "100", "", None, [100], {"id": 1}],
    ids=lambda value: f"{type(value).__name__} {str(value)[:9] if value != 10**5000 else 'of 5001 digits'}",
)
def test_what_is_no_whole_number_within_the_limits_is_refused(value: object) -> None:
    with pytest.raises(UnfitValueError, match="a whole number from 1 to 4094"):
        VLAN_ID.accept(value)


def test_decimal_text_is_a_number_only_where_clients_send_it_so() -> None:
    kind = Integer(1, 4094, decimal_text=True)
    assert kind.accept("100") == 100
    for text in ("", "-", "0", "4095", "1e2", "100.0", " 100", "100\n", "0x64", "1_0", "+100", ARABIC_100, "9" * 5000):
        assert not is_accepted(kind, text), text
    assert not is_accepted(kind, True)  # noqa: FBT003, the value under test
    assert not is_accepted(kind, b"100")


def test_number_to_filter_by_may_lie_outside_the_limits() -> None:
    assert VLAN_ID.parse("9999") == 9999
    assert VLAN_ID.parse("-1") == -1
    assert VLAN_ID.parse("9" * 18) == 10**18 - 1
    for text in ("", "a", "1.0", "9" * 19, "9" * 5000, "\0"):
        assert not is_parsed(VLAN_ID, text), text


@pytest.mark.parametrize("value", [ID, ID.upper(), ID.replace("-", "")])
def test_uuid_is_stored_in_one_form_however_it_is_written(value: str) -> None:
    assert Uuid().accept(value) == ID


@pytest.mark.parametrize(
    "value",
    [
        "",
        "6d8f2a34",
        ID[:-1],
        ID + "0",
        ID + "\n",
        " " + ID[1:],
        "{" + ID + "}",
        "urn:uuid:" + ID,
        "g" + ID[1:],
        ID.replace("6", "\N{FULLWIDTH DIGIT SIX}"),
        "----" + ID.replace("-", ""),
        "6d8f2a341c1b-4c8e-9a55-0f0c3b1c7d11",
        "0x" + ID.replace("-", "")[2:],
        "1_" + ID.replace("-", "")[2:],
        UUID(ID),
        0,
        None,
    ],
    ids=repr,
)
def test_what_is_no_uuid_is_refused(value: object) -> None:
    assert not is_accepted(Uuid(), value)


@given(st.uuids())
def test_every_uuid_is_taken(value: UUID) -> None:
    assert Uuid().accept(str(value)) == str(value)
    assert Uuid().parse(value.hex) == str(value)


def test_text_is_limited_in_characters() -> None:
    kind = Text(3, minimum=1)
    assert [length for length in range(6) if is_accepted(kind, "ä" * length)] == [1, 2, 3]
    assert is_accepted(kind, "😀😀😀")
    assert is_accepted(Text(3), "")


@pytest.mark.parametrize("value", CONTROLS + SURROGATES, ids=ascii)
@pytest.mark.parametrize("kind", [Text(255), Text(255, minimum=1), Choice(("a",))], ids=repr)
def test_control_characters_and_lone_surrogates_are_neither_stored_nor_compared(kind: Kind, value: str) -> None:
    assert not is_accepted(kind, value)
    assert not is_parsed(kind, value)


def test_text_of_several_lines_has_line_breaks_and_tabs_and_no_other_controls() -> None:
    kind = Text(255, lines=True)
    assert is_accepted(kind, "one\r\n\ttwo\n")
    assert is_parsed(kind, "one\r\n\ttwo\n")
    assert not any(is_accepted(kind, value) for value in ["\0", "a\x0bb", "\x1b", "\x7f", *SURROGATES])


def test_text_longer_than_the_limit_may_be_looked_for() -> None:
    assert Text(3).parse("abcd") == "abcd"


@pytest.mark.parametrize("value", [None, 1, True, b"bytes", ["list"], {"a": "b"}], ids=repr)
def test_what_is_no_text_is_refused(value: object) -> None:
    assert not any(is_accepted(kind, value) for kind in (Text(255), Choice(("a",)), Timestamp(), Uuid()))


@given(st.text(max_size=12))
def test_text_that_is_taken_is_stored_unchanged_and_can_be_encoded(text: str) -> None:
    kind = Text(8, minimum=1)
    if is_accepted(kind, text):
        assert kind.accept(text) == kind.parse(text) == text
        assert 1 <= len(text) <= 8
        assert text.encode()
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text)


@pytest.mark.parametrize("value", [0, 1, 1.0, "true", "False", "", None, [], [True]], ids=repr)
def test_only_true_and_false_are_flags(value: object) -> None:
    assert not is_accepted(Flag(), value)
    assert Flag().accept(True) is True  # noqa: FBT003, the value under test
    assert Flag().accept(False) is False  # noqa: FBT003, the value under test


def test_flags_to_filter_by_are_spelled_in_the_ways_of_the_networking_api() -> None:
    assert [Flag().parse(text) for text in ("True", "true", "1", "yes", "ON", "t")] == [True] * 6
    assert [Flag().parse(text) for text in ("False", "false", "0", "no", "off", "F")] == [False] * 6
    assert not any(is_parsed(Flag(), text) for text in ("", "2", "tru", "None", "\0", " true"))


def test_a_choice_is_one_of_its_words_exactly() -> None:
    kind = Choice(("red", "blue"))
    assert kind.accept("red") == "red"
    assert not any(is_accepted(kind, value) for value in ("Red", "red ", " red", "", "green", 0, None, ["red"]))
    assert kind.parse("green") == "green"


@pytest.mark.parametrize("value", ["2026-08-07T10:15:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_moment_is_a_utc_time_in_whole_seconds(value: str) -> None:
    assert Timestamp().accept(value) == Timestamp().parse(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "2026-08-07",
        "2026-08-07T10:15:00",
        "2026-08-07T10:15:00z",
        "2026-08-07 10:15:00Z",
        "2026-08-07T10:15:00.5Z",
        "2026-08-07T10:15:00+00:00",
        "2026-08-07T10:15:00Z\n",
        "2026-13-07T10:15:00Z",
        "2026-02-30T10:15:00Z",
        "2026-08-07T24:00:00Z",
        "2026-08-07T10:15:60Z",
        "0000-01-01T00:00:00Z",
        "202\N{ARABIC-INDIC DIGIT SIX}-08-07T10:15:00Z",
        "",
    ],
)
def test_what_is_no_moment_of_the_calendar_is_refused(value: str) -> None:
    assert not is_accepted(Timestamp(), value)
    assert not is_parsed(Timestamp(), value)


def test_what_is_only_shown_is_never_accepted() -> None:
    assert not is_accepted(View(), "anything")
    assert not is_parsed(View(), "anything")


@pytest.mark.parametrize("kind", KINDS, ids=repr)
@given(value=st.none() | st.booleans() | st.integers(-1, 5000) | st.text(max_size=10) | st.floats())
def test_what_a_kind_takes_fulfils_the_condition_the_database_checks(kind: Kind, value: object) -> None:
    condition = kind.condition("value")
    if condition is not None and is_accepted(kind, value):
        assert holds(condition, {"value": kind.accept(value)})


@pytest.mark.parametrize("kind", [*KINDS, View()], ids=repr)
def test_a_refusal_says_what_is_allowed(kind: Kind) -> None:
    with pytest.raises(UnfitValueError) as refused:
        kind.accept(object())
    assert str(refused.value) == kind.allows
    assert kind.allows
