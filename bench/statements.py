"""The statements of the limit, read from sql/, in the form that each program takes them; and their values."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.identifiers import EVENT, NETWORK, NEW, OTHER_EVENT, STORED, VLAN, identifier

FOLDER = Path(__file__).parent / "sql"
_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")
_PGBENCH_NUMBERS = {"network_id": (NETWORK, "network"), "segment_id": (STORED, "segment")}
_PGBENCH_NUMBERS |= {"new_id": (NEW, "number"), "event_id": (EVENT, "number")}
_PGBENCH_NUMBERS |= {"other_event_id": (OTHER_EVENT, "number")}
# The largest geneve ID.
LARGEST_NUMBER = 2**24 - 1
LARGEST_VLAN = 4094
CONSTANTS = {
    "now": "2026-08-07T10:15:00Z",
    "new_name": "a new name",
    "request_id": identifier(9, 9),
    "payload": (
        '{"record":{"id":"00000000-0000-0000-0003-000000000001","name":null,"description":"","network_id":'
        '"00000000-0000-0000-0001-000000000001","network_type":"gre","physical_network":null,"segmentation_id":1,'
        '"created_at":"2026-08-07T10:15:00Z","updated_at":"2026-08-07T10:15:00Z","revision_number":0}}'
    ),
}


@dataclass(frozen=True)
class Amounts:
    """What the values of a run are drawn from: `first` is the number before its first new row."""

    first: int
    networks: int
    hosts: int
    stored: int
    limit: int
    records: int
    scope: str = "none"


@dataclass(frozen=True)
class Statement:
    """One statement: `kept` if its row gives values to those after it, `repeated` if it is for each record."""

    sql: str
    kept: bool
    repeated: bool


def read(name: str, kind: str) -> list[tuple[str, bool]]:
    r"""Return the statements of a file, with whether they end in \gset."""
    special = FOLDER / f"{name}.{kind}.sql"
    text = (special if special.exists() else FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    parts = re.split(r"(;|\\gset)\s*\n", text)
    return [(sql.strip(), end == r"\gset") for sql, end in zip(parts[::2], parts[1::2], strict=False)]


def for_driver(name: str, kind: str) -> list[Statement]:
    """Return the statements with the driver's placeholders."""
    made = []
    for sql, kept in read(name, kind):
        text = sql
        if kind == "sqlite":
            text = re.sub(" FOR (UPDATE|SHARE)", "", text).replace("BEGIN", "BEGIN IMMEDIATE")
        else:
            text = _PARAMETER.sub(r"%(\1)s", text)
        made.append(Statement(text, kept, repeated=text.startswith("INSERT")))
    return made


def for_pgbench(name: str) -> str:
    """Return a script of pgbench."""
    lines = [
        r"\set sequence :sequence + 1",
        r"\set number :first + :sequence * :clients + :client_id",
        r"\set network random(1, :networks)",
        r"\set segment random(1, :stored)",
        rf"\set random_number random(1, {LARGEST_NUMBER})",
        rf"\set start random(1, {LARGEST_VLAN})",
    ]
    for sql, kept in read(name, "postgresql"):
        text = _PARAMETER.sub(lambda found: _pgbench_value(found.group(1)), sql)
        lines.append(text + (r" \gset" if kept else ";"))
    return "\n".join(lines) + "\n"


def _pgbench_value(name: str) -> str:
    if name not in _PGBENCH_NUMBERS:
        return f":{name}"
    kind, number = _PGBENCH_NUMBERS[name]
    return f"('00000000-0000-0000-{kind:04x}-' || lpad(to_hex(:{number}::bigint), 12, '0'))::uuid"


def values(amounts: Amounts, client: int, clients: int) -> Iterator[Mapping[str, object]]:
    """Yield the values of one record after the other, for one of several clients."""
    random = Random(client)  # noqa: S311, no secret
    for number in itertools.count(amounts.first + client, clients):
        yield {
            **CONSTANTS,
            "network_id": identifier(NETWORK, random.randint(1, amounts.networks)),
            "segment_id": identifier(STORED, random.randint(1, amounts.stored)),
            "vlan_id": identifier(VLAN, random.randint(1, amounts.stored)),
            "host": f"host-{random.randint(1, max(1, amounts.hosts)):05}",
            "other_host": f"host-{random.randint(1, max(1, amounts.hosts)):05}",
            "new_id": identifier(NEW, number),
            "event_id": identifier(EVENT, number),
            "number": number,
            "other_event_id": identifier(OTHER_EVENT, number),
            "random_number": random.randint(1, LARGEST_NUMBER),
            "start": random.randint(1, LARGEST_VLAN),
            "scope": amounts.scope,
            "limit": amounts.limit,
            "records": amounts.records,
        }
