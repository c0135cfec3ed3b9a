"""The audit for a terminal: tables that fit the width, and TSV for pipes.

Two lines per finding, because a resource has a name and an id, and a rule is needed to look it up. Every text
from a cloud goes through `one_line` and then into `Text`, never through rich's markup.
"""

from collections.abc import Iterable
from decimal import Decimal

from rich.cells import cell_len
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from finops.model import AuditReport, CurrencyTotals, ExemptionLine, Finding, Totals
from reports import amounts, summary, words
from reports import control as controlling
from reports import trust as trusting
from reports.language import between, in_brackets, joint, speaking, t, tn
from reports.plain import one_line, shortened
from reports.screen import drawn

MAX_ROWS = 25
MAX_GROUPS = 10
SMALL = Decimal(1)  # in the finding's currency; below it a line in a terminal is worth more than the saving
HANDLE = 8  # characters of an id: enough for finops explain, which takes the start of one
_WIDEST = 140
_LONGEST = 60  # characters of one cell
_SURE = {"high": "green", "medium": "yellow", "low": "red"}
_TSV = (
    "id",
    "net_monthly_savings",
    "currency",
    "action",
    "resource_type",
    "resource_id",
    "resource_name",
    "cloud",
    "account",
    "region",
    "confidence",
    "rule",
    "status",
    "superseded_by",
    "reason",
)


def render(report: AuditReport, *, width: int = 100, color: bool = False, hint: bool = True) -> str:
    """The text for a terminal of that width; without `color` it holds no escape sequence.

    `hint` ends it with the commands to go on with.
    """
    following = _next(_split(report)[0]) if hint else ()
    return drawn([*_parts(report, width), *following], width=width, color=color)


def render_tsv(report: AuditReport) -> str:
    """A header and one line per finding, for pipes: `action` in words, money as plain numbers.

    In English whatever is spoken, for programs read it.
    """
    with speaking("en"):
        lines = ["\t".join(_TSV)]
        for finding in report.findings:
            lines.append("\t".join(_tsv_cell(finding, name) for name in _TSV))
    return "\n".join(lines) + "\n"


def _tsv_cell(finding: Finding, name: str) -> str:
    value = words.action(finding) if name == "action" else getattr(finding, name)
    return "" if value is None else one_line(str(value))


def _parts(report: AuditReport, width: int) -> Iterable[RenderableType]:
    shown, folded = _split(report)
    head = words.headline(report)
    more = f"{between()}{head.unpriced}" if head.unpriced else ""
    caveat = f"{between()}{head.caveat}" if head.caveat else ""
    yield Text.assemble(head.before, (head.saving, "bold green"), head.after, more, (caveat, "yellow"))
    yield ""
    if shown:
        yield _findings(shown[:MAX_ROWS], width)
    yield from (Text(line, style="dim") for line in _left_out(shown[MAX_ROWS:], folded, report))
    if report.findings or report.costs:
        yield from _totals(report)
    yield from _control(report)
    yield from _trust(report)
    yield from _lapsed(report)
    yield from _gaps(report)
    yield from _unread(report)
    yield from _factors(report)


def _split(report: AuditReport) -> tuple[list[Finding], list[Finding]]:
    """The findings worth a row and the small ones; if all are small they are worth theirs."""
    steps = summary.counted(report)
    small = [s for s in steps if s.net_monthly_savings is not None and s.net_monthly_savings < SMALL]
    priced = sum(step.net_monthly_savings is not None for step in steps)
    if len(small) == priced:
        return steps, []
    kept = {id(step) for step in small}
    return [step for step in steps if id(step) not in kept], small


def _findings(findings: list[Finding], width: int) -> Table:
    rows = [_row(finding) for finding in findings]
    titles = _titles()
    saving = max(line.cell_len for row in (titles, *rows) for line in row[0].split())
    sure = max(cell_len(word) for word in (*words.LEVELS.values(), titles[-1].plain))
    gap = 2 if width >= 90 else 1
    action, resource, account = _shares(min(width, _WIDEST) - saving - sure - 4 * gap)
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold underline")
    table.add_column(titles[0], justify="right", width=saving, overflow="fold")
    table.add_column(titles[1], width=action, overflow="fold")
    table.add_column(titles[2], width=resource, overflow="fold")
    table.add_column(titles[3], width=account, overflow="fold")
    table.add_column(titles[4], width=sure)
    for row in rows:
        table.add_row(*row)
    return table


def _titles() -> list[Text]:
    """What stands above the two lines of each cell."""
    return [
        Text(f"{t('Saving/month')}\n{t('finding')}"),
        Text(f"{t('Action')}\n{t('rule')}"),
        Text(f"{t('Resource')}\n{t('id')}"),
        Text(f"{t('Account')}\n{t('region')}"),
        Text(t("Sure")),
    ]


