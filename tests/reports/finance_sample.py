"""What a report says of spending, made by hand: every part of it there, every sum right."""

import json
from datetime import date, timedelta
from decimal import Decimal

from finops.finance_model import (
    Bridge,
    Change,
    Changes,
    CommitmentUse,
    DayAhead,
    ExchangeRate,
    Expiry,
    Finance,
    Provenance,
    Saved,
    Source,
    Spend,
    SpendLine,
    TiedOut,
    Trend,
    TrendDay,
    UnitCost,
)
from finops.history.answers import Amounts, Funnel
from finops.model import AuditReport
from finops.night_model import BudgetLine, Forecast
from finops.spending import Invoice
from tests.reports.build import at

FIRST, LAST, END = date(2026, 9, 1), date(2026, 11, 19), date(2026, 11, 30)


def money(text: str) -> Decimal:
    return Decimal(text)


def finance(currency: str = "USD") -> Finance:
    """October to November 2026 of three services, three accounts and two teams; 19 days of November."""
    return Finance(
        month="2026-11",
        previous_month="2026-10",
        trends=[trend(currency)],
        forecasts=[
            Forecast(
                level="total", cloud=None, account=None, service=None, team=None, currency=currency,
                month=date(2026, 11, 1), spent=money("11000.00"), settled_until=date(2026, 11, 16),
                forecast=money("17200.00"), low=money("16800.00"), high=money("17700.00"), reason=None,
            )
        ],
        budgets=[
            BudgetLine(
                name="All clouds", currency=currency, month=date(2026, 11, 1), budget=money("17000.00"),
                spent=money("11000.00"), forecast=money("17200.00"), low=money("16800.00"), high=money("17700.00"),
                variance=money("200.00"), state="at_risk",
                message="All clouds is expected to cost $17,200.00, $200.00 more than its budget of $17,000.00.",
            )
        ],
        bridges=[bridge(currency)],
        spend=[
            _spend("service", currency, [("Amazon EC2", "9000.00", "8000.00"), ("Amazon S3", "500.10", "510.10"), ("Amazon RDS", "1499.90", "1489.90")]),
            _spend("account", currency, [("123456789012", "7000.00", "6500.00"), ("210987654321", "4000.00", "3500.00")]),
            _spend("team", currency, [("shop", "6000.00", "5900.00"), (None, "5000.00", "4100.00")]),
            _spend("region", currency, [("eu-west-1", "10000.00", "9000.00"), ("us-east-1", "1000.00", "1000.00")]),
        ],
        commitments=[
            CommitmentUse(
                cloud="aws", currency=currency, month="2026-11", effective=money("9000.00"), list=money("12000.00"),
                effective_savings_rate=0.25, covered=money("4000.00"), on_demand=money("6000.00"), coverage=0.4,
                used=money("2400.00"), unused=money("100.00"), utilisation=0.96,
            )
        ],
        expiries=[
            Expiry(
                cloud="aws", account="123456789012", commitment_id="arn:aws:savingsplans::123456789012:savingsplan/0a1b",
                kind="savings_plan", ends_on=date(2026, 12, 31), renews=False, currency=currency,
                monthly_cost=money("1825.00"),
            )
        ],
        saved=[Saved(currency=currency, funnel=funnel())],
        changes=Changes(
            before_as_of=at(2026, 11, 19), new=[], reopened=[], changed=[], gone=2, not_compared=0,
            totals=[Change(currency=currency, net_before=money("900.00"), net_after=money("880.00"))],
        ),
        unit_costs=[
            UnitCost(
                name="orders", unit="order", currency=currency, month="2026-11", units=550_000.0, cost=money("11000.00"),
                per_unit=0.02, previous_per_unit=0.021,
            )
        ],
        tie_out=[
            TiedOut(
                currency=currency, month="2026-10", billed=money("16500.00"), invoiced=money("16500.00"),
                not_invoiced=money("0.00"), residual=money("0.00"), difference=money("0.00"),
                invoices=[
                    Invoice(
                        cloud="aws", billing_account="123456789012", issuer="Amazon Web Services EMEA SARL",
                        invoice_id="EUINGB26-1", charges=90_000, total=money("16500.00"), residual=money("0.00"),
                    )
                ],
            )
        ],
        provenance=Provenance(
            command="finops audit --as-of 2026-11-20T00:00:00Z --format json", settings="3f9a2b1c07d4", rules="8be1c0d2aa01",
            rule_count=39, thresholds=["idle-instance.min_days = 21"], limits=[],
            rates=[ExchangeRate(currency="EUR", to="USD", rate=1.08, on=date(2026, 11, 18), source="ECB")],
            sources=[
                Source(
                    cloud="aws", billing_account="123456789012", through=at(2026, 11, 20),
                    provisional_from=date(2026, 11, 17), rejected_rows=0,
                )
            ],
        ),
        notes=["2 bills are of as many days of the month before."],
    )  # fmt: skip


