"""Events as CloudEvents 1.0, https://github.com/cloudevents/spec, in structured mode: one JSON document each.

{"specversion": "1.0", "id": "...", "source": "segmentary", "type": "segment.updated", "subject": "the record's id",
 "time": "...", "datacontenttype": "application/json", "partitionkey": "the record's id",
 "sequence": "00000000000000000042", "data": {the event as in the feed}}
"""

from segmentary.catalog.event import NumberedEvent
from segmentary.wire.encode import document
from segmentary.wire.event import encoded

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SOURCE = "segmentary"
# The extension `sequence` is text that sorts as the numbers do.
SEQUENCE_DIGITS = 20


def body(event: NumberedEvent) -> bytes:
    """Return an event as a CloudEvent."""
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": SOURCE,
        "type": event.type,
        "subject": event.resource_id,
        "time": event.time,
        "datacontenttype": "application/json",
        "partitionkey": event.resource_id,
        "sequence": f"{event.sequence:0{SEQUENCE_DIGITS}}",
    }
    return document(attributes)[:-1] + b',"data":' + encoded(event) + b"}"
