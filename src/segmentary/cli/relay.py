"""The command `segmentary relay`."""

import logging
import signal
import sys
from dataclasses import replace

import click

import segmentary
from segmentary.db import migrate
from segmentary.db.engine import shown_url
from segmentary.settings import Settings

STOPPING = (signal.SIGTERM, signal.SIGINT)


def run_relay(settings: Settings) -> None:
    """Relay until SIGTERM or SIGINT. Raises `SegmentaryError` if it cannot start."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with segmentary.Application(replace(settings, relay=1)) as app:
        migrate.require_current(app.database)
        # Blocked in every thread, so that they are kept for sigwait.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        app.relay.start()
        click.echo(f"segmentary {segmentary.__version__} relays events of {shown_url(settings.database)}")
        sys.stdout.flush()
        signal.sigwait(STOPPING)
