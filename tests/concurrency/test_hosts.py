"""Many hosts reporting at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import segmentary
from segmentary.catalog.agent import Report
from segmentary.rules.listing import HostQuery

RunSql = Callable[[str], Sequence[Sequence[object]]]
HOSTS, CONNECTIONS, REACHED = 200, 16, 8


def test_200_hosts_that_report_at_once_are_all_stored_and_repeating_writes_nothing(
    database_url: str, run_sql: RunSql
) -> None:
    with segmentary.open(database_url, threads=CONNECTIONS) as app:
        names = [one.name for one in app.physical_networks.create_many([{"name": f"p{n:02}"} for n in range(32)])]
        reports = [
            Report(
                host=f"h{number:03}",
                agent_type="Open vSwitch agent",
                binary="",
                availability_zone=None,
                physical_networks=tuple((names[(number * 5 + one * 3) % 32], "br") for one in range(REACHED)),
                observed=None,
            )
            for number in range(HOSTS)
        ]
        with ThreadPoolExecutor(CONNECTIONS) as callers:
            list(callers.map(app.hosts.report, reports))
        tables = ("agents", "reaches", "events")
        stored = [sorted(map(tuple, run_sql(f"SELECT * FROM {table}"))) for table in tables]
        assert [len(rows) for rows in stored] == [HOSTS, HOSTS * REACHED, HOSTS + len(names)]
        with ThreadPoolExecutor(CONNECTIONS) as callers:
            list(callers.map(app.hosts.report, reports))
        assert [sorted(map(tuple, run_sql(f"SELECT * FROM {table}"))) for table in tables] == stored
        assert len(app.hosts.find(HostQuery(limit=1000))) == HOSTS


def test_one_host_that_reports_for_the_first_time_twice_at_once_has_one_agent(database_url: str) -> None:
    with segmentary.open(database_url, threads=CONNECTIONS) as app:
        app.physical_networks.create(name="p")
        report = Report(
            host="h",
            agent_type="Open vSwitch agent",
            binary="",
            availability_zone=None,
            physical_networks=(("p", "br"),),
            observed=None,
        )
        with ThreadPoolExecutor(CONNECTIONS) as callers:
            answers = list(callers.map(app.hosts.report, [report] * CONNECTIONS))
        assert all(answer["host"] == "h" for answer in answers)
        assert len(app.agents.list()) == 1
