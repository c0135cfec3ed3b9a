"""finops schedule: units that run the night."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finops.cli.options import Common, Config, Db, give, out
from finops.errors import UsageError

if TYPE_CHECKING:
    from finops.pipeline.scheduling import Job

app = typer.Typer(
    help="Print the unit that runs finops nightly, for what starts things where you are.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
At = Annotated[str, typer.Option("--at", metavar="HH:MM", help="When, in UTC.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead of printing.")
]


@app.command()
def cron(
    ctx: typer.Context, at: At = "05:10", output: Output = None, db: Db = None, config: Config = None
) -> None:
    """A line for a crontab."""
    from finops.pipeline.scheduling.cron import crontab

    common = Common(ctx, db, config)
    give(crontab(_job(ctx, common, config, at)), output, common)


@app.command()
def systemd(
    ctx: typer.Context,
    at: At = "05:10",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write finops.service and finops.timer there."),
    ] = None,
    user: Annotated[
        str,
        typer.Option("--user", metavar="NAME", help="Who runs it, for a warehouse outside /var/lib/finops."),
    ] = "finops",
    db: Db = None,
    config: Config = None,
) -> None:
    """A service and a timer, hardened."""
    from finops.pipeline.files import make_folder, write_whole
    from finops.pipeline.scheduling.systemd import units

    common = Common(ctx, db, config)
    made = units(_job(ctx, common, config, at), user)
    if output is None:
        out("\n".join(f"# /etc/systemd/system/{name}\n{text}" for name, text in made.items()))
        return
    make_folder(output)
    for name, text in made.items():
        write_whole(output / name, text.encode())
    common.say(
        f"Written to {output}: copy both to /etc/systemd/system, then systemctl enable --now finops.timer."
    )


@app.command()
def kubernetes(
    ctx: typer.Context,
    at: At = "05:10",
    image: Annotated[
        str, typer.Option("--image", metavar="NAME", help="The image, made from the Containerfile.")
    ] = "",
    output: Output = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """A CronJob with its volume and service account."""
    from finops.pipeline.scheduling.kubernetes import IMAGE, manifests

    common = Common(ctx, db, config)
    give(manifests(_job(ctx, common, config, at), image or IMAGE), output, common)


@app.command()
def github(
    ctx: typer.Context, at: At = "05:10", output: Output = None, db: Db = None, config: Config = None
) -> None:
    """A workflow for GitHub Actions, which logs in to the clouds without stored keys."""
    from finops.pipeline.scheduling.github import workflow

    common = Common(ctx, db, config)
    give(workflow(_job(ctx, common, config, at)), output, common)


def _job(ctx: typer.Context, common: Common, config: Path | None, at: str) -> "Job":
    import os

    from finops.config_layers import find
    from finops.pipeline.scheduling import Job

    given = ctx.find_root().params
    path = find(config or given.get("config"), os.environ)
    return Job.of(
        common.settings,
        program=_program(),
        folder=Path.cwd(),
        db=common.db,
        config=path.expanduser() if path else None,
        profile=given.get("profile") or os.environ.get("FINOPS_PROFILE") or None,
        at=at,
    )


def _program() -> tuple[str, ...]:
    """How this finops is started: its script, beside the interpreter that runs it, else the interpreter itself."""
    import sys

    if not sys.executable:
        raise UsageError("Where Python is cannot be told here: start finops by its script.")
    script = Path(sys.executable).with_name("finops")
    return (str(script),) if script.is_file() else (sys.executable, "-m", "finops")
