"""A real Keystone says who asks: driven by the `openstack` command, and token by token."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.contract.command import Openstack
from tests.servers.asking import Answer, Asker
from tests.servers.keystone import PASSWORD, KeystoneServer
from tests.servers.service import Service, run_program

Start = Callable[..., Service]
pytestmark = pytest.mark.databases("sqlite")
SERVICE_FILE = """
auth_url = "{url}/v3"
username = "segmentary"
password = "{password}"
project_name = "service"
user_domain_id = "default"
project_domain_id = "default"
"""
BELIEVED = 2  # seconds


class Site:
    """Keystone with users and projects, and a server of ours that asks it."""

    def __init__(self, keystone: KeystoneServer, service: Service, program: Path, folder: Path) -> None:
        self.keystone, self.service = keystone, service
        self._program, self._folder = program, folder
        self._asker = Asker(service.url)

    def close(self) -> None:
        self._asker.close()

    def openstack(self, name: str = "admin", project: str = "admin", **variables: str) -> Openstack:
        return Openstack(self._program, self._folder, **(self.keystone.variables(name, project) | variables))

    def ask(self, token: str, path: str = "/v2.0/networks", method: str = "GET", body: object = None) -> Answer:
        return self._asker.ask(method, path, body, {"X-Auth-Token": token})

    def token(self, name: str, scope: object, *, identity: object = None) -> str:
        """Ask Keystone for a token."""
        user = {"name": name, "domain": {"id": "default"}, "password": PASSWORD}
        identity = identity or {"methods": ["password"], "password": {"user": user}}
        auth = {"identity": identity, **({"scope": scope} if scope else {})}
        request = urllib.request.Request(  # noqa: S310, ours
            f"{self.keystone.url}/v3/auth/tokens",
            json.dumps({"auth": auth}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310, ours
            token: str = answer.headers["X-Subject-Token"]
            return token

    def of_keystone(self, token: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401, any JSON
        """Ask Keystone for something as the holder of a token."""
        request = urllib.request.Request(  # noqa: S310, ours
            f"{self.keystone.url}/v3/{path}",
            None if body is None else json.dumps(body).encode(),
            {"X-Auth-Token": token, "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310, ours
            return json.loads(answer.read() or b"null")

    def user_id(self, name: str) -> str:
        (found,) = self.of_keystone(self.token("admin", scope_of("admin")), "GET", f"users?name={name}")["users"]
        return str(found["id"])

    def until(self, status: int, token: str) -> None:
        """Ask until the answer has this status; fail if that takes a minute."""
        deadline = time.monotonic() + 60
        while self.ask(token).status != status:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def revoke(self, token: str) -> None:
        request = urllib.request.Request(  # noqa: S310, ours
            f"{self.keystone.url}/v3/auth/tokens",
            headers={"X-Auth-Token": token, "X-Subject-Token": token},
            method="DELETE",
        )
        urllib.request.urlopen(request).close()  # noqa: S310, ours


def scope_of(project: str) -> object:
    return {"project": {"name": project, "domain": {"id": "default"}}}


@pytest.fixture
def site(start_server: Start, openstack_program: Path, tmp_path: Path) -> Iterator[Site]:
    keystone = KeystoneServer(tmp_path)
    file = tmp_path / "service.toml"
    file.write_text(SERVICE_FILE.format(url=keystone.url, password=PASSWORD))
    file.chmod(0o600)
    service = start_server("--keystone-file", str(file), "--keystone-seconds", str(BELIEVED))
    try:
        with closing(Site(keystone, service, openstack_program, tmp_path)) as one:
            users = {"mia": ("blue", "member"), "rea": ("blue", "reader"), "fay": ("green", "member")}
            one.openstack().all(
                *(f"project create -f json {name}" for name in ("blue", "green", "service")),
                f"user create -f json --password {PASSWORD} segmentary",
                "role add --user segmentary --project service service",
                *(f"user create -f json --password {PASSWORD} {name}" for name in users),
                *(f"role add --user {name} --project {project} {role}" for name, (project, role) in users.items()),
                "role add --user admin --user-domain default --project blue admin",
                "role add --user admin --user-domain default --domain default admin",
                "service create -f json --name segmentary network",
                f"endpoint create -f json --region RegionOne network public {service.url}",
            )
            yield one
    finally:
        keystone.stop()


@pytest.mark.long
def test_walk_through_with_keystone(site: Site, start_server: Start, tmp_path: Path) -> None:
    """One Keystone for all, for making it takes longest."""
    roles_see_what_is_theirs(site)
    every_way_to_sign_in_works(site)
    trusts_are_for_what_they_say(site)
    access_rules_are_enforced(site)
    tokens_for_no_project_may_do_nothing(site)
    system_scope_is_let_in_by_the_policy(site, start_server, tmp_path)
    revoked_and_wrong_tokens_are_refused(site)
    those_who_are_disabled_are_refused(site)
    without_keystone_only_known_tokens_go_on(site)
    text = site.service.output
    assert PASSWORD not in text
    assert "gAAAA" not in text, "that is how tokens of Keystone begin"


def roles_see_what_is_theirs(site: Site) -> None:
    member, reader = site.openstack("mia", "blue"), site.openstack("rea", "blue")
    foreigner, admin = site.openstack("fay", "green"), site.openstack()
    (created,) = member.all("network create -f json mine")
    assert created["provider:network_type"] is None
    (mine,) = reader.all("network show -f json mine")
    assert mine["id"] == created["id"]
    (theirs, segments) = foreigner.all("network list -f json", "network segment list -f json")
    assert theirs == segments == []
    (shown,) = admin.all(f"network show -f json {created['id']}")
    assert shown["provider:network_type"] == "local"
    assert shown["project_id"] == created["project_id"]
    assert "create_network is disallowed by policy" in reader.refused("network create other")
    assert "update_network is disallowed by policy" in reader.refused("network set --name other mine")
    assert "create_network:shared is disallowed by policy" in member.refused("network create --share other")
    assert "No Network found for mine" in foreigner.refused("network show mine")
    segment = f"network segment create --network {created['id']} --network-type geneve --segment 7"
    assert "create_segment is disallowed by policy" in member.refused(f"{segment} s")
    (made,) = admin.all(f"{segment} -f json s")
    assert made["segmentation_id"] == 7
    admin.all(f"network set --share {created['id']}")
    (theirs,) = foreigner.all("network list -f json -c Name")
    assert [one["Name"] for one in theirs] == ["mine"]


def every_way_to_sign_in_works(site: Site) -> None:
    member = site.openstack("mia", "blue")
    (credential,) = member.all("application credential create -f json --secret some-secret cred")
    common = {"OS_AUTH_URL": f"{site.keystone.url}/v3", "OS_REGION_NAME": "RegionOne"}
    by_credential = {
        **common,
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_APPLICATION_CREDENTIAL_ID": credential["id"] if "id" in credential else credential["ID"],
        "OS_APPLICATION_CREDENTIAL_SECRET": "some-secret",
    }
    token = site.token("mia", scope_of("blue"))
    by_token = {"OS_AUTH_TYPE": "admin_token", "OS_ENDPOINT": site.service.url, "OS_TOKEN": token}
    for variables in (by_credential, by_token):
        client = Openstack(site._program, site._folder, **variables)  # noqa: SLF001, of this file
        (listed,) = client.all("network list -f json -c Name")
        assert [one["Name"] for one in listed] == ["mine"]


def tokens_for_no_project_may_do_nothing(site: Site) -> None:
    for scope in ({"system": {"all": True}}, {"domain": {"id": "default"}}, "unscoped"):
        token = site.token("admin", scope)
        assert site.ask(token, "/v2.0/segment-events").status == 403, scope
        assert site.ask(token, "/v2.0/networks", "POST", {"network": {}}).status == 403, scope
        assert site.ask(token).document == {"networks": []}


def system_scope_is_let_in_by_the_policy(site: Site, start_server: Start, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text('"use_system_scope": "role:admin and system_scope:all"')
    files = ("--keystone-file", str(tmp_path / "service.toml"), "--policy-file", str(tmp_path / "policy.yaml"))
    with closing(Asker(start_server(*files).url)) as asker:
        for scope, status in (({"system": {"all": True}}, 200), ({"domain": {"id": "default"}}, 403)):
            headers = {"X-Auth-Token": site.token("admin", scope)}
            assert asker.ask("GET", "/v2.0/segment-events", None, headers).status == status, scope


def trusts_are_for_what_they_say(site: Site) -> None:
    """Fay, of another project, is trusted by Mia; a token ends when its trust does."""
    mias = site.token("mia", scope_of("blue"))
    project = site.of_keystone(mias, "GET", "auth/projects")["projects"][0]["id"]

    def trusted(role: str, **more: object) -> str:
        trust = {"trustor_user_id": site.user_id("mia"), "trustee_user_id": site.user_id("fay"), "project_id": project}
        body = {"trust": {**trust, "impersonation": False, "roles": [{"name": role}], **more}}
        made = site.of_keystone(mias, "POST", "OS-TRUST/trusts", body)["trust"]["id"]
        return site.token("fay", {"OS-TRUST:trust": {"id": made}})

    member, reader = trusted("member"), trusted("reader")
    assert [one["name"] for one in site.ask(member).document["networks"]] == ["mine"]
    made = site.ask(member, "/v2.0/networks", "POST", {"network": {"name": "trusted"}})
    assert (made.status, made.document["network"]["project_id"]) == (201, project)
    path = f"/v2.0/networks/{made.document['network']['id']}"
    assert [site.ask(reader, path, method).status for method in ("GET", "DELETE")] == [200, 403]
    assert site.ask(member, path, "DELETE").status == 204
    ends = datetime.now(UTC) + timedelta(seconds=5)
    short = trusted("reader", expires_at=ends.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    site.until(401, short)
    assert datetime.now(UTC) >= ends.replace(microsecond=0)


def access_rules_are_enforced(site: Site) -> None:
    mias = site.token("mia", scope_of("blue"))
    rules = [
        {"service": "network", "method": "GET", "path": "/v2.0/networks"},
        {"service": "network", "method": "GET", "path": "/v2.0/networks/{id}"},
        {"service": "network", "method": "PUT", "path": "/v2.0/networks/*/tags/**"},
        {"service": "identity", "method": "POST", "path": "/v2.0/networks"},
    ]
    asked = {"application_credential": {"name": "narrow", "secret": "s", "access_rules": rules}}
    made = site.of_keystone(mias, "POST", f"users/{site.user_id('mia')}/application_credentials", asked)
    credential = {"id": made["application_credential"]["id"], "secret": "s"}
    identity = {"methods": ["application_credential"], "application_credential": credential}
    token = site.token("mia", None, identity=identity)
    mine = site.ask(token).document["networks"][0]["id"]
    for method, path, status in (
        ("GET", "networks", 200),
        ("GET", f"networks/{mine}", 200),
        ("PUT", f"networks/{mine}/tags/red", 201),
        ("GET", f"networks/{mine}/tags", 401),
        ("DELETE", f"networks/{mine}/tags/red", 401),
        ("PUT", f"networks/{mine}", 401),
        ("POST", "networks", 401),
        ("GET", "segments", 401),
    ):
        assert site.ask(token, f"/v2.0/{path}", method).status == status, (method, path)
    assert site.ask(mias, f"/v2.0/networks/{mine}/tags", "DELETE").status == 204


def those_who_are_disabled_are_refused(site: Site) -> None:
    token = site.token("rea", scope_of("blue"))
    assert site.ask(token).status == 200
    site.openstack().all("user set --disable rea")
    site.until(401, token)
    site.openstack().all("user set --enable rea")
    token = site.token("fay", scope_of("green"))
    assert site.ask(token).status == 200
    site.openstack().all("project set --disable green")
    site.until(401, token)
    site.openstack().all("project set --enable green")


def revoked_and_wrong_tokens_are_refused(site: Site) -> None:
    token = site.token("mia", scope_of("blue"))
    assert site.ask(token).status == 200
    for wrong in (token[:-4], f"{token}x", "gAAAAAB", "x" * 20_000, "z\xf6"):
        answer = site.ask(wrong)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == f'Keystone uri="{site.keystone.url}"'
        assert answer.document["error"]["code"] == 401
    site.revoke(token)
    site.until(401, token)


def without_keystone_only_known_tokens_go_on(site: Site) -> None:
    known, unknown = (site.token("mia", scope_of("blue")) for _ in range(2))
    assert site.ask(known).status == 200
    site.keystone.stop()
    answer = site.ask(unknown)
    assert answer.status == 503
    assert "identity service" in answer.message
    assert "Keystone did not validate a token" in site.service.output
    site.until(503, known)  # believed for a while, and never after it
    site.keystone.start()
    assert site.ask(unknown).status == site.ask(known).status == 200


@pytest.mark.parametrize(
    ("text", "mode", "word"),
    [
        (None, 0o600, "cannot be read"),
        ('password = "a secret', 0o600, "is not TOML"),
        ('auth_url = "http://h"\npasword = "a secret"', 0o600, "no such option: pasword"),
        ("auth_url = 7", 0o600, "must have lines of the form"),
        ('auth_type = "magic"', 0o600, "does not say how to sign in"),
        ('password = "a secret"', 0o600, "does not say how to sign in"),
        ('auth_url = "http://h"\nusername = "x"\npassword = "a secret"', 0o644, "everyone can read"),
    ],
)
def test_file_that_does_not_say_how_to_sign_in_is_refused(
    tmp_path: Path, text: str | None, mode: int, word: str
) -> None:
    if text is not None:
        (tmp_path / "k.toml").write_text(text)
        (tmp_path / "k.toml").chmod(mode)
    done: Any = run_program(tmp_path, "serve", "--keystone-file", "k.toml")
    assert done.returncode == 1
    assert word in done.stderr
    assert "a secret" not in done.stderr
    assert done.stderr.count("\n") == 1
