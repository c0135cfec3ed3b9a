"""The sheets of spending: teams, accounts, services and regions in the newest month, and costs by account."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from finops.finance_model import By, SpendLine
from finops.model import AuditReport, CostLine, Finding
from reports import amounts, summary, words
from reports.language import flowing, joint, mark, t, tn
from reports.plain import one_line
from reports.xlsx import names
from reports.xlsx.book import BLUE, GRID, Book, Column, Formula, Placed
from reports.xlsx.findings import NO_TEAM, TABLE, account_of, team_of
from reports.xlsx.formulas import Names, sum_where, total
from reports.xlsx.names import shown

COSTS, COSTS_TABLE = mark("Costs"), "Costs"
NO_BILL = mark(
    "Nothing is known of spending by day or month: no bill is loaded. finops ingest FILE loads one."
)
_CHARTED = 12
_NIL = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class _Split:
    """One way to look at spending: its table, its sheet, the column of findings that goes with it, and what has no key.

    All but `by` and `table` are English, to be told. `spent` is the sentence of the sheet where there is a bill; those for
    savings are None where a finding cannot be told to belong to a line.
    """

    by: By
    table: str
    sheet: str
    what: str
    column: str | None
    nameless: str
    spent: str
    saved: str | None = None
    title: str = ""
    bars: str = ""


SPLITS = (
    _Split(
        "team", "Teams", mark("Teams"), mark("Team"), mark("Team"), NO_TEAM,
        mark("What each team cost in {month}, and what can be saved of it. Filters change the totals below."),
        mark("What can be saved by team."),
        mark("Net saving by team"),
        mark("Bars: what can be saved a month by team: {savings}."),
    ),
    _Split(
        "account", "Accounts", mark("Accounts"), mark("Account"), mark("Account id"), mark("No account"),
        mark("What each account cost in {month}, and what can be saved of it. Filters change the totals below."),
        mark("What can be saved by account."),
        mark("Net saving by account"),
        mark("Bars: what can be saved a month by account: {savings}."),
    ),
    _Split(
        "service", "Services", mark("Services"), mark("Service"), None, mark("No service"),
        mark("What each service cost in {month}, and what can be saved of it. Filters change the totals below."),
    ),
    _Split(
        "region", "Regions", mark("Regions"), mark("Region"), mark("Region"), mark("No region"),
        mark("What each region cost in {month}, and what can be saved of it. Filters change the totals below."),
        mark("What can be saved by region."),
        mark("Net saving by region"),
        mark("Bars: what can be saved a month by region: {savings}."),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of such a sheet. `savings` is None where a finding cannot be told to belong to it."""

    label: str
    currency: str
    month: str | None
    previous_month: str | None
    cost: Decimal | None
    previous: Decimal | None
    change: Decimal | None
    note: str
    savings: Formula | Decimal | None
    net: Decimal


def splits(book: Book, report: AuditReport) -> None:
    """A sheet for each way to look at spending."""
    for split in SPLITS:
        _sheet(book, report, split)


