"""Money: Decimal from the first to the last step, rounded to the cent only when it leaves."""

from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
HOURS_PER_MONTH = Decimal(730)  # the month of every cloud's own calculator: 8,760 hours / 12

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "CN¥", "JPY": "¥", "INR": "₹"}


def cents(amount: Decimal) -> Decimal:
    """The amount to the cent, halves to even so that roundings do not drift one way."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN) + Decimal(0)  # + 0 turns -0.00 into 0.00


def shown(amount: Decimal | None, currency: str | None) -> str:
    """The amount for a reader: symbol or code, thousands, always two decimals; a dash when unknown."""
    if amount is None:
        return "–"
    sign = "−" if amount < 0 else ""
    symbol = SYMBOLS.get(currency or "", f"{currency} " if currency else "")
    return f"{sign}{symbol}{abs(cents(amount)):,.2f}"
