"""The page for everybody: judged by axe in light, dark, on a phone and on paper, walked through by keyboard, enlarged.

Screenshots for review are written into $SCREENSHOTS, where that is set.
"""

import json
import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from finops.model import AuditReport
from reports import html
from tests.reports import rich_sample, sample
from tests.reports.browsing import BROWSER, Visit
from tests.reports.finance_sample import with_finance

pytestmark = BROWSER
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
JUDGED = """tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(found => ({
    passed: found.passes.length,
    violations: found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')}`)),
}))"""
# Every way of looking at a page: what the medium is, how wide, and in which colours.
LOOKS = {
    "light": ("screen", 1280, "light"),
    "dark": ("screen", 1280, "dark"),
    "phone": ("screen", 390, "light"),
    "print": ("print", 1280, "light"),
}
SAMPLES: dict[str, Callable[[], AuditReport]] = {
    "three_clouds": lambda: with_finance(sample.three_clouds()),
    "partial": rich_sample.rich,
    "hostile": lambda: rich_sample.rich(sample.hostile()),
    "empty": sample.empty,
}


class Judge:
    """A page that axe may look at: the policy of the page would refuse it, as it should."""

    def __init__(self, browser: Any, path: Path, name: str) -> None:
        path.write_text(html.render(SAMPLES[name]()), "utf-8")
        self.name = name
        self.visit = Visit(browser, path, bypass_csp=True, viewport={"width": 1280, "height": 860})
        if name != "empty":
            self.visit.drawn()
        self.page = self.visit.page
        self.page.evaluate(AXE.read_text("utf-8"))

    def look(self, look: str) -> None:
        media, width, colours = LOOKS[look]
        self.page.emulate_media(media=media, color_scheme=colours)
        self.page.set_viewport_size({"width": width, "height": 844})
        self.page.wait_for_timeout(300)  # charts are drawn anew

    def judged(self) -> Any:
        return self.page.evaluate(JUDGED, RULES)


# One report in all looks, and one with nothing in it, in every run; the rest takes a minute.
_ALWAYS = ("three_clouds", "empty")


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=() if name in _ALWAYS else pytest.mark.thorough) for name in SAMPLES],
)
def judge(request: pytest.FixtureRequest, browser: Any, folder: Path) -> Iterator[Judge]:
    made = Judge(browser, folder / f"{request.param}.html", request.param)
    yield made
    made.page.context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_to_object_to(judge: Judge, look: str) -> None:
    judge.look(look)
    found = judge.judged()
    assert found["violations"] == []
    assert found["passed"] > 10
    assert judge.page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look][1]
    kept = os.environ.get("SCREENSHOTS")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        judge.page.screenshot(path=str(Path(kept, f"{judge.name}-{look}.png")), full_page=True)
    assert judge.visit.troubles == []
    assert len(judge.visit.requests) == 1


def test_axe_objects_where_there_is_something_to_object_to(browser: Any, folder: Path) -> None:
    """That nothing is found must not mean that nothing was looked at."""
    path = folder / "bad.html"
    path.write_text(
        '<!doctype html><title>x</title><img src="data:,"><p style="color:#ccc">pale</p>', "utf-8"
    )
    seen = Visit(browser, path, bypass_csp=True)
    seen.page.evaluate(AXE.read_text("utf-8"))
    rules = {one.partition(":")[0] for one in seen.page.evaluate(JUDGED, RULES)["violations"]}
    seen.page.context.close()
    assert {"image-alt", "color-contrast", "html-has-lang"} <= rules


# --- by keyboard ---------------------------------------------------------------------------------------------

# What has the focus, and whether one can see that: an outline of some width that is not transparent.
FOCUSED = """() => {
    const e = document.activeElement, style = getComputedStyle(e);
    const width = parseFloat(style.outlineWidth), box = e.getBoundingClientRect();
    return {
        end: e === document.body,
        what: e.id || e.className || e.tagName.toLowerCase(),
        inside: ['nav', 'thead', '.controls', '.pager', '#decisions', 'tbody.finding', '.scroll']
            .filter(s => e.closest(s)),
        text: (e.textContent || '').trim().slice(0, 40),
        outlined: style.outlineStyle !== 'none' && width >= 2 && !/, 0\\)$/.test(style.outlineColor),
        colour: style.outlineColor,
        shown: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
    };
}"""


