"""The command that tells what was spent: costs."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finops.cli.options import Common, Config, Db, Format, give, in_colour, on_terminal, width
from finops.errors import UsageError

if TYPE_CHECKING:
    from finops.spending import CostAnswer

TOP = 20  # lines that a person reads


class Metric(StrEnum):
    """Which cost is sorted by and explained."""

    effective = "effective"
    billed = "billed"
    list = "list"
    contracted = "contracted"


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command()(costs)


def costs(
    ctx: typer.Context,
    by: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Split by, e.g. service,account,region,tag:team; a wrong name lists them all.",
        ),
    ] = "service",
    month: Annotated[
        str | None, typer.Option(metavar="M", help="Month such as 2026-10 [the newest that is loaded].")
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="M", help="Month to compare with [the one before].")
    ] = None,
    metric: Annotated[
        Metric, typer.Option(help="Cost to sort by and explain; billed is what invoices ask for.")
    ] = Metric.effective,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help=f"So many lines, the rest in one [{TOP}; all in json, csv and pipes]."
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every line.")] = False,
    cloud: Annotated[
        list[str] | None, typer.Option(metavar="CLOUD", help="Only this cloud (repeatable).")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this account or project (repeatable).")
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option(metavar="R", help="Only this region (repeatable).")
    ] = None,
    service: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this service (repeatable).")
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="K=V", help="Only charges with this tag, K= for those without it (repeatable)."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of stdout.")
    ] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """What was spent, against the month before: price or quantity, tied out to the invoices."""
    from finops.pipeline.costing import Question, answer, parse, parse_month
    from finops.warehouse import reading

    if top is not None and all_:
        raise UsageError("--top and --all exclude each other.")
    common = Common(ctx, db, config)
    dimensions = parse(by)
    for_people = format_ in (Format.table, Format.markdown) and (
        format_ is Format.markdown or on_terminal() or output is not None
    )
    limit = TOP if for_people and not all_ and not dimensions[0].in_order else None
    question = Question(
        by=dimensions,
        month=parse_month(month) if month else None,
        against=parse_month(against) if against else None,
        metric=metric.value,
        top=top or limit,
        clouds=tuple(cloud or ()),
        accounts=tuple(account or ()),
        regions=tuple(region or ()),
        services=tuple(service or ()),
        tags=_pairs(tag or []),
    )
    with reading(common.db, common.settings.limits()) as con:
        found = answer(con, question)
    _print(found, format_, output, common)


def _pairs(texts: list[str]) -> tuple[tuple[str, str], ...]:
    for text in texts:
        if "=" not in text:
            raise UsageError(f"--tag {text}: write it as key=value.")
    return tuple((text.partition("=")[0], text.partition("=")[2]) for text in texts)


def _print(found: "CostAnswer", format_: Format, output: Path | None, common: Common) -> None:
    give(_rendered(found, format_, to_file=output is not None), output, common)


def _rendered(found: "CostAnswer", format_: Format, *, to_file: bool) -> str:
    if format_ is Format.json:
        return found.to_json()
    if format_ is Format.csv:
        from reports.costs.csv import render as csv

        return csv(found, bom=to_file)
    if format_ is Format.markdown:
        from reports.costs.markdown import render as markdown

        return markdown(found)
    from reports.costs import terminal

    if to_file or on_terminal():
        return terminal.render(found, width=width(), color=in_colour() and not to_file)
    return terminal.render_tsv(found)
