"""What a project reads of the feed and of histories: what is its own, as it sees it, and nothing of others."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from falcon import testing

import segmentary
from segmentary.api.body import Bodies
from segmentary.api.wsgi import make_wsgi
from segmentary.catalog.actor import Actor
from segmentary.services import user
from segmentary.services.feed import REST_SECONDS, Feed
from segmentary.services.user import User
from segmentary.wire.event import EventQuery

Object = dict[str, Any]
ABSENT = "01a203c4-f3e5-71bc-848a-4f7a10af3693"
USERS = (
    User(name="ann", project_id="blue", roles=("member",)),
    User(name="rae", project_id="blue", roles=("reader",)),
    User(name="bob", project_id="green", roles=("member",)),
    User(name="root", project_id="operators", roles=("admin",)),
    User(name="audrey", project_id="auditors", roles=("auditor",)),
)


class Site:
    """The service in this process, and users of several projects."""

    def __init__(self, app: segmentary.Application, tokens: dict[str, str]) -> None:
        self.app = app
        self._tokens = tokens
        self._client = testing.TestClient(make_wsgi(app, Bodies(app.settings)))

    def send(self, who: str, method: str, path: str, body: object = None, accept: str = "*/*") -> testing.Result:
        path, _, query = path.partition("?")
        headers = {"X-Auth-Token": self._tokens[who], "Accept": accept}
        return self._client.simulate_request(method, f"/v2.0/{path}", query_string=query, json=body, headers=headers)

    def ask(self, who: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401, JSON
        answer = self.send(who, method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json if answer.text else None

    def network(self, who: str, **values: object) -> Object:
        made: Object = self.ask(who, "POST", "networks", {"network": values})["network"]
        return made

    def feed(self, who: str, query: str = "") -> Object:
        while self.app.relay.work():
            pass
        found: Object = self.ask(who, "GET", f"segment-events?{query}")
        return found


@pytest.fixture
def open_site(database_url: str, tmp_path: Path) -> Iterator[Callable[[str], Site]]:
    file = tmp_path / "users"
    tokens = {}
    for one in USERS:
        token = user.add(str(file), one, None)
        assert token is not None
        tokens[one.name] = token
    opened = []

    def start(policy: str) -> Site:
        rules = tmp_path / "policy.yaml"
        rules.write_text(policy)
        # without a place to wait a stream ends after what there is
        app = segmentary.open(database_url, users_file=str(file), policy_file=str(rules), event_places=0)
        opened.append(app)
        return Site(app, tokens)

    yield start
    for app in opened:
        app.close()


@pytest.fixture
def site(open_site: Callable[[str], Site]) -> Site:
    return open_site("")


def told(events: list[Object]) -> list[tuple[str, str, str | None]]:
    return [(one["type"], one["record"]["name"], one["actor"]) for one in events]


def test_a_project_reads_what_happened_to_its_own_and_not_which_administrator_did_it(site: Site) -> None:
    mine, theirs = site.network("ann", name="mine"), site.network("bob", name="theirs")
    tunnel = {"provider:network_type": "vxlan", "provider:segmentation_id": 12345671}
    given = site.network("root", name="given", project_id="blue", **tunnel)
    site.network("root", name="for all", shared=True)
    for one in (mine, theirs):
        site.ask("root", "PUT", f"networks/{one['id']}", {"network": {"description": "looked at"}})
    site.ask("root", "PUT", f"networks/{given['id']}", {"network": {"provider:segmentation_id": 12345672}})
    site.ask("ann", "DELETE", f"networks/{mine['id']}")
    expected = [
        ("network.created", "mine", "ann"),
        ("network.created", "given", None),
        ("network.updated", "mine", None),
        ("network.updated", "given", None),
        ("network.deleted", "mine", "ann"),
    ]
    everything = site.feed("root")
    for who in ("ann", "rae"):
        found = site.feed(who)
        assert told(found["segment_events"]) == expected
        assert found["sequence"] == everything["sequence"] > len(expected)
        assert [one["request_id"] is None for one in found["segment_events"]] == [False, True, True, True, False]
        changed = set(found["segment_events"][3]["changed"])
        assert {"revision_number"} <= changed <= {"revision_number", "updated_at"}
        assert not [key for one in found["segment_events"] for key in one["record"] if key.startswith("provider:")]
        streamed = site.send(who, "GET", "segment-events", accept="text/event-stream").text
        assert streamed.count("event: ") == len(expected)
        assert all(one["id"] in streamed for one in found["segment_events"])
        assert "root" not in streamed + str(found)
        assert "theirs" not in streamed + str(found)
        assert "1234567" not in streamed
    of_given = [one for one in everything["segment_events"] if one["resource_id"] == given["id"]]
    assert of_given[1]["changed"]["provider:segmentation_id"] == {"old": 12345671, "new": 12345672}
    assert {one["actor"] for one in everything["segment_events"]} == {"ann", "bob", "root"}


def test_a_history_is_that_of_the_feed_and_of_others_there_is_none(site: Site) -> None:
    mine = site.network("ann", name="mine")
    site.ask("root", "PUT", f"networks/{mine['id']}", {"network": {"shared": True}})
    site.ask("ann", "DELETE", f"networks/{mine['id']}")
    told = site.feed("rae")["segment_events"]
    in_feed = [one for one in told if one["type"].startswith("network.")]
    assert site.ask("rae", "GET", f"networks/{mine['id']}/history")["history"] == in_feed
    assert [one["actor"] for one in in_feed] == ["ann", None, "ann"]
    of_policy = [one for one in told if one not in in_feed]
    assert [one["type"] for one in of_policy] == ["rbac_policy.created", "rbac_policy.deleted"]
    policy = of_policy[0]["resource_id"]
    assert site.ask("rae", "GET", f"rbac-policies/{policy}/history")["history"] == of_policy
    ranged = {"network_type": "gre", "minimum": 1, "maximum": 9, "shared": False, "project_id": "green"}
    made = site.ask("root", "POST", "network-segment-ranges", {"network_segment_range": ranged})
    for path in ("networks/{}/history", "network-segment-ranges/{}/history", "segments/{}/history"):
        answers = [
            site.send("bob", "GET", path.format(one))
            for one in (ABSENT, mine["id"], made["network_segment_range"]["id"])
        ]
        assert [one.status_code for one in answers] == [404] * 3
        hidden = [one.text.replace(ABSENT, "") for one in answers]
        assert hidden[1].replace(mine["id"], "") == hidden[0]


def test_pages_and_filters_move_on_past_the_events_of_others(site: Site) -> None:
    mine = [site.network("ann", name=name)["id"] for name in "abc"]
    theirs = [site.network("bob", name=name)["id"] for name in "def"]
    first = site.feed("ann", "limit=2")
    assert [one["resource_id"] for one in first["segment_events"]] == mine[:2]
    second = site.feed("ann", f"limit=2&after={first['sequence']}")
    assert [one["resource_id"] for one in second["segment_events"]] == mine[2:]
    assert second["sequence"] == site.feed("root")["sequence"]
    for nothing in (
        f"resource_id={theirs[0]}",
        "type=segment.created",
        f"type=network.created&resource_id={theirs[1]}",
    ):
        assert site.feed("ann", nothing) == {"segment_events": [], "sequence": second["sequence"]}
    chosen = site.feed(
        "ann", f"type=network.created&type=segment.created&resource_id={mine[1]}&resource_id={theirs[0]}"
    )
    assert [one["resource_id"] for one in chosen["segment_events"]] == [mine[1]]


@pytest.mark.databases("sqlite")
def test_other_rules_say_who_reads_what(open_site: Callable[[str], Site]) -> None:
    site = open_site(
        """
