"""Projects at work at once never see each other's rows, whatever they ask, and miss none of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segmentary.services import user
from segmentary.services.user import User
from tests.identity.world import (
    ABSENT,
    ADMIN,
    FIRST_VNI,
    LAST_VNI,
    PROJECTS,
    RACK,
    RESERVED,
    ROLES,
    Network,
    World,
    write_policy,
)
from tests.servers.asking import Answer
from tests.servers.service import Service

Start = Callable[..., Service]
# What is asked of a list, and which of the networks that the project sees are in it.
Asked = tuple[str, Callable[[Network, str], bool]]
QUERIES: tuple[Asked, ...] = (
    ("", lambda _one, _me: True),
    ("with_count=true", lambda _one, _me: True),
    ("limit=1", lambda _one, _me: True),
    ("limit=2&sort_key=name&sort_dir=desc&with_count=true", lambda _one, _me: True),
    ("limit=1&sort_key=mtu&sort_dir=asc&page_reverse=true", lambda _one, _me: True),
    ("fields=id&fields=name&fields=project_id", lambda _one, _me: True),
    ("shared=false&limit=2", lambda one, me: not one.shared and me not in one.shared_with),
    ("shared=true&with_count=true", lambda one, me: one.shared or me in one.shared_with),
    ("router:external=true", lambda one, _me: one.external),
    ("not-tags=red&limit=3", lambda _one, _me: True),
    ("tags-any=amberx-red,basilx-red,cedarx-red", lambda one, _me: f"{one.owner}-red" in one.tags),
)


def pick(world: World, me: str, number: int) -> Network | None:
    mine = world.mine(me)
    return mine[number % len(mine)] if mine else None


def request_of(answer: Answer) -> str:
    return answer.headers["x-openstack-request-id"]


# What projects do; each is given the project, the role of its user who may write, and a number to choose by.


def create(world: World, me: str, role: str, number: int) -> None:
    values = {"name": world.name(me), "description": world.name(me), "tags": [f"{me}-red"][: number % 2]}
    answer = world.ask(me, role, "POST", "networks", {"network": values})
    world.learn(answer.document["network"], f"{me}-{role}", request_of(answer))


def create_several(world: World, me: str, role: str, number: int) -> None:
    body = {"networks": [{"name": world.name(me)} for _ in range(1 + number % 3)]}
    answer = world.ask(me, role, "POST", "networks", body)
    for one in answer.document["networks"]:
        world.learn(one, f"{me}-{role}", request_of(answer))


def keyed(world: World, me: str, role: str, number: int) -> None:
    """Repeat a request with its key, which the others use too."""
    body, key = {"network": {"name": world.name(me)}}, f"key {len(world.log[me])} {number % 2}"
    first = world.ask(me, role, "POST", "networks", body, key=key)
    if first.status == 422:  # the project had the key for another request
        return
    assert world.ask(me, role, "POST", "networks", body, key=key).body == first.body
    world.learn(first.document["network"], f"{me}-{role}", request_of(first))


def rush(world: World, _me: str, role: str, number: int) -> None:
    """Let every project create at the same moment."""
    bodies = {one: {"network": {"name": world.name(one)}} for one in PROJECTS[: 2 + number % 2]}
    with ThreadPoolExecutor(len(bodies)) as pool:
        asked = {one: pool.submit(world.ask, one, role, "POST", "networks", body) for one, body in bodies.items()}
    for one, future in asked.items():
        answer = future.result()
        world.learn(answer.document["network"], f"{one}-{role}", request_of(answer))
    with ThreadPoolExecutor(len(bodies)) as pool:
        looking = [pool.submit(look_around, world, me, role) for me in bodies]
    for done in looking:
        done.result()


def look_around(world: World, me: str, role: str) -> None:
    """Ask for every network there is."""
    for one in list(world.networks.values()):
        answer = world.ask(me, role, "GET", f"networks/{one.id}")
        assert answer.status == (200 if world.is_visible(one, me) else 404)


def update(world: World, me: str, role: str, number: int) -> None:
    one = pick(world, me, number)
    if one is None:
        return
    name = world.name(me)
    answer = world.ask(me, role, "PUT", f"networks/{one.id}", {"network": {"name": name}})
    one.name = name
    world.happened(one, "updated", f"{me}-{role}", request_of(answer))
    stale = world.ask(me, role, "PUT", f"networks/{one.id}", {"network": {"shared": not one.shared}})
    assert stale.status == 403


def tag(world: World, me: str, role: str, number: int) -> None:
    one = pick(world, me, number)
    if one is None:
        return
    tags = [world.name(me), f"{me}-red"]
    answer = world.ask(me, role, "PUT", f"networks/{one.id}/tags", {"tags": tags})
    assert answer.status == 200
    one.tags = tuple(tags)
    world.happened(one, "updated", f"{me}-{role}", request_of(answer))


def delete(world: World, me: str, role: str, number: int) -> None:
    one = pick(world, me, number)
    if one is None:
        return
    answer = world.ask(me, role, "DELETE", f"networks/{one.id}")
    assert answer.status == 204
    one.alive = False
    world.happened(one, "deleted", f"{me}-{role}", request_of(answer))


def list_all(world: World, me: str, role: str, number: int) -> None:
    """Follow a list to its end, both ways: it is what the project sees, and the total is their number."""
    query, is_in = QUERIES[number % len(QUERIES)]
    wanted = {key for key, one in world.visible(me).items() if is_in(one, me)}
    path, seen = f"networks?{query}", list[str]()
    reverse = "page_reverse" in query
    while path:
        answer = world.get(me, role, path)
        assert answer.get("count", len(wanted)) == len(wanted)
        seen += [one["id"] for one in answer["networks"]]
        for one in answer["networks"]:
            world.check_shown(world.networks[one["id"]], one, me)
        links = {one["rel"]: urlsplit(one["href"]) for one in answer.get("networks_links", ())}
        after = links.get("previous" if reverse else "next")
        path = f"networks?{after.query}" if after and answer["networks"] else ""
    assert sorted(seen) == sorted(wanted)


def show(world: World, me: str, role: str, number: int) -> None:
    for one in list(world.visible(me).values())[number % 3 :][:3]:
        world.check_shown(one, world.get(me, role, f"networks/{one.id}")["network"], me)


def look_for_theirs(world: World, me: str, role: str, number: int) -> None:
    hidden = world.theirs(me)
    one = hidden[number % len(hidden)]
    known = world.networks.get(one)
    name, owner = (known.name, known.owner) if known else ("nothing", ADMIN)
    for query in (f"id={one}", f"name={name}", f"project_id={owner}&id={one}&with_count=true", f"name={quote(name)}"):
        answer = world.get(me, role, f"networks?{query}")
        assert answer["networks"] == []
        assert not answer.get("count")
    ordered = "limit=2&sort_key=name&sort_dir=asc"
    assert world.ask(me, role, "GET", f"networks?{ordered}&marker={one}").status == 404


def try_theirs(world: World, me: str, role: str, number: int) -> None:
    """Try what is another's: the answer is that of what is not there."""
    hidden = world.theirs(me)
    one = hidden[number % len(hidden)]
    segment = {"segment": {"network_id": one, "network_type": "vxlan", "segmentation_id": world.vni()}}
    attempts: list[tuple[int, str, str, object]] = [
        (404, "GET", "networks/{}", None),
        (404, "PUT", "networks/{}", {"network": {"name": "stolen"}}),
        (404, "DELETE", "networks/{}", None),
        (404, "GET", "networks/{}/tags", None),
        (404, "PUT", "networks/{}/tags", {"tags": ["stolen"]}),
        (404, "GET", "networks/{}/history", None),
        (404, "GET", "segments/{}/history", None),
        (403, "POST", "segments", segment),
        (200, "GET", "segments?network_id={}", None),
        (200, "GET", "segment-events?resource_id={}", None),
        (400, "POST", "networks", {"network": {"name": "given away", "project_id": ADMIN}}),
    ]
    for status, method, path, body in attempts:
        answer = world.ask(me, role, method, path.format(one), body)
        assert answer.status == status, (path, answer.body)
        if status == 404:
            unknown = world.ask(me, role, method, path.format(ABSENT), body)
            assert answer.body.replace(one.encode(), b"") == unknown.body.replace(ABSENT.encode(), b"")
        elif status == 200:
            assert [] in answer.document.values()


