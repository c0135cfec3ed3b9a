"""Costs as CSV for a spreadsheet: one line each, RFC 4180, safe to open (see reports/csv.py)."""

import csv
import io

from finops.spending import CostAnswer
from reports.costs import table
from reports.csv import BOM, cell


def render(answer: CostAnswer, *, bom: bool = False) -> str:
    """The CSV text; with `bom` for a file. Write it with newline="" so that the line ends stay CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(cell, table.columns(answer)))
    writer.writerows(map(cell, row) for row in table.rows(answer))
    return (BOM if bom else "") + text.getvalue()
