"""What is asked of a billing export: the kind of a table by its columns, names that are safe, partitions that prune."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from google.cloud.bigquery import SchemaField

from collectors.gcp.billing_query import Export, Query, TableName, export_of
from finops.errors import InputError

SAMPLE = (
    Path(__file__).parents[4] / "shared" / "samples" / "focus" / "native" / "gcp_billing_export_schema.json"
)
NAME = TableName.of("shop-prod.billing.gcp_billing_export_v1_0123AB_4567CD")
OCTOBER = date(2026, 10, 1)


@dataclass
class Column:
    """A column as google-cloud-bigquery tells it."""

    name: str
    field_type: str = "STRING"
    mode: str = "NULLABLE"
    fields: Sequence["Column"] = field(default_factory=tuple)


def record(name: str, *names: str, mode: str = "NULLABLE") -> Column:
    return Column(name, "RECORD", mode, tuple(Column(each) for each in names))


def pairs(name: str) -> Column:
    return record(name, "key", "value", mode="REPEATED")


STANDARD = [
    Column("billing_account_id"), record("service", "id", "description"), record("sku", "id", "description"),
    Column("usage_start_time", "TIMESTAMP"), Column("usage_end_time", "TIMESTAMP"),
    Column("project", "RECORD", "NULLABLE", (Column("id"), Column("number"), pairs("labels"))), pairs("labels"),
    Column("export_time", "TIMESTAMP"), Column("cost", "FLOAT"), Column("currency"), pairs("tags"),
    Column("credits", "RECORD", "REPEATED", (Column("name"), Column("amount", "FLOAT"))),
    record("invoice", "month"), Column("cost_type"), Column("transaction_type"),
]  # fmt: skip
DETAILED = [*STANDARD, record("resource", "name", "global_name")]
FOCUS = [
    Column("BilledCost", "BIGNUMERIC", "REQUIRED"), Column("EffectiveCost", "NUMERIC"), Column("ListCost", "NUMERIC"),
    Column("BillingCurrency"), Column("BillingAccountId"), Column("BillingPeriodStart", "TIMESTAMP"),
    Column("ChargePeriodStart", "DATETIME"), Column("ChargePeriodEnd", "DATETIME"), Column("ChargeCategory"),
    Column("ServiceName"), Column("ProviderName"), Column("SubAccountId"), Column("Tags", "JSON"),
    Column("x_Credits", "RECORD", "REPEATED", (Column("name"),)), Column("x_CostType"),
]  # fmt: skip


def without(columns: Sequence[Column], name: str) -> list[Column]:
    return [column for column in columns if column.name != name]


def export(columns: Sequence[Column], cut: tuple[str | None, str] | None = None) -> Export:
    return export_of(NAME, columns, cut)


def values(query: Query) -> dict[str, Any]:
    return {one.name: one.value for one in query.parameters}


@pytest.mark.parametrize(
    ("columns", "version"), [(STANDARD, "gcp-standard"), (DETAILED, "gcp-detailed"), (FOCUS, "focus-1.0")]
)
def test_a_table_is_known_by_its_columns(columns: list[Column], version: str) -> None:
    assert export(columns).version == version


def test_a_table_of_something_else_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(
        InputError, match=r"shop-prod\.billing\..* is no billing export .*lacks .*invoice_month"
    ):
        export(without(STANDARD, "invoice"))
    with pytest.raises(InputError, match="is no billing export"):
        export([Column("event"), Column("user")])


def test_a_column_whose_type_cannot_be_compared_is_named() -> None:
    wrong = [*without(STANDARD, "usage_start_time"), Column("usage_start_time", "STRING")]
    with pytest.raises(InputError, match=r"usage_start_time .* is of the type STRING"):
        export(wrong)


@pytest.mark.parametrize(
    "name",
    ["shop-prod.billing.t", "example.com:shop.billing.t-1", "p1.b.gcp_billing_export_resource_v1_0123AB_4567CD_89EF01"],
)  # fmt: skip
def test_a_name_of_a_table_is_taken_apart_and_put_together_again(name: str) -> None:
    assert str(TableName.of(name)) == name


@pytest.mark.parametrize(
    "name",
    ["", "billing.t", "p.b.t`; DROP TABLE x; --", "p.b.t t", "p.b.", "p.b\n.t", "P.b.t", "s3://bucket/x", "p.b.t\\"],
)  # fmt: skip
def test_what_is_no_name_of_a_table_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"PROJECT\.DATASET\.TABLE"):
        TableName.of(name)


def test_files_that_were_exported_are_left_to_ingest() -> None:
    with pytest.raises(InputError, match="finops ingest gs://bucket/bill"):
        TableName.of("gs://bucket/bill")


def test_only_columns_that_are_read_are_asked_for_and_records_come_flat() -> None:
    columns = export(DETAILED).columns
    assert "`project`.`id` AS `project_id`" in columns
    assert "`project`.`labels` AS `project_labels`" in columns
    assert "`credits` AS `credits`" in columns
    assert "`tags` AS `tags`" in columns
    assert not [
        each for each in columns if "number" in each or "transaction_type" in each or "export_time" in each
    ]


def test_credits_of_the_focus_view_are_asked_for_although_nothing_reads_them() -> None:
    columns = export(FOCUS).columns
    assert "`x_Credits` AS `x_Credits`" in columns
    assert not [each for each in columns if "x_CostType" in each]


@pytest.mark.parametrize("columns", [STANDARD, DETAILED, FOCUS])
@pytest.mark.parametrize("cut", [None, (None, "DAY")])
def test_queries_are_standard_sql_in_which_every_value_is_bound(
    columns: list[Column], cut: tuple[str | None, str] | None
) -> None:
    table, day = export(columns, cut), date(2026, 10, 5)
    for query in (table.marks(OCTOBER), table.rows(OCTOBER, [day], (day, day)), table.all_rows(OCTOBER, day)):
        tree = sqlglot.parse_one(query.sql, dialect="bigquery")
        named = {each.name for each in tree.find_all(sqlglot.exp.Parameter)}
        assert named == set(values(query))
        assert not [each for each in tree.find_all(sqlglot.exp.Literal) if each.is_string]


def test_the_query_for_marks_never_joins_the_credits() -> None:
    tree = sqlglot.parse_one(export(STANDARD).marks(OCTOBER).sql, dialect="bigquery")
    assert not tree.args.get("joins")
    assert [table.name for table in tree.args["from_"].find_all(sqlglot.exp.Table)] == [NAME.table]


def test_a_period_is_compared_in_the_type_of_its_column() -> None:
    day = date(2026, 10, 31)
    text = values(export(STANDARD).rows(OCTOBER, [day]))
    assert (text["period"], text["following"]) == ("202610", "202611")
    times = values(export(FOCUS).rows(OCTOBER, [day]))
    assert (times["period"], times["following"]) == (datetime(2026, 10, 1), datetime(2026, 11, 1))
    assert (times["start0"], times["stop0"]) == (datetime(2026, 10, 31), datetime(2026, 11, 1))


@pytest.mark.parametrize(
    ("cut", "column", "since"),
    [
        ((None, "DAY"), "_PARTITIONTIME", datetime(2026, 9, 29)),
        (("export_time", "DAY"), "export_time", datetime(2026, 9, 29)),
        (("usage_start_time", "DAY"), "usage_start_time", datetime(2026, 6, 23)),
        ((None, "MONTH"), "_PARTITIONTIME", datetime(2026, 9, 1)),
        ((None, "YEAR"), "_PARTITIONTIME", datetime(2026, 1, 1)),
    ],
)
def test_a_partitioned_table_is_read_from_the_first_partition_that_can_hold_the_period(
    cut: tuple[str | None, str], column: str, since: datetime
) -> None:
    query = export(STANDARD, cut).marks(OCTOBER)
    assert f"`{column}` >= @arrived" in query.sql
    assert values(query)["arrived"] == since


def test_a_day_is_read_from_the_partitions_that_hold_it() -> None:
    first, last = datetime(2026, 10, 5), datetime(2026, 10, 9)
    query = export(STANDARD, (None, "DAY")).rows(OCTOBER, [date(2026, 10, 5)], (first, last))
    assert "`_PARTITIONTIME` BETWEEN @first AND @last" in query.sql
    assert (values(query)["first"], values(query)["last"]) == (first, last)


@pytest.mark.parametrize("cut", [None, ("cost", "DAY"), ("nowhere", "DAY")])
def test_a_table_without_a_partition_that_tells_a_time_is_read_whole(cut: tuple[str, str] | None) -> None:
    query = export(STANDARD, cut).marks(OCTOBER)
    assert set(values(query)) == {"period"}


def test_days_that_follow_each_other_are_asked_for_as_one_range() -> None:
    days = [date(2026, 10, day) for day in (31, 5, 6, 7, 9)]
    told = values(export(STANDARD).rows(OCTOBER, days))
    ends = [(told[f"start{number}"].day, told[f"stop{number}"]) for number in range(3)]
    assert ends == [(5, datetime(2026, 10, 8)), (9, datetime(2026, 10, 10)), (31, datetime(2026, 11, 1))]
    assert "start3" not in told


@pytest.mark.parametrize(
    ("cut", "by_usage"), [(("usage_start_time", "DAY"), True), ((None, "DAY"), False), (None, False)]
)
def test_only_partitions_by_usage_make_days_cheap_one_by_one(
    cut: tuple[str | None, str] | None, by_usage: bool
) -> None:
    assert export(STANDARD, cut).cut_by_usage is by_usage


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the shared samples are not beside this checkout")
def test_the_schema_of_a_real_table_is_a_standard_export() -> None:
    table = export(
        [SchemaField.from_api_repr(each) for each in json.loads(SAMPLE.read_text(encoding="utf-8"))]
    )
    assert table.version == "gcp-standard"
    assert "`usage`.`amount_in_pricing_units` AS `usage_amount_in_pricing_units`" in table.columns
