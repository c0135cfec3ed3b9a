"""The sheets of cost over time: months with what leads from one to the next, and days with what is expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finops.finance_model import Bridge, CommitmentUse, Expiry, TiedOut, UnitCost
from finops.model import AuditReport
from finops.night_model import BudgetLine, Forecast
from reports import amounts, control
from reports.plain import one_line
from reports.xlsx.book import BLUE, GRID, Book, Column, Formula, Placed, Sheet
from reports.xlsx.spending import NO_BILL

DAYS, MONTHS = "Days", "Months"
_NIL = Decimal("0.00")
_STEPS = (
    ("Month before", "previous"), ("Price", "price"), ("Volume", "volume"), ("New", "new"), ("Gone", "gone"),
    ("One-off and without a quantity", "one_off"), ("What was acted upon", "savings"), ("Not compared", "not_compared"),
)  # fmt: skip


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
        Column("Day", 12, "The day, UTC.", lambda one: one.day, "date"),
        Column("Month", 10, "Its month.", lambda one: one.month),
        Column("Currency", 9, "What the amounts of this line are in.", lambda one: one.currency),
        Column("Cost", 15, "Effective cost of usage, before tax, credits, purchases and adjustments. Empty: the day is to come.",
               lambda one: one.cost, "money"),
        Column("Expected", 15, "What a day to come is expected to cost.", lambda one: one.expected, "money"),
        Column("Low", 15, "Four of five days end between low and high.", lambda one: one.low, "money"),
        Column("High", 15, "See Low.", lambda one: one.high, "money"),
        Column("Note", 44, "Whether it may still change.", lambda one: one.note),
    ]  # fmt: skip
    placed = sheet.table(DAYS, columns, lines, lambda one: one.currency)
    sheet.widths(columns)
    sheet.frozen(placed)
    if lines and len({one.currency for one in lines}) == 1:
        _chart(book, sheet, placed, lines)


def months(book: Book, report: AuditReport) -> None:
    """The sheet Months: cost by month, the bridge between two, forecasts, budgets, commitments, invoices."""
    lines = _months(_days(report))
    sheet = book.sheet(
        MONTHS,
        "What the usage of each month cost, and what led from one month's bill to the next."
        if lines
        else NO_BILL,
    )
    for place, width in enumerate((34, 14, 16, 16, 16, 16, 16, 16, 50)):
        sheet.worksheet.set_column(place, place, width)

    def cost(one: _Month) -> Formula:
        return Formula(f"SUMIFS({DAYS}[Cost],{DAYS}[Month],A{{row}},{DAYS}[Currency],B{{row}})", one.cost)

    columns: list[Column[_Month]] = [
        Column("Month", 34, "The month.", lambda one: one.month),
        Column("Currency", 14, "What the amounts of this line are in.", lambda one: one.currency),
        Column("Cost", 16, "The sum of its days on the sheet Days.", cost, "money", bar=True),
        Column("Days", 16, "Of how many days something is known.", lambda one: one.days, "count"),
        Column("A day", 16, "Cost by the days that are known.",
               lambda one: Formula("C{row}/D{row}", one.cost / one.days), "money"),
        Column("Provisional days", 16, "Days whose bill may still change.", lambda one: one.provisional, "count"),
        Column("Note", 16, "What a reader must know.", lambda one: one.note),
    ]  # fmt: skip
    placed = sheet.table(
        MONTHS, columns, lines, lambda one: one.currency, bars=len({one.currency for one in lines}) < 2
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
            note = "provisional: it may still change" if one.provisional else ""
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
                    _Day(ahead.day, trend.currency, None, ahead.expected, ahead.low, ahead.high, "to come")
                )
    return found


def _days_about(report: AuditReport, lines: Sequence[_Day]) -> str:
    if not lines:
        return NO_BILL
    reasons = [one.reason for one in report.finance.trends if one.reason] if report.finance else []
    more = f" Nothing is foreseen: {' '.join(map(one_line, reasons))}" if reasons else ""
    return f"What each day cost, and what the days to come are expected to cost.{more}"


def _months(lines: Sequence[_Day]) -> list[_Month]:
    groups: dict[tuple[str, str], list[_Day]] = {}
    for one in lines:
        if one.cost is not None:
            groups.setdefault((one.month, one.currency), []).append(one)
    found = []
    for (month, currency), known in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0])):
        first, last = min(one.day for one in known), max(one.day for one in known)
        whole = len(known) >= _length(first)
        note = "" if whole else f"from {amounts.day(first)} to {amounts.day(last)} only"
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
    series = (("Cost", BLUE, None), ("Expected", "#B8620A", "dash"), ("Low", "#8A8F98", "round_dot"), ("High", "#8A8F98", "round_dot"))  # fmt: skip
    for name, colour, dash in series:
        line = {"color": colour, "width": 1.75, **({"dash_type": dash} if dash else {})}
        chart.add_series(
            {"name": name, "categories": placed.cells("Day"), "values": placed.cells(name), "line": line}
        )
    chart.set_title({"name": "Cost a day", "name_font": {"size": 12}})
    chart.set_x_axis({"date_axis": True, "num_format": "d mmm"})
    chart.set_y_axis({"min": 0, "num_format": "#,##0", "major_gridlines": GRID})
    chart.set_legend({"position": "bottom"})
    known = [one for one in lines if one.cost is not None]
    told = "A line: what each day cost"
    if known:
        told += (
            f", from {amounts.money(known[0].cost, known[0].currency)} on {amounts.day(known[0].day)} to "
            f"{amounts.money(known[-1].cost, known[-1].currency)} on {amounts.day(known[-1].day)}"
        )
    sheet.chart(chart, "J3", f"{told}; dashed, what the days to come are expected to cost.", wide=820)


# --- what leads from one month to the next, and what is to come -------------------------------------------


def _bridge(sheet: Sheet, bridge: Bridge) -> None:
    compared = "" if bridge.compared == "month" else ", as many days of it"
    sheet.heading(
        f"From {bridge.previous_month}{compared} to {bridge.month}, {bridge.currency}, everything on the bill"
    )
    steps = [(name, getattr(bridge, field)) for name, field in _STEPS]
    first = sheet.next_row + 2
    steps_sum = Formula(f"SUM(B{first}:B{first + len(steps) - 1})", bridge.cost)
    columns: list[Column[tuple[str, object]]] = [
        Column("Step", 34, "Price and volume are of what both months have.", lambda one: one[0]),
        Column("Amount", 14, "What it adds. The last line is their sum, and what the month cost.", lambda one: one[1], "money"),
    ]  # fmt: skip
    rows: list[tuple[str, object]] = [*steps, (f"Cost of {bridge.month}", steps_sum)]
    sheet.table(f"Bridge_{bridge.currency}", columns, rows, lambda _: bridge.currency, filtered=False)


def _forecasts(sheet: Sheet, lines: Sequence[Forecast]) -> None:
    if not lines:
        return
    sheet.heading(control.FORECAST)
    columns: list[Column[Forecast]] = [
        Column("Of what", 34, "Everything, a cloud, an account, a service or a team.", _subject),
        Column("Currency", 14, "What the amounts of this line are in.", lambda one: one.currency),
        Column("Spent", 16, "What is spent already.", lambda one: one.spent, "money"),
        Column("Forecast", 16, "What the month will cost. Empty: see Why not.", lambda one: one.forecast, "money"),
        Column("Low", 16, "Four of five months end between low and high.", lambda one: one.low, "money"),
        Column("High", 16, "See Low.", lambda one: one.high, "money"),
        Column("Month", 16, "The month.", lambda one: f"{one.month:%Y-%m}"),
        Column("Settled until", 16, "The last day whose bill is final.", lambda one: one.settled_until, "date"),
        Column("Why not", 50, "Why there is no forecast.", lambda one: one.reason),
    ]  # fmt: skip
    sheet.table("Forecasts", columns, lines, lambda one: one.currency, filtered=False)


def _subject(one: Forecast) -> str:
    if one.level == "total":
        return "everything"
    own = {"provider": one.cloud, "account": one.account, "service": one.service, "team": one.team}
    return f"{one.level} {own[one.level]}" if own[one.level] else f"no {one.level}"


def _budgets(sheet: Sheet, lines: Sequence[BudgetLine]) -> None:
    if not lines:
        return
    sheet.heading(control.BUDGETS)

    def variance(one: BudgetLine) -> Formula | None:
        return None if one.variance is None else Formula("E{row}-C{row}", one.variance)

    columns: list[Column[BudgetLine]] = [
        Column("Budget", 34, "Its name in the configuration.", lambda one: one.name),
        Column("Currency", 14, "What the amounts of this line are in.", lambda one: one.currency),
        Column("May cost", 16, "The budget of the month.", lambda one: one.budget, "money"),
        Column("Spent", 16, "What is spent already. Empty: not known.", lambda one: one.spent, "money"),
        Column("Forecast", 16, "What the month will cost. Empty: not known.", lambda one: one.forecast, "money"),
        Column("Forecast less budget", 16, "More than 0 is more than the budget.", variance, "money"),
        Column("Month", 16, "The month.", lambda one: f"{one.month:%Y-%m}"),
        Column("State", 16, "Within, at risk, over, or not evaluated.", lambda one: control.BUDGET_STATES[one.state]),
        Column("In words", 50, "How it stands.", lambda one: one.message),
    ]  # fmt: skip
    sheet.table("Budgets", columns, lines, lambda one: one.currency, filtered=False)


def _commitments(sheet: Sheet, used: Sequence[CommitmentUse], ending: Sequence[Expiry]) -> None:
    if used:
        sheet.heading("How commitments did")
        columns: list[Column[CommitmentUse]] = [
            Column("Cloud", 34, "aws, alibaba or gcp.", lambda one: one.cloud),
            Column("Currency", 14, "What the amounts of this line are in.", lambda one: one.currency),
            Column("Covered", 16, "List cost of usage that commitments paid.", lambda one: one.covered, "money"),
            Column("On demand", 16, "List cost of usage that they could pay and did not.", lambda one: one.on_demand, "money"),
            Column("Coverage", 16, "Covered of both.", lambda one: _ratio("C{row}/(C{row}+D{row})", one.coverage), "share"),
            Column("Used", 16, "What the used part of commitments cost.", lambda one: one.used, "money"),
            Column("Unused", 16, "What the unused part cost.", lambda one: one.unused, "money"),
            Column("Utilisation", 16, "Used of both.", lambda one: _ratio("F{row}/(F{row}+G{row})", one.utilisation), "share"),
            Column("Effective savings rate", 50, "Less than list prices, with what was left unused. Empty: list prices are not known.",
                   lambda one: one.effective_savings_rate, "share"),
        ]  # fmt: skip
        sheet.table("Commitments", columns, used, lambda one: one.currency, filtered=False)
    if ending:
        sheet.heading("Commitments that end soon")
        what: dict[bool | None, str] = {True: "yes", False: "no", None: "not known"}
        ends: list[Column[Expiry]] = [
            Column("Commitment", 34, "Its id.", lambda one: one.commitment_id),
            Column("Currency", 14, "What the amount is in.", lambda one: one.currency),
            Column("A month", 16, "What it costs in 730 hours. Empty: not known.", lambda one: one.monthly_cost, "money"),
            Column("Ends", 16, "Its last day.", lambda one: one.ends_on, "date"),
            Column("Renews itself", 16, "Whether it goes on by itself.", lambda one: what[one.renews]),
            Column("Kind", 16, "What it is.", lambda one: one.kind),
            Column("Cloud", 16, "aws, alibaba or gcp.", lambda one: one.cloud),
            Column("Account", 16, "The account as the cloud names it.", lambda one: one.account),
        ]  # fmt: skip
        sheet.table("Expiries", ends, ending, lambda one: one.currency, filtered=False)


def _ratio(text: str, value: float | None) -> Formula | None:
    return None if value is None else Formula(text, value)


def _units(sheet: Sheet, lines: Sequence[UnitCost]) -> None:
    if not lines:
        return
    sheet.heading("What one unit costs")
    columns: list[Column[UnitCost]] = [
        Column("Of what", 34, "The driver in the configuration.", lambda one: f"{one.name}, one {one.unit}"),
        Column("Currency", 14, "What the amounts of this line are in.", lambda one: one.currency),
        Column("Cost", 16, "Of the same days.", lambda one: one.cost, "money"),
        Column("Units", 16, "How many.", lambda one: one.units, "number"),
        Column("One costs", 16, "Cost by units.", lambda one: Formula("C{row}/D{row}", one.per_unit) if one.units else None, "unit"),
        Column("One cost before", 16, "In the month before. Empty: not known.", lambda one: one.previous_per_unit, "unit"),
        Column("Month", 16, "The month.", lambda one: one.month),
    ]  # fmt: skip
    sheet.table("Units", columns, lines, lambda one: one.currency, filtered=False)


def _invoices(sheet: Sheet, lines: Sequence[TiedOut]) -> None:
    if not lines:
        return
    sheet.heading("Tied out to invoices")

    def residual(one: TiedOut) -> Formula:
        return Formula("C{row}-D{row}-E{row}", one.residual)

    columns: list[Column[TiedOut]] = [
        Column("Month", 34, "The newest month that has invoices.", lambda one: one.month),
        Column("Currency", 14, "What the amounts of this line are in.", lambda one: one.currency),
        Column("Billed", 16, "The sum of the lines of the bill.", lambda one: one.billed, "money"),
        Column("On invoices", 16, "The sum of the invoices.", lambda one: one.invoiced, "money"),
        Column("Not invoiced", 16, "Lines that name no invoice.", lambda one: one.not_invoiced, "money"),
        Column("Residual", 16, "Billed less both: 0 ties out.", residual, "money"),
        Column("Less than read", 16, "Lines against the total that was read with the bill. Empty: it has none.",
               lambda one: one.difference, "money"),
    ]  # fmt: skip
    sheet.table("Invoices", columns, lines, lambda one: one.currency, filtered=False)
