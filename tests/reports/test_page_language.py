"""The page in other languages: what it says of itself, what is left in English, and that names stay names."""

import base64
import gzip
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from finops.model import AuditReport
from reports import amounts, html, summary
from reports.html import facets, rows
from reports.html.telling import filled, lang_of
from reports.language import TAGS, Locale, speaking
from reports.plain import English, in_english
from tests.reports import rich_sample, sample, untranslated
from tests.reports.browsing import BROWSER, Visit
from tests.reports.build import finding, report

# What people and clouds named in the sample, and what is written the same in every language.
_DATA = re.compile(
    r"\b(aws/\d+/compute-savings-plan|培训-服务器|aws|gcp|alibaba|USD|EUR|finops|8f3c21d0"
    r"|Amazon (Web Services( EMEA SARL)?|EC2|RDS|S3)|Google Cloud|Alibaba Cloud"
    r"|(eu|us|ap|cn)-[a-z]+(-\d[a-z]?)?|eu-central-1|shop(-prod-4711|-dev-4711)?|web-prod-1|ml-lab-a100|orders-db-data"
    r"|orders?|data-\d+|before-upgrade|ranker-test|legal-hold|Legal|kept for the auditors|Everything|ECB|EUINGB26-1"
    r"|(vol|i|eipalloc)-[0-9a-z]+|arn:aws:savingsplans::\d+:savingsplan/0a1b"
    r"|compute savings plan, 1 year, \$2\.10 an hour)(?!\w)"
)
_WORD = re.compile(r"[^\W\d_]{3,}")


def _page(given: AuditReport, locale: Locale = "de") -> str:
    with speaking(locale):
        return html.render(given)


def _rest(page: str) -> list[dict[str, Any]]:
    """The lines that travel as data."""
    packed = re.search(r'id="rest">([^<]+)<', page)
    blank = re.search(r'<template id="blank" data-keys="([^"]+)"', page)
    assert packed
    assert blank
    keys = json.loads(blank[1].replace("&#34;", '"'))
    made = json.loads(gzip.decompress(base64.b64decode(packed[1])))
    return [dict(zip(keys, row, strict=True)) for row in made]


