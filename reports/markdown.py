"""The audit as Markdown for a pull request; `brief` in at most 15 lines for a chat.

Names come from clouds and may be hostile. Text is escaped for GitHub and Slack alike; a zero-width space in
@name, #1 and http:// keeps a name from calling people or becoming a link, which a backslash does not.
"""

import re
from collections.abc import Iterable

from finops.model import AuditReport, CurrencyTotals, Finding, Totals
from reports import amounts, brief, summary, words
from reports import control as controlling
from reports import trust as trusting
from reports.decisions import Decision, decisions
from reports.html.headline import Piece, headline
from reports.html.tiles import tiles
from reports.plain import one_line, shortened

LIMIT = 65_536  # characters of a GitHub comment
CHAT_LINES, CHAT_LIMIT = 15, 3_000  # characters of a section of Slack
_TILES, _DECISIONS, _ALARMS = 4, 4, 2  # lines of a chat
_LONGEST = 450  # characters of a line of a chat
ROWS = 20
DOUBTS = 10  # failed tests of the data that are named
_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~!])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_CALLING = re.compile(r"(@|#|:(?=//)|www(?=\.))")
# In a code span no escape works, so what could end it or call somebody is replaced by its look-alike.
_IN_CODE = str.maketrans({"`": "ʼ", "|": "¦", "<": "‹", ">": "›", "@": "＠", "#": "＃"})


def render(report: AuditReport, *, rows: int = ROWS) -> str:
    """The Markdown text, never longer than a GitHub comment may be: rather fewer rows."""
    text = _page(report, rows)
    while len(text) > LIMIT and rows:
        rows //= 2
        text = _page(report, rows)
    return text


def render_brief(report: AuditReport) -> str:
    """The same numbers for a chat: CHAT_LINES lines at most, and no longer than a section of Slack may be."""
    shown = decisions(report, _DECISIONS)
    basis = [
        *brief.tie(report)[:1],
        f"{report.currency or 'each in its currency'}, before tax and credits, a month of 730 hours",
    ]
    lines = [
        _marked(headline(report)),
        *(_marked(brief.tile(one)) for one in tiles(report)[:_TILES]),
        *(_marked(brief.decided(one)) for one in shown),
        escaped(brief.remaining(report, shown)),
        *map(_cut, brief.alarms(report, _ALARMS)),
        _cut(brief.warning(report)) and f"⚠ {_cut(brief.warning(report))}",
        escaped(" · ".join(basis)),
    ]
    known = f" · {escaped(seen)}" if (seen := brief.seen(report)) else ""
    title = f"**Cloud cost, {amounts.day(report.as_of)}** · run {code(report.run_id)}{known}"
    return _fitting(title, [line for line in lines if line])


def escaped(text: str) -> str:
    """A text from a cloud as one line of Markdown that shows exactly that text and does nothing."""
    plain = "".join(_ENTITIES.get(char, char) for char in one_line(text))
    return _CALLING.sub("\\1\u200b", _SPECIAL.sub(r"\\\1", plain))


def code(text: str) -> str:
    """An id in backticks."""
    return f"`{shortened(one_line(text), 100).translate(_IN_CODE)}`"


