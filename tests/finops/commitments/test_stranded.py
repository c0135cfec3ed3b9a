"""What stays paid when what held commitments cover goes."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from finops.commitments import PoolKey, Pools
from finops.verdicts import Key
from tests.finops.commitments.estate import PAYER, charge, roll_up, warehouse

EVERY = range(24 * 40)
PLAN = PoolKey("aws", PAYER, "plan-1")
HALF = Decimal("0.5")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = warehouse()
    yield con
    con.close()


def covered(con: duckdb.DuckDBPyConnection, resource: str, **columns: Any) -> None:
    """A machine of 73 USD a month that a savings plan covers at 51.10."""
    charge(
        con, EVERY, x_ResourceKey=resource,
        **{
            "x_Cost": 0.07, "ListCost": 0.1, "CommitmentDiscountId": "arn:aws:savingsplans::1:savingsplan/plan-1",
            "CommitmentDiscountType": "Savings Plan", "CommitmentDiscountStatus": "Used", "PricingCategory": "Committed",
            **columns,
        },
    )  # fmt: skip


def key(resource: str) -> Key:
    return Key("aws", PAYER, resource)


def test_a_machine_that_no_commitment_covers_leaves_nothing_behind(con: duckdb.DuckDBPyConnection) -> None:
    charge(con, EVERY)
    covered(con, "i-9")
    pools = Pools(roll_up(con))
    assert pools.stays_paid(key("i-1"), "compute") is None
    assert pools.stays_paid(key("i-9"), "storage") is None


def test_a_covered_machine_that_goes_alone_saves_nothing(con: duckdb.DuckDBPyConnection) -> None:
    covered(con, "i-9")
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute")
    assert stay is not None
    assert (stay.committed, stay.absorbed, stay.stays) == (Decimal("51.1"), 0, Decimal("51.1"))
    assert stay.sentence(Decimal(60)) == (
        "$51.10 of its $60.00 a month are covered by a commitment that stays paid; no other usage would take its place"
    )


def test_what_other_usage_of_the_family_absorbs_is_saved(con: duckdb.DuckDBPyConnection) -> None:
    """A machine half as large runs on demand: it takes half of the freed commitment."""
    covered(con, "i-9")
    charge(con, EVERY, x_Cost=0.05)
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute")
    assert stay is not None
    assert stay.absorbed == Decimal("25.55")
    assert stay.sentence(Decimal("51.1")).endswith(
        "$51.10 of its $51.10 a month are covered by a commitment that stays paid; $25.55 of it would cover other usage"
    )


def test_usage_in_other_hours_absorbs_nothing(con: duckdb.DuckDBPyConnection) -> None:
    charge(con, EVERY, x_ResourceKey="vol-1", x_UsageType="EU-EBS:VolumeUsage.gp3")
    covered(con, "i-9")
    con.execute("DELETE FROM charges WHERE x_ResourceKey = 'i-9' AND hour(ChargePeriodStart) >= 12")
    charge(con, [hour for hour in EVERY if hour % 24 >= 12])
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute")
    assert stay is not None
    assert (stay.committed, stay.absorbed) == (Decimal("25.55"), 0)


@pytest.mark.parametrize(
    ("other", "absorbed"),
    [
        ({"x_UsageType": "EU-BoxUsage:c5.large"}, 0),
        ({"RegionId": "us-east-1"}, 0),
        ({"BillingCurrency": "CNY"}, 0),
    ],
)
def test_usage_that_the_commitment_does_not_reach_absorbs_nothing(
    con: duckdb.DuckDBPyConnection, other: dict[str, Any], absorbed: int
) -> None:
    covered(con, "i-9")
    charge(con, EVERY, **other)
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute")
    assert stay is not None
    assert stay.absorbed == absorbed


def test_a_plan_that_covers_several_families_reaches_all_compute(con: duckdb.DuckDBPyConnection) -> None:
    covered(con, "i-9")
    covered(con, "i-8", x_UsageType="EU-BoxUsage:c5.large")
    charge(con, EVERY, x_UsageType="USE1-BoxUsage:r5.large", RegionId="us-east-1")
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute")
    assert stay is not None
    assert stay.stays == 0


def test_a_reservation_of_windows_reaches_its_own_type_only(con: duckdb.DuckDBPyConnection) -> None:
    windows = {"x_Operation": "RunInstances:0002"}
    covered(con, "i-9", CommitmentDiscountType="Reserved Instance", **windows)
    charge(con, EVERY, x_UsageType="EU-BoxUsage:m5.xlarge", **windows)
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute")
    assert stay is not None
    assert stay.absorbed == 0


def test_half_a_machine_frees_half_of_its_commitment(con: duckdb.DuckDBPyConnection) -> None:
    covered(con, "i-9")
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute", HALF)
    assert stay is not None
    assert stay.stays == Decimal("25.55")


def test_the_last_thirty_days_count_as_they_do_for_the_cost_of_the_machine(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """A machine that is there since then, on a bill of forty days, costs 51.10 a month and not three quarters of it."""
    charge(con, EVERY, x_ResourceKey="vol-1", x_UsageType="EU-EBS:VolumeUsage.gp3")
    covered(con, "i-9")
    con.execute(
        "DELETE FROM charges WHERE x_ResourceKey = 'i-9' AND ChargePeriodStart < TIMESTAMP '2026-10-02'"
    )
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute")
    assert stay is not None
    assert stay.committed == Decimal("51.1")


def test_together_no_more_is_absorbed_than_other_usage_takes(con: duckdb.DuckDBPyConnection) -> None:
    """Two covered machines go and one is on demand: each alone would be absorbed whole, together half of each is."""
    covered(con, "i-8")
    covered(con, "i-9")
    charge(con, EVERY)
    pools = Pools(roll_up(con))
    alone = [pools.stays_paid(key(name), "compute") for name in ("i-8", "i-9")]
    assert [stay.absorbed for stay in alone if stay] == [Decimal("51.1"), Decimal("51.1")]
    assert pools.caps() == {PLAN: Decimal("51.1")}
    both = {(key(name), "compute"): Decimal(1) for name in ("i-8", "i-9")}
    assert pools.together(both) == dict.fromkeys(both, Decimal("25.55"))


def test_the_cost_of_a_commitment_is_what_was_paid_and_not_its_list_price(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """List and effective cost are never added: the committed part is 70 % of the list price here."""
    covered(con, "i-9")
    charge(
        con,
        EVERY,
        x_ResourceKey=None,
        x_Cost=0.02,
        CommitmentDiscountId="plan-1",
        CommitmentDiscountStatus="Unused",
    )
    stay = Pools(roll_up(con)).stays_paid(key("i-9"), "compute")
    assert stay is not None
    assert stay.committed == Decimal("51.1")
