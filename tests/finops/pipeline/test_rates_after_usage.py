"""A whole audit: actions about usage first, commitments on what they leave, and those that are held stay paid."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from finops.config import Settings
from finops.model import AuditReport, Finding
from finops.pipeline.audit import audit
from finops.pipeline.filters import Filters
from tests.finops.commitments.estate import AS_OF, PAYER, START, charge, price, warehouse

EVERY = range(24 * 40)
PLAN = {
    "x_Cost": 0.07, "ListCost": 0.1, "CommitmentDiscountId": "arn:aws:savingsplans::1:savingsplan/plan-1",
    "CommitmentDiscountType": "Savings Plan", "CommitmentDiscountStatus": "Used", "PricingCategory": "Committed",
}  # fmt: skip
QUIET = {
    "cpu_utilization": 0.01, "network_in_bytes_per_second": 10, "network_out_bytes_per_second": 10,
    "disk_read_ops_per_second": 0, "disk_write_ops_per_second": 0, "memory_utilization": 0.1,
}  # fmt: skip


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = warehouse()
    con.execute(
        "INSERT INTO instance_types (cloud, instance_type, vcpu, memory_gib, architecture, family, generation, burstable, "
        "gpu_count, local_disk_gib) VALUES ('aws', 'm5.large', 2, 8, 'x86_64', 'm5', 5, FALSE, 0, 0)"
    )
    price(con)
    yield con
    con.close()


def machine(con: duckdb.DuckDBPyConnection, name: str, *, idle: bool = False, **columns: Any) -> None:
    """A machine of 73.00 USD a month, measured only when it is idle."""
    con.execute(
        "INSERT INTO instances (cloud, account_id, region, instance_id, state, instance_type, purchase_model, launched_at) "
        "VALUES ('aws', ?, 'eu-west-1', ?, 'running', 'm5.large', 'on_demand', ?)",
        [columns.get("x_AccountId", PAYER), name, START],
    )
    charge(con, EVERY, x_ResourceKey=name, **columns)
    for metric, value in QUIET.items() if idle else ():
        con.execute(
            "INSERT INTO metrics SELECT 'aws', ?, 'eu-west-1', ?, ?, ? - to_days(d), 86400, ?, ?, ?, 288 FROM range(1, 40) AS n (d)",
            [columns.get("x_AccountId", PAYER), name, metric, AS_OF, value, value, value * 1.5],
        )


def judged(con: duckdb.DuckDBPyConnection, **filters: Any) -> AuditReport:
    return audit(con, Settings(), run_id="r", as_of=AS_OF, filters=Filters(**filters))


def of(report: AuditReport, rule: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule]


def test_a_commitment_is_sized_on_what_is_left_when_the_idle_machine_is_gone(
    con: duckdb.DuckDBPyConnection,
) -> None:
    machine(con, "i-idle", idle=True)
    for name in ("i-1", "i-2"):
        machine(con, name)
    report = judged(con)
    (idle,), (buy,) = of(report, "idle-instance"), of(report, "commitment-coverage")
    assert idle.net_monthly_savings == Decimal("73.00")
    assert buy.proposed["commitment"] == "2 m5.large"
    assert (buy.monthly_cost, buy.net_monthly_savings) == (Decimal("146.00"), Decimal("58.40"))
    assert (buy.action, buy.resource_type, buy.price_basis) == ("buy", "commitment", "list")
    assert (buy.savings_low, buy.savings_high) == (Decimal("58.40"), Decimal("58.40"))
    assert buy.co2e.reason == "price_only"
    assert buy.co2e.saved_kg == 0
    assert report.totals.net_monthly_savings == Decimal("131.40")
    assert report.totals.monthly_cost == Decimal("219.00")


def test_when_the_action_is_filtered_out_the_commitment_covers_all_three(
    con: duckdb.DuckDBPyConnection,
) -> None:
    machine(con, "i-idle", idle=True)
    for name in ("i-1", "i-2"):
        machine(con, name)
    (buy,) = of(judged(con, rules=("commitment-coverage",)), "commitment-coverage")
    assert buy.proposed["commitment"] == "3 m5.large"


def test_removing_what_a_commitment_covers_saves_nothing_and_says_so_with_the_number(
    con: duckdb.DuckDBPyConnection,
) -> None:
    machine(con, "i-idle", idle=True, **PLAN)
    (idle,) = of(judged(con), "idle-instance")
    assert (idle.monthly_cost, idle.monthly_savings, idle.net_monthly_savings) == (
        Decimal("51.10"), Decimal("0.00"), Decimal("0.00"),
    )  # fmt: skip
    assert idle.confidence == "low"
    assert (
        "$51.10 of its $51.10 a month are covered by a commitment that stays paid; no other usage would take its place"
        in idle.confidence_reasons
    )


def test_what_the_commitment_would_cover_instead_is_counted_once_however_many_go(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for name in ("i-idle-1", "i-idle-2"):
        machine(con, name, idle=True, **PLAN)
    machine(con, "i-1")
    report = judged(con)
    idle = of(report, "idle-instance")
    assert [one.monthly_savings for one in idle] == [Decimal("51.10"), Decimal("51.10")]
    assert sum((one.net_monthly_savings or Decimal(0) for one in idle), Decimal(0)) == Decimal("51.10")
    assert any(
        "less: together with the other actions" in reason for one in idle for reason in one.confidence_reasons
    )
    # What is freed covers i-1, so that nothing is left to buy for.
    assert of(report, "commitment-coverage") == []


def test_a_purchase_for_several_accounts_is_held_against_what_each_of_them_costs(
    con: duckdb.DuckDBPyConnection,
) -> None:
    other = "222222222222"
    machine(con, "i-1")
    machine(con, "i-2", x_AccountId=other)
    con.execute(
        "INSERT INTO charges (x_Cloud, BillingAccountId, x_AccountId, BillingCurrency, ChargeCategory, x_Cost, x_CostBasis, "
        "x_Source, ChargePeriodStart, ChargePeriodEnd, x_ServiceCode) VALUES ('aws', ?, ?, 'USD', 'Usage', -70, 'effective', "
        "'test', ?, ?, 'AmazonEC2')",
        [PAYER, other, AS_OF - timedelta(hours=1), AS_OF],
    )
    report = judged(con)
    (buy,) = of(report, "commitment-coverage")
    assert buy.monthly_savings == Decimal("58.40")
    # Refunds leave the second account 2.90 a month or so, and half of the purchase is for it.
    left = next(line.monthly_cost for line in report.costs if line.account == other)
    assert left is not None
    assert buy.net_monthly_savings is not None
    assert buy.net_monthly_savings <= 2 * left
    assert buy.net_monthly_savings > 0


def test_a_purchase_for_accounts_that_are_left_out_is_told_and_not_counted(
    con: duckdb.DuckDBPyConnection,
) -> None:
    other = "222222222222"
    machine(con, "i-1")
    machine(con, "i-2", x_AccountId=other)
    report = judged(con, accounts=(PAYER,))
    assert report.findings == []
    assert report.totals.net_monthly_savings == Decimal("0.00")
    (told,) = (one for one in report.not_evaluated if one.rule == "commitment-coverage")
    assert told.reason == (
        f"What could be bought covers {other} as well, which this audit leaves out: name all accounts of the payer, or none."
    )
    (buy,) = judged(con, accounts=(PAYER, other)).findings
    assert buy.net_monthly_savings == Decimal("58.40")
