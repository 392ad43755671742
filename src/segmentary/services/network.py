"""Use cases of networks, with the segments that come and go with them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from segmentary.catalog import Network, PhysicalNetwork, Segment, event
from segmentary.catalog.network import (
    NETWORK_PROVIDER_TYPE,
    NETWORK_PROVIDER_UPDATE,
    NETWORK_SEGMENTS_UPDATE,
    PROVIDER,
)
from segmentary.db import claims, quotas, records
from segmentary.db.transaction import Tx
from segmentary.errors import (
    InvalidInput,
    Item,
    RuleBroken,
    SegmentaryError,
    SegmentsContainDuplicateEntry,
    SegmentsSetInConjunctionWithProviders,
    blaming,
)
from segmentary.rules.attribute import describe
from segmentary.rules.draft import Changes, Draft, broken_rules, due_rules, refuse, shown
from segmentary.rules.rule import Rule
from segmentary.services import allocation, claim, quota, rbac_policy
from segmentary.services import segment as segments
from segmentary.services.allocation import Want
from segmentary.services.call import Call
from segmentary.services.claim import claim_of, known_physical_networks
from segmentary.services.event import record
from segmentary.services.planned import Planned, claims_of, planned, settle
from segmentary.services.record import finish

_WIRE = {name: f"provider:{name}" for name in PROVIDER.values()}


def create(tx: Tx, call: Call, drafts: Sequence[Draft[Network]]) -> list[Network]:
    """Create networks, each with the segments that its provider attributes or `segments` describe."""
    networks = {one.id: one for one in (_network(tx, call, draft) for draft in drafts)}
    items = {network_id: draft.item for network_id, draft in zip(networks, drafts, strict=True)}
    plans: list[Planned] = []
    for network, draft in zip(networks.values(), drafts, strict=True):
        with blaming(draft.item):
            plans += _plans(tx, call, network, draft)
    underlays = known_physical_networks(tx, [(plan.claim, plan.item) for plan in plans])
    created: dict[str, Network] = {}
    limits: dict[str, quotas.Limits] = {}

    def insert_networks(of_networks: Sequence[Segment]) -> None:
        underlays.update(_chosen_physical_networks(tx, of_networks, underlays))
        of_network: dict[str, list[Segment]] = {one: [] for one in networks}
        for segment in of_networks:
            of_network[segment.network_id].append(segment)
        for network in networks.values():
            mine = of_network[network.id]
            with blaming(items[network.id]):
                created[network.id] = _shown_with(_fitted(call, network, mine, underlays), mine)
        limits.update(_insert(tx, list(created.values())))

    added = settle(tx, plans, insert_networks)
    if len(added) == 1:
        _correct(tx, call, created, added[0], underlays)
    _enforce_quotas(tx, call, networks, added, items, limits)
    requests = {network_id: draft.request_id for network_id, draft in zip(networks, drafts, strict=True)}
    events = [event.created(one, requests[one.id]) for one in created.values()]
    events += [event.created(one, requests[one.network_id]) for one in added]
    record(tx, call.actor, [*events, *rbac_policy.of_new(tx, list(created.values()), requests)])
    return list(created.values())


def update(tx: Tx, call: Call, record_id: str, changes: Changes, revision: int | None) -> Network:
    """Change a network; of its provider attributes only the segmentation ID of its only segment may change."""
    before = records.lock(tx, Network, record_id, revision=revision)
    own = {name: value for name, value in changes.items() if name in describe(Network).columns}
    if "segments" in changes:
        _require_same_segments(tx, before, changes["segments"])
    asked = {PROVIDER[name]: value for name, value in changes.items() if name in PROVIDER}
    use_reserved = changes.get("use_reserved", False)
    change = _change_segment(tx, before, asked, use_reserved=use_reserved) if asked else None
    if "mtu" in own:
        own |= _mtu(tx, call, before, own["mtu"])
    left, sharing = rbac_policy.follow(tx, before, own)
    after = records.change(tx, before, left, beside=change is not None or bool(sharing))
    events = [event.updated(before, after), *sharing]
    if change is not None:
        events.append(event.updated(*change))
    record(tx, call.actor, events)
    return after


def delete(tx: Tx, call: Call, record_id: str, revision: int | None) -> None:
    """Delete a network, its segments and its RBAC policies."""
    before = records.lock(tx, Network, record_id, revision=revision)
    removed = claims.segments_of(tx, record_id)
    claims.remove_segments_of(tx, record_id)
    unshared = rbac_policy.remove_of(tx, before)
    records.remove(tx, before)
    allocation.release(tx, list(claims_of(removed)))
    record(tx, call.actor, [*unshared, *(event.deleted(one) for one in [*removed, before])])


def explain(tx: Tx, rule: Rule | None, drafts: Sequence[Draft[Network]]) -> SegmentaryError | None:
    """Return what a constraint that refused these networks' segments means, or None if its reason is gone."""
    entries = [(entry, draft.item) for draft in drafts for entry in _entries(draft)]
    return claim.explain(tx, rule, [(claim_of(entry), item) for entry, item in entries])


