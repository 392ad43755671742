"""Requests that have broken other servers, by hand: refused with the name of what is wrong, and nothing is stored."""

import gzip
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from segmentary.rules.attribute import Attribute, Resource
from segmentary.rules.kind import Entries, Flag, Integer
from segmentary.rules.tags import Tags
from tests.malformed.refusing import CREATABLE, Refusing, RunSql, refusing, writable

DEEP = 13
# JSON as it stands in a body, that no attribute takes, apart from the kinds beside it.
VALUES: dict[str, tuple[type, ...]] = {
    "1.5": (),
    "-0.0": (),
    "1e309": (),
    "-1e309": (),
    "1e-400": (),
    "1E3": (),
    f"1{'0' * 400}": (),
    f"-1{'0' * 40}": (),
    "-1": (),
    "true": (Flag,),
    "false": (Flag,),
    "[]": (Tags, Entries),
    "{}": (),
    "[null]": (),
    "[{}]": (),
    '{"id": 1}': (),
    "[" * DEEP + "]" * DEEP: (),
    '"\\u0000"': (),
    '"a\\u0000b"': (),
    '"\\ud800"': (),
    '"\\udfff\\ud800"': (),
    '"\\u001b[31mred"': (),
    '"\\u0085"': (),
    '"\\ufeff\\u0007"': (),
    f'"{"x" * 5000}"': (),
}
# Bodies that are no JSON, or JSON that two readers could understand differently, and a word of what is said.
BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "required"),
    "spaces": (b"   ", "not JSON"),
    "half": (b'{"network": {"name": "x"', "not JSON"),
    "two documents": (b'{"network": {}}{"network": {}}', "after the end"),
    "trailing comma": (b'{"network": {"name": "x",}}', "not JSON"),
    "comment": (b'{"network": {} /* x */}', "not JSON"),
    "single quotes": (b"{'network': {}}", "not JSON"),
    "NaN": (b'{"network": {"mtu": NaN}}', "NaN"),
    "Infinity": (b'{"network": {"mtu": -Infinity}}', "Infinity"),
    "leading zero": (b'{"network": {"mtu": 007}}', "not JSON"),
    "hexadecimal": (b'{"network": {"mtu": 0x10}}', "not JSON"),
    "thousands of digits": (b'{"network": {"mtu": ' + b"9" * 10_000 + b"}}", "too many digits"),
    "key twice": (b'{"network": {"name": "a", "name": "b"}}', "stands twice"),
    "outer key twice": (b'{"network": {}, "network": {"name": "x"}}', "stands twice"),
    "key twice by an escape": (b'{"network": {"name": "a", "n\\u0061me": "b"}}', "stands twice"),
    "both keys": (b'{"network": {}, "networks": []}', "more than"),
    "control character": (b'{"network": {"name": "a\x01b"}}', "control character"),
    "bare NUL": (b'{"network": {"name": "a\x00b"}}', "control character"),
    "byte order mark": (b'\xef\xbb\xbf{"network": {}}', "byte order mark"),
    "latin-1": ('{"network": {"name": "ä"}}'.encode("latin-1"), "not UTF-8"),
    "UTF-16": ('{"network": {}}'.encode("utf-16"), "not UTF-8"),
    "overlong UTF-8": (b'{"network": {"name": "\xc0\xaf"}}', "not UTF-8"),
    "surrogate in UTF-8": (b'{"network": {"name": "\xed\xa0\x80"}}', "not UTF-8"),
    "gzip": (gzip.compress(b'{"network": {}}'), "not UTF-8"),
    "broken gzip": (b"\x1f\x8b\x08\x00rubbish", "not UTF-8"),
    "form": (b"network=x", "not JSON"),
    "XML": (b"<network/>", "not JSON"),
    "deep list": (b'{"network": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested more than"),
    "deep object": (b'{"network": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}", "nested more than"),
    "constructor": (b'{"network": {"__proto__": {"shared": true}, "__class__": 1}}', "__proto__"),
}
IF_MATCH = (
    *("", " ", "*", "0", "revision_number", "revision_number=", "revision_number==0", "revision_number=-1"),
    *("revision_number=+0", "revision_number=0.0", "revision_number=1e3", "revision_number=0x0", "revision_number=٣"),
    *("revision_number=0,revision_number=1", "revision_number=0 or 1=1", "Revision_Number=0", 'W/"revision_number=0"'),
    *('"revision_number=0"x', f"revision_number={'9' * 40}", "id=1", "revision_number=0\x00", "x" * 5000),
)
KEYS = ("", "x" * 256, "a\x00b", "ä", "a\tb", "\x7f", "\u2028")
# What leads to no record, or to a filter that is none, and must not lead to a failure of ours.
PATHS = (
    *("/v2.0/networks/%00", "/v2.0/networks/%FF%FE", "/v2.0/networks/%C0%AF", "/v2.0/networks/%zz", "/v2.0/networks/%"),
    *("/v2.0/networks/..%2f..%2fetc%2fpasswd", "/v2.0/networks/../../etc/passwd", "/v2.0//networks//x", "//v2.0/x"),
    *("/v2.0/networks/{record_id}", "/v2.0/networks/%7Brecord_id%7D", "/v2.0/networks/' OR 1=1 --", "/v2.0/networks;x"),
    *(
        "/v2.0/networks/%F0%9F%98%80",
        f"/v2.0/networks/{'x' * 30_000}",
        f"/v2.0/{'x/' * 2000}",
        "/v2.0/networks/\r\nX: 1",
    ),
    *("/v2.0/networks/00000000-0000-0000-0000-00000000000g", "/v2.0/networks/null", "/v2.0/networks/-1", "/v2.0/%6e"),
    *("/v2.0/quotas/%00/details", "/v2.0/hosts/%00", "/v2.0/hosts/%ED%A0%80/segments", "/v2.0/extensions/%00"),
)
QUERIES = (
    *("%FF=1", "name=%FF", "%00=1", "na%00me=x", "limit=", "limit=%00", "limit=1e3", f"limit={'9' * 40}", "limit=-1"),
    *(
        "sort_key=%00&sort_dir=asc",
        "sort_dir=asc",
        "sort_key=name&sort_dir=asc;drop",
        "page_reverse=2",
        "with_count=%00",
    ),
    *("limit=1&marker=%00", "mtu=NaN", "mtu=1.5", "mtu=0x10", "shared=2", "created_at=today"),
    *("created_at=2026-13-01T00:00:00Z", "&".join(["name=x"] * 1001), "[]=1", "name[$ne]=x", "$where=1", "__class__=1"),
    *("limit=1&marker_values=[", f"limit=1&marker_values={'[' * 20_000}", "name=%00", "tags=%00", f"tags={',' * 60}"),
)
MANY = tuple(
    f"/v2.0/{collection}?{'&'.join(f'{key}={number}' for number in range(1, 1000))}"
    for collection, key in (
        ("networks", "mtu"),
        ("networks", "provider:segmentation_id"),
        ("segments", "segmentation_id"),
        ("segments", "host"),
        ("network_segment_ranges", "used"),
        ("network_segment_ranges", "available"),
        ("networks", "name"),
        ("networks", "id"),
        ("networks", "fields"),
    )
)


@pytest.fixture
def server(database_url: str, run_sql: RunSql) -> Iterator[Refusing]:
    with refusing(database_url, run_sql) as found:
        yield found


def attributes(*, create: bool) -> list[tuple[Resource, Attribute]]:
    return [(resource, one) for resource in CREATABLE for one in writable(resource, create=create)]


def taken(one: Attribute, value: str, kinds: tuple[type, ...]) -> bool:
    """Tell whether an attribute takes the value after all."""
    if isinstance(one.kind, Entries) and value == "[]":
        return one.kind.minimum == 0
    if isinstance(one.kind, Integer) and value == "-1":
        return one.kind.minimum < 0
    return isinstance(one.kind, kinds)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("create", [True, False], ids=["POST", "PUT"])
def test_hostile_value_of_each_attribute_is_refused_by_name(server: Refusing, create: bool) -> None:  # noqa: FBT001, a parameter of the test
    for resource, one in attributes(create=create):
        path = f"/v2.0/{resource.collection}" + ("" if create else f"/{server.ids[resource.name]}")
        rest = {key: value for key, value in server.valid[resource.name].items() if key != one.wire} if create else {}
        for value, kinds in VALUES.items():
            if taken(one, value, kinds):
                continue
            text = json.dumps({resource.name: {**rest, str(one.wire): "HERE"}}).replace('"HERE"', value)
            answer = server.send("POST" if create else "PUT", path, text.encode())
            assert answer.status_code == 400, f"{path} {one.wire} {value[:60]}: {answer.status} {answer.text}"
            assert str(one.wire) in answer.json["NeutronError"]["message"]
        server.unchanged()


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.databases("sqlite")
def test_hostile_body_is_refused_with_a_reason(server: Refusing, name: str) -> None:
    body, told = BODIES[name]
    for method, path in (("POST", "/v2.0/networks"), ("PUT", f"/v2.0/networks/{server.ids['network']}")):
        assert told in server.refused(method, path, body)
    for path in (f"/v2.0/networks/{server.ids['network']}/tags", "/v2.0/quotas/p", "/v2.0/hosts/h"):
        server.refused("PUT", path, body)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "\x00"])
