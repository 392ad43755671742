"""What refers to a physical network keeps it from going, and is named."""

import pytest

import segmentary
from segmentary.errors import PhysicalNetworkInUse


def test_physical_network_in_use_by_a_range_stays_and_the_range_is_named(database_url: str) -> None:
    with segmentary.open(database_url) as app:
        rack = app.physical_networks.create(name="rack")
        of_rack = app.segment_ranges.create(network_type="vlan", physical_network="rack", minimum=1, maximum=2)
        in_use = rf"1 network_segment_range\(s\), {of_rack.id} the first of them"
        with pytest.raises(PhysicalNetworkInUse, match=f"rack cannot be deleted, it is in use by {in_use}"):
            app.physical_networks.delete(rack.id)
        with pytest.raises(PhysicalNetworkInUse, match=f"rack cannot be renamed, it is in use by {in_use}"):
            app.physical_networks.update(rack.id, name="other")
        app.segment_ranges.delete(of_rack.id)
        app.physical_networks.delete(rack.id)
        assert app.physical_networks.list() == []


def test_everything_that_refers_to_a_physical_network_is_counted(database_url: str) -> None:
    with segmentary.open(database_url) as app:
        rack = app.physical_networks.create(name="rack")
        app.segment_ranges.create(network_type="vlan", physical_network="rack", minimum=1, maximum=2)
        network = app.networks.create()
        segments = [
            app.segments.create(
                network_id=network.id, network_type="vlan", physical_network="rack", segmentation_id=number
            )
            for number in (1, 2)
        ]
        with pytest.raises(PhysicalNetworkInUse) as refused:
            app.physical_networks.delete(rack.id)
        first = min(one.id for one in segments)
        assert f"2 segment(s), {first} the first of them; 1 network_segment_range(s)" in refused.value.message
