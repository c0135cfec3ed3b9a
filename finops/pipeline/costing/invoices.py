"""From the lines to the invoices."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from finops.money import cents
from finops.pipeline.costing import bills
from finops.pipeline.costing.bills import Entry
from finops.pipeline.costing.rounding import EXACT
from finops.spending import Invoice, TieOut

_NIL = Decimal("0.00")


def tie_out(entries: Sequence[Entry], recorded: Decimal | None) -> TieOut:
    """The invoices of a currency, each to the cent; `recorded` is what was recorded when the bills were read."""
    grouped: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    open_entries = []
    for entry in entries:
        if entry.invoice:
            grouped[entry.cloud, entry.payer, entry.invoice].append(entry)
        else:
            open_entries.append(entry)
    invoices = [_invoice(key, some) for key, some in sorted(grouped.items())]
    exact, billed = bills.billed(entries), cents(bills.billed(entries))
    invoiced = sum((invoice.total for invoice in invoices), _NIL)
    waiting = bills.billed(open_entries)
    return TieOut(
        billed=billed,
        invoiced=invoiced,
        not_invoiced=cents(waiting),
        not_invoiced_charges=sum(entry.charges for entry in open_entries),
        residual=billed - invoiced - cents(waiting),
        loaded=None if recorded is None else cents(recorded),
        loaded_residual=None if recorded is None else EXACT.subtract(exact, recorded),
        cost_explorer=cents(bills.billed([entry for entry in entries if entry.basis == "total"])),
        invoices=invoices,
    )


def _invoice(key: tuple[str, str, str], entries: Sequence[Entry]) -> Invoice:
    cloud, payer, invoice = key
    exact = bills.billed(entries)
    return Invoice(
        cloud=cloud,
        billing_account=payer,
        issuer=max((entry.issuer for entry in entries if entry.issuer), default=None),
        invoice_id=invoice,
        charges=sum(entry.charges for entry in entries),
        total=cents(exact),
        residual=EXACT.subtract(exact, cents(exact)),
    )
