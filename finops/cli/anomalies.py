"""Commands about costs out of control, and what a month will cost: anomalies, forecast."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finops.cli.options import Common, Config, Db, Wait, give, in_colour, on_terminal, width
from finops.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import duckdb

    from finops.night_model import Anomaly, BudgetLine, Forecast

    _Step = Callable[[duckdb.DuckDBPyConnection, datetime], object]


class Shape(StrEnum):
    """How to print."""

    table = "table"
    json = "json"
    csv = "csv"


All = Annotated[bool, typer.Option("--all", help="Those that are over, accepted or announced too.")]
Shaped = Annotated[Shape, typer.Option("--format", "-f", help="How to print.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of stdout.")
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decided.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in words.")]

anomalies = typer.Typer(
    help="Costs that left their limits: list them, accept one as the new normal, announce an event.",
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.add_typer(anomalies, name="anomalies")
    app.command()(forecast)


@anomalies.callback(invoke_without_command=True)
def _group(
    ctx: typer.Context,
    all_: All = False,
    format_: Shaped = Shape.table,
    output: Output = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Costs that left their limits: list them, accept one as the new normal, announce an event."""
    if ctx.invoked_subcommand is None:
        _list(Common(ctx, db, config), all_, format_, output)


@anomalies.command("list")
def list_(
    ctx: typer.Context,
    all_: All = False,
    format_: Shaped = Shape.table,
    output: Output = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """List what the last nights found: open ones, or all."""
    _list(Common(ctx, db, config), all_, format_, output)


def _list(common: Common, all_: bool, format_: Shape, output: Path | None) -> None:
    from finops.pipeline.watching.keeping import rows
    from finops.warehouse import reading

    with reading(common.db, common.settings.limits()) as con:
        found = [row.told() for row in rows(con, "true" if all_ else "state = 'open'")]
    if not found and format_ is Shape.table:
        give(f"No anomaly is {'kept' if all_ else 'open'}. finops nightly looks for them.\n", output, common)
        return
    _give([_record(one) for one in found], found, format_, output, common, _COLUMNS)


_COLUMNS = ("id", "state", "kind", "first_day", "last_day", "currency", "expected", "actual", "message")


def _record(one: "Anomaly") -> dict[str, Any]:
    record = {name: getattr(one, name) for name in _COLUMNS}
    return record | {"expected": round(one.expected, 2), "actual": round(one.actual, 2)}


@anomalies.command()
def accept(
    ctx: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of an anomaly, or a unique start of one.")],
    reason: Reason,
    by: By,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The last day it holds [180 days from now].")
    ] = None,
    wait: Wait = "0s",
    db: Db = None,
    config: Config = None,
) -> None:
    """Accept an anomaly as the new normal: silent until a day; then it is told again if it is still outside."""
    from datetime import timedelta

    from finops.pipeline.watching.deciding import Acceptance
    from finops.pipeline.watching.deciding import accept as do

    common, asked = (
        Common(ctx, db, config),
        Acceptance(id_, by, reason, _day("--until", until) if until else None),
    )
    at = _decided(common, wait, lambda con, at: asked.checked(con, at), lambda con, at: do(con, asked, at))
    common.say(
        f"Accepted through {(asked.ends(at) - timedelta(days=1)).date()}, and told again then if it is still outside."
    )


@anomalies.command()
def expect(
    ctx: typer.Context,
    from_: Annotated[str, typer.Option("--from", metavar="DATE", help="Its first day.")],
    to: Annotated[str, typer.Option(metavar="DATE", help="Its last day.")],
    reason: Reason,
    by: By,
    cloud: Annotated[str | None, typer.Option(metavar="CLOUD", help="Costs of this cloud.")] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Of this account or project.")] = None,
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Of this service.")] = None,
    team: Annotated[str | None, typer.Option(metavar="NAME", help="Of this team.")] = None,
    wait: Wait = "0s",
    db: Db = None,
    config: Config = None,
) -> None:
    """Announce an event: in these days the costs that are selected raise no alarm and are in no baseline."""
    from finops.pipeline.watching.deciding import Announcement
    from finops.pipeline.watching.deciding import expect as do

    asked = Announcement(_day("--from", from_), _day("--to", to), by, reason, cloud, account, service, team)
    common = Common(ctx, db, config)
    _decided(common, wait, lambda con, _: asked.checked(con), lambda con, at: do(con, asked, at))
    common.say(f"No alarm from {asked.first.date()} to {asked.last.date()} for what was selected.")


