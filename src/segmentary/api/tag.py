"""Tags of a record, all of them and one by one, as Neutron has them below networks."""

import falcon

from segmentary import errors
from segmentary.api.body import Bodies
from segmentary.api.exchange import JSON, if_match, require_no_body
from segmentary.api.operation import IF_MATCH, Operation, in_path, json
from segmentary.app import Application
from segmentary.catalog.action import ANYONE
from segmentary.catalog.standard import TAGS_KIND
from segmentary.rules.attribute import Resource
from segmentary.rules.draft import shown
from segmentary.rules.kind import Uuid
from segmentary.services.tag import Change, How
from segmentary.wire import decode, encode, schema

CHANGE_ERRORS = (errors.InvalidInput, errors.BodyTooLarge, errors.NotFound, errors.StaleRevision)
BODY = schema.closed({"tags": schema.value(TAGS_KIND)})


class AllTags:
    """/v2.0/{collection}/{id}/tags."""

    def __init__(self, app: Application, bodies: Bodies, resource: Resource) -> None:
        """Serve the tags of one resource."""
        self._app, self._bodies, self._resource = app, bodies, resource

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        name, words = self._resource.name, self._resource.name.replace("_", " ")
        record_id = in_path("record_id", schema.value(Uuid()), f"The id of the {words}.")

        def operation(verb: str, summary: str, **facts: object) -> Operation:
            known = {"identifier": f"{verb}_tags_of_{name}", "summary": f"{summary} of a {words}."}
            return Operation(**{**known, "tag": self._resource.collection, "action": ANYONE, **facts})  # type: ignore[arg-type]  # its own fields

        changed = {"parameters": (record_id, IF_MATCH), "errors": CHANGE_ERRORS}
        with_body = {**changed, "body": BODY, "answers": json(BODY)}
        return {
            "get": operation(
                "list", "List the tags", parameters=(record_id,), answers=json(BODY), errors=(errors.NotFound,)
            ),
            "put": operation("replace", "Replace all tags", **with_body),
            "post": operation("add", "Add tags to those", **with_body),
            "delete": operation("delete", "Take away all tags", **changed, status=204),
        }

    def on_get(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """List."""
        _answer(response, self._app.tags(self._resource, record_id, request.context.actor))

    def on_put(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Replace."""
        self._change(request, response, record_id, How.PUT)

    def on_post(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Add."""
        self._change(request, response, record_id, How.ADD)

    def on_delete(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Take away."""
        require_no_body(request)
        asked = Change(How.PUT, (), if_match(request))
        self._app.change_tags(self._resource, record_id, asked, request.context.actor)
        response.status = falcon.HTTP_204

    def _change(self, request: falcon.Request, response: falcon.Response, record_id: str, how: How) -> None:
        asked = Change(how, decode.tags(self._bodies.read(request)), if_match(request))
        _answer(response, self._app.change_tags(self._resource, record_id, asked, request.context.actor))


class OneTag:
    """/v2.0/{collection}/{id}/tags/{tag}."""

    def __init__(self, app: Application, resource: Resource) -> None:
        """Serve the tags of one resource."""
        self._app, self._resource = app, resource

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        name, words = self._resource.name, self._resource.name.replace("_", " ")
        record_id = in_path("record_id", schema.value(Uuid()), f"The id of the {words}.")
        one = in_path("tag", schema.value(TAGS_KIND.entry), "The tag; one with a slash can only be changed in a list.")
        collection = self._resource.collection
        return {
            "get": Operation(
                identifier=f"check_tag_of_{name}",
                summary=f"Tell whether a {words} has a tag.",
                tag=collection,
                action=ANYONE,
                parameters=(record_id, one),
                status=204,
                errors=(errors.NotFound,),
            ),
            "put": Operation(
                identifier=f"add_tag_to_{name}",
                summary=f"Add a tag to a {words}.",
                tag=collection,
                action=ANYONE,
                parameters=(record_id, one, IF_MATCH),
                status=201,
                errors=CHANGE_ERRORS,
            ),
            "delete": Operation(
                identifier=f"delete_tag_of_{name}",
                summary=f"Take a tag away from a {words}.",
                tag=collection,
                action=ANYONE,
                parameters=(record_id, one, IF_MATCH),
                status=204,
                errors=CHANGE_ERRORS,
            ),
        }

    def on_get(self, request: falcon.Request, response: falcon.Response, record_id: str, tag: str) -> None:
        """Tell whether the record has the tag."""
        if tag not in self._app.tags(self._resource, record_id, request.context.actor):
            raise errors.TagNotFound(tag=shown(tag)[1:-1])
        response.status = falcon.HTTP_204

    def on_put(self, request: falcon.Request, response: falcon.Response, record_id: str, tag: str) -> None:
        """Add it."""
        asked = Change(How.ADD, (decode.tag(tag),), if_match(request))
        self._app.change_tags(self._resource, record_id, asked, request.context.actor)
        response.status = falcon.HTTP_201

    def on_delete(self, request: falcon.Request, response: falcon.Response, record_id: str, tag: str) -> None:
        """Take it away."""
        require_no_body(request)
        asked = Change(How.REMOVE, (tag,), if_match(request))
        self._app.change_tags(self._resource, record_id, asked, request.context.actor)
        response.status = falcon.HTTP_204


def _answer(response: falcon.Response, tags: tuple[str, ...]) -> None:
    response.content_type = JSON
    response.data = encode.document({"tags": tags})
