"""Forms: what a column must fulfil in a database that has no type for its kind."""

from segmentary.rules.kind import Flag, Kind, Timestamp, Uuid
from segmentary.rules.tags import Tags

# What a column of a kind must fulfil where the database has no type that refuses the rest; {longest} is the kind's.
FORMS: dict[str, dict[type[Kind], str]] = {
    "sqlite": {
        Flag: "{column} IN (0, 1)",
        Uuid: (
            "{column} LIKE '________-____-____-____-____________'"
            " AND {column} NOT GLOB '*[^0-9a-f-]*' AND length(replace({column}, '-', '')) = 32"
        ),
        Timestamp: "{column} IS strftime('%Y-%m-%dT%H:%M:%SZ', {column}, '+0 days')",
        Tags: (
            "{column} = '' OR (substr({column}, 1, 1) = char(10) AND substr({column}, -1) = char(10)"
            " AND length({column}) BETWEEN 3 AND {longest} AND instr({column}, char(10, 10)) = 0)"
        ),
    },
    "postgresql": {
        Tags: (
            "{column} = '' OR (left({column}, 1) = chr(10) AND right({column}, 1) = chr(10)"
            " AND char_length({column}) BETWEEN 3 AND {longest} AND strpos({column}, chr(10) || chr(10)) = 0)"
        ),
    },
    "mariadb": {
        Flag: "{column} IN (0, 1)",
        Uuid: "{column} RLIKE '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'",
        Tags: (
            "{column} = '' OR (left({column}, 1) = char(10) AND right({column}, 1) = char(10)"
            " AND char_length({column}) BETWEEN 3 AND {longest} AND instr({column}, char(10, 10)) = 0)"
        ),
    },
}


def demanded(form: str, kind: Kind, column: str) -> str:
    """Return the condition in SQL that a form sets a column of this kind."""
    return form.replace("{column}", column).replace("{longest}", str(getattr(kind, "longest", "")))
