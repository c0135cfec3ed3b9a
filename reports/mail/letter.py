"""What a mail says: a subject that carries number and state, a body for readers that show little, the same as text.

Mail readers have no style sheets of ours, no script and no SVG, and cut what is longer than 102 KB: so tables, styles
on each element, and rather fewer lines. Names come from clouds and may be hostile; jinja2 escapes every one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from finops.model import AuditReport
from reports import amounts, brief, summary
from reports.decisions import decisions
from reports.html.asked import asked
from reports.html.basis import basis
from reports.html.headline import headline, opening
from reports.html.months import months
from reports.html.seen import caveat
from reports.html.telling import lang_of
from reports.html.tiles import tiles
from reports.language import TAGS, joint, spoken, t, tn
from reports.mail.pictures import Picture
from reports.pieces import Piece, plain
from reports.plain import one_line, shortened

LIMIT = 100_000  # bytes of the HTML
SUBJECT = 150  # characters: what a phone and every mail gateway shows
_ALARMS = 10
_PICTURES = Markup("<!-- charts -->")  # no name can be this: each is escaped


Line = str | Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a title, as text or in pieces. `grave` ones stand before everything else."""

    title: str
    lines: Sequence[Line]
    grave: bool = False


def render(report: AuditReport, pictures: Sequence[Picture] = ()) -> bytes:
    """The mail as a file that mail programs open: text and HTML, no sender and no recipient.

    The same report gives the same bytes.
    """
    message = EmailMessage(policy=SMTP)
    message["Date"] = format_datetime(report.as_of.replace(tzinfo=UTC))
    message["X-Unsent"] = "1"  # a draft, that can be addressed and sent
    message.set_content(text(report))
    title = t("Cloud cost, {day}", day=amounts.day(report.as_of))
    below = _control(report)
    message.add_alternative(illustrated(body(title, report, below=below), pictures), subtype="html")
    _, whole = message.iter_parts()
    for one in pictures:
        whole.add_related(
            one.png, "image", "png", cid=f"<{one.name}>", disposition="inline", filename=one.name
        )
    seed = hashlib.sha256(f"{report.run_id} {report.as_of}".encode()).hexdigest()[:32]
    for number, part in enumerate(one for one in message.walk() if one.is_multipart()):
        part.set_boundary(f"={number}={seed}=")
    return _subject_line(report) + message.as_bytes()


def _subject_line(report: AuditReport) -> bytes:
    """Encoded as a whole: folding words of both kinds, as EmailMessage does, adds blanks."""
    told = Header(subject(report), "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {told}\r\n".encode("ascii")


def subject(report: AuditReport) -> str:
    """Where the month is heading, what can be saved, and whether everything was seen."""
    parts = [plain(opening(report)).rstrip(".。")]
    if any(one.spent is not None for one in months(report)):
        found = summary.amounts(report, "net_monthly_savings")
        told = amounts.joined([amounts.short(amount, currency or "") for amount, currency in found if amount])
        parts += [t("{amount} a month can be saved", amount=told)] if told else []
    unread, share = len(summary.unread_scopes(report)), report.totals.evaluated_cost_share
    if unread and share is not None:
        parts.append(t("only {share} of the spend judged", share=amounts.share(share)))
    elif unread:
        parts.append(tn("{n} source not read whole", "{n} sources not read whole", unread))
    told = t("Cloud cost {day}: {parts}", day=amounts.day(report.as_of), parts=joint("; ").join(parts))
    return shortened(one_line(told), SUBJECT)


def text(report: AuditReport) -> str:
    """The same for who reads no HTML."""
    shown = decisions(report)
    rest = brief.remaining(report, shown)
    blocks = [
        [t("Cloud cost, {day}", day=amounts.day(report.as_of))],
        [text_of(headline(report))],
        [f"- {text_of(brief.tile(one))}" for one in tiles(report)],
        [brief.warning(report)],
        [f"- {text_of(line)}" for one in _control(report) for line in one.lines],
        [f"{number}. {text_of(brief.decided(one))}" for number, one in enumerate(shown, 1)]
        + [f"   {rest}"] * bool(rest),
        [" · ".join(basis(report))],
    ]
    told = (
        "\n".join(one_line(line) if line[:1] != " " else line for line in block if line) for block in blocks
    )
    return "\n\n".join(block for block in told if block) + "\n"


def body(
    title: str,
    report: AuditReport | None,
    sections: Sequence[Section] = (),
    below: Sequence[Section] = (),
) -> str:
    """The HTML, at most LIMIT bytes: the first screen of the report, where there is one, and sections around it."""
    most = max((len(one.lines) for one in (*sections, *below)), default=0)
    while True:
        page = _page(title, report, _at_most(sections, most), _at_most(below, most))
        if len(page.encode()) <= LIMIT or not most:
            return page
        most //= 2


def illustrated(page: str, pictures: Sequence[Picture]) -> str:
    """A body with the pictures where they belong; they travel with the mail under their names."""
    shown = Markup("").join(
        Markup(
            '<h2 style="margin:18px 0 6px;font-size:16px;line-height:22px;">{}</h2>'
            '<p style="margin:0;"><img src="cid:{}" width="{}" alt="{}" '
            'style="display:block;width:100%;max-width:{}px;height:auto;border:0;"></p>'
        ).format(one.title, one.name, one.width, one.alt, one.width)
        for one in pictures
    )
    return page.replace(_PICTURES, shown, 1)


def _page(title: str, report: AuditReport | None, sections: list[Section], below: list[Section]) -> str:
    decisions, totals = asked(report) if report else ([], [])
    return _template().render(
        title=title,
        headline=headline(report) if report else [],
        tiles=tiles(report) if report else [],
        caveat=caveat(report) if report else None,
        asked=decisions,
        totals=totals,
        unknown=amounts.UNKNOWN,
        lang=TAGS[spoken()],
        grave=[one for one in sections if one.grave],
        sections=[one for one in sections if not one.grave],
        below=below,
        basis=basis(report) if report else [],
        pictures=_PICTURES,
    )


def _at_most(sections: Sequence[Section], most: int) -> list[Section]:
    """The sections with the rest of their lines counted; each line in pieces."""
    made = []
    for one in sections:
        lines = [[Piece(line)] if isinstance(line, str) else line for line in one.lines[:most]]
        more = len(one.lines) - most
        if more > 0:
            lines.append([Piece(tn("and {n} more, in the report", "and {n} more, in the report", more))])
        made.append(replace(one, lines=lines))
    return made


def _control(report: AuditReport) -> list[Section]:
    """What is out of control, and whether the last bill is what was invoiced."""
    alarms, tied = brief.alarms(report, _ALARMS), brief.tie(report)
    made = [Section(t("What is out of control"), alarms), Section(t("Invoices"), tied)]
    return [one for one in made if one.lines]


def text_of(line: Line) -> str:
    """A line without its pieces."""
    return line if isinstance(line, str) else plain(line).strip()


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(t=t, joint=joint, lang_of=lang_of)
    return environment.from_string(files("reports.mail").joinpath("letter.html.j2").read_text("utf-8"))
