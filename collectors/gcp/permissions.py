"""The custom role: every permission that some module declares next to a call, and nothing else."""

from types import ModuleType
from typing import Any

from collectors.calls import actions_of, declared
from collectors.gcp import (
    accounts,
    balancers,
    catalogue,
    clusters,
    commitments,
    databases,
    functions,
    groups,
    inventory,
    learning,
    logs,
    monitoring,
    network,
    queries,
    registries,
    snapshots,
    storage,
    types,
)
from collectors.gcp.accounts import Request
from collectors.gcp.api import Api

# Modules whose calls every collection makes in each project.
_MODULES: tuple[ModuleType, ...] = (
    inventory, groups, clusters, snapshots, network, balancers, databases, commitments, types, storage, registries,
    logs, learning, functions, monitoring, catalogue,
)  # fmt: skip


def base_calls() -> list[Api]:
    """The calls that every collection makes."""
    return declared(Api, *_MODULES)


def role(request: Request, billing_export: str | None = None, flow_logs: str | None = None) -> dict[str, Any]:
    """The custom role for a collection as asked for, as `gcloud iam roles create --file` takes it."""
    calls = [*base_calls(), *_listing(request)]
    if request.regions:
        calls.append(accounts.LIST_REGIONS)
    if billing_export or flow_logs:
        calls += declared(Api, queries)
    return {
        "title": "finops",
        "description": "What finops reads: inventory, metrics and bills. It can change nothing.",
        "stage": "GA",
        "includedPermissions": sorted(set(actions_of(calls))),
    }


def _listing(request: Request) -> list[Api]:
    """The calls that find projects."""
    calls: list[Api] = []
    if request.organization or request.folders:
        calls += [
            accounts.SEARCH_FOLDERS,
            accounts.SEARCH_PROJECTS,
            accounts.LIST_FOLDERS,
            accounts.LIST_PROJECTS,
        ]
    if request.billing_account:
        calls.append(accounts.PROJECTS_BILLED)
    if not calls and not request.projects:
        calls.append(accounts.SEARCH_PROJECTS)
    return calls
