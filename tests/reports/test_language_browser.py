"""The page in German and Chinese in a real Chromium: what its scripts say and reckon, its charts, its look."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from finops.model import AuditReport
from finops.savings.renetting import renet
from reports import amounts, html, language, summary
from reports.html import facets
from reports.language import LOCALES, TAGS, Locale, speaking
from reports.locale.gathering import gathered
from tests.reports import finance_sample, rich_sample
from tests.reports.browsing import BROWSER, Visit
from tests.reports.build import finding, report
from tests.reports.crowd import as_report, crowd
from tests.reports.test_accessible import AXE, JUDGED, RULES
from tests.reports.test_browser import OUTSIDE, OVERLAPPING
from tests.reports.untranslated import bracketed, of_page

pytestmark = BROWSER
Opened = Callable[..., Visit]
OTHERS: tuple[Locale, ...] = ("de", "zh")
# Text that the charts hold is drawn by plotly and looked at elsewhere.
WITHOUT_CHARTS = """() => {
    const page = document.documentElement.cloneNode(true);
    page.querySelectorAll('[data-chart] > *').forEach(e => e.remove());
    return page.outerHTML;
}"""


@cache
def of_scripts() -> dict[str, list[str]]:
    """Every message of the scripts in brackets."""
    told = {}
    for message in gathered():
        if message.id and any(path.endswith(".js") for path, _ in message.locations):
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            told[forms[0]] = [f"⟦{form}⟧" for form in forms]
    return told


class Long(NullTranslations):
    """As long as German may become: every word is an eighth longer, and the first of each message is a long one."""

    def gettext(self, message: str) -> str:
        if not message:
            return ""
        grown = re.sub(
            r"(?<![{\w])([^\W\d_]{4,})(?![}\w])", lambda word: word[1] + "en"[: len(word[1]) // 4], message
        )
        return f"Kostenstellenverantwortlichkeit {grown}"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.gettext(one if n == 1 else many)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)


@contextmanager
def catalogue(words: NullTranslations | None, scripts: Mapping[str, list[str]]) -> Iterator[None]:
    """German numbers with these words instead of the catalogue's."""
    with ExitStack() as stack:
        if words is not None:
            stack.enter_context(patch.object(language, "_words", lambda _: words))
        stack.enter_context(patch.object(language, "_of_scripts", lambda _: dict(scripts)))
        stack.enter_context(speaking("de"))
        yield


def sums(given: AuditReport, ids: set[str]) -> dict[str, str]:
    """By currency what these save together, as the server spells it in the language that is spoken."""
    currencies = {one.id: one.currency for one in given.findings}
    totals: dict[str, Decimal] = {}
    for name, net in renet(given, ids).items():
        currency = currencies[name]
        if net is not None and currency:
            totals[currency] = totals.get(currency, Decimal(0)) + net
    return {currency: amounts.money(total, currency) for currency, total in totals.items()}


@pytest.mark.parametrize("locale", OTHERS)
def test_a_page_of_another_language_says_so_and_draws_without_a_complaint(
    visit: Opened, locale: Locale
) -> None:
    with speaking(locale):
        seen = visit(rich_sample.rich()).drawn()
    assert seen.ask("document.documentElement.lang") == TAGS[locale]
    assert seen.troubles == []
    assert len(seen.requests) == 1
    assert len(seen.ask("[...document.querySelectorAll('[data-chart] svg.main-svg')]")) > 8


