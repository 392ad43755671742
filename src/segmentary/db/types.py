"""Stored types: what a kind of attribute becomes in each database.

    kind        SQLite      PostgreSQL              MariaDB                       in Python
    Uuid        TEXT        uuid                    CHAR(36), ASCII, binary       str, canonical
    Text        TEXT        varchar  COLLATE "C"    VARCHAR, binary collation     str
    Integer     INTEGER     integer, bigint         INTEGER, BIGINT               int
    Flag        INTEGER     boolean                 BOOLEAN (TINYINT)             bool
    Timestamp   TEXT        timestamptz(0)          DATETIME                      str, 2026-08-07T10:15:00Z

Timestamps are text in Python because the wire wants text; `segmentary.db.dialects` has the drivers make it, without a
datetime in between. SQLite's tables are STRICT, which knows only INTEGER and TEXT.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, String
from sqlalchemy import Text as LongText
from sqlalchemy.dialects.mysql import CHAR, DATETIME, MEDIUMTEXT
from sqlalchemy.dialects.mysql import VARCHAR as MARIADB_VARCHAR
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID
from sqlalchemy.types import TypeEngine

from segmentary.rules import kind
from segmentary.rules.tags import Tags

COLLATION = "utf8mb4_nopad_bin"
_LARGEST_INTEGER = 2**31 - 1


class FlagType(Boolean):
    """A flag; `Dialect.flag_from_driver` makes it a bool again where the database has none."""


class UtcTimeType(String):
    """A moment in UTC in whole seconds; `Dialect.time_to_driver` and the drivers' loaders keep it text in Python."""


UUID_TYPE = (
    String(36)
    .with_variant(LongText(), "sqlite")
    .with_variant(UUID(as_uuid=False), "postgresql")
    .with_variant(CHAR(36, charset="ascii", collation="ascii_nopad_bin"), "mariadb")
)
UTC_TIME_TYPE = (
    UtcTimeType(20)
    .with_variant(LongText(), "sqlite")
    .with_variant(TIMESTAMP(timezone=True, precision=0), "postgresql")
    .with_variant(DATETIME(), "mariadb")
)
FLAG_TYPE = FlagType().with_variant(Integer(), "sqlite")
SERIAL_TYPE = BigInteger().with_variant(Integer(), "sqlite")
LONG_TEXT_TYPE = LongText().with_variant(MEDIUMTEXT(collation=COLLATION), "mariadb")


def text_type(length: int) -> TypeEngine[Any]:
    """Return the type of text of at most `length` characters, compared byte by byte.

    Spaces beyond the width of a varchar are cut off without a word, as SQL demands. So the column is a character wider,
    and the CHECK of the length sees what is too long.
    """
    width = length + 1
    return (
        String(width, collation="C")
        .with_variant(LongText(), "sqlite")
        .with_variant(MARIADB_VARCHAR(width, charset="utf8mb4", collation=COLLATION), "mariadb")
    )


_PLAIN_TYPES: Mapping[type, TypeEngine[Any]] = {
    kind.Uuid: UUID_TYPE,
    kind.Flag: FLAG_TYPE,
    kind.Timestamp: UTC_TIME_TYPE,
    Tags: LONG_TEXT_TYPE,
}


def stored_type(of: kind.Kind) -> TypeEngine[Any]:
    """Return the column type for a kind of attribute."""
    match of:
        case kind.Text(maximum):
            return text_type(maximum)
        case kind.Choice(values):
            return text_type(max(32, *(len(value) for value in values)))
        case kind.Integer(_, maximum):
            return Integer() if maximum <= _LARGEST_INTEGER else SERIAL_TYPE
        case _:
            return _PLAIN_TYPES[type(of)]
