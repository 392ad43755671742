"""Event destinations: where the relay delivers events outside, and how far it is.

    feed   1 2 3 4 5 6 7 8 9      acknowledged = 6: the receiver has 1 to 6, but what is kept as dead letters;
                     ^ latest     lag = 3: 7 to 9 are still to be delivered, or passed over because of `types`

`kind` is how events travel, `shape` what is in them, `topic` where at a broker they go.
"""

from typing import Any

from segmentary.catalog.standard import CREATED_AT, DESCRIPTION, ID, REVISION_NUMBER, UPDATED_AT
from segmentary.errors import EventDestinationNotFound
from segmentary.rules.attribute import ABSENT, Absent, Presence, attribute, option, resource
from segmentary.rules.expression import absent, equal, implies, one_of, present
from segmentary.rules.kind import Choice, Flag, Integer, Secret, Text, Url, View
from segmentary.rules.rule import ReferenceRule, RequestRule, RowRule

WEBHOOK, NATS, RABBITMQ = "webhook", "nats", "rabbitmq"
# The schemes of the endpoints of each kind.
SCHEMES = {WEBHOOK: ("http", "https"), NATS: ("nats", "tls"), RABBITMQ: ("amqp", "amqps")}
CLOUDEVENTS, NOTIFICATION = "cloudevents", "notification"
# What `status` can say.
PAUSED, FAILING, DELIVERING = "paused", "failing", "delivering"
LONGEST_TIMEOUT = 60
# In one answer, if not said otherwise.
MOST_DEAD_LETTERS = 100

ENDPOINT_SCHEME = RequestRule(
    name="event_destination_endpoint_scheme",
    attribute="endpoint",
    limit="the endpoint of a webhook begins with http:// or https://, of nats with nats:// or tls://, of rabbitmq with "
    "amqp:// or amqps://",
)
TYPES_KNOWN = RequestRule(
    name="event_destination_types_known",
    attribute="types",
    limit="the types are types of events, separated by commas, each once",
)

# The rules of the two tables that hold how far a destination is.
DELIVERY_DESTINATION = ReferenceRule(
    name="delivery_destination",
    attribute="destination_id",
    collection="event_destinations",
    target="id",
    limit="progress is that of an existing event destination",
    cascade=True,
)
DEAD_LETTER_DESTINATION = ReferenceRule(
    name="dead_letter_destination",
    attribute="destination_id",
    collection="event_destinations",
    target="id",
    limit="a dead letter is of an existing event destination",
    cascade=True,
)
DELIVERY_RULES = (DELIVERY_DESTINATION, DEAD_LETTER_DESTINATION)


def _shown(doc: str) -> Any:  # noqa: ANN401, a field
    return attribute(View(), doc=doc, default=ABSENT, stored=False, filterable=False, sortable=False)


@resource(
    "event_destination",
    "event_destinations",
    not_found=EventDestinationNotFound,
    rules=(
        RowRule(
            name="event_destination_topic_of_broker",
            expression=implies(equal("kind", WEBHOOK), absent("topic"))
            & implies(one_of("kind", (NATS, RABBITMQ)), present("topic")),
            attribute="topic",
            limit="a destination of kind nats or rabbitmq has a topic, a webhook has none",
        ),
        RowRule(
            name="event_destination_notification_on_rabbitmq",
            expression=implies(equal("shape", NOTIFICATION), equal("kind", RABBITMQ)),
            attribute="shape",
            limit="only a destination of kind rabbitmq takes notifications",
        ),
        RowRule(
            name="event_destination_username_of_broker",
            expression=implies(equal("kind", WEBHOOK), absent("username")),
            attribute="username",
            limit="a webhook has no username",
        ),
        ENDPOINT_SCHEME,
        TYPES_KNOWN,
    ),
    options=(
        option(
            "after",
            Integer(0, 10**18 - 1),
            default=None,
            doc="The number of the feed after which delivery begins; from now on if left out.",
        ),
    ),
    summary=("id", "name", "kind", "endpoint", "status", "lag", "dead_letters"),
)
class EventDestination:
    """Where events are delivered to, and how far that is."""

    id: str = ID()
    name: str = attribute(
        Text(255), doc="Name, not necessarily unique.", create=Presence.OPTIONAL, update=True, default=""
    )
    description: str = DESCRIPTION()
    kind: str = attribute(Choice((WEBHOOK, NATS, RABBITMQ)), doc="How events are delivered.", create=Presence.REQUIRED)
    endpoint: str = attribute(
        Url(2048, minimum=1, schemes=tuple(scheme for schemes in SCHEMES.values() for scheme in schemes)),
        doc="URL of the receiver or the broker.",
        create=Presence.REQUIRED,
        update=True,
    )
    topic: str | None = attribute(
        Text(200, minimum=1),
        doc="RabbitMQ: the exchange. NATS: the first part of subjects, such as segmentary.",
        create=Presence.OPTIONAL,
        update=True,
    )
    shape: str = attribute(
        Choice((CLOUDEVENTS, NOTIFICATION)),
        doc="cloudevents: CloudEvents 1.0 in JSON; notification: as OpenStack services notify, for rabbitmq only.",
        create=Presence.OPTIONAL,
        default=CLOUDEVENTS,
    )
    types: str = attribute(
        Text(4096),
        doc="The types of events that are delivered, separated by commas; empty for all.",
        create=Presence.OPTIONAL,
        update=True,
        default="",
    )
    username: str | None = attribute(
        Text(255, minimum=1),
        doc="The name by which a broker knows the relay.",
        create=Presence.OPTIONAL,
        update=True,
        null=True,
    )
    secret: str | Absent | None = attribute(
        Secret(255, minimum=1),
        doc="webhook: the key that requests are signed with; nats, rabbitmq: the password, with nats and no username "
        "the token. Never shown.",
        create=Presence.OPTIONAL,
        update=True,
        null=True,
        filterable=False,
        sortable=False,
    )
    paused: bool = attribute(
        Flag(),
        doc="Whether nothing is delivered for now; events wait.",
        create=Presence.OPTIONAL,
        update=True,
        default=False,
    )
    timeout: int = attribute(
        Integer(1, LONGEST_TIMEOUT),
        doc="Seconds that the receiver may take to answer.",
        create=Presence.OPTIONAL,
        update=True,
        default=10,
    )
    attempts: int = attribute(
        Integer(1, 1000),
        doc="How often an event that the receiver refuses is sent before it becomes a dead letter.",
        create=Presence.OPTIONAL,
        update=True,
        default=10,
    )
    status: str | Absent = _shown("paused, failing (the last attempt failed) or delivering.")
    acknowledged: int | Absent = _shown(
        "The number of the feed up to which the receiver has every event, but the dead letters."
    )
    lag: int | Absent = _shown("How many events of the feed are behind that number.")
    oldest_undelivered: dict[str, object] | Absent | None = _shown(
        "sequence, type and time of the event after that number, null if there is none."
    )
    dead_letters: int | Absent = _shown("How many events are kept as dead letters.")
    failures: int | Absent = _shown("How many attempts failed so far.")
    last_error: str | Absent | None = _shown("Why the last attempt that failed did.")
    last_failed_at: str | Absent | None = _shown("When that was, in UTC.")
    created_at: str = CREATED_AT()
    updated_at: str = UPDATED_AT()
    revision_number: int = REVISION_NUMBER()
