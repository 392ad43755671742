"""Asking a server over HTTP with nothing but the standard library, so that what is sent is what the test says."""

import http.client
import json
import select
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]  # by names in lower case
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.body)

    @property
    def fault(self) -> dict[str, Any]:
        """The error that the answer tells of."""
        fault: dict[str, Any] = self.document["NeutronError"]
        return fault

    @property
    def message(self) -> str:
        text: str = self.fault["message"]
        return text


class Asker:
    """One connection to a server, opened when it is first needed and again after the server closed it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request and return its answer; a body of bytes is sent as it is, any other as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        # The server closes a connection on which nothing is asked for ten seconds; that it did can be read from it.
        if self._connection.sock and select.select([self._connection.sock], [], [], 0)[0]:
            self._connection.close()
        self._connection.request(method, path, data, dict(headers or {}))
        response = self._connection.getresponse()
        answer = Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
        if answer.status >= 400 and data is not None:
            self._connection.close()  # a server that refuses a body unread ends the connection after its answer
        return answer


def ask(url: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Send one request on a connection of its own."""
    asker = Asker(url)
    try:
        return asker.ask(method, path, body, headers)
    finally:
        asker.close()