def try_the_operators(world: World, me: str, role: str, number: int) -> None:
    paths = ("event-destinations", "physical-networks", "network-segment-ranges", "segments", "agents")
    assert world.get(me, role, f"{paths[number % len(paths)]}?with_count=true")["count"] == 0
    refused = ("hosts", "quotas", "projects", f"quotas/{ADMIN}", "../metrics", f"hosts/{ADMIN}", "segment-audits")
    path = refused[number % len(refused)]
    answer = world.ask(me, role, "POST" if path == "segment-audits" else "GET", path)
    assert answer.status == (404 if path.startswith("..") else 403)


def conflict(world: World, me: str, role: str, number: int) -> None:
    """Ask for what another holds: a refusal does not tell who."""
    taken = [one.number for one in world.networks.values() if one.alive and one.number and one.owner != me]
    vxlan: dict[str, object] = {"provider:network_type": "vxlan"}
    vlan: dict[str, object] = {"provider:network_type": "vlan", "provider:physical_network": RACK}
    attempts: list[tuple[int, dict[str, object]]] = [
        (409, vxlan | {"provider:segmentation_id": RESERVED[0]}),
        (400, vlan | {"provider:physical_network": "unknown", "provider:segmentation_id": 7}),
        (409, vlan | {"provider:segmentation_id": 100}),
        (503, vlan),
    ]
    if taken:
        attempts.append((409, vxlan | {"provider:segmentation_id": taken[number % len(taken)]}))
    status, values = attempts[number % len(attempts)]
    answer = world.ask(me, role, "POST", "networks", {"network": {"name": world.name(me), **values}})
    assert answer.status == (status if world.open_provider else 403), answer.body
    one = pick(world, me, number)
    if one is not None and taken and one.number:
        change = {"provider:segmentation_id": taken[0]}
        answer = world.ask(me, role, "PUT", f"networks/{one.id}", {"network": change})
        assert answer.status == (409 if world.open_provider else 403), answer.body


