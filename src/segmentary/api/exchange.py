"""What the handlers share: reading a request, and what is kept of it for its answer."""

import hashlib
import re
from urllib.parse import parse_qsl

import falcon
from uuid_utils import uuid4

from segmentary.errors import InvalidValue, MalformedBody
from segmentary.rules.draft import shown
from segmentary.services.idempotency import Once

_REQUEST_ID = re.compile(r"req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_IF_MATCH = re.compile(r"\s*\"?revision_number=(\d{1,18})\"?\s*\Z", re.ASCII)
_KEY = re.compile(r"[\x20-\x7e]{1,255}\Z")
JSON = "application/json"
# On lists: whoever follows the events after this number misses no change that the list does not show.
SEQUENCE_HEADER = "X-Event-Sequence"


def new_request_id() -> str:
    """Return the id of this request, as it stands in every answer."""
    return f"req-{uuid4()}"


def global_request_id(request: falcon.Request) -> str | None:
    """Return the caller's own request id, if it has the form of one."""
    given = request.get_header("X-OpenStack-Request-ID")
    return given if given and _REQUEST_ID.match(given) else None


def require_no_body(request: falcon.Request) -> None:
    """Raise `MalformedBody` if the request has a body."""
    if request.content_length or request.get_header("Transfer-Encoding"):
        raise MalformedBody(reason=f"Request body is not supported in {request.method}")


def parameters(request: falcon.Request) -> list[tuple[str, str]]:
    """Return the query string as pairs, empty values kept."""
    try:
        return parse_qsl(request.query_string, keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError:
        reason = "it must be at most 1000 pairs in UTF-8"
        raise InvalidValue(attribute="query string", value=request.query_string, reason=reason) from None


def if_match(request: falcon.Request) -> int | None:
    """Return the revision that If-Match asks for; raise `InvalidValue` for another condition."""
    given = request.get_header("If-Match")
    if given is None:
        return None
    found = _IF_MATCH.match(given)
    if found is None:
        reason = f"{shown(given)} is not allowed, it must be revision_number=N"
        raise InvalidValue(attribute="If-Match", value=given, reason=reason)
    return int(found.group(1))


def idempotency(request: falcon.Request, given: bytes) -> Once | None:
    """Return the Idempotency-Key with a digest of the request, if it has one; raise `InvalidValue` for an unfit key."""
    key = request.get_header("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.match(key):
        reason = f"{shown(key)} is not allowed, it must be 1 to 255 printable ASCII characters"
        raise InvalidValue(attribute="Idempotency-Key", value=key, reason=reason)
    digest = hashlib.sha256(f"{request.method} {request.path}\n{_caller(request)}\n".encode() + given).hexdigest()
    return Once(key, digest)


def _caller(request: falcon.Request) -> str:
    """Return what is kept of the caller with an answer, which shows what that caller may see."""
    actor = request.context.actor
    return f"{actor.name} {','.join(sorted(actor.roles))}"


def base_url(request: falcon.Request) -> str:
    """Return the URL of the service as the client knows it."""
    return str(request.prefix)
