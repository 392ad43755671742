"""Dead letters on a server: the verbs of `segmentary.app.DeadLetters`."""

from collections.abc import Callable
from typing import Any

from segmentary.catalog.event_destination import MOST_DEAD_LETTERS

_LETTERS = "event-destinations/{id}/dead-letters"


class DeadLetters:
    """The events that destinations gave up, as objects in JSON: the verbs of `segmentary.app.DeadLetters`."""

    def __init__(self, request: Callable[..., Any]) -> None:
        """Ask a server with `Client.request`."""
        self._request = request

    def list(self, destination_id: str, after: int = 0, limit: int = MOST_DEAD_LETTERS) -> list[dict[str, Any]]:
        """Return the next dead letters of a destination by their sequence; raise `EventDestinationNotFound`."""
        pairs = [("after", str(after)), ("limit", str(limit))]
        answer = self._request("GET", _LETTERS.format(id=destination_id), pairs=pairs)
        letters: list[dict[str, Any]] = answer["dead_letters"]
        return letters

    def replay(self, destination_id: str, resource_id: str | None = None) -> None:
        """Have all dead letters of a destination, or those about a record, sent again in the order of their events."""
        body = {"replay": {} if resource_id is None else {"resource_id": resource_id}}
        self._request("PUT", _LETTERS.format(id=destination_id), "replay", body=body)

    def forget(self, destination_id: str, sequence: int) -> None:
        """Delete a dead letter; raise `DeadLetterNotFound`."""
        self._request("DELETE", _LETTERS.format(id=destination_id), str(sequence))
