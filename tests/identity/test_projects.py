"""Two projects at work at once never see each other's rows: whatever they ask, in whatever order."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from falcon import testing
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import segmentary
from segmentary.api.body import Bodies
from segmentary.api.wsgi import make_wsgi
from segmentary.services import user
from segmentary.services.user import User

PROJECTS = ("blue", "green")
ABSENT = "01a203c4-f3e5-71bc-848a-4f7a10af3693"
QUERIES = (
    "",
    "with_count=true",
    "limit=1",
    "limit=2&sort_key=name&sort_dir=desc&with_count=true",
    "limit=1&sort_key=mtu&sort_dir=asc&page_reverse=true",
    "fields=id&fields=name&fields=project_id",
    "shared=false",
    "admin_state_up=true&limit=2",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(PROJECTS),
        st.sampled_from(
            ["create", "create several", "list", "list theirs", "show", "update", "delete", "marker", "others", "keyed"]
        ),
        st.integers(0, 2**16),
    ),
    min_size=5,
    max_size=30,
)


class World:
    """A server in this process, a member of each project, and what each project has."""

    def __init__(self, url: str, users: Path, tokens: dict[str, str]) -> None:
        self.app = segmentary.open(url, users_file=str(users))
        self._client = testing.TestClient(make_wsgi(self.app, Bodies(self.app.settings)))
        self._tokens = tokens
        self.mine: dict[str, dict[str, str]] = {one: {} for one in PROJECTS}
        self.made = 0
        self.run = str(uuid4())
        self.keys: set[tuple[str, str]] = set()

    def ask(  # noqa: PLR0913, each is a part of a request
        self, project: str, method: str, path: str, body: object = None, *, told: str = "", key: str = ""
    ) -> testing.Result:
        """Ask as the member of a project; nothing of the other's may be in the answer but what was `told`."""
        path, _, query = path.partition("?")
        headers = {"X-Auth-Token": self._tokens[project]} | ({"Idempotency-Key": key} if key else {})
        answer = self._client.simulate_request(method, f"/v2.0/{path}", query_string=query, json=body, headers=headers)
        assert answer.status_code < 500, answer.text
        text = f"{answer.text} {answer.headers}".replace(told, "") if told else f"{answer.text} {answer.headers}"
        (other,) = set(PROJECTS) - {project}
        assert f"secret of {other}" not in text, (project, method, path, query)
        assert f'"{other}"' not in text
        for one in self.mine[other]:
            assert one not in text, (project, method, path, query)
        return answer

    def name(self, project: str) -> str:
        self.made += 1
        return f"secret of {project} {self.made}"

    def keep(self, project: str, *networks: dict[str, Any]) -> None:
        for one in networks:
            assert one["project_id"] == project
            self.mine[project][one["id"]] = one["name"]


def create(world: World, me: str, _other: str, _number: int) -> None:
    world.keep(me, world.ask(me, "POST", "networks", {"network": {"name": world.name(me)}}).json["network"])


def create_several(world: World, me: str, _other: str, number: int) -> None:
    body = {"networks": [{"name": world.name(me)} for _ in range(1 + number % 3)]}
    world.keep(me, *world.ask(me, "POST", "networks", body).json["networks"])


def keyed(world: World, me: str, _other: str, number: int) -> None:
    """Repeat a request with its key, which the other project may use too."""
    body, key = {"network": {"name": world.name(me)}}, f"{world.run} {len(world.mine[me])} {number % 2}"
    if (me, key) not in world.keys:
        world.keys.add((me, key))
        first, second = (world.ask(me, "POST", "networks", body, key=key).json["network"] for _ in range(2))
        assert first == second
        world.keep(me, first)


def list_all(world: World, me: str, _other: str, number: int) -> None:
    """Follow a list to its end, both ways: it is what the project has, and the total is their number."""
    query = QUERIES[number % len(QUERIES)]
    path, seen, pages = f"networks?{query}", set(), 0
    reverse = "page_reverse" in query
    while path and pages < 200:
        answer = world.ask(me, "GET", path).json
        assert answer.get("count", len(world.mine[me])) == len(world.mine[me])
        seen |= {one["id"] for one in answer["networks"]}
        links = {one["rel"]: urlsplit(one["href"]) for one in answer.get("networks_links", ())}
        after = links.get("previous" if reverse else "next")
        path = f"networks?{after.query}" if after and answer["networks"] else ""
        pages += 1
    assert seen == set(world.mine[me])


