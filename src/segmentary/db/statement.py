"""Statements, made once and compiled once per dialect; a request only binds values.

Building an SQL expression and sending it through an engine costs more than the rest of a create (see
docs/decisions/0003-statements-compiled-once.md); the driver's cursor is called with ready-made text.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect as SqlalchemyDialect
from sqlalchemy import Executable, Table, bindparam, column, func, insert, select
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.sql.compiler import SQLCompiler

from segmentary.db.dialects import Dialect
from segmentary.db.types import FlagType, UtcTimeType

Bindings = Mapping[str, Any]
Row = tuple[Any, ...]


class Prepared:
    """The text of a statement for one dialect, and how its values and rows are converted."""

    __slots__ = ("_fixed", "_flag", "_flags", "_order", "_time", "_times", "sql")

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, result_types: Sequence[object]) -> None:
        """Note which parameters are times and which columns are flags, where the dialect wants them converted."""
        self.sql = compiled.string
        self._order = compiled.positiontup
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._time = dialect.time_to_driver
        self._times = [
            name for name, bind in compiled.binds.items() if self._time and isinstance(bind.type, UtcTimeType)
        ]
        self._flag = dialect.flag_from_driver
        self._flags = [
            place for place, of_type in enumerate(result_types) if self._flag and isinstance(of_type, FlagType)
        ]

    def parameters(self, values: Bindings) -> Any:  # noqa: ANN401, a mapping or a tuple, as the driver wants
        """Return the values in the driver's form."""
        if self._fixed:
            values = {**self._fixed, **values}
        if self._times and self._time is not None:
            values = {**values, **{name: self._time(values[name]) for name in self._times if values[name] is not None}}
        return values if self._order is None else tuple([values[name] for name in self._order])

    def rows(self, fetched: Sequence[Any]) -> list[Row]:
        """Return the rows with flags as bools."""
        if not self._flags:
            return fetched if isinstance(fetched, list) else list(fetched)
        return [self._with_flags(row) for row in fetched]

    def _with_flags(self, row: Any) -> Row:  # noqa: ANN401
        values = list(row)
        for place in self._flags:
            values[place] = None if values[place] is None else bool(values[place])
        return tuple(values)


class Statement:
    """One SQL statement of the program: an expression, or what makes one where the dialects need different ones."""

    __slots__ = ("_construct", "_literal", "_prepared", "_types", "listed")

    def __init__(
        self,
        construct: Executable | Callable[[Dialect], Executable],
        columns: Sequence[Any] = (),
        listed: "Statement | None" = None,
        *,
        literal: bool = False,
    ) -> None:
        """Keep the expression; `columns` are those of the rows it returns.

        If `literal` constants stand in its text, for statements that are executed once.
        `listed` does for many sets of values, which its parameter `rows` has as JSON, what this one does for each.
        """
        self._construct = construct
        self._literal = literal
        self.listed = listed
        self._types = [column.type for column in columns]
        self._prepared: dict[type[Dialect], Prepared] = {}

    def prepared(self, dialect: Dialect, sqlalchemy_dialect: SqlalchemyDialect) -> Prepared:
        """Return the statement for a dialect, compiled on first use."""
        found = self._prepared.get(type(dialect))
        if found is None:
            construct = self._construct(dialect) if callable(self._construct) else self._construct
            options = {"literal_binds": True} if self._literal else {}
            compiled = construct.compile(dialect=sqlalchemy_dialect, compile_kwargs=options)  # type: ignore[attr-defined]  # Executable lacks it
            found = self._prepared[type(dialect)] = Prepared(compiled, dialect, self._types)
        return found


def insertion(table: Table, names: Sequence[str], **computed: Any) -> Statement:  # noqa: ANN401, expressions
    """Return the insertion of rows with values of these names, and with columns that are `computed`."""
    one = insert(table).inline().values({name: bindparam(name) for name in names} | computed)
    columns = [column(name, table.c[name].type) for name in names]
    rows = func.json_to_recordset(bindparam("rows", type_=JSON)).table_valued(*columns)
    rows = rows.render_derived(name="listed", with_types=True)
    selected = select(*(rows.c[name] for name in names), *computed.values())
    listed = insert(table).inline().from_select([*names, *computed], selected)
    return Statement(one, listed=Statement(listed))
