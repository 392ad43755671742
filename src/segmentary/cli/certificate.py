"""The certificate of the server: tried before it is used, and used anew when its files change.

Each worker reads the files when it starts. So after a change new workers take the place of the old ones, which finish
what they have begun: what Granian does on SIGHUP.
"""

import logging
import os
import signal
import ssl
import threading
import time
from pathlib import Path

from segmentary.errors import InvalidSetting
from segmentary.services.user import mark, require_closed
from segmentary.settings import Settings

LOG = logging.getLogger("segmentary")
LOOK_SECONDS = 1.0


def files(settings: Settings) -> tuple[Path | None, Path | None]:
    """Return the files of the certificate and its key, None without; raise `InvalidSetting` if they cannot be used."""
    certificate, key = settings.tls_certificate_file, settings.tls_key_file
    if not certificate and not key:
        return None, None
    if not (certificate and key):
        missing = "tls_key_file" if certificate else "tls_certificate_file"
        raise InvalidSetting(setting=missing, reason="the certificate and its key are given both, or none of them")
    require_closed("tls_key_file", key)
    _require_usable(certificate, key)
    return Path(certificate), Path(key)


def watch(settings: Settings) -> None:
    """Have the workers take up a new certificate from now on; one that cannot be used is left alone, and logged."""
    if settings.tls_certificate_file:
        threading.Thread(target=_watch, args=(settings,), name="certificate", daemon=True).start()


def _watch(settings: Settings) -> None:
    watched = (settings.tls_certificate_file, settings.tls_key_file)
    seen = [mark(one) for one in watched]
    while True:
        time.sleep(LOOK_SECONDS)
        now = [mark(one) for one in watched]
        if now == seen:
            continue
        seen = now
        try:
            files(settings)
        except InvalidSetting as error:
            LOG.error("the certificate stays as it was: %s", error.message)  # noqa: TRY400, the message says all
            continue
        LOG.warning("the certificate is read anew from %s", settings.tls_certificate_file)
        os.kill(os.getpid(), signal.SIGHUP)


def _require_usable(certificate: str, key: str) -> None:
    def no_password() -> str:
        raise InvalidSetting(setting="tls_key_file", reason=f"{key} must not ask for a password")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, no_password)
    except (OSError, ssl.SSLError) as error:
        reason = f"{certificate} and {key} are no certificate with its key ({error.strerror or error})"
        raise InvalidSetting(setting="tls_certificate_file", reason=reason) from error
