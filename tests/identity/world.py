"""Three projects and an administrator at a running server, what each has, and the check that each answer passes.

Whatever a project has is recognisable: names, descriptions, tags, users and the project itself have the project's word
in them, segmentation IDs are numbers of their own, and ids and request ids are remembered.
"""

import http.client
import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.servers.asking import Answer, Asker
from tests.servers.service import Service

Object = dict[str, Any]
PROJECTS = ("amberx", "basilx", "cedarx")
ADMIN = "zadminx"
WORDS = (*PROJECTS, ADMIN)
ROLES = ("reader", "member", "manager")
RACK = f"{ADMIN}-rack"
FIRST_VNI, LAST_VNI = 12_000_001, 12_999_999
RESERVED = (12_900_001, 12_900_009)
ABSENT = "01a203c4-f3e5-71bc-848a-4f7a10af3693"
# What an administrator's change is told of to a project.
UNTOLD = (None, None)
READS = 200
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TARGET = re.compile(r'"target_tenant": ?"[^"]*"')
_NUMBER = re.compile(r"(?<![0-9a-f-])12\d{6}(?![0-9a-f-])")


@dataclass
class Network:
    """A network as it should be shown, and the changes that its history should tell: verb, name, actor, request."""

    id: str
    owner: str
    name: str
    number: int
    description: str = ""
    tags: tuple[str, ...] = ()
    shared: bool = False
    shared_with: set[str] = field(default_factory=set)
    external: bool = False
    alive: bool = True
    history: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)