def _page(report: AuditReport, rows: int) -> str:
    blocks = [
        _headline(report),
        _numbers(report),
        _warning(report),
        _decisions(report),
        _totals(report),
        _control(report),
        _trust(report),
        *_findings(report, rows),
        _basis(report),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _fitting(title: str, lines: list[str]) -> str:
    """The lines as a list, the longest left out for as long as they are too long together."""
    left_out = False
    while True:
        shown = [*lines, "and more, in the report"] if left_out else lines
        text = "\n".join([title, *(f"- {line}" for line in shown)]) + "\n"
        if len(text) <= CHAT_LIMIT or not lines:
            return text
        left_out = True
        lines = [line for line in lines if line is not max(lines, key=len)]


def _cut(text: str) -> str:
    return escaped(shortened(text, _LONGEST))


def _marked(pieces: Iterable[Piece]) -> str:
    """Amounts in bold; nothing else is marked."""
    return "".join(f"**{escaped(one.text)}**" if one.tone else _kept(one.text) for one in pieces).strip()


def _kept(text: str) -> str:
    """Escaped, but with the blanks at its ends, which part it from what is bold beside it."""
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return before + escaped(text.strip()) + after if text.strip() else text


def _headline(report: AuditReport) -> str:
    title = f"### Cloud cost, {amounts.day(report.as_of)}"
    return f"{title}\n\n{_marked(headline(report))}"


def _numbers(report: AuditReport) -> str:
    """The numbers of the first screen, and whether the last bill is what was invoiced."""
    told = [_marked(brief.tile(one)) for one in tiles(report)]
    return "\n".join(f"- {line}" for line in [*told, *map(escaped, brief.tie(report))])


def _decisions(report: AuditReport) -> str:
    shown = decisions(report)
    if not shown:
        return ""
    lines = [
        "| what to decide | saves a month | range | who decides | owner | risk | can it be undone? |",
        "|---|--:|--:|---|---|---|---|",
        *map(_decision, shown),
    ]
    rest = brief.remaining(report, shown)
    return "\n".join([*lines, *(["", escaped(rest[0].upper() + rest[1:] + ".")] if rest else [])])


def _decision(one: Decision) -> str:
    cells = [
        escaped(shortened(one.what, 90)),
        f"**{amounts.money(one.net, one.currency)}**",
        amounts.money_range(one.low, one.high, one.currency),
        one.decides,
        escaped(shortened(one.owner, 40)) or amounts.UNKNOWN,
        one.risk,
        one.undo,
    ]
    return f"| {' | '.join(cells)} |"


def _totals(report: AuditReport) -> str:
    if not report.findings and not report.costs:
        return ""
    lines = ["| a month | spent | gross | overlap | **net** | range |", "|---|--:|--:|--:|--:|--:|"]
    lines += [_total(currency or "", totals) for currency, totals in summary.per_currency(report)]
    return "\n".join(lines + _at_list(report) + _accepted(report) + _carbon(report))


def _at_list(report: AuditReport) -> list[str]:
    told = summary.at_list(report, None)
    return ["", f"Spent{escaped(told)}."] if told else []


def _accepted(report: AuditReport) -> list[str]:
    accepted, lapsed = summary.accepted(report), len(summary.lapsed(report))
    lines = []
    if accepted:
        cost = " and ".join(amounts.money(*amount) for amount in summary.waste(accepted)) or "unknown"
        lines += [
            "",
            f"Accepted as it is: {amounts.count(len(accepted), 'finding')}, {cost} a month, in no total.",
        ]
    if lapsed:
        lines += [
            "",
            f"{amounts.count(lapsed, 'exemption')} to look at: ended, without an end, or not honoured.",
        ]
    return lines


def _total(currency: str, totals: Totals | CurrencyTotals) -> str:
    cells = [
        amounts.money(totals.monthly_cost, currency),
        amounts.money(totals.gross_monthly_savings, currency),
        amounts.money(summary.overlap(totals), currency),
        f"**{amounts.money(totals.net_monthly_savings, currency)}**",
        amounts.money_range(totals.net_low, totals.net_high, currency),
    ]
    return f"| {escaped(currency)} | {' | '.join(cells)} |"


def _carbon(report: AuditReport) -> list[str]:
    totals, span = report.totals, amounts.carbon_range(*summary.carbon_interval(report))
    if totals.co2e_saved_kg is None:
        return []
    between = f" ({escaped(span)})" if span != amounts.UNKNOWN else ""
    emitted = amounts.carbon(totals.monthly_co2e_kg)
    of = f" of {escaped(emitted)} emitted" if totals.monthly_co2e_kg is not None else ""
    return [
        "",
        f"Carbon: {escaped(amounts.carbon(totals.co2e_saved_kg))} CO₂e a month saved{between}{of} (estimate).",
    ]


def _warning(report: AuditReport) -> str:
    head, lines = words.headline(report), []
    for group in summary.unread_groups(report)[:5]:
        where = f"{escaped(group.cloud)} {code(group.account)}"
        lines.append(f"> - {where}: {escaped(', '.join(group.datasets))}, {words.STATUSES[group.status]}")
    if report.not_evaluated:
        lines.append(f"> - {len(report.not_evaluated):,} checks without an answer")
    if not lines:
        return ""
    return "\n".join([f"> ⚠ **{escaped(head.caveat) or 'Not everything could be judged.'}**", *lines])


def _control(report: AuditReport) -> str:
    """What left its limits, the month and the budgets."""
    told = controlling.control(report)
    if not told:
        return ""
    lines = [f"**{controlling.TITLE}** {escaped(controlling.answer(told))}", ""]
    lines += [
        f"- {escaped(one.what)} {code(one.id)}: {escaped(shortened(one.message, 400))}"
        for one in told.alarms[:DOUBTS]
    ]
    if len(told.alarms) > DOUBTS:
        lines.append(f"- and {len(told.alarms) - DOUBTS:,} more")
    lines += [
        f"- {controlling.FORECAST}: {escaped(one.who)} {escaped(one.forecast)} ({escaped(one.band)}), "
        f"{escaped(one.spent)} spent through {one.through}"
        for one in told.months
        if one.whole
    ]
    lines += [
        f"- Budget {escaped(shortened(name, 60))}, {state}: {escaped(shortened(why, 400))}"
        for name, state, why in told.budgets[:DOUBTS]
    ]
    return "\n".join(lines)


def _trust(report: AuditReport) -> str:
    """What the tests of the data say; what failed first."""
    told = trusting.trust(report)
    if not told:
        return ""
    lines = [f"**{trusting.TITLE}** {escaped(told.answer)}", ""]
    for doubt in told.doubts[:DOUBTS]:
        mark = "**error**" if doubt.grave else "warning"
        since = f" ({doubt.since})" if doubt.since else ""
        lines.append(
            f"- {mark} {code(doubt.test)} {code(doubt.subject)}: {escaped(shortened(doubt.message, 400))}{since}"
        )
    if len(told.doubts) > DOUBTS:
        lines.append(f"- and {len(told.doubts) - DOUBTS:,} more")
    if told.unjudged:
        lines.append(f"- {escaped(told.unjudged)}")
    lines += [f"- {escaped(one)}" for one in told.bills]
    return "\n".join(lines)


def _findings(report: AuditReport, rows: int) -> list[str]:
    steps = summary.counted(report)
    if not steps:
        return []
    lines = ["| saving a month | what to do | resource | where | sure |", "|--:|---|---|---|---|"]
    lines += [_row(step) for step in steps[:rows]]
    if steps[rows:]:
        rest = " and ".join(amounts.money(*amount) for amount in summary.together(steps[rows:])) or "unknown"
        lines.append(f"| {rest} | {amounts.count(len(steps) - rows, 'more step')} | | | |")
    return ["\n".join(lines)]


def _row(finding: Finding) -> str:
    named = f"{escaped(shortened(one_line(finding.resource_name), 60))} " if finding.resource_name else ""
    cells = [
        amounts.money(finding.net_monthly_savings, finding.currency),
        f"{escaped(shortened(words.action(finding), 80))} ({escaped(words.kind(finding.rule).lower())})",
        named + code(finding.resource_id),
        f"{escaped(finding.cloud)} {code(finding.account)} {escaped(finding.region)}",
        finding.confidence,
    ]
    return f"| {' | '.join(cells)} |"


def _basis(report: AuditReport) -> str:
    currency = f"{report.currency}, " if report.currency else ""
    carbon = ", ".join(map(escaped, summary.carbon_sources(report)))
    sources = f" · _carbon by {carbon}_" if carbon else ""
    return f"_{escaped(currency)}730-hour month, before tax and credits_ · run {code(report.run_id)}{sources}"
