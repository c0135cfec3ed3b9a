"""Mutators of values, rows and columns."""

import csv
from random import Random
from typing import Any

from tests.fuzz.mutators import mutator
from tests.fuzz.writing import Draft

AMOUNTS = (
    "NaN", "nan", "-nan", "inf", "-Infinity", "1e308", "-1e308", "1e400", "1E+05", "1.23E+05", "1e-400", "1,234.56",
    "1.234,56", "1 234.56", "1'234.56", "1_000", "0x10", "1e", "e5", "--1", "+-1", "1.2.3", "$1.50", "1.50 USD", "(1.50)",
    "1.50-", "１２", "٣", "½", "", " ", "NULL", "null", "None", "N/A", "-", ".", "+", "true", "9" * 20, "9" * 21,
    "9" * 400, "0." + "9" * 400, "0" * 300 + "1", "-0", "-0.0", "1e-19", "5e-19", "4.9e-19", "99999999999999999999.5",
    "1.5\n", "\t1.5", " 1.5 ", "1.5\x00", "1\u00a0234", "\u22121.5", "Infinity%", "1/2", "1e+", "1E5.5", "1d5", "1f",
    "1b", "0b11", "0o7", "1__0", "_1", "1_", "1e1_0", "1.e5", ".e5", "1e5e5", "\ufeff1.5", "12e-30", "5e-18",
)  # fmt: skip
INSTANTS = (
    "10/05/2026", "05.10.2026", "2026-02-30", "2026-13-01", "0001-01-01", "9999-12-31", "10000-01-01", "-0044-03-15",
    "1899-12-30", "2262-04-12", "294247-01-10", "infinity", "-infinity", "epoch", "now", "today", "yesterday", "46300",
    "1760000000", "2026-10-05", "2026-10-05T00", "2026-10-05 00:00", "2026-10-05T24:00:00Z", "2026-10-05T23:59:60Z",
    "2026-10-05T00:00:00+02:00", "2026-10-05T00:00:00-0230", "2026-10-05T00:00:00+14:59", "2026-10-05T00:00:00 UTC",
    "2026-10-05T00:00:00 Europe/Berlin", "2026-10-05T00:00:00.123456789Z", "2026-10-05t00:00:00z", "20261005",
    "2026-10", "2026", "2026-W41-1", "2026-279", "Oct 5, 2026", "", "NULL", "None", "2026-10-05T00:00:00Z extra",
    "2026-10-05 (BC)", "2026-1-5", "26-10-05", "2026-10-05T1:2:3Z", "2026/10/05", "２０２６-10-05", "\t2026-10-05",
    "2026-10-05T00:00:00ZZ", "2026-10-05T00:00:00+99:00", "2026-10-05T00:00:00 EST", "1990-01-01", "2200-01-01",
)  # fmt: skip
TEXTS = (
    "", "NULL", "null", "None", "=1+1", "@SUM(A1)", "a\x00b", "a\x1fb", "a\x1f\x1f\x1fb", "a\nb", "a\r\nb", "a\rb", "\n", "\r",
    'a"b', '"', '""', "'", "\\", '\\"', "a;b,c\td|e", " lead", "trail ", "\u2028", "\u202e", "\ufeff", "é", "e\u0301", "🙂",
    "\x1b[31mred", "\x07", "{", "[", '{"a": 1', "{}", "[]", "[{}]", "[null]", '{"a": {"b": [1]}}', '{"user_a": "x, \\"user_b"}',
    "[{'key': 'a', 'value': \"it's\"}]", '[{"amount": 1e999}]', '[{"amount": null}]', '[{"amount": "NaN"}]', '[{"amount": -1}]',
    "[{'amount': -1, 'name': None}]", '{"a":1,"a":2}', "NaN", "0042", "%s%n", "${x}", "'; DROP TABLE charges; --", "usage",
    "Usage ", "USAGE", "Refund", "\ud800", "\U0010ffff", "x" * 5000,
)  # fmt: skip
_MONEY_NAMES = ("cost", "price", "quantity", "amount", "fee", "commitment", "rate")
_INSTANT_NAMES = ("period", "date", "time", "month")


def _column(draft: Draft, rng: Random, words: tuple[str, ...]) -> int:
    names = [i for i, name in enumerate(draft.table.header) if any(word in name.lower() for word in words)]
    return rng.choice(names or range(len(draft.table.header)))


