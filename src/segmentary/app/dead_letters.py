"""Dead letters as the library and the API know them."""

from collections.abc import Sequence

from segmentary.app.hosts import again
from segmentary.catalog.event_destination import MOST_DEAD_LETTERS
from segmentary.db.deliveries import DeadLetter
from segmentary.db.transaction import Database
from segmentary.services import event_destination


class DeadLetters:
    """The events that destinations gave up: list them, have them sent again, or forget them."""

    def __init__(self, database: Database) -> None:
        """Bind to a database."""
        self._database = database

    def list(self, destination_id: str, after: int = 0, limit: int = MOST_DEAD_LETTERS) -> Sequence[DeadLetter]:
        """Return the next dead letters of a destination by their sequence; raise `EventDestinationNotFound`."""
        return self._database.read(lambda tx: event_destination.dead_letters(tx, destination_id, after, limit))

    def replay(self, destination_id: str, resource_id: str | None = None) -> None:
        """Have all dead letters of a destination, or those about a record, sent again in the order of their events."""
        self._database.run(lambda tx: event_destination.replay(tx, destination_id, resource_id), explain=again)

    def forget(self, destination_id: str, sequence: int) -> None:
        """Delete a dead letter; raise `DeadLetterNotFound`."""
        self._database.run(lambda tx: event_destination.forget(tx, destination_id, sequence), explain=again)
