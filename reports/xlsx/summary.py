"""The sheet Summary: the totals, which follow the filters of the sheet Findings, and what they are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from finops.model import AuditReport, CurrencyTotals, Finding
from finops.money import cents
from reports import amounts, summary, words
from reports.language import joint, mark, t, tn
from reports.xlsx import inputs, names
from reports.xlsx.book import BLUE, GRID, HIGH, LOW, Book, Column, Formula, Sheet, wide_enough
from reports.xlsx.findings import ACCEPTED, LEVELS, TABLE
from reports.xlsx.formulas import Names, column, sum_where, text, total
from reports.xlsx.inputs import DISCOUNT, HOURS, foreign, rate_name, rates
from reports.xlsx.spending import COSTS, COSTS_TABLE

SHEET = mark("Summary")
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
        wide = wide_enough("Gross saving", width) if 0 < place < 5 else width
        sheet.worksheet.set_column(place, place, wide)
    _filter_told(sheet, report)
    if report.totals_by_currency:
        _totals(sheet, report)
        _view(sheet, report)
    _counts(sheet, report)
    _saved(sheet, report)
    top = sheet.next_row
    steps = summary.counted(report)
    kinds = [(words.kind(one.rule), one) for one in steps]
    _shares(sheet, report, t("By kind"), "Kinds", mark("Kind"), kinds)
    levels = [(LEVELS[one.confidence], one) for one in steps]
    _shares(sheet, report, t("By confidence"), "Confidence", mark("Confidence"), levels)
    if steps and len(report.totals_by_currency) == 1:
        _chart(book, sheet, report, top + 2)


def _filter_told(sheet: Sheet, report: AuditReport) -> None:
    """Whether the totals are of everything, which the sheet itself tells."""
    count = len(summary.pending(report))
    if not count:
        return
    everything = tn(
        "These are the totals of all {n} finding.", "These are the totals of all {n} findings.", count
    )
    shown = "\0"  # where the formula puts how many there are
    some = t("A filter is on: these are the totals of {shown} of {count} findings.", shown=shown, count=count)
    pieces = f"&{_visible()}&".join(map(text, some.split(shown)))
    formula = Formula(f"IF({_all()},{text(everything)},{pieces})", everything)
    sheet.write(sheet.next_row, 0, formula, sheet.book.format(italic=True))
    sheet.next_row += 1


def _visible() -> str:
    """How many findings a filter leaves, as a formula."""
    return f"SUBTOTAL(103,{column(TABLE, names.ID)})"


def _all() -> str:
    """Whether it leaves all of them."""
    return f"{_visible()}=ROWS({column(TABLE, names.ID)})"


def _totals(sheet: Sheet, report: AuditReport) -> None:
    """One line for each currency."""
    sheet.heading(t("In 730 hours"))
    several = len(report.totals_by_currency) > 1

    def by_filter(summed: str, figure: str, line: tuple[str, CurrencyTotals]) -> Formula:
        value = getattr(line[1], figure)
        if several:
            return sum_where(TABLE, summed, {"Currency": "A{row}"}, value, plain=True, shown=True)
        return total(TABLE, summed, value)

    def whole(figure: str, line: tuple[str, CurrencyTotals]) -> Formula | Decimal | None:
        value: Decimal | None = getattr(line[1], figure)
        if value is None or not summary.pending(report):
            return value
        return Formula(f'IF({_all()},{value},"")', value)

    columns: list[Column[tuple[str, CurrencyTotals]]] = [
        Column(mark("Currency"), 34, t("Amounts of different currencies are never added."), lambda one: one[0]),
        Column(mark("Spent"), 15, t("What the accounts on the sheet {sheet} cost. Empty: not known.", sheet=t(COSTS)), _spent, "money"),
        Column(mark("Gross saving"), 15, t("What everything would save if nothing overlapped."),
               lambda one: by_filter("Gross saving", "gross_monthly_savings", one), "money"),
        Column(mark("Overlap"), 15, t("What would be counted twice."),
               lambda one: Formula("C{row}-E{row}", summary.overlap(one[1])), "money"),
        Column(mark("Net saving"), 15, t("What can really be saved."),
               lambda one: by_filter("Net saving", "net_monthly_savings", one), "money"),
        Column(LOW, 15, t("Four of five times the saving of everything ends between low and high. Empty while a filter is on: "
               "the interval of a part is not known."), lambda one: whole("net_low", one), "money"),
        Column(HIGH, 15, t("See {column}.", column=t(LOW)), lambda one: whole("net_high", one), "money"),
        Column(mark("Share"), 15, t("Net saving of what is spent. Empty: what is spent is not known."), _share, "share"),
        Column(mark("Accepted waste"), 15, t("What exemptions cost; in no other amount. See the sheet {sheet}.", sheet=t(ACCEPTED)),
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
    cost, currency = column(COSTS_TABLE, "Cost"), column(COSTS_TABLE, "Currency")
    return Formula(f"SUMIFS({cost},{currency},A{{row}})", line[1].monthly_cost)


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
    label = t("All of it") if saved is None else t("All of it in {currency}", currency=report.currency)
    sheet.write(sheet.next_row, 0, label)
    if saved is None:
        why = (
            t(
                "not added up: not every currency has a rate. Write them on the sheet {sheet}, and Your view adds up.",
                sheet=t(inputs.SHEET),
            )
            if foreign(report)
            else t("not added up: not every currency has a rate.")
        )
        sheet.write(sheet.next_row, 1, why)
    else:
        sheet.write(sheet.next_row, 1, cost, money)
        sheet.write(sheet.next_row, 2, report.totals.gross_monthly_savings, money)
        sheet.write(sheet.next_row, 3, summary.overlap(report.totals), money)
        sheet.write(sheet.next_row, 4, saved, money)
        sheet.write(sheet.next_row, 5, report.totals.net_low, money)
        sheet.write(sheet.next_row, 6, report.totals.net_high, money)
        sheet.write(sheet.next_row, 7, t("as the audit added it up; no filter changes this line"))
    sheet.next_row += 1


# --- with the reader's inputs -----------------------------------------------------------------------------


def _view(sheet: Sheet, report: AuditReport) -> None:
    """The net saving with the hours, the discount and the rates of the sheet Inputs."""
    first = sheet.next_row - len(report.totals_by_currency) - (len(report.totals_by_currency) > 1)
    sheet.heading(t("Your view: net saving by the sheet {sheet}", sheet=t(inputs.SHEET)))
    lines = [
        (code, one, first + place) for place, (code, one) in enumerate(report.totals_by_currency.items())
    ]
    columns: list[Column[tuple[str, CurrencyTotals, int]]] = [
        Column(mark("Currency"), 34, t("Amounts of different currencies are never added."), lambda one: one[0]),
        Column(mark("Net saving"), 15, t("Of a month of {hours}, less {discount}.", hours=HOURS, discount=DISCOUNT), _own, "money"),
    ]  # fmt: skip
    sheet.table("View", columns, lines, lambda one: one[0], filtered=False)
    if foreign(report):
        _added(sheet, report, sheet.next_row - len(lines))


def _own(line: tuple[str, CurrencyTotals, int]) -> Formula:
    return Formula(f"E{line[2] + 1}*{HOURS}/730*(1-{DISCOUNT})", line[1].net_monthly_savings)


def _added(sheet: Sheet, report: AuditReport, first: int) -> None:
    """The sum over currencies, once each has a rate."""
    known, parts, cells = rates(report), [], []
    value: Decimal | None = _NIL
    for row, (code, one) in enumerate(report.totals_by_currency.items(), first + 1):
        if code == report.currency:
            parts.append(f"B{row}")
            value = None if value is None else value + one.net_monthly_savings
            continue
        parts.append(f"ROUND(B{row}*{rate_name(code)},2)")
        cells.append(rate_name(code))
        value = (
            None
            if value is None or code not in known
            else value + cents(one.net_monthly_savings * known[code][0])
        )
    label = t("All of it in {currency}", currency=report.currency)
    sheet.write(sheet.next_row, 0, label, sheet.book.format(bold=True))
    missing = t("needs every rate on the sheet {sheet}", sheet=t(inputs.SHEET))
    formula = Formula(
        f"IF(COUNT({','.join(cells)})={len(cells)},{'+'.join(parts)},{text(missing)})",
        missing if value is None else value,
    )
    sheet.write(sheet.next_row, 1, formula, sheet.book.style("money", report.currency, bold=True))
    sheet.next_row += 1


# --- what was looked at, what was saved -------------------------------------------------------------------


def _counts(sheet: Sheet, report: AuditReport) -> None:
    sheet.heading(t("How much was looked at"))
    totals, unread = report.totals, len(summary.unread_scopes(report))
    style = sheet.book.style("share")
    share = totals.evaluated_cost_share
    judged = t("not known") if share is None else _cut(Decimal(str(share)))
    sources = tn(
        "{unread} of {n} source",
        "{unread} of {n} sources",
        len(report.coverage),
        unread=amounts.number(unread),
    )
    exempt = tn("{n} finding", "{n} findings", totals.exempt_findings)
    sheet.line(t("Share of the cost that could be judged"), judged, style)
    sheet.line(t("Sources not read whole"), sources)
    sheet.line(t("Checks without an answer"), totals.not_evaluated, sheet.book.style("count"))
    sheet.line(t("Accepted, in no total"), exempt)
    sheet.line(t("CO₂e saved"), _carbon(totals.co2e_saved_kg, *summary.carbon_interval(report)))
    sheet.line(
        t("CO₂e of everything"),
        _carbon(totals.monthly_co2e_kg, totals.monthly_co2e_low_kg, totals.monthly_co2e_high_kg),
    )


def _carbon(central: float | None, low: float | None, high: float | None) -> str:
    if central is None:
        return t("not known")
    if low is None or high is None:
        return t("{amount}, estimated", amount=amounts.carbon(central))
    return t(
        "{amount} ({span}), estimated", amount=amounts.carbon(central), span=amounts.carbon_range(low, high)
    )


def _saved(sheet: Sheet, report: AuditReport) -> None:
    """Found, agreed, done, on the bill."""
    told = report.finance.saved if report.finance else []
    if not told:
        return
    sheet.heading(t("The way to the bill"))
    steps = (
        (t("Found"), "found"), (t("Agreed"), "agreed"), (t("Done"), "done"), (t("On the bill"), "on_the_bill"),
        (t("Done, the bill is to come"), "pending"), (t("Done, not told by the bill"), "unknown"), (t("Rejected"), "rejected"),
    )  # fmt: skip
    lines = [(name, one.currency, getattr(one.funnel, field)) for one in told for name, field in steps]
    columns: list[Column[tuple[str, str, object]]] = [
        Column(mark("Step"), 34, t("Each step holds those after it; only what is on the bill is money."), lambda one: one[0]),
        Column(mark("Currency"), 15, t("What the amounts of this line are in."), lambda one: one[1]),
        Column(mark("Findings"), 15, t("How many."), lambda one: getattr(one[2], "findings", None), "count"),
        Column(mark("In 730 hours"), 15, t("Estimated, but on the bill as later bills say. Empty: no amount is known."),
               lambda one: getattr(one[2], "monthly", None), "money"),
    ]  # fmt: skip
    sheet.table("Way", columns, lines, lambda one: one[1], filtered=False)


# --- parts ------------------------------------------------------------------------------------------------


def _shares(
    sheet: Sheet,
    report: AuditReport,
    title: str,
    table: str,
    by: str,
    named: Sequence[tuple[str, Finding]],
) -> None:
    """What each part saves of all, filters or not; `by` is the column of Findings that has the parts."""
    parts = _parts(named)
    if not parts:
        return
    sheet.heading(title)
    known = Names(name for name, _ in named)
    of = {code: one.net_monthly_savings for code, one in report.totals_by_currency.items()}

    def net(one: _Share) -> Formula:
        where = {by: "A{row}", "Currency": "B{row}"}
        return sum_where(TABLE, "Net saving", where, one.net, plain=known.plain(one.name))

    def share(one: _Share) -> Formula | None:
        whole = of.get(one.currency)
        where = f"SUMIFS({column(TABLE, 'Net saving')},{column(TABLE, 'Currency')},B{{row}})"
        return Formula(f"ROUNDDOWN(D{{row}}/{where},3)", _cut(one.net / whole)) if whole else None

    columns: list[Column[_Share]] = [
        Column(by, 34, t("See the column of the same name on the sheet {sheet}.", sheet=t(names.SHEET)), lambda one: one.name),
        Column(mark("Currency"), 15, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(mark("Steps"), 15, t("How many findings count."), lambda one: one.findings, "count"),
        Column(mark("Net saving"), 15, t("Their sum, of all findings: no filter changes it."), net, "money", bar=True),
        Column(mark("Share"), 15, t("Of the net saving in this currency."), share, "share"),
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
            "name": t("Net saving"),
            "categories": [sheet.name, top + 1, 0, last + 1, 0],
            "values": [sheet.name, top + 1, 3, last + 1, 3],
            "fill": {"color": BLUE},
            "gap": 40,
        }
    )
    chart.set_title({"name": t("Net saving by kind"), "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "#,##0", "major_gridlines": GRID})
    told = joint(", ").join(f"{one.name} {amounts.money(one.net, one.currency)}" for one in parts)
    bars = t("Bars: what each kind of finding saves a month: {savings}.", savings=told)
    sheet.chart(chart, "F10", bars[:1000])
