"""What a client finds out first: whether the service works, versions and extensions."""

from typing import Any

import falcon

from segmentary.api.exchange import JSON, base_url
from segmentary.api.operation import Operation, in_path, json
from segmentary.catalog import RESOURCES
from segmentary.catalog.action import ANYONE
from segmentary.catalog.extension import EXTENSIONS, Extension
from segmentary.errors import ExtensionNotFound
from segmentary.rules.attribute import Resource
from segmentary.rules.draft import shown
from segmentary.services.feed import Feed
from segmentary.wire import encode, schema
from segmentary.wire.schema import TEXT

LINKS = schema.array(schema.closed({"rel": TEXT, "href": TEXT}))
VERSION = schema.closed({"id": TEXT, "status": TEXT, "links": LINKS})
COLLECTION = schema.closed({"name": TEXT, "collection": TEXT, "links": LINKS})
SHOWN = ("alias", "name", "description", "updated")
EXTENSION = schema.closed({**dict.fromkeys(SHOWN, TEXT), "links": LINKS})


class Health:
    """/healthcheck: whether the service and its database answer, for load balancers and supervisors."""

    def __init__(self, feed: Feed) -> None:
        """Ask this for the number of the newest event, which takes the database one index look-up."""
        self._feed = feed

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        check = Operation(
            identifier="check_health",
            summary="Tell whether the service and its database answer.",
            tag="discovery",
            action=ANYONE,
            answers={falcon.MEDIA_TEXT: {"const": "OK"}},
        )
        return {"get": check}

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """Say OK; while the database is away this raises `TryAgain`, a 503."""
        self._feed.latest()
        response.content_type = falcon.MEDIA_TEXT
        response.text = "OK"


class Versions:
    """/: the version document by which keystoneauth finds the API."""

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        answer = json(schema.closed({"versions": schema.array(VERSION)}))
        return {
            "get": Operation(
                identifier="list_versions", summary="List versions.", tag="discovery", action=ANYONE, answers=answer
            )
        }

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List the one version."""
        response.content_type = JSON
        response.data = encode.document({"versions": [_version(request)]})


class Version:
    """/v2.0: the version and its collections."""

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        answer = json(schema.closed({"version": VERSION, "resources": schema.array(COLLECTION)}))
        summary = "Show the version and its collections."
        return {
            "get": Operation(identifier="show_version", summary=summary, tag="discovery", action=ANYONE, answers=answer)
        }

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Show the version and its collections."""
        version = _version(request)
        resources = [_collection(one, version["links"][0]["href"]) for one in RESOURCES if one.routed]
        response.content_type = JSON
        response.data = encode.document({"version": version, "resources": resources})


class Extensions:
    """/v2.0/extensions: what is implemented."""

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        answer = json(schema.closed({"extensions": schema.array(EXTENSION)}))
        summary = "List what is implemented."
        return {
            "get": Operation(
                identifier="list_extensions", summary=summary, tag="discovery", action=ANYONE, answers=answer
            )
        }

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """List."""
        response.content_type = JSON
        response.data = encode.document({"extensions": [_extension(one, request) for one in EXTENSIONS]})


class OneExtension:
    """/v2.0/extensions/{alias}."""

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        show = Operation(
            identifier="show_extension",
            summary="Show an extension.",
            tag="discovery",
            action=ANYONE,
            parameters=(in_path("alias", TEXT, "The short name of the extension."),),
            answers=json(schema.closed({"extension": EXTENSION})),
            errors=(ExtensionNotFound,),
        )
        return {"get": show}

    def on_get(self, request: falcon.Request, response: falcon.Response, alias: str) -> None:
        """Show."""
        for one in EXTENSIONS:
            if one.alias == alias:
                response.content_type = JSON
                response.data = encode.document({"extension": _extension(one, request)})
                return
        raise ExtensionNotFound(alias=shown(alias))


def _version(request: falcon.Request) -> dict[str, Any]:
    url = f"{base_url(request)}/v2.0/"
    return {"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": url}]}


def _extension(extension: Extension, request: falcon.Request) -> dict[str, object]:
    """Return an extension; one of ours has a link to its documentation, those of Neutron have none there either."""
    page = f"{base_url(request)}/docs#{extension.operation}"
    links = [{"rel": "describedby", "href": page}] if extension.operation else []
    return {**{name: getattr(extension, name) for name in SHOWN}, "links": links}


def _collection(resource: Resource, url: str) -> dict[str, object]:
    links = [{"rel": "self", "href": f"{url}{resource.collection}"}]
    return {"name": resource.name, "collection": resource.collection, "links": links}
