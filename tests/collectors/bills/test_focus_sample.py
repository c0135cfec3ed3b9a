"""The official FOCUS sample: sums per provider and service as Python's csv and Decimal add them up."""

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")


def added_up(path: Path) -> dict[tuple[str, str], tuple[int, list[Decimal]]]:
    rows: Counter[tuple[str, str]] = Counter()
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (row["ProviderName"], row["ServiceName"])
            rows[key] += 1
            costs = (Decimal(0) if row[name] in ("", "NULL") else Decimal(row[name]) for name in COSTS)
            sums[key] = [total + cost for total, cost in zip(sums[key], costs, strict=True)]
    return {key: (count, sums[key]) for key, count in rows.items()}


def loaded(desk) -> dict[tuple[str, str], tuple[int, list[Decimal]]]:
    rows = desk.ask(
        "SELECT ProviderName, ServiceName, count(*), "
        + ", ".join(f"coalesce(sum({name}), 0)" for name in COSTS)
        + " FROM charges GROUP BY ALL"
    )
    return {(provider, service): (count, sums) for provider, service, count, *sums in rows}


def test_sums_per_provider_and_service_are_exact(desk, focus_sample):
    result = desk.ingest(focus_sample).files[0]
    assert loaded(desk) == added_up(focus_sample)
    assert (result.rows, result.rejected, result.format) == (1000, 0, "focus-1.0")
    totals = [
        sum(column) for column in zip(*(sums for _, sums in added_up(focus_sample).values()), strict=True)
    ]
    got = result.sums["USD"]
    assert [got.billed, got.effective, got.list, got.contracted] == totals


@pytest.mark.parametrize(
    "name",
    [
        "focus/focus/synthetic_aws_1_2_rows100.csv",
        "focus/focus/synthetic_aws_1_3_rows100.csv",
        "focus/focus/synthetic_azure_1_2_rows100.csv",
        "focus/focus/synthetic_gcp_1_2_rows100.csv",
        "aws/billing/focus_1_0_aws_rows.csv",
    ],
)
def test_other_samples_are_exact_too(desk, samples, name):
    path = samples / name
    result = desk.ingest(path).files[0]
    assert loaded(desk) == added_up(path)
    assert result.rejected == 0


def test_rounded_effective_costs_of_aws_and_oracle_are_not_reckoned_with(desk, focus_sample):
    result = desk.ingest(focus_sample).files[0]
    assert dict(desk.ask("SELECT DISTINCT ProviderName, x_CostBasis FROM charges")) == {
        "AWS": "billed",
        "Oracle": "billed",
        "Microsoft": "effective",
    }
    assert (
        desk.one(
            "SELECT count(*) FROM charges "
            "WHERE x_Cost <> CASE WHEN ProviderName = 'Microsoft' THEN EffectiveCost ELSE BilledCost END"
        )
        == 0
    )
    status, severity, message = desk.one(
        "SELECT status, severity, message FROM data_tests WHERE test = 'effective-cost-usable'"
    )
    assert (status, severity) == ("failed", "warn")
    assert "AWS (614 of 614 rows" in message
    assert "Oracle (6 of 6 rows" in message
    assert result.warnings == (message,)


def test_what_the_sample_is_known_for_survives(desk, focus_sample):
    desk.ingest(focus_sample)
    frequencies = desk.ask("SELECT DISTINCT ChargeFrequency FROM charges ORDER BY 1")
    assert frequencies == [("One-Time",), ("Usage-Based",)]  # the file has Usage-based too
    assert desk.one('SELECT count(*) FROM charges WHERE x_Other SIMILAR TO \'\\{"Id":"[0-9]+"\\}\'') == 1000
    assert desk.one("SELECT count(*) FROM charges WHERE ChargeClass IS NULL") == 1000
    assert desk.one("SELECT min(ChargePeriodStart)::VARCHAR, max(ChargePeriodEnd)::VARCHAR FROM charges") == (
        "2024-09-01 00:00:00",
        "2024-10-01 00:00:00",
    )
    assert set(desk.ask("SELECT DISTINCT x_Cloud FROM charges")) == {("aws",), ("azure",), ("oracle",)}


def test_usage_type_of_aws_is_the_meter_since_1_2_and_of_nobody_else(desk, samples):
    desk.ingest(samples / "focus/focus/synthetic_aws_1_2_rows100.csv")
    desk.ingest(samples / "focus/focus/synthetic_gcp_1_2_rows100.csv")
    assert (
        desk.one(
            "SELECT count(*) FROM charges WHERE x_Cloud = 'aws' AND x_UsageType IS DISTINCT FROM SkuMeter"
        )
        == 0
    )
    assert desk.one("SELECT count(x_UsageType) FROM charges WHERE x_Cloud = 'gcp'") == 0
