"""The attributes that every resource has, each declared once."""

from functools import partial

from segmentary.rules.attribute import Presence, attribute, lookup
from segmentary.rules.kind import Integer, Text, Timestamp, Uuid
from segmentary.rules.tags import Tags

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
TAGS_KIND = Tags(Text(255, minimum=1), most=50)
TAGS = partial(
    attribute,
    TAGS_KIND,
    doc="Labels, in order; /tags below the record adds and takes away single ones. A filter asks for all of these.",
    create=Presence.OPTIONAL,
    update=True,
    default=(),
    sortable=False,
)
# The filters by tags that are no attributes.
ANY_TAG, NOT_ALL_TAGS, NO_TAG = "tags_any", "not_tags", "not_tags_any"
TAG_FILTERS = tuple(
    lookup(name, TAGS_KIND, doc, wire=name.replace("_", "-"))
    for name, doc in (
        (ANY_TAG, "Records with at least one of these tags, with commas between them."),
        (NOT_ALL_TAGS, "Records that lack at least one of these tags, with commas between them."),
        (NO_TAG, "Records with none of these tags, with commas between them."),
    )
)
CREATED_AT = partial(attribute, Timestamp(), doc="When it was created, in UTC.")
UPDATED_AT = partial(attribute, Timestamp(), doc="When it was last changed, in UTC.")
REVISION_NUMBER = partial(
    attribute,
    Integer(0, 2**31 - 1),
    doc="Grows with each change of the record; `If-Match: revision_number=N` makes a change conditional on it.",
)
