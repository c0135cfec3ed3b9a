"""The audit for a terminal: tables that fit the width, and TSV for pipes.

Two lines per finding, because a resource has a name and an id, and a rule is needed to look it up. Every text
from a cloud goes through `one_line` and then into `Text`, never through rich's markup.
"""

from collections.abc import Iterable
from decimal import Decimal

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from finops.model import AuditReport, CurrencyTotals, ExemptionLine, Finding, Totals
from reports import amounts, summary, words
from reports import control as controlling
from reports import trust as trusting
from reports.plain import one_line, shortened
from reports.screen import drawn

MAX_ROWS = 25
MAX_GROUPS = 10
SMALL = Decimal(1)  # in the finding's currency; below it a line in a terminal is worth more than the saving
HANDLE = 8  # characters of an id: enough for finops explain, which takes the start of one
_WIDEST = 140
_SURE_WIDTH = 6
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
    """A header and one line per finding, for pipes: `action` in words, money as plain numbers."""
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
    yield Text.assemble(
        head.before, (head.saving, "bold green"), head.after, (f" {head.caveat}".rstrip(), "yellow")
    )
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
    saving = max(12, *(line.cell_len for row in rows for line in row[0].split()))
    gap = 2 if width >= 90 else 1
    action, resource, account = _shares(min(width, _WIDEST) - saving - _SURE_WIDTH - 4 * gap)
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold underline")
    table.add_column("Saving/month\nfinding", justify="right", width=saving, overflow="fold")
    table.add_column("Action\nrule", width=action, overflow="fold")
    table.add_column("Resource\nid", width=resource, overflow="fold")
    table.add_column("Account\nregion", width=account, overflow="fold")
    table.add_column("Sure", width=_SURE_WIDTH)
    for row in rows:
        table.add_row(*row)
    return table


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
        Text(finding.confidence, style=_SURE[finding.confidence]),
    ]


def _cell(first: str, second: str, style: str = "") -> Text:
    return Text.assemble(
        (shortened(one_line(first), _LONGEST), style), "\n", (shortened(one_line(second), _LONGEST), "dim")
    )


def _left_out(beyond: list[Finding], small: list[Finding], report: AuditReport) -> Iterable[str]:
    if beyond:
        yield f"{len(beyond):,} more, together {_shown(summary.together(beyond))}."
    if small:
        yield f"{amounts.count(len(small), 'small finding')}, together {_shown(summary.together(small))}."
    alternatives = len(summary.pending(report)) - len(summary.counted(report))
    if alternatives:
        yield f"{amounts.count(alternatives, 'alternative')} to these not shown, counted in them."
    accepted = summary.accepted(report)
    if accepted:
        yield f"{len(accepted):,} accepted as they are, together {_shown(summary.waste(accepted))}, in no total."


def _shown(sums: list[summary.Amount]) -> str:
    return " and ".join(amounts.money(*amount) for amount in sums) or "unknown"


def _totals(report: AuditReport) -> Iterable[RenderableType]:
    for currency, totals in summary.per_currency(report):
        yield ""
        yield Text(f"Total a month{f' in {currency}' if currency else ''}", style="bold")
        yield _list(_total_lines(report, currency, totals))
    yield from _carbon(report)
    if report.totals.evaluated_cost_share is not None:
        yield Text(f"Judged: {amounts.share(report.totals.evaluated_cost_share)} of the cost")


def _carbon(report: AuditReport) -> Iterable[RenderableType]:
    totals, span = report.totals, amounts.carbon_range(*summary.carbon_interval(report))
    if totals.monthly_co2e_kg is not None:
        yield Text(f"Carbon emitted a month: {amounts.carbon(totals.monthly_co2e_kg)} CO₂e")
    if totals.co2e_saved_kg is not None:
        between = f" ({span})" if span != amounts.UNKNOWN else ""
        yield Text(
            f"Carbon saved a month: {amounts.carbon(totals.co2e_saved_kg)} CO₂e{between}{_made(totals)}"
        )


def _factors(report: AuditReport) -> Iterable[RenderableType]:
    """By which method and factors the carbon was estimated."""
    sources = ", ".join(map(one_line, summary.carbon_sources(report)))
    if sources:
        yield ""
        yield Text(f"Carbon by {sources}", style="dim")


def _made(totals: Totals) -> str:
    """How much of what is saved is of making the hardware."""
    embodied = totals.co2e_saved_embodied_kg
    return "" if embodied is None else f", {amounts.carbon(embodied)} of it of making the hardware"


