"""Errors <-> their answers: the status of each error class and its body.

{"NeutronError": {"type": "VlanIdInUse", "message": "...", "detail": ""}}
"""

from collections.abc import Mapping

from segmentary import errors
from segmentary.errors import SegmentaryError
from segmentary.wire.encode import document

# Error class -> HTTP status and the type clients know it by, where that is not the name of the class. The nearest
# class of an error's ancestors counts.
FAULTS: Mapping[type[SegmentaryError], tuple[int, str]] = {
    SegmentaryError: (500, ""),
    errors.InvalidInput: (400, "HTTPBadRequest"),
    errors.RuleBroken: (400, "InvalidInput"),
    errors.BodyTooLarge: (413, "HTTPRequestEntityTooLarge"),
    errors.NotAuthenticated: (401, "HTTPUnauthorized"),
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
    return status, document({"NeutronError": body})


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
