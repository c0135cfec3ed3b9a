"""The audit as Markdown for a pull request; `brief` in at most 15 lines for a chat.

Names come from clouds and may be hostile. Text is escaped for GitHub and Slack alike; a zero-width space in
@name, #1 and http:// keeps a name from calling people or becoming a link, which a backslash does not.
"""

import re
from collections.abc import Iterable, Sequence

from finops.model import AuditReport, CurrencyTotals, Finding, Totals
from reports import amounts, brief, summary, words
from reports import control as controlling
from reports import trust as trusting
from reports.decisions import Decision, decisions
from reports.html.headline import headline
from reports.html.tiles import tiles
from reports.language import begun, in_brackets, joint, t, tn, within
from reports.pieces import Piece, plain
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
        t("{currency}, before tax and credits, a month of 730 hours", currency=report.currency)
        if report.currency
        else t("each in its currency, before tax and credits, a month of 730 hours"),
    ]
    lines = [
        _marked(headline(report)),
        *(_marked(brief.tile(one)) for one in tiles(report)[:_TILES]),
        *(_marked(brief.decided(one)) for one in shown),
        escaped(brief.remaining(report, shown)),
        *(_cut(plain(one)) for one in brief.alarms(report, _ALARMS)),
        _cut(brief.warning(report)) and f"⚠ {_cut(brief.warning(report))}",
        escaped(" · ".join(basis)),
    ]
    known = f" · {escaped(seen)}" if (seen := brief.seen(report)) else ""
    title = f"**{_title(report)}** · {_run(report)}{known}"
    return _fitting(title, [line for line in lines if line])


def _title(report: AuditReport) -> str:
    return t("Cloud cost, {day}", day=amounts.day(report.as_of))


def _run(report: AuditReport) -> str:
    return t("run {run}", run=code(report.run_id))


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
        shown = [*lines, t("and more, in the report")] if left_out else lines
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
    return f"### {_title(report)}\n\n{_marked(headline(report))}"


def _numbers(report: AuditReport) -> str:
    """The numbers of the first screen, and whether the last bill is what was invoiced."""
    told = [_marked(brief.tile(one)) for one in tiles(report)]
    return "\n".join(f"- {line}" for line in [*told, *map(escaped, brief.tie(report))])


def _decisions(report: AuditReport) -> str:
    shown = decisions(report)
    if not shown:
        return ""
    lines = [
        _header(
            t("what to decide"),
            t("saves a month"),
            t("range"),
            t("who decides"),
            t("owner"),
            t("risk"),
            t("can it be undone?"),
        ),
        "|---|--:|--:|---|---|---|---|",
        *map(_decision, shown),
    ]
    rest = brief.remaining(report, shown)
    return "\n".join([*lines, *(["", escaped(t("{sentence}.", sentence=rest))] if rest else [])])


def _header(*names: str) -> str:
    return f"| {' | '.join(names)} |"


def _decision(one: Decision) -> str:
    cells = [
        escaped(shortened(one.what, 90)),
        f"**{amounts.money(one.net, one.currency)}**",
        amounts.money_range(one.low, one.high, one.currency),
        one.decides,
        escaped(shortened(one.owner, 40)) or amounts.UNKNOWN,
        words.LEVELS[one.risk],
        one.undo,
    ]
    return f"| {' | '.join(cells)} |"


def _totals(report: AuditReport) -> str:
    if not report.findings and not report.costs:
        return ""
    header = (t("a month"), t("spent"), t("gross"), t("overlap"), f"**{t('net')}**", t("range"))
    lines = [_header(*header), "|---|--:|--:|--:|--:|--:|"]
    lines += [_total(currency or "", totals) for currency, totals in summary.per_currency(report)]
    return "\n".join(lines + _at_list(report) + _accepted(report) + _carbon(report))


def _at_list(report: AuditReport) -> list[str]:
    if not summary.at_list(report, None)[0]:
        return []
    return ["", escaped(t("{sentence}.", sentence=begun(words.spent(report, None))))]


def _accepted(report: AuditReport) -> list[str]:
    accepted, lapsed = summary.accepted(report), len(summary.lapsed(report))
    lines = []
    if accepted:
        told = tn(
            "Accepted as it is: {n} finding, {amount} a month, in no total.",
            "Accepted as it is: {n} findings, {amount} a month, in no total.",
            len(accepted),
            amount=_together(summary.waste(accepted)),
        )
        lines += ["", told]
    if lapsed:
        told = tn(
            "{n} exemption to look at: ended, without an end, or not honoured.",
            "{n} exemptions to look at: ended, without an end, or not honoured.",
            lapsed,
        )
        lines += ["", told]
    return lines


