"""Answers about the account: its regions, Savings Plans, organization."""

from typing import Any

from tests.servers.aws import state
from tests.servers.aws.wire import Call, RefusalError

# Savings plans by account; the estate puts some here.
SAVINGS_PLANS: dict[str, list[dict[str, Any]]] = {}


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


ANSWERS = {
    ("account", "ListRegions"): list_regions,
    ("savingsplans", "DescribeSavingsPlans"): describe_savings_plans,
}
