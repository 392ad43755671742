"""The database of a Neutron, only read."""

from contextlib import closing

from segmentary.app.application import Application
from segmentary.catalog.actor import LIBRARY, Actor
from segmentary.db import neutron as tables
from segmentary.db.engine import shown_url
from segmentary.db.transaction import Database
from segmentary.errors import DatabaseFailed, InvalidSetting
from segmentary.rules.finding import Audit
from segmentary.services import neutron, neutron_import
from segmentary.services.audit import Progress
from segmentary.services.call import Call
from segmentary.services.neutron_import import Import


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


class NeutronImport:
    """Taking a Neutron's records over: its rows are read once, from one state of its database."""

    def __init__(self, app: Application, url: str, actor: Actor = LIBRARY) -> None:
        """Read; raise `InvalidSetting` for what is no database of a Neutron."""
        self._app, self._call = app, Call(actor, app.settings)
        with closing(Database(url, connections=1)) as database:
            require_neutron(database)
            self._source = database.read(neutron_import.read, one_state=True)

    def plan(self) -> Import:
        """Return what would be taken, changed and refused."""
        return self._app.database.read(lambda tx: neutron_import.plan(tx, self._call, self._source), one_state=True)

    def carry_out(self, *, skip_refused: bool = False) -> Import:
        """Take all over in one transaction; nothing, if anything is refused that is not to be skipped."""
        return self._app.database.run(
            lambda tx: neutron_import.carry_out(tx, self._call, self._source, skip=skip_refused),
            explain=lambda _tx, _rule: None,
        )

    def compared(self) -> dict[str, tuple[int, int]]:
        """Return for each collection how many rows the Neutron has, and how many are stored here with equal values."""
        return self._app.database.read(lambda tx: neutron_import.compared(tx, self._call, self._source), one_state=True)
