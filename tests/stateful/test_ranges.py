"""Any sequence of changes of ranges and networks leaves what the model says, and every count equals a recount."""

from dataclasses import replace
from functools import partial
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, initialize, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run

import segmentary
from segmentary.errors import NetworkNotFound, NoNetworkAvailable
from segmentary.services import allocation
from tests.stateful.library import LibraryMachine
from tests.stateful.ranges import Network, Pool, Range, RangeModel

# Few numbers, in small ranges, so that they meet; some ranges are the wrong way round.
NUMBERS = st.integers(1, 16)
BOUNDS = st.tuples(NUMBERS, st.integers(-1, 3)).map(lambda drawn: (drawn[0], max(1, drawn[0] + drawn[1])))
POOLS = st.sampled_from([Pool("vlan", "p"), Pool("vlan", "q"), Pool("vxlan", None), Pool("vxlan", None)])
PROJECTS = st.sampled_from(["blue", "blue", "green"])
STATES = st.sampled_from(["active", "active", "active", "draining", "reserved"])
POLICIES = st.sampled_from(["random", "lowest", "least_recently_released"])
COOLDOWNS = st.sampled_from([0, 3600])
RANGES = st.builds(
    lambda bounds, **others: Range(minimum=bounds[0], maximum=bounds[1], **others),
    pool=POOLS,
    bounds=BOUNDS,
    project_id=st.none() | PROJECTS,
    state=STATES,
    allocation=POLICIES,
    cooldown=COOLDOWNS,
)
NAMES = ("network_type", "physical_network", "segmentation_id")
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "state": STATES,
        "allocation": POLICIES,
        "cooldown": COOLDOWNS,
    },
)


