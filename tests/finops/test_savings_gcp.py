"""What things of Google Cloud cost at list prices: attached GPUs and disks, tiers, regional disks, addresses."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from finops.carbon import Emissions, Unknown
from finops.emissions import Footprints
from finops.savings import assess
from finops.savings.costs import CostBook
from finops.savings.estate import load_estate
from finops.savings.listing import list_cost, quantities
from finops.savings.loading import load_costs
from finops.savings.prices import load_prices
from finops.schema_comments import schema_sql
from finops.verdicts import Key, RuleFacts, Verdict
from rules.engine import rollups

AS_OF = datetime(2026, 11, 1)
HERE: dict[str, Any] = {"cloud": "gcp", "account_id": "shop", "region": "us-central1"}
MONTH = Decimal(730)


class World:
    """A warehouse of one project to fill in the words of a test."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        for sku, price, model, unit in (
            ("n1-standard-4", "0.19", "on_demand", "hour"),
            ("n1-standard-4", "0.04", "spot", "hour"),
            ("n2-custom-6-20480", "0.30", "on_demand", "hour"),
            ("gpu:nvidia-tesla-t4", "0.35", "on_demand", "hour"),
            ("gpu:nvidia-tesla-t4", "0.11", "spot", "hour"),
            ("local-ssd", "0.08", "on_demand", "GiB-month"),
            ("local-ssd", "0.03", "spot", "GiB-month"),
            ("pd-balanced", "0.10", "on_demand", "GiB-month"),
            ("pd-balanced:regional", "0.20", "on_demand", "GiB-month"),
            ("pd-extreme", "0.125", "on_demand", "GiB-month"),
            ("pd-extreme:iops", "0.065", "on_demand", "IOPS-month"),
            ("hyperdisk-balanced", "0.08", "on_demand", "GiB-month"),
            ("hyperdisk-balanced:iops", "0.005", "on_demand", "IOPS-month"),
            ("hyperdisk-balanced:throughput", "0.04", "on_demand", "MiBps-month"),
            ("hyperdisk-throughput", "0.005", "on_demand", "GiB-month"),
            ("hyperdisk-throughput:throughput", "0.25", "on_demand", "MiBps-month"),
            ("hyperdisk-balanced-high-availability", "0.16", "on_demand", "GiB-month"),
            ("public_ip:unused", "0.01", "on_demand", "hour"),
            ("public_ip:in_use", "0.005", "on_demand", "hour"),
            ("public_ip:in_use:spot", "0.0025", "on_demand", "hour"),
        ):
            self.listed(sku, price, model, unit)

    def put(self, table: str, **row: Any) -> None:
        row = {**HERE, **row}
        self.con.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
        )

    def listed(self, sku: str, price: str, model: str = "on_demand", unit: str = "hour", **more: Any) -> None:
        row = {"sku": sku, "price": Decimal(price), "purchase_model": model, "unit": unit, "currency": "USD"}
        place = {"cloud": "gcp", "region": "us-central1", "source": "test", "as_of": AS_OF}
        row = {**row, **place, **more}
        self.con.execute(
            f"INSERT INTO prices ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
        )

    def machine(self, name: str = "1", **more: Any) -> None:
        kind = {"instance_type": "n1-standard-4", "purchase_model": "on_demand", "zone": "us-central1-a"}
        self.put("instances", **{"instance_id": name, "state": "running", **kind, **more})

    def volume(self, name: str = "7", **more: Any) -> None:
        kind = {"volume_type": "pd-balanced", "size_gib": 100, "zone": "us-central1-a"}
        self.put("volumes", **{"volume_id": name, "state": "unattached", **kind, **more})

    def address(self, name: str = "9", machine: str | None = None, **more: Any) -> None:
        state = "in_use" if machine else "unused"
        use = {"resource_id": machine, "resource_type": "instance" if machine else None}
        self.put("public_ips", **{"ip_id": name, "state": state, **use, **more})

    def book(self) -> CostBook:
        rollups.build(self.con, AS_OF)
        estate = load_estate(self.con)
        return CostBook(estate, load_prices(self.con, AS_OF, quantities(estate)))

    def cost(self, name: str) -> dict[str, Decimal] | None:
        book = self.book()
        parts = list_cost(book.estate.resources[Key("gcp", "shop", name)], book.prices)
        return parts and {part: amount.value for part, amount in parts.items()}


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(config={"threads": 1})
    con.execute(schema_sql())
    rollups.prepare(con)
    yield con
    con.close()


