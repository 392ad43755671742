"""Networks shared with single projects: who sees what is as a few lines of Python work it out from the policies."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from falcon import testing
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import segmentary
from segmentary.api.body import Bodies
from segmentary.api.wsgi import make_wsgi
from segmentary.catalog import RbacPolicy
from segmentary.rules.attribute import describe
from segmentary.services import user
from segmentary.services.user import User

OWNERS, VIEWERS, ADMIN = ("blue", "green"), ("red", "cyan", "white"), "ops"
CALLERS = (*OWNERS, *VIEWERS, ADMIN)
SHARED, EXTERNAL = "access_as_shared", "access_as_external"
FLAGS = {SHARED: "shared", EXTERNAL: "router:external"}
Object = dict[str, Any]


class World:
    """A server in this process, a member of each project and an administrator; what was shared, as plain values."""

    def __init__(self, url: str, users: Path, tokens: dict[str, str]) -> None:
        self.app = segmentary.open(url, users_file=str(users))
        self._client = testing.TestClient(make_wsgi(self.app, Bodies(self.app.settings)))
        self._tokens = tokens
        self.owners: dict[str, str] = {}
        self.policies: dict[str, Object] = {}

    def close(self) -> None:
        self.app.close()

    def ask(self, caller: str, method: str, path: str, body: object = None) -> testing.Result:
        path, _, query = path.partition("?")
        headers = {"X-Auth-Token": self._tokens[caller]}
        answer = self._client.simulate_request(method, f"/v2.0/{path}", query_string=query, json=body, headers=headers)
        assert answer.status_code < 500, answer.text
        return answer

    def get(self, caller: str, path: str) -> Object:
        answer = self.ask(caller, "GET", path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def network(self, caller: str, **values: object) -> str:
        answer = self.ask(caller, "POST", "networks", {"network": values})
        assert answer.status_code == 201, answer.text
        made = str(answer.json["network"]["id"])
        self.owners[made] = caller
        self.learn()
        return made

    def share(self, caller: str, network: str, target: str, action: str = SHARED) -> testing.Result:
        body = {"object_type": "network", "object_id": network, "action": action, "target_tenant": target}
        answer = self.ask(caller, "POST", "rbac-policies", {"rbac_policy": body})
        if answer.status_code == 201:
            self.policies[answer.json["rbac_policy"]["id"]] = answer.json["rbac_policy"]
        return answer

    def learn(self) -> None:
        """Take note of policies that came with networks: those for everybody."""
        for one in self.get(ADMIN, "rbac-policies?target_tenant=*")["rbac_policies"]:
            assert self.policies.setdefault(one["id"], one) == one

    def targets(self, network: str, action: str) -> set[str]:
        found = self.policies.values()
        return {one["target_tenant"] for one in found if (one["object_id"], one["action"]) == (network, action)}

    def expected(self, caller: str) -> dict[str, tuple[bool, bool]]:
        """Return what a caller sees, and whether each is shared and external to that one."""
        found = {}
        for network, owner in self.owners.items():
            shared = bool(self.targets(network, SHARED) & {caller, "*"})
            for_caller = bool(self.targets(network, EXTERNAL) & {caller, "*"})
            sees_anyway = caller in {owner, ADMIN}
            external = bool(self.targets(network, EXTERNAL)) if sees_anyway else for_caller
            if sees_anyway or shared or for_caller:
                found[network] = (shared, external)
        return found

    def check(self) -> None:
        for caller in CALLERS:
            self._check_lists(caller, self.expected(caller))
            mine = {one["id"]: one for one in self.get(caller, "rbac-policies?limit=100")["rbac_policies"]}
            assert mine == {key: one for key, one in self.policies.items() if caller in {ADMIN, one["project_id"]}}, (
                caller
            )
        assert not self.app.audit().findings

    def _check_lists(self, caller: str, expected: dict[str, tuple[bool, bool]]) -> None:
        listed = self.get(caller, "networks?with_count=true")
        told = {one["id"]: (one["shared"], one["router:external"]) for one in listed["networks"]}
        assert told == expected, caller
        assert listed["count"] == len(listed["networks"]) == len(expected)
        for network in self.owners:
            answer = self.ask(caller, "GET", f"networks/{network}")
            assert (answer.status_code == 200) == (network in expected), (caller, network)
            if answer.status_code == 200:
                shown = answer.json["network"]
                assert (shown["shared"], shown["router:external"]) == expected[network]
        for place, flag in enumerate(FLAGS.values()):
            for value in (True, False):
                wanted = {network for network, flags in expected.items() if flags[place] is value}
                assert (
                    set(
                        self._pages(
                            caller, f"networks?{flag}={value}&limit=2&sort_key=name&sort_dir=asc&with_count=true"
                        )
                    )
                    == wanted
                )
        both = self._pages(caller, "networks?shared=true&router:external=true&limit=1&with_count=true")
        assert set(both) == {network for network, flags in expected.items() if all(flags)}

    def _pages(self, caller: str, path: str) -> list[str]:
        """Return the ids of all pages of a list, and see that each is there once and the total is their number."""
        seen: list[str] = []
        answer: Object = {}
        while path:
            answer = self.get(caller, path)
            seen += [one["id"] for one in answer["networks"]]
            after = [urlsplit(one["href"]).query for one in answer.get("networks_links", ()) if one["rel"] == "next"]
            path = f"networks?{after[0]}" if after and answer["networks"] else ""
        assert len(seen) == len(set(seen)) == answer.get("count", len(seen))
        return seen

    # What happens.

    def create(self, who: int, what: int) -> None:
        if len(self.owners) < 6:
            self.network(OWNERS[who % 2], name=f"n{what % 3}")

    def share_one(self, who: int, what: int) -> None:
        """Share an own network with a project, maybe the own one; a second time is refused."""
        owner = OWNERS[who % 2]
        target, action = CALLERS[what % len(CALLERS)], (SHARED, EXTERNAL)[what % 2]
        for network in [one for one, of in self.owners.items() if of == owner][what % 2 :][:1]:
            known = target in self.targets(network, action)
            answer = self.share(owner, network, target, action)
            assert answer.status_code == (409 if known else 201), answer.text

    def share_with_all(self, who: int, what: int) -> None:
        for network in list(self.owners)[what % 5 :][:1]:
            action = (SHARED, EXTERNAL)[who % 2]
            known = "*" in self.targets(network, action)
            assert self.share(self.owners[network], network, "*", action).status_code == 403
            assert self.share(ADMIN, network, "*", action).status_code == (409 if known else 201)

    def unshare(self, who: int, what: int) -> None:
        """End a policy; who may not see it is told that there is none."""
        for key in list(self.policies)[what % 7 :][:1]:
            owner = self.policies[key]["project_id"]
            other = VIEWERS[who % 3]
            assert self.ask(other, "DELETE", f"rbac-policies/{key}").status_code == 404
            assert self.ask(owner, "DELETE", f"rbac-policies/{key}").status_code == 204
            del self.policies[key]

    def retarget(self, who: int, what: int) -> None:
        for key in list(self.policies)[what % 7 :][:1]:
            policy = self.policies[key]
            target = (*CALLERS, "*")[who % (len(CALLERS) + 1)]
            others = self.targets(policy["object_id"], policy["action"]) - {policy["target_tenant"]}
            body = {"rbac_policy": {"target_tenant": target}}
            answer = self.ask(ADMIN, "PUT", f"rbac-policies/{key}", body)
            assert answer.status_code == (409 if target in others else 200), answer.text
            if answer.status_code == 200:
                self.policies[key] = answer.json["rbac_policy"]

    def set_flag(self, who: int, what: int) -> None:
        """Set or take away what is so for everybody; a network that is external for nobody is so for no project."""
        for network in list(self.owners)[what % 5 :][:1]:
            action, value = (SHARED, EXTERNAL)[who % 2], bool(what % 2)
            answer = self.ask(ADMIN, "PUT", f"networks/{network}", {"network": {FLAGS[action]: value}})
            assert answer.status_code == 200, answer.text
            gone = {
                key
                for key, one in self.policies.items()
                if (one["object_id"], one["action"]) == (network, action)
                and (one["target_tenant"] == "*" or action == EXTERNAL)
            }
            for key in gone if not value else ():
                del self.policies[key]
            self.learn()
            shown = answer.json["network"]
            assert (shown["shared"], shown["router:external"]) == self.expected(ADMIN)[network]
            if value and not gone:
                assert "*" in self.targets(network, action)

    def delete(self, _who: int, what: int) -> None:
        for network in list(self.owners)[what % 9 :][:1]:
            for other in set(CALLERS) - {ADMIN, self.owners[network]}:
                seen = network in self.expected(other)
                assert self.ask(other, "DELETE", f"networks/{network}").status_code == (403 if seen else 404)
            assert self.ask(self.owners[network], "DELETE", f"networks/{network}").status_code == 204
            del self.owners[network]
            self.policies = {key: one for key, one in self.policies.items() if one["object_id"] != network}


ACTS: tuple[Callable[[World, int, int], None], ...] = (
    World.create,
    World.share_one,
    World.share_one,
    World.share_with_all,
    World.unshare,
    World.retarget,
    World.set_flag,
    World.delete,
)
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 41), st.integers(0, 41)), min_size=4, max_size=8)


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    file = tmp_path_factory.mktemp("users") / "users"
    tokens = {}
    for project in CALLERS:
        role = "admin" if project == ADMIN else "member"
        token = user.add(str(file), User(name=f"of {project}", project_id=project, roles=(role,)), None)
        assert token is not None
        tokens[project] = token
    return file, tokens


@pytest.fixture
def world(database_url: str, users: tuple[Path, dict[str, str]]) -> Iterator[World]:
    with closing(World(database_url, *users)) as one:
        yield one


# Not made smaller: an example is a long way with a real database, and each step asserts.
@settings(
    max_examples=3, phases=[Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_everybody_sees_what_is_shared_and_nothing_else(
    steps: list[tuple[Callable[[World, int, int], None], int, int]],
    database_url: str,
    users: tuple[Path, dict[str, str]],
) -> None:
    with closing(World(database_url, *users)) as world:
        for one in world.get(ADMIN, "networks")["networks"]:  # what earlier examples left
            assert world.ask(ADMIN, "DELETE", f"networks/{one['id']}").status_code == 204
        for number in range(3):
            world.network(OWNERS[number % 2], name="same")
        for act, who, what in steps:
            act(world, who, what)
            world.check()


def test_a_network_is_seen_by_the_project_it_is_shared_with_until_it_is_not(world: World) -> None:
    network = world.network("blue")
    assert world.ask("red", "GET", f"networks/{network}").status_code == 404
    policy = world.share("blue", network, "red").json["rbac_policy"]
    shown = world.get("red", f"networks/{network}")["network"]
    assert (shown["shared"], shown["project_id"], shown["revision_number"]) == (True, "blue", 1)
    assert world.get("blue", f"networks/{network}")["network"]["shared"] is False
    assert world.ask("green", "GET", f"networks/{network}").status_code == 404
    assert world.ask("red", "PUT", f"networks/{network}", {"network": {"name": "mine"}}).status_code == 403
    assert world.ask("red", "GET", f"rbac-policies/{policy['id']}").status_code == 404
    assert world.ask("blue", "DELETE", f"rbac-policies/{policy['id']}").status_code == 204
    assert world.ask("red", "GET", f"networks/{network}").status_code == 404


def test_shared_with_everybody_is_a_policy_and_the_policy_is_shared_with_everybody(world: World) -> None:
    network = world.network(ADMIN, shared=True)
    (policy,) = world.get(ADMIN, f"rbac-policies?object_id={network}")["rbac_policies"]
    assert (policy["target_tenant"], policy["action"], policy["object_type"]) == ("*", SHARED, "network")
    assert world.ask(ADMIN, "DELETE", f"rbac-policies/{policy['id']}").status_code == 204
    assert world.get(ADMIN, f"networks/{network}")["network"]["shared"] is False
    assert world.share(ADMIN, network, "*", EXTERNAL).status_code == 201
    assert world.get("red", f"networks/{network}")["network"]["router:external"] is True
    answer = world.ask(ADMIN, "PUT", f"networks/{network}", {"network": {"router:external": False}})
    assert answer.json["network"]["router:external"] is False
    assert world.get(ADMIN, "rbac-policies")["rbac_policies"] == []


def test_what_is_external_for_one_project_is_not_opened_to_all_by_saying_that_it_is(world: World) -> None:
    network = world.network("blue")
    world.share("blue", network, "red", EXTERNAL)
    shown = world.get(ADMIN, f"networks/{network}")["network"]
    assert shown["router:external"] is True
    body = {"network": {"router:external": True, "name": "read and sent back"}}
    assert world.ask(ADMIN, "PUT", f"networks/{network}", body).json["network"]["router:external"] is True
    assert world.ask("green", "GET", f"networks/{network}").status_code == 404
    world.ask(ADMIN, "PUT", f"networks/{network}", {"network": {"router:external": False}})
    assert world.ask("red", "GET", f"networks/{network}").status_code == 404


def test_a_second_policy_is_refused_with_the_id_of_the_first_unless_that_is_hidden(world: World) -> None:
    network = world.network("blue")
    first = world.share("blue", network, "red").json["rbac_policy"]["id"]
    again = world.share("blue", network, "red")
    assert again.status_code == 409
    assert again.json["NeutronError"]["type"] == "DuplicateRbacPolicy"
    assert first in again.json["NeutronError"]["message"]
    second = world.share("blue", network, "cyan").json["rbac_policy"]["id"]
    moved = world.ask("blue", "PUT", f"rbac-policies/{second}", {"rbac_policy": {"target_tenant": "red"}})
    assert (moved.status_code, first in moved.text) == (409, True)
    of_admin = world.share(ADMIN, network, "white").json["rbac_policy"]["id"]
    hidden = world.share("blue", network, "white")
    assert (hidden.status_code, of_admin in hidden.text) == (409, False)
    body = {"object_type": "network", "object_id": network, "action": EXTERNAL, "target_tenant": "red"}
    twice = world.ask("blue", "POST", "rbac-policies", {"rbac_policies": [body, body]})
    assert (twice.status_code, twice.json["NeutronError"]["item"]) == (409, 1)


def test_wrong_policies_are_refused_with_what_is_possible(world: World) -> None:
    network, hidden = world.network("blue"), world.network("green")
    good = {"object_type": "network", "object_id": network, "action": SHARED, "target_tenant": "red"}
    wrong: dict[str, list[tuple[object, str]]] = {
        "object_type": [("qos_policy", "network"), (None, "network"), (5, "network")],
        "action": [("access_as_owner", SHARED), ([], EXTERNAL)],
        "object_id": [("nonsense", "UUID"), (None, "UUID")],
        "target_tenant": [("", "1"), (None, "text"), ("x" * 256, "255"), ({}, "text")],
    }
    for name, values in wrong.items():
        for value, told in values:
            answer = world.ask("blue", "POST", "rbac-policies", {"rbac_policy": {**good, name: value}})
            assert answer.status_code == 400, (name, value)
            assert name in answer.text
            assert told.lower() in answer.text.lower(), (name, value, answer.text)
        missing = {key: value for key, value in good.items() if key != name}
        assert world.ask("blue", "POST", "rbac-policies", {"rbac_policy": missing}).status_code == 400
    for unknown in (hidden, "01a203c4-f3e5-71bc-848a-4f7a10af3693"):
        answer = world.ask("blue", "POST", "rbac-policies", {"rbac_policy": {**good, "object_id": unknown}})
        assert (answer.status_code, answer.json["NeutronError"]["type"]) == (404, "NetworkNotFound")
    policy = world.share("blue", network, "red").json["rbac_policy"]["id"]
    for name in ("object_id", "object_type", "action", "project_id"):
        answer = world.ask("blue", "PUT", f"rbac-policies/{policy}", {"rbac_policy": {name: good.get(name, "blue")}})
        assert answer.status_code == 400, name
    assert len(world.get(ADMIN, "rbac-policies")["rbac_policies"]) == 1


def test_changes_of_sharing_are_told_and_taken_back(world: World) -> None:
    network = world.network("blue", name="shared")
    policy = world.share("blue", network, "red").json["rbac_policy"]["id"]
    opened = world.ask(ADMIN, "PUT", f"networks/{network}", {"network": {"shared": True}})
    deleted = world.ask("blue", "DELETE", f"networks/{network}")
    history = world.app.history(describe(RbacPolicy), policy)
    assert [one["type"] for one in history] == ["rbac_policy.created", "rbac_policy.deleted"]
    assert {one["actor"] for one in history} == {"of blue"}
    world.app.undo(deleted.headers["x-openstack-request-id"])
    targets = {one.target_project for one in world.app.rbac_policies.list(object_id=network)}
    assert targets == {"*", "red"}
    assert world.get("green", f"networks/{network}")["network"]["shared"] is True
    world.app.undo(opened.headers["x-openstack-request-id"])
    assert [one.id for one in world.app.rbac_policies.list(object_id=network)] == [policy]
    assert world.ask("green", "GET", f"networks/{network}").status_code == 404
    assert world.get("red", f"networks/{network}")["network"]["shared"] is True
    assert not world.app.audit().findings
