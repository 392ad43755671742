"""What the documents show is what happens."""

import doctest
import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks
from tools import examples

WITH_EXAMPLES = [page for page in PAGES if list(examples.examples(page.read_text()))]
WITH_PYTHON = [page for page in PAGES if list(blocks(page.read_text(), "python"))]
DOCTEST_OPTIONS = doctest.ELLIPSIS


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.long
@pytest.mark.usefixtures("openstack_program")
@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name)
def test_commands_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    shown = list(examples.examples(page.read_text()))
    printed = examples.run([example.command for example in shown], tmp_path)
    expected = examples.comparable([example.printed for example in shown])
    for example, want, got in zip(shown, expected, examples.comparable(printed), strict=True):
        assert got == want, f"$ {example.command}\n(python -m tools.examples {name(page)} writes what is printed)"


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name)
def test_python_of_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(blocks(page.read_text(), "python"), 1):
        title = f"{name(page)}, python block {number}"
        if not block.startswith(">>> "):
            exec(compile(block, title, "exec"), names)  # noqa: S102, it is ours
            continue
        test = doctest.DocTestParser().get_doctest(block, names, title, None, None)
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=DOCTEST_OPTIONS)
        failed = runner.run(test, out=report.append, clear_globs=False).failed
        names.update(test.globs)
        assert not failed, "".join(report)


def test_the_pages_a_newcomer_reads_have_examples() -> None:
    assert {"README.md", "docs/tutorial/first-network.md"} <= {name(page) for page in WITH_EXAMPLES}
    assert {"README.md", "docs/how-to/use-as-a-library.md"} <= {name(page) for page in WITH_PYTHON}


def test_ids_may_differ_only_alike() -> None:
    first, second = "01a203c4-f3e5-71bc-848a-4f7a10af3693", "01a203c5-07c9-77f1-b9a3-fe0702a265a4"
    assert examples.comparable([[first, second]]) == examples.comparable([[second, first]])
    assert examples.comparable([[first, first]]) != examples.comparable([[first, second]])


def test_a_page_is_rewritten_below_its_commands_only() -> None:
    page = "text\n```console\n$ one \\\n  more\nold\n$ two '\n> 2'\n```\n```sh\n$ three\n```\n"
    assert [example.command for example in examples.examples(page)] == ["one \\\n  more", "two '\n2'"]
    assert examples.rewritten(page, [["new"], []]) == re.sub("old", "new", page)
