"""The heavy aggregations: usage and activity, cost, traffic, spot, and the macros rules call."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from finops.errors import WarehouseError
from finops.warehouse.derived import mark_replayed
from rules.engine import rollups

AS_OF = datetime(2026, 11, 1)
DAY = timedelta(days=1)
BUILT_FROM = {
    "usage": ("usage",),
    "activity": ("usage", "activity"),
    "cost": ("cost",),
    "traffic": ("cost", "traffic_pairs", "unclear_traffic", "traffic"),
    "traffic_pairs": ("traffic_pairs",),
    "spot": ("spot",),
}
Connection = duckdb.DuckDBPyConnection
Insert = Callable[..., None]
Rolled = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def rolled(con: Connection) -> Rolled:
    """Builds the rollups and returns the rows of one of them."""

    def rolled(name: str, as_of: datetime = AS_OF) -> list[dict[str, Any]]:
        rollups.prepare(con)
        for one in BUILT_FROM[name]:
            rollups.build_one(con, one, as_of)
        cursor = con.execute(f"SELECT * FROM temp.{name} ORDER BY ALL")
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return rolled


# --------------------------------------------------------------------------------------------------- usage


@pytest.fixture
def measured(insert: Insert) -> Callable[..., None]:
    """Daily buckets: measured("cpu_utilization", 3, 0.1) is three days up to now at 0.1."""

    def measured(metric: str, days: int, value: float, *, end: datetime = AS_OF, **more: Any) -> None:
        for back in range(days, 0, -1):
            row = {"cloud": "aws", "account_id": "1", "region": "r", "resource_id": "i-1", "metric": metric}
            bucket = {"bucket_start": end - back * DAY, "bucket_seconds": 86400}
            insert("metrics", {**row, **bucket, "avg": value, "p95": value, "max": value, **more})

    return measured


def test_usage_of_a_whole_window(measured: Callable[..., None], rolled: Rolled) -> None:
    measured("cpu_utilization", 10, 0.1)
    measured("cpu_utilization", 1, 0.5, end=AS_OF - 10 * DAY, avg=0.2, p95=0.4)
    (row,) = rolled("usage")
    assert (row["days"], row["coverage"]) == (11, 1.0)
    assert (row["first_day"], row["last_day"]) == (AS_OF - 11 * DAY, AS_OF - DAY)
    assert row["avg"] == pytest.approx((10 * 0.1 + 0.2) / 11)
    assert (row["p95_peak"], row["peak"], row["peak_day_avg"], row["recent_peak"]) == (0.4, 0.5, 0.2, 0.5)
    assert row["p95"] == pytest.approx(0.25)  # halfway between the two highest of eleven days


def test_usage_of_the_last_fortnight_is_told_apart(measured: Callable[..., None], rolled: Rolled) -> None:
    measured("cpu_utilization", 14, 0.1)
    measured("cpu_utilization", 1, 0.9, end=AS_OF - 14 * DAY)
    (row,) = rolled("usage")
    assert (row["peak"], row["recent_peak"]) == (0.9, 0.1)


@pytest.mark.parametrize(
    ("gone", "coverage"),
    [
        ((), 1.0),
        ((1,), 0.9),  # a stale end
        ((4, 5), 0.8),  # a gap
        ((10,), 1.0),  # measured a day later: the time before is not a gap
    ],
)
def test_usage_coverage(
    gone: tuple[int, ...], coverage: float, measured: Callable[..., None], rolled: Rolled, con: Connection
) -> None:
    measured("cpu_utilization", 10, 0.1)
    for back in gone:
        con.execute("DELETE FROM metrics WHERE bucket_start = ?", [AS_OF - back * DAY])
    (row,) = rolled("usage")
    assert (row["days"], row["coverage"]) == (10 - len(gone), pytest.approx(coverage))


def test_usage_in_the_middle_of_a_day_counts_the_part_of_it(
    measured: Callable[..., None], rolled: Rolled
) -> None:
    noon = AS_OF + timedelta(hours=12)
    measured("cpu_utilization", 10, 0.1)
    (row,) = rolled("usage", noon)
    assert (row["days"], row["coverage"]) == (10, pytest.approx(10 / 11))
    measured("cpu_utilization", 1, 0.1, end=AS_OF + DAY)
    (row,) = rolled("usage", noon)
    assert (row["days"], row["coverage"], row["last_day"]) == (11, 1.0, AS_OF)


def test_usage_outside_the_window_is_not_seen(measured: Callable[..., None], rolled: Rolled) -> None:
    measured("cpu_utilization", 1, 0.9, end=AS_OF - 95 * DAY)  # a day too old
    measured("cpu_utilization", 1, 0.8, end=AS_OF + DAY)  # not yet
    assert rolled("usage") == []
    measured("cpu_utilization", 1, 0.7, end=AS_OF - 94 * DAY)  # the first day
    (row,) = rolled("usage")
    assert (row["days"], row["peak"], row["first_day"]) == (1, 0.7, AS_OF - 95 * DAY)
    assert row["coverage"] == pytest.approx(1 / 95)


def test_usage_is_of_daily_buckets(measured: Callable[..., None], rolled: Rolled) -> None:
    measured("cpu_utilization", 3, 0.9, bucket_seconds=3600)
    assert rolled("usage") == []


def test_usage_of_an_empty_bucket_is_no_data(measured: Callable[..., None], rolled: Rolled) -> None:
    measured("cpu_utilization", 3, 0.9, avg=None, p95=None, max=None)
    assert rolled("usage") == []


def test_usage_of_half_a_measurement_is_seen_and_is_no_day(
    measured: Callable[..., None], rolled: Rolled
) -> None:
    measured("cpu_utilization", 8, 0.1)
    measured("cpu_utilization", 1, 0.9, end=AS_OF - 8 * DAY, avg=None, p95=None)
    measured("cpu_utilization", 1, 0.6, end=AS_OF - 9 * DAY, max=None, p95=None)
    (row,) = rolled("usage")
    assert (row["days"], row["coverage"]) == (8, 0.8)
    assert (row["peak"], row["p95_peak"], row["peak_day_avg"]) == (0.9, 0.9, 0.9)


def test_usage_keeps_places_and_metrics_apart(measured: Callable[..., None], rolled: Rolled) -> None:
    measured("cpu_utilization", 1, 0.1)
    measured("cpu_utilization", 1, 0.2, account_id="2")
    measured("cpu_utilization", 1, 0.3, region="s")
    measured("memory_utilization", 1, 0.4)
    assert [row["peak"] for row in rolled("usage")] == [0.1, 0.4, 0.3, 0.2]


def test_activity_lays_metrics_side_by_side(measured: Callable[..., None], rolled: Rolled) -> None:
    measured("cpu_utilization", 4, 0.1, p95=0.2, max=0.3)
    measured("memory_utilization", 3, 0.5)
    measured("gpu_utilization", 2, 0.7)
    (row,) = rolled("activity")
    assert {name: value for name, value in row.items() if value is not None} == {
        "cloud": "aws", "account_id": "1", "region": "r", "resource_id": "i-1",
        "cpu_days": 4, "cpu_coverage": 1.0, "cpu_avg": pytest.approx(0.1), "cpu_p95": 0.2, "cpu_peak": 0.3,
        "memory_days": 3, "memory_coverage": 1.0, "memory_peak": 0.5,
        "gpu_days": 2, "gpu_coverage": 1.0, "gpu_peak": 0.7,
    }  # fmt: skip


def test_activity_adds_the_two_sides_and_trusts_the_lesser(
    measured: Callable[..., None], rolled: Rolled
) -> None:
    measured("network_in_bytes_per_second", 10, 100)
    measured("network_out_bytes_per_second", 1, 30, end=AS_OF - 9 * DAY)
    measured("disk_read_ops_per_second", 10, 4, avg=2)
    measured("disk_write_ops_per_second", 10, 5, avg=1)
    (row,) = rolled("activity")
    assert (row["network_day"], row["network_days"], row["network_coverage"]) == (130, 1, pytest.approx(0.1))
    assert (row["ops_avg"], row["ops_day"], row["ops_peak"], row["ops_days"]) == (3, 3, 9, 10)
    assert row["ops_last_day"] == AS_OF - DAY


def test_activity_with_one_side_has_a_value_and_no_days(
    measured: Callable[..., None], rolled: Rolled
) -> None:
    measured("disk_write_bytes_per_second", 10, 7)
    (row,) = rolled("activity")
    assert (row["bytes_peak"], row["bytes_days"], row["bytes_coverage"]) == (7, None, None)


def test_activity_ignores_metrics_it_does_not_know(measured: Callable[..., None], rolled: Rolled) -> None:
    measured("temperature", 10, 7)
    assert rolled("activity") == []


# ---------------------------------------------------------------------------------------------------- cost


@pytest.fixture
def charged(insert: Insert) -> Callable[..., None]:
    """A charge: charged(cost, first day of October, days)."""

    def charged(cost: str | Decimal | None, start: int = 2, days: float = 30, **more: Any) -> None:
        begin = datetime(2026, 10, 1) + (start - 1) * DAY
        row = {
            "x_Cloud": "aws", "x_AccountId": "1", "x_ResourceKey": "i-1", "RegionId": "r", "BillingCurrency": "USD",
            "ChargeCategory": "Usage", "ChargePeriodStart": begin, "ChargePeriodEnd": begin + days * DAY,
            "x_Cost": cost if cost is None else Decimal(cost), "x_CostBasis": "effective", "x_Source": "test",
            "x_UsageType": "BoxUsage:m5.large",
        }  # fmt: skip
        insert("charges", {**row, **more})

    return charged


def test_cost_of_a_month_in_hours(charged: Callable[..., None], rolled: Rolled) -> None:
    for day in range(2, 32):
        charged("0.1", day, 1)
    (row,) = rolled("cost")
    assert row["cost"] == Decimal("3.0")
    assert (row["hours"], row["window_start"], row["window_end"]) == (720, datetime(2026, 10, 2), AS_OF)
    assert (row["component"], row["currency"], row["region"], row["basis"]) == (
        "compute",
        "USD",
        "r",
        "effective",
    )


def test_cost_stays_exact(charged: Callable[..., None], rolled: Rolled) -> None:
    for day in range(2, 32):
        charged("0.000000000000000001", day, 1)
    assert rolled("cost")[0]["cost"] == Decimal("0.00000000000000003")


def test_cost_of_the_last_thirty_days_of_the_bill_only(charged: Callable[..., None], rolled: Rolled) -> None:
    charged("5", -20, 1)
    for day in range(1, 32):
        charged("1", day, 1)
    (row,) = rolled("cost")
    assert (row["cost"], row["hours"]) == (30, 720)


def test_cost_of_an_old_bill_is_of_its_own_month(charged: Callable[..., None], rolled: Rolled) -> None:
    for day in range(2, 32):
        charged("1", day, 1)
    (row,) = rolled("cost", datetime(2027, 6, 1))
    assert (row["cost"], row["window_end"]) == (30, AS_OF)


def test_cost_of_a_short_bill_is_normalised_by_its_own_hours(
    charged: Callable[..., None], rolled: Rolled
) -> None:
    charged("1", 30, 1)
    charged("1", 31, 1)
    (row,) = rolled("cost")
    assert (row["cost"], row["hours"]) == (2, 48)


def test_cost_after_the_instant_is_not_known_yet(charged: Callable[..., None], rolled: Rolled) -> None:
    for day in range(1, 32):
        charged("1", day, 1)
    (row,) = rolled("cost", datetime(2026, 10, 11))
    assert (row["cost"], row["hours"]) == (10, 240)


def test_cost_that_reaches_over_the_windows_ends_counts_in_part(
    charged: Callable[..., None], rolled: Rolled
) -> None:
    for day in range(2, 32):
        charged("1", day, 1, x_ResourceKey="clock")
    charged(
        "60", -28, 60, ConsumedQuantity=60, ConsumedUnit="Hours"
    )  # 29 days of it lie before 2 October, one after 1 November
    clock, row = rolled("cost")
    assert clock["cost"] == 30
    assert row["cost"] == pytest.approx(Decimal(30))
    assert row["quantity"] == pytest.approx(30)


def test_cost_of_a_monthly_fee_that_ends_in_the_future(charged: Callable[..., None], rolled: Rolled) -> None:
    """By 11 October ten days are metered and a fee for all of October is on the bill."""
    for day in range(1, 11):
        charged("1", day, 1, x_ResourceKey="clock")
    charged("31", 1, 31)
    clock, row = rolled("cost", datetime(2026, 10, 11))
    assert (clock["cost"], clock["window_end"]) == (10, datetime(2026, 10, 11))
    assert (row["cost"], row["hours"]) == (pytest.approx(Decimal(10)), 240)


def test_cost_of_a_bill_of_monthly_fees_alone(charged: Callable[..., None], rolled: Rolled) -> None:
    charged("31", 1, 31)
    (row,) = rolled("cost", datetime(2026, 10, 16))
    assert (row["cost"], row["hours"], row["window_end"]) == (
        pytest.approx(Decimal(15)),
        360,
        datetime(2026, 10, 16),
    )
    (row,) = rolled("cost")
    assert (row["cost"], row["hours"]) == (pytest.approx(Decimal(30)), 720)


@pytest.mark.parametrize("category", ["Tax", "Credit", "Purchase", "Adjustment"])
def test_cost_is_of_usage(category: str, charged: Callable[..., None], rolled: Rolled) -> None:
    charged("30")
    charged("-12", ChargeCategory=category)
    assert [row["cost"] for row in rolled("cost")] == [30]


def test_cost_with_a_refund_in_it(charged: Callable[..., None], rolled: Rolled) -> None:
    charged("30")
    charged("-12", ChargeClass="Correction")
    assert [row["cost"] for row in rolled("cost")] == [18]


def test_cost_that_is_not_known_is_no_zero(charged: Callable[..., None], rolled: Rolled) -> None:
    charged("30")
    charged(None, x_ResourceKey="i-2")
    assert [row["resource_id"] for row in rolled("cost")] == ["i-1"]


def test_cost_of_commitments(charged: Callable[..., None], rolled: Rolled) -> None:
    charged("20", CommitmentDiscountId="sp-1", CommitmentDiscountStatus="Used")
    charged("10")
    charged("4", x_ResourceKey="sp-1", CommitmentDiscountId="sp-1", CommitmentDiscountStatus="Unused")
    used, unused = rolled("cost")
    assert (used["cost"], used["committed_cost"]) == (30, 20)
    assert (unused["resource_id"], unused["component"], unused["cost"]) == (None, "commitment_unused", 4)


def test_cost_in_two_currencies_is_two_rows(charged: Callable[..., None], rolled: Rolled) -> None:
    charged("30")
    charged("70", BillingCurrency="CNY")
    assert [(row["currency"], row["cost"]) for row in rolled("cost")] == [("CNY", 70), ("USD", 30)]


def test_cost_of_two_accounts_has_two_windows(charged: Callable[..., None], rolled: Rolled) -> None:
    charged("30")
    charged("3", 29, 1, x_AccountId="2")
    assert [(row["account_id"], row["hours"]) for row in rolled("cost")] == [("1", 720), ("2", 24)]


def test_cost_of_an_account_that_began_late_has_the_window_of_its_payer(
    charged: Callable[..., None], rolled: Rolled
) -> None:
    october = {"BillingAccountId": "payer", "BillingPeriodStart": datetime(2026, 10, 1)}
    for day in range(1, 32):
        charged("1", day, 1, **october)
    charged("2", 31, 1, x_AccountId="2", **october)
    assert [(row["account_id"], row["hours"]) for row in rolled("cost")] == [("1", 720), ("2", 720)]


def test_cost_of_an_account_that_changed_its_payer_has_one_window(
    charged: Callable[..., None], rolled: Rolled
) -> None:
    """One number of hours for all of an account's resources, or their savings would not add up to its cost."""
    for day in range(2, 17):
        charged("1", day, 1, BillingAccountId="old")
    for day in range(17, 32):
        charged("1", day, 1, BillingAccountId="new")
        charged("1", day, 1, BillingAccountId="new", x_ResourceKey="i-2")
    assert [(row["resource_id"], row["cost"], row["hours"]) for row in rolled("cost")] == [
        ("i-1", 30, 720),
        ("i-2", 15, 720),
    ]


