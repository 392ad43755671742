"""No secret is printed, logged or answered, stands in a list of processes, or may be typed."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import pytest

from segmentary.cli.main import commands
from segmentary.services import user
from segmentary.services.user import User
from tests.servers.asking import Asker
from tests.servers.service import Service, run_program

RunSql = Callable[[str], Sequence[Sequence[Any]]]
Start = Callable[..., Service]
TYPED = "planted-typed-secret"
OF_DATABASE, OF_USER, OF_DESTINATION = "planted-of-database", "planted-of-user", "planted-of-destination"
WRONG = "planted-wrong-guess"
# Everything is logged, of every library, from the start of each process.
LOUD = "import logging; logging.root.setLevel(logging.DEBUG)"
URLS = ("postgresql://u:{}@h/d", "mysql+pymysql://u:a/b@{}@h/d", "postgresql://h/d?x=1&Password={}")


def with_option(*names: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give every command that has one of these options, with the option."""

    def below(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                yield from below(inner, (*path, name))
        for option in command.params:
            for name in set(option.opts) & set(names):
                yield path, name

    return below(commands, ())


def typed(command: tuple[str, ...], *options: str) -> str:
    """Return how a command refuses options, in one line."""
    with pytest.raises(click.UsageError) as refused:
        commands.main([*command, *options], prog_name="segmentary", standalone_mode=False)
    return refused.value.format_message()


@pytest.mark.parametrize("url", URLS)
def test_url_with_a_password_may_not_be_typed_in_any_command(url: str) -> None:
    found = list(with_option("--database", "--neutron", "--url"))
    assert len(found) > 60
    for command, option in found:
        said = typed(command, option, url.format(TYPED))
        assert "list of processes: give it" in said, (command, option)
        assert TYPED not in said
        if option == "--neutron":
            assert "in SEGMENTARY_NEUTRON" in said
        elif option == "--database" and "--config" in (one for two in _options(command) for one in two.opts):
            assert "in SEGMENTARY_DATABASE, or in the file of --config" in said, command


def _options(path: tuple[str, ...]) -> list[click.Parameter]:
    found: click.Command = commands
    for name in path:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    return found.params


def test_secret_of_a_destination_may_not_be_typed() -> None:
    assert [command for command, _ in with_option("--secret")] == [("destination", "create"), ("destination", "set")]
    for command, _ in with_option("--secret"):
        said = typed(command, "--secret", TYPED)
        assert "give it in SEGMENTARY_SECRET" in said
        assert TYPED not in said


def test_refusal_is_one_line_with_the_status_of_a_wrong_use(tmp_path: Path) -> None:
    done = run_program(tmp_path, "serve", "--database", URLS[0].format(TYPED))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("segmentary serve: --database has a password in it")


def with_password(url: str) -> str:
    """Plant a password in a URL that has none: a server that trusts this machine does not ask for it."""
    before, host = url.split("@")
    return (
        f"{before}@{host}"
        if before.count(":") > 1 and not before.endswith(":")
        else f"{before.rstrip(':')}:{OF_DATABASE}@{host}"
    )


@pytest.fixture
def loud(tmp_path: Path) -> dict[str, str]:
    """Give the environment in which every program logs all it can."""
    (tmp_path / "loud").mkdir()
    (tmp_path / "loud" / "sitecustomize.py").write_text(LOUD)
    return {"PYTHONPATH": str(tmp_path / "loud")}


@pytest.mark.databases("postgresql")
def test_planted_secrets_come_out_nowhere(
    start_server: Start, database_url: str, run_sql: RunSql, loud: dict[str, str], tmp_path: Path
) -> None:
    environment = {**loud, "SEGMENTARY_DATABASE": with_password(database_url), "SEGMENTARY_SECRET": OF_DESTINATION}
    file = str(tmp_path / "users")
    token = user.add(file, User(name="ann", project_id="blue", roles=("admin",)), None)
    assert token is not None
    user.add(file, User(name="bob", project_id="blue", roles=("admin",)), OF_USER)
    service = start_server("--users-file", file, "--workers", "2", environment=environment, installed=True)
    answered: list[str] = []
    asker = Asker(service.url)
    signed = {"X-Auth-Token": token}

    def ask(method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> int:
        answer = asker.ask(method, path, body, signed if headers is None else headers)
        answered.append(f"{answer.status} {dict(answer.headers)} {answer.body.decode()}")
        return answer.status

    destination = {"kind": "webhook", "endpoint": "http://127.0.0.1:1/", "secret": OF_DESTINATION, "after": 0}
    assert ask("POST", "/v2.0/event-destinations", {"event_destination": destination}) == 201
    made = json.loads(answered[-1].partition("} ")[2])["event_destination"]["id"]
    own = f"/v2.0/event-destinations/{made}"
    assert ask("PUT", own, {"event_destination": {"secret": OF_DESTINATION * 2}}) == 200
    assert ask("POST", "/v2.0/networks", {"network": {}}) == 201
    paths = ["/v2.0/networks", "/v2.0/segment-events?wait=2", own, f"{own}/history", f"{own}/dead-letters", "/metrics"]
    for path in [*paths, "/openapi.json", "/docs", "/v2.0/event-destinations", "/healthcheck"]:
        assert ask("GET", path) == 200, path
    # Secrets at a wrong place, too long, of a wrong kind, beside what is wrong.
    for wrong in (OF_DESTINATION * 50, [OF_DESTINATION], {"x": OF_DESTINATION}, OF_DESTINATION + "\0"):
        assert ask("POST", "/v2.0/event-destinations", {"event_destination": {**destination, "secret": wrong}}) == 400
    assert (
        ask("POST", "/v2.0/event-destinations", {"event_destination": {**destination, "kind": "carrier pigeon"}}) == 400
    )
    with_user = {**destination, "endpoint": f"http://u:{OF_DESTINATION}@127.0.0.1/"}
    assert ask("POST", "/v2.0/event-destinations", {"event_destination": with_user}) == 400
    assert ask("GET", f"/v2.0/event-destinations?secret={OF_DESTINATION}") == 400
    assert ask("GET", "/v2.0/networks", headers={"X-Auth-Token": WRONG}) == 401
    assert ask("GET", "/v2.0/networks", headers={"Authorization": f"Basic {WRONG}"}) == 401
    run_sql("ALTER TABLE segments RENAME TO hidden")
    assert ask("GET", "/v2.0/segments") == 500
    run_sql("ALTER TABLE hidden RENAME TO segments")
    asker.close()
    processes = [service.process.pid, *service.workers]
    assert len(processes) == 3
    lists = [Path(f"/proc/{number}/cmdline").read_text() for number in processes]
    printed = [
        run_program(tmp_path, *command, environment=environment)
        for command in (
            ("settings",),
            ("database", "current"),
            ("database", "check"),
            ("audit",),
            ("audit", "--format", "json"),
            ("export",),
            ("history", "destination", made),
            ("destination", "list", "--database", "settings", "--format", "json"),
            ("destination", "create", "--kind", "nats", "--endpoint", "nats://u:p@h", "--database", "settings"),
            ("user", "list", "--users-file", file),
        )
    ]
    away = {**environment, "SEGMENTARY_DATABASE": f"postgresql://u:{OF_DATABASE}@127.0.0.1:1/d"}
    printed += [
        run_program(tmp_path, *command, environment=away) for command in (("serve",), ("relay",), ("settings",))
    ]
    assert "***" in printed[0].stdout
    service.process.send_signal(signal.SIGTERM)
    service.must_end()
    assert "Traceback" in service.output, "the failure was told in full"
    assert "DEBUG" in service.output
    everything = [*answered, service.output, *lists, *(one.stdout + one.stderr for one in printed)]
    for secret in (token, OF_DATABASE, OF_USER, OF_DESTINATION, WRONG, TYPED):
        assert not [text for text in everything if secret in text], secret
