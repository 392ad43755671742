"""Use cases of networks, with the segments that come and go with them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from segmentary.catalog import Network, Segment, event
from segmentary.catalog.network import NETWORK_PROVIDER_TYPE, NETWORK_PROVIDER_UPDATE, PROVIDER
from segmentary.catalog.network_type import LOCAL
from segmentary.db import claims, records
from segmentary.db.transaction import Tx
from segmentary.errors import InvalidInput, RuleBroken, SegmentaryError
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Changes, Draft, broken_rules, refuse, shown
from segmentary.rules.rule import Rule
from segmentary.services import segment as segments
from segmentary.services.call import Call
from segmentary.services.event import record
from segmentary.services.record import finish

_WIRE = {name: f"provider:{name}" for name in PROVIDER.values()}


def create(tx: Tx, call: Call, drafts: Sequence[Draft[Network]]) -> list[Network]:
    """Create networks, each with the one segment that its provider attributes describe."""
    first = [_first_segment(draft) for draft in drafts]
    underlays = segments.known_physical_networks(tx, [segments.claim_of(one.given) for one in first])
    created: list[Network] = []
    added: list[Segment] = []
    for draft, segment_draft in zip(drafts, first, strict=True):
        one = finish(
            tx,
            Network,
            draft,
            project_id=draft.value("project_id") or call.actor.project_id,
            mtu=draft.value("mtu") or 0,
            mtu_requested=bool(draft.value("mtu")),
            next_segment_index=1,
        )
        segment = finish(tx, Segment, segment_draft, network_id=one.id, segment_index=0)
        largest = segments.mtu_of(call, [segment], underlays)
        if largest is not None and one.mtu > largest:
            raise segments.mtu_too_large(one.id, one.mtu, largest)
        mtu = one.mtu or largest or call.settings.global_physnet_mtu
        created.append(_with_segments(replace(one, mtu=mtu), [segment]))
        added.append(segment)
    records.insert_records(tx, created)
    records.insert_records(tx, added)
    record(tx, call.actor, [event.created(one) for one in [*created, *added]])
    return created


def update(tx: Tx, call: Call, record_id: str, changes: Changes, revision: int | None) -> Network:
    """Change a network; of its provider attributes only the segmentation ID of its only segment may change."""
    before = records.lock(tx, Network, record_id, revision=revision)
    own = {name: value for name, value in changes.items() if name not in PROVIDER}
    asked = {PROVIDER[name]: value for name, value in changes.items() if name in PROVIDER}
    change = _change_segment(tx, before, asked) if asked else None
    if "mtu" in own:
        own |= _mtu(tx, call, before, own["mtu"])
    after = records.change(tx, before, own)
    events = [event.updated(before, after)]
    if change is not None:
        events.append(event.updated(*change))
    record(tx, call.actor, events)
    return after


def delete(tx: Tx, call: Call, record_id: str, revision: int | None) -> None:
    """Delete a network and its segments."""
    before = records.lock(tx, Network, record_id, revision=revision)
    removed = claims.segments_of(tx, record_id)
    claims.remove_segments_of(tx, record_id)
    records.remove(tx, before)
    record(tx, call.actor, [event.deleted(one) for one in [*removed, before]])


def explain(tx: Tx, rule: Rule | None, drafts: Sequence[Draft[Network]]) -> SegmentaryError | None:
    """Return what a constraint that refused these networks' segments means, or None if its reason is gone."""
    return segments.explain_claims(tx, rule, [segments.claim_of(_first_segment(draft).given) for draft in drafts])


def _first_segment(draft: Draft[Network]) -> Draft[Segment]:
    """Return the draft of the segment that a network's provider attributes describe; local if there are none."""
    given = {PROVIDER[name]: value for name, value in draft.given.items() if name in PROVIDER}
    if not given:
        given = {"network_type": LOCAL.name}
    if "network_type" not in given:
        raise RuleBroken(
            rule=NETWORK_PROVIDER_TYPE.name,
            attribute=NETWORK_PROVIDER_TYPE.attribute,
            value=None,
            reason="provider:network_type required beside the other provider:* attributes",
        )
    refuse(_broken_provider_rules(given))
    return Draft(describe(Segment), given)


def _broken_provider_rules(given: Mapping[str, object]) -> list[InvalidInput]:
    """Return the broken rules of a segment, under the names its attributes have on a network."""
    return [
        RuleBroken(
            **{
                **problem.data,
                "attribute": _WIRE[str(problem.data["attribute"])],
                "reason": f"provider:{problem.data['reason']}",
            }
        )
        for problem in broken_rules(describe(Segment).declared_row_rules, given)
    ]


def _with_segments(network: Network, of_network: Sequence[Segment]) -> Network:
    """Return a network as it is shown with these segments."""
    resource = describe(Network)
    assert resource.parts is not None  # noqa: S101, declared so
    rows = [tuple(getattr(one, name) for name in resource.parts.columns) for one in of_network]
    derived: dict[str, Any] = dict(resource.parts.derive({}, rows))
    return replace(network, **derived)


def _change_segment(tx: Tx, network: Network, asked: Mapping[str, Any]) -> tuple[Segment, Segment] | None:
    """Give the network's only segment the segmentation ID asked for; return it before and after, None if unchanged."""
    of_network = claims.segments_of(tx, network.id)
    if len(of_network) != 1:
        raise _unsupported(f"network {network.id} has {len(of_network)} segments; change them through /segments", asked)
    before = of_network[0]
    fixed = [name for name, value in asked.items() if name != "segmentation_id" and value != getattr(before, name)]
    if fixed:
        names = ", ".join(_WIRE[name] for name in fixed)
        raise _unsupported(
            f"Plugin does not support updating the following provider network attributes: {names}", asked
        )
    if asked.get("segmentation_id", before.segmentation_id) == before.segmentation_id:
        return None
    after_values = {name: getattr(before, name) for name in _WIRE} | {"segmentation_id": asked["segmentation_id"]}
    refuse(_broken_provider_rules(after_values))
    held = segments.held_by_another(tx, segments.claim_of(after_values))
    if held is not None:
        raise held
    return before, records.change(tx, before, {"segmentation_id": asked["segmentation_id"]})


def _unsupported(reason: str, asked: Mapping[str, Any]) -> RuleBroken:
    return RuleBroken(
        rule=NETWORK_PROVIDER_UPDATE.name,
        attribute=_WIRE[next(iter(asked))],
        value=shown(dict(asked)),
        reason=reason,
    )


def _mtu(tx: Tx, call: Call, network: Network, asked: int) -> dict[str, object]:
    """Return the MTU to store: the one asked for if all segments carry it, the largest one if 0 is asked for."""
    of_network = claims.segments_of(tx, network.id)
    wanted = [(one.network_type, one.physical_network, one.segmentation_id) for one in of_network]
    largest = segments.mtu_of(call, of_network, segments.known_physical_networks(tx, wanted))
    if asked and largest is not None and asked > largest:
        raise segments.mtu_too_large(network.id, asked, largest)
    return {"mtu": asked or largest or call.settings.global_physnet_mtu, "mtu_requested": bool(asked)}
