"""Options that several commands share, and what they resolve to."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finops.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

Db = Annotated[
    Path | None, typer.Option("--db", metavar="FILE", help="Warehouse file [$FINOPS_DB, else finops.duckdb].")
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Configuration file [$FINOPS_CONFIG, else finops.toml]."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the result and errors.")]
Wait = Annotated[
    str, typer.Option("--wait", metavar="TIME", help="Wait so long for another run that writes, e.g. 10m.")
]


class Format(StrEnum):
    """What a command that answers can print."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"


# Whom to ask, shared by every command that may talk to a cloud.
Profiles = Annotated[
    list[str] | None,
    typer.Option("--profile", metavar="NAME", help="Profile of the cloud's own tools (repeatable)."),
]
Accounts = Annotated[
    list[str] | None, typer.Option("--account", metavar="ID", help="Only this account (repeatable).")
]
Role = Annotated[
    str | None,
    typer.Option("--role", metavar="NAME", help="Assume this role in every account of the organisation."),
]
ExternalId = Annotated[
    str | None, typer.Option("--external-id", metavar="ID", help="External id for --role.")
]
Regions = Annotated[
    list[str] | None,
    typer.Option("--region", metavar="R", help="Only this region (repeatable) [all enabled]."),
]
Projects = Annotated[
    list[str] | None,
    typer.Option("--project", metavar="ID", help="Only this project of Google Cloud (repeatable)."),
]
Organization = Annotated[
    str | None,
    typer.Option(
        "--organization", metavar="NUMBER", help="All projects of this organisation of Google Cloud."
    ),
]
Folders = Annotated[
    list[str] | None,
    typer.Option(
        "--folder", metavar="NUMBER", help="All projects below this folder of Google Cloud (repeatable)."
    ),
]
BillingAccount = Annotated[
    str | None,
    typer.Option(
        "--billing-account",
        metavar="ID",
        help="All projects that this Google Cloud billing account pays for.",
    ),
]
Only = Annotated[
    str | None, typer.Option(metavar="LIST", help="Only these datasets, e.g. instances,volumes,charges.")
]


def since_up_to(days: int) -> Any:
    """The option --since of a cloud that keeps metrics for so many days."""
    told = f"Metrics of so long [{days}d, the longest]; asked anew where fewer are stored."
    return typer.Option("--since", metavar="TIME", help=told)


Leave = Annotated[
    str | None,
    typer.Option("--max-age", metavar="TIME", help="Leave alone what was collected no longer ago, e.g. 6h."),
]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="T", help="Collect as if it were this instant.")]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        metavar="URL",
        help="Ask here instead [$FINOPS_ALIBABA_ENDPOINT, $FINOPS_GCP_ENDPOINT].",
    ),
]
BillingExport = Annotated[
    str | None,
    typer.Option(
        "--billing-export",
        metavar="WHERE",
        help="The bill: s3://BUCKET/PREFIX of AWS, PROJECT.DATASET.TABLE of Google Cloud.",
    ),
]
FlowLogs = Annotated[
    bool,
    typer.Option(
        "--flow-logs", help="Read the flow logs in S3 and CloudWatch Logs, 30 days of them: they are large."
    ),
]
CostExplorer = Annotated[
    bool,
    typer.Option(
        "--cost-explorer",
        help="Ask Cost Explorer what accounts without a bill cost: 0.01 USD a request, 2 requests or more.",
    ),
]

Lake = Annotated[
    str | None,
    typer.Option(
        "--lake", metavar="URI", help="Then bring the lake there up to date: a folder, or s3://BUCKET/PREFIX."
    ),
]


class Engine(StrEnum):
    """What reads the large tables."""

    duckdb = "duckdb"
    spark = "spark"


class Common:
    """What a command was told about warehouse, configuration and noise, its own options before the global ones."""

    def __init__(
        self, ctx: typer.Context, db: Path | None, config: Path | None, profile: str | None = None
    ) -> None:
        from finops.config import load_settings

        given: dict[str, Any] = ctx.find_root().params
        self.settings = load_settings(config or given.get("config"), profile or given.get("profile"))
        self.db = (db or given.get("db") or self.settings.db).expanduser()
        self.quiet = bool(given.get("quiet"))

    def say(self, message: str) -> None:
        """A word to the person at the terminal; never on stdout."""
        if not self.quiet:
            from finops import logs

            logs.write(message)


def instant(text: str) -> "datetime":
    """--as-of, which may be any instant near one that there can be data of.

    Raises UsageError for a year that can only be a slip: it would mark findings as seen then for good.
    """
    from finops.instants import now, parse_instant

    at = parse_instant(text)
    if not 2000 <= at.year <= now().year + 1:
        raise UsageError(
            f"--as-of {text}: there can be no data of that year; name one from 2000 to next year."
        )
    return at


def on_terminal() -> bool:
    """Whether stdout is read by a person."""
    return sys.stdout is not None and sys.stdout.isatty()


def in_colour() -> bool:
    """Whether stdout may be coloured: a terminal, and nobody asked for plain text."""
    import os

    return on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns to fill: the terminal's, or 100 where there is none."""
    import shutil

    return shutil.get_terminal_size((100, 40)).columns if on_terminal() else 100


def give(text: str, output: Path | None, common: Common) -> None:
    """Writes a whole result to the file that was named, else to stdout.

    Raises UsageError when it cannot be written.
    """
    if output is None:
        out(text)
        return
    from finops.pipeline.files import write_whole

    write_whole(output, text.encode())
    common.say(f"Written to {output}.")


def out(text: str) -> None:
    """Writes a whole result to stdout.

    Raises UsageError when stdout is a file on a full disk.
    """
    if sys.stdout is None:  # closed by the caller: nobody wants the result
        return
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"The result could not be written to stdout ({error.strerror}).") from error
