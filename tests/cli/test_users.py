"""Users with tokens and passwords: the commands that make them, and a server that knows them."""

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers.asking import Answer, Asker
from tests.servers.service import Service, environment_of_program, forks, run_program

Start = Callable[..., Service]
PASSWORD = "correct horse, with: a colon"  # noqa: S105, of this test
pytestmark = pytest.mark.databases("sqlite")


def user(folder: Path, *arguments: str, typed: str = "", status: int = 0) -> str:
    """Run `segmentary user` on the file `users` of a folder; return what it prints, or its refusal."""
    done = subprocess.run(
        [forks().shim, "user", *arguments, "--users-file", str(folder / "users")],
        env=environment_of_program({}),
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == status, done
    return (done.stderr if status else done.stdout).strip()


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


@pytest.fixture
def ann(tmp_path: Path) -> str:
    """Return the token of the user ann, a member of blue; bob has a password."""
    user(tmp_path, "add", "bob", "--project", "green", "--role", "member", "--password", typed=f"{PASSWORD}\n")
    return user(tmp_path, "add", "ann", "--project", "blue", "--role", "member")


@pytest.fixture
def service(ann: str, start_server: Start, tmp_path: Path) -> Service:
    assert ann
    return start_server("--users-file", str(tmp_path / "users"))


@pytest.fixture
def asker(service: Service) -> Iterator[Asker]:
    with closing(Asker(service.url)) as one:
        yield one


def until(status: int, ask: Callable[[], Answer]) -> None:
    """Ask until the answer has this status; fail if that takes a minute."""
    deadline = time.monotonic() + 60
    while ask().status != status:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_users_own_what_they_create(asker: Asker, ann: str) -> None:
    for headers, project in (({"X-Auth-Token": ann}, "blue"), (basic("bob", PASSWORD), "green")):
        answer = asker.ask("POST", "/v2.0/networks", {"network": {"name": project}}, headers)
        assert answer.status == 201, answer.body
        assert answer.document["network"]["project_id"] == project


def test_wrong_credentials_are_refused_with_the_ways_there_are(asker: Asker, ann: str) -> None:
    encoded = base64.b64encode
    for headers in (
        {},
        {"X-Auth-Token": ann[:-1]},
        {"X-Auth-Token": PASSWORD},
        basic("ann", ann),
        basic("bob", PASSWORD[:-1]),
        basic("bob", ""),
        basic("nobody", PASSWORD),
        basic("b\0b", PASSWORD),
        {"Authorization": "Basic"},
        {"Authorization": "Basic ====="},
        {"Authorization": f"Basic {encoded(b'bob').decode()}"},
        {"Authorization": f"Basic {encoded(bytes([255]) + b':x').decode()}"},
        {"Authorization": f"Bearer {ann}"},
        {"X-Auth-Token": "wrong", **basic("bob", PASSWORD)},
    ):
        answer = asker.ask("GET", "/v2.0/networks", headers=headers)
        assert answer.status == 401, headers
        assert answer.document["error"]["code"] == 401
        ways = answer.headers["www-authenticate"]
        assert ways.startswith("Keystone uri=")
        assert 'Basic realm="segmentary"' in ways


def test_change_of_the_file_counts_without_a_restart(asker: Asker, ann: str, tmp_path: Path) -> None:
    def with_ann() -> Answer:
        return asker.ask("GET", "/v2.0/networks", headers={"X-Auth-Token": ann})

    def with_bob(password: str = PASSWORD) -> Answer:
        return asker.ask("GET", "/v2.0/networks", headers=basic("bob", password))

    assert with_ann().status == with_bob().status == 200
    user(tmp_path, "remove", "ann")
    until(401, with_ann)
    user(tmp_path, "remove", "bob")
    user(tmp_path, "add", "bob", "--role", "reader", "--password", typed="another password\n")
    until(200, lambda: with_bob("another password"))
    assert with_bob().status == 401


def test_file_that_is_damaged_leaves_the_users_there_were(
    service: Service, asker: Asker, ann: str, tmp_path: Path
) -> None:
    (tmp_path / "users").write_text("{")
    deadline = time.monotonic() + 60
    while "the users stay as they were" not in service.output:
        assert asker.ask("GET", "/v2.0/networks", headers={"X-Auth-Token": ann}).status == 200
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nothing_secret_is_written_or_told(start_server: Start, ann: str, tmp_path: Path) -> None:
    service = start_server("--users-file", str(tmp_path / "users"), installed=True)
    with closing(Asker(service.url)) as asker:
        asker.ask("GET", "/v2.0/networks", headers=basic("bob", PASSWORD))
        asker.ask("GET", "/v2.0/networks", headers=basic("bob", "a wrong password"))
        asker.ask("GET", "/v2.0/networks", headers={"X-Auth-Token": f"{ann}wrong"})
    assert service.output.count("refused the credentials that 127.0.0.1 sent") == 2
    listed = user(tmp_path, "list", "--format", "json")
    assert [(one["name"], one["signs in with"]) for one in json.loads(listed)] == [
        ("bob", "a password"),
        ("ann", "a token"),
    ]
    file = tmp_path / "users"
    assert file.stat().st_mode & 0o777 == 0o600
    command = Path(f"/proc/{service.process.pid}/cmdline").read_text()
    assert "--users-file" in command
    for text in (service.output, listed, file.read_text(), command):
        for secret in (ann, PASSWORD, "a wrong password"):
            assert secret not in text


def test_unfit_users_are_refused_with_a_line(tmp_path: Path, ann: str) -> None:
    assert ann
    assert "has a user ann" in user(tmp_path, "add", "ann", "--role", "member", status=1)
    assert "without control characters and colons" in user(tmp_path, "add", "a:b", "--role", "member", status=1)
    assert "letters, digits" in user(tmp_path, "add", "carl", "--role", "a b", status=1)
    assert "at least 12" in user(tmp_path, "add", "carl", "--role", "reader", "--password", typed="short\n", status=2)
    assert "no user carl" in user(tmp_path, "remove", "carl", status=1)
    assert "cannot be written" in user(tmp_path / "missing", "add", "carl", "--role", "reader", status=1)


def test_rewritten_file_keeps_its_mode(tmp_path: Path, ann: str) -> None:
    assert ann
    file = tmp_path / "users"
    file.chmod(0o640)
    user(tmp_path, "remove", "ann")
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--authentication", "none,token", "--users-file", "users"], "cannot stand beside"),
        (["--authentication", "basic"], "basic needs --users-file"),
        (["--authentication", "token"], "token needs --users-file or --token-file"),
        (["--authentication", "magic"], "none of none, token, basic"),
        (["--authentication", "none", "--host", "0.0.0.0"], "--users-file FILE or --token-file FILE"),  # noqa: S104
        (["--users-file", "missing"], "segmentary user add"),
        (["--users-file", "odd"], "is no file that `segmentary user` writes"),
        (["--users-file", "open"], "everyone can read"),
    ],
)
def test_server_that_cannot_tell_who_asks_does_not_start(
    tmp_path: Path, ann: str, arguments: list[str], word: str
) -> None:
    assert ann
    (tmp_path / "odd").write_text('{"users": [{"name": "x"}]}')
    (tmp_path / "odd").chmod(0o600)
    (tmp_path / "open").write_text('{"users": []}')
    (tmp_path / "open").chmod(0o644)
    done = run_program(tmp_path, "serve", *arguments)
    assert done.returncode == 1
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
