"""The WSGI application: every request gets an id, then an actor, then its handler; every failure gets a body.

request id  -> first, so that a refused request has one too
suffix      -> /v2.0/networks.json is /v2.0/networks
actor       -> before anything is read of the body
policy      -> once the handler is known: may this actor ask for this at all? The use case decides about which records
"""

import logging

import falcon

from segmentary.api.authentication import Authentication
from segmentary.api.body import Bodies
from segmentary.api.documentation import Page
from segmentary.api.exchange import JSON, global_request_id, new_request_id
from segmentary.api.log import REQUEST
from segmentary.api.operation import Described
from segmentary.api.routes import OPEN_PATHS, PAGE, routes
from segmentary.app import Application
from segmentary.catalog.action import ANYONE, OPERATE
from segmentary.errors import Broken, NotAuthenticated, SegmentaryError
from segmentary.services.policy import Policy
from segmentary.wire import fault

LOG = logging.getLogger("segmentary")


class _Middleware:
    """Runs around every handler."""

    def __init__(self, authentication: Authentication, policy: Policy) -> None:
        """Ask one for the actor of a request, the other for what that may do."""
        self._authentication, self._policy = authentication, policy
        self._actions: dict[tuple[object, str], str] = {}

    def know(self, handler: Described) -> None:
        """Note which action each method of a handler is."""
        for method, operation in handler.operations().items():
            self._actions[handler, method.upper()] = operation.action
        if isinstance(handler, Page):
            self._actions[handler, "GET"] = ANYONE

    def process_request(self, request: falcon.Request, response: falcon.Response) -> None:
        """Give the request an id and an actor."""
        request_id = new_request_id()
        response.set_header("x-openstack-request-id", request_id)
        request.context.request_id = request_id
        REQUEST.set((request_id, None))
        # What follows /tags/ is a name that may end so.
        if request.path.startswith("/v2.0/") and request.path.endswith(".json") and "/tags/" not in request.path:
            request.path = request.path.removesuffix(".json")
        request.context.challenge = self._authentication.challenge
        if request.path not in OPEN_PATHS:
            actor = self._authentication.actor(request, global_request_id(request) or request_id)
            request.context.actor = actor
            REQUEST.set((request_id, actor))

    def process_resource(
        self, request: falcon.Request, _response: falcon.Response, handler: object, parameters: dict[str, str]
    ) -> None:
        """Refuse an actor who may not ask this of anything; a method that says nothing of itself is the operator's."""
        actor = request.context.get("actor")
        if actor is None or actor.trusted or not hasattr(handler, f"on_{request.method.lower()}"):
            return
        action = self._actions.get((handler, request.method), OPERATE)
        rights = self._policy.rights(actor)
        if rights is not None and action != ANYONE:
            rights.require(action, parameters.get("project_id"))


def make_wsgi(app: Application, bodies: Bodies) -> falcon.App[falcon.Request, falcon.Response]:
    """Return the WSGI application of an opened application, which reads request bodies through `bodies`."""
    authentication = Authentication(app.settings)
    middleware = _Middleware(authentication, app.policy)
    wsgi = falcon.App(media_type=JSON, middleware=[middleware])
    wsgi.req_options.strip_url_path_trailing_slash = True
    wsgi.add_error_handler(Exception, _unexpected)
    wsgi.add_error_handler(falcon.HTTPError, _http_error)
    wsgi.add_error_handler(SegmentaryError, _refused)
    for path, handler in routes(app, bodies):
        wsgi.add_route(path, handler)
        middleware.know(handler)
    return wsgi


def _refused(
    request: falcon.Request, response: falcon.Response, error: SegmentaryError, _parameters: dict[str, str]
) -> None:
    """Answer with the error's status and body."""
    if isinstance(error, Broken):
        LOG.error("%s %s: %s", request.method, request.path, error, exc_info=error)
    status, data = fault.answer(error)
    if isinstance(error, NotAuthenticated):
        response.set_header("WWW-Authenticate", request.context.challenge(request, is_page=request.path in PAGE))
    _answer(response, status, data)


def _http_error(
    request: falcon.Request, response: falcon.Response, error: falcon.HTTPError, _parameters: dict[str, str]
) -> None:
    """Answer what Falcon refuses: an unknown path, a method that the path has not."""
    # Falcon calls a method that HTTP does not know a bad request.
    status = error.status_code if request.method in falcon.HTTP_METHODS else 405
    response.set_headers(error.headers or {})
    message = error.description or error.title or "Bad request"
    _answer(response, status, fault.plain_answer(*_WORDS.get(status, ("HTTPBadRequest", message))))


def _unexpected(
    request: falcon.Request, response: falcon.Response, error: Exception, _parameters: dict[str, str]
) -> None:
    """Answer a defect without telling anything of it; log all of it."""
    LOG.error("%s %s", request.method, request.path, exc_info=error)
    _answer(response, 500, fault.plain_answer("HTTPInternalServerError", fault.INTERNAL))


def _answer(response: falcon.Response, status: int, data: bytes) -> None:
    response.status = status
    response.content_type = JSON
    response.data = data


_WORDS = {
    404: ("HTTPNotFound", "The resource could not be found."),
    405: ("HTTPMethodNotAllowed", "The method is not allowed for this resource."),
}
