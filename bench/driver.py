"""The bare driver doing a workload, as a process of its own: python -m bench.driver, a task as JSON on standard input.

Each client is a thread with a connection. Nothing of segmentary runs here.
"""

import contextlib
import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
import psycopg
from psycopg.types.string import TextLoader

from bench import statements
from bench.statements import Amounts, Statement
from tests.servers import schema


@dataclass(frozen=True)
class Task:
    """What to do."""

    kind: str
    url: str
    statements: str
    clients: int
    seconds: float
    amounts: Amounts
    encode: bool


def connect(task: Task) -> Any:  # noqa: ANN401, one of three drivers
    """Open a connection with the same promises as the program's, times and UUIDs as text."""
    connection: Any = schema.connect(task.url)
    if isinstance(connection, sqlite3.Connection):
        connection.close()
        connection = sqlite3.connect(task.url.partition("///")[2], isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
    elif isinstance(connection, psycopg.Connection):
        connection.adapters.register_loader("uuid", TextLoader)
        connection.adapters.register_loader("timestamptz", TextLoader)
    else:
        connection.cursor().execute("SET SESSION tx_isolation = 'READ-COMMITTED', sql_mode = ''")
    return connection


def transaction(
    cursor: Any,  # noqa: ANN401, as above
    of_file: list[Statement],
    given: Iterator[Mapping[str, object]],
    records: int,
    turn: contextlib.AbstractContextManager[Any],
) -> None:
    """Do the statements of one request."""
    items = [dict(one) for one in islice(given, records)]
    with turn:
        for one in of_file:
            if one.repeated and records > 1:
                for place, item in enumerate(items):
                    item["first_index"] = items[0]["first_index"] + place
                    item["network_id"] = items[0]["network_id"]
                cursor.executemany(one.sql, items)
            else:
                cursor.execute(one.sql, items[0])
            if one.kept:
                names = [column[0] for column in cursor.description]
                items[0].update(zip(names, cursor.fetchone(), strict=True))


def fetch_and_encode(cursor: Any, of_file: list[Statement], given: Iterator[Mapping[str, object]]) -> None:  # noqa: ANN401
    """Fetch rows and make JSON of them."""
    cursor.execute(of_file[0].sql, next(given))
    names = [column[0] for column in cursor.description]
    msgspec.json.encode({"segments": [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]})


def work(task: Task, client: int, turn: contextlib.AbstractContextManager[Any], latencies: list[float]) -> None:
    """Work until time is up."""
    connection = connect(task)
    cursor = connection.cursor()
    of_file = statements.for_driver(task.statements, task.kind)
    given = statements.values(task.amounts, client, task.clients)
    do: Callable[[], None] = (
        (lambda: fetch_and_encode(cursor, of_file, given))
        if task.encode
        else (lambda: transaction(cursor, of_file, given, task.amounts.records, turn))
    )
    end = time.monotonic() + task.seconds
    before = time.monotonic()
    while before < end:
        do()
        after = time.monotonic()
        latencies.append(after - before)
        before = after
    connection.close()


def main() -> None:
    """Read the task, run its clients, print the figures."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    # SQLite has one writer: waiting for one's turn here is what a careful program does.
    turn: contextlib.AbstractContextManager[Any] = (
        threading.Lock() if task.kind == "sqlite" else contextlib.nullcontext()
    )
    latencies: list[list[float]] = [[] for _ in range(task.clients)]
    threads = [
        threading.Thread(target=work, args=(task, client, turn, latencies[client])) for client in range(task.clients)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - started
    merged = sorted(one for of_client in latencies for one in of_client)
    figures = {
        "seconds": elapsed,
        "requests": len(merged),
        "p50": merged[len(merged) // 2] * 1e3,
        "p99": merged[len(merged) * 99 // 100] * 1e3,
        "errors": 0,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
