"""The table and the JSON file."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.measure import Result, Side
from bench.workload import Against

_HEADINGS = (
    "work",
    "clients",
    "against",
    "limit/s",
    "segmentary/s",
    "ratio",
    "wanted",
    "stored",
    "cost",
    "p50 ms",
    "(limit)",
    "p99 ms",
    "(limit)",
    "errors",
    "server us",
    "database us",
    "(limit)",
    "MiB",
)

_HEADINGS_OF_NEUTRON = (
    "work",
    "clients",
    "Neutron/s",
    "segmentary/s",
    "factor",
    "p50 ms",
    "(Neutron)",
    "p99 ms",
    "(Neutron)",
    "errors",
    "server us",
    "(Neutron)",
    "database us",
    "(Neutron)",
    "factor",
    "MiB",
    "(Neutron)",
)


def line(result: Result, first: Result) -> list[str]:
    """Return the cells of a result, whose cost is compared with that of the first with this work."""
    work, low, ours = result.workload, result.limit, result.segmentary
    return [
        work.name,
        str(work.clients),
        work.against.value,
        _number(low.rate * work.records),
        _number(ours.rate * work.records),
        f"{result.ratio:.2f}",
        f"{work.target:.2f}" if work.target else "",
        f"{result.stored:,}",
        f"{first.segmentary.rate / ours.rate:.2f}" if result is not first and ours.rate else "",
        _number(ours.p50),
        _number(low.p50),
        _number(ours.p99),
        _number(low.p99),
        str(ours.errors + low.errors),
        _number(ours.server_microseconds),
        _number(ours.database_microseconds),
        _number(low.database_microseconds),
        _number(ours.memory),
    ]


def line_of_neutron(result: Result) -> list[str]:
    """Return the cells of a result beside a Neutron: the second factor is that of the processor time."""
    work, theirs, ours = result.workload, result.limit, result.segmentary
    cells = [theirs.rate * work.records, ours.rate * work.records, result.ratio]
    for name in ("p50", "p99"):
        cells += [getattr(ours, name), getattr(theirs, name)]
    costs = [(side.server_microseconds, side.database_microseconds) for side in (ours, theirs)]
    of_costs = [
        *(one for pair in zip(*costs, strict=True) for one in pair),
        sum(costs[1]) / (sum(costs[0]) or math.nan),
    ]
    told = [*map(_number, cells), str(ours.errors + theirs.errors), *map(_number, of_costs)]
    return [work.name, str(work.clients), *told, _number(ours.memory), _number(theirs.memory)]


def tables(results: Sequence[Result]) -> str:
    """Return the results as a table, those beside a Neutron as one of their own."""
    beside = [one for one in results if one.workload.against is Against.NEUTRON]
    others = [one for one in results if one.workload.against is not Against.NEUTRON]
    firsts = {one.workload: one for one in reversed(others)}
    made = []
    if others:
        made.append(_table([list(_HEADINGS), *(line(one, firsts[one.workload]) for one in others)], {0, 2}))
    if beside:
        made.append(_table([list(_HEADINGS_OF_NEUTRON), *map(line_of_neutron, beside)], {0}))
    return "\n\n".join(made)


def _table(rows: Sequence[Sequence[str]], left: set[int]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def remarks(results: Sequence[Result]) -> str:
    """Return what is to be told of ranges that were drained, and of memory."""
    told = []
    for one in results:
        if one.workload.drains:
            told.append(f"the last hundredth at {one.segmentary.last_hundredth:.2f} of the rate of the first")
        elif one.workload.against is Against.FIRST:
            told.append(f"{one.limit.memory:.1f} MiB after the first, {one.segmentary.memory:.1f} MiB at the end")
        else:
            continue
        told[-1] = f"{one.workload.name}: {told[-1]}\n"
    return "".join(told)


def write(file: Path, about: Mapping[str, object], results: Sequence[Result]) -> None:
    """Write the results as JSON."""
    document = {
        **about,
        "results": [
            {
                "work": one.workload.name,
                "clients": one.workload.clients,
                "against": one.workload.against.value,
                "records_per_request": one.workload.records,
                "ratio": _rounded(one.ratio),
                "wanted": one.workload.target,
                "stored": one.stored,
                "limit": _figures(one.limit),
                "segmentary": _figures(one.segmentary),
            }
            for one in results
        ],
    }
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _figures(side: Side) -> dict[str, float | None]:
    return {name: _rounded(value) for name, value in asdict(side).items()}


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def _number(value: float) -> str:
    """Three figures at least, no more than are meant."""
    if math.isnan(value) or not value:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004
