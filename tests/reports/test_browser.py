"""The page in a real Chromium: what only a browser can tell."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from finops.model import AuditReport
from reports import html
from reports.html import page as html_page
from reports.html.charts import palette
from tests.reports import rich_sample, sample
from tests.reports.browsing import BROWSER, Visit
from tests.reports.build import finding

# The colours of everything that is drawn; the labels that reach out of their drawing; those that touch their amount.
COLOURS = """[...new Set([...document.querySelectorAll('[data-chart] path, [data-chart] text')]
    .flatMap(e => [getComputedStyle(e).fill, getComputedStyle(e).stroke]))]"""
OUTSIDE = """[...document.querySelectorAll('[data-chart]')].flatMap(chart => {
    const frame = chart.getBoundingClientRect();
    return [...chart.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()])
        .filter(([_, box]) => box.width && (box.left < frame.left - 1 || box.right > frame.right + 1))
        .map(([text, box]) => [chart.dataset.chart, text, box.left, box.right, frame.right]);
})"""
OVERLAPPING = """[...document.querySelectorAll('[data-chart]')].flatMap(chart => {
    const texts = [...chart.querySelectorAll('.annotation-text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    return texts.slice(1).map(([text, box], i) => [texts[i], [text, box]])
        .filter(([[_, a], [__, b]]) => Math.abs(a.top - b.top) < 8 && a.right > b.left && b.right > a.left)
        .map(([[one], [other]]) => [chart.dataset.chart, one, other]);
})"""
pytestmark = BROWSER


@pytest.mark.parametrize("name", ["hostile", "partial", "two_currencies", "clean"])
def test_the_page_draws_without_a_complaint_a_dialog_or_a_request(
    visit: Callable[..., Visit], name: str
) -> None:
    seen = visit(getattr(sample, name)()).drawn()
    assert seen.troubles == []
    assert len(seen.requests) == 1


def test_an_empty_page_does_nothing_wrong(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.empty())
    seen.page.wait_for_load_state("load")
    assert seen.troubles == []
    assert "Nothing has been looked at yet" in seen.text("main")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_chart_is_drawn_as_asked_in_both_themes(visit: Callable[..., Visit], theme: str) -> None:
    seen = visit(rich_sample.rich(), color_scheme=theme).drawn()
    asked = json.loads(seen.ask("document.getElementById('figures').textContent"))["figures"]
    drawn = dict(
        seen.ask(
            "[...document.querySelectorAll('[data-chart]')].map(c => [c.dataset.chart, c._fullData.map(t => t.type)])"
        )
    )
    assert drawn == {name: [trace["type"] for trace in figure["data"]] for name, figure in asked.items()}
    assert len(drawn) == 9
    assert {kind for kinds in drawn.values() for kind in kinds} == {"bar", "scatter", "waterfall"}
    used = set(seen.ask(COLOURS))
    other = palette.PALETTE["dark" if theme == "light" else "light"]
    assert used & {_rgb(colour) for colour in palette.PALETTE[theme]}
    assert not used & {_rgb(colour) for colour in other}
    assert seen.troubles == []


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_on_a_phone_no_label_of_a_chart_is_cut_off_or_covered_by_its_amount(
    visit: Callable[..., Visit],
) -> None:
    seen = visit(rich_sample.hostile(), viewport={"width": 1280, "height": 844}).drawn()
    seen.page.set_viewport_size({"width": 390, "height": 844})
    seen.until(f"{OUTSIDE}.length === 0 && {OVERLAPPING}.length === 0")
    assert seen.ask(OUTSIDE) == []
    labels = seen.page.locator(".annotation-text").all_text_contents()
    assert "</script><i…" in [label[:11] + label[-1] for label in labels if label.startswith("</script>")]
    assert not [label for label in labels if "&" in label]
    assert seen.ask(OVERLAPPING) == []
    assert seen.ask("document.documentElement.scrollWidth") <= 390
    assert seen.troubles == []


@pytest.mark.parametrize(("width", "height"), [(1280, 860), (390, 844)])
def test_sentence_numbers_and_warning_come_before_any_table(
    visit: Callable[..., Visit], width: int, height: int
) -> None:
    seen = visit(rich_sample.rich(), viewport={"width": width, "height": height})
    tops = seen.ask(
        "['.headline', '.tiles', '.warning', '#decisions', 'nav']"
        ".map(s => document.querySelector(s).getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)
    assert tops[1] < height * 0.6
    assert width < 1000 or tops[3] < height * 0.75


def test_a_decision_leads_to_its_findings_which_sum_up_to_it(visit: Callable[..., Visit]) -> None:
    seen = visit(rich_sample.rich()).drawn()
    row = seen.page.locator(".decisions tbody tr", has_text="Delete 3 disks attached to nothing")
    assert row.locator(".net").inner_text() == "$236.02"
    row.locator("a").click()
    seen.until("document.getElementById('status').textContent.startsWith('3 of 14, together $236.02')")
    seen.until("document.getElementById('todo').getBoundingClientRect().top < innerHeight / 2")
    assert seen.troubles == []


def test_no_cell_of_the_decisions_runs_into_the_next(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.two_currencies(), viewport={"width": 1280, "height": 860})
    wide = "[...document.querySelectorAll('.decisions td, .decisions th')].filter(c => c.scrollWidth > c.clientWidth)"
    assert seen.ask(wide + ".map(c => c.textContent)") == []


def test_every_trace_has_the_type_that_was_asked_for(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.partial()).drawn()
    drawn = seen.ask("[...document.querySelectorAll('[data-chart]')].map(c => c._fullData.map(t => t.type))")
    assert drawn == [["bar"], ["bar", "bar"]]
    assert seen.ask("document.querySelectorAll('[data-chart] .bars .point path').length") == 8 + 2 * 5
    assert seen.ask("[...document.querySelectorAll('.same')].map(d => d.open)") == [False, False]


def test_the_charts_follow_the_theme(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.partial(), color_scheme="dark").drawn()
    colour = "getComputedStyle(document.querySelector('[data-chart] .bars .point path')).fill"
    assert seen.ask(colour) == "rgb(92, 201, 167)"
    assert seen.ask("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 27)"
    seen.page.emulate_media(color_scheme="light")
    seen.until(colour + " === 'rgb(0, 121, 90)'")
    assert seen.troubles == []


def test_text_and_tables_are_there_before_the_charts(visit: Callable[..., Visit]) -> None:
    stuck = "window.DecompressionStream = function () { return new TransformStream({ transform() {} }); }"
    seen = visit(sample.partial(), init=stuck)
    assert seen.ask("document.documentElement.classList.contains('drawn')") is False
    assert "$3,463" in seen.text(".tiles")
    assert len(seen.nets()) == 14


def test_a_browser_that_cannot_unpack_keeps_the_tables(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.large(230), init="delete window.DecompressionStream")
    assert seen.ask("[...document.querySelectorAll('.same')].map(d => d.open)") == [True, True]
    assert seen.ask("[...document.querySelectorAll('[data-chart]')].map(c => c.hidden)") == [True, True]
    assert "The other 30" in seen.text("#beyond")
    assert seen.troubles == []


def test_a_changed_plotly_is_refused_and_the_tables_come_back(browser: Any, folder: Path) -> None:
    changed = html_page._packed("window.Plotly = 1; alert(1)")
    path = folder / "changed.html"
    path.write_text(html.render(sample.partial()).replace(html_page._plotly(), changed), "utf-8")
    seen = Visit(browser, path)
    seen.until("[...document.querySelectorAll('.same')].every(d => d.open)")
    assert "dialog" not in seen.troubles
    assert any("Content Security Policy" in trouble for trouble in seen.troubles)


def test_without_script_the_page_is_whole(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.partial(), java_script_enabled=False)
    assert "$3,463" in seen.text(".headline")
    assert "$47,539" in seen.text(".tiles")
    assert "access refused" in seen.text(".warning")
    assert seen.page.locator("#findings tbody.finding").count() == 14
    assert "$1,104.33" in seen.text("#findings")
    assert seen.page.locator(".same td >> visible=true").count() > 10
    assert seen.page.locator(".controls >> visible=true").count() == 0
    assert seen.page.locator("#findings thead button").count() == 0


@pytest.mark.parametrize("name", ["hostile", "partial", "two_currencies", "empty"])
def test_nothing_makes_the_page_scroll_sideways(visit: Callable[..., Visit], name: str) -> None:
    seen = visit(getattr(sample, name)(), viewport={"width": 1280, "height": 844})
    if name != "empty":
        seen.drawn()
    seen.ask("document.querySelectorAll('.why details').forEach(d => { d.open = true })")
    for width in (1280, 1024, 768, 390, 320):
        seen.page.set_viewport_size({"width": width, "height": 844})
        seen.page.wait_for_timeout(100)
        assert seen.ask("document.documentElement.scrollWidth") <= width, width


def test_a_column_sorts_both_ways_and_says_so(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.three_clouds())
    assert seen.nets()[0] == "$1,104.33"
    button = seen.page.locator("#findings thead button", has_text="Saves a month")
    button.click()
    assert seen.page.locator("[aria-sort]").get_attribute("aria-sort") == "ascending"
    assert seen.nets()[:3] == ["$0.00", "$0.20", "$0.73"]
    assert seen.nets()[-1] == "–"
    button.click()
    assert seen.page.locator("[aria-sort]").get_attribute("aria-sort") == "descending"
    assert seen.nets()[0] == "$1,104.33"
    seen.page.locator("#findings thead button", has_text="Resource").click()
    names = seen.page.locator("#findings tbody .name").all_inner_texts()
    assert names == sorted(names, key=str.casefold)


def test_a_search_filters_and_tells_count_and_sum(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.three_clouds())
    seen.page.fill("#search", "nothing is called so")
    assert seen.text("#status") == "Nothing matches."
    seen.page.fill("#search", "before-upgrade")
    assert seen.text("#status") == "1 of 14, together $31.20 net a month, as counted in the whole report"
    seen.page.fill("#search", "")
    assert seen.text("#status") == "14 of 14, together $3,462.78 net a month"


def test_pages_hold_all_findings_also_those_beyond_the_markup(visit: Callable[..., Visit]) -> None:
    given = sample.large(430)
    seen = visit(given).drawn()
    assert seen.text("#page") == "Page 1 of 18"
    assert len(seen.nets()) == 25
    seen.page.select_option("#size", "100")
    for _ in range(4):
        seen.page.click("#after")
    assert seen.text("#page") == "Page 5 of 5"
    assert len(seen.nets()) == 30
    assert seen.page.locator("#after").is_disabled()
    assert "430 of 430" in seen.text("#status")
    assert seen.troubles == []


def test_a_row_made_by_the_script_is_the_row_jinja_would_have_made(visit: Callable[..., Visit]) -> None:
    texts = "[...document.querySelectorAll('tbody.finding')].map(b => b.innerText.replaceAll(/\\s+/g, ' '))"
    links = "[...document.querySelectorAll('tbody.finding .detail a')].map(a => a.getAttribute('href'))"
    by_jinja = visit(sample.hostile()).drawn()
    by_script = visit(_behind(sample.hostile(), 200)).drawn()
    by_script.page.select_option("#size", "100")
    by_script.page.click("#after")
    by_script.page.click("#after")
    assert by_script.ask(texts) == by_jinja.ask(texts)
    assert by_script.ask(links) == by_jinja.ask(links)
    assert by_script.troubles == []


def _behind(given: AuditReport, more: int) -> AuditReport:
    """The findings after as many larger ones, so that they lie beyond the markup."""
    larger = [finding(1000 + number, "1000.00") for number in range(more)]
    return given.model_copy(update={"findings": [*larger, *given.findings]})


def test_an_address_with_a_finding_opens_it_on_its_page(visit: Callable[..., Visit]) -> None:
    given = sample.large(230)
    last = given.findings[-1].id
    seen = visit(given, fragment=f"#f-{last}").drawn()
    assert seen.text("#page") == "Page 10 of 10"
    assert seen.ask(f"document.getElementById('f-{last}').querySelector('details').open") is True


def test_paper_is_light_complete_and_repeats_the_header_but_not_the_total(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    seen = visit(sample.large(60), color_scheme="dark").drawn()
    seen.page.emulate_media(media="print")
    assert seen.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        seen.ask("getComputedStyle(document.querySelector('#findings tfoot')).display") == "table-row-group"
    )
    assert (
        seen.ask("getComputedStyle(document.querySelector('#findings thead')).display")
        == "table-header-group"
    )
    assert seen.page.locator("#findings thead button >> visible=true").count() == 0
    assert seen.page.locator("#findings thead span >> visible=true").count() == 8
    seen.ask("dispatchEvent(new Event('beforeprint'))")
    assert len(seen.nets()) == 50  # of 60, and it says so
    assert seen.page.locator(".paper").is_visible()
    assert seen.page.locator(".detail >> visible=true").count() == 0
    seen.page.pdf(path=str(tmp_path / "page.pdf"), prefer_css_page_size=True)
    assert (tmp_path / "page.pdf").stat().st_size > 10_000


def test_the_first_screen_is_the_first_page_on_paper(visit: Callable[..., Visit]) -> None:
    a4 = {"width": 1032, "height": 703}  # landscape within its margins
    seen = visit(rich_sample.rich(), viewport=a4, java_script_enabled=False)
    seen.page.emulate_media(media="print")
    assert seen.page.locator(".decisions tfoot .whole").bounding_box()["y"] < a4["height"] - 20
    assert seen.page.locator("main > section").first.evaluate("s => getComputedStyle(s).breakAfter") == "page"


def test_closed_details_are_readable_on_paper(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.three_clouds(), java_script_enabled=False)
    assert seen.page.locator(".detail").first.is_visible() is False
    seen.page.emulate_media(media="print")
    assert seen.page.locator(".detail").first.is_visible() is True


def test_the_page_can_be_used_by_keyboard_and_read_aloud(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.partial()).drawn()
    seen.page.keyboard.press("Tab")
    assert seen.ask("document.activeElement.textContent") == "Skip to the report"
    assert seen.ask("document.documentElement.lang") == "en"
    unnamed = """[...document.querySelectorAll('input, select, button, [role=img], [role=region]')]
        .filter(e => !(e.labels?.length || e.textContent.trim() || e.ariaLabel
                       || e.getAttribute('aria-labelledby'))).length"""
    assert seen.ask(unnamed) == 0
    assert seen.ask("[...document.querySelectorAll('table')].every(t => t.caption && t.tHead)")
    levels = seen.ask("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert all(after - before <= 1 for before, after in pairwise(levels))
    small = """[...document.querySelectorAll('button, input, select, summary')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"""
    assert seen.ask(small) == []


def test_figures_in_the_page_are_plain_data(visit: Callable[..., Visit]) -> None:
    seen = visit(sample.hostile())
    figures = json.loads(seen.ask("document.getElementById('figures').textContent"))
    assert set(figures) == {"figures", "template", "dark"}
    assert set(figures["dark"]).isdisjoint(figures["dark"].values())
    assert len(figures["figures"]) == 2
