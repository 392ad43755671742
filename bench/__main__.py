"""`make bench`: measure segmentary beside the limit of this machine."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from pathlib import Path

import segmentary
from bench import database, events, hosts, load, neutron, report, served
from bench.measure import Measurement, Result
from bench.served import Shape
from bench.workload import WORKLOADS, Against, Workload
from tests.servers.found import KINDS
from tests.servers.server import NoServerError

# The name by which --work asks for the price of events.
EVENTS = "events"


def main() -> int:
    """Measure what the command line asks for."""
    asked = _options()
    chosen = [one for one in WORKLOADS if _is_chosen(one, asked)]
    with_events = EVENTS in asked.work if asked.work else not asked.short
    if not chosen and not with_events:
        sys.stderr.write(f"no workload has such a name; there are: {', '.join(dict.fromkeys([*_names(), EVENTS]))}\n")
        return 2
    try:
        load.program("wrk", "wrk")
        with tempfile.TemporaryDirectory(prefix="segmentary-bench-") as folder:
            _measure(asked, chosen, Path(folder), with_events=with_events)
    except (load.MissingProgramError, NoServerError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _measure(asked: argparse.Namespace, chosen: Sequence[Workload], place: Path, *, with_events: bool) -> None:
    """Measure, and write the figures for people and for programs."""
    shape = Shape(asked.workers or (1 if asked.database == "sqlite" else 2), asked.threads)
    beside_neutron = [one for one in chosen if one.against is Against.NEUTRON]
    results: list[Result] = []
    price: events.Price | None = None
    with database.made(asked.database, place) as filled, ExitStack() as stack:
        about = _about(asked, filled, shape)
        sys.stdout.write("".join(f"{name}: {value}\n" for name, value in about.items()) + "\n")
        shared = served.segmentary(filled.url, shape, place) if asked.short else nullcontext()
        server = stack.enter_context(shared)
        measurement = Measurement(filled, shape, place, asked.seconds, asked.rounds, server=server)
        for stored in sorted(asked.stored):
            filled.fill(stored)
            if any(one.hosts for one in chosen):
                hosts.fill(filled, hosts=stored // 10, physical_networks=100, segments=stored)
            results += [_told(measurement.of(one)) for one in chosen if one.against is not Against.NEUTRON]
        if with_events:
            price = events.measure(filled, shape, place, asked.seconds, asked.rounds)
            about[EVENTS] = asdict(price)
    if beside_neutron:
        with neutron.running(asked.database, shape, place, asked.seconds, asked.rounds) as comparison:
            results += [_told(comparison.of(one)) for one in beside_neutron]
    report.write(asked.json, about, results)
    if results:
        sys.stdout.write(f"\n{report.tables(results)}\n{report.remarks(results)}")
    if price is not None:
        events.write(price)


def _told(result: Result) -> Result:
    """Say how far the measuring is."""
    work = result.workload
    sys.stdout.write(f"{work.name}, {work.clients} clients, {result.stored:,}: {result.ratio:.2f}\n")
    sys.stdout.flush()
    return result


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--database", choices=KINDS, default="postgresql")
    parser.add_argument("--work", action="append", help="measure only workloads whose name has this in it; repeatable")
    parser.add_argument(
        "--stored",
        type=int,
        nargs="+",
        default=[1_000],
        help="segments stored before measuring; several: measured with each, the costs compared with the first",
    )
    parser.add_argument("--seconds", type=int, default=5, help="length of one run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side")
    parser.add_argument("--workers", type=int, default=0, help="server processes; 2, or 1 with SQLite")
    parser.add_argument("--threads", type=int, default=8, help="threads of each process")
    parser.add_argument("--json", type=Path, default=Path("bench-results.json"), help="where to write the figures")
    parser.add_argument("--short", action="store_true", help="a few workloads, in less than a minute")
    asked = parser.parse_args()
    if asked.short:
        asked.seconds, asked.rounds = 1, 2
    return asked


def _is_chosen(one: Workload, asked: argparse.Namespace) -> bool:
    if one.against is Against.NEUTRON:
        return any("neutron" in part and part in f"{one.name} {one.clients}" for part in asked.work or ())
    if one.hosts and not asked.work:
        return False
    if asked.work:
        return any(part in f"{one.name} {one.clients}" for part in asked.work)
    return one.short or not asked.short


def _names() -> list[str]:
    return [one.name for one in WORKLOADS]


def _about(asked: argparse.Namespace, filled: database.Database, shape: Shape) -> dict[str, object]:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)  # noqa: S607, whichever git
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S"),
        "segmentary": f"{segmentary.__version__} {commit.stdout.strip()}",
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before",
        "database": f"{filled.version()}, {filled.origin}; {filled.durability()}",
        "stored": f"{', '.join(f'{one:,}' for one in sorted(asked.stored))} segments",
        "server": f"{shape.workers} processes of {shape.threads} threads",
        "runs": f"{asked.rounds} of {asked.seconds} s for each side",
    }


if __name__ == "__main__":
    sys.exit(main())