def test_cost_of_a_month_that_nobody_loaded_is_not_zero(charged: Callable[..., None], rolled: Rolled) -> None:
    """October's bill is missing between September's and November's: ten of the window's thirty days are loaded."""
    september, november = datetime(2026, 9, 1), datetime(2026, 11, 1)
    for day in range(-29, 1):
        charged("1", day, 1, BillingPeriodStart=september, BillingPeriodEnd=datetime(2026, 10, 1))
    for day in range(32, 42):
        charged("1", day, 1, BillingPeriodStart=november, BillingPeriodEnd=datetime(2026, 12, 1))
    (row,) = rolled("cost", datetime(2026, 11, 11))
    assert (row["cost"], row["hours"]) == (10, 240)


def test_cost_of_an_instant_counts_whole(charged: Callable[..., None], rolled: Rolled) -> None:
    for day in range(2, 32):
        charged("1", day, 1)
    charged("2", 5, 0)
    assert rolled("cost")[0]["cost"] == 32


@pytest.mark.parametrize(
    ("quantity", "unit", "expected"),
    [
        (720, "Hrs", 720), (3600, "seconds", 1), (90, "Minutes", 1.5), (2, "days", 48),
        (3, "GB", 3), (3, "gibibyte", 3), (2**31, "bytes", 2), (2048, "MB", 2), (2, "TB", 2048),
        (5, None, None), (5, "requests", None), (None, "GB", None),
    ],
)  # fmt: skip
def test_quantities_are_hours_and_gib(
    quantity: int | None,
    unit: str | None,
    expected: float | None,
    charged: Callable[..., None],
    rolled: Rolled,
) -> None:
    charged("1", ConsumedQuantity=quantity, ConsumedUnit=unit)
    assert rolled("cost")[0]["quantity"] == expected


