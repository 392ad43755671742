"""Networks that are shared with a project are found by the policies of that project, however many others there are."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import segmentary
from segmentary.catalog import Network
from segmentary.catalog.action import EXTERNAL, OWN, SHARED
from segmentary.db import listing, records
from segmentary.db.scope import EVERY, Grounds, Scope, narrowed
from segmentary.db.statement import Statement
from segmentary.rules.attribute import describe
from segmentary.rules.listing import ListQuery
from tests.servers.plan import plan

NETWORK = describe(Network)
STORED, ID = 1000, "00000000-0000-7000-8000-000000000001"
MEMBER: Grounds = (frozenset({OWN}), frozenset({SHARED}), frozenset({EXTERNAL}))
# That a table is read from end to end.
SCANS = {
    "sqlite": ("SCAN networks", "SCAN rbac_policies"),
    "postgresql": ("Seq Scan on networks", "Seq Scan on rbac_policies"),
    "mariadb": ("'networks', 'ALL'", "'rbac_policies', 'ALL'"),
}
STATISTICS = {"sqlite": "ANALYZE", "postgresql": "ANALYZE", "mariadb": "ANALYZE TABLE networks, rbac_policies"}
OF_TARGET = "rbac_policies_action_target_project_object_id"
OF_NETWORK = {
    "sqlite": "sqlite_autoindex_rbac_policies_2",
    "postgresql": "rbac_policy_unique",
    "mariadb": "rbac_policy_unique",
}


@pytest.fixture
def app(database_url: str, database_kind: str, run_sql: Callable[[str], object]) -> Iterator[segmentary.Application]:
    """Give an application with many networks, each shared with two of many projects, three of them with red."""
    with segmentary.open(database_url) as opened:
        made = opened.networks.create_many([{"project_id": f"p{number % 100}"} for number in range(STORED)])
        shared = [(one.id, f"q{(number + step) % 200}") for number, one in enumerate(made) for step in range(2)]
        opened.rbac_policies.create_many(
            [
                {"object_type": "network", "object_id": one, "action": action, "target_project": target}
                for one, target in [*shared, *((one.id, "red") for one in made[::400])]
                for action in ("access_as_shared", "access_as_external")
            ]
        )
        run_sql(STATISTICS[database_kind])
        yield opened


def page(query: ListQuery, scope: Scope) -> tuple[Statement, dict[str, Any]]:
    """Return the statement of a page of networks after a marker, and its values."""
    asked, branches = narrowed(NETWORK, query, scope)
    shape = listing._Shape(  # noqa: SLF001, the statement of a list is found by its shape
        tuple((name, len(values), False) for name, values in asked.filters.items()),
        (("id", False),),
        (False,),
        limited=True,
        branches=listing._shape_of(branches),  # noqa: SLF001, as above
        sees_all=scope.viewer.sees_all,
    )
    values = {f"{name}_0": value for name, (value,) in asked.filters.items()}
    return listing._list(NETWORK, shape), values | {"after_id": ID, "limit": 100, "viewer": scope.project_id}  # noqa: SLF001


def test_what_is_shared_is_found_by_an_index(app: segmentary.Application, database_kind: str) -> None:
    member, admin = Scope(MEMBER, "red"), Scope(EVERY, "red")
    shared, external = ListQuery(filters={"shared": (True,)}), ListQuery(filters={"router_external": (True,)})
    looks = {
        "a page of a member": (*page(ListQuery(), member), OF_TARGET),
        "a page of what is shared with a member": (*page(shared, member), OF_TARGET),
        "a page of what is external to a member": (*page(external, member), OF_TARGET),
        "a page of an administrator": (*page(ListQuery(), admin), OF_NETWORK[database_kind]),
        "a page of what is shared, of an administrator": (*page(shared, admin), OF_TARGET),
        "a network": (
            records._show(NETWORK, 1, sees_all=False),  # noqa: SLF001, plans are what statements are tested by
            {"id_0": app.networks.list(project_id="p7")[0].id, "viewer": "red"},
            OF_NETWORK[database_kind],
        ),
    }
    wrong = {}
    for name, (statement, values, wanted) in looks.items():
        found = plan(app.database, statement, values)
        if wanted not in found or any(scan in found for scan in SCANS[database_kind]):
            wrong[name] = f"{wanted} not in, or a table is read from end to end:\n{found}"
    assert not wrong, "\n".join(f"{name}: {text}" for name, text in wrong.items())


def test_as_many_networks_are_found_as_are_shared(app: segmentary.Application) -> None:
    count = app.database.read(
        lambda tx: listing.count(
            tx,
            NETWORK,
            *narrowed(NETWORK, ListQuery(), Scope(MEMBER, "red")),
            Scope(MEMBER, "red").viewer,
        )
    )
    assert count == 3
