"""What a collection would meet, before it runs: credentials, each permission, its calls and their price."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors import examining
from collectors.aws import databases, inventory, metrics, services
from collectors.aws.accounts import Request, discover
from collectors.aws.client import Api, Client, Session
from collectors.aws.permissions import base_calls, flow_calls, paid_calls
from collectors.aws.regional import REGIONAL
from collectors.examining import Check, at_once, permissions, refusals, tried, untested
from collectors.scopes import GLOBAL
from finops.errors import FinopsError
from finops.warehouse import Scope

# What is answered to a call that is allowed: EC2 does nothing, and there is nothing of that name.
_ALLOWED = (
    "DryRunOperation", "TargetGroupNotFound", "LoadBalancerNotFound", "AccessPointNotFound",
    "ResourceNotFoundException", "RepositoryNotFoundException", "ValidationException",
)  # fmt: skip
# Calls of a region beside metrics, where every list fits a page.
_FIXED_CALLS = 60


@dataclass(slots=True)
class Examination(examining.Examination):
    """What was found, and what a run would take: calls, and queries of metrics."""

    queries: int = 0

    @property
    def dollars(self) -> float:
        """What CloudWatch asks for the metrics of a run, USD, before its free tier."""
        return self.queries * metrics.PRICE_PER_QUERY


def examine(
    request: Request,
    at: datetime,
    days: int = metrics.DAYS,
    *,
    cost_explorer: bool = False,
    flow_logs: bool = False,
) -> Examination:
    """Tries every call that a collection makes, each in its smallest form, and plans the metrics of a run.

    Calls that cost money are not tried.

    Raises UsageError and CredentialsError as a collection would.
    """
    found = discover(request)
    result = Examination(places=len(found.places), checks=refusals(found.refused))
    result.checks += [
        Check(session.account, GLOBAL, api.action, "untested", "each request costs 0.01 USD")
        for session in found.sessions
        for api in (paid_calls() if cost_explorer else ())
    ]
    regions = {session.account: region for session, region in reversed(found.places)}
    for checks in at_once(
        lambda one: _permissions(one, regions[one.account], flow_logs=flow_logs), found.sessions
    ):
        result.checks += checks
    for calls, queries in at_once(lambda place: _plan(place[0].client(place[1]), at, days), found.places):
        result.calls += calls
        result.queries += queries
    return result


def _permissions(session: Session, region: str, *, flow_logs: bool) -> list[Check]:
    calls = [*base_calls(), *(flow_calls() if flow_logs else ())]
    return list(permissions(session.account, session.arn, calls, lambda api: _try(session, region, api)))


def _try(session: Session, region: str, api: Api) -> Check:
    if api.probe is None:
        return untested(session.account, region, api)
    where = "us-east-1" if api.service in ("pricing", "savingsplans") else region
    parameters = _filled(dict(api.probe), session.account, where)
    return tried(
        session.account,
        where,
        api,
        lambda: session.client(where).get(api, **parameters),
        lambda error: error.code in _ALLOWED,
    )


def _filled(parameters: dict[str, Any], account: str, region: str) -> dict[str, Any]:
    return {
        name: value.format(account=account, region=region) if isinstance(value, str) else value
        for name, value in parameters.items()
    }


def _plan(client: Client, at: datetime, days: int) -> tuple[int, int]:
    """Calls and metric queries that a first collection of a region would make: of machines, disks and databases."""
    try:
        machines = inventory.transform_instances(
            inventory.get_instances(client), _scope(client, "instances")
        )["instances"]
        volumes = inventory.transform_volumes(inventory.get_volumes(client), _scope(client, "volumes"), None)[
            "volumes"
        ]
        found = databases.transform_databases(
            databases.get_databases(client, []), _scope(client, "databases"), {}
        )["databases"]
    except FinopsError:
        return len(REGIONAL), 0
    further = services.further([], databases=found, endpoints=(), functions=(), groups=(), types=())
    batches = metrics.plan(metrics.Assets(machines, volumes, further=further), [], {}, at, days)
    return _FIXED_CALLS + len(batches), sum(batch.queries for batch in batches)


def _scope(client: Client, dataset: str) -> Scope:
    return Scope("aws", client.session.account, client.region, dataset)
