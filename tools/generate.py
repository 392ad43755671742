"""Write the files that follow from declarations, or say which of them are out of date.

    python -m tools.generate docs               docs/reference, the schema of each database included
    python -m tools.generate migration          the SQL of the first schema revision
    python -m tools.generate --check            both: names each file that differs, and ends with status 1

Everything in docs/reference is made here: a file that no declaration asks for is removed, or named by --check.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from segmentary.db import schema
from tools import reference

ROOT = Path(__file__).parents[1]
REFERENCE = "docs/reference"
MIGRATION = "src/segmentary/db/migrations/versions/0001_networks_and_segments"
SCHEMES = ("sqlite", "postgresql", "mariadb")
REPAIR = {"docs": "make docs", "migration": "make migration"}


def docs() -> dict[str, str]:
    """Return the text of each file of the reference, by its place in the repository."""
    pages = {f"{REFERENCE}/{name}": text for name, text in reference.pages().items()}
    pages[f"{REFERENCE}/openapi.json"] = reference.openapi()
    return pages | {f"{REFERENCE}/schema/{scheme}.sql": schema.script(scheme) for scheme in SCHEMES}


def migration() -> dict[str, str]:
    """Return the SQL of the first schema revision for each database, by its place in the repository."""
    return {f"{MIGRATION}.{scheme}.sql": schema.script(scheme) for scheme in SCHEMES}


PARTS = {"docs": docs, "migration": migration}


def differing(root: Path, wanted: Mapping[str, str]) -> Iterator[str]:
    """Name the files below `root` that are missing, differ, or stand in the reference without being asked for."""
    for name, text in wanted.items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield name
    yield from (name for name in _present(root) if _is_of(wanted, REFERENCE) and name not in wanted)


def write(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """Bring the files below `root` up to date and return the names of those that changed."""
    changed = list(differing(root, wanted))
    for name in changed:
        path = root / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


def _present(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in (root / REFERENCE).rglob("*") if path.is_file())


def _is_of(wanted: Mapping[str, str], folder: str) -> bool:
    return any(name.startswith(f"{folder}/") for name in wanted)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="docs, migration; both if left out")
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 if a file is out of date")
    given = parser.parse_args()
    stale = False
    for part in given.parts or PARTS:
        wanted = PARTS[part]()
        if given.check:
            for name in differing(ROOT, wanted):
                stale = True
                print(f"{name} is not what the declarations say; run: {REPAIR[part]}")
        else:
            for name in write(ROOT, wanted):
                print(name)
    sys.exit(stale)


if __name__ == "__main__":
    main()
