"""The sheet Summary: the totals, which follow the filters of the sheet Findings, and what they are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from finops.model import AuditReport, CurrencyTotals, Finding
from finops.money import cents
from reports import amounts, summary, words
from reports.xlsx.book import BLUE, GRID, Book, Column, Formula, Sheet
from reports.xlsx.findings import TABLE
from reports.xlsx.formulas import Names, sum_where, total
from reports.xlsx.inputs import DISCOUNT, HOURS, foreign, rate_name, rates
from reports.xlsx.spending import COSTS

SHEET = "Summary"
_ALL = f"SUBTOTAL(103,{TABLE}[Id])=ROWS({TABLE}[Id])"
_NIL = Decimal("0.00")
_CHARTED = 12
_WIDTHS = (34, 15, 15, 15, 15, 15, 15, 15, 15)


@dataclass(frozen=True, slots=True)
class _Share:
    """A part of the net saving: of a kind, or of a confidence, in one currency."""

    name: str
    currency: str
    findings: int
    net: Decimal


def summary_sheet(book: Book, report: AuditReport) -> None:
    """The sheet."""
    head = words.headline(report)
    sheet = book.sheet(SHEET, head.text, colour="#00795A")
    for place, width in enumerate(_WIDTHS):
        sheet.worksheet.set_column(place, place, width)
    _filter_told(sheet, report)
    if report.totals_by_currency:
        _totals(sheet, report)
        _view(sheet, report)
    _counts(sheet, report)
    _saved(sheet, report)
    top = sheet.next_row
    _shares(
        sheet,
        report,
        "By kind",
        "Kinds",
        "Kind",
        [(words.kind(one.rule), one) for one in summary.counted(report)],
    )
    _shares(
        sheet, report, "By confidence", "Confidence", "Confidence", [(one.confidence, one) for one in summary.counted(report)]
    )  # fmt: skip
    if summary.counted(report) and len(report.totals_by_currency) == 1:
        _chart(book, sheet, report, top + 2)


def _filter_told(sheet: Sheet, report: AuditReport) -> None:
    """Whether the totals are of everything, which the sheet itself tells."""
    count = len(summary.pending(report))
    everything = f"These are the totals of all {amounts.count(count, 'finding')}."
    if not count:
        return
    some = f'"A filter is on: these are the totals of "&SUBTOTAL(103,{TABLE}[Id])&" of {count} findings."'
    style = sheet.book.format(italic=True)
    sheet.write(sheet.next_row, 0, Formula(f'IF({_ALL},"{everything}",{some})', everything), style)
    sheet.next_row += 1


def _totals(sheet: Sheet, report: AuditReport) -> None:
    """One line for each currency."""
    sheet.heading("In 730 hours")
    several = len(report.totals_by_currency) > 1

    def by_filter(column: str, figure: str, line: tuple[str, CurrencyTotals]) -> Formula:
        value = getattr(line[1], figure)
        if several:
            return sum_where(TABLE, column, {"Currency": "A{row}"}, value, plain=True, shown=True)
        return total(TABLE, column, value)

    def whole(figure: str, line: tuple[str, CurrencyTotals]) -> Formula | Decimal | None:
        value: Decimal | None = getattr(line[1], figure)
        if value is None or not summary.pending(report):
            return value
        return Formula(f'IF({_ALL},{value},"")', value)

    columns: list[Column[tuple[str, CurrencyTotals]]] = [
        Column("Currency", 34, "Amounts of different currencies are never added.", lambda one: one[0]),
        Column("Spent", 15, "What the accounts on the sheet Costs cost. Empty: not known.", _spent, "money"),
        Column("Gross saving", 15, "What everything would save if nothing overlapped.",
               lambda one: by_filter("Gross saving", "gross_monthly_savings", one), "money"),
        Column("Overlap", 15, "What would be counted twice.",
               lambda one: Formula("C{row}-E{row}", summary.overlap(one[1])), "money"),
        Column("Net saving", 15, "What can really be saved.",
               lambda one: by_filter("Net saving", "net_monthly_savings", one), "money"),
        Column("Low", 15, "Four of five times the saving of everything ends between low and high. Empty while a filter is on: the "
               "interval of a part is not known.", lambda one: whole("net_low", one), "money"),
        Column("High", 15, "See Low.", lambda one: whole("net_high", one), "money"),
        Column("Share", 15, "Net saving of what is spent. Empty: what is spent is not known.", _share, "share"),
        Column("Accepted waste", 15, "What exemptions cost; in no other amount. See the sheet Accepted.",
               lambda one: one[1].accepted_monthly_waste, "money"),
    ]  # fmt: skip
    sheet.table(
        "Totals", columns, list(report.totals_by_currency.items()), lambda one: one[0], filtered=False
    )
    if several:
        _converted(sheet, report)


def _spent(line: tuple[str, CurrencyTotals]) -> Formula | None:
    if line[1].monthly_cost is None:
        return None
    return Formula(f"SUMIFS({COSTS}[Cost],{COSTS}[Currency],A{{row}})", line[1].monthly_cost)


def _share(line: tuple[str, CurrencyTotals]) -> Formula | None:
    cost = line[1].monthly_cost
    if not cost:
        return None
    return Formula('IF(B{row}=0,"",ROUNDDOWN(E{row}/B{row},3))', _cut(line[1].net_monthly_savings / cost))


def _cut(ratio: Decimal) -> Decimal:
    """To a tenth of a per cent, rounded down as every share of a report is: 100% means all of it."""
    return ratio.quantize(Decimal("0.001"), ROUND_DOWN)


def _converted(sheet: Sheet, report: AuditReport) -> None:
    """What the audit itself added up, or why it did not."""
    saved, cost = report.totals.net_monthly_savings, report.totals.monthly_cost
    money = sheet.book.style("money", report.currency)
    sheet.write(sheet.next_row, 0, f"All of it in {report.currency}" if saved is not None else "All of it")
    if saved is None:
        why = "not added up: not every currency has a rate."
        why += " Write them on the sheet Inputs, and Your view adds up." if foreign(report) else ""
        sheet.write(sheet.next_row, 1, why)
    else:
        sheet.write(sheet.next_row, 1, cost, money)
        sheet.write(sheet.next_row, 2, report.totals.gross_monthly_savings, money)
        sheet.write(sheet.next_row, 3, summary.overlap(report.totals), money)
        sheet.write(sheet.next_row, 4, saved, money)
        sheet.write(sheet.next_row, 5, report.totals.net_low, money)
        sheet.write(sheet.next_row, 6, report.totals.net_high, money)
        sheet.write(sheet.next_row, 7, "as the audit added it up; no filter changes this line")
    sheet.next_row += 1


# --- with the reader's inputs -----------------------------------------------------------------------------


def _view(sheet: Sheet, report: AuditReport) -> None:
    """The net saving with the hours, the discount and the rates of the sheet Inputs."""
    first = sheet.next_row - len(report.totals_by_currency) - (len(report.totals_by_currency) > 1)
    sheet.heading("Your view: net saving by the sheet Inputs")
    lines = [
        (code, one, first + place) for place, (code, one) in enumerate(report.totals_by_currency.items())
    ]
    columns: list[Column[tuple[str, CurrencyTotals, int]]] = [
        Column("Currency", 34, "Amounts of different currencies are never added.", lambda one: one[0]),
        Column("Net saving", 15, "Of a month of Month_hours, less Discount.", _own, "money"),
    ]  # fmt: skip
    sheet.table("View", columns, lines, lambda one: one[0], filtered=False)
    if foreign(report):
        _added(sheet, report, sheet.next_row - len(lines))


def _own(line: tuple[str, CurrencyTotals, int]) -> Formula:
    return Formula(f"E{line[2] + 1}*{HOURS}/730*(1-{DISCOUNT})", line[1].net_monthly_savings)


def _added(sheet: Sheet, report: AuditReport, first: int) -> None:
    """The sum over currencies, once each has a rate."""
    known, parts, names = rates(report), [], []
    value: Decimal | None = _NIL
    for row, (code, one) in enumerate(report.totals_by_currency.items(), first + 1):
        if code == report.currency:
            parts.append(f"B{row}")
            value = None if value is None else value + one.net_monthly_savings
            continue
        parts.append(f"ROUND(B{row}*{rate_name(code)},2)")
        names.append(rate_name(code))
        value = (
            None
            if value is None or code not in known
            else value + cents(one.net_monthly_savings * known[code][0])
        )
    sheet.write(sheet.next_row, 0, f"All of it in {report.currency}", sheet.book.format(bold=True))
    missing = "needs every rate on the sheet Inputs"
    formula = Formula(
        f'IF(COUNT({",".join(names)})={len(names)},{"+".join(parts)},"{missing}")',
        missing if value is None else value,
    )
    sheet.write(sheet.next_row, 1, formula, sheet.book.style("money", report.currency, bold=True))
    sheet.next_row += 1


# --- what was looked at, what was saved -------------------------------------------------------------------


def _counts(sheet: Sheet, report: AuditReport) -> None:
    sheet.heading("How much was looked at")
    totals, unread = report.totals, len(summary.unread_scopes(report))
    style = sheet.book.style("share")
    share = totals.evaluated_cost_share
    judged = "not known" if share is None else _cut(Decimal(str(share)))
    sheet.line("Share of the cost that could be judged", judged, style)
    sheet.line("Sources not read whole", f"{unread:,} of {amounts.count(len(report.coverage), 'source')}")
    sheet.line("Checks without an answer", totals.not_evaluated, sheet.book.style("count"))
    sheet.line("Accepted, in no total", amounts.count(totals.exempt_findings, "finding"))
    sheet.line("CO₂e saved", _carbon(totals.co2e_saved_kg, *summary.carbon_interval(report)))
    sheet.line(
        "CO₂e of everything",
        _carbon(totals.monthly_co2e_kg, totals.monthly_co2e_low_kg, totals.monthly_co2e_high_kg),
    )


def _carbon(central: float | None, low: float | None, high: float | None) -> str:
    if central is None:
        return "not known"
    span = amounts.carbon_range(low, high)
    return amounts.carbon(central) + (f" ({span})" if span != amounts.UNKNOWN else "") + ", estimated"


def _saved(sheet: Sheet, report: AuditReport) -> None:
    """Found, agreed, done, on the bill."""
    told = report.finance.saved if report.finance else []
    if not told:
        return
    sheet.heading("The way to the bill")
    steps = (
        ("Found", "found"), ("Agreed", "agreed"), ("Done", "done"), ("On the bill", "on_the_bill"),
        ("Done, the bill is to come", "pending"), ("Done, not told by the bill", "unknown"), ("Rejected", "rejected"),
    )  # fmt: skip
    lines = [(name, one.currency, getattr(one.funnel, field)) for one in told for name, field in steps]
    columns: list[Column[tuple[str, str, object]]] = [
        Column("Step", 34, "Each step holds those after it; only what is on the bill is money.", lambda one: one[0]),
        Column("Currency", 15, "What the amounts of this line are in.", lambda one: one[1]),
        Column("Findings", 15, "How many.", lambda one: getattr(one[2], "findings", None), "count"),
        Column("In 730 hours", 15, "Estimated, but on the bill as later bills say. Empty: no amount is known.",
               lambda one: getattr(one[2], "monthly", None), "money"),
    ]  # fmt: skip
    sheet.table("Way", columns, lines, lambda one: one[1], filtered=False)


# --- parts ------------------------------------------------------------------------------------------------


def _shares(
    sheet: Sheet,
    report: AuditReport,
    title: str,
    table: str,
    column: str,
    named: Sequence[tuple[str, Finding]],
) -> None:
    """What each part saves of all, filters or not."""
    parts = _parts(named)
    if not parts:
        return
    sheet.heading(title)
    names = Names(name for name, _ in named)
    of = {code: one.net_monthly_savings for code, one in report.totals_by_currency.items()}

    def net(one: _Share) -> Formula:
        where = {column: "A{row}", "Currency": "B{row}"}
        return sum_where(TABLE, "Net saving", where, one.net, plain=names.plain(one.name))

    def share(one: _Share) -> Formula | None:
        whole = of.get(one.currency)
        where = f"SUMIFS({TABLE}[Net saving],{TABLE}[Currency],B{{row}})"
        return Formula(f"ROUNDDOWN(D{{row}}/{where},3)", _cut(one.net / whole)) if whole else None

    columns: list[Column[_Share]] = [
        Column(column, 34, "See the column of the same name on the sheet Findings.", lambda one: one.name),
        Column("Currency", 15, "What the amounts of this line are in.", lambda one: one.currency),
        Column("Steps", 15, "How many findings count.", lambda one: one.findings, "count"),
        Column("Net saving", 15, "Their sum, of all findings: no filter changes it.", net, "money", bar=True),
        Column("Share", 15, "Of the net saving in this currency.", share, "share"),
    ]  # fmt: skip
    sheet.table(table, columns, parts, lambda one: one.currency, bars=len(of) == 1, filtered=False)


def _parts(named: Sequence[tuple[str, Finding]]) -> list[_Share]:
    """By name and currency, the largest first; what has no amount is in none."""
    sums: dict[tuple[str, str], _Share] = {}
    for name, finding in named:
        if finding.net_monthly_savings is None or not finding.currency:
            continue
        before = sums.get((name, finding.currency)) or _Share(name, finding.currency, 0, _NIL)
        sums[name, finding.currency] = _Share(
            name, finding.currency, before.findings + 1, before.net + finding.net_monthly_savings
        )
    return sorted(sums.values(), key=lambda one: (-one.net, one.currency, one.name))


def _chart(book: Book, sheet: Sheet, report: AuditReport, top: int) -> None:
    """The kinds that save most, as bars beside their table."""
    parts = _parts([(words.kind(one.rule), one) for one in summary.counted(report)])[:_CHARTED]
    if not parts:
        return
    last = top + len(parts) - 1
    chart = book.workbook.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": "Net saving",
            "categories": [SHEET, top + 1, 0, last + 1, 0],
            "values": [SHEET, top + 1, 3, last + 1, 3],
            "fill": {"color": BLUE},
            "gap": 40,
        }
    )
    chart.set_title({"name": "Net saving by kind", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "#,##0", "major_gridlines": GRID})
    told = ", ".join(f"{one.name} {amounts.money(one.net, one.currency)}" for one in parts)
    sheet.chart(chart, "F10", f"Bars: what each kind of finding saves a month: {told}."[:1000])