class Machine(LibraryMachine):
    """Requests to the library on one database, beside the model."""

    ranges = Bundle("ranges")
    networks = Bundle("networks")

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.model = RangeModel()

    @initialize(target=ranges, drawn=st.lists(RANGES, min_size=6, max_size=6))
    def begin_with_ranges(self, drawn: list[Range]) -> Any:  # noqa: ANN401, ids
        for name in ("p", "q"):
            self.app.physical_networks.create(name=name)
        made = [self.create(replace(one, state="active")) for one in drawn]
        return multiple(*[one for one in made if one])

    @rule(target=ranges, asked=RANGES)
    def create_range(self, asked: Range) -> Any:  # noqa: ANN401, ids
        made = self.create(asked)
        return made or multiple()

    def create(self, asked: Range) -> str | None:
        values = {**vars(asked), "shared": asked.project_id is None, **asked.pool._asdict()}
        values = {name: value for name, value in values.items() if value is not None and name != "pool"}
        made = self.ask(self.model.refusal_of_range(asked), partial(self.app.segment_ranges.create, **values))
        if made is None:
            return None
        self.model.ranges[made.id] = asked
        record_id: str = made.id
        return record_id

    @rule(one=ranges, changes=CHANGES)
    def update_range(self, one: str, changes: dict[str, Any]) -> None:
        before = self.model.ranges.get(one)
        asked = replace(before, **changes) if before else None
        if self.ask(self.model.refusal_of_change(one, asked), partial(self.app.segment_ranges.update, one, **changes)):
            assert asked
            self.model.ranges[one] = asked

    @rule(one=consumes(ranges) | ranges)
    def delete_range(self, one: str) -> None:
        if self.ask(self.model.refusal_of_change(one, None), partial(self.app.segment_ranges.delete, one)):
            del self.model.ranges[one]

    def want(self, like: str, *, anywhere: bool) -> tuple[str, str | None]:
        """Return the type and physical network of a range, or only the type."""
        pool = self.model.ranges[like].pool if like in self.model.ranges else Pool("vlan", "p")
        return pool.network_type, None if anywhere else pool.physical_network

    @rule(target=networks, like=ranges, anywhere=st.booleans(), project_id=PROJECTS)
    def create_network(self, like: str, project_id: str, *, anywhere: bool) -> Any:  # noqa: ANN401, ids
        want = self.want(like, anywhere=anywhere)
        offered = self.model.offered(*want, project_id)
        refusal = None if offered else NoNetworkAvailable
        made = self.ask(refusal, partial(self.app.networks.create, project_id=project_id, **provider(*want)))
        if made is None:
            return multiple()
        claim = claim_of(made)
        assert claim[0] == offered[0][0]
        assert claim[1] in offered[0][1]
        self.model.networks[made.id] = Network(project_id, [claim])
        return made.id

    @rule(target=networks, like=ranges, anywhere=st.booleans(), project_id=PROJECTS, number=st.integers(2, 6))
    def create_networks(self, like: str, project_id: str, number: int, *, anywhere: bool) -> Any:  # noqa: ANN401, ids
        """Of a bulk as many get the first IDs offered as there are of them."""
        want = self.want(like, anywhere=anywhere)
        offered = self.model.offered(*want, project_id)
        refusal = None if sum(len(ids) for _, ids in offered) >= number else NoNetworkAvailable
        items = [{"project_id": project_id, **provider(*want)}] * number
        made = self.ask(refusal, partial(self.app.networks.create_many, items))
        if made is None:
            return multiple()
        claims = [claim_of(one) for one in made]
        left = set(claims)
        for pool, ids in offered:
            those = {(pool, one) for one in ids}
            assert len(left & those) == min(len(left), len(those))
            left -= those
        assert not left
        for network, claim in zip(made, claims, strict=True):
            self.model.networks[network.id] = Network(project_id, [claim])
        return multiple(*[one.id for one in made])

    @rule(target=networks, pool=POOLS, number=NUMBERS, project_id=PROJECTS, use_reserved=st.booleans())
    def create_network_with_id(self, pool: Pool, number: int, project_id: str, *, use_reserved: bool) -> Any:  # noqa: ANN401, ids
        values = {**provider(*pool), "provider_segmentation_id": number, "use_reserved": use_reserved}
        refusal = self.model.refusal_of_claim(pool, number, use_reserved=use_reserved)
        made = self.ask(refusal, partial(self.app.networks.create, project_id=project_id, **values))
        if made is None:
            return multiple()
        self.model.networks[made.id] = Network(project_id, [(pool, number)])
        return made.id

    @rule(one=networks, like=ranges, anywhere=st.booleans())
    def add_segment(self, one: str, like: str, *, anywhere: bool) -> None:
        network, want = self.model.networks.get(one), self.want(like, anywhere=anywhere)
        offered = self.model.offered(*want, network.project_id) if network else []
        refusal = None if offered else NoNetworkAvailable if network else NetworkNotFound
        values = {name: value for name, value in zip(NAMES, want, strict=False) if value is not None}
        made = self.ask(refusal, partial(self.app.segments.create, network_id=one, **values))
        if made and network:
            pool, ids = offered[0]
            claim = (Pool(made.network_type, made.physical_network), made.segmentation_id)
            assert claim[0] == pool
            assert claim[1] in ids
            network.claims.append(claim)

    @rule(one=networks, number=NUMBERS)
    def renumber_network(self, one: str, number: int) -> None:
        refusal = self.model.refusal_of_renumbering(one, number)
        if not self.ask(refusal, partial(self.app.networks.update, one, provider_segmentation_id=number)):
            return
        network = self.model.networks[one]
        ((pool, current),) = network.claims
        if number != current:
            network.claims = [(pool, number)]
            self.model.release([(pool, current)])

    @rule(one=consumes(networks) | networks)
    def delete_network(self, one: str) -> None:
        refusal = None if one in self.model.networks else NetworkNotFound
        if self.ask(refusal, partial(self.app.networks.delete, one)):
            self.model.release(self.model.networks.pop(one).claims)

    @invariant()
    def stored_claims_are_those_of_the_model(self) -> None:
        rows = self.query("SELECT network_type, physical_network, segmentation_id FROM segments")
        held = sorted((claim for one in self.model.networks.values() for claim in one.claims), key=repr)
        assert sorted(((Pool(*row[:2]), row[2]) for row in rows), key=repr) == held

    @invariant()
    def counts_equal_a_recount(self) -> None:
        shown = {one.id: one for one in self.app.segment_ranges.list()}
        assert shown.keys() == self.model.ranges.keys()
        for record_id, one in shown.items():
            on = f"= '{one.physical_network}'" if one.physical_network else "IS NULL"
            recounted = self.query(
                f"SELECT segmentation_id, project_id FROM segments JOIN networks ON networks.id = network_id"
                f" WHERE network_type = '{one.network_type}' AND physical_network {on}"
                f" AND segmentation_id BETWEEN {one.minimum} AND {one.maximum}"
            )
            used = {row[0]: row[1] for row in recounted}
            size = one.maximum - one.minimum + 1
            assert (one.used_count, one.available_count) == (len(used), size - len(used))
            assert one.used == {str(number): project_id for number, project_id in used.items()}
            assert one.available == sorted(self.model.ranges[record_id].ids - used.keys())
            assert self.app.segment_ranges.show(record_id) == one

    @invariant()
    def ranges_of_a_kind_do_not_overlap(self) -> None:
        overlapping = """
            SELECT one.id FROM network_segment_ranges one JOIN network_segment_ranges other
            ON one.network_type = other.network_type AND one.id < other.id
            AND coalesce(one.physical_network, '') = coalesce(other.physical_network, '')
            AND one.minimum <= other.maximum AND one.maximum >= other.minimum
            AND (one.state = 'reserved') = (other.state = 'reserved')
        """
        assert not self.query(overlapping)


def provider(network_type: str, physical_network: str | None) -> dict[str, object]:
    named = {"provider_physical_network": physical_network} if physical_network else {}
    return {"provider_network_type": network_type, **named}


def claim_of(network: segmentary.Network) -> tuple[Pool, int]:
    network_type, name, number = (getattr(network, f"provider_{one}") for one in NAMES)
    return Pool(network_type, name), number


EXAMPLES = {"sqlite": 60, "postgresql": 6, "mariadb": 6}


def test_any_sequence_of_changes_leaves_what_the_model_says(
    database_kind: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is forgotten now and then would be forgotten by one of the two only.
    monkeypatch.setattr(allocation, "FORGET_EVERY", 2**31)
    settings = hypothesis.settings(max_examples=EXAMPLES[database_kind], stateful_step_count=40)
    run(lambda: Machine(database_url), settings=settings)  # type: ignore[arg-type]  # any factory will do, its documentation says
