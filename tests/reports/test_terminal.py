import subprocess
import sys

import pytest
from rich.cells import cell_len

from finops.model import AuditReport
from reports import terminal
from tests.reports import sample
from tests.reports.build import finding, report, unjudged


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize(
    "given", [sample.partial(), sample.hostile(), sample.two_currencies(), sample.empty()]
)
def test_no_line_is_wider_than_the_terminal(given: AuditReport, width: int) -> None:
    assert max(map(cell_len, terminal.render(given, width=width).splitlines())) <= width


def test_at_a_hundred_columns_a_finding_takes_two_lines() -> None:
    lines = terminal.render(sample.three_clouds(), width=100).splitlines()
    at = next(i for i, line in enumerate(lines) if "$1,104.33" in line)
    assert lines[at].split() == ["$1,104.33", "resize", "m5.8xlarge", "→", "m5.2xlarge", "web-prod-1",
                                 "123456789012", "medium"]  # fmt: skip
    assert lines[at + 1].split() == [
        "f0000000",
        "oversized-instance",
        "i-0ab3c91f2d7788990",
        "aws",
        "eu-west-1",
    ]
    assert "$842.60" in lines[at + 2]


@pytest.mark.parametrize("color", [False, True])
def test_hostile_names_cannot_steer_the_terminal(color: bool) -> None:
    text = terminal.render(sample.hostile(), width=120, color=color)
    escapes = text.replace("\n", "").split("\x1b") if color else [text.replace("\n", "")]
    assert all(
        part.startswith("[") and part[1:].split("m")[0].replace(";", "").isdigit() for part in escapes[1:]
    )
    assert all(char.isprintable() for part in escapes for char in part)
    assert "\u202e" not in text


def test_markup_in_a_name_is_shown_and_not_obeyed() -> None:
    assert "[bold]x[/bold]" in terminal.render(report([finding(1, "9.00", resource_name="[bold]x[/bold]")]))


def test_small_findings_are_one_line_beside_larger_ones() -> None:
    text = terminal.render(sample.three_clouds())
    assert "2 small findings, together $0.93." in text
    assert "data-11" not in text


def test_small_findings_are_shown_when_there_are_no_larger_ones() -> None:
    text = terminal.render(report([finding(1, "0.20"), finding(2, "0.004")]))
    assert "$0.20" in text
    assert "<$0.01" in text
    assert "small finding" not in text


def test_after_twenty_five_rows_the_rest_is_counted_and_summed() -> None:
    text = terminal.render(report([finding(n, "2.00") for n in range(60)]))
    assert "35 more, together $70.00." in text


def test_alternatives_and_accepted_findings_are_said_and_not_listed() -> None:
    text = terminal.render(sample.three_clouds())
    assert "1 alternative to these not shown, counted in them." in text
    assert "1 accepted as they are, together $150.00, in no total." in text
    assert "run as spot" not in text


def test_reasons_without_an_answer_are_at_most_ten_lines() -> None:
    lines = [unjudged(f"reason {chr(65 + n)}") for n in range(14)]
    text = terminal.render(report(not_evaluated=lines))
    assert "Not evaluated: 14" in text
    assert "and 4 for 4 more reasons" in text


def test_the_next_command_is_named() -> None:
    assert "Next: finops explain f0000000 · finops report -o DIR" in terminal.render(sample.three_clouds())


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert "\x1b" not in terminal.render(sample.partial())
    assert "\x1b[" in terminal.render(sample.partial(), color=True)


def test_a_pipe_gets_one_line_of_equal_fields_per_finding() -> None:
    lines = terminal.render_tsv(sample.hostile()).splitlines()
    assert len(lines) == 1 + len(sample.HOSTILE)
    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}
    assert lines[0].startswith("id\tnet_monthly_savings\tcurrency\taction")


def test_the_terminal_report_imports_neither_pandas_nor_plotly() -> None:
    code = "import sys, reports.terminal; print(sorted({'pandas', 'plotly', 'jinja2'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