@pytest.fixture
def world(empty: duckdb.DuckDBPyConnection) -> Iterator[World]:
    empty.begin()
    yield World(empty)
    empty.rollback()


@pytest.mark.parametrize(
    ("machine", "cost"),
    [
        ({}, {"compute": MONTH * Decimal("0.19")}),
        (
            {"gpu_count": 2, "gpu_model": "nvidia-tesla-t4", "local_disk_gib": 375},
            {"compute": MONTH * Decimal("0.19"), "gpu": MONTH * Decimal("0.70"), "local_disk": Decimal(30)},
        ),
        (
            {
                "purchase_model": "spot",
                "gpu_count": 1,
                "gpu_model": "nvidia-tesla-t4",
                "local_disk_gib": 375,
            },
            {
                "compute": MONTH * Decimal("0.04"),
                "gpu": MONTH * Decimal("0.11"),
                "local_disk": Decimal("11.25"),
            },
        ),
        ({"gpu_count": 1, "gpu_model": "nvidia-h900"}, None),
        ({"gpu_count": 1}, None),
        ({"gpu_count": 0, "local_disk_gib": 0}, {"compute": MONTH * Decimal("0.19")}),
        ({"state": "stopped", "gpu_count": 1, "gpu_model": "nvidia-tesla-t4"}, {"compute": Decimal(0)}),
        ({"instance_type": "n2-custom-6-20480"}, {"compute": MONTH * Decimal("0.30")}),
        ({"instance_type": "n2-custom-6-24576"}, None),
    ],
)
def test_a_machine_costs_its_type_and_what_is_attached_to_it(
    machine: dict[str, Any], cost: dict[str, Decimal] | None, world: World
) -> None:
    world.machine(**machine)
    assert world.cost("1") == cost


@pytest.mark.parametrize(
    ("volume", "cost"),
    [
        ({}, "10"),
        ({"zone": None}, "20"),
        ({"volume_type": "pd-ssd", "zone": None}, None),
        ({"volume_type": "pd-extreme", "size_gib": 1000, "iops": 10000}, "775"),
        ({"volume_type": "pd-extreme", "size_gib": 1000}, None),
        ({"volume_type": "hyperdisk-balanced", "iops": 3000, "throughput_mib": 140}, "8"),
        ({"volume_type": "hyperdisk-balanced", "iops": 4000, "throughput_mib": 240}, "17"),
        ({"volume_type": "hyperdisk-throughput", "size_gib": 2048, "throughput_mib": 100}, "35.24"),
        ({"volume_type": "hyperdisk-balanced-high-availability", "zone": None, "iops": 3000}, "16"),
    ],
)
def test_a_disk_costs_its_size_its_copies_and_what_is_provisioned(
    volume: dict[str, Any], cost: str | None, world: World
) -> None:
    world.volume(**volume)
    parts = world.cost("7")
    assert (parts and sum(parts.values())) == (cost and Decimal(cost))


@pytest.mark.parametrize(
    ("address", "machine", "hour"),
    [
        ({}, {}, "0.005"),
        ({}, {"purchase_model": "spot"}, "0.0025"),
        ({}, {"state": "stopped"}, "0.01"),
        ({}, {"state": "stopped", "purchase_model": "spot"}, "0.01"),
        ({"state": "unused", "resource_id": None, "resource_type": None}, {}, "0.01"),
        ({"resource_id": "5", "resource_type": "load_balancer"}, {}, "0"),
        ({"resource_id": "5", "resource_type": "nat_gateway"}, {}, "0.005"),
    ],
)
def test_an_address_costs_by_what_has_it(
    address: dict[str, Any], machine: dict[str, Any], hour: str, world: World
) -> None:
    world.machine(**machine)
    world.address("9", "1", **address)
    assert world.cost("9") == {"public_ip": MONTH * Decimal(hour)}


