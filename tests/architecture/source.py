"""The source of segmentary as syntax trees, for tests about its structure."""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "segmentary"


@cache
def modules() -> dict[str, ast.Module]:
    """Return the tree of each file by its place in the package, such as db/dialects.py."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"), path)
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def places(wanted: Callable[[ast.AST], bool], *, outside: tuple[str, ...] = ()) -> list[str]:
    """List file:line of each node that is wanted, outside some files or folders."""
    return [
        f"{place}:{getattr(node, 'lineno', 1)}"
        for place, tree in modules().items()
        if not place.startswith(outside)
        for node in ast.walk(tree)
        if wanted(node)
    ]


def imported(node: ast.AST) -> list[str]:
    """Return the modules that an import statement names; none for other nodes."""
    match node:
        case ast.Import(names=names):
            return [name.name for name in names]
        case ast.ImportFrom(module=str(module), names=names):
            return [f"{module}.{name.name}" for name in names]
        case _:
            return []
