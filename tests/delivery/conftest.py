"""The fixture `relaying`: the application with its relay at work."""

import pytest

import segmentary


@pytest.fixture
def relaying(app: segmentary.Application) -> segmentary.Application:
    app.relay.start()
    return app
