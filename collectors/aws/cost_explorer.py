"""What accounts cost from Cost Explorer, by day and service, where no bill tells it. Each request costs money.

get        two questions, and every further page of their answers: usage by service, everything else by record type
transform  rows of `charges`
load       in place of what Cost Explorer told of those months before; a bill of the same account and month wins

Asked with the credentials of the account that pays for others, the answer holds every account of them.

Of what the API calls costs, BilledCost is the net unblended one: what the invoice asks for after discounts.
EffectiveCost is the net amortized one: commitments spread over the usage they cover. Net, because FOCUS has both
costs after all discounts, and because the bill's own mapping (bills/cur2.sql) prefers net columns too. Asking for
the gross ones as well costs nothing, and they stand in where an account may not see net ones.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import pyarrow as pa

from collectors.aws.accounts import home
from collectors.aws.client import Api, Client, Session
from collectors.bills import TotalsResult, in_words, load_totals
from finops.errors import IncompleteError
from finops.warehouse import Writer

# Only a real request shows whether it is allowed, and each is paid for, so there is no probe.
GET_COST = Api("ce", "get_cost_and_usage", "ce:GetCostAndUsage")

PRICE_PER_REQUEST = Decimal("0.01")  # USD, each page. Source: aws.amazon.com/aws-cost-management/pricing
REQUESTS = 2  # the least that one account takes
MOST_REQUESTS = 100  # of one collection, 1 USD: whoever has more to ask for is better off with an export

# Net and gross.
_BILLED = ("NetUnblendedCost", "UnblendedCost")
_EFFECTIVE = ("NetAmortizedCost", "AmortizedCost")
# Record types as Cost Explorer names them; some have had two names. What usage is, is as in bills/cur2.sql.
USAGE = ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation")
_RECURRING = {
    "Recurring": "Reserved Instance",
    "RIFee": "Reserved Instance",
    "SavingsPlanRecurringFee": "Savings Plan",
}
_ONE_TIME = ("Fee", "Upfront", "SavingsPlanUpfrontFee", "Support", "FlatRateSubscription")
_OWN_CATEGORY = ("Tax", "Credit")

_EXACT = Context(prec=38, rounding=ROUND_HALF_UP)
_PLACES = Decimal("1e-18")  # as in the column
_ODD_SHAPES = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)
_MONEY = pa.decimal128(38, 18)
_INSTANT = pa.timestamp("us")
_SCHEMA = pa.schema(
    {
        "ProviderName": pa.string(),
        "BillingAccountId": pa.string(),
        "SubAccountId": pa.string(),
        "SubAccountName": pa.string(),
        "BillingPeriodStart": _INSTANT,
        "BillingPeriodEnd": _INSTANT,
        "ChargePeriodStart": _INSTANT,
        "ChargePeriodEnd": _INSTANT,
        "ChargeCategory": pa.string(),
        "ChargeClass": pa.string(),
        "ChargeDescription": pa.string(),
        "ChargeFrequency": pa.string(),
        "CommitmentDiscountCategory": pa.string(),
        "CommitmentDiscountStatus": pa.string(),
        "CommitmentDiscountType": pa.string(),
        "ServiceName": pa.string(),
        "BillingCurrency": pa.string(),
        "BilledCost": _MONEY,
        "EffectiveCost": _MONEY,
        "x_Cloud": pa.string(),
        "x_AccountId": pa.string(),
        "x_Cost": _MONEY,
        "x_CostBasis": pa.string(),
    }
)


@dataclass(slots=True)
class Allowance:
    """How many requests may still be made."""

    requests: int = MOST_REQUESTS

    def take(self) -> None:
        """Raises IncompleteError when none is left."""
        if self.requests <= 0:
            raise IncompleteError(
                f"Cost Explorer has more to tell than {MOST_REQUESTS} requests bring "
                f"({MOST_REQUESTS * PRICE_PER_REQUEST} USD), so nothing of it was kept: an export of the bill "
                "(--billing-export) costs nothing to read."
            )
        self.requests -= 1


@dataclass(frozen=True, slots=True)
class Answer:
    """All pages of both questions: days as the API tells them, and the names of accounts."""

    usage: list[dict[str, Any]]
    rest: list[dict[str, Any]]
    names: dict[str, str]


@dataclass(slots=True)
class Costs:
    """Rows of `charges`, and what has to be known about them."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    estimated_from: datetime | None = None
    gross: bool = False
    unknown: set[str] = field(default_factory=set)

    @property
    def accounts(self) -> set[str]:
        return {str(row["x_AccountId"]) for row in self.rows}


