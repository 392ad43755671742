"""Numbers for monitoring in the text format of Prometheus, https://prometheus.io/docs/instrumenting/exposition_formats/.

All come from the database, so that every process of every server answers alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmentary.catalog.event_destination import FAILING

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number for each set of labels; `kind` is gauge or counter."""

    name: str
    kind: str
    meaning: str
    samples: Sequence[tuple[Labels, float]]


def text(metrics: Iterable[Metric]) -> bytes:
    """Return metrics as text."""
    return "".join(line for one in metrics for line in _lines(one)).encode()


def of_feed(oldest: int, latest: int, unnumbered: int) -> Iterator[Metric]:
    """Return what there is to say of the feed; its numbers are 0 if it is empty."""
    for name, meaning, value in (
        ("sequence", "The number of the latest event.", latest),
        ("oldest_sequence", "The number of the oldest event that is kept.", oldest),
        ("unnumbered", "Events that are committed and have no number yet.", unnumbered),
    ):
        yield Metric(f"segmentary_events_{name}", "gauge", meaning, [({}, value)])


def of_destinations(destinations: Sequence[Mapping[str, Any]], now: str) -> Iterator[Metric]:
    """Return what there is to say of each event destination, which is given as it is shown."""
    for name, kind, meaning, value in _OF_DESTINATION:
        samples = [
            ({"destination": one["id"], "name": one["name"], "kind": one["kind"]}, value(one, now))
            for one in destinations
        ]
        yield Metric(f"segmentary_destination_{name}", kind, meaning, samples)


def _age(one: Mapping[str, Any], now: str) -> float:
    """Return for how many seconds the oldest undelivered event has been waiting, 0 if there is none."""
    oldest = one["oldest_undelivered"]
    if oldest is None:
        return 0
    return max((datetime.fromisoformat(now) - datetime.fromisoformat(oldest["time"])).total_seconds(), 0)


_OF_DESTINATION: Sequence[tuple[str, str, str, Callable[[Mapping[str, Any], str], float]]] = (
    (
        "acknowledged",
        "gauge",
        "The number up to which the receiver has every event, but the dead letters.",
        lambda one, _: one["acknowledged"],
    ),
    ("lag", "gauge", "Events of the feed after that number.", lambda one, _: one["lag"]),
    ("oldest_undelivered_seconds", "gauge", "Age of the oldest undelivered event, 0 if there is none.", _age),
    ("dead_letters", "gauge", "Events kept as dead letters.", lambda one, _: one["dead_letters"]),
    ("failures_total", "counter", "Attempts that failed.", lambda one, _: one["failures"]),
    ("failing", "gauge", "1 if the last attempt failed.", lambda one, _: one["status"] == FAILING),
    ("paused", "gauge", "1 if nothing is delivered for now.", lambda one, _: one["paused"]),
)


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.meaning}\n# TYPE {metric.name} {metric.kind}\n"
    for labels, value in metric.samples:
        pairs = ",".join(f'{name}="{text.translate(_ESCAPED)}"' for name, text in labels.items())
        yield f"{metric.name}{f'{{{pairs}}}' if pairs else ''} {value:.15g}\n"
