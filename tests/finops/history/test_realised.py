"""What actions saved, measured on later bills: tables in, amounts out."""

from decimal import Decimal

import pytest

from tests.finops.history.world import World, day, idle

MONTH = Decimal(730) / 24


def monthly(per_day: str | float) -> Decimal:
    return (Decimal(str(per_day)) * MONTH).quantize(Decimal("0.01"))


def gone_on_day_30(
    world: World, per_day: float = 2.0, until: float = 50, *, controls: int = 0, growth: float = 1.0
) -> None:
    """i-1 costs so much a day and is terminated on day 30; others go on, at `growth` times their cost from then on."""
    world.machine("i-1")
    world.collect(29)
    world.bill("i-1", per_day, 0, 29.5, hours=12)
    for number in range(controls):
        world.bill(f"i-{100 + number}", 1 + number, 0, 30)
        world.bill(f"i-{100 + number}", (1 + number) * growth, 30, until)
    world.bill("b-0", 0.1, 0, until, meter="TimedStorage-ByteHrs", x_ServiceCode="AmazonS3")
    world.audit(29, idle(saving="60.00", monthly_savings=Decimal("60.00")))
    world.con.execute("DELETE FROM instances")
    world.collect(30)
    world.audit(30)


def test_what_a_terminated_machine_cost_is_saved_from_the_day_it_is_gone(world: World) -> None:
    gone_on_day_30(world)
    world.audit(50)
    row = world.realised(idle())
    assert row["state"] == "measured"
    assert row["realised"] == monthly(2)
    assert (row["estimate"], row["resolution"], row["resource_id"]) == (Decimal("60.00"), "gone", "i-1")
    assert (row["settled_days"], row["before_days"]) == (17, 28), (
        "the last three days of the bill are provisional"
    )
    assert row["control_factor"] is None
    assert "fewer than 5 untouched resources" in row["note"]


def test_with_too_few_settled_days_it_is_pending_and_empty(world: World) -> None:
    gone_on_day_30(world, until=39)
    assert world.realised(idle())["state"] == "pending", "known from the audit that saw it on"
    world.audit(39)
    row = world.realised(idle())
    assert (row["state"], row["realised"], row["settled_days"]) == ("pending", None, 6)
    assert row["note"] == "6 of 7 settled days after the action are on the bill so far."


@pytest.mark.parametrize("growth", [0.5, 1.0, 1.3])
def test_what_its_kind_would_have_cost_more_or_less_meanwhile_is_told_apart(
    world: World, growth: float
) -> None:
    gone_on_day_30(world, controls=9, growth=growth)
    world.audit(50)
    row = world.realised(idle())
    assert row["realised"] == monthly(2 * growth), "without the action it would have gone on like the others"
    assert (row["controls"], round(row["control_factor"], 6)) == (9, growth)
    assert row["realised_low"] == row["realised_high"] == row["realised"]


def test_without_enough_controls_growth_cannot_be_told_apart_and_that_is_said(world: World) -> None:
    gone_on_day_30(world, controls=4, growth=1.5)
    world.audit(50)
    row = world.realised(idle())
    assert (row["realised"], row["controls"], row["control_factor"]) == (monthly(2), 4, None)
    assert row["realised_low"] is None


def test_a_resize_that_made_things_dearer_is_a_loss_and_is_kept(world: World) -> None:
    world.machine("i-1")
    world.collect(29)
    world.bill("i-1", 2, 0, 30)
    world.bill("i-1", 3, 30, 50)
    one = idle(rule="oversized-instance", action="resize")
    world.audit(29, one)
    world.con.execute("UPDATE instances SET instance_type = 'm5.4xlarge'")
    world.collect(30)
    world.audit(30)
    world.audit(50)
    assert world.realised(one)["realised"] == monthly(-1)


