"""Every claim of the security page names a test that exists."""

import ast
import re

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs/explanation/security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda one: one.rpartition("/")[2])
def test_a_named_test_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_of_a_table_of_claims_is_proved() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "proved by" not in line]
    assert len(rows) > 10
    assert not [row for row in rows if "`tests/" not in row and "---" not in row]
    assert len(NAMED) > 25
