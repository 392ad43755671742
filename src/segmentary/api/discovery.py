"""What a client finds out first: versions and extensions."""

from dataclasses import asdict

import falcon

from segmentary.api.exchange import JSON, base_url
from segmentary.catalog import RESOURCES
from segmentary.catalog.extension import EXTENSIONS, Extension
from segmentary.errors import ExtensionNotFound
from segmentary.rules.attribute import Resource
from segmentary.wire import encode


class Versions:
    """/ and /v2.0: the version document by which keystoneauth finds the API."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Show the one version, in both forms that clients look for, and at /v2.0 the collections."""
        url = f"{base_url(request)}/v2.0/"
        version = {"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": url}]}
        document: dict[str, object] = {"versions": [version]}
        if request.path.rstrip("/"):
            document = {"version": version, "resources": [_collection(one, url) for one in RESOURCES]}
        response.content_type = JSON
        response.data = encode.document(document)


class Extensions:
    """/v2.0/extensions: what is implemented."""

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """List."""
        response.content_type = JSON
        response.data = encode.document({"extensions": [_extension(one) for one in EXTENSIONS]})


class OneExtension:
    """/v2.0/extensions/{alias}."""

    def on_get(self, _request: falcon.Request, response: falcon.Response, alias: str) -> None:
        """Show."""
        for one in EXTENSIONS:
            if one.alias == alias:
                response.content_type = JSON
                response.data = encode.document({"extension": _extension(one)})
                return
        raise ExtensionNotFound(alias=alias)


def _extension(extension: Extension) -> dict[str, object]:
    return {**asdict(extension), "links": []}


def _collection(resource: Resource, url: str) -> dict[str, object]:
    links = [{"rel": "self", "href": f"{url}{resource.collection}"}]
    return {"name": resource.name, "collection": resource.collection, "links": links}