def test_an_action_that_changed_no_cost_saved_nothing_whatever_was_promised(world: World) -> None:
    world.machine("i-1")
    world.collect(29)
    world.bill("i-1", 2, 0, 50)
    world.audit(29, idle(saving="60.00", rule="oversized-instance", action="resize"))
    world.con.execute("UPDATE instances SET instance_type = 'm5.large'")
    world.collect(30)
    world.audit(30)
    world.audit(50)
    row = world.realised(idle())
    assert (row["state"], row["realised"], row["estimate"]) == ("measured", Decimal("0.00"), Decimal("60.00"))


def test_a_restated_bill_changes_what_was_realised(world: World) -> None:
    gone_on_day_30(world)
    world.audit(50)
    world.con.execute("UPDATE charges SET x_Cost = x_Cost / 2 WHERE x_ResourceKey = 'i-1'")
    world.audit(51)
    assert world.realised(idle())["realised"] == monthly(1)
    assert world.all("SELECT count(*) FROM realised_savings") == [(1,)]


def test_a_finding_that_came_back_is_no_saving_any_more(world: World) -> None:
    world.machine("i-1")
    world.collect(29)
    world.bill("i-1", 2, 0, 30)
    world.bill("b-0", 0.1, 0, 50, meter="TimedStorage-ByteHrs", x_ServiceCode="AmazonS3")
    world.audit(29, idle())
    world.con.execute("UPDATE instances SET state = 'stopped'")
    world.collect(30)
    world.audit(30)
    world.audit(45)
    assert world.realised(idle())["realised"] == monthly(2)
    world.con.execute("UPDATE instances SET state = 'running'")
    world.collect(46)
    world.audit(46, idle())
    assert world.all("FROM realised_savings") == []


def test_days_that_the_bill_does_not_cover_are_no_days_at_no_cost(world: World) -> None:
    gone_on_day_30(world)
    world.con.execute(
        "DELETE FROM charges WHERE ChargePeriodStart >= ? AND ChargePeriodStart < ?", [day(5), day(12)]
    )
    world.audit(50)
    row = world.realised(idle())
    assert (row["realised"], row["before_days"]) == (monthly(2), 21)


def test_a_machine_that_ran_on_weekdays_only_saves_what_its_weeks_cost(world: World) -> None:
    world.machine("i-1")
    world.collect(29)
    for week in range(5):
        world.bill("i-1", 7, week * 7, min(week * 7 + 5, 29))
    world.bill("b-0", 0.1, 0, 50, meter="TimedStorage-ByteHrs", x_ServiceCode="AmazonS3")
    world.audit(29, idle())
    world.con.execute("DELETE FROM instances")
    world.collect(30)
    world.audit(30)
    world.audit(50)
    assert world.realised(idle())["realised"] == monthly(5)


def test_a_bill_that_does_not_name_the_resource_leaves_it_unknown(world: World) -> None:
    gone_on_day_30(world, per_day=0.0)
    world.con.execute("DELETE FROM charges WHERE x_ResourceKey = 'i-1'")
    world.audit(50)
    row = world.realised(idle())
    assert (row["state"], row["realised"]) == ("unknown", None)
    assert row["note"] == "The bill names no cost of it in the days before."


def test_without_a_bill_nothing_is_known(world: World) -> None:
    gone_on_day_30(world)
    world.con.execute("TRUNCATE charges")
    world.audit(50)
    assert world.realised(idle())["state"] == "unknown"


def test_volumes_that_went_with_the_machine_count_and_the_snapshot_made_instead_costs(world: World) -> None:
    one = idle(
        evidence={
            "cost_pieces": [
                {"resource_id": "i-1", "component": "compute"},
                {"resource_id": "vol-1", "component": "storage"},
            ]
        }
    )
    world.machine("i-1")
    world.collect(29)
    world.bill("i-1", 2, 0, 30)
    world.bill("vol-1", 1, 0, 30, meter="EBS:VolumeUsage.gp3")
    world.bill("snap-1", 0.25, 30, 50, meter="EBS:SnapshotUsage")
    world.bill("snap-0", 5, 0, 50, meter="EBS:SnapshotUsage")
    world.audit(29, one)
    world.con.execute("DELETE FROM instances")
    here = {"cloud": "aws", "account_id": "1", "region": "r", "volume_id": "vol-1"}
    world.put("snapshots", **here, snapshot_id="snap-1", created_at=day(29.5))
    world.put("snapshots", **here, snapshot_id="snap-0", created_at=day(3))
    world.collect(30)
    world.audit(30)
    world.audit(50)
    row = world.realised(one)
    assert row["realised"] == monthly("2.75")
    assert "with the cost of snap-1 (a snapshot of vol-1 made since)" in row["note"]


