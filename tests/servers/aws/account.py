"""Answers about the account: its regions, Savings Plans, costs, organization."""

from datetime import date, timedelta
from typing import Any

from tests.servers.aws import catalogue, state
from tests.servers.aws.wire import Call, RefusalError

# Savings plans by account; the estate puts some here.
SAVINGS_PLANS: dict[str, list[dict[str, Any]]] = {}
SERVICES = {
    "Amazon Elastic Compute Cloud - Compute": 0.6,
    "EC2 - Other": 0.25,
    "Amazon Virtual Private Cloud": 0.15,
}
DAILY_COST = 100.0


def list_regions(call: Call) -> dict[str, Any]:
    """account:ListRegions: all that exist, with their status; 50 a page."""
    status = dict.fromkeys(state.DEFAULT_REGIONS, "ENABLED_BY_DEFAULT")
    status |= dict.fromkeys(state.OPTED_IN_REGIONS, "ENABLED") | dict.fromkeys(
        state.DISABLED_REGIONS, "DISABLED"
    )
    wanted = call.fields.get("RegionOptStatusContains") or list(status.values())
    found = [
        {"RegionName": name, "RegionOptStatus": status[name]}
        for name in sorted(status)
        if status[name] in wanted
    ]
    size = int(call.fields.get("MaxResults") or 20)
    if not 1 <= size <= 50:
        raise RefusalError("ValidationException", "MaxResults must be between 1 and 50")
    return paged("Regions", found, size, call.fields.get("NextToken"), "NextToken")


def describe_savings_plans(call: Call) -> dict[str, Any]:
    """savingsplans:DescribeSavingsPlans, by state and id."""
    held = SAVINGS_PLANS.get(call.account, [])
    states = call.fields.get("states") or [plan["state"] for plan in held]
    ids = call.fields.get("savingsPlanIds") or [plan["savingsPlanId"] for plan in held]
    found = [plan for plan in held if plan["state"] in states and plan["savingsPlanId"] in ids]
    return paged(
        "savingsPlans",
        found,
        int(call.fields.get("maxResults") or 1000),
        call.fields.get("nextToken"),
        "nextToken",
    )


def paged(
    name: str, found: list[dict[str, Any]], size: int, token: str | None, next_name: str
) -> dict[str, Any]:
    try:
        start = int(token or 0)
    except ValueError:
        raise RefusalError("ValidationException", "The token is invalid.") from None
    state.note(items=len(found[start : start + size]))
    answer: dict[str, Any] = {name: found[start : start + size]}
    if start + size < len(found):
        answer[next_name] = str(start + size)
    return answer


def get_cost_and_usage(call: Call) -> dict[str, Any]:
    """ce:GetCostAndUsage: a steady account, by day or month, in whole or by service and region."""
    asked = call.fields
    period = asked.get("TimePeriod", {})
    start, end = date.fromisoformat(period["Start"][:10]), date.fromisoformat(period["End"][:10])
    if start >= end:
        raise RefusalError(
            "ValidationException", "Start date (and hour) should be before end date (and hour)"
        )
    if start < state.CLOCK.now().date() - timedelta(days=14 * 31):
        raise RefusalError("ValidationException", "You haven't enabled historical data beyond 14 months")
    metrics = asked.get("Metrics") or []
    if not metrics:
        raise RefusalError("ValidationException", "Metrics must be given")
    groups = asked.get("GroupBy") or []
    if len(groups) > 2:
        raise RefusalError("ValidationException", "Only two groups are allowed")
    days = asked.get("Granularity", "MONTHLY") == "DAILY"
    return {
        "GroupDefinitions": groups,
        "ResultsByTime": [
            span(first, last, metrics, groups, last > state.CLOCK.now().date())
            for first, last in spans(start, end, days)
        ],
        "DimensionValueAttributes": [],
    }


def spans(start: date, end: date, days: bool) -> list[tuple[date, date]]:
    found = []
    while start < end:
        following = (
            start + timedelta(days=1) if days else (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        )
        found.append((start, min(following, end)))
        start = following
    return found


def span(
    first: date, last: date, metrics: list[str], groups: list[dict[str, str]], estimated: bool
) -> dict[str, Any]:
    total = DAILY_COST * (last - first).days
    result: dict[str, Any] = {
        "TimePeriod": {"Start": first.isoformat(), "End": last.isoformat()},
        "Estimated": estimated,
        "Total": {},
        "Groups": [],
    }
    if not groups:
        result["Total"] = amounts(metrics, total)
        return result
    keys: list[tuple[list[str], float]] = [([], 1.0)]
    for group in groups:
        shares = SERVICES if group["Key"] == "SERVICE" else dict.fromkeys(catalogue.PRICED_REGIONS[:3], 1 / 3)
        keys = [([*names, name], share * part) for names, share in keys for name, part in shares.items()]
    result["Groups"] = [{"Keys": names, "Metrics": amounts(metrics, total * share)} for names, share in keys]
    return result


def amounts(metrics: list[str], amount: float) -> dict[str, dict[str, str]]:
    return {
        name: {"Amount": f"{amount:.10f}", "Unit": "N/A" if name == "UsageQuantity" else "USD"}
        for name in metrics
    }


ANSWERS = {
    ("account", "ListRegions"): list_regions,
    ("savingsplans", "DescribeSavingsPlans"): describe_savings_plans,
    ("ce", "GetCostAndUsage"): get_cost_and_usage,
}
