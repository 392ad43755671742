"""Default ranges of a Neutron, cut so that they overlap with no other: there they may, here they may not.

default   100 ................................. 199        becomes   100 ... 149       161 ... 199
shared                 150 ... 160                                          150 ... 160
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

Values = dict[str, Any]
Interval = tuple[int, int]


def cut(ranges: Sequence[Values]) -> list[Values]:
    """Return the ranges, the default ones in pieces that no range before them covers.

    The first piece keeps the id, the others have one that follows from it, so that repeating gives the same.
    """
    made = [one for one in ranges if not one["default"]]
    taken: dict[tuple[str, str], list[Interval]] = {}
    for one in made:
        taken.setdefault(_pool(one), []).append((one["minimum"], one["maximum"]))
    for one in (each for each in ranges if each["default"]):
        whole = (one["minimum"], one["maximum"])
        held = taken.setdefault(_pool(one), [])
        pieces = list(_free(whole, held))
        for place, (low, high) in enumerate(pieces):
            piece = {**one, "minimum": low, "maximum": high}
            if place:
                piece["id"] = str(uuid5(NAMESPACE_OID, f"{one['id']} {low}"))
            if (low, high) != whole:
                piece["cut_from"] = f"{whole[0]} to {whole[1]}"
            made.append(piece)
        held += pieces
    return made


def _pool(one: Values) -> tuple[str, str]:
    return one["network_type"], one["physical_network"] or ""


def _free(whole: Interval, held: Sequence[Interval]) -> Iterator[Interval]:
    """Give the parts of an interval that no other covers."""
    low = whole[0]
    for first, last in sorted(held):
        if first > whole[1]:
            break
        if first > low:
            yield low, first - 1
        low = max(low, last + 1)
        if low > whole[1]:
            return
    yield low, whole[1]
