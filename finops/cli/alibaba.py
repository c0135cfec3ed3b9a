"""The commands for Alibaba Cloud: collect alibaba, doctor alibaba, permissions alibaba."""

from enum import StrEnum
from typing import Annotated

import typer

from finops.cli.options import (
    Accounts,
    AsOf,
    Common,
    Config,
    Db,
    ExternalId,
    Lake,
    Leave,
    Only,
    Regions,
    Wait,
    since_up_to,
)

CLOUD = "alibaba"


class Site(StrEnum):
    """Which of the two sites an account belongs to: they bill apart."""

    china = "china"
    international = "international"


Profiles = Annotated[
    list[str] | None,
    typer.Option("--profile", metavar="NAME", help="Profile of ~/.aliyun or ~/.alibabacloud (repeatable)."),
]
Role = Annotated[
    str | None,
    typer.Option("--role", metavar="NAME", help="Assume this RAM role in every account of the directory."),
]
Endpoint = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="Ask here instead [$FINOPS_ALIBABA_ENDPOINT]."),
]
Since = Annotated[str | None, since_up_to(91)]
SiteOption = Annotated[
    Site | None, typer.Option("--site", help="Where the account was opened [found out by asking].")
]


def collect(
    ctx: typer.Context,
    profile: Profiles = None,
    account: Accounts = None,
    role: Role = None,
    external_id: ExternalId = None,
    region: Regions = None,
    endpoint: Endpoint = None,
    site: SiteOption = None,
    since: Since = None,
    only: Only = None,
    max_age: Leave = None,
    as_of: AsOf = None,
    wait: Wait = "0s",
    lake: Lake = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Read accounts of Alibaba Cloud: inventory, metrics, prices, commitments, the bill."""
    from finops.cli.live import asking_of, collect_and_tell

    asking = asking_of(
        profiles=profile,
        accounts=account,
        role=role,
        external_id=external_id,
        regions=region,
        endpoint=endpoint,
        site=site,
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
    endpoint: Endpoint = None,
    site: SiteOption = None,
    db: Db = None,
    config: Config = None,
) -> None:
    """Try the credentials and every call, and say what a run would take; reads nothing into the warehouse."""
    from collectors.alibaba.doctor import FREE_POINTS_CALLS, Examination, examine
    from finops.cli.live import asking_of, examine_and_tell

    def first_run(found: Examination) -> dict[str, str]:
        return {
            "calls": f"about {found.calls:,} ({FREE_POINTS_CALLS:,} of metrics are free in a month)",
            "datapoints": f"{found.points:,}",
        }

    asking = asking_of(
        profiles=profile,
        accounts=account,
        role=role,
        external_id=external_id,
        regions=region,
        endpoint=endpoint,
        site=site,
    )
    examine_and_tell(Common(ctx, db, config), CLOUD, asking, examine, first_run)


def permissions(
    ctx: typer.Context,
    account: Accounts = None,
    role: Role = None,
    config: Config = None,
) -> None:
    """Print a RAM policy (JSON) with exactly the actions that collecting from Alibaba Cloud calls."""
    from collectors.alibaba.permissions import policy
    from finops.cli.live import asking_of, print_policy

    print_policy(Common(ctx, None, config), CLOUD, asking_of(accounts=account, role=role), policy)
