"""How the server ends."""

from collections.abc import Callable

import pytest

from tests.servers.service import Service


@pytest.mark.databases("sqlite")
def test_workers_that_are_still_starting_are_stopped_too(start_server: Callable[..., Service]) -> None:
    service = start_server("--workers", "8")
    service.stop()  # at the first answer, when most of the workers are not ready yet
