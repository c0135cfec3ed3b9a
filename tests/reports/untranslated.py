"""What a rendering says that no catalogue could translate: every message is put into ⟦⟧, and the rest is looked at.

As a program it prints the rest: python -m tests.reports.untranslated html
"""

import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date
from gettext import NullTranslations
from html.parser import HTMLParser
from unittest.mock import patch

from babel.dates import get_month_names

from finops.model import AuditReport, Decided
from finops.pipeline.reporting import _renderer
from reports import brief, language, mail, markdown, terminal
from reports.mail import letter
from tests.reports import finance_sample, rich_sample

_INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")
_WORD = re.compile(r"[^\W\d_]{3,}")
_TOLD = ("aria-label", "title", "data-label", "alt", "placeholder", "summary")
_SKIPPED = ("script", "style", "code")
_MONTHS = "|".join(
    re.escape(name)
    for width in ("wide", "abbreviated")
    for name in get_month_names(width, locale="de").values()
)
_DATE = re.compile(
    rf"(\d+\. )?\b({_MONTHS})(?!\w)( \d{{4}})?( \d\d:\d\d UTC)?"
)  # as amounts tell one in German
_SEAM = "\0"  # between the texts of elements: a message may go on in the next
VOID = ("meta", "link", "input", "br", "img", "hr", "col", "wbr")


class Bracketed(NullTranslations):
    """A language in which every message stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)


@contextmanager
def bracketed() -> Iterator[None]:
    """Whatever is rendered within is in brackets, and numbers are German; what is English in any language is neither."""
    words = {"en": NullTranslations(), "de": Bracketed()}
    with patch.object(language, "_words", words.__getitem__), language.speaking("de"):
        yield


def rest(text: str) -> str:
    """The text without its messages, and without dates."""
    while (shorter := _INNERMOST.sub("", text)) != text:
        text = shorter
    return _DATE.sub("", text).strip()


class _Texts(HTMLParser):
    """Text and told attributes of a page, but for what says that it is English, scripts, and `skipped` elements."""

    def __init__(self, skipped: Collection[str]) -> None:
        super().__init__()
        self.skipped = skipped
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        silent = (
            tag in self.skipped
            or tag in _SKIPPED
            or told.get("lang") == "en"
            or any(it for _, it in self.open)
        )
        if not silent:
            self.texts += [value for name in _TOLD if (value := told.get(name))]
        if tag not in VOID:
            self.open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(it for _, it in self.open):
            self.texts.append(data)


def of_page(page: str, *, names: bool = False) -> list[str]:
    """What of a page is in no brackets, each once: words of three letters or more. With `names` of bdi elements too."""
    return _words(rest(_SEAM.join(texts(page, names=names))).split(_SEAM))


def texts(page: str, *, names: bool = False) -> list[str]:
    """Everything the page tells in its own language, in the order of the page."""
    reader = _Texts(() if names else ("bdi",))
    reader.feed(page)
    return reader.texts


def of_text(text: str) -> list[str]:
    """The same of a text, line by line."""
    return _words(text.splitlines())


def _words(texts: list[str]) -> list[str]:
    left = (rest(text) for text in texts)
    return list(dict.fromkeys(text for text in left if _WORD.search(text)))


def sample() -> AuditReport:
    """A report in which everything is told that can be."""
    told = finance_sample.with_finance(rich_sample.rich())
    said = Decided(
        decision="agreed", owner="Ann", due=date(2026, 11, 1), comment="soon", decided_at=told.as_of
    )
    first, *others = told.findings
    return told.model_copy(update={"findings": [first.model_copy(update={"decision": said}), *others]})


def of_mail(report: AuditReport) -> list[str]:
    """What is left of a mail, in both of its forms."""
    with patch.object(letter, "SUBJECT", 1000):
        title = mail.subject(report)
    return [
        *of_text(title),
        *of_text(mail.text(report)),
        *of_page(mail.body("", report, [mail.Section("", [*brief.alarms(report, 10), *brief.tie(report)])])),
    ]


def of_terminal(report: AuditReport) -> list[str]:
    """The same of a terminal so wide that no message is broken."""
    with patch.object(terminal, "_WIDEST", 1000):
        return of_text(terminal.render(report, width=1000))


def of_markdown(report: AuditReport) -> list[str]:
    return of_text(markdown.render(report))


def of_chat(report: AuditReport) -> list[str]:
    """The same of a chat that cuts no line."""
    with patch.object(markdown, "_LONGEST", 10_000), patch.object(markdown, "CHAT_LIMIT", 100_000):
        return of_text(markdown.render_brief(report))


def main(name: str) -> None:
    with bracketed():
        print(*_left(name), sep="\n")


def _left(name: str) -> list[str]:
    told = {"mail": of_mail, "terminal": of_terminal, "markdown": of_markdown, "chat": of_chat}
    if name in told:
        return told[name](sample())
    made = _renderer(name, "finance")(sample())
    if isinstance(made, bytes):
        from tests.reports.xlsx.opened import texts as of_workbook

        return of_text("\n".join(of_workbook(made)))
    return of_page(made) if name == "html" else of_text(made)


if __name__ == "__main__":
    main(sys.argv[1])
