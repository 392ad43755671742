"""No write path reaches a table without the rules: without constraints the program alone refuses what is wrong."""

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest

import segmentary
from segmentary.catalog import RESOURCES
from segmentary.errors import SegmentaryError
from segmentary.rules.attribute import Attribute
from segmentary.settings import load
from tests.audit.bare import Bare
from tests.rules.rows import related_values, values_around_limits

pytestmark = pytest.mark.databases("sqlite")
# What a create request of each resource needs beside the value that is tried.
FITTING: dict[str, dict[str, Any]] = {
    "physical_network": {"name": "other"},
    "network": {},
    "segment": {"network_type": "gre"},
    "network_segment_range": {"network_type": "gre", "minimum": 7, "maximum": 8},
}
COLLECTIONS = {"network_segment_range": "segment_ranges"}
ROW_RULES = {rule.name for resource in RESOURCES for rule in resource.row_rules}


@pytest.fixture
def app(database_kind: str, empty_database_url: str) -> Iterator[segmentary.Application]:
    """Give the library on tables that have no constraint but their keys."""
    with (
        closing(Bare(database_kind, empty_database_url, unique=True)) as bare,
        segmentary.Application(load({"database": empty_database_url}, environment={})) as opened,
    ):
        bare.insert("physical_networks", name="p")
        yield opened


def values_to_try(one: Attribute) -> list[object]:
    try:
        return [value for value in values_around_limits(one.kind) if value is not None]
    except TypeError:
        return [[], ["x" * 300], "text", [1]]


def test_what_breaks_a_rule_is_refused_by_the_program_alone(app: segmentary.Application) -> None:
    network = app.networks.create(name="n", provider_network_type="gre", provider_segmentation_id=1)
    tried = 0
    for name, fitting in FITTING.items():
        collection = getattr(app, COLLECTIONS.get(name, f"{name}s"))
        resource = next(one for one in RESOURCES if one.name == name)
        parent = {"network_id": network.id} if name == "segment" else {}
        made = collection.create(**{**parent, **fitting, **({"segmentation_id": 2} if name == "segment" else {})})
        changes = [{one.name: value} for one in resource.attributes for value in values_to_try(one) if one.stored]
        related = [
            {key: value for key, value in each.items() if value is not None} for each in related_values(resource)
        ]
        for values in [*changes, *related[::7]]:
            tried += 1
            with suppress(SegmentaryError):
                collection.create(**{**parent, **fitting, **values})
            if all(resource.by_name[one].update for one in values):
                with suppress(SegmentaryError):
                    collection.update(made.id, **values)
    assert tried > 500
    found = {rule for (_, rule) in app.audit(0).totals}
    assert not found & ROW_RULES


def test_the_tables_of_this_proof_would_take_anything(database_kind: str, empty_database_url: str) -> None:
    with closing(Bare(database_kind, empty_database_url)) as bare:
        bare.insert("segments", segmentation_id=9999, network_type="vlan")
        bare.insert("networks", mtu=-1)
    with segmentary.Application(load({"database": empty_database_url}, environment={})) as opened:
        assert {rule for (_, rule) in opened.audit(0).totals} >= {"segment_vlan_id_range", "network_mtu_allowed"}
