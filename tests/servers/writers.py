"""Writers that create, change and delete over HTTP, relays as processes, and threads whose failures are kept."""

import http.client
import json
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.servers.service import PROGRAM, Service, environment_of_program


class Client:
    """Requests over one connection, which is opened again when the server has closed it."""

    def __init__(self, service: Service) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        self._connection.request(method, f"/v2.0{path}", json.dumps(body) if body is not None else None)
        answer = self._connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data else None


def write(service: Service, number: int, until: float, done: Counter[str]) -> None:
    """Create, change and delete networks and segments; count what was answered with success, by type of event."""
    dice = random.Random(number)  # noqa: S311, which action comes next is no secret
    mine: list[tuple[str, str]] = []
    with closing(Client(service)) as client:
        while time.monotonic() < until:
            change(client, number, dice, mine, done)


def change(client: Client, number: int, dice: random.Random, mine: list[tuple[str, str]], done: Counter[str]) -> None:
    status, answer = client.ask("POST", "/networks", {"network": {"name": f"{number}"}})
    assert status == 201, answer
    network = answer["network"]["id"]
    done["network.created"] += 1
    done["segment.created"] += 1  # each network is made with one segment
    done["network.updated"] += 1  # the vxlan segment added below lowers the MTU of its network
    vni = number * 100_000 + done["network.created"]
    body = {"segment": {"network_id": network, "network_type": "vxlan", "segmentation_id": vni}}
    status, answer = client.ask("POST", "/segments", body)
    assert status == 201, answer
    done["segment.created"] += 1
    mine.append((network, answer["segment"]["id"]))
    network, segment = dice.choice(mine)
    status, answer = client.ask("PUT", f"/segments/{segment}", {"segment": {"name": str(dice.random())}})
    assert status == 200, answer
    done["segment.updated"] += 1
    if dice.random() < 0.5:
        mine.remove((network, segment))
        status, answer = client.ask("DELETE", f"/networks/{network}")
        assert status == 204, answer
        done["network.deleted"] += 1
        done["segment.deleted"] += 2


class Threads:
    """Threads whose failures are kept."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []

    def start(self, work: Callable[..., object], *arguments: object) -> threading.Thread:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as failure:  # noqa: BLE001, the test fails with it
                self.failures.append(failure)

        made = threading.Thread(target=run)
        made.start()
        return made


def start_relay(database_url: str, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "relay.log").open("ab") as log:
        environment = environment_of_program({"SEGMENTARY_DATABASE": database_url})
        return subprocess.Popen([PROGRAM, "relay"], cwd=folder, env=environment, stdout=log, stderr=log)
