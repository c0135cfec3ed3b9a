"""The table of findings in a real Chromium: what is filtered, netted anew, sorted, paged and downloaded."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from finops.model import AuditReport
from finops.money import shown
from finops.savings.renetting import renet
from reports import html, summary
from reports.html import facets
from tests.reports import sample
from tests.reports.browsing import BROWSER, Visit
from tests.reports.build import finding, report
from tests.reports.crowd import as_report, crowd

pytestmark = BROWSER
Opened = Callable[..., Visit]


def _net(given: AuditReport, ids: set[str], currency: str) -> Decimal:
    known = {one.id: one.currency for one in given.findings}
    nets = renet(given, ids).items()
    return sum((net for name, net in nets if net is not None and known[name] == currency), Decimal(0))


def _told(given: AuditReport, ids: set[str]) -> str:
    """What the status says of these together; the order of currencies is that of their first line."""
    first = [one.currency for one in given.findings if one.id in ids and one.net_monthly_savings is not None]
    return " and ".join(shown(_net(given, ids, code), code) for code in dict.fromkeys(first) if code)


def _amount(text: str) -> Decimal:
    return Decimal(text.replace("−", "-").translate(str.maketrans("", "", "$CN¥,")))


def _ids(seen: Visit) -> list[str]:
    return list(seen.ask("[...document.querySelectorAll('tbody.finding')].map(b => b.dataset.id)"))


def _download(seen: Visit, tmp_path: Path) -> list[dict[str, str]]:
    with seen.page.expect_download() as started:
        seen.page.click("#download")
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_filter_shows_what_an_audit_of_these_alone_would_say(visit: Opened, tmp_path: Path) -> None:
    given = as_report(crowd(7, 40))
    seen = visit(given).drawn()
    tag = facets.team_tag(given)
    mine = {
        one.id
        for one in summary.pending(given)
        if facets.team(one, tag) == "a" and one.risk in ("low", "high")
    }
    whole = {one.id for one in given.findings}
    seen.page.click("#filter > summary")
    seen.page.select_option("[data-facet=team]", "a")
    seen.page.check("[data-facet=risk] input[value=low]")
    seen.page.check("[data-facet=risk] input[value=high]")
    assert seen.text("#in-force") == "(2 in force)"
    assert _told(given, mine) != _told(given, whole)
    status = seen.text("#status")
    assert status.startswith(f"{len(mine)} of {len(summary.pending(given))}, together ")
    for currency in ("USD", "CNY"):
        assert shown(_net(given, mine, currency), currency) in status.split(", netted anew")[0]
        foot = f"tfoot tr[data-currency={currency}] [data-total=net]"
        assert seen.text(foot) == shown(_net(given, mine, currency), currency)
    lines = _download(seen, tmp_path)
    nets = renet(given, mine)
    assert {line["id"]: Decimal(line["net_monthly_savings"]) for line in lines} == nets
    assert set(_ids(seen)) <= mine
    assert seen.troubles == []


def test_a_finding_that_another_hides_counts_when_that_is_filtered_away(visit: Opened) -> None:
    given = as_report(crowd(7, 40))
    beaten = next(
        one for one in given.findings
        if one.superseded_by and (renet(given, {one.id})[one.id] or 0) > 100
    )  # fmt: skip
    seen = visit(given, fragment=f"#f?q={beaten.id}").drawn()
    assert _ids(seen) == [beaten.id]
    assert seen.page.locator(".counted >> visible=true").count() == 0
    assert seen.nets() == [shown(renet(given, {beaten.id})[beaten.id], beaten.currency)]
    assert "$0.00 in the whole report" in seen.text("#findings tbody").replace("CN¥", "$")
    seen.page.click("#clear")
    seen.page.fill("#search", "")
    seen.page.evaluate(f"location.hash = 'f-{beaten.id}'")
    seen.until(f"document.getElementById('f-{beaten.id}')?.querySelector('details').open === true")
    assert "Counted in" in seen.text(f"#f-{beaten.id}")
    assert seen.ask(f"document.querySelector('#f-{beaten.id} [data-jump]').getAttribute('href')") == (
        f"#f-{beaten.superseded_by}"
    )


def test_the_state_travels_by_the_address(visit: Opened) -> None:
    given = as_report(crowd(8, 150))
    first = visit(given).drawn()
    first.page.click("#filter > summary")
    first.page.select_option("[data-facet=account]", "111122223333")
    first.page.check("[data-facet=confidence] input[value=high]")
    first.page.check("[data-facet=confidence] input[value=low]")
    first.page.fill("#least", "12.5")
    first.page.click("#findings thead button >> text=Resource")
    first.page.click("#after")
    address = first.ask("location.hash")
    assert address == "#f?account=111122223333&confidence=low&confidence=high&min=12.5&sort=name&page=2"
    second = visit(given, fragment=address).drawn()
    for what in ("#status", "#page", "tfoot", "#in-force"):
        assert second.text(what) == first.text(what)
    assert _ids(second) == _ids(first)
    assert second.page.input_value("[data-facet=account]") == "111122223333"
    assert second.page.input_value("#least") == "12.5"
    assert second.page.locator("[aria-sort=ascending]").inner_text().startswith("Resource")
    second.page.evaluate("location.hash = '#f?q=nobody'")
    second.until("document.getElementById('status').textContent === 'Nothing matches.'")
    second.page.click("#clear")
    assert second.ask("location.hash") == ""
    assert second.text("#status").startswith(f"{len(summary.pending(given)):,} of ")


@pytest.mark.parametrize(
    "fragment", ["#f?page=0&size=7&sort=-nothing&min=x", "#f?%", "#f?=&&=", "#f?page=99999999999", "#f?__proto__=1"]
)  # fmt: skip
def test_an_address_that_says_nothing_shows_everything(visit: Opened, fragment: str) -> None:
    seen = visit(as_report(crowd(7, 40)), fragment=fragment).drawn()
    assert seen.text("#page").startswith("Page 1 of ")
    assert seen.page.locator("[aria-sort=descending]").inner_text().startswith("Saves a month")
    assert seen.troubles == []


def test_what_has_one_value_only_has_no_control(visit: Opened) -> None:
    seen = visit(report([finding(1, "1.00"), finding(2, "2.00", risk="high")])).drawn()
    assert seen.ask("[...document.querySelectorAll('[data-facet]')].map(e => e.dataset.facet)") == ["risk"]


def test_a_purchase_among_few_findings_keeps_its_size_and_says_so(visit: Opened) -> None:
    given = next(
        made for made in (as_report(crowd(seed)) for seed in range(50))
        if any(one.action == "buy" and one.net_monthly_savings for one in made.findings)
    )  # fmt: skip
    seen = visit(given, fragment="#f?action=buy").drawn()
    assert "What to buy keeps its size" in seen.text("#status")
    assert "What to buy" not in visit(given).drawn().text("#status")


def test_numbers_sort_as_numbers_also_those_netted_anew(visit: Opened) -> None:
    given = as_report(crowd(9, 60))
    seen = visit(given, fragment="#f?risk=low&size=100&sort=net").drawn()
    amounts = [_amount(text) for text in seen.nets()]
    assert len(amounts) > 20
    assert amounts == sorted(amounts)
    seen.page.click("#findings thead button >> text=Costs a month")
    costs = seen.page.locator("#findings tbody td:nth-child(4)").all_inner_texts()
    numbers = [_amount(text) for text in costs]
    assert numbers == sorted(numbers, reverse=True)


def test_a_download_of_hostile_names_runs_nothing_and_holds_all_pages(visit: Opened, tmp_path: Path) -> None:
    seen = visit(sample.hostile()).drawn()
    lines = _download(seen, tmp_path)
    assert len(lines) == len(sample.HOSTILE)
    starts = ("=", "+", "-", "@", "\t", "\r", "\n")
    assert not [text for line in lines for text in line.values() if text.startswith(starts)]
    assert any(line["resource_name"].startswith("'=HYPERLINK(") for line in lines)
    assert {len(line) for line in lines} == {22}
    assert seen.troubles == []
    many = visit(sample.large(430)).drawn()
    assert len(_download(many, tmp_path)) == 430


def test_a_hostile_name_can_be_filtered_for(visit: Opened) -> None:
    seen = visit(sample.hostile()).drawn()
    seen.page.click("#filter > summary")
    options = seen.page.locator("[data-facet=account] option").evaluate_all("all => all.map(o => o.value)")
    assert len(options) == len(sample.HOSTILE) + 1
    for place, value in enumerate(options[1:]):
        seen.page.select_option("[data-facet=account]", value)
        assert len(_ids(seen)) == 1
        if place % 4:
            continue  # a page for each of them would take a minute
        again = visit(sample.hostile(), fragment=seen.ask("location.hash")).drawn()
        assert _ids(again) == _ids(seen)
        assert again.troubles == []


@pytest.mark.thorough
def test_five_thousand_findings_are_few_nodes_and_filter_at_once(visit: Opened) -> None:
    given = as_report(crowd(5, 1700))
    text = html.render(given)
    assert len(given.findings) > 5000
    assert len(text) < 2_500_000
    seen = visit(given).drawn()
    seen.page.select_option("#size", "100")
    assert seen.ask("document.querySelectorAll('tbody.finding').length") == 100
    assert seen.ask("document.querySelectorAll('#todo *').length") < 10_000
    seen.page.wait_for_timeout(3000)  # what netting takes is prepared meanwhile
    spent = seen.ask(
        """() => { const box = document.querySelector('[data-facet=risk] input'); const begun = performance.now();
        box.checked = true; box.dispatchEvent(new Event('change', {bubbles: true})); return performance.now() - begun; }"""
    )
    mine = {one.id for one in summary.pending(given) if one.risk == "low"}
    assert shown(_net(given, mine, "USD"), "USD") in seen.text("#status")
    assert spent < 2000  # far more than it takes: other tests run beside it
    print(f"a filter of {len(given.findings)} findings took {spent:.0f} ms")


def test_a_report_of_an_older_version_counts_as_it_told(visit: Opened) -> None:
    seen = visit(sample.three_clouds(), fragment="#f?q=web-prod-1").drawn()
    assert seen.text("#status") == "2 of 14, together $1,104.33 net a month, as counted in the whole report"


def test_without_script_all_lines_are_there_and_no_control(visit: Opened) -> None:
    seen = visit(as_report(crowd(7, 20)), java_script_enabled=False)
    assert seen.page.locator("#findings tbody.finding").count() > 30
    assert seen.page.locator(".controls >> visible=true").count() == 0
    assert seen.page.locator(".copy >> visible=true").count() == 0


def test_a_link_to_a_finding_can_be_copied_and_followed(visit: Opened) -> None:
    given = sample.three_clouds()
    seen = visit(given, permissions=["clipboard-read", "clipboard-write"]).drawn()
    body = seen.page.locator("tbody.finding").nth(2)
    body.locator("summary").click()
    body.locator(".copy").click()
    seen.until("document.querySelectorAll('.copy')[2].textContent !== 'Copy the link'")
    name = body.get_attribute("data-id")
    assert body.locator("[data-jump=id]").get_attribute("href") == f"#f-{name}"
    told = body.locator(".copy").inner_text()
    assert told == "Copied" or seen.ask("location.hash") == f"#f-{name}"


def test_how_a_step_is_undone_stands_by_it(visit: Opened) -> None:
    seen = visit(
        report([finding(1, "2.00", remediation=["aws do it", "# undo, in a day: aws undo it"])])
    ).drawn()
    seen.ask("document.querySelector('.why details').open = true")
    assert seen.text("[data-list=commands]").strip() == "aws do it"
    assert seen.text("[data-list=undo]").strip() == "In a day: aws undo it"


# --- netting anew, to the cent ----------------------------------------------------------------------------

_RENET = """([data, nets, subsets]) => {
    const made = renetting.prepare(data, nets);
    return subsets.map(some => { const shown = new Set(some); return made.among(i => shown.has(i)); });
}"""


def _cases(seed: int, resources: int, most: int) -> tuple[Any, list[dict[str, Any]]]:
    """What the page's script is given, and what Python makes of it: cents and winners, by line."""
    given, random = as_report(crowd(seed, resources, most)), Random(seed)
    lines = summary.pending(given)
    everything = range(len(lines))
    subsets = [list(everything)]
    subsets += [sorted(random.sample(everything, random.randint(0, len(lines)))) for _ in range(11)]
    expected = []
    for some in subsets:
        nets = renet(given, {lines[at].id for at in some})
        expected.append([_cents(nets.get(line.id)) for line in lines])
    known = [_cents(line.net_monthly_savings) for line in lines]
    return [html.netting.netting(given), known, subsets], expected


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)


