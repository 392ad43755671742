"""The command `segmentary audit`: 0 nothing found, 1 rows that break a rule, 2 it could not be looked."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from itertools import groupby

import click

from segmentary.cli import output
from segmentary.errors import SegmentaryError
from segmentary.rules.finding import Audit, Finding
from segmentary.settings import Settings
from segmentary.wire import finding

FOUND, COULD_NOT_LOOK = 1, 2
# Runs shorter than this show no progress.
SILENT_SECONDS = 1.0


def run(settings: Settings, style: str, limit: int, neutron: str | None) -> None:
    """Audit a database, print what is found, and end with the status that says whether anything is."""
    from segmentary.app import Application, audit_neutron
    from segmentary.db import migrate
    from segmentary.db.engine import require_there

    try:
        if neutron is not None:
            show(audit_neutron(neutron, settings.agent_down_time, limit, _progress()), style)
        require_there(settings.database)
        with Application(settings) as app:
            migrate.require_newest(app.database)
            result = app.audit(limit, _progress())
    except SegmentaryError as error:
        click.echo(f"segmentary: {' '.join(error.message.split())}", err=True)
        sys.exit(COULD_NOT_LOOK)
    show(result, style)


def show(result: Audit, style: str) -> None:
    """Print a result in one of `STYLES` and end with its status."""
    click.echo(STYLES[style](result), nl=False)
    sys.exit(FOUND if result.total else 0)


def _progress() -> Callable[[int, int, str], None]:
    """Return what shows on a terminal how far a long run is."""
    if not sys.stderr.isatty():
        return lambda _done, _of, _collection: None
    started = time.monotonic()

    def tell(done: int, of: int, collection: str) -> None:
        if time.monotonic() - started > SILENT_SECONDS:
            text = f"{done} of {of}: {collection}" if done < of else ""
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)

    return tell


def _table(result: Audit) -> str:
    def kind(one: Finding) -> tuple[str, str]:
        return one.check.collection, one.check.rule

    blocks = [_block(list(of_rule), result) for _, of_rule in groupby(result.findings, kind)]
    counted = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result.rows.items() if count)
    summary = f"{result.source}, {counted or 'no records'}: "
    told = f"{result.total} findings" if result.total != 1 else "1 finding"
    return "".join(f"{block}\n" for block in blocks) + summary + (told if result.total else "nothing found") + "\n"


def _block(findings: list[Finding], result: Audit) -> str:
    """Return a rule that is broken, and the rows that break it."""
    check = findings[0].check
    total = result.totals[check.collection, check.rule]
    rows: list[Mapping[str, object]] = [
        {"row": one.row, **one.values, **({"known defect": one.known} if one.known else {})} for one in findings
    ]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    shown = "".join(f"  {line}\n" for line in output.several(rows, columns, "table").splitlines())
    more = f"  and more: {total} rows break this rule\n" if total > len(findings) else ""
    return (
        f"{check.collection}: {check.rule}\n"
        f"  demanded   {finding.sentence(check.limit)}\n"
        f"  why        {check.why}\n"
        f"  what to do {check.remedy}\n{shown}{more}"
    )


def _json(result: Audit) -> str:
    return json.dumps(finding.result(result), indent=2, ensure_ascii=False, default=str) + "\n"


def _sarif(result: Audit) -> str:
    return json.dumps(finding.sarif(result), indent=2, ensure_ascii=False, default=str) + "\n"


STYLES: Mapping[str, Callable[[Audit], str]] = {"table": _table, "json": _json, "sarif": _sarif}
