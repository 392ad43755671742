"""The attributes that every resource has, each declared once."""

from functools import partial

from segmentary.rules.attribute import Presence, attribute
from segmentary.rules.kind import Integer, Text, Timestamp, Uuid

HOST = Text(255, minimum=1)
ID = partial(attribute, Uuid(), doc="Identifier, chosen by the server.")
DESCRIPTION = partial(
    attribute,
    Text(255, lines=True),
    doc="Free text for people.",
    create=Presence.OPTIONAL,
    update=True,
    default="",
)
PROJECT_ID = partial(
    attribute,
    Text(255),
    doc="The project that owns it; by default that of the caller.",
    also="tenant_id",
    create=Presence.OPTIONAL,
)
CREATED_AT = partial(attribute, Timestamp(), doc="When it was created, in UTC.")
UPDATED_AT = partial(attribute, Timestamp(), doc="When it was last changed, in UTC.")
REVISION_NUMBER = partial(
    attribute,
    Integer(0, 2**31 - 1),
    doc="Grows with each change of the record; `If-Match: revision_number=N` makes a change conditional on it.",
)
