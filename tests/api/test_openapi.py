"""The OpenAPI document says what the server does; tests/fuzz tries that at random."""

import json
import re
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from openapi_spec_validator import validate

from segmentary.api import openapi, routes
from segmentary.api.authentication import TOKEN
from segmentary.api.body import Bodies
from segmentary.app import Application
from segmentary.settings import Settings
from tests.servers.service import Service

METHODS = ("get", "post", "put", "delete", "patch", "head")
Served = list[tuple[str, Any]]


@pytest.fixture
def served() -> Iterator[Served]:
    settings = Settings()
    app = Application(settings)
    yield list(routes.routes(app, Bodies(settings)))
    app.close()


@pytest.fixture
def document(served: Served) -> dict[str, Any]:
    return openapi.document(served, routes.OPEN_PATHS, (TOKEN,))


def answer(url: str, body: object = None, **headers: str) -> tuple[int, HTTPResponse | HTTPError, bytes]:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, {"Content-Type": "application/json", **headers})) as found:  # noqa: S310 - http
            return found.status, found, found.read()
    except HTTPError as error:
        return error.code, error, error.read()


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1.")


def test_every_method_that_is_answered_is_described(served: Served) -> None:
    for path, handler in served:
        answered = {method for method in METHODS if hasattr(handler, f"on_{method}")}
        assert set(handler.operations()) == (set() if path in routes.PAGE else answered), path


def test_every_path_is_described_in_one_spelling(served: Served, document: dict[str, Any]) -> None:
    spelled = {re.sub(r"_(?![^{]*})", "-", path) for path, _ in served if path not in routes.PAGE}
    assert set(document["paths"]) == spelled


def test_operations_have_different_names(document: dict[str, Any]) -> None:
    names = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))


def test_only_open_paths_are_described_as_open(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert (operation["security"] == []) == (path in routes.OPEN_PATHS)
            assert ("401" in operation["responses"]) == (path not in routes.OPEN_PATHS)


def test_a_server_without_a_token_describes_none(served: Served) -> None:
    made = openapi.document(served, routes.OPEN_PATHS, ())
    assert "X-Auth-Token" not in json.dumps(made)
    validate(made)


@pytest.mark.databases("sqlite")
def test_a_refused_filter_names_exactly_the_described_options(server: Service, document: dict[str, Any]) -> None:
    options = {"fields", "sort_key", "sort_dir", "limit", "marker", "marker_values", "page_reverse", "with_count"}
    lists = [one for one, methods in document["paths"].items() if {"get", "post"} <= set(methods)]
    for path in [one for one in lists if not one.endswith("/tags")]:
        described = {one["name"] for one in document["paths"][path]["get"]["parameters"]}
        status, _, body = answer(f"{server.url}{path}?no_such=1")
        assert status == 400
        known = json.loads(body)["NeutronError"]["message"].partition("Valid are: ")[2].rstrip(".").split(", ")
        assert set(known) | options == described


@pytest.mark.databases("sqlite")
def test_a_record_is_shown_with_exactly_the_described_attributes(server: Service, document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def created(resource: str, **values: object) -> dict[str, Any]:
        status, _, body = answer(f"{server.url}/v2.0/{resource}s", {resource: values})
        assert status == 201, body
        return dict(json.loads(body)[resource])

    network = created("network")
    segment = created("segment", network_id=network["id"], network_type="vxlan", segmentation_id=7)
    physical_network = created("physical_network", name="physnet1")
    segment_range = created("network_segment_range", network_type="vxlan", minimum=1, maximum=9)
    assert set(segment) == set(schemas["Segment"]["properties"])
    assert set(physical_network) == set(schemas["PhysicalNetwork"]["properties"])
    # a network with one segment has no `segments`, intervals are shown only where they are asked for
    assert {*network, "segments"} == set(schemas["Network"]["properties"])
    assert {*segment_range, "available_intervals"} == set(schemas["SegmentRange"]["properties"])


@pytest.mark.databases("sqlite")
def test_the_document_and_its_page_are_for_those_with_a_token(
    start_server: Callable[..., Service], tmp_path: Path
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("a-token-of-25-characters.")
    token_file.chmod(0o600)
    url = start_server("--token-file", str(token_file)).url
    assert answer(f"{url}/openapi.json")[0] == 401
    status, _, body = answer(f"{url}/openapi.json", **{"X-Auth-Token": "a-token-of-25-characters."})
    assert status == 200
    assert json.loads(body)["components"]["securitySchemes"]["token"]["name"] == "X-Auth-Token"
    for path in routes.PAGE:
        assert answer(url + path)[0] == 401
        assert answer(url + path, **{"X-Auth-Token": "a-token-of-25-characters."})[0] == 200


@pytest.mark.databases("sqlite")
def test_the_page_is_made_of_files_of_this_server_only(server: Service) -> None:
    status, found, body = answer(f"{server.url}/docs")
    page = body.decode()
    assert status == 200
    assert str(found.headers["Content-Type"]).startswith("text/html")
    assert "default-src 'none'" in str(found.headers["Content-Security-Policy"])
    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) == set(routes.PAGE) - {"/docs"}
    for path in set(routes.PAGE) - {"/docs"}:
        assert "//" not in re.sub(r"^ *//.*$", "", answer(server.url + path)[2].decode(), flags=re.MULTILINE)