def _enforce_quotas(  # noqa: PLR0913, PLR0917, what was inserted, for whom, and what they may have
    tx: Tx,
    call: Call,
    networks: Mapping[str, Network],
    added: Sequence[Segment],
    items: Mapping[str, Item | None],
    limits: Mapping[str, quotas.Limits],
) -> None:
    """Refuse networks, and segments that came with them, beyond what their projects may have."""
    for project in sorted({one.project_id for one in networks.values()}):
        mine = {one.id for one in networks.values() if one.project_id == project}
        counted = {
            "network": [items[one] for one in networks if one in mine],
            "segment": [items[one.network_id] for one in added if one.network_id in mine],
        }
        quota.enforce(tx, call, project, limits.get(project, {}), counted)


def _insert(tx: Tx, networks: Sequence[Network]) -> dict[str, quotas.Limits]:
    """Insert networks and return the limits of their own that their projects have; of one network in one statement."""
    if len(networks) == 1:
        return {networks[0].project_id: quotas.insert_network(tx, records.stored(networks[0]))}
    records.insert_records(tx, networks)
    return quotas.own_limits(tx, sorted({one.project_id for one in networks}))


def _network(tx: Tx, call: Call, draft: Draft[Network]) -> Network:
    """Return the network of a draft, before its segments are known."""
    return finish(
        tx,
        Network,
        draft,
        project_id=draft.value("project_id") or call.actor.project_id,
        mtu=draft.value("mtu") or 0,
        mtu_requested=bool(draft.value("mtu")),
    )


def _plans(tx: Tx, call: Call, network: Network, draft: Draft[Network]) -> list[Planned]:
    """Return the segments a network is to have; without any description, one of the types projects get."""
    entries = _entries(draft)
    use_reserved = draft.value("use_reserved")
    if entries:
        segments = [
            finish(tx, Segment, Draft(describe(Segment), entry), network_id=network.id, segment_index=index)
            for index, entry in enumerate(entries)
        ]
        return [planned(one, network.project_id, use_reserved=use_reserved, item=draft.item) for one in segments]
    types = call.project_network_types
    given = {"network_type": types[0]}
    segment = finish(tx, Segment, Draft(describe(Segment), given), network_id=network.id, segment_index=0)
    wants = tuple(Want(network.project_id, one, None) for one in types)
    return [Planned(segment=segment, wants=wants, item=draft.item)]


def _entries(draft: Draft[Network]) -> list[dict[str, object]]:
    """Return the values of the segments a request describes, as checked attributes of segments."""
    provider = {PROVIDER[name]: value for name, value in draft.given.items() if name in PROVIDER}
    if "segments" not in draft.given:
        return [_checked(provider, "")] if provider else []
    if provider:
        raise SegmentsSetInConjunctionWithProviders
    entries = [
        _checked({name: value for name, value in entry.items() if value != 0}, f" of entry {place} of segments")
        for place, entry in enumerate(draft.given["segments"])
    ]
    for place, entry in enumerate(entries):
        if not claim_of(entry).is_open and entry in entries[:place]:
            raise SegmentsContainDuplicateEntry(first=entries.index(entry), second=place)
    return entries