"get_segment_event": "rule:admin_required or role:auditor or rule:project_reader"
"get_segment_event:actor": "rule:admin_required or rule:owner"
"get_network:provider:segmentation_id": "rule:admin_required or rule:owner"
"get_network:provider:network_type": "rule:admin_required or rule:shared"
"""
    )
    tunnel = {"provider:network_type": "vxlan", "provider:segmentation_id": 4711}
    given = site.network("root", name="given", project_id="blue", shared=True, **tunnel)
    mine, policy = site.feed("ann")["segment_events"]
    assert (policy["type"], policy["record"]["target_tenant"]) == ("rbac_policy.created", "*")
    assert (mine["actor"], mine["request_id"]) == ("root", None)
    assert mine["record"]["provider:segmentation_id"] == 4711
    # Shown with the network, which is shared; but an event knows only whose the network is.
    assert site.ask("ann", "GET", f"networks/{given['id']}")["network"]["provider:network_type"] == "vxlan"
    assert "provider:network_type" not in mine["record"]
    of_all = site.feed("audrey")["segment_events"]
    assert [one["type"] for one in of_all] == ["network.created", "segment.created", "rbac_policy.created"]
    assert [(one["actor"], one["request_id"]) for one in of_all] == [(None, None)] * 3
    assert of_all[0]["record"]["provider:network_type"] == "vxlan"
    assert site.ask("audrey", "GET", f"networks/{given['id']}/history")["history"] == of_all[:1]


@pytest.mark.databases("sqlite")
def test_who_may_not_see_a_network_reads_none_of_its_events(open_site: Callable[[str], Site]) -> None:
    site = open_site('"get_network": "rule:admin_required or rule:owner and rule:external"\n')
    mine = site.network("ann", name="mine")["id"]
    assert site.feed("ann") == {"segment_events": [], "sequence": 2}
    assert site.send("ann", "GET", f"networks/{mine}/history").status_code == 404
    for path in ("segment-events", f"networks/{mine}/history"):
        assert site.send("audrey", "GET", path).status_code == 403


@pytest.mark.databases("sqlite")
def test_a_reader_rests_however_many_events_of_others_come(site: Site) -> None:
    feed = Feed(site.app.database, site.app.policy, 1)
    over = threading.Event()

    def signal() -> None:
        while not over.is_set():
            feed.signal()

    noise = threading.Thread(target=signal)
    noise.start()
    try:
        start = time.monotonic()
        actor = Actor(name="ann", project_id="blue", roles=frozenset({"reader"}))
        pages = list(feed.follow(EventQuery(), start + 5 * REST_SECONDS, actor))
        took = time.monotonic() - start
    finally:
        over.set()
        noise.join()
    assert 1 < len(pages) <= took / REST_SECONDS + 2
