"""Run the examples of a page as its reader would, and write below each command what it prints.

    python -m tools.examples README.md docs/tutorial/first-network.md

An example is a line that begins with `$ ` in a block that begins with ```console, and goes on in lines that begin with
`> ` or follow a backslash. What it prints, standard error included, stands below it, up to the next one. One bash runs
all examples of a page in an empty folder, beside a server on http://127.0.0.1:9696 whose database is segmentary.db in
that folder. A test runs them too (tests/docs): there ids may differ as long as they differ alike, and times as they
like.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.contract import command as openstack
from tests.servers.service import Service, forks

ROOT = Path(__file__).parents[1]
SHOWN_URL = "http://127.0.0.1:9696"
CLIENTS = ROOT / ".venv-clients" / "bin"
PROGRAMS = (sysconfig.get_path("scripts"), str(CLIENTS))
SECONDS = 600
_END = "\x1eend of output\x1e"
_VARIES = re.compile(
    r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?)"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A command of a page and the lines below it; `first` and `end` are places among the lines of the page."""

    command: str
    printed: tuple[str, ...]
    first: int
    end: int


def examples(page: str) -> Iterator[Example]:
    """Return the examples of a page in order."""
    lines = page.splitlines()
    place = 0
    inside = False
    while place < len(lines):
        if lines[place].startswith("```"):
            inside = lines[place] == "```console"
        elif inside and lines[place].startswith("$ "):
            start = place
            while lines[place].endswith("\\") or lines[place + 1].startswith("> "):
                place += 1
            first = end = place + 1
            while not lines[end].startswith(("$ ", "```")):
                end += 1
            command = "\n".join(line.removeprefix("> ") for line in lines[start:first]).removeprefix("$ ")
            yield Example(command, tuple(lines[first:end]), first, end)
            place = end - 1
        place += 1


def run(commands: Sequence[str], folder: Path) -> list[tuple[str, ...]]:
    """Return the lines that each command prints, run in an empty folder beside a new server."""
    service = Service(folder, "sqlite:///segmentary.db", (), {})
    try:
        service.wait_until_it_answers()
        script = "".join(f"{command}\nprintf '%s\\n' '{_END}'\n" for command in commands)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "SEGMENTARY_"))}
        done = subprocess.run(  # noqa: S603, the commands are those of our own pages
            ["bash", "-c", script.replace(SHOWN_URL, service.url)],  # noqa: S607, whatever bash the reader has
            cwd=folder,
            env={**inherited, "PATH": os.pathsep.join([*_shims(), *PROGRAMS, inherited["PATH"]])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        service.stop()
    outputs = done.stdout.replace(service.url, SHOWN_URL).split(f"{_END}\n")[:-1]
    return [tuple(output.splitlines()) for output in outputs]


def _shims() -> Iterator[str]:
    """Return the folders of programs that stand in for those that take long to import."""
    for one in (forks(), openstack.forks(CLIENTS / "openstack")):
        yield str(one.shim.parent)


def comparable(outputs: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return outputs with ids numbered by their first appearance and times replaced by a word."""
    numbers: dict[str, int] = {}

    def name(found: re.Match[str]) -> str:
        return "TIME" if found["time"] else f"ID{numbers.setdefault(found['id'], len(numbers) + 1)}"

    return [[_VARIES.sub(name, line) for line in output] for output in outputs]


def rewritten(page: str, outputs: Sequence[Sequence[str]]) -> str:
    """Return the page with these outputs below its commands."""
    lines = page.splitlines()
    for example, output in reversed(list(zip(examples(page), outputs, strict=True))):
        lines[example.first : example.end] = output
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrite the pages named as arguments."""
    for name in sys.argv[1:]:
        path = Path(name)
        page = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            outputs = run([example.command for example in examples(page)], Path(folder))
        path.write_text(rewritten(page, outputs), encoding="utf-8")
        print(f"{name}: {len(outputs)} examples")


if __name__ == "__main__":
    main()
