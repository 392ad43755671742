"""Whoever walks through the pages of a list sees every record once and in order, also while others come and go."""

from collections.abc import Callable, Iterator
from functools import cmp_to_key
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.client import Client, Object, client, links

KEYS = ("name", "description", "network_type", "revision_number", "segmentation_id")
NAMES = st.one_of(st.none(), st.sampled_from(["", "a", "A", "b", "é"]))
# The database is not emptied between examples: each has a network of its own.
EXAMPLES = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
SORTS = st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=3, unique_by=lambda one: one[0])


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url) as found:
        yield found


def query(network_id: str, sort: list[tuple[str, bool]], limit: int) -> str:
    pairs = [("network_id", network_id), ("limit", str(limit))]
    for key, descending in sort:
        pairs += [("sort_key", key), ("sort_dir", "desc" if descending else "asc")]
    return f"/segments?{urlencode(pairs)}"


def in_order(records: list[Object], sort: list[tuple[str, bool]]) -> list[str]:
    """Return the ids of the records in the order asked for: by bytes, null below every value, by id at last."""

    def place(value: Any) -> tuple[bool, Any]:  # noqa: ANN401, of any attribute
        return value is not None, value.encode() if isinstance(value, str) else value or 0

    def compare(one: Object, other: Object) -> int:
        for key, descending in [*sort, ("id", False)]:
            mine, theirs = place(one[key]), place(other[key])
            if mine != theirs:
                return (1 if mine > theirs else -1) * (-1 if descending else 1)
        return 0

    return [one["id"] for one in sorted(records, key=cmp_to_key(compare))]


def walk(api: Client, first: Object, relation: str, between: Callable[[], None] = lambda: None) -> list[list[str]]:
    """Return the ids of each page, following the links of one relation to where there is none."""
    pages, page = [], first
    while True:
        pages.append([one["id"] for one in page["segments"]])
        if relation not in links(page):
            return pages
        between()
        page = api.follow(links(page)[relation])


@given(names=st.lists(NAMES, min_size=1, max_size=7), sort=SORTS, limit=st.integers(1, 4))
@EXAMPLES
def test_pages_put_together_are_the_list_forwards_and_backwards(
    api: Client, names: list[str | None], sort: list[tuple[str, bool]], limit: int
) -> None:
    network = api.network()
    for name in names:
        api.segment(network_id=network["id"], network_type="local", name=name)
    records = api.ask("GET", f"/segments?network_id={network['id']}")["segments"]
    expected = in_order(records, sort)
    first = api.ask("GET", query(network["id"], sort, limit))
    assert sum(walk(api, first, "next"), []) == expected  # noqa: RUF017, few and short
    last = api.ask("GET", query(network["id"], sort, limit) + "&page_reverse=True")
    assert sum(reversed(walk(api, last, "previous")), []) == expected  # noqa: RUF017, as above


@given(
    names=st.lists(NAMES, min_size=3, max_size=7),
    sort=SORTS,
    limit=st.integers(1, 3),
    changes=st.lists(st.tuples(st.sampled_from(["add", "delete", "rename"]), st.integers(0, 6), NAMES), max_size=6),
)
@EXAMPLES
def test_what_stays_as_it_is_comes_once_and_in_order_while_others_come_and_go(
    api: Client,
    names: list[str | None],
    sort: list[tuple[str, bool]],
    limit: int,
    changes: list[tuple[str, int, str | None]],
) -> None:
    network = api.network()
    made = [api.segment(network_id=network["id"], network_type="local", name=name)["id"] for name in names]
    untouched, waiting = set(made), list(changes)

    def between() -> None:
        if not waiting:
            return
        change, place, name = waiting.pop()
        one = made[place % len(made)]
        if change == "add":
            api.segment(network_id=network["id"], network_type="local", name=name)
        elif api.send("GET", f"/segments/{one}").status_code == 200:
            untouched.discard(one)
            body = {"segment": {"name": name}} if change == "rename" else None
            api.ask("PUT" if change == "rename" else "DELETE", f"/segments/{one}", body)

    pages = walk(api, api.ask("GET", query(network["id"], sort, limit)), "next", between)
    seen = [one for page in pages for one in page if one in untouched]
    records = api.ask("GET", f"/segments?network_id={network['id']}")["segments"]
    assert seen == [one for one in in_order(records, sort) if one in untouched]


def test_links_are_as_the_networking_api_has_them(api: Client) -> None:
    network = api.network()
    made = sorted(
        [
            *(api.segment(network_id=network["id"], network_type="local")["id"] for _ in range(3)),
            api.ask("GET", f"/segments?network_id={network['id']}")["segments"][0]["id"],
        ]
    )
    path = f"/segments?network_id={network['id']}&limit=2"
    first = api.ask("GET", path)
    second = api.follow(links(first)["next"])
    assert [one["id"] for one in first["segments"] + second["segments"]] == made
    assert set(links(first)) == set(links(second)) == {"next", "previous"}
    third = api.follow(links(second)["next"])
    assert third["segments"] == []
    assert set(links(third)) == {"previous"}
    assert api.follow(links(third)["previous"])["segments"] == second["segments"]
    zeroth = api.follow(links(first)["previous"])
    assert zeroth["segments"] == []
    assert set(links(zeroth)) == {"next"}
    assert api.follow(links(zeroth)["next"])["segments"] == first["segments"]


