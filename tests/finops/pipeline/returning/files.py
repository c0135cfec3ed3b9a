"""Workbooks as people send them back: written by the tool, then edited and saved by another program."""

import csv
import io
import warnings
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import openpyxl

from finops.model import AuditReport
from reports.language import t
from reports.xlsx import names, render
from tests.reports.xlsx.opened import opened

Edits = Mapping[str, Mapping[str, str | date | None]]


def edited(report: AuditReport, edits: Edits, path: Path) -> Path:
    """The workbook of a report with cells of some findings changed ({id: {"Status": "agreed"}}).

    It is written in the language that is spoken; the edits call columns by their English.
    """
    path.write_bytes(render(report))
    return edited_file(path, edits, path)


def edited_file(source: Path, edits: Edits, path: Path) -> Path:
    """The same with a workbook that was written already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what openpyxl does not keep
        book = openpyxl.load_workbook(source)
        sheet = book[t(names.SHEET)]
        heads = [cell.value for cell in sheet[2]]
        for row in sheet.iter_rows(min_row=3):
            for name, value in edits.get(row[0].value, {}).items():
                row[heads.index(t(name))].value = value
        book.save(path)
    return path


def as_csv(
    report: AuditReport, edits: Edits, path: Path, delimiter: str = ",", encoding: str = "utf-8-sig"
) -> Path:
    """The sheet as a spreadsheet saves it as CSV."""
    rows = opened(render(report))[t(names.SHEET)].iter_rows(values_only=True)
    lines = [["" if cell is None else str(cell) for cell in row] for row in rows]
    heads = lines[1]
    for line in lines[2:]:
        for name, value in edits.get(line[0], {}).items():
            line[heads.index(t(name))] = "" if value is None else str(value)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(lines)
    path.write_bytes(text.getvalue().encode(encoding))
    return path
