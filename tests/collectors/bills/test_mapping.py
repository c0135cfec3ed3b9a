"""The mapping itself: complete against `charges`, true to the specification, told in the docs."""

import csv
from pathlib import Path

import pytest

from collectors.bills.mapping import mappings
from finops.schema_comments import tables

ROOT = Path(__file__).parents[3]
DERIVED = {"x_Cloud", "x_AccountId", "x_ResourceKey", "x_Cost", "x_CostBasis", "x_Other", "x_Source"}
FOCUS = next(mapping for mapping in mappings() if mapping.format == "focus")


def test_every_column_of_charges_has_one_line_and_no_other_has():
    charges = next(table for table in tables() if table.name == "charges")
    assert [column.target for column in FOCUS.columns] + sorted(DERIVED) == [
        *(column.name for column in charges.columns if column.name not in DERIVED),
        *sorted(DERIVED),
    ]


def test_decimals_are_money_and_timestamps_are_instants():
    charges = next(table for table in tables() if table.name == "charges")
    kinds = {"DECIMAL(38, 18)": "money", "TIMESTAMP": "instant", "VARCHAR": "text"}
    expected = {column.name: kinds[column.type] for column in charges.columns if column.name not in DERIVED}
    expected["BillingPeriodStart"] = expected["BillingPeriodEnd"] = "computed"
    assert {column.target: column.kind for column in FOCUS.columns} == expected


@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v1.2"])
def test_every_column_of_the_specification_is_read(version):
    path = ROOT.parent / "shared" / "facts" / "focus_columns.csv"
    if not path.exists():
        pytest.skip("the list of FOCUS columns is not on this machine")
    with open(path, newline="") as file:
        columns = {row["column"] for row in csv.DictReader(file) if row["version"] == version}
    assert columns
    assert columns <= FOCUS.reads


@pytest.mark.parametrize("format_", [each.name for each in mappings()])
def test_the_docs_tell_every_line(format_):
    page = (ROOT / "docs" / "ingest.md").read_text(encoding="utf-8")
    columns = next(each.columns for each in mappings() if each.name == format_)
    assert columns
    assert not [each for each in columns if f"| `{each.target}` | {each.doc} |" not in page]


def test_the_docs_tell_every_other_name_of_a_column():
    page = (ROOT / "docs" / "ingest.md").read_text(encoding="utf-8")
    alibaba = next(mapping for mapping in mappings() if mapping.format == "alibaba")
    assert alibaba.also
    assert not [name for name in alibaba.also if f"`{name}`" not in page]