@pytest.fixture(scope="module")
def walk(browser: Any, folder: Path) -> Iterator[list[dict[str, Any]]]:
    """Every place that Tab reaches, in order."""
    path = folder / "walk.html"
    path.write_text(html.render(rich_sample.rich(sample.large(60))), "utf-8")
    quiet = {"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce"}  # else it still scrolls
    seen = Visit(browser, path, **quiet).drawn()
    # One finding is enough of the table's lines: the others are the same.
    seen.ask("document.querySelectorAll('tbody.finding ~ tbody.finding').forEach(e => { e.inert = true })")
    places = []
    for _ in range(250):
        seen.page.keyboard.press("Tab")
        place = seen.ask(FOCUSED)
        if place["end"]:
            break
        places.append(place)
    assert seen.troubles == []
    yield places
    seen.page.context.close()


def test_tab_reaches_everything_in_the_order_of_reading_and_the_end(walk: list[dict[str, Any]]) -> None:
    assert walk[0]["text"] == "Skip to the report"
    assert 20 < len(walk) < 250
    first = {part: next((n for n, one in enumerate(walk) if part in one["inside"]), -1) for part in (
        "#decisions", "nav", ".controls", "thead", "tbody.finding", ".pager"
    )}  # fmt: skip
    assert -1 not in first.values(), first
    assert all(before < after for before, after in pairwise(first.values())), first
    reached = {one["what"] for one in walk}
    assert {"search", "after", "size"} <= reached


def test_every_column_of_findings_can_be_sorted_by_keyboard(walk: list[dict[str, Any]]) -> None:
    buttons = [one["text"] for one in walk if "thead" in one["inside"]]
    assert buttons == [
        "What to do", "Resource", "Account", "Costs a month", "Saves a month", "How sure", "Risk and effort", "CO₂e saved",
    ]  # fmt: skip


def test_one_always_sees_where_the_focus_is(walk: list[dict[str, Any]]) -> None:
    assert [one for one in walk if not (one["outlined"] and one["shown"])] == []


def test_enter_sorts_opens_and_turns_the_page(browser: Any, folder: Path) -> None:
    path = folder / "pressed.html"
    path.write_text(html.render(sample.large(60)), "utf-8")
    seen = Visit(browser, path).drawn()
    press = seen.page.keyboard.press
    seen.page.focus("#findings thead button")
    press("Enter")
    assert seen.page.locator("#findings [aria-sort]").count() == 1
    seen.page.focus("tbody.finding summary")
    press("Enter")
    assert seen.ask("document.querySelector('tbody.finding details').open") is True
    before = seen.text("#page")
    seen.page.focus("#after")
    press("Enter")
    assert seen.text("#page") != before
    seen.page.context.close()


def test_the_skip_link_leads_past_the_head(browser: Any, folder: Path) -> None:
    path = folder / "skip.html"
    path.write_text(html.render(sample.three_clouds()), "utf-8")
    seen = Visit(browser, path)
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")
    assert seen.ask("location.hash") == "#main"
    seen.page.keyboard.press("Tab")
    assert seen.ask("document.querySelector('main').contains(document.activeElement)")
    seen.page.context.close()


# --- enlarged ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [2, 4])
def test_enlarged_the_page_keeps_its_words_and_needs_no_scrolling_sideways(
    browser: Any, folder: Path, times: int
) -> None:
    """A browser that enlarges a window of 1280 has a window of that much less, in larger pixels."""
    path = folder / "enlarged.html"
    path.write_text(html.render(rich_sample.rich()), "utf-8")
    size = {"width": 1280 // times, "height": 1024 // times}
    seen = Visit(browser, path, viewport=size, device_scale_factor=times).drawn()
    assert seen.ask("document.documentElement.scrollWidth") <= size["width"]
    for words in ("November is heading for", "$3,463", "Decisions asked for", "$1,104.33"):
        assert words in seen.text("main")
    cut = """[...document.querySelectorAll('.tile, .headline, .warning, .decisions tbody > tr > *')]
        .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.trim().slice(0, 60))"""
    assert seen.ask(cut) == []
    assert seen.troubles == []
    seen.page.context.close()


def test_without_script_everything_that_counts_can_be_read(browser: Any, folder: Path) -> None:
    path = folder / "plain.html"
    path.write_text(html.render(rich_sample.rich()), "utf-8")
    seen = Visit(browser, path, java_script_enabled=False, viewport={"width": 390, "height": 844})
    words = seen.text("body")
    for told in (
        "November is heading for",
        "▲ $1,320 (8%) over budget",
        "Not everything was seen",
        "$3,462.78",
        "$1,104.33",
    ):
        assert told in words
    figures = json.loads(str(seen.page.locator("#figures").text_content()))["figures"]
    tables = seen.page.locator("figure .same table >> visible=true").count()
    assert tables == len(figures) == seen.page.locator("figure").count()
    assert seen.troubles == []
    seen.page.context.close()
