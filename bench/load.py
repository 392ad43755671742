"""wrk, and what it found."""

import json
import resource
import shutil
import subprocess
from dataclasses import dataclass
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
            *map(str, (amounts.first, amounts.networks, amounts.stored, amounts.limit, amounts.hosts)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return Figures(**json.loads(done.stdout.splitlines()[-1]), generator=_of_children() - before)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
