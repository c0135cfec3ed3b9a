"""Commands that judge: audit, report, explain."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finops.cli.options import (
    BillingAccount,
    BillingExport,
    Common,
    Config,
    CostExplorer,
    Db,
    Endpoint,
    Engine,
    ExternalId,
    Folders,
    Format,
    Organization,
    Profiles,
    Projects,
    Regions,
    Role,
    give,
    in_colour,
    instant,
    on_terminal,
    out,
    width,
)
from finops.errors import (
    BusyError,
    FinopsError,
    GateError,
    StaleError,
    UnwritableError,
    UsageError,
)
from finops.readership import Audience, Locale, RedactionLevel

if TYPE_CHECKING:
    from datetime import datetime

    from finops.history.observing import Observed
    from finops.model import AuditReport


Language = Annotated[
    Locale | None, typer.Option(help="The language of what people read [locale of finops.toml, else en].")
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command()(audit)
    app.command()(report)
    app.command()(explain)


def audit(
    ctx: typer.Context,
    live: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLOUD]...", help="First collect what is old from aws, alibaba or gcp, judge only that."
        ),
    ] = None,
    cloud: Annotated[
        list[str] | None, typer.Option(metavar="CLOUD", help="Only aws, alibaba or gcp (repeatable).")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this account or project (repeatable).")
    ] = None,
    project: Projects = None,
    region: Regions = None,
    rule: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this rule (repeatable).")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="Only resources with this tag (repeatable).")
    ] = None,
    min_savings: Annotated[
        str | None, typer.Option(metavar="X", help="Only findings that save at least this a month.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="T", help="Judge at this instant [that of the newest data].")
    ] = None,
    max_age: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Collect anew what is older [24h]; without a cloud: fail with 5 when data are.",
        ),
    ] = None,
    cached: Annotated[bool, typer.Option("--cached", help="Collect nothing, whatever its age.")] = False,
    profile: Profiles = None,
    organization: Organization = None,
    folder: Folders = None,
    billing_account: BillingAccount = None,
    role: Role = None,
    external_id: ExternalId = None,
    endpoint: Endpoint = None,
    billing_export: BillingExport = None,
    cost_explorer: CostExplorer = False,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(metavar="GATE", help="Exit 1 when met: new, 'savings>1000', 'findings>0'."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of stdout.")
    ] = None,
    locale: Language = None,
    rerun: Annotated[
        str | None,
        typer.Option(
            metavar="RUN", help="Run a past audit again on what it was made from, and store nothing."
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="What reads the large tables: spark judges a lake.")
    ] = Engine.duckdb,
    remote: Annotated[
        str | None, typer.Option(metavar="sc://HOST:PORT", help="The Spark Connect server [$SPARK_REMOTE].")
    ] = None,
    tables: Annotated[
        str | None,
        typer.Option(metavar="URI", help="The lake's address as Spark has it [lake of finops.toml]."),
    ] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Run the rules: what could be saved, in money and carbon, and what could not be judged."""
    from finops.cli.again import keep_inputs
    from finops.cli.elsewhere import elsewhere
    from finops.cli.filters import filters_of, refuse_for_nobody
    from finops.cli.live import asking_of, collect_each
    from finops.history.observing import Observed
    from finops.instants import now, parse_duration
    from finops.pipeline.audit import audit as run_audit
    from finops.pipeline.audit import incomplete
    from finops.pipeline.gates import parse_gates
    from finops.warehouse import reading
    from finops.warehouse.writing import new_run_id

    common = Common(ctx, db, config, profile[0] if profile and not live else None)
    if rerun is not None:
        from finops.cli.again import run_again

        _print(run_again(ctx, common, rerun), format_, output, common, locale)
        return
    judging = elsewhere(common, engine, remote, tables, live)
    gates = parse_gates(fail_on or [])
    limit = parse_duration(max_age) if max_age else None
    filters = filters_of([*(cloud or ()), *(live or ())], account, project, region, rule, tag, min_savings)
    only_google = set(live or ()) == {"gcp"}  # whose accounts are its projects
    asked: dict[str, Any] = {
        "profiles": profile,
        "accounts": None if only_google else account,
        "projects": [*(project or ()), *(account or ())] if only_google else project,
        "organization": organization,
        "folders": folder,
        "billing_account": billing_account,
        "role": role,
        "external_id": external_id,
        "regions": region,
        "endpoint": endpoint,
        "billing_export": billing_export,
        "cost_explorer": cost_explorer,
    }
    lacking: list[FinopsError | None] = []
    if not live:
        refuse_for_nobody(asked)
    elif not cached:
        lacking += collect_each(common, live, asking_of(**asked), limit, as_of=as_of)
    run_id, observed = new_run_id(), Observed()
    with reading(common.db, common.settings.limits()) as con, judging(con):
        found = run_audit(
            con,
            common.settings,
            run_id=run_id,
            as_of=instant(as_of) if as_of else None,
            filters=filters,
            observed=observed,
        )
        keep_inputs(common, con, found, filters)
    _keep(common, found, observed)
    if format_ in (Format.json, Format.markdown):
        found = _with_spending(common, found)
    _print(found, format_, output, common, locale)
    _end_with_the_strongest(
        *(lacking or [incomplete(found)]),
        _stale(found, now() - limit, str(max_age)) if limit is not None and not live else None,
        *(GateError(f"The gate {gate.text} was met.") for gate in gates if gate.met(found)),
    )


