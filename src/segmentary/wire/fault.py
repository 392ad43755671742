"""Errors <-> their answers: the status of each error class and its body.

{"NeutronError": {"type": "VlanIdInUse", "message": "...", "detail": "",
                  "causes": [{"class": "VlanIdInUse", "data": {"segmentation_id": 100, ...}}]}}

The type is what clients of Neutron know. The causes are what the classes of `segmentary.errors` are made from, so that
a client in Python raises what the library would.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from segmentary import errors
from segmentary.errors import InvalidInput, InvalidRequest, Item, SegmentaryError
from segmentary.rules.draft import shown
from segmentary.wire.encode import document

# Error class -> HTTP status and the type clients know it by, where that is not the name of the class. The nearest
# class of an error's ancestors counts.
FAULTS: Mapping[type[SegmentaryError], tuple[int, str]] = {
    SegmentaryError: (500, ""),
    errors.InvalidInput: (400, "HTTPBadRequest"),
    errors.RuleBroken: (400, "InvalidInput"),
    errors.BodyTooLarge: (413, "HTTPRequestEntityTooLarge"),
    errors.NotAuthenticated: (401, "HTTPUnauthorized"),
    errors.PolicyNotAuthorized: (403, ""),
    errors.OriginRefused: (403, ""),
    errors.NotFound: (404, ""),
    errors.IdempotencyKeyReused: (422, ""),
    errors.EventsDropped: (410, ""),
    errors.Conflicting: (409, ""),
    errors.NoNetworkAvailable: (503, ""),
    errors.SegmentsSetInConjunctionWithProviders: (400, ""),
    errors.SegmentsContainDuplicateEntry: (400, ""),
    errors.RevisionNumberConstraintFailed: (412, ""),
    errors.TryAgain: (503, "ServiceUnavailable"),
    errors.Broken: (500, "HTTPInternalServerError"),
}
INTERNAL = "Request failed: internal server error while processing your request."


def answer(error: SegmentaryError) -> tuple[int, bytes]:
    """Return the HTTP status and the body for an error; what is our fault is not told to the caller."""
    status, wire_type = status_and_type(type(error))
    if status == 401:  # noqa: PLR2004, the one status whose body keystoneauth wants in Keystone's form
        return status, document({"error": {"code": 401, "title": "Unauthorized", "message": error.message}})
    message = error.message if status != 500 else INTERNAL  # noqa: PLR2004, a status is its own name
    body: dict[str, object] = {"type": wire_type, "message": message, "detail": ""}
    if error.item is not None:
        body["item"] = error.item.index
    if isinstance(error, errors.InvalidInput):
        body["problems"] = [problem for one in errors.problems_of(error) if (problem := _problem(one))]
    if status != 500:  # noqa: PLR2004, the same
        body["causes"] = [_cause(one) for one in getattr(error, "problems", (error,))]
    return status, document({"NeutronError": body})


def rebuilt(status: int, body: object, collection: str) -> SegmentaryError | None:
    """Return the error that was answered with, about a request to this collection; None if the body is no error's."""
    if not isinstance(body, dict):
        return None
    if status == 401 and isinstance(body.get("error"), dict):  # noqa: PLR2004, the same
        return errors.NotAuthenticated()
    fault = body.get("NeutronError")
    if not isinstance(fault, dict) or not isinstance(fault.get("message"), str):
        return None
    found = [_of_cause(one, collection) for one in fault.get("causes", ())]
    problems = [one for one in found if isinstance(one, InvalidInput)]
    if len(found) == 1 and found[0] is not None:
        return found[0]
    return InvalidRequest(problems) if problems and len(problems) == len(found) else _of_status(status, fault)


def status_and_type(error: type[SegmentaryError]) -> tuple[int, str]:
    """Return the HTTP status of an error class and the type that clients know it by."""
    status, wire_type = next(FAULTS[ancestor] for ancestor in error.__mro__ if ancestor in FAULTS)
    return status, wire_type or error.__name__


def plain_answer(wire_type: str, message: str) -> bytes:
    """Return the body for a failure of the request itself: no such path, no such method."""
    return document({"NeutronError": {"type": wire_type, "message": message, "detail": ""}})


def _problem(error: SegmentaryError) -> dict[str, object]:
    told = {
        "item": error.item.index if error.item else None,
        **{key: error.data.get(key) for key in ("rule", "attribute")},
    }
    return {key: value for key, value in told.items() if value is not None}


def _cause(error: SegmentaryError) -> dict[str, object]:
    # The value that is wrong is what the caller sent: it is not sent back.
    data = {key: value if _is_plain(value) else shown(value) for key, value in error.data.items() if key != "value"}
    item = {"item": error.item.index} if error.item else {}
    return {"class": type(error).__name__, "data": data, **item}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(one) for one in value)
    return value is None or isinstance(value, str | int | float | bool)


def _of_cause(cause: Any, collection: str) -> SegmentaryError | None:  # noqa: ANN401, whatever a server sent
    """Return the error that a cause tells of, or None if this version knows no such error."""
    try:
        error = _classes()[cause["class"]](**cause["data"])
    except (KeyError, TypeError):
        return None
    error.blame(Item(collection, cause["item"]) if "item" in cause else None)
    return error


def _of_status(status: int, fault: Mapping[str, Any]) -> SegmentaryError:
    """Return an error for an answer without causes that are known here: of the class nearest to its status."""
    groups = {404: errors.NotFound, 409: errors.Conflicting, 503: errors.TryAgain, 500: errors.Broken}
    error = groups.get(status, errors.Refused)(reason=fault["message"])
    error.args = (fault["message"],)
    return error


@cache
def _classes() -> dict[str, type[SegmentaryError]]:
    return {one.__name__: one for one in _below(SegmentaryError)}


def _below(error: type[SegmentaryError]) -> Iterator[type[SegmentaryError]]:
    for one in error.__subclasses__():
        yield one
        yield from _below(one)
