"""What a command works on: a server over HTTP, or a database in this process. Both have the same collections."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import click

from segmentary.cli.secret import no_password
from segmentary.errors import InvalidSetting, InvalidValue, NotFound
from segmentary.rules.attribute import Resource
from segmentary.rules.kind import UnfitValueError, Uuid
from segmentary.rules.listing import ListQuery
from segmentary.settings import Settings, load

if TYPE_CHECKING:
    from segmentary.app import Application
    from segmentary.client import Client

F = TypeVar("F", bound=Callable[..., Any])
URL = "http://127.0.0.1:9696"
SHOWN_IDS = 5
OF_SETTINGS = "settings"


class Records(Protocol):
    """The records of one resource: `segmentary.app.Collection`, or the one of `segmentary.client`."""

    def create(self, **values: object) -> Any: ...  # noqa: ANN401, D102, the record of any resource

    def list(self, query: ListQuery | None = None, /, **filters: object) -> Sequence[Any]: ...  # noqa: D102, as above

    def show(self, record_id: str) -> Any: ...  # noqa: ANN401, D102, as above

    def update(self, record_id: str, *, if_revision: int | None = None, **changes: object) -> Any: ...  # noqa: ANN401, D102, as above

    def delete(self, record_id: str, *, if_revision: int | None = None) -> None: ...  # noqa: D102, as above


def options() -> list[click.Option]:
    """Return the options that choose what a command works on."""
    return [
        click.Option(
            ["--url"],
            envvar="SEGMENTARY_URL",
            metavar="URL",
            help=f"URL of the service.  [SEGMENTARY_URL; default: {URL}]",
            callback=no_password("nowhere, as a service asks for a token: --token-file"),
        ),
        click.Option(
            ["--token-file"],
            envvar="SEGMENTARY_TOKEN_FILE",
            metavar="FILE",
            help="File with the token that the service asks for.  [SEGMENTARY_TOKEN_FILE]",
        ),
        click.Option(
            ["--database"],
            metavar="URL",
            help=f"Work on this database, without a service; `{OF_SETTINGS}`: that of the environment or file.",
            callback=no_password(f"as the setting `database`, and here say: --database {OF_SETTINGS}"),
        ),
    ]


@contextmanager
def opened(url: str | None, token_file: str | None, database: str | None) -> Iterator["Application | Client"]:
    """Give the collections of a database if one is named, else those of the service at a URL."""
    context = click.get_current_context()
    if database is not None:
        if context.get_parameter_source("url") is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("--url and --database exclude each other")
        named = {} if database == OF_SETTINGS else {"database": database}
        with local(load(named, os.environ, os.environ.get("SEGMENTARY_CONFIG"))) as app:
            yield app
        return
    from segmentary.client import Client  # what help needs is imported above, the rest where it is needed

    url = url or URL
    if urlsplit(url).scheme not in {"http", "https"}:
        raise InvalidSetting(setting="url", reason=f"{url!r} does not begin with http:// or https://")
    with Client(url, token=_token(token_file) if token_file else None) as client:
        yield client


@contextmanager
def local(settings: Settings) -> Iterator["Application"]:
    """Give the collections of a database whose schema is current."""
    from segmentary.app import Application
    from segmentary.db import migrate

    with Application(settings) as app:
        migrate.require_current(app.database)
        yield app


def _token(file: str) -> str:
    from segmentary.api.authentication import read_token

    return read_token(file)


def on(collections: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command, as its first argument, the collections of this name of what its options choose."""

    def give(work: Callable[..., None]) -> Callable[..., None]:
        @wraps(work)
        def run(url: str | None, token_file: str | None, database: str | None, **arguments: Any) -> None:  # noqa: ANN401, as typed
            with opened(url, token_file, database) as chosen:
                work(getattr(chosen, collections), **arguments)

        return run

    return give


def found(records: Records, resource: Resource, named: str) -> Any:  # noqa: ANN401, the record of any resource
    """Return the record with this id, or else with this name; raise the resource's `NotFound`, or `InvalidValue`."""
    try:
        return records.show(Uuid().accept(named))
    except (UnfitValueError, NotFound):
        same = records.list(ListQuery(filters={"name": (named,)})) if "name" in resource.by_name else []
    if not same:
        raise resource.not_found(id=named)
    if len(same) > 1:
        ids = ", ".join(one.id for one in same[:SHOWN_IDS]) + (", ..." if len(same) > SHOWN_IDS else "")
        reason = f"{len(same)} {resource.collection.replace('_', ' ')} have it: {ids}; give the id of one"
        raise InvalidValue(attribute=f"name {named}", value=named, reason=reason)
    return same[0]
