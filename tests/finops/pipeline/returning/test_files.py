"""Files that are no workbook of ours, damaged or hostile: one sentence each, never a traceback, never much memory."""

import csv
import io
import re
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.errors import UsageError
from finops.pipeline.returning import Edit, lines, read_edits
from reports.xlsx import render
from tests.reports import sample
from tests.reports.xlsx.opened import packed, part_of, parts

BOOK = render(sample.two_currencies())


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(UsageError) as found:
        read_edits(path)
    told = str(found.value)
    assert told.startswith(str(path))
    assert "\n" not in told
    return told.removeprefix(str(path))


def with_part(name: str, text: bytes) -> bytes:
    return packed(parts(BOOK) | {name: text})


def test_other_files_are_told_from_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    assert "is an old .xls file or has a password" in refused(path, b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    assert "is damaged: it is no whole zip file" in refused(path, BOOK[:3000])
    assert "is neither a workbook nor UTF-8 text" in refused(path, b"\xff\x00\x01")
    assert "is neither a workbook nor text" in refused(path, b"a,b\0")
    assert "none of the first 20 lines is a header with Id and Status" in refused(path, b"a,b\n1,2\n")
    assert "none of the first 20 lines is a header" in refused(path, b"")
    open_document = packed(
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}
    )
    assert "is an OpenDocument file: save it as .xlsx" in refused(path, open_document)
    assert "is no workbook that can be read" in refused(path, packed({"a": b"b"}))
    with pytest.raises(UsageError, match=r"nowhere\.xlsx cannot be read: No such file"):
        read_edits(tmp_path / "nowhere.xlsx")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_edits(tmp_path)


def test_a_workbook_without_the_sheet_or_its_header_says_which_it_has(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    names = parts(BOOK)["xl/workbook.xml"]
    told = refused(path, with_part("xl/workbook.xml", names.replace(b'name="Findings"', b'name="Sheet1"')))
    assert told.startswith(" has no sheet Findings (it has: Read me, Summary, Decisions, Sheet1, ")
    strings = parts(BOOK)["xl/sharedStrings.xml"]
    told = refused(
        path, with_part("xl/sharedStrings.xml", strings.replace(b"<t>Status</t>", b"<t>State of it</t>"))
    )
    assert told.startswith(
        ", sheet Findings: none of the first 20 rows is a header with Id and Status: put it back"
    )
    told = refused(
        path, with_part("xl/sharedStrings.xml", strings.replace(b"<t>Owner</t>", b"<t>Status</t>"))
    )
    assert told == ", sheet Findings, row 2: two columns are called 'status': leave one of them."


def test_a_file_that_unpacks_to_more_than_a_report_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_MOST_UNPACKED", 2_000_000)
    bomb = with_part("xl/worksheets/sheet99.xml", b" " * 2_000_000)
    assert len(bomb) < 200_000
    assert "is not read: it unpacks to 2," in refused(tmp_path / "bomb.xlsx", bomb)
    monkeypatch.setattr(lines, "_MOST_BYTES", 1_000)
    assert "more than a report ever has: import the workbook" in refused(tmp_path / "bomb.xlsx", bomb)
    monkeypatch.undo()
    many = packed({f"x{number}": b"" for number in range(5_001)})
    assert "in 5,001 parts" in refused(tmp_path / "many.xlsx", many)


def test_a_row_that_says_it_is_below_the_end_of_a_sheet_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_MOST_ROWS", 1_000)
    name = part_of(parts(BOOK), "Findings")
    text = parts(BOOK)[name].replace(b'<row r="3"', b'<row r="50000"')
    assert text != parts(BOOK)[name]
    assert "is no workbook that can be read" in refused(tmp_path / "x.xlsx", with_part(name, text))


def test_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    )
    for name in ("xl/sharedStrings.xml", part_of(parts(BOOK), "Findings"), "xl/workbook.xml"):
        text = re.sub(rb"^<\?xml[^>]*\?>", bomb, parts(BOOK)[name])
        assert "it defines entities of its own" in refused(tmp_path / "x.xlsx", with_part(name, text))


def _told(path: Path) -> str:
    """What a file is refused with, or the file itself."""
    try:
        read_edits(path)
    except UsageError as error:
        return str(error)
    return str(path)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_damaged_workbook_is_read_or_refused_in_a_sentence(data: st.DataObject) -> None:
    """Bytes of a part are changed, cut out or doubled, and the part packed again."""
    files = parts(BOOK)
    name = data.draw(st.sampled_from(sorted(files)))
    content = files[name]
    start = data.draw(st.integers(0, max(len(content) - 1, 0)))
    length = data.draw(st.integers(0, 200))
    files[name] = content[:start] + data.draw(st.binary(max_size=20)) + content[start + length :]
    path = Path(mkdtemp()) / "x.xlsx"
    path.write_bytes(packed(files))
    assert _told(path).startswith(str(path))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=30)


@given(
    st.lists(st.tuples(st.sampled_from(["agreed", "done", "rejected", ""]), TEXT, TEXT), max_size=6),
    st.sampled_from(",;\t"),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_into_a_csv_is_what_is_read(
    said: list[tuple[str, str, str]], delimiter: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["Id", "Status", "Owner", "Comment"])
    writer.writerows([[f"f{number}", *line] for number, line in enumerate(said)])
    path = Path(mkdtemp()) / "x.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    assert [(one.finding_id, one.status, one.owner, one.comment) for one in read_edits(path)] == [
        (f"f{number}", status, bare(owner), bare(comment))
        for number, (status, owner, comment) in enumerate(said)
    ]


def bare(text: str) -> str:
    """Without the space around it, and without the apostrophe that keeps a formula from running."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(tuple("=+-@\t\n＝＋－＠")) else text


def test_lines_that_say_nothing_are_left_out_and_an_untold_instant_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("A title\n\nId,Status\nf1,\n,\n\nf2,done\n")
    assert read_edits(path) == [
        Edit(f"{path}, line 4", "f1", "", "", "", "", None),
        Edit(f"{path}, line 7", "f2", "done", "", "", "", None),
    ]
