"""The sheets of cost over time: months with what leads from one to the next, and days with what is expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finops.finance_model import Bridge, CommitmentUse, Expiry, TiedOut, UnitCost
from finops.model import AuditReport
from finops.night_model import BudgetLine, Forecast
from reports import amounts, control
from reports.language import Worded, flowing, mark, markc, t
from reports.plain import one_line
from reports.xlsx.book import BLUE, GRID, HIGH, LOW, Book, Column, Formula, Placed, Sheet
from reports.xlsx.formulas import column
from reports.xlsx.spending import NO_BILL

DAYS, MONTHS = mark("Days"), mark("Months")
_DAYS, _MONTHS = "Days", "Months"  # their tables
_NIL = Decimal("0.00")
_STEPS = Worded(
    {
        "previous": mark("Month before"),
        "price": markc("step from month to month", "Price"),
        "volume": mark("Volume"),
        "new": mark("New"),
        "gone": mark("Gone"),
        "one_off": mark("One-off and without a quantity"),
        "savings": mark("What was acted upon"),
        "not_compared": mark("Not compared"),
    }
)
_NOBODY = Worded(
    {
        "provider": mark("no provider"),
        "account": mark("no account"),
        "service": mark("no service"),
        "team": mark("no team"),
    }
)
_SUBJECTS = {
    "provider": mark("provider {name}"),
    "account": mark("account {name}"),
    "service": mark("service {name}"),
    "team": mark("team {name}"),
}


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    currency: str
    cost: Decimal | None
    expected: Decimal | None
    low: Decimal | None
    high: Decimal | None
    note: str

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m}"


@dataclass(frozen=True, slots=True)
class _Month:
    month: str
    currency: str
    days: int
    provisional: int
    cost: Decimal
    note: str


def days(book: Book, report: AuditReport) -> None:
    """The sheet Days: what each day cost, and what those to come are expected to."""
    lines = _days(report)
    sheet = book.sheet(DAYS, _days_about(report, lines))
    columns: list[Column[_Day]] = [
        Column(mark("Day"), 12, t("The day, UTC."), lambda one: one.day, "date"),
        Column(mark("Month"), 10, t("Its month."), lambda one: one.month),
        Column(mark("Currency"), 9, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(mark("Cost"), 15, t("Effective cost of usage, before tax, credits, purchases and adjustments. Empty: the day is to come."),
               lambda one: one.cost, "money"),
        Column(mark("Expected"), 15, t("What a day to come is expected to cost."), lambda one: one.expected, "money"),
        Column(LOW, 15, t("Four of five days end between low and high."), lambda one: one.low, "money"),
        Column(HIGH, 15, t("See {column}.", column=t(LOW)), lambda one: one.high, "money"),
        Column(mark("Note"), 44, t("Whether it may still change."), lambda one: one.note),
    ]  # fmt: skip
    placed = sheet.table(_DAYS, columns, lines, lambda one: one.currency)
    sheet.widths(columns)
    sheet.frozen(placed)
    if lines and len({one.currency for one in lines}) == 1:
        _chart(book, sheet, placed, lines)


def months(book: Book, report: AuditReport) -> None:
    """The sheet Months: cost by month, the bridge between two, forecasts, budgets, commitments, invoices."""
    lines = _months(_days(report))
    sheet = book.sheet(
        MONTHS,
        t("What the usage of each month cost, and what led from one month's bill to the next.")
        if lines
        else t(NO_BILL),
    )
    for place, width in enumerate((34, 14, 16, 16, 16, 16, 16, 16, 50)):
        sheet.worksheet.set_column(place, place, width)

    def cost(one: _Month) -> Formula:
        cost, month, currency = (column(_DAYS, name) for name in ("Cost", "Month", "Currency"))
        return Formula(f"SUMIFS({cost},{month},A{{row}},{currency},B{{row}})", one.cost)

    columns: list[Column[_Month]] = [
        Column(mark("Month"), 34, t("The month."), lambda one: one.month),
        Column(mark("Currency"), 14, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(mark("Cost"), 16, t("The sum of its days on the sheet {sheet}.", sheet=t(DAYS)), cost, "money", bar=True),
        Column(markc("number", "Days"), 16, t("Of how many days something is known."), lambda one: one.days, "count"),
        Column(mark("A day"), 16, t("Cost by the days that are known."),
               lambda one: Formula("C{row}/D{row}", one.cost / one.days), "money"),
        Column(mark("Provisional days"), 16, t("Days whose bill may still change."), lambda one: one.provisional, "count"),
        Column(mark("Note"), 16, t("What a reader must know."), lambda one: one.note),
    ]  # fmt: skip
    placed = sheet.table(
        _MONTHS, columns, lines, lambda one: one.currency, bars=len({one.currency for one in lines}) < 2
    )
    sheet.worksheet.freeze_panes(placed.top, 0)
    for bridge in report.finance.bridges if report.finance else []:
        _bridge(sheet, bridge)
    _forecasts(sheet, control.forecasts(report))
    _budgets(sheet, control.budgets(report))
    if report.finance:
        _commitments(sheet, report.finance.commitments, report.finance.expiries)
        _units(sheet, report.finance.unit_costs)
        _invoices(sheet, report.finance.tie_out)


# --- days and months --------------------------------------------------------------------------------------


def _days(report: AuditReport) -> list[_Day]:
    found = []
    for trend in report.finance.trends if report.finance else []:
        for one in trend.days:
            note = t("provisional: it may still change") if one.provisional else ""
            found.append(_Day(one.day, trend.currency, one.cost, None, None, None, note))
        known = {one.day: place for place, one in enumerate(found) if one.currency == trend.currency}
        for ahead in trend.ahead:
            if ahead.day in known:  # a provisional day, of which both are told
                before = found[known[ahead.day]]
                found[known[ahead.day]] = _Day(
                    before.day,
                    before.currency,
                    before.cost,
                    ahead.expected,
                    ahead.low,
                    ahead.high,
                    before.note,
                )
            else:
                found.append(
                    _Day(ahead.day, trend.currency, None, ahead.expected, ahead.low, ahead.high, t("to come"))
                )
    return found


def _days_about(report: AuditReport, lines: Sequence[_Day]) -> str:
    if not lines:
        return t(NO_BILL)
    reasons = [one.reason for one in report.finance.trends if one.reason] if report.finance else []
    about = t("What each day cost, and what the days to come are expected to cost.")
    if not reasons:
        return about
    why = t("Nothing is foreseen: {reasons}", reasons=" ".join(map(one_line, reasons)))
    return flowing([about, why])


def _months(lines: Sequence[_Day]) -> list[_Month]:
    groups: dict[tuple[str, str], list[_Day]] = {}
    for one in lines:
        if one.cost is not None:
            groups.setdefault((one.month, one.currency), []).append(one)
    found = []
    for (month, currency), known in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0])):
        first, last = min(one.day for one in known), max(one.day for one in known)
        whole = len(known) >= _length(first)
        note = (
            ""
            if whole
            else t("from {first} to {last} only", first=amounts.day(first), last=amounts.day(last))
        )
        provisional = sum(bool(one.note) for one in known)
        cost = sum((one.cost or _NIL for one in known), _NIL)
        found.append(_Month(month, currency, len(known), provisional, cost, note))
    return found


def _length(day: date) -> int:
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (following - day.replace(day=1)).days


def _chart(book: Book, sheet: Sheet, placed: Placed, lines: Sequence[_Day]) -> None:
    """Cost and what is expected, as lines."""
    chart = book.workbook.add_chart({"type": "line"})
    series = (
        ("Cost", BLUE, None), ("Expected", "#B8620A", "dash"), (LOW, "#8A8F98", "round_dot"), (HIGH, "#8A8F98", "round_dot"),
    )  # fmt: skip
    for name, colour, dash in series:
        line = {"color": colour, "width": 1.75, **({"dash_type": dash} if dash else {})}
        chart.add_series(
            {"name": t(name), "categories": placed.cells("Day"), "values": placed.cells(name), "line": line}
        )
    chart.set_title({"name": t("Cost a day"), "name_font": {"size": 12}})
    chart.set_x_axis({"date_axis": True, "num_format": amounts.day_format()})
    chart.set_y_axis({"min": 0, "num_format": "#,##0", "major_gridlines": GRID})
    chart.set_legend({"position": "bottom"})
    sheet.chart(chart, "J3", _drawn([one for one in lines if one.cost is not None]), wide=820)


def _drawn(known: Sequence[_Day]) -> str:
    """The chart in words."""
    if not known:
        return t("A line: what each day cost; dashed, what the days to come are expected to cost.")
    first, last = known[0], known[-1]
    return t(
        "A line: what each day cost, from {first_cost} on {first} to {last_cost} on {last}; dashed, what the days to come "
        "are expected to cost.",
        first_cost=amounts.money(first.cost, first.currency),
        first=amounts.day(first.day),
        last_cost=amounts.money(last.cost, last.currency),
        last=amounts.day(last.day),
    )


# --- what leads from one month to the next, and what is to come -------------------------------------------


def _bridge(sheet: Sheet, bridge: Bridge) -> None:
    before, month = amounts.iso_month(bridge.previous_month), amounts.iso_month(bridge.month)
    between = {"before": before, "month": month, "currency": bridge.currency}
    sheet.heading(
        t("From {before} to {month}, {currency}, everything on the bill", **between)
        if bridge.compared == "month"
        else t("From {before}, as many days of it to {month}, {currency}, everything on the bill", **between)
    )
    steps = [(name, getattr(bridge, field)) for field, name in _STEPS.items()]
    first = sheet.next_row + 2
    steps_sum = Formula(f"SUM(B{first}:B{first + len(steps) - 1})", bridge.cost)
    columns: list[Column[tuple[str, object]]] = [
        Column(mark("Step"), 34, t("Price and volume are of what both months have."), lambda one: one[0]),
        Column(mark("Amount"), 14, t("What it adds. The last line is their sum, and what the month cost."), lambda one: one[1], "money"),
    ]  # fmt: skip
    rows: list[tuple[str, object]] = [*steps, (t("Cost of {month}", month=month), steps_sum)]
    sheet.table(f"Bridge_{bridge.currency}", columns, rows, lambda _: bridge.currency, filtered=False)


def _forecasts(sheet: Sheet, lines: Sequence[Forecast]) -> None:
    if not lines:
        return
    sheet.heading(t(control.FORECAST))
    columns: list[Column[Forecast]] = [
        Column(mark("Of what"), 34, t("Everything, a cloud, an account, a service or a team."), _subject),
        Column(mark("Currency"), 14, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(mark("Spent"), 16, t("What is spent already."), lambda one: one.spent, "money"),
        Column(mark("Forecast"), 16, t("What the month will cost. Empty: see {column}.", column=t("Why not")), lambda one: one.forecast, "money"),
        Column(LOW, 16, t("Four of five months end between low and high."), lambda one: one.low, "money"),
        Column(HIGH, 16, t("See {column}.", column=t(LOW)), lambda one: one.high, "money"),
        Column(mark("Month"), 16, t("The month."), lambda one: f"{one.month:%Y-%m}"),
        Column(mark("Settled until"), 16, t("The last day whose bill is final."), lambda one: one.settled_until, "date"),
        Column(mark("Why not"), 50, t("Why there is no forecast."), lambda one: one.reason),
    ]  # fmt: skip
    sheet.table("Forecasts", columns, lines, lambda one: one.currency, filtered=False)


def _subject(one: Forecast) -> str:
    if one.level == "total":
        return t("everything")
    own = {"provider": one.cloud, "account": one.account, "service": one.service, "team": one.team}
    return t(_SUBJECTS[one.level], name=own[one.level]) if own[one.level] else _NOBODY[one.level]


def _budgets(sheet: Sheet, lines: Sequence[BudgetLine]) -> None:
    if not lines:
        return
    sheet.heading(t(control.BUDGETS))

    def variance(one: BudgetLine) -> Formula | None:
        return None if one.variance is None else Formula("E{row}-C{row}", one.variance)

    columns: list[Column[BudgetLine]] = [
        Column(mark("Budget"), 34, t("Its name in the configuration."), lambda one: one.name),
        Column(mark("Currency"), 14, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(mark("May cost"), 16, t("The budget of the month."), lambda one: one.budget, "money"),
        Column(mark("Spent"), 16, t("What is spent already. Empty: not known."), lambda one: one.spent, "money"),
        Column(mark("Forecast"), 16, t("What the month will cost. Empty: not known."), lambda one: one.forecast, "money"),
        Column(mark("Forecast less budget"), 16, t("More than 0 is more than the budget."), variance, "money"),
        Column(mark("Month"), 16, t("The month."), lambda one: f"{one.month:%Y-%m}"),
        Column(mark("State"), 16, t("Within, at risk, over, or not evaluated."),
               lambda one: control.BUDGET_STATES[one.state]),
        Column(mark("In words"), 50, t("How it stands."), lambda one: one.message),
    ]  # fmt: skip
    sheet.table("Budgets", columns, lines, lambda one: one.currency, filtered=False)


def _commitments(sheet: Sheet, used: Sequence[CommitmentUse], ending: Sequence[Expiry]) -> None:
    if used:
        sheet.heading(t("How commitments did"))
        columns: list[Column[CommitmentUse]] = [
            Column(mark("Cloud"), 34, t("aws, alibaba or gcp."), lambda one: one.cloud),
            Column(mark("Currency"), 14, t("What the amounts of this line are in."), lambda one: one.currency),
            Column(mark("Covered"), 16, t("List cost of usage that commitments paid."), lambda one: one.covered, "money"),
            Column(mark("On demand"), 16, t("List cost of usage that they could pay and did not."),
                   lambda one: one.on_demand, "money"),
            Column(markc("of commitments", "Coverage"), 16, t("Covered of both."),
                   lambda one: _ratio("C{row}/(C{row}+D{row})", one.coverage), "share"),
            Column(mark("Used"), 16, t("What the used part of commitments cost."), lambda one: one.used, "money"),
            Column(mark("Unused"), 16, t("What the unused part cost."), lambda one: one.unused, "money"),
            Column(mark("Utilisation"), 16, t("Used of both."),
                   lambda one: _ratio("F{row}/(F{row}+G{row})", one.utilisation), "share"),
            Column(mark("Effective savings rate"), 50,
                   t("Less than list prices, with what was left unused. Empty: list prices are not known."),
                   lambda one: one.effective_savings_rate, "share"),
        ]  # fmt: skip
        sheet.table("Commitments", columns, used, lambda one: one.currency, filtered=False)
    if ending:
        sheet.heading(t("Commitments that end soon"))
        what: dict[bool | None, str] = {True: t("yes"), False: t("no"), None: t("not known")}
        ends: list[Column[Expiry]] = [
            Column(mark("Commitment"), 34, t("Its id."), lambda one: one.commitment_id),
            Column(mark("Currency"), 14, t("What the amount is in."), lambda one: one.currency),
            Column(mark("A month"), 16, t("What it costs in 730 hours. Empty: not known."), lambda one: one.monthly_cost, "money"),
            Column(mark("Ends"), 16, t("Its last day."), lambda one: one.ends_on, "date"),
            Column(mark("Renews itself"), 16, t("Whether it goes on by itself."), lambda one: what[one.renews]),
            Column(mark("Kind"), 16, t("What it is."), lambda one: one.kind),
            Column(mark("Cloud"), 16, t("aws, alibaba or gcp."), lambda one: one.cloud),
            Column(mark("Account"), 16, t("The account as the cloud names it."), lambda one: one.account),
        ]  # fmt: skip
        sheet.table("Expiries", ends, ending, lambda one: one.currency, filtered=False)


def _ratio(text: str, value: float | None) -> Formula | None:
    return None if value is None else Formula(text, value)


def _units(sheet: Sheet, lines: Sequence[UnitCost]) -> None:
    if not lines:
        return
    sheet.heading(t("What one unit costs"))
    columns: list[Column[UnitCost]] = [
        Column(mark("Of what"), 34, t("The driver in the configuration."),
               lambda one: t("{name}, one {unit}", name=one.name, unit=one.unit)),
        Column(mark("Currency"), 14, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(mark("Cost"), 16, t("Of the same days."), lambda one: one.cost, "money"),
        Column(mark("Units"), 16, t("How many."), lambda one: one.units, "number"),
        Column(mark("One costs"), 16, t("Cost by units."),
               lambda one: Formula("C{row}/D{row}", one.per_unit) if one.units else None, "unit"),
        Column(mark("One cost before"), 16, t("In the month before. Empty: not known."),
               lambda one: one.previous_per_unit, "unit"),
        Column(mark("Month"), 16, t("The month."), lambda one: one.month),
    ]  # fmt: skip
    sheet.table("Units", columns, lines, lambda one: one.currency, filtered=False)


def _invoices(sheet: Sheet, lines: Sequence[TiedOut]) -> None:
    if not lines:
        return
    sheet.heading(t("Tied out to invoices"))

    def residual(one: TiedOut) -> Formula:
        return Formula("C{row}-D{row}-E{row}", one.residual)

    columns: list[Column[TiedOut]] = [
        Column(mark("Month"), 34, t("The newest month that has invoices."), lambda one: one.month),
        Column(mark("Currency"), 14, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(mark("Billed"), 16, t("The sum of the lines of the bill."), lambda one: one.billed, "money"),
        Column(mark("On invoices"), 16, t("The sum of the invoices."), lambda one: one.invoiced, "money"),
        Column(mark("Not invoiced"), 16, t("Lines that name no invoice."), lambda one: one.not_invoiced, "money"),
        Column(mark("Residual"), 16, t("Billed less both: 0 ties out."), residual, "money"),
        Column(mark("Less than read"), 16, t("Lines against the total that was read with the bill. Empty: it has none."),
               lambda one: one.difference, "money"),
    ]  # fmt: skip
    sheet.table("Invoices", columns, lines, lambda one: one.currency, filtered=False)
