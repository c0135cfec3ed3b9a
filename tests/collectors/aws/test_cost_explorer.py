"""What accounts cost from Cost Explorer: only when asked for, exact, never beside a bill of the same account and month."""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.aws import Request
from collectors.aws.client import Api
from collectors.aws.cost_explorer import (
    GET_COST,
    MOST_REQUESTS,
    USAGE,
    Allowance,
    Answer,
    Costs,
    get,
    months,
    transform,
    window,
)
from collectors.aws.doctor import examine
from collectors.aws.permissions import policy
from finops.config import Settings
from finops.errors import IncompleteError
from finops.pipeline.collecting import Collected, Collecting, collect
from finops.pipeline.loading import ingest_files
from finops.warehouse import Scope, writing
from rules.engine.rollups import build
from tests.collectors.aws.live import AT, Quiet, as_environment, coverage, rows
from tests.end_to_end.command import finops
from tests.servers.aws.cloud import ACCOUNT, AS_OF, Cloud

REGION = "us-east-1"
MEMBER = "222222222222"
OCTOBER, NOVEMBER = datetime(2026, 10, 1), datetime(2026, 11, 1)
SCOPE = Scope("aws", ACCOUNT, "global", "charges")


# --- answers by hand --------------------------------------------------------------------------------------


def group(*keys: str, **amounts: str) -> dict[str, Any]:
    """A group whose four costs are `all`, or what is named."""
    every = amounts.pop("all", None)
    named = ("UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost")
    costs = {name: amounts.get(name, every) for name in named}
    return {
        "Keys": list(keys),
        "Metrics": {
            name: {"Amount": text, "Unit": "USD"} for name, text in costs.items() if text is not None
        },
    }


def day(date: str, *groups: dict[str, Any], estimated: bool = False) -> dict[str, Any]:
    return {
        "TimePeriod": {"Start": date, "End": f"{datetime.fromisoformat(date) + timedelta(days=1):%Y-%m-%d}"},
        "Estimated": estimated,
        "Total": {},
        "Groups": list(groups),
    }


def rest(kind: str, **amounts: str) -> Costs:
    return transform(Answer([], [day("2026-11-02", group(ACCOUNT, kind, **amounts))], {}), ACCOUNT)


def test_a_day_of_a_service_is_a_charge_with_the_columns_of_focus() -> None:
    answer = Answer([day("2026-11-02", group(MEMBER, "EC2 - Other", all="1.5"))], [], {MEMBER: "team-1"})
    assert transform(answer, ACCOUNT).rows == [
        {
            "ProviderName": "AWS",
            "BillingAccountId": ACCOUNT,
            "SubAccountId": MEMBER,
            "SubAccountName": "team-1",
            "BillingPeriodStart": NOVEMBER,
            "BillingPeriodEnd": datetime(2026, 12, 1),
            "ChargePeriodStart": datetime(2026, 11, 2),
            "ChargePeriodEnd": datetime(2026, 11, 3),
            "ChargeCategory": "Usage",
            "ChargeFrequency": "Usage-Based",
            "ServiceName": "EC2 - Other",
            "BillingCurrency": "USD",
            "BilledCost": Decimal("1.5"),
            "EffectiveCost": Decimal("1.5"),
            "x_Cloud": "aws",
            "x_AccountId": MEMBER,
            "x_Cost": Decimal("1.5"),
            "x_CostBasis": "total",
        }
    ]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.1", "0.1"),
        ("27.1012915374", "27.1012915374"),
        ("-0.0000000001", "-0.0000000001"),
        ("1.23E-8", "0.0000000123"),
        ("98765432109876.1234567891", "98765432109876.1234567891"),
        ("0", "0"),
    ],
)
def test_amounts_are_exactly_the_text(text: str, amount: str) -> None:
    costs = transform(Answer([day("2026-11-02", group(ACCOUNT, "S3", all=text))], [], {}), ACCOUNT)
    assert costs.rows[0]["BilledCost"] == Decimal(amount)


