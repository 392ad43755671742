"""Schema revisions: the migrated schema is the declared one, and upgrading is safe whenever it is done."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

import segmentary
from segmentary.db import migrate
from segmentary.db.engine import parse_url
from segmentary.db.tables import METADATA
from segmentary.db.transaction import Database
from segmentary.errors import SchemaNotCurrent, TryAgain
from tests.migration.definitions import definitions, rows
from tests.servers import schema
from tests.servers.found import FoundServers
from tests.servers.service import PROGRAM, environment_of_program

servers = pytest.mark.databases("postgresql", "mariadb")
CONSTRAINTS = [
    ("segments", "segment_vlan_id_range"),
    ("segments", "segment_network"),
    ("networks", "network_mtu_allowed"),
]


@contextmanager
def another_database(kind: str, found_servers: FoundServers, folder: Path) -> Iterator[str]:
    """Give the URL of one more empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'another.db'}"
    else:
        with found_servers.get(kind).database() as address:
            yield address.url


def execute(url: str, *statements: str) -> None:
    with closing(schema.connect(url)) as connection:
        for statement in statements:
            connection.cursor().execute(statement)


def test_migrated_schema_is_the_declared_schema(
    database_kind: str, empty_database_url: str, found_servers: FoundServers, tmp_path: Path
) -> None:
    migrate.upgrade(empty_database_url)
    with another_database(database_kind, found_servers, tmp_path) as declared_url:
        engine = create_engine(parse_url(declared_url)[0])
        METADATA.create_all(engine)
        engine.dispose()
        declared = definitions(database_kind, declared_url)
    migrated = definitions(database_kind, empty_database_url)
    assert migrated == declared
    text = "\n".join(migrated)
    everywhere = [one for table in METADATA.sorted_tables for one in table.constraints if one._ddl_if is None]  # noqa: SLF001, no public way
    names = [str(one.name) for one in everywhere if one.name]
    assert len(names) > 50
    assert not [name for name in names if name not in text]


def test_migrated_schema_is_found_to_be_what_is_declared(database_url: str) -> None:
    assert migrate.current(database_url) == migrate.newest()
    assert migrate.check(database_url) == []


