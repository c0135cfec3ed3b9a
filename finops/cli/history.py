"""Commands about what became of findings: diff, savings, findings."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finops.cli.options import Common, Config, Db, Format, Wait, give, in_colour, on_terminal, out, width
from finops.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from finops.history.decisions import Verb
    from finops.pipeline.returning import Plan

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of stdout.")
]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of findings, or unique starts of some.")]
Owner = Annotated[str | None, typer.Option(metavar="NAME", help="Who takes care of it.")]
Due = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day by which it is to be done.")]
Comment = Annotated[str | None, typer.Option(metavar="TEXT", help="Why, in words.")]
_STATUSES = ("new", "open", "reopened", "exempt", "resolved")

findings = typer.Typer(
    help="The findings of all audits: list them, and record what was decided.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command()(diff)
    app.command()(savings)
    app.add_typer(findings, name="findings")


def diff(
    ctx: typer.Context,
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN RUN]", help="Two audits by their run ids [the last two whole ones]."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
    output: Output = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """New, reopened, gone and changed findings between two audits, and how they were resolved."""
    from finops.pipeline.comparing import compare
    from finops.warehouse import reading
    from reports.history.diff import COLUMNS, page, rows

    common = Common(ctx, db, config)
    with reading(common.db, common.settings.limits()) as con:
        found = compare(con, runs or [])
    if format_ is Format.json:
        give(found.to_json(), output, common)
    else:
        give(_shown(format_, page(found), COLUMNS, list(rows(found)), output), output, common)


def savings(
    ctx: typer.Context,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
    output: Output = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Found, agreed, done, on the bill: what actions saved according to later bills, beside their estimates."""
    from finops.history.funnel import savings as tell
    from finops.warehouse import reading
    from reports.history.savings import COLUMNS, page, rows

    common = Common(ctx, db, config)
    with reading(common.db, common.settings.limits()) as con:
        found = tell(con)
    if format_ is Format.json:
        give(found.to_json(), output, common)
    else:
        give(_shown(format_, page(found), COLUMNS, list(rows(found)), output), output, common)


def _shown(
    format_: Format, page: Any, names: Sequence[str], rows: Sequence[Sequence[object]], output: Path | None
) -> str:
    """The answer as asked for: a page for a person, records for a program."""
    from reports.history import page as pages

    if format_ is Format.csv:
        return pages.as_csv(names, rows, bom=output is not None)
    if format_ is Format.markdown:
        return pages.markdown(page)
    if output is not None or on_terminal():
        return pages.terminal(page, width=width(), color=in_colour() and output is None)
    return pages.as_tsv(names, rows)


# --- findings ---------------------------------------------------------------------------------------------


@findings.command("list")
def list_(
    ctx: typer.Context,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS",
            help="Only new, open, reopened, exempt or resolved ones (repeatable) [all but resolved].",
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
    output: Output = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """List the findings of all audits: their state, what was decided, and what they would save."""
    from finops.history.decisions import listing
    from finops.pipeline.tables import as_json
    from finops.warehouse import reading
    from reports.history.findings import COLUMNS, page, rows

    for name in status or ():
        if name not in _STATUSES:
            raise UsageError(f"--status {name}: write one of {', '.join(_STATUSES)}.")
    common = Common(ctx, db, config)
    with reading(common.db, common.settings.limits()) as con:
        found = listing(con, status or [one for one in _STATUSES if one != "resolved"])
    if format_ is Format.json:
        give(as_json(found) + "\n", output, common)
    else:
        give(_shown(format_, page(found), COLUMNS, rows(found), output), output, common)


@findings.command()
def agree(
    ctx: typer.Context,
    ids: Ids,
    owner: Owner = None,
    due: Due = None,
    comment: Comment = None,
    wait: Wait = "0s",
    db: Db = None,
    config: Config = None,
) -> None:
    """Record that these findings are agreed upon and will be acted upon."""
    _decide(Common(ctx, db, config), "agreed", ids, owner, due, comment, wait)


@findings.command()
def reject(
    ctx: typer.Context,
    ids: Ids,
    owner: Owner = None,
    due: Due = None,
    comment: Comment = None,
    wait: Wait = "0s",
    db: Db = None,
    config: Config = None,
) -> None:
    """Record that these findings will not be acted upon; audits go on showing them (exemptions hide them)."""
    _decide(Common(ctx, db, config), "rejected", ids, owner, due, comment, wait)


@findings.command()
def done(
    ctx: typer.Context,
    ids: Ids,
    owner: Owner = None,
    due: Due = None,
    comment: Comment = None,
    wait: Wait = "0s",
    db: Db = None,
    config: Config = None,
) -> None:
    """Record that these findings were acted upon; the next audit and later bills tell whether it shows."""
    _decide(Common(ctx, db, config), "done", ids, owner, due, comment, wait)


@findings.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The workbook of finops report --format xlsx, or a CSV file with its columns.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would change; store nothing.")
    ] = False,
    wait: Wait = "0s",
    db: Db = None,
    config: Config = None,
) -> None:
    """Bring back status, owner, due date and comment that people wrote into the workbook, all or nothing."""
    from finops.history.decisions import decide
    from finops.instants import now, parse_duration
    from finops.pipeline.returning import plan, read_edits
    from finops.warehouse import reading, writing

    common = Common(ctx, db, config)
    patience = parse_duration(wait).total_seconds()
    edits = read_edits(file)
    with reading(common.db, common.settings.limits()) as con:
        found = plan(con, edits)
    if found.changes and not dry_run:
        at = now()
        with writing(
            common.db, "findings", at=at, wait_seconds=patience, limits=common.settings.limits()
        ) as writer:
            found = plan(writer.con, edits)  # anew, for others may have written while this waited
            decide(writer.con, found.decisions(f"file {file.name}"), at)
    _tell_changes(common, found, dry_run)


def _tell_changes(common: Common, found: "Plan", dry_run: bool) -> None:
    from finops.pipeline.returning import told
    from finops.pipeline.tables import as_tables, as_tsv

    records = [{"id": one.finding_id, "finding": one.what, "change": told(one)} for one in found.changes]
    if records:
        out(as_tables({"": records}, width(), color=in_colour()) if on_terminal() else as_tsv({"": records}))
    count = len(records)
    verb = "would change" if dry_run else "changed"
    same = f"; {found.same} stay as they are" if found.same else ""
    common.say(f"{count} finding{'' if count == 1 else 's'} {verb}{same}.")


def _day(due: str | None) -> "date | None":
    from finops.instants import as_day

    if due is None:
        return None
    day = as_day(due)
    if day is None:
        raise UsageError(f"--due {due!r} is no day: write one like 2026-12-01.")
    return day


def _decide(
    common: Common,
    verb: "Verb",
    ids: list[str],
    owner: str | None,
    due: str | None,
    comment: str | None,
    wait: str,
) -> None:
    from finops.history.decisions import Decision, decide, find
    from finops.instants import now, parse_duration
    from finops.warehouse import reading, writing

    patience, day = parse_duration(wait).total_seconds(), _day(due)
    with reading(common.db, common.settings.limits()) as con:
        found = find(con, ids)
    decisions = [Decision(one, verb, owner, comment, "command line", day) for one in found]
    at = now()
    with writing(
        common.db, "findings", at=at, wait_seconds=patience, limits=common.settings.limits()
    ) as writer:
        recorded = decide(writer.con, decisions, at)
    same = f"; {len(found) - recorded} said so already" if recorded < len(found) else ""
    common.say(f"{recorded} finding{'' if recorded == 1 else 's'} {verb}{same}.")