def test_a_quantity_that_costs_nothing_is_not_paid_for(charged: Callable[..., None], rolled: Rolled) -> None:
    charged("1", ConsumedQuantity=5, ConsumedUnit="GB")
    charged("0", ConsumedQuantity=7, ConsumedUnit="GB")
    assert rolled("cost")[0]["quantity"] == 5


GOOGLE = {"x_Cloud": "gcp"}
ALIBABA = {"x_Cloud": "alibaba"}
COMPONENTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"x_UsageType": "EUW1-BoxUsage:m5.large"}, "compute"),
    ({"x_UsageType": "SpotUsage:c5.xlarge"}, "compute"),
    ({"x_UsageType": "EBS:VolumeUsage.gp3"}, "storage"),
    ({"x_UsageType": "USE2-EBS:VolumeP-IOPS.gp3"}, "iops"),
    ({"x_UsageType": "EBS:VolumeP-Throughput.gp3"}, "throughput"),
    ({"x_UsageType": "EBS:SnapshotUsage"}, "snapshot"),
    ({"x_UsageType": "DataTransfer-Regional-Bytes", "x_Operation": "InterZone-Out"}, "cross_zone"),
    ({"x_UsageType": "USE1-DataTransfer-Regional-Bytes", "x_Operation": "PublicIP-In"}, "public_ip_traffic"),
    ({"x_UsageType": None, "SkuMeter": "DataTransfer-Regional-Bytes"}, "cross_zone"),
    ({"x_UsageType": "USE1-EUW1-AWS-Out-Bytes"}, "region_traffic"),
    ({"x_UsageType": "DataTransfer-Out-Bytes"}, "internet_traffic"),
    ({"x_UsageType": "PublicIPv4:IdleAddress"}, "public_ip_idle"),
    ({"x_UsageType": "PublicIPv4:InUseAddress"}, "public_ip"),
    ({"x_UsageType": "EU-NatGateway-Hours"}, "nat_gateway"),
    ({"x_UsageType": "EU-NatGateway-Bytes"}, "nat_gateway_data"),
    ({"x_UsageType": "LoadBalancerUsage"}, "load_balancer"),
    ({**GOOGLE, "ChargeDescription": "N2 Instance Core running in Belgium"}, "compute"),
    ({**GOOGLE, "ChargeDescription": "SSD backed PD Capacity"}, "storage"),
    ({**GOOGLE, "ChargeDescription": "Storage PD Snapshot in EU"}, "snapshot"),
    ({**GOOGLE, "ChargeDescription": "Network Inter Zone Data Transfer Out"}, "cross_zone"),
    ({**GOOGLE, "ChargeDescription": "Network Inter Zone Egress"}, "cross_zone"),
    ({**GOOGLE, "ChargeDescription": "Network Inter Zone Data Transfer In"}, "cross_zone"),
    ({**GOOGLE, "ChargeDescription": "Network Inter Region Data Transfer Out from Americas to EMEA"}, "region_traffic"),
    ({**GOOGLE, "ChargeDescription": "External IP Charge on a Standard VM"}, "public_ip"),
    ({**GOOGLE, "ChargeDescription": "Static Ip Charge in Belgium"}, "public_ip_idle"),
    ({**ALIBABA, "x_ServiceCode": "ecs", "SkuMeter": "instance"}, "compute"),
    ({**ALIBABA, "x_ServiceCode": "ecs", "SkuMeter": "云服务器配置"}, "compute"),
    ({**ALIBABA, "x_ServiceCode": "ecs", "SkuMeter": "systemdisk"}, "storage"),
    ({**ALIBABA, "x_ServiceCode": "yundisk", "SkuMeter": "disk"}, "storage"),
    ({**ALIBABA, "x_ServiceCode": "snapshot", "SkuMeter": "快照容量", "ChargeDescription": "快照: 快照容量"}, "snapshot"),
    ({**ALIBABA, "x_ServiceCode": "ecs", "SkuMeter": "NetworkOut"}, "internet_traffic"),
    ({**ALIBABA, "x_ServiceCode": "cdt", "SkuMeter": "cdt_internet_flow"}, "internet_traffic"),
    ({**ALIBABA, "x_ServiceCode": "eip", "SkuMeter": "配置费", "ChargeDescription": "EIP: 配置费"}, "public_ip_idle"),
    ({**ALIBABA, "x_ServiceCode": "eip", "SkuMeter": "流量费", "ChargeDescription": "EIP: 流量费"}, "internet_traffic"),
    ({**ALIBABA, "x_ServiceCode": "cdt", "SkuMeter": "x", "ChargeDescription": "跨地域流量"}, "region_traffic"),
    ({**ALIBABA, "x_ServiceCode": "nat_gw", "SkuMeter": "lcu"}, "nat_gateway"),
    ({**ALIBABA, "x_ServiceCode": "slb", "SkuMeter": "实例费", "ChargeDescription": "SLB: 实例费"}, "load_balancer"),
    ({"ServiceCategory": "Compute", "ServiceSubcategory": "Virtual Machines"}, "compute"),
    ({"ServiceCategory": "Storage", "ServiceSubcategory": "Block Storage"}, "storage"),
    ({"ServiceCategory": "Databases"}, "database"),
    ({}, "other"),
)  # fmt: skip


