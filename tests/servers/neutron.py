"""A whole Neutron, installed from PyPI by `make .venv-neutron/.installed`, under uWSGI as its documentation has it."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.server import NoServerError, free_port, wait_until

ROOT = Path(__file__).parents[2]
BIN = Path(os.environ.get("SEGMENTARY_TEST_NEUTRON", ROOT / ".venv-neutron")) / "bin"
SETTINGS = Path(__file__).parent / "neutron.conf"
PROVIDER = {"network_type", "physical_network", "segmentation_id"}
# Of the file in Neutron's documentation, those that do not depend on where it is installed.
OPTIONS = (
    "--master",
    "--lazy-apps",
    "--enable-threads",
    "--die-on-term",
    "--need-app",
    "--thunder-lock",
    "--set=start-time=%t",
    "--buffer-size=65535",
    "--add-header=Connection: close",
    "--disable-logging",
    "--module=neutron.wsgi.api:application",
)


@dataclass(frozen=True)
class Neutron:
    """A server on a database; `process` is the first of its processes."""

    url: str
    process: int

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401, JSON
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/v2.0{path}", data, headers, method=method)  # noqa: S310, http
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310, http
            text = answer.read()
            return json.loads(text) if text else None

    def network(self, **provider: object) -> str:
        body = {f"provider:{name}" if name in PROVIDER else name: value for name, value in provider.items()}
        return str(self.ask("POST", "/networks", {"network": body})["network"]["id"])

    def listed(self, collection: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"/{collection}")[collection]
        return sorted(found, key=lambda one: str(one["id"]))


@contextmanager
def running(folder: Path, kind: str, url: str, *others: Path, workers: int = 1) -> Iterator[Neutron]:
    """Make the schema with Neutron's own migrations and serve on it; the settings of `others` go before those here."""
    if not (BIN / "uwsgi").exists():
        raise NoServerError("Neutron is not installed; make .venv-neutron/.installed")
    port, log = free_port(), folder / "serve.log"
    text = SETTINGS.read_text().format(folder=folder, url=_driver_url(kind, url), etc=BIN.parent / "etc")
    (folder / SETTINGS.name).write_text(text)
    files = [folder / SETTINGS.name, *others]
    config = [f"--config-file={file}" for file in files]
    made = subprocess.run([BIN / "neutron-db-manage", *config, "upgrade", "heads"], check=False, capture_output=True)
    if made.returncode:
        raise NoServerError(f"neutron-db-manage failed:\n{made.stderr.decode()[-2000:]}")
    environment = {
        **os.environ,
        "OS_NEUTRON_CONFIG_DIR": str(folder),
        "OS_NEUTRON_CONFIG_FILES": ";".join(map(str, files)),
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [BIN / "uwsgi", *OPTIONS, f"--processes={workers}", f"--http-socket=127.0.0.1:{port}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    neutron = Neutron(f"http://127.0.0.1:{port}", process.pid)
    try:
        wait_until(lambda: neutron.ask("GET", "/networks?limit=1"), process, log)
        yield neutron
    finally:
        process.terminate()
        process.wait(60)


def _driver_url(kind: str, url: str) -> str:
    scheme = {"postgresql": "postgresql+psycopg2", "mariadb": "mysql+pymysql"}[kind]
    return f"{scheme}://{url.partition('://')[2]}"