@dataclass(frozen=True, slots=True)
class Explored:
    """What Cost Explorer told with one account's credentials: the accounts it knows, and a line about it."""

    accounts: frozenset[str]
    sentence: str


def explore(writer: Writer, session: Session, *, at: datetime, allowance: Allowance) -> Explored:
    """Asks for the month before the one of `at` and for this one up to the day of `at`, and loads the answer.

    Raises CallError when it may not be asked, IncompleteError when the answer cannot be understood or is too long.
    """
    first, last = window(at)
    before = allowance.requests
    answer = get(session.client(home(session)), first, last, allowance)
    try:
        costs = transform(answer, session.account)
        charges = pa.Table.from_pylist(costs.rows, schema=_SCHEMA)
    except _ODD_SHAPES as error:
        raise IncompleteError(
            f"The answer of Cost Explorer has a shape that this version does not know ({type(error).__name__}: "
            f"{error}); nothing of it was kept."
        ) from error
    done = load_totals(
        writer, source_of(session.account), charges, months(first, last), fingerprint=_digest(answer), at=at
    )
    told = _told(session.account, costs, done, first, last, before - allowance.requests)
    return Explored(frozenset(costs.accounts), told)


def source_of(account: str) -> str:
    """The name under which the warehouse knows what was told with an account's credentials."""
    return f"cost explorer of {account}"


