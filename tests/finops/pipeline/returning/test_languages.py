"""Files of every language come back, whatever language is spoken then; what could mean two things is refused."""

from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from finops.errors import UsageError
from finops.model import Decided
from finops.pipeline.returning import Edit, read_edits
from reports.language import LOCALES, Locale, speaking
from reports.xlsx import names
from tests.finops.pipeline.returning.files import Edits, as_csv, edited
from tests.reports.build import at, finding, report
from tests.reports.tongues import CHINESE, GERMAN, tongues

DONE = Decided(
    decision="done", owner="Ann", due=date(2026, 11, 30), comment=None, decided_at=at(2026, 11, 19, 8)
)
REPORT = report([finding(1, "30.00"), finding(2, "20.00", decision=DONE), finding(3, "10.00")])
DUE = date(2026, 12, 24)
ONE, TWO, THREE = (one.id for one in REPORT.findings)
# What the workbook of each language offers, but for one line in English, which every workbook takes.
EDITS: dict[Locale, Edits] = {
    "en": {
        ONE: {"Status": "agreed", "Owner": "Zoë", "Due": DUE},
        THREE: {"Status": "rejected", "Comment": "no"},
    },
    "de": {
        ONE: {"Status": "Vereinbart ", "Owner": "Zoë", "Due": DUE},
        THREE: {"Status": "rejected", "Comment": "no"},
    },
    "zh": {
        ONE: {"Status": "已同意", "Owner": "Zoë", "Due": DUE},
        THREE: {"Status": "已拒绝", "Comment": "no"},
    },
}

SAID = [
    (ONE, "agreed", "Zoë", "2026-12-24", "", ""),
    (TWO, "done", "Ann", "2026-11-30", "", "2026-11-19T08:00:00Z"),
    (THREE, "rejected", "", "", "no", ""),
]


def told(edits: list[Edit]) -> list[tuple[str, str, str, str, str, str | None]]:
    return [(one.finding_id, one.status, one.owner, one.due, one.comment, one.decided) for one in edits]


@pytest.mark.parametrize("written", LOCALES)
@pytest.mark.parametrize("spoken", LOCALES)
def test_a_file_of_any_language_is_read_the_same_in_any(
    written: Locale, spoken: Locale, tmp_path: Path
) -> None:
    with tongues():
        with speaking(written):
            book = edited(REPORT, EDITS[written], tmp_path / "book.xlsx")
            sheet = as_csv(REPORT, EDITS[written], tmp_path / "sheet.csv", ";")
        with speaking(spoken):
            assert told(read_edits(book)) == SAID
            assert told(read_edits(sheet)) == SAID


def test_a_place_is_told_with_the_sheet_as_the_file_calls_it(tmp_path: Path) -> None:
    with tongues():
        with speaking("de"):
            book = edited(REPORT, {TWO: {"Status": "fertig"}}, tmp_path / "book.xlsx")
        with pytest.raises(
            UsageError, match="sheet Befunde, row 4: Status 'fertig' is none of agreed, done, rejected"
        ):
            read_edits(book)


def test_words_that_a_catalogue_changed_since_are_still_read(tmp_path: Path) -> None:
    with tongues(), speaking("de"):
        book = edited(REPORT, EDITS["de"], tmp_path / "book.xlsx")
        sheet = as_csv(REPORT, EDITS["de"], tmp_path / "sheet.csv")
    kept = {english: (word,) for english, word in GERMAN.items()}
    with tongues(german={}), patch.dict(names.EVER, de=kept):
        assert told(read_edits(book)) == told(read_edits(sheet)) == SAID
    with tongues(german={}):
        for path in (book, sheet):
            with pytest.raises(UsageError, match=r"no sheet Findings|none of the first 20 lines is a header"):
                read_edits(path)


def test_a_word_that_means_two_things_in_two_languages_is_refused_and_english_is_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    with tongues(chinese=CHINESE | {"rejected": "erledigt", "agreed": "Done"}):
        path.write_text("Id,Status\nf1,erledigt\n")
        with pytest.raises(UsageError, match="line 2: Status 'erledigt' is none of agreed, done, rejected"):
            read_edits(path)
        path.write_text("Id,Status\nf1,done\n")
        assert [one.status for one in read_edits(path)] == ["done"]


def test_headers_of_two_languages_for_one_thing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    with tongues():
        path.write_text("编号,Status,Stand\nf1,done,erledigt\n")
        with pytest.raises(
            UsageError, match="line 1: two columns are called 'status' and 'stand': leave one of them"
        ):
            read_edits(path)
        path.write_text("Kennung;状态;Owner\nf1;已完成;Ann\n")
        assert told(read_edits(path)) == [("f1", "done", "Ann", "", "", None)]  # type: ignore[comparison-overlap]


def test_a_workbook_with_the_sheets_of_two_languages_says_so(tmp_path: Path) -> None:
    with tongues():
        book = edited(REPORT, {}, tmp_path / "book.xlsx")
        with (
            patch.dict(names.EVER, de={"Findings": ("Decisions",)}),
            pytest.raises(
                UsageError,
                match=r"has several sheets of findings \(Decisions, Findings\): leave one of them\.",
            ),
        ):
            read_edits(book)


def test_a_column_that_people_write_in_is_not_lost_where_its_header_is_not_known(tmp_path: Path) -> None:
    with tongues(), speaking("de"):
        book = edited(REPORT, EDITS["de"], tmp_path / "book.xlsx")
    with (
        tongues(german=GERMAN | {"Owner": "Verantwortlich"}),
        pytest.raises(
            UsageError, match="row 2: 'Zuständig' is no column that is known: call it Owner, or take it away"
        ),
    ):
        read_edits(book)


def test_columns_that_somebody_took_away_are_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("id,decision,decision_owner,decision_decided_at\nf1,done,Ann,\n")
    assert told(read_edits(path)) == [("f1", "done", "Ann", "", "", "")]
    path.write_text("Id,Status,Decided\nf1,done,\n")
    assert told(read_edits(path)) == [("f1", "done", "", "", "", "")]
