"""Headers -> Actor. Without a token file everyone who can connect (from this machine only) may do everything."""

import hmac
import os
import re
import stat
from pathlib import Path

import falcon

from segmentary.catalog.actor import LOCAL_PROJECT, Actor
from segmentary.errors import InvalidSetting, NotAuthenticated

SHORTEST_TOKEN = 16


class Authentication:
    """Tells who sends a request."""

    def __init__(self, token: str | None) -> None:
        """Ask for this token, or for none."""
        self._token = token.encode() if token is not None else None
        self._name = "token" if token is not None else "anonymous"

    def actor(self, request: falcon.Request, request_id: str) -> Actor:
        """Return the actor; raise `NotAuthenticated` if a token is asked for and not given."""
        if self._token is not None:
            given = request.get_header("X-Auth-Token") or ""
            # Compared in constant time: the answer's delay must not tell how much of a guess was right.
            if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token):
                raise NotAuthenticated
        return Actor(name=self._name, project_id=LOCAL_PROJECT, request_id=request_id)


def read_token(file: str) -> str:
    """Return the token in a file; raise `InvalidSetting` if others can read the file or the token is no good one."""
    try:
        path = Path(file)
        if os.name == "posix" and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
            raise InvalidSetting(setting="token_file", reason=f"everyone can read {file}; run: chmod 600 {file}")
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(setting="token_file", reason=f"{file} cannot be read ({error})") from error
    # A header carries nothing else unchanged.
    if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[!-~]*", token):
        limits = f"at least {SHORTEST_TOKEN} visible ASCII characters without spaces"
        reason = f"the token in {file} is not {limits}; make one with: openssl rand -hex 32"
        raise InvalidSetting(setting="token_file", reason=reason)
    return token
