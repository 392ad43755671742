"""Files of desired state <-> what is wanted.

    physical_networks:
    - name: rack1
    networks:
    - name: blue
      segments:
      - network_type: vlan
        physical_network: rack1
        segmentation_id: 100

YAML, of which JSON is a part. An attribute that is left out stays as it is; an entry is known by its id, else by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from segmentary.catalog import Network, PhysicalNetwork, Segment, SegmentRange
from segmentary.errors import InvalidInput, InvalidValue, Item, MalformedBody, UnrecognizedAttribute
from segmentary.rules.attribute import Attribute, Presence, Resource, describe
from segmentary.rules.draft import refuse, shown, shown_names
from segmentary.rules.kind import UnfitValueError, Uuid
from segmentary.rules.plan import Wanted

# Parents first. Segments stand in their networks.
KINDS: tuple[Resource, ...] = tuple(map(describe, (PhysicalNetwork, SegmentRange, Network, Segment)))
SEGMENTS, PARENT = describe(Segment), "network_id"
# Where a problem is one of the document and of no entry.
MOST_PROBLEMS = 20


def attributes(resource: Resource) -> tuple[Attribute, ...]:
    """Return the attributes that a file may say of a record."""
    return tuple(
        one for one in resource.stored if one.create is not Presence.REFUSED and one.name != PARENT and one.wire
    )


def document(records: Mapping[Resource, Sequence[Any]]) -> dict[str, list[dict[str, object]]]:
    """Return records as the document that wants them all."""
    made: dict[str, list[dict[str, object]]] = {}
    inside: dict[str, list[dict[str, object]]] = {}
    for one in records.get(SEGMENTS, ()):
        inside.setdefault(getattr(one, PARENT), []).append(entry(SEGMENTS, one))
    for resource in KINDS:
        if resource is not SEGMENTS:
            made[resource.collection] = [entry(resource, one) for one in records.get(resource, ())]
    for network in made[describe(Network).collection]:
        network[SEGMENTS.collection] = inside.get(str(network["id"]), [])
    return made


def entry(resource: Resource, record: object) -> dict[str, object]:
    """Return a record as an entry of a file."""
    names = attributes(resource)
    values = {str(one.wire): stored(record, one.name) for one in names}
    listed = {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
    return {"id": getattr(record, "id"), **values, **listed}  # noqa: B009, any record


def stored(record: object, name: str) -> object:
    """Return the value of an attribute as a file says it: an MTU that follows the segments is 0."""
    follows = name == "mtu" and getattr(record, "mtu_requested", True) is False
    return 0 if follows else getattr(record, name)


def load(text: str) -> list[Wanted]:
    """Return what a file wants, parents first; raise `InvalidInput` with what is wrong with it."""
    from segmentary.wire.yaml_text import parsed  # noqa: PLC0415, who asks for no file is not to wait for PyYAML

    found = parsed(text)
    known = [resource.collection for resource in KINDS if resource is not SEGMENTS]
    if not isinstance(found, dict):
        raise MalformedBody(reason=f"The file must have the keys {', '.join(known)}, it has {shown(found)}")
    unknown = [str(key) for key in found if key not in known]
    if unknown:
        raise UnrecognizedAttribute(attribute=shown_names(unknown), known=", ".join(known))
    problems: list[InvalidInput] = []
    wanted = [one for resource in KINDS for one in _entries(resource, found.get(resource.collection), problems)]
    refuse(problems[:MOST_PROBLEMS])
    return wanted


def _entries(resource: Resource, found: object, problems: list[InvalidInput]) -> Iterator[Wanted]:
    if found is None:
        return
    if not isinstance(found, list):
        problems.append(InvalidValue(attribute=resource.collection, value=found, reason="it must be a list of objects"))
        return
    for place, each in enumerate(found):
        item = Item(resource.collection, place)
        if not isinstance(each, dict):
            problems.append(_not_object(item, each))
            continue
        of_network = each.get(SEGMENTS.collection) if resource is describe(Network) else None
        rest = {key: value for key, value in each.items() if of_network is None or key != SEGMENTS.collection}
        one = _wanted(resource, rest, item, None, problems)
        yield one
        for number, segment in enumerate(of_network if isinstance(of_network, list) else []):
            inner = Item(f"{item}.{SEGMENTS.collection}", number)
            if isinstance(segment, dict):
                yield _wanted(SEGMENTS, segment, inner, one, problems)
            else:
                problems.append(_not_object(inner, segment))


def _not_object(item: Item, value: object) -> InvalidInput:
    return InvalidValue(attribute=str(item), value=value, reason=f"{shown(value)} is no object")


def _wanted(
    resource: Resource, values: Mapping[Any, object], item: Item, parent: Wanted | None, problems: list[InvalidInput]
) -> Wanted:
    known = {str(one.wire): one for one in attributes(resource)}
    unknown = [str(key) for key in values if key not in known and key != "id"]
    if unknown:
        _blame(UnrecognizedAttribute(attribute=shown_names(unknown), known=", ".join(["id", *known])), item, problems)
    accepted: dict[str, Any] = {}
    for wire, one in known.items():
        if wire in values:
            value = values[wire]
            is_none = value is None and (one.null or one.nullable)
            accepted[one.name] = None if is_none else _accept(wire, one.kind, value, item, problems)
    given_id = _accept("id", Uuid(), values["id"], item, problems) if "id" in values else None
    return Wanted(resource=resource, id=given_id, values=accepted, item=item, parent=parent)


def _accept(wire: str, kind: Any, value: object, item: Item, problems: list[InvalidInput]) -> Any:  # noqa: ANN401, a kind
    try:
        return kind.accept(value)
    except UnfitValueError as unfit:
        reason = f"{shown(value)} is not allowed, it must be {unfit}"
        _blame(InvalidValue(attribute=wire, value=value, reason=reason), item, problems)
        return None


def _blame(error: InvalidInput, item: Item, problems: list[InvalidInput]) -> None:
    error.blame(item)
    problems.append(error)
