"""Any sequence of requests, good and bad, leaves what the model says: the rows, their revisions and the events."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from segmentary.errors import InvalidInput, NetworkNotFound
from tests.stateful.library import LibraryMachine
from tests.stateful.model import LARGEST_ID, MTU, ON_PHYSICAL_NETWORKS, Claim, Model, PhysicalNetwork

MISSING = "6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"
NAMES = st.sampled_from(["p", "q", "P", "p ", "ä" * 64, "", "x" * 65, "a\0b"])
# Few numbers, so that they meet; the limits of every type, and the numbers beyond them.
NUMBERS = st.sampled_from([None, 1, 2, 0, -1, *(limit + step for limit in LARGEST_ID.values() for step in (0, 1))])
AT_LIMITS: list[Claim] = [
    (one, "p" if one in ON_PHYSICAL_NETWORKS else None, number)
    for one, limit in LARGEST_ID.items()
    for number in (0, 1, limit, limit + 1)
]
CLAIMS: st.SearchStrategy[Claim] = st.one_of(
    st.sampled_from(AT_LIMITS),
    st.tuples(st.sampled_from(sorted(LARGEST_ID)), st.none(), st.sampled_from([1, 2])),
    st.tuples(st.just("vlan"), st.sampled_from(["p", "q"]), st.sampled_from([1, 2, 4094])),
    st.tuples(st.just("flat"), st.sampled_from(["p", "q"]), st.none()),
    st.tuples(st.sampled_from([*MTU, "vlam"]), st.sampled_from([None, "p", "q", "nowhere", ""]), NUMBERS),
)


class Machine(LibraryMachine):
    """Requests to the library on one database, beside the model."""

    networks = Bundle("networks")
    segments = Bundle("segments")
    physical_networks = Bundle("physical_networks")

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.model = Model()

    @initialize(target=physical_networks)
    def begin_with_a_physical_network(self) -> Any:  # noqa: ANN401, ids
        return self.create_physical_network(name="p")

    @rule(target=physical_networks, name=NAMES)
    def create_physical_network(self, name: str) -> Any:  # noqa: ANN401, ids
        made = self.ask(self.model.refusal_of_name(name), partial(self.app.physical_networks.create, name=name))
        if made is None:
            return multiple()
        self.model.physical_networks[made.id] = PhysicalNetwork(name)
        self.model.events.append("physical_network.created")
        return made.id

    @rule(one=physical_networks, name=NAMES)
    def rename_physical_network(self, one: str, name: str) -> None:
        stored = self.model.physical_networks.get(one)
        refusal = self.model.refusal_of_name(name, one)
        if stored is None or stored.name != name:
            leaving = self.model.refusal_of_leaving(one)
            refusal = refusal if refusal is InvalidInput else leaving or refusal
        renamed = self.ask(refusal, partial(self.app.physical_networks.update, one, name=name))
        if renamed and stored and stored.name != name:  # the same name again is no change
            stored.name, stored.revision = name, stored.revision + 1
            self.model.events.append("physical_network.updated")

    @rule(one=physical_networks)
    def delete_physical_network(self, one: str) -> None:
        if self.ask(self.model.refusal_of_leaving(one), partial(self.app.physical_networks.delete, one)):
            del self.model.physical_networks[one]
            self.model.events.append("physical_network.deleted")

    @rule(target=networks, name=st.sampled_from(["", "blue", "blau 😀"]), claim=st.none() | CLAIMS)
    def create_network(self, name: str, claim: Claim | None) -> Any:  # noqa: ANN401, ids
        described = claim or ("local", None, None)
        values = values_of(described, "provider_") if claim else {}
        made = self.ask(self.model.refusal_of_claim(described), partial(self.app.networks.create, name=name, **values))
        if made is None:
            return multiple()
        self.model.add_network(made.id, name, self.app.segments.list(network_id=made.id)[0].id, described)
        return made.id

    @rule(one=networks, number=NUMBERS.filter(bool))
    def renumber_network(self, one: str, number: int) -> None:
        refusal = self.model.refusal_of_renumbering(one, number)
        if not self.ask(refusal, partial(self.app.networks.update, one, provider_segmentation_id=number)):
            return
        (segment,) = (each for each in self.model.segments.values() if each.network_id == one)
        if segment.claim[2] != number:
            self.model.networks[one].revision += 1
            self.model.events.append("network.updated")
            segment.claim, segment.revision = (*segment.claim[:2], number), segment.revision + 1
            self.model.events.append("segment.updated")

    @rule(one=networks)
    def delete_network(self, one: str) -> None:
        refusal = None if one in self.model.networks else NetworkNotFound
        if self.ask(refusal, partial(self.app.networks.delete, one)):
            self.model.remove_network(one)

    @rule(target=segments, network=networks | st.just(MISSING), claim=CLAIMS)
    def create_segment(self, network: str, claim: Claim) -> Any:  # noqa: ANN401, ids
        refusal = self.model.refusal_of_segment(network, claim)
        made = self.ask(refusal, partial(self.app.segments.create, network_id=network, **values_of(claim)))
        if made is None:
            return multiple()
        self.model.add_segment(made.id, network, claim)
        return made.id

    @rule(one=segments, name=st.sampled_from([None, "", "red"]), revision=st.none() | st.integers(0, 2))
    def rename_segment(self, one: str, name: str | None, revision: int | None) -> None:
        refusal = self.model.refusal_of_revision(one, revision)
        renamed = self.ask(refusal, partial(self.app.segments.update, one, name=name, if_revision=revision))
        if renamed and self.model.segments[one].name != name:
            self.model.segments[one].name = name
            self.model.segments[one].revision += 1
            self.model.events.append("segment.updated")

    @rule(one=segments, revision=st.none() | st.integers(0, 1))
    def delete_segment(self, one: str, revision: int | None) -> None:
        refusal = self.model.refusal_of_revision(one, revision)
        if self.ask(refusal, partial(self.app.segments.delete, one, if_revision=revision)):
            del self.model.segments[one]
            self.model.events.append("segment.deleted")

    @invariant()
    def stored_rows_are_those_of_the_model(self) -> None:
        assert self.rows("SELECT id, name, mtu, next_segment_index, revision_number FROM networks") == by_id(
            (key, one.name, one.mtu, one.next_index, one.revision) for key, one in self.model.networks.items()
        )
        columns = (
            "id, network_id, network_type, physical_network, segmentation_id, segment_index, name, revision_number"
        )
        assert self.rows(f"SELECT {columns} FROM segments") == by_id(
            (key, one.network_id, *one.claim, one.index, one.name, one.revision)
            for key, one in self.model.segments.items()
        )
        assert self.rows("SELECT id, name, revision_number FROM physical_networks") == by_id(
            (key, one.name, one.revision) for key, one in self.model.physical_networks.items()
        )

    @invariant()
    def events_are_those_of_the_model(self) -> None:
        assert [row[0] for row in self.query("SELECT type FROM events ORDER BY id")] == self.model.events

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows in order of their ids, with ids as text."""
        found = [tuple(str(one) if isinstance(one, UUID) else one for one in row) for row in self.query(statement)]
        return by_id(found)


def by_id(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: str(row[0]))


def values_of(claim: Claim, prefix: str = "") -> dict[str, Any]:
    names = ("network_type", "physical_network", "segmentation_id")
    return {f"{prefix}{name}": value for name, value in zip(names, claim, strict=True) if value is not None}


EXAMPLES = {"sqlite": 100, "postgresql": 15, "mariadb": 15}


def test_any_sequence_of_requests_leaves_what_the_model_says(database_kind: str, database_url: str) -> None:
    settings = hypothesis.settings(max_examples=EXAMPLES[database_kind], stateful_step_count=30)
    run_state_machine_as_test(lambda: Machine(database_url), settings=settings)  # type: ignore[arg-type]  # any factory will do, its documentation says
