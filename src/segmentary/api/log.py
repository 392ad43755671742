"""Which request, and of whom, a line of the log is about.

2026-01-02 03:04:05,678 WARNING segmentary [req-... ann] what happened

The id is the one that the answer carries; the caller's own (X-OpenStack-Request-ID) follows it if there was one, and
stands in the events of the request.
"""

import logging
import sys
from contextvars import ContextVar

from segmentary.catalog.actor import Actor

FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request)s] %(message)s"
# The id of the request that this thread works on, and who sent it, once that is known.
REQUEST: ContextVar[tuple[str, Actor | None] | None] = ContextVar("request", default=None)


def start() -> None:
    """Write the log of this process, and of those forked from it, to standard error."""
    logging.basicConfig(stream=sys.stderr, format=FORMAT)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_tell)


def _tell(record: logging.LogRecord) -> bool:
    record.request = _request()
    return True


def _request() -> str:
    found = REQUEST.get()
    if found is None:
        return "-"
    request_id, actor = found
    if actor is None:
        return request_id
    told = [request_id] if actor.request_id in {None, request_id} else [request_id, str(actor.request_id)]
    # A name is what somebody chose: it may not begin a line of its own.
    return " ".join([*told, actor.name.encode("unicode_escape").decode()])
