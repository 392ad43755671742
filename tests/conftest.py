"""Fixtures for every test.

database_kind       "sqlite", "postgresql", "mariadb" in turn; @pytest.mark.databases("sqlite") chooses fewer
empty_database_url  a new database without a schema
database_url        a database whose schema is current and whose tables are as the migrations left them
app                 segmentary.open(database_url), with more connections than a test has threads
run_sql             run SQL on database_url past all of our code; raises the driver's own exceptions
server              `segmentary serve` on database_url; start_server takes more arguments and environment
receiver            a real HTTP server in this process that takes webhooks
nats                a NATS server of our own, a process that can be stopped and started
rabbitmq            the URL of a RabbitMQ
openstack_program   the path of the `openstack` command
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest

import segmentary
from tests.servers import nats as nats_servers
from tests.servers import rabbitmq as rabbitmq_servers
from tests.servers import schema
from tests.servers.found import KINDS, FoundServers
from tests.servers.nats import NatsServer
from tests.servers.receiver import Receiver, receiving
from tests.servers.server import NoServerError
from tests.servers.service import Service

REQUIRE_ALL = "SEGMENTARY_TEST_REQUIRE_ALL_DATABASES"
# Ansible takes 600 MB and two minutes to install: `make test-ansible` asks for it.
collect_ignore = [] if os.environ.get("SEGMENTARY_TEST_ANSIBLE") == "1" else ["contract/test_ansible.py"]
ROOT = Path(__file__).parents[1]
APP_CONNECTIONS = 20
T = TypeVar("T")

DATABASE_USES = pytest.StashKey[Counter[tuple[str, str]]]()

# deadline: a shared machine is slow now and then, and that is no defect of the code under test
hypothesis.settings.register_profile("segmentary", deadline=None, print_blob=True)
hypothesis.settings.load_profile("segmentary")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[DATABASE_USES] = Counter()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("databases")
    kinds = marker.args if marker else KINDS
    if unknown := set(kinds) - set(KINDS):
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: no such databases: {', '.join(sorted(unknown))}")
    metafunc.parametrize("database_kind", kinds, indirect=True)


@pytest.hookimpl(trylast=True)  # after they were put into random order
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand on what this process has counted, if it is one of several (pytest-xdist)."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["database_uses"] = [[*key, count] for key, count in session.config.stash[DATABASE_USES].items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401, pytest-xdist has no types
    """Count what one of several processes has counted."""
    for kind, origin, count in getattr(node, "workeroutput", {}).get("database_uses", ()):
        node.config.stash[DATABASE_USES][kind, origin] += count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say for each kind of database where it came from and how many tests ran on it, or were skipped and why."""
    uses = config.stash[DATABASE_USES]
    if uses:
        terminalreporter.section("databases")
    for (kind, origin), count in sorted(uses.items()):
        terminalreporter.line(f"{kind}: {count} tests, {origin}")


@pytest.fixture(scope="session")
def found_servers() -> Iterator[FoundServers]:
    with closing(FoundServers()) as servers:
        yield servers


@pytest.fixture
def database_kind(request: pytest.FixtureRequest, found_servers: FoundServers) -> str:
    kind: str = request.param
    uses = request.config.stash[DATABASE_USES]
    if kind == "sqlite":
        origin = "files"
    else:
        try:
            origin = found_servers.get(kind).origin
        except NoServerError as error:
            if os.environ.get(REQUIRE_ALL) == "1":
                pytest.fail(f"no {kind}, and {REQUIRE_ALL}=1: {error}")
            uses[kind, f"SKIPPED: {error}"] += 1
            pytest.skip(f"no {kind}: {error}")
    uses[kind, origin] += 1
    return kind


@pytest.fixture
def empty_database_url(database_kind: str, found_servers: FoundServers, tmp_path: Path) -> Iterator[str]:
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with found_servers.get(database_kind).database() as address:
            yield address.url


@pytest.fixture(scope="session")
def migrated_databases(
    found_servers: FoundServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], schema.MigratedFile | schema.MigratedDatabase]]:
    """Give a function from a kind to its migrated database, which is made on the first call."""
    made: dict[str, schema.MigratedFile | schema.MigratedDatabase] = {}
    with ExitStack() as stack:

        def get(kind: str) -> schema.MigratedFile | schema.MigratedDatabase:
            if kind not in made:
                made[kind] = (
                    schema.MigratedFile(tmp_path_factory.mktemp("template"))
                    if kind == "sqlite"
                    else stack.enter_context(schema.migrated(kind, found_servers.get(kind)))
                )
            return made[kind]

        yield get


@pytest.fixture
def database_url(
    database_kind: str,
    migrated_databases: Callable[[str], schema.MigratedFile | schema.MigratedDatabase],
    tmp_path: Path,
) -> Iterator[str]:
    database = migrated_databases(database_kind)
    if isinstance(database, schema.MigratedFile):
        yield database.copy_to(tmp_path / "segmentary.db")
    else:
        with database.used_by_one_test() as url:
            yield url


@pytest.fixture
def app(database_url: str) -> Iterator[segmentary.Application]:
    with segmentary.open(database_url, threads=APP_CONNECTIONS) as opened:
        yield opened


@pytest.fixture
def run_sql(database_url: str) -> Iterator[Callable[[str], Sequence[Sequence[Any]]]]:
    """Give a function that runs one statement, commits it and returns its rows."""
    with closing(schema.connect(database_url)) as connection:

        def run(statement: str) -> Sequence[Sequence[Any]]:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else ()

        yield run


@pytest.fixture
def start_server(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Give a function that starts a server; each must end with status 0 on SIGTERM after the test."""
    with ExitStack() as stack:

        def start(*arguments: str, environment: Mapping[str, str] | None = None, installed: bool = False) -> Service:
            service = Service(tmp_path, database_url, arguments, environment or {}, installed=installed)
            stack.callback(service.stop)
            service.wait_until_it_answers()
            return service

        yield start


@pytest.fixture
def server(start_server: Callable[..., Service]) -> Service:
    return start_server()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def _found(stack: ExitStack, find: Callable[[], AbstractContextManager[T]]) -> T:
    try:
        return stack.enter_context(find())
    except NoServerError as error:
        if os.environ.get(REQUIRE_ALL) == "1":
            pytest.fail(f"{REQUIRE_ALL}=1: {error}")
        pytest.skip(str(error))


@pytest.fixture
def nats() -> Iterator[NatsServer]:
    with ExitStack() as stack:
        yield _found(stack, nats_servers.running)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[str]:
    with ExitStack() as stack:
        yield _found(stack, rabbitmq_servers.find)


@pytest.fixture(scope="session")
def openstack_program() -> Path:
    program = ROOT / ".venv-clients" / "bin" / "openstack"
    if not program.exists():
        pytest.fail("OpenStack's clients are not installed: run `make .venv-clients/.installed`")
    return program
