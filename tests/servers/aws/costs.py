"""Cost Explorer: charges by day, filtered and grouped as the real one does, a page at a time."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from moto.organizations.models import organizations_backends

from tests.servers.aws import state
from tests.servers.aws.wire import Call, RefusalError

PAGE = 1000  # groups; AWS does not tell its own limit
MONTHS = 14  # of history, unless more was asked for in the console
METRICS = {
    "UnblendedCost": "unblended",
    "BlendedCost": "unblended",
    "AmortizedCost": "amortized",
    "NetUnblendedCost": "net_unblended",
    "NetAmortizedCost": "net_amortized",
}
QUANTITIES = ("UsageQuantity", "NormalizedUsageAmount")
DIMENSIONS = {
    "LINKED_ACCOUNT": "account",
    "SERVICE": "service",
    "REGION": "region",
    "RECORD_TYPE": "record_type",
}
ROOTS = ("And", "Or", "Not", "Dimensions", "Tags", "CostCategories")
DEFAULTS = {
    "account": state.ACCOUNT,
    "service": "Amazon Elastic Compute Cloud - Compute",
    "region": "us-east-1",
    "record_type": "Usage",
}
# What an account costs that nobody has written a book for: 100 USD a day.
STEADY = (
    {"service": "Amazon Elastic Compute Cloud - Compute", "unblended": "60"},
    {"service": "EC2 - Other", "unblended": "25"},
    {"service": "Amazon Virtual Private Cloud", "unblended": "15", "region": "eu-west-1"},
)


@dataclass
class Book:
    """The charges of every account; without any, each account costs the same."""

    charges: list[dict[str, str]] | None = None
    page: int = PAGE

    def write(self, charges: list[dict[str, str]] | None, page: int) -> None:
        self.charges, self.page = charges, page

    def steady(self) -> None:
        self.write(None, PAGE)

    def seen_by(self, account: str) -> list[dict[str, str]]:
        """The charges that an account is told of: its own, or all when it pays for all."""
        organization = organizations_backends[state.ACCOUNT]["aws"]
        pays = account == state.ACCOUNT
        if self.charges is None:
            accounts = [one.id for one in organization.accounts] if pays and organization.org else [account]
            return [complete({**charge, "account": one}) for one in accounts for charge in STEADY]
        return [one for one in map(complete, self.charges) if pays or one["account"] == account]


def complete(charge: Mapping[str, str]) -> dict[str, str]:
    """The charge with what was left out: net is gross, amortized is unblended."""
    whole = {**DEFAULTS, **charge}
    whole.setdefault("amortized", whole["unblended"])
    whole.setdefault("net_unblended", whole["unblended"])
    whole.setdefault("net_amortized", whole["amortized"])
    return whole


BOOK = Book()


@dataclass
class Day:
    """One span of the answer and its groups, in order."""

    start: date
    end: date
    groups: dict[tuple[str, ...], list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))


def get_cost_and_usage(call: Call) -> dict[str, Any]:
    """ce:GetCostAndUsage: filtered, by day or month, in whole or by up to two dimensions, in pages."""
    asked = {name: value for name, value in call.fields.items() if name != "NextPageToken"}
    metrics = asked.get("Metrics") or []
    groups = asked.get("GroupBy") or []
    check(asked, metrics, groups)
    charges = [one for one in BOOK.seen_by(call.account) if matches(one, asked.get("Filter"))]
    days = [
        grouped(start, end, charges, groups)
        for start, end in spans(*period(asked), asked.get("Granularity") == "DAILY")
    ]
    offset = opened(call.fields.get("NextPageToken"), asked)
    entries = [(day, key) for day in days for key in (sorted(day.groups) or [None])]
    state.note(items=len(entries[offset : offset + BOOK.page]))
    answer = {
        "GroupDefinitions": groups,
        "ResultsByTime": list(results(entries[offset : offset + BOOK.page], metrics, bool(groups))),
        "DimensionValueAttributes": names(charges, groups),
    }
    if offset + BOOK.page < len(entries):
        answer["NextPageToken"] = f"{digest(asked)}.{offset + BOOK.page}"
    return answer


ANSWERS = {("ce", "GetCostAndUsage"): get_cost_and_usage}


# --- asked ------------------------------------------------------------------------------------------------


def check(asked: dict[str, Any], metrics: list[str], groups: list[dict[str, str]]) -> None:
    """Refuse what the real one refuses."""
    start, end = period(asked)
    if start >= end:
        raise invalid("Start date (and hour) should be before end date (and hour)")
    if start < state.CLOCK.now().date() - timedelta(days=MONTHS * 31):
        raise invalid(f"You haven't enabled historical data beyond {MONTHS} months")
    if asked.get("Granularity") not in ("DAILY", "MONTHLY"):
        raise invalid("Granularity must be DAILY or MONTHLY")
    if not metrics or set(metrics) - {*METRICS, *QUANTITIES}:
        raise invalid(f"Metrics must be some of {', '.join((*METRICS, *QUANTITIES))}")
    if len(groups) > 2:
        raise invalid("Group by should be no more than 2")
    for group in groups:
        if group.get("Type") != "DIMENSION" or group.get("Key") not in DIMENSIONS:
            raise invalid(f"Group Definition dimension is invalid: {group.get('Key')}")


def period(asked: dict[str, Any]) -> tuple[date, date]:
    span = asked.get("TimePeriod", {})
    return date.fromisoformat(span["Start"][:10]), date.fromisoformat(span["End"][:10])


def invalid(message: str) -> RefusalError:
    return RefusalError("ValidationException", message)


def matches(charge: Mapping[str, str], filter_: dict[str, Any] | None) -> bool:
    """Whether a filter lets the charge through; each expression has one root."""
    if filter_ is None:
        return True
    if len(filter_) != 1 or next(iter(filter_)) not in ROOTS:
        raise invalid(
            "Expression has more than one roots. Only one root operator is allowed for each expression"
        )
    root, content = next(iter(filter_.items()))
    if root == "Not":
        return not matches(charge, content)
    if root in ("And", "Or"):
        if len(content) < 2:
            raise invalid(f"{root} needs at least two expressions")
        return (all if root == "And" else any)([matches(charge, one) for one in content])
    if root != "Dimensions" or content["Key"] not in DIMENSIONS:
        raise NotImplementedError(f"a filter by {root} {content.get('Key', '')}")
    return charge[DIMENSIONS[content["Key"]]] in content["Values"]


def digest(asked: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def opened(token: str | None, asked: dict[str, Any]) -> int:
    """Where the page of a token begins; the question must be the one it was given for."""
    if token is None:
        return 0
    mark, _, offset = token.partition(".")
    if not offset.isdigit():
        raise RefusalError(
            "InvalidNextTokenException", "The pagination token is invalid. Try again without a token."
        )
    if mark != digest(asked):
        raise RefusalError("RequestChangedException", "Your request parameters changed between pages.")
    return int(offset)


# --- answered ---------------------------------------------------------------------------------------------


def spans(start: date, end: date, days: bool) -> Iterator[tuple[date, date]]:
    while start < end:
        following = (
            start + timedelta(days=1) if days else (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        )
        yield start, min(following, end)
        start = following


def grouped(start: date, end: date, charges: list[dict[str, str]], groups: list[dict[str, str]]) -> Day:
    """What is charged in a span, once for each of its days that has passed; without groups, all under one."""
    day = Day(start, end)
    until = min(end, state.CLOCK.now().date() + timedelta(days=1))
    for charge in charges:
        key = tuple(charge[DIMENSIONS[group["Key"]]] for group in groups)
        if "day" in charge:
            times = int(start <= date.fromisoformat(charge["day"]) < until)
        else:
            times = max(0, (until - start).days)
        day.groups[key] += [charge] * times
    day.groups = {key: found for key, found in day.groups.items() if found}
    return day


def results(
    entries: list[tuple[Day, tuple[str, ...] | None]], metrics: list[str], in_groups: bool
) -> Iterator[dict[str, Any]]:
    """The entries of a page, day by day."""
    by_day: dict[date, tuple[Day, list[tuple[str, ...]]]] = {}
    for day, key in entries:
        by_day.setdefault(day.start, (day, []))[1].extend([key] if key is not None else [])
    for day, keys in by_day.values():
        total = {} if in_groups else amounts(day.groups.get((), []), metrics)
        listed = [
            {"Keys": list(key), "Metrics": amounts(day.groups[key], metrics)} for key in keys if in_groups
        ]
        yield {
            "TimePeriod": {"Start": day.start.isoformat(), "End": day.end.isoformat()},
            "Estimated": day.end > state.CLOCK.now().date().replace(day=1),
            "Total": total,
            "Groups": listed,
        }


def amounts(charges: list[dict[str, str]], metrics: list[str]) -> dict[str, dict[str, str]]:
    """Sums as the real one writes them: up to ten decimals, none where there are none."""
    return {
        name: {"Amount": "0", "Unit": "N/A"}
        if name in QUANTITIES
        else {
            "Amount": written(sum((Decimal(one[METRICS[name]]) for one in charges), Decimal(0))),
            "Unit": "USD",
        }
        for name in metrics
    }


def written(amount: Decimal) -> str:
    text = f"{round(amount, 10):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def names(charges: list[dict[str, str]], groups: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Account names, where the answer is by account."""
    if not any(group["Key"] == "LINKED_ACCOUNT" for group in groups):
        return []
    known = {one.id: one.name for one in organizations_backends[state.ACCOUNT]["aws"].accounts}
    accounts = sorted({charge["account"] for charge in charges})
    return [{"Value": one, "Attributes": {"description": known.get(one, one)}} for one in accounts]
