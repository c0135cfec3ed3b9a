"""The charts: what is drawn is what the table behind it says, and adds up."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from gettext import NullTranslations
from typing import Any
from unittest import mock

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from finops.finance_model import Bridge, Trend
from finops.history.answers import Amounts
from finops.model import AuditReport
from reports import language
from reports.html import charts
from reports.html.charts.bridge import STEPS, bridge_chart
from reports.html.charts.carbon import carbon_chart
from reports.html.charts.chart import CONTENT
from reports.html.charts.commitments import commitment_chart
from reports.html.charts.palette import dark_colours
from reports.html.charts.saved import saved_chart
from reports.html.charts.savings import by_kind
from reports.html.charts.spenders import spender_chart
from reports.html.charts.trend import trend_chart
from reports.language import Locale, speaking
from reports.plain import English
from tests.reports import finance_sample, rich_sample, sample
from tests.reports.build import finding, report
from tests.reports.untranslated import bracketed, rest

MONEY = st.decimals(min_value=-90_000, max_value=90_000, places=2)


def amount(shown: str) -> Decimal:
    """The number in '▼ −$1,200.50'."""
    return Decimal(re.sub(r"[^\d.-]", "", shown.replace("−", "-")))


def test_a_report_that_has_everything_draws_every_chart_once() -> None:
    assert [chart.id for chart in charts.charts(rich_sample.rich())] == [
        "bridge-usd", "change-by-service-usd", "saved-usd", "trend-usd", "commitments-usd", "by-kind-usd",
        "by-account-usd", "by-team-usd", "carbon",
    ]  # fmt: skip


@pytest.mark.parametrize("made", [rich_sample.rich(), rich_sample.hostile()])
def test_every_chart_has_a_title_a_description_and_a_table_as_wide_as_its_header(made: AuditReport) -> None:
    for chart in charts.charts(made):
        assert chart.title
        assert chart.description.endswith("table below.")
        assert chart.rows
        assert {len(row) for row in [*chart.rows, chart.foot] if row} == {len(chart.header)}, chart.id
        assert chart.figure["layout"]["height"] > 0
        assert "template" not in chart.figure["layout"]


def test_names_in_charts_are_no_markup_and_turn_nothing() -> None:
    for chart in charts.charts(rich_sample.hostile()):
        for text in _texts(chart.figure):
            assert re.sub(r"</?b>(?!x)|<br>|<extra></extra>", "", text).count("<") == 0, text
            assert "\u202e" not in text


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        yield from (text for one in part.values() for text in _texts(one))
    elif isinstance(part, list):
        yield from (text for one in part for text in _texts(one))


def test_every_colour_of_a_drawing_has_its_counterpart_on_dark_pages() -> None:
    drawings = charts.drawings(charts.charts(rich_sample.rich()))
    used = set(_colours(drawings["figures"])) | set(_colours(drawings["template"]))
    assert used - {CONTENT} <= set(dark_colours())
    assert len(used) > 6


def _colours(part: Any, coloured: bool = False) -> Iterator[str]:
    """As the page's script finds them: texts under a key that is about colour."""
    if isinstance(part, str) and coloured:
        yield part
    elif isinstance(part, dict):
        for name, one in part.items():
            yield from _colours(one, "color" in name.lower())
    elif isinstance(part, list):
        for one in part:
            yield from _colours(one, coloured)


def test_amounts_of_two_currencies_are_in_two_drawings() -> None:
    dollars, yuan = finance_sample.finance("USD"), finance_sample.finance("CNY")
    both = {
        name: [*getattr(dollars, name), *getattr(yuan, name)]
        for name in ("trends", "bridges", "spend", "commitments", "saved")
    }
    made = sample.two_currencies().model_copy(update={"finance": dollars.model_copy(update=both)})
    drawn = charts.charts(made)
    assert len({chart.id for chart in drawn}) == len(drawn) == 16
    for chart in drawn:
        currency = chart.id.rpartition("-")[2].upper()
        shown = " ".join(_texts(chart.figure)) + " ".join(" ".join(row) for row in chart.rows)
        assert chart.title.endswith(f", in {currency}")
        assert ("CN¥" in shown) is (currency == "CNY")
        assert (re.search(r"(?<!CN)\$", shown) is None) is (currency == "CNY")