def quota(world: World, me: str, role: str, _number: int) -> None:
    """Reach the limit that an administrator has set, and see what is used."""
    used = len(world.mine(me))
    world.admin("PUT", f"quotas/{me}?force=true", {"quota": {"network": used, "force": True}})
    answer = world.ask(me, role, "POST", "networks", {"network": {"name": world.name(me)}})
    assert (answer.status, answer.fault["type"]) == (409, "OverQuota")
    details = world.get(me, "manager", f"quotas/{me}/details")["quota"]
    assert details["network"] == {"limit": used, "used": used, "reserved": 0}
    world.admin("DELETE", f"quotas/{me}")


def share(world: World, me: str, role: str, number: int) -> None:
    """Share a network with a project; a second time is refused, without telling who did it the first time."""
    one = pick(world, me, number)
    if one is None:
        return
    target = PROJECTS[(PROJECTS.index(me) + 1 + number % 2) % 3]
    if number % 4 == 0:
        share_for(world, me, number)  # the same network with the same project
    answer = world.ask(me, role, "POST", "rbac-policies", sharing(one, target))
    if target in one.shared_with:
        assert (answer.status, answer.fault["type"]) == (409, "DuplicateRbacPolicy")
        return
    assert answer.status == 201, answer.body
    world.share(me, one, target, answer.document["rbac_policy"])
    world.happened(one, "updated", f"{me}-{role}", request_of(answer))


def unshare(world: World, me: str, role: str, number: int) -> None:
    """End a policy of the project's own; that of another is not there."""
    for key, (owner, one, target) in list(world.policies.items())[number % 4 :]:
        answer = world.ask(me, role, "DELETE", f"rbac-policies/{key}")
        if not one.alive or owner != me:
            assert answer.status == 404
            continue
        assert answer.status == 204
        one.shared_with.remove(target)
        del world.policies[key]
        world.happened(one, "updated", f"{me}-{role}", request_of(answer))
        return


def list_policies(world: World, me: str, role: str, _number: int) -> None:
    found = world.get(me, role, "rbac-policies?with_count=true")
    wanted = {key for key, (owner, one, _) in world.policies.items() if owner == me and one.alive}
    single = [one for one in found["rbac_policies"] if one["target_tenant"] != "*"]
    assert {one["id"] for one in single} == wanted
    assert {one["project_id"] for one in found["rbac_policies"]} <= {me}
    assert found["count"] == len(found["rbac_policies"])
    assert world.get(me, role, f"rbac-policies?target_tenant={me}")["rbac_policies"] == []


