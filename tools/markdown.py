"""The parts of a page of docs/reference."""

from collections.abc import Iterable, Sequence

NOTE = "<!-- Made by `make docs` from the declarations in src/segmentary. Change those, not this file. -->"
NONE = "-"


def page(title: str, *paragraphs: str) -> str:
    """Return a page whose first paragraph is what an index says about it."""
    return "\n\n".join([NOTE, f"# {title}", *paragraphs]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def sentence(documented: object) -> str:
    """Return the first paragraph of a docstring."""
    return " ".join((documented.__doc__ or "").partition("\n\n")[0].split())


def yes(fact: bool) -> str:  # noqa: FBT001, it is the one thing asked about
    """Return a fact as the content of a cell."""
    return "yes" if fact else NONE
