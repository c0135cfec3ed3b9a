"""What a collection would meet, before it runs: credentials, each permission, its calls, what it reads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors import examining
from collectors.calls import CallError
from collectors.conduct import ODD_SHAPES
from collectors.examining import Check, at_once, permissions, refusals, tried, untested
from collectors.gcp import billing, flows, inventory, measures
from collectors.gcp.accounts import Request, discover
from collectors.gcp.api import Api
from collectors.gcp.billing import Bill
from collectors.gcp.billing_query import TableName
from collectors.gcp.client import NOT_THERE, Session
from collectors.gcp.handing import DATASETS
from collectors.gcp.inventory import Names
from collectors.gcp.kinds import most_questions
from collectors.gcp.measures import Assets
from collectors.gcp.permissions import base_calls
from collectors.gcp.services import READ_ONLY
from collectors.scopes import GLOBAL
from finops.errors import FinopsError

# Calls of a project beside metrics, where every list fits a page; and those that a run makes once.
_FIXED_CALLS = 35
_ONCE = 10  # the catalogue has about so many pages


@dataclass(slots=True)
class Examination(examining.Examination):
    """What was found, and what a first run would take: calls, points of metrics, bytes that BigQuery would bill
    for the bill and for flow logs."""

    points: int = 0
    bytes: int | None = None
    flow_bytes: int | None = None


def examine(
    request: Request,
    at: datetime,
    days: int = measures.DAYS,
    bill: Bill | None = None,
    flow_logs: str | None = None,
) -> Examination:
    """Tries every call that a collection makes, each in its smallest form, and plans the metrics of a run.

    Raises UsageError and CredentialsError as a collection would.
    """
    found = discover(request)
    result = Examination(places=len(found.sessions), checks=refusals(found.refused), calls=_ONCE)
    for checks in at_once(lambda session: _permissions(session, at), found.sessions):
        result.checks += checks
    for calls, points in at_once(lambda session: _plan(session, at, days), found.sessions):
        result.calls += calls
        result.points += points
    session = found.sessions[0]
    if bill is not None:
        result.bytes = _read_of(result, bill.table, lambda: billing.estimate(session, bill, at))
    if flow_logs is not None:
        result.flow_bytes = _read_of(result, flow_logs, lambda: flows.estimate(session, flow_logs, at))
    return result


def _permissions(session: Session, at: datetime) -> list[Check]:
    identity = getattr(session.credentials.of(READ_ONLY), "service_account_email", "") or ""
    return list(permissions(session.account, str(identity), base_calls(), lambda api: _try(session, api, at)))


def _try(session: Session, api: Api, at: datetime) -> Check:
    if api.probe is None:
        return untested(session.account, GLOBAL, api)
    return tried(session.account, GLOBAL, api, lambda: _call(session, api, at), _is_allowed)


def _call(session: Session, api: Api, at: datetime) -> object:
    yesterday = f"{at - timedelta(days=1):%Y-%m-%d}"
    parameters: dict[str, Any] = {
        name: value.replace("{yesterday}", yesterday) if isinstance(value, str) else value
        for name, value in api.probe or ()
    }
    if api.service == "storage":
        parameters["project"] = session.account
    return session.client().get(api, **parameters)


def _is_allowed(error: CallError) -> bool:
    """What is answered about something that is not there, or that this version of a service does not have."""
    return error.code in NOT_THERE


def _plan(session: Session, at: datetime, days: int) -> tuple[int, int]:
    """Calls that a first collection of a project would make, and the points of metrics it would read."""
    try:
        raw = inventory.get_instances(session.client())
        machines = inventory.transform_instances(raw, session.account, Names())["instances"]
    except (FinopsError, *ODD_SHAPES):
        return len(DATASETS), 0  # which the checks and a collection tell
    disks = {
        (str(one["id"]), str(disk.get("deviceName"))): ""
        for one in raw.items
        for disk in one.get("disks") or ()
    }
    batches = measures.plan(Assets(machines, devices=disks), {}, at, days)
    # Of everything else some is measured as well; how much of it there is only the lists would tell.
    others = most_questions() if machines else 0
    return _FIXED_CALLS + others + sum(one.calls for one in batches), sum(one.points for one in batches)


def _read_of(result: Examination, table: str, estimate: Callable[[], int]) -> int | None:
    """Whether a table in BigQuery may be read, and how much of it a first run would be billed for."""
    project = TableName.of(table).project
    try:
        size = estimate()
    except FinopsError as error:
        status = getattr(error, "status", "failed")
        result.checks.append(Check(project, GLOBAL, table, status, str(error)))
        return None
    result.checks.append(Check(project, GLOBAL, table, "ok"))
    return size