def sharing(one: Network, target: str) -> dict[str, object]:
    policy = {"object_type": "network", "object_id": one.id, "action": "access_as_shared", "target_tenant": target}
    return {"rbac_policy": policy}


def read_events(world: World, me: str, role: str, number: int) -> None:
    if number % 2:
        world.stream(me, role)
    else:
        world.events(me, role, 1 + number % 7)


def read_histories(world: World, me: str, role: str, number: int) -> None:
    """Read the histories of what the project has or had."""
    own = [one for one in world.networks.values() if one.owner == me]
    for one in own[number % 5 :][:3]:
        world.history(me, role, one)


WRITES = {
    "create": create,
    "create several": create_several,
    "keyed": keyed,
    "rush": rush,
    "update": update,
    "tag": tag,
    "delete": delete,
    "conflict": conflict,
    "quota": quota,
    "try theirs": try_theirs,
    "share": share,
    "unshare": unshare,
}
READS = {
    "list": list_all,
    "show": show,
    "look for theirs": look_for_theirs,
    "try the operator's": try_the_operators,
    "events": read_events,
    "histories": read_histories,
    "policies": list_policies,
}


# What the administrator does meanwhile, to a network of the project or beside it.


def give(world: World, me: str, number: int) -> None:
    values = {"name": world.name(me), "project_id": me, "provider:network_type": "vxlan"}
    made = world.admin("POST", "networks", {"network": values | {"provider:segmentation_id": world.vni()}})
    del number
    world.learn(made["network"], None, None)


def change(world: World, me: str, number: int) -> None:
    one = pick(world, me, number)
    if one is None:
        return
    one.number = world.vni() if one.number else 0
    one.description = world.name(me)
    values = {"description": one.description} | ({"provider:segmentation_id": one.number} if one.number else {})
    world.know(me, one.number)
    world.admin("PUT", f"networks/{one.id}", {"network": values})
    world.happened(one, "updated", None, None)


def toggle(world: World, me: str, number: int) -> None:
    """Share a network with everybody, or lead it outside, or take that back."""
    one = pick(world, me, number)
    if one is None:
        return
    attribute, wire = (("shared", "shared"), ("external", "router:external"))[number % 2]
    setattr(one, attribute, not getattr(one, attribute))
    world.admin("PUT", f"networks/{one.id}", {"network": {wire: getattr(one, attribute)}})
    world.happened(one, "updated", None, None)


def share_for(world: World, me: str, number: int) -> None:
    """Share a network of the project with another, by a policy of the administrator's."""
    one = pick(world, me, number)
    target = PROJECTS[(PROJECTS.index(me) + 1 + number % 2) % 3]
    if one is None or target in one.shared_with:
        return
    world.share(ADMIN, one, target, world.admin("POST", "rbac-policies", sharing(one, target))["rbac_policy"])
    world.happened(one, "updated", None, None)


def own(world: World, _me: str, number: int) -> None:
    """Make something of the administrator's own: a network, maybe for everybody, or what only operators see."""
    values = {"name": world.name(ADMIN), "description": world.name(ADMIN), "shared": number % 3 == 0}
    made = world.admin("POST", "networks", {"network": values})["network"]
    one = world.learn(made, None, None)
    named = {"name": world.name(ADMIN), "description": world.name(ADMIN)}
    segment = {"network_id": one.id, "network_type": "vxlan", "segmentation_id": world.vni(), **named}
    world.know(ADMIN, segment["segmentation_id"])
    if not one.shared:
        segment = world.admin("POST", "segments", {"segment": segment})["segment"]
        world.know(ADMIN, segment["id"])


def take(world: World, me: str, number: int) -> None:
    one = pick(world, me, number)
    if one is not None:
        one.alive = False
        world.admin("DELETE", f"networks/{one.id}")
        world.happened(one, "deleted", None, None)


MEANWHILE = {"give": give, "change": change, "toggle": toggle, "share for": share_for, "own": own, "take": take}

