"""A real Keystone, on SQLite and on loopback, from the environment .venv-keystone."""

import http.client
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers.server import free_port

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".venv-keystone" / "bin"
START_SECONDS = 120
PASSWORD = "a-password-of-this-test"  # noqa: S105, of these tests
CONFIGURATION = """
[DEFAULT]
log_file = {folder}/keystone.log
[database]
connection = sqlite:///{folder}/keystone.db
[fernet_tokens]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/credential
[identity]
password_hash_rounds = 4
[cache]
enabled = false
"""
# WSGI with threads, from the standard library: nothing else is needed for a few requests.
PROGRAM = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
sys.argv, port = sys.argv[:1], int(sys.argv[1])
from keystone.server.wsgi import initialize_public_application
class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass
make_server("127.0.0.1", port, initialize_public_application(), Server, Handler).serve_forever()
"""


class KeystoneServer:
    """A running Keystone; `url` is where it answers, `admin` the password of its first user."""

    def __init__(self, folder: Path) -> None:
        if not (PROGRAMS / "keystone-manage").exists():
            pytest.fail("Keystone is not installed: run `make .venv-keystone/.installed`")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._configuration = folder / "keystone.conf"
        self._configuration.write_text(CONFIGURATION.format(folder=folder))
        self._output = folder / "keystone.out"
        for name in ("fernet", "credential"):
            (folder / name).mkdir(mode=0o700)
        self._manage("db_sync")
        for name in ("fernet_setup", "credential_setup"):
            self._manage(name, "--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid()))
        self._manage(
            "bootstrap",
            "--bootstrap-password",
            PASSWORD,
            "--bootstrap-public-url",
            f"{self.url}/v3",
            "--bootstrap-region-id",
            "RegionOne",
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._output.open("a") as output:
            self._process = subprocess.Popen(
                [PROGRAMS / "python", "-W", "ignore", "-c", PROGRAM, str(self.port)],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"Keystone did not start:\n{self._output.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it; `start` brings it back, with what it knew."""
        self._process.kill()
        self._process.wait()

    def variables(self, name: str, project: str, password: str = PASSWORD) -> dict[str, str]:
        """Return the environment of OpenStack's clients for a user in a project."""
        return {
            "OS_AUTH_URL": f"{self.url}/v3",
            "OS_IDENTITY_API_VERSION": "3",
            "OS_REGION_NAME": "RegionOne",
            "OS_USERNAME": name,
            "OS_PASSWORD": password,
            "OS_PROJECT_NAME": project,
            "OS_USER_DOMAIN_ID": "default",
            "OS_PROJECT_DOMAIN_ID": "default",
        }

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/v3")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [PROGRAMS / "keystone-manage", "--config-file", str(self._configuration), *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        assert done.returncode == 0, f"keystone-manage {arguments[0]}: {done.stderr}"

    def _environment(self) -> Mapping[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        return {**inherited, "OS_KEYSTONE_CONFIG_FILES": str(self._configuration), "PYTHONWARNINGS": "ignore"}
