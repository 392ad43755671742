"""`make bench`: measure segmentary beside the limit of this machine."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import segmentary
from bench import database, events, hosts, load, report
from bench.measure import Measurement, Result
from bench.served import Shape
from bench.workload import WORKLOADS, Workload
from tests.servers.found import KINDS
from tests.servers.server import NoServerError

# The name by which --work asks for the price of events.
EVENTS = "events"


def main() -> int:
    """Measure what the command line asks for."""
    asked = _options()
    chosen = [one for one in WORKLOADS if _is_chosen(one, asked)]
    price: events.Price | None = None
    with_events = EVENTS in asked.work if asked.work else not asked.short
    if not chosen and not with_events:
        sys.stderr.write(f"no workload has such a name; there are: {', '.join(dict.fromkeys([*_names(), EVENTS]))}\n")
        return 2
    results: list[Result] = []
    try:
        load.program("wrk", "wrk")
        with tempfile.TemporaryDirectory(prefix="segmentary-bench-") as folder:
            place = Path(folder)
            with database.made(asked.database, place) as filled:
                shape = Shape(asked.workers or (1 if asked.database == "sqlite" else 2), asked.threads)
                about = _about(asked, filled, shape)
                sys.stdout.write("".join(f"{name}: {value}\n" for name, value in about.items()) + "\n")
                measurement = Measurement(filled, shape, place, asked.seconds, asked.rounds)
                for stored in sorted(asked.stored):
                    filled.fill(stored)
                    if any(one.hosts for one in chosen):
                        hosts.fill(filled, hosts=stored // 10, physical_networks=100, segments=stored)
                    for one in chosen:
                        results.append(measurement.of(one))
                        sys.stdout.write(f"{one.name}, {one.clients} clients, {stored:,}: {results[-1].ratio:.2f}\n")
                        sys.stdout.flush()
                if with_events:
                    price = events.measure(filled, shape, place, asked.seconds, asked.rounds)
                    about[EVENTS] = asdict(price)
                report.write(asked.json, about, results)
    except (load.MissingProgramError, NoServerError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if results:
        sys.stdout.write(f"\n{report.table(results)}\n{report.remarks(results)}")
    if price is not None:
        events.write(price)
    return 0


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
