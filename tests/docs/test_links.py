"""What the documents point at exists."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
OWN_PATH = re.compile(r"(?:src|docs|tests|tools|bench|api|catalog|cli|db|rules|services|wire)/[\w./-]*[\w/]")
SOURCE = ROOT / "src" / "segmentary"


def anchors(page: Path) -> set[str]:
    """Return the fragments that the headings of a page have on the usual renderers."""
    text = FENCED.sub("", page.read_text())
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text)}


def dead_links(page: Path, text: str) -> list[str]:
    dead = []
    for link in LINK.findall(FENCED.sub("", text)):
        place, _, fragment = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if "://" in link or (target.exists() and (not fragment or fragment in anchors(target))):
            continue
        dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert not dead_links(page, page.read_text())


def test_a_dead_link_is_found() -> None:
    page = ROOT / "README.md"
    text = "[a](docs/README.md) [b](docs/gone.md) [c](#gone) [d](https://example.org/gone) [e](docs/README.md#gone)"
    assert dead_links(page, text) == ["docs/gone.md", "#gone", "docs/README.md#gone"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_are_named_exist(page: Path) -> None:
    named = [word for code in CODE.findall(FENCED.sub("", page.read_text())) for word in code.split()]
    paths = [word for word in named if OWN_PATH.fullmatch(word)]
    assert not [path for path in paths if not (ROOT / path).exists() and not (SOURCE / path).exists()]


def test_documents_that_the_source_names_exist() -> None:
    named = {
        (source.relative_to(ROOT).as_posix(), path)
        for source in SOURCE.rglob("*.py")
        for path in re.findall(r"docs/[\w/.-]+\.md", source.read_text())
    }
    assert not [(source, path) for source, path in named if not (ROOT / path).exists()]


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    reached, new = set[Path](), {index}
    while new:
        page = new.pop()
        reached.add(page)
        links = {(page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(page.read_text())}
        new |= {link for link in links if link.suffix == ".md" and link.exists()} - reached
    assert not {page for page in PAGES if page.is_relative_to(ROOT / "docs")} - reached


def test_changes_are_named_by_their_kind() -> None:
    named = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|removed)\.md|README\.md")
    assert not [page.name for page in ROOT.glob("changes/*") if not named.fullmatch(page.name)]
