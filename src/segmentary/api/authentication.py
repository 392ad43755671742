"""Headers -> Actor.

    none     everyone who can connect, from this machine only, may do everything
    token    X-Auth-Token: the token of the token file, or that of a user
    keystone X-Auth-Token: one that Keystone has issued
    basic    Authorization: Basic, name and password of a user

A request is asked in this order; the first header it has decides, whatever the others say.
"""

import base64
import binascii
import hashlib
import hmac
import logging
import re
from pathlib import Path

import falcon

from segmentary.catalog.actor import LOCAL_PROJECT, Actor
from segmentary.errors import InvalidSetting, NotAuthenticated, OriginRefused
from segmentary.rules.draft import shown
from segmentary.services.keystone import Keystone
from segmentary.services.user import Users, require_closed
from segmentary.settings import Settings

LOG = logging.getLogger("segmentary")
SHORTEST_TOKEN = 16
NONE, TOKEN, BASIC, KEYSTONE = "none", "token", "basic", "keystone"
WAYS = (NONE, TOKEN, BASIC, KEYSTONE)
ANONYMOUS = Actor(name="anonymous", project_id=LOCAL_PROJECT, trusted=True)
# Who has the token of the token file.
TOKEN_HOLDER = Actor(name="token", project_id=LOCAL_PROJECT, trusted=True)


def ways(settings: Settings) -> tuple[str, ...]:
    """Return the ways to sign in; raise `InvalidSetting` for unknown ones, and for one that has not what it needs."""
    asked = [one.strip() for one in settings.authentication.split(",") if one.strip()]
    if not asked:
        asked = [TOKEN] if settings.token_file or settings.users_file else []
        asked += [BASIC] if settings.users_file else []
        asked += [KEYSTONE] if settings.keystone_file else []
        asked = asked or [NONE]
    for one in asked:
        if one not in WAYS:
            raise _unfit(f"{one!r} is none of {', '.join(WAYS)}")
    if NONE in asked and len(asked) > 1:
        raise _unfit("none lets everyone in, so it cannot stand beside other ways")
    if TOKEN in asked and not (settings.token_file or settings.users_file):
        raise _unfit("token needs --users-file or --token-file")
    if BASIC in asked and not settings.users_file:
        raise _unfit("basic needs --users-file")
    if KEYSTONE in asked and not settings.keystone_file:
        raise _unfit("keystone needs --keystone-file")
    return tuple(asked)


class Authentication:
    """Tells who sends a request."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the ways of the settings; raise `InvalidSetting` if one has not what it needs."""
        self._ways = ways(settings)
        is_token = TOKEN in self._ways and settings.token_file
        self._digest = _digest(read_token(settings.token_file)) if is_token else None
        self._keystone = Keystone(settings.keystone_file, settings.keystone_seconds) if KEYSTONE in self._ways else None
        self._users = Users(settings.users_file) if settings.users_file and NONE not in self._ways else None

    def actor(self, request: falcon.Request, request_id: str) -> Actor:
        """Return the actor; raise `NotAuthenticated` without credentials that are asked for, or with wrong ones.

        Raises `OriginRefused` for what a browser sends for a page of elsewhere without needing a token.
        """
        if NONE in self._ways:
            _require_own_page(request)
            return ANONYMOUS.asking(request_id)
        token = request.get_header("X-Auth-Token")
        if token:
            found = self._by_token(token) if TOKEN in self._ways else None
            if found is None and self._keystone is not None:
                found = self._keystone.actor(token, request.method, request.path)
        elif BASIC in self._ways:
            _require_own_page(request)
            found = self._by_password(request.get_header("Authorization"))
        else:
            found = None
        if found is None:
            if token or request.get_header("Authorization"):
                LOG.warning("refused the credentials that %s sent", request.remote_addr)
            raise NotAuthenticated
        return found.asking(request_id)

    def challenge(self, request: falcon.Request, *, is_page: bool) -> str:
        """Return the WWW-Authenticate of a refusal: the ways there are.

        Browsers ask for name and password only if that is the first way.
        """
        basic = 'Basic realm="segmentary", charset="UTF-8"'
        if is_page and BASIC in self._ways:
            return basic
        url = self._keystone.url if self._keystone else request.prefix
        return f'Keystone uri="{url}"' + (f", {basic}" if BASIC in self._ways else "")

    def _by_token(self, token: str) -> Actor | None:
        # Digests are compared, in constant time: the answer's delay must not tell how much of a guess was right.
        if self._digest is not None and hmac.compare_digest(_digest(token), self._digest):
            return TOKEN_HOLDER
        return self._users.by_token(token) if self._users else None

    def _by_password(self, header: str | None) -> Actor | None:
        """Return who an `Authorization: Basic` (RFC 7617, in UTF-8) names, None for another or a malformed one."""
        scheme, _, encoded = (header or "").partition(" ")
        if scheme.lower() != "basic" or self._users is None:
            return None
        try:
            name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError):
            return None
        return self._users.by_password(name, password) if colon else None


def _require_own_page(request: falcon.Request) -> None:
    """Raise `OriginRefused` if a page from elsewhere has a browser send this: browsers add passwords by themselves.

    A token they do not add, and a page that adds one is refused by the browser, which asks first (CORS).
    """
    origin = request.env.get("HTTP_ORIGIN")
    if origin is not None and origin.partition("://")[2] != request.env.get("HTTP_HOST"):
        raise OriginRefused(origin=shown(origin))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _unfit(reason: str) -> InvalidSetting:
    return InvalidSetting(setting="authentication", reason=reason)


def read_token(file: str) -> str:
    """Return the token in a file; raise `InvalidSetting` if others can read the file or the token is no good one."""
    try:
        require_closed("token_file", file)
        token = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(setting="token_file", reason=f"{file} cannot be read ({error})") from error
    # A header carries nothing else unchanged.
    if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[!-~]*", token):
        limits = f"at least {SHORTEST_TOKEN} visible ASCII characters without spaces"
        reason = f"the token in {file} is not {limits}; make one with: openssl rand -hex 32"
        raise InvalidSetting(setting="token_file", reason=reason)
    return token
