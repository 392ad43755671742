"""The whole API on one screen."""

from collections.abc import Iterator

from segmentary.api import openapi
from segmentary.api.audit import Audits
from segmentary.api.authentication import ways
from segmentary.api.body import Bodies
from segmentary.api.collection import One, Several
from segmentary.api.dead_letter import DeadLetters, OneDeadLetter, Replay
from segmentary.api.discovery import Extensions, Health, OneExtension, Version, Versions
from segmentary.api.documentation import OpenApi, Page
from segmentary.api.event import Events
from segmentary.api.history import History
from segmentary.api.host import HostDrift, Hosts, HostSegments, OneHost, SegmentHost, SegmentHosts
from segmentary.api.metrics import Metrics
from segmentary.api.operation import Described
from segmentary.api.project import OneProject, Projects
from segmentary.api.quota import DefaultQuota, OneQuota, OwnProject, QuotaDetails, Quotas
from segmentary.api.tag import AllTags, OneTag
from segmentary.app import Application
from segmentary.catalog import RESOURCES

DISCOVERY: tuple[tuple[str, type[Described]], ...] = (
    ("/", Versions),
    ("/v2.0", Version),
    ("/v2.0/extensions", Extensions),
    ("/v2.0/extensions/{alias}", OneExtension),
)
# The files of the page that shows /openapi.json.
PAGE = {"/docs": "docs.html", "/docs/page.js": "docs.js", "/docs/page.css": "docs.css"}
# keystoneauth asks for the versions before it signs in, and a load balancer has no token.
OPEN_PATHS = frozenset({"/", "/v2.0", "/healthcheck"})


def routes(app: Application, bodies: Bodies) -> Iterator[tuple[str, Described]]:
    """Return every path and what answers it; collections are spelled with underscores and with hyphens."""
    for path, handler in DISCOVERY:
        yield path, handler()
    yield "/healthcheck", Health(app.feed)
    signs = ways(app.settings)
    yield "/openapi.json", OpenApi(lambda: openapi.document(routes(app, bodies), OPEN_PATHS, signs))
    for path, file in PAGE.items():
        yield path, Page(file)
    yield "/metrics", Metrics(app)
    yield "/v2.0/segment-events", Events(app.feed)
    yield "/v2.0/segment-audits", Audits(app)
    for collection in ("event-destinations", "event_destinations"):
        letters = f"/v2.0/{collection}/{{record_id}}/dead-letters"
        yield letters, DeadLetters(app)
        yield f"{letters}/replay", Replay(app, bodies)
        yield f"{letters}/{{sequence}}", OneDeadLetter(app)
    yield "/v2.0/hosts", Hosts(app)
    yield "/v2.0/hosts/{host}", OneHost(app, bodies)
    yield "/v2.0/hosts/{host}/segments", HostSegments(app)
    yield "/v2.0/hosts/{host}/drift", HostDrift(app)
    yield "/v2.0/segments/{record_id}/hosts", SegmentHosts(app)
    yield "/v2.0/segments/{record_id}/hosts/{host}", SegmentHost(app, bodies)
    yield "/v2.0/quotas", Quotas(app)
    yield "/v2.0/quotas/project", OwnProject("project")
    yield "/v2.0/quotas/tenant", OwnProject("tenant")
    yield "/v2.0/quotas/{project_id}", OneQuota(app, bodies)
    yield "/v2.0/quotas/{project_id}/default", DefaultQuota(app)
    yield "/v2.0/quotas/{project_id}/details", QuotaDetails(app)
    yield "/v2.0/projects", Projects(app)
    yield "/v2.0/projects/{project_id}", OneProject("project")
    yield "/v2.0/tenants/{project_id}", OneProject("tenant")
    # Signed in with a token or a password, the command leaves the version out.
    yield "/tenants/{project_id}", OneProject("tenant", "_without_version")
    for resource in RESOURCES:
        if not resource.routed:
            continue
        for collection in sorted({resource.collection, resource.collection.replace("_", "-")}):
            yield f"/v2.0/{collection}", Several(app, bodies, resource)
            yield f"/v2.0/{collection}/{{record_id}}", One(app, bodies, resource)
            yield f"/v2.0/{collection}/{{record_id}}/history", History(app, resource)
            if resource.tags is not None:
                yield f"/v2.0/{collection}/{{record_id}}/tags", AllTags(app, bodies, resource)
                yield f"/v2.0/{collection}/{{record_id}}/tags/{{tag}}", OneTag(app, resource)
