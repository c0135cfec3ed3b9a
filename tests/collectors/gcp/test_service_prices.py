"""Prices of databases, caches, buckets, registries and logs: whole descriptions, whole sums, and the smaller tiers."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from google.cloud.billing_v1.types import ListSkusResponse

from collectors.gcp import service_meanings
from collectors.gcp.catalogue import Catalogue, read
from collectors.gcp.databases import size_of
from collectors.gcp.service_meanings import LOGGING, REDIS, REGISTRY, SQL, STORAGE, Service
from collectors.gcp.service_prices import Sold, rows_of, series_of, smaller_tiers, types_of
from tests.collectors.gcp.skus import AT, IOWA, parsed, sku

PG = "Cloud SQL for PostgreSQL: "
MONTH, MEMORY = "GiBy.mo", "GiBy.h"


def catalogue(service: Service, *skus: dict[str, Any]) -> Catalogue:
    return read([ListSkusResponse.pb(parsed({"skus": skus}))], AT, service)


def database(tier: str, engine: str = "postgres", multi: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "engine": engine, "instance_type": tier, "multi_zone": multi, "storage_type": None, "region": IOWA,
        "kind": "cache" if engine == "redis" else "relational", **more,
    }  # fmt: skip


def priced(found: Catalogue, sold: Sold, region: str = IOWA) -> dict[str, Decimal]:
    return {row["sku"]: row["price"] for row in rows_of(found, sold.of(region), region)}


ZONAL = [
    sku(f"{PG}Zonal - vCPU in Americas", "0.0413"), sku(f"{PG}Zonal - RAM in Americas", "0.007", unit=MEMORY),
    sku(f"{PG}Zonal - Standard storage in Americas", "0.17", unit=MONTH),
    sku(f"{PG}Zonal - Extended support vCPU v13 in Americas", "9"),
]  # fmt: skip


def test_a_custom_tier_is_its_cores_and_its_memory_and_smaller_ones_of_it_are_priced_too() -> None:
    found = priced(catalogue(SQL, *ZONAL), Sold([database("db-custom-2-7680")]))
    assert found["db:postgres:db-custom-2-7680"] == Decimal("0.0413") * 2 + Decimal("0.007") * Decimal("7.5")
    assert found["db:postgres:db-custom-1-3840"] == Decimal("0.0413") + Decimal("0.007") * Decimal("3.75")
    assert max(found.values()) == found["db:postgres:db-custom-2-7680"]


def test_a_standby_is_in_the_price_of_a_tier_and_storage_has_that_of_one_zone() -> None:
    regional = [
        sku(f"{PG}Regional - vCPU in Americas", "0.0826"), sku(f"{PG}Regional - RAM in Americas", "0.014", unit=MEMORY),
        sku(f"{PG}Regional - Standard storage in Americas", "0.34", unit=MONTH),
    ]  # fmt: skip
    rows = Sold([database("db-custom-1-3840", multi=True, storage_type="PD_SSD")])
    assert priced(catalogue(SQL, *ZONAL, *regional), rows) == {
        "db:postgres:db-custom-1-3840:multi": Decimal("0.0826") + Decimal("0.014") * Decimal("3.75"),
        "db_storage:postgres:PD_SSD": Decimal("0.17"),
    }


@pytest.mark.parametrize(
    ("tier", "engine", "price"),
    [
        ("db-n1-standard-4", "mysql", "0.386"),
        ("db-n1-standard-4", "postgres", "0.2702"),
        ("db-f1-micro", "mysql", "0.0105"),
        ("db-f1-micro", "postgres", None),
        ("db-perf-optimized-N-2", "postgres", "0.253"),
        ("db-perf-optimized-N-2", "mysql", None),
        ("db-custom-2-7680", "sqlserver", None),
        ("D1", "mysql", None),
    ],
)
def test_each_tier_is_priced_the_way_it_is_sold_or_not_at_all(
    tier: str, engine: str, price: str | None
) -> None:
    lines = [
        *ZONAL, sku("Cloud SQL for MySQL: Zonal - 4 vCPU + 15GB RAM in Iowa", "0.386"),
        sku("Cloud SQL for MySQL: Zonal - Micro instance in Iowa", "0.0105"),
        sku(f"{PG}Zonal - Enterprise Plus N vCPU in Iowa", "0.0537"),
        sku(f"{PG}Zonal - Enterprise Plus N RAM in Iowa", "0.0091", unit=MEMORY),
        sku("Cloud SQL for SQL Server: Zonal - vCPU in Iowa", "0.05"),
        sku("Cloud SQL for SQL Server: Zonal - RAM in Iowa", "0.008", unit=MEMORY),
    ]  # fmt: skip
    found = priced(catalogue(SQL, *lines), Sold([database(tier, engine)])).get(f"db:{engine}:{tier}")
    assert found == (None if price is None else Decimal(price))


def test_a_cache_costs_its_memory_at_the_price_of_its_size() -> None:
    lines = [
        sku(f"Redis Capacity {tier} {size} Iowa", price, unit=MEMORY)
        for tier, size, price in (
            ("Basic", "M1", "0.049"),
            ("Basic", "M2", "0.027"),
            ("Standard", "M2", "0.054"),
        )
    ]
    found = priced(catalogue(REDIS, *lines), Sold([database("basic-5", "redis")]))
    assert found["db:redis:basic-5"] == Decimal("0.135")
    assert found["db:redis:basic-4"] == Decimal("0.196")  # which is dearer than 5 GiB, as Google has it
    multi = priced(catalogue(REDIS, *lines), Sold([database("standard-6", "redis", multi=True)]))
    assert multi["db:redis:standard-6:multi"] == Decimal("0.324")
    assert "db:redis:standard-1:multi" not in multi


def test_classes_of_buckets_are_priced_in_a_region_and_in_a_place_of_several() -> None:
    lines = [
        sku("Standard Storage US Regional", [(0, "0"), (5, "0.02")], unit=MONTH), sku("Nearline Storage Iowa", "0.01", unit=MONTH),
        sku("Nearline Storage Iowa (Early Delete)", "0.9", unit=MONTH), sku("Nearline Storage Iowa Dual-region", "0.9", unit=MONTH),
        sku("Coldline Storage Iowa", "0.9", unit=MONTH), sku("Archive Storage Iowa", "0.0012", unit=MONTH),
        sku("Standard Storage US Multi-region", "0.026", unit=MONTH, regions=["us"]),
    ]  # fmt: skip
    found = catalogue(STORAGE, *lines)
    sold = Sold(buckets=[{"region": IOWA}, {"region": "us"}])
    assert next(iter(rows_of(found, sold.of("us"), "us")))["price"] == Decimal("0.026")
    assert [(row["sku"], row["price"], row["tier_start"]) for row in rows_of(found, sold.of(IOWA), IOWA)] == [
        ("bucket:standard", Decimal(0), None), ("bucket:standard", Decimal("0.02"), Decimal(5)),
        ("bucket:infrequent", Decimal("0.01"), None), ("bucket:archive", Decimal("0.0012"), None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "text", "key"),
    [(REGISTRY, "Artifact Registry Storage", "registry"), (LOGGING, "Log Retention cost", "logs:storage")],
)
def test_what_is_sold_everywhere_has_its_price_in_every_place(service: Service, text: str, key: str) -> None:
    found = catalogue(
        service, sku(text, "0.1", unit=MONTH, regions=["global"]), sku("Log Storage cost", "0.5")
    )
    sold = Sold(repositories=[{"region": "us"}], logs=[{"region": "global"}])
    for region in ("us", "global"):
        assert set(priced(found, sold, region)) <= {key}
    assert any(priced(found, sold, region) for region in ("us", "global"))


def test_only_catalogues_of_what_there_is_are_asked() -> None:
    assert Sold().services == []
    both = Sold([database("db-f1-micro"), database("basic-1", "redis")], buckets=[{"region": "us"}])
    assert both.services == [SQL, REDIS, STORAGE]
    assert Sold([database("basic-1", "redis")]).services == [REDIS]


def test_spot_and_committed_lines_are_no_prices_of_services() -> None:
    text = f"{PG}Zonal - vCPU in Americas"
    for usage in ("Preemptible", "Commit1Yr"):
        assert service_meanings.SQL.understand(text, "ApplicationServices", usage) == ()


def sizes(names: Iterable[str]) -> list[tuple[float, float]]:
    return [(size.vcpu or 0, size.memory_gib) for name in names if (size := size_of(name))]


@pytest.mark.parametrize(
    "tier", ["db-custom-8-53248", "db-n1-highmem-8", "db-perf-optimized-N-16", "db-custom-1-3840"]
)
def test_smaller_tiers_are_of_the_same_series_no_larger_in_anything_and_can_be_made(tier: str) -> None:
    found = smaller_tiers(tier)
    (cores, memory), *_ = sizes([tier])
    assert tier in found
    assert {series_of(one) for one in found} == {series_of(tier)}
    assert all(one <= cores and gib <= memory for one, gib in sizes(found))
    assert all(0.9 <= gib / one <= 8 and gib >= 3.75 for one, gib in sizes(found))
    assert len(found) == len(set(found))


def test_what_tiers_hold_is_told_like_types_of_machines() -> None:
    rows = types_of([database("db-custom-1-3840"), database("basic-1", "redis"), database("db-f1-micro")])
    assert [(row["instance_type"], row["vcpu"], row["memory_gib"], row["family"]) for row in rows] == [
        ("db:db-custom-1-3840", 1.0, 3.75, "db-custom"),
    ]  # fmt: skip
