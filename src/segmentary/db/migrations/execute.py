"""How a revision executes its SQL."""

from pathlib import Path

from alembic import op


def execute_script(revision_file: str) -> None:
    """Execute the script beside a revision's module that is for the database at hand."""
    connection = op.get_bind()
    script = Path(revision_file).with_suffix(f".{connection.dialect.name}.sql")
    for statement in script.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