class TestTiers:
    """A price holds from a monthly quantity on: the first 30 GiB of the project cost nothing."""

    @pytest.fixture(autouse=True)
    def _listed(self, world: World) -> None:
        for start, price in ((None, "0"), (30, "0.04"), (1000, "0.03")):
            world.listed("pd-standard", price, unit="GiB-month", tier_start=start)

    @pytest.mark.parametrize(
        ("sizes", "price"), [((30,), "0"), ((31,), "0.04"), ((20, 20), "0.04"), ((600, 600), "0.03")]
    )
    def test_the_last_gib_of_the_estate_sets_the_price(
        self, sizes: tuple[int, ...], price: str, world: World
    ) -> None:
        for number, size in enumerate(sizes):
            world.volume(str(number), volume_type="pd-standard", size_gib=size)
        assert world.cost("0") == {"storage": sizes[0] * Decimal(price)}

    def test_other_regions_and_types_do_not_count_and_other_projects_do(self, world: World) -> None:
        world.volume("7", volume_type="pd-standard", size_gib=20)
        world.volume("8", volume_type="pd-standard", size_gib=500, region="us-east1")
        world.volume("9", volume_type="pd-balanced", size_gib=500)
        assert world.cost("7") == {"storage": Decimal(0)}
        world.volume("7", volume_type="pd-standard", size_gib=20, account_id="data")
        assert world.cost("7") == {"storage": Decimal("0.8")}

    def test_tiers_of_an_older_price_list_are_forgotten(self, world: World) -> None:
        world.volume("7", volume_type="pd-standard", size_gib=2000)
        long_ago = AS_OF - timedelta(days=40)
        world.listed("pd-standard", "0.001", unit="GiB-month", tier_start=1500, as_of=long_ago)
        assert world.cost("7") == {"storage": Decimal(60)}

    def test_what_would_come_on_top_is_priced_behind_what_is_there(self, world: World) -> None:
        prices = world.book().prices
        for size, price in ((20, "0"), (100, "4")):
            spec = {"volume_type": "pd-standard", "size_gib": size}
            parts = prices.volume_month("gcp", "us-central1", spec, added=True)
            assert parts is not None
            assert parts["storage"].value == Decimal(price)

    def test_of_a_quantity_nobody_knows_the_dearest_counts(self, world: World) -> None:
        for start, price in ((None, "0"), (744, "0.005")):
            world.listed("public_ip:other", price, tier_start=start)
        hour = world.book().prices.address_hour("gcp", "us-central1", "other")
        assert hour is not None
        assert hour.value == Decimal("0.005")

    def test_one_address_within_the_free_hours_costs_nothing_and_two_do(self, world: World) -> None:
        world.con.execute("DELETE FROM prices WHERE sku = 'public_ip:in_use'")
        for start, price in ((None, "0"), (744, "0.005")):
            world.listed("public_ip:in_use", price, tier_start=start)
        world.machine()
        world.address("9", "1")
        assert world.cost("9") == {"public_ip": Decimal(0)}
        world.address("10", "1")
        assert world.cost("9") == {"public_ip": MONTH * Decimal("0.005")}


@pytest.mark.parametrize(
    ("machine", "note"),
    [
        ({}, "that is before a sustained-use discount of up to 30 %"),
        ({"instance_type": "n2-custom-6-20480"}, "that is before a sustained-use discount of up to 20 %"),
        ({"purchase_model": "spot"}, None),
        ({"state": "stopped"}, None),
    ],
)
def test_a_list_price_before_sustained_use_says_so(
    machine: dict[str, Any], note: str | None, world: World
) -> None:
    world.machine(**machine)
    cost = world.book().of(Key("gcp", "shop", "1"))
    assert cost is not None
    assert cost.note == note


def test_a_machine_that_is_off_pays_no_gpus_any_more(world: World) -> None:
    world.machine(state="stopped")
    for sku, cost in (("N1 Predefined Instance Core running in Americas", 50), ("Nvidia Tesla T4 GPU running in Americas", 200),
                      ("SSD backed Local Storage", 30), ("Storage PD Capacity", 4)):  # fmt: skip
        world.con.execute(
            "INSERT INTO charges BY NAME SELECT 'gcp' AS x_Cloud, 'shop' AS x_AccountId, '1' AS x_ResourceKey, 'USD' AS BillingCurrency, "
            "'Usage' AS ChargeCategory, $at - INTERVAL 30 DAY AS ChargePeriodStart, $at AS ChargePeriodEnd, "
            "$cost AS x_Cost, 'effective' AS x_CostBasis, 'test' AS x_Source, $sku AS ChargeDescription",
            {"at": AS_OF, "cost": cost, "sku": sku},
        )
    book = world.book()
    key = Key("gcp", "shop", "1")
    world.con.execute(
        "CREATE OR REPLACE TEMP TABLE judged (rule VARCHAR, cloud VARCHAR, account_id VARCHAR, region VARCHAR, "
        "resource_id VARCHAR, verdict VARCHAR, components VARCHAR)"
    )
    cost = load_costs(world.con, book.estate, book.prices, {key}, AS_OF).of(key)
    assert cost is not None
    assert {name: round(amount) for name, amount in cost.components.items()} == {"storage": 4}


