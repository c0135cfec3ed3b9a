"""LibreOffice reckons every formula and comes to the values that the file was written with; filters change totals."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from finops.pipeline.returning import read_edits
from reports.language import speaking
from reports.xlsx import render
from tests.reports import sample
from tests.reports.tongues import GERMAN, tongues
from tests.reports.xlsx.opened import (
    SAMPLES,
    filtered,
    office,
    opened,
    packed,
    part_of,
    parts,
    recalculated,
    rendered,
    rows,
)

pytestmark = pytest.mark.skipif(
    office() is None,
    reason="LibreOffice is not installed, so no formula was reckoned: make office installs it",
)
# Every formula there is stands in one of these.
_SAMPLES = ("with_finance", "with_finance_and_two_currencies", "with_finance_and_hostile", "empty")
# Names of columns that formulas have to write in their own way, and a text with a quotation mark.
_ODD = {
    "Net saving": "Erspar'nis [#1]", "Shown": "Gezeigt @", "Currency": "Währung", "Summary": "Über's Ganze", "Kind": "Art {a}",
    "needs every rate on the sheet {sheet}": 'braucht jeden "Kurs" auf {sheet}',
}  # fmt: skip
_GERMAN = {
    f"{name} in German": name for name in ("with_finance", "with_finance_and_two_currencies", "foreign")
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


@pytest.fixture(scope="module")
def books(folder: Path) -> dict[str, Any]:
    """All of them in one run of LibreOffice, which takes seconds to start."""
    made = {name: written(name) for name in (*_SAMPLES, *_GERMAN)}
    made["filtered"] = filtered(rendered("three_clouds"), "Findings", [3, 5])
    made["filtered_currencies"] = filtered(rendered("two_currencies"), "Findings", [3])
    made["other_inputs"] = _with_inputs(rendered("three_clouds"))
    return recalculated(made, folder)


@cache
def written(name: str) -> bytes:
    """The workbook of a sample, in English or as its name says."""
    if name not in _GERMAN:
        return rendered(name)
    told = {**SAMPLES, "foreign": sample.two_currencies().model_copy(update={"currency": "USD"})}[
        _GERMAN[name]
    ]
    with tongues(GERMAN | _ODD), speaking("de"):
        return render(told)


def _with_inputs(content: bytes) -> bytes:
    """A month of half the hours."""
    files = parts(content)
    name = part_of(files, "Inputs")
    assert files[name].count(b"<v>730</v>") == 1
    files[name] = files[name].replace(b"<v>730</v>", b"<v>365</v>")
    return packed(files)


@pytest.mark.parametrize("name", [*_SAMPLES, *_GERMAN])
def test_every_formula_comes_to_its_value(name: str, books: dict[str, Any]) -> None:
    values, formulas, count = opened(written(name)), opened(written(name), values=False), 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    count += 1
                    wanted = values[sheet.title][cell.coordinate].value
                    got = books[name][sheet.title][cell.coordinate].value
                    same = (wanted or None) == (got or None)
                    if isinstance(wanted, int | float) and isinstance(got, int | float):
                        same = abs(wanted - got) < (0.0005 if abs(wanted) <= 1 else 0.005)  # shares, money
                    assert same, (sheet.title, cell.coordinate, cell.value, wanted, got)
    assert count > 30 or name == "empty"


def test_a_filter_changes_the_totals_and_says_so(books: dict[str, Any]) -> None:
    told = SAMPLES["three_clouds"]
    lines = rows(opened(rendered("three_clouds")), "Findings")
    hidden = [lines[0], lines[2]]
    line = rows(books["filtered"], "Totals")[0]
    net, gross = (
        float(whole) - sum(one[column] for one in hidden)
        for whole, column in (
            (told.totals.net_monthly_savings or 0, "Net saving"),
            (told.totals.gross_monthly_savings or 0, "Gross saving"),
        )
    )
    assert line["Net saving"] == pytest.approx(net, abs=0.005)
    assert line["Gross saving"] == pytest.approx(gross, abs=0.005)
    assert line["Overlap"] == pytest.approx(gross - net, abs=0.005)
    assert not line["Low"]
    assert not line["High"]
    assert (
        books["filtered"]["Summary"]["A2"].value
        == "A filter is on: these are the totals of 12 of 14 findings."
    )


def test_a_filter_changes_the_total_of_its_currency_only(books: dict[str, Any]) -> None:
    lines = rows(opened(rendered("two_currencies")), "Findings")
    before = {
        line["Currency"]: line["Net saving"] for line in rows(opened(rendered("two_currencies")), "Totals")
    }
    after = {line["Currency"]: line["Net saving"] for line in rows(books["filtered_currencies"], "Totals")}
    before[lines[0]["Currency"]] -= lines[0]["Net saving"]
    assert after == pytest.approx(before, abs=0.005)


def test_named_inputs_change_the_view_and_nothing_else(books: dict[str, Any]) -> None:
    net = float(SAMPLES["three_clouds"].totals.net_monthly_savings or 0)
    assert rows(books["other_inputs"], "Totals")[0]["Net saving"] == pytest.approx(net, abs=0.005)
    assert rows(books["other_inputs"], "View")[0]["Net saving"] == pytest.approx(net / 2, abs=0.005)


@pytest.mark.parametrize("name", ["with_finance_and_hostile", "with_finance", "with_finance in German"])
def test_what_libreoffice_saves_reads_like_what_was_written(
    name: str, books: dict[str, Any], folder: Path
) -> None:
    with tongues():
        before = [(one.finding_id, one.status, one.decided) for one in read_edits(folder / f"{name}.xlsx")]
        saved = read_edits(folder / "out" / f"{name}.xlsx")
    assert [(one.finding_id, one.status, one.decided) for one in saved] == before
    sheet = "Befunde" if name in _GERMAN else "Findings"
    assert {one.where for one in saved} >= {f"{folder}/out/{name}.xlsx, sheet {sheet}, row 3"}
