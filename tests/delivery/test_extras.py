"""Without the library of a kind, a destination of it is refused in one line, or says why it rests."""

import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import segmentary
from segmentary.errors import DestinationKindNotInstalled
from tests.delivery.waiting import wait_until

SOURCE = Path(segmentary.__file__).parents[1]
MISSING = ("nats", "pika")


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Give the environment of a Python that has all installed packages but those of the extras."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for one in Path(sysconfig.get_path("purelib")).iterdir():
        if not one.name.startswith(MISSING):
            (packages / one.name).symlink_to(one)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTARY_")}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(packages)])}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("kind", ["nats", "rabbitmq"])
def test_a_destination_whose_library_is_missing_is_refused_in_one_line(
    database_url: str, bare: dict[str, str], kind: str
) -> None:
    scheme = {"nats": "nats", "rabbitmq": "amqp"}[kind]
    command = ["destination", "create", "--kind", kind, "--endpoint", f"{scheme}://127.0.0.1/", "--topic", "t"]
    # -S: without the folder that the libraries are installed in
    done = subprocess.run(
        [sys.executable, "-S", "-m", "segmentary", *command, "--database", database_url],
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"segmentary: {DestinationKindNotInstalled(kind=kind, attribute='kind').message}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
    assert f"install segmentary[{kind}]" in said


@pytest.mark.databases("sqlite")
def test_a_relay_without_the_library_says_so_and_loses_nothing(
    app: segmentary.Application, database_url: str, bare: dict[str, str], tmp_path: Path
) -> None:
    made = app.event_destinations.create(kind="nats", endpoint="nats://127.0.0.1:1", topic="t", after=0)
    log = tmp_path / "log"
    with log.open("w") as output:
        relay = subprocess.Popen(
            [sys.executable, "-S", "-m", "segmentary", "relay", "--database", database_url],
            env=bare,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(lambda: app.event_destinations.show(made.id).last_error, log.read_text)
    finally:
        relay.send_signal(signal.SIGTERM)
        assert relay.wait() == 0, log.read_text()
    shown = app.event_destinations.show(made.id)
    assert (shown.status, shown.lag, shown.dead_letters) == ("failing", 1, 0)
    assert "install segmentary[nats]" in str(shown.last_error)
    assert "Traceback" not in log.read_text()
