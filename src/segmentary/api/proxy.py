"""What proxies say of the request that reached them, believed of those that are configured only.

    X-Forwarded-Proto: https   X-Forwarded-Host: network.example.org   X-Forwarded-Prefix: /network

They are the address by which the client knows the service, which stands in links. Who asks, a proxy does not say: the
address in X-Forwarded-For only tells one client from another (`segmentary.api.client_limit`).
"""

import ipaddress
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from segmentary.errors import InvalidSetting

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Of the environment of a request: the address of the client that a believed proxy names.
CLIENT = "segmentary.client"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+){1,16}")


def behind(proxies: str, wsgi: Wsgi) -> Wsgi:
    """Return an application that believes these proxies: addresses and networks separated by commas.

    Raises `InvalidSetting`.
    """
    networks = _networks(proxies)

    @lru_cache(1024)
    def is_proxy(address: str) -> bool:
        return any(ipaddress.ip_address(address) in one for one in networks)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401, a WSGI callable
        if is_proxy(environ["REMOTE_ADDR"]):
            _believe(environ)
        return wsgi(environ, start_response)

    return application


def _believe(environ: dict[str, Any]) -> None:
    scheme, host, prefix = (environ.get(f"HTTP_X_FORWARDED_{name}", "") for name in ("PROTO", "HOST", "PREFIX"))
    # What stands before the last one the client may have written.
    client = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    if _ADDRESS.fullmatch(client):
        environ[CLIENT] = client
    if scheme in {"http", "https"}:
        environ["wsgi.url_scheme"] = scheme
    if _HOST.fullmatch(host):
        environ["HTTP_HOST"] = host
    if _PREFIX.fullmatch(prefix.rstrip("/")):
        environ["SCRIPT_NAME"] = prefix.rstrip("/")


def _networks(proxies: str) -> list[Network]:
    try:
        return [ipaddress.ip_network(one.strip()) for one in proxies.split(",")]
    except ValueError as error:
        raise InvalidSetting(setting="proxies", reason=f"{error}; give addresses or networks") from error