class _Elements(HTMLParser):
    """Tags with their attributes, and the texts within elements that say they are English."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, bool]] = []
        self.english: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in untranslated.VOID:
            self.open.append((tag, tag != "html" and dict(attrs).get("lang") == "en"))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(english for _, english in self.open):
            self.english.append(data)


@pytest.mark.parametrize("locale", ["en", "de", "zh"])
def test_the_page_says_which_language_it_is_in(locale: Locale) -> None:
    assert f'\n<html lang="{TAGS[locale]}">\n' in _page(sample.three_clouds(), locale)


def test_nothing_but_data_is_in_no_catalogue() -> None:
    with untranslated.bracketed():
        page = html.render(untranslated.sample())
    left = untranslated.of_page(page, names=True)
    assert [text for text in left if _WORD.search(_DATA.sub("", text))] == []


def test_a_page_for_engineers_in_brackets_is_told_in_the_same_messages() -> None:
    with untranslated.bracketed():
        pages = [
            html.render(untranslated.sample(), audience)
            for audience in ("finance", "engineering", "executive")
        ]
    first, *others = [sorted(untranslated.of_page(page, names=True)) for page in pages]
    assert all(other == first for other in others)


def test_amounts_of_a_german_page_are_german() -> None:
    given = sample.three_clouds()
    page = _page(given)
    foot = page.partition("<tfoot>\n<tr data-currency")[2].partition("</tfoot>")[0]
    totals = given.totals
    assert totals.net_monthly_savings is not None
    assert '<span class="net" data-total="net">3.462,78\N{NO-BREAK SPACE}$</span>' in foot
    assert "4.124,68\N{NO-BREAK SPACE}$" in foot
    assert "20.\N{NO-BREAK SPACE}Nov. 2026" in page or "20. Nov. 2026" in page
    with speaking("de"):
        assert amounts.money(totals.monthly_cost, "USD") in page
    english = [text for text in untranslated.texts(page, names=True) if re.search(r"\$\d", text)]
    assert [text for text in english if "$2.10 an hour" not in text] == []


def test_sentences_of_the_model_say_that_they_are_english() -> None:
    given = untranslated.sample()
    marked = _Elements(_page(given)).english
    assert given.finance
    assert given.night
    told = [
        given.findings[0].reason, given.findings[0].confidence_reasons[0], given.finance.notes[0],
        given.night.budgets[0].message, given.night.anomalies[0].message, summary.gaps(given)[0].reason,
    ]  # fmt: skip
    assert [text for text in told if text not in marked] == []


def test_an_english_page_marks_nothing_as_english() -> None:
    assert _Elements(_page(untranslated.sample(), "en")).english == []


def test_a_failed_reading_tells_its_error_in_english_beside_words_of_the_page() -> None:
    with untranslated.bracketed():
        page = html.render(sample.partial())
    assert '(<span lang="en">page 7 of 9 could not be read</span>)' in page
    assert "(page 7 of 9 could not be read)</bdi>" in _page(sample.partial(), "en")


@pytest.mark.parametrize("made", [rich_sample.hostile, sample.hostile])
@pytest.mark.parametrize("locale", ["de", "zh"])
def test_names_add_no_element_and_no_attribute_to_a_translated_page(
    made: Callable[[], AuditReport], locale: Locale
) -> None:
    found, plain = (_Elements(_page(made(), one)).found for one in (locale, "en"))
    assert {tag for tag, _ in found}.isdisjoint({"img", "b", "svg", "iframe", "object", "form", "base"})
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]
    assert {name for _, given in found for name in given} - {
        name for _, given in plain for name in given
    } <= {"data-csv"}


def test_a_name_in_a_message_with_markup_is_escaped_and_its_braces_stay() -> None:
    told = filled('<i> "{name}" {mark}', name=rich_sample.HOSTILE + "{mark}", mark=filled("&"))
    assert told.startswith('&lt;i&gt; "&lt;/script&gt;&lt;img src=x')
    assert told.endswith('{mark}" &amp;')


def test_only_a_text_of_the_model_on_a_page_of_another_language_is_marked() -> None:
    with speaking("de"):
        assert lang_of(in_english("a reason")) == ' lang="en"'
        assert lang_of(English("")) == lang_of("ein Grund") == ""
    assert lang_of(in_english("a reason")) == ""


def test_a_filter_has_the_same_keys_and_values_in_every_language_and_labels_of_its_own() -> None:
    given = sample.three_clouds()
    plain = facets.facets(given)
    with untranslated.bracketed():
        told = facets.facets(given)
        values = [row["facets"] for row in rows.rows(given)]
    assert [(one.key, one.boxes) for one in told] == [(one.key, one.boxes) for one in plain]
    assert [sorted(value for value, _ in one.options) for one in told] == [
        sorted(value for value, _ in one.options) for one in plain
    ]
    assert values == [row["facets"] for row in rows.rows(given)]
    assert {one.label for one in told} == {f"⟦{one.label}⟧" for one in plain}
    labels = {one.key: [text for _, text in one.options] for one in told}
    for key in ("rule", "class", "action", "confidence", "risk", "status"):
        assert all(untranslated.rest(text) == "" for text in labels.get(key, [])), key


def test_a_line_beyond_the_markup_has_the_parts_of_the_lines_in_it() -> None:
    given = _many()
    with untranslated.bracketed():
        page = html.render(given)
    [told] = [row for row in _rest(page) if row["id"] == "told"]
    assert told["undo"] == [["⟦It cannot be undone:⟧", "gone"], ["", "In time: back"]]
    assert (
        '<ul class="commands undo" data-list="undo"><li><span></span> <bdi lang="en"></bdi></li></ul>' in page
    )
    [plain] = [row for row in _rest(_page(given, "en")) if row["id"] == "told"]
    assert plain["undo"] == ["It cannot be undone: gone", "In time: back"]


def _many() -> AuditReport:
    """More findings than the markup holds; the last one, `told`, says how it is taken back."""
    commands = ["do", "# cannot be undone: gone", "# undo, in time: back"]
    last = finding(0, "0.10", id="told", remediation=commands)
    return report([*(finding(number, f"{number}.00") for number in range(1, 206)), last])


@pytest.mark.browser
@BROWSER[1]
def test_the_script_fills_a_line_of_a_translated_page_with_both_languages(
    visit: Callable[..., Visit],
) -> None:
    with untranslated.bracketed():
        seen = visit(_many(), fragment="#f-told").drawn()
    seen.until("document.getElementById('f-told')?.querySelector('details').open === true")
    undo = "document.querySelectorAll('#f-told [data-list=undo] li')"
    assert seen.ask(f"[...{undo}].map(li => li.textContent.trim())") == [
        "⟦It cannot be undone:⟧ gone",
        "In time: back",
    ]
    assert seen.ask(f"{undo}[0].querySelector('[lang=en]').textContent") == "gone"
    assert seen.ask("document.querySelector('#f-told [data-f=net]').textContent") == "0,10\N{NO-BREAK SPACE}$"
    assert seen.troubles == []
