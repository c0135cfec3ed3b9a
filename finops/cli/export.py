"""Commands that hand data on: export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finops.cli.options import Common, Config, Db, out
from finops.errors import UsageError

if TYPE_CHECKING:
    from finops.pipeline.exporting import Exported, Month

_export = typer.Typer(
    help="Write the charges for other programs: FOCUS, in Parquet by month.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.add_typer(_export, name="export")


@_export.command("focus")
def focus(
    ctx: typer.Context,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder to write; an export there is replaced."),
    ],
    focus_version: Annotated[
        str, typer.Option(metavar="VERSION", help="FOCUS version: 1.0, 1.1 or 1.2.")
    ] = "1.2",
    month: Annotated[
        list[str] | None, typer.Option(metavar="YYYY-MM", help="Only this billing month (repeatable).")
    ] = None,
    cloud: Annotated[
        list[str] | None,
        typer.Option(metavar="CLOUD", help="Only this cloud: aws, alibaba, gcp, azure … (repeatable)."),
    ] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Write all charges as a conformant FOCUS data set, its sums checked (what is in it: docs/export.md)."""
    from finops.pipeline.exporting import Asked, export_focus

    common = Common(ctx, db, config)
    asked = Asked(focus_version, tuple(_month(text) for text in month or ()), tuple(cloud or ()))
    done = export_focus(common.db, output, common.settings, asked, progress=common.say)
    if common.quiet:
        return
    out("\n".join(_told(one) for one in done.months))
    for line in _notes(done, output, focus_version):
        common.say(line)


def _month(text: str) -> str:
    from datetime import datetime

    try:
        at = datetime.strptime(text, "%Y-%m")  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise UsageError(f"--month {text} is no month: write it as 2026-10.") from None
    return f"{at:%Y-%m}"


def _told(month: "Month") -> str:
    from finops.pipeline.exporting import plain

    sums = "; ".join(
        f"{currency} billed {plain(of.told['BilledCost'])}, effective {plain(of.told['EffectiveCost'])}"
        for currency, of in month.sums.items()
    )
    return f"{month.month}: {_rows(month.rows)}; {sums}"


def _notes(done: "Exported", folder: Path, version: str) -> list[str]:
    """What to know beside the figures: where it is, what was left out, filled and missing."""
    from collections import Counter

    notes = [f"FOCUS {version} in {folder}, equal to the warehouse per currency and month."]
    if done.left_out:
        notes.append(
            f"Left out: {_rows(done.left_out)} of Cost Explorer totals, which are no charges of a bill."
        )
    made: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for month in done.months:
        made.update(month.filled)
        missing.update(month.gaps)
    if made:
        notes.append(
            f"Where the bills are empty, {len(made)} columns were filled by rule: counts in _manifest.json, rules in "
            "docs/export.md."
        )
    if missing:
        told = ", ".join(f"{name} ({_rows(rows)})" for name, rows in sorted(missing.items()))
        notes.append(f"FOCUS wants more than the bills tell; left empty: {told}.")
    return notes


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"
