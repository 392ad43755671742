"""Serving HTTP: Granian with worker processes and threads."""

import gc
import ipaddress
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

import segmentary
from segmentary.api import log
from segmentary.api.authentication import NONE, TOKEN, Authentication, ways
from segmentary.api.body import Bodies
from segmentary.api.client_limit import limited
from segmentary.api.proxy import Wsgi, behind
from segmentary.api.time_limit import Answers
from segmentary.api.wsgi import make_wsgi
from segmentary.cli import connections
from segmentary.cli.certificate import files, watch
from segmentary.db import migrate
from segmentary.db.engine import shown_url
from segmentary.db.transaction import Database
from segmentary.errors import InvalidSetting
from segmentary.settings import Settings

HEADER_BYTES = 64 * 1024
HEADER_MILLISECONDS = 10_000
BACKLOG = 1024
# Connections that a worker keeps. By default Granian keeps no more than its backlog, and so many that say nothing would
# keep everybody else out until their headers are overdue.
CONNECTIONS = 32_768
STOP_SECONDS = 30


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; running requests are finished. Raises `SegmentaryError` if it cannot start."""
    _require_closed(settings)
    database = Database(settings.database, connections=1)
    migrate.require_current(database)
    database.close()
    _require_free(settings)
    certificate, key = files(settings)
    scheme = "https" if certificate else "http"
    url = f"{scheme}://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{settings.port}"
    log.start()
    server = Granian(
        "segmentary",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        # Those who wait for events occupy threads, but no database connections.
        blocking_threads=settings.threads + settings.event_places,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEADER_BYTES),
        log_enabled=False,
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
        ssl_cert=certificate,
        ssl_key=key,
    )
    _raise_file_limit()
    _have_starting_workers_end()
    server.on_startup(lambda: _announce(settings, url))
    watch(settings)
    server.serve(target_loader=_Target(settings), wrap_loader=False)


class _Target:
    """Makes the WSGI application in each worker process."""

    def __init__(self, settings: Settings) -> None:
        """Carry the settings over to the worker."""
        self._settings = settings

    def __call__(self, *_: object) -> Any:  # noqa: ANN401, a WSGI callable
        # Ctrl-C reaches all processes, and the main one then tells the workers to stop. Told twice, a worker of
        # Granian 2.8.7 that has running requests does not end by itself.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        app = segmentary.Application(self._settings)
        app.database.limit(max(1, self._settings.request_seconds // 2))
        bodies, answers = Bodies(self._settings), Answers(self._settings.request_seconds)
        wsgi: Wsgi = answers.limited(make_wsgi(app, bodies))
        if self._settings.client_limit:
            wsgi = limited(self._settings.client_limit, wsgi)
        if self._settings.proxies:
            wsgi = behind(self._settings.proxies, wsgi)
        connections.watch(bodies, answers, self._settings)
        _on_signal(lambda: _send_away(app))
        app.relay.start()
        # What is made at start lives as long as the process: the collector need not look at it again.
        gc.freeze()
        return wsgi


def _send_away(app: segmentary.Application) -> None:
    """End what would last: readers who wait, and deliveries, which another relay then takes at once."""
    app.feed.close()
    app.relay.hand_over()


def _on_signal(act: Callable[[], None]) -> None:
    """Act when this process gets a signal that it handles: Granian waits for running requests, and some wait long."""
    waiting, told = socket.socketpair()
    told.settimeout(0)
    signal.set_wakeup_fd(told.detach())

    def wait() -> None:
        waiting.recv(1)
        act()

    threading.Thread(target=wait, name="stopping", daemon=True).start()


def _have_starting_workers_end() -> None:
    """Have a new worker end when it is told to, also before Granian has set its handlers.

    It is forked with those of its parent, which only take note, and Python forgets in a new process which signals came
    before: it would go on, and be killed after STOP_SECONDS. So signals wait until the worker can end by them.
    """
    ending = (signal.SIGTERM, signal.SIGINT)

    def in_worker() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the parent sends SIGTERM then
        in_parent()

    def in_parent() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ending)

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ending),
        after_in_parent=in_parent,
        after_in_child=in_worker,
    )


def _raise_file_limit() -> None:
    """Let this process, and those forked from it, have as many files open as the system allows: one a connection."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _announce(settings: Settings, url: str) -> None:
    asked = ways(settings)
    token = " -H 'X-Auth-Token: TOKEN'" if TOKEN in asked else " -u NAME" if NONE not in asked else ""
    click.echo(f"segmentary {segmentary.__version__} serves {url}")
    click.echo(f"database: {shown_url(settings.database)}")
    click.echo(f"try:      curl{token} {url}/v2.0/networks")
    sys.stdout.flush()


def _require_closed(settings: Settings) -> None:
    """Read who may sign in; refuse to listen to others than this machine without asking who they are."""
    Authentication(settings)
    if settings.proxies:
        behind(settings.proxies, lambda _environ, _start: ())
    if NONE in ways(settings) and not _is_loopback(settings.host):
        files = "--users-file FILE or --token-file FILE"
        reason = f"{settings.host} can be reached from elsewhere; give {files}, or listen on 127.0.0.1"
        raise InvalidSetting(setting="host", reason=reason)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_free(settings: Settings) -> None:
    """Tell in one line that the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            reason = f"{settings.host}:{settings.port} cannot be listened on ({error.strerror})"
            raise InvalidSetting(setting="port", reason=reason) from error