def _total_lines(
    report: AuditReport, currency: str | None, totals: Totals | CurrencyTotals
) -> Iterable[tuple[str, str]]:
    low, high = totals.net_low, totals.net_high
    between = "" if low == high else f" ({amounts.money_range(low, high, currency)})"
    yield amounts.money(totals.monthly_cost, currency), f"spent{summary.at_list(report, currency)}"
    yield amounts.money(totals.gross_monthly_savings, currency), "gross savings"
    yield amounts.money(summary.overlap(totals), currency), "of that counted twice (overlap removed)"
    yield amounts.money(totals.net_monthly_savings, currency), f"net savings{between}"


def _control(report: AuditReport) -> Iterable[RenderableType]:
    """What left its limits, the month and the budgets."""
    told = controlling.control(report)
    if not told:
        return
    yield ""
    yield Text.assemble(
        (controlling.TITLE, "bold"), " ", (controlling.answer(told), "yellow" if told.open else "")
    )
    yield _list((one.what, f"{one.message} ({one.id})") for one in told.alarms[:MAX_GROUPS])
    if len(told.alarms) > MAX_GROUPS:
        yield Text(f"  and {len(told.alarms) - MAX_GROUPS:,} more; see finops anomalies", style="dim")
    yield _list(
        (one.forecast, f"forecast of {one.who} ({one.band}), {one.spent} spent through {one.through}")
        for one in told.months
        if one.whole
    )
    yield _list((state, f"budget {name}: {why}") for name, state, why in told.budgets)


def _trust(report: AuditReport) -> Iterable[RenderableType]:
    """What the tests of the data say; what failed first."""
    told = trusting.trust(report)
    if not told:
        return
    yield ""
    yield Text.assemble((trusting.TITLE, "bold"), " ", (told.answer, "yellow" if told.doubts else ""))
    yield _list(
        (
            "error" if doubt.grave else "warning",
            f"{doubt.test} of {doubt.subject} {doubt.since}: {doubt.message}",
        )
        for doubt in told.doubts[:MAX_GROUPS]
    )
    if len(told.doubts) > MAX_GROUPS:
        yield Text(f"  and {len(told.doubts) - MAX_GROUPS:,} more; see finops status", style="dim")
    if told.unjudged:
        yield Text(f"  {told.unjudged}", style="dim")
    yield from (Text(f"  {one}") for one in told.bills)


def _lapsed(report: AuditReport) -> Iterable[RenderableType]:
    """Exemptions that do not hold, so that their findings count again, or are odd."""
    lines = summary.lapsed(report)
    if not lines:
        return
    yield ""
    yield Text(f"Exemptions to look at: {len(lines):,}", style="bold yellow")
    yield _list((words.EXEMPTIONS[line.state], _lapsed_line(line)) for line in lines[:MAX_GROUPS])
    if len(lines) > MAX_GROUPS:
        yield Text(f"  and {len(lines) - MAX_GROUPS:,} more; see finops status", style="dim")


def _lapsed_line(line: ExemptionLine) -> str:
    what = shortened(one_line(f"{line.rule} for {line.selector}"), 120)
    return f"{what} ({one_line(line.source)}): {one_line(line.note or '')}"


def _gaps(report: AuditReport) -> Iterable[RenderableType]:
    groups = summary.gaps(report)
    if not groups:
        return
    yield ""
    yield Text(f"Not evaluated: {len(report.not_evaluated):,}", style="bold")
    yield _list(
        (f"{gap.count:,}", f"{one_line(gap.rule)}: {one_line(gap.reason)}") for gap in groups[:MAX_GROUPS]
    )
    if len(groups) > MAX_GROUPS:
        rest = sum(gap.count for gap in groups[MAX_GROUPS:])
        yield Text(
            f"  and {rest:,} for {amounts.count(len(groups) - MAX_GROUPS, 'more reason')}", style="dim"
        )


def _unread(report: AuditReport) -> Iterable[RenderableType]:
    groups = summary.unread_groups(report)
    if not groups:
        return
    yield ""
    yield Text(
        f"Not read whole: {len(summary.unread_scopes(report)):,} of {len(report.coverage):,}",
        style="bold yellow",
    )
    yield _list((g.status, _unread_line(g)) for g in groups[:MAX_GROUPS])
    if len(groups) > MAX_GROUPS:
        yield Text(f"  and {len(groups) - MAX_GROUPS:,} more; see finops status", style="dim")


def _unread_line(group: summary.Unread) -> str:
    where = f"{words.account(group.cloud, group.account)}: {one_line(', '.join(group.datasets))}"
    places = (
        one_line(", ".join(group.regions)) if len(group.regions) <= 3 else f"{len(group.regions)} regions"
    )
    error = f" ({shortened(one_line(group.error), 160)})" if group.error else ""
    return f"{where} in {places}{error}"


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
        yield Text(
            f"Next: finops explain {one_line(shown[0].id[:HANDLE])} · finops report -o DIR", style="dim"
        )
