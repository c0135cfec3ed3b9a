"""Workbooks opened in tests: by openpyxl for what is in them, by LibreOffice for what their formulas come to."""

import io
import re
import shutil
import subprocess
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl

from finops.model import AuditReport
from reports.xlsx import render
from tests.reports import finance_sample, sample

SAMPLES: dict[str, AuditReport] = {
    "empty": sample.empty(),
    "clean": sample.clean(),
    "three_clouds": sample.three_clouds(),
    "partial": sample.partial(),
    "two_currencies": sample.two_currencies(),
    "hostile": sample.hostile(),
    "secret": sample.secret(),
    "with_finance": finance_sample.with_finance(sample.three_clouds()),
    "with_finance_and_two_currencies": finance_sample.with_finance(sample.two_currencies()),
    "with_finance_and_hostile": finance_sample.with_finance(sample.hostile()),
}


def opened(content: bytes, *, values: bool = True) -> Any:
    """The workbook with the values of its formulas, or with the formulas themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what openpyxl does not keep, which nobody writes back
        return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def parts(content: bytes) -> dict[str, bytes]:
    """The files in the file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    """The other way round."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def rows(book: Any, table: str) -> list[dict[str, Any]]:
    """The rows of a table by its name, wherever it stands; those of an empty one are none."""
    for sheet in book:
        if table in sheet.tables:
            cells = [[cell.value for cell in row] for row in sheet[sheet.tables[table].ref]]
            return [
                dict(zip(cells[0], row, strict=True)) for row in cells[1:] if any(v is not None for v in row)
            ]
    raise AssertionError(f"There is no table {table}.")


def texts(content: bytes) -> Iterator[str]:
    """Everything that somebody reads, or has read to them: sheets, cells, notes, formulas, lists, charts, the title."""
    book, formulas = opened(content), opened(content, values=False)
    yield from book.sheetnames
    for sheet in book:
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            told = (cell.value, cell.comment and cell.comment.text)
            yield from (one for one in told if isinstance(one, str))
        yield sheet.oddFooter.right.text
        for rule in sheet.data_validations.dataValidation:
            yield from (rule.formula1, rule.error, rule.errorTitle)
    for sheet in formulas:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            yield "".join(re.findall(r'"([^"]*)"', cell.value))
    for name, part in parts(content).items():
        if re.search(r"charts/|drawings/drawing|docProps/core", name):
            told = re.findall(r'(?:descr="|<a:t>|<c:v>|:title>|:subject>)([^<"]*)', part.decode())
            yield from map(unescape, told)


def part_of(files: Mapping[str, bytes], sheet: str) -> str:
    """The name of the part that a sheet is in."""
    names = re.findall(r'<sheet name="([^"]+)"', files["xl/workbook.xml"].decode())
    return f"xl/worksheets/sheet{names.index(sheet) + 1}.xml"


def without_values(content: bytes) -> bytes:
    """The same without the values of formulas, so that whoever opens it has to reckon them."""
    files = parts(content)
    for name in files:
        if name.startswith("xl/worksheets/sheet"):
            files[name] = re.sub(
                rb'(<c [^>]*?)( t="str")?(>)(<f>[^<]*</f>)<v>[^<]*</v>', rb"\1\3\4", files[name]
            )
    return packed(files)


def filtered(content: bytes, table_sheet: str, hidden: Iterable[int]) -> bytes:
    """The same with rows of a sheet hidden, as a filter hides them."""
    files = parts(content)
    name = part_of(files, table_sheet)
    for number in hidden:
        files[name] = files[name].replace(b'<row r="%d" ' % number, b'<row r="%d" hidden="1" ' % number)
    return packed(files)


def office() -> str | None:
    """LibreOffice, where it is installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def recalculated(workbooks: Mapping[str, bytes], folder: Path) -> dict[str, Any]:
    """The workbooks as LibreOffice saves them, every formula reckoned by it."""
    program, out = office(), folder / "out"
    assert program
    for name, content in workbooks.items():
        (folder / f"{name}.xlsx").write_bytes(without_values(content))
    subprocess.run(
        [
            program, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx",
            "--outdir", str(out), *(str(folder / f"{name}.xlsx") for name in workbooks),
        ],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return {name: opened((out / f"{name}.xlsx").read_bytes()) for name in workbooks}


@cache
def rendered(name: str) -> bytes:
    return render(SAMPLES[name])
