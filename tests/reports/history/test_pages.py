"""Pages about the history show hostile names as what they are, in every rendering."""

import csv
import io
from datetime import datetime
from decimal import Decimal

import pytest

from finops.history.answers import DiffAnswer, DiffLine, DiffTotals, RunLine
from reports.history import page as pages
from reports.history.diff import COLUMNS, page, rows

HOSTILE = "=cmd|' /C calc'!A0 \x1b[31m<script>alert(1)</script> | @all `x`"
AT = datetime(2026, 11, 1)


@pytest.fixture
def answer() -> DiffAnswer:
    line = DiffLine(
        id="f1", kind="gone", changes=[], resolution="gone", currency="USD", rule="idle-instance", cloud="aws",
        account="1", region="r", resource_type="instance", resource_id="i-1", resource_name=HOSTILE, action="terminate",
        saving_before=Decimal("12.00"), saving_after=None, proposed_before={"state": HOSTILE}, proposed_after=None,
    )  # fmt: skip
    totals = DiffTotals(
        findings_before=1,
        findings_after=0,
        net_before=Decimal(12),
        net_after=Decimal(0),
        net_change=Decimal(-12),
    )
    run = RunLine(run_id="a", as_of=AT, whole=True, limits={})
    return DiffAnswer(
        before=run, after=run, totals={"USD": totals}, lines=[line], not_compared=0, notes=[HOSTILE]
    )


def test_a_terminal_gets_no_escape_sequence(answer: DiffAnswer) -> None:
    text = pages.terminal(page(answer), width=100)
    assert "\x1b" not in text
    assert "$12.00" in text
    assert "resource gone" in text
    assert max(map(len, text.splitlines())) <= 100


def test_markdown_calls_nobody_and_runs_nothing(answer: DiffAnswer) -> None:
    text = pages.markdown(page(answer))
    assert "<script>" not in text
    assert "@all" not in text
    assert "\x1b" not in text


def test_a_spreadsheet_runs_no_formula_and_unknown_is_empty(answer: DiffAnswer) -> None:
    record = next(csv.DictReader(io.StringIO(pages.as_csv(COLUMNS, list(rows(answer))))))
    assert record["resource_name"].startswith("'=")
    assert (record["saving_before"], record["saving_after"]) == ("12.00", "")


def test_a_pipe_gets_one_line_for_each_finding(answer: DiffAnswer) -> None:
    lines = pages.as_tsv(COLUMNS, list(rows(answer))).splitlines()
    assert len(lines) == 2
    assert len(lines[1].split("\t")) == len(COLUMNS)
    assert "\x1b" not in lines[1]
