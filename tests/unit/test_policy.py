"""What the default rules allow whom, and which files of other rules are refused."""

from pathlib import Path

import pytest

from segmentary.catalog.action import ACTIONS
from segmentary.catalog.actor import Actor, with_implied
from segmentary.errors import InvalidSetting, PolicyNotAuthorized
from segmentary.services.policy import Policy, Rights
from segmentary.services.policy_rules import rules_in_force

OWN, SHARED, EXTERNAL = frozenset({"own"}), frozenset({"shared"}), frozenset({"external"})
ONE_PROJECT = frozenset({"one project"})
EVERY: tuple[frozenset[str], ...] = (frozenset(),)
SEEN = (OWN, SHARED, EXTERNAL)
# Who did it is told of events by those of one's own project, to whom the events are told at all.
OF_ACTOR = dict.fromkeys(("get_segment_event:actor", "get_segment_event:request_id"), (frozenset({"own actor"}),))
READ = {"get_network": SEEN, "get_rbac_policy": (OWN,), "get_segment_event": (OWN,), **OF_ACTOR}
# Networking API reference, section 12: what is not named here is for admin only.
EXPECTED: dict[str, dict[str, tuple[frozenset[str], ...]]] = {
    "member": {
        **READ,
        **{f"{verb}_{one}": (OWN,) for verb in ("create", "update", "delete") for one in ("network", "rbac_policy")},
    },
    "reader": READ,
    "service": dict.fromkeys(
        ("get_network", "get_host", "report_host", "get_segment_event", *OF_ACTOR, "get_metrics"), EVERY
    ),
    "nothing": {"get_network": (SHARED, EXTERNAL), **OF_ACTOR},
}
for of_role in EXPECTED.values():
    of_role |= {f"{verb}_rbac_policy:target_tenant": (ONE_PROJECT,) for verb in ("create", "update")}
EXPECTED["manager"] = {**EXPECTED["member"], "get_quota": (OWN,)}


def rights(*roles: str, file: str = "", project_id: str = "blue", system: bool = False) -> Rights:
    actor = Actor(name="caller", project_id=project_id, roles=with_implied(roles), system=system)
    found = Policy(rules_in_force(file)).rights(actor)
    assert found is not None
    return found


def file(folder: Path, text: str) -> str:
    path = folder / "policy.yaml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("role", EXPECTED)
def test_defaults_are_those_of_the_networking_api(role: str) -> None:
    found = rights(role)
    assert {one.name: found.grounds(one.name) for one in ACTIONS if found.grounds(one.name)} == EXPECTED[role]


def test_admin_may_do_everything_of_every_project_but_act_for_none() -> None:
    found = rights("Admin")
    assert [one.name for one in ACTIONS if found.grounds(one.name) != EVERY] == ["use_system_scope"]


def test_credentials_without_a_project_may_do_nothing_unless_a_rule_says_so(tmp_path: Path) -> None:
    for found in (rights("admin", project_id="", system=True), rights("admin", project_id="")):
        assert not [one.name for one in ACTIONS if found.grounds(one.name)]
        with pytest.raises(PolicyNotAuthorized, match="get_network is disallowed by policy"):
            found.require("get_network", "")
    allowing = file(tmp_path, '"use_system_scope": "role:admin and system_scope:all"')
    assert rights("admin", project_id="", system=True, file=allowing).grounds("get_segment") == EVERY
    assert not rights("member", project_id="", system=True, file=allowing).grounds("get_network")
    assert not rights("admin", project_id="", file=allowing).grounds("get_network")


def test_record_of_no_project_is_not_that_of_a_caller_without_one(tmp_path: Path) -> None:
    allowing = file(tmp_path, '"use_system_scope": "@"')
    found = rights("member", project_id="", system=True, file=allowing)
    assert found.grounds("get_network") == (SHARED, EXTERNAL)


def test_rules_of_a_file_count_instead_of_the_defaults(tmp_path: Path) -> None:
    found = rights(
        "reader",
        file=file(
            tmp_path,
            """
"project_reader": "role:auditor"
"get_segment": "role:reader or user_name:somebody"
"get_network:provider:network_type": "rule:admin_required or rule:owner and rule:shared"
"delete_network": "user_name:caller and 'blue':%(project_id)s"
""",
        ),
    )
    assert found.grounds("get_network") == (SHARED, EXTERNAL)
    assert found.grounds("get_segment") == EVERY
    assert found.grounds("get_network:provider:network_type") == (OWN | SHARED,)
    assert found.grounds("delete_network") == (OWN,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"get_netwrok": "@"', "rules that nothing asks for: get_netwrok"),
        ('"get_network": "role:reader and or"', "is not in the language of oslo.policy"),
        ('"get_network": "rule:everybody"', "there is no rule 'everybody'"),
        ('"get_network": "colour:red"', "asks for none of role, rule"),
        ('"get_network": "http://elsewhere/"', "asks for none of role, rule"),
        ('"get_network": "role:reader and name:%(name)s"', "asks for none of role, rule"),
        ('"get_network": "True:%(name)s"', r"asks for %\(name\)s of a record; it may ask for project_id"),
        ('"get_segment": "rule:owner"', r"asks for %\(project_id\)s of a record; it may ask for nothing"),
        ('"get_network": "not rule:shared"', "may not have a 'not' in it"),
        ('"get_segment_event": "rule:shared"', r"asks for %\(shared\)s of a record; it may ask for project_id"),
        ('"get_segment_event": "rule:own_actor"', r"asks for %\(actor_project_id\)s of a record"),
        ('"owner": "rule:shared"\n"shared": "rule:owner"', "in a circle"),
        ("get_network: [a]", 'a line "name": "rule"'),
        ("- get_network", 'a line "name": "rule"'),
        ("get_network: {", "cannot be read"),
    ],
)
def test_file_that_cannot_be_used_is_refused_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        rules_in_force(file(tmp_path, text))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        rules_in_force(str(tmp_path / "missing"))
