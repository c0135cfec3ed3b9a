"""The built-in estate: the same every time, and its bill is what its inventory costs."""

import csv
import gzip
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.sample import AS_OF, write_bills
from collectors.sample.bill import DISCOUNT
from collectors.sample.catalogue import extra, hourly, spot_hourly
from collectors.sample.estate import HOSTILE_NAME, Sample, build
from collectors.sample.services import services

HOURS_OF_OCTOBER = 744
SMALL = Decimal("1e-6")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return build(AS_OF)


@pytest.fixture(scope="module")
def all_rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in write_bills(tmp_path_factory.mktemp("bills")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            found += csv.DictReader(file)
    return found


@pytest.fixture(scope="module")
def rows(all_rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of October, the last month: what the inventory and its metrics are of."""
    return [row for row in all_rows if row["BillingPeriodStart"].startswith("2026-10")]


def billed(rows: list[dict[str, Any]], subcategory: str) -> dict[str, Decimal]:
    """Effective cost by the last part of the resource id."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["ServiceSubcategory"] == subcategory:
            sums[row["ResourceId"].rpartition("/")[2]] += Decimal(row["EffectiveCost"])
    return sums


def test_the_bills_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_bills(tmp_path / "a")]
    assert first == [path.read_bytes() for path in write_bills(tmp_path / "b")]


def test_the_months_before_hold_what_a_bridge_between_months_tells(all_rows: list[dict[str, Any]]) -> None:
    months = {row["BillingPeriodStart"][:7] for row in all_rows}
    legacy = {
        row["ChargePeriodStart"][:10] for row in all_rows if row["ResourceName"].startswith("legacy-search")
    }
    assert months == {"2026-08", "2026-09", "2026-10"}
    assert (min(legacy), max(legacy)) == ("2026-08-01", "2026-09-19")
    assert [row["ChargePeriodStart"][:10] for row in all_rows if row["ChargeCategory"] == "Purchase"] == [
        "2026-09-03"
    ]


def test_every_machine_is_billed_for_the_hours_it_ran_at_the_price_after_discount(
    sample: Sample, rows: list[dict[str, Any]]
) -> None:
    costs = billed(rows, "Virtual Machines")
    for machine in sample.machines:
        price = hourly(machine.type, machine.region) * (1 - DISCOUNT[machine.cloud])
        if machine.model == "spot":
            price = spot_hourly(machine.type, machine.region)
        ran = HOURS_OF_OCTOBER
        if machine.stopped_at:
            ran = max(0, HOURS_OF_OCTOBER - 24 * (AS_OF - machine.stopped_at).days)
        ran = min(ran, 24 * (AS_OF - machine.launched_at).days)
        assert abs(costs.get(machine.id, Decimal(0)) - price * ran) < SMALL, machine.name


def test_every_volume_is_billed_for_its_size_whether_it_is_used_or_not(
    sample: Sample, rows: list[dict[str, Any]]
) -> None:
    costs = billed(rows, "Block Storage")
    for disk in sample.disks:
        sku = f"{disk.type}.{disk.level}" if disk.level else disk.type
        month = extra(disk.cloud, disk.region, sku) * disk.size_gib * (1 - DISCOUNT[disk.cloud])
        assert abs(costs[disk.id] - month * HOURS_OF_OCTOBER / 730) < SMALL, disk.name


def test_nothing_is_billed_for_what_the_estate_does_not_have(
    sample: Sample, rows: list[dict[str, Any]]
) -> None:
    known = {one.id for one in [*sample.machines, *sample.disks, *sample.ips]}
    known |= {one.id for one in services(AS_OF)} | {f"{cloud}-shop-assets" for cloud in DISCOUNT}
    billed_ids = {row["ResourceId"] for row in rows if row["ResourceId"]}
    assert {name for name in billed_ids if not {name, name.rpartition("/")[2]} & known} == set()


def test_every_service_is_billed_for_what_it_keeps_and_runs(rows: list[dict[str, Any]]) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["ResourceId"]] += Decimal(row["EffectiveCost"])
    for one in services(AS_OF):
        day = sum((each.units * each.price for each in one.charges), Decimal(0)) * (1 - DISCOUNT[one.cloud])
        assert abs(sums.get(one.id, Decimal(0)) - 31 * day) < SMALL, one.id


def test_alibaba_has_no_charge_for_traffic_between_zones(rows: list[dict[str, Any]]) -> None:
    assert not [
        row
        for row in rows
        if row["ProviderName"].startswith("Alibaba") and "ransfer" in row["ChargeDescription"]
    ]


def test_ids_do_not_repeat_and_one_name_is_hostile(sample: Sample) -> None:
    ids = [one.id for one in [*sample.machines, *sample.disks, *sample.ips]]
    assert len(ids) == len(set(ids))
    assert HOSTILE_NAME in {machine.name for machine in sample.machines}
    assert {machine.cloud for machine in sample.machines} == {"aws", "alibaba", "gcp"}
    assert 300 <= len(ids) <= 600