def test_a_new_machine_of_the_same_name_is_no_saving(world: World) -> None:
    world.machine("i-1", name="machine i-1")
    world.collect(29)
    world.bill("i-1", 2, 0, 30)
    world.bill("i-9", 1.5, 30, 50)
    world.audit(29, idle())
    world.con.execute("DELETE FROM instances")
    world.machine("i-9", name="machine i-1", launched_at=day(29.6))
    world.collect(30)
    world.audit(30)
    world.audit(50)
    assert world.realised(idle())["realised"] == monthly("0.5")


def test_a_cheaper_volume_type_counts_the_parts_that_it_brought_along(world: World) -> None:
    one = idle(
        "vol-1",
        rule="volume-type-upgrade",
        resource_type="volume",
        action="change-type",
        evidence={"cost_pieces": [{"resource_id": "vol-1", "component": "storage"}]},
    )
    here = {"cloud": "aws", "account_id": "1", "region": "r", "volume_id": "vol-1", "state": "attached"}
    world.put("volumes", **here, volume_type="gp2")
    world.collect(29)
    world.bill("vol-1", 2, 0, 30, meter="EBS:VolumeUsage.gp2")
    world.bill("vol-1", 1.6, 30, 50, meter="EBS:VolumeUsage.gp3")
    world.bill("vol-1", 0.1, 30, 50, meter="EBS:VolumeP-IOPS.gp3")
    world.audit(29, one, rules=["volume-type-upgrade"])
    world.con.execute("UPDATE volumes SET volume_type = 'gp3'")
    world.collect(30)
    world.audit(30, rules=["volume-type-upgrade"])
    world.audit(50)
    assert world.realised(one)["realised"] == monthly("0.3")


def test_alternatives_on_one_machine_count_once_and_the_removal_carries_the_amount(world: World) -> None:
    terminate = idle(saving="60.00")
    resize = idle(
        rule="oversized-instance",
        action="resize",
        saving="0.00",
        monthly_savings=Decimal("30.00"),
        id="f0000000000a",
    )
    world.machine("i-1")
    world.collect(29)
    world.bill("i-1", 2, 0, 30)
    world.bill("b-0", 0.1, 0, 50, meter="TimedStorage-ByteHrs", x_ServiceCode="AmazonS3")
    world.audit(29, terminate, resize)
    world.con.execute("DELETE FROM instances")
    world.collect(30)
    world.audit(30)
    world.audit(50)
    assert world.realised(terminate)["estimate"] == Decimal("60.00")
    shared = world.realised(resize)
    assert (shared["state"], shared["counted_with"], shared["realised"]) == ("shared", terminate.id, None)
    assert world.all("SELECT sum(realised) FROM realised_savings") == [(monthly(2),)]


def test_what_is_done_in_two_steps_is_measured_step_by_step(world: World) -> None:
    resize = idle(rule="oversized-instance", action="resize", id="f0000000000a")
    world.machine("i-1")
    world.collect(29)
    world.bill("i-1", 4, 0, 30)
    world.bill("i-1", 2, 30, 45)
    world.bill("b-0", 0.1, 0, 70, meter="TimedStorage-ByteHrs", x_ServiceCode="AmazonS3")
    world.audit(29, resize, idle())
    world.con.execute("UPDATE instances SET instance_type = 'm5.large'")
    world.collect(30)
    world.audit(30, idle())
    world.collect(44)
    world.audit(44, idle())
    world.con.execute("DELETE FROM instances")
    world.collect(45)
    world.audit(45)
    world.audit(70)
    assert world.realised(resize)["realised"] == monthly(2)
    assert world.realised(idle())["realised"] == monthly(2)
    assert world.realised(resize)["settled_days"] == 14


