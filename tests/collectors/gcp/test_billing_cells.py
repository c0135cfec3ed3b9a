"""Pages of BigQuery as Arrow: what Google's own library makes of them, and what it cannot hold exactly as text."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from google.cloud.bigquery import SchemaField
from google.cloud.bigquery.table import RowIterator

from collectors.gcp.billing_cells import batch_of

AMOUNT = SchemaField("amount", "FLOAT")
SCHEMA = [
    SchemaField("text", "STRING"), SchemaField("number", "FLOAT64"), SchemaField("whole", "INTEGER"),
    SchemaField("exact", "NUMERIC", "REQUIRED"), SchemaField("sure", "BOOL"), SchemaField("day", "DATE"),
    SchemaField("local", "DATETIME"), SchemaField("at", "TIMESTAMP"),
    SchemaField("credits", "RECORD", "REPEATED", fields=(SchemaField("name", "STRING"), AMOUNT)),
    SchemaField("project", "RECORD", fields=(
        SchemaField("id", "STRING"), SchemaField("labels", "STRUCT", "REPEATED", fields=(AMOUNT,)),
    )),
    SchemaField("numbers", "INT64", "REPEATED"),
]  # fmt: skip


def cell(value: Any) -> Any:
    """A value as BigQuery writes it: records are tuples, what is repeated is a list, everything else text."""
    if isinstance(value, list):
        return [{"v": cell(each)} for each in value]
    return {"f": [{"v": cell(each)} for each in value]} if isinstance(value, tuple) else value


ROWS = [
    cell((
        "a\"b", "0.1", "-9223372036854775808", "29999999999999999999999999999.123456789", "true", "2026-10-05",
        "2026-10-05T01:02:03.123456", "1760000000123456", [("SUD", "-0.1"), ("", None)], ("shop", [("1E-7",)]),
        ["1", "2"],
    )),
    cell((None, "1e308", "0", "0", "false", "0001-01-01", "2026-10-05T00:00:00", "-1", [], (None, []), [])),
    cell(("", None, None, "-0.000000001", None, None, None, None, [("P", "-5")], None, ["0"])),
]  # fmt: skip


def by_the_library(rows: list[Any]) -> pa.Table:
    iterator = RowIterator(
        SimpleNamespace(project="p"),
        lambda **_: {"rows": rows},
        "/rows",
        SCHEMA,
        first_page_response={"rows": rows},
    )  # type: ignore[no-untyped-call]
    return pa.Table.from_batches(iterator.to_arrow_iterable())


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], ROWS[1:], ROWS * 50])
def test_a_page_is_what_the_library_makes_of_it(rows: list[Any]) -> None:
    mine = pa.Table.from_batches([batch_of(SCHEMA, rows)])
    assert mine.to_pylist() == by_the_library(rows).to_pylist()
    assert mine.cast(by_the_library(rows).schema).num_rows == len(rows)


def test_a_page_without_rows_has_its_columns() -> None:
    assert batch_of(SCHEMA, []).schema.names == [column.name for column in SCHEMA]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("BIGNUMERIC", "0.12345678901234567890123456789012345678"), ("JSON", '{"team": "a"}'),
        ("GEOGRAPHY", "POINT(1 2)"), ("TYPE_OF_NEXT_YEAR", "x"),
    ],
)  # fmt: skip
def test_what_parquet_has_no_type_for_stays_text(kind: str, value: str) -> None:
    column = SimpleNamespace(name="c", field_type=kind, mode="NULLABLE", fields=())
    assert batch_of([column], [cell((value,))]).to_pylist() == [{"c": value}]


@pytest.mark.parametrize("text", ["1791417600250000", "1791417600.25", "1.79141760025E9"])
def test_an_instant_in_microseconds_or_in_seconds_is_the_same_instant(text: str) -> None:
    column = SimpleNamespace(name="at", field_type="TIMESTAMP", mode="NULLABLE", fields=())
    at = datetime(2026, 10, 8, 0, 0, 0, 250000, tzinfo=UTC)
    assert batch_of([column], [cell((text,)), cell((None,))]).to_pylist() == [{"at": at}, {"at": None}]


def test_a_number_that_comes_as_a_number_is_read_all_the_same() -> None:
    rows = [cell((1.5,)), cell((None,)), cell((2,))]
    assert batch_of([AMOUNT], rows).to_pylist() == [{"amount": 1.5}, {"amount": None}, {"amount": 2.0}]


@pytest.mark.parametrize("rows", [[{}], [{"f": []}], [{"f": [{}]}], [cell(("much",))]])
def test_a_page_that_is_none_is_an_error(rows: list[Any]) -> None:
    with pytest.raises((KeyError, IndexError, ValueError)):
        batch_of([AMOUNT], rows)