def costs(book: Book, report: AuditReport) -> Placed:
    """The sheet Costs: what each account costs in 730 hours, which is what savings are a part of."""
    about = (
        t("What each account costs in 730 hours, and how that is known; savings are a part of it.")
        if report.costs
        else t("What is spent is not known: no bill and no priced inventory.")
    )
    sheet = book.sheet(COSTS, about)
    net = _net_by(report, lambda one: (account_of(one), one.currency))
    known = Names(map(account_of, report.findings))
    labels = Names([words.account(one.cloud, one.account) for one in report.costs])

    def saving(one: CostLine) -> Formula | None:
        label = shown(words.account(one.cloud, one.account))
        plain = known.plain(label) and labels.plain(label)
        where = {"Account": "A{row}", "Currency": "B{row}"}
        return sum_where(TABLE, "Net saving", where, net.get((label, one.currency or ""), _NIL), plain=plain)

    columns: list[Column[CostLine]] = [
        Column(mark("Account"), 26, t("The account with its cloud."), lambda one: words.account(one.cloud, one.account)),
        Column(mark("Currency"), 9, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(
            mark("Cost"), 15, t("What it costs in 730 hours: effective cost of usage, before tax, credits, purchases and "
            "adjustments. Empty: not known."), lambda one: one.monthly_cost, "money", bar=True,
        ),
        Column(mark("Net saving"), 15, t("The sum of its lines on the sheet {sheet}.", sheet=t(names.SHEET)), saving, "money"),
        Column(mark("Known from"), 36, t("Where the cost is from."), lambda one: words.BASES[one.basis], wrap=True),
        Column(mark("Window"), 27, t("The days it was measured over."),
               lambda one: amounts.period(one.window_start, one.window_end)),
        Column(mark("Note"), 40, t("What a reader must know."), lambda one: _cost_note(one), wrap=True),
    ]  # fmt: skip
    placed = sheet.table(
        COSTS_TABLE, columns, report.costs, lambda one: one.currency, bars=len(report.totals_by_currency) < 2
    )
    sheet.widths(columns)
    sheet.frozen(placed)
    return placed


def _cost_note(one: CostLine) -> str:
    return one.note or ("" if one.monthly_cost is not None else t("the cost is not known"))


def _sheet(book: Book, report: AuditReport, split: _Split) -> None:
    lines = _lines(report, split)
    parts = [one for one in report.finance.spend if one.by == split.by] if report.finance else []
    sheet = book.sheet(split.sheet, _about(split, bool(lines), parts[0].month if parts else None))
    several = len({one.currency for one in lines}) > 1
    columns: list[Column[_Line]] = [
        Column(
            split.what, 28, t("{what}; {nameless} where there is none.", what=t(split.what), nameless=t(split.nameless)),
            lambda one: one.label,
        ),
        Column(mark("Currency"), 9, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(mark("Month"), 10, t("The newest month that the bill tells of."), lambda one: one.month),
        Column(mark("Cost"), 15, t("What it cost in that month so far, everything on the bill. Empty: not known."),
               lambda one: one.cost, "money", bar=True),
        Column(mark("Before"), 15, t("What as much of the month before cost."), lambda one: one.previous, "money"),
        Column(mark("Change"), 14, t("{cost} less {before}.", cost=t("Cost"), before=t("Before")), _change, "money"),
        Column(
            mark("Net saving"), 15,
            t("The sum of its lines on the sheet {sheet}, in 730 hours. Empty: it cannot be told.", sheet=t(names.SHEET)),
            lambda one: one.savings, "money", bar=True,
        ),
        Column(mark("Note"), 44, t("What a reader must know, and why something is empty."), lambda one: one.note, wrap=True),
    ]  # fmt: skip
    placed = sheet.table(split.table, columns, lines, lambda one: one.currency, bars=not several)
    if lines and not several:
        _totals(book, sheet_row=placed.last + 1, write=sheet.write, split=split, lines=lines)
    if lines and not several and split.saved:
        _chart(book, sheet.chart, placed, split, lines)
    sheet.widths(columns)
    sheet.frozen(placed)


def _about(split: _Split, anything: bool, month: str | None) -> str:
    if month:
        return t(split.spent, month=amounts.iso_month(month))
    if split.saved and anything:
        return flowing([t(split.saved), t(NO_BILL)])
    return t(NO_BILL)


def _totals(
    book: Book, *, sheet_row: int, write: Callable[..., None], split: _Split, lines: Sequence[_Line]
) -> None:
    """The sums below a table, which follow its filter; one of a column that is empty is left out."""
    currency, bold = lines[0].currency, {"bold": True, "top": 1}
    write(sheet_row, 0, t("Total"), book.format(**bold))
    write(sheet_row, 1, currency, book.format(**bold))
    write(sheet_row, 2, None, book.format(**bold))
    sums = (
        (3, "Cost", [one.cost for one in lines]),
        (4, "Before", [one.previous for one in lines]),
        (6, "Net saving", [one.net if one.savings else None for one in lines]),
    )
    style = book.style("money", currency, **bold)
    for place, name, cells in sums:
        known = [cell for cell in cells if cell is not None]
        write(sheet_row, place, total(split.table, name, sum(known, _NIL)) if known else None, style)
    whole = [one.change for one in lines if one.change is not None]
    write(sheet_row, 5, total(split.table, "Change", sum(whole, _NIL)) if whole else None, style)


def _change(one: _Line) -> Formula | Decimal | None:
    """A formula where all of the cost is compared."""
    return one.change if _apart(one) or one.change is None else Formula("D{row}-E{row}", one.change)


def _apart(one: _Line) -> Decimal:
    """What of the cost cannot be compared."""
    known = None not in (one.cost, one.previous, one.change)
    return (one.cost or _NIL) - (one.previous or _NIL) - (one.change or _NIL) if known else _NIL


def _chart(
    book: Book, insert: Callable[..., None], placed: Placed, split: _Split, lines: Sequence[_Line]
) -> None:
    """The largest savings as bars."""
    chart = book.workbook.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": t("Net saving"),
            "categories": placed.cells(split.what, _CHARTED),
            "values": placed.cells("Net saving", _CHARTED),
            "fill": {"color": BLUE},
            "gap": 40,
        }
    )
    chart.set_title({"name": t(split.title), "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "#,##0", "major_gridlines": GRID})
    largest = joint(", ").join(
        f"{one.label} {amounts.money(one.net, one.currency)}" for one in list(lines)[:_CHARTED] if one.savings
    )
    insert(chart, "J2", t(split.bars, savings=largest)[:1000])


# --- rows -------------------------------------------------------------------------------------------------


def _lines(report: AuditReport, split: _Split) -> list[_Line]:
    """The lines of the bill with the savings of each; what only findings name comes after them."""
    label = _label(report, split)
    net = _net_by(report, lambda one: (label(one), one.currency)) if split.column else {}
    known = Names(map(label, report.findings)) if split.column else Names([])
    found = []
    for spend in report.finance.spend if report.finance else []:
        if spend.by == split.by:
            merged = _merged(spend.lines, split)
            own = {name: net.pop((name, spend.currency), _NIL) for name in merged}
            for name, line in merged.items():
                saving = _saving(split, known, name, own[name])
                found.append(
                    _line(name, spend.currency, spend.month, spend.previous_month, line, saving, own[name])
                )
            found += _others(split, spend.lines, net, (spend.currency, spend.month, spend.previous_month))
    for (name, currency), amount in sorted(net.items(), key=lambda item: (-item[1], item[0])):
        note = (
            t("nothing of its spending is known")
            if report.finance and report.finance.spend
            else t("no bill is loaded")
        )
        saving = _saving(split, known, name, amount)
        found.append(_Line(name, currency, None, None, None, None, None, note, saving, amount))
    return found


def _label(report: AuditReport, split: _Split) -> Callable[[Finding], str]:
    """The key of a line, as its cell shows it, that a finding belongs to."""
    team = team_of(report)

    def label(one: Finding) -> str:
        key = {"team": team(one), "account": one.account, "region": one.region}.get(split.by, "")
        return shown(key) or t(split.nameless)

    return label


def _net_by(
    report: AuditReport, key: Callable[[Finding], tuple[str, str | None]]
) -> dict[tuple[str, str], Decimal]:
    """Net savings of what asks for a decision, of what has an amount."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for finding in summary.pending(report):
        name, currency = key(finding)
        if finding.net_monthly_savings and currency:
            sums[shown(name), currency] += finding.net_monthly_savings
    return dict(sums)


def _merged(lines: Sequence[SpendLine], split: _Split) -> dict[str, SpendLine]:
    """Lines by what their cell says; those that say the same are one, or their savings would count twice."""
    merged: dict[str, SpendLine] = {}
    for line in lines:
        if line.others:
            continue
        name = shown(one_line(line.key or "")) or t(split.nameless)
        before = merged.get(name)
        if before is not None:
            costs = {
                what: _added(getattr(before, what), getattr(line, what))
                for what in ("cost", "previous", "change")
            }
            line = line.model_copy(update=costs)
        merged[name] = line
    return merged


def _added(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return one if other is None else other if one is None else one + other


def _line(
    name: str,
    currency: str,
    month: str,
    previous: str | None,
    line: SpendLine,
    saving: Formula | None,
    net: Decimal,
) -> _Line:
    told = t("called {name}", name=one_line(line.name)) if line.name and line.name != line.key else ""
    if line.previous is None:
        told = joint("; ").join(filter(None, [told, t("the month before is not known")]))
    return _noted(
        _Line(name, currency, month, previous, line.cost, line.previous, line.change, told, saving, net)
    )


def _noted(one: _Line) -> _Line:
    """The line, saying what of its cost is in no change."""
    if not (apart := _apart(one)):
        return one
    told = t("{amount} cannot be compared", amount=amounts.money(apart, one.currency))
    return replace(one, note=joint("; ").join(filter(None, [one.note, told])))


def _others(
    split: _Split,
    lines: Sequence[SpendLine],
    net: dict[tuple[str, str], Decimal],
    where: tuple[str, str, str | None],
) -> list[_Line]:
    """The line that stands for all smaller ones: what the total has and no line above it."""
    currency, month, previous = where
    found = []
    for line in lines:
        if not line.others:
            continue
        left = {key: amount for key, amount in net.items() if key[1] == currency}
        for key in left:
            del net[key]
        amount = sum(left.values(), _NIL)
        note = tn("{n} smaller one together", "{n} smaller ones together", line.others)
        if split.column:
            note += joint("; ") + t("the saving is what no line above has, and no formula")
        saving = amount if split.column else None
        costs = (line.cost, line.previous, line.change)
        found.append(_noted(_Line(t("Others"), currency, month, previous, *costs, note, saving, amount)))
    return found


def _saving(split: _Split, known: Names, name: str, value: Decimal) -> Formula | None:
    if split.column is None:
        return None
    plain = known.plain(name)
    return sum_where(TABLE, "Net saving", {split.column: "A{row}", "Currency": "B{row}"}, value, plain=plain)
