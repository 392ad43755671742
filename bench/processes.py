"""Processor time and memory of processes, from /proc."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.05


def tree(root: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [root]
    for one in found:
        for task in PROC.glob(f"{one}/task/*/children"):
            found += [int(child) for child in _read(task).split()]
    return found


def seconds(place: Path) -> float:
    """Return the processor time of the process or thread at this place in /proc; 0 if it has ended."""
    fields = _read(place / "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def resident_mebibytes(processes: Iterable[int]) -> float:
    """Return the memory of the largest of the processes."""
    return max((_resident_kibibytes(one) for one in processes), default=0) / 1024


def postgresql_backends(database: str) -> list[Path]:
    """Return the processes that serve a database, which stands in their title."""
    return [path.parent for path in PROC.glob("[0-9]*/cmdline") if f" {database} " in _read(path)]


class Meter:
    """Processor seconds used by a changing set of processes or threads while it was watched."""

    def __init__(self) -> None:
        self._first: dict[Path, float] = {}
        self._last: dict[Path, float] = {}

    @property
    def used(self) -> float:
        """The seconds used so far."""
        return sum(last - self._first.get(place, 0.0) for place, last in self._last.items())

    @contextmanager
    def watching(self, find: Callable[[], Iterable[Path]]) -> Iterator[None]:
        """Watch what `find` finds, again and again: processes come, and go with their times unread."""
        self._first = {place: seconds(place) for place in find()}
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(find, done))
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self._note(find)

    def _watch(self, find: Callable[[], Iterable[Path]], done: threading.Event) -> None:
        while not done.wait(SAMPLE_SECONDS):
            self._note(find)

    def _note(self, find: Callable[[], Iterable[Path]]) -> None:
        for place in find():
            now = seconds(place)
            # A server lends its threads to one connection after the other; a process that is new began with 0.
            self._first.setdefault(place, now if place.parent.name == "task" else 0.0)
            self._last[place] = max(now, self._last.get(place, 0.0))


def _resident_kibibytes(process: int) -> int:
    for line in _read(PROC / str(process) / "status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").replace("\0", " ")
    except OSError:  # it has ended meanwhile
        return ""
