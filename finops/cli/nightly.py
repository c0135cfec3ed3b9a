"""Commands of unattended runs: nightly, retry."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from finops.cli.options import (
    AsOf,
    Common,
    Config,
    Db,
    Format,
    Wait,
    in_colour,
    instant,
    on_terminal,
    out,
    width,
)

if TYPE_CHECKING:
    from finops.pipeline.nightly import NightDone


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command()(nightly)
    app.command()(retry)


def nightly(
    ctx: typer.Context,
    wait: Wait = "",
    as_of: AsOf = None,
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to print: table or json.")
    ] = Format.table,
    db: Db = None,
    config: Config = None,
) -> None:
    """Collect, load, test, audit, detect, report, deliver, tidy: a whole night under a lock, unattended."""
    from finops.instants import now, parse_duration
    from finops.pipeline.nightly import run_night

    common = Common(ctx, db, config)
    patience = parse_duration(wait or common.settings.nightly.wait).total_seconds()
    done = run_night(
        common.db,
        common.settings,
        as_of=instant(as_of) if as_of else now(),
        clock=now,
        say=common.say,
        wait_seconds=patience,
    )
    _end(done, format_)


def retry(
    ctx: typer.Context,
    wait: Wait = "",
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to print: table or json.")
    ] = Format.table,
    db: Db = None,
    config: Config = None,
) -> None:
    """Continue the last night: what was not done, and what comes after it."""
    from finops.instants import now, parse_duration
    from finops.pipeline.nightly import retry as again

    common = Common(ctx, db, config)
    patience = parse_duration(wait or common.settings.nightly.wait).total_seconds()
    done = again(common.db, common.settings, clock=now, say=common.say, wait_seconds=patience)
    if done is None:
        out("The last night was done; there is nothing to do again.")
        return
    _end(done, format_)


def _end(done: "NightDone", format_: Format) -> None:
    """Prints the steps and ends with the strongest of what went wrong, the others told before."""
    import json
    from dataclasses import asdict

    from finops.instants import iso
    from finops.pipeline.tables import as_tables, as_tsv

    if format_ is Format.json:
        told = {"run_id": done.run_id, "status": done.status, "steps": [asdict(one) for one in done.entries]}
        out(json.dumps(told, indent=2, default=iso))
    else:
        rows = [
            {
                "step": one.step,
                "part": one.part or "",
                "status": one.status,
                "seconds": round((one.finished_at - one.started_at).total_seconds())
                if one.finished_at
                else None,
                "rows": one.rows,
                "message": one.message,
            }
            for one in done.entries
        ]
        tables = {f"night {done.run_id}": rows}
        out(as_tables(tables, width(), color=in_colour()) if on_terminal() else as_tsv(tables))
    problem = done.problem
    for other in done.errors:
        if other is not problem:
            print(f"finops: {other}", file=sys.stderr)
    if problem:
        raise problem
