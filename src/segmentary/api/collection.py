"""The five verbs of any resource: the noun is data."""

from collections.abc import Sequence

import falcon

from segmentary.api.body import Bodies
from segmentary.api.exchange import (
    JSON,
    SEQUENCE_HEADER,
    base_url,
    idempotency,
    if_match,
    parameters,
    require_no_body,
)
from segmentary.app import Application, known_id
from segmentary.rules.attribute import Resource
from segmentary.wire import decode, encode, query


class Several:
    """/v2.0/{collection}: list and create."""

    def __init__(self, app: Application, bodies: Bodies, resource: Resource) -> None:
        """Serve one resource."""
        self._app, self._bodies, self._resource = app, bodies, resource
        self._place_of_id = [one.name for one in resource.attributes].index("id")

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List."""
        given = parameters(request)
        asked = query.list_query(self._resource, given, self._app.settings.page_limit or None)
        sequence, rows = self._app.find_at(self._resource, asked)
        response.set_header(SEQUENCE_HEADER, str(sequence))
        url = f"{base_url(request)}{request.path}"
        links = query.page_links(asked, rows, self._place_of_id, url, given)
        beside = {f"{self._resource.collection}_links": links} if links else {}
        response.content_type = JSON
        response.data = encode.several(self._resource, rows, asked.fields, **beside)

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Create one, or several at once."""
        given = self._bodies.read(request)
        drafts, several = decode.drafts(self._resource, given)
        actor, asked = request.context.actor, idempotency(request, given)

        def answer(created: Sequence[object]) -> bytes:
            objects = [encode.record_object(one) for one in created]
            return encode.document(
                {self._resource.collection: objects} if several else {self._resource.name: objects[0]}
            )

        response.status = falcon.HTTP_201
        response.content_type = JSON
        if asked is None:
            response.data = answer(self._app.create(self._resource, drafts, actor))
        else:
            response.data = self._app.create_once(self._resource, drafts, actor, asked, answer)


class One:
    """/v2.0/{collection}/{id}: show, update and delete."""

    def __init__(self, app: Application, bodies: Bodies, resource: Resource) -> None:
        """Serve one resource."""
        self._app, self._bodies, self._resource = app, bodies, resource

    def on_get(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Show."""
        fields = query.only_fields(parameters(request)) if request.query_string else frozenset()
        row = self._app.show(self._resource, known_id(self._resource, record_id), fields)
        response.content_type = JSON
        response.data = encode.one(self._resource, row, fields)

    def on_put(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Update."""
        changes = decode.changes(self._resource, self._bodies.read(request))
        known = known_id(self._resource, record_id)
        after = self._app.update(self._resource, known, changes, if_match(request), request.context.actor)
        response.content_type = JSON
        response.data = encode.document({self._resource.name: encode.record_object(after)})

    def on_delete(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Delete."""
        require_no_body(request)
        self._app.delete(self._resource, known_id(self._resource, record_id), if_match(request), request.context.actor)
        response.status = falcon.HTTP_204
