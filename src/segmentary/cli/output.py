"""Records on the screen: tables for people; JSON, YAML and CSV for programs."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

Shown = Mapping[str, object]
# More entries than this of a list or an object are counted in a table, not shown.
SHOWN_ENTRIES = 8
NULL = "-"
_WIDE = frozenset("WF")
# JSON allows these within a text, YAML readers do not, or take them for line breaks.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def several(records: Sequence[Shown], columns: Sequence[str], style: str) -> str:
    """Return records in one of `STYLES`, each with these columns."""
    return STYLES[style][0](records, columns)


def one(record: Shown, columns: Sequence[str], style: str) -> str:
    """Return one record in one of `STYLES`, with these columns."""
    return STYLES[style][1](record, columns)


def _table(records: Sequence[Shown], columns: Sequence[str]) -> str:
    return _aligned([list(columns), *([_cell(record.get(name)) for name in columns] for record in records)])


def _card(record: Shown, columns: Sequence[str]) -> str:
    rows = [["attribute", "value"]]
    for name in (one for one in columns if one in record):
        value = record[name]
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            rows += [["" if place else name, _entry(each)] for place, each in enumerate(value)]
        else:
            rows.append([name, _cell(value)])
    return _aligned(rows)


def _aligned(rows: list[list[str]]) -> str:
    """Return rows with their columns one below the other, and a line below the first."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    lines = (
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, dict | list) and len(value) > SHOWN_ENTRIES:
        return f"({len(value)} entries)"
    return NULL if value is None else " ".join(_text(value).split())


def _entry(value: Shown) -> str:
    return ", ".join(f"{key}={_text(each)}" for key, each in value.items() if each is not None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _width(text: str) -> int:
    """Return the columns that a terminal takes for a text."""
    return sum(0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in _WIDE) for each in text)


def _only(record: Shown, columns: Sequence[str]) -> dict[str, object]:
    return {name: record[name] for name in columns if name in record}


def _json(records: Sequence[Shown], columns: Sequence[str]) -> str:
    return json.dumps([_only(one, columns) for one in records], indent=2, ensure_ascii=False) + "\n"


def _json_one(record: Shown, columns: Sequence[str]) -> str:
    return json.dumps(_only(record, columns), indent=2, ensure_ascii=False) + "\n"


def _yaml(records: Sequence[Shown], columns: Sequence[str]) -> str:
    blocks = ("- " + _yaml_one(one, columns).replace("\n", "\n  ").rstrip() + "\n" for one in records)
    return "".join(blocks) or "[]\n"


def _yaml_one(record: Shown, columns: Sequence[str]) -> str:
    """Return a record as YAML, each value as JSON: of that YAML 1.2 is a superset."""
    return "".join(f"{name}: {_yaml_value(value)}\n" for name, value in _only(record, columns).items()) or "{}\n"


def _yaml_value(value: object) -> str:
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def tree(value: Shown) -> str:
    """Return a document of lists of objects as YAML, a line for each value."""
    return "".join(f"{line}\n" for line in _branches(value))


def _branches(value: Shown) -> Iterator[str]:
    for name, one in value.items():
        if isinstance(one, list) and one and all(isinstance(each, dict) for each in one):
            yield f"{name}:"
            for each in one:
                yield from (("  " if place else "- ") + line for place, line in enumerate(_branches(each)))
        else:
            yield f"{name}: {_yaml_value(one)}"


def _csv(records: Sequence[Shown], columns: Sequence[str]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    for record in records:
        writer.writerow(["" if record.get(name) is None else _text(record[name]) for name in columns])
    return written.getvalue()


def _csv_one(record: Shown, columns: Sequence[str]) -> str:
    return _csv([record], columns)


Several = Callable[[Sequence[Shown], Sequence[str]], str]
One = Callable[[Shown, Sequence[str]], str]
STYLES: Mapping[str, tuple[Several, One]] = {
    "table": (_table, _card),
    "json": (_json, _json_one),
    "yaml": (_yaml, _yaml_one),
    "csv": (_csv, _csv_one),
}


def style_choice(styles: Sequence[str] = tuple(STYLES), doc: str = "How to write what is shown.") -> dict[str, Any]:
    """Return what makes `--format` the choice of one of these styles, the first if nothing is said."""
    return {"type": click.Choice(tuple(styles)), "default": styles[0], "show_default": True, "help": doc}