@pytest.mark.parametrize("locale", LOCALES)
def test_sums_of_what_is_shown_are_spelled_as_the_server_spells_them(visit: Opened, locale: Locale) -> None:
    given = as_report(crowd(7, 40))
    tag = facets.team_tag(given)
    mine = {one.id for one in summary.pending(given) if facets.team(one, tag) == "a"}
    with speaking(locale):
        seen = visit(given).drawn()
        whole = {
            code: seen.text(f"tfoot tr[data-currency={code}] [data-total=net]") for code in ("USD", "CNY")
        }
        assert whole == {
            code: amounts.money(total.net_monthly_savings, code)
            for code, total in given.totals_by_currency.items()
        }
        seen.page.click("#filter > summary")
        seen.page.select_option("[data-facet=team]", "a")
        seen.page.select_option("#size", "100")
        told = sums(given, mine)
        assert told.keys() == whole.keys()
        assert told != whole
        for currency, amount in told.items():
            assert seen.text(f"tfoot tr[data-currency={currency}] [data-total=net]") == amount
            assert amount in seen.text("#status").replace(whole[currency], "")
        currencies = {one.id: one.currency for one in given.findings}
        nets = {name: amounts.money(net, currencies[name]) for name, net in renet(given, mine).items()}
        shown = seen.ask(
            "[...document.querySelectorAll('tbody.finding')].map(b => [b.dataset.id, b.querySelector('.net').innerText])"
        )
        assert dict(shown) == nets
        assert len(nets) > 20
    assert seen.troubles == []


def test_all_that_the_scripts_say_comes_from_the_catalogue(visit: Opened) -> None:
    given = as_report(crowd(7, 40))
    with bracketed(), catalogue(None, of_scripts()):
        seen = visit(given).drawn()
        assert seen.text("#status").startswith(f"⟦{len(summary.pending(given))} of ")
        assert seen.text("#page").startswith("⟦Page 1 of ")
        seen.page.click("#filter > summary")
        seen.page.select_option("[data-facet=team]", "a")
        seen.page.fill("#least", "1")
        assert seen.text("#in-force") == "⟦(2 in force)⟧"
        anew = r"⟦\d+ of \d+, together ⟦.* and .*⟧ net a month, netted anew; in the whole .* ⟦.* and .*⟧⟧"
        purchases = r"What to buy keeps its size: it was reckoned after all steps of the whole report\."
        assert re.fullmatch(rf"⟦{anew}\. {purchases}⟧", seen.text("#status"))
        seen.page.select_option("#size", "100")
        assert seen.text("tfoot tr [data-total=gross]").startswith("⟦")
        assert "in the whole report⟧" in seen.text("#findings")
        seen.page.locator("tbody.finding summary").first.click()
        seen.page.locator(".copy").first.click()
        seen.until("document.querySelector('.copy').textContent !== '⟦Copy the link⟧'")
        # Whatever else is in no brackets was in none before the scripts ran.
        assert {*of_page(seen.ask(WITHOUT_CHARTS))} <= {*of_page(html.render(given))}
        seen.page.fill("#search", "nobody is called so")
        assert seen.text("#status") == "⟦Nothing matches.⟧"
    assert seen.troubles == []


def test_a_message_without_a_translation_is_english_and_the_form_follows_the_number(visit: Opened) -> None:
    said = """[t("a {x}", {x: 1}), t("b"), t("c"), tn("{n} d", "{n} ds", 1), tn("{n} d", "{n} ds", 1234),
        tn("{n} e", "{n} es", 2), tn("{n} f", "{n} fs", 1), tn("{n} f", "{n} fs", 0)]"""
    words = {
        "a {x}": ["A {x} {y}"],
        "b": [""],
        "{n} d": ["{n} D", "{n} DD"],
        "{n} e": ["", ""],
        "{n} f": ["{n} 个"],
    }
    with catalogue(None, words):
        seen = visit(report([finding(1, "1.00")]))
    assert seen.ask(said) == ["A 1 {y}", "b", "c", "1 D", "1.234 DD", "2 es", "1 个", "0 个"]


