"""For whom a report is put in order: another order and depth, the same numbers."""

import re

import pytest

from reports import html
from reports.audience import AUDIENCES, FOLDED, ORDER, Audience
from tests.reports import sample
from tests.reports.finance_sample import with_finance

REPORT = with_finance(sample.partial())


def sections(page: str) -> list[str]:
    return re.findall(r'<section id="([a-z]+)"', page)


def amounts(page: str) -> list[str]:
    """Every amount of the page's text, sorted."""
    body = re.sub(r"<(script|style|template)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    return sorted(re.findall(r"\$[\d,]+\.\d\d", body))


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_reader_gets_the_same_sections_in_an_order_of_their_own(audience: Audience) -> None:
    page = html.render(REPORT, audience)
    found = sections(page)
    assert found == [name for name in ORDER[audience] if name in found]
    assert sorted(found) == sorted(sections(html.render(REPORT)))
    assert set(
        re.findall(r'<details class="folded">\s*<summary>[^<]*</summary>\s*<section id="([a-z]+)"', page)
    ) == FOLDED[audience] & set(found)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_number_differs_between_readers(audience: Audience) -> None:
    assert amounts(html.render(REPORT, audience)) == amounts(html.render(REPORT))
    assert len(amounts(html.render(REPORT))) > 50


def test_engineering_begins_with_what_to_do_and_executives_have_it_folded_away() -> None:
    assert sections(html.render(REPORT, "engineering"))[0] == "todo"
    assert "todo" in FOLDED["executive"]


def test_every_order_names_every_section_once() -> None:
    for order in ORDER.values():
        assert sorted(order) == sorted(ORDER["finance"])
