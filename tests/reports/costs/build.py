"""Answers made by hand for the renderings of costs."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from finops.spending import CostAnswer, CurrencyCosts, Effects, Invoice, Line, TieOut

HOSTILE = (
    "=cmd()",
    "\x1b[31mred",
    "a|b",
    "<script>",
    "[bold]x[/bold]",
    "@here",
    "tab\tand\nline",
    "\u202eevil",
    "`x`",
)


def effects(**over: str) -> Effects:
    names = ("price", "quantity", "new", "gone", "other")
    return Effects(**{name: Decimal(over.get(name, "0.00")) for name in names})


def line(key: str | None, cost: str, previous: str | None = None, **over: Any) -> Line:
    """A line of a service; without `previous` nothing is compared."""
    amount, before = Decimal(cost), None if previous is None else Decimal(previous)
    change = None if before is None else amount - before
    fields: dict[str, Any] = {
        "keys": {"service": key},
        "charges": 3,
        "billed": amount,
        "effective": amount,
        "cost": amount,
        "previous": before,
        "change": change,
        "change_percent": float(round(100 * change / before, 1)) if before and change is not None else None,
        "status": None,
        "not_compared": None if before is None else Decimal("0.00"),
        "effects": None if change is None else effects(quantity=str(change)),
    }
    return Line(**fields | over)


def total(lines: list[Line]) -> Line:
    def summed(name: str) -> Decimal | None:
        known = [getattr(one, name) for one in lines if getattr(one, name) is not None]
        return sum(known, Decimal("0.00")) if known else None

    sums = {
        name: summed(name) for name in ("billed", "effective", "cost", "previous", "change", "not_compared")
    }
    told = [one.effects for one in lines if one.effects]
    causes = {name: str(sum(getattr(one, name) for one in told)) for name in Effects.model_fields}
    before, change = sums["previous"], sums["change"]
    percent = float(round(100 * change / before, 1)) if before and change is not None else None
    return Line(
        keys={},
        charges=1,
        change_percent=percent,
        status=None,
        effects=effects(**causes) if told else None,
        **sums,
    )


def tie_out(billed: str, *invoices: str, waiting: str = "0.00") -> TieOut:
    exact = Decimal(billed)
    listed = [
        Invoice(
            cloud="aws",
            billing_account="0042",
            issuer=None,
            invoice_id=f"INV-{place}",
            charges=2,
            total=Decimal(amount),
            residual=Decimal(0),
        )
        for place, amount in enumerate(invoices)
    ]
    invoiced = sum((one.total for one in listed), Decimal("0.00"))
    return TieOut(
        billed=exact,
        invoiced=invoiced,
        not_invoiced=Decimal(waiting),
        not_invoiced_charges=0 if waiting == "0.00" else 5,
        residual=exact - invoiced - Decimal(waiting),
        loaded=exact,
        loaded_residual=Decimal(0),
        cost_explorer=Decimal("0.00"),
        invoices=listed,
    )


def costs(*lines: Line, tie: TieOut | None = None) -> CurrencyCosts:
    return CurrencyCosts(
        totals=total(list(lines)),
        days=31,
        previous_days=30,
        cost_per_day=Decimal("40.00"),
        previous_per_day=Decimal("32.00"),
        lines=list(lines),
        tie_out=tie,
    )


def answer(currencies: dict[str, CurrencyCosts], **over: Any) -> CostAnswer:
    fields: dict[str, Any] = {
        "as_of": datetime(2026, 11, 1),
        "month": "2026-10",
        "previous_month": "2026-09",
        "complete": True,
        "compared": "month",
        "by": ["service"],
        "metric": "effective",
        "filters": {},
        "currencies": currencies,
        "bills": [],
        "notes": [],
    }
    return CostAnswer(**fields | over)


def ordinary() -> CostAnswer:
    """Two services, a credit, something new, something gone, the rest summed."""
    return answer(
        {
            "USD": costs(
                line("Compute", "1234.50", "1000.00", effects=effects(price="34.50", quantity="200.00")),
                line("New", "50.00", "0.00", status="new", effects=effects(new="50.00")),
                line("Gone", "0.00", "70.00", status="gone", effects=effects(gone="-70.00")),
                line(None, "-20.00", "-20.00"),
                line("", "5.00", "4.00", keys={}, others=12),
                tie=tie_out("1269.50", "1269.49"),
            )
        }
    )


def alone() -> CostAnswer:
    """A month that nothing is compared with."""
    found = costs(line("Compute", "10.00")).model_copy(update={"previous_per_day": None})
    return answer(
        {"USD": found}, previous_month=None, compared=None, notes=["Not compared: no bill of 2026-09."]
    )


def hostile() -> CostAnswer:
    """Values and notes that would steer a terminal, a spreadsheet or a page."""
    lines = [line(text, "10.00", "8.00", names={"service": text}) for text in HOSTILE]
    return answer({"USD": costs(*lines, tie=tie_out("90.00", "90.00"))}, notes=list(HOSTILE), by=["service"])


def two_currencies() -> CostAnswer:
    return answer(
        {"CNY": costs(line("ECS", "700.00", "600.00")), "USD": costs(line("EC2", "10.00", "20.00"))}
    )
