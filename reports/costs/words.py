"""Words and figures that all renderings of costs share."""

from collections.abc import Iterator
from decimal import Decimal

from finops.spending import CostAnswer, CurrencyCosts, Effects, Line, TieOut
from reports import amounts
from reports.language import tn

MEANING = {
    "effective": "what usage cost, commitments spread over their use",
    "billed": "what invoices ask for",
    "list": "at public prices",
    "contracted": "at negotiated prices, before commitments",
}
EFFECTS = {
    "price": "price: the same usage costs more or less",
    "quantity": "quantity: more or less was used",
    "new": "new: was not used before",
    "gone": "gone: is not used any more",
    "other": "other: tax, credits, purchases, fees, unused commitments",
}
# Dimensions whose values are ids that have names.
NAMED = ("account", "billing-account", "resource", "commitment")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_TITLES = {"charge": "Kind of charge", "usage-type": "Usage type", "sku": "SKU"}
_MOST = Decimal("0.7")  # of all movement: what explains so much is named


def month(text: str) -> str:
    """2026-10 as October 2026."""
    year, number = text.split("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def title(answer: CostAnswer) -> str:
    """What the answer is about, in one line."""
    against = f", against {month(answer.previous_month)}" if answer.previous_month else ""
    return f"Costs of {month(answer.month)} by {', '.join(answer.by)}{against}"


def subtitle(answer: CostAnswer) -> str:
    """Which cost is sorted by, and what the answer is limited to."""
    what = f"Sorted and explained by {answer.metric} cost: {MEANING[answer.metric]}."
    if not answer.filters:
        return what
    parts = [f"{kind} {' or '.join(values)}" for kind, values in answer.filters.items()]
    return f"{what} Only {', '.join(parts)}."


def heading(dimension: str) -> str:
    """A dimension as the head of a column."""
    if dimension.startswith("tag:"):
        return dimension
    return _TITLES.get(dimension, dimension.replace("-", " ").capitalize())


def value(dimension: str, key: str | None) -> str:
    """The value of a dimension; what has none is a line of its own, told so."""
    if key is None:
        return f"(no {dimension[4:]})" if dimension.startswith("tag:") else "(none)"
    return key or "(empty)"


def label(line: Line) -> tuple[str, str]:
    """A line in two parts: what it is first of all, and the rest."""
    if line.others:
        return tn("{n} other line", "{n} other lines", line.others), ""
    first, *rest = line.keys
    parts = [_named(line, dimension) for dimension in rest]
    name = line.names.get(first)
    if name:
        return name, " · ".join([value(first, line.keys[first]), *parts])
    return value(first, line.keys[first]), " · ".join(parts)


def _named(line: Line, dimension: str) -> str:
    key = value(dimension, line.keys[dimension])
    name = line.names.get(dimension)
    return f"{name} ({key})" if name else key


def money(amount: Decimal | None) -> str:
    """An amount without its currency, which stands above."""
    return amounts.money(amount, None)


def change(amount: Decimal | None) -> str:
    """An amount with its sign."""
    return ("+" if amount is not None and amount > 0 else "") + money(amount)


def percent(line: Line) -> str:
    """The change in per cent, or new, or gone."""
    if line.status:
        return line.status
    if line.change_percent is None:
        return "" if line.change is None else amounts.UNKNOWN
    if abs(line.change_percent) >= 10_000:
        return "×" + f"{1 + line.change_percent / 100:,.0f}" if line.change_percent > 0 else "−>9,999%"
    sign = "+" if line.change_percent > 0 else "−" if line.change_percent < 0 else ""
    return f"{sign}{abs(line.change_percent):,.1f}%"


def why(effects: Effects | None) -> str:
    """What a change comes from mostly: the largest causes, until they are most of all movement."""
    if effects is None:
        return ""
    moves = sorted(((abs(getattr(effects, name)), name) for name in EFFECTS), key=lambda move: -move[0])
    total = sum((move for move, _ in moves), Decimal(0))
    told, so_far = [], Decimal(0)
    for move, name in moves:
        if not move or so_far >= _MOST * total:
            break
        told.append(name)
        so_far += move
    return ", ".join(told)


def per_day(costs: CurrencyCosts) -> str:
    """The change of a day, which months of different lengths do not disturb; empty where it is not known."""
    now, before = costs.cost_per_day, costs.previous_per_day
    if now is None or before is None or costs.days is None or costs.previous_days is None:
        return ""
    ratio = (
        f" ({'+' if now > before else '−' if now < before else ''}{abs(100 * (now - before) / before):,.1f}%)"
        if before > 0
        else ""
    )
    against = f"{money(before)} over {costs.previous_days:g} days"
    return f"A day: {money(now)} over {costs.days:g} days against {against}{ratio}"


def tie_out(tie: TieOut) -> Iterator[tuple[str, str]]:
    """Amounts and what they are, from the lines to the invoices."""
    yield money(tie.billed), "billed, all lines"
    if tie.invoices:
        yield (
            money(tie.invoiced),
            f"on {tn('{n} invoice', '{n} invoices', len(tie.invoices))}, each to the cent",
        )
    if tie.not_invoiced_charges or not tie.invoices:
        charges = tn("{n} charge", "{n} charges", tie.not_invoiced_charges)
        yield (
            money(tie.not_invoiced),
            f"without an invoice: {charges}, not invoiced yet or of a format without ids",
        )
    exact = tie.invoices and not tie.residual and not tie.not_invoiced_charges
    yield money(tie.residual), "residual: the lines are the invoices" if exact else "residual"


def recorded(tie: TieOut) -> str:
    """Whether the lines are what was recorded when the bills were read."""
    if tie.loaded is None or tie.loaded_residual is None:
        return ""
    if not tie.loaded_residual:
        return "Equal to the sums of the files, to the last digit."
    return f"{tie.loaded_residual} off the sums of the files."