@settings(deadline=None, max_examples=60)
@examples(
    previous=st.decimals(min_value=0, max_value=90_000, places=2), steps=st.tuples(*[MONEY] * len(STEPS))
)
def test_the_steps_of_a_bridge_are_drawn_and_listed_so_that_they_sum_up(
    previous: Decimal, steps: tuple[Decimal, ...]
) -> None:
    made = _bridge(previous, steps)
    chart = bridge_chart(made, several=False)
    if chart is None:
        assert made.previous == made.cost == 0
        return
    assert sum(amount(row[1]) for row in chart.rows) == amount(chart.foot[1]) == made.cost
    (drawn,) = chart.figure["data"]
    lengths = [Decimal(str(length)) for length in drawn["x"]]
    assert sum(lengths[:-1]) == lengths[-1] == made.cost
    assert drawn["measure"] == ["absolute", *["relative"] * (len(lengths) - 2), "total"]
    low, high = chart.figure["layout"]["xaxis"]["range"]
    ends = [sum(lengths[: at + 1]) for at in range(len(lengths) - 1)]
    assert all(low <= float(end) <= high for end in ends)
    assert ("The axis begins at" in chart.note) is (low > 0)


def _bridge(previous: Decimal, steps: tuple[Decimal, ...]) -> Bridge:
    named = dict(zip(STEPS, steps, strict=True))
    return finance_sample.bridge().model_copy(
        update={"previous": previous, "cost": previous + sum(steps, Decimal(0)), **named}
    )


def test_a_bridge_whose_axis_is_cut_says_where_it_begins_and_marks_both_ends() -> None:
    chart = bridge_chart(finance_sample.bridge(), several=False)
    assert chart
    assert chart.note.startswith("The axis begins at $9,000: the first and the last bar are cut.")
    marks = [one for one in chart.figure["layout"]["annotations"] if one["text"] == "<b>//</b>"]
    assert len(marks) == 2
    assert chart.title == "From October 2026 (same 19 days) to November 2026 (19 days)"


def test_a_step_without_any_amount_is_in_the_table_and_not_drawn() -> None:
    chart = bridge_chart(finance_sample.bridge(), several=False)
    assert chart
    assert ("Cannot be compared", "= $0.00") in chart.rows
    assert len(chart.figure["data"][0]["x"]) == 8


def test_the_trend_draws_settled_and_provisional_days_the_band_and_what_left_its_limits() -> None:
    chart = trend_chart(finance_sample.trend(), [rich_sample.anomaly()], several=False)
    assert chart
    traces = {trace["name"]: trace for trace in chart.figure["data"]}
    assert [*traces] == ["cost", "provisional", "low", "4 of 5 days", "expected", "anomaly"]
    assert len(traces["cost"]["x"]) == 77
    assert traces["provisional"]["x"][0] == traces["cost"]["x"][-1]
    assert len(traces["expected"]["y"]) == 11
    assert traces["4 of 5 days"]["fill"] == "tonexty"
    assert (traces["anomaly"]["x"], traces["anomaly"]["y"]) == (["2026-11-12"], [710.75])
    dashes = [traces[name]["line"]["dash"] for name in ("cost", "provisional", "expected")]
    assert len(set(dashes)) == 3


def test_anomalies_of_another_currency_or_of_days_before_are_not_on_the_line() -> None:
    others = [
        rich_sample.anomaly(currency="CNY"),
        rich_sample.anomaly(currency=None, figure="rows", level="figure"),
        rich_sample.anomaly(first_day=date(2026, 8, 1), last_day=date(2026, 8, 3)),
    ]
    chart = trend_chart(finance_sample.trend(), others, several=False)
    assert chart
    assert "anomaly" not in {trace["name"] for trace in chart.figure["data"]}


def test_the_calendar_behind_the_trend_holds_every_day_once() -> None:
    trend = finance_sample.trend()
    chart = trend_chart(trend, [], several=False)
    assert chart
    weeks = [row for row in chart.rows if row[0] != "between"]
    assert sum(amount(row[8]) for row in weeks if row[8]) == sum(one.cost for one in trend.days)
    cells = [cell for row in weeks for cell in row[1:8] if cell]
    assert len(cells) == len(trend.days) + len(trend.ahead)
    assert sum(cell.endswith("*") for cell in cells) == 3
    assert sum(cell.startswith("≈") for cell in cells) == 11
    bands = [cell for row in chart.rows if row[0] == "between" for cell in row[1:8] if cell]
    assert bands[0] == "$660.75–$780.75"


def test_a_trend_without_a_forecast_says_why() -> None:
    bare = finance_sample.trend().model_copy(update={"ahead": [], "reason": "Only 40 days are known."})
    chart = trend_chart(bare, [], several=False)
    assert chart
    assert "Nothing is foreseen: Only 40 days are known." in chart.note
    assert trend_chart(Trend(currency="USD", days=[], ahead=[], reason="no bill"), [], several=False) is None


