"""Database: a URL, its dialect and a pool of connections."""

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from segmentary.db.dialects import DIALECTS, Dialect
from segmentary.errors import InvalidSetting

POOL_WAIT_SECONDS = 30


def parse_url(text: str) -> tuple[URL, Dialect]:
    """Return the URL in SQLAlchemy's form and the dialect it asks for; raise `InvalidSetting`."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # no URL, or one whose port is no number
        url = None
    scheme = url.drivername.partition("+")[0] if url is not None else ""
    if url is None or scheme not in DIALECTS:
        schemes = ", ".join(f"{name}://" for name in DIALECTS)
        reason = f"it must be a URL such as mariadb://user:password@host:3306/name that begins with one of {schemes}"
        raise InvalidSetting(setting="database", reason=reason)
    if scheme == "sqlite" and url.database in {None, "", ":memory:"}:
        raise InvalidSetting(setting="database", reason="SQLite needs a file: sqlite:///name.db")
    dialect = DIALECTS[scheme]()
    return url.set(drivername=dialect.driver), dialect


def make_engine(url: URL, dialect: Dialect, connections: int) -> Engine:
    """Return an engine with at most this many connections."""
    engine = create_engine(
        url,
        connect_args=dialect.connect_arguments(),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        # The runner leaves no transaction open, so a connection needs no reset.
        pool_reset_on_return=None,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:  # noqa: ANN401, a driver's own connection
        dialect.connected(connection)

    return engine


def shown_url(text: str) -> str:
    """Return the URL as it may be printed: without the password."""
    return make_url(text).render_as_string(hide_password=True)