def test_links_repeat_the_whole_query(api: Client) -> None:
    api.ask("POST", "/networks", {"networks": [{"name": "a b&c"}, {"name": "a b&c"}]})
    answer = api.ask("GET", "/networks?name=a+b%26c&name=x&fields=id&fields=name&limit=1&sort_key=name&sort_dir=desc")
    again = api.follow(links(answer)["next"])
    assert [set(one) for one in again["networks"]] == [{"id", "name"}]
    assert again["networks"][0]["name"] == "a b&c"
    assert again["networks"] != answer["networks"]


def test_page_has_no_links_without_a_limit(api: Client) -> None:
    assert set(api.ask("GET", "/networks?marker=6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11")) == {"networks"}
    assert set(api.ask("GET", "/networks?limit=0")) == {"networks"}


def test_marker_is_ignored_without_a_limit(api: Client) -> None:
    made = api.network()["id"]
    assert [one["id"] for one in api.ask("GET", f"/networks?marker={made}")["networks"]] == [made]
    assert len(api.ask("GET", "/networks?marker=nonsense")["networks"]) == 1


def test_marker_that_is_the_last_record_gives_an_empty_page(api: Client) -> None:
    made = api.network()["id"]
    assert api.ask("GET", f"/networks?limit=5&marker={made}")["networks"] == []


def test_marker_of_a_record_that_has_gone_is_a_place_in_the_order_by_id(api: Client) -> None:
    first, second = sorted(api.network()["id"] for _ in range(2))
    api.ask("DELETE", f"/networks/{first}")
    assert [one["id"] for one in api.ask("GET", f"/networks?limit=1&marker={first}")["networks"]] == [second]
    by_name = f"/networks?limit=1&marker={first}&sort_key=name&sort_dir=asc"
    assert api.refused(404, "GET", by_name)["type"] == "NetworkNotFound"


def test_marker_that_is_no_id_is_not_found(api: Client) -> None:
    for marker in ("nonsense", "%00", "1"):
        assert api.refused(404, "GET", f"/segments?limit=1&marker={marker}")["type"] == "SegmentNotFound"


@pytest.mark.parametrize(
    "values",
    ["", "{}", "[]", "[ID]", '[ID,"a","b"]', "[ID,5]", "[ID,1e999]", "[ID,[]]", '[ID,"\\u0000"]', "[", "[" * 9999],
)
def test_marker_values_that_no_link_has_are_refused(api: Client, values: str) -> None:
    made = api.network()["id"]
    marker = urlencode({"marker": made, "marker_values": values.replace("ID", f'"{made}"')})
    error = api.refused(400, "GET", f"/networks?limit=1&sort_key=name&sort_dir=asc&{marker}")
    assert error["problems"] == [{"attribute": "marker_values"}]


def test_marker_values_of_another_marker_do_not_count(api: Client) -> None:
    made = [api.network(name=name)["id"] for name in ("a", "b", "c")]
    old = parse_qs(urlsplit(links(api.ask("GET", "/networks?limit=1&sort_key=name&sort_dir=asc"))["next"]).query)
    (values,) = old["marker_values"]
    query = urlencode({"marker": made[1], "marker_values": values})
    answer = api.ask("GET", f"/networks?limit=2&sort_key=name&sort_dir=asc&{query}")
    assert [one["id"] for one in answer["networks"]] == made[2:]


def test_largest_page_counts_with_and_without_a_limit(database_url: str) -> None:
    with client(database_url, page_limit=2) as api:
        made = sorted(api.network()["id"] for _ in range(5))
        for asked in ("", "?limit=0", "?limit=4", "?limit=2147483647"):
            pages, page = [], api.ask("GET", f"/networks{asked}")
            while page["networks"]:
                pages.append([one["id"] for one in page["networks"]])
                page = api.follow(links(page)["next"]) if "next" in links(page) else {"networks": []}
            assert pages == [made[:2], made[2:4], made[4:]]
        assert len(api.ask("GET", "/networks?limit=1")["networks"]) == 1


def test_count_is_of_all_pages_and_only_on_request(api: Client) -> None:
    for name in ("a", "a", "a", "b"):
        api.network(name=name)
    assert "count" not in api.ask("GET", "/networks?limit=1")
    assert "count" not in api.ask("GET", "/networks?with_count=false")
    page = api.ask("GET", "/networks?with_count=true&limit=2&name=a&sort_key=mtu&sort_dir=desc")
    assert (page["count"], len(page["networks"])) == (3, 2)
    assert api.follow(links(page)["next"])["count"] == 3
    assert api.ask("GET", "/networks?with_count=true&name=nobody")["count"] == 0
    assert api.ask("GET", "/networks?with_count=true&provider:network_type=local")["count"] == 4
    assert api.ask("GET", "/networks?with_count=true&status=DOWN")["count"] == 0
    assert api.ask("GET", "/networks?with_count=true&status=ACTIVE")["count"] == 4


@pytest.mark.parametrize(
    "asked", ["limit=-1", "limit=x", "limit=", "limit=2147483648", "page_reverse=x", "with_count=2", "limit=1.0"]
)
def test_page_parameters_of_another_kind_are_refused(api: Client, asked: str) -> None:
    error = api.refused(400, "GET", f"/segments?{asked}")
    assert error["problems"] == [{"attribute": asked.partition("=")[0]}]
