"""What a collection would meet, before it runs: credentials, each permission, its calls and the points it reads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from collectors.alibaba import inventory, metrics, storage
from collectors.alibaba.accounts import Request, discover
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client, Session
from collectors.alibaba.measures import POINTS
from collectors.alibaba.permissions import base_calls
from collectors.alibaba.regional import REGIONAL
from collectors.calls import CallError
from collectors.conduct import ODD_SHAPES
from finops.errors import FinopsError
from finops.warehouse import Scope

# What is answered to a call that is allowed, about something that is not there.
_ALLOWED = (
    "NotFound",
    "InvalidNatGatewayId",
    "InvalidLoadBalancerId",
    "InvalidInstanceType",
    "InvalidParameter",
)
_AT_A_TIME = 8
# Calls of a region beside metrics, where every list fits a page.
_FIXED_CALLS = 14
FREE_POINTS_CALLS = 1_000_000  # metric calls a month that CloudMonitor answers for nothing


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ok, denied, failed or untested, with a word about it."""

    account: str
    region: str
    subject: str
    status: str
    detail: str = ""


@dataclass(slots=True)
class Examination:
    """What was found, and what a first run would take: calls, and hours of metrics."""

    checks: list[Check] = field(default_factory=list)
    places: int = 0
    calls: int = 0
    points: int = 0

    @property
    def denied(self) -> list[Check]:
        return [check for check in self.checks if check.status in ("denied", "failed", "throttled")]


def examine(request: Request, at: datetime, days: int = metrics.DAYS) -> Examination:
    """Tries every call that a collection makes, each in its smallest form, and plans the metrics of a run.

    Raises UsageError and CredentialsError as a collection would.
    """
    found = discover(request)
    result = Examination(places=len(found.places))
    result.checks += [
        Check(one.account, "global", one.dataset, one.status, one.error) for one in found.refused
    ]
    regions = {session.account: region for session, region in reversed(found.places)}
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        tried = pool.map(
            lambda session: list(_permissions(session, regions.get(session.account, "cn-hangzhou"), at)),
            found.sessions,
        )
        result.checks += [check for checks in tried for check in checks]
        planned = pool.map(lambda place: _plan(place[0].client(place[1]), at, days), found.places)
        for calls, points in planned:
            result.calls += calls
            result.points += points
    return result


def _permissions(session: Session, region: str, at: datetime) -> Iterator[Check]:
    """Each declared call, once per account: permissions seldom differ by region."""
    yield Check(session.account, "global", "credentials", "ok", session.arn)
    seen: set[str] = set()
    for api in base_calls():
        if api.action in seen:
            continue
        seen.add(api.action)
        if api is storage.LIST_BUCKETS:
            yield _checked(
                session.account, region, api, lambda: storage.get_buckets(storage.Oss(session, region))
            )
        elif api.probe is None:
            yield Check(session.account, region, api.action, "untested", "needs a resource to ask about")
        else:
            yield _try(session, region, api, at)


def _try(session: Session, region: str, api: Api, at: datetime) -> Check:
    parameters = {
        name: value.format(month=f"{at:%Y-%m}", yesterday=f"{at - timedelta(days=1):%Y-%m-%d}")
        if isinstance(value, str)
        else value
        for name, value in api.probe or ()
    }
    if api.product == "bss":
        return _checked(
            session.account, region, api, lambda: session.billing(lambda one: one.get(api, **parameters))
        )
    return _checked(session.account, region, api, lambda: session.client(region).get(api, **parameters))


def _checked(account: str, region: str, api: Api, ask: Any) -> Check:
    try:
        ask()
    except CallError as error:
        if error.status == "skipped":
            return Check(account, region, api.action, "untested", str(error))
        if error.status != "failed" or not any(word in error.code for word in _ALLOWED):
            return Check(account, region, api.action, error.status, str(error))
    except FinopsError as error:
        return Check(account, region, api.action, "denied", str(error))
    except ODD_SHAPES as error:
        sentence = (
            f"The answer has a shape that this version does not know ({type(error).__name__}: {error})."
        )
        return Check(account, region, api.action, "failed", sentence)
    return Check(account, region, api.action, "ok")


def _plan(client: Client, at: datetime, days: int) -> tuple[int, int]:
    """Calls that a first collection of a region would make, and the points of metrics it would read."""
    scope = Scope("alibaba", client.session.account, client.region, "instances")
    machines = _known(
        lambda: inventory.transform_instances(inventory.get_instances(client), scope, {}, {}, {})["instances"]
    )
    volumes = _known(lambda: inventory.transform_volumes(inventory.get_volumes(client), scope)["volumes"])
    if machines is None and volumes is None:
        return len(REGIONAL), 0
    batches = metrics.plan(metrics.Assets(machines or (), volumes or ()), {}, at, days)
    points = sum(batch.points for batch in batches)
    pages = sum(_pages(batch) for batch in batches)
    return _FIXED_CALLS + pages, points


def _known(get: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]] | None:
    """Rows of the inventory; None where they cannot be had, which the checks and a collection tell."""
    try:
        return get()
    except (FinopsError, *ODD_SHAPES):
        return None


def _pages(batch: metrics.Batch | metrics.DiskBatch) -> int:
    if isinstance(batch, metrics.DiskBatch):
        return len(batch.windows)
    return -(-batch.points // POINTS)