def test_days_that_are_drawn_already_are_not_told_as_days_after_them() -> None:
    trend = finance_sample.trend()
    again = [trend.ahead[0].model_copy(update={"day": one.day}) for one in trend.days[-3:]]
    chart = trend_chart(trend.model_copy(update={"ahead": [*again, *trend.ahead]}), [], several=False)
    assert chart
    assert "The 11 days after it are expected" in chart.description


def test_days_that_are_missing_make_a_gap_in_the_calendar_and_no_zero() -> None:
    trend = finance_sample.trend()
    gap = trend.model_copy(update={"days": [one for one in trend.days if one.day != date(2026, 10, 14)]})
    chart = trend_chart(gap, [], several=False)
    assert chart
    week = next(row for row in chart.rows if row[0] == "12 Oct 2026")
    assert week[3] == ""
    assert "2026-10-14" in chart.figure["data"][0]["x"]
    assert chart.figure["data"][0]["y"][chart.figure["data"][0]["x"].index("2026-10-14")] is None


def test_savings_are_followed_to_the_bill_and_the_unknown_has_no_bar() -> None:
    saved = finance_sample.finance().saved[0]
    chart = saved_chart(saved, several=False)
    assert chart
    assert chart.figure["data"][0]["x"] == [3100.0, 1900.0, 1200.0, 1010.4]
    assert ("Done, too few days on the bill yet", "2", "$150.00", "0") in chart.rows
    unknown = Amounts(findings=3, monthly=None, without_amount=3)
    bare = saved.model_copy(update={"funnel": saved.funnel.model_copy(update={"done": unknown})})
    chart = saved_chart(bare, several=False)
    assert chart
    assert chart.figure["data"][0]["x"][2] is None
    assert chart.rows[2] == ("Done", "3", "–", "3")


def test_emissions_by_region_add_up_and_carry_their_interval() -> None:
    chart = carbon_chart(rich_sample.rich())
    assert chart
    electricity, hardware = chart.figure["data"]
    assert sum(electricity["x"]) + sum(hardware["x"]) == pytest.approx(352.0)
    assert chart.foot[3] == "352.0 kg"
    assert hardware["error_x"]["array"][0] == pytest.approx(90.1)
    assert hardware["marker"]["pattern"]["shape"] == "/"


def test_regions_of_which_nothing_is_known_are_not_drawn_as_zero() -> None:
    made = rich_sample.rich()
    unknown = [rich_sample.footprint("gcp", "europe-west9", None)]
    assert carbon_chart(made.model_copy(update={"footprint": unknown})) is None
    chart = carbon_chart(made.model_copy(update={"footprint": made.footprint + unknown}))
    assert chart
    assert [row[0] for row in chart.rows] == ["aws eu-west-1", "aws us-east-1", "alibaba eu-central-1"]


def test_many_regions_are_folded_into_one_bar_and_listed_whole() -> None:
    many = [rich_sample.footprint("aws", f"r-{number}", 10.0 + number) for number in range(14)]
    chart = carbon_chart(rich_sample.rich().model_copy(update={"footprint": many}))
    assert chart
    assert len(chart.figure["data"][0]["x"]) == 10
    assert sum(chart.figure["data"][0]["x"]) == pytest.approx(sum(one.emitted_kg or 0 for one in many))
    assert len(chart.rows) == 14


def test_commitments_of_the_newest_month_are_drawn_and_all_months_listed() -> None:
    use = finance_sample.finance().commitments[0]
    before = use.model_copy(update={"month": "2026-10", "coverage": 0.9})
    chart = commitment_chart([before, use], "USD", several=False)
    assert chart
    covered, rest = chart.figure["data"]
    assert covered["x"] == [0.4, 0.96]
    assert [round(one, 9) for one in rest["x"]] == [0.6, 0.04]
    assert [row[3] for row in chart.rows] == ["90%", "40%"]
    assert chart.rows[1][9] == "25%"


def test_shares_of_commitments_that_are_not_known_have_no_bar() -> None:
    use = finance_sample.finance().commitments[0].model_copy(update={"coverage": None, "list": None})
    chart = commitment_chart([use], "USD", several=False)
    assert chart
    assert chart.figure["data"][0]["x"] == [0.96]
    assert chart.rows[0][3] == "–"
    neither = use.model_copy(update={"utilisation": None})
    assert commitment_chart([neither], "USD", several=False) is None