@pytest.mark.parametrize(("line", "component"), COMPONENTS)
def test_a_charge_is_taken_for_its_component(
    line: dict[str, Any], component: str, charged: Callable[..., None], rolled: Rolled
) -> None:
    charged("1", **{"x_UsageType": None, **line})
    assert [row["component"] for row in rolled("cost")] == [component]


# ------------------------------------------------------------------------------------------------- traffic


@pytest.fixture
def talked(charged: Callable[..., None]) -> Callable[..., None]:
    """72 GiB between zones in 30 days, which is 73 in a month."""

    def talked(resource: str = "i-1", **more: Any) -> None:
        line = {
            "x_UsageType": "DataTransfer-Regional-Bytes",
            "x_Operation": "InterZone-Out",
            "ConsumedQuantity": 72,
            "ConsumedUnit": "GB",
        }
        charged("1", x_ResourceKey=resource, **{**line, **more})

    return talked


@pytest.fixture
def flowed(insert: Insert) -> Callable[..., None]:
    """A flow from i-1 in zone a to a peer."""

    def flowed(peer: str | None, size: float, zone: str | None = "r-b", **more: Any) -> None:
        row = {
            "cloud": "aws",
            "account_id": "1",
            "region": "r",
            "source_resource": "i-1",
            "source_zone": "r-a",
        }
        other = {
            "destination_resource": peer,
            "destination_zone": zone,
            "destination_region": "r",
            "bytes": size,
        }
        insert(
            "traffic", {**row, **other, "day": AS_OF - DAY, "path": "private", "source": "flow log", **more}
        )

    return flowed


