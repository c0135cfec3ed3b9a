"""The same totals in every rendering: whoever compares two of our files finds no difference."""

import csv
import io
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from babel.numbers import parse_decimal

from finops.model import AuditReport
from finops.money import shown
from reports import csv as csv_report
from reports import decisions, html, mail, markdown, terminal, xlsx
from reports import json as json_report
from reports.html import page as html_page
from reports.html.tiles import tiles
from reports.language import LOCALES, Locale, speaking, t
from tests.reports import sample
from tests.reports.xlsx.opened import opened, rows

REPORTS = {name: getattr(sample, name)() for name in ("three_clouds", "partial", "hostile", "clean")}
REPORTS["large"] = sample.large(230)
TOLD = [
    (locale, name)
    for locale in LOCALES
    for name in REPORTS
    if locale == "en" or name in ("three_clouds", "hostile")
]
# An amount of dollars in each language.
_DOLLARS: dict[Locale, str] = {
    "en": r"(−?)\$(\d[\d,.]*\d|\d)", "de": r"(−?)(?<![\d,.])(\d[\d,.]*\d|\d)\s\$", "zh": r"(−?)US\$(\d[\d,.]*\d|\d)",
}  # fmt: skip


class _Text(HTMLParser):
    """The text of a page as one line, without scripts, styles and the blank row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.ignored = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ignored += tag in ("script", "style", "template")

    def handle_endtag(self, tag: str) -> None:
        self.ignored -= tag in ("script", "style", "template")

    def handle_data(self, data: str) -> None:
        if not self.ignored:
            self.texts.append(data)


def page_text(given: AuditReport) -> str:
    return " ".join(" ".join(_Text(html.render(given)).texts).split())


@pytest.mark.parametrize("name", REPORTS)
def test_every_rendering_shows_the_totals_of_the_json(name: str) -> None:
    given = REPORTS[name]
    totals = json.loads(json_report.render(given))["totals"]
    for figure in ("monthly_cost", "gross_monthly_savings", "net_monthly_savings"):
        amount = shown(Decimal(str(totals[figure])), given.currency)
        assert amount in terminal.render(given), figure
        assert amount in markdown.render(given), figure
        if figure != "gross_monthly_savings" or given.findings:
            assert amount in page_text(given), figure


def dollars(text: str, locale: Locale) -> list[Decimal]:
    """Every amount of a text, read by the separators of its language."""
    found = re.findall(_DOLLARS[locale], text)
    return [parse_decimal(digits, locale, strict=True) * (-1 if sign else 1) for sign, digits in found]


@pytest.mark.parametrize(("locale", "name"), TOLD)
def test_every_rendering_has_the_same_totals_in_every_language(locale: Locale, name: str) -> None:
    given = REPORTS[name]
    for_programs = (json_report.render(given), csv_report.render(given), terminal.render_tsv(given))
    totals = json.loads(for_programs[0])["totals"]
    cost, gross, net = (
        Decimal(str(totals[figure]))
        for figure in ("monthly_cost", "gross_monthly_savings", "net_monthly_savings")
    )
    with speaking(locale):
        assert (
            json_report.render(given),
            csv_report.render(given),
            terminal.render_tsv(given),
        ) == for_programs
        texts = [terminal.render(given), markdown.render(given), page_text(given)]
        letter, chat, book = mail.text(given), markdown.render_brief(given), opened(xlsx.render(given))
        body = " ".join(" ".join(_Text(mail.body("", given)).texts).split())
        first_screen = [one.label for one in tiles(given)]
        line = rows(book, "Totals")[0]
        in_book = [line[t(column)] for column in ("Spent", "Gross saving", "Net saving")]
        lines = [one[t("Net saving")] for one in rows(book, "Findings")]
    for text in texts:
        assert {cost, net} <= set(dollars(text, locale))
        assert gross in dollars(text, locale) or not given.findings
    assert [Decimal(str(one)) for one in in_book] == [cost, gross, net]
    assert _sum(str(one) for one in lines if one is not None) == net
    assert net in dollars(body, locale) or not decisions.decisions(given)
    assert sum(decided_in_letter(letter, locale)) == net
    assert sum(decided_in_chat(chat, locale, first_screen)) == net


def decided_in_letter(text: str, locale: Locale) -> list[Decimal]:
    """What the numbered decisions save, the last before the first dot, and what the line below them says of the rest."""
    saved = [dollars(told, locale)[-1:] for told in re.findall(r"^\d+\. ([^·\n]*) · ", text, re.M)]
    rest = [dollars(told, locale) for told in re.findall("^ {3}.*", text, re.M)]
    return [amount for some in (*saved, *rest) for amount in some]


def decided_in_chat(text: str, locale: Locale, numbers: Sequence[str]) -> list[Decimal]:
    """The same of the lines with an amount in bold that are none of the first screen's, and of the line below them."""
    lines, found, below = text.splitlines(), [], ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        bold = re.fullmatch(r"- .*(?:: |：)\*\*([^*]*)\*\* · .*", line)
        if bold and not line.startswith(tuple(f"- {label}" for label in numbers)):
            found.append(bold[1])
            below = "" if "**" in following or "⚠" in following else following
    return [amount for told in (*found, below) for amount in dollars(told, locale)]


