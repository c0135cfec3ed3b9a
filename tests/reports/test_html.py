import ast
import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version

from finops.model import Decided, FootprintLine
from reports import html
from reports.html import charts, page, rows, sections
from reports.html.charts import palette
from tests.reports import rich_sample, sample
from tests.reports.build import at, cost, finding, report

ROOT = Path(__file__).parents[2]


class _Outline(HTMLParser):
    """Tags and attributes, and the content of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag if tag != "script" or not dict(attrs).get("type") else ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts.append(data)
            self.inside = ""

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def policy(text: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert found
    return found[1].replace("&#39;", "'")


def test_the_policy_allows_our_script_and_plotly_by_hash_and_nothing_else() -> None:
    text = html.render(sample.three_clouds())
    outline = _Outline(text)
    plotly = re.search(r'id="plotly">([^<]+)<', text)
    assert plotly
    assert len(outline.scripts) == 1
    scripts = [outline.scripts[0].encode(), gzip.decompress(base64.b64decode(plotly[1]))]
    hashes = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{script}'" for script in hashes)
    assert f"script-src {allowed};" in policy(text)
    assert policy(text).startswith("default-src 'none'; ")
    assert "unsafe-eval" not in policy(text)
    assert policy(text).count("unsafe-inline") == 1


def test_no_address_is_loaded() -> None:
    for name, attributes in _Outline(html.render(sample.partial())).tags:
        assert "src" not in attributes, name
        if name == "link":
            assert attributes["href"] == "data:,"


@pytest.mark.parametrize("name", ["hostile", "partial", "empty", "clean", "two_currencies", "three_clouds"])
def test_names_add_no_element_and_no_attribute(name: str) -> None:
    outline = _Outline(html.render(getattr(sample, name)()))
    assert {tag for tag, _ in outline.tags}.isdisjoint({"img", "svg", "iframe", "object", "form", "base"})
    assert not [a for _, attributes in outline.tags for a in attributes if a.startswith("on")]
    assert [outline.count(tag) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]


def test_no_character_of_the_page_turns_the_direction_or_moves_a_cursor() -> None:
    text = html.render(sample.hostile())
    assert {char for char in text if not char.isprintable()} == {"\n"}


def test_links_lead_to_the_web_or_into_the_page_only() -> None:
    sources = [
        "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "//evil.example", "book, p. 3",
        "https://example.com/a b", "https://example.com/ok",
    ]  # fmt: skip
    text = html.render(report([finding(1, "1.00", sources=sources)]))
    links = [attributes for tag, attributes in _Outline(text.partition("<template")[0]).tags if tag == "a"]
    assert [a["href"] for a in links if not (a["href"] or "").startswith("#")] == ["https://example.com/ok"]
    assert all(a["rel"] == "noopener noreferrer" for a in links if not (a["href"] or "").startswith("#"))
    assert "javascript:alert(1)</bdi>" in text


def test_the_page_ends_up_with_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from reports import html; from tests.reports import rich_sample, sample;"
        "print(hashlib.sha256(html.render(rich_sample.rich(sample.large(230))).encode()).hexdigest())"
    )
    seen = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=environment,
        )
        seen.add(done.stdout)
    assert seen == {
        hashlib.sha256(html.render(rich_sample.rich(sample.large(230))).encode()).hexdigest() + "\n"
    }


def test_the_bundle_in_the_page_is_of_the_plotly_that_makes_the_figures() -> None:
    shipped = re.search(r"plotly\.js \(finance - minified\) v(\d+\.\d+)\.", page.plotly_js())
    assert shipped
    assert get_plotlyjs_version().startswith(shipped[1] + "."), "renew reports/html/vendor"


def test_without_anything_to_draw_the_page_carries_no_plotly_and_stays_small() -> None:
    text = html.render(sample.empty())
    assert len(text) < 80_000
    assert 'id="plotly"' not in text


def test_five_thousand_findings_stay_below_one_and_a_half_megabytes_beside_plotly() -> None:
    text = html.render(sample.large(5000))
    assert len(text) - len(page._plotly()) < 1_500_000
    assert text.count('<tbody class="finding"') == page.IN_MARKUP + 1  # and the blank one


def test_findings_beyond_the_markup_are_in_the_data_block_whole() -> None:
    text = html.render(sample.large(203))
    block = re.search(r'id="rest">([^<]+)<', text)
    keys = re.search(r'data-keys="([^"]+)"', text)
    assert block
    assert keys
    names = json.loads(keys[1].replace("&#34;", '"').replace("&quot;", '"'))
    packed = json.loads(gzip.decompress(base64.b64decode(block[1])))
    assert [dict(zip(names, row, strict=True)) for row in packed] == rows.rows(sample.large(203))[200:]


def test_the_warning_stands_before_the_first_table() -> None:
    text = html.render(sample.partial())
    assert text.index('class="warning"') < text.index("<table")
    assert "access refused" in text[text.index('class="warning"') : text.index("<table")]
    assert 'class="warning"' not in html.render(sample.clean())


def test_an_alternative_is_marked_and_links_to_what_it_is_counted_in() -> None:
    found = next(row for row in rows.rows(sample.three_clouds()) if row["counted"])
    assert (found["net"], found["counted_id"]) == ("$0.00", "f00000000001")
    text = html.render(sample.three_clouds())
    assert '<a href="#f-f00000000001" data-jump="counted_id">' in text
    assert "The total does not count it again" in text


def test_the_mark_new_is_left_out_where_everything_is_new() -> None:
    everything = report([finding(1, "1.00", status="new"), finding(2, "1.00", status="new")])
    assert {row["new"] for row in rows.rows(everything)} == {""}
    assert {row["new"] for row in rows.rows(sample.three_clouds())} == {"", "new"}


def test_who_takes_care_of_a_finding_and_until_when_stands_in_its_detail_and_runs_nothing() -> None:
    said = Decided(
        decision="agreed", owner="<b>Ann</b>", due=date(2026, 11, 1), comment="<i>soon</i>", decided_at=at(2026, 10, 1)
    )  # fmt: skip
    text = html.render(report([finding(1, "2.00", decision=said), finding(2, "1.00")]))
    assert (
        "<li>Decided: agreed, on 1 Oct 2026</li><li>Owner: &lt;b&gt;Ann&lt;/b&gt;</li><li>Due: 1 Nov 2026, overdue</li>"
        "<li>Comment: &lt;i&gt;soon&lt;/i&gt;</li>"
    ) in text
    shown = [("hidden" in mark) for mark in re.findall('data-show="entrusted"([^>]*)>', text)]
    assert shown == [False, True, False], "of what is decided, of the other one, and the pattern for more"


def test_accounts_beyond_ten_are_one_bar_and_lose_nothing() -> None:
    accounts = [f"a{n}" for n in range(15)]
    findings = [finding(n, "1.00", account=account) for n, account in enumerate(accounts)]
    found = report(findings, [cost(account, "10.00") for account in accounts])
    chart = charts.by_account(found, "USD", several=False)
    assert chart is not None
    saved, spent = chart.figure["data"]
    assert len(saved["y"]) == 10
    assert (sum(saved["x"]), sum(spent["x"])) == (15.0, 150.0)
    assert len(chart.rows) == 15


def test_an_account_without_a_known_cost_has_no_bar_for_it() -> None:
    chart = charts.by_account(sample.three_clouds(), "USD", several=False)
    assert chart is not None
    assert chart.rows[-1] == ("gcp shop-dev-4711", "–", "$0.00", "–")
    assert chart.figure["data"][1]["x"][-1] is None


def test_emissions_that_nobody_knows_are_a_dash_in_the_table_behind_the_chart() -> None:
    given = sample.hostile()
    chart = charts.by_kind(given, "USD", several=False)
    assert chart is not None
    assert {row[3] for row in chart.rows} == {"–"}


def test_a_name_in_a_chart_is_no_markup() -> None:
    chart = charts.by_account(sample.hostile(), "USD", several=False)
    assert chart is not None
    texts = " ".join(a["text"] for a in chart.figure["layout"]["annotations"])
    assert "<img" not in texts
    assert "&lt;img" in texts


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bars_and_labels_stand_out_from_the_page(theme: str) -> None:
    assert min(_contrast(colour, charts.PAPER[theme]) for colour in charts.PALETTE[theme]) >= 4.3
    assert _contrast(charts.INK[theme], charts.PAPER[theme]) >= 7
    assert _contrast(palette.SOFT[theme], charts.PAPER[theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_every_text_colour_is_readable_on_every_paper_of_its_theme(theme: int) -> None:
    css = files("reports.html").joinpath("report.css").read_text("utf-8")
    block = re.findall(r":root \{([^}]+)\}", css)[theme]
    colours = {name: _long(colour) for name, colour in re.findall(r"--([\w-]+): (#\w+)", block)}
    for text in ("ink", "soft", "link", "save", "over", "warn"):
        for paper in ("paper", "panel"):
            assert _contrast(colours[text], colours[paper]) >= 4.5, (text, paper)
    assert min(_contrast(colours[text], colours["warn-paper"]) for text in ("ink", "warn", "link")) >= 4.5


def _long(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])


def test_reports_import_only_the_model_and_libraries() -> None:
    for path in sorted((ROOT / "reports").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [n for n in names if n.split(".")[0] in ("rules", "collectors")], path
            assert not [
                n for n in names if n.startswith("finops.") and n != "finops.history.answers"
                and n.split(".")[1] not in ("model", "night_model", "finance_model", "money", "instants", "errors", "readership", "spending")
            ], path  # fmt: skip


def test_what_the_estate_emits_is_a_table_that_adds_up_and_shows_what_has_no_figure() -> None:
    def line(service: str, kilograms: float | None, resources: int = 2) -> FootprintLine:
        fields = {name: None for name in FootprintLine.model_fields if name.startswith("emitted_")}
        return FootprintLine(
            cloud="aws", account="1", region="r", service=service, resources=resources,
            estimated=1 if kilograms else 0, not_estimated={"odd": 1},
            **{**fields, "emitted_kg": kilograms},
        )  # fmt: skip

    given = sample.clean()
    totals = given.totals.model_copy(update={"monthly_co2e_kg": 5.0})
    lines = [line("instance", 5.0), line("volume", None), line("public_ip", None, 40)]
    table = sections.footprint_table(given.model_copy(update={"totals": totals, "footprint": lines}))
    assert table is not None
    assert [(row[1], row[2], row[3], row[6]) for row in table.rows] == [
        ("server", "1", "1", "5.0 kg"),
        ("disk", "0", "2", "–"),
    ]
    assert (table.foot[0][2], table.foot[0][3], table.foot[0][6]) == ("1", "3", "5.0 kg")
    assert sections.footprint_table(given) is None
