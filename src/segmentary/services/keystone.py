"""Tokens of Keystone: validated by asking it, with credentials of this service, and kept for a short time.

    unknown token ──> GET /v3/auth/tokens ──> 200: kept until it expires, `keystone_seconds` at the longest
                                          ──> 404: kept as wrong for as long
                                          ──> anything else: 503, and nothing is kept

A token that is revoked is refused `keystone_seconds` later. While Keystone is away those that are kept go on, and no
other is let in. A token with access rules, of which Keystone tells only services that enforce them, is nobody's for a
request that none of them allows.
"""

import hashlib
import logging
import threading
import time
import tomllib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from segmentary.catalog.actor import Actor
from segmentary.errors import InvalidSetting, TryAgain
from segmentary.services.access_rules import AccessRule, of_service
from segmentary.services.user import require_closed

LOG = logging.getLogger("segmentary")
SETTING = "keystone_file"
# Tokens that a process keeps, of either kind.
KEPT = 4096
# Tokens that a process asks about at once, how long another waits for its turn, and how long Keystone may take.
ASKED_AT_ONCE = 4
TURN_SECONDS = 2.0
ANSWER_SECONDS = 10.0
LONGEST_TOKEN = 16_384
# Since 1.0 there are access rules: https://docs.openstack.org/api-ref/identity/v3/#validate-and-show-information-for-token
ENFORCED = {"OpenStack-Identity-Access-Rules": "1.0"}


class _Told(NamedTuple):
    """Whose token it is, None if nobody's, what it may be used for, None if for all, and how long that is believed."""

    actor: Actor | None
    rules: tuple[AccessRule, ...] | None
    until: float


class Keystone:
    """The tokens of one Keystone."""

    def __init__(self, file: str, seconds: int) -> None:
        """Read the credentials of this service, asking nothing of Keystone yet; raise `InvalidSetting`."""
        self._session, url = _session(file)
        self.url = url.rstrip("/").removesuffix("/v3")
        self._seconds = seconds
        self._known: OrderedDict[bytes, _Told] = OrderedDict()
        self._wrong: OrderedDict[bytes, _Told] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(ASKED_AT_ONCE)

    def actor(self, token: str, method: str, path: str) -> Actor | None:
        """Return whose token it is, None if nobody's or not for this request; raise `TryAgain` if Keystone is away."""
        told = self._told(token)
        if told is None or told.rules is None or any(one.allows(method, path) for one in told.rules):
            return told.actor if told else None
        return None

    def _told(self, token: str) -> _Told | None:
        if len(token) > LONGEST_TOKEN or not (token.isascii() and token.isprintable()):
            return None  # no header of a request to Keystone can carry it
        key = hashlib.sha256(token.encode()).digest()
        kept = self._known.get(key) or self._wrong.get(key)
        if kept is not None and time.time() < kept.until:
            return kept
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise TryAgain(reason="too many tokens are being validated")
        try:
            found = self._asked(token)
        finally:
            self._turns.release()
        self._keep(key, found)
        return found

    def _asked(self, token: str) -> _Told:
        """Ask Keystone about a token; it is believed until a time of `time.time`."""
        from keystoneauth1 import exceptions  # noqa: PLC0415, an extra

        latest = time.time() + self._seconds
        try:
            answer = self._session.get(
                f"{self.url}/v3/auth/tokens?nocatalog",
                headers={"X-Subject-Token": token, **ENFORCED},
                authenticated=True,
            )
            told = answer.json()["token"]
            rules = told.get("application_credential", {}).get("access_rules")
            until = min(latest, _moment(told["expires_at"]))
            return _Told(_actor(told), None if rules is None else of_service(rules), until)
        except exceptions.NotFound:
            return _Told(None, None, latest)
        except (exceptions.ClientException, KeyError, TypeError, ValueError) as error:
            # Of these some tell the URL and the request id, none a token or a password.
            LOG.error("Keystone did not validate a token: %s: %s", type(error).__name__, error)  # noqa: TRY400, no defect
            raise TryAgain(reason="the identity service does not answer") from error

    def _keep(self, key: bytes, found: _Told) -> None:
        kept, other = (self._known, self._wrong) if found.actor else (self._wrong, self._known)
        with self._lock:
            other.pop(key, None)
            kept[key] = found
            kept.move_to_end(key)
            while len(kept) > KEPT:
                kept.popitem(last=False)


def _actor(told: Mapping[str, Any]) -> Actor:
    """Return the actor that a token tells of; https://docs.openstack.org/api-ref/identity/v3/#validate-and-show-information-for-token."""
    return Actor(
        name=told["user"]["name"],
        user_id=told["user"]["id"],
        domain_id=told["user"]["domain"]["id"],
        project_id=told.get("project", {}).get("id", ""),
        # The roles that they imply are named too, as this Keystone has them.
        roles=frozenset(one["name"].lower() for one in told.get("roles", ())),
        system=bool(told.get("system", {}).get("all")),
    )


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _session(file: str) -> tuple[Any, str]:
    """Return a session with the credentials in a file, and the URL of Keystone in it."""
    try:
        from keystoneauth1 import exceptions, loading, session  # noqa: PLC0415, an extra
    except ImportError:
        raise _unfit("the extra is not installed; run: pip install 'segmentary[keystone]'") from None
    options = _options(file)
    verify: bool | str = options.pop("cafile", True)
    url = str(options.get("auth_url", ""))
    try:
        loader: Any = loading.get_plugin_loader(options.pop("auth_type", "v3password"))
        known = {one.dest for one in loader.get_options()}
        unknown = sorted(set(options) - known)
        if unknown:
            raise _unfit(f"{file}: no such option: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        plugin = loader.load_from_options(**options)
    except (exceptions.ClientException, TypeError) as error:
        raise _unfit(f"{file} does not say how to sign in ({error})") from error
    return session.Session(plugin, verify=verify, timeout=ANSWER_SECONDS, user_agent="segmentary"), url


def _options(file: str) -> dict[str, Any]:
    require_closed(SETTING, file)
    try:
        found = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise _unfit(f"{file} cannot be read ({error.strerror})") from error
    except ValueError:  # its text would show what is beside the mistake
        raise _unfit(f"{file} is not TOML") from None
    if not all(isinstance(one, str) for one in found.values()):
        raise _unfit(f'{file} must have lines of the form: name = "value"')
    return found


def _unfit(reason: str) -> InvalidSetting:
    return InvalidSetting(setting=SETTING, reason=reason)
