"""Waiting for what other threads and processes do."""

import time
from collections.abc import Callable

import pytest

PATIENCE_SECONDS = 60


def wait_until(
    condition: Callable[[], object], told: Callable[[], object] = lambda: "", seconds: float = PATIENCE_SECONDS
) -> None:
    """Return once the condition holds; fail with what is told if it does not in a long time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"it did not come to that: {told()}")
        time.sleep(0.02)
