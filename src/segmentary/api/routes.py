"""The whole API on one screen."""

from collections.abc import Iterator

from segmentary.api.body import Bodies
from segmentary.api.collection import One, Several
from segmentary.api.discovery import Extensions, OneExtension, Versions
from segmentary.api.event import Events
from segmentary.api.host import HostDrift, Hosts, HostSegments, OneHost, SegmentHost, SegmentHosts
from segmentary.app import Application
from segmentary.catalog import RESOURCES

VERSION_ROUTES = (("/", Versions), ("/v2.0", Versions))
EXTENSION_ROUTES = (("/v2.0/extensions", Extensions), ("/v2.0/extensions/{alias}", OneExtension))
# The only path that is answered without a token.
OPEN_PATHS = frozenset({"/"})


def routes(app: Application, bodies: Bodies) -> Iterator[tuple[str, object]]:
    """Return every path and what answers it; collections are spelled with underscores and with hyphens."""
    for path, handler in VERSION_ROUTES + EXTENSION_ROUTES:
        yield path, handler()
    yield "/v2.0/segment-events", Events(app.feed)
    yield "/v2.0/hosts", Hosts(app)
    yield "/v2.0/hosts/{host}", OneHost(app, bodies)
    yield "/v2.0/hosts/{host}/segments", HostSegments(app)
    yield "/v2.0/hosts/{host}/drift", HostDrift(app)
    yield "/v2.0/segments/{record_id}/hosts", SegmentHosts(app)
    yield "/v2.0/segments/{record_id}/hosts/{host}", SegmentHost(app, bodies)
    for resource in RESOURCES:
        if not resource.routed:
            continue
        for collection in sorted({resource.collection, resource.collection.replace("_", "-")}):
            yield f"/v2.0/{collection}", Several(app, bodies, resource)
            yield f"/v2.0/{collection}/{{record_id}}", One(app, bodies, resource)
