"""What the source may not do: SQL from strings, a shell, code or objects from data; and who may write to tables."""

import ast
from collections.abc import Iterator

from tests.architecture.source import imported, modules, places

# Where SQL stands as text: what SQLAlchemy has no word for, and settings of connections. None of it holds a value.
SQL_AS_TEXT = ("db/elements.py", "db/dialects.py", "db/migrate.py", "db/migrations/", "db/session.py")
_WORDS = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "ALTER ", "DROP ", "CREATE ", "LOCK ")
SQL_WORDS = (*_WORDS, *(word.lower() for word in _WORDS))
# Who makes statements that write, and to what: a new one has to be named here, with the check that comes before it.
WRITERS = {
    "db/answers.py": "answers to requests with an Idempotency-Key",
    "db/claims.py": "next_segment_index, and the deletion of a network's segments",
    "db/gaps.py": "times of release",
    "db/journal.py": "what is kept of dropped events",
    "db/outbox.py": "events",
    "db/quotas.py": "limits, and what counts against them",
    "db/deliveries.py": "how far each destination of events is",
    "db/reach.py": "what hosts report",
    "db/records.py": "every record",
    "db/sharing.py": "the deletion of a network's policies",
    "db/statement.py": "makes insertions for the others",
    "db/dialects.py": "makes insertions for the others",
}
DANGEROUS = {"pickle", "marshal", "shelve", "subprocess", "pty", "commands", "xmlrpc", "telnetlib", "ctypes"}


def calls(*names: str) -> Iterator[str]:
    """Give the places where a function of one of these names is called."""

    def is_call(node: ast.AST) -> bool:
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                return name in names
            case _:
                return False

    yield from places(is_call)


def test_no_sql_is_made_from_strings() -> None:
    def is_sql(node: ast.AST) -> bool:
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(first)), *_]):
                return first.lstrip().startswith(SQL_WORDS)
            case ast.BinOp(left=ast.Constant(value=str(first)), op=ast.Add() | ast.Mod()):
                return first.lstrip().startswith(SQL_WORDS)
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(first)), attr="format" | "join")):
                return first.lstrip().startswith(SQL_WORDS)
            case _:
                return False

    assert not places(is_sql, outside=SQL_AS_TEXT)


def test_text_becomes_sql_only_where_no_value_is_in_it() -> None:
    # db/audit.py: the CHECKs that stand in for types, as they are declared
    allowed = ("db/dialects.py", "db/migrate.py", "db/migrations/", "db/audit.py", "db/session.py")
    named = {
        place
        for place, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy"
        for name in node.names
        if name.name in {"text", "literal_column"}
    }
    # db/reach.py: the word 'reported'; db/sharing.py: the two actions of policies, and 1
    assert {one for one in named if not one.startswith(allowed)} <= {"db/reach.py", "db/sharing.py"}
    assert not [one for one in calls("exec_driver_sql") if not one.startswith(allowed)]


def test_no_shell_no_program_and_no_objects_from_data() -> None:
    found = places(lambda node: any(name.split(".")[0] in DANGEROUS for name in imported(node)))
    assert not found
    assert not list(calls("system", "popen", "exec"))
    # expressions of the catalog are compiled when the program starts, from declarations
    assert [one.partition(":")[0] for one in calls("eval", "compile_command")] == ["rules/evaluate.py"]


def test_only_named_modules_make_statements_that_write() -> None:
    writing = {"insert", "update", "delete", "insertion", "insert_listed"}
    found = {
        place
        for place, tree in modules().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and (node.module or "") in {"sqlalchemy", "segmentary.db.statement"})
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.dialects"))
        for name in node.names
        if name.name in writing
    }
    assert found == set(WRITERS)
