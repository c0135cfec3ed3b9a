"""The least-privilege policy: every action that some module declares next to a call, and nothing else."""

from types import ModuleType
from typing import Any

from collectors.alibaba import (
    accounts,
    balancers,
    billing,
    classes,
    clusters,
    commitments,
    databases,
    functions,
    groups,
    instance_types,
    inventory,
    learning,
    logs,
    metrics,
    network,
    prices,
    registries,
    storage,
)
from collectors.alibaba.accounts import Request
from collectors.alibaba.api import Api
from collectors.alibaba.renewing import ASSUME_ROLE
from collectors.calls import actions_of, declared

# Modules whose calls every collection makes.
_MODULES: tuple[ModuleType, ...] = (
    inventory, instance_types, groups, clusters, network, balancers, databases, commitments, metrics, prices, storage,
    classes, registries, learning, functions, logs, billing,
)  # fmt: skip


def base_calls() -> list[Api]:
    """The calls that every collection makes."""
    return declared(Api, *_MODULES)


def policy(request: Request) -> dict[str, Any]:
    """The RAM policy for a collection as asked for. With a role it is for the caller, who assumes the role; the role
    itself needs the policy printed without --role."""
    statements = [_statement(actions) for actions in _by_product(base_calls())]
    if request.role:
        statements += _directory(request)
    return {"Version": "1", "Statement": statements}


def _by_product(calls: list[Api]) -> list[list[str]]:
    """Actions, those of a product together."""
    products: dict[str, list[str]] = {}
    for action in actions_of(calls):
        products.setdefault(action.partition(":")[0], []).append(action)
    return [actions for _, actions in sorted(products.items())]


def _statement(actions: list[str], resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def _directory(request: Request) -> list[dict[str, Any]]:
    role = request.role or ""
    arn = role if role.startswith("acs:") else f"acs:ram::*:role/{role}"
    statements = [_statement(list(ASSUME_ROLE.actions), arn)]
    if not request.accounts and not role.startswith("acs:"):
        listing = {*accounts.LIST_ACCOUNTS.actions, *accounts.LIST_ACCOUNTS_BEFORE.actions}
        statements.append(_statement(sorted(listing)))
    return statements
