"""A night as a message: a subject that says it all, a short text, the same as HTML for mail."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from finops.model import Finding
from finops.pipeline.delivery.facts import Facts
from finops.pipeline.delivery.items import Item, Kind, items_of, new_findings, recovered
from reports import amounts, brief, summary, words
from reports.html.headline import headline
from reports.html.tiles import tiles
from reports.mail import SUBJECT, Line, Section, body, text_of
from reports.markdown import escaped
from reports.plain import one_line, shortened

LINES = 10  # of a section; the rest is counted
LINE = 400  # characters
_GRAVE: tuple[Kind, ...] = ("trouble", "partial", "unmade")
_NO_AUDIT = "There is no audit of this night; the report of the one before is still there."
_CALLS = re.compile(r"(@(?=everyone|here|channel|all\b)|<(?=[!@#]))")
_TITLES: dict[Kind, str] = {
    "trouble": "What went wrong",
    "partial": "What could not be read whole",
    "unmade": "Files that could not be made",
    "test": "Warnings of data tests",
    "anomaly": "Costs and figures out of their limits",
    "restatement": "Bills that were changed afterwards",
    "budget": "Budgets",
    "mute": "Exemptions that end soon",
}
_NOUNS: dict[Kind, tuple[str, str]] = {
    "test": ("warning of a data test", "warnings of data tests"),
    "anomaly": ("anomaly", "anomalies"),
    "mute": ("exemption ends soon", "exemptions end soon"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """The same in four forms: `text` for what shows it as it is, `markdown` for chats, `html` for mail.

    `pictures` are files that the HTML shows by their names.
    """

    subject: str
    text: str
    markdown: str
    html: str
    pictures: tuple[Path, ...] = ()


def message_of(facts: Facts) -> Message:
    """The message of a night for one target; a pure function of the facts."""
    items = items_of(facts)
    subject, news = _subject(facts, items), list(_news(facts, items))
    short = [*news, Section("In all", [*_in_all(facts), *_files(facts)])]
    return Message(subject, _plain(short), _markdown(short), _html(subject, facts, news))


def _subject(facts: Facts, items: Sequence[Item]) -> str:
    pieces = [piece for piece in (*_outcome(facts, items), *_told(facts, items)) if piece]
    return shortened(one_line("finops: " + "; ".join(pieces)), SUBJECT)


def _outcome(facts: Facts, items: Sequence[Item]) -> Iterator[str]:
    troubles = sorted((item for item in items if item.is_bad), key=lambda item: item.kind != "trouble")
    if troubles:
        # The sentence is in the text; the subject names what it is about.
        first = troubles[0].text.partition(": ")[0]
        more = f" and {len(troubles) - 1} more" if len(troubles) > 1 else ""
        yield f"night {'failed' if facts.report is None else 'incomplete'}: {first}{more}"
    elif recovered(list(items), facts):
        yield "the night is whole again"


def _told(facts: Facts, items: Sequence[Item]) -> Iterator[str]:
    new = new_findings(facts)
    if new:
        yield f"{amounts.count(len(new), 'new finding')}{_a_month(new)}"
    for kind, (one, several) in _NOUNS.items():
        number = sum(item.kind == kind for item in items)
        if number:
            yield amounts.count(number, one, several)
        if kind == "anomaly":
            yield from _restated(facts)
            yield from (shortened(item.text, 60) for item in items if item.kind == "budget")
    if facts.report and not new and not items:
        yield f"nothing new{_possible(facts)}"


def _a_month(findings: Sequence[Finding]) -> str:
    sums = [amounts.rounded(amount, currency) for amount, currency in summary.together(findings)]
    return f", {' and '.join(sums)} a month" if sums else ""


def _possible(facts: Facts) -> str:
    if facts.report is None:
        return ""
    found = summary.amounts(facts.report, "net_monthly_savings")
    told = " and ".join(amounts.rounded(amount, currency) for amount, currency in found)
    return f"; {told} a month can be saved" if told else ""


def _restated(facts: Facts) -> Iterator[str]:
    night = facts.report.night if facts.report else None
    found = night.restatements if night else []
    if len(found) == 1:
        change: Decimal = found[0].after - found[0].before
        sign = "+" if change > 0 else "−" if change < 0 else ""
        yield f"{found[0].month:%B} restated {sign}{amounts.rounded(abs(change), found[0].currency)}"
    elif found:
        yield f"{len(found)} months restated"


# --- the body ---------------------------------------------------------------------------------------------


def _news(facts: Facts, items: Sequence[Item]) -> Iterator[Section]:
    for kind, title in _TITLES.items():
        told = [item.text for item in items if item.kind == kind]
        if told and kind != "mute":
            yield Section(title, _at_most(told), kind in _GRAVE)
    new = new_findings(facts)
    if new:
        since = facts.before.as_of if facts.before else None
        title = f"New findings since {amounts.day(since)}" if since else "Findings"
        yield Section(title, _at_most([_finding(one) for one in new]))
    ending = [item.text for item in items if item.kind == "mute"]
    if ending:
        yield Section(_TITLES["mute"], _at_most(ending))


def _at_most(lines: list[str]) -> list[str]:
    more = len(lines) - LINES
    return lines[:LINES] + ([f"and {more:,} more, in the report"] if more > 0 else [])


def _finding(one: Finding) -> str:
    saving = one.net_monthly_savings
    worth = f"{amounts.money(saving, one.currency)} a month" if saving is not None else "no price is known"
    where = words.account(one.cloud, one.account)
    return f"{worth}: {words.action(one)}, {words.name(one)} ({where}). {one.reason}"


def _in_all(facts: Facts) -> list[str]:
    """Where the month is heading, the numbers of the first screen, what was not seen, and the last invoices."""
    report = facts.report
    if report is None:
        return [_NO_AUDIT]
    told = [headline(report), *map(brief.tile, tiles(report))]
    lines = ["".join(piece.text for piece in pieces).strip() for pieces in told]
    return [*lines, *filter(None, [brief.warning(report)]), *brief.tie(report)]


def _files(facts: Facts) -> list[str]:
    where = f" in {facts.shelf}" if facts.shelf else ""
    return [f"Files{where}: {', '.join(facts.files)}"] if facts.files else []


def _cut(line: Line) -> str:
    return shortened(one_line(text_of(line)), LINE)


def _plain(sections: Sequence[Section]) -> str:
    return "\n\n".join(
        "\n".join([f"{one.title}:", *(f"- {_silent(_cut(line))}" for line in one.lines)]) for one in sections
    )


def _silent(text: str) -> str:
    """A name that calls everybody in a chat, kept from it; chats read plain text too."""
    return _CALLS.sub("\\1\u200b", text)


def _markdown(sections: Sequence[Section]) -> str:
    return "\n\n".join(
        "\n".join([f"**{one.title}**", *(f"- {escaped(_cut(line))}" for line in one.lines)])
        for one in sections
    )


def _html(subject: str, facts: Facts, news: Sequence[Section]) -> str:
    below = [Section("Files", _files(facts))] if facts.files else []
    if facts.report is None:
        below.insert(0, Section("In all", [_NO_AUDIT]))
    elif tied := brief.tie(facts.report):
        below.insert(0, Section("Invoices", tied))
    shown = [replace(one, lines=[_cut(line) for line in one.lines]) for one in news]
    return body(subject.removeprefix("finops: "), facts.report, shown, below)
