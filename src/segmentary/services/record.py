"""From a draft to a record: what the server chooses is added here."""

from typing import Any, TypeVar

from uuid_utils import uuid7

from segmentary.db.transaction import Tx
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Draft

T = TypeVar("T")


def new_id() -> str:
    """Return a UUID, version 7 (RFC 9562): later ones sort after earlier ones, which keeps indexes dense."""
    return str(uuid7())


def finish(tx: Tx, record: type[T], draft: Draft[T], **chosen: Any) -> T:  # noqa: ANN401, values of any kind
    """Return the record of a draft, with its id or a new one, and what the service has `chosen`."""
    standard = {
        "id": draft.given.get("id") or new_id(),
        "created_at": tx.now,
        "updated_at": tx.now,
        "revision_number": 0,
    }
    defaults = describe(record).defaults
    asked = {name: value for name, value in draft.given.items() if name in defaults}
    return record(**{**defaults, **asked, **standard, **chosen})
