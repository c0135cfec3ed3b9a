"""Parquet with the types exporters choose."""

from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finops.errors import InputError

BASE = """
    SELECT {cost} AS BilledCost, {cost} AS EffectiveCost, {cost} AS ListCost, 'USD' AS BillingCurrency,
           '000000000042' AS BillingAccountId, '007' AS SubAccountId, {at} AS BillingPeriodStart,
           {at} AS ChargePeriodStart, {at} AS ChargePeriodEnd, 'Usage' AS ChargeCategory,
           'Compute' AS ServiceName, 'AWS' AS ProviderName {more}
"""
AT = "TIMESTAMP '2026-10-01'"


def base(cost: str = "1.5", at: str = AT, more: str = "") -> str:
    return BASE.format(cost=cost, at=at, more=f", {more}" if more else "")


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("0.1::DOUBLE", "0.1"),
        ("18.27889262076::DOUBLE", "18.27889262076"),
        ("123456789.123456::DOUBLE", "123456789.123456"),
        ("1e-7::DOUBLE", "0.0000001"),
        ("0.1::FLOAT", "0.1"),
        ("0.123456789012345678::DECIMAL(38, 18)", "0.123456789012345678"),
        ("0.1234567890123456789::DECIMAL(38, 30)", "0.123456789012345679"),
        ("42::BIGINT", "42"),
        ("'1e-7'", "0.0000001"),
    ],
)
def test_costs_of_any_type_are_what_they_look_like(desk, cost, expected):
    desk.ingest(desk.parquet("costs.parquet", base(cost)))
    assert desk.one("SELECT BilledCost, x_Cost FROM charges") == (Decimal(expected),) * 2


@pytest.mark.parametrize(
    "at",
    [
        "TIMESTAMP '2026-10-01 00:00:00'",
        "TIMESTAMP_NS '2026-10-01 00:00:00'",
        "TIMESTAMP_MS '2026-10-01 00:00:00'",
        "DATE '2026-10-01'",
        "TIMESTAMPTZ '2026-10-01 02:00:00+02:00'",
        "'2026-10-01T02:00:00+02:00'",
        "'2026-10-01'",
    ],
)
def test_instants_of_any_type_are_utc(desk, at):
    desk.ingest(desk.parquet("instants.parquet", base(at=at)))
    assert desk.one("SELECT ChargePeriodStart::VARCHAR, BillingPeriodStart::VARCHAR FROM charges") == (
        "2026-10-01 00:00:00",
        "2026-10-01 00:00:00",
    )


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("MAP {'team': 'a', 'env': NULL}", '{"team":"a","env":null}'),
        ("{'team': 'a', 'env': NULL}", '{"team":"a"}'),
        ("[{'key': 'team', 'value': 'a'}]", '{"team":"a"}'),
        (
            "[{'key': 'x', 'value': 'a'}, {'key': 'x', 'value': 'b'}]",
            '[{"key":"x","value":"a"},{"key":"x","value":"b"}]',
        ),
        ('\'{"team": "a"}\'', '{"team": "a"}'),
        ("''", None),
        ("NULL::MAP(VARCHAR, VARCHAR)", None),
    ],
)
def test_tags_of_any_type_are_json_text(desk, tags, expected):
    desk.ingest(desk.parquet("tags.parquet", base(more=f"{tags} AS Tags, {tags} AS SkuPriceDetails")))
    assert desk.one("SELECT Tags, SkuPriceDetails FROM charges") == (expected, expected)


def test_unknown_columns_of_any_type_are_json(desk):
    more = "1.50::DECIMAL(5, 2) AS x_Rate, MAP {'a': 1} AS x_Discounts, true AS x_Flag, '' AS x_Empty, 'NULL' AS x_Null"
    desk.ingest(desk.parquet("other.parquet", base(more=more)))
    assert desk.one("SELECT x_Other FROM charges") == '{"x_Rate":1.5,"x_Discounts":{"a":1},"x_Flag":true}'


def test_empty_text_and_null_in_words_are_null(desk):
    desk.ingest(
        desk.parquet("null.parquet", base(more="'' AS ResourceId, 'NULL' AS RegionId, 'null' AS SkuId"))
    )
    assert desk.one("SELECT ResourceId, RegionId, SkuId FROM charges") == (None, None, "null")


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    "zones",
    [["", "zone"], ["ABC", "NULL"], ["NULL", "zone"], ["ABC", "", "zone"], [None, "NULL"], ["NULL"], [""]],
)
def test_nulls_in_words_are_found_anywhere_in_the_range_of_a_column(desk, tmp_path, zones, ranges):
    rows = duckdb.sql(f"{base()}").to_arrow_table()
    table = pa.concat_tables([rows] * len(zones)).append_column(
        "AvailabilityZone", pa.array(zones, pa.string())
    )
    file = tmp_path / "range.parquet"
    pq.write_table(table, file, write_statistics=ranges)
    desk.ingest(file)
    kept = desk.one(
        "SELECT count(*), string_agg(DISTINCT AvailabilityZone, ' ' ORDER BY AvailabilityZone) FROM charges"
    )
    assert kept == (
        len(zones),
        " ".join(sorted(zone for zone in zones if zone not in (None, "", "NULL"))) or None,
    )


@pytest.mark.parametrize("zone", ["abc", "Z", "A", "\x01"])
def test_text_that_cannot_be_null_in_words_is_kept(desk, zone):
    desk.ingest(desk.parquet("kept.parquet", base(more=f"'{zone}' AS AvailabilityZone")))
    assert desk.one("SELECT AvailabilityZone FROM charges") == zone


def test_ids_that_somebody_made_numbers_are_text_again(desk):
    desk.ingest(desk.parquet("numbers.parquet", base(more="42::BIGINT AS ResourceId, 7::INTEGER AS SkuId")))
    assert desk.one("SELECT ResourceId, SkuId FROM charges") == ("42", "7")


@pytest.mark.parametrize("cost", ["'NaN'::DOUBLE", "1e30::DOUBLE", "true", "'x'"])
def test_costs_that_are_none_are_rejected_with_their_row(desk, cost):
    with pytest.raises(InputError, match=r"1 of 1 rows .* \(row 1: BilledCost is not a number that fits"):
        desk.ingest(desk.parquet("bad.parquet", base(cost)))


def test_hive_folders_do_not_become_columns(desk):
    folder = desk.folder / "BILLING_PERIOD=2026-10"
    folder.mkdir()
    desk.ingest(desk.parquet("BILLING_PERIOD=2026-10/data.parquet", base()))
    assert desk.one("SELECT x_Other FROM charges") is None