def test_a_bill_by_the_month_is_compared_by_whole_months(world: World) -> None:
    """September costs 60, October (in which it went) 20, November nothing; the bill knows no days."""
    month = {"hours": 24, "BillingAccountId": "payer"}
    world.machine("i-1")
    world.collect(44)
    for start, end, cost in ((day(0), day(30), 60), (day(30), day(61), 20)):
        world.put(
            "charges", x_Cloud="aws", x_AccountId="1", BillingAccountId="payer", RegionId="r", x_ResourceKey="i-1",
            x_UsageType="BoxUsage:m5.xlarge", x_ServiceCode="AmazonEC2", x_CostBasis="effective", x_Source="test",
            ChargeCategory="Usage", BillingCurrency="USD", x_Cost=cost, ChargePeriodStart=start, ChargePeriodEnd=end,
        )  # fmt: skip
    world.bill("b-0", 0.1, 0, 91, meter="TimedStorage-ByteHrs", x_ServiceCode="AmazonS3", **month)
    world.audit(44, idle())
    world.con.execute("DELETE FROM instances")
    world.collect(45)
    world.audit(45)
    world.audit(91)
    row = world.realised(idle())
    assert (row["before_end"], row["after_start"]) == (day(30), day(61))
    assert row["realised"] == monthly(2)


def test_controls_are_of_the_same_family_and_account_where_there_are_enough(world: World) -> None:
    world.family(m5_xlarge="m5", c5_xlarge="c5")
    gone = {"instance_type": "m5.xlarge"}
    world.machine("i-1", **gone)
    for number in range(10):
        world.machine(f"i-{100 + number}", instance_type="m5.xlarge" if number < 5 else "c5.xlarge")
        world.bill(f"i-{100 + number}", 1, 0, 30)
        world.bill(f"i-{100 + number}", 1.2 if number < 5 else 9, 30, 50)
    world.bill("i-1", 2, 0, 30)
    world.collect(29)
    world.audit(29, idle())
    world.con.execute("DELETE FROM instances WHERE instance_id = 'i-1'")
    world.collect(30)
    world.audit(30)
    world.audit(50)
    row = world.realised(idle())
    assert (row["controls"], row["realised"]) == (5, monthly("2.4"))
    assert "of its family in its account" in row["note"]


def test_what_others_acted_upon_is_no_control(world: World) -> None:
    names = [f"i-{number}" for number in range(1, 8)]
    for name in names:
        world.machine(name)
        world.bill(name, 2, 0, 30)
        world.bill(name, 1, 30, 50)
    world.collect(29)
    found = [idle(name, rule="oversized-instance", action="resize") for name in names]
    world.audit(29, *found)
    world.con.execute("UPDATE instances SET instance_type = 'm5.large'")
    world.collect(30)
    world.audit(30)
    world.audit(50)
    assert [world.realised(one)["realised"] for one in found] == [monthly(1)] * 7
    assert world.realised(found[0])["controls"] == 0


def test_what_is_covered_by_a_commitment_is_told(world: World) -> None:
    gone_on_day_30(world)
    world.con.execute("UPDATE charges SET CommitmentDiscountId = 'sp-1' WHERE x_ResourceKey = 'i-1'")
    world.audit(50)
    assert "100% of its cost before was covered by a commitment" in world.realised(idle())["note"]


def test_amounts_of_long_ago_stay_as_they_were_measured(world: World) -> None:
    gone_on_day_30(world)
    world.audit(50)
    world.con.execute("TRUNCATE charges")
    world.collect(200)
    world.audit(200)
    assert world.realised(idle())["realised"] == monthly(2)
