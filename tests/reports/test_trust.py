"""What a report says of the tests of its data, in each rendering, and what redaction leaves of the night."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from finops.model import AuditReport
from finops.night_model import Anomaly, BudgetLine, DataTest, Night, NightStep, Provisional, Restatement
from reports import html, markdown, terminal
from reports.redaction import redact
from reports.trust import trust
from tests.reports.build import AS_OF, finding, report

HOSTILE = "<img src=x onerror=alert(1)> @all [x](http://evil)\x1b[31m"


def result(status: str = "failed", **over: Any) -> DataTest:
    fields = {
        "test": "freshness",
        "subject": "aws/123456789012 inventory",
        "stage": "collect",
        "severity": "warn",
        "status": status,
        "message": "The inventory of aws account 123456789012: 48 hours old, where 36 are a warning.",
        "since": AS_OF if status == "failed" else None,
    }
    return DataTest.model_validate({**fields, **over})


def told(*tests: DataTest, **over: Any) -> AuditReport:
    night = Night(run_id="n1", command="nightly", started_at=AS_OF, data_tests=list(tests), **over)
    return report([finding(1, "10")]).model_copy(update={"night": night})


def test_a_report_without_a_night_says_nothing_of_trust() -> None:
    assert trust(report([finding(1, "10")])) is None
    assert "trusted" not in markdown.render(report([finding(1, "10")]))


def test_when_nothing_failed_it_says_so_and_what_could_not_be_judged() -> None:
    page = markdown.render(told(result("passed"), result("not_evaluated", test="volumes")))
    assert "1 check of the data passed and none failed" in page
    assert "1 check had too little to judge by: volumes (1)" in page


def test_an_error_comes_before_a_warning_and_is_in_the_answer() -> None:
    page = told(result(test="a-warning"), result(test="z-error", severity="error", subject="gcp/p"))
    answer = trust(page)
    assert answer
    assert answer.answer.startswith("Not all of them: 1 check of the data failed, 1 warned, 0 passed")
    assert [one.test for one in answer.doubts] == ["z-error", "a-warning"]
    for text in (markdown.render(page), terminal.render(page), html.render(page)):
        assert text.index("z-error") < text.index("a-warning")
        assert "48 hours old" in re.sub(r"\s+", " ", text)


def test_many_failures_are_cut_and_counted() -> None:
    page = told(*(result(subject=f"aws/{number}") for number in range(300)))
    assert "and 290 more" in markdown.render(page)
    assert "and 290 more" in terminal.render(page)
    assert "200 more" in html.render(page)


def restated(**over: Any) -> Restatement:
    fields = {
        "provider": "AWS", "billing_account": "012345678901", "month": date(2026, 10, 1), "currency": "USD",
        "before": Decimal(3100), "after": Decimal(3512), "days": 1,
        "message": "October 2026 of AWS 012345678901 changed by +412.00 USD (1 day, 13.3 %) since the report of 2026-11-18.",
    }  # fmt: skip
    return Restatement.model_validate({**fields, **over})


def provisional(account: str = "012345678901") -> Provisional:
    return Provisional(
        provider="AWS", billing_account=account, since=date(2026, 11, 16), until=date(2026, 11, 18)
    )


def test_restated_months_and_provisional_days_are_told_tests_or_not() -> None:
    for tests in ([], [result("passed")]):
        page = told(*tests, restatements=[restated()], provisional=[provisional()])
        for text in (markdown.render(page), terminal.render(page), html.render(page)):
            flat = re.sub(r"\\|&#43;", "+", re.sub(r"\s+", " ", text)).replace("++", "+")
            assert "October 2026 of AWS 012345678901 changed by +412.00 USD" in flat
            assert "may still change: of AWS 012345678901 from 16 Nov 2026 on." in flat
    assert "No test looked at the data." in markdown.render(told(provisional=[provisional()]))


def test_many_bills_are_counted() -> None:
    page = told(restatements=[restated()] * 12, provisional=[provisional(f"{number}") for number in range(7)])
    (*months, rest, last) = trust(page).bills  # type: ignore[union-attr]
    assert (len(months), rest) == (10, "2 more months of bills changed; finops status tells them.")
    assert last.endswith("of AWS 4 from 16 Nov 2026 on, of 2 more bills.")


def test_names_from_a_cloud_do_nothing() -> None:
    page = told(
        result(subject=HOSTILE, message=HOSTILE), restatements=[restated(message=HOSTILE)],
        provisional=[provisional(HOSTILE)],
    )  # fmt: skip
    shown = html.render(page)
    assert "<img src=x" not in shown
    assert "\x1b[31m" not in terminal.render(page)
    text = markdown.render(page)
    assert "<img" not in text
    assert "[x](http" not in re.sub(r"`[^`]*`", "", text)  # in a code span nothing is a link


def test_a_night_that_leaves_the_house_names_no_account_team_or_address() -> None:
    step = NightStep(
        step="ingest", part="s3://acme-bills/cur/", status="failed", started_at=AS_OF, finished_at=AS_OF, rows=None,
        calls=None, message="/home/anna/bills/cur.csv of 123456789012 could not be read.",
    )  # fmt: skip
    restated = Restatement(
        provider="Google Cloud", billing_account="01A2B3-C4D5E6-F7A8B9", month=date(2026, 10, 1), currency="USD",
        before=Decimal(1), after=Decimal(2), days=1, message="October of 01A2B3-C4D5E6-F7A8B9 changed.",
    )  # fmt: skip
    odd = Anomaly(
        id="x", level="team", cloud="gcp", account="acme-shop-prod", service="Compute", team="atlantis", figure=None,
        currency="USD", kind="spike", first_day=date(2026, 11, 1), last_day=date(2026, 11, 2), expected=1, actual=2,
        low=0, high=1.5, state="open", message="Team atlantis of acme-shop-prod cost 2.",
    )  # fmt: skip
    budget = BudgetLine(
        name="Project Phoenix", currency="USD", month=date(2026, 11, 1), budget=Decimal(9), spent=Decimal(1),
        forecast=None, low=None, high=None, variance=None, state="within", message="Project Phoenix is within.",
    )  # fmt: skip
    page = told(
        result(), result(subject="gcp/01A2B3-C4D5E6-F7A8B9 bill"), result(subject="s3://acme-bills/cur/x.parquet"),
        steps=[step], restatements=[restated], anomalies=[odd], budgets=[budget],
    )  # fmt: skip
    left = redact(page, "all", key=b"k").model_dump_json()
    for secret in ("123456789012", "acme-bills", "anna", "01A2B3", "acme-shop-prod", "atlantis", "Phoenix"):
        assert secret not in left, secret
    assert '"Google Cloud"' in left
    assert "48 hours old" in left
