"""Hosts: what they report, what they reach, and the mappings of single segments."""

from collections.abc import Sequence
from urllib.parse import urlencode

import falcon

from segmentary.api import host_operations
from segmentary.api.body import Bodies
from segmentary.api.collection import answer_page
from segmentary.api.exchange import JSON, base_url, parameters, require_no_body
from segmentary.api.operation import Operation
from segmentary.app import Application, known_id
from segmentary.catalog import Segment
from segmentary.errors import HostNotFound
from segmentary.rules.attribute import describe
from segmentary.rules.draft import shown
from segmentary.rules.listing import HostQuery
from segmentary.wire import encode, query, report


class Hosts:
    """/v2.0/hosts: the hosts that reach anything."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return host_operations.HOSTS

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List."""
        asked = query.host_query(parameters(request), self._app.settings.page_limit or None)
        found = self._app.hosts.find(asked)
        response.content_type = JSON
        response.data = encode.page("hosts", found, _next_page(request, asked, [str(one["host"]) for one in found]))


class OneHost:
    """/v2.0/hosts/{host}: report, show, forget."""

    def __init__(self, app: Application, bodies: Bodies) -> None:
        """Serve an application."""
        self._app, self._bodies = app, bodies

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return host_operations.ONE_HOST

    def on_get(self, _request: falcon.Request, response: falcon.Response, host: str) -> None:
        """Show."""
        response.content_type = JSON
        response.data = encode.document({"host": self._app.hosts.show(_host(host))})

    def on_put(self, request: falcon.Request, response: falcon.Response, host: str) -> None:
        """Take a report."""
        given = report.report(host, self._bodies.read(request))
        response.content_type = JSON
        response.data = encode.document({"host": self._app.hosts.report(given, request.context.actor)})

    def on_delete(self, request: falcon.Request, response: falcon.Response, host: str) -> None:
        """Forget."""
        require_no_body(request)
        self._app.hosts.forget(_host(host), request.context.actor)
        response.status = falcon.HTTP_204


class HostSegments:
    """/v2.0/hosts/{host}/segments: the segments a host reaches."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return host_operations.HOST_SEGMENTS

    def on_get(self, request: falcon.Request, response: falcon.Response, host: str) -> None:
        """List, with the filters, order and pages of /v2.0/segments."""
        name = _host(host)
        self._app.hosts.require_known(name)
        answer_page(self._app, describe(Segment), request, response, [("host", name)])


class HostDrift:
    """/v2.0/hosts/{host}/drift: where what a host carries and what is recorded differ."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return host_operations.HOST_DRIFT

    def on_get(self, _request: falcon.Request, response: falcon.Response, host: str) -> None:
        """Compare."""
        response.content_type = JSON
        response.data = encode.document({"drift": self._app.hosts.drift(_host(host))})


class SegmentHosts:
    """/v2.0/segments/{id}/hosts: the hosts that reach a segment."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return host_operations.SEGMENT_HOSTS

    def on_get(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """List."""
        asked = query.host_query(parameters(request), self._app.settings.page_limit or None, filters=False)
        found = self._app.hosts.of_segment(known_id(describe(Segment), record_id), asked)
        response.content_type = JSON
        response.data = encode.page("hosts", found, _next_page(request, asked, [str(one["host"]) for one in found]))


class SegmentHost:
    """/v2.0/segments/{id}/hosts/{host}: include or exclude a host, or leave it to the reports."""

    def __init__(self, app: Application, bodies: Bodies) -> None:
        """Serve an application."""
        self._app, self._bodies = app, bodies

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        return host_operations.SEGMENT_HOST

    def on_put(self, request: falcon.Request, response: falcon.Response, record_id: str, host: str) -> None:
        """Include the host, or exclude it."""
        mapping = report.mapping(self._bodies.read(request))
        segment_id = known_id(describe(Segment), record_id)
        stored = self._app.hosts.map(segment_id, _host(host), mapping, request.context.actor)
        response.content_type = JSON
        response.data = encode.document({"host_mapping": encode.encodable([stored])[0]})

    def on_delete(self, request: falcon.Request, response: falcon.Response, record_id: str, host: str) -> None:
        """Leave it to the reports."""
        require_no_body(request)
        self._app.hosts.unmap(known_id(describe(Segment), record_id), _host(host), request.context.actor)
        response.status = falcon.HTTP_204


def _host(text: str) -> str:
    found = report.host_name(text)
    if found is None:
        raise HostNotFound(id=shown(text))
    return found


def _next_page(request: falcon.Request, asked: HostQuery, hosts: Sequence[str]) -> list[dict[str, str]]:
    """Return the link to the next page, if this one is full."""
    if len(hosts) < asked.limit:
        return []
    kept = [(key, value) for key, value in parameters(request) if key != "marker"]
    return [{"rel": "next", "href": f"{base_url(request)}{request.path}?{urlencode([*kept, ('marker', hosts[-1])])}"}]
