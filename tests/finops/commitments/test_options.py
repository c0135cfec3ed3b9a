"""Options: hourly charges, prices and accepted actions in, commitments that could be bought out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.commitments import fill
from tests.finops.commitments.estate import AS_OF, PAYER, accept, charge, options, price, roll_up, warehouse

Connection = duckdb.DuckDBPyConnection
DAYS = 40
EVERY = range(24 * DAYS)
NIGHTS_OFF = [hour for hour in EVERY if 8 <= hour % 24 < 18]


@pytest.fixture
def con() -> Iterator[Connection]:
    con = warehouse()
    yield con
    con.close()


def filled(con: Connection, accepted: str | None = None) -> list[dict[str, Any]]:
    fill(roll_up(con), AS_OF, accepted)
    return options(con)


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows
    return row


# --- what is on the bill


def test_a_machine_that_runs_all_the_time_is_one_stretch(con: Connection) -> None:
    charge(con, EVERY)
    roll_up(con)
    rows = con.execute(
        "SELECT hours, quantity, cost FROM commitment_usage WHERE service = 'machine'"
    ).fetchall()
    assert [(hours, quantity, float(cost)) for hours, quantity, cost in rows] == [(960, 1.0, 0.1)]


def test_two_charges_of_one_hour_are_one_hour(con: Connection) -> None:
    """A machine that is stopped and started within the hour."""
    charge(con, [0], ConsumedQuantity=0.5, x_Cost=0.05)
    charge(con, [0], ConsumedQuantity=0.25, x_Cost=0.025)
    roll_up(con)
    row = con.execute(
        "SELECT hours, quantity, cost FROM commitment_usage WHERE service = 'machine'"
    ).fetchone()
    assert row is not None
    assert (row[0], row[1], float(row[2])) == (1, 0.75, 0.075)


@pytest.mark.parametrize(
    "spot",
    [
        {"x_UsageType": "EU-SpotUsage:m5.large"},
        {"PricingCategory": "Dynamic"},
        {"x_UsageType": "EU-BoxUsage:m5.large", "ChargeCategory": "Credit"},
        {"x_UsageType": "EU-UnusedBox:m5.large"},
        {"CommitmentDiscountId": "ri-1", "CommitmentDiscountStatus": "Unused"},
    ],
)
def test_spot_and_what_is_no_usage_is_never_committed_to(con: Connection, spot: dict[str, Any]) -> None:
    charge(con, EVERY, **spot)
    price(con)
    assert filled(con) == []


def test_a_machine_that_the_inventory_knows_as_spot_is_never_committed_to(con: Connection) -> None:
    con.execute(
        "INSERT INTO instances (cloud, account_id, region, instance_id, state, purchase_model) "
        "VALUES ('aws', ?, 'eu-west-1', 'i-1', 'running', 'spot')",
        [PAYER],
    )
    charge(con, EVERY)
    price(con)
    assert filled(con) == []


def test_a_bill_by_the_day_tells_no_hours_and_says_so(con: Connection) -> None:
    charge(con, range(0, 24 * DAYS, 24), length=24, ConsumedQuantity=24, x_Cost=2.4)
    price(con)
    assert filled(con) == []
    (row,) = options(con, "problem IS NOT NULL")
    assert row["problem"].startswith("The bill tells the use of machines by the day or month only")


def test_hours_are_those_of_the_bill_and_not_of_the_machine(con: Connection) -> None:
    """A machine in office hours was off at night: the bill knows these hours, by its disks."""
    charge(con, EVERY, x_ResourceKey="vol-1", x_UsageType="EU-EBS:VolumeUsage.gp3", ConsumedUnit="GB-Mo")
    charge(con, NIGHTS_OFF)
    price(con)
    assert filled(con) == []  # used 10 hours of 24, at 40 % off
    price(con, price=0.03, payment="all_upfront")
    assert only(filled(con))["utilisation"] == pytest.approx(10 / 24)


def test_days_that_nobody_loaded_are_no_idle_days(con: Connection) -> None:
    loaded = [hour for hour in EVERY if not 240 <= hour < 480]
    charge(con, loaded)
    price(con)
    row = only(filled(con))
    assert row["days"] == 30
    assert row["utilisation"] == 1


def test_the_end_of_a_month_and_of_summer_time_change_nothing(con: Connection) -> None:
    """Hours are UTC: 25 October 2026, when clocks in Europe go back, has 24 of them, and so has 1 October."""
    charge(con, EVERY)
    price(con)
    row = only(filled(con))
    assert (row["days"], row["coverage"], row["utilisation"]) == (DAYS, 1, 1)
    assert row["saving"] == pytest.approx(730 * 0.04)
    assert (row["saving_low"], row["saving_high"]) == pytest.approx((730 * 0.04, 730 * 0.04))


# --- sizing


def test_the_money_of_a_machine_that_runs_on(con: Connection) -> None:
    charge(con, EVERY)
    price(con)
    row = only(filled(con))
    assert row["commitment"] == "1 m5.large"
    assert row["usage_month"] == pytest.approx(73)
    assert row["covered_month"] == pytest.approx(73)
    assert row["commitment_month"] == pytest.approx(43.8)
    assert row["saving_if_10_less"] == pytest.approx(65.7 - 43.8)
    assert row["saving_if_30_less"] == pytest.approx(51.1 - 43.8)
    assert row["break_even_month"] == 8  # 12 months of 43.80 are 525.60: seven of 73 are less
    assert row["upfront"] == 0


def test_what_is_paid_upfront_is_back_once_it_is_saved(con: Connection) -> None:
    charge(con, EVERY)
    price(con, payment="all_upfront", price=0.05, upfront=0.05 * 8760)
    row = only(filled(con))
    assert row["upfront"] == pytest.approx(438)
    assert row["payback_month"] == 6
    assert row["break_even_month"] == 6


def test_usage_that_has_fallen_is_sized_on_what_is_left(con: Connection) -> None:
    charge(con, EVERY)
    charge(con, range(24 * 25), x_ResourceKey="i-2")  # gone fifteen days ago, there in 63 % of the hours
    price(con, price=0.05)
    assert only(filled(con))["commitment"] == "1 m5.large"


def test_usage_that_has_just_risen_is_not_yet_committed_to(con: Connection) -> None:
    charge(con, EVERY)
    charge(con, range(24 * 30, 24 * DAYS), x_ResourceKey="i-2")
    price(con)
    assert only(filled(con))["commitment"] == "1 m5.large"


def test_sizes_of_a_family_share_reservations_on_linux_and_not_on_windows(con: Connection) -> None:
    for system in ("RunInstances", "RunInstances:0002"):
        charge(con, EVERY, x_ResourceKey=f"a{system}", x_Operation=system)
        charge(
            con,
            EVERY,
            x_ResourceKey=f"b{system}",
            x_Operation=system,
            x_UsageType="EU-BoxUsage:m5.xlarge",
            x_Cost=0.2,
        )
    for platform in (None, "windows"):
        price(con, platform=platform)
        price(con, "m5.xlarge", price=0.12, platform=platform)
    pools = {row["resource_id"].partition("eu-west-1/")[2]: row["commitment"] for row in filled(con)}
    assert pools == {
        "m5/linux/USD": "3 m5.large",
        "m5.large/windows/USD": "1 m5.large",
        "m5.xlarge/windows/USD": "1 m5.xlarge",
    }


def test_currencies_and_payers_and_regions_are_apart(con: Connection) -> None:
    charge(con, EVERY)
    charge(con, EVERY, x_ResourceKey="i-2", BillingCurrency="CNY", x_Cost=0.7)
    charge(con, EVERY, x_ResourceKey="i-3", BillingAccountId="2", x_AccountId="2")
    charge(con, EVERY, x_ResourceKey="i-4", RegionId="us-east-1")
    price(con)
    price(con, currency="CNY", price=0.4)
    price(con, region="us-east-1")
    rows = filled(con)
    assert sorted((row["account_id"], row["region"], row["currency"]) for row in rows) == [
        (PAYER, "eu-west-1", "CNY"), (PAYER, "eu-west-1", "USD"), (PAYER, "us-east-1", "USD"), ("2", "eu-west-1", "USD"),
    ]  # fmt: skip
    assert {row["commitment"] for row in rows} == {"1 m5.large"}


def test_accounts_of_a_payer_share_what_the_payer_buys(con: Connection) -> None:
    charge(con, EVERY[::2], x_AccountId="2", x_ResourceKey="i-2")
    charge(con, EVERY[1::2], x_AccountId="3", x_ResourceKey="i-3")
    price(con)
    row = only(filled(con))
    assert (row["account_id"], row["accounts"]) == (PAYER, '{"2": 0.5, "3": 0.5}')
    assert row["utilisation"] == 1  # together they run all the time


def test_a_pool_of_one_account_is_bought_by_that_account(con: Connection) -> None:
    charge(con, EVERY, x_AccountId="2")
    price(con)
    assert only(filled(con))["account_id"] == "2"


def test_google_commits_to_cores_and_memory_apart_and_to_whole_ones(con: Connection) -> None:
    google = {
        "x_Cloud": "gcp", "BillingAccountId": "01AA", "x_AccountId": "shop", "RegionId": "europe-west1", "x_UsageType": None,
        "x_ServiceCode": None, "ServiceName": "Compute Engine", "x_Operation": None, "x_ResourceKey": "web",
    }  # fmt: skip
    charge(
        con, EVERY, **google, ChargeDescription="N2 Instance Core running in Belgium", ConsumedQuantity=4 * 3600,
        ConsumedUnit="seconds", x_Cost=0.14,
    )  # fmt: skip
    charge(
        con, EVERY, **google, ChargeDescription="N2 Instance Ram running in Belgium", ConsumedQuantity=16 * 2**30 * 3600,
        ConsumedUnit="byte-seconds", x_Cost=0.075,
    )  # fmt: skip
    place = {"cloud": "gcp", "region": "europe-west1", "term_months": None, "payment": None}
    price(con, "n2:core:1y", **place, price=0.022)
    price(con, "n2:memory:1y", **place, unit="GiB-hour", price=0.003)
    row = only(filled(con))
    assert (row["account_id"], row["commitment"], row["term_months"]) == ("shop", "4 vCPU and 16 GiB", 12)
    assert row["saving"] == pytest.approx(730 * (0.215 - 4 * 0.022 - 16 * 0.003))


# --- prices


def test_what_has_no_price_is_not_offered_and_told(con: Connection) -> None:
    """Never a flat percentage."""
    charge(con, EVERY)
    price(con, "c5.large")
    assert filled(con) == []
    (row,) = options(con, "problem IS NOT NULL")
    assert row["problem"] == "No price of a commitment is known for m5 machines (linux) in eu-west-1."


def test_usage_beyond_reservations_without_a_price_is_told_by_payer(con: Connection) -> None:
    """Fargate, and machines of a bill that tells no operation and no inventory that tells a platform."""
    charge(con, EVERY, x_Operation=None)
    charge(con, EVERY, x_ResourceKey="task-1", x_UsageType="EU-Fargate-vCPU-Hours:perCPU")
    price(con, "c5.large")
    assert filled(con) == []
    (row,) = options(con, "problem IS NOT NULL")
    assert row["problem"] == (
        "No price of a commitment is known for Fargate and machines of which the bill does not tell the operating system."
    )


def test_without_any_price_of_the_cloud_it_is_told_once(con: Connection) -> None:
    charge(con, EVERY)
    charge(con, EVERY, x_ResourceKey="i-2", x_UsageType="EU-BoxUsage:c5.large")
    assert filled(con) == []
    (row,) = options(con, "problem IS NOT NULL")
    assert row["problem"] == "No prices of commitments are known: finops collect aws reads them."


def test_a_negotiated_price_on_demand_is_what_the_commitment_is_compared_with(con: Connection) -> None:
    """List against list would promise 40 % of a price that nobody pays."""
    charge(con, EVERY, x_Cost=0.07, ListCost=0.1)
    price(con)
    assert only(filled(con))["saving"] == pytest.approx(730 * 0.01)


def test_a_commitment_dearer_than_what_is_paid_is_not_offered(con: Connection) -> None:
    charge(con, EVERY, x_Cost=0.055, ListCost=0.1)
    price(con)
    assert filled(con) == []
    assert options(con, "problem IS NULL")  # it was looked at


def test_the_latest_price_counts_and_none_of_the_future(con: Connection) -> None:
    charge(con, EVERY)
    price(con, price=0.06, as_of=AS_OF - timedelta(days=2))
    price(con, price=0.05, as_of=AS_OF - timedelta(days=1))
    price(con, price=0.01, as_of=AS_OF + timedelta(days=1))
    assert only(filled(con))["hourly_commitment"] == pytest.approx(0.05)


def test_terms_and_payments_are_options_beside_each_other(con: Connection) -> None:
    charge(con, EVERY)
    for months, payment, hourly in (
        (12, "no_upfront", 0.06),
        (12, "all_upfront", 0.055),
        (36, "no_upfront", 0.04),
    ):
        price(con, term_months=months, payment=payment, price=hourly)
    rows = filled(con)
    assert [row["option_id"] for row in rows] == ["12m all_upfront", "12m no_upfront", "36m no_upfront"]
    assert len({row["resource_id"] for row in rows}) == 1


def test_the_rate_of_a_held_commitment_counts_where_no_list_price_is_known(con: Connection) -> None:
    charge(con, EVERY)
    held(con, "i-9", x_Cost=0.065)
    con.execute(
        "INSERT INTO commitments (cloud, account_id, region, commitment_id, kind, started_at, ends_at, payment) VALUES "
        "('aws', ?, 'eu-west-1', 'ri-1', 'reserved', TIMESTAMP '2026-01-01', TIMESTAMP '2027-01-01', 'no_upfront')",
        [PAYER],
    )
    row = only(filled(con))
    assert row["price_basis"] == "rate on the bill of ri-1"
    assert row["saving"] == pytest.approx(730 * 0.035)
    price(con, price=0.06)
    assert only(filled(con))["price_basis"] == "list price (test)"


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(1, 960), st.sampled_from([0.05, 0.1, 0.2])),
        min_size=1,
        max_size=5,
    ),
    st.floats(0.02, 0.15),
)
def test_no_option_ever_loses_money_on_the_hours_it_was_made_of(
    machines: list[tuple[int, int, float]], hourly: float
) -> None:
    con = warehouse()
    charge(con, EVERY, x_ResourceKey="vol-1", x_UsageType="EU-EBS:VolumeUsage.gp3")
    for number, (start, length, cost) in enumerate(machines):
        charge(con, range(start, min(start + length, len(EVERY))), x_ResourceKey=f"i-{number}", x_Cost=cost)
    price(con, price=hourly)
    for row in filled(con):
        assert row["saving"] > 0
        assert row["saving"] == pytest.approx(row["covered_month"] - row["commitment_month"])
        assert row["covered_month"] <= row["usage_month"] + 1e-9
        assert row["saving_low"] <= row["saving"] <= row["saving_high"]
        assert (
            row["saving_if_30_less"]
            <= row["saving_if_20_less"]
            <= row["saving_if_10_less"]
            <= row["saving"] + 1e-9
        )
        assert row["break_even_month"] <= row["term_months"]
    con.close()


# --- after usage


def held(con: Connection, resource: str, **columns: Any) -> None:
    """A machine that a reservation covers, all the time."""
    charge(
        con, EVERY, x_ResourceKey=resource,
        **{
            "x_Cost": 0.06, "ListCost": 0.1, "CommitmentDiscountId": "arn:aws:ec2:eu-west-1:1:reserved-instances/ri-1",
            "CommitmentDiscountType": "Reserved Instance", "CommitmentDiscountStatus": "Used", "PricingCategory": "Committed",
            **columns,
        },
    )  # fmt: skip


def test_what_an_accepted_action_removes_is_not_committed_to(con: Connection) -> None:
    charge(con, EVERY)
    charge(con, EVERY, x_ResourceKey="i-2")
    price(con)
    assert only(filled(con))["commitment"] == "2 m5.large"
    assert only(filled(con, accept(con, ("i-2", 0))))["commitment"] == "1 m5.large"


def test_a_machine_made_smaller_counts_by_what_is_left_of_its_cost(con: Connection) -> None:
    charge(con, EVERY, x_UsageType="EU-BoxUsage:m5.2xlarge", x_Cost=0.4)
    price(con)
    price(con, "m5.2xlarge", price=0.24)
    row = only(filled(con, accept(con, ("i-1", 0.25))))
    assert row["usage_month"] == pytest.approx(73)
    row = only(filled(con, accept(con, ("i-1", 0.25), action="resize", instance_type="m5.large")))
    assert (row["usage_month"], row["commitment"]) == (pytest.approx(73), "1 m5.large")


@pytest.mark.parametrize("action", ["spot", "resize,spot", "schedule"])
def test_what_becomes_spot_or_scheduled_leaves_the_baseline(con: Connection, action: str) -> None:
    charge(con, EVERY)
    price(con)
    assert filled(con, accept(con, ("i-1", 0.4), action=action)) == []


def test_an_action_on_another_account_or_component_changes_nothing(con: Connection) -> None:
    charge(con, EVERY)
    price(con)
    accept(con, ("i-1", 0))
    con.execute("UPDATE accepted SET component = 'storage'")
    assert len(filled(con, "accepted")) == 1
    con.execute("UPDATE accepted SET component = 'compute', account_id = '2'")
    assert len(filled(con, "accepted")) == 1


def test_held_commitments_that_are_freed_cover_other_usage_before_anything_is_bought(con: Connection) -> None:
    charge(con, EVERY)
    held(con, "i-9")
    price(con)
    assert only(filled(con))["commitment"] == "1 m5.large"  # what is covered needs no second commitment
    assert filled(con, accept(con, ("i-9", 0))) == []  # its reservation covers i-1 from then on


def test_a_freed_reservation_of_another_family_covers_nothing_here(con: Connection) -> None:
    charge(con, EVERY)
    held(con, "i-9", x_UsageType="EU-BoxUsage:c5.large")
    price(con)
    assert only(filled(con, accept(con, ("i-9", 0))))["commitment"] == "1 m5.large"


# --- alibaba


ALIBABA = {
    "x_Cloud": "alibaba", "RegionId": "cn-hangzhou", "BillingCurrency": "CNY", "x_UsageType": None, "x_Operation": None,
    "x_ServiceCode": "ecs", "SkuMeter": "InstanceType", "ChargeDescription": "ECS: Instance",
    "SkuPriceDetails": '{"InstanceSpec": "ecs.g7.large"}', "x_Cost": 1.0,
}  # fmt: skip
MONTH = {
    "cloud": "alibaba", "region": "cn-hangzhou", "purchase_model": "subscription", "unit": "month", "price": 365,
    "currency": "CNY", "term_months": None, "payment": None,
}  # fmt: skip


def linux(con: Connection, *machines: str) -> None:
    for machine in machines:
        con.execute(
            "INSERT INTO instances (cloud, account_id, region, instance_id, state, platform) "
            "VALUES ('alibaba', ?, 'cn-hangzhou', ?, 'running', 'linux')",
            [PAYER, machine],
        )


@pytest.mark.parametrize(("length", "times"), [(1, EVERY), (24, range(0, 24 * DAYS, 24))])
def test_a_machine_that_runs_on_is_cheaper_by_subscription(
    con: Connection, length: int, times: range
) -> None:
    """By the hour, or by days of which each was run whole."""
    linux(con, "i-1")
    charge(con, times, **{**ALIBABA, "x_Cost": 1.0 * length}, length=length, ConsumedQuantity=length)
    price(con, "ecs.g7.large", **MONTH)
    row = only(filled(con))
    assert (row["resource_id"], row["term_months"], row["days"]) == ("subscription/i-1", 1, DAYS)
    assert row["saving"] == pytest.approx(365)
    assert row["currency"] == "CNY"


def test_a_machine_that_was_off_in_between_counts_from_its_last_start(con: Connection) -> None:
    linux(con, "i-1")
    charge(con, [hour for hour in EVERY if hour != 24 * 35], **ALIBABA)
    price(con, "ecs.g7.large", **MONTH)
    assert only(filled(con))["days"] == pytest.approx(5 - 1 / 24)


def test_a_machine_that_is_gone_or_is_to_be_changed_is_not_subscribed(con: Connection) -> None:
    linux(con, "i-1", "i-2")
    charge(con, range(24 * 35), **{**ALIBABA, "x_ResourceKey": "i-1"})
    charge(con, EVERY, **{**ALIBABA, "x_ResourceKey": "i-2"})
    price(con, "ecs.g7.large", **MONTH)
    assert only(filled(con))["resource_id"] == "subscription/i-2"
    accept(con, ("i-2", 0.5))
    con.execute("UPDATE accepted SET cloud = 'alibaba'")
    assert filled(con, "accepted") == []