@pytest.mark.parametrize("name", REPORTS)
def test_mail_and_chat_have_the_decisions_that_add_up_to_the_net_total(name: str) -> None:
    given = REPORTS[name]
    total = given.totals.net_monthly_savings
    body = " ".join(" ".join(_Text(mail.body("", given)).texts).split())
    if decisions.decisions(given):
        assert f"{shown(total, given.currency)}" in body.partition("Net saving a month")[2]
    for text, listed in (
        (mail.text(given), r": \$([\d,.]+) a month ·"),
        (markdown.render_brief(given), r"\*\*\$([\d,.]+) a month\*\*"),
    ):
        amounts = [*re.findall(listed, text), *re.findall(r"more decisions?: \$([\d,.]+) a month", text)]
        assert _sum(one.replace(",", "") for one in amounts) == total


@pytest.mark.parametrize("name", REPORTS)
def test_the_lines_of_the_csv_and_of_the_pipe_add_up_to_the_net_total(name: str) -> None:
    given = REPORTS[name]
    total = given.totals.net_monthly_savings
    lines = csv.DictReader(io.StringIO(csv_report.render(given), newline=""))
    assert _sum(line["net_monthly_savings"] for line in lines if line["status"] != "exempt") == total
    header, *rest = [line.split("\t") for line in terminal.render_tsv(given).splitlines()]
    at, status = header.index("net_monthly_savings"), header.index("status")
    assert _sum(line[at] for line in rest if line[status] != "exempt") == total


@pytest.mark.parametrize("name", REPORTS)
def test_the_rows_of_the_page_add_up_to_its_total_row(name: str) -> None:
    given = REPORTS[name]
    cents = [row["cents"] or 0 for row in html.rows.rows(given)]
    assert Decimal(sum(cents)) / 100 == given.totals.net_monthly_savings
    page = html.render(given)
    in_markup = re.findall(r'class="finding"[^>]+data-cents="(-?\d*)"', page.partition("<template")[0])
    assert [int(c or 0) for c in in_markup] == cents[: html_page.IN_MARKUP]
    if cents:
        total = re.search(
            r"<tfoot>\s*<tr[^>]*><th[^>]*>Total of <span[^>]*>all findings.*?class=\"net\"[^>]*>([^<]+)<",
            page,
            re.S,
        )
        assert total
        assert total[1] == shown(given.totals.net_monthly_savings, given.currency)


@pytest.mark.parametrize("name", REPORTS)
def test_the_tables_behind_the_charts_add_up_to_the_same_totals(name: str) -> None:
    given = REPORTS[name]
    for chart in html.charts.charts(given):
        net = [header.startswith("Net") for header in chart.header].index(True)
        amounts = [Decimal(re.sub(r"[^\d.]", "", row[net]) or 0) for row in chart.rows]
        assert sum(amounts) == given.totals.net_monthly_savings
        assert chart.foot[net] == shown(given.totals.net_monthly_savings, given.currency)


def test_accepted_waste_is_shown_by_every_rendering_with_who_accepted_it_on_the_page() -> None:
    given = sample.three_clouds()
    assert shown(given.totals.accepted_monthly_waste, "USD") == "$150.00"
    for text in (terminal.render(given), markdown.render(given), page_text(given)):
        assert "$150.00" in text
    for told in ("Legal", "kept for the auditors", "31 Dec 2026", "it ended on 2026-10-31"):
        assert told in page_text(given)
    assert "it ended on 2026-10-31" in " ".join(terminal.render(given).split())
    assert "1 exemption to look at" in markdown.render(given)


def test_several_currencies_are_never_added_up() -> None:
    given = sample.two_currencies()
    for text in (terminal.render(given), markdown.render(given), page_text(given)):
        assert "CN¥1,292.60" in text
        assert "$310.00" in text
        assert "1,602.60" not in text


def _sum(amounts: object) -> Decimal:
    return sum((Decimal(amount) for amount in amounts if amount), Decimal(0))  # type: ignore[attr-defined]
