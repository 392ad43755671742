"""/v2.0/segment-events: events after a number, as JSON or as a stream of server-sent events.

The stream is that of https://html.spec.whatwg.org/multipage/server-sent-events.html: `id` is the sequence number,
`event` the type, `data` the event. A block with nothing but an id moves a reader on whose filters nothing matches, and
shows that the connection lives.
"""

import time
from collections.abc import Iterator

import falcon

from segmentary import errors
from segmentary.api.exchange import JSON, parameters
from segmentary.api.operation import Operation, header
from segmentary.catalog.action import ANYONE
from segmentary.catalog.actor import Actor
from segmentary.services.feed import Feed, Page
from segmentary.wire import event as wire
from segmentary.wire import schema
from segmentary.wire.event import EventQuery

STREAM = "text/event-stream"
# A stream ends after a while and the reader comes again: so places change hands, and a new server process gets readers.
STREAM_SECONDS = 300
SILENT_SECONDS = 10
RETRY_MILLISECONDS = 1000


class Events:
    """/v2.0/segment-events."""

    def __init__(self, feed: Feed) -> None:
        """Serve one feed."""
        self._feed = feed

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        read = Operation(
            identifier="list_segment_events",
            summary="Read events after a number, wait for the first one, or follow them as a stream.",
            tag="events",
            action=ANYONE,
            parameters=(*wire.PARAMETERS, header("Last-Event-ID", "", "In a stream, counts as `after`.")),
            answers={JSON: wire.SCHEMA, STREAM: schema.TEXT},
            errors=(errors.InvalidInput, errors.EventsDropped),
        )
        return {"get": read}

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer with the events there are, wait for the first one, or stream them."""
        query, actor = wire.event_query(parameters(request)), request.context.actor
        if STREAM in (request.get_header("Accept") or ""):
            self._stream(request, response, query, actor)
            return
        page = self._feed.wait_for(query, actor)
        response.content_type = JSON
        response.data = wire.page(page.events, page.sequence)

    def _stream(self, request: falcon.Request, response: falcon.Response, query: EventQuery, actor: Actor) -> None:
        last = request.get_header("Last-Event-ID")
        if last is not None:
            query = EventQuery(after=wire.last_event_id(last), limit=query.limit, filters=query.filters)
        # Read the first page before the answer begins, so that a refusal is an answer of its own.
        self._feed.page(query, actor)
        response.content_type = STREAM
        response.set_header("Cache-Control", "no-cache")
        response.stream = self._blocks(query, actor)

    def _blocks(self, query: EventQuery, actor: Actor) -> Iterator[bytes]:
        """Make the stream; without a free place it ends after what there is, and the reader comes again."""
        yield b"retry: %d\n\n" % RETRY_MILLISECONDS
        with self._feed.place() as has_place:
            now = spoken = time.monotonic()
            for page in self._feed.follow(query, now + (STREAM_SECONDS if has_place else 0), actor):
                now = time.monotonic()
                if page.events or now - spoken >= SILENT_SECONDS:
                    spoken = now
                    yield _block(page)


def _block(page: Page) -> bytes:
    events = [
        b"id: %d\nevent: %s\ndata: %s\n\n" % (one.sequence, one.type.encode(), wire.encoded(one)) for one in page.events
    ]
    if not events or page.events[-1].sequence < page.sequence:
        events.append(b"id: %d\n\n" % page.sequence)
    return b"".join(events)
