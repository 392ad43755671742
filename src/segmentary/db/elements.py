"""What SQLAlchemy has no word for, spelled for each database."""

from typing import Any

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Executable, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class NumberListed(Executable, ClauseElement):
    """Give the events whose ids are in a JSON list the numbers after `latest`, in the order of the list.

    Rows of transactions that are still running are not touched: MariaDB would wait for them if it could choose to scan
    the table of events, or if the waiting events were selected in the same statement.
    """

    inherit_cache = False

    def __init__(self, ids: BindParameter[str], latest: BindParameter[int]) -> None:
        """Take the list and the number as parameters."""
        self.ids, self.latest = ids, latest


@compiles(NumberListed)
def _number_listed(element: NumberListed, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    ids, latest = compiler.process(element.ids, **options), compiler.process(element.latest, **options)
    return (
        f"UPDATE events SET sequence = {latest} + listed.place "  # noqa: S608, both are placeholders
        f"FROM json_array_elements_text({ids}::json) WITH ORDINALITY AS listed(id, place) "
        "WHERE events.id = listed.id::bigint"
    )


@compiles(NumberListed, "mysql", "mariadb")
def _number_listed_mariadb(element: NumberListed, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    ids, latest = compiler.process(element.ids, **options), compiler.process(element.latest, **options)
    return (
        f"UPDATE JSON_TABLE({ids}, '$[*]' COLUMNS (place FOR ORDINALITY, id BIGINT PATH '$')) AS listed "  # noqa: S608, as above
        "STRAIGHT_JOIN events FORCE INDEX FOR JOIN (PRIMARY) ON events.id = listed.id "
        f"SET events.sequence = {latest} + listed.place"
    )


class CharacterLength(FunctionElement[int]):
    """The number of characters of a text, not of its bytes."""

    type = Integer()
    inherit_cache = True


@compiles(CharacterLength)
def _character_length(element: CharacterLength, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"char_length({compiler.process(element.clauses, **options)})"


@compiles(CharacterLength, "sqlite")
def _character_length_sqlite(element: CharacterLength, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"length({compiler.process(element.clauses, **options)})"


class PlaceIn(FunctionElement[int]):
    """Where a text first stands in another, from 1, or 0 if it does not: the other, then the text."""

    type = Integer()
    inherit_cache = True


@compiles(PlaceIn)
def _place_in(element: PlaceIn, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(PlaceIn, "postgresql")
def _place_in_postgresql(element: PlaceIn, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"strpos({compiler.process(element.clauses, **options)})"


class NullsLow(ColumnElement[Any]):
    """An ordering in which NULL is smaller than every value: first ascending, last descending."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], *, descending: bool) -> None:
        """Order by the column."""
        self.column = column
        self.direction = "DESC" if descending else "ASC"
        self.place = "LAST" if descending else "FIRST"


@compiles(NullsLow)
def _nulls_low(element: NullsLow, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"{compiler.process(element.column, **options)} {element.direction}"


@compiles(NullsLow, "postgresql")
def _nulls_low_postgresql(element: NullsLow, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"{compiler.process(element.column, **options)} {element.direction} NULLS {element.place}"


class Seconds(FunctionElement[int]):
    """A stored time as seconds since 1970."""

    type = Integer()
    inherit_cache = True


@compiles(Seconds)
def _seconds(element: Seconds, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"extract(epoch from {compiler.process(element.clauses, **options)})"


@compiles(Seconds, "sqlite")
def _seconds_sqlite(element: Seconds, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"unixepoch({compiler.process(element.clauses, **options)})"


@compiles(Seconds, "mysql", "mariadb")
def _seconds_mariadb(element: Seconds, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"unix_timestamp({compiler.process(element.clauses, **options)})"


class RecordedRevision(FunctionElement[int]):
    """The revision_number of the record in the payload of an event."""

    type = Integer()
    inherit_cache = True


@compiles(RecordedRevision)
def _recorded_revision(element: RecordedRevision, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"({compiler.process(element.clauses, **options)}::json #>> '{{record,revision_number}}')::integer"


@compiles(RecordedRevision, "sqlite")
def _recorded_revision_sqlite(element: RecordedRevision, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"json_extract({compiler.process(element.clauses, **options)}, '$.record.revision_number')"


@compiles(RecordedRevision, "mysql", "mariadb")
def _recorded_revision_mariadb(element: RecordedRevision, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    payload = compiler.process(element.clauses, **options)
    return f"CAST(json_value({payload}, '$.record.revision_number') AS SIGNED)"
