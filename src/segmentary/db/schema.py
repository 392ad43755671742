"""The declared schema as SQL text, for each database: the reference for readers and the source of migrations."""

from sqlalchemy.engine import URL
from sqlalchemy.schema import CreateIndex, CreateTable

from segmentary.db.dialects import DIALECTS
from segmentary.db.tables import METADATA


def statements(scheme: str) -> list[str]:
    """Return the statements that make all tables, their indexes and their first rows, parents first."""
    dialect = URL.create(DIALECTS[scheme].driver).get_dialect()()
    # Without an execution there is nothing to escape percent signs for.
    dialect.identifier_preparer._double_percents = False  # noqa: SLF001, no public way
    made: list[str] = []
    for table in METADATA.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made += [str(CreateIndex(index).compile(dialect=dialect)).strip() for index in indexes]
        made += table.info.get("rows", ())
    return ["\n".join(line.rstrip() for line in one.replace("\t", "    ").splitlines()) for one in made]


def script(scheme: str) -> str:
    """Return the schema as one script."""
    return "".join(f"{one};\n\n" for one in statements(scheme)).rstrip("\n") + "\n"
