"""`segmentary serve` as a person starts and stops it."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from segmentary import __version__
from tests.servers.asking import Asker, ask
from tests.servers.server import free_port
from tests.servers.service import Service, run_program

Start = Callable[..., Service]
RunSql = Callable[[str], Sequence[Sequence[Any]]]
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="the test reads /proc")
LARGEST_WORKER_BYTES = 100 * 2**20


def refusal(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run `segmentary` and return the one line by which it refuses."""
    done = run_program(folder, *arguments, environment=environment)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.rstrip("\n")


@pytest.mark.databases("sqlite")
def test_start_prints_the_address_the_database_and_a_line_to_try(server: Service, database_url: str) -> None:
    served, database, try_it, *_ = server.output.splitlines()
    assert served == f"segmentary {__version__} serves {server.url}"
    assert database == f"database: {database_url}"
    words = try_it.split()
    assert words[:2] == ["try:", "curl"]
    url = urlsplit(words[-1])
    answer = ask(f"{url.scheme}://{url.netloc}", "GET", url.path)
    assert (answer.status, answer.document) == (200, {"networks": []})


def test_sqlite_database_is_created_where_serve_is_started_and_is_there_at_the_second_start(tmp_path: Path) -> None:
    for names in (["first"], ["first", "second"]):
        service = Service(tmp_path, "sqlite:///segmentary.db", (), {}, installed=True)
        service.wait_until_it_answers()
        assert ask(service.url, "POST", "/v2.0/networks", {"network": {"name": names[-1]}}).status == 201
        found = ask(service.url, "GET", "/v2.0/networks?sort_key=created_at&sort_dir=asc").document["networks"]
        assert [one["name"] for one in found] == names
        service.stop()
    assert (tmp_path / "segmentary.db").exists()


def begun_request(service: Service) -> socket.socket:
    """Begin to create a network and return when its handler waits for the body."""
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=60)
    connection.sendall(
        b"POST /v2.0/networks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n"
    )
    # The server says so when the application asks for the body.
    assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")
    return connection


def finish_request(connection: socket.socket) -> bytes:
    connection.sendall(b'{"network": {"name": "late"}}  '[:30])
    return connection.recv(10_000)


@only_linux
@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "Ctrl-C"])
def test_running_request_is_finished_before_the_server_ends_with_status_0(
    server: Service, run_sql: RunSql, name: str
) -> None:
    with closing(begun_request(server)) as connection:
        if name == "Ctrl-C":  # a terminal sends it to all processes of the program
            for worker in server.workers:
                os.kill(worker, signal.SIGINT)
        server.process.send_signal(signal.SIGTERM if name == "SIGTERM" else signal.SIGINT)
        assert finish_request(connection).startswith(b"HTTP/1.1 201 ")
    server.must_end(status=0)
    assert run_sql("SELECT name FROM networks") == [("late",)]


@pytest.mark.databases("sqlite")
def test_several_workers_serve_one_database(start_server: Start) -> None:
    service = start_server("--workers", "2")
    made = [ask(service.url, "POST", "/v2.0/networks", {"network": {}}).status for _ in range(10)]
    assert made == [201] * 10
    assert len(ask(service.url, "GET", "/v2.0/networks").document["networks"]) == 10


@only_linux
def test_idle_worker_takes_less_than_100_mib(server: Service) -> None:
    with closing(Asker(server.url)) as asker:
        for _ in range(20):
            assert asker.ask("POST", "/v2.0/networks", {"network": {}}).status == 201
        assert len(asker.ask("GET", "/v2.0/networks").document["networks"]) == 20
    (worker,) = server.workers
    status = Path(f"/proc/{worker}/status").read_text().splitlines()
    (resident,) = [int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:")]
    assert resident < LARGEST_WORKER_BYTES


@pytest.mark.parametrize("host", ["0.0.0.0", "segmentary.example"])  # noqa: S104, it is refused
def test_address_that_others_can_reach_needs_a_token(tmp_path: Path, host: str) -> None:
    line = refusal(tmp_path, "serve", "--host", host, "--port", str(free_port()))
    assert host in line
    assert "--token-file" in line


def test_token_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("s" * 32)
    file.chmod(0o644)
    line = refusal(tmp_path, "serve", "--port", str(free_port()), "--token-file", str(file))
    assert f"chmod 600 {file}" in line


def test_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refusal(tmp_path, "serve", "--port", str(port), "--database", "sqlite:///segmentary.db")
    assert f"127.0.0.1:{port}" in line


@pytest.mark.databases("postgresql", "mariadb")
def test_serve_does_not_start_on_a_missing_schema_and_says_how_to_make_it(
    empty_database_url: str, tmp_path: Path
) -> None:
    environment = {"SEGMENTARY_DATABASE": empty_database_url}
    line = refusal(tmp_path, "serve", "--port", str(free_port()), environment=environment)
    assert "revision none" in line
    assert "segmentary database upgrade" in line
    assert run_program(tmp_path, "database", "upgrade", environment=environment).returncode == 0
    service = Service(tmp_path, empty_database_url, (), {}, installed=True)
    service.wait_until_it_answers()
    service.stop()


@pytest.mark.databases("postgresql", "mariadb")
def test_serve_does_not_start_on_a_schema_that_only_another_version_knows(
    database_url: str, run_sql: RunSql, tmp_path: Path
) -> None:
    ((newest,),) = run_sql("SELECT version_num FROM alembic_version")
    run_sql("UPDATE alembic_version SET version_num = '0000'")
    try:
        environment = {"SEGMENTARY_DATABASE": database_url}
        line = refusal(tmp_path, "serve", "--port", str(free_port()), environment=environment)
    finally:
        run_sql(f"UPDATE alembic_version SET version_num = '{newest}'")
    assert "revision 0000" in line
    assert str(newest) in line
    assert "A newer version made it" in line


def test_setting_that_cannot_be_is_told_in_one_line_with_what_can(tmp_path: Path) -> None:
    assert "1 to 65535" in refusal(tmp_path, "serve", "--port", "http")


@pytest.mark.databases("sqlite")
def test_settings_come_from_file_environment_and_arguments_each_before_the_one_named_first(
    start_server: Start, tmp_path: Path
) -> None:
    file = tmp_path / "segmentary.toml"
    file.write_text("page_limit = 1\nbody_limit = 2048\nglobal_physnet_mtu = 1400\n")
    environment = {
        "SEGMENTARY_CONFIG": str(file),
        "SEGMENTARY_PAGE_LIMIT": "2",
        "SEGMENTARY_GLOBAL_PHYSNET_MTU": "1300",
    }
    service = start_server("--page-limit", "3", environment=environment)
    made = [ask(service.url, "POST", "/v2.0/networks", {"network": {}}).document["network"] for _ in range(4)]
    assert {one["mtu"] for one in made} == {1300}
    assert len(ask(service.url, "GET", "/v2.0/networks").document["networks"]) == 3
    assert ask(service.url, "POST", "/v2.0/networks", b" " * 2049).status == 413
