"""Effective costs that a publisher rounded away, and how sure one must be of it; what the coverage says."""

from datetime import datetime

import pytest


def usage(count: int, effective: str, **more: str) -> list[dict[str, str]]:
    return [
        {
            "ResourceId": f"{more}-{effective}-{number}",
            "BilledCost": "1.5",
            "EffectiveCost": effective,
            **more,
        }
        for number in range(count)
    ]


def basis(desk) -> dict[str, str]:
    return dict(desk.ask("SELECT DISTINCT ProviderName, x_CostBasis FROM charges"))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (usage(20, "2"), "billed"),
        (usage(19, "2"), "effective"),
        (usage(11, "2") + usage(9, "1.5"), "billed"),
        (usage(10, "2") + usage(10, "1.5"), "effective"),
        (usage(30, "0", CommitmentDiscountId="sp-1"), "effective"),
        (usage(30, "0", ChargeCategory="Credit"), "effective"),
        ([{**row, "BilledCost": "1"} for row in usage(30, "2")], "effective"),
    ],
    ids=["20 rows", "too few", "most", "half", "commitments", "credits", "whole billed costs"],
)
def test_effective_costs_are_given_up_only_on_evidence(desk, rows, expected):
    desk.ingest(desk.csv("bill.csv", *rows))
    assert basis(desk) == {"AWS": expected}


def test_cost_follows_the_basis_and_the_effective_cost_stays_as_in_the_file(desk):
    desk.ingest(desk.csv("bill.csv", *usage(30, "2")))
    assert desk.ask(
        "SELECT DISTINCT BilledCost::FLOAT, EffectiveCost::FLOAT, x_Cost::FLOAT FROM charges"
    ) == [(1.5, 2.0, 1.5)]


def test_few_rows_go_along_with_a_file_that_is_rounded_when_all_of_them_show_it(desk):
    few = usage(5, "2", ProviderName="Oracle", CommitmentDiscountId="c")
    good = usage(5, "1.25", ProviderName="Alibaba Cloud")
    mixed = usage(4, "2", ProviderName="Tencent") + usage(1, "1.5", ProviderName="Tencent")
    judged = usage(25, "1.5", ProviderName="Microsoft")
    result = desk.ingest(desk.csv("bill.csv", *usage(30, "2"), *few, *good, *mixed, *judged)).files[0]
    assert basis(desk) == {
        "AWS": "billed",
        "Oracle": "billed",
        "Alibaba Cloud": "effective",
        "Tencent": "effective",
        "Microsoft": "effective",
    }
    assert "AWS (30 of 30 rows" in result.warnings[0]
    assert "Oracle (5 of 5 rows" in result.warnings[0]


def test_few_rows_alone_are_trusted(desk):
    result = desk.ingest(desk.csv("bill.csv", *usage(5, "2"))).files[0]
    assert (basis(desk), result.warnings) == ({"AWS": "effective"}, ())
    assert desk.one("SELECT status, severity FROM data_tests WHERE test = 'effective-cost-usable'") == (
        "passed",
        "warn",
    )


def test_bad_rows_do_not_speak_of_effective_costs(desk):
    bad = [{**row, "ListUnitPrice": "x"} for row in usage(1, "2")]
    desk.ingest(desk.csv("bill.csv", *usage(19, "2"), *bad), max_rejected=0.1)
    assert basis(desk) == {"AWS": "effective"}


# --- coverage ---------------------------------------------------------------------------------------------


def test_each_account_is_covered_up_to_its_latest_usage(desk):
    rows = [
        {"SubAccountId": "a", "ChargePeriodEnd": "2026-10-05T07:00:00Z"},
        {"SubAccountId": "a", "ChargePeriodEnd": "2026-10-06T00:00:00Z", "ResourceId": "x"},
        {"SubAccountId": "a", "ChargePeriodEnd": "2027-10-01", "ChargeCategory": "Purchase"},
        {"SubAccountId": "", "ChargePeriodEnd": "2026-10-09"},
    ]
    result = desk.ingest(desk.csv("bill.csv", *rows)).files[0]
    assert result.accounts == ("000000000042", "a")
    assert desk.ask(
        "SELECT cloud, account_id, region, dataset, status, error, rows, calls, collected_at, attempted_at, run_id "
        "FROM coverage ORDER BY account_id"
    ) == [
        ("aws", "000000000042", "global", "charges", "complete", None, 1, 0, datetime(2026, 10, 9), datetime(2026, 11, 20), "run1"),
        ("aws", "a", "global", "charges", "complete", None, 3, 0, datetime(2026, 10, 6), datetime(2026, 11, 20), "run1"),
    ]  # fmt: skip


def test_data_are_never_younger_than_the_instant_of_loading(desk):
    desk.ingest(desk.csv("bill.csv", {"ChargePeriodEnd": "2027-01-01"}))
    assert desk.one("SELECT collected_at FROM coverage") == datetime(2026, 11, 20)


def test_an_account_without_usage_is_covered_up_to_its_latest_charge(desk):
    desk.ingest(desk.csv("bill.csv", {"ChargeCategory": "Tax", "ChargePeriodEnd": "2026-11-01"}))
    assert desk.one("SELECT collected_at FROM coverage") == datetime(2026, 11, 1)


def test_coverage_counts_all_files_and_stays_partial_while_one_of_them_is(desk):
    desk.ingest(desk.csv("a.csv", *usage(9, "1.5"), {"BilledCost": "x"}), max_rejected=0.2)
    desk.ingest(desk.csv("b.csv", *usage(4, "1.5", BillingPeriodStart="2026-09-01")))
    assert desk.one("SELECT rows, status FROM coverage") == (13, "partial")


def test_coverage_of_other_datasets_is_left_alone(desk):
    desk.con.execute(
        "INSERT INTO coverage VALUES ('aws', '000000000007', 'us-east-1', 'instances', 'complete', NULL, 5, 1, "
        "TIMESTAMP '2026-11-01', TIMESTAMP '2026-11-01', 'earlier')"
    )
    desk.ingest(desk.csv("a.csv"))
    assert desk.one("SELECT count(*) FROM coverage") == 2
