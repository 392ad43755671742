"""What the methods of api/host.py take and answer with."""

from segmentary import errors
from segmentary.api.operation import SEQUENCE, Operation, in_path, json
from segmentary.catalog import HostMapping, Segment
from segmentary.catalog.network_type import NAMES
from segmentary.catalog.standard import HOST
from segmentary.rules.attribute import describe
from segmentary.rules.kind import Integer, Uuid
from segmentary.wire import report, schema
from segmentary.wire.query import LARGEST_LIMIT
from segmentary.wire.schema import TEXT, Schema

TAG = "hosts"
FLAG: Schema = {"type": "boolean"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
HOST_PATH = in_path("host", schema.value(HOST), "The name of the host.")
SEGMENT_PATH = in_path("record_id", schema.value(Uuid()), "The id of the segment.")
PAGE = (
    schema.option("limit", schema.value(Integer(0, LARGEST_LIMIT)), "The most hosts of the answer."),
    schema.option("marker", schema.query_value(HOST), "The host after which the page begins."),
)
AGENT = schema.closed(
    {
        "id": schema.value(Uuid()),
        "agent_type": TEXT,
        "binary": TEXT,
        "availability_zone": TEXT_OR_NULL,
        "alive": FLAG,
        "heartbeat_at": TEXT,
        "physical_networks": schema.array(schema.closed({"name": TEXT, "via": TEXT})),
    }
)
KNOWN_HOST = schema.closed({"host": TEXT, "alive": FLAG, "agents": schema.array(AGENT)})
LINKS = schema.array({"$ref": "#/components/schemas/Link"})
CLAIM: dict[str, Schema] = {
    "network_type": {**TEXT, "enum": list(NAMES)},
    "physical_network": TEXT_OR_NULL,
    "segmentation_id": {"type": "integer"},
}
OBSERVED = {**CLAIM, "segment_id": TEXT_OR_NULL}
DRIFT = schema.closed(
    {
        "host": TEXT,
        "recorded_not_there": schema.array(schema.closed({"segment_id": TEXT, "network_id": TEXT, **CLAIM})),
        "there_not_recorded": schema.array(schema.closed(OBSERVED)),
        "conflicting": schema.array(schema.closed({**OBSERVED, "recorded_network_id": TEXT, "network_id": TEXT})),
    }
)
REPORT_ERRORS = (errors.InvalidInput, errors.BodyTooLarge)

HOSTS = {
    "get": Operation(
        identifier="list_hosts",
        summary="List the hosts of which anything is known, with their agents.",
        tag=TAG,
        action="get_host",
        parameters=(
            *PAGE,
            *(
                schema.option(name, schema.array(schema.query_value(HOST)), meaning)
                for name, meaning in (
                    ("agent_type", "Only hosts with an agent of one of these types."),
                    ("not_agent_type", "Only hosts without an agent of these types."),
                    ("physical_network", "Only hosts that reach one of these physical networks."),
                )
            ),
        ),
        answers=json(schema.closed({"hosts": schema.array(KNOWN_HOST), "hosts_links": LINKS}, "hosts_links")),
        errors=(errors.InvalidInput,),
    )
}
ONE_HOST = {
    "get": Operation(
        identifier="show_host",
        summary="Show a host with its agents.",
        tag=TAG,
        action="get_host",
        parameters=(HOST_PATH,),
        answers=json(schema.closed({"host": KNOWN_HOST})),
        errors=(errors.HostNotFound,),
    ),
    "put": Operation(
        identifier="report_host",
        summary="Report what a host reaches and carries.",
        tag=TAG,
        action="report_host",
        parameters=(HOST_PATH,),
        body=schema.closed({"host": report.SCHEMA}),
        answers=json(schema.closed({"host": KNOWN_HOST})),
        errors=REPORT_ERRORS,
    ),
    "delete": Operation(
        identifier="forget_host",
        summary="Forget a host: its agents, what they reported, and its mappings.",
        tag=TAG,
        action="delete_host",
        parameters=(HOST_PATH,),
        status=204,
        errors=(errors.MalformedBody, errors.HostNotFound),
    ),
}
HOST_SEGMENTS = {
    "get": Operation(
        identifier="list_segments_of_host",
        summary="List the segments that a host reaches.",
        tag=TAG,
        action="get_host",
        parameters=(HOST_PATH, *(one for one in schema.parameters(describe(Segment)) if one["name"] != "host")),
        answers=json(schema.reference(describe(Segment), "ListAnswer")),
        headers=SEQUENCE,
        errors=(errors.InvalidInput, errors.HostNotFound),
    )
}
HOST_DRIFT = {
    "get": Operation(
        identifier="show_drift_of_host",
        summary="Compare what a host carries with what is recorded for it.",
        tag=TAG,
        action="get_host",
        parameters=(HOST_PATH,),
        answers=json(schema.closed({"drift": DRIFT})),
        errors=(errors.HostNotFound,),
    )
}
SEGMENT_HOSTS = {
    "get": Operation(
        identifier="list_hosts_of_segment",
        summary="List the hosts that reach a segment, and why.",
        tag=TAG,
        action="get_host",
        parameters=(SEGMENT_PATH, *PAGE),
        answers=json(
            schema.closed(
                {"hosts": schema.array(schema.closed({"host": TEXT, "mapping": TEXT})), "hosts_links": LINKS},
                "hosts_links",
            )
        ),
        errors=(errors.InvalidInput, errors.SegmentNotFound),
    )
}
SEGMENT_HOST = {
    "put": Operation(
        identifier="map_host",
        summary="Include a host of a segment, or exclude it, whatever is reported.",
        tag=TAG,
        action="map_host",
        parameters=(SEGMENT_PATH, HOST_PATH),
        body=schema.closed({"host_mapping": report.MAPPING_SCHEMA}),
        is_body_required=False,
        answers=json(schema.reference(describe(HostMapping), "Answer")),
        errors=(*REPORT_ERRORS, errors.NotFound),
    ),
    "delete": Operation(
        identifier="unmap_host",
        summary="Leave it to the reports whether a host reaches a segment.",
        tag=TAG,
        action="map_host",
        parameters=(SEGMENT_PATH, HOST_PATH),
        status=204,
        errors=(errors.MalformedBody, errors.NotFound),
    ),
}
