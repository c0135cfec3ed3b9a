"""Prices beside those of machines: parts, commitments, disks, snapshots, addresses, traffic; and how long it takes."""

from decimal import Decimal
from time import process_time
from typing import Any

from collectors.gcp.prices import Wanted, transform_list, transform_spot
from tests.collectors.gcp.skus import AT, IOWA, N2, catalogue, hour, machine, scope, series, sku


def others(
    *skus: dict[str, Any], model: str = "on_demand", wanted: Wanted | None = None
) -> list[tuple[Any, ...]]:
    """(sku, unit, price, tier_start) of the rows that these SKUs make."""
    transform = transform_spot if model == "spot" else transform_list
    rows = transform(catalogue(*skus), wanted or Wanted(), scope(), AT)["prices"]
    assert {row["purchase_model"] for row in rows} <= {model, "reserved"}
    return [(row["sku"], row["unit"], row["price"], row["tier_start"]) for row in rows]


def test_series_in_use_are_priced_by_the_part_and_by_commitment():
    commitments = [
        sku("Commitment v1: N2 Cpu in Americas for 1 Year", "0.0199", usage="Commit1Yr"),
        sku("Commitment v1: N2 Ram in Americas for 3 Year", "0.0019", usage="Commit3Yr", unit="GiBy.h"),
        sku("Commitment v1: Cpu in Americas for 1 Year", "0.0198", usage="Commit1Yr"),
        sku("Commitment: Compute optimized Cpu in Americas for 3 Years", "0.015", usage="Commit3Yr"),
        sku("Commitment v1: N2D AMD Cpu in Americas for 1 Year", "0.5", usage="Commit1Yr"),
        sku("Commitment v1: N2 Cpu in Americas for 3 Year", "0.7", usage="Commit1Yr"),
    ]
    wanted = Wanted((machine("n2-standard-4"), machine("custom-2-4096"), machine("c2-standard-4")))
    found = {(key, unit): price for key, unit, price, _ in others(*N2, *commitments, wanted=wanted)}
    assert found == {
        ("n2:core", "hour"): Decimal("0.031611"),
        ("n2:memory", "GiB-hour"): Decimal("0.004237"),
        ("n2:core:custom", "hour"): Decimal("0.033191"),
        ("n2:memory:custom", "GiB-hour"): Decimal("0.004449"),
        ("n2:memory:extended", "GiB-hour"): Decimal("0.00955"),
        ("n2:core:1y", "hour"): Decimal("0.0199"),
        ("n2:memory:3y", "GiB-hour"): Decimal("0.0019"),
        ("n1:core:1y", "hour"): Decimal("0.0198"),
        ("c2:core:3y", "hour"): Decimal("0.015"),
    }


def test_attached_accelerators_are_priced_by_their_type():
    skus = [
        sku("Nvidia Tesla T4 GPU running in Iowa", "0.35"),
        sku(
            "Nvidia Tesla T4 GPU attached to Spot Preemptible VMs running in Iowa",
            "0.14",
            usage="Preemptible",
        ),
        sku("Nvidia Tesla A100 80GB GPU running in Iowa", "3.9"),
        sku("Commitment v1: Nvidia Tesla T4 GPU running in Iowa for 1 Year", "0.2", usage="Commit1Yr"),
    ]
    wanted = Wanted(gpus=frozenset({"nvidia-tesla-t4", "nvidia-a100-80gb", "nvidia-tesla-a100"}))
    assert others(*skus, wanted=wanted) == [
        ("gpu:nvidia-a100-80gb", "hour", Decimal("3.9"), None),
        ("gpu:nvidia-tesla-t4", "hour", Decimal("0.35"), None),
    ]
    assert others(*skus, model="spot", wanted=wanted) == [
        ("gpu:nvidia-tesla-t4", "hour", Decimal("0.14"), None)
    ]


def stored(text: str, price: Any, unit: str = "GiBy.mo", **more: Any) -> dict[str, Any]:
    return sku(text, price, unit=unit, family="Storage", **more)


def test_disks_and_snapshots_are_priced_by_the_month():
    found = others(
        stored("Storage PD Capacity", [(0, "0"), (30, "0.04")]),
        stored(
            "Regional SSD backed PD Capacity in Iowa", "0.34", baseUnitConversionFactor=2.8759101014016e15
        ),
        stored("Hyperdisk Balanced Capacity in Iowa", "0.08"),
        stored("Hyperdisk Balanced IOPS in Iowa", "0.005", "mo", baseUnitConversionFactor=2592000),
        stored("Hyperdisk Balanced Throughput in Iowa", "0.04", "mo"),
        stored("Hyperdisk Balanced Storage Pools Standard IOPS - Iowa", "9", "mo"),
        stored("Hyperdisk Balanced Capacity in Iowa - Confidential Mode", "9"),
        stored("Storage PD Snapshot in Iowa", "0.05"),
        stored("Storage PD Snapshot in US", "0.065"),
        stored("Storage PD Snapshot Early Deletion in Iowa", "9"),
        stored("Regional Archive Snapshot Data Storage in Iowa", "0.019"),
    )
    assert found == [
        ("pd-standard", "GiB-month", Decimal(0), None),
        ("pd-standard", "GiB-month", Decimal("0.04"), Decimal(30)),
        ("pd-ssd:regional", "GiB-month", Decimal("0.34"), None),
        ("hyperdisk-balanced", "GiB-month", Decimal("0.08"), None),
        ("hyperdisk-balanced:iops", "IOPS-month", Decimal("0.005"), None),
        ("hyperdisk-balanced:throughput", "MiBps-month", Decimal("0.04"), None),
        ("snapshot", "GiB-month", Decimal("0.05"), None),
        ("snapshot:archive", "GiB-month", Decimal("0.019"), None),
    ]  # fmt: skip


