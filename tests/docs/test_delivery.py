"""The examples of docs/how-to/deliver-events.md, with real receivers."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.delivery.waiting import wait_until
from tests.docs.pages import ROOT, blocks
from tests.servers.asking import ask
from tests.servers.nats import NatsServer
from tests.servers.queue import queue
from tests.servers.server import free_port
from tests.servers.service import Service, run_program
from tests.servers.stream import Stream

PAGE = (ROOT / "docs" / "how-to" / "deliver-events.md").read_text()
SECRET = "a key that both sides know"  # noqa: S105 - the page's

pytestmark = pytest.mark.databases("sqlite")


def create(server: Service, folder: Path, command: str, *changes: tuple[str, str]) -> None:
    """Create the destination of a command of the page, at an address of this machine."""
    for old, new in changes:
        assert old in command
        command = command.replace(old, new)
    arguments = shlex.split(command.replace("\\\n", ""), comments=True)[1:]
    secret = {"SEGMENTARY_SECRET": "guest"} if "--username guest" in command else {}
    done = run_program(folder, *arguments, "--url", server.url, environment=secret)
    assert done.returncode == 0, done.stderr


def make_network(server: Service, name: str) -> None:
    assert ask(server.url, "POST", "/v2.0/networks", {"network": {"name": name}}).status == 201


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_the_receiver_stores_each_event_once_and_refuses_other_signatures(server: Service, tmp_path: Path) -> None:
    (program,) = blocks(PAGE, "py")
    (tmp_path / "receiver.py").write_text(program)
    port, file = free_port(), tmp_path / "segments.jsonl"
    command = [sys.executable, "receiver.py", str(port), SECRET, str(file)]
    destination = {"kind": "webhook", "endpoint": f"http://127.0.0.1:{port}/", "types": "segment.created", "timeout": 2}
    for secret in (SECRET, SECRET, "another"):
        body = {"event_destination": {**destination, "secret": secret, "attempts": 1, "after": 0}}
        assert ask(server.url, "POST", "/v2.0/event-destinations", body).status == 201
    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, cwd=tmp_path, stderr=log) as receiver:
        for name in ("a", "b"):
            make_network(server, name)

        def are_done() -> bool:
            shown = ask(server.url, "GET", "/v2.0/event-destinations").document["event_destinations"]
            return all(one["lag"] == 0 for one in shown)

        wait_until(are_done)
        receiver.kill()
    stored = lines(file)
    assert [one["type"] for one in stored] == ["segment.created"] * 2
    assert len({str(one["id"]) for one in stored}) == 2
    shown = ask(server.url, "GET", "/v2.0/event-destinations").document["event_destinations"]
    assert [one["dead_letters"] for one in shown] == [0, 0, 2]


def test_the_destination_at_nats_gets_events(server: Service, nats: NatsServer, tmp_path: Path) -> None:
    command = next(one for one in blocks(PAGE, "sh") if "--kind nats" in one)
    stream = Stream(nats.url, "segmentary")
    stream.create()
    create(server, tmp_path, command, ("nats://127.0.0.1:4222", nats.url))
    make_network(server, "blue")
    wait_until(lambda: len(stream.messages()) == 3)
    assert {subject for subject, _, _ in stream.messages()} >= {"segmentary.segment.created"}


@pytest.mark.parametrize(("topic", "key"), [("segmentary", "segment.created"), ("neutron", "notifications.info")])
def test_the_destinations_at_rabbitmq_get_events(
    server: Service, rabbitmq: str, tmp_path: Path, topic: str, key: str
) -> None:
    command = next(one for one in blocks(PAGE, "sh") if "--kind rabbitmq" in one and f"--topic {topic}" in one)
    with queue(rabbitmq) as broker:
        broker.bind("#")
        place = ("amqp://127.0.0.1:5672/%2F", "amqp://" + rabbitmq.rpartition("@")[2])
        create(server, tmp_path, command, place, (f"--topic {topic}", f"--topic {broker.name}"))
        make_network(server, "blue")
        keys: list[str] = []

        def has_come() -> bool:
            keys.extend(each for each, _, _ in broker.messages())
            return len(keys) == 3

        wait_until(has_come)
        assert key in keys
