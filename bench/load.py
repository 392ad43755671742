"""wrk, and what it found."""

import json
import math
import resource
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from bench.statements import Amounts

SCRIPT = Path(__file__).parent / "wrk.lua"
TIMEOUT_SECONDS = 30


class MissingProgramError(Exception):
    """A program that the benchmark needs is not installed."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a run did; latencies in milliseconds, processor time in seconds."""

    seconds: float
    requests: int
    p50: float
    p99: float
    errors: int
    generator: float = 0.0
    allocated: int = 0
    exhausted: int = 0
    marks: tuple[float, ...] = ()
    last_hundredth: float = math.nan

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def program(name: str, package: str) -> str:
    """Return the path of a program."""
    found = shutil.which(name)
    if found is None:
        raise MissingProgramError(f"{name} is not installed; on Debian: apt-get install {package}")
    return found


def run(url: str, request: str, clients: int, seconds: int, amounts: Amounts) -> Figures:
    """Send requests of one kind for a while, over as many connections as there are clients."""
    before = _of_children()
    done = subprocess.run(
        [
            program("wrk", "wrk"),
            "--threads=1",
            f"--connections={clients}",
            f"--duration={seconds}s",
            f"--timeout={TIMEOUT_SECONDS}s",
            f"--script={SCRIPT}",
            url,
            "--",
            request,
            *map(str, (amounts.first, amounts.networks, amounts.stored, amounts.limit, amounts.hosts, amounts.scope)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return Figures(**json.loads(done.stdout.splitlines()[-1]), generator=_of_children() - before)


def of_drain(figures: Figures) -> Figures:
    """Return the figures of the time until a range was drained; that it was is no error."""
    if not figures.exhausted:
        return replace(figures, errors=figures.errors + 1)
    began, first, last, ended = figures.marks
    return replace(
        figures,
        seconds=ended - began,
        requests=figures.allocated,
        errors=max(0, figures.errors - figures.exhausted),
        last_hundredth=(first - began) / (ended - last),
    )


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
