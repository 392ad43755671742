"""An Idempotency-Key: a request is carried out once, and repeated only in its answer."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from falcon import testing

from segmentary.catalog import Network
from segmentary.catalog.actor import Actor
from segmentary.db.answers import FORGOTTEN_AT_ONCE
from segmentary.rules.attribute import describe
from segmentary.rules.draft import create_draft
from segmentary.services import idempotency
from segmentary.services.idempotency import Once
from segmentary.settings import Settings
from tests.api.client import Client, Object, client

RunSql = Callable[[str], Sequence[Sequence[Any]]]
BLUE: Object = {"network": {"name": "blue"}}
COUNTED = ("networks", "segments", "network_segment_ranges", "events", "answers")
# MariaDB refuses the letter.
ZONE = {"sqlite": "Z", "postgresql": "Z", "mariadb": ""}


@pytest.fixture
def api(database_url: str) -> Iterator[Client]:
    with client(database_url) as found:
        yield found


def post(api: Client, body: object, key: str = "order-1", path: str = "/networks") -> testing.Result:
    return api.send("POST", path, body, {"Idempotency-Key": key})


def names(api: Client) -> list[str]:
    return sorted(one["name"] for one in api.ask("GET", "/networks")["networks"])


def written(before_now: timedelta) -> str:
    """Return a time as every database reads it."""
    return (datetime.now(UTC) - before_now).strftime("%Y-%m-%dT%H:%M:%S")


def age(run_sql: RunSql, database_kind: str, before_now: timedelta) -> None:
    """Have all answers be kept since then."""
    run_sql(f"UPDATE answers SET created_at = '{written(before_now)}{ZONE[database_kind]}'")


def kept_keys(run_sql: RunSql) -> list[str]:
    return [row[0] for row in run_sql("SELECT idempotency_key FROM answers ORDER BY 1")]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/networks", {"network": {"name": "blue", "provider:network_type": "vxlan"}}),
        ("/networks", {"networks": [{"name": "blue"}, {"name": "red"}]}),
        ("/network_segment_ranges", {"network_segment_range": {"network_type": "gre", "minimum": 1, "maximum": 9}}),
    ],
)
def test_repeated_request_is_answered_byte_for_byte_and_stores_nothing(
    api: Client, run_sql: RunSql, path: str, body: Object
) -> None:
    vnis = {"network_type": "vxlan", "minimum": 1, "maximum": 2}
    api.ask("POST", "/network_segment_ranges", {"network_segment_range": vnis})
    first = post(api, body, path=path)
    assert first.status_code == 201
    stored = [run_sql(f"SELECT COUNT(*) FROM {table}")[0][0] for table in COUNTED]
    for _ in range(3):
        again = post(api, body, path=path)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["content-type"] == first.headers["content-type"]
    assert [run_sql(f"SELECT COUNT(*) FROM {table}")[0][0] for table in COUNTED] == stored


def test_answer_stays_when_the_record_is_changed_or_gone(api: Client) -> None:
    first = post(api, BLUE)
    path = f"/networks/{first.json['network']['id']}"
    api.ask("PUT", path, {"network": {"name": "red"}})
    assert post(api, BLUE).content == first.content
    api.ask("DELETE", path)
    assert post(api, BLUE).content == first.content
    assert names(api) == []


def test_key_of_another_request_is_refused(api: Client) -> None:
    post(api, BLUE)
    others: list[tuple[str, Object]] = [
        ("/networks", {"network": {"name": "red"}}),
        ("/networks", {"networks": [{"name": "blue"}]}),
        ("/physical-networks", {"physical_network": {"name": "blue"}}),
    ]
    for path, body in others:
        error = api.refused(422, "POST", path, body, Idempotency_Key="order-1")
        assert error["type"] == "IdempotencyKeyReused"
        assert error["message"] == "Idempotency-Key order-1 was used for another request."
    assert names(api) == ["blue"]
    assert api.ask("GET", "/physical-networks")["physical_networks"] == []


def test_each_key_is_a_request_of_its_own(api: Client) -> None:
    ids = {post(api, BLUE, key).json["network"]["id"] for key in ("order-1", "order-2", "Order-1", "order-1 x")}
    ids.add(api.ask("POST", "/networks", BLUE)["network"]["id"])
    assert len(ids) == 5


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
def test_unfit_key_is_refused_and_nothing_stored(api: Client, key: str) -> None:
    error = api.refused(400, "POST", "/networks", BLUE, Idempotency_Key=key)
    assert "1 to 255 printable ASCII characters" in error["message"]
    assert names(api) == []


def test_longest_key_is_taken(api: Client) -> None:
    first = post(api, BLUE, "~" * 255)
    assert first.status_code == 201
    assert post(api, BLUE, "~" * 255).content == first.content


def test_refusal_is_not_kept(api: Client, run_sql: RunSql) -> None:
    vni = {"network": {"provider:network_type": "vxlan", "provider:segmentation_id": 7}}
    holder = api.network(**vni["network"])
    for _ in range(2):
        assert post(api, vni).status_code == 409
    assert kept_keys(run_sql) == []
    api.ask("DELETE", f"/networks/{holder['id']}")
    first = post(api, vni)
    assert first.status_code == 201
    assert post(api, vni).content == first.content


@pytest.mark.databases("sqlite")
def test_key_of_a_refused_request_may_be_used_for_another(api: Client) -> None:
    assert post(api, {"network": {"mtu": "much"}}).status_code == 400
    assert post(api, {"network": {"provider:network_type": "vxlan"}}).status_code == 503
    assert post(api, BLUE).status_code == 201


def test_key_belongs_to_its_project(api: Client) -> None:
    draft = create_draft(describe(Network), {"name": "blue"})
    asked = Once("order-1", "digest")

    def create(project_id: str) -> bytes:
        actor = Actor(name=project_id, project_id=project_id, trusted=True)
        return api.app.create_once(describe(Network), [draft], actor, asked, lambda made: made[0].id.encode())

    first, second = create("green"), create("yellow")
    assert first != second
    assert [create("green"), create("yellow")] == [first, second]


def test_answers_are_kept_for_a_day_unless_told_otherwise(
    api: Client, run_sql: RunSql, database_kind: str, database_url: str
) -> None:
    assert Settings().idempotency_hours == 24
    first = post(api, BLUE)
    age(run_sql, database_kind, timedelta(hours=23, minutes=59))
    assert post(api, BLUE).content == first.content
    with client(database_url, idempotency_hours=48) as patient:
        age(run_sql, database_kind, timedelta(hours=47, minutes=59))
        assert post(patient, BLUE).content == first.content
    age(run_sql, database_kind, timedelta(hours=24, seconds=1))
    red = post(api, {"network": {"name": "red"}})
    assert red.status_code == 201
    assert names(api) == ["blue", "red"]
    assert post(api, {"network": {"name": "red"}}).content == red.content


def test_answers_that_are_too_old_are_forgotten_a_part_at_a_time(
    api: Client, run_sql: RunSql, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "FORGET_EVERY", 1)
    post(api, BLUE, "young")
    old = [
        f"('default', '{minutes}', '', '', '{written(timedelta(days=1, minutes=minutes))}{ZONE[database_kind]}')"
        for minutes in range(1, FORGOTTEN_AT_ONCE + 3)
    ]
    run_sql(
        f"INSERT INTO answers (project_id, idempotency_key, fingerprint, answer, created_at) VALUES {', '.join(old)}"
    )
    post(api, BLUE, "now-1")
    assert kept_keys(run_sql) == ["1", "2", "now-1", "young"]
    post(api, BLUE, "now-2")
    assert kept_keys(run_sql) == ["now-1", "now-2", "young"]