def _decided(common: Common, wait: str, check: "_Step", do: "_Step") -> "datetime":
    """Checks a decision before it asks to write, so that a slip leaves the warehouse as it is."""
    from finops.instants import now, parse_duration
    from finops.warehouse import reading, writing

    at, limits, patience = now(), common.settings.limits(), parse_duration(wait).total_seconds()
    with reading(common.db, limits) as con:
        check(con, at)
    with writing(common.db, "anomalies", at=at, wait_seconds=patience, limits=limits) as writer:
        do(writer.con, at)
    return at


def forecast(
    ctx: typer.Context,
    by: Annotated[
        str, typer.Option(metavar="LIST", help="Split by cloud, account, service, team.")
    ] = "account",
    month: Annotated[str | None, typer.Option(metavar="M", help="Month such as 2026-10 [this one].")] = None,
    format_: Shaped = Shape.table,
    output: Output = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """What a month will cost: so far, forecast, the band that four of five months end in, and the budgets."""
    from finops.instants import now
    from finops.pipeline.costing import parse_month
    from finops.pipeline.watching.budgets import budgets_told
    from finops.pipeline.watching.months import columns_of, forecasts
    from finops.warehouse import reading

    common, at = Common(ctx, db, config), now()
    first = (parse_month(month) if month else at).date().replace(day=1)
    if first > at.date():
        raise UsageError(f"--month {month} has not begun: this month or an earlier one can be told.")
    columns = columns_of(by)
    with reading(common.db, common.settings.limits()) as con:
        lines = forecasts(con, common.settings, at, first, ["total", columns])
        budgets = budgets_told(con, common.settings, at, first)
    if format_ is Shape.json:
        _json(lines, budgets, output, common)
        return
    records = [_month(one, columns) for one in lines]
    tables = {f"forecast of {first:%Y-%m}": records}
    if budgets and format_ is Shape.table:
        tables["budgets"] = [_budget(one) for one in budgets]
    _tables(tables, format_, output, common)


def _month(one: "Forecast", columns: tuple[str, ...]) -> dict[str, Any]:
    whole = one.level == "total"
    keys = {name: "" if whole else getattr(one, name) or "(none)" for name in columns}
    if whole:
        keys[columns[0]] = "total"
    return keys | {
        "currency": one.currency,
        "spent": one.spent,
        "through": str(one.settled_until or ""),
        "forecast": one.forecast,
        "low": one.low,
        "high": one.high,
        "note": one.reason or "",
    }


def _budget(one: "BudgetLine") -> dict[str, Any]:
    return {
        "budget": one.name,
        "state": one.state.replace("_", " "),
        "currency": one.currency,
        "amount": one.budget,
        "spent": one.spent,
        "forecast": one.forecast,
        "variance": one.variance,
        "message": one.message,
    }


def _json(lines: "list[Forecast]", budgets: "list[BudgetLine]", output: Path | None, common: Common) -> None:
    import json

    told = {
        "forecasts": [one.model_dump(mode="json") for one in lines],
        "budgets": [one.model_dump(mode="json") for one in budgets],
    }
    give(json.dumps(told, indent=2) + "\n", output, common)


def _give(
    records: list[dict[str, Any]],
    models: "list[Anomaly]",
    format_: Shape,
    output: Path | None,
    common: Common,
    names: tuple[str, ...],
) -> None:
    import json

    if format_ is Shape.json:
        give(json.dumps([one.model_dump(mode="json") for one in models], indent=2) + "\n", output, common)
        return
    _tables({"anomalies": records}, format_, output, common, names)


def _tables(
    tables: dict[str, list[dict[str, Any]]],
    format_: Shape,
    output: Path | None,
    common: Common,
    names: tuple[str, ...] = (),
) -> None:
    from finops.pipeline.tables import as_csv, as_tables, as_tsv

    if format_ is Shape.csv:
        records = next(iter(tables.values()))
        columns = list(records[0]) if records else list(names)
        give(as_csv(columns, [list(one.values()) for one in records]), output, common)
    elif output is not None or on_terminal():
        give(as_tables(tables, width(), color=in_colour() and output is None, names=names), output, common)
    else:
        give(as_tsv(tables if len(tables) > 1 else {"": next(iter(tables.values()))}, names), output, common)


def _day(option: str, text: str) -> "datetime":
    from finops.instants import parse_instant

    at = parse_instant(text)
    if at != at.replace(hour=0, minute=0, second=0, microsecond=0):
        raise UsageError(f"{option} {text}: write a day, like 2026-11-20.")
    return at
