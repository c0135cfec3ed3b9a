"""What a collection would meet, before it runs: credentials, each permission, its calls and their price."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.aws import inventory, metrics
from collectors.aws.accounts import Request, discover
from collectors.aws.client import Api, Client, Session
from collectors.aws.permissions import base_calls, paid_calls
from collectors.aws.regional import REGIONAL
from collectors.calls import CallError
from finops.errors import FinopsError
from finops.warehouse import Scope

# What is answered to a call that is allowed: EC2 does nothing, and there is no balancer of that name.
_ALLOWED = ("DryRunOperation", "TargetGroupNotFound", "LoadBalancerNotFound", "AccessPointNotFound")
_AT_A_TIME = 8
# Calls of a region beside metrics, where every list fits a page.
_FIXED_CALLS = 20


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
    """What was found, and what a run would take."""

    checks: list[Check] = field(default_factory=list)
    places: int = 0
    calls: int = 0
    queries: int = 0

    @property
    def dollars(self) -> float:
        """What CloudWatch asks for the metrics of a run, USD, before its free tier."""
        return self.queries * metrics.PRICE_PER_QUERY

    @property
    def denied(self) -> list[Check]:
        return [check for check in self.checks if check.status in ("denied", "failed", "throttled")]


def examine(
    request: Request, at: datetime, days: int = metrics.DAYS, *, cost_explorer: bool = False
) -> Examination:
    """Tries every call that a collection makes, each in its smallest form, and plans the metrics of a run.

    Calls that cost money are not tried.

    Raises UsageError and CredentialsError as a collection would.
    """
    found = discover(request)
    result = Examination(places=len(found.places))
    result.checks += [
        Check(one.account, "global", one.dataset, one.status, one.error) for one in found.refused
    ]
    result.checks += [
        Check(session.account, "global", api.action, "untested", "each request costs 0.01 USD")
        for session in found.sessions
        for api in (paid_calls() if cost_explorer else ())
    ]
    regions = {session.account: region for session, region in reversed(found.places)}
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        tried = pool.map(
            lambda session: list(_permissions(session, regions[session.account])), found.sessions
        )
        result.checks += [check for checks in tried for check in checks]
        planned = pool.map(lambda place: _plan(place[0].client(place[1]), at, days), found.places)
        for calls, queries in planned:
            result.calls += calls
            result.queries += queries
    return result


def _permissions(session: Session, region: str) -> Iterator[Check]:
    """Each declared call, once per account: permissions seldom differ by region."""
    identity = Check(session.account, "global", "credentials", "ok", session.arn)
    yield identity
    seen: set[str] = set()
    for api in base_calls():
        if api.action in seen:
            continue  # both generations of balancers need the same permission
        seen.add(api.action)
        if api.probe is None:
            yield Check(session.account, region, api.action, "untested", "needs a resource to ask about")
            continue
        where = "us-east-1" if api.service in ("pricing", "savingsplans") else region
        yield _try(session.client(where), session.account, api)


def _try(client: Client, account: str, api: Api) -> Check:
    try:
        client.get(api, **_filled(dict(api.probe or ()), account, client.region))
    except CallError as error:
        if error.code not in _ALLOWED:
            return Check(account, client.region, api.action, error.status, str(error))
    except FinopsError as error:
        return Check(account, client.region, api.action, "denied", str(error))
    return Check(account, client.region, api.action, "ok")


def _filled(parameters: dict[str, Any], account: str, region: str) -> dict[str, Any]:
    return {
        name: value.format(account=account, region=region) if isinstance(value, str) else value
        for name, value in parameters.items()
    }


def _plan(client: Client, at: datetime, days: int) -> tuple[int, int]:
    """Calls and metric queries that a first collection of a region would make."""
    try:
        machines = inventory.transform_instances(
            inventory.get_instances(client), _scope(client, "instances")
        )["instances"]
        volumes = inventory.transform_volumes(inventory.get_volumes(client), _scope(client, "volumes"), None)[
            "volumes"
        ]
    except FinopsError:
        return len(REGIONAL), 0
    batches = metrics.plan(metrics.Assets(machines, volumes), [], {}, at, days)
    return _FIXED_CALLS + len(batches), sum(batch.queries for batch in batches)


def _scope(client: Client, dataset: str) -> Scope:
    return Scope("aws", client.session.account, client.region, dataset)
