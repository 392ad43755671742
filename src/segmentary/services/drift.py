"""Where what a host carries and what is recorded for it differ.

recorded, not there     a segment the host reaches, whose ID its agents did not observe
there, not recorded     an observed ID that no segment holds, or one that the host does not reach
conflicting             an observed ID that belongs to another network than the agent believes
"""

from collections.abc import Mapping, Sequence

from segmentary.catalog import Segment
from segmentary.catalog.agent import Observed
from segmentary.db import listing, reach, records
from segmentary.db.transaction import Tx
from segmentary.errors import HostNotFound
from segmentary.rules.attribute import describe
from segmentary.rules.listing import ListQuery


def of_host(tx: Tx, host: str) -> dict[str, object]:
    """Return where a host that reported what it carries differs; raise `HostNotFound` if nothing is known of it."""
    agents = reach.agents_of(tx, [host])
    if not agents:
        raise HostNotFound(id=host)
    observed = reach.observed_on(tx, host)
    rows = listing.find(tx, describe(Segment), ListQuery(), reach.segments_of_hosts(tx, [host]))
    recorded = {_claim(one): one for one in records.as_records(Segment, rows) if one.segmentation_id is not None}
    holders = reach.holders_of_observed(tx, host)
    return {
        "host": host,
        "recorded_not_there": [_recorded(one) for claim, one in recorded.items() if claim not in _claims(observed)],
        "there_not_recorded": [_observed(one, holders) for one in observed if one[:3] not in recorded],
        "conflicting": [
            {**_observed(one, holders), "recorded_network_id": recorded[one[:3]].network_id, "network_id": one[3]}
            for one in observed
            if one[3] is not None and one[:3] in recorded and recorded[one[:3]].network_id != one[3]
        ],
    }


def _claims(observed: Sequence[Observed]) -> set[tuple[str, str, int]]:
    return {one[:3] for one in observed}


def _claim(segment: Segment) -> tuple[str, str, int]:
    return segment.network_type, segment.physical_network or "", segment.segmentation_id or 0


def _recorded(segment: Segment) -> dict[str, object]:
    return {
        "segment_id": segment.id,
        "network_id": segment.network_id,
        "network_type": segment.network_type,
        "physical_network": segment.physical_network,
        "segmentation_id": segment.segmentation_id,
    }


def _observed(one: Observed, holders: Mapping[tuple[str, str, int], str]) -> dict[str, object]:
    return {
        "network_type": one[0],
        "physical_network": one[1] or None,
        "segmentation_id": one[2],
        "segment_id": holders.get(one[:3]),
    }
