"""Lines of a report and reports made of them by hand. Totals are summed here, from the lines."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from finops.model import (
    AuditReport,
    Co2e,
    CostLine,
    Coverage,
    CurrencyTotals,
    Finding,
    NotEvaluated,
    Totals,
)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of the model: without zone, UTC."""
    return datetime(year, month, day, hour, minute)


AS_OF = at(2026, 11, 20)
WINDOW = {"window_start": at(2026, 10, 21), "window_end": at(2026, 11, 20)}


def finding(number: int, saving: str | None, **over: Any) -> Finding:
    """A finding that says everything; `over` replaces what a test is about."""
    money = None if saving is None else Decimal(saving)
    fields: dict[str, Any] = {
        "id": f"f{number:011x}",
        "rule": "unattached-volume",
        "class": "unused",
        "cloud": "aws",
        "account": "123456789012",
        "region": "eu-west-1",
        "zone": "eu-west-1a",
        "resource_type": "volume",
        "resource_id": f"vol-0{number:016x}",
        "resource_name": f"data-{number}",
        "tags": {"team": "shop"},
        "reason": f"Attached to nothing for {41 + number} days; the limit is 14.",
        "action": "delete",
        "current": {"volume_type": "gp3", "size_gib": 500},
        "proposed": {},
        "monthly_cost": money,
        "monthly_savings": money,
        "net_monthly_savings": money,
        "savings_low": money and (money * Decimal("0.9")).quantize(Decimal("0.01")),
        "savings_high": money,
        "currency": "USD",
        "price_basis": "billed" if saving else "none",
        "conflict_group": None,
        "superseded_by": None,
        "confidence": "high",
        "confidence_reasons": ["30 of 30 days seen"],
        "effort": "low",
        "risk": "low",
        "co2e": Co2e(
            operational_kg=1.4,
            embodied_kg=0.3,
            saved_kg=1.7,
            saved_low_kg=0.9,
            saved_high_kg=2.8,
            net_saved_low_kg=0.9,
            net_saved_kg=1.7,
            net_saved_high_kg=2.8,
            quality="measured",
        ),
        "evidence": {"days_detached": 41 + number, "window_days": 30, "prices": {"gp3_gib_month": 0.088}},
        "remediation": [
            f"aws ec2 create-snapshot --volume-id vol-0{number:016x}",
            f"aws ec2 delete-volume --volume-id vol-0{number:016x} --region eu-west-1",
        ],
        "status": "open",
        "first_seen": at(2026, 10, 2),
        "sources": ["https://docs.aws.amazon.com/ebs/latest/userguide/ebs-deleting-volume.html"],
    }
    return Finding.model_validate(fields | over)


def report(
    findings: Sequence[Finding] = (),
    costs: Sequence[CostLine] = (),
    not_evaluated: Sequence[NotEvaluated] = (),
    coverage: Sequence[Coverage] = (),
    evaluated: float | None = None,
) -> AuditReport:
    """The lines with totals that are their sums; no rate between currencies."""
    ordered = sorted(findings, key=lambda f: f.net_monthly_savings or Decimal(-1), reverse=True)
    by_currency = _totals_by_currency(ordered, costs, evaluated)
    one = next(iter(by_currency.values())) if len(by_currency) == 1 else None
    steps = [f for f in ordered if f.status != "exempt" and f.superseded_by is None]
    money = (
        one.model_dump(exclude={"findings", "evaluated_cost_share"})
        if one
        else {
            **dict.fromkeys(
                ("monthly_cost", "gross_monthly_savings", "net_monthly_savings", "net_low", "net_high")
            ),
            "exempt_findings": sum(f.status == "exempt" for f in ordered),
        }
    )
    return AuditReport(
        run_id="8f3c21d0",
        as_of=AS_OF,
        currency=next(iter(by_currency)) if one else None,
        totals=Totals(
            **money,
            monthly_co2e_kg=412.0 if findings else None,
            **{
                f"co2e_saved{end}_kg": round(sum(getattr(f.co2e, f"saved{end}_kg") or 0 for f in steps), 3)
                if findings
                else None
                for end in ("_low", "", "_high")
            },
            evaluated_cost_share=evaluated,
            findings=sum(f.status != "exempt" for f in ordered),
            not_evaluated=len(not_evaluated),
        ),
        totals_by_currency=by_currency,
        costs=list(costs),
        findings=ordered,
        not_evaluated=list(not_evaluated),
        coverage=list(coverage),
    )


def _totals_by_currency(
    findings: Sequence[Finding], costs: Sequence[CostLine], evaluated: float | None
) -> dict[str, CurrencyTotals]:
    groups: defaultdict[str, list[Finding]] = defaultdict(list)
    exempt: defaultdict[str, list[Finding]] = defaultdict(list)
    for found in findings:
        kind = exempt if found.status == "exempt" else groups
        kind[found.currency or "USD"].append(found)
        groups[found.currency or "USD"] += []
    for cost in costs:
        groups[cost.currency or "USD"] += []
    return {
        currency: CurrencyTotals(
            monthly_cost=sum(
                (c.monthly_cost for c in costs if c.monthly_cost and c.currency == currency), Decimal(0)
            )
            if any(c.monthly_cost is not None and c.currency == currency for c in costs)
            else None,
            gross_monthly_savings=sum((f.monthly_savings or Decimal(0) for f in group), Decimal(0)),
            net_monthly_savings=sum((f.net_monthly_savings or Decimal(0) for f in group), Decimal(0)),
            net_low=sum((f.savings_low or Decimal(0) for f in group if not f.superseded_by), Decimal(0)),
            net_high=sum((f.savings_high or Decimal(0) for f in group if not f.superseded_by), Decimal(0)),
            evaluated_cost_share=evaluated,
            findings=len(group),
            accepted_monthly_waste=sum(
                (f.exemption.monthly_waste or Decimal(0) for f in exempt[currency] if f.exemption), Decimal(0)
            ),
            exempt_findings=len(exempt[currency]),
        )
        for currency, group in groups.items()
    }


def cost(account: str, amount: str | None, cloud: str = "aws", **over: Any) -> CostLine:
    fields: dict[str, Any] = {"currency": "USD", "basis": "billed", **WINDOW} | over
    return CostLine(cloud=cloud, account=account, monthly_cost=Decimal(amount) if amount else None, **fields)


def scope(dataset: str = "instances", status: str = "complete", **over: Any) -> Coverage:
    fields: dict[str, Any] = {
        "cloud": "aws",
        "account": "123456789012",
        "region": "eu-west-1",
        "dataset": dataset,
        "status": status,
        "error": None,
        "rows": 120,
        "calls": 4,
        "collected_at": at(2026, 11, 19, 23, 40),
    }
    return Coverage.model_validate(fields | over)


def unjudged(reason: str, rule: str = "oversized-instance", **over: Any) -> NotEvaluated:
    fields: dict[str, Any] = {
        "rule": rule,
        "cloud": "aws",
        "account": "123456789012",
        "region": "eu-west-1",
        "resource_id": "i-0aa",
        "reason": reason,
    }
    return NotEvaluated.model_validate(fields | over)
