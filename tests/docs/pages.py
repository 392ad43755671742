"""The documents of the project."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("changes/*.md"), *ROOT.glob("docs/**/*.md")])


def blocks(page: str, language: str) -> Iterator[str]:
    """Return the contents of a page's blocks in a language."""
    inside: list[str] | None = None
    for line in page.splitlines():
        if not line.startswith("```"):
            if inside is not None:
                inside.append(line)
        elif inside is not None:
            yield "\n".join(inside) + "\n"
            inside = None
        elif line == f"```{language}":
            inside = []