@pytest.mark.parametrize(("table", "constraint"), CONSTRAINTS, ids=[name for _, name in CONSTRAINTS])
def test_missing_constraint_is_found(database_kind: str, empty_database_url: str, table: str, constraint: str) -> None:
    migrate.upgrade(empty_database_url)
    if database_kind == "sqlite":
        remove_from_definition(empty_database_url, table, constraint)
    else:
        execute(empty_database_url, f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
    assert migrate.check(empty_database_url) == [f"constraint {constraint} of table {table} is missing"]


@servers
def test_missing_unique_key_is_found(database_kind: str, empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    what = "INDEX" if database_kind == "mariadb" else "CONSTRAINT"
    execute(empty_database_url, f"ALTER TABLE segments DROP {what} segment_claim")
    assert migrate.check(empty_database_url) == ["constraint segment_claim of table segments is missing"]


def remove_from_definition(url: str, table: str, constraint: str) -> None:
    """Change the text of a table of SQLite, which drops no constraints."""
    with closing(schema.connect(url)) as connection:
        ((text,),) = rows(connection, f"SELECT sql FROM sqlite_master WHERE name = '{table}'")
        lines = text.rstrip().splitlines()
        kept = [line for line in lines if f"CONSTRAINT {constraint} " not in line]
        assert len(kept) == len(lines) - 1
        cursor = connection.cursor()
        cursor.execute("PRAGMA writable_schema = ON")
        cursor.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", ("\n".join(kept), table))


def test_missing_column_table_and_index_are_found(database_kind: str, empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    of_table = " ON answers" if database_kind == "mariadb" else ""
    execute(
        empty_database_url,
        f"DROP INDEX answers_created_at{of_table}",
        "ALTER TABLE reaches DROP COLUMN via",
        "DROP TABLE observations",
    )
    assert sorted(migrate.check(empty_database_url)) == [
        "column reaches.via is missing",
        "index answers_created_at of table answers is missing",
        "table observations is missing",
    ]


def test_database_without_a_schema_says_so(empty_database_url: str) -> None:
    assert migrate.current(empty_database_url) is None
    assert migrate.check(empty_database_url) == [f"schema revision is none, not {migrate.newest()}"]


def test_upgrading_again_changes_nothing(
    database_kind: str, database_url: str, run_sql: Callable[[str], Sequence[Sequence[Any]]]
) -> None:
    with segmentary.open(database_url) as app:
        app.networks.create(name="kept")
    before = definitions(database_kind, database_url), run_sql("SELECT * FROM networks")
    migrate.upgrade(database_url)
    assert (definitions(database_kind, database_url), run_sql("SELECT * FROM networks")) == before


def test_upgrades_at_once_in_several_processes_are_one_upgrade(empty_database_url: str) -> None:
    command = [str(PROGRAM), "database", "upgrade"]
    environment = environment_of_program({"SEGMENTARY_DATABASE": empty_database_url})
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    outputs = [one.communicate(timeout=120)[0] for one in running]
    assert [one.returncode for one in running] == [0, 0], outputs
    assert migrate.check(empty_database_url) == []
    with closing(schema.connect(empty_database_url)) as connection:
        assert [tuple(row) for row in rows(connection, "SELECT version_num FROM alembic_version")] == [
            (migrate.newest(),)
        ]
        assert len(rows(connection, "SELECT * FROM relay")) == 1


def test_upgrades_at_once_in_several_threads_are_one_upgrade(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(migrate.upgrade, empty_database_url) for _ in range(4)]:
            done.result(120)
    assert migrate.check(empty_database_url) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_upgrade_that_fails_half_way_leaves_nothing_and_succeeds_when_the_obstacle_is_gone(
    database_kind: str, empty_database_url: str
) -> None:
    execute(empty_database_url, "CREATE TABLE segments (obstacle INTEGER)")
    before = definitions(database_kind, empty_database_url)
    with pytest.raises(TryAgain, match=r"segments.*already exists"):
        migrate.upgrade(empty_database_url)
    assert definitions(database_kind, empty_database_url) == before
    assert migrate.current(empty_database_url) is None
    execute(empty_database_url, "DROP TABLE segments")
    migrate.upgrade(empty_database_url)
    assert migrate.check(empty_database_url) == []


@pytest.mark.databases("sqlite")
def test_library_makes_the_schema_of_a_new_file(empty_database_url: str) -> None:
    with segmentary.open(empty_database_url) as app:
        assert app.networks.list() == []
    assert migrate.check(empty_database_url) == []


@servers
def test_library_refuses_a_server_without_a_schema_and_says_what_to_run(empty_database_url: str) -> None:
    with pytest.raises(SchemaNotCurrent, match=r"is at schema revision none.*segmentary database upgrade"):
        segmentary.open(empty_database_url)
    assert migrate.current(empty_database_url) is None


def test_schema_of_a_newer_version_is_left_alone(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    execute(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaNotCurrent, match=r"is at schema revision 9999.*A newer version made it"):
        migrate.upgrade(empty_database_url)
    with pytest.raises(SchemaNotCurrent, match="A newer version made it"):
        segmentary.open(empty_database_url)
    assert migrate.current(empty_database_url) == "9999"


@pytest.mark.databases("sqlite")
def test_revision_is_read_while_another_process_writes(database_url: str) -> None:
    with closing(schema.connect(database_url)) as writer:
        writer.cursor().execute("BEGIN IMMEDIATE")
        assert migrate.current(database_url) == migrate.newest()
        with closing(Database(database_url)) as database:
            migrate.require_current(database)
        writer.cursor().execute("ROLLBACK")
