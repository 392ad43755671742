"""The five verbs of any resource: the noun is data."""

from collections.abc import Sequence
from typing import Any

import falcon

from segmentary import errors
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
from segmentary.api.operation import IDEMPOTENCY_KEY, IF_MATCH, SEQUENCE, Operation, in_path, json
from segmentary.app import PART, Application, Page, known_id
from segmentary.catalog import RESOURCES
from segmentary.catalog.action import ANYONE
from segmentary.db.transaction import joined
from segmentary.rules.attribute import Presence, Resource
from segmentary.rules.kind import Uuid
from segmentary.wire import decode, encode, query, schema
from segmentary.wire.schema import Schema

CHANGE_ERRORS = (errors.InvalidInput, errors.BodyTooLarge, errors.NotFound, errors.InUse, errors.AlreadyClaimed)


class Several:
    """/v2.0/{collection}: list and create."""

    def __init__(self, app: Application, bodies: Bodies, resource: Resource) -> None:
        """Serve one resource."""
        self._app, self._bodies, self._resource = app, bodies, resource

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        name, collection = self._resource.name, self._resource.collection
        body = [schema.reference(self._resource, form) for form in ("CreateRequest", "CreateSeveralRequest")]
        answer = [schema.reference(self._resource, form) for form in ("Answer", "ListAnswer")]
        return {
            "get": Operation(
                identifier=f"list_{collection}",
                summary=f"List {collection.replace('_', ' ')}.",
                tag=collection,
                action=ANYONE,
                parameters=tuple(schema.parameters(self._resource)),
                answers=json(answer[1]),
                headers=SEQUENCE,
                errors=(errors.InvalidInput, errors.NotFound),
            ),
            "post": Operation(
                identifier=f"create_{name}",
                summary=f"Create a {name.replace('_', ' ')}, or several: all or none.",
                tag=collection,
                action=ANYONE,
                parameters=(IDEMPOTENCY_KEY,),
                body=schema.either(*body),
                status=201 if any(one.create is not Presence.REFUSED for one in self._resource.attributes) else None,
                answers=json(schema.either(*answer)),
                errors=(*CHANGE_ERRORS, errors.Exhausted, errors.IdempotencyKeyReused),
                links=_links(self._resource),
            ),
        }

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List."""
        answer_page(self._app, self._resource, request, response)

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Create one, or several at once."""
        given = self._bodies.read(request)
        drafts, several = decode.drafts(self._resource, given)
        most = self._app.settings.batch_limit
        if len(drafts) > most:
            reason = f"'{self._resource.collection}' has {len(drafts)} items, at most {most} are created at once"
            raise errors.MalformedBody(reason=reason)
        actor, asked = request.context.actor, idempotency(request, given)

        def answer(created: Sequence[object]) -> bytes:
            objects = encode.encodable(created, self._app.fields(self._resource, actor))
            return encode.document(
                {self._resource.collection: objects} if several else {self._resource.name: objects[0]}
            )

        response.status = falcon.HTTP_201
        response.content_type = JSON
        if asked is None:
            response.data = answer(self._app.create(self._resource, drafts, actor))
        else:
            response.data = self._app.create_once(self._resource, drafts, actor, asked, answer)