STEPS = st.lists(
    st.tuples(
        st.sampled_from(PROJECTS),
        st.sampled_from([*WRITES, *READS, *MEANWHILE, "events", "list", "create", "create", "update", "share"]),
        st.integers(0, 2**16),
    ),
    min_size=10,
    max_size=40,
)


def step(world: World, me: str, act: str, number: int) -> None:
    if act in MEANWHILE:
        MEANWHILE[act](world, me, number)
    elif act in WRITES:
        WRITES[act](world, me, ROLES[1 + number % 2], number)
    else:
        READS[act](world, me, ROLES[number % 3], number)


def check_all(world: World) -> None:
    """See that each project sees all that is its own, and nothing else, in every way."""
    for me in PROJECTS:
        for number, role in enumerate(ROLES * 4):
            list_all(world, me, role, number)
        for one in world.networks.values():
            if one.owner == me:
                world.history(me, "reader", one)
            else:  # also of what is shared
                assert world.ask(me, "reader", "GET", f"networks/{one.id}/history").status == 404
        list_policies(world, me, "reader", 0)
        world.events(me, "reader", 100)


def clear(world: World) -> None:
    """Take away what an earlier example left."""
    for one in [one for one in world.networks.values() if one.alive]:
        one.alive = False
        world.admin("DELETE", f"networks/{one.id}")
        world.happened(one, "deleted", None, None)
    for me in PROJECTS:
        world.events(me, "manager", 1000)
    world.networks.clear()
    world.policies.clear()


# Not made smaller: an example is a long way at a real server, and each step asserts.
SETTINGS = settings(
    max_examples=6, phases=[Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(steps=STEPS)
def test_projects_never_see_each_others_rows(steps: list[tuple[str, str, int]], world: World) -> None:
    clear(world)
    for me, act, number in steps:
        step(world, me, act, number)
    check_all(world)


@SETTINGS
@given(steps=STEPS)
def test_projects_that_choose_their_ids_never_see_each_others_rows(
    steps: list[tuple[str, str, int]], open_world: World
) -> None:
    clear(open_world)
    for me, act, number in steps:
        step(open_world, me, act, number)
    check_all(open_world)


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    file = tmp_path_factory.mktemp("users") / "users"
    tokens = {}
    everybody = [(f"{project}-{role}", project, role) for project in PROJECTS for role in ROLES]
    for name, project, role in [*everybody, (ADMIN, ADMIN, "admin")]:
        token = user.add(str(file), User(name=name, project_id=project, roles=(role,)), None)
        assert token is not None
        tokens[name] = token
    return file, tokens


def furnished(service: Service, tokens: dict[str, str], *, open_provider: bool) -> World:
    """Return a world with what the administrator has prepared: IDs to choose from, and a rack that is full."""
    world = World(service, tokens, open_provider=open_provider)
    world.admin("POST", "physical-networks", {"physical_network": {"name": RACK}})
    tunnels = {"network_type": "vxlan", "minimum": FIRST_VNI, "maximum": LAST_VNI}
    kept = {"network_type": "vxlan", "minimum": RESERVED[0], "maximum": RESERVED[1], "state": "reserved"}
    full = {"network_type": "vlan", "physical_network": RACK, "minimum": 100, "maximum": 100}
    for values in (tunnels, kept, full):
        body = {"network_segment_range": {"name": world.name(ADMIN), "description": world.name(ADMIN), **values}}
        world.know(ADMIN, world.admin("POST", "network-segment-ranges", body)["network_segment_range"]["id"])
    vlan = {"provider:network_type": "vlan", "provider:physical_network": RACK, "name": world.name(ADMIN)}
    world.know(ADMIN, world.admin("POST", "networks", {"network": vlan})["network"]["id"])
    return world


@pytest.fixture
def world(start_server: Start, users: tuple[Path, dict[str, str]]) -> Iterator[World]:
    file, tokens = users
    service = start_server("--users-file", str(file), "--project-network-types", "vxlan")
    made = furnished(service, tokens, open_provider=False)
    yield made
    made.close()


@pytest.fixture
def open_world(start_server: Start, users: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[World]:
    file, tokens = users
    policy = write_policy(tmp_path)
    service = start_server("--users-file", str(file), "--project-network-types", "vxlan", "--policy-file", policy)
    made = furnished(service, tokens, open_provider=True)
    yield made
    made.close()
