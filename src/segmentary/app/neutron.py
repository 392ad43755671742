"""The database of a Neutron, only read."""

from contextlib import closing

from segmentary.db import neutron as tables
from segmentary.db.engine import shown_url
from segmentary.db.transaction import Database
from segmentary.errors import DatabaseFailed, InvalidSetting
from segmentary.rules.finding import Audit
from segmentary.services import neutron
from segmentary.services.audit import Progress


def audit_neutron(
    url: str,
    down_seconds: int = 75,
    limit: int = 100,
    progress: Progress = lambda _done, _of, _collection: None,
) -> Audit:
    """Look for rows of a Neutron's database that break what must hold, in a transaction that cannot write."""
    with closing(Database(url, connections=1)) as database:
        require_neutron(database)
        return database.read(lambda tx: neutron.run(tx, shown_url(url), down_seconds, limit, progress), one_state=True)


def require_neutron(database: Database) -> None:
    """Raise `InvalidSetting` for a database that is none of a Neutron whose schema is known."""
    if database.dialect.one_writer:
        raise InvalidSetting(setting="neutron", reason="Neutron keeps its data in MariaDB, MySQL or PostgreSQL")
    try:
        database.read(tables.release)
    except DatabaseFailed as error:
        reason = "it has no table alembic_version, as the database of a Neutron has"
        raise InvalidSetting(setting="neutron", reason=reason) from error
