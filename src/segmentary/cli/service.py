"""Calling a running service over HTTP, for the commands that speak to one."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from segmentary.errors import InvalidSetting, ServiceAway, ServiceRefused

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Service:
    """A service at a URL, and the file with the token that it asks for, if it does."""

    url: str
    token_file: str | None

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401, what JSON can be
        """Return the answer to a request, None if it has no body.

        Raises `ServiceRefused` with the service's own message, `ServiceAway` if it does not answer.
        """
        if urlsplit(self.url).scheme not in {"http", "https"}:
            raise InvalidSetting(setting="url", reason=f"{self.url!r} does not begin with http:// or https://")
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(  # noqa: S310, the scheme is checked above
            f"{self.url.rstrip('/')}{path}", data, self._headers(), method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310, as above
                given = answer.read()
                return json.loads(given) if given else None
        except urllib.error.HTTPError as error:
            raise ServiceRefused(reason=_message(error)) from error
        except (OSError, ValueError) as error:
            raise ServiceAway(url=self.url, reason=getattr(error, "reason", error)) from error

    def _headers(self) -> dict[str, str]:
        if self.token_file is None:
            return {}
        try:
            return {"X-Auth-Token": Path(self.token_file).read_text(encoding="utf-8").strip()}
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSetting(setting="token_file", reason=f"{self.token_file} cannot be read ({error})") from error


def in_path(name: str) -> str:
    """Return a name as it stands in the path of a URL."""
    return quote(name, safe="")


def _message(error: urllib.error.HTTPError) -> str:
    """Return what the service says in its error, or the HTTP status."""
    try:
        body = json.loads(error.read())
        told = body.get("NeutronError") or body.get("error")
        return str(told["message"])
    except (ValueError, AttributeError, KeyError, TypeError):
        return f"HTTP status {error.code}"
