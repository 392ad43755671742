"""What a handler says about each of its methods, so that the OpenAPI document is made from it.

A handler has `operations()`: HTTP method in lower case -> Operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from segmentary.api.exchange import JSON, SEQUENCE_HEADER
from segmentary.catalog.action import OPERATE
from segmentary.errors import SegmentaryError
from segmentary.wire.schema import Schema


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of a path: what it takes, and what it answers with where it succeeds.

    `action` is what the caller must be allowed; `ANYONE` if nothing, or if the use case itself asks the policy.
    `status` None: it is always refused. `answers` is a schema for each media type, none for an answer without a body.
    `errors` are classes of errors with all their subclasses, beside those that any request can meet. `links` say what
    the answer is good for; `headers` are those of the answer, beside the request id.
    """

    identifier: str
    summary: str
    tag: str
    action: str = OPERATE
    description: str = ""
    parameters: tuple[Schema, ...] = ()
    body: Schema | None = None
    is_body_required: bool = True
    status: int | None = 200
    answers: Mapping[str, Schema] = field(default_factory=dict)
    errors: tuple[type[SegmentaryError], ...] = ()
    links: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)


class Described(Protocol):
    """A handler that says what it does."""

    def operations(self) -> Mapping[str, Operation]:
        """Return what each method does."""


def in_path(name: str, schema: Schema, description: str) -> Schema:
    """Return a parameter that stands in the path."""
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}


def header(name: str, pattern: str, description: str) -> Schema:
    """Return an optional header of a request; without a pattern any text is taken."""
    schema = {"type": "string", **({"pattern": pattern} if pattern else {})}
    return {"name": name, "in": "header", "schema": schema, "description": description}


IF_MATCH = header("If-Match", "^revision_number=[0-9]{1,18}$", "Only if this is the record's revision_number.")
IDEMPOTENCY_KEY = header(
    "Idempotency-Key",
    "^[!-~]([ -~]{0,253}[!-~])?$",
    "A repeated request with the same key and body is not carried out again: it is answered as it was.",
)


SEQUENCE: Mapping[str, Schema] = {
    SEQUENCE_HEADER: {
        "description": "Everything that the events up to this number tell of is in the answer.",
        "required": True,
        "schema": {"type": "integer"},
    }
}


def json(schema: Schema) -> dict[str, Schema]:
    """Return the answers of an operation that answers in JSON only."""
    return {JSON: schema}
