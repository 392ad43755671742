"""Audits: /v2.0/segment-audits."""

import falcon

from segmentary import errors
from segmentary.api.exchange import JSON, parameters, require_no_body
from segmentary.api.operation import Operation, json
from segmentary.app import Application
from segmentary.rules.kind import Integer
from segmentary.wire import encode, finding, query, schema

MOST_FINDINGS = 10_000
LIMIT = Integer(0, MOST_FINDINGS)
DEFAULT_LIMIT = 100


class Audits:
    """/v2.0/segment-audits: look for stored rows that break a rule."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return {
            "post": Operation(
                identifier="audit_segments",
                summary="Look for stored rows that break a rule; nothing is changed.",
                tag="audits",
                parameters=(
                    schema.option(
                        "limit",
                        {**schema.value(LIMIT), "default": DEFAULT_LIMIT},
                        "The most findings of each rule; all are counted.",
                    ),
                ),
                answers=json(schema.closed({"segment_audit": finding.RESULT})),
                errors=(errors.InvalidInput,),
            )
        }

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Audit."""
        require_no_body(request)
        limit = query.only_number(parameters(request), "limit", LIMIT, DEFAULT_LIMIT)
        response.content_type = JSON
        response.data = encode.document({"segment_audit": finding.result(self._app.audit(limit))})
