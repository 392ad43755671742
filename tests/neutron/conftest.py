"""Fixtures for tests on the database of a Neutron.

run      make the tables that are read, as Neutron 2026.2 makes them, and give a function that runs SQL on them
plant    insert rows; a healthy stock is there already
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from segmentary.catalog.neutron import CONTRACTION, RELEASES
from tests.neutron.planted import Planter, Run, healthy, hosts
from tests.servers import schema

QUOTES = {"postgresql": '"', "mariadb": "`"}


@pytest.fixture
def run(database_kind: str, empty_database_url: str) -> Iterator[Run]:
    """Make the tables, at the current release, and give a function that runs SQL on them."""
    with closing(schema.connect(empty_database_url)) as connection:

        def execute(statement: str) -> Sequence[Sequence[Any]]:
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

        script = (Path(__file__).parent / f"schema.{database_kind}.sql").read_text()
        for statement in filter(str.strip, script.split(";\n")):
            execute(statement)
        for revision in (CONTRACTION, list(RELEASES)[-1]):
            execute(f"INSERT INTO alembic_version VALUES ('{revision}')")
        yield execute


@pytest.fixture
def plant(database_kind: str, run: Run) -> Planter:
    planter = Planter(run, QUOTES[database_kind], 1000)
    healthy(planter)
    hosts(planter)
    return planter