def test_traffic_of_a_month(talked: Callable[..., None], rolled: Rolled) -> None:
    talked()
    talked("i-2", x_Operation="PublicIP-Out")
    talked(None)
    rows = rolled("traffic")
    assert [(row["resource_id"], row["kind"], row["gib_month"], row["source"]) for row in rows] == [
        ("i-1", "cross_zone", pytest.approx(73), "bill"),
        ("i-2", "public_ip", pytest.approx(73), "bill"),
    ]


def test_traffic_that_the_bill_does_not_tell_apart(talked: Callable[..., None], rolled: Rolled) -> None:
    text = "$0.010 per GB - regional data transfer - in/out/between EC2 AZs or using elastic IPs or ELB"
    talked("i-1", x_UsageType=None, ChargeDescription=text)
    talked("i-2", ChargeDescription=text)
    talked("i-3", x_Cloud="gcp", x_UsageType=None, ChargeDescription="Network Inter Zone Data Transfer Out")
    assert {row["resource_id"]: row["kind"] for row in rolled("traffic")} == {
        "i-1": "cross_zone_or_public_ip",
        "i-2": "cross_zone",
        "i-3": "cross_zone_or_public_ip",
    }


def peers(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Of what the bill meters."""
    metered = [row for row in rows if row["source"] != "flow log"]
    return [(row["resource_id"], row["peer_resource"], row["peer_zone"], row["source"]) for row in metered]


def test_traffic_names_the_peer_with_the_most_bytes(
    talked: Callable[..., None], flowed: Callable[..., None], rolled: Rolled
) -> None:
    talked()
    flowed("i-2", 10)
    flowed("i-3", 7)
    flowed("i-3", 7)
    assert peers(rolled("traffic")) == [("i-1", "i-3", "r-b", "bill and flow log")]


def test_traffic_names_the_peer_of_the_receiver_too(
    talked: Callable[..., None], flowed: Callable[..., None], rolled: Rolled
) -> None:
    talked("i-2")
    flowed("i-2", 10)
    assert peers(rolled("traffic")) == [("i-2", "i-1", "r-a", "bill and flow log")]


@pytest.mark.parametrize(
    "flow",
    [
        {"zone": "r-a"},  # the same zone
        {"zone": None},  # a zone that is not known
        {"zone": "s-a", "destination_region": "s"},  # another region is another price
        {"path": "public"},
        {"path": "nat"},
        {"day": AS_OF},  # not yet
        {"day": AS_OF - 96 * DAY},  # long ago
        {"account_id": "2"},  # somebody else's
    ],
)
def test_traffic_names_nobody_for_another_kind_of_flow(
    flow: dict[str, Any], talked: Callable[..., None], flowed: Callable[..., None], rolled: Rolled
) -> None:
    talked()
    flowed("i-2", 10, **flow)
    assert peers(rolled("traffic")) == [("i-1", None, None, "bill")]


def test_traffic_names_nobody_when_the_largest_peer_is_not_known(
    talked: Callable[..., None], flowed: Callable[..., None], rolled: Rolled
) -> None:
    talked()
    flowed("i-2", 10)
    flowed(None, 90)
    assert peers(rolled("traffic")) == [("i-1", None, None, "bill")]


# ---------------------------------------------------------------------------------------------------- spot


@pytest.fixture
def priced(insert: Insert) -> Callable[..., None]:
    """A spot price of m5.large in zone r-a, some days ago."""

    def priced(price: str, days_ago: float, model: str = "spot", **more: Any) -> None:
        row = {
            "cloud": "aws",
            "region": "r",
            "zone": "r-a" if model == "spot" else None,
            "sku": "m5.large",
            "unit": "hour",
        }
        rest = {"purchase_model": model, "price": Decimal(price), "currency": "USD", "source": "test"}
        insert("prices", {**row, **rest, "as_of": AS_OF - days_ago * DAY, **more})

    return priced


def test_spot_prices_count_by_the_time_they_held(priced: Callable[..., None], rolled: Rolled) -> None:
    priced("0.10", 30)  # for 29 days
    priced("0.40", 1)  # for one
    priced("1.00", 3, "on_demand")
    (row,) = rolled("spot")
    assert row["avg_price"] == pytest.approx((29 * 0.1 + 0.4) / 30)
    assert (row["max_price"], row["on_demand_price"], row["prices"], row["days"]) == (0.4, 1.0, 2, 30)


def test_spot_prices_before_the_window_hold_into_it(priced: Callable[..., None], rolled: Rolled) -> None:
    priced("0.90", 300)
    priced("0.10", 200)  # the one in force when the window opens
    priced("0.30", 45)
    priced("7.00", 0)  # not yet
    (row,) = rolled("spot")
    assert row["avg_price"] == pytest.approx((50 * 0.1 + 45 * 0.3) / 95)
    assert (row["max_price"], row["prices"], row["days"]) == (0.3, 2, 95)


def test_spot_without_a_list_price(priced: Callable[..., None], rolled: Rolled) -> None:
    priced("0.10", 30)
    priced("1.00", 3, "on_demand", sku="m5.xlarge")
    priced("1.00", 3, "reserved")
    assert [row["on_demand_price"] for row in rolled("spot")] == [None]


def test_spot_beside_the_latest_list_price(priced: Callable[..., None], rolled: Rolled) -> None:
    priced("0.10", 30)
    priced("0.50", 60, "on_demand")  # cheaper, but long ago
    priced("1.00", 3, "on_demand")
    priced("1.10", 3, "on_demand")
    priced("2.00", -3, "on_demand")  # not yet
    assert [row["on_demand_price"] for row in rolled("spot")] == [1.0]


def test_spot_keeps_zones_and_platforms_apart(priced: Callable[..., None], rolled: Rolled) -> None:
    priced("0.10", 30)
    priced("0.20", 30, zone="r-b")
    priced("0.30", 30, platform="windows")
    priced("1.00", 3, "on_demand")
    priced("1.50", 3, "on_demand", platform="windows")
    assert [
        (row["zone"], row["platform"], row["avg_price"], row["on_demand_price"]) for row in rolled("spot")
    ] == [
        ("r-a", "linux", pytest.approx(0.1), 1.0),
        ("r-a", "windows", pytest.approx(0.3), 1.5),
        ("r-b", "linux", pytest.approx(0.2), 1.0),
    ]


def test_spot_of_a_region_gives_way_to_those_of_its_zones(
    priced: Callable[..., None], rolled: Rolled
) -> None:
    priced("0.10", 30, zone=None)
    assert [row["zone"] for row in rolled("spot")] == [None]
    priced("0.20", 30)
    assert [row["zone"] for row in rolled("spot")] == ["r-a"]


def test_spot_in_two_currencies_is_one_row(priced: Callable[..., None], rolled: Rolled) -> None:
    priced("0.10", 30)
    priced("0.70", 60, currency="CNY")
    priced("1.00", 3, "on_demand")
    assert [(row["currency"], row["avg_price"]) for row in rolled("spot")] == [("USD", pytest.approx(0.1))]


# -------------------------------------------------------------------------------------------------- macros


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("amount(1234567)", "1,234,567"),
        ("amount(1234.4)", "1,234"),
        ("amount(100.4)", "100"),
        ("amount(99.96)", "100.0"),
        ("amount(12.34)", "12.3"),
        ("amount(12.0)", "12"),
        ("amount(1.0)", "1"),
        ("amount(0.1234)", "0.12"),
        ("amount(0.00123)", "0.0012"),
        ("amount(0.0001)", "less than 0.001"),
        ("amount(0)", "0"),
        ("amount(CAST(12.5 AS DECIMAL(9, 4)))", "12.5"),
        ("amount(NULL)", None),
        ("in_percent(0.05)", "5.0 %"),
        ("in_percent(1)", "100.0 %"),
        ("in_percent(NULL)", None),
        ("counted(1, 'day', 'days')", "1 day"),
        ("counted(1.0, 'day', 'days')", "1 day"),
        ("counted(0, 'day', 'days')", "0 days"),
        ("counted(2000, 'day', 'days')", "2,000 days"),
        ("counted(NULL, 'day', 'days')", None),
        (
            "renewal('subscription', TIMESTAMP '2026-12-01 16:00:00', true)",
            "; its subscription renews itself on 2026-12-01",
        ),
        ("renewal('subscription', NULL, true)", "; its subscription renews itself"),
        (
            "renewal('subscription', DATE '2026-12-01', false)",
            "; its subscription ends by itself on 2026-12-01 unless somebody renews it",
        ),
        ("renewal('subscription', NULL, NULL)", "; whether its subscription renews itself is not known"),
        ("renewal('on_demand', DATE '2099-12-31', true)", ""),
        ("renewal(NULL, NULL, NULL)", ""),
        (
            "paid_ahead('subscription', DATE '2026-12-01')",
            "its subscription is paid already: the saving starts at renewal on 2026-12-01",
        ),
        (
            "paid_ahead('subscription', NULL)",
            "its subscription is paid already: the saving starts at renewal",
        ),
        ("paid_ahead('on_demand', DATE '2026-12-01')", None),
        ("days_between(TIMESTAMP '2026-10-30', TIMESTAMP '2026-11-01 12:00:00')", 2.5),
    ],
)
def test_a_macro(sql: str, text: Any, con: Connection) -> None:
    rollups.prepare(con)
    assert con.execute(f"SELECT {sql}").fetchone() == (text,)


def test_a_spot_price_of_this_instant_counts_where_there_is_no_other(
    priced: Callable[..., None], rolled: Rolled
) -> None:
    priced("0.30", 0)
    (row,) = rolled("spot")
    assert (row["avg_price"], row["max_price"], row["days"]) == (0.3, 0.3, 0)


def test_inputs_that_an_earlier_version_kept_and_that_lack_a_table_are_told_in_a_sentence() -> None:
    with duckdb.connect() as con:
        mark_replayed(con, ["activity"])
        with pytest.raises(WarehouseError, match="earlier version of finops and lack what usage is made of"):
            rollups.build(con, datetime(2026, 11, 1))
