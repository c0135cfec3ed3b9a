"""Costs in a terminal and in a pipe."""

import re

import pytest
from rich.cells import cell_len

from reports.costs import terminal
from tests.reports.costs import build


def rows(text: str) -> dict[str, list[str]]:
    """Cells by the first word of the line."""
    return {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("given", [build.ordinary(), build.hostile(), build.two_currencies(), build.alone()])
def test_no_line_is_wider_than_the_terminal_from_eighty_columns_on(given, width):
    widest = max(map(cell_len, terminal.render(given, width=width).splitlines()))
    assert widest <= width


def test_a_wide_terminal_shows_every_effect_in_its_column():
    text = terminal.render(build.ordinary(), width=130)
    head = next(line for line in text.splitlines() if line.startswith("Service"))
    assert head.split() == ["Service,", "USD", "Billed", "Effective", "Change", "%", "Price", "Quantity", "New", "Gone", "Other"]  # fmt: skip
    assert rows(text)["Compute"] == [
        "Compute",
        "1,234.50",
        "1,234.50",
        "+234.50",
        "+23.4%",
        "+34.50",
        "+200.00",
    ]
    assert rows(text)["Gone"] == ["Gone", "0.00", "0.00", "−70.00", "gone", "−70.00"]


def test_eighty_columns_name_the_cause():
    text = terminal.render(build.ordinary(), width=80)
    assert rows(text)["Compute"][-1] == "quantity"
    assert rows(text)["New"][-2:] == ["new", "new"]
    assert rows(text)["Total"][1:5] == ["1,269.50", "1,269.50", "+215.50", "+20.4%"]


def test_money_ends_in_one_column():
    lines = terminal.render(build.ordinary(), width=80).splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("Service"))
    ends = {re.search(r"-?−?[\d,]+\.\d\d", line).end() for line in lines[at + 1 : at + 7]}
    assert len(ends) == 1


def test_the_rest_is_one_line_and_what_has_no_service_another():
    text = terminal.render(build.ordinary(), width=80)
    assert "12 other lines" in text
    assert "(none)" in text


def test_the_change_is_explained_and_tied_to_the_invoices():
    text = terminal.render(build.ordinary(), width=100)
    assert "Change +215.50, from 1,054.00" in text
    assert "+50.00  new: was not used before" in text
    assert "A day: 40.00 over 31 days against 32.00 over 30 days (+25.0%)" in text
    assert "1,269.49  on 1 invoice, each to the cent" in text
    assert "0.01  residual" in text
    assert "Equal to the sums of the files, to the last digit." in text


def test_what_is_not_compared_shows_no_change_at_all():
    text = terminal.render(build.alone(), width=100)
    assert "Costs of October 2026 by service\n" in text
    assert "Not compared: no bill of 2026-09." in text
    assert "Change" not in text


def test_currencies_have_a_table_each():
    text = terminal.render(build.two_currencies(), width=100)
    assert "Service, CNY" in text
    assert "Service, USD" in text
    assert text.count("Total") == 2


@pytest.mark.parametrize("color", [False, True])
def test_hostile_names_cannot_steer_the_terminal(color):
    text = terminal.render(build.hostile(), width=120, color=color)
    parts = text.replace("\n", "").split("\x1b") if color else [text.replace("\n", "")]
    assert all(
        part.startswith("[") and part[1:].split("m")[0].replace(";", "").isdigit() for part in parts[1:]
    )
    assert all(char.isprintable() for part in parts for char in part)
    assert "[bold]x[/bold]" in text


def test_a_rise_is_red_a_fall_green_and_only_where_colour_is_wanted():
    assert "\x1b" not in terminal.render(build.ordinary(), width=100)
    text = terminal.render(build.ordinary(), width=100, color=True)
    assert re.search(r"\x1b\[31m *\+234\.50", text)
    assert re.search(r"\x1b\[32m *−70\.00", text)


def test_a_filter_is_told():
    given = build.ordinary().model_copy(update={"filters": {"account": ["1", "2"], "tag": ["team=a"]}})
    assert "Only account 1 or 2, tag team=a." in terminal.render(given, width=200)


def test_a_pipe_gets_one_line_of_equal_fields_per_line():
    lines = terminal.render_tsv(build.hostile()).splitlines()
    assert len(lines) == 1 + len(build.HOSTILE)
    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}
    assert lines[0].startswith("month\tprevious_month\tcurrency\tmetric\tservice\tlines\tcharges\tbilled")