def _put(draft: Draft, rng: Random, words: tuple[str, ...], values: tuple[str, ...]) -> None:
    column = _column(draft, rng, words)
    for row in rng.sample(draft.table.rows, rng.choice([1, 1, 1, min(3, len(draft.table.rows))])):
        if column >= len(row):
            continue
        value = rng.choice(values)
        if isinstance(row[column], dict):  # one field of a record
            row[column] = row[column] | {rng.choice(list(row[column])): value}
        elif isinstance(row[column], float) and rng.random() < 0.5:
            row[column] = rng.choice(
                [float("nan"), float("inf"), 1e308, 1e22, 1e-30, 10**25, True, None, [1], {}]
            )
        else:
            row[column] = value


@mutator("table")
def odd_amount(draft: Draft, rng: Random) -> None:
    _put(draft, rng, _MONEY_NAMES, AMOUNTS)


@mutator("table")
def odd_instant(draft: Draft, rng: Random) -> None:
    _put(draft, rng, _INSTANT_NAMES, INSTANTS)


@mutator("table")
def odd_text(draft: Draft, rng: Random) -> None:
    _put(draft, rng, ("",), TEXTS)


@mutator("table")
def wrong_place(draft: Draft, rng: Random) -> None:
    """Values of other columns, as after a shift."""
    row = rng.choice(draft.table.rows)
    a, b = rng.randrange(len(row)), rng.randrange(len(row))
    row[a], row[b] = row[b], row[a]


@mutator("table", "csv", "parquet")
def field_of_3_mb(draft: Draft, rng: Random) -> None:
    row = rng.choice(draft.table.rows)
    row[rng.randrange(len(row))] = rng.choice(["x", '"', "\n", "é,"]) * rng.choice([1_000_000, 3_000_000])


@mutator("table", "csv", "parquet")
def excel_saved_it(draft: Draft, rng: Random) -> None:
    """Dates in the local order, long numbers in scientific notation, leading zeros gone, a semicolon."""
    draft.delimiter, draft.end = rng.choice(",;"), "\r\n"
    for row in draft.table.rows:
        for number, value in enumerate(row):
            text = str(value)
            if text[:4].isdigit() and text[4:5] == "-":
                row[number] = f"{text[8:10]}/{text[5:7]}/{text[:4]}"
            elif text.isdigit() and len(text) > 11:
                row[number] = f"{float(text):.5E}"
            elif text.isdigit():
                row[number] = text.lstrip("0") or "0"


@mutator("table", "csv", "parquet")
def thousands_separators(draft: Draft, rng: Random) -> None:
    column = _column(draft, rng, ("cost",))
    for row in draft.table.rows:
        if column < len(row):
            row[column] = rng.choice(["1,234.50", "1.234,50", "1 234.50"])


# --- rows -------------------------------------------------------------------------------------------------


@mutator("table", "csv", "parquet")
def header_in_the_middle(draft: Draft, rng: Random) -> None:
    draft.table.rows.insert(rng.randrange(len(draft.table.rows) + 1), list(draft.table.header))


@mutator("table", expects="loads")
def rows_doubled_and_swapped(draft: Draft, rng: Random) -> None:
    draft.table.rows += [list(row) for row in draft.table.rows]
    rng.shuffle(draft.table.rows)


@mutator("table", "csv")
def row_too_short(draft: Draft, rng: Random) -> None:
    row = rng.choice(draft.table.rows)
    del row[rng.randrange(1, len(row)) :]


@mutator("table", "csv")
def row_too_long(draft: Draft, rng: Random) -> None:
    row = rng.choice(draft.table.rows)
    for _ in range(rng.randrange(1, 4)):
        row.insert(rng.randrange(len(row) + 1), rng.choice(["", "x", "1.5"]))


@mutator("table", "csv")
def totals_at_the_end(draft: Draft, rng: Random) -> None:
    width = len(draft.table.header)
    draft.table.rows.append(rng.choice([["Total", "123.45"], ["Total"] + [""] * (width - 1), [""] * width]))


@mutator("table")
def no_rows(draft: Draft, rng: Random) -> None:
    if draft.kind == "parquet":
        draft.types = {}
    draft.table.rows = []


# --- columns ----------------------------------------------------------------------------------------------


