"""Commands of unattended runs: nightly, retry, deliver."""

from enum import StrEnum
from pathlib import Path
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
    from finops.pipeline.tables import Records


class LogForm(StrEnum):
    """How words about the run are written."""

    text = "text"
    json = "json"


LogFormat = Annotated[
    LogForm | None,
    typer.Option(
        "--log-format", help="What goes to stderr: text, or lines of JSON [text on a terminal, else json]."
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command()(nightly)
    app.command()(retry)
    app.command()(deliver)


def nightly(
    ctx: typer.Context,
    wait: Wait = "",
    as_of: AsOf = None,
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to print: table or json.")
    ] = Format.table,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what it would do; ask nobody, write nothing.")
    ] = False,
    log_format: LogFormat = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Collect, load, test, audit, detect, report, deliver, tidy: a whole night under a lock, unattended."""
    from finops.instants import now, parse_duration
    from finops.pipeline.nightly import run_night

    common = _common(ctx, db, config, log_format)
    if dry_run:
        _plan(common, format_)
        return
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
    log_format: LogFormat = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Continue the last night: what was not done, and what comes after it."""
    from finops.instants import now, parse_duration
    from finops.pipeline.nightly import retry as again

    common = _common(ctx, db, config, log_format)
    patience = parse_duration(wait or common.settings.nightly.wait).total_seconds()
    done = again(common.db, common.settings, clock=now, say=common.say, wait_seconds=patience)
    if done is None:
        out("The last night was done; there is nothing to do again.")
        return
    _end(done, format_)


def deliver(
    ctx: typer.Context,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="NAME", help="Only this target (repeatable).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what each target would get; send nothing.")
    ] = False,
    test: Annotated[
        str | None, typer.Option("--test", metavar="NAME", help="Send this target a few words, no report.")
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to print: table or json.")
    ] = Format.table,
    db: Db = None,
    config: Config = None,
) -> None:
    """Send the report of the last night to the targets of finops.toml, again where they had it."""
    from finops.instants import now
    from finops.pipeline.redelivering import contents, redeliver, send_test

    common = Common(ctx, db, config)
    if test:
        out(send_test(common.settings, test, at=now()))
        return
    names = to or []
    if dry_run:
        found = contents(common.db, common.settings, names, clock=now, say=common.say)
        _show("deliveries", found, format_)
        return
    done = redeliver(common.db, common.settings, names, clock=now, say=common.say)
    _show("deliveries", done.rows, format_)
    if done.problem:
        raise done.problem


def _common(ctx: typer.Context, db: Path | None, config: Path | None, form: LogForm | None) -> Common:
    """What the command was told; its words go to people as text and to programs as lines of JSON."""
    from finops import logs

    logs.write_as(form.value if form else "text" if logs.on_terminal() else "json")
    return Common(ctx, db, config)


def _show(title: str, rows: "Records", format_: Format) -> None:
    from finops.pipeline.tables import as_json, as_tables, as_tsv

    if format_ is Format.json:
        out(as_json(rows))
    else:
        out(as_tables({title: rows}, width(), color=in_colour()) if on_terminal() else as_tsv({title: rows}))


def _plan(common: Common, format_: Format) -> None:
    from finops.pipeline.nightly.plan import planned

    _show("night", planned(common.db, common.settings), format_)


def _end(done: "NightDone", format_: Format) -> None:
    """Prints the steps and ends with the strongest of what went wrong, the others told before."""
    import json
    from dataclasses import asdict

    from finops import logs
    from finops.instants import iso

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
        _show(f"night {done.run_id}", rows, format_)
    problem = done.problem
    for other in done.errors:
        if str(other) != str(problem):
            logs.write(str(other), level="error", before="finops: ")
    if problem:
        raise problem