def report(
    ctx: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the files.")],
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="LIST",
            help="Comma-separated: html, xlsx, csv, json, markdown, chat, mail, pdf.",
        ),
    ] = "html",
    redact: Annotated[
        RedactionLevel,
        typer.Option(help="Replace ids, names (and tags, owners), or with --redact alone all; consistently."),
    ] = "none",
    audience: Annotated[
        Audience,
        typer.Option(help="For whom HTML and PDF are put in order: another depth, the same numbers."),
    ] = "finance",
    locale: Language = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="The JSON of an audit or report; no warehouse is needed."
        ),
    ] = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Write the report files of the last audit, or of one kept as JSON; the HTML is one file that needs no network."""
    from finops.pipeline.reporting import check_formats, write_reports

    common = Common(ctx, db, config)
    formats = [name.strip() for name in format_.split(",") if name.strip()]
    told_in = locale or common.settings.locale
    check_formats(formats, told_in)
    found = _of_file(from_, db) if from_ else _last(common)
    key = common.settings.redaction()
    paths = write_reports(
        found,
        output,
        formats,
        redact=redact,
        key=key,
        audience=audience,
        locale=told_in,
    )
    for path in paths:
        out(str(path))


def explain(
    ctx: typer.Context,
    finding_id: Annotated[
        str, typer.Argument(metavar="FINDING_ID", help="Id of a finding, or the start of one.")
    ],
    db: Db = None,
    config: Config = None,
) -> None:
    """Why: the rule, its SQL with values, the rows it saw, the arithmetic of money and carbon."""
    from finops.cli.again import on_what_it_saw
    from finops.pipeline.explain import explain as tell
    from finops.pipeline.explain import find
    from finops.pipeline.record import last_audit
    from finops.warehouse import reading

    common = Common(ctx, db, config)
    with reading(common.db, common.settings.limits()) as warehouse:
        found = last_audit(warehouse)
    with on_what_it_saw(common, found) as con:
        text = tell(con, common.settings, found, find(found, finding_id))
    out(_marked_up(text) if on_terminal() else text)


def _end_with_the_strongest(*conditions: FinopsError | None) -> None:
    """Tells every condition, the strongest last, by raising it; the order is incomplete, stale, gate."""
    told = [condition for condition in conditions if condition]
    for weaker in reversed(told[1:]):
        print(f"finops: {weaker}", file=sys.stderr)
    if told:
        raise told[0]


def _stale(found: "AuditReport", oldest: "datetime", max_age: str) -> FinopsError | None:
    """The account whose newest data are the oldest, when they are older than allowed."""
    newest: dict[tuple[str, str], datetime] = {}
    for scope in found.coverage:
        if scope.collected_at:
            place = (scope.cloud, scope.account)
            newest[place] = max(scope.collected_at, newest.get(place, scope.collected_at))
    stale = sorted((at, place) for place, at in newest.items() if at < oldest)
    if stale:
        at, (cloud, account) = stale[0]
        more = f" (and {len(stale) - 1} more accounts)" if len(stale) > 1 else ""
        return StaleError(
            f"The newest data of {cloud} {account} are of {at:%Y-%m-%d %H:%M} UTC, older than {max_age}{more}."
        )
    return None


def _keep(common: Common, found: "AuditReport", observed: "Observed") -> None:
    """Stores the audit; while another run writes, the answer is given all the same and a word says so."""
    from finops.instants import now
    from finops.pipeline.record import record
    from finops.warehouse import writing

    try:
        with writing(
            common.db, "audit", at=now(), wait_seconds=2, limits=common.settings.limits(), run_id=found.run_id
        ) as writer:
            record(writer, found, observed)
    except (BusyError, UnwritableError) as busy:
        print(
            f"finops: this audit is shown but not stored, so report and explain keep to the last one. {busy}",
            file=sys.stderr,
        )


def _last(common: Common) -> "AuditReport":
    """The last audit with its night and what bills say, whole."""
    from finops.pipeline.nightly.telling import with_its_night
    from finops.pipeline.record import last_audit
    from finops.warehouse import reading

    with reading(common.db, common.settings.limits()) as con:
        return with_its_night(con, last_audit(con), common.settings)


def _of_file(path: Path, db: Path | None) -> "AuditReport":
    from finops.pipeline.reporting import read_report

    if db is not None:
        raise UsageError("--from and --db exclude each other: a report from a file reads no warehouse.")
    return read_report(path)


def _with_spending(common: Common, found: "AuditReport") -> "AuditReport":
    """With what bills and history say beside it, the audit that was just stored included."""
    from finops.pipeline.finance import with_finance
    from finops.warehouse import reading

    with reading(common.db, common.settings.limits()) as con:
        return with_finance(con, found, common.settings)


def _print(
    found: "AuditReport", format_: Format, output: Path | None, common: Common, locale: Locale | None
) -> None:
    from reports.language import speaking

    with speaking(locale or common.settings.locale):
        text = _renderer(format_, to_file=output is not None)(found)
    give(text, output, common)


def _renderer(format_: Format, *, to_file: bool) -> "Callable[[AuditReport], str]":
    if format_ is Format.json:
        from reports.json import render as json

        return json
    if format_ is Format.csv:
        from reports.csv import render as csv

        return lambda found: csv(found, bom=to_file)
    if format_ is Format.markdown:
        from reports.markdown import render as markdown

        return markdown
    from reports import terminal

    if to_file or on_terminal():
        return lambda found: terminal.render(found, width=width(), color=in_colour() and not to_file)
    return terminal.render_tsv


def _marked_up(text: str) -> str:
    """The explanation as a terminal shows Markdown."""
    import io

    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(file=io.StringIO(), width=width(), force_terminal=in_colour(), no_color=not in_colour())
    console.print(Markdown(text))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]
