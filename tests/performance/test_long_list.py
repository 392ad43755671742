"""A long list is answered part after part, of one state of the database, and never held as a whole."""

import json
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

import segmentary
from bench.database import Database
from bench.identifiers import STORED, identifier
from segmentary.api.body import Bodies
from segmentary.api.wsgi import make_wsgi
from segmentary.app import PART

RunSql = Callable[[str], Sequence[Sequence[Any]]]
SEGMENTS = 2 * PART + 5
Ask = Callable[[str], Iterator[bytes]]


@pytest.fixture
def ask(database_url: str, database_kind: str) -> Iterator[Ask]:
    Database(database_kind, database_url, "").fill(SEGMENTS)
    with segmentary.open(database_url) as app:
        wsgi = make_wsgi(app, Bodies(app.settings))

        def answer(query: str) -> Iterator[bytes]:
            environment: dict[str, Any] = {"PATH_INFO": "/v2.0/segments", "QUERY_STRING": query}
            setup_testing_defaults(environment)
            statuses: list[str] = []
            start: Any = lambda status, _headers: statuses.append(status)  # noqa: E731, typed
            body = iter(wsgi(environment, start))
            assert statuses == ["200 OK"]
            return body

        yield answer


def numbers(document: dict[str, Any]) -> list[int]:
    return [one["segmentation_id"] for one in document["segments"]]


def test_parts_make_the_whole_list_of_one_state(ask: Ask, run_sql: RunSql) -> None:
    body = ask("fields=segmentation_id&fields=id")
    begun = next(body)
    assert begun.count(b"segmentation_id") == PART
    run_sql(f"DELETE FROM segments WHERE id = '{identifier(STORED, SEGMENTS)}'")
    assert numbers(json.loads(begun + b"".join(body))) == list(range(1, SEGMENTS + 1))
    again = json.loads(b"".join(ask("fields=segmentation_id&sort_key=name&sort_dir=desc&sort_key=id&sort_dir=desc")))
    assert numbers(again) == list(range(SEGMENTS - 1, 0, -1))


@pytest.mark.databases("sqlite")
def test_links_of_a_page_of_several_parts_lead_on(ask: Ask) -> None:
    limit = PART + 2
    page = json.loads(b"".join(ask(f"fields=segmentation_id&limit={limit}")))
    assert numbers(page) == list(range(1, limit + 1))
    following = next(one["href"] for one in page["segments_links"] if one["rel"] == "next").partition("?")[2]
    assert numbers(json.loads(b"".join(ask(following)))) == list(range(limit + 1, 2 * limit + 1))
    assert identifier(STORED, limit) in following


@pytest.mark.databases("sqlite")
def test_connection_of_a_list_that_is_not_read_to_its_end_is_given_back(ask: Ask) -> None:
    for _ in range(20):  # more than there are connections
        body = ask("")
        next(body)
        body.close()  # type: ignore[attr-defined]  # a server closes what it answers with
    assert len(numbers(json.loads(b"".join(ask("limit=3"))))) == 3


@pytest.mark.databases("sqlite")
def test_no_more_memory_is_used_for_two_parts_than_for_one(ask: Ask) -> None:
    def peak(query: str) -> int:
        tracemalloc.start()
        for _ in ask(query):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak("limit=1")
    part = peak(f"limit={PART}")
    assert peak("") < part * 1.75  # beside the rows of a part, what was made of those before
    # A row is a tuple of texts, and an object to be encoded; nothing else is made of it.
    assert part / PART < 2500
