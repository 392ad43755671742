"""The MTU of a network: what its segments carry, or what was asked for if they carry it (decision 9)."""

import pytest

from segmentary import Application
from segmentary.errors import RuleBroken


def vxlan(app: Application, network_id: str) -> str:
    return app.segments.create(network_id=network_id, network_type="vxlan", segmentation_id=7).id


def mtu(app: Application, network_id: str) -> int:
    return app.networks.show(network_id).mtu


def test_mtu_is_lowered_to_what_a_new_segment_carries_and_told_of(app: Application) -> None:
    network = app.networks.create(name="blue", provider_network_type="geneve", provider_segmentation_id=1)
    local = app.networks.create(name="local")
    assert (network.mtu, local.mtu) == (1450, 1500)

    vxlan(app, local.id)

    after = app.networks.show(local.id)
    assert (after.mtu, after.revision_number) == (1450, local.revision_number + 1)


def test_mtu_that_was_asked_for_keeps_narrower_segments_out(app: Application) -> None:
    network = app.networks.create(name="blue", mtu=1500)

    with pytest.raises(
        RuleBroken, match=f"mtu 1500 of network {network.id} is more than its segments carry, at most 1450"
    ):
        vxlan(app, network.id)

    assert app.segments.list(network_type="vxlan") == []
    assert mtu(app, network.id) == 1500


def test_mtu_larger_than_the_segments_carry_is_refused_on_create_and_update(app: Application) -> None:
    with pytest.raises(RuleBroken, match="mtu 1451 is more than its segments carry, at most 1450"):
        app.networks.create(name="blue", mtu=1451, provider_network_type="vxlan", provider_segmentation_id=7)
    assert app.networks.list() == []

    network = app.networks.create(name="blue", mtu=1400, provider_network_type="vxlan", provider_segmentation_id=7)
    with pytest.raises(RuleBroken, match=f"mtu 1451 of network {network.id} is more"):
        app.networks.update(network.id, mtu=1451)
    assert mtu(app, network.id) == 1400
    assert app.networks.update(network.id, mtu=1450).mtu == 1450


def test_mtu_of_zero_gives_it_back_to_the_segments(app: Application) -> None:
    network = app.networks.create(name="blue", mtu=1300)
    assert app.networks.update(network.id, mtu=0).mtu == 1500

    segment_id = vxlan(app, network.id)
    app.segments.delete(segment_id)

    # It does not grow by itself: hosts may have been told the smaller one.
    assert mtu(app, network.id) == 1450
    assert app.networks.update(network.id, mtu=0).mtu == 1500


def test_physical_network_sets_the_limit_of_its_segments(app: Application) -> None:
    app.physical_networks.create(name="narrow", mtu=1400)
    flat = app.networks.create(name="blue", provider_network_type="flat", provider_physical_network="narrow")
    assert flat.mtu == 1400
    with pytest.raises(RuleBroken, match="mtu 1401 is more than its segments carry, at most 1400"):
        app.networks.create(
            name="red",
            mtu=1401,
            provider_network_type="vlan",
            provider_physical_network="narrow",
            provider_segmentation_id=5,
        )
