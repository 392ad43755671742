"""The API extensions that are implemented, under the aliases by which clients look for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extension:
    """One entry of /v2.0/extensions; `updated` is the date that the Networking API gives the alias.

    `operation` is, for what is ours alone, the operation of the OpenAPI document by which to begin to read.
    """

    alias: str
    name: str
    description: str
    updated: str
    operation: str = ""


EXTENSIONS = (
    Extension("provider", "Provider Network", "provider:* attributes of networks.", "2012-09-07T10:00:00-00:00"),
    Extension(
        "multi-provider",
        "Multi Provider Network",
        "The segments attribute of networks.",
        "2013-06-27T10:00:00-00:00",
    ),
    Extension("segment", "Segment", "Segments of networks: /segments.", "2016-02-24T17:00:00-00:00"),
    Extension(
        "standard-attr-segment",
        "Standard attributes of segments",
        "Timestamps and revision numbers of segments.",
        "2018-04-09T10:00:00-00:00",
    ),
    Extension("l2_adjacency", "L2 Adjacency", "The l2_adjacency attribute of networks.", "2016-04-12T16:00:00-00:00"),
    Extension("net-mtu", "Network MTU", "The mtu attribute of networks.", "2015-03-25T10:00:00-00:00"),
    Extension(
        "net-mtu-writable", "Network MTU (writable)", "Changing the mtu of networks.", "2017-07-12T00:00:00-00:00"
    ),
    Extension(
        "external-net", "External networks", "The router:external attribute of networks.", "2013-01-14T10:00:00-00:00"
    ),
    Extension(
        "standard-attr-description",
        "standard-attr-description",
        "The description of every resource.",
        "2016-02-10T10:00:00-00:00",
    ),
    Extension(
        "standard-attr-timestamp",
        "Resource timestamps",
        "created_at and updated_at of every resource.",
        "2016-09-12T10:00:00-00:00",
    ),
    Extension(
        "standard-attr-revisions",
        "Resource revision numbers",
        "The revision_number of every resource.",
        "2016-04-11T10:00:00-00:00",
    ),
    Extension(
        "revision-if-match",
        "If-Match constraints based on revision_number",
        "Changes conditional on If-Match: revision_number=N.",
        "2016-12-11T00:00:00-00:00",
    ),
    Extension(
        "standard-attr-tag",
        "Tag support for resources with standard attribute",
        "Tags of networks, segments and segment ranges, and filters by them.",
        "2017-01-01T00:00:00-00:00",
    ),
    Extension(
        "tag-creation",
        "Tag creation support",
        "POST of several tags at once adds them to those a record has.",
        "2024-07-23T00:00:00-00:00",
    ),
    Extension(
        "rbac-policies",
        "RBAC Policies",
        "Networks shared with single projects: /rbac-policies.",
        "2015-06-17T12:15:12-00:00",
    ),
    Extension("quotas", "Quota management support", "Limits of projects: /quotas.", "2012-07-29T10:00:00-00:00"),
    Extension(
        "quota_details",
        "Quota details management support",
        "What a project uses of its limits: /quotas/{project}/details.",
        "2017-02-10T10:00:00-00:00",
    ),
    Extension(
        "quota-check-limit",
        "Quota engine limit check",
        "A limit below what is used is refused, unless with force.",
        "2021-09-08T00:00:00-00:00",
    ),
    Extension("project-id", "project_id field enabled", "project_id beside tenant_id.", "2016-09-09T09:09:09-09:09"),
    Extension("sorting", "Sorting support", "sort_key and sort_dir of lists.", "2016-06-12T00:00:00-00:00"),
    Extension("pagination", "Pagination support", "limit and marker of lists.", "2016-06-12T00:00:00-00:00"),
    Extension(
        "filter-validation", "Filter parameters validation", "Unknown filters are refused.", "2018-07-04T00:00:00-00:00"
    ),
    Extension(
        "empty-string-filtering",
        "Empty String Filtering Extension",
        "?name= asks for records whose name is empty.",
        "2018-05-01T10:00:00-00:00",
    ),
    Extension(
        "network-segment-range",
        "Network Segment Range",
        "Ranges of segmentation IDs: /network_segment_ranges.",
        "2018-11-29T00:00:00-00:00",
    ),
    Extension("agent", "agent", "The agents of hosts: /agents.", "2013-02-03T10:00:00-00:00"),
    Extension(
        "segmentary-hosts",
        "Hosts and what they reach",
        "Reports of hosts and their segments, both ways: /hosts, /segments/{id}/hosts, filter host of segments.",
        "2026-11-22T00:00:00-00:00",
        "list_hosts",
    ),
    Extension(
        "segmentary-allocation",
        "Allocation policies",
        "allocation, cooldown, state, counts and intervals of segment ranges; use_reserved of segments and networks.",
        "2026-11-22T00:00:00-00:00",
        "create_network_segment_range",
    ),
    Extension(
        "segmentary-audit",
        "Audits",
        "POST /segment-audits looks for stored records that break a rule.",
        "2026-11-22T00:00:00-00:00",
        "audit_segments",
    ),
    Extension(
        "segmentary-event-destinations",
        "Event destinations",
        "Delivery of events to webhooks, NATS JetStream and RabbitMQ: /event-destinations, and their dead letters.",
        "2026-11-22T00:00:00-00:00",
        "create_event_destination",
    ),
    Extension(
        "segmentary-idempotency",
        "Safe retry",
        "Idempotency-Key on POST: a repeated request is answered, not carried out again.",
        "2026-11-22T00:00:00-00:00",
        "create_segment",
    ),
    Extension(
        "segmentary-physical-networks",
        "Physical networks",
        "Physical networks as resources of their own: /physical-networks.",
        "2026-11-22T00:00:00-00:00",
        "list_physical_networks",
    ),
    Extension(
        "segmentary-events",
        "Events",
        "Every change as a numbered event: /segment-events, and X-Event-Sequence on lists.",
        "2026-11-22T00:00:00-00:00",
        "list_segment_events",
    ),
    Extension(
        "segmentary-lists",
        "Lists",
        "with_count, marker_values, and filters on every attribute shown, the times included.",
        "2026-11-22T00:00:00-00:00",
        "list_segments",
    ),
    Extension(
        "segmentary-quotas",
        "Quotas of segments",
        "Quotas of segments and segment ranges beside those of networks.",
        "2026-11-22T00:00:00-00:00",
        "update_quota",
    ),
    Extension(
        "segmentary-tags",
        "Tags in requests",
        "tags of segments, and in the bodies of POST and PUT of every resource that has tags.",
        "2026-11-22T00:00:00-00:00",
        "create_segment",
    ),
)