def list_theirs(world: World, me: str, other: str, number: int) -> None:
    ids = [*world.mine[other], ABSENT]
    one = ids[number % len(ids)]
    name = world.mine[other].get(one, "nothing")
    for query in (f"id={one}", f"name={name}", f"project_id={other}", f"id={one}&with_count=true"):
        answer = world.ask(me, "GET", f"networks?{query}", told=one).json
        assert answer["networks"] == []
        assert not answer.get("count")


def show(world: World, me: str, _other: str, number: int) -> None:
    for one in list(world.mine[me])[number % 3 : 3]:
        shown = world.ask(me, "GET", f"networks/{one}").json["network"]
        assert (shown["name"], "provider:network_type" in shown) == (world.mine[me][one], False)


def update(world: World, me: str, _other: str, number: int) -> None:
    for one in list(world.mine[me])[number % 3 : 3]:
        body = {"network": {"name": world.name(me)}}
        world.keep(me, world.ask(me, "PUT", f"networks/{one}", body).json["network"])


def delete(world: World, me: str, _other: str, number: int) -> None:
    for one in list(world.mine[me])[number % 3 : 2]:
        assert world.ask(me, "DELETE", f"networks/{one}").status_code == 204
        del world.mine[me][one]


def marker(world: World, me: str, other: str, number: int) -> None:
    ids = [*world.mine[other], ABSENT]
    one = ids[number % len(ids)]
    answer = world.ask(me, "GET", f"networks?limit=2&sort_key=name&sort_dir=asc&marker={one}", told=one)
    assert answer.status_code == 404


def others(world: World, me: str, other: str, number: int) -> None:
    """Try what is the other's: the answer is that of what is not there."""
    ids = [*world.mine[other], ABSENT]
    one = ids[number % len(ids)]
    segment = {"segment": {"network_id": one, "network_type": "vxlan", "segmentation_id": 1 + number}}
    attempts: list[tuple[str, str, object]] = [
        ("GET", f"networks/{one}", None),
        ("PUT", f"networks/{one}", {"network": {"name": "stolen"}}),
        ("DELETE", f"networks/{one}", None),
        ("POST", "segments", segment),
        ("GET", f"segments?network_id={one}", None),
        ("GET", "segment-events", None),
        ("GET", f"segment-events?resource_id={one}", None),
        ("POST", "networks", {"network": {"name": "given away", "project_id": other}}),
    ]
    method, path, body = random.Random(number).choice(attempts)  # noqa: S311, a draw of the test
    answer = world.ask(me, method, path, body, told=one)
    if path.startswith("networks/"):
        assert answer.status_code == 404
    elif method == "POST" or "events" in path:
        assert answer.status_code in {400, 403}
    else:
        assert answer.json == {"segments": []}


ACTS: dict[str, Callable[[World, str, str, int], None]] = {
    "create": create,
    "create several": create_several,
    "keyed": keyed,
    "list": list_all,
    "list theirs": list_theirs,
    "show": show,
    "update": update,
    "delete": delete,
    "marker": marker,
    "others": others,
}


# Not made smaller: an example is a long way with a real database, and each step asserts.
@settings(
    max_examples=10, phases=[Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_projects_never_see_each_others_rows(
    steps: list[tuple[str, str, int]], database_url: str, users: tuple[Path, dict[str, str]]
) -> None:
    world = World(database_url, *users)
    try:
        for project in PROJECTS:  # what earlier examples left
            for one in world.ask(project, "GET", "networks").json["networks"]:
                world.ask(project, "DELETE", f"networks/{one['id']}")
        for me, act, number in steps:
            (other,) = set(PROJECTS) - {me}
            ACTS[act](world, me, other, number)
        for me in PROJECTS:
            for number in range(len(QUERIES)):
                list_all(world, me, "", number)
    finally:
        world.app.close()


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    file = tmp_path_factory.mktemp("users") / "users"
    tokens = {}
    for project in PROJECTS:
        token = user.add(str(file), User(name=f"of {project[:1]}", project_id=project, roles=("member",)), None)
        assert token is not None
        tokens[project] = token
    return file, tokens