@pytest.mark.databases("sqlite")
def test_compressed_body_is_not_taken_for_another(server: Refusing, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}
    server.refused("POST", "/v2.0/networks", gzip.compress(b'{"network": {}}'), headers=headers)


@pytest.mark.databases("sqlite")
def test_hostile_header_is_refused_by_name_or_ignored(server: Refusing) -> None:
    path = f"/v2.0/networks/{server.ids['network']}"
    for value in IF_MATCH:
        header = {"If-Match": value.encode().decode("latin-1")}
        for method, body in (("PUT", {"network": {"name": "x"}}), ("DELETE", None)):
            message = server.refused(method, path, body, headers=header)
            assert "If-Match" in message or "Constrained" in message, (value, message)
        server.refused("PUT", f"{path}/tags/x", headers=header)
    for key in KEYS:
        header = {"Idempotency-Key": key.encode().decode("latin-1")}
        assert "Idempotency-Key" in server.refused("POST", "/v2.0/networks", {"network": {}}, headers=header)
    for name in ("X-OpenStack-Request-ID", "Accept", "Content-Type", "Accept-Encoding", "X-Forwarded-For", "Range"):
        for value in ("", "\x00", "x" * 5000, "<script>", "ä", "req-' OR 1=1"):
            answer = server.send("GET", "/v2.0/networks", headers={name: value.encode().decode("latin-1")})
            assert answer.status_code == 200
            assert answer.headers["x-openstack-request-id"].startswith("req-")
            assert value not in answer.headers["x-openstack-request-id"] or not value
    server.unchanged()


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
@pytest.mark.databases("sqlite")
def test_hostile_path_leads_to_nothing(server: Refusing, path: str) -> None:
    for method in ("GET", "PUT", "DELETE", "POST", "PATCH"):
        answer = server.send(method, path, {"network": {}} if method in {"PUT", "POST"} else None)
        assert answer.status_code in {400, 404, 405}, f"{method} {path[:60]}: {answer.status} {answer.text[:300]}"
    server.unchanged()


