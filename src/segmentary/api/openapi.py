"""The API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1), made from what handlers declare."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version

from segmentary import errors
from segmentary.api.authentication import BASIC, KEYSTONE, TOKEN
from segmentary.api.exchange import JSON
from segmentary.api.operation import Described, Operation
from segmentary.errors import SegmentaryError
from segmentary.wire import fault, schema
from segmentary.wire.schema import Schema

# What any request can meet.
COMMON_ERRORS = (
    errors.NotAuthenticated,
    errors.PolicyNotAuthorized,
    errors.OriginRefused,
    errors.TryAgain,
    errors.Broken,
)
SECURITY: Mapping[str, Schema] = {
    KEYSTONE: {"type": "apiKey", "in": "header", "name": "X-Auth-Token", "description": "A token of Keystone."},
    TOKEN: {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
    BASIC: {"type": "http", "scheme": "basic"},
}
DESCRIPTION = """Networks, their segments, and the ranges from which segmentation IDs are chosen: the part of the \
OpenStack Networking API v2.0 that is about segments, with additions of its own.

A collection may also be spelled with underscores, and a path may end in `.json`. Flags in a query string may
also be 1, yes, on, t, y or their opposites; whole numbers in a body may also be text where Neutron takes it."""
REQUEST_ID = {
    "description": "The id of this request, as it stands in the log.",
    "required": True,
    "schema": {"type": "string", "pattern": "^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
}
ERROR = schema.closed(
    {
        "NeutronError": schema.closed(
            {
                "type": {"type": "string", "description": "The name of the condition; clients match on it."},
                "message": {"type": "string", "description": "What is wrong, for a person."},
                "detail": {"type": "string", "description": "Always empty."},
                "item": {"type": "integer", "description": "The index of the item of a bulk request."},
                "problems": schema.array(
                    schema.closed(
                        {"item": {"type": "integer"}, "rule": schema.TEXT, "attribute": schema.TEXT},
                        "item",
                        "rule",
                        "attribute",
                    )
                ),
                "causes": {
                    **schema.array(
                        schema.closed(
                            {"class": schema.TEXT, "data": {"type": "object"}, "item": {"type": "integer"}}, "item"
                        )
                    ),
                    "description": "What the message was made from: each problem's class and its data.",
                },
            },
            "item",
            "problems",
            "causes",
        )
    }
)
NOT_AUTHENTICATED = schema.closed(
    {
        "error": schema.closed(
            {"code": {"type": "integer"}, "title": {"type": "string"}, "message": {"type": "string"}},
        )
    }
)


def document(served: Iterable[tuple[str, Described]], open_paths: frozenset[str], ways: Sequence[str]) -> Schema:
    """Return the document of these paths, all but the open ones asking for one of the ways to sign in."""
    security = {way: SECURITY[way] for way in ways if way in SECURITY}
    paths = {
        path: {
            method: _operation(one, () if path in open_paths else tuple(security))
            for method, one in handler.operations().items()
        }
        for path, handler in served
        if path == _with_hyphens(path)
    }
    return {
        "openapi": "3.1.1",
        "info": {"title": "segmentary", "version": version("segmentary"), "description": DESCRIPTION},
        "paths": {path: operations for path, operations in paths.items() if operations},
        "components": {
            "schemas": {**schema.components(), "Error": ERROR, "NotAuthenticated": NOT_AUTHENTICATED},
            "headers": {"x-openstack-request-id": REQUEST_ID},
            "responses": {str(status): _refusal(status) for status in sorted(_statuses(SegmentaryError))},
            "securitySchemes": security,
        },
    }


def _operation(one: Operation, ways: Sequence[str]) -> Schema:
    statuses = _statuses(*COMMON_ERRORS, *one.errors)
    if not ways:
        statuses -= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    described: Schema = {
        "operationId": one.identifier,
        "summary": one.summary,
        "tags": [one.tag],
        "security": [{way: []} for way in ways],
        "responses": {
            **_success(one),
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)},
        },
    }
    if one.description:
        described["description"] = one.description
    if one.parameters:
        described["parameters"] = list(one.parameters)
    if one.body:
        described["requestBody"] = {"required": one.is_body_required, "content": {JSON: {"schema": one.body}}}
    return described


def _success(one: Operation) -> Schema:
    """Return the answer of an operation that is carried out, by status; nothing for one that is always refused."""
    if one.status is None:
        return {}
    answer: Schema = {"description": HTTPStatus(one.status).phrase, "headers": {**_HEADERS, **one.headers}}
    if one.answers:
        answer["content"] = {media_type: {"schema": each} for media_type, each in one.answers.items()}
    if one.links:
        answer["links"] = dict(one.links)
    return {str(one.status): answer}


def _refusal(status: int) -> Schema:
    """Return the answer with an error's status: what can be meant by it."""
    messages = {
        f"- `{wire_type}`: {one.template() if status != HTTPStatus.INTERNAL_SERVER_ERROR else fault.INTERNAL}": None
        for one in _leaves(SegmentaryError)
        for found, wire_type in [fault.status_and_type(one)]
        if found == status
    }
    name = "NotAuthenticated" if status == HTTPStatus.UNAUTHORIZED else "Error"
    return {
        "description": f"{HTTPStatus(status).phrase}.\n\n" + "\n".join(messages),
        "headers": _HEADERS,
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}},
    }


def _statuses(*classes: type[SegmentaryError]) -> set[int]:
    return {fault.status_and_type(one)[0] for error in classes for one in _leaves(error)}


def _leaves(error: type[SegmentaryError]) -> list[type[SegmentaryError]]:
    """Return the classes that are answered with: those without subclasses; not what ends the program at its start."""
    below = [leaf for one in error.__subclasses__() for leaf in _leaves(one)] or [error]
    return [one for one in below if not issubclass(one, errors.InvalidSetting | errors.SchemaNotCurrent)]


def _with_hyphens(path: str) -> str:
    """Return a path as it is documented: a collection that has a second spelling is answered under both."""
    return "/".join(part if part.startswith("{") else part.replace("_", "-") for part in path.split("/"))


_HEADERS = {"x-openstack-request-id": {"$ref": "#/components/headers/x-openstack-request-id"}}
