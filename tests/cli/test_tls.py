"""TLS: with a certificate of its own, renewed while the server runs."""

import http.client
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from tests.servers.service import Service, run_program

pytestmark = pytest.mark.databases("sqlite")
SECONDS = 90
NEW = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]


def certify(folder: Path, name: str) -> bytes:
    """Write a new certificate and its key; return the certificate as it is shown to clients."""
    new, key = folder / "new.pem", folder / "new.key"
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*NEW, "-keyout", str(key), "-out", str(new), *subject],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    certificate = ssl.PEM_cert_to_DER_cert(new.read_text())
    key.replace(folder / "server.key")
    new.replace(folder / "server.pem")
    return certificate


def shown(port: int) -> bytes | None:
    """Return the certificate that the server shows, None if it does not answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain) as connection,
        ):
            return connection.getpeercert(binary_form=True)
    except OSError:
        return None


def until_shown(service: Service, wanted: bytes) -> None:
    deadline = time.monotonic() + SECONDS
    while shown(service.port) != wanted:
        assert time.monotonic() < deadline, service.output
        time.sleep(0.1)


def test_certificate_is_shown_and_renewed(tmp_path: Path, database_url: str) -> None:
    first = certify(tmp_path, "first")
    options = ("--tls-certificate-file", "server.pem", "--tls-key-file", "server.key")
    service = Service(tmp_path, database_url, options, {})
    try:
        until_shown(service, first)
        assert f"serves https://127.0.0.1:{service.port}" in service.output
        assert answered(service.port, tmp_path / "server.pem") == 200
        (tmp_path / "server.pem").write_text("nothing")
        deadline = time.monotonic() + SECONDS
        while "the certificate stays as it was" not in service.output:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert shown(service.port) == first
        second = certify(tmp_path, "second")
        # For a while the workers before and those after answer side by side.
        while not (shown(service.port) == second and answered(service.port, tmp_path / "server.pem") == 200):
            assert time.monotonic() < deadline + SECONDS, service.output
            time.sleep(0.1)
    finally:
        service.stop()


def answered(port: int, authority: Path) -> int | None:
    """Ask over TLS, trusting this certificate; return the status, None if another certificate is shown."""
    context = ssl.create_default_context(cafile=str(authority))
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
    try:
        connection.request("GET", "/v2.0/networks")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--tls-key-file", "server.key"], "given both"),
        (["--tls-certificate-file", "server.pem", "--tls-key-file", "missing"], "are no certificate with its key"),
        (["--tls-certificate-file", "server.key", "--tls-key-file", "server.key"], "are no certificate with its key"),
        (["--tls-certificate-file", "server.pem", "--tls-key-file", "open.key"], "everyone can read open.key"),
        (["--proxies", "everybody"], "addresses or networks"),
    ],
)
def test_server_without_a_usable_certificate_does_not_start(tmp_path: Path, options: list[str], word: str) -> None:
    certify(tmp_path, "any")
    (tmp_path / "open.key").write_text((tmp_path / "server.key").read_text())
    (tmp_path / "open.key").chmod(0o644)
    done = run_program(tmp_path, "serve", *options)
    assert done.returncode == 1
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
