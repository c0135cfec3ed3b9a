"""What a report says of anomalies, forecasts and budgets, in each rendering."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from finops.model import AuditReport
from finops.night_model import Anomaly, BudgetLine, Forecast, Night
from reports import html, markdown, terminal
from reports.control import CALM, control
from reports.redaction import redact
from tests.reports.build import AS_OF, finding, report

HOSTILE = "<img src=x onerror=alert(1)> @all [x](http://evil)\x1b[31m"
RENDERINGS = [html.render, markdown.render, terminal.render]


def odd(**over: Any) -> Anomaly:
    fields = {
        "id": "81719acf75", "level": "service", "cloud": "aws", "account": "123456789012", "service": "Compute",
        "team": None, "figure": None, "currency": "USD", "kind": "drift", "first_day": date(2026, 11, 10),
        "last_day": date(2026, 11, 17), "expected": 4000.0, "actual": 7200.0, "low": 3600.0, "high": 4400.0,
        "state": "open", "message": "Compute cost $7,200.00 where $4,000.00 was expected.",
    }  # fmt: skip
    return Anomaly.model_validate({**fields, **over})


def month(**over: Any) -> Forecast:
    fields = {
        "level": "total", "cloud": None, "account": None, "service": None, "team": None, "currency": "USD",
        "month": date(2026, 11, 1), "spent": Decimal("900.10"), "settled_until": date(2026, 11, 17),
        "forecast": Decimal("1600.20"), "low": Decimal(1500), "high": Decimal(1700), "reason": None,
    }  # fmt: skip
    return Forecast.model_validate({**fields, **over})


def line(**over: Any) -> BudgetLine:
    fields = {
        "name": "Everything", "currency": "USD", "month": date(2026, 11, 1), "budget": Decimal(1550),
        "spent": Decimal("900.10"), "forecast": Decimal("1600.20"), "low": Decimal(1500), "high": Decimal(1700),
        "variance": Decimal("50.20"), "state": "at_risk",
        "message": "$900.10 of $1,550.00 is spent; the month is expected to end at $1,600.20.",
    }  # fmt: skip
    return BudgetLine.model_validate({**fields, **over})


def told(**over: Any) -> AuditReport:
    night = Night(run_id="n1", command="nightly", started_at=AS_OF, **over)
    return report([finding(1, "10")]).model_copy(update={"night": night})


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", page)


def test_a_report_without_a_night_says_nothing_of_it() -> None:
    page = report([finding(1, "10")])
    assert control(page) is None
    assert "out of control" not in "".join(render(page) for render in RENDERINGS)


@pytest.mark.parametrize("render", RENDERINGS)
def test_anomaly_forecast_and_budget_are_in_each_rendering(render: Any) -> None:
    page = text_of(render(told(anomalies=[odd()], forecasts=[month()], budgets=[line()])))
    assert "1 anomaly open." in page
    assert "$7,200.00 where $4,000.00" in page
    assert "$1,600.20" in page
    assert "$1,500.00 to $1,700.00" in page
    assert "at risk" in page
    assert "81719acf75" in page


@pytest.mark.parametrize("render", RENDERINGS)
def test_a_calm_night_says_that_it_is_calm(render: Any) -> None:
    assert CALM in text_of(render(told(forecasts=[month()])))


def test_what_is_over_is_told_apart_from_what_goes_on() -> None:
    page = text_of(
        markdown.render(told(anomalies=[odd(), odd(id="b", state="over"), odd(id="c", state="accepted")]))
    )
    assert "1 anomaly open; 2 of the last weeks are over or accepted." in page


@pytest.mark.parametrize("render", RENDERINGS)
def test_a_month_that_is_not_forecast_says_why_and_is_no_zero(render: Any) -> None:
    short = month(forecast=None, low=None, high=None, reason="Only 9 days of its bill are settled.")
    page = text_of(render(told(forecasts=[short])))
    assert "Only 9 days of its bill are settled." in page


def test_anomalies_come_before_what_to_do() -> None:
    page = html.render(told(anomalies=[odd()]))
    assert page.index("out of control") < page.index("What to do</h2>")


@pytest.mark.parametrize("render", RENDERINGS)
def test_names_from_a_cloud_and_of_budgets_do_nothing(render: Any) -> None:
    page = render(told(anomalies=[odd(message=HOSTILE)], budgets=[line(name=HOSTILE, message=HOSTILE)]))
    assert render is terminal.render or "<img src=x" not in page
    assert "\x1b[31m" not in page
    assert render is not markdown.render or "[x](http" not in page


def test_many_are_cut_and_counted() -> None:
    page = told(anomalies=[odd(id=str(number)) for number in range(40)])
    assert "and 30 more" in markdown.render(page)
    assert "more; see finops anomalies" in terminal.render(page)


def test_a_figure_of_an_account_leaves_the_house_without_its_id() -> None:
    page = told(anomalies=[odd(level="figure", figure="rows of aws/123456789012 instances")])
    assert "123456789012" not in redact(page, "all", key=b"k").night.model_dump_json()
