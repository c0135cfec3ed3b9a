import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from finops.model import AuditReport
from finops.night_model import Night
from reports import markdown
from tests.finops.pipeline.delivery import nights
from tests.reports import sample
from tests.reports.build import at, finding, report
from tests.reports.finance_sample import with_finance

Dress = Callable[[AuditReport], AuditReport]
Render = Callable[[AuditReport], str]


@pytest.mark.parametrize("text", sample.HOSTILE)
def test_a_hostile_name_stays_in_its_cell(text: str) -> None:
    page = markdown.render(report([finding(1, "9.00", resource_name=text, resource_id=text, account=text)]))
    row = next(line for line in page.splitlines() if line.startswith("| $9.00"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_hostile_texts_call_nobody_and_link_nowhere() -> None:
    page = markdown.render(sample.hostile())
    assert "<" not in page.replace("\\<", "")
    outside_code = re.sub(r"`[^`\n]*`", "", page)
    for harm in ("@everyone", "<!channel>", "http://", "www.evil", "#1"):
        assert harm not in outside_code
    assert not re.search(r"(?<!\\)\]\(", outside_code)
    for span in re.findall(r"`([^`\n]*)`", page.replace("\\`", "")):
        assert not set("@<>#|") & set(span)


def test_escaped_text_shows_exactly_what_it_was() -> None:
    assert markdown.escaped("a_b*c[d]|e") == r"a\_b\*c\[d\]\|e"
    assert markdown.escaped("a & <b>") == "a &amp; &lt;b&gt;"


def test_a_comment_is_never_longer_than_github_allows() -> None:
    long = [finding(n, "9.00", reason="x" * 500, resource_name="|" * 3000) for n in range(2000)]
    page = markdown.render(report(long), rows=2000)
    assert len(page) <= markdown.LIMIT
    assert "more steps" in page


def test_coverage_comes_before_the_findings() -> None:
    page = markdown.render(sample.partial())
    assert page.index("Not everything was seen") < page.index("what to do")
    assert "access refused" in page


def test_an_alternative_is_not_listed_beside_what_it_is_counted_in() -> None:
    assert "run as spot" not in markdown.render(sample.three_clouds())


def test_an_empty_report_is_a_sentence() -> None:
    assert "Nothing has been looked at yet" in markdown.render(sample.empty())


SAMPLES = ("three_clouds", "partial", "two_currencies", "hostile", "secret", "empty", "clean")


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("dress", [lambda given: given, with_finance], ids=["plain", "with_finance"])
def test_a_chat_gets_at_most_fifteen_lines_that_fit_a_section_of_slack(name: str, dress: Dress) -> None:
    text = markdown.render_brief(dress(getattr(sample, name)()))
    assert len(text.splitlines()) <= markdown.CHAT_LINES
    assert len(text) <= markdown.CHAT_LIMIT


@pytest.mark.parametrize("render", [markdown.render, markdown.render_brief])
def test_forecast_budget_change_bill_and_tie_are_told_where_they_are_known(render: Render) -> None:
    text = render(with_finance(sample.partial()))
    for told in (
        "November forecast: **$17,200** · $16,800–$17,700",
        "**▲ $200 (1.2%) over budget**",
        "Against same days of October: **+$1,000** · ▲ 10% on $10,000",
        "Saving available: **$3,463**",
        "Saving seen on the bill: **$1,010**",
        "October 2026 ties to its invoices: $16,500.00",
        "$1,104.33",
    ):
        assert told in text
    bare = render(sample.partial())
    assert "forecast" not in bare
    assert "on the bill" not in bare
    assert "invoices" not in bare


def test_a_chat_lists_the_largest_decisions_and_counts_the_rest_to_the_cent() -> None:
    given = sample.three_clouds()
    text = markdown.render_brief(given)
    listed = re.findall(r"\*\*\$([\d,.]+) a month\*\*", text)
    rest = re.search(r"4 more decisions: \$([\d,.]+) a month", text)
    assert rest
    cents = [Decimal(one.replace(",", "")) for one in (*listed, rest[1])]
    assert len(cents) == 5
    assert sum(cents) == given.totals.net_monthly_savings


def test_a_chat_says_what_was_not_seen_and_which_anomalies_go_on() -> None:
    night = Night(
        run_id="0a1b2c3d",
        command="nightly",
        started_at=at(2026, 11, 20),
        anomalies=[nights.anomaly(n, message=f"Cost {n} left its limits.") for n in range(1, 5)],
    )
    text = markdown.render_brief(sample.partial().model_copy(update={"night": night}))
    assert "87.1% of the spend judged, 5 of 14 sources not read whole" in text
    assert "⚠ Not everything was seen" in text
    assert "rise, open a1: Cost 1 left its limits." in text
    assert "3 more anomalies open" in text
    assert "Cost 2" not in text


def test_an_invoice_that_does_not_tie_is_told_by_how_much() -> None:
    given = with_finance(sample.three_clouds())
    assert given.finance
    tied = given.finance.tie_out[0].model_copy(
        update={"residual": Decimal("-3.10"), "not_invoiced": Decimal("20.00"), "difference": Decimal("1.25")}
    )
    off = given.model_copy(update={"finance": given.finance.model_copy(update={"tie_out": [tied]})})
    assert (
        "October 2026: $16,500.00 billed, $20.00 without an invoice, −$3.10 unexplained, "
        "$1.25 off the total that came with the bill"
    ) in markdown.render_brief(off)


def test_names_do_nothing_in_a_chat_and_a_flood_of_them_costs_lines_not_the_limit() -> None:
    text = markdown.render_brief(sample.hostile())
    outside_code = re.sub(r"`[^`\n]*`", "", text)
    for harm in ("<", "@everyone", "<!channel>", "http://", "www.evil", "#1"):
        assert harm not in outside_code
    flood = [
        finding(n, f"{n}.00", rule=f"own-{n}", resource_name="&" * 500, tags={"owner": "&" * 99})
        for n in range(1, 9)
    ]
    short = markdown.render_brief(report(flood))
    assert len(short) <= markdown.CHAT_LIMIT
    assert "and more, in the report" in short
    assert "Saving available" in short
