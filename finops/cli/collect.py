"""Commands that talk to a cloud: collect, doctor, permissions."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from finops.cli.options import (
    Accounts,
    Asking,
    BillingExport,
    Common,
    Config,
    CostExplorer,
    Db,
    ExternalId,
    Profiles,
    Regions,
    Role,
    Wait,
    in_colour,
    instant,
    on_terminal,
    out,
    width,
)

if TYPE_CHECKING:
    from datetime import timedelta

    from collectors.aws import Request
    from finops.config import Settings
    from finops.pipeline.collecting import Collected, Collecting
    from finops.warehouse import Scope

_collect = typer.Typer(
    help="Read a cloud into the warehouse: live, read-only, resumable.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_doctor = typer.Typer(
    help="Check credentials, permissions and what a run would cost, before it runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_permissions = typer.Typer(
    help="Print the least-privilege policy that collecting needs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.add_typer(_collect, name="collect")
    app.add_typer(_doctor, name="doctor")
    app.add_typer(_permissions, name="permissions")


@_collect.command("aws")
def collect_aws(
    ctx: typer.Context,
    profile: Profiles = None,
    account: Accounts = None,
    role: Role = None,
    external_id: ExternalId = None,
    region: Regions = None,
    since: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="Metrics of so long, at most 95d; asked anew where fewer are stored."
        ),
    ] = "95d",
    only: Annotated[
        str | None, typer.Option(metavar="LIST", help="Only these datasets, e.g. instances,metrics,charges.")
    ] = None,
    billing_export: BillingExport = None,
    cost_explorer: CostExplorer = False,
    max_age: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Leave alone what was collected no longer ago, e.g. 6h."),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="T", help="Collect as if it were this instant.")
    ] = None,
    wait: Wait = "0s",
    db: Db = None,
    config: Config = None,
) -> None:
    """Read accounts of Amazon Web Services: inventory, metrics, prices, commitments, the bill."""
    from finops.instants import parse_duration

    common = Common(ctx, db, config)
    who = Asking(profile, account, role, external_id, region, billing_export, as_of, cost_explorer)
    done = run_live(
        common,
        who,
        parse_duration(max_age) if max_age else None,
        since=since,
        only=only,
        wait_seconds=parse_duration(wait).total_seconds(),
    )
    out(_told(done))
    if done.problem:
        raise done.problem


@_doctor.command("aws")
def doctor_aws(
    ctx: typer.Context,
    profile: Profiles = None,
    account: Accounts = None,
    role: Role = None,
    external_id: ExternalId = None,
    region: Regions = None,
    cost_explorer: CostExplorer = False,
    db: Db = None,
    config: Config = None,
) -> None:
    """Try the credentials and every call, and say what a run would cost; reads nothing into the warehouse."""
    from collectors.aws.doctor import examine
    from finops.errors import IncompleteError
    from finops.instants import now
    from finops.pipeline.status import freshness
    from finops.pipeline.tables import as_tables, as_tsv

    common = Common(ctx, db, config)
    who = Asking(profile, account, role, external_id, region)
    paid = cost_explorer or common.settings.aws.cost_explorer
    found = examine(_request(common.settings, who), now(), cost_explorer=paid)
    tables = {
        "checks": [asdict(check) for check in found.checks],
        "freshness": freshness(common.db, common.settings, "aws"),
        "a first run": [
            {
                "places": found.places,
                "calls": f"about {found.calls:,}",
                "metric queries": f"{found.queries:,}",
                "CloudWatch price": _price(found.dollars),
                **({"Cost Explorer price": "0.02 USD or more"} if paid else {}),
            }
        ],
    }
    shown = {name: rows for name, rows in tables.items() if rows}
    out(as_tables(shown, width(), color=in_colour()) if on_terminal() else as_tsv(shown))
    if found.denied:
        first = found.denied[0]
        raise IncompleteError(
            f"{len(found.denied)} of {len(found.checks)} checks failed, {first.subject} in account {first.account} "
            f"region {first.region} among them: {first.detail}"
        )


@_permissions.command("aws")
def permissions_aws(
    ctx: typer.Context,
    account: Accounts = None,
    role: Role = None,
    billing_export: BillingExport = None,
    cost_explorer: CostExplorer = False,
    config: Config = None,
) -> None:
    """Print an IAM policy (JSON) with exactly the actions that collecting from AWS calls."""
    import json

    from collectors.aws.permissions import policy

    common = Common(ctx, None, config)
    request = _request(common.settings, Asking(accounts=account, role=role))
    own = common.settings.aws
    export, paid = billing_export or own.billing_export, cost_explorer or own.cost_explorer
    out(json.dumps(policy(request, export, cost_explorer=paid), indent=2))


# --- shared with audit ------------------------------------------------------------------------------------


def run_live(
    common: Common,
    who: Asking,
    max_age: "timedelta | None",
    *,
    since: str = "95d",
    only: str | None = None,
    wait_seconds: float = 0,
) -> "Collected":
    """Collects what is asked for, with a progress bar where a person watches.

    Raises UsageError for a time that is no duration or longer than the cloud keeps.
    """
    from finops.instants import now
    from finops.pipeline.collecting import collect_aws as collect

    clock = now()
    with Bar(common) as bar:
        return collect(
            common.db,
            common.settings,
            _asked(common.settings, who, since, only),
            at=instant(who.as_of) if who.as_of else clock,
            clock=clock,
            progress=bar,
            max_age=max_age,
            wait_seconds=wait_seconds,
        )


def _price(dollars: float) -> str:
    return f"at most {dollars:.2f} USD" if dollars >= 0.01 else "less than 0.01 USD"


def _asked(settings: "Settings", who: Asking, since: str, only: str | None) -> "Collecting":
    from finops.errors import UsageError
    from finops.instants import parse_duration
    from finops.pipeline.collecting import Collecting

    days = parse_duration(since).days
    if not 1 <= days <= 95:
        raise UsageError(f"--since {since}: metrics are collected over 1 to 95 days.")
    names = tuple(name.strip() for name in (only or "").split(",") if name.strip())
    bill = who.billing_export or settings.aws.billing_export
    paid = who.cost_explorer or settings.aws.cost_explorer
    return Collecting(_request(settings, who), names, days, bill, cost_explorer=paid)


def _request(settings: "Settings", who: Asking) -> "Request":
    """Whom to ask: the options, and where one is missing what finops.toml has under [aws]."""
    from collectors.aws import Request

    own = settings.aws
    return Request(
        profiles=tuple(who.profiles or own.profiles),
        accounts=tuple(who.accounts or own.accounts),
        role=who.role or own.role,
        external_id=who.external_id or own.external_id,
        regions=tuple(sorted(set(who.regions or own.regions))),
    )


class Bar:
    """How far a collection has come, on stderr: a bar on a terminal, a line elsewhere, nothing when quiet."""

    def __init__(self, common: Common) -> None:
        self._common = common
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, scopes: int) -> None:
        """Says how many scopes there are to collect."""
        if self._common.quiet or not sys.stderr.isatty():
            self._common.say(f"Collecting {scopes} scopes from AWS.")
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task("Collecting from AWS", total=scopes)

    def scope(self, scope: "Scope", status: str) -> None:
        """Says that a scope is done, whole or not."""
        if self._bar is not None:
            mark = "" if status == "complete" else f" ({status})"
            words = f"{scope.account_id} {scope.region} {scope.dataset.replace('_', ' ')}{mark}"
            self._bar.update(self._task, advance=1, description=f"{words:<50}"[:50])

    def say(self, message: str) -> None:
        """A word in between."""
        self._common.say(message)


def _told(done: "Collected") -> str:
    """What was collected, a line per account and region, then what could not be."""
    if not done.statuses and not done.bill:
        return "Nothing to collect: everything that was asked for is fresh."
    lines = []
    places = sorted({(scope.cloud, scope.account_id, scope.region) for scope in done.statuses})
    for cloud, account, region in places:
        here = {
            scope.dataset: status
            for scope, status in done.statuses.items()
            if (scope.cloud, scope.account_id, scope.region) == (cloud, account, region)
        }
        whole = sum(status == "complete" for status in here.values())
        rest = ", ".join(f"{name} {status}" for name, status in here.items() if status != "complete")
        lines.append(
            f"{cloud} {account} {region}: {whole} of {len(here)} complete{'; ' + rest if rest else ''}"
        )
    if done.bill:
        lines.append(done.bill)
    lines.append(f"{done.rows:,} rows, {done.calls:,} calls")
    return "\n".join(lines)
