"""docs/reference says all there is, and is what the declarations say today."""

import ast
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from segmentary import errors
from segmentary.catalog import RESOURCES
from segmentary.catalog.extension import EXTENSIONS
from segmentary.catalog.network_type import NETWORK_TYPES
from segmentary.cli.main import commands
from segmentary.db import migrate
from segmentary.errors import SegmentaryError
from segmentary.rules.attribute import Resource
from segmentary.settings import FIELDS
from tests.architecture.source import places
from tools import generate

REFERENCE = generate.ROOT / generate.REFERENCE


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text()


def section(text: str, title: str) -> str:
    """Return what stands below a heading of the second level."""
    return text.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]


def command_lines(path: str = "segmentary", command: click.Command = commands) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from command_lines(f"{path} {name}", one)


def test_generated_files_are_what_the_declarations_say() -> None:
    assert not list(generate.differing(generate.ROOT, generate.docs() | generate.migration()))


def test_a_changed_a_missing_and_a_left_over_file_are_named_and_repaired(tmp_path: Path) -> None:
    wanted = generate.docs()
    generate.write(tmp_path, wanted)
    assert not list(generate.differing(tmp_path, wanted))
    reference = tmp_path / generate.REFERENCE
    (reference / "rules.md").write_text("old")
    (reference / "errors.md").unlink()
    (reference / "gone.md").write_text("left over")
    named = {f"{generate.REFERENCE}/{name}.md" for name in ("rules", "errors", "gone")}
    assert set(generate.differing(tmp_path, wanted)) == named
    assert set(generate.write(tmp_path, wanted)) == named
    assert not list(generate.differing(tmp_path, wanted))


def test_every_constraint_of_a_database_is_documented(tmp_path: Path) -> None:
    migrate.upgrade(f"sqlite:///{tmp_path / 'made.db'}")
    with closing(sqlite3.connect(tmp_path / "made.db")) as connection:
        made = " ".join(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    names = set(re.findall(r"CONSTRAINT (\w+) (?:CHECK|UNIQUE|FOREIGN KEY)", made))
    text = page("rules")
    assert "segment_vlan_id_range" in names
    assert not {name for name in names if f"### {name}\n" not in text and f"`{name}`" not in text}


def test_rules_that_use_cases_raise_have_a_declaration() -> None:
    def names_a_rule_by_hand(node: ast.AST) -> bool:
        return isinstance(node, ast.keyword) and node.arg == "rule" and isinstance(node.value, ast.Constant)

    assert not places(names_a_rule_by_hand)


def test_every_rule_is_documented_with_its_limit() -> None:
    text = page("rules")
    for resource in RESOURCES:
        for rule in (*resource.row_rules, *resource.rules):
            below = text.split(f"\n### {rule.name}\n")[1].split("\n##")[0]
            assert rule.limit[1:] in below


def test_every_error_that_can_be_raised_is_documented() -> None:
    text = page("errors")
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, SegmentaryError)]
    assert not [one for one in classes if not one.__subclasses__() and f"| `{one.__name__}` |" not in text]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.name)
def test_every_attribute_is_documented(resource: Resource) -> None:
    text = section(page("resources"), resource.name)
    declared = resource.attributes + resource.options
    assert not [one.name for one in declared if f"`{one.wire or one.name}`" not in text]


def test_every_setting_is_documented() -> None:
    text = page("settings")
    for name in FIELDS:
        row = f"| `--{name.replace('_', '-')}` | `SEGMENTARY_{name.upper()}` | `{name}` |"
        assert row in text


def test_every_command_and_option_is_documented() -> None:
    text = page("command-line")
    for path, command in command_lines():
        below = section(text, path)
        options = [one for one in command.params if isinstance(one, click.Option)]
        assert not [one.name for one in options if f"`{', '.join(one.opts)}`" not in below]
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        assert not [one.name for one in arguments if f"`{one.metavar or str(one.name).upper()}`" not in below]


def test_every_network_type_is_documented() -> None:
    assert not [one.name for one in NETWORK_TYPES if f"| `{one.name}` |" not in page("network-types")]


def test_every_extension_is_documented() -> None:
    assert not [one.alias for one in EXTENSIONS if f"| `{one.alias}` |" not in page("extensions")]


def test_every_event_type_is_documented() -> None:
    text = page("events")
    verbs = ("created", "updated", "deleted")
    assert not [f"{one.name}.{verb}" for one in RESOURCES for verb in verbs if f"`{one.name}.{verb}`" not in text]
