"""Numbers for monitoring: any process answers, and says what the database does."""

import re
from collections.abc import Callable

import segmentary
from tests.servers.asking import ask
from tests.servers.service import Service

SAMPLE = re.compile(r"([a-z_]+)(\{.*\})? ([0-9.e+]+)")


def read(url: str) -> dict[tuple[str, str], float]:
    """Return the value of each metric and labels; every line must be a sample or a comment."""
    answer = ask(url, "GET", "/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = {}
    for line in answer.body.decode().splitlines():
        if not line.startswith(("# HELP segmentary_", "# TYPE segmentary_")):
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            found[sample[1], sample[2] or ""] = float(sample[3])
    return found


def test_every_server_says_how_far_the_feed_and_its_destinations_are(
    app: segmentary.Application, start_server: Callable[..., Service]
) -> None:
    servers = [start_server("--relay", "0"), start_server("--relay", "0", "--workers", "2")]
    name = 'a "quoted" \\ name'
    one = app.event_destinations.create(name=name, kind="webhook", endpoint="http://127.0.0.1:9/", after=0, paused=True)
    app.networks.create(name="blue")
    while app.relay.work():
        pass
    labels = f'{{destination="{one.id}",name="a \\"quoted\\" \\\\ name",kind="webhook"}}'
    for service in servers:
        found = read(service.url)
        assert found["segmentary_events_sequence", ""] == 3
        assert found["segmentary_events_oldest_sequence", ""] == 1
        assert found["segmentary_events_unnumbered", ""] == 0
        told = {key: value for (key, which), value in found.items() if which == labels}
        assert told.pop("segmentary_destination_oldest_undelivered_seconds") >= 0
        assert told == {
            "segmentary_destination_acknowledged": 0,
            "segmentary_destination_lag": 3,
            "segmentary_destination_dead_letters": 0,
            "segmentary_destination_failures_total": 0,
            "segmentary_destination_failing": 0,
            "segmentary_destination_paused": 1,
        }