@pytest.mark.parametrize(("gpu", "saved"), [("nvidia-tesla-t4", "284.70"), ("nvidia-h900", None)])
def test_spot_saves_on_attached_gpus_too_or_is_not_known(gpu: str, saved: str | None, world: World) -> None:
    world.listed("gpu:nvidia-h900", "3")
    world.machine(gpu_count=1, gpu_model=gpu)
    rollups.build(world.con, AS_OF)
    world.con.execute(
        "CREATE OR REPLACE TEMP TABLE judged (rule VARCHAR, cloud VARCHAR, account_id VARCHAR, region VARCHAR, "
        "resource_id VARCHAR, verdict VARCHAR, components VARCHAR)"
    )
    verdict = Verdict(
        rule=RuleFacts("spot", "A rule", "rate", "low", "low", (), {}), key=Key("gcp", "shop", "1"), region="us-central1",
        resource_type="instance", action="spot", reason="It is.", components=("compute", "gpu", "local_disk"),
        current={}, proposed={"instance_type": "n1-standard-4", "zone": "us-central1-a"}, evidence={},
    )  # fmt: skip
    (one,) = assess(world.con, [verdict], AS_OF).priced
    assert one.monthly_savings == (saved and Decimal(saved))


# ------------------------------------------------------------------------------------------- emissions


def emitted(world: World, name: str) -> Emissions | Unknown:
    book = world.book()
    return Footprints(world.con, book.estate).of(Key("gcp", "shop", name))


def test_a_regional_disk_emits_twice_what_one_of_a_zone_does(world: World) -> None:
    world.volume("7", medium="ssd")
    world.volume("8", medium="ssd", zone=None)
    one, two = emitted(world, "7"), emitted(world, "8")
    assert isinstance(one, Emissions)
    assert isinstance(two, Emissions)
    assert two.energy_wh.central == pytest.approx(2 * one.energy_wh.central)


def test_attached_gpus_emit_and_unknown_ones_make_the_machine_unknown(world: World) -> None:
    kind = {"instance_type": "n1-standard-4", "vcpu": 4, "memory_gib": 15, "gpu_count": 0}
    world.con.execute("INSERT INTO instance_types BY NAME SELECT 'gcp' AS cloud, $instance_type AS instance_type, $vcpu AS vcpu, "
                      "$memory_gib AS memory_gib, $gpu_count AS gpu_count", kind)  # fmt: skip
    world.machine("1")
    world.machine("2", gpu_count=2, gpu_model="nvidia-tesla-t4-vws")
    world.machine("3", gpu_count=1, gpu_model="nvidia-h900")
    plain, with_gpus, unknown = (emitted(world, name) for name in "123")
    assert isinstance(plain, Emissions)
    assert isinstance(with_gpus, Emissions)
    assert "gpu" not in plain.parts_wh
    assert with_gpus.parts_wh["gpu"] > 2 * 8 * 730
    assert unknown == Unknown("No power figure is known for the accelerator 'nvidia-h900'.")


@pytest.mark.parametrize("kind", ["custom-4-8192", "n2-custom-6-20480", "e2-micro", "n2-highmem-4"])
def test_custom_and_shared_types_emit_by_what_they_hold(kind: str, world: World) -> None:
    world.con.execute("INSERT INTO instance_types BY NAME SELECT 'gcp' AS cloud, ? AS instance_type, 0.25 AS vcpu, "
                      "1 AS memory_gib, 0 AS gpu_count", [kind])  # fmt: skip
    world.machine("1", instance_type=kind)
    assert isinstance(emitted(world, "1"), Emissions)


def test_a_series_that_no_table_has_is_unknown_and_says_so(world: World) -> None:
    world.machine("1", instance_type="n4a-standard-4")
    unknown = emitted(world, "1")
    assert isinstance(unknown, Unknown)
    assert "n4a-standard-4" in unknown.reason
