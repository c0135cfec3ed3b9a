"""Who spends: teams, accounts, services and regions of the month, what changed, and what can be saved there."""

from collections.abc import Iterator
from decimal import Decimal

from finops.finance_model import By, Spend, SpendLine, UnitCost
from finops.model import AuditReport
from reports import amounts
from reports.html.sections.table import Table
from reports.language import Worded, in_brackets, mark, punctuated, t, tn
from reports.plain import one_line

NOBODY = Worded(
    {
        "team": mark("Not allocated"),
        "account": mark("No account"),
        "service": mark("No service"),
        "region": mark("No region"),
    }
)
BY = Worded(
    {"team": mark("Team"), "account": mark("Account"), "service": mark("Service"), "region": mark("Region")}
)
_TITLES = Worded(
    {
        "team": mark("Who spends, by team, {month}"),
        "account": mark("Who spends, by account, {month}"),
        "service": mark("Who spends, by service, {month}"),
        "region": mark("Who spends, by region, {month}"),
    }
)
_ORDER: tuple[By, ...] = ("team", "account", "service", "region")


def line_name(spend: Spend, line: SpendLine) -> str:
    """What a line is called, as text of one line."""
    if line.others:
        return tn("{n} other", "{n} others", line.others)
    if line.key is None:
        return NOBODY[spend.by]
    return one_line(
        line.name + in_brackets(line.key or "") if line.name and line.name != line.key else line.key
    )


def month_before(spend: Spend) -> str:
    """What a line is compared with: the month before, or its same days."""
    month = amounts.month(spend.previous_month or "")
    return t("{month} (same days)", month=month) if spend.compared == "same days" else month


def spend_tables(report: AuditReport) -> list[Table]:
    """One table per kind and currency, teams first; each adds up to the cost of its month."""
    spends = report.finance.spend if report.finance else []
    several = len({one.currency for one in spends}) > 1
    ordered = sorted(spends, key=lambda one: _ORDER.index(one.by))
    return [_table(one, several) for one in ordered if one.lines]


def _table(spend: Spend, several: bool) -> Table:
    before = t("In {month}", month=month_before(spend)) if spend.previous_month else ""
    month = amounts.month(spend.month)
    saving = any(one.net_monthly_savings is not None for one in spend.lines)
    header = [BY[spend.by], t("Cost in {month}", month=month), t("Share")]
    header += [before, t("Change"), t("In per cent")] if before else []
    header += [t("Net saving a month")] if saving else []
    title = _title(spend, month)
    if several:
        title = t("{title}, in {currency}", title=title, currency=spend.currency)
    rows = [_row(spend, line, bool(before), saving) for line in spend.lines]
    return Table(
        title, tuple(header), rows, [_foot(spend, bool(before), saving)], frozenset(range(1, len(header)))
    )


def _title(spend: Spend, month: str) -> str:
    if spend.by == "team" and spend.tag:
        return t("Who spends, by team (tag {tag}), {month}", tag=one_line(spend.tag), month=month)
    return _TITLES[spend.by].format(month=month)


def _row(spend: Spend, line: SpendLine, compared: bool, saving: bool) -> tuple[str, ...]:
    cells = [line_name(spend, line), amounts.money(line.cost, spend.currency), _share(line.cost, spend.cost)]
    cells += _compared(line.previous, line.change, spend.currency) if compared else []
    cells += [amounts.money(line.net_monthly_savings, spend.currency)] if saving else []
    return tuple(cells)


def _foot(spend: Spend, compared: bool, saving: bool) -> tuple[str, ...]:
    changes = [one.change for one in spend.lines if one.change is not None]
    change = sum(changes, Decimal(0)) if changes else None
    cells = [t("Total"), amounts.money(spend.cost, spend.currency), _share(spend.cost, spend.cost)]
    cells += _compared(spend.previous, change, spend.currency) if compared else []
    known = [one.net_monthly_savings for one in spend.lines if one.net_monthly_savings is not None]
    cells += [amounts.money(sum(known, Decimal(0)), spend.currency)] if saving else []
    return tuple(cells)


def _compared(before: Decimal | None, change: Decimal | None, currency: str) -> list[str]:
    """The month before and the change, which is of what can be compared only."""
    part = amounts.UNKNOWN
    if change is not None and before is not None:
        if before > 0:
            part = f"{amounts.direction(change)} {amounts.change_share(before + change, before)}"
        elif before == 0 and change > 0:
            part = t("new")
    return [amounts.money(before, currency), amounts.signed(change, currency), part]


def _share(part: Decimal | None, whole: Decimal | None) -> str:
    return (
        amounts.share(float(part / whole))
        if part is not None and part >= 0 and whole and whole > 0
        else amounts.UNKNOWN
    )


def unallocated(report: AuditReport) -> Iterator[str]:
    """A sentence per currency that says how much of the cost no team answers for."""
    for spend in report.finance.spend if report.finance else []:
        if spend.by == "team" and spend.cost and spend.cost > 0:
            nobody = sum(
                (one.cost or Decimal(0) for one in spend.lines if one.key is None and not one.others),
                Decimal(0),
            )
            share = _share(nobody, spend.cost)
            tag = one_line(spend.tag or "team")
            yield (
                t(
                    "{amount} ({share}) of the cost has no tag “{tag}”: no team answers for it.",
                    amount=amounts.money(nobody, spend.currency),
                    share=share,
                    tag=tag,
                )
                if nobody
                else t("All of the cost in {currency} has the tag “{tag}”.", currency=spend.currency, tag=tag)
            )


def unit_table(report: AuditReport) -> Table | None:
    """What a unit of each business driver costs."""
    units = report.finance.unit_costs if report.finance else []
    if not units:
        return None
    header = (
        t("Driver"), t("Month"), t("Units"), t("Cost of the same days"), t("Cost of one"), t("The month before"),
        t("Change"),
    )  # fmt: skip
    return Table(
        t("What a unit costs"), header, [_unit(one) for one in units], [], frozenset({2, 3, 4, 5, 6})
    )


def _unit(one: UnitCost) -> tuple[str, ...]:
    before, change = one.previous_per_unit, amounts.UNKNOWN
    if before is not None and before > 0:
        share = amounts.change_share(Decimal(str(one.per_unit)), Decimal(str(before)))
        change = f"{amounts.direction(one.per_unit - before)} {share}"
    return (
        one_line(one.name),
        amounts.month(one.month),
        punctuated(f"{one.units:,.12g}"),
        amounts.money(one.cost, one.currency),
        t("{price} per {unit}", price=_rate(one.per_unit, one.currency), unit=one_line(one.unit)),
        _rate(before, one.currency),
        change,
    )


def _rate(amount: float | None, currency: str) -> str:
    """A price of one unit, which may be far below a cent."""
    return amounts.UNKNOWN if amount is None else f"{amounts.unit_price(amount)} {one_line(currency)}"