@pytest.mark.parametrize(
    ("kind", "category", "frequency"),
    [
        ("Tax", "Tax", "One-Time"),
        ("Credit", "Credit", "One-Time"),
        ("Refund", "Adjustment", "One-Time"),
        ("Enterprise Discount Program Discount", "Adjustment", "One-Time"),
        ("Support", "Purchase", "One-Time"),
        ("Upfront", "Purchase", "One-Time"),
        ("SavingsPlanUpfrontFee", "Purchase", "One-Time"),
        ("Recurring", "Purchase", "Recurring"),
        ("Something New", "Adjustment", "One-Time"),
    ],
)
def test_what_is_no_usage_does_not_count_as_usage(kind: str, category: str, frequency: str) -> None:
    costs = rest(kind, all="0", UnblendedCost="3", NetUnblendedCost="3")
    assert [(row["ChargeCategory"], row["ChargeFrequency"]) for row in costs.rows] == [(category, frequency)]
    assert costs.rows[0]["ChargeDescription"] == kind
    assert costs.unknown == ({kind} if kind == "Something New" else set())


@pytest.mark.parametrize(
    ("kind", "commitment"),
    [("SavingsPlanRecurringFee", "Spend"), ("Recurring", "Usage"), ("RIFee", "Usage")],
)
def test_a_fee_is_billed_and_what_is_left_unused_is_an_effective_cost(kind: str, commitment: str) -> None:
    fee, unused = rest(
        kind, UnblendedCost="24", NetUnblendedCost="24", AmortizedCost="5", NetAmortizedCost="5"
    ).rows
    assert (fee["ChargeCategory"], fee["BilledCost"], fee["EffectiveCost"]) == ("Purchase", 24, 0)
    assert (unused["ChargeCategory"], unused["BilledCost"], unused["EffectiveCost"]) == ("Usage", 0, 5)
    assert (unused["CommitmentDiscountStatus"], unused["CommitmentDiscountCategory"]) == (
        "Unused",
        commitment,
    )


def test_what_is_paid_after_discounts_counts() -> None:
    amounts = {"UnblendedCost": "10", "NetUnblendedCost": "9", "AmortizedCost": "8", "NetAmortizedCost": "7"}
    costs = transform(Answer([day("2026-11-02", group(ACCOUNT, "S3", **amounts))], [], {}), ACCOUNT)
    assert (costs.rows[0]["BilledCost"], costs.rows[0]["EffectiveCost"], costs.gross) == (9, 7, False)


@pytest.mark.parametrize("net", [{}, {"NetUnblendedCost": "0", "NetAmortizedCost": "0"}])
def test_costs_before_discounts_stand_in_where_no_others_are_told(net: dict[str, str]) -> None:
    found = group(ACCOUNT, "S3", UnblendedCost="10", AmortizedCost="8", **net)
    costs = transform(Answer([day("2026-11-02", found)], [], {}), ACCOUNT)
    assert (costs.rows[0]["BilledCost"], costs.rows[0]["EffectiveCost"], costs.gross) == (10, 8, True)


def test_the_first_estimated_day_is_known() -> None:
    days = [day("2026-10-31"), day("2026-11-02", estimated=True), day("2026-11-01", estimated=True)]
    assert transform(Answer(days, [], {}), ACCOUNT).estimated_from == NOVEMBER


@pytest.mark.parametrize(
    ("at", "first", "last", "touched"),
    [
        (datetime(2026, 11, 20, 13, 5), OCTOBER, datetime(2026, 11, 20), [OCTOBER, NOVEMBER]),
        (datetime(2026, 11, 1, 13), OCTOBER, NOVEMBER, [OCTOBER]),
        (datetime(2026, 11, 2), OCTOBER, datetime(2026, 11, 2), [OCTOBER, NOVEMBER]),
        (
            datetime(2027, 1, 5),
            datetime(2026, 12, 1),
            datetime(2027, 1, 5),
            [datetime(2026, 12, 1), datetime(2027, 1, 1)],
        ),
    ],
)
def test_the_window_has_a_whole_month(
    at: datetime, first: datetime, last: datetime, touched: list[datetime]
) -> None:
    assert window(at) == (first, last)
    assert months(first, last) == touched


