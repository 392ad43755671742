"""A table of every action by role, made from the policy and compared with a running server."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from segmentary.catalog import RESOURCES
from segmentary.catalog.action import ACTIONS, OPERATE, SYSTEM
from segmentary.catalog.actor import Actor
from segmentary.catalog.network import PROVIDER
from segmentary.services import user
from segmentary.services.policy import Policy, Rights
from segmentary.services.policy_rules import rules_in_force
from segmentary.services.user import User
from tests.servers.asking import Answer, Asker
from tests.servers.service import Service

Start = Callable[..., Service]
Object = dict[str, Any]
pytestmark = pytest.mark.databases("sqlite")
ROLES = ("admin", "manager", "member", "reader", "service", "guest")
# A value for each attribute that has a rule of its own, other than the default; and what must stand beside it.
VALUES: Object = {
    "provider:network_type": "local",
    "provider:physical_network": "alpha",
    "provider:segmentation_id": 7,
    "segments": [{"provider:network_type": "local"}],
    "shared": True,
    "router:external": True,
    "use_reserved": True,
}
HOST = {"host": {"agent_type": "reporter", "physical_networks": []}}
MAPPING: Object = {"host_mapping": {"mapping": "excluded"}}
BODIES: Object = {
    "report_host": HOST,
    "map_host": MAPPING,
    "update_quota": {"quota": {"network": 500}},
    **{f"{verb}_tags_of_{one.name}": {"tags": ["blue"]} for one in RESOURCES for verb in ("add", "replace")},
}
POLICY = {"object_type": "network", "action": "access_as_shared", "target_tenant": "red"}
COLLECTIONS = {one.name: one.collection for one in RESOURCES}
numbers = count(100)


class Site:
    """A server, and its users: one with each role in the project blue."""

    def __init__(self, service: Service, tokens: dict[str, str]) -> None:
        self.service = service
        self._tokens = tokens
        self._asker = Asker(service.url)

    def close(self) -> None:
        self._asker.close()

    def ask(self, who: str, method: str, path: str, body: object = None) -> Answer:
        return self._asker.ask(method, path, body, {"X-Auth-Token": self._tokens[who]})

    def made(self, path: str, body: Object) -> Object:
        """Create a record as admin."""
        answer = self.ask("admin", "POST", f"/v2.0/{path}", body)
        assert answer.status == 201, answer.body
        (created,) = answer.document.values()
        return dict(created)

    def network(self, **values: object) -> Object:
        return self.made("networks", {"network": {"project_id": "blue", **values}})

    def record(self, resource: str) -> Object:
        """Create a record of a resource that nobody uses."""
        number = next(numbers)
        if resource == "agent":
            host = f"host-{number}"
            assert self.ask("admin", "PUT", f"/v2.0/hosts/{host}", HOST).status == 200
            (agent,) = self.ask("admin", "GET", f"/v2.0/agents?host={host}").document["agents"]
            return dict(agent)
        project = {"project_id": "blue"} if resource in {"network", "rbac_policy"} else {}
        return self.made(COLLECTIONS[resource], {resource: self.values(resource) | project})

    def values(self, resource: str) -> Object:
        """Return what a record of a resource is made of, so that it meets no other."""
        number = next(numbers)
        if resource == "segment":
            return {"network_id": self.network()["id"], "network_type": "vxlan", "segmentation_id": number}
        if resource == "network_segment_range":
            return {"network_type": "gre", "minimum": number, "maximum": number}
        if resource == "physical_network":
            return {"name": f"physical-{number}"}
        if resource == "event_destination":
            return {"kind": "webhook", "endpoint": "http://127.0.0.1:1/", "paused": True}
        if resource == "rbac_policy":
            return {**POLICY, "object_id": self.network()["id"]}
        return {}

    def attempt(self, who: str, path: str, method: str, operation: str) -> Answer:
        """Ask for an operation on a record that was made for it, has the tag red and, if a segment, is mapped."""
        collection = path.removeprefix("/v2.0/").partition("/")[0].replace("-", "_")
        resource = next((one.name for one in RESOURCES if one.collection == collection), "")
        known = {"host": "h", "alias": "segment", "project_id": "blue", "sequence": "1", "tag": "red"}
        before: list[tuple[str, object]] = []
        if "{record_id}" in path:
            known["record_id"] = self.record(resource)["id"]
            if "/tags" in path:
                before.append((f"/v2.0/{collection}/{known['record_id']}/tags", {"tags": ["red"]}))
        if "{host}" in path:
            before.append(("/v2.0/hosts/h", HOST))
        if operation == "unmap_host":
            before.append((path.format_map(known), MAPPING))
        if operation == "delete_quota":
            before.append((path.format_map(known), BODIES["update_quota"]))
        for put, wanted in before:
            assert self.ask("admin", "PUT", put, wanted).status == 200
        body = BODIES.get(operation)
        if operation == f"create_{resource}":
            body = {resource: self.values(resource)}
        elif operation == f"update_{resource}":
            body = {resource: {"description": "new"}}
        return self.ask(who, method, path.format_map(known), body)


def rights_of(role: str, project_id: str = "blue") -> Rights:
    actor = User(name=role, project_id=project_id, roles=(role,)).actor
    found = Policy(rules_in_force()).rights(actor)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    file = tmp_path_factory.mktemp("users") / "users"
    tokens = {}
    for name, project, role in [*((role, "blue", role) for role in ROLES), ("foreigner", "green", "member")]:
        token = user.add(str(file), User(name=name, project_id=project, roles=(role,)), None)
        assert token is not None
        tokens[name] = token
    return file, tokens


@pytest.fixture
def site(start_server: Start, users: tuple[Path, dict[str, str]]) -> Iterator[Site]:
    file, tokens = users
    with closing(Site(start_server("--users-file", str(file)), tokens)) as one:
        one.made("physical_networks", {"physical_network": {"name": "alpha"}})
        yield one


NETWORKS: dict[str, Object] = {
    "of blue": {},
    "of green": {"project_id": "green"},
    "of green, shared": {"project_id": "green", "shared": True},
    "of green, external": {"project_id": "green", "router:external": True},
    "of blue, shared": {"shared": True},
}


def expected(rights: Rights, verb: str, resource: str, values: Object) -> int:
    """Return the status that the policy asks for on a record with these values."""
    described = next(one for one in RESOURCES if one.name == resource)
    values = {"target_tenant": "*", **values}  # the least: nothing asks for one project here
    known = {name: value for name, value in values.items() if name in described.by_wire}
    features = rights.features(described, {described.by_wire[name].name: value for name, value in known.items()})

    def allows(action: str) -> bool:
        return any(ground <= features for ground in rights.grounds(action))

    if not allows(f"get_{resource}"):
        return 404
    if not allows(f"{verb}_{resource}"):
        return 403
    return 204 if verb == "delete" else 200


def test_networks_are_seen_changed_and_deleted_by_those_who_may(site: Site) -> None:
    for role in (*ROLES, "foreigner"):
        rights = rights_of(*(("member", "green") if role == "foreigner" else (role,)))
        for title, values in NETWORKS.items():
            network = site.network(**values)
            path = f"/v2.0/networks/{network['id']}"
            facts = {"project_id": "blue"} | values
            listed = site.ask(role, "GET", "/v2.0/networks?with_count=true").document
            seen = expected(rights, "get", "network", facts)
            assert site.ask(role, "GET", path).status == seen, (role, title)
            assert (network["id"] in [one["id"] for one in listed["networks"]]) == (seen == 200), (role, title)
            assert listed["count"] == len(listed["networks"])
            for verb, method, body in (("update", "PUT", {"network": {"name": "new"}}), ("delete", "DELETE", None)):
                answer = site.ask(role, method, path, body)
                assert answer.status == expected(rights, verb, "network", facts), (role, title, verb, answer.body)


def test_other_records_are_seen_changed_and_deleted_by_those_who_may(site: Site) -> None:
    for resource in (one for one in RESOURCES if one.routed and one.name != "network"):
        for role in ROLES:
            rights, record = rights_of(role), site.record(resource.name)
            path = f"/v2.0/{resource.collection}/{record['id']}"
            listed = site.ask(role, "GET", f"/v2.0/{resource.collection}")
            assert listed.status == 200
            facts = {"project_id": record["project_id"]} if resource.name == "rbac_policy" else {}
            seen = expected(rights, "get", resource.name, facts)
            assert (record["id"] in [one["id"] for one in listed.document[resource.collection]]) == (seen == 200)
            assert site.ask(role, "GET", path).status == seen, (role, resource.name)
            change = {resource.name: {"target_tenant": "new"} if facts else {"description": "new"}}
            for verb, method, body in (("update", "PUT", change), ("delete", "DELETE", None)):
                answer = site.ask(role, method, path, body)
                assert answer.status == expected(rights, verb, resource.name, facts), (role, resource.name, verb)


def test_records_are_created_by_those_who_may(site: Site) -> None:
    network = site.network()["id"]
    bodies: dict[str, Callable[[], Object]] = {
        "network": dict,
        "segment": lambda: {"network_id": network, "network_type": "geneve", "segmentation_id": next(numbers)},
        "network_segment_range": lambda: {
            "network_type": "vxlan",
            "minimum": (number := next(numbers)),
            "maximum": number,
        },
        "physical_network": lambda: {"name": f"physical-{next(numbers)}"},
        "event_destination": lambda: {"kind": "webhook", "endpoint": "http://127.0.0.1:1/", "paused": True},
        "rbac_policy": lambda: {**POLICY, "object_id": site.network()["id"]},
    }
    assert {*bodies, "agent"} == {one.name for one in RESOURCES if one.routed}
    for role in ROLES:
        rights = rights_of(role)
        for resource, body in bodies.items():
            answer = site.ask(role, "POST", f"/v2.0/{COLLECTIONS[resource]}", {resource: body()})
            assert answer.status == (201 if rights.grounds(f"create_{resource}") else 403), (
                role,
                resource,
                answer.body,
            )
        if rights.grounds("create_network"):
            of_green = site.ask(role, "POST", "/v2.0/networks", {"network": {"project_id": "green"}})
            assert of_green.status == (201 if role == "admin" else 400), role


def test_attributes_are_set_and_shown_for_those_who_may(site: Site) -> None:
    rules = [one.name.partition(":") for one in ACTIONS]
    assert {name for verb, _, name in rules if name and verb in {"create_network", "update_network"}} == set(VALUES)
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "alpha"}
    beside: Object = {"provider:physical_network": vlan, "provider:segmentation_id": vlan, "use_reserved": vlan}
    for role in ROLES:
        rights = rights_of(role)
        for name, value in VALUES.items():
            number = {"provider:segmentation_id": next(numbers)} if name in beside else {}
            values = {**beside.get(name, {}), name: value, **number}
            if not rights.grounds("create_network"):
                continue
            answer = site.ask(role, "POST", "/v2.0/networks", {"network": values})
            allowed = all(rights.grounds(f"create_network:{one}") for one in values)
            assert answer.status == (201 if allowed else 403), (role, name, answer.body)
            if not allowed:
                assert answer.fault["type"] == "PolicyNotAuthorized"
        # Said to be as it is by default, an attribute asks for nothing.
        if rights.grounds("create_network"):
            plain = {"shared": False, "router:external": False, "use_reserved": False}
            assert site.ask(role, "POST", "/v2.0/networks", {"network": plain}).status == 201, role
        network = site.network(**vlan, **{"provider:segmentation_id": next(numbers)})
        changes = {**{name: network[name] for name in network if name.startswith("provider:")}, "shared": True}
        for name, value in {**changes, "router:external": True, "use_reserved": True}.items():
            answer = site.ask(role, "PUT", f"/v2.0/networks/{network['id']}", {"network": {name: value}})
            allowed = bool(rights.grounds("update_network") and rights.grounds(f"update_network:{name}"))
            refusal = 404 if role == "guest" else 403  # the only one who does not see it
            assert answer.status == (200 if allowed else refusal), (role, name, answer.body)
        if rights.grounds("get_network"):
            shown = site.ask(role, "GET", f"/v2.0/networks/{site.network(shared=True)['id']}").document["network"]
            for name in PROVIDER.values():
                allowed = bool(rights.grounds(f"get_network:provider:{name}"))
                assert (f"provider:{name}" in shown) == allowed, (role, name)
                filtered = site.ask(role, "GET", f"/v2.0/networks?provider:{name}=7")
                assert (filtered.status == 403) != allowed, (role, name)
            tunnel = [{"provider:network_type": "vxlan", "provider:segmentation_id": next(numbers)}]
            two = site.network(shared=True, segments=[{"provider:network_type": "local"}, *tunnel])
            shown = site.ask(role, "GET", f"/v2.0/networks/{two['id']}").document["network"]
            assert ("segments" in shown) == bool(rights.grounds("get_network:segments")), role
            fields = site.ask(role, "GET", "/v2.0/networks?fields=provider:network_type").document["networks"]
            assert any(fields) == bool(rights.grounds("get_network:provider:network_type"))


def test_networks_are_shared_by_those_who_may_with_whom_they_may(site: Site) -> None:
    networks: dict[str, Object] = {
        "of blue": {"project_id": "blue"},
        "of green, shared": {"project_id": "green", "shared": True},
    }
    rules = {one.name for one in ACTIONS if one.name.partition(":")[0].endswith("_rbac_policy") and ":" in one.name}
    assert rules == {"create_rbac_policy:target_tenant", "update_rbac_policy:target_tenant"}
    for role in ROLES:
        grounds = rights_of(role).grounds
        sees = bool(grounds("get_network"))
        for title, values in networks.items():
            for action, target in product(("access_as_shared", "access_as_external"), ("red", "*")):
                network = site.network(**values)
                body = {"object_type": "network", "object_id": network["id"], "action": action, "target_tenant": target}
                answer = site.ask(role, "POST", "/v2.0/rbac-policies", {"rbac_policy": body})
                wanted = 201 if title == "of blue" else 400
                if role == "admin":
                    wanted = 409 if network["shared"] and action.endswith("shared") and target == "*" else 201
                elif not grounds("create_rbac_policy") or target == "*":
                    wanted = 403
                assert answer.status == wanted, (role, title, action, target, answer.body)
        assert sees or not grounds("create_rbac_policy")
        policy = site.record("rbac_policy")
        answer = site.ask(role, "PUT", f"/v2.0/rbac-policies/{policy['id']}", {"rbac_policy": {"target_tenant": "*"}})
        unseen = 403 if grounds("get_rbac_policy") else 404
        assert answer.status == (200 if role == "admin" else unseen), (role, answer.body)
    # A policy that the operator made in the name of a project is no right to share what is another's.
    theirs = site.network(project_id="green")
    made = site.made("rbac-policies", {"rbac_policy": {**POLICY, "object_id": theirs["id"], "project_id": "blue"}})
    answer = site.ask("member", "PUT", f"/v2.0/rbac-policies/{made['id']}", {"rbac_policy": {"target_tenant": "blue"}})
    assert (answer.status, answer.fault["type"]) == (400, "HTTPBadRequest")
    assert site.ask("member", "DELETE", f"/v2.0/rbac-policies/{made['id']}").status == 204


def test_what_is_no_resource_is_done_by_those_who_may(site: Site) -> None:
    segment = site.record("segment")["id"]
    attempts: dict[str, list[tuple[str, str, object]]] = {
        "get_host": [
            *(("GET", path, None) for path in ("hosts", "hosts/h", "hosts/h/segments", "hosts/h/drift")),
            ("GET", f"segments/{segment}/hosts", None),
        ],
        "report_host": [("PUT", "hosts/h", HOST)],
        "delete_host": [("DELETE", "hosts/h", None)],
        "map_host": [("PUT", f"segments/{segment}/hosts/h", {}), ("DELETE", f"segments/{segment}/hosts/h", None)],
        "get_segment_event": [("GET", "segment-events", None)],
        "get_metrics": [("GET", "../metrics", None)],
        "get_quota": [("GET", f"quotas/blue{one}", None) for one in ("", "/details", "/default")],
        "update_quota": [("PUT", "quotas/blue", {"quota": {"network": 500}})],
        "delete_quota": [("DELETE", "quotas/blue", None)],
    }
    letters = f"event-destinations/{site.record('event_destination')['id']}/dead-letters"
    attempts_at_letters: dict[str, list[tuple[str, str, object]]] = {
        "get_event_destination": [("GET", letters, None)],
        "update_event_destination": [("PUT", f"{letters}/replay", {"replay": {}}), ("DELETE", f"{letters}/1", None)],
    }
    resources = tuple(one.name for one in RESOURCES)
    of_resources = {f"{verb}_{one}" for verb in ("create", "get", "update", "delete") for one in resources}
    actions = {one.name.partition(":")[0] for one in ACTIONS} - of_resources
    assert actions == {*attempts, OPERATE, SYSTEM}, "an action that no attempt tries"
    for role in ROLES:
        rights = rights_of(role)
        for action, requests in (attempts | attempts_at_letters).items():
            for method, path, body in requests:
                answer = site.ask(role, method, f"/v2.0/{path}".replace("/v2.0/..", ""), body)
                assert (answer.status != 403) == bool(rights.grounds(action)), (role, action, path, answer.body)
        of_others = [site.ask(role, "GET", f"/v2.0/quotas{one}").status for one in ("", "/green", "/green/details")]
        assert of_others == [200 if role == "admin" else 403] * 3, role


def test_tags_are_changed_by_those_who_may_change_the_record(site: Site) -> None:
    for role in (*ROLES, "foreigner"):
        rights = rights_of(*(("member", "green") if role == "foreigner" else (role,)))
        for values in NETWORKS.values():
            facts = {"project_id": "blue"} | values
            path = f"/v2.0/networks/{site.network(**values)['id']}/tags"
            assert site.ask(role, "GET", path).status == expected(rights, "get", "network", facts)
            assert site.ask(role, "GET", f"{path}/red").status == 404
            changed = expected(rights, "update", "network", facts)
            assert site.ask(role, "PUT", path, {"tags": ["red"]}).status == changed
            assert site.ask(role, "PUT", f"{path}/blue").status == (201 if changed == 200 else changed)
            assert site.ask(role, "DELETE", path).status == (204 if changed == 200 else changed)


def test_what_is_hidden_is_told_as_what_is_not_there(site: Site) -> None:
    hidden, absent = site.network(name="hidden")["id"], "01a203c4-f3e5-71bc-848a-4f7a10af3693"
    for method, body in (("GET", None), ("PUT", {"network": {"name": "x"}}), ("DELETE", None)):
        answers = [site.ask("foreigner", method, f"/v2.0/networks/{one}", body) for one in (hidden, absent)]
        assert [one.status for one in answers] == [404, 404]
        assert answers[0].body.replace(hidden.encode(), b"") == answers[1].body.replace(absent.encode(), b"")
    by_name = "sort_key=name&sort_dir=asc&limit=1"
    for one in (hidden, absent):
        assert site.ask("foreigner", "GET", f"/v2.0/networks?{by_name}&marker={one}").status == 404


def test_actor_is_in_the_events_with_the_request(site: Site) -> None:
    answer = site.ask("member", "POST", "/v2.0/networks", {"network": {}})
    made = answer.document["network"]["id"]
    path = f"/v2.0/segment-events?wait=30&resource_id={made}"
    (event,) = site.ask("admin", "GET", path).document["segment_events"]
    assert (event["actor"], event["request_id"]) == ("member", answer.headers["x-openstack-request-id"])


# What each operation of the API answers each role with, in the order of `ROLES`, about records of their own project.
OK = 2  # any status from 200 to 299
EVERYBODY = (OK,) * 6
OPERATOR = (OK, 403, 403, 403, 403, 403)
WITH_SERVICE = (OK, 403, 403, 403, OK, 403)
HIDDEN = (OK, 404, 404, 404, 404, 404)
SEEN = (OK, OK, OK, OK, OK, 404)
CHANGED = (OK, OK, OK, 403, 403, 404)
MANAGED = (OK, OK, 403, 403, 403, 403)
OPERATIONS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        (
            *("list_versions", "show_version", "list_extensions", "show_extension", "check_health", "show_openapi"),
            *("show_project", "show_tenant", "show_tenant_without_version"),
            *("show_own_project", "show_own_tenant"),
        ),
        EVERYBODY,
    ),
    **dict.fromkeys((f"list_{one.collection}" for one in RESOURCES if one.routed), EVERYBODY),
    "list_projects": OPERATOR,
    "audit_segments": OPERATOR,
    "read_metrics": WITH_SERVICE,
    "list_segment_events": (OK, OK, OK, OK, OK, 403),
    "list_dead_letters": OPERATOR,
    "replay_dead_letters": OPERATOR,
    "forget_dead_letter": (404, 403, 403, 403, 403, 403),  # there is none
    **dict.fromkeys(
        ("list_hosts", "show_host", "report_host", "list_segments_of_host", "show_drift_of_host"), WITH_SERVICE
    ),
    "list_hosts_of_segment": WITH_SERVICE,
    **dict.fromkeys(("forget_host", "map_host", "unmap_host"), OPERATOR),
    **dict.fromkeys(("show_quota", "show_quota_details", "show_default_quota"), MANAGED),
    **dict.fromkeys(("list_quotas", "update_quota", "delete_quota"), OPERATOR),
    "create_network": (OK, OK, OK, 403, 403, 403),
    "show_network": SEEN,
    **dict.fromkeys(("update_network", "delete_network"), CHANGED),
    "show_history_of_network": (OK, OK, OK, OK, OK, 403),
    "list_tags_of_network": SEEN,
    "check_tag_of_network": SEEN,
    **{f"{verb}_of_network": CHANGED for verb in ("add_tags", "replace_tags", "delete_tags", "delete_tag")},
    "add_tag_to_network": CHANGED,
    "create_agent": (400, 403, 403, 403, 403, 403),  # hosts report them
}
for _one in (each.name for each in RESOURCES if each.routed and each.name != "network"):
    OPERATIONS |= {
        f"create_{_one}": OPERATIONS.get(f"create_{_one}", OPERATOR),
        **{f"{verb}_{_one}": HIDDEN for verb in ("show", "update", "delete")},
        f"show_history_of_{_one}": (OK, 404, 404, 404, OK, 403),
    }
OPERATIONS |= {
    "create_rbac_policy": OPERATIONS["create_network"],
    "show_rbac_policy": (OK, OK, OK, OK, 404, 404),
    **dict.fromkeys(("update_rbac_policy", "delete_rbac_policy"), (OK, OK, OK, 403, 404, 404)),
    "show_history_of_rbac_policy": OPERATIONS["show_history_of_network"],
}
for _one in (each.name for each in RESOURCES if each.routed and each.tags is not None and each.name != "network"):
    verbs = ("list_tags_of", "check_tag_of", "replace_tags_of", "delete_tags_of", "delete_tag_of", "add_tag_to")
    OPERATIONS |= {f"{verb}_{_one}": HIDDEN for verb in ("add_tags_of", *verbs)}


def test_every_operation_answers_each_role_as_it_should(site: Site) -> None:
    document = site.ask("admin", "GET", "/openapi.json").document
    operations = [
        (path, method.upper(), operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert {operation["operationId"] for *_, operation in operations} == set(OPERATIONS)
    wrong = {}
    for path, method, operation in operations:
        name = operation["operationId"]
        for role, expected_status in zip(ROLES, OPERATIONS[name], strict=True):
            answer = site.attempt(role, path, method, name)
            if answer.status != expected_status and (answer.status // 100, expected_status) != (2, OK):
                wrong[name, role] = (answer.status, expected_status, answer.body)
    assert not wrong, "\n".join(f"{key}: {found}" for key, found in wrong.items())


def test_member_of_another_project_is_answered_as_a_member_who_sees_none_of_it(site: Site) -> None:
    document = site.ask("admin", "GET", "/openapi.json").document
    member = ROLES.index("member")
    # What a member may do with networks of its own, and with what shares them, is not there for another's.
    hidden = {name for name, expected_of in OPERATIONS.items() if expected_of in {SEEN, CHANGED}}
    hidden |= {"show_history_of_network", *(name for name in OPERATIONS if name.endswith("_rbac_policy"))}
    wrong = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"]
            expected_status = 404 if name in hidden else OPERATIONS[name][member]
            answer = site.attempt("foreigner", path, method.upper(), name)
            if answer.status != expected_status and (answer.status // 100, expected_status) != (2, OK):
                wrong[name] = (answer.status, expected_status, answer.body)
    assert not wrong, "\n".join(f"{key}: {found}" for key, found in wrong.items())


def test_actor_has_no_more_than_was_given() -> None:
    assert not Actor(name="x", project_id="y").roles
    assert not Actor(name="x", project_id="y").trusted
