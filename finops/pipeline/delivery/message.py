"""A night as a message: a subject that says it all, a short text, the same as HTML for mail."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from finops.model import Finding
from finops.pipeline.delivery.facts import Facts
from finops.pipeline.delivery.items import Item, Kind, items_of, new_findings, recovered
from reports import amounts, summary, words
from reports.markdown import escaped
from reports.plain import one_line, shortened

LINES = 10  # of a section; the rest is counted
LINE = 400  # characters
SUBJECT = 150  # characters: what a phone and every mail gateway shows
_CALLS = re.compile(r"(@(?=everyone|here|channel|all\b)|<(?=[!@#]))")
_TITLES: dict[Kind, str] = {
    "trouble": "What went wrong",
    "partial": "What could not be read whole",
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
    """The same in four forms: `text` for what shows it as it is, `markdown` for chats, `html` for mail."""

    subject: str
    text: str
    markdown: str
    html: str


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    lines: list[str]


def message_of(facts: Facts) -> Message:
    """The message of a night for one target; a pure function of the facts."""
    items = items_of(facts)
    subject, sections = _subject(facts, items), list(_sections(facts, items))
    return Message(subject, _plain(sections), _markdown(sections), _html(subject, sections))


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


def _sections(facts: Facts, items: Sequence[Item]) -> Iterator[_Section]:
    for kind, title in _TITLES.items():
        told = [item.text for item in items if item.kind == kind]
        if told and kind != "mute":
            yield _Section(title, _at_most(told))
    new = new_findings(facts)
    if new:
        since = facts.before.as_of if facts.before else None
        title = f"New findings since {amounts.day(since)}" if since else "Findings"
        yield _Section(title, _at_most([_finding(one) for one in new]))
    ending = [item.text for item in items if item.kind == "mute"]
    if ending:
        yield _Section(_TITLES["mute"], _at_most(ending))
    yield _Section("In all", _in_all(facts))


def _at_most(lines: list[str]) -> list[str]:
    more = len(lines) - LINES
    return lines[:LINES] + ([f"and {more:,} more, in the report"] if more > 0 else [])


def _finding(one: Finding) -> str:
    saving = one.net_monthly_savings
    worth = f"{amounts.money(saving, one.currency)} a month" if saving is not None else "no price is known"
    where = words.account(one.cloud, one.account)
    return f"{worth}: {words.action(one)}, {words.name(one)} ({where}). {one.reason}"


def _in_all(facts: Facts) -> list[str]:
    lines = []
    if facts.report is None:
        lines.append("There is no audit of this night; the report of the one before is still there.")
    else:
        totals = facts.report.totals
        lines.append(words.headline(facts.report).text)
        if totals.not_evaluated:
            lines.append(f"{totals.not_evaluated:,} could not be judged; the report says why.")
    if facts.files:
        lines.append(f"Files{f' in {facts.shelf}' if facts.shelf else ''}: {', '.join(facts.files)}")
    return lines


def _cut(line: str) -> str:
    return shortened(one_line(line), LINE)


def _plain(sections: Sequence[_Section]) -> str:
    return "\n\n".join(
        "\n".join([f"{one.title}:", *(f"- {_silent(_cut(line))}" for line in one.lines)]) for one in sections
    )


def _silent(text: str) -> str:
    """A name that calls everybody in a chat, kept from it; chats read plain text too."""
    return _CALLS.sub("\\1\u200b", text)


def _markdown(sections: Sequence[_Section]) -> str:
    return "\n\n".join(
        "\n".join([f"**{one.title}**", *(f"- {escaped(_cut(line))}" for line in one.lines)])
        for one in sections
    )


def _html(subject: str, sections: Sequence[_Section]) -> str:
    """For mail: no styles but the few that every reader shows, no picture, nothing that is loaded."""
    parts = [f"<h2>{html.escape(subject.removeprefix('finops: '))}</h2>"]
    for one in sections:
        lines = "".join(f"<li>{html.escape(_cut(line))}</li>" for line in one.lines)
        parts.append(f"<h3>{html.escape(one.title)}</h3><ul>{lines}</ul>")
    return f'<html lang="en"><body style="font-family:sans-serif">{"".join(parts)}</body></html>'