class Teller:
    """A client that tells the same page so many times for each question."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.asked: list[dict[str, Any]] = []

    def get(self, api: Api, **parameters: Any) -> dict[str, Any]:
        assert api is GET_COST
        self.asked.append(parameters)
        page = int(parameters.get("NextPageToken", 1))
        more = {"NextPageToken": str(page + 1)} if page < self.pages else {}
        return {"ResultsByTime": [day("2026-11-02")], **more}


def test_each_page_is_asked_for_with_the_same_question() -> None:
    teller: Any = Teller(3)
    allowance = Allowance()
    answer = get(teller, *window(AT), allowance)
    assert (len(answer.usage), len(answer.rest), MOST_REQUESTS - allowance.requests) == (3, 3, 6)
    questions = [{name: each[name] for name in each if name != "NextPageToken"} for each in teller.asked]
    assert questions[:3] == [questions[0]] * 3
    assert questions[3:] == [questions[3]] * 3
    assert questions[3]["Filter"] == {"Not": questions[0]["Filter"]}
    assert [each.get("NextPageToken") for each in teller.asked] == [None, "2", "3"] * 2


def test_an_answer_without_an_end_does_not_cost_without_end() -> None:
    teller: Any = Teller(10**9)
    with pytest.raises(IncompleteError, match=r"100 requests bring \(1.00 USD\)"):
        get(teller, *window(AT), Allowance())
    assert len(teller.asked) == MOST_REQUESTS


# --- a local AWS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud) -> Cloud:
    process.fresh()
    process.clock(AS_OF)
    return process


def explore(
    db: Path,
    env: Mapping[str, str],
    at: datetime = AT,
    only: tuple[str, ...] = ("charges",),
    max_age: timedelta | None = None,
    cost_explorer: bool = True,
    **request: Any,
) -> Collected:
    asked = Collecting(Request(regions=(REGION,), **request), only=only, cost_explorer=cost_explorer)
    with as_environment(env):
        return collect("aws", db, Settings(), asked, at=at, clock=at, progress=Quiet(), max_age=max_age)


def ingest(db: Path, *charges: tuple[str, str, str]) -> str:
    """A bill in FOCUS with a charge per (account, day, cost); returns what is told of it."""
    path = db.with_name(f"bill-{abs(hash(charges))}.csv")
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "BilledCost",
                "EffectiveCost",
                "ListCost",
                "BillingCurrency",
                "BillingAccountId",
                "SubAccountId",
                "BillingPeriodStart",
                "ChargePeriodStart",
                "ChargePeriodEnd",
                "ChargeCategory",
                "ServiceName",
                "ProviderName",
                "ResourceId",
            ]
        )
        for account, date, cost in charges:
            start = datetime.fromisoformat(date)
            times = (f"{start.replace(day=1)}", f"{start}", f"{start + timedelta(days=1)}")
            writer.writerow(
                [cost, cost, cost, "USD", ACCOUNT, account, *times, "Usage", "S3", "AWS", "bucket"]
            )
    return ingest_files(db, [str(path)], Settings(), at=AT).text


def monthly(db: Path) -> dict[tuple[str, str, bool], Decimal]:
    """(account, month, from Cost Explorer) → cost."""
    found = rows(
        db,
        "SELECT x_AccountId, strftime(BillingPeriodStart, '%Y-%m'), x_Source LIKE 'cost explorer of %', "
        "sum(BilledCost) FROM charges GROUP BY ALL",
    )
    return {(account, month, explored): cost for account, month, explored, cost in found}


def partitions(db: Path) -> dict[str, tuple[int, Decimal]]:
    """Month → rows and cost that bill_partitions has of Cost Explorer."""
    found = rows(
        db,
        "SELECT strftime(billing_period_start, '%Y-%m'), rows, billed_cost FROM bill_partitions "
        "WHERE format = 'cost-explorer'",
    )
    return {month: (count, cost) for month, count, cost in found}


def test_a_whole_month_and_the_current_one_are_loaded_with_their_partitions_and_coverage(
    cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    done = explore(db, cloud.env)
    assert done.problem is None
    assert done.statuses == {SCOPE: "complete"}
    assert monthly(db) == {(ACCOUNT, "2026-10", True): 3100, (ACCOUNT, "2026-11", True): 1900}
    assert partitions(db) == {"2026-10": (93, Decimal(3100)), "2026-11": (57, Decimal(1900))}
    assert coverage(db) == {("global", "charges"): ("complete", None, 150)}
    assert rows(db, "SELECT collected_at FROM coverage") == [(AT,)]
    assert done.bill == (
        f"Cost Explorer of {ACCOUNT}: 150 rows of 1 account, 2026-10-01 to 2026-11-19, 2 requests (0.02 USD); "
        "the days since 2026-11-01 are estimates until the month is invoiced"
    )
    assert cloud.count("GetCostAndUsage") == 2


BOOK: list[dict[str, str]] = [
    {"unblended": "3.0000000001"},
    {"unblended": "0.1", "service": "Amazon Simple Storage Service"},
    {"unblended": "7", "net_unblended": "6.3", "net_amortized": "6.3", "account": MEMBER},
    {"unblended": "10", "amortized": "6", "record_type": "SavingsPlanCoveredUsage"},
    {"unblended": "-10", "amortized": "0", "record_type": "SavingsPlanNegation"},
    {
        "unblended": "8",
        "amortized": "2",
        "record_type": "SavingsPlanRecurringFee",
        "service": "Savings Plans",
    },
    {"unblended": "0", "amortized": "4", "record_type": "DiscountedUsage", "service": "Amazon RDS"},
    {
        "unblended": "62",
        "amortized": "1",
        "record_type": "Recurring",
        "service": "Amazon RDS",
        "day": "2026-11-01",
    },
    {"unblended": "120", "record_type": "Tax", "service": "Tax", "day": "2026-11-01"},
    {"unblended": "-50", "record_type": "Credit", "day": "2026-11-03"},
    {"unblended": "-5", "record_type": "Refund", "day": "2026-11-03", "account": MEMBER},
]


@pytest.mark.parametrize("page", [1000, 7])
def test_every_cent_is_in_one_of_the_two_answers(page: int, cloud: Cloud, tmp_path: Path) -> None:
    cloud.costs(BOOK, page)
    with as_environment(cloud.env):
        period = {"Start": "2026-10-01", "End": "2026-11-20"}
        told = cloud.client("ce").get_cost_and_usage(
            TimePeriod=period, Granularity="MONTHLY", Metrics=["NetUnblendedCost", "NetAmortizedCost"]
        )["ResultsByTime"]
    cloud.reset_calls()
    db = tmp_path / "w.duckdb"
    done = explore(db, cloud.env)
    whole = [sum(Decimal(month["Total"][name]["Amount"]) for month in told) for name in told[0]["Total"]]
    found = rows(db, "SELECT sum(BilledCost), sum(EffectiveCost) FROM charges")
    assert sorted(found[0]) == sorted(whole)
    entries = sum(call["items"] for call in cloud.calls("GetCostAndUsage"))
    assert cloud.count("GetCostAndUsage") == (2 if page == 1000 else done.calls)
    assert entries > 7 * 2 or page == 1000
    assert f"{done.calls} requests ({done.calls * 0.01:.2f} USD)" in str(done.bill)


def test_tax_credits_refunds_and_purchases_are_not_usage(cloud: Cloud, tmp_path: Path) -> None:
    cloud.costs(BOOK)
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env)
    november = "BillingPeriodStart = '2026-11-01'"
    found = rows(
        db,
        f"SELECT ChargeCategory, sum(BilledCost), sum(EffectiveCost) FROM charges WHERE {november} GROUP BY ALL",
    )
    days = 19
    used = (Decimal("3.0000000001") + Decimal("0.1") + Decimal("6.3") + 0) * days
    effective = (Decimal("3.0000000001") + Decimal("0.1") + Decimal("6.3") + 6 + 4 + 2) * days + 1
    assert {category: costs for category, *costs in found} == {
        "Usage": [used, effective],
        "Purchase": [8 * days + 62, 0],
        "Tax": [120, 120],
        "Credit": [-50, -50],
        "Adjustment": [-5, -5],
    }


def test_asking_again_replaces_both_months_and_keeps_earlier_ones(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env, at=datetime(2026, 10, 10))
    assert monthly(db) == {(ACCOUNT, "2026-09", True): 3000, (ACCOUNT, "2026-10", True): 900}
    cloud.costs([{"unblended": "2"}])
    explore(db, cloud.env)
    explore(db, cloud.env)
    assert monthly(db) == {
        (ACCOUNT, "2026-09", True): 3000,
        (ACCOUNT, "2026-10", True): 62,
        (ACCOUNT, "2026-11", True): 38,
    }
    assert partitions(db)["2026-10"] == (31, Decimal(62))


def test_an_account_and_month_with_a_bill_are_left_out_and_told(cloud: Cloud, tmp_path: Path) -> None:
    cloud.costs([{"unblended": "2"}, {"unblended": "3", "account": MEMBER}])
    db = tmp_path / "w.duckdb"
    ingest(db, (ACCOUNT, "2026-10-05", "70"))
    done = explore(db, cloud.env)
    assert monthly(db) == {
        (ACCOUNT, "2026-10", False): 70,
        (ACCOUNT, "2026-11", True): 38,
        (MEMBER, "2026-10", True): 93,
        (MEMBER, "2026-11", True): 57,
    }
    assert str(done.bill).endswith(f"left out, because a bill is loaded: {ACCOUNT} 2026-10")
    assert partitions(db) == {"2026-10": (31, Decimal(93)), "2026-11": (38, Decimal(95))}


def test_a_bill_that_comes_later_takes_the_place_of_its_accounts_and_months_only(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.costs([{"unblended": "2"}, {"unblended": "3", "account": MEMBER}])
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env)
    text = ingest(db, (ACCOUNT, "2026-10-05", "70"), (MEMBER, "2026-09-05", "80"))
    assert f"It takes the place of what Cost Explorer told of {ACCOUNT} 2026-10." in text
    assert monthly(db) == {
        (MEMBER, "2026-09", False): 80,
        (ACCOUNT, "2026-10", False): 70,
        (ACCOUNT, "2026-11", True): 38,
        (MEMBER, "2026-10", True): 93,
        (MEMBER, "2026-11", True): 57,
    }
    assert partitions(db) == {"2026-10": (31, Decimal(93)), "2026-11": (38, Decimal(95))}
    assert dict(rows(db, "SELECT account_id, rows FROM coverage WHERE dataset = 'charges'")) == {
        ACCOUNT: 20,
        MEMBER: 51,
    }
    ingest(db, (ACCOUNT, "2026-11-05", "70"), (MEMBER, "2026-11-05", "80"))
    assert partitions(db) == {"2026-10": (31, Decimal(93))}


@pytest.mark.parametrize(
    ("as_of", "bucket", "end"),
    [
        (AT, Decimal(31), datetime(2026, 10, 26)),  # a bill that is recent counts alone
        (AT + timedelta(days=30), None, AT),  # one that is old does not count beside totals
    ],
)
def test_totals_do_not_thin_out_what_a_bill_says_of_its_resources(
    as_of: datetime, bucket: Decimal | None, end: datetime, cloud: Cloud, tmp_path: Path
) -> None:
    cloud.costs([{"unblended": "2"}, {"unblended": "3", "account": MEMBER}])
    db = tmp_path / "w.duckdb"
    ingest(db, (ACCOUNT, "2026-10-25", "31"))
    explore(db, cloud.env)
    with writing(db, "test", at=AT, wait_seconds=0) as writer:
        build(writer.con, as_of)
        cost = (
            "SELECT sum(cost) FILTER (resource_id = 'bucket'), max(window_end) FROM cost WHERE account_id = ?"
        )
        assert writer.con.execute(cost, [ACCOUNT]).fetchall() == [(bucket, end)]
        assert writer.con.execute(cost, [MEMBER]).fetchall() == [(None, AT)]


def test_a_bill_that_is_refused_leaves_the_totals_as_they_were(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env)
    before = monthly(db)
    with pytest.raises(Exception, match="cannot be loaded"):
        ingest(db, (ACCOUNT, "2026-10-05", "seventy"))
    assert monthly(db) == before


def test_who_pays_is_asked_once_for_everybody(cloud: Cloud, tmp_path: Path) -> None:
    cloud.organization()
    cloud.reset_calls()
    db = tmp_path / "w.duckdb"
    done = explore(db, cloud.env, role="finops-reader")
    assert {call["account"] for call in cloud.calls("GetCostAndUsage")} == {ACCOUNT}
    assert cloud.count("GetCostAndUsage") == 2
    assert {account for account, _, _ in monthly(db)} == {ACCOUNT, MEMBER, "333333333333", "444444444444"} | {
        "555555555555"
    }
    assert rows(db, "SELECT DISTINCT SubAccountName FROM charges WHERE SubAccountId = ?", MEMBER) == [
        ("team-0",)
    ]
    assert "5 accounts" in str(done.bill)


def test_members_that_cost_nothing_are_not_asked_either(cloud: Cloud, tmp_path: Path) -> None:
    cloud.organization()
    cloud.costs([{"unblended": "2"}, {"unblended": "3", "account": MEMBER}])
    cloud.reset_calls()
    explore(tmp_path / "w.duckdb", cloud.env, role="finops-reader")
    assert [call["account"] for call in cloud.calls("GetCostAndUsage")] == [ACCOUNT, ACCOUNT]


def test_what_a_member_was_told_gives_way_to_what_its_payer_is_told(cloud: Cloud, tmp_path: Path) -> None:
    cloud.organization()
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env, role="finops-reader", accounts=(MEMBER,))
    assert rows(db, "SELECT DISTINCT BillingAccountId, SubAccountId FROM charges") == [(MEMBER, MEMBER)]
    explore(db, cloud.env)
    assert rows(db, "SELECT DISTINCT BillingAccountId FROM charges") == [(ACCOUNT,)]
    assert monthly(db)[MEMBER, "2026-10", True] == 3100
    assert rows(db, "SELECT DISTINCT source FROM bill_partitions") == [(f"cost explorer of {ACCOUNT}",)]


# --- only when asked for ----------------------------------------------------------------------------------


def test_without_the_option_nothing_is_spent(cloud: Cloud, tmp_path: Path) -> None:
    cloud.estate(n=30, regions=(REGION,))
    done = explore(tmp_path / "w.duckdb", cloud.env, only=(), cost_explorer=False)
    assert done.problem is None
    assert cloud.count() > 10
    assert [call for call in cloud.calls() if call["service"] == "ce"] == []


def test_other_datasets_do_not_ask_either(cloud: Cloud, tmp_path: Path) -> None:
    explore(tmp_path / "w.duckdb", cloud.env, only=("volumes",))
    assert cloud.count("GetCostAndUsage") == 0


def test_what_was_asked_within_the_allowed_age_is_not_asked_again(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env, only=("volumes", "charges"))
    cloud.reset_calls()
    later, day = AT + timedelta(hours=5), timedelta(hours=24)
    explore(db, cloud.env, at=later, only=("volumes", "charges"), max_age=day)
    assert cloud.count() == 0
    explore(db, cloud.env, at=later, only=("snapshots", "charges"), max_age=day)
    assert cloud.count("DescribeSnapshots") == 1
    assert cloud.count("GetCostAndUsage") == 0
    explore(db, cloud.env, at=AT + timedelta(hours=25), only=("volumes", "charges"), max_age=day)
    assert cloud.count("GetCostAndUsage") == 2


def test_asking_for_it_after_a_fresh_run_without_it_asks(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env, only=("volumes",), cost_explorer=False)
    explore(db, cloud.env, only=("volumes", "charges"), max_age=timedelta(hours=24))
    assert cloud.count("GetCostAndUsage") == 2


def test_a_run_that_was_stopped_does_not_pay_twice(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env)
    with writing(db, "collect aws", at=AT, wait_seconds=0) as writer:
        writer.con.execute("UPDATE runs SET status = 'aborted' WHERE run_id <> ?", [writer.run_id])
        writer.con.execute("UPDATE runs SET command = 'other' WHERE run_id = ?", [writer.run_id])
    cloud.reset_calls()
    explore(db, cloud.env)
    assert cloud.count("GetCostAndUsage") == 0
    assert monthly(db)[ACCOUNT, "2026-10", True] == 3100


def test_the_doctor_does_not_try_what_costs_money(cloud: Cloud) -> None:
    with as_environment(cloud.env):
        found = examine(Request(regions=(REGION,)), AT, cost_explorer=True)
    told = [(check.status, check.detail) for check in found.checks if check.subject == "ce:GetCostAndUsage"]
    assert told == [("untested", "each request costs 0.01 USD")]
    assert [call for call in cloud.calls() if call["service"] == "ce"] == []


def test_the_policy_has_it_only_when_asked_for() -> None:
    def actions(**asked: bool) -> set[str]:
        return {action for one in policy(Request(), **asked)["Statement"] for action in one["Action"]}

    assert actions(cost_explorer=True) - actions() == {"ce:GetCostAndUsage"}


# --- what goes wrong --------------------------------------------------------------------------------------


def test_exactly_the_printed_policy_is_enough_and_without_it_the_rest_is_stored(
    cloud: Cloud, tmp_path: Path
) -> None:
    only = ("volumes", "charges")
    allowed = cloud.enforce_iam(policy(Request(), cost_explorer=True))
    assert explore(tmp_path / "a.duckdb", allowed, only=only).problem is None
    done = explore(tmp_path / "b.duckdb", cloud.enforce_iam(policy(Request())), only=only)
    cloud.stop_enforcing_iam()
    assert done.problem is not None
    assert done.problem.exit_code == 3
    assert f"ce:GetCostAndUsage is denied in account {ACCOUNT}" in str(done.problem)
    told = coverage(tmp_path / "b.duckdb")
    assert told["global", "charges"][0] == "denied"
    assert told[REGION, "volumes"][0] == "complete"


def test_what_could_not_be_asked_keeps_what_was_told_before(cloud: Cloud, tmp_path: Path) -> None:
    cloud.costs(BOOK, 7)
    db = tmp_path / "w.duckdb"
    explore(db, cloud.env)
    before = monthly(db)
    cloud.faults([{"kind": "error", "code": "DataUnavailableException", "operation": "GetCostAndUsage"}])
    done = explore(db, cloud.env)
    assert monthly(db) == before
    assert "DataUnavailableException" in done.errors[SCOPE]
    assert coverage(db)["global", "charges"][0] == "failed"
    cloud.faults([])
    assert explore(db, cloud.env).problem is None
    assert coverage(db)["global", "charges"][0] == "complete"


def test_an_account_that_costs_nothing_is_no_error(cloud: Cloud, tmp_path: Path) -> None:
    cloud.costs([])
    done = explore(tmp_path / "w.duckdb", cloud.env)
    assert done.problem is None
    assert "0 rows of 0 accounts" in str(done.bill)


@pytest.mark.parametrize(
    "odd",
    [
        {"Keys": [ACCOUNT], "Metrics": {}},
        {"Keys": [ACCOUNT, "S3"], "Metrics": {}},
        group(ACCOUNT, "S3", all="much"),
        group(ACCOUNT, "S3", all="NaN"),
        group(ACCOUNT, "S3", all="1e30"),
    ],
)
def test_an_answer_of_an_unknown_shape_is_told_and_not_loaded(
    odd: dict[str, Any], cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "collectors.aws.cost_explorer.get", lambda *_: Answer([day("2026-11-02", odd)], [], {})
    )
    done = explore(tmp_path / "w.duckdb", cloud.env)
    assert "has a shape that this version does not know" in done.errors[SCOPE]
    assert monthly(tmp_path / "w.duckdb") == {}


# --- from the command line --------------------------------------------------------------------------------


def test_the_audit_has_the_cost_of_the_account_and_promises_no_more(cloud: Cloud, tmp_path: Path) -> None:
    cloud.estate(n=30, regions=(REGION,))
    words = ("audit", "aws", "--region", REGION, "--as-of", AS_OF, "--format", "json", "--cost-explorer")
    done = finops(*words, cwd=tmp_path, env=cloud.env)
    assert done.code == 0, done.err
    totals = done.json["totals"]
    assert totals["monthly_cost"] == round(3000 / 720 * 730, 2)  # 30 days of 100 USD
    assert 0 < totals["net_monthly_savings"] <= totals["monthly_cost"]
    assert {finding["price_basis"] for finding in done.json["findings"]} <= {"list", "none"}
    assert "0.01 USD a request" in done.err
    assert "2 requests (0.02 USD)" in done.err
    cloud.costs([{"unblended": "0.5"}])
    cloud.reset_calls()
    again = finops(*words, cwd=tmp_path, env=cloud.env)
    assert (again.code, cloud.count()) == (0, 0)
    assert again.json["totals"] == totals


def test_the_savings_never_exceed_a_small_bill(cloud: Cloud, tmp_path: Path) -> None:
    cloud.estate(n=30, regions=(REGION,))
    cloud.costs([{"unblended": "0.5"}])
    done = finops(
        "audit", "aws", "--region", REGION, "--as-of", AS_OF, "--format", "json", "--cost-explorer",
        cwd=tmp_path, env=cloud.env,
    )  # fmt: skip
    assert done.code == 0, done.err
    totals = done.json["totals"]
    assert totals["monthly_cost"] == 15.21
    assert totals["net_monthly_savings"] <= totals["monthly_cost"] < totals["gross_monthly_savings"]


def test_the_setting_asks_as_the_option_does(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "finops.toml").write_text("[aws]\ncost_explorer = true\n")
    words = ("collect", "aws", "--region", REGION, "--only", "charges", "--as-of", AS_OF)
    done = finops(*words, cwd=tmp_path, env=cloud.env)
    assert done.code == 0, done.err
    assert "2 requests (0.02 USD)" in done.out
    shown = finops("permissions", "aws", cwd=tmp_path, env=cloud.env)
    assert "ce:GetCostAndUsage" in shown.out


def test_a_denied_question_ends_with_3_and_names_the_action(cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "denied", "service": "ce"}])
    words = ("collect", "aws", "--region", REGION, "--only", "charges", "--as-of", AS_OF, "--cost-explorer")
    done = finops(*words, cwd=tmp_path, env=cloud.env)
    assert done.code == 3
    assert "ce:GetCostAndUsage is denied" in done.err


def test_the_record_types_of_usage_are_those_of_the_bill() -> None:
    macros = (Path(__file__).parents[3] / "collectors" / "bills" / "macros.sql").read_text()
    listed = ", ".join(f"'{kind}'" for kind in USAGE)
    assert f"type IN ({listed}) THEN 'Usage'" in macros