def answer_page(
    app: Application,
    resource: Resource,
    request: falcon.Request,
    response: falcon.Response,
    fixed: Sequence[tuple[str, str]] = (),
) -> None:
    """Answer with the page of a list that a query string asks for; the path says the `fixed` parameters instead."""
    given = [pair for pair in parameters(request) if pair[0] not in dict(fixed)]
    asked = query.list_query(resource, [*fixed, *given], app.settings.page_limit or None)
    actor = request.context.actor
    pages = app.lists.parts(resource, asked, actor)
    begun = [first := next(pages)]
    is_whole, total = len(first.rows) < PART, {} if first.total is None else {"count": first.total}
    ends, count = [*first.rows[:1], *first.rows[-1:]], 0

    def rows_of(page: Page) -> Sequence[Sequence[Any]]:
        nonlocal count
        count += len(page.rows)
        ends[1:] = page.rows[-1:] or ends[1:]
        return page.rows

    def beside() -> dict[str, object]:
        links = query.page_links(
            resource, asked, query.Extent(ends, count), f"{base_url(request)}{request.path}", given
        )
        return {**({f"{resource.collection}_links": links} if links else {}), **total}

    response.set_header(SEQUENCE_HEADER, str(first.sequence))
    response.content_type = JSON
    body = encode.several(
        resource, map(rows_of, joined(begun, pages)), app.fields(resource, actor, asked.fields), beside
    )
    if is_whole:
        response.data = b"".join(body)
    else:
        response.stream = body


class One:
    """/v2.0/{collection}/{id}: show, update and delete."""

    def __init__(self, app: Application, bodies: Bodies, resource: Resource) -> None:
        """Serve one resource."""
        self._app, self._bodies, self._resource = app, bodies, resource

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        name, collection = self._resource.name, self._resource.collection
        words, changed = name.replace("_", " "), (*CHANGE_ERRORS, errors.StaleRevision)
        record_id = in_path("record_id", schema.value(Uuid()), f"The id of the {words}.")
        answer = json(schema.reference(self._resource, "Answer"))
        return {
            "get": Operation(
                identifier=f"show_{name}",
                summary=f"Show a {words}.",
                tag=collection,
                action=ANYONE,
                parameters=(record_id, schema.fields(self._resource)),
                answers=answer,
                errors=(errors.InvalidInput, errors.NotFound),
            ),
            "put": Operation(
                identifier=f"update_{name}",
                summary=f"Change a {words}: what the body leaves out stays.",
                tag=collection,
                action=ANYONE,
                parameters=(record_id, IF_MATCH),
                body=schema.reference(self._resource, "UpdateRequest"),
                answers=answer,
                errors=changed,
            ),
            "delete": Operation(
                identifier=f"delete_{name}",
                summary=f"Delete a {words}.",
                tag=collection,
                action=ANYONE,
                parameters=(record_id, IF_MATCH),
                status=204,
                errors=changed,
            ),
        }

    def on_get(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Show."""
        fields = query.only_fields(parameters(request)) if request.query_string else frozenset()
        actor = request.context.actor
        row = self._app.show(self._resource, known_id(self._resource, record_id), fields, actor)
        response.content_type = JSON
        response.data = encode.one(self._resource, row, self._app.fields(self._resource, actor, fields))

    def on_put(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Update."""
        changes = decode.changes(self._resource, self._bodies.read(request))
        known, actor = known_id(self._resource, record_id), request.context.actor
        after = self._app.update(self._resource, known, changes, if_match(request), actor)
        shown = encode.encodable([after], self._app.fields(self._resource, actor))
        response.content_type = JSON
        response.data = encode.document({self._resource.name: shown[0]})

    def on_delete(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Delete."""
        require_no_body(request)
        self._app.delete(self._resource, known_id(self._resource, record_id), if_match(request), request.context.actor)
        response.status = falcon.HTTP_204


def _links(resource: Resource) -> dict[str, Schema]:
    """Return what the id of a record that was just created is good for."""
    record_id = f"$response.body#/{resource.name}/id"
    links: dict[str, Schema] = {
        f"{verb}_{resource.name}": {"operationId": f"{verb}_{resource.name}", "parameters": {"record_id": record_id}}
        for verb in ("show", "update", "delete")
    }
    for other in (one for one in RESOURCES if one.routed):
        for rule in other.reference_rules:
            if (rule.collection, rule.target) == (resource.collection, "id"):
                body = {other.name: {other.by_name[rule.attribute].wire: record_id}}
                links[f"create_{other.name}"] = {"operationId": f"create_{other.name}", "requestBody": body}
    return links