def _together(sums: Sequence[summary.Amount]) -> str:
    return amounts.joined([amounts.money(*amount) for amount in sums]) or t("unknown")


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
    saved = amounts.carbon(totals.co2e_saved_kg)
    told = t("Carbon: {amount} CO₂e a month saved", amount=saved)
    if span != amounts.UNKNOWN:
        told = told + in_brackets(span)
    if totals.monthly_co2e_kg is None:
        return ["", escaped(t("{sentence} (estimate).", sentence=told))]
    emitted = amounts.carbon(totals.monthly_co2e_kg)
    return ["", escaped(t("{sentence} of {amount} emitted (estimate).", sentence=told, amount=emitted))]


def _warning(report: AuditReport) -> str:
    head, lines = words.headline(report), []
    for group in summary.unread_groups(report)[:5]:
        where = f"{escaped(group.cloud)} {code(group.account)}"
        what = [escaped(joint(", ").join(group.datasets)), words.STATUSES[group.status]]
        lines.append(f"> - {where}{joint(': ')}{joint(', ').join(what)}")
    gaps = len(report.not_evaluated)
    if gaps:
        lines.append(f"> - {tn('{n} check without an answer', '{n} checks without an answer', gaps)}")
    if not lines:
        return ""
    return "\n".join([f"> ⚠ **{escaped(head.caveat) or t('Not everything could be judged.')}**", *lines])


def _control(report: AuditReport) -> str:
    """What left its limits, the month and the budgets."""
    told = controlling.control(report)
    if not told:
        return ""
    lines = [f"**{t(controlling.TITLE)}** {escaped(controlling.answer(told))}", ""]
    lines += [
        f"- {escaped(one.what)} {code(one.id)}{joint(': ')}{escaped(shortened(one.message, 400))}"
        for one in told.alarms[:DOUBTS]
    ]
    if len(told.alarms) > DOUBTS:
        lines.append(_and_more(len(told.alarms) - DOUBTS))
    lines += [f"- {_foreseen(one)}" for one in told.months if one.whole]
    lines += [f"- {_budget(*one)}" for one in told.budgets[:DOUBTS]]
    return "\n".join(lines)


def _and_more(number: int) -> str:
    return f"- {tn('and {n} more', 'and {n} more', number)}"


def _foreseen(one: controlling.Month) -> str:
    forecast = f"{t(controlling.FORECAST)}{joint(': ')}{one.who} {one.forecast}{in_brackets(one.band)}"
    return escaped(
        t("{forecast}, {amount} spent through {day}", forecast=forecast, amount=one.spent, day=one.through)
    )


def _budget(name: str, state: str, why: str) -> str:
    told = t("Budget {name}, {state}", name=escaped(shortened(name, 60)), state=state)
    return told + joint(": ") + escaped(shortened(why, 400))


def _trust(report: AuditReport) -> str:
    """What the tests of the data say; what failed first."""
    told = trusting.trust(report)
    if not told:
        return ""
    lines = [f"**{t(trusting.TITLE)}** {escaped(told.answer)}", ""]
    for doubt in told.doubts[:DOUBTS]:
        mark = f"**{t('error')}**" if doubt.grave else t("warning")
        since = in_brackets(doubt.since) if doubt.since else ""
        why = escaped(shortened(doubt.message, 400))
        lines.append(f"- {mark} {code(doubt.test)} {code(doubt.subject)}{joint(': ')}{why}{since}")
    if len(told.doubts) > DOUBTS:
        lines.append(_and_more(len(told.doubts) - DOUBTS))
    if told.unjudged:
        lines.append(f"- {escaped(told.unjudged)}")
    lines += [f"- {escaped(one)}" for one in told.bills]
    return "\n".join(lines)


def _findings(report: AuditReport, rows: int) -> list[str]:
    steps = summary.counted(report)
    if not steps:
        return []
    header = (t("saving a month"), t("what to do"), t("resource"), t("where"), t("sure"))
    lines = [_header(*header), "|--:|---|---|---|---|"]
    lines += [_row(step) for step in steps[:rows]]
    if steps[rows:]:
        more = tn("{n} more step", "{n} more steps", len(steps) - rows)
        lines.append(f"| {_together(summary.together(steps[rows:]))} | {more} | | | |")
    return ["\n".join(lines)]


def _row(finding: Finding) -> str:
    named = f"{escaped(shortened(one_line(finding.resource_name), 60))} " if finding.resource_name else ""
    cells = [
        amounts.money(finding.net_monthly_savings, finding.currency),
        escaped(shortened(words.action(finding), 80))
        + in_brackets(escaped(within(words.kind(finding.rule)))),
        named + code(finding.resource_id),
        f"{escaped(finding.cloud)} {code(finding.account)} {escaped(finding.region)}",
        words.LEVELS[finding.confidence],
    ]
    return f"| {' | '.join(cells)} |"


def _basis(report: AuditReport) -> str:
    basis = (
        t("{currency}, 730-hour month, before tax and credits", currency=report.currency)
        if report.currency
        else t("730-hour month, before tax and credits")
    )
    carbon = joint(", ").join(map(escaped, summary.carbon_sources(report)))
    sources = f" · _{t('carbon by {sources}', sources=carbon)}_" if carbon else ""
    return f"_{escaped(basis)}_ · {_run(report)}{sources}"
