"""Dead letters: the events that an event destination gave up."""

import falcon

from segmentary import errors
from segmentary.api.body import Bodies
from segmentary.api.exchange import JSON, parameters, require_no_body
from segmentary.api.operation import Operation, in_path, json
from segmentary.app import Application, known_id
from segmentary.catalog import EventDestination
from segmentary.errors import DeadLetterNotFound
from segmentary.rules.attribute import describe
from segmentary.rules.draft import shown
from segmentary.rules.kind import Integer, UnfitValueError, Uuid
from segmentary.wire import dead_letter, schema

TAG = "event_destinations"
DESTINATION = in_path("record_id", schema.value(Uuid()), "The id of the event destination.")
NUMBER = Integer(1, 10**18 - 1, decimal_text=True)


class DeadLetters:
    """/v2.0/event-destinations/{id}/dead-letters: list."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        listed = Operation(
            identifier="list_dead_letters",
            action="get_event_destination",
            summary="List the events that a destination gave up, by their numbers.",
            tag=TAG,
            parameters=(DESTINATION, *dead_letter.PARAMETERS),
            answers=json(dead_letter.SCHEMA),
            errors=(errors.InvalidInput, errors.EventDestinationNotFound),
        )
        return {"get": listed}

    def on_get(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """List."""
        asked = dead_letter.query(parameters(request))
        found = self._app.dead_letters.list(_destination_id(record_id), **asked)
        response.content_type = JSON
        response.data = dead_letter.page([(one.event, one.fate) for one in found])


class Replay:
    """/v2.0/event-destinations/{id}/dead-letters/replay: have them sent again."""

    def __init__(self, app: Application, bodies: Bodies) -> None:
        """Serve an application."""
        self._app, self._bodies = app, bodies

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        replay = Operation(
            identifier="replay_dead_letters",
            action="update_event_destination",
            summary="Have the dead letters of a destination, or those about one record, sent again.",
            tag=TAG,
            parameters=(DESTINATION,),
            body=dead_letter.REPLAY,
            is_body_required=False,
            status=204,
            errors=(errors.InvalidInput, errors.BodyTooLarge, errors.EventDestinationNotFound),
        )
        return {"put": replay}

    def on_put(self, request: falcon.Request, response: falcon.Response, record_id: str) -> None:
        """Have dead letters sent again."""
        resource_id = dead_letter.replay(self._bodies.read(request))
        self._app.dead_letters.replay(_destination_id(record_id), resource_id)
        response.status = falcon.HTTP_204


class OneDeadLetter:
    """/v2.0/event-destinations/{id}/dead-letters/{sequence}: forget."""

    def __init__(self, app: Application) -> None:
        """Serve an application."""
        self._app = app

    def operations(self) -> dict[str, Operation]:
        """Return what each method does."""
        forget = Operation(
            identifier="forget_dead_letter",
            action="update_event_destination",
            summary="Delete a dead letter: its event is not sent again.",
            tag=TAG,
            parameters=(DESTINATION, in_path("sequence", schema.value(NUMBER), "The number of the event.")),
            status=204,
            errors=(errors.MalformedBody, errors.EventDestinationNotFound, errors.DeadLetterNotFound),
        )
        return {"delete": forget}

    def on_delete(self, request: falcon.Request, response: falcon.Response, record_id: str, sequence: str) -> None:
        """Forget."""
        require_no_body(request)
        try:
            number = NUMBER.accept(sequence)
        except UnfitValueError:
            raise DeadLetterNotFound(id=shown(sequence)) from None
        self._app.dead_letters.forget(_destination_id(record_id), number)
        response.status = falcon.HTTP_204


def _destination_id(text: str) -> str:
    return known_id(describe(EventDestination), text)
