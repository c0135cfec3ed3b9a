"""A report in which every section and every chart of the page has something to say."""

from datetime import date
from decimal import Decimal

from finops.model import AuditReport, FootprintLine
from finops.night_model import Anomaly, BudgetLine, Forecast, Night
from tests.reports import finance_sample, sample
from tests.reports.build import AS_OF

HOSTILE = "</script><img src=x onerror=alert(1)> <b>x</b>\u202e @blue"


def rich(report: AuditReport | None = None) -> AuditReport:
    """A report made by hand with spending, a night and a footprint beside its findings."""
    given = finance_sample.with_finance(report or sample.partial())
    regions = [
        footprint("aws", "eu-west-1", 180.2, 40.1),
        footprint("aws", "us-east-1", 99.3, 20.0),
        footprint("alibaba", "eu-central-1", 72.5, 30.2),
    ]
    return given.model_copy(update={"night": night(), "footprint": regions})


def night(currency: str = "USD") -> Night:
    """November over its budget of everything, and a rise on the 12th."""
    return Night(
        run_id="n1",
        command="nightly",
        started_at=AS_OF,
        anomalies=[anomaly(currency=currency)],
        forecasts=[
            Forecast(
                level="total", cloud=None, account=None, service=None, team=None, currency=currency,
                month=date(2026, 11, 1), spent=Decimal("11000.00"), settled_until=date(2026, 11, 16),
                forecast=Decimal("17820.25"), low=Decimal("17210.00"), high=Decimal("18490.00"), reason=None,
            )
        ],
        budgets=[
            BudgetLine(
                name="Everything", currency=currency, month=date(2026, 11, 1), budget=Decimal("16500.00"),
                spent=Decimal("11000.00"), forecast=Decimal("17820.25"), low=Decimal("17210.00"),
                high=Decimal("18490.00"), variance=Decimal("1320.25"), state="over",
                message="$11,000.00 of $16,500.00 is spent through 2026-11-16.",
            )
        ],
    )  # fmt: skip


def anomaly(**over: object) -> Anomaly:
    """A rise of the whole cost from 12 November on."""
    fields = {
        "id": "a1", "level": "total", "cloud": None, "account": None, "service": None, "team": None, "figure": None,
        "currency": "USD", "kind": "drift", "first_day": date(2026, 11, 12), "last_day": date(2026, 11, 16),
        "expected": 560.75, "actual": 710.75, "low": 500.0, "high": 620.0, "state": "open",
        "message": "Everything cost $710.75 a day where $560.75 was expected.",
    }  # fmt: skip
    return Anomaly.model_validate(fields | over)


def footprint(cloud: str, region: str, kilograms: float | None, hardware: float = 0.0) -> FootprintLine:
    """Four servers of a region; None where nothing could be estimated."""
    known = {name: None for name in FootprintLine.model_fields if name.startswith("emitted_")}
    if kilograms is not None:
        known |= {
            "emitted_kg": kilograms, "emitted_low_kg": kilograms * 0.7, "emitted_high_kg": kilograms * 1.5,
            "emitted_operational_kg": kilograms - hardware, "emitted_embodied_kg": hardware,
        }  # fmt: skip
    return FootprintLine(
        cloud=cloud, account="123456789012", region=region, service="instance", resources=4,
        estimated=4 if kilograms else 0, not_estimated={} if kilograms else {"no figure": 4}, **known,
    )  # fmt: skip


def hostile() -> AuditReport:
    """The same with hostile text wherever a cloud or a person may have written it."""
    given = rich(sample.hostile())
    assert given.finance
    data = given.finance.model_dump()
    data["notes"] = [HOSTILE]
    data["trends"][0]["reason"] = HOSTILE
    for spend in data["spend"]:
        spend["tag"] = spend["tag"] and HOSTILE
        spend["lines"][0] |= {"key": HOSTILE, "name": HOSTILE}
        spend["lines"][1] |= {"key": "弹性计算服务器与云数据库及对象存储服务的费用汇总"}
    data["commitments"][0]["cloud"] = HOSTILE
    data["expiries"][0] |= {"account": HOSTILE, "commitment_id": HOSTILE, "kind": HOSTILE}
    data["unit_costs"][0] |= {"name": HOSTILE, "unit": HOSTILE}
    data["tie_out"][0]["invoices"][0] |= {"issuer": HOSTILE, "invoice_id": HOSTILE}
    told = data["provenance"]
    told |= {
        "command": HOSTILE,
        "settings": HOSTILE,
        "rules": HOSTILE,
        "thresholds": [HOSTILE],
        "limits": [HOSTILE],
    }
    told["rates"][0]["source"] = HOSTILE
    told["sources"][0]["billing_account"] = HOSTILE
    told_at_night = night().model_copy(update={"anomalies": [anomaly(message=HOSTILE, account=HOSTILE)]})
    return given.model_copy(
        update={
            "finance": type(given.finance).model_validate(data),
            "night": told_at_night,
            "footprint": [footprint("aws", HOSTILE, 12.0, 2.0)],
        }
    )
