"""What the stored rows must fulfil together: rules that no constraint can say, which only the audit looks for."""

from segmentary.rules.rule import StoredRule

NEXT_SEGMENT_INDEX = StoredRule(
    name="network_next_segment_index",
    limit="the next segment index of a network is higher than those of its segments",
    why="The next segment of the network collides with one that is there, and cannot be created.",
    remedy="Set next_segment_index of the network to one more than the highest segment_index.",
)
NETWORK_SHARED = StoredRule(
    name="network_shared_policy",
    limit="a network is shared exactly where it has an access_as_shared policy for every project",
    why="Every project sees a network that no policy shares, or does not see one that a policy does.",
    remedy="Set shared of the network to false, then to what is meant.",
)
NETWORK_EXTERNAL = StoredRule(
    name="network_external_policy",
    limit="a network is router:external exactly where it has an access_as_external policy for every project",
    why="Every project sees a network that no policy makes external, or does not see one that a policy does.",
    remedy="Set router:external of the network to false, then to what is meant.",
)
RANGE_OVERLAP = StoredRule(
    name="network_segment_range_overlap",
    limit="ranges of one network type and physical network overlap only where one of them is reserved",
    why="An ID of both is counted twice, and given to whichever project asks first.",
    remedy="Shorten or delete one of the ranges.",
)
RELEASED_CLAIMED = StoredRule(
    name="segment_id_released",
    limit="an ID that a segment holds was not released after the segment last changed",
    why="The ID was given up while a segment still holds it: one of the two is wrong.",
    remedy="Delete the segment if it is gone from the network, else the row of releases.",
)
REACH_HOST = StoredRule(
    name="reach_host",
    limit="what an agent reaches is reached by the agent's host",
    why="A host is told to reach what another host reported.",
    remedy="Have the host report again: segmentary host report.",
)
OBSERVATION_HOST = StoredRule(
    name="observation_host",
    limit="what an agent observed was observed on the agent's host",
    why="Drift is told of the wrong host.",
    remedy="Have the host report again: segmentary host report.",
)
EVENT_SEQUENCE = StoredRule(
    name="event_sequence_complete",
    limit="the numbers of events have no holes",
    why="A reader of events has missed a change and cannot know which.",
    remedy="Have readers list the records anew; look for what deletes rows of events.",
)
EVENT_DELETED = StoredRule(
    name="event_deleted_record",
    limit="a record whose last event says deleted is not stored",
    why="Readers of events believe that the record is gone: it was put back past the program.",
    remedy="Delete the record through the API, so that it is told, or create it anew.",
)
EVENT_MISSING = StoredRule(
    name="event_record_stored",
    limit="a record whose last event does not say deleted is stored",
    why="Readers of events believe that the record is there: it was deleted past the program.",
    remedy="Find out who deletes rows by SQL; have readers list the records anew.",
)
EVENT_REVISION = StoredRule(
    name="event_revision",
    limit="a record has the revision_number that its last event tells of",
    why="The record was changed past the program: readers of events have another one.",
    remedy="Compare the row with the history of the record; change it through the API, so that it is told.",
)
RECORD_EVENT = StoredRule(
    name="record_event",
    limit="as long as no event was dropped, each record has one",
    why="The record was inserted past the program: readers of events do not know it.",
    remedy="Delete the row, and create the record through the API.",
)
STORED_RULES = (
    NEXT_SEGMENT_INDEX,
    NETWORK_SHARED,
    NETWORK_EXTERNAL,
    RANGE_OVERLAP,
    RELEASED_CLAIMED,
    REACH_HOST,
    OBSERVATION_HOST,
    EVENT_SEQUENCE,
    EVENT_DELETED,
    EVENT_MISSING,
    EVENT_REVISION,
    RECORD_EVENT,
)
