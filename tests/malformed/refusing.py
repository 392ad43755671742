"""A server that refuses: the API in this process on a real database, watched by plain SQL past our code."""

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from falcon import testing

import segmentary
from segmentary.api.body import Bodies
from segmentary.api.wsgi import make_wsgi
from segmentary.catalog import RESOURCES
from segmentary.rules.attribute import Presence, Resource

RunSql = Callable[[str], Sequence[Sequence[Any]]]
TABLES = (*(one.collection for one in RESOURCES), "events")
CREATABLE = tuple(
    one for one in RESOURCES if one.routed and any(each.create is not Presence.REFUSED for each in one.attributes)
)


class Refusing:
    """Sends requests and demands that what is refused is refused well and leaves no trace."""

    def __init__(self, app: segmentary.Application, run_sql: RunSql) -> None:
        self._client = testing.TestClient(make_wsgi(app, Bodies(app.settings)))
        self._run_sql = run_sql
        self.ids: dict[str, str] = {}
        # What a create request of each resource needs; there is one record of each, so a repetition would be refused.
        self.valid: dict[str, dict[str, object]] = {}
        for resource, body in (
            ("physical_network", {"name": "physnet1"}),
            ("network", {"name": "blue"}),
            ("segment", {"network_type": "vxlan", "segmentation_id": 5}),
            ("network_segment_range", {"network_type": "vxlan", "minimum": 1, "maximum": 9}),
            ("rbac_policy", {"object_type": "network", "action": "access_as_shared", "target_tenant": "red"}),
            ("event_destination", {"kind": "webhook", "endpoint": "http://127.0.0.1:9/", "paused": True}),
        ):
            parent = {"segment": "network_id", "rbac_policy": "object_id"}.get(resource)
            self.valid[resource] = {**body, **({parent: self.ids["network"]} if parent else {})}
            collection = next(one.collection for one in RESOURCES if one.name == resource)
            answer = self.send("POST", f"/v2.0/{collection}", {resource: self.valid[resource]})
            assert answer.status_code == 201, answer.text
            self.ids[resource] = answer.json[resource]["id"]
        self._stored = self._snapshot()

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, query: str = ""
    ) -> testing.Result:
        """Send a request; a body of bytes is sent as it is, any other as JSON. It must never be a failure of ours."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        answer = self._client.simulate_request(method, path, query_string=query, body=data, headers=dict(headers or {}))
        assert answer.status_code < 500, f"{method} {path} {body!r}: {answer.status} {answer.text}"
        return answer

    def refused(self, method: str, path: str, body: object = None, **more: Any) -> str:  # noqa: ANN401 - passed on
        """Send a request that must be refused, and return what is said."""
        answer = self.send(method, path, body, **more)
        assert 400 <= answer.status_code < 500, f"{method} {path} {body!r}: {answer.status} {answer.text}"
        return self.told(answer)

    def told(self, answer: testing.Result) -> str:
        """Return the message of a refusal, which must have one, and must have changed nothing."""
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-openstack-request-id"].startswith("req-")
        fault = answer.json["NeutronError"]
        assert {"type", "message", "detail"} <= set(fault)
        assert fault["type"]
        message: str = fault["message"]
        assert message
        assert len(message) < 20_000
        assert not [one for one in message if unicodedata.category(one) in {"Cc", "Cs"} and one != "\n"]
        assert self._snapshot() == self._stored
        return message

    def unchanged(self) -> None:
        """Demand that nothing was stored."""
        assert self._snapshot() == self._stored

    def remember(self) -> None:
        """Take what is stored now for what is to stay."""
        self._stored = self._snapshot()

    def _snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table: sorted(map(tuple, self._run_sql(f"SELECT * FROM {table}")), key=repr) for table in TABLES}


@contextmanager
def refusing(url: str, run_sql: RunSql) -> Iterator[Refusing]:
    """Give a server on a database."""
    with segmentary.open(url) as app:
        yield Refusing(app, run_sql)


def writable(resource: Resource, *, create: bool) -> list[Any]:
    """Return the attributes that a request may have."""
    if not create:
        return [one for one in resource.attributes if one.wire and one.update]
    return [one for one in (*resource.attributes, *resource.options) if one.wire and one.create is not Presence.REFUSED]
