"""What a collection would meet, before it runs: credentials, each permission, its calls and the points it reads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors import examining
from collectors.alibaba import balancers, databases, inventory, logs, metrics, network, services, storage
from collectors.alibaba.accounts import Request, discover
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client, Session
from collectors.alibaba.groups import GroupBatch
from collectors.alibaba.measures import POINTS
from collectors.alibaba.oss import Oss
from collectors.alibaba.permissions import base_calls
from collectors.alibaba.regional import REGIONAL
from collectors.calls import CallError
from collectors.conduct import ODD_SHAPES
from collectors.examining import Check, at_once, permissions, refusals, tried, untested
from finops.errors import FinopsError
from finops.warehouse import Scope

# What is answered to a call that is allowed, about something that is not there.
_ALLOWED = (
    "NotFound",
    "InvalidNatGatewayId",
    "InvalidLoadBalancerId",
    "InvalidInstanceType",
    "InvalidParameter",
    "NOT_EXIST",
)
# Calls of a region beside metrics, where every list fits a page.
_FIXED_CALLS = 50
FREE_POINTS_CALLS = 1_000_000  # metric calls a month that CloudMonitor answers for nothing


@dataclass(slots=True)
class Examination(examining.Examination):
    """What was found, and what a first run would take: calls, and hours of metrics."""

    points: int = 0


def examine(request: Request, at: datetime, days: int = metrics.DAYS) -> Examination:
    """Tries every call that a collection makes, each in its smallest form, and plans the metrics of a run.

    Raises UsageError and CredentialsError as a collection would.
    """
    found = discover(request)
    result = Examination(places=len(found.places), checks=refusals(found.refused))
    regions = {session.account: region for session, region in reversed(found.places)}
    for checks in at_once(
        lambda one: _permissions(one, regions.get(one.account, "cn-hangzhou"), at), found.sessions
    ):
        result.checks += checks
    for calls, points in at_once(lambda place: _plan(place[0].client(place[1]), at, days), found.places):
        result.calls += calls
        result.points += points
    return result


def _permissions(session: Session, region: str, at: datetime) -> list[Check]:
    return list(
        permissions(session.account, session.arn, base_calls(), lambda api: _try(session, region, api, at))
    )


def _try(session: Session, region: str, api: Api, at: datetime) -> Check:
    if api.probe is None and api not in (storage.LIST_BUCKETS, logs.LIST_PROJECTS):
        return untested(session.account, region, api)
    return tried(session.account, region, api, lambda: _call(session, region, api, at), _is_allowed)


def _call(session: Session, region: str, api: Api, at: datetime) -> object:
    if api is storage.LIST_BUCKETS:
        return storage.get_buckets(Oss(session, region))
    if api is logs.LIST_PROJECTS:
        return logs.Sls(session, region).get(api, "/", size=1)
    parameters = {
        name: value.format(month=f"{at:%Y-%m}", yesterday=f"{at - timedelta(days=1):%Y-%m-%d}")
        if isinstance(value, str)
        else value
        for name, value in api.probe or ()
    }
    if api.product == "bss":
        return session.billing(lambda one: one.get(api, **parameters))
    return session.client(region).get(api, **parameters)


def _is_allowed(error: CallError) -> bool:
    return error.status == "failed" and any(word in error.code for word in _ALLOWED)


def _plan(client: Client, at: datetime, days: int) -> tuple[int, int]:
    """Calls that a first collection of a region would make, and the points of metrics it would read."""
    scope = Scope("alibaba", client.session.account, client.region, "instances")
    machines = _known(
        lambda: inventory.transform_instances(inventory.get_instances(client), scope, {}, {}, {})["instances"]
    )
    volumes = _known(lambda: inventory.transform_volumes(inventory.get_volumes(client), scope)["volumes"])
    if machines is None and volumes is None:
        return len(REGIONAL), 0
    assets = metrics.Assets(machines or (), volumes or (), services=_services(client, scope))
    batches = metrics.plan(assets, {}, at, days)
    points = sum(batch.points for batch in batches)
    pages = sum(_pages(batch) for batch in batches)
    return _FIXED_CALLS + pages, points


def _services(client: Client, scope: Scope) -> list[services.Measured]:
    """What is measured beside machines and disks, as their lists tell it."""

    def listed(api: Api) -> list[dict[str, Any]]:
        return _known(lambda: client.all(api, RegionId=client.region)) or []

    raw = {name: listed(api) for name, api in databases.LISTS.items()}
    balanced = {name: listed(api) for name, api in balancers.LISTS.items()}
    gateways = [{**one, "snat": None, "dnat": None} for one in listed(network.DESCRIBE_NATS)]
    rows = (
        _known(lambda: databases.transform_databases(raw, scope)["databases"]),
        _known(
            lambda: balancers.transform_load_balancers({**balanced, "served": {}}, scope)["load_balancers"]
        ),
        _known(lambda: network.transform_nat_gateways(gateways, scope)["nat_gateways"]),
    )
    return list(services.measured(*(one or [] for one in rows)))


def _known(get: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]] | None:
    """Rows of the inventory; None where they cannot be had, which the checks and a collection tell."""
    try:
        return get()
    except (FinopsError, *ODD_SHAPES):
        return None


def _pages(batch: metrics.Question) -> int:
    if isinstance(batch, metrics.DiskBatch):
        return len(batch.windows)
    if isinstance(batch, GroupBatch):
        return 1
    return -(-batch.points // POINTS)