def _checked(values: dict[str, object], where: str) -> dict[str, object]:
    if "network_type" not in values:
        raise RuleBroken(
            rule=NETWORK_PROVIDER_TYPE.name,
            attribute=NETWORK_PROVIDER_TYPE.attribute,
            value=None,
            reason=f"provider:network_type{where} required beside the other provider:* attributes",
        )
    refuse(_broken_provider_rules(values, where))
    return values


def _chosen_physical_networks(
    tx: Tx, segments: Sequence[Segment], known: Mapping[str, PhysicalNetwork]
) -> dict[str, PhysicalNetwork]:
    chosen = [one for one in claims_of(segments) if one.physical_network not in known]
    return known_physical_networks(tx, [(one, None) for one in chosen])


def _fitted(
    call: Call, network: Network, of_network: Sequence[Segment], underlays: Mapping[str, PhysicalNetwork]
) -> Network:
    """Return the network with the MTU that its segments carry; refuse one asked for that they do not."""
    largest = segments.mtu_of(call, of_network, underlays)
    if network.mtu_requested:
        if largest is not None and network.mtu > largest:
            raise segments.mtu_too_large(network.mtu, largest)
        return replace(network, next_segment_index=len(of_network))
    return replace(network, mtu=largest or call.settings.global_physnet_mtu, next_segment_index=len(of_network))


def _correct(
    tx: Tx, call: Call, created: dict[str, Network], segment: Segment, underlays: dict[str, PhysicalNetwork]
) -> None:
    """Store the MTU again where the claim that was inserted carries another than the candidate tried first."""
    underlays.update(_chosen_physical_networks(tx, [segment], underlays))
    inserted = created[segment.network_id]
    network = _shown_with(_fitted(call, inserted, [segment], underlays), [segment])
    if network.mtu != inserted.mtu:
        records.overwrite(tx, network)
    created[segment.network_id] = network


def _broken_provider_rules(given: Mapping[str, object], where: str = "") -> list[InvalidInput]:
    """Return the broken rules of a segment, under the names its attributes have on a network."""
    resource = describe(Segment)
    return [
        RuleBroken(
            **{
                **problem.data,
                "attribute": _WIRE[str(problem.data["attribute"])],
                "reason": f"provider:{problem.data['reason']}{where}",
            }
        )
        for problem in broken_rules(due_rules(resource, given), given)
    ]


def _shown_with(network: Network, of_network: Sequence[Segment]) -> Network:
    """Return a network as it is shown with these segments."""
    resource = describe(Network)
    assert resource.parts is not None  # noqa: S101, declared so
    rows = [tuple(getattr(one, name) for name in resource.parts.columns) for one in of_network]
    derived: dict[str, Any] = dict(resource.parts.derive({}, rows))
    return replace(network, **derived)


def _change_segment(
    tx: Tx, network: Network, asked: Mapping[str, Any], *, use_reserved: bool
) -> tuple[Segment, Segment] | None:
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
    wanted = claim_of(after_values)
    if not use_reserved:
        allocation.require_not_reserved(tx, [(wanted, None)])
    held = claim.held_by_another(tx, wanted)
    if held is not None:
        raise held
    after = records.change(tx, before, {"segmentation_id": asked["segmentation_id"]})
    allocation.release(tx, list(claims_of([before])))
    return before, after


def _require_same_segments(tx: Tx, network: Network, asked: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to change the segments of a network in place; sending the current ones is fine."""
    current = [
        {name: value for name, value in one._asdict().items() if value is not None}
        for one in claims_of(claims.segments_of(tx, network.id))
    ]
    if sorted(current, key=repr) != sorted(({**one} for one in asked), key=repr):
        raise RuleBroken(
            rule=NETWORK_SEGMENTS_UPDATE.name,
            attribute=NETWORK_SEGMENTS_UPDATE.attribute,
            value=None,
            reason=f"segments of network {network.id} are not changed here; add and delete them through /v2.0/segments",
        )


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
    underlays = known_physical_networks(tx, [(one, None) for one in claims_of(of_network)])
    largest = segments.mtu_of(call, of_network, underlays)
    if asked and largest is not None and asked > largest:
        raise segments.mtu_too_large(asked, largest, network.id)
    return {"mtu": asked or largest or call.settings.global_physnet_mtu, "mtu_requested": bool(asked)}