def window(at: datetime) -> tuple[datetime, datetime]:
    """The first day and the day after the last: a whole month, and what there is of the current one."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1), today


def months(first: datetime, last: datetime) -> list[datetime]:
    """The starts of the months that the window touches."""
    return sorted({day.replace(day=1) for day in (first, last - timedelta(days=1))})


# --- get --------------------------------------------------------------------------------------------------


def get(client: Client, first: datetime, last: datetime, allowance: Allowance) -> Answer:
    """Two questions, because an answer has two dimensions: usage by service, everything else by record type.

    They are each other's complement, so every cent is in one of them.
    """
    usage: dict[str, Any] = {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(USAGE)}}
    asked = {
        "TimePeriod": {"Start": f"{first:%Y-%m-%d}", "End": f"{last:%Y-%m-%d}"},
        "Granularity": "DAILY",
        "Metrics": [*_BILLED, *_EFFECTIVE],
    }
    answer = Answer([], [], {})
    for days, filter_, dimension in (
        (answer.usage, usage, "SERVICE"),
        (answer.rest, {"Not": usage}, "RECORD_TYPE"),
    ):
        groups = [{"Type": "DIMENSION", "Key": key} for key in ("LINKED_ACCOUNT", dimension)]
        for page in _pages(client, {**asked, "Filter": filter_, "GroupBy": groups}, allowance):
            days += page["ResultsByTime"]
            answer.names.update(_names(page))
    return answer


def _pages(client: Client, question: Mapping[str, Any], allowance: Allowance) -> Iterator[dict[str, Any]]:
    """Every page is a request of its own, and none is made beyond the allowance."""
    token: dict[str, str] = {}
    while True:
        allowance.take()
        page = client.get(GET_COST, **question, **token)
        yield page
        if not page.get("NextPageToken"):
            return
        token = {"NextPageToken": page["NextPageToken"]}


def _names(page: Mapping[str, Any]) -> dict[str, str]:
    told = page.get("DimensionValueAttributes") or ()
    return {one["Value"]: one["Attributes"]["description"] for one in told if one.get("Attributes")}


# --- transform --------------------------------------------------------------------------------------------


def transform(answer: Answer, payer: str) -> Costs:
    """Rows of `charges`: one per day, account and service or record type."""
    costs = Costs(gross=_hides_net(answer))
    for days, row_of in ((answer.usage, _usage), (answer.rest, _other)):
        for day in days:
            start = datetime.fromisoformat(day["TimePeriod"]["Start"])
            if day["Estimated"]:
                costs.estimated_from = min(start, costs.estimated_from or start)
            for group in day["Groups"]:
                account, key = group["Keys"]
                one = _Amounts.of(group["Metrics"], gross=costs.gross)
                common = _common(payer, account, answer.names.get(account), start)
                costs.rows += [{**common, **row} for row in row_of(key, one)]
                if days is answer.rest and _category(key) is None:
                    costs.unknown.add(key)
    return costs


@dataclass(frozen=True, slots=True)
class _Amounts:
    """The costs of one group."""

    billed: Decimal
    effective: Decimal
    currency: str

    @classmethod
    def of(cls, metrics: Mapping[str, Any], *, gross: bool) -> "_Amounts":
        billed, effective = (
            metrics[gross_name if gross or net_name not in metrics else net_name]
            for net_name, gross_name in (_BILLED, _EFFECTIVE)
        )
        return cls(_money(billed["Amount"]), _money(effective["Amount"]), billed["Unit"])

    def row(self, billed: Decimal, effective: Decimal) -> dict[str, Any]:
        return {
            "BillingCurrency": self.currency,
            "BilledCost": billed,
            "EffectiveCost": effective,
            "x_Cost": effective,
        }


def _hides_net(answer: Answer) -> bool:
    """Whether every net cost is zero beside gross ones that are not: the account may not see its discounts."""
    net = gross = False
    for day in (*answer.usage, *answer.rest):
        for group in day["Groups"]:
            amounts = {name: _money(one["Amount"]) for name, one in group["Metrics"].items()}
            net = net or any(amounts.get(names[0]) for names in (_BILLED, _EFFECTIVE))
            gross = gross or any(amounts.get(names[1]) for names in (_BILLED, _EFFECTIVE))
    return gross and not net


def _money(text: str) -> Decimal:
    """The amount as written; digits beyond the 18th are rounded, what is no amount raises an ArithmeticError."""
    return Decimal(text).quantize(_PLACES, context=_EXACT)


def _common(payer: str, account: str, name: str | None, start: datetime) -> dict[str, Any]:
    month = start.replace(day=1)
    return {
        "ProviderName": "AWS",
        "BillingAccountId": payer,
        "SubAccountId": account,
        "SubAccountName": name,
        "BillingPeriodStart": month,
        "BillingPeriodEnd": (month + timedelta(days=32)).replace(day=1),
        "ChargePeriodStart": start,
        "ChargePeriodEnd": start + timedelta(days=1),
        "x_Cloud": "aws",
        "x_AccountId": account,
        "x_CostBasis": "total",
    }


def _usage(service: str, one: _Amounts) -> Iterator[dict[str, Any]]:
    yield {
        **one.row(one.billed, one.effective),
        "ServiceName": service,
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
    }


def _other(kind: str, one: _Amounts) -> Iterator[dict[str, Any]]:
    """A charge that is no usage. A commitment's fee is two, as in bills/cur2.sql: the fee, billed and without
    effective cost, and what was paid for and not used, with effective cost and not billed."""
    common = {"ChargeDescription": kind, "ChargeCategory": _category(kind) or "Adjustment"}
    if kind not in _RECURRING:
        refund = "Correction" if kind == "Refund" else None
        yield {
            **common,
            **one.row(one.billed, one.effective),
            "ChargeFrequency": "One-Time",
            "ChargeClass": refund,
        }
        return
    commitment = {
        "CommitmentDiscountCategory": "Spend" if _RECURRING[kind] == "Savings Plan" else "Usage",
        "CommitmentDiscountType": _RECURRING[kind],
    }
    nothing = _money("0")
    yield {**common, **commitment, **one.row(one.billed, nothing), "ChargeFrequency": "Recurring"}
    if one.effective:
        yield {
            **common,
            **commitment,
            **one.row(nothing, one.effective),
            "ChargeCategory": "Usage",
            "ChargeFrequency": "Usage-Based",
            "CommitmentDiscountStatus": "Unused",
        }


def _category(kind: str) -> str | None:
    """FOCUS' category of a record type that is no usage; None for one that nobody has told us of."""
    if kind in _OWN_CATEGORY:
        return kind
    if kind in _RECURRING or kind in _ONE_TIME:
        return "Purchase"
    return "Adjustment" if kind == "Refund" or kind.endswith("Discount") else None


# --- told -------------------------------------------------------------------------------------------------


def _digest(answer: Answer) -> str:
    content = json.dumps([answer.usage, answer.rest], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _told(
    account: str, costs: Costs, done: TotalsResult, first: datetime, last: datetime, requests: int
) -> str:
    """What came of it, in one line."""
    parts = [
        f"Cost Explorer of {account}: {done.rows:,} rows of {_count(len(costs.accounts), 'account')}, "
        f"{first:%Y-%m-%d} to {last - timedelta(days=1):%Y-%m-%d}, {_count(requests, 'request')} "
        f"({requests * PRICE_PER_REQUEST} USD)"
    ]
    if costs.estimated_from:
        parts.append(
            f"the days since {costs.estimated_from:%Y-%m-%d} are estimates until the month is invoiced"
        )
    if costs.gross:
        parts.append("costs before discounts, because this account is not told net ones")
    if costs.unknown:
        parts.append(f"charged as adjustments, being of an unknown kind: {', '.join(sorted(costs.unknown))}")
    if done.left_out:
        parts.append(f"left out, because a bill is loaded: {in_words(done.left_out)}")
    return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