def test_the_browser_nets_anew_to_the_cent_as_python_does(browser: Any) -> None:
    page = browser.new_context().new_page()
    scripts = "".join(html.page._asset(name) for name in ("decimals.js", "choosing.js", "renetting.js"))
    page.add_script_tag(content=scripts)
    for seed in range(40):
        given, expected = _cases(seed, *((25, 6) if seed % 8 == 0 else (12, 4)))
        found = page.evaluate(_RENET, given)
        assert [one["nets"] for one in found] == expected, seed
    page.context.close()


def test_a_choice_that_is_a_hair_better_is_found(browser: Any) -> None:
    """Where the quick way to reckon cannot tell, the exact one does."""
    page = browser.new_context().new_page()
    page.add_script_tag(
        content="".join(map(html.page._asset, ("decimals.js", "choosing.js", "renetting.js")))
    )
    for better in (0, 1):
        costs = ["100.0000000000000000000000001" if at == better else "100" for at in range(2)]
        met = [[at, at, 1, 1, 2, 0, 10_000, [[1, costs[at], "0.5"]], [], [], None] for at in range(2)]
        data = {"met": met, "at": [0, 0], "places": [[90_000, None]], "floors": []}
        [found] = page.evaluate(_RENET, [data, [0, 0], [[0, 1]]])
        assert found["nets"][better] == 5000
        assert found["nets"][1 - better] == 0
    page.context.close()
