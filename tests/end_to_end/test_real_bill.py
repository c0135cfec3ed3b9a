"""A bill nobody here wrote: the FinOps Foundation's FOCUS 1.0 sample, anonymised from real data."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import Done, finops

SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "focus" / "focus" / "focus_sample_1000.csv"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SAMPLE.is_file(), reason="the shared samples are not beside this checkout"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real")


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Done:
    done = finops("ingest", SAMPLE, cwd=folder)
    assert done.code == 0, done.err
    return done


@pytest.fixture(scope="module")
def audit(folder: Path, loaded: Done) -> dict[str, Any]:
    done = finops("audit", "--format", "json", cwd=folder)
    assert done.code == 0, done.err
    return done.json  # type: ignore[no-any-return]


def test_totals_per_provider_and_service_equal_the_files(folder: Path, loaded: Done) -> None:
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with open(SAMPLE, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            expected[(row["ProviderName"], row["ServiceName"])] += Decimal(row["BilledCost"])
    query = "SELECT ProviderName, ServiceName, sum(BilledCost) FROM charges GROUP BY ALL"
    lines = finops("sql", query, cwd=folder).out.splitlines()[1:]
    got = {
        (provider, service): Decimal(total)
        for provider, service, total in (line.split("\t") for line in lines)
    }
    assert got == expected


def test_loading_it_again_changes_nothing(folder: Path, loaded: Done) -> None:
    before = finops("sql", "SELECT count(*), sum(BilledCost) FROM charges", cwd=folder).out
    assert finops("ingest", SAMPLE, cwd=folder).code == 0
    assert finops("sql", "SELECT count(*), sum(BilledCost) FROM charges", cwd=folder).out == before


def test_cross_zone_traffic_is_found_with_resource_ids_and_money(audit: dict[str, Any]) -> None:
    found = [finding for finding in audit["findings"] if finding["rule"] == "cross-zone-traffic"]
    assert len(found) == 58
    for finding in found:
        assert finding["resource_id"]
        assert finding["price_basis"] == "billed"
        assert finding["monthly_cost"] is not None
        assert finding["evidence"]["billed_cost"] >= 0
    assert sum(finding["evidence"]["billed_cost"] for finding in found) > 0.006


def test_idle_addresses_are_known_from_the_bill_alone(audit: dict[str, Any]) -> None:
    assert {finding["rule"] for finding in audit["findings"]} <= {"cross-zone-traffic", "unused-public-ip"}


def test_what_a_bill_cannot_tell_is_said_for_every_rule_and_account(audit: dict[str, Any]) -> None:
    rules = {item["rule"] for item in audit["not_evaluated"]}
    assert {
        "idle-instance",
        "oversized-instance",
        "low-io-volume",
        "stopped-instance",
        "unattached-volume",
    } <= rules
    assert any("collected" in item["reason"] for item in audit["not_evaluated"])
    assert audit["totals"]["evaluated_cost_share"] < 0.2


def test_the_sample_s_rounded_effective_costs_are_noticed(folder: Path, audit: dict[str, Any]) -> None:
    status = finops("status", cwd=folder)
    assert "effective" in status.out.lower()
    assert any((line["note"] or "").startswith("billed cost") for line in audit["costs"])


def test_the_report_of_it_is_written(folder: Path, audit: dict[str, Any]) -> None:
    done = finops("report", "-o", "out", cwd=folder)
    assert done.code == 0, done.err
    assert (folder / "out" / "finops-report.html").stat().st_size > 100_000
