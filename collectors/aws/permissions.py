"""The least-privilege policy: every action that some module declares next to a call, and nothing else."""

from types import ModuleType
from typing import Any

from collectors.aws import (
    accounts,
    balancers,
    buckets,
    clusters,
    commitments,
    databases,
    functions,
    groups,
    inventory,
    learning,
    logs,
    metrics,
    network,
    prices,
    registries,
    tagging,
)
from collectors.aws.accounts import Request
from collectors.aws.client import Api
from collectors.calls import actions_of, declared

# The statements of the policy, in this order, and the modules whose calls each allows.
_STATEMENTS: dict[str, tuple[ModuleType, ...]] = {
    "FinopsInventory": (inventory, groups, network, balancers, commitments),
    "FinopsServices": (databases, buckets, clusters, registries, learning, functions, logs, tagging),
    "FinopsMetrics": (metrics,),
    "FinopsPrices": (prices,),
}


def base_calls() -> list[Api]:
    """The calls that every collection makes."""
    return [
        accounts.DESCRIBE_REGIONS,
        *declared(Api, *(one for each in _STATEMENTS.values() for one in each)),
    ]


def paid_calls() -> list[Api]:
    """The calls that cost money, each of them; made only when they are asked for."""
    from collectors.aws import cost_explorer

    return declared(Api, cost_explorer)


def flow_calls() -> list[Api]:
    """The calls that flow logs take beside those of S3; made only when they are asked for."""
    from collectors.aws import flows

    return [flows.DESCRIBE_FLOW_LOGS, flows.FILTER_LOG_EVENTS]


def policy(
    request: Request,
    billing_export: str | None = None,
    *,
    cost_explorer: bool = False,
    flow_logs: bool = False,
) -> dict[str, Any]:
    """The IAM policy for a collection as asked for. With a role it is for the caller, who assumes the role; the role
    itself needs the policy printed without --role."""
    statements = [
        _statement(name, actions_of(declared(Api, *modules))) for name, modules in _STATEMENTS.items()
    ]
    statements.insert(0, _statement("FinopsRegions", list(accounts.DESCRIBE_REGIONS.actions)))
    if request.role:
        statements += _organisation(request)
    if billing_export:
        statements += _bill(billing_export)
    if cost_explorer:
        statements.append(_statement("FinopsCostExplorer", actions_of(paid_calls())))
    if flow_logs:
        statements += _flow_logs()
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(name: str, actions: list[str], resource: str | list[str] = "*") -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resource}


def _organisation(request: Request) -> list[dict[str, Any]]:
    role = request.role or ""
    arns = role if role.startswith("arn:") else f"arn:aws:iam::*:role/{role}"
    statements = [_statement("FinopsAssumeRole", list(accounts.ASSUME_ROLE.actions), arns)]
    if not request.accounts and not role.startswith("arn:"):
        statements.append(_statement("FinopsOrganization", list(accounts.LIST_ACCOUNTS.actions)))
    return statements


def _bill(url: str) -> list[dict[str, Any]]:
    from collectors.aws import billing

    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    inside = "/".join(part for part in (f"arn:aws:s3:::{bucket}", prefix.strip("/"), "*") if part)
    return [
        _statement("FinopsBillList", list(billing.LIST_OBJECTS.actions), f"arn:aws:s3:::{bucket}"),
        _statement("FinopsBillRead", list(billing.GET_OBJECT.actions), inside),
    ]


def _flow_logs() -> list[dict[str, Any]]:
    """Where they are delivered to only AWS tells: narrow the statements to these buckets and log groups."""
    from collectors.aws import flows

    return [
        _statement("FinopsFlowLogs", list(flows.DESCRIBE_FLOW_LOGS.actions)),
        _statement("FinopsFlowEvents", list(flows.FILTER_LOG_EVENTS.actions), "arn:aws:logs:*:*:log-group:*"),
        _statement("FinopsFlowLogList", list(flows.LIST_OBJECTS.actions), "arn:aws:s3:::*"),
        _statement("FinopsFlowLogRead", list(flows.GET_OBJECT.actions), "arn:aws:s3:::*/AWSLogs/*"),
    ]
