"""Questions for events."""

from urllib.parse import parse_qsl

import pytest

from segmentary.errors import InvalidInput
from segmentary.wire.event import EventQuery, event_query, last_event_id


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("after=-1", "after"),
        ("after=9223372036854775808", "9223372036854775807"),
        ("limit=0", "limit"),
        ("limit=1001", "1000"),
        ("wait=61", "60"),
        ("wait=soon", "60"),
        ("type=segment.split", "segment.created"),
        ("resource_id=7", "UUID"),
        ("before=3", "before"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_what_is_allowed(query: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        event_query(parse_qsl(query))


def test_without_options_everything_is_asked_for_from_the_beginning() -> None:
    assert event_query([]) == EventQuery(after=0, limit=500, wait=0, filters={})


def test_a_stream_goes_on_after_the_last_event_id() -> None:
    assert last_event_id("17") == 17
    with pytest.raises(InvalidInput, match="Last-Event-ID"):
        last_event_id("seventeen")
