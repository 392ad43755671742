"""Until when the request that this thread works on has to be answered: whoever waits asks how long it may.

A thread that works on no request, in a command or for the library, has no deadline.
"""

import time
from contextvars import ContextVar
from math import inf

from segmentary.errors import TryAgain

# When it has to be done, a time of `time.monotonic`, and how many seconds it had.
_DEADLINE: ContextVar[tuple[float, float]] = ContextVar("deadline", default=(inf, inf))


def begin(seconds: float) -> None:
    """Begin a request that may take so long."""
    _DEADLINE.set((time.monotonic() + seconds, seconds))


def renew() -> None:
    """Begin to count anew: what was waited for meanwhile was asked for."""
    begin(_DEADLINE.get()[1])


def moment() -> float:
    """Return the deadline."""
    return _DEADLINE.get()[0]


def left(most: float) -> float:
    """Return for how many seconds something may be waited for, `most` at most; raise `TryAgain` if no time is left."""
    until, seconds = _DEADLINE.get()
    remaining = until - time.monotonic()
    if remaining <= 0:
        raise TryAgain(reason=f"the request was not done within the {seconds:g} seconds that it may take")
    return min(most, remaining)
