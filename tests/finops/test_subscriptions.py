"""What is paid for ahead: orders on the bill spread over their terms, list prices of a month, and what is not known."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops.money import cents
from finops.savings import Assessment, Priced, assess
from finops.schema_comments import schema_sql
from finops.verdicts import Key, RuleFacts, Verdict
from rules.engine import rollups

AS_OF = datetime(2026, 11, 1)
HERE: dict[str, Any] = {"cloud": "alibaba", "account_id": "1", "region": "cn-hangzhou"}
Connection = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def empty() -> Iterator[Connection]:
    con = duckdb.connect(config={"threads": 1})
    con.execute(schema_sql())
    rollups.prepare(con)
    yield con
    con.close()


@pytest.fixture
def estate(empty: Connection) -> Iterator["Estate"]:
    """An empty warehouse in memory, whatever a test puts in is taken out again."""
    empty.begin()
    yield Estate(empty)
    empty.rollback()


class Estate:
    """A warehouse to fill in the words of a test, and its assessment."""

    def __init__(self, con: Connection) -> None:
        self.con = con

    def put(self, table: str, **row: Any) -> None:
        names = ", ".join(row)
        self.con.execute(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})",
            [*row.values()],
        )

    def machine(self, name: str = "i-1", **more: Any) -> None:
        row = {"instance_id": name, "state": "running", "instance_type": "ecs.g7.large"}
        self.put("instances", **{**HERE, **row, "purchase_model": "subscription", **more})

    def disk(self, name: str = "d-1", machine: str | None = None, **more: Any) -> None:
        row = {"volume_id": name, "state": "attached" if machine else "unattached", "instance_id": machine}
        kind = {"volume_type": "cloud_essd", "performance_level": "PL1", "size_gib": 100}
        self.put(
            "volumes",
            **{**HERE, **row, **kind, "delete_with_instance": True, "purchase_model": "subscription", **more},
        )

    def address(self, name: str = "eip-1", machine: str | None = None, **more: Any) -> None:
        row = {"ip_id": name, "state": "in_use" if machine else "unused", "resource_id": machine}
        kind = {"resource_type": "instance" if machine else None}
        self.put("public_ips", **{**HERE, **row, **kind, **more})

    def listed(self, sku: str, price: str, unit: str = "month", model: str = "subscription") -> None:
        self.put(
            "prices", cloud="alibaba", region="cn-hangzhou", sku=sku, purchase_model=model, unit=unit,
            price=Decimal(price), currency="CNY", as_of=AS_OF, source="test",
        )  # fmt: skip

    def charge(self, resource: str | None, cost: str, other: dict[str, str], **more: Any) -> None:
        row = {
            "x_Cloud": "alibaba", "x_AccountId": "1", "x_ResourceKey": resource, "RegionId": "cn-hangzhou",
            "BillingCurrency": "CNY", "x_Cost": Decimal(cost), "x_CostBasis": "effective", "x_Source": "test",
            "x_ServiceCode": "ecs", "ServiceCategory": "Compute", "ServiceSubcategory": "Virtual Machines",
            "BillingPeriodStart": datetime(2026, 10, 1), "BillingPeriodEnd": AS_OF, "x_Other": json.dumps(other),
        }  # fmt: skip
        self.put("charges", **{**row, **more})

    def order(
        self, resource: str, cost: str, period: str | None, unit: str | None, day: str, **more: Any
    ) -> None:
        """A subscription order as the billing API tells it: one row on the day of the purchase."""
        start = datetime.fromisoformat(day)
        about = {"SubscriptionType": "Subscription", "ServicePeriod": period, "ServicePeriodUnit": unit}
        times = {"ChargePeriodStart": start, "ChargePeriodEnd": start.replace(hour=23)}
        other = {name: text for name, text in about.items() if text is not None}
        self.charge(resource, cost, other, **{"ChargeCategory": "Purchase", **times, **more})

    def used(self, resource: str | None, cost: str, **more: Any) -> None:
        """Usage of thirty days, 720 hours."""
        times = {"ChargePeriodStart": datetime(2026, 10, 2), "ChargePeriodEnd": AS_OF}
        self.charge(
            resource, cost, {"SubscriptionType": "PayAsYouGo"}, ChargeCategory="Usage", **{**times, **more}
        )

    def assess(self, *verdicts: Verdict) -> Assessment:
        rollups.build(self.con, AS_OF)
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE judged (rule VARCHAR, cloud VARCHAR, account_id VARCHAR, region VARCHAR, "
            "resource_id VARCHAR, verdict VARCHAR, components VARCHAR)"
        )
        for one in verdicts:
            row = [
                one.rule.id,
                *one.key[:2],
                one.region,
                one.key.resource_id,
                "finding",
                ",".join(one.components),
            ]
            self.con.execute("INSERT INTO judged VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return assess(self.con, verdicts, AS_OF)

    def price(self, verdict: Verdict) -> Priced:
        (one,) = self.assess(verdict).priced
        return one


def idle(
    resource: str = "i-1",
    kind: str = "instance",
    action: str = "terminate",
    components: str = "all,dependents",
) -> Verdict:
    facts = RuleFacts(f"rule-{action}", "A rule", "unused", "low", "low", (), {})
    return Verdict(
        facts, Key("alibaba", "1", resource), region="cn-hangzhou", resource_type=kind, action=action,  # type: ignore[arg-type]
        reason="It is.", components=tuple(components.split(",")), current={}, proposed={}, evidence={},
    )  # fmt: skip


def unattached(resource: str = "d-1") -> Verdict:
    return idle(resource, "volume", "delete", "all")


def unused(resource: str = "eip-1") -> Verdict:
    return idle(resource, "public_ip", "release", "all")


# --- orders on the bill


@pytest.mark.parametrize(
    ("cost", "period", "unit", "monthly"),
    [
        ("1200", "1", "年", "100.00"),
        ("1200", "1", "Year", "100.00"),
        ("1200", "12", "月", "100.00"),
        ("300", "3", "Month", "100.00"),
        ("100", "1", " months ", "100.00"),
        ("100", "2628000", "秒", "100.00"),
        ("3600", "3", "年", "100.00"),
        ("70", "7", "天", "304.17"),
        ("23", "1", "Week", "99.94"),
    ],
)
def test_an_order_costs_its_share_of_the_term_each_month(
    cost: str, period: str, unit: str, monthly: str, estate: Estate
) -> None:
    estate.machine()
    estate.order("i-1", cost, period, unit, "2026-10-28")
    one = estate.price(idle())
    assert (one.monthly_cost, one.monthly_savings, one.net_savings) == (Decimal(monthly),) * 3
    assert (one.basis, one.currency) == ("billed", "CNY")


def test_a_term_is_the_length_of_the_charge_where_the_bill_does_not_count_it(estate: Estate) -> None:
    """The Chinese file has no unit; its order runs from one instant to another."""
    estate.machine()
    estate.charge(
        "i-1", "730", {"消费类型": "预付费", "服务时长": "3600"}, ChargeCategory="Purchase",
        ChargePeriodStart=datetime(2026, 10, 5), ChargePeriodEnd=datetime(2027, 10, 5),
    )  # fmt: skip
    one = estate.price(idle())
    assert one.monthly_cost == cents(Decimal(730) * 730 / (365 * 24))


def test_a_payment_whose_term_is_not_told_is_not_taken_for_a_month(estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "1200", None, None, "2026-10-28")
    one = estate.price(idle())
    assert (one.monthly_cost, one.monthly_savings, one.basis) == (None, None, "none")


@pytest.mark.parametrize("period", ["0", "-1", "nan", "inf", "1e300", "1000000", "many", ""])
def test_a_term_that_no_subscription_has_is_none(period: str, estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "1200", period, "年", "2026-10-28")
    assert estate.price(idle()).basis == "none"


def test_centuries_of_renewals_are_no_trouble(estate: Estate) -> None:
    estate.machine()
    for day in range(1, 31):
        for _ in range(50):
            estate.order("i-1", "1200", "10", "年", f"2026-09-{day:02}")
    one = estate.price(idle())
    assert one.monthly_cost is not None
    assert one.monthly_cost > 0


def test_an_order_of_last_year_goes_on_and_one_that_ended_does_not(estate: Estate) -> None:
    estate.machine()
    estate.machine("i-2")
    estate.order("i-1", "1200", "1", "年", "2025-11-15")
    estate.order("i-2", "1200", "1", "年", "2025-09-15")
    running, ended = estate.assess(idle(), idle("i-2")).priced
    assert running.monthly_cost == Decimal("100.00")
    assert ended.monthly_cost is None
    assert ended.reasons == ["neither the bill nor a list price tells what it costs"]


@pytest.mark.parametrize(("day", "cost"), [("2026-09-30", "100.00"), ("2026-09-27", None)])
def test_an_order_that_just_ended_stands_in_for_its_renewal_which_bills_tell_late(
    day: str, cost: str | None, estate: Estate
) -> None:
    estate.machine()
    estate.order("i-1", "100", "1", "月", day)
    assert estate.price(idle()).monthly_cost == (None if cost is None else Decimal(cost))


def test_a_renewal_that_is_paid_ahead_is_not_added_to_what_runs(estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "1200", "1", "年", "2025-11-15")
    estate.order("i-1", "900", "1", "年", "2026-10-20")
    assert estate.price(idle()).monthly_cost == Decimal("100.00")


def test_an_upgrade_runs_beside_the_order_that_it_adds_to(estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "1200", "12", "月", "2026-03-01")
    estate.order("i-1", "60", "6", "月", "2026-08-30")
    one = estate.price(idle())
    assert one.monthly_cost == Decimal("110.00")
    assert one.cost is not None
    assert one.cost.orders == ("1200 CNY on 2026-03-01 for 12 months; 60 CNY on 2026-08-30 for 6 months")


def test_the_rows_of_one_order_are_parts_of_it(estate: Estate) -> None:
    """By billable item the machine and its system disk are two rows; a resize changes the first."""
    estate.machine()
    estate.order("i-1", "1200", "1", "年", "2026-10-28", SkuMeter="instance_type")
    estate.order("i-1", "120", "1", "年", "2026-10-28", SkuMeter="systemdisk")
    estate.listed("ecs.g7.large", "0.5", "hour", "on_demand")
    estate.listed("ecs.g7.xlarge", "1.0", "hour", "on_demand")
    verdict = idle(action="resize", components="compute")
    verdict.current["instance_type"], verdict.proposed["instance_type"] = "ecs.g7.xlarge", "ecs.g7.large"
    one = estate.price(verdict)
    assert (one.monthly_cost, one.monthly_savings) == (Decimal("110.00"), Decimal("50.00"))


def test_after_a_refund_the_order_says_nothing_any_more(estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "1200", "1", "年", "2026-10-05")
    estate.order("i-1", "-300", None, None, "2026-10-20", ChargeCategory="Adjustment")
    assert estate.price(idle()).basis == "none"


def test_a_refund_before_the_order_was_of_another_one(estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "-300", None, None, "2026-10-01", ChargeCategory="Adjustment")
    estate.order("i-1", "1200", "1", "年", "2026-10-05")
    assert estate.price(idle()).monthly_cost == Decimal("100.00")


def test_of_two_currencies_the_larger_counts(estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "1200", "1", "年", "2026-10-05")
    estate.order("i-1", "12", "1", "年", "2026-10-06", BillingCurrency="USD", SkuMeter="systemdisk")
    one = estate.price(idle())
    assert (one.monthly_cost, one.currency) == (Decimal("100.00"), "CNY")


def test_what_was_turned_into_pay_as_you_go_costs_what_it_uses(estate: Estate) -> None:
    estate.machine(purchase_model="on_demand")
    estate.order("i-1", "1200", "1", "年", "2026-10-05")
    estate.used("i-1", "72")
    assert estate.price(idle()).monthly_cost == Decimal("73.00")


def test_usage_beside_the_order_is_added_and_what_the_order_replaced_is_not(estate: Estate) -> None:
    """It ran on demand until it was turned into a subscription, and pays for its traffic as it goes."""
    estate.machine()
    estate.used("i-1", "500", ChargePeriodEnd=datetime(2026, 10, 10))
    estate.used("i-1", "72", SkuMeter="NetworkOut")
    estate.order("i-1", "1200", "1", "年", "2026-10-10")
    one = estate.price(idle())
    assert one.monthly_cost == Decimal("173.00")
    assert one.basis == "billed"


def test_the_order_of_a_machine_pays_for_the_disk_that_it_boots_from_and_for_no_other(estate: Estate) -> None:
    estate.machine()
    estate.disk("d-boot", "i-1", is_boot=True)
    estate.order("i-1", "1200", "1", "年", "2026-10-05")
    one = estate.price(idle())
    assert (one.monthly_cost, one.reasons, one.confidence) == (Decimal("100.00"), [], "high")
    estate.listed("cloud_essd.PL1", "0.8", "GiB-month")
    (account,) = estate.assess(idle()).accounts
    assert cents(account.total) == Decimal("100.00")
    estate.disk("d-data", "i-1", is_boot=False, volume_type="cloud_ssd", performance_level=None)
    one = estate.price(idle())
    assert (one.monthly_cost, one.reasons) == (
        Decimal("100.00"),
        ["the cost of d-data, which goes with it, is not known"],
    )


def test_the_order_of_a_machine_that_is_off_is_paid_all_the_same(estate: Estate) -> None:
    estate.machine(state="stopped")
    estate.order("i-1", "1200", "1", "年", "2026-10-05")
    assert estate.price(idle(components="all,attached")).monthly_savings == Decimal("100.00")


# --- without an order on the bill


def test_without_a_bill_a_subscription_costs_its_months_list_price(estate: Estate) -> None:
    estate.machine()
    estate.listed("ecs.g7.large", "240")
    estate.listed("ecs.g7.large", "0.5", "hour", "on_demand")
    one = estate.price(idle())
    assert (one.monthly_cost, one.basis, one.confidence) == (Decimal("240.00"), "list", "medium")


def test_the_price_on_demand_is_not_that_of_a_subscription(estate: Estate) -> None:
    estate.machine()
    estate.listed("ecs.g7.large", "0.5", "hour", "on_demand")
    one = estate.price(idle())
    assert (one.monthly_cost, one.monthly_savings, one.basis) == (None, None, "none")


def test_a_bill_of_two_months_holds_no_order_of_last_year(estate: Estate) -> None:
    """Its list price counts in the account, too, so that the saving is not cut to what the bill holds."""
    estate.machine()
    estate.listed("ecs.g7.large", "240")
    estate.used("i-9", "720")
    assessment = estate.assess(idle())
    (one,), (account,) = assessment.priced, assessment.accounts
    assert (one.monthly_cost, one.net_savings, one.basis) == (Decimal("240.00"), Decimal("240.00"), "list")
    assert one.reasons == ["at list prices: the bill does not hold the order of its subscription"]
    assert (cents(account.total), cents(account.judged), account.basis) == (
        Decimal("970.00"),
        Decimal("240.00"),
        "billed",
    )
    assert account.note == "some subscriptions at list prices: the bill does not hold their orders"


def test_traffic_on_the_bill_is_not_the_whole_cost_of_a_subscription(estate: Estate) -> None:
    estate.machine()
    estate.used("i-1", "72", SkuMeter="NetworkOut")
    assert estate.price(idle()).monthly_cost is None
    estate.listed("ecs.g7.large", "240")
    one = estate.price(idle())
    assert (one.monthly_cost, one.net_savings, one.basis) == (Decimal("313.00"), Decimal("313.00"), "list")


def test_a_bill_that_spreads_the_order_itself_is_believed(estate: Estate) -> None:
    estate.machine()
    estate.listed("ecs.g7.large", "240")
    estate.used("i-1", "144")
    assessment = estate.assess(idle())
    assert assessment.priced[0].monthly_cost == Decimal("146.00")
    assert cents(assessment.accounts[0].total) == Decimal("146.00")


# --- accounts


def test_an_account_costs_its_usage_and_its_orders(estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "1200", "1", "年", "2026-10-05")
    estate.order("rm-1", "2400", "1", "年", "2026-10-05")
    estate.used("i-9", "720")
    assessment = estate.assess(idle())
    (account,) = assessment.accounts
    assert (cents(account.total), cents(account.judged)) == (Decimal("1030.00"), Decimal("100.00"))
    assert assessment.priced[0].net_savings == Decimal("100.00")


def test_an_account_with_orders_only_costs_these(estate: Estate) -> None:
    estate.machine()
    estate.order("i-1", "1200", "1", "年", "2026-10-05")
    assessment = estate.assess(idle())
    (account,) = assessment.accounts
    assert (account.basis, cents(account.total), account.currency) == ("billed", Decimal("100.00"), "CNY")
    assert account.note == "orders of subscriptions: no usage is on the bill"
    assert assessment.priced[0].net_savings == Decimal("100.00")


# --- disks and addresses


def test_a_disk_by_subscription_costs_its_order_or_its_own_list_price(estate: Estate) -> None:
    storage = {
        "x_ServiceCode": "yundisk",
        "ServiceCategory": "Storage",
        "ServiceSubcategory": "Block Storage",
    }
    estate.disk("d-1")
    estate.disk("d-2")
    estate.disk("d-3", volume_type="cloud_ssd", performance_level=None)
    estate.order("d-1", "600", "1", "年", "2026-10-05", **storage)
    estate.listed("cloud_essd.PL1", "0.8", "GiB-month")
    estate.listed("cloud_essd.PL1", "1.5", "GiB-month", "on_demand")
    estate.listed("cloud_ssd", "1.5", "GiB-month", "on_demand")
    prices = {
        one.verdict.key.resource_id: one
        for one in estate.assess(*map(unattached, ("d-1", "d-2", "d-3"))).priced
    }
    assert {name: (one.monthly_cost, one.basis) for name, one in prices.items()} == {
        "d-1": (Decimal("50.00"), "billed"),
        "d-2": (Decimal("80.00"), "list"),
        "d-3": (None, "none"),
    }


def test_provisioned_performance_is_part_of_a_disks_price(estate: Estate) -> None:
    estate.disk(
        "d-1", purchase_model="on_demand", volume_type="cloud_auto", performance_level=None, iops=1000
    )
    estate.disk("d-2", purchase_model="on_demand", volume_type="cloud_auto", performance_level=None)
    estate.listed("cloud_auto", "1.5", "GiB-month", "on_demand")
    with_provisioned, without = (
        one.monthly_cost for one in estate.assess(unattached(), unattached("d-2")).priced
    )
    assert (with_provisioned, without) == (None, Decimal("150.00"))
    estate.listed("cloud_auto:iops", "0.05", "IOPS-month", "on_demand")
    assert estate.price(unattached()).monthly_cost == Decimal("200.00")


def test_an_address_costs_by_how_it_is_charged(estate: Estate) -> None:
    estate.address("eip-1", charge_type="traffic")
    estate.address("eip-2", charge_type="bandwidth")
    estate.address("eip-3", charge_type="bandwidth", purchase_model="subscription")
    estate.listed("public_ip:unused", "0.02", "hour", "on_demand")
    by_traffic, by_bandwidth, ahead = estate.assess(*map(unused, ("eip-1", "eip-2", "eip-3"))).priced
    assert (by_traffic.monthly_cost, by_traffic.reasons) == (Decimal("14.60"), ["at list prices"])
    assert by_bandwidth.monthly_cost == Decimal("14.60")
    assert by_bandwidth.reasons == [
        "at list prices: its bandwidth is paid for as well, at a price that is not known"
    ]
    assert (ahead.monthly_cost, ahead.basis) == (None, "none")
    estate.listed("public_ip:unused", "110")
    assert estate.price(unused("eip-3")).monthly_cost == Decimal("110.00")


@pytest.mark.parametrize(
    ("address", "cost", "doubts"),
    [
        ({"charge_type": "traffic"}, "73.00", ["at list prices"]),
        ({"charge_type": "bandwidth"}, "87.60", ["at list prices"]),
        ({"charge_type": "traffic", "resource_type": "nat_gateway"}, "87.60", ["at list prices"]),
        (
            {"charge_type": "traffic", "purchase_model": "subscription"},
            "73.00",
            ["the cost of eip-1, which goes with it, is not known", "at list prices"],
        ),
    ],
    ids=["by traffic it is free with a machine", "by bandwidth", "of something else", "by subscription"],
)
def test_an_address_that_goes_with_a_machine(
    address: dict[str, Any], cost: str, doubts: list[str], estate: Estate
) -> None:
    estate.machine(purchase_model="on_demand", state="stopped", stopped_mode="keep_charging")
    estate.address("eip-1", "i-1", **address)
    estate.listed("ecs.g7.large", "0.1", "hour", "on_demand")
    estate.listed("public_ip:in_use", "0.02", "hour", "on_demand")
    one = estate.price(idle(components="all,attached"))
    assert (one.monthly_savings, one.reasons) == (Decimal(cost), doubts)


# --- off, with and without economical mode


@pytest.mark.parametrize(
    ("mode", "billed", "saving"),
    [("keep_charging", False, "223.00"), ("stop_charging", False, "150.00"), ("keep_charging", True, "223.00"), ("stop_charging", True, "150.00")],
)  # fmt: skip
def test_a_machine_that_is_off_pays_for_itself_only_without_economical_mode(
    mode: str, billed: bool, saving: str, estate: Estate
) -> None:
    estate.machine(purchase_model="on_demand", state="stopped", stopped_mode=mode)
    estate.disk("d-1", "i-1", purchase_model="on_demand")
    estate.listed("ecs.g7.large", "0.1", "hour", "on_demand")
    estate.listed("cloud_essd.PL1", "1.5", "GiB-month", "on_demand")
    if billed:
        storage = {
            "x_ServiceCode": "yundisk",
            "ServiceCategory": "Storage",
            "ServiceSubcategory": "Block Storage",
        }
        estate.used("i-1", "72")
        estate.used("d-1", str(Decimal(150) * 720 / 730), **storage)
    one = estate.price(idle(components="all,attached"))
    assert (one.monthly_savings, one.currency, one.basis) == (
        Decimal(saving),
        "CNY",
        "billed" if billed else "list",
    )


# --- promises

MONEY = st.decimals("-500", "5000", places=4).map(str)
MACHINE = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["subscription", "on_demand", None]),
        "state": st.sampled_from(["running", "stopped"]),
        "orders": st.lists(
            st.tuples(MONEY, st.sampled_from(["1", "3", "12"]), st.integers(1, 28)), max_size=3
        ),
        "used": st.lists(st.tuples(MONEY, st.sampled_from([None, "systemdisk", "NetworkOut"])), max_size=2),
        "disk": st.sampled_from([None, "subscription", "on_demand"]),
        "is_boot": st.booleans(),
        "currency": st.sampled_from(["CNY", "USD"]),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    machines=st.lists(MACHINE, min_size=1, max_size=4),
    prices=st.lists(st.sampled_from(["machine", "hour", "disk", "disk ahead"]), unique=True),
    rest=st.none() | MONEY,
)
def test_no_saving_is_more_than_its_cost_whatever_the_bill_holds(
    machines: list[dict[str, Any]], prices: list[str], rest: str | None, empty: Connection
) -> None:
    """The assessment checks its promises itself and would raise."""
    empty.begin()
    try:
        estate, verdicts = Estate(empty), []
        lists = {
            "machine": ("ecs.g7.large", "240"),
            "hour": ("ecs.g7.large", "0.5", "hour", "on_demand"),
            "disk": ("cloud_essd.PL1", "1.5", "GiB-month", "on_demand"),
            "disk ahead": ("cloud_essd.PL1", "0.8", "GiB-month"),
        }
        for name in prices:
            estate.listed(*lists[name])
        if rest is not None:
            estate.used(None, rest)
        for number, one in enumerate(machines):
            name, disk = f"i-{number}", f"d-{number}"
            estate.machine(name, purchase_model=one["model"], state=one["state"])
            if one["disk"]:
                estate.disk(disk, name, purchase_model=one["disk"], is_boot=one["is_boot"])
                verdicts.append(unattached(disk))
            for cost, months, day in one["orders"]:
                category = "Purchase" if Decimal(cost) > 0 else "Adjustment"
                more = {"ChargeCategory": category, "BillingCurrency": one["currency"]}
                estate.order(name, cost, months, "月", f"2026-10-{day:02}", **more)
            for cost, meter in one["used"]:
                estate.used(name, cost, SkuMeter=meter)
            verdicts += [idle(name), idle(name, action="stop", components="compute")]
        assessment = estate.assess(*verdicts)
    finally:
        empty.rollback()
    for one in assessment.priced:
        assert one.net_savings is None or 0 <= one.net_savings <= max(
            Decimal(0), one.monthly_cost or Decimal(0)
        )
