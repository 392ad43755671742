"""/openapi.json, and /docs: the page that shows it to a person.

The page is three files of ours. It fetches the document as any client does: with the name and password that the browser
asked for, or with the token that is typed into it.
"""

from collections.abc import Callable
from functools import cached_property
from importlib.resources import files

import falcon

from segmentary.api.exchange import JSON
from segmentary.api.operation import Operation, json
from segmentary.catalog.action import ANYONE
from segmentary.wire import encode
from segmentary.wire.schema import Schema

MEDIA_TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css"}
# The page runs its own script and talks to this server, nothing else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class OpenApi:
    """/openapi.json."""

    def __init__(self, document: Callable[[], Schema]) -> None:
        """Serve the document that this function makes; it is called once, by the first request."""
        self._document = document

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        summary = "Show this document."
        answer = json({"type": "object"})
        return {
            "get": Operation(identifier="show_openapi", summary=summary, tag="discovery", action=ANYONE, answers=answer)
        }

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """Show the API as an OpenAPI document."""
        response.content_type = JSON
        response.data = self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        return encode.document(self._document())


class Page:
    """A file of /docs."""

    def __init__(self, file: str) -> None:
        """Serve this file."""
        self._data = files("segmentary.api").joinpath("page", file).read_bytes()
        self._media_type = MEDIA_TYPES[file.rpartition(".")[2]]

    def operations(self) -> dict[str, Operation]:
        """Nothing: a page is for people, and its files are no part of the API."""
        return {}

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """Show a page about the API."""
        response.content_type = self._media_type
        response.set_headers(HEADERS)
        response.data = self._data
