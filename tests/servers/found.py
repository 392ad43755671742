"""Which servers this test run uses: looked for when first needed, then kept to the end."""

from contextlib import ExitStack

from tests.servers import mariadb, postgresql
from tests.servers.server import DatabaseServer, NoServerError

FINDERS = {"postgresql": postgresql.find, "mariadb": mariadb.find}
KINDS = ("sqlite", *FINDERS)


class FoundServers:
    """The servers of one test run, by kind; SQLite needs none."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._servers: dict[str, DatabaseServer] = {}
        self._absent: dict[str, NoServerError] = {}

    def get(self, kind: str) -> DatabaseServer:
        """Return the server, or raise NoServerError: quickly, if it was looked for before."""
        if kind in self._absent:
            raise self._absent[kind]
        if kind not in self._servers:
            try:
                self._servers[kind] = self._stack.enter_context(FINDERS[kind]())
            except NoServerError as error:
                self._absent[kind] = error
                raise
        return self._servers[kind]

    def close(self) -> None:
        """Stop the private ones."""
        self._stack.close()
