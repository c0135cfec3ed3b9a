"""The commands for Amazon Web Services: collect aws, doctor aws, permissions aws."""

from typing import Annotated

import typer

from finops.cli.options import (
    Accounts,
    AsOf,
    Common,
    Config,
    CostExplorer,
    Db,
    ExternalId,
    FlowLogs,
    Lake,
    Leave,
    Only,
    Regions,
    Role,
    Wait,
    since_up_to,
)

CLOUD = "aws"

Profiles = Annotated[
    list[str] | None, typer.Option("--profile", metavar="NAME", help="Profile of ~/.aws (repeatable).")
]
BillingExport = Annotated[
    str | None,
    typer.Option("--billing-export", metavar="s3://BUCKET/PREFIX", help="Where the bill's Data Export is."),
]
Since = Annotated[str | None, since_up_to(95)]


def collect(
    ctx: typer.Context,
    profile: Profiles = None,
    account: Accounts = None,
    role: Role = None,
    external_id: ExternalId = None,
    region: Regions = None,
    since: Since = None,
    only: Only = None,
    billing_export: BillingExport = None,
    cost_explorer: CostExplorer = False,
    flow_logs: FlowLogs = False,
    max_age: Leave = None,
    as_of: AsOf = None,
    wait: Wait = "0s",
    lake: Lake = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Read accounts of Amazon Web Services: inventory, metrics, prices, commitments, the bill."""
    from finops.cli.live import asking_of, collect_and_tell

    asking = asking_of(
        profiles=profile,
        accounts=account,
        role=role,
        external_id=external_id,
        regions=region,
        billing_export=billing_export,
        cost_explorer=cost_explorer,
        flow_logs=flow_logs,
        since=since,
        only=only,
    )
    collect_and_tell(
        Common(ctx, db, config), CLOUD, asking, max_age=max_age, as_of=as_of, wait=wait, lake=lake
    )


def doctor(
    ctx: typer.Context,
    profile: Profiles = None,
    account: Accounts = None,
    role: Role = None,
    external_id: ExternalId = None,
    region: Regions = None,
    cost_explorer: CostExplorer = False,
    flow_logs: FlowLogs = False,
    db: Db = None,
    config: Config = None,
) -> None:
    """Try the credentials and every call, and say what a run would cost; reads nothing into the warehouse."""
    from collectors.aws.doctor import Examination, examine
    from finops.cli.live import asking_of, examine_and_tell

    common = Common(ctx, db, config)
    asking = asking_of(profiles=profile, accounts=account, role=role, external_id=external_id, regions=region)
    paid = cost_explorer or common.settings.aws.cost_explorer
    flows = flow_logs or common.settings.aws.flow_logs

    def first_run(found: Examination) -> dict[str, str]:
        return {
            "calls": f"about {found.calls:,}",
            "metric queries": f"{found.queries:,}",
            "CloudWatch price": _price(found.dollars),
            **({"Cost Explorer price": "0.02 USD or more"} if paid else {}),
            **(
                {"flow logs price": "0.40 USD a million files, and sending them out of their region"}
                if flows
                else {}
            ),
        }

    examine_and_tell(
        common,
        CLOUD,
        asking,
        lambda request, at: examine(request, at, cost_explorer=paid, flow_logs=flows),
        first_run,
    )


def permissions(
    ctx: typer.Context,
    account: Accounts = None,
    role: Role = None,
    billing_export: BillingExport = None,
    cost_explorer: CostExplorer = False,
    flow_logs: FlowLogs = False,
    config: Config = None,
) -> None:
    """Print an IAM policy (JSON) with exactly the actions that collecting from AWS calls."""
    from collectors.aws.permissions import policy
    from finops.cli.live import asking_of, print_policy

    common = Common(ctx, None, config)
    export = billing_export or common.settings.aws.billing_export
    paid = cost_explorer or common.settings.aws.cost_explorer
    flows = flow_logs or common.settings.aws.flow_logs
    asking = asking_of(accounts=account, role=role)
    print_policy(
        common, CLOUD, asking, lambda request: policy(request, export, cost_explorer=paid, flow_logs=flows)
    )


def _price(dollars: float) -> str:
    return f"at most {dollars:.2f} USD" if dollars >= 0.01 else "less than 0.01 USD"
