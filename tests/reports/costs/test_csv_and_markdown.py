"""Costs for a spreadsheet and for a chat."""

import csv
import io
from decimal import Decimal

import pytest

from reports.costs import csv as csv_report
from reports.costs import json as json_report
from reports.costs import markdown, words
from tests.reports.costs import build


def records(given):
    return list(csv.DictReader(io.StringIO(csv_report.render(given), newline="")))


def test_every_line_is_one_record_and_no_record_is_a_total():
    found = records(build.ordinary())
    assert [(one["service"], one["lines"], one["cost"]) for one in found] == [
        ("Compute", "1", "1234.50"),
        ("New", "1", "50.00"),
        ("Gone", "1", "0.00"),
        ("(none)", "1", "-20.00"),
        ("(others)", "12", "5.00"),
    ]
    assert sum(Decimal(one["cost"]) for one in found) == build.ordinary().currencies["USD"].totals.cost


def test_a_text_that_would_run_as_a_formula_gets_an_apostrophe_and_an_amount_does_not():
    assert records(build.hostile())[0]["service"] == "'=cmd()"
    assert records(build.ordinary())[3]["cost"] == "-20.00"


def test_the_unknown_is_an_empty_cell():
    (one,) = records(build.alone())
    assert one["previous"] == one["change"] == one["price"] == ""


def test_a_file_begins_with_the_byte_order_mark():
    assert csv_report.render(build.alone(), bom=True).startswith("\ufeffmonth,")


def test_names_have_a_column_where_ids_have_names():
    given = build.ordinary().model_copy(update={"by": ["account", "region"]})
    assert csv_report.table.columns(given)[4:7] == ["account", "region", "account_name"]


def test_json_is_the_answer_itself():
    assert json_report.render(build.ordinary()) == build.ordinary().to_json()


def test_markdown_is_a_table_with_its_total_and_the_way_to_the_invoices():
    text = markdown.render(build.ordinary())
    lines = text.splitlines()
    assert lines[0] == "### Costs of October 2026 by service, against September 2026"
    assert "| Compute | 1,234.50 | 1,234.50 | +234.50 | +23.4% | +34.50 | +200.00 |  |  |  |" in lines
    total = next(line for line in lines if line.startswith("| **Total**"))
    assert total.startswith("| **Total** | **1,269.50** | **1,269.50** | **+215.50** | **+20.4%** |")
    assert total.count("|") == next(line for line in lines if line.startswith("| Compute")).count("|")
    assert "Tie-out: 1,269.50 billed, all lines, 1,269.49 on 1 invoice" in text


def test_markdown_of_one_month_has_no_columns_of_change():
    text = markdown.render(build.alone())
    assert "| Compute | 10.00 | 10.00 |" in text
    assert "%" not in text


def test_hostile_text_does_nothing_in_markdown():
    text = markdown.render(build.hostile())
    assert "<script>" not in text
    assert "\\[bold\\]x" in text
    assert "@here" not in text
    assert len([line for line in text.splitlines() if line.startswith("|")]) == 2 + len(build.HOSTILE) + 1
    assert {line.replace("\\|", "").count("|") for line in text.splitlines() if line.startswith("| ")} == {11}


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ({"price": "10"}, "price"),
        ({"price": "60", "quantity": "40"}, "price, quantity"),
        ({"price": "100", "quantity": "-40"}, "price"),
        ({"price": "40", "quantity": "30", "other": "30"}, "price, quantity"),
        ({}, ""),
    ],
)
def test_the_largest_causes_are_named(amounts, told):
    assert words.why(build.effects(**amounts)) == told


@pytest.mark.parametrize(
    ("percent", "told"),
    [(12.34, "+12.3%"), (-5.0, "−5.0%"), (0.0, "0.0%"), (123456.0, "×1,236"), (None, "–")],
)
def test_per_cents_are_short_and_signed(percent, told):
    line = build.line("a", "2.00", "1.00", change_percent=percent)
    assert words.percent(line) == told


def test_tags_and_empty_values_are_told_as_what_they_are():
    assert words.value("tag:team", None) == "(no team)"
    assert words.value("tag:team", "") == "(empty)"
    assert words.value("region", None) == "(none)"