def _shares(room: int) -> tuple[int, int, int]:
    """Widths for action, resource and account. An Alibaba server's id, and its region, have 22 characters."""
    if room < 50:
        return room * 4 // 10, room * 35 // 100, room // 4
    account = 16 if room < 70 else 22
    resource = max(22, (room - account) * 4 // 10)
    return room - account - resource, resource, account


def _row(finding: Finding) -> list[Text]:
    saving = amounts.money(finding.net_monthly_savings, finding.currency)
    return [
        _cell(saving, finding.id[:HANDLE], "bold green"),
        _cell(words.action(finding), finding.rule),
        _cell(words.name(finding), finding.resource_id if finding.resource_name else ""),
        _cell(finding.account, f"{finding.cloud} {finding.region}"),
        Text(words.LEVELS[finding.confidence], style=_SURE[finding.confidence]),
    ]


def _cell(first: str, second: str, style: str = "") -> Text:
    return Text.assemble(
        (shortened(one_line(first), _LONGEST), style), "\n", (shortened(one_line(second), _LONGEST), "dim")
    )


def _left_out(beyond: list[Finding], small: list[Finding], report: AuditReport) -> Iterable[str]:
    if beyond:
        amount = _shown(summary.together(beyond))
        yield tn("{n} more, together {amount}.", "{n} more, together {amount}.", len(beyond), amount=amount)
    if small:
        yield tn(
            "{n} small finding, together {amount}.",
            "{n} small findings, together {amount}.",
            len(small),
            amount=_shown(summary.together(small)),
        )
    alternatives = len(summary.pending(report)) - len(summary.counted(report))
    if alternatives:
        yield tn(
            "{n} alternative to these not shown, counted in them.",
            "{n} alternatives to these not shown, counted in them.",
            alternatives,
        )
    accepted = summary.accepted(report)
    if accepted:
        yield t(
            "{number} accepted as they are, together {amount}, in no total.",
            number=amounts.number(len(accepted)),
            amount=_shown(summary.waste(accepted)),
        )


def _shown(sums: list[summary.Amount]) -> str:
    return amounts.joined([amounts.money(*amount) for amount in sums]) or t("unknown")


def _totals(report: AuditReport) -> Iterable[RenderableType]:
    for currency, totals in summary.per_currency(report):
        yield ""
        title = t("Total a month in {currency}", currency=currency) if currency else t("Total a month")
        yield Text(title, style="bold")
        yield _list(_total_lines(report, currency, totals))
    yield from _carbon(report)
    if report.totals.evaluated_cost_share is not None:
        yield Text(t("Judged: {share} of the cost", share=amounts.share(report.totals.evaluated_cost_share)))


def _carbon(report: AuditReport) -> Iterable[RenderableType]:
    totals, span = report.totals, amounts.carbon_range(*summary.carbon_interval(report))
    if totals.monthly_co2e_kg is not None:
        yield Text(t("Carbon emitted a month: {amount} CO₂e", amount=amounts.carbon(totals.monthly_co2e_kg)))
    if totals.co2e_saved_kg is None:
        return
    told = t("Carbon saved a month: {amount} CO₂e", amount=amounts.carbon(totals.co2e_saved_kg))
    if span != amounts.UNKNOWN:
        told += in_brackets(span)
    embodied = totals.co2e_saved_embodied_kg
    if embodied is not None:
        made = amounts.carbon(embodied)
        told = t("{sentence}, {amount} of it of making the hardware", sentence=told, amount=made)
    yield Text(told)


def _factors(report: AuditReport) -> Iterable[RenderableType]:
    """By which method and factors the carbon was estimated."""
    sources = joint(", ").join(map(one_line, summary.carbon_sources(report)))
    if sources:
        yield ""
        yield Text(t("Carbon by {sources}", sources=sources), style="dim")


def _total_lines(
    report: AuditReport, currency: str | None, totals: Totals | CurrencyTotals
) -> Iterable[tuple[str, str]]:
    low, high = totals.net_low, totals.net_high
    span = "" if low == high else in_brackets(amounts.money_range(low, high, currency))
    yield amounts.money(totals.monthly_cost, currency), words.spent(report, currency)
    yield amounts.money(totals.gross_monthly_savings, currency), t("gross savings")
    yield amounts.money(summary.overlap(totals), currency), t("of that counted twice (overlap removed)")
    yield amounts.money(totals.net_monthly_savings, currency), f"{t('net savings')}{span}"


def _control(report: AuditReport) -> Iterable[RenderableType]:
    """What left its limits, the month and the budgets."""
    told = controlling.control(report)
    if not told:
        return
    yield ""
    yield Text.assemble(
        (t(controlling.TITLE), "bold"), between(), (controlling.answer(told), "yellow" if told.open else "")
    )
    yield _list((one.what, one.message + in_brackets(one.id)) for one in told.alarms[:MAX_GROUPS])
    if len(told.alarms) > MAX_GROUPS:
        yield _more(len(told.alarms) - MAX_GROUPS, "finops anomalies")
    yield _list((one.forecast, _foreseen(one)) for one in told.months if one.whole)
    yield _list(
        (state, t("budget {name}", name=name) + joint(": ") + why) for name, state, why in told.budgets
    )


def _foreseen(one: controlling.Month) -> str:
    whose = t("forecast of {whose}", whose=one.who)
    return t(
        "{forecast}, {amount} spent through {day}",
        forecast=whose + in_brackets(one.band),
        amount=one.spent,
        day=one.through,
    )


def _more(number: int, command: str) -> Text:
    """How many are left out, and which command lists them."""
    told = tn("and {n} more; see {command}", "and {n} more; see {command}", number, command=command)
    return Text(f"  {told}", style="dim")


def _trust(report: AuditReport) -> Iterable[RenderableType]:
    """What the tests of the data say; what failed first."""
    told = trusting.trust(report)
    if not told:
        return
    yield ""
    yield Text.assemble(
        (t(trusting.TITLE), "bold"), between(), (told.answer, "yellow" if told.doubts else "")
    )
    yield _list(
        (
            t("error") if doubt.grave else t("warning"),
            f"{t('{test} of {subject}', test=doubt.test, subject=doubt.subject)} {doubt.since}"
            + joint(": ")
            + doubt.message,
        )
        for doubt in told.doubts[:MAX_GROUPS]
    )
    if len(told.doubts) > MAX_GROUPS:
        yield _more(len(told.doubts) - MAX_GROUPS, "finops status")
    if told.unjudged:
        yield Text(f"  {told.unjudged}", style="dim")
    yield from (Text(f"  {one}") for one in told.bills)


def _lapsed(report: AuditReport) -> Iterable[RenderableType]:
    """Exemptions that do not hold, so that their findings count again, or are odd."""
    lines = summary.lapsed(report)
    if not lines:
        return
    yield ""
    title = t("Exemptions to look at: {number}", number=amounts.number(len(lines)))
    yield Text(title, style="bold yellow")
    yield _list((words.EXEMPTIONS[line.state], _lapsed_line(line)) for line in lines[:MAX_GROUPS])
    if len(lines) > MAX_GROUPS:
        yield _more(len(lines) - MAX_GROUPS, "finops status")


def _lapsed_line(line: ExemptionLine) -> str:
    what = shortened(one_line(t("{rule} for {selector}", rule=line.rule, selector=line.selector)), 120)
    return what + in_brackets(one_line(line.source)) + joint(": ") + one_line(line.note or "")


def _gaps(report: AuditReport) -> Iterable[RenderableType]:
    groups = summary.gaps(report)
    if not groups:
        return
    yield ""
    title = t("Not evaluated: {number}", number=amounts.number(len(report.not_evaluated)))
    yield Text(title, style="bold")
    yield _list(
        (amounts.number(gap.count), one_line(gap.rule) + joint(": ") + one_line(gap.reason))
        for gap in groups[:MAX_GROUPS]
    )
    if len(groups) > MAX_GROUPS:
        rest = sum(gap.count for gap in groups[MAX_GROUPS:])
        told = tn(
            "and {number} for {n} more reason",
            "and {number} for {n} more reasons",
            len(groups) - MAX_GROUPS,
            number=amounts.number(rest),
        )
        yield Text(f"  {told}", style="dim")


def _unread(report: AuditReport) -> Iterable[RenderableType]:
    groups = summary.unread_groups(report)
    if not groups:
        return
    yield ""
    title = t(
        "Not read whole: {unread} of {scopes}",
        unread=amounts.number(len(summary.unread_scopes(report))),
        scopes=amounts.number(len(report.coverage)),
    )
    yield Text(title, style="bold yellow")
    yield _list((words.READ[g.status], _unread_line(g)) for g in groups[:MAX_GROUPS])
    if len(groups) > MAX_GROUPS:
        yield _more(len(groups) - MAX_GROUPS, "finops status")


def _unread_line(group: summary.Unread) -> str:
    error = in_brackets(shortened(one_line(group.error), 160)) if group.error else ""
    return f"{words.unread_place(group, 3)}{error}"


def _list(lines: Iterable[tuple[str, str]]) -> Padding:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for left, right in lines:
        grid.add_row(Text(left), Text(right))
    return Padding(grid, (0, 0, 0, 2))


def _next(shown: list[Finding]) -> Iterable[RenderableType]:
    if shown:
        yield ""
        commands = f"finops explain {one_line(shown[0].id[:HANDLE])} · finops report -o DIR"
        yield Text(t("Next: {commands}", commands=commands), style="dim")