class World:
    """The server, its users, and what there is."""

    def __init__(self, service: Service, tokens: dict[str, str], *, open_provider: bool) -> None:
        self.service, self._tokens, self.open_provider = service, tokens, open_provider
        self._askers = {who: Asker(service.url) for who in tokens}
        self.networks: dict[str, Network] = {}
        # Of whom an id or a segmentation ID is; the events of each project, as (verb, name, actor, request), in order.
        self.owners: dict[str, str] = {}
        self.log: dict[str, list[tuple[str, str, str, str | None, str | None]]] = {one: [] for one in PROJECTS}
        # Who shares which network with whom, by the id of the policy.
        self.policies: dict[str, tuple[str, Network, str]] = {}
        self.read: dict[str, int] = dict.fromkeys(PROJECTS, 0)
        self.cursors: dict[str, int] = dict.fromkeys(PROJECTS, 0)
        self._names = itertools.count(1)
        self._vnis = itertools.count(FIRST_VNI + 500_000)

    def close(self) -> None:
        for one in self._askers.values():
            one.close()

    def name(self, owner: str) -> str:
        return f"{owner}-secret-{next(self._names)}"

    def vni(self) -> int:
        return next(self._vnis)

    # Who sees what.

    def is_shared(self, one: Network, project: str) -> bool:
        return one.shared or project in one.shared_with

    def mine(self, project: str) -> list[Network]:
        return [one for one in self.networks.values() if one.alive and one.owner == project]

    def theirs(self, project: str) -> list[str]:
        """Return ids that a project cannot see, one that nobody has among them."""
        hidden = [
            one.id for one in self.networks.values() if one.owner != project and not self.is_visible(one, project)
        ]
        return [*hidden, ABSENT]

    def is_visible(self, one: Network, project: str) -> bool:
        return one.alive and (one.owner == project or self.is_shared(one, project) or one.external)

    def visible(self, project: str) -> dict[str, Network]:
        return {one.id: one for one in self.networks.values() if self.is_visible(one, project)}

    # Asking.

    def admin(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401, JSON
        answer = self._askers[ADMIN].ask(method, f"/v2.0/{path}", body, {"X-Auth-Token": self._tokens[ADMIN]})
        assert answer.status < 300, (method, path, answer.body)
        self.know(ADMIN, answer.headers["x-openstack-request-id"])
        return answer.document if answer.body else None

    def ask(  # noqa: PLR0913, each is a part of a request
        self, project: str, role: str, method: str, path: str, body: object = None, *, key: str = ""
    ) -> Answer:
        """Ask as a user of a project; nothing of others is in the answer but what they share or the request says."""
        who = f"{project}-{role}"
        headers = {"X-Auth-Token": self._tokens[who]} | ({"Idempotency-Key": key} if key else {})
        answer = self._askers[who].ask(method, f"/v2.0/{path}", body, headers)
        assert answer.status < 500 or answer.status == 503, answer.body
        self.know(project, answer.headers["x-openstack-request-id"])
        self.check(project, answer, f"{path} {json.dumps(body)}")
        return answer

    def get(self, project: str, role: str, path: str) -> Object:
        answer = self.ask(project, role, "GET", path)
        assert answer.status == 200, (path, answer.body)
        return dict(answer.document)

    def know(self, owner: str, *ids: object) -> None:
        """Remember of whom ids, request ids and segmentation IDs are."""
        self.owners |= {str(one).removeprefix("req-"): owner for one in ids}

    # The check.

    def check(self, project: str, answer: Answer, sent: str) -> None:
        """Find nothing of others in an answer, apart from the networks that are shared with the project."""
        seen, text = set(), answer.body.decode()
        if answer.status == 200 and "/history" not in sent and text.startswith(('{"networks":', '{"network":')):
            visible = self.visible(project)
            seen, text = set(visible), json.dumps(self._without_shared(project, answer.document))
            # A link to the page after a network has the values that it is sorted by.
            for name in sorted((one.name for one in visible.values() if one.owner != project), key=len, reverse=True):
                text = text.replace(quote(name), "")
        headers = {name: value for name, value in answer.headers.items() if name != "x-openstack-request-id"}
        self.check_text(project, f"{text} {headers}", sent, seen)

    def check_text(self, project: str, text: str, sent: str, seen: set[str] | frozenset[str] = frozenset()) -> None:
        told = {*_ID.findall(sent), *_NUMBER.findall(sent)}
        # With whom a policy shares: whoever sees the policy, an id that is looked for too, has said or was told that.
        text = _TARGET.sub("", text)
        for word in WORDS:
            if word != project and word in text:
                said = re.findall(rf"{word}[-\w]*", sent)
                for one in sorted(said, key=len, reverse=True):
                    text = text.replace(one, "")
                assert word not in text, (project, sent, text)
        for one in {*_ID.findall(text), *_NUMBER.findall(text)} - told - seen:
            assert self.owners.get(one, project) == project, (project, sent, one, text)
        if not self.open_provider:
            assert not set(_NUMBER.findall(text)) - told, (project, sent, text)

    def _without_shared(self, project: str, document: Object) -> Object:
        """Return a list or a network without what others share with the project, which is as they made it."""

        def keep(shown: Object) -> bool:
            known = self.networks.get(shown.get("id", ""))
            if known is None or known.owner == project:
                return True
            assert self.is_visible(known, project), (project, shown)
            self.check_shown(known, shown, project)
            return False

        if "network" in document:
            return document if keep(document["network"]) else {}
        return document | {"networks": [one for one in document["networks"] if keep(one)]}

    def check_shown(self, known: Network, shown: Object, project: str) -> None:
        """Compare what is shown of a network to a project with what it is."""
        wanted: Object = {
            "id": known.id,
            "name": known.name,
            "description": known.description,
            "shared": self.is_shared(known, project),
            "router:external": known.external,
            "project_id": known.owner,
        }
        if known.owner == project and self.open_provider:
            wanted |= {"provider:network_type": "vxlan", "provider:segmentation_id": known.number}
            wanted |= {"provider:physical_network": None}
        else:
            assert not [name for name in shown if name.startswith("provider:") or name == "segments"]
        assert {name: shown[name] for name in wanted if name in shown} == {
            name: value for name, value in wanted.items() if name in shown
        }
        assert sorted(shown.get("tags", known.tags)) == sorted(known.tags)
        assert set(wanted) <= set(shown) or set(shown) == {"id", "name", "project_id"}

    # What happened.

    def happened(self, one: Network, verb: str, who: str | None, request_id: str | None) -> None:
        """Note a change; `who` is a user of the owner's project, None for the administrator."""
        actor = (who, request_id) if who else UNTOLD
        one.history.append((verb, one.name, *actor))
        if one.owner in self.log:
            self.log[one.owner].append((verb, one.id, one.name, *actor))

    def learn(self, shown: Object, who: str | None, request_id: str | None) -> Network:
        """Take note of a network that was created."""
        whole = self.admin("GET", f"networks/{shown['id']}")["network"]
        one = Network(shown["id"], shown["project_id"], shown["name"], whole["provider:segmentation_id"] or 0)
        one.shared, one.external = whole["shared"], whole["router:external"]
        one.description, one.tags = whole["description"], tuple(whole["tags"])
        self.networks[one.id] = one
        self.know(one.owner, one.id, one.number)
        for segment in self.admin("GET", f"segments?network_id={one.id}")["segments"]:
            self.know(ADMIN, segment["id"])
        self.happened(one, "created", who, request_id)
        return one

    def share(self, owner: str, one: Network, target: str, shown: Object) -> None:
        """Take note of a policy that shares a network with a project."""
        self.policies[shown["id"]] = (owner, one, target)
        self.know(owner, shown["id"])
        one.shared_with.add(target)

    # Reading what happened.

    def history(self, project: str, role: str, one: Network) -> None:
        found = self.get(project, role, f"networks/{one.id}/history")["history"]
        assert [_told(each)[:1] + _told(each)[2:] for each in found] == one.history
        self.know(project, *(each["id"] for each in found))

    def events(self, project: str, role: str, limit: int) -> None:
        """Read on in the feed until all of the project's own events are there; there are no others."""
        wanted = self.log[project][self.read[project] :]
        found: list[Object] = []
        for _ in range(READS):
            path = f"segment-events?after={self.cursors[project]}&limit={limit}"
            answer = self.get(project, role, path + ("&wait=5" if len(found) < len(wanted) else ""))
            assert answer["sequence"] >= self.cursors[project]
            self.cursors[project] = answer["sequence"]
            found += self._own(project, answer["segment_events"])
            if len(found) >= len(wanted) and not answer["segment_events"]:
                break
        assert [_told(one) for one in found] == wanted
        self.read[project] += len(wanted)

    def stream(self, project: str, role: str) -> None:
        """The same as a stream of server-sent events."""
        wanted = self.log[project][self.read[project] :]
        if not wanted:
            return
        headers = {
            "X-Auth-Token": self._tokens[f"{project}-{role}"],
            "Accept": "text/event-stream",
            "Last-Event-ID": str(self.cursors[project]),
        }
        parts = urlsplit(self.service.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        text, found = "", list[Object]()
        try:
            connection.request("GET", "/v2.0/segment-events", headers=headers)
            with connection.getresponse() as response:
                while len(found) < len(wanted):
                    line = response.readline().decode()
                    assert line, "the stream ended"
                    text += line
                    if line.startswith("data: "):
                        found += self._own(project, [json.loads(line.removeprefix("data: "))])
        finally:
            connection.close()
        self.check_text(project, text, "")
        assert [_told(one) for one in found] == wanted
        self.cursors[project] = found[-1]["sequence"]
        self.read[project] += len(wanted)

    def _own(self, project: str, events: list[Object]) -> list[Object]:
        """Return the events of networks; all of them are of records of the project."""
        for one in events:
            self.know(project, one["id"])
            assert one["record"]["project_id"] == project
            hidden = [
                name for part in ("record", "changed") for name in one.get(part, ()) if name.startswith("provider:")
            ]
            assert self.open_provider or not hidden
        return [one for one in events if one["type"].startswith("network.")]


def _told(event: Object) -> tuple[str, str, str, str | None, str | None]:
    verb = event["type"].partition(".")[2]
    return verb, event["resource_id"], event["record"]["name"], event["actor"], event["request_id"]


POLICY = """
"create_network:provider:network_type": "rule:admin_required or rule:project_member"
"create_network:provider:physical_network": "rule:admin_required or rule:project_member"
"create_network:provider:segmentation_id": "rule:admin_required or rule:project_member"
"update_network:provider:segmentation_id": "rule:admin_required or rule:project_member"
"get_network:provider:network_type": "rule:admin_required or rule:owner"
"get_network:provider:physical_network": "rule:admin_required or rule:owner"
"get_network:provider:segmentation_id": "rule:admin_required or rule:owner"
"""


def write_policy(folder: Path) -> str:
    """Write rules by which members choose and see the segmentation IDs of their networks."""
    path = folder / "policy.yaml"
    path.write_text(POLICY)
    return str(path)
