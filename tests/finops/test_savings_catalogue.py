"""Money of what is no machine or disk: groups of machines, moves between regions, services at the price of a SKU."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from finops.emissions import Footprints, net_savings
from finops.savings import Assessment
from finops.verdicts import Key, Verdict
from tests.finops.test_savings import HERE, MONTH, World, con, empty, put, resize, verdict, world

__all__ = ["con", "empty", "world"]  # fixtures


def group(world: World, machines: int, **more: Any) -> None:
    put(world.con, "scaling_groups", {**HERE, "scaling_group_id": "web", "name": "Web", **more})
    for number in range(machines):
        world.machine(f"i-{number}", scaling_group="web")
        world.bill(f"i-{number}", "72")


def smaller(now: int = 4, then: int = 2, **more: Any) -> Verdict:
    sizes = {"current": {"members": now}, "proposed": {"members": then}}
    return verdict(
        "web", "resize", "members", **{"resource_type": "scaling_group", "rule": "floor", **sizes, **more}
    )


def by_rule(result: Assessment) -> dict[str, Any]:
    return {one.verdict.rule.id: one for one in result.priced}


# --- groups -----------------------------------------------------------------------------------------------


def test_a_smaller_group_saves_its_share_of_what_all_its_machines_cost(world: World) -> None:
    group(world, 4)
    one = world.price(smaller())
    assert (one.monthly_cost, one.net_savings, one.basis) == (Decimal("292.00"), Decimal("146.00"), "billed")
    assert one.saving == 2 * 72 * MONTH


def test_machines_of_a_group_of_the_same_name_elsewhere_are_not_its_own(world: World) -> None:
    group(world, 2)
    put(world.con, "scaling_groups", {**HERE, "scaling_group_id": "web", "region": "s"})
    world.machine("i-9", scaling_group="web", region="s")
    world.bill("i-9", "72", RegionId="s")
    here, there = world.assess(smaller(2, 1), smaller(2, 1, region="s")).priced
    assert {here.monthly_cost, there.monthly_cost} == {Decimal("146.00"), Decimal("73.00")}
    assert here.id != there.id


def test_what_is_named_like_a_group_is_not_part_of_its_cost(world: World) -> None:
    group(world, 2)
    put(world.con, "buckets", {**HERE, "bucket_id": "web"})
    world.bill("web", "500", "TimedStorage-ByteHrs")
    assert world.price(smaller(2, 1)).monthly_cost == Decimal("146.00")


def test_a_disk_that_goes_with_its_machine_goes_with_the_group(world: World) -> None:
    group(world, 2)
    world.volume("v-1", "i-0")
    world.bill("v-1", "7.2", "EBS:VolumeUsage")
    assert world.price(smaller(2, 1)).monthly_cost == Decimal("153.30")


def test_a_smaller_group_and_smaller_machines_take_the_same_slack_so_one_of_them_counts(world: World) -> None:
    """Two machines at 30 % fit one, or two of half the size, and never one of half the size."""
    world.price_list()
    group(world, 2)
    done = world.assess(smaller(2, 1), resize(), resize(resource="i-0")).priced
    counted = [one.verdict.rule.id for one in done if one.choice.counted]
    assert counted == ["floor"] or set(counted) == {"resize"}
    assert sum(one.choice.saved for one in done) == pytest.approx(72 * MONTH)


def test_a_smaller_group_and_another_type_of_the_same_size_multiply(world: World) -> None:
    world.price_list()
    group(world, 2)
    types = {"current": {"instance_type": "m5.xlarge"}, "proposed": {"instance_type": "m5.large"}}
    done = by_rule(
        world.assess(smaller(2, 1), verdict("i-0", "change-type", "compute", rule="resize", **types))
    )
    assert [done[rule].choice.counted for rule in ("floor", "resize")] == [True, True]
    total = sum(one.choice.saved for one in done.values())
    # Half the machines go; of what is left of i-1's part, the smaller size takes a half.
    assert total == pytest.approx((72 + 18) * MONTH)


@pytest.mark.parametrize("sizes", [(0, 0), (2, 3), (2, -1), ("two", 1)])
def test_a_rule_that_does_not_say_how_many_machines_remain_promises_nothing(
    sizes: tuple[Any, Any], world: World
) -> None:
    group(world, 2)
    one = world.price(smaller(*sizes))
    assert (one.saving, one.basis) == (None, "none")


def test_a_smaller_group_emits_its_share_less(world: World) -> None:
    put(
        world.con,
        "instance_types",
        {"cloud": "aws", "instance_type": "m5.xlarge", "vcpu": 4, "memory_gib": 16},
    )
    put(world.con, "scaling_groups", {**HERE, "scaling_group_id": "web", "region": "us-east-1"})
    for number in range(4):
        world.machine(f"i-{number}", scaling_group="web", region="us-east-1")
        world.bill(f"i-{number}", "72", RegionId="us-east-1")
    result = world.assess(smaller(region="us-east-1"))
    footprints = Footprints(world.con, result.estate)
    (saved,) = net_savings(result.priced, footprints).values()
    emitted = footprints.parts(Key("aws", "1", "i-0"))
    assert saved is not None
    assert emitted is not None
    assert saved.total.central == pytest.approx(2 * emitted.total.central, abs=4)
    assert saved.total.central > 1000


# --- moves ------------------------------------------------------------------------------------------------


def to_region(added: float | None = None) -> Verdict:
    proposed = {"region": "s", "instance_type": "m5.xlarge", "added_monthly_cost": added}
    return verdict(action="move", components="all,attached", rule="cheaper", proposed=proposed)


def test_a_move_costs_the_share_that_the_other_region_costs_and_the_distance_besides(world: World) -> None:
    world.price_list()
    world.listed("m5.xlarge", "0.15", region="s")
    world.machine()
    world.bill("i-1", "100")
    alone, far = world.price(to_region()), world.price(to_region(10.0))
    assert alone.saving == 25 * MONTH
    assert far.saving == pytest.approx(25 * MONTH - 10)


def test_disks_move_along_at_the_prices_of_the_other_region(world: World) -> None:
    world.price_list()
    world.listed("m5.xlarge", "0.1", region="s")
    world.machine()
    world.volume("v-1", "i-1")
    one = world.price(to_region())
    assert one.reasons[-1] == "there is no list price for gp3 in s"
    world.listed("gp3", "0.16", "GiB-month", region="s")
    assert world.price(to_region()).saving == pytest.approx(Decimal("73") - 8)


def test_a_move_and_a_smaller_size_follow_each_other_but_a_move_and_spot_do_not(world: World) -> None:
    world.price_list()
    world.spot("0.02")
    world.listed("m5.xlarge", "0.15", region="s")
    world.machine()
    spot = verdict(action="spot", components="compute", rule="spot",
        proposed={"instance_type": "m5.xlarge", "zone": "r-a"})  # fmt: skip
    done = by_rule(world.assess(to_region(), resize(), spot))
    assert [rule for rule in done if done[rule].choice.counted] == ["spot"] or not done[
        "cheaper"
    ].choice.counted
    pair = by_rule(world.assess(to_region(), resize()))
    assert all(one.choice.counted for one in pair.values())


# --- SKUs -------------------------------------------------------------------------------------------------


def database(world: World, **more: Any) -> None:
    row = {
        **HERE,
        "database_id": "db",
        "engine": "mysql",
        "instance_type": "db.m5.xlarge",
        "state": "running",
    }
    put(
        world.con,
        "databases",
        {**row, "multi_zone": False, "storage_type": "gp3", "storage_gib": 100, **more},
    )


def smaller_database() -> Verdict:
    return verdict("db", "resize", "database", resource_type="database",
        current={"sku": "db:mysql:db.m5.xlarge"}, proposed={"sku": "db:mysql:db.m5.large"})  # fmt: skip


def test_a_smaller_class_changes_the_price_of_the_class_and_not_of_the_storage(world: World) -> None:
    database(world)
    world.listed("db:mysql:db.m5.xlarge", "0.4")
    world.listed("db:mysql:db.m5.large", "0.2")
    world.bill("db", "144", "InstanceUsage:db.m5.xl", x_ServiceCode="AmazonRDS")
    world.bill("db", "72", "RDS:GP3-Storage", x_ServiceCode="AmazonRDS")
    one = world.price(smaller_database())
    assert (one.monthly_cost, one.monthly_savings, one.basis) == (
        Decimal("219.00"),
        Decimal("73.00"),
        "billed",
    )
    assert one.verdict.evidence == {"list_price_now": 292.0, "list_price_then": 146.0}


def test_a_class_without_a_price_is_told_by_its_name(world: World) -> None:
    database(world)
    world.bill("db", "144", "InstanceUsage:db.m5.xl", x_ServiceCode="AmazonRDS")
    one = world.price(smaller_database())
    assert (one.saving, one.reasons) == (None, ["there is no list price for db:mysql:db.m5.large in r"])


def test_without_a_bill_a_database_costs_the_list_price_of_what_has_one(world: World) -> None:
    database(world)
    world.listed("db:mysql:db.m5.xlarge", "0.4")
    one = world.price(verdict("db", "delete", resource_type="database"))
    assert (one.monthly_cost, one.basis) == (Decimal("292.00"), "list")
    assert one.reasons == ["at list prices: its backups and operations are paid for as well"]
    world.listed("db_storage:mysql:gp3", "0.1", "GiB-month")
    assert world.price(verdict("db", "delete", resource_type="database")).monthly_cost == Decimal("302.00")


def test_a_stopped_database_costs_its_storage_only(world: World) -> None:
    database(world, state="stopped")
    world.listed("db:mysql:db.m5.xlarge", "0.4")
    world.listed("db_storage:mysql:gp3", "0.1", "GiB-month")
    assert world.price(verdict("db", "delete", resource_type="database")).monthly_cost == Decimal("10.00")


def test_a_stopped_database_saves_nothing_of_the_hours_that_it_ran_before_on_the_bill(world: World) -> None:
    database(world, state="stopped")
    world.bill("db", "40", "InstanceUsage:db.m5.xl", x_ServiceCode="AmazonRDS")
    world.bill("db", "72", "RDS:GP3-Storage", x_ServiceCode="AmazonRDS")
    assert world.price(verdict("db", "delete", resource_type="database")).saving == 72 * MONTH


def test_a_reserved_database_saves_only_what_its_reservation_does_not_pay(world: World) -> None:
    """Reservations of databases are in no pool, and stay paid when the database goes or becomes smaller."""
    database(world)
    world.listed("db:mysql:db.m5.xlarge", "0.4")
    world.listed("db:mysql:db.m5.large", "0.2")
    usage = {"meter": "InstanceUsage:db.m5.xl", "x_ServiceCode": "AmazonRDS"}
    world.bill("db", "54", **usage, PricingCategory="Committed", CommitmentDiscountId="ri-1")
    world.bill("db", "18", **usage)
    gone = world.price(verdict("db", "delete", resource_type="database"))
    assert (gone.saving, gone.confidence) == (pytest.approx(18 * MONTH), "low")
    assert gone.reasons == [
        "75% of its cost is covered by a commitment that is paid whether it is used or not"
    ]
    assert world.price(smaller_database()).saving == pytest.approx(18 * MONTH)


def test_a_stopped_notebook_goes_on_paying_for_its_disk(world: World) -> None:
    row = {
        **HERE,
        "endpoint_id": "nb",
        "kind": "notebook",
        "instance_type": "ml.t3.medium",
        "state": "running",
    }
    put(world.con, "ml_endpoints", row)
    world.bill("nb", "36", "Notebk:ml.t3.medium", x_ServiceCode="AmazonSageMaker")
    world.bill("nb", "7.2", "Notebk:VolumeUsage.gp2", x_ServiceCode="AmazonSageMaker")
    assert world.price(verdict("nb", "stop", "ml", resource_type="ml_endpoint")).saving == 36 * MONTH


def test_what_is_billed_by_another_measure_afterwards_takes_the_place_of_the_real_cost(world: World) -> None:
    """An archive keeps whole copies of what was billed by its changes: it may cost more, and is then no saving."""
    put(world.con, "snapshots", {**HERE, "snapshot_id": "s-1", "created_at": datetime(2026, 1, 1)})
    world.listed("snapshot:archive", "0.0125", "GiB-month")
    world.bill("s-1", "36", "EBS:SnapshotUsage")

    def archived(gib: float) -> list[Decimal | None]:
        to = {"sku": "snapshot:archive", "quantity": gib, "absolute": True}
        one = verdict("s-1", "change-type", "snapshot", resource_type="snapshot", proposed=to)
        return [found.saving for found in world.assess(one).priced]

    assert archived(400) == [36 * MONTH - 5]
    assert archived(4000) == []


def test_a_share_that_a_rule_tells_is_left_of_the_cost(world: World) -> None:
    put(world.con, "repositories", {**HERE, "repository_id": "repo"})
    world.bill("repo", "72", "TimedStorage-ByteHrs", x_ServiceCode="AmazonECR")
    clean = verdict("repo", "delete", "registry", resource_type="repository", proposed={"share": 0.25})
    assert world.price(clean).monthly_savings == Decimal("54.75")
    wrong = verdict("repo", "delete", "registry", resource_type="repository", proposed={"share": 1.5})
    assert world.price(wrong).saving is None


def test_an_asset_by_subscription_has_no_price_on_demand(world: World) -> None:
    put(
        world.con,
        "load_balancers",
        {**HERE, "load_balancer_id": "lb", "kind": "classic", "purchase_model": "subscription"},
    )
    world.listed("load_balancer:classic", "0.025")
    assert world.price(verdict("lb", "delete", resource_type="load_balancer")).monthly_cost is None


def test_services_have_no_carbon_figures_and_say_so(world: World) -> None:
    database(world)
    world.bill("db", "144", "InstanceUsage:db.m5.xl", x_ServiceCode="AmazonRDS")
    result = world.assess(verdict("db", "delete", resource_type="database"))
    (one,) = result.priced
    effect = Footprints(world.con, result.estate).effect(one)
    assert effect.parts is None
    assert "no figures" in (effect.reason or "")


def test_the_fee_of_a_cluster_is_not_part_of_a_database_of_the_same_name(world: World) -> None:
    database(world)
    put(world.con, "clusters", {**HERE, "cluster_id": "db", "name": "db"})
    world.bill("db", "144", "InstanceUsage:db.m5.xl", x_ServiceCode="AmazonRDS")
    world.bill("db", "72", "PerCluster", x_ServiceCode="AmazonEKS")
    assert world.price(verdict("db", "delete", resource_type="database")).saving == 144 * MONTH


def test_the_free_days_of_a_log_have_no_list_price(world: World) -> None:
    row = {**HERE, "log_group_id": "log", "stored_bytes": 100 * 2**30, "retention_days": 100, "free_days": 30}
    put(world.con, "log_groups", row)
    world.listed("logs:storage", "0.01", "GiB-month")
    half = verdict("log", "change-type", "log_storage", resource_type="log_group", proposed={"share": 0.5})
    assert float(world.price(half).saving or 0) == pytest.approx(0.35)


def test_another_type_saves_nothing_of_the_licence_that_goes_along(world: World) -> None:
    """Without Windows 0.2 becomes 0.18, a tenth less; with it 0.384 becomes 0.364."""
    world.price_list()
    world.listed("m6a.xlarge", "0.18")
    world.machine(platform="windows")
    world.bill("i-1", "384")
    types = {"current": {"instance_type": "m5.xlarge"}, "proposed": {"instance_type": "m6a.xlarge"}}
    successor = verdict("i-1", "change-type", "compute", **types)
    one = world.price(successor)
    assert (one.saving, one.confidence) == (pytest.approx(Decimal("38.4") * MONTH), "low")
    world.listed("m5.xlarge", "0.384", platform="windows")
    world.listed("m6a.xlarge", "0.364", platform="windows")
    assert world.price(successor).saving == pytest.approx(20 * MONTH)


def test_a_machine_whose_subscription_ends_emits_no_more_and_is_no_address(world: World) -> None:
    types = {"cloud": "aws", "instance_type": "m5.xlarge", "vcpu": 4, "memory_gib": 16}
    put(world.con, "instance_types", types)
    world.machine(region="us-east-1")
    world.bill("i-1", "72", RegionId="us-east-1")
    result = world.assess(verdict("i-1", "release", region="us-east-1"))
    (one,) = result.priced
    footprints = Footprints(world.con, result.estate)
    assert footprints.effect(one).whole == footprints.parts(Key("aws", "1", "i-1"))


def test_what_a_function_kept_warm_emits_is_not_known(world: World) -> None:
    put(world.con, "functions", {**HERE, "function_id": "f", "kept_warm": 2, "memory_mib": 1024})
    world.bill("f", "72", "Lambda-Provisioned-Concurrency", x_ServiceCode="AWSLambda")
    result = world.assess(verdict("f", "release", "function_warm", resource_type="function"))
    (one,) = result.priced
    assert Footprints(world.con, result.estate).effect(one).parts is None
