"""Schema revisions: upgrade a database, tell where it is, check that it is what is declared.

A revision is a module of `migrations/versions/`; its SQL stands beside it, a file for each database, so that a reader
sees what will be executed.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, event, inspect
from sqlalchemy.exc import DBAPIError

from segmentary.db.engine import parse_url, shown_url
from segmentary.db.tables import METADATA
from segmentary.db.transaction import Database
from segmentary.errors import SchemaNotCurrent, TryAgain

MIGRATIONS = Path(__file__).parent / "migrations"


# Alembic keeps the migration at hand in a module of its own.
_ONE_IN_THIS_PROCESS = threading.Lock()


def upgrade(url: str) -> None:
    """Bring the database's schema to the newest revision, creating it if there is none.

    Of several upgrades at once one does it and the others wait. Raises `SchemaNotCurrent` for a schema that is newer
    than this program, and `TryAgain`.
    """
    lock = parse_url(url)[1].schema_lock
    with _ONE_IN_THIS_PROCESS, _connection(url, writes=True) as connection:
        if lock and connection.exec_driver_sql(lock).scalar() != 1:
            raise TryAgain(reason=f"another program is upgrading the database {shown_url(url)}")
        found = _revision(connection)
        if found is not None and found not in _revisions():
            raise _not_current(url, found)
        _to_head(connection)


def current(url: str) -> str | None:
    """Return the revision of the database's schema, None if it has none."""
    with _connection(url) as connection:
        return _revision(connection)


def newest() -> str:
    """Return the newest revision there is."""
    return max(_revisions())


def check(url: str) -> list[str]:
    """Return what is declared and missing in the database: its revision, tables, columns, constraints, indexes."""
    with _connection(url) as connection:
        found = _revision(connection)
        if found != newest():
            return [f"schema revision is {found or 'none'}, not {newest()}"]
        return list(_differences(connection))


def require_current(database: Database) -> None:
    """Upgrade a SQLite database; raise `SchemaNotCurrent` for a server's that is not at the newest revision."""
    if database.dialect.one_writer:
        if current(database.url) != newest():
            upgrade(database.url)
        return
    require_newest(database)


def require_newest(database: Database) -> None:
    """Raise `SchemaNotCurrent` for a schema that is not at the newest revision."""
    found = current(database.url)
    if found != newest():
        raise _not_current(database.url, found)


def _not_current(url: str, found: str | None) -> SchemaNotCurrent:
    remedy = "Run: segmentary database upgrade --database URL"
    if found is not None and found not in _revisions():
        remedy = "A newer version made it: install that one"
    return SchemaNotCurrent(database=shown_url(url), found=found or "none", needed=newest(), remedy=remedy)


def _revision(connection: Connection) -> str | None:
    """Return what Alembic has noted in its table."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _revisions() -> set[str]:
    """Return the numbers that the revisions' modules begin with, in which order they follow each other."""
    return {file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")}


def _differences(connection: Connection) -> Iterator[str]:
    inspector = inspect(connection)
    tables = set(inspector.get_table_names())
    for table in METADATA.sorted_tables:
        if table.name not in tables:
            yield f"table {table.name} is missing"
            continue
        columns = {one["name"] for one in inspector.get_columns(table.name)}
        yield from (f"column {table.name}.{one.name} is missing" for one in table.columns if one.name not in columns)
        names = {one["name"] for one in inspector.get_check_constraints(table.name)}
        names |= {one["name"] for one in inspector.get_unique_constraints(table.name)}
        names |= {one["name"] for one in inspector.get_foreign_keys(table.name)}
        names |= {one["name"] for one in inspector.get_indexes(table.name)}
        for constraint in sorted(str(one.name) for one in table.constraints if one.name and _applies(one, connection)):
            if constraint not in names:
                yield f"constraint {constraint} of table {table.name} is missing"
        for index in sorted(str(one.name) for one in table.indexes):
            if index not in names:
                yield f"index {index} of table {table.name} is missing"


def _applies(constraint: object, connection: Connection) -> bool:
    """Tell whether a constraint is made on this database at all."""
    condition = getattr(constraint, "_ddl_if", None)
    return condition is None or condition._should_execute(None, None, connection)  # noqa: SLF001, no public way


def _to_head(connection: Connection) -> None:
    # Not above: a start that upgrades nothing need not wait a tenth of a second for Alembic.
    from alembic import command  # noqa: PLC0415, as said
    from alembic.config import Config  # noqa: PLC0415, as said

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _connection(url: str, *, writes: bool = False) -> Iterator[Connection]:
    """Lend a connection of its own, in a transaction; raise `TryAgain` if the database is away."""
    parsed, dialect = parse_url(url)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    arguments = dialect.connect_arguments() if dialect.one_writer else {}
    engine = create_engine(parsed, poolclass=NullPool, connect_args=arguments)
    if dialect.one_writer and writes:
        # Python's sqlite3 begins no transaction before DDL; a half-made schema must not stay behind.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        # Kept in the file: whoever opens it later need not wait for the writers there are.
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise TryAgain(
            reason=f"the database {shown_url(url)} is away or refuses ({str(error.orig).strip()})"
        ) from error
