"""Commands that bring data in: demo, ingest."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from finops.cli.options import Common, Config, Db, Lake, Wait, in_colour, out


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command()(demo)
    app.command()(ingest)


def demo(
    ctx: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where warehouse, bills and report go.")
    ] = Path("finops-demo"),
    config: Config = None,
) -> None:
    """Run everything on the built-in sample estate (three clouds, no account needed)."""
    from finops.instants import now
    from finops.pipeline.demo import demo as run_demo
    from reports import terminal
    from reports.language import speaking

    common = Common(ctx, None, config)
    common.say("Loading the sample estate: three clouds, 95 days of metrics, a bill for each cloud.")
    made = run_demo(output, common.settings, at=now())
    # A table also where stdout is a file: showing it is what this command is for.
    with speaking(common.settings.locale):
        out(terminal.render(made.report, width=100, color=in_colour(), hint=False))
    out(f"Report:    {made.files[0].resolve()}\nWarehouse: {made.warehouse.resolve()}")
    steps = [f"finops audit --db {made.warehouse}"]
    if made.report.findings:  # none where finops.toml switches every rule off
        first = made.report.findings[0].id[: terminal.HANDLE]
        steps.insert(0, f"finops explain {first} --db {made.warehouse}")
    common.say(f"Next: {' · '.join(steps)}")


def ingest(
    ctx: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Bills and flow logs: files, folders, patterns, zip archives, s3://, gs:// or oss:// addresses.",
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Let these files replace the same bill from other files.")
    ] = False,
    max_rejected: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", min=0, max=1, help="Stop when more rows than this are unreadable [0.01]."
        ),
    ] = None,
    wait: Wait = "0s",
    lake: Lake = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Load exported bills (FOCUS 1.0 to 1.4, AWS CUR legacy and 2.0, Google Cloud, Alibaba Cloud) and flow logs."""
    from finops.cli.live import update_lake
    from finops.instants import now, parse_duration
    from finops.pipeline.loading import ingest_files

    common = Common(ctx, db, config)
    result = ingest_files(
        common.db,
        files,
        common.settings,
        at=now(),
        replace=replace,
        max_rejected=max_rejected,
        wait_seconds=parse_duration(wait).total_seconds(),
        progress=common.say,
    )
    out(result.text)
    update_lake(common, lake)
    if result.rejected:
        print("finops: some rows could not be read; finops status tells which.", file=sys.stderr)
        raise typer.Exit(3)
