"""Events as notifications of OpenStack services: what oslo.messaging sends with `driver = messagingv2`.

{"oslo.version": "2.0", "oslo.message": TEXT}, where TEXT is JSON again:
{"message_id": "the event's id", "event_type": "segment.create.end", "payload": {"segment": {}}, "priority": "INFO" ...}

Consumers bind a queue to the exchange with the routing key `notifications.info`.
"""

import msgspec

from segmentary.catalog.event import NumberedEvent, Verb
from segmentary.wire.encode import document

CONTENT_TYPE = "application/json"
ROUTING_KEY = "notifications.info"
PUBLISHER = "network.segmentary"
_VERBS = {Verb.CREATED.value: "create", Verb.UPDATED.value: "update", Verb.DELETED.value: "delete"}


def event_type(event: NumberedEvent) -> str:
    """Return the type as OpenStack spells it, such as segment.create.end."""
    resource, _, verb = event.type.partition(".")
    return f"{resource}.{_VERBS[verb]}.end"


def body(event: NumberedEvent) -> bytes:
    """Return an event as a notification; `message_id` is the event's id."""
    resource, _, verb = event.type.partition(".")
    payload = {resource: msgspec.json.decode(event.payload)["record"]}
    if verb == Verb.DELETED.value:
        payload[f"{resource}_id"] = event.resource_id
    message = {
        "message_id": event.id,
        "publisher_id": PUBLISHER,
        "event_type": event_type(event),
        "priority": "INFO",
        "payload": payload,
        "timestamp": f"{event.time[:10]} {event.time[11:19]}.000000",
        "_unique_id": event.id.replace("-", ""),
        "_context_request_id": event.request_id,
        "_context_user_id": event.actor,
    }
    return document({"oslo.version": "2.0", "oslo.message": document(message).decode()})
