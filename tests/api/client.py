"""The API in this process: the WSGI application on a real database, without sockets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from falcon import testing

import segmentary
from segmentary.api.body import Bodies
from segmentary.api.wsgi import make_wsgi

Object = dict[str, Any]


class Client:
    """Sends requests; a path is what follows /v2.0."""

    def __init__(self, app: segmentary.Application) -> None:
        self.app = app
        self._client = testing.TestClient(make_wsgi(app, Bodies(app.settings)))

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> testing.Result:
        """Send a request and return the answer, whatever it is."""
        path, _, query = path.partition("?")
        return self._client.simulate_request(
            method, f"/v2.0{path}", query_string=query, json=body, headers=dict(headers or {})
        )

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401, JSON
        """Send a request that must succeed and return the body of the answer."""
        answer = self.send(method, path, body, headers)
        assert 200 <= answer.status_code < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json if answer.text else None

    def refused(self, status: int, method: str, path: str, body: object = None, **headers: str) -> Object:
        """Send a request that must be refused with this status and return the error."""
        answer = self.send(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        assert answer.status_code == status, f"{method} {path}: {answer.status} {answer.text}"
        error: Object = answer.json["NeutronError"]
        return error

    def follow(self, href: str) -> Any:  # noqa: ANN401, JSON
        """Ask for what a link points to."""
        parts = urlsplit(href)
        return self.ask("GET", f"{parts.path.removeprefix('/v2.0')}?{parts.query}")

    def network(self, **values: object) -> Object:
        """Create a network."""
        created: Object = self.ask("POST", "/networks", {"network": values})["network"]
        return created

    def segment(self, **values: object) -> Object:
        """Create a segment."""
        created: Object = self.ask("POST", "/segments", {"segment": values})["segment"]
        return created


@contextmanager
def client(url: str, **settings: object) -> Iterator[Client]:
    """Give a client of the API on a database."""
    with segmentary.open(url, **settings) as app:
        yield Client(app)


def links(answer: Object) -> dict[str, str]:
    """Return the links of a page by their relation."""
    found = [value for key, value in answer.items() if key.endswith("_links")]
    return {one["rel"]: one["href"] for one in (found[0] if found else [])}
