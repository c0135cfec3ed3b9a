import email
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest

from finops.model import AuditReport
from reports import mail
from reports.language import speaking
from reports.mail.pictures import Picture, pictures
from reports.pieces import Piece
from reports.plain import English
from tests.reports import rich_sample, sample
from tests.reports.browsing import needed
from tests.reports.build import finding, report
from tests.reports.finance_sample import with_finance

SAMPLES = ("three_clouds", "partial", "two_currencies", "hostile", "secret", "empty", "clean")
VOID = {"br", "img", "meta"}
CHART = Picture("finops-bridge-usd.png", "Why", 'It says "<b>"', b"\x89PNG of a chart")


class Seen(HTMLParser):
    """Every element with its attributes; fails where one is not closed as it was opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}


def read(given: AuditReport, shown: Sequence[Picture] = ()) -> EmailMessage:
    message = email.message_from_bytes(mail.render(given, shown), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def html_of(message: EmailMessage) -> str:
    return str(next(part for part in message.walk() if part.get_content_type() == "text/html").get_content())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_mail_is_tables_with_styles_of_their_own_and_loads_nothing(name: str) -> None:
    page = html_of(read(with_finance(getattr(sample, name)())))
    seen = Seen(page)
    assert seen.tags() <= {
        "html", "head", "meta", "title", "body", "table", "caption", "tr", "td", "th", "h1", "h2", "p", "ul", "li",
        "strong", "span", "br",
    }  # fmt: skip
    for tag, attributes in seen.elements:
        assert attributes.keys().isdisjoint(
            {"src", "href", "background", "class", "id", "onerror", "onload"}
        ), tag
        assert "url(" not in attributes.get("style", "")
    assert "@import" not in page
    assert len(page.encode()) < mail.LIMIT


def test_every_table_is_for_layout_or_says_what_its_cells_are() -> None:
    seen = Seen(html_of(read(rich_sample.rich())))
    for_layout = [attributes for tag, attributes in seen.elements if tag == "table" and "role" in attributes]
    tables = [attributes for tag, attributes in seen.elements if tag == "table" and "role" not in attributes]
    assert {one["role"] for one in for_layout} == {"presentation"}
    assert len(tables) == sum(tag == "caption" for tag, _ in seen.elements) == 2
    assert all(attributes["scope"] in ("row", "col") for tag, attributes in seen.elements if tag == "th")


def test_text_and_html_say_the_same_numbers() -> None:
    message = read(rich_sample.rich())
    assert message.get_content_type() == "multipart/alternative"
    text = message.get_body(("plain",))
    assert text is not None
    for told in (
        "$17,820", "▲ $1,320 (8%) over budget", "+$1,000", "$3,463", "$1,010", "$1,104.33", "87.1% of the spend",
        "ties to its invoices", "Everything cost $710.75 a day",
    ):  # fmt: skip
        assert told in text.get_content(), told
        assert told in html_of(message), told


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        (
            rich_sample.rich(),
            "Cloud cost 20 Nov 2026: November is heading for $17,820, ▲ $1,320 (8%) over budget; "
            "$3,463 a month can be saved; only 87.1% of the spend judged",
        ),
        (
            with_finance(sample.clean()),
            "Cloud cost 20 Nov 2026: November is heading for $17,200, ▲ $200 (1.2%) over budget",
        ),
        (sample.clean(), "Cloud cost 20 Nov 2026: Nothing to save was found in the $812 spent a month"),
        (
            sample.empty(),
            "Cloud cost 20 Nov 2026: Nothing has been looked at yet: no bill and no inventory is loaded",
        ),
    ],
)
def test_the_subject_carries_the_number_and_the_state(given: AuditReport, subject: str) -> None:
    assert mail.subject(given) == subject
    assert read(given)["Subject"] == subject


@pytest.mark.parametrize("text", sample.HOSTILE)
def test_a_hostile_name_is_text_in_the_body_and_nothing_in_the_headers(text: str) -> None:
    evil = text + "\r\nBcc: all@example.com\r\n\r\n<b>body</b>"
    rows = [
        finding(
            1, "9.00", resource_name=evil, resource_id=evil, account=evil, rule=evil, tags={"owner": evil}
        )
    ]
    given = report(rows).model_copy(update={"run_id": evil})
    raw = mail.render(given)
    head = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    assert {line.partition(b":")[0] for line in head.split(b"\r\n")} == {
        b"Subject", b"Date", b"X-Unsent", b"MIME-Version", b"Content-Type",
    }  # fmt: skip
    page = html_of(read(given))
    assert Seen(page).tags().isdisjoint({"script", "img", "svg", "a", "b"})
    body = read(given).get_body(("plain",))
    assert body is not None
    assert not any(line.startswith("Bcc") for line in body.get_content().splitlines())


def test_a_flood_of_lines_is_cut_where_readers_cut_a_mail_and_the_rest_counted() -> None:
    lines = ["<&>" * 130] * 10
    sections = [mail.Section(f"Section {number}", lines) for number in range(40)]
    page = mail.body("A flood", sample.hostile(), sections)
    assert len(page.encode()) <= mail.LIMIT
    assert page.count("more, in the report") == 40
    assert "$955" in page
    Seen(page)


def test_what_went_wrong_stands_before_the_numbers_and_all_else_behind() -> None:
    sections = [mail.Section("Findings", ["a"]), mail.Section("What went wrong", ["b"], grave=True)]
    page = mail.body("t", sample.three_clouds(), sections, [mail.Section("Files", ["c"])])
    assert [
        page.index(one) for one in ("What went wrong", "$3,463", "Findings<", "Decisions asked for", "Files<")
    ] == sorted(
        page.index(one) for one in ("What went wrong", "$3,463", "Findings<", "Decisions asked for", "Files<")
    )


def test_a_night_without_a_report_is_a_mail_too() -> None:
    page = mail.body("night failed", None, [mail.Section("What went wrong", ["audit failed"], grave=True)])
    assert "audit failed" in page
    assert Seen(page).tags().isdisjoint({"caption", "img"})


def test_pictures_travel_with_the_mail_and_say_in_words_what_they_show() -> None:
    message = read(sample.three_clouds(), [CHART])
    (shown,) = [one for tag, one in Seen(html_of(message)).elements if tag == "img"]
    assert shown["src"] == "cid:finops-bridge-usd.png"
    assert shown["alt"] == 'It says "<b>"'
    (part,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert part["Content-ID"] == "<finops-bridge-usd.png>"
    assert part.get_content() == CHART.png
    related = [part for part in message.walk() if part.get_content_type() == "multipart/related"]
    assert len(related) == 1


def test_a_name_that_is_the_place_of_the_pictures_gets_none() -> None:
    named = report([finding(1, "9.00", resource_name="<!-- charts -->")])
    page = mail.illustrated(mail.body("t", named), [CHART])
    assert page.count("<img") == 1
    assert page.index("Delete disk") < page.index("<img")


def test_the_same_report_is_the_same_mail() -> None:
    given = rich_sample.rich()
    assert mail.render(given, [CHART]) == mail.render(given, [CHART])


def test_without_a_browser_there_are_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.chromium.browser", lambda: None)
    assert pictures(rich_sample.rich()) == []


@pytest.mark.browser
def test_a_browser_draws_the_bridge_the_trend_and_the_savings() -> None:
    needed()
    given = rich_sample.rich()
    drawn = pictures(given)
    assert [one.name for one in drawn] == [
        "finops-bridge-usd.png",
        "finops-trend-usd.png",
        "finops-by-kind-usd.png",
    ]
    for one in drawn:
        assert one.png.startswith(b"\x89PNG\r\n\x1a\n")
        assert int.from_bytes(one.png[16:20], "big") == 2 * one.width
        assert len(one.png) > 5_000
        assert re.search(r"\d", one.alt)
    assert len(mail.render(given, drawn)) < 1_000_000


@pytest.mark.browser
def test_hostile_names_in_charts_are_drawn_and_do_nothing() -> None:
    needed()
    assert [one.png[:4] for one in pictures(with_finance(sample.hostile()))] == [b"\x89PNG"] * 3


def test_a_mail_in_another_language_says_so_and_what_of_it_is_english() -> None:
    given = rich_sample.rich()
    with speaking("de"):
        page = html_of(read(given))
        night = mail.body("x", None, [mail.Section("x", [[Piece("audit: "), Piece(English("denied <b>"))]])])
    assert '<html lang="de">' in page
    assert '<span lang="en">Everything cost $710.75 a day where $560.75 was expected.</span>' in page
    assert 'audit: <span lang="en">denied &lt;b&gt;</span>' in night
    assert page.count("<span lang=") == 1
    english = html_of(read(given))
    assert '<html lang="en">' in english
    assert "<span lang=" not in english