def test_services_come_by_how_much_they_changed() -> None:
    chart = spender_chart(finance_sample.finance().spend, "USD", several=False)
    assert chart
    assert [row[0] for row in chart.rows] == ["Amazon EC2", "Amazon RDS", "Amazon S3"]
    assert chart.rows[2] == ("Amazon S3", "$510.10", "$500.10", "▼ −$10.00")
    now, before = chart.figure["data"]
    assert (now["x"][0], before["x"][0]) == (9000.0, 8000.0)
    days = [one.model_copy(update={"compared": "same days"}) for one in finance_sample.finance().spend]
    of_days = spender_chart(days, "USD", several=False)
    assert of_days
    assert of_days.header[1] == of_days.figure["data"][1]["name"] == "October 2026 (same days)"
    alone = [one.model_copy(update={"previous_month": None}) for one in finance_sample.finance().spend]
    assert spender_chart(alone, "USD", several=False) is None


def test_a_trend_over_a_new_year_keeps_its_weeks_whole() -> None:
    trend = finance_sample.trend()
    moved = trend.model_copy(
        update={
            "days": [one.model_copy(update={"day": one.day + timedelta(days=100)}) for one in trend.days],
            "ahead": [],
        }
    )
    chart = trend_chart(moved, [], several=False)
    assert chart
    first_days = [row[0] for row in chart.rows]
    assert "28 Dec 2026" in first_days
    assert len(set(first_days)) == len(first_days)


def test_what_nobody_has_agreed_to_yet_is_none_and_not_unknown() -> None:
    saved = finance_sample.finance().saved[0]
    nothing = Amounts(findings=0, monthly=None, without_amount=0)
    chart = saved_chart(
        saved.model_copy(update={"funnel": saved.funnel.model_copy(update={"on_the_bill": nothing})}), False
    )
    assert chart
    assert chart.rows[3] == ("Seen on the bill", "0", "none yet", "0")


# --- in other languages ---------------------------------------------------------------------------------------


def test_whatever_a_chart_says_of_itself_comes_from_the_catalogue() -> None:
    """What is left is dates, names of the estate, and what came with the model."""
    with bracketed():
        drawn = charts.charts(rich_sample.rich())
    assert len(drawn) == 9
    for chart in drawn:
        legend = [trace.get("name", "") for trace in chart.figure["data"] if trace.get("showlegend", True)]
        told = [chart.title, chart.description, chart.note, *chart.header, *legend]
        months = r"(Oktober|November) 2026|\b(Mo|Di|Mi|Do|Fr|Sa|So)\b"
        assert [left for one in told if re.search(r"[^\W\d_]", left := re.sub(months, "", rest(one)))] == []


def test_the_message_of_an_anomaly_is_marked_as_english_in_what_a_chart_says() -> None:
    with speaking("de"):
        chart = trend_chart(finance_sample.trend(), [rich_sample.anomaly()], several=False)
    assert chart
    (message,) = [piece.text for piece in chart.said if isinstance(piece.text, English)]
    assert message == rich_sample.anomaly().message
    assert f"12. Nov. 2026: {message} " in chart.description


@pytest.mark.parametrize(
    ("locale", "separators", "suffix", "monday", "hover"),
    [
        ("en", None, None, "Mon", "12 Nov 2026: $710.75"),
        ("de", ",.", "\xa0$", "Mo", "12. Nov. 2026: 710,75\xa0$"),
        ("zh", None, None, "周一", "2026年11月12日：US$710.75"),
    ],
)
def test_days_and_amounts_of_the_trend_are_those_of_the_language(
    locale: Locale, separators: str | None, suffix: str | None, monday: str, hover: str
) -> None:
    with speaking(locale):
        chart = trend_chart(finance_sample.trend(), [], several=False)
        shared = charts.drawings([])["template"]["layout"]
    assert chart
    assert shared.get("separators") == separators
    assert chart.figure["layout"]["yaxis"].get("ticksuffix") == suffix
    assert chart.header[1] == monday
    assert hover in chart.figure["data"][0]["hovertext"]
    if locale != "en":  # plotly knows names of months in English only
        assert not re.search(r"%[aAbB]", chart.figure["layout"]["xaxis"]["tickformat"])


def test_rules_are_apart_in_a_chart_also_where_a_language_calls_them_the_same() -> None:
    given = report([finding(1, "3.00", rule="old-snapshot"), finding(2, "2.00", rule="orphan-snapshot")])
    with mock.patch.object(language, "_words", return_value=Same()), speaking("zh"):
        chart = by_kind(given, "USD", several=False)
    assert chart
    assert [row[:3] for row in chart.rows] == [("同", "1", "US$3.00"), ("同", "1", "US$2.00")]


class Same(NullTranslations):
    """A language of one word."""

    def gettext(self, message: str) -> str:
        return "同" if "{" not in message else message
