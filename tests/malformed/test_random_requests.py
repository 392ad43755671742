"""Requests by the hundred that are wrong somewhere: refused with words that help, and nothing is stored."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from segmentary.catalog import BY_COLLECTION, RESOURCES
from segmentary.rules.attribute import Attribute, Presence, Resource
from tests.malformed.refusing import CREATABLE, Refusing, RunSql, refusing, writable
from tests.malformed.strategies import ANY_JSON, unfit

# The fixture is a server, which every example uses and none may change.
several = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
each = st.sampled_from
ROUTED = tuple(one for one in RESOURCES if one.routed)
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
Wrong = tuple[Resource, Attribute, Any]


@pytest.fixture
def server(database_url: str, run_sql: RunSql) -> Iterator[Refusing]:
    with refusing(database_url, run_sql) as found:
        yield found


def path_of(resource: Resource) -> str:
    return f"/v2.0/{resource.collection}"


def wrong_values(*, create: bool) -> st.SearchStrategy[Wrong]:
    """Return a resource, one of its attributes, and a value that the attribute must not take."""
    choices = [(resource, one) for resource in CREATABLE for one in writable(resource, create=create)]
    return each(choices).flatmap(lambda choice: st.tuples(st.just(choice[0]), st.just(choice[1]), unfit(choice[1])))


@several
@given(wrong=wrong_values(create=True))
def test_value_of_a_wrong_kind_or_beyond_the_limits_is_named_on_create(server: Refusing, wrong: Wrong) -> None:
    resource, one, value = wrong
    right, name = server.valid[resource.name], str(one.wire)
    item = {**right, name: value}
    assert name in server.refused("POST", path_of(resource), {resource.name: item})
    for bare_or_wrapped in (item, {resource.name: item}):
        message = server.refused("POST", path_of(resource), {resource.collection: [right, bare_or_wrapped]})
        assert name in message
        assert f"{resource.collection}[1]: " in message


@several
@given(wrong=wrong_values(create=False))
def test_value_of_a_wrong_kind_or_beyond_the_limits_is_named_on_update(server: Refusing, wrong: Wrong) -> None:
    resource, one, value = wrong
    path = f"{path_of(resource)}/{server.ids[resource.name]}"
    assert str(one.wire) in server.refused("PUT", path, {resource.name: {one.wire: value}})


@several
@given(data=st.data(), value=ANY_JSON)
def test_what_only_the_server_sets_is_refused_by_name(server: Refusing, data: st.DataObject, value: Any) -> None:  # noqa: ANN401 - any JSON
    resource = data.draw(each(CREATABLE))
    read_only = [one for one in resource.attributes if one.wire and one.create is Presence.REFUSED]
    fixed = [one for one in resource.attributes if one.wire and not one.update]
    one = data.draw(each(read_only))
    body = {resource.name: {**server.valid[resource.name], str(one.wire): value}}
    assert f"'{one.wire}' not allowed in POST" in server.refused("POST", path_of(resource), body)
    one = data.draw(each(fixed))
    path = f"{path_of(resource)}/{server.ids[resource.name]}"
    assert f"read-only attribute {one.wire}" in server.refused("PUT", path, {resource.name: {one.wire: value}})


@several
@given(resource=each(CREATABLE), key=st.text(max_size=30), value=ANY_JSON)
@example(resource=CREATABLE[0], key="", value=None)
@example(resource=CREATABLE[0], key="{0}%s{name}", value=None)
@example(resource=CREATABLE[0], key="__class__", value=None)
@example(resource=CREATABLE[0], key="next_segment_index", value=1)
def test_attribute_that_does_not_exist_is_refused(server: Refusing, resource: Resource, key: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    assume(key not in resource.by_wire)
    for method, path in (
        ("POST", path_of(resource)),
        ("PUT", f"{path_of(resource)}/{server.ids[resource.name]}"),
    ):
        base = server.valid[resource.name] if method == "POST" else {}
        message = server.refused(method, path, {resource.name: {**base, key: value}})
        assert "Unrecognized attribute(s)" in message
        if key.isascii() and key.isalnum():
            assert key in message


@several
@given(resource=each(CREATABLE), document=ANY_JSON)
def test_json_that_is_no_request_is_refused(server: Refusing, resource: Resource, document: Any) -> None:  # noqa: ANN401 - any JSON
    for inner in (document, {resource.name: [document]}, {resource.collection: document, "x": 1}):
        server.refused("POST", path_of(resource), json.dumps(inner).encode())
    server.refused("PUT", f"{path_of(resource)}/{server.ids[resource.name]}", {resource.collection: [document]})


@several
@given(resource=each(CREATABLE), body=st.binary(max_size=200))
def test_bytes_that_are_no_json_are_refused(server: Refusing, resource: Resource, body: bytes) -> None:
    server.refused("POST", path_of(resource), body)
    server.refused("PUT", f"{path_of(resource)}/{server.ids[resource.name]}", body)


@several
@given(data=st.data(), resource=each(CREATABLE))
def test_request_damaged_on_its_way_is_refused_or_is_another_request(
    server: Refusing, data: st.DataObject, resource: Resource
) -> None:
    text = json.dumps({resource.name: server.valid[resource.name]}).encode()
    place = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:place] + data.draw(st.binary(max_size=3)) + text[place + data.draw(st.integers(0, 3)) :]
    answer = server.send("POST", path_of(resource), damaged)
    if answer.status_code == 201:
        server.remember()
    else:
        server.told(answer)


KEYS = sorted(
    {key for one in RESOURCES for key in one.by_wire}
    | {"fields", "sort_key", "sort_dir", "limit", "marker", "marker_values", "page_reverse", "with_count", "foo", ""}
)
TEXTS = (
    st.text(max_size=12)
    | each(
        ["", "-1", "0", "1", "9" * 30, "true", "None", "id", "name", "asc", "desc", "vxlan", "\0", "2026-02-30", "[]"]
    )
    | st.uuids().map(str)
)


@several
@given(resource=each(ROUTED), pairs=st.lists(st.tuples(each(KEYS) | st.text(max_size=8), TEXTS), max_size=6))
def test_any_query_is_answered_or_refused(server: Refusing, resource: Resource, pairs: list[tuple[str, str]]) -> None:
    query = urlencode([(key.encode(errors="replace"), text.encode(errors="replace")) for key, text in pairs])
    answer = server.send("GET", path_of(resource), query=query)
    if answer.status_code == 200:
        assert isinstance(answer.json[resource.collection], list)
    else:
        server.told(answer)


@several
@given(resource=each(ROUTED), query=st.text("%&=;+?#/\\'\"<>0123456789abcdefné\0 ", max_size=40))
def test_query_of_any_characters_is_answered_or_refused(server: Refusing, resource: Resource, query: str) -> None:
    answer = server.send("GET", path_of(resource), query=quote(query, safe="%&=;+?#/'\"<>").lstrip("?"))
    if answer.status_code != 200:
        server.told(answer)


SEGMENTS = st.text(max_size=20) | each(["..", ".", "a b", "%", "x.json", "networks", "extensions", "-1", "null", "\0"])


@several
@given(
    method=each(METHODS),
    start=each(
        [f"/v2.0/{one}" for one in BY_COLLECTION]
        + ["", "/v2.0", "/v3", "/v2.0/extensions", "/v2.0/hosts", "/v2.0/segments/x/hosts"]
    ),
    rest=st.lists(SEGMENTS, min_size=1, max_size=3),
)
def test_paths_and_methods_that_lead_nowhere_change_nothing(
    server: Refusing, method: str, start: str, rest: list[str]
) -> None:
    path = "/".join([start, *(quote(one, errors="replace", safe="") for one in rest)])
    answer = server.send(method, path, {} if method in {"POST", "PUT", "PATCH"} else None)
    if answer.status_code >= 400 and method != "HEAD" and answer.text:
        server.told(answer)
    assert answer.status_code in {200, 204, 400, 404, 405}
    assert method not in {"POST", "PUT", "PATCH", "DELETE"} or answer.status_code >= 400


@several
@given(resource=each(CREATABLE), text=st.text(max_size=40))
@example(resource=CREATABLE[0], text="a/b")
@example(resource=CREATABLE[0], text="a?b")
def test_id_that_is_none_is_not_found_by_any_method(server: Refusing, resource: Resource, text: str) -> None:
    path = f"{path_of(resource)}/{quote(text, errors='replace', safe='') or 'x'}"
    for method, body in (("GET", None), ("PUT", {resource.name: {}}), ("DELETE", None)):
        answer = server.send(method, path, body)
        assert answer.status_code == 404, (method, path, answer.text)
        server.told(answer)


HEADERS = (
    "If-Match",
    "Idempotency-Key",
    "X-OpenStack-Request-ID",
    "X-Auth-Token",
    "Content-Type",
    "Content-Encoding",
    "Accept",
    "Host",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "Range",
    "Cookie",
)
CHARACTERS = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")


@several
@given(headers=st.dictionaries(each(HEADERS), st.text(CHARACTERS, max_size=40), min_size=1, max_size=4))
@example(headers={"If-Match": "revision_number=" + "9" * 30})
@example(headers={"If-Match": "revision_number=1,revision_number=2"})
@example(headers={"Idempotency-Key": "\xff"})
@example(headers={"Host": "[::1"})
@example(headers={"Host": ""})
def test_headers_of_any_text_are_ignored_or_refused(server: Refusing, headers: dict[str, str]) -> None:
    path = f"/v2.0/networks/{server.ids['network']}"
    assert server.send("GET", "/", headers=headers).status_code == 200
    assert server.send("GET", path, headers=headers).status_code == 200
    assert server.send("GET", "/v2.0/networks", headers=headers, query="limit=1").status_code == 200
    server.refused("POST", "/v2.0/networks", {"network": {"mtu": -1}}, headers=headers)
    server.refused("PUT", path, {"network": {"mtu": -1}}, headers=headers)