@pytest.mark.parametrize("locale", OTHERS)
def test_pages_columns_and_addresses_work_in_another_language(visit: Opened, locale: Locale) -> None:
    given = as_report(crowd(8, 150))
    with speaking(locale):
        seen = visit(given, fragment="#f?risk=low&size=25&sort=-cost&page=2").drawn()
        assert seen.page.locator("#findings thead th[aria-sort=descending]").count() == 1
        seen.page.locator("#findings thead button").nth(4).click()
        costs = seen.ask(
            "[...document.querySelectorAll('tbody.finding td:nth-child(5)')].map(c => Number(c.dataset.s))"
        )
        assert len(costs) == 25
        assert seen.ask("location.hash") == "#f?risk=low"
        first = seen.ask("[...document.querySelectorAll('tbody.finding')].map(b => b.dataset.id)")
        seen.page.click("#after")
        second = seen.ask("[...document.querySelectorAll('tbody.finding')].map(b => b.dataset.id)")
        assert not {*first} & {*second}
        assert seen.ask("location.hash") == "#f?risk=low&page=2"
        last = summary.pending(given)[-1].id
        again = visit(given, fragment=f"#f-{last}").drawn()
        again.until(f"document.getElementById('f-{last}')?.querySelector('details').open === true")
    assert seen.troubles + again.troubles == []


@pytest.mark.parametrize(
    ("locale", "expected"), [("de", ["Äpfel", "apfelbaum", "Zeder", "北京"]), ("zh", ["北京", "上海"])]
)
def test_names_are_in_the_order_of_the_language(visit: Opened, locale: Locale, expected: list[str]) -> None:
    names = ["Zeder", "上海", "Äpfel", "北京", "apfelbaum"]
    given = report([finding(n, f"{n}.00", resource_name=name) for n, name in enumerate(names, 1)])
    with speaking(locale):
        seen = visit(given, fragment="#f?sort=name").drawn()
    shown = list(seen.page.locator("#findings tbody .name").all_inner_texts())
    assert [name for name in shown if name in expected] == expected


def test_a_download_is_the_same_file_in_every_language(visit: Opened, tmp_path: Path) -> None:
    """Also of a line beyond the markup, which the script makes."""
    given = as_report(crowd(8, 150))
    files = {}
    for locale in LOCALES:
        with speaking(locale):
            seen = visit(given).drawn()
        with seen.page.expect_download() as started:
            seen.page.click("#download")
        path = tmp_path / f"{locale}.csv"
        started.value.save_as(path)
        files[locale] = path.read_bytes()
    assert files["de"] == files["en"]
    assert files["zh"] == files["en"]
    lines = list(csv.DictReader(io.StringIO(files["de"].decode("utf-8-sig"), newline="")))
    found = summary.pending(given)
    assert [line["id"] for line in lines] == [one.id for one in found]
    assert len(found) > 300
    assert [line["effort"] for line in lines] == [one.effort for one in found]
    assert re.fullmatch(r"\d+ \w{3} \d{4}", lines[0]["first_seen"])


# --- charts ------------------------------------------------------------------------------------------------


def dear() -> AuditReport:
    """Days of some ten thousand dollars."""
    given = rich_sample.rich()
    assert given.finance
    trend = finance_sample.trend()
    days = [one.model_copy(update={"cost": one.cost * 40}) for one in trend.days]
    finance = given.finance.model_copy(
        update={"trends": [trend.model_copy(update={"days": days, "ahead": []})]}
    )
    return given.model_copy(update={"finance": finance})


@pytest.mark.parametrize(
    ("locale", "day", "amount"),
    [
        ("en", r"\d+ [A-Z][a-z]{2}(\d{4})?", r"\$\d+k|\$0"),
        ("de", r"\d+\.\d+\.", r"(\d{1,2}\.000|0)\xa0\$"),
        ("zh", r"\d+月\d+日", r"US\$(\d{1,2},000|0)"),
    ],
)
def test_axes_have_the_days_and_the_numbers_of_the_language(
    visit: Opened, locale: Locale, day: str, amount: str
) -> None:
    with speaking(locale):
        seen = visit(dear()).drawn()
    texts = "[...document.querySelectorAll('[data-chart=trend-usd] .%stick text')].map(e => e.textContent)"
    days, numbers = seen.ask(texts % "x"), seen.ask(texts % "y")
    assert len(days) > 2
    assert len(numbers) > 2
    assert [one for one in days if not re.fullmatch(day, one)] == []
    assert [one for one in numbers if not re.fullmatch(amount, one)] == []


