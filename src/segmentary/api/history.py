"""The history of a record: /v2.0/{collection}/{id}/history."""

import falcon

from segmentary import errors
from segmentary.api.exchange import JSON, parameters
from segmentary.api.operation import Operation, in_path, json
from segmentary.app import Application, known_id
from segmentary.catalog.action import ANYONE
from segmentary.rules.attribute import Resource
from segmentary.rules.kind import Integer, Uuid
from segmentary.wire import encode, query, schema
from segmentary.wire import event as wire

LIMIT = Integer(1, 10_000)
DEFAULT_LIMIT = 1000


class History:
    """/v2.0/{collection}/{id}/history: who changed a record, when and how, also after it was deleted."""

    def __init__(self, app: Application, resource: Resource) -> None:
        """Serve the histories of one resource."""
        self._app, self._resource = app, resource

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        words = self._resource.name.replace("_", " ")
        newest = schema.option("limit", {**schema.value(LIMIT), "default": DEFAULT_LIMIT}, "The newest changes only.")
        return {
            "get": Operation(
                identifier=f"show_history_of_{self._resource.name}",
                summary=f"Show who changed a {words}, when and how; also of one that is deleted.",
                tag=self._resource.collection,
                action=ANYONE,
                parameters=(in_path("record_id", schema.value(Uuid()), f"The id of the {words}."), newest),
                answers=json(schema.closed({"history": schema.array(wire.CHANGE)})),
                errors=(errors.InvalidInput, errors.NotFound),
            )
        }

    def on_get(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Show."""
        limit = query.only_number(parameters(request), "limit", LIMIT, DEFAULT_LIMIT)
        response.content_type = JSON
        known = known_id(self._resource, record_id)
        found = self._app.history(self._resource, known, limit, request.context.actor)
        response.data = encode.document({"history": found})
