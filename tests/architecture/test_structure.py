"""What we promise about the structure of the source."""

import ast
import importlib
import pkgutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import segmentary
from tests.architecture.source import PACKAGE, ROOT, imported, modules, places

MODULE_LINES = 400
FUNCTION_LINES = 50
NETWORK_TYPES = {"local", "flat", "vlan", "vxlan", "gre", "geneve"}
# A migration is a record of one day: it spells out what was true then, however long that is, and never follows
# a later change of the source.
MIGRATIONS = "db/migrations/versions/"
DRIVERS = {"sqlite3", "psycopg", "psycopg_pool", "pymysql", "MySQLdb"}


def test_import_contracts_hold() -> None:
    program = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_and_catalog_import_only_the_standard_library_and_errors() -> None:
    allowed = {*sys.stdlib_module_names, "segmentary.rules", "segmentary.catalog", "segmentary.errors"}
    foreign = [
        f"{place}:{node.lineno} imports {name}"
        for place, tree in modules().items()
        if place.startswith(("rules/", "catalog/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
        if name.split(".")[0] not in allowed and ".".join(name.split(".")[:2]) not in allowed
    ]
    assert not foreign


def test_drivers_are_imported_in_db_only() -> None:
    # import-linter cannot say this: it sees nothing that nobody imports, and most drivers are loaded by name
    assert not places(lambda node: any(name.split(".")[0] in DRIVERS for name in imported(node)), outside=("db/",))


def test_nothing_is_asynchronous() -> None:
    assert not places(lambda node: isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith))


def test_dialect_names_are_compared_in_dialects_only() -> None:
    def compares_name_of_dialect(node: ast.AST) -> bool:
        match node:
            case ast.Compare(left=left, comparators=others):
                return any(is_name_of_dialect(side) for side in (left, *others))
            case ast.Match(subject=subject):
                return is_name_of_dialect(subject)
            case ast.Subscript(slice=key):
                return is_name_of_dialect(key)
            case ast.Call(func=ast.Attribute(value=value, attr="startswith")):
                return is_name_of_dialect(value)
            case _:
                return False

    def is_name_of_dialect(node: ast.AST) -> bool:
        match node:
            case ast.Attribute(value=ast.Name(id="dialect") | ast.Attribute(attr="dialect"), attr="name"):
                return True
            case ast.Attribute(attr="dialect_name") | ast.Name(id="dialect_name"):
                return True
            case _:
                return False

    assert not places(compares_name_of_dialect, outside=("db/dialects.py",))


def test_network_types_are_spelled_in_their_declaration_only() -> None:
    def is_network_type(node: ast.AST) -> bool:
        return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in NETWORK_TYPES

    assert not places(is_network_type, outside=("catalog/network_type.py", MIGRATIONS))


def test_modules_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    versions = PACKAGE / MIGRATIONS
    assert not {path: n for path, n in lengths.items() if n > MODULE_LINES and versions not in path.parents}


def test_functions_are_short() -> None:
    def is_long(node: ast.AST) -> bool:
        match node:
            case ast.FunctionDef(lineno=first, end_lineno=int(last)):
                return last - first + 1 > FUNCTION_LINES
            case _:
                return False

    assert not places(is_long, outside=(MIGRATIONS,))


def test_modules_keep_no_state() -> None:
    assert not places(lambda node: isinstance(node, ast.Global))


@pytest.mark.parametrize(
    "name", ["segmentary", *(f"segmentary.{module.name}" for module in pkgutil.iter_modules(segmentary.__path__))]
)
def test_declared_public_names_exist_and_are_listed_once(name: str) -> None:
    if name.endswith(".__main__"):
        pytest.skip("importing it starts the program")
    module = importlib.import_module(name)
    public = getattr(module, "__all__", [])
    assert len(public) == len(set(public))
    assert not [each for each in public if not hasattr(module, each)]


def test_public_names_are_declared() -> None:
    tree = modules()["__init__.py"]
    bound = {
        name.asname or name.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("segmentary")
        for name in node.names
    } | {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    hidden = {name for name in bound if name.startswith("_")}
    assert bound - hidden <= set(segmentary.__all__)