def test_what_plotly_says_of_its_own_comes_from_the_catalogue(visit: Opened) -> None:
    with catalogue(None, of_scripts()):
        seen = visit(rich_sample.rich()).drawn()
    seen.page.locator("[data-chart=trend-usd] .legendtoggle").first.click()
    seen.until("document.querySelector('.notifier-note') !== null")
    assert "⟦Double-click on legend to isolate one trace⟧" in seen.text(".plotly-notifier")


# --- the look ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [390, 1280])
def test_long_words_make_nothing_scroll_sideways(visit: Opened, width: int) -> None:
    words = Long()
    with catalogue(words, {one: [words.gettext(one)] for one in of_scripts()}):
        seen = visit(rich_sample.rich(), viewport={"width": width, "height": 844}).drawn()
    assert "Kostenstellenverantwortlichkeit" in seen.text("#status")
    seen.ask("document.querySelectorAll('details').forEach(d => { d.open = true })")
    seen.page.wait_for_timeout(300)
    assert seen.ask("document.documentElement.scrollWidth") <= width
    cut = "[...document.querySelectorAll('button, .tile p, legend, summary, h1, h2')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    assert seen.ask(f"{cut}.filter(e => e.clientWidth).map(e => e.textContent)") == []


@pytest.mark.parametrize("locale", OTHERS)
def test_no_amount_is_broken_over_two_lines(visit: Opened, locale: Locale) -> None:
    with speaking(locale):
        seen = visit(rich_sample.rich(), viewport={"width": 1280, "height": 844}).drawn()
    lines = "[...document.querySelectorAll('.net')].filter(e => e.getClientRects().length > 1).map(e => e.textContent)"
    assert seen.page.locator(".decisions .net").count() > 5
    assert seen.ask(lines) == []


@pytest.mark.parametrize("locale", OTHERS)
def test_no_label_of_a_chart_is_cut_off_or_covered_on_a_phone(visit: Opened, locale: Locale) -> None:
    with speaking(locale):
        seen = visit(rich_sample.rich(), viewport={"width": 390, "height": 844}).drawn()
    seen.until(f"{OUTSIDE}.length === 0 && {OVERLAPPING}.length === 0")
    assert len(seen.page.locator(".annotation-text").all()) > 20


@pytest.mark.parametrize("locale", OTHERS)
def test_axe_finds_nothing_to_object_to_in_another_language(visit: Opened, locale: Locale) -> None:
    with speaking(locale):
        seen = visit(rich_sample.rich(), bypass_csp=True, viewport={"width": 1280, "height": 860}).drawn()
    seen.page.evaluate(AXE.read_text("utf-8"))
    for media, width in (("screen", 1280), ("screen", 390), ("print", 1280)):
        seen.page.emulate_media(media=media)
        seen.page.set_viewport_size({"width": width, "height": 844})
        seen.page.wait_for_timeout(300)
        assert seen.page.evaluate(JUDGED, RULES)["violations"] == []
        assert seen.ask("document.documentElement.scrollWidth") <= width


def test_a_chinese_page_asks_for_chinese_fonts_in_its_text_and_its_charts(visit: Opened) -> None:
    fonts: dict[Locale, Any] = {}
    for locale in LOCALES:
        with speaking(locale):
            seen = visit(rich_sample.rich()).drawn()
        fonts[locale] = seen.ask(
            "['body', '[data-chart] text'].map(s => getComputedStyle(document.querySelector(s)).fontFamily)"
        )
    assert all("Noto Sans CJK SC" in one and "PingFang SC" in one for one in fonts["zh"])
    assert fonts["de"] == fonts["en"]
    assert not any("CJK" in one for one in fonts["en"])