@mutator("table")
def column_dropped(draft: Draft, rng: Random) -> None:
    column = rng.randrange(len(draft.table.header))
    del draft.table.header[column]
    for row in draft.table.rows:
        del row[column : column + 1]


def _repeated(draft: Draft, rng: Random, name: str, column: int, value: Any) -> None:
    at = rng.randrange(len(draft.table.header) + 1)
    draft.table.header.insert(at, name)
    for row in draft.table.rows:
        row.insert(at, row[column] if value is None and column < len(row) else value)


@mutator("table", "csv", "parquet")
def column_twice(draft: Draft, rng: Random) -> None:
    column = rng.randrange(len(draft.table.header))
    _repeated(draft, rng, draft.table.header[column], column, rng.choice([None, "1", ""]))


@mutator("table")
def column_twice_in_another_case(draft: Draft, rng: Random) -> None:
    column = rng.randrange(len(draft.table.header))
    name = draft.table.header[column]
    _repeated(draft, rng, rng.choice([name.upper(), name.lower(), f" {name}", f"{name} "]), column, "7")


@mutator("table", "csv", "parquet")
def tags_that_differ_by_case(draft: Draft, rng: Random) -> None:
    for name in ("resourceTags/user:Name", "resourceTags/user:name", "resourceTags/user:NAME"):
        _repeated(draft, rng, name, 0, name[-4:])


@mutator("table")
def odd_column(draft: Draft, rng: Random) -> None:
    names = (
        "", " ", "a.b", 'a"b', "a'b", "a,b", "a\nb", "é", "column 1", "fault", "number", "part", "bill", "x_Other", "unused",
        "raw_BilledCost", "row_of_file", "rowid", "filename", "select", "x_Source", "x_Cost", "\x1f", "credits.amount",
        "resourceTags/user:a.b'c\"d", "resourceTags/user:", "product_", "product.x", "service", "x" * 300, "\x00", "\ud800", "🙂",
    )  # fmt: skip
    _repeated(draft, rng, rng.choice(names), 0, rng.choice(["", "v", 'v"', "NULL"]))


@mutator("table")
def column_renamed(draft: Draft, rng: Random) -> None:
    column = rng.randrange(len(draft.table.header))
    draft.table.header[column] = rng.choice(["", "x", "a.b", 'a"b', draft.table.header[column] + "2"])


@mutator("table", expects="loads")
def columns_shuffled(draft: Draft, rng: Random) -> None:
    order = list(range(len(draft.table.header)))
    rng.shuffle(order)
    draft.table.header = [draft.table.header[i] for i in order]
    draft.table.rows = [[row[i] for i in order] for row in draft.table.rows]


@mutator("table", "csv")
def header_in_another_case(draft: Draft, rng: Random) -> None:
    change = rng.choice([str.upper, str.lower, str.title, str.swapcase])
    draft.table.header = [change(name) for name in draft.table.header]


@mutator("table", "csv", expects="loads")
def header_with_blanks(draft: Draft, rng: Random) -> None:
    draft.table.header = [rng.choice([" {}", "{} ", "{}", "\t{}"]).format(n) for n in draft.table.header]


@mutator("table", "csv")
def column_of_another_version(draft: Draft, rng: Random) -> None:
    _repeated(draft, rng, rng.choice(["InvoiceDetailId", "ServiceProviderName", "tags", "discount"]), 0, "x")


# --- ways of writing --------------------------------------------------------------------------------------


@mutator("table", "csv", expects="loads")
def another_delimiter(draft: Draft, rng: Random) -> None:
    draft.delimiter = rng.choice(";\t|")


@mutator("table", "csv", expects="loads")
def crlf(draft: Draft, rng: Random) -> None:
    draft.end = "\r\n"


@mutator("table", "csv")
def cr_only(draft: Draft, rng: Random) -> None:
    draft.end = "\r"


@mutator("table", "csv", expects="loads")
def everything_quoted(draft: Draft, rng: Random) -> None:
    draft.quoting = csv.QUOTE_ALL


@mutator("table", "csv", "json", expects="loads")
def gzipped(draft: Draft, rng: Random) -> None:
    draft.gzipped = True


@mutator("table", expects="loads")
def nothing_wrong(draft: Draft, rng: Random) -> None:
    pass