def test_hostile_query_is_refused(server: Refusing) -> None:
    for query in QUERIES:
        for path in ("/v2.0/networks", f"/v2.0/segments/{server.ids['segment']}/hosts"):
            answer = server.send("GET", path, query=query)
            assert 400 <= answer.status_code < 500, f"{path} {query[:60]}: {answer.status} {answer.text[:200]}"


def test_a_thousand_values_of_a_filter_are_answered_or_refused(server: Refusing) -> None:
    for query in MANY:
        path, _, rest = query.partition("?")
        assert server.send("GET", path, query=rest).status_code in {200, 400}, query[:60]


@pytest.mark.databases("sqlite")
def test_tags_that_are_none_are_refused_below_every_record(server: Refusing) -> None:
    hostile: tuple[Any, ...] = (
        None,
        True,
        1,
        "red",
        {},
        [1],
        [""],
        ["a", "a"],
        ["\0"],
        ["\ud800"],
        [["a"]],
        ["x" * 256],
    )
    for name in ("network", "segment", "network_segment_range"):
        path = f"/v2.0/{name}s/{server.ids[name]}/tags"
        for method in ("PUT", "POST"):
            for value in hostile:
                assert "tags" in server.refused(method, path, {"tags": value})
            assert "more than" in server.refused(method, path, {"tags": [], "x": 1})
        for tag in ("\0", "a\nb", "\x7f", "x" * 256):
            assert "tag" in server.refused("PUT", f"{path}/{quote(tag)}")


@pytest.mark.databases("sqlite")
def test_text_that_fits_is_taken_whatever_it_looks_like(server: Refusing) -> None:
    fitting = (
        "' OR 1=1 --",
        "{0}%s%n",
        "<script>",
        "../../x",
        "\u202e",
        "😀" * 255,
        "ﷺ",
        "null",
        "%00",
        "\\u0000",
        "{}",
    )
    for resource, one in attributes(create=False):
        if one.wire in {"name", "description"} and resource.name != "physical_network":
            for text in fitting:
                path = f"/v2.0/{resource.collection}/{server.ids[resource.name]}"
                answer = server.send("PUT", path, {resource.name: {str(one.wire): text}})
                assert answer.status_code == 200, answer.text
                assert answer.json[resource.name][one.wire] == text
