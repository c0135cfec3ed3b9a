"""The commands for Google Cloud: collect gcp, doctor gcp, permissions gcp."""

from typing import TYPE_CHECKING, Annotated

import typer

from finops.cli.options import (
    AsOf,
    BillingAccount,
    Common,
    Config,
    Db,
    Folders,
    Lake,
    Leave,
    Only,
    Organization,
    Projects,
    Regions,
    Wait,
    since_up_to,
)

if TYPE_CHECKING:
    from datetime import datetime

    from collectors.gcp.accounts import Request
    from collectors.gcp.doctor import Examination

CLOUD = "gcp"

Endpoint = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="Ask here instead, every API [$FINOPS_GCP_ENDPOINT]."),
]
BillingExport = Annotated[
    str | None,
    typer.Option(
        "--billing-export", metavar="PROJECT.DATASET.TABLE", help="Where in BigQuery the bill's export is."
    ),
]
FlowLogs = Annotated[
    str | None,
    typer.Option(
        "--flow-logs",
        metavar="PROJECT.DATASET.TABLE",
        help="Read 30 days of flow logs where a sink of Logging writes them to BigQuery, which bills the bytes read.",
    ),
]
Since = Annotated[str | None, since_up_to(95)]


def collect(
    ctx: typer.Context,
    project: Projects = None,
    organization: Organization = None,
    folder: Folders = None,
    billing_account: BillingAccount = None,
    region: Regions = None,
    endpoint: Endpoint = None,
    since: Since = None,
    only: Only = None,
    billing_export: BillingExport = None,
    flow_logs: FlowLogs = None,
    max_age: Leave = None,
    as_of: AsOf = None,
    wait: Wait = "0s",
    lake: Lake = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Read projects of Google Cloud: inventory, metrics, prices, commitments, the bill."""
    from finops.cli.live import asking_of, collect_and_tell

    asking = asking_of(
        projects=project,
        organization=organization,
        folders=folder,
        billing_account=billing_account,
        regions=region,
        endpoint=endpoint,
        billing_export=billing_export,
        flow_logs=flow_logs,
        since=since,
        only=only,
    )
    collect_and_tell(
        Common(ctx, db, config), CLOUD, asking, max_age=max_age, as_of=as_of, wait=wait, lake=lake
    )


def doctor(
    ctx: typer.Context,
    project: Projects = None,
    organization: Organization = None,
    folder: Folders = None,
    billing_account: BillingAccount = None,
    region: Regions = None,
    endpoint: Endpoint = None,
    billing_export: BillingExport = None,
    flow_logs: FlowLogs = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Try the credentials and every call, and say what a run would take; reads nothing into the warehouse."""
    from collectors.gcp import doctor
    from finops.cli.live import asking_of, examine_and_tell
    from finops.pipeline.clouds import cloud_named

    common, cloud = Common(ctx, db, config), cloud_named(CLOUD)
    asking = asking_of(
        projects=project,
        organization=organization,
        folders=folder,
        billing_account=billing_account,
        regions=region,
        endpoint=endpoint,
        billing_export=billing_export,
        flow_logs=flow_logs,
    )
    asked = cloud.asked(common.settings, asking)

    def examine(request: "Request", at: "datetime") -> "Examination":
        wanted = cloud.wanted(asked, at, common.db)
        return doctor.examine(request, at, asked.days, wanted.bill, wanted.flow_logs)

    def first_run(found: "Examination") -> dict[str, str]:
        bill = {} if found.bytes is None else {"BigQuery": f"about {_amount(found.bytes)} read for the bill"}
        flows = (
            {}
            if found.flow_bytes is None
            else {"flow logs": f"about {_amount(found.flow_bytes)} read in BigQuery"}
        )
        return {"calls": f"about {found.calls:,}", "datapoints": f"{found.points:,}", **bill, **flows}

    examine_and_tell(common, CLOUD, asking, examine, first_run)


def permissions(
    ctx: typer.Context,
    project: Projects = None,
    organization: Organization = None,
    folder: Folders = None,
    billing_account: BillingAccount = None,
    billing_export: BillingExport = None,
    flow_logs: FlowLogs = None,
    config: Config = None,
) -> None:
    """Print a custom role (JSON) with exactly the permissions that collecting from Google Cloud needs.

    It is what gcloud iam roles create finops --organization NUMBER --file FILE takes.
    """
    from collectors.gcp.permissions import role
    from finops.cli.live import asking_of, print_policy

    common = Common(ctx, None, config)
    asking = asking_of(
        projects=project, organization=organization, folders=folder, billing_account=billing_account
    )
    export = billing_export or common.settings.gcp.billing_export
    table = flow_logs or common.settings.gcp.flow_logs
    print_policy(common, CLOUD, asking, lambda request: role(request, export, table))


def _amount(size: int) -> str:
    """Bytes as BigQuery bills them: 10 MiB at least for each table a query reads."""
    gib = max(size, 10 << 20) / (1 << 30)
    return f"{gib:,.1f} GiB" if gib >= 0.1 else f"{gib * 1024:,.0f} MiB"
