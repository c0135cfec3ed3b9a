"""In every language the workbook is one that spreadsheets open, with the same numbers, and its words can come back."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from finops.model import AuditReport
from reports.language import LOCALES, Locale, speaking, t
from reports.xlsx import names, render
from reports.xlsx.book import money_format
from tests.reports import finance_sample, sample
from tests.reports.tongues import GERMAN, tongues
from tests.reports.untranslated import bracketed, rest
from tests.reports.untranslated import sample as whole_sample
from tests.reports.xlsx.opened import opened, texts

LONGEST_SHEET, LONGEST_TEXT = 31, 255
REPORTS = {
    "whole": whole_sample(),
    "two_currencies": finance_sample.with_finance(sample.two_currencies()),
    "empty": sample.empty(),
}


def faults(content: bytes) -> list[str]:
    """What a spreadsheet would not open, or open otherwise than it was meant, by the limits that Excel documents.

    What xlsxwriter warns of and leaves out is an error in tests: headers of one name, messages that are too long.
    """
    book = opened(content, values=False)
    found = [f"sheet {one!r}" for one in book.sheetnames if not _is_sheet(one)]
    doubles = Counter(map(str.casefold, book.sheetnames))
    found += [f"two sheets {one!r}" for one, number in doubles.items() if number > 1]
    for sheet in book:
        for table in sheet.tables.values():
            heads = [cell.value for cell in sheet[table.ref][0]]
            assert heads == [column.name for column in table.tableColumns]
            found += [f"column {one!r}" for one in heads if not _is_column(one)]
            doubles = Counter(one.casefold() for one in heads)
            found += [f"two columns {one!r} in {table.name}" for one, number in doubles.items() if number > 1]
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            told = (one.replace('""', '"') for one in re.findall(r'"((?:[^"]|"")*)"', cell.value))
            found += [f"text {one!r}" for one in told if len(one) > LONGEST_TEXT]
        for rule in sheet.data_validations.dataValidation:
            words = rule.formula1.strip('"').split(",")
            if len(words) != len(names.STATUSES) or any(one.strip() != one for one in words):
                found.append(f"list {words}")
    return found


def _is_sheet(name: str) -> bool:
    plain = not re.search(r"[\[\]:*?/\\]", name) and name.isprintable() and name.strip(" '") == name
    return plain and 0 < len(name) <= LONGEST_SHEET and name.casefold() != "history"


def _is_column(name: str) -> bool:
    return 0 < len(name) <= LONGEST_TEXT and name.isprintable() and name.strip() == name


def data(report: AuditReport) -> set[str]:
    """What is told as it is: texts of the model and names of cells."""
    found: set[str] = {"Month_hours", "Discount", "finops", "UTC"}
    left: list[Any] = [report.model_dump(mode="json")]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str):
            found.add(one)
    return found


def tables(book: Any) -> list[tuple[str, str]]:
    """Every table and where it stands."""
    return [(table.name, table.ref) for sheet in book for table in sheet.tables.values()]


def numbers(book: Any) -> Iterator[tuple[int, str, Any, str]]:
    """Every number and date of the sheets, with where it stands and its format, but for where that has a currency."""
    for number, sheet in enumerate(book):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            if cell.value is not None and not isinstance(cell.value, str):
                yield number, cell.coordinate, cell.value, re.sub(r'"[^"]*"', "", cell.number_format)


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("locale", [one for one in LOCALES if one != "en"])
def test_a_catalogue_changes_words_and_nothing_that_a_spreadsheet_or_a_formula_goes_by(
    locale: Locale, name: str
) -> None:
    english = opened(render(REPORTS[name]))
    with speaking(locale):
        told = [render(REPORTS[name])]
    with tongues(), speaking(locale):
        told.append(render(REPORTS[name]))
    for content in told:
        assert faults(content) == []
        book = opened(content)
        assert tables(book) == tables(english)
        assert list(book.defined_names) == list(english.defined_names)
        assert list(numbers(book)) == list(numbers(english))


@pytest.mark.parametrize(
    ("locale", "dollars", "francs"),
    [
        ("en", '"$"#,##0.00;-"$"#,##0.00', '"CHF "#,##0.00;-"CHF "#,##0.00'),
        ("de", '#,##0.00"\xa0$";-#,##0.00"\xa0$"', '#,##0.00"\xa0CHF";-#,##0.00"\xa0CHF"'),
        ("zh", '"US$"#,##0.00;-"US$"#,##0.00', '"CHF"#,##0.00;-"CHF"#,##0.00'),
    ],
)
def test_amounts_have_their_currency_where_the_language_puts_it(
    locale: Locale, dollars: str, francs: str
) -> None:
    with speaking(locale):
        assert (money_format("USD"), money_format("CHF")) == (dollars, francs)
        assert money_format(None) == money_format("$0") == "#,##0.00"
        book = opened(render(REPORTS["whole"]))
        formats = {cell.number_format for sheet in book for row in sheet.iter_rows() for cell in row}
    assert dollars in formats


def test_the_ends_of_an_interval_are_columns_of_their_own_words() -> None:
    with speaking("de"):
        book = opened(render(REPORTS["whole"]))
    heads = [cell.value for cell in book["Befunde"][book["Befunde"].tables["Findings"].ref][0]]
    assert [one for one in heads if one in ("Unterer Wert", "Oberer Wert", "Preisbasis", "Niedrig")] == [
        "Unterer Wert",
        "Oberer Wert",
        "Preisbasis",
    ]


def test_what_a_catalogue_may_say_wrongly_is_noticed() -> None:
    def told(**words: str) -> list[str]:
        with tongues(GERMAN | {one.replace("_", " "): word for one, word in words.items()}), speaking("de"):
            return faults(render(REPORTS["two_currencies"]))

    assert told() == []
    assert told(agreed="so, vereinbart") == ["list ['so', ' vereinbart', 'erledigt', 'abgelehnt']"]
    assert "column 'Spar\\nbetrag'" in told(Net_saving="Spar\nbetrag")
    assert told(Costs=" Kosten") == ["sheet ' Kosten'"]
    filtered = "A filter is on: these are the totals of {shown} of {count} findings."
    assert told(**{filtered: "x" * 256})[0].startswith("text 'xxx")
    for wrong in ({"State": "Stand"}, {"Status": "x" * 33}):
        with pytest.raises(UserWarning, match=r"Duplicate header name|exceeds Excel's limit"):
            told(**wrong)


def test_nothing_that_people_read_is_left_in_english() -> None:
    with bracketed():
        content = render(REPORTS["whole"])
    known = sorted(data(REPORTS["whole"]), key=lambda one: (-len(one), one))
    told = re.compile(
        "|".join([*(rf"(?<!\w){re.escape(one)}(?!\w)" for one in known), r"\d+\. \w+\.? \d{4}"])
    )
    left = {text: told.sub("", rest(text)) for text in texts(content)}
    assert [text for text, strange in left.items() if re.search(r"[^\W\d_]{3,}", strange)] == []


def test_headers_and_status_words_mean_one_thing_each_in_all_languages_together() -> None:
    """Else a workbook of one language would be read wrongly by the words of another."""
    for english in (names.COLUMNS.values(), names.STATUSES):
        spelled = {(word.casefold(), one) for one in english for word in names.spellings(one)}
        assert len({word for word, _ in spelled}) == len(spelled), spelled
    known = names.columns()
    for locale in LOCALES:
        with speaking(locale):
            book = opened(render(REPORTS["two_currencies"]))
            sheet = book[t(names.SHEET)]
            heads = [cell.value for cell in sheet[sheet.tables["Findings"].ref][0]]
            own = [t(one) for one in names.COLUMNS.values()]
            assert [head for head in heads if head.casefold() in known and head not in own] == []
            assert [one for one in book.sheetnames if one in names.sheets()] == [sheet.title]


def test_every_word_by_which_a_file_comes_back_is_kept_for_ever() -> None:
    """A word that a catalogue changes goes into names.EVER, and the old one stays there."""
    for english in (names.SHEET, *names.COLUMNS.values(), *names.STATUSES):
        for locale in LOCALES:
            with speaking(locale):
                word = t(english)
            assert word == english or word in names.EVER[locale].get(english, ()), (locale, english, word)
