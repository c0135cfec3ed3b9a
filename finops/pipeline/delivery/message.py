"""A night as a message: a subject that says it all, a short text, the same as HTML for mail."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from finops.pipeline.audit import incomplete
from finops.pipeline.delivery.facts import Facts
from finops.pipeline.delivery.items import Item, Kind, items_of, new_findings, recovered
from reports import brief, nightly, summary
from reports.html.headline import headline
from reports.html.tiles import tiles
from reports.language import joint, t
from reports.mail import SUBJECT, Line, Section, body, text_of
from reports.markdown import escaped
from reports.pieces import cut, on_one_line
from reports.plain import one_line, shortened

LINES = 10  # of a section; the rest is counted
LINE = 400  # characters
_GRAVE: tuple[Kind, ...] = ("trouble", "partial", "unmade")
_CALLS = re.compile(r"(@(?=everyone|here|channel|all\b)|<(?=[!@#]))")


@dataclass(frozen=True, slots=True)
class Message:
    """The same in four forms: `text` for what shows it as it is, `markdown` for chats, `html` for mail.

    `pictures` are files that the HTML shows by their names. `partial`: what it tells of could not be read whole.
    """

    subject: str
    text: str
    markdown: str
    html: str
    pictures: tuple[Path, ...] = ()
    partial: bool = False


def message_of(facts: Facts) -> Message:
    """The message of a night for one target; a pure function of the facts."""
    items = items_of(facts)
    subject, news = _subject(facts, items), list(_news(facts, items))
    short = [*news, Section(nightly.PARTS["all"], [*_in_all(facts), *_files(facts)])]
    partial = facts.report is not None and incomplete(facts.report) is not None
    return Message(subject, _plain(short), _markdown(short), _html(subject, facts, news), partial=partial)


def _subject(facts: Facts, items: Sequence[Item]) -> str:
    pieces = [piece for piece in (*_outcome(facts, items), *_told(facts, items)) if piece]
    return shortened(one_line("finops: " + joint("; ").join(pieces)), SUBJECT)


def _outcome(facts: Facts, items: Sequence[Item]) -> Iterator[str]:
    troubles = sorted((item for item in items if item.is_bad), key=lambda item: item.kind != "trouble")
    if troubles:
        # What it said is in the text; the subject names what it is about.
        yield nightly.trouble(troubles[0].told, len(troubles) - 1, failed=facts.report is None)
    elif recovered(list(items), facts):
        yield nightly.whole_again()


def _told(facts: Facts, items: Sequence[Item]) -> Iterator[str]:
    new, counts = new_findings(facts), Counter(item.kind for item in items)
    if new:
        yield nightly.new_findings(new)
    if counts["test"]:
        yield nightly.warnings(counts["test"])
    if counts["anomaly"]:
        yield nightly.anomalies(counts["anomaly"])
    restated = facts.report.night.restatements if facts.report and facts.report.night else []
    if restated:
        yield nightly.restated(restated)
    yield from (shortened(item.said or "", 60) for item in items if item.kind == "budget")
    if counts["mute"]:
        yield nightly.endings(counts["mute"])
    if facts.report and not new and not items:
        yield nightly.nothing_new(summary.amounts(facts.report, "net_monthly_savings"))


# --- the body ---------------------------------------------------------------------------------------------


def _news(facts: Facts, items: Sequence[Item]) -> Iterator[Section]:
    for kind, title in nightly.TITLES.items():
        told = [item.line for item in items if item.kind == kind]
        if told and kind != "mute":
            yield Section(title, _at_most(told), kind in _GRAVE)
    new = new_findings(facts)
    if new:
        title = nightly.findings_title(facts.before.as_of if facts.before else None)
        yield Section(title, _at_most([nightly.finding(one) for one in new]))
    ending = [item.line for item in items if item.kind == "mute"]
    if ending:
        yield Section(nightly.TITLES["mute"], _at_most(ending))


def _at_most(lines: Sequence[Line]) -> list[Line]:
    more = len(lines) - LINES
    return [*lines[:LINES], *([nightly.more(more)] if more > 0 else [])]


def _in_all(facts: Facts) -> list[str]:
    """Where the month is heading, the numbers of the first screen, what was not seen, and the last invoices."""
    report = facts.report
    if report is None:
        return [t(nightly.NO_AUDIT)]
    told = [headline(report), *map(brief.tile, tiles(report))]
    lines = [text_of(pieces) for pieces in told]
    return [*lines, *filter(None, [brief.warning(report)]), *brief.tie(report)]


def _files(facts: Facts) -> list[str]:
    return [nightly.files(facts.files, facts.shelf)] if facts.files else []


def _cut(line: Line) -> str:
    return shortened(one_line(text_of(line)), LINE)


def _cut_pieces(line: Line) -> Line:
    """The same with its pieces."""
    return _cut(line) if isinstance(line, str) else cut(on_one_line(line), LINE)


def _plain(sections: Sequence[Section]) -> str:
    return "\n\n".join(
        "\n".join([one.title + joint(": ").rstrip(), *(f"- {_silent(_cut(line))}" for line in one.lines)])
        for one in sections
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
    below = [Section(nightly.PARTS["files"], _files(facts))] if facts.files else []
    if facts.report is None:
        below.insert(0, Section(nightly.PARTS["all"], [t(nightly.NO_AUDIT)]))
    elif tied := brief.tie(facts.report):
        below.insert(0, Section(nightly.PARTS["invoices"], tied))
    shown = [replace(one, lines=[_cut_pieces(line) for line in one.lines]) for one in news]
    return body(subject.removeprefix("finops: "), facts.report, shown, below)
