"""A whole audit of an Alibaba Cloud estate that is charged in CNY: with its bill and without, in both currencies."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from finops.config import Rate, Settings
from finops.model import AuditReport, Finding
from finops.pipeline.audit import audit
from finops.schema_comments import schema_sql

AS_OF = datetime(2026, 11, 1)
PLACE: dict[str, Any] = {"cloud": "alibaba", "account_id": "0012345678901234", "region": "cn-hangzhou"}
SINCE = datetime(2026, 8, 1)
MACHINES = {
    "i-idle": {},
    "i-ahead": {"purchase_model": "subscription", "expires_at": datetime(2027, 1, 10), "auto_renew": True},
    "i-keep": {"state": "stopped", "state_since": SINCE, "stopped_mode": "keep_charging"},
    "i-economy": {"state": "stopped", "state_since": SINCE, "stopped_mode": "stop_charging"},
    "i-local": {"instance_type": "ecs.i3.xlarge"},
}
TYPES = {
    "ecs.g7.large": {"vcpu": 2, "memory_gib": 8, "family": "g7", "local_disk_gib": 0},
    "ecs.i3.large": {"vcpu": 2, "memory_gib": 16, "family": "i3", "local_disk_gib": 447},
    "ecs.i3.xlarge": {"vcpu": 4, "memory_gib": 32, "family": "i3", "local_disk_gib": 894},
}
LIST = [
    ("ecs.g7.large", "on_demand", "hour", "0.5"),
    ("ecs.g7.large", "subscription", "month", "240"),
    ("ecs.i3.large", "on_demand", "hour", "0.8"),
    ("ecs.i3.xlarge", "on_demand", "hour", "1.6"),
    ("cloud_essd.PL0", "on_demand", "GiB-month", "0.75"),
    ("cloud_essd.PL1", "on_demand", "GiB-month", "1.5"),
    ("public_ip:unused", "on_demand", "hour", "0.02"),
    ("public_ip:in_use", "on_demand", "hour", "0.02"),
]
# Mean of a day, maximum of a day.
QUIET = {
    "cpu_utilization": (0.006, 0.03),
    "memory_utilization": (0.1, 0.2),
    "network_in_bytes_per_second": (100, 200),
    "network_out_bytes_per_second": (100, 200),
}
STORAGE = {"x_ServiceCode": "yundisk", "ServiceCategory": "Storage", "ServiceSubcategory": "Block Storage"}
COMPUTE = {"x_ServiceCode": "ecs", "ServiceCategory": "Compute", "ServiceSubcategory": "Virtual Machines"}
CDT = {"x_ServiceCode": "cdt", "ServiceCategory": "Networking", "ChargeDescription": "CDT: 跨地域流量费"}
Connection = duckdb.DuckDBPyConnection


def put(con: Connection, table: str, **row: Any) -> None:
    names = ", ".join(row)
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()])


@pytest.fixture(scope="module")
def estate() -> Iterator[Connection]:
    """The inventory, its measurements and the list prices in CNY; no bill."""
    con = duckdb.connect(config={"threads": 1})
    con.execute(schema_sql())
    for name, more in MACHINES.items():
        row = {
            "instance_id": name,
            "zone": "cn-hangzhou-k",
            "state": "running",
            "instance_type": "ecs.g7.large",
        }
        put(con, "instances", **{**PLACE, **row, "purchase_model": "on_demand", "launched_at": SINCE, **more})
        boot = {"volume_id": f"d-of-{name}", "state": "attached", "instance_id": name, "is_boot": True}
        disk(con, **boot, delete_with_instance=True, size_gib=40)
        if more.get("state") != "stopped":
            measure(con, name, QUIET)
    for name, of in TYPES.items():
        put(
            con,
            "instance_types",
            cloud="alibaba",
            instance_type=name,
            architecture="x86_64",
            gpu_count=0,
            **of,
        )
    disk(con, volume_id="d-free", state="unattached", detached_at=SINCE, is_boot=False, size_gib=200)
    disk(
        con,
        volume_id="d-pods",
        state="unattached",
        detached_at=SINCE,
        kubernetes_claim="shop/data-0",
        size_gib=50,
    )
    put(con, "public_ips", **PLACE, ip_id="eip-free", state="unused", created_at=SINCE, charge_type="traffic")
    put(
        con, "public_ips", **PLACE, ip_id="eip-off", state="in_use", resource_id="i-economy",
        resource_type="instance", charge_type="traffic", created_at=SINCE,
    )  # fmt: skip
    for sku, model, unit, price in LIST:
        put(
            con, "prices", cloud="alibaba", region="cn-hangzhou", sku=sku, purchase_model=model, unit=unit,
            price=Decimal(price), currency="CNY", as_of=AS_OF, source="test",
        )  # fmt: skip
    flow = {"source_resource": "i-idle", "source_zone": "cn-hangzhou-k", "destination_zone": "cn-hangzhou-j"}
    put(
        con,
        "traffic",
        **PLACE,
        **flow,
        day=datetime(2026, 10, 5),
        bytes=1e13,
        path="private",
        source="flow log",
    )
    for dataset in ("instances", "volumes", "public_ips", "metrics", "prices", "charges"):
        scope = {"dataset": dataset, "status": "complete", "rows": 1, "calls": 1, "run_id": "r"}
        put(con, "coverage", **PLACE, **scope, attempted_at=AS_OF, collected_at=AS_OF)
    yield con
    con.close()


def disk(con: Connection, **row: Any) -> None:
    kind = {
        "volume_type": "cloud_essd",
        "performance_level": "PL1",
        "medium": "ssd",
        "purchase_model": "on_demand",
    }
    put(con, "volumes", **PLACE, **kind, created_at=SINCE, **row)


def measure(con: Connection, resource: str, values: dict[str, tuple[float, float]]) -> None:
    for metric, (mean, peak) in values.items():
        con.execute(
            "INSERT INTO metrics SELECT 'alibaba', ?, 'cn-hangzhou', ?, ?, day, 86400, ?, ?, ?, 24 "
            "FROM generate_series(TIMESTAMP '2026-08-05', TIMESTAMP '2026-10-31', INTERVAL 1 DAY) AS days (day)",
            [PLACE["account_id"], resource, metric, mean, peak, peak],
        )


@pytest.fixture
def con(estate: Connection) -> Iterator[Connection]:
    """The estate; whatever a test adds is taken out again."""
    estate.begin()
    yield estate
    estate.rollback()


def charge(con: Connection, resource: str | None, cost: str, **more: Any) -> None:
    """Thirty days of usage, 720 hours."""
    put(
        con, "charges", **{
            "x_Cloud": "alibaba", "x_AccountId": PLACE["account_id"], "x_ResourceKey": resource,
            "RegionId": "cn-hangzhou", "BillingCurrency": "CNY", "ChargeCategory": "Usage",
            "ChargePeriodStart": datetime(2026, 10, 2), "ChargePeriodEnd": AS_OF, "x_CostBasis": "effective",
            "x_Cost": Decimal(cost), "x_Source": "bill.csv", **COMPUTE, **more,
        }
    )  # fmt: skip


@pytest.fixture
def billed(con: Connection) -> Connection:
    """The same with a bill at 20 % off, and a subscription that was ordered for a year."""
    for machine in ("i-idle", "i-keep"):
        charge(con, machine, "288")
    charge(con, "i-local", "921.6")
    for name in MACHINES:
        charge(con, name, "48", SkuMeter="systemdisk")
    charge(con, "d-free", "240", **STORAGE)
    charge(con, "d-pods", "60", **STORAGE)
    charge(con, "eip-free", "14.4", x_ServiceCode="eip", ChargeDescription="EIP: 配置费", ConsumedQuantity=720,
           ConsumedUnit="Hours", ServiceCategory="Networking", ServiceSubcategory="Network Infrastructure")  # fmt: skip
    charge(con, "cdt-1", "999", **CDT)
    order = {"SubscriptionType": "Subscription", "ServicePeriod": "1", "ServicePeriodUnit": "年"}
    times = {"ChargePeriodStart": datetime(2026, 1, 10), "ChargePeriodEnd": datetime(2026, 1, 11)}
    charge(con, "i-ahead", "2190", ChargeCategory="Purchase", x_Other=json.dumps(order), **times)
    return con


def report(con: Connection, **settings: Any) -> AuditReport:
    return audit(con, Settings(**settings), run_id="run", as_of=AS_OF)


def found(con: Connection) -> dict[tuple[str, str], Finding]:
    return {(one.rule, one.resource_id): one for one in report(con).findings}


EXPECTED = {
    ("idle-instance", "i-idle"),
    ("idle-instance", "i-ahead"),
    ("stopped-instance", "i-keep"),
    ("idle-subscription", "i-ahead"),
    ("stopped-instance", "i-economy"),
    ("unattached-volume", "d-free"),
    ("unused-public-ip", "eip-free"),
}


def test_without_a_bill_every_amount_is_the_list_price_in_the_accounts_currency(con: Connection) -> None:
    findings = found(con)
    idle = ("idle-instance", "i-local")
    assert set(findings) == EXPECTED | {idle}
    assert {one.currency for one in findings.values()} == {"CNY"}
    assert {one.price_basis for one in findings.values()} == {"list"}
    saved = {resource: one.monthly_savings for (_, resource), one in findings.items()}
    assert saved == {
        "i-idle": Decimal("425.00"),  # 730 hours and a disk of 40 GiB
        "i-ahead": Decimal("300.00"),  # its month by subscription, and the disk
        "i-keep": Decimal("425.00"),
        "i-economy": Decimal("60.00"),  # the disk; its address by traffic is free
        "i-local": Decimal("1228.00"),
        "d-free": Decimal("300.00"),
        "eip-free": Decimal("14.60"),
    }


def test_with_a_bill_every_amount_is_what_it_says(billed: Connection) -> None:
    findings = found(billed)
    assert set(findings) == EXPECTED | {("idle-instance", "i-local")}
    assert {one.price_basis for one in findings.values()} == {"billed"}
    saved = {resource: one.monthly_savings for (_, resource), one in findings.items()}
    assert saved == {
        "i-idle": Decimal("340.67"),
        "i-ahead": Decimal("231.17"),  # 2,190 a year are 182.50 a month, beside its disk
        "i-keep": Decimal("340.67"),
        "i-economy": Decimal("48.67"),
        "i-local": Decimal("983.07"),
        "d-free": Decimal("243.33"),
        "eip-free": Decimal("14.60"),
    }
    assert findings["idle-instance", "i-ahead"].evidence["subscription_orders"] == (
        "2190 CNY on 2026-01-10 for 12 months"
    )


def test_the_totals_are_in_the_accounts_currency_and_add_up(billed: Connection) -> None:
    whole = report(billed)
    assert (whole.currency, set(whole.totals_by_currency)) == ("CNY", {"CNY"})
    totals = whole.totals_by_currency["CNY"]
    assert totals.net_monthly_savings == sum(one.net_monthly_savings or 0 for one in whole.findings)
    assert whole.totals.net_monthly_savings == totals.net_monthly_savings == Decimal("2202.18")
    (account,) = whole.costs
    usage = Decimal(288 * 2 + 48 * 5 + 240 + 60 + 999) + Decimal("921.6") + Decimal("14.4")
    assert account.monthly_cost == (usage * 730 / 720 + Decimal("182.5")).quantize(Decimal("0.01"))


def test_nothing_is_converted_without_a_rate(con: Connection) -> None:
    whole = report(con, currency="USD")
    assert (whole.totals.net_monthly_savings, whole.totals.monthly_cost) == (None, None)
    assert whole.totals_by_currency["CNY"].net_monthly_savings == Decimal("2752.60")
    assert {one.currency for one in whole.findings} == {"CNY"}


def test_a_dated_rate_converts_the_totals_and_no_finding(con: Connection) -> None:
    rate = Rate.model_validate(
        {"from": "CNY", "to": "USD", "rate": "0.1", "date": date(2026, 11, 1), "source": "us"}
    )
    whole = report(con, currency="USD", rates=[rate])
    assert whole.totals.net_monthly_savings == Decimal("275.26")
    assert {one.currency for one in whole.findings} == {"CNY"}


def test_traffic_between_zones_is_no_finding_whatever_flow_logs_say_and_the_audit_says_why(
    billed: Connection,
) -> None:
    whole = report(billed)
    assert "cross-zone-traffic" not in {one.rule for one in whole.findings}
    said = [one.reason for one in whole.not_evaluated if one.rule == "cross-zone-traffic"]
    assert said == ["Traffic between the zones of a region costs nothing on Alibaba Cloud and is on no bill."]


def test_a_subscription_ends_by_its_renewal_and_says_when(con: Connection) -> None:
    ahead = found(con)["idle-instance", "i-ahead"]
    assert ahead.reason.endswith("; its subscription renews itself on 2027-01-10.")
    assert ahead.confidence == "low"
    assert "the saving starts at renewal on 2027-01-10" in ahead.confidence_reasons[0]
    assert ahead.remediation[0] == (
        "aliyun ecs ModifyInstanceAutoRenewAttribute --region cn-hangzhou --InstanceId i-ahead --RenewalStatus NotRenewal"
    )


def test_what_was_stopped_in_standard_mode_is_stopped_again_in_economical_mode(con: Connection) -> None:
    findings = found(con)
    keep, economy = (findings["stopped-instance", name].remediation for name in ("i-keep", "i-economy"))
    again = "aliyun ecs StopInstance --region cn-hangzhou --InstanceId i-keep --StoppedMode StopCharging"
    assert again in keep
    assert not any("StopInstance" in line for line in economy)


def test_the_claim_of_a_pod_and_the_type_of_local_disks_are_left_alone(con: Connection) -> None:
    said = {(one.rule, one.resource_id): one.reason for one in report(con).not_evaluated}
    assert "belongs to the Kubernetes claim shop/data-0" in said["unattached-volume", "d-pods"]
    assert "cannot be changed" in said["oversized-instance", "i-local"]


def test_emissions_are_those_of_hangzhou_and_unknown_ones_say_why(con: Connection) -> None:
    findings = found(con)
    idle, local = findings["idle-instance", "i-idle"].co2e, findings["idle-instance", "i-local"].co2e
    assert idle.saved_kg is not None
    assert idle.saved_kg > 0
    assert (local.operational_kg, local.saved_kg) == (None, None)
    assert local.reason == "The hardware of instance type 'ecs.i3.xlarge' is not in the carbon tables."


def test_a_machine_that_is_off_saves_the_emissions_of_its_disks_only_however_it_is_charged(
    con: Connection,
) -> None:
    findings = found(con)
    keep, economy = (findings["stopped-instance", name].co2e for name in ("i-keep", "i-economy"))
    assert keep.saved_kg == economy.saved_kg
    assert keep.saved_kg is not None
    assert keep.saved_kg > 0
    assert keep.operational_kg is None


def test_what_goes_with_a_machine_saves_emissions_whether_its_price_is_known_or_not(con: Connection) -> None:
    known = found(con)["stopped-instance", "i-economy"]
    con.execute("DELETE FROM prices WHERE sku = 'cloud_essd.PL1'")
    unknown = found(con)["stopped-instance", "i-economy"]
    assert unknown.co2e == known.co2e
    assert "the cost of d-of-i-economy, which goes with it, is not known" in unknown.confidence_reasons


def test_an_address_saves_no_emissions(con: Connection) -> None:
    assert found(con)["unused-public-ip", "eip-free"].co2e.saved_kg == 0
