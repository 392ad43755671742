"""/metrics: numbers for monitoring."""

import falcon

from segmentary.api.operation import Operation
from segmentary.app import Application
from segmentary.wire import metrics, schema


class Metrics:
    """/metrics."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        read = Operation(
            identifier="read_metrics",
            summary="Read how far the feed and its destinations are, in the text format of Prometheus.",
            tag="discovery",
            action="get_metrics",
            answers={falcon.MEDIA_TEXT: schema.TEXT},
        )
        return {"get": read}

    def on_get(self, _request: falcon.Request, response: falcon.Response) -> None:
        """Read the numbers."""
        response.content_type = metrics.CONTENT_TYPE
        response.data = metrics.text(self._app.metrics())
