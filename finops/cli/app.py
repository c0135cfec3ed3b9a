"""The commands and their help, in the order of a first visit."""

from pathlib import Path
from typing import Annotated

import typer

from finops.cli import (
    anomalies,
    audit,
    collect,
    config,
    costs,
    export,
    history,
    inspect,
    load,
    nightly,
    remediation,
    rules,
)
from finops.cli import data_tests as tests
from finops.cli import db as database
from finops.cli import schedule as schedules
from finops.cli.options import Quiet

_EPILOG = (
    "Exit codes: 0 done; 1 a gate you set was met; 2 bad usage or input; 3 incomplete; 4 credentials; "
    "5 stale data; 70 a bug; 75 another run is writing."
)

app = typer.Typer(
    name="finops",
    help="Open, local, exact cloud cost optimisation: what could be saved, in money and carbon, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)


def _version(wanted: bool) -> None:
    if wanted:
        from finops import __version__

        typer.echo(f"finops {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    db: Annotated[Path | None, typer.Option(metavar="FILE", help="Warehouse file.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="Configuration file.")] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="Profile of the configuration [$FINOPS_PROFILE].")
    ] = None,
    quiet: Quiet = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere on the line.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Global options. --profile, --quiet and --debug may stand anywhere on the line."""


load.register(app)
collect.register(app)
audit.register(app)
remediation.register(app)
history.register(app)
costs.register(app)
anomalies.register(app)
nightly.register(app)
inspect.register(app)
export.register(app)
app.add_typer(rules.app, name="rules")
app.add_typer(tests.app, name="tests")
app.add_typer(config.app, name="config")
app.add_typer(database.app, name="db")
app.add_typer(schedules.app, name="schedule")