def network(text: str, price: Any, unit: str = "h", regions: tuple[str, ...] = (IOWA,)) -> dict[str, Any]:
    return sku(text, price, unit=unit, family="Network", regions=regions)


def test_addresses_and_traffic_between_zones_have_their_tiers():
    found = others(
        network("Static Ip Charge", [(0, "0"), (1, "0.01")]),
        network("External IP Charge on a Standard VM", [(0, "0"), (744, "0.005")], regions=("global",)),
        network("External IP Charge on a Spot Preemptible VM", "0.0025", regions=("global",)),
        network("Network Inter Zone Data Transfer Out", "0.01", "GiBy"),
        network("Network Inter Region Data Transfer Out from Iowa to Iowa", "0.02", "GiBy"),
        network("Static Ip Charge in Japan", [(0, "0"), (1, "0.015")], regions=("asia-northeast1",)),
    )
    assert found == [
        ("public_ip:unused", "hour", Decimal(0), None),
        ("public_ip:unused", "hour", Decimal("0.01"), Decimal(1)),
        ("public_ip:in_use", "hour", Decimal(0), None),
        ("public_ip:in_use", "hour", Decimal("0.005"), Decimal(744)),
        ("public_ip:in_use:spot", "hour", Decimal("0.0025"), None),
        ("network:cross_zone", "GiB", Decimal("0.01"), None),
    ]


def test_nothing_but_traffic_is_free():
    free = [*series("N2 Instance", "0", "0"), stored("Balanced PD Capacity", "0")]
    wanted = Wanted((machine("n2-standard-4", 4.0, 16.0),))
    assert others(*free, wanted=wanted) == []
    assert others(network("Network Inter Zone Data Transfer Out", "0", "GiBy")) == [
        ("network:cross_zone", "GiB", Decimal(0), None)
    ]


def test_tiers_that_are_not_counted_by_the_month_are_no_tiers_of_ours():
    daily = stored("Storage PD Capacity", [(0, "0"), (30, "0.04")])
    daily["pricingInfo"][0]["aggregationInfo"] = {"aggregationInterval": "DAILY", "aggregationCount": 1}
    assert others(daily) == []
    daily["pricingInfo"][0]["aggregationInfo"]["aggregationInterval"] = "MONTHLY"
    assert len(others(daily)) == 2


def test_a_machine_is_not_put_together_of_a_price_that_depends_on_the_quantity():
    core = sku("N2 Instance Core running in Iowa", [(0, "0.03"), (100, "0.02")])
    ram = sku("N2 Instance Ram running in Iowa", "0.004", unit="GiBy.h")
    assert hour(catalogue(core, ram), machine("n2-standard-4", 4.0, 16.0)) is None


def test_local_disks_have_a_spot_price_and_some_series_one_of_their_own():
    skus = [
        stored("SSD backed Local Storage in Iowa", "0.08"),
        stored(
            "SSD backed Local Storage attached to Spot Preemptible VMs in Iowa", "0.03", usage="Preemptible"
        ),
        sku("C4 Instance Local SSD running in Iowa", "0.0001", unit="GiBy.h"),
        *series("C4 Instance", "0.03", "0.004"),
    ]
    wanted = Wanted((machine("c4-standard-4-lssd", 4.0, 15.0, local_disk_gib=375.0),))
    found = {key: price for key, _, price, _ in others(*skus, wanted=wanted)}
    assert (found["local-ssd"], found["c4:local-ssd"]) == (Decimal("0.08"), Decimal("0.073"))
    assert found["c4-standard-4-lssd"] == Decimal("0.12") + Decimal("0.06") + Decimal("0.0375")
    assert others(*skus, model="spot") == [("local-ssd", "GiB-month", Decimal("0.03"), None)]


def test_a_region_with_sixty_types_takes_less_than_a_twentieth_of_a_second():
    skus = [
        *N2,
        *(sku(f"N2 Instance Core running in X{number}", regions=[f"x{number}"]) for number in range(500)),
    ]
    found = catalogue(*skus)
    wanted = Wanted(
        tuple(machine(f"n2-standard-{number}", float(number), 4.0 * number) for number in range(1, 61)),
        frozenset({"linux", "windows"}),
    )
    took = []
    for _ in range(3):
        begun = process_time()
        listed, spot = transform_list(found, wanted, scope(), AT), transform_spot(found, wanted, scope(), AT)
        took.append(process_time() - begun)
    assert len(listed["prices"]) == 65
    assert len(spot["prices"]) == 62
    assert min(took) < 0.05