def trend(currency: str = "USD") -> Trend:
    """80 days with a weekly pattern and a rise on 12 November, the last three provisional; 11 days ahead."""
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    ahead = [LAST + timedelta(days=number + 1) for number in range((END - LAST).days)]
    return Trend(
        currency=currency,
        days=[
            TrendDay(day=day, cost=_usual(day) + (150 if day >= date(2026, 11, 12) else 0), provisional=day > LAST - timedelta(days=3))
            for day in days
        ],
        ahead=[
            DayAhead(day=day, expected=_usual(day) + 150, low=_usual(day) + 100, high=_usual(day) + 220) for day in ahead
        ],
        reason=None,
    )  # fmt: skip


def _usual(day: date) -> Decimal:
    return Decimal("420.25") if day.weekday() > 4 else Decimal("560.75")


def bridge(currency: str = "USD") -> Bridge:
    """From 10,000.00 to 11,000.00, every step of it there."""
    return Bridge(
        currency=currency, month="2026-11", previous_month="2026-10", compared="same days", complete=False, days=19.0,
        previous_days=19.0, previous=money("10000.00"), price=money("-120.50"), volume=money("640.50"),
        new=money("900.00"), gone=money("-210.00"), one_off=money("90.00"), savings=money("-300.00"),
        not_compared=money("0.00"), cost=money("11000.00"), acted_on=4,
    )  # fmt: skip


def funnel() -> Funnel:
    """Of 20 findings 12 are agreed, 6 done, and 4 seen on the bill."""
    nothing = Amounts(findings=0, monthly=None, without_amount=0)
    return Funnel(
        found=Amounts(findings=20, monthly=money("3100.00"), without_amount=1),
        agreed=Amounts(findings=12, monthly=money("1900.00"), without_amount=0),
        done=Amounts(findings=6, monthly=money("1200.00"), without_amount=0),
        on_the_bill=Amounts(findings=4, monthly=money("1010.40"), without_amount=0),
        pending=Amounts(findings=2, monthly=money("150.00"), without_amount=0),
        unknown=nothing,
        rejected=nothing,
        exempt=nothing,
        no_longer_true=nothing,
    )


def _spend(by: str, currency: str, lines: list[tuple[str | None, str, str]]) -> Spend:
    made = [
        SpendLine(
            key=key, cost=money(cost), previous=money(previous), change=money(cost) - money(previous),
            findings=3 if by != "service" else None,
            net_monthly_savings=money("120.00") if by != "service" else None,
        )
        for key, cost, previous in lines
    ]  # fmt: skip
    return Spend.model_validate(
        {
            "by": by,
            "tag": "team" if by == "team" else None,
            "currency": currency,
            "month": "2026-11",
            "previous_month": "2026-10",
            "cost": sum((one.cost or Decimal(0) for one in made), Decimal(0)),
            "previous": sum((one.previous or Decimal(0) for one in made), Decimal(0)),
            "lines": made,
        }
    )


def with_finance(report: AuditReport) -> AuditReport:
    """A report made by hand, with all of this."""
    return report.model_copy(update={"finance": finance()})


def secret_finance(account: str, team: str, name: str) -> Finance:
    """The same with an account, a team and a name in every field and text that can hold one."""
    text = finance().model_dump_json()
    for known, secret in (
        ("123456789012", account),
        ("210987654321", account),
        ("shop", team),
        ("orders", name),
    ):
        text = text.replace(known, json.dumps(secret)[1:-1])
    told = Finance.model_validate_json(text)
    provenance = told.provenance
    assert provenance
    here = {"command": f"finops audit --account {account}", "limits": [f"--tag owner={team}"]}
    return told.model_copy(
        update={
            "notes": [f"No bill of {account} is loaded."],
            "provenance": provenance.model_copy(update=here),
        }
    )
