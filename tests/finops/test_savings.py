"""From verdicts to money: what things cost, what an action leaves, what counts, and cents that add up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops.config import Rate
from finops.emissions import Grams, Parts
from finops.errors import InvariantError
from finops.model import Co2e, CurrencyTotals, Finding
from finops.pipeline.audit import _rates
from finops.pipeline.totals import currency_totals, overall
from finops.savings import Assessment, Priced, assess, invariants
from finops.savings.actions import Cell
from finops.savings.costs import AccountCost
from finops.savings.netting import Choice
from finops.savings.priced import finding_id
from finops.schema_comments import schema_sql
from finops.verdicts import Key, RuleFacts, Verdict
from rules.engine import rollups
from tests.effort import tries
from tests.shelf import rollups_of_nothing

AS_OF = datetime(2026, 11, 1)
Connection = duckdb.DuckDBPyConnection
HERE: dict[str, Any] = {"cloud": "aws", "account_id": "1", "region": "r"}
HOURS = Decimal(730)
# From 720 hours of October's bill to a month.
MONTH = Decimal(730) / Decimal(720)


@pytest.fixture(scope="module")
def empty() -> Iterator[Connection]:
    con = duckdb.connect(config={"threads": 1})
    con.execute("PRAGMA disable_optimizer")  # over a handful of rows it takes longer than it saves
    con.execute(schema_sql())
    rollups.prepare(con)
    with rollups_of_nothing():
        yield con
    con.close()


@pytest.fixture
def con(empty: Connection) -> Iterator[Connection]:
    """An empty warehouse in memory, whatever a test puts in is taken out again."""
    empty.begin()
    yield empty
    empty.rollback()


def put(con: Connection, table: str, *rows: dict[str, Any]) -> None:
    for row in rows:
        names = ", ".join(row)
        con.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()])


class World:
    """A warehouse to fill in the words of a test, and its assessment."""

    def __init__(self, con: Connection) -> None:
        self.con = con

    def machine(self, name: str = "i-1", **more: Any) -> None:
        row = {
            **HERE,
            "instance_id": name,
            "state": "running",
            "instance_type": "m5.xlarge",
            "purchase_model": "on_demand",
        }
        put(self.con, "instances", {**row, **more})

    def volume(self, name: str = "v-1", machine: str | None = None, **more: Any) -> None:
        row = {
            **HERE,
            "volume_id": name,
            "state": "attached" if machine else "unattached",
            "instance_id": machine,
        }
        put(
            self.con,
            "volumes",
            {**row, "volume_type": "gp3", "size_gib": 100, "delete_with_instance": True, **more},
        )

    def address(self, name: str = "e-1", machine: str | None = None, **more: Any) -> None:
        row = {**HERE, "ip_id": name, "state": "in_use" if machine else "unused", "resource_id": machine}
        put(self.con, "public_ips", {**row, **more})

    def listed(self, sku: str, price: str, unit: str = "hour", **more: Any) -> None:
        row = {
            "cloud": "aws",
            "region": "r",
            "sku": sku,
            "purchase_model": "on_demand",
            "unit": unit,
            "price": Decimal(price),
        }
        put(self.con, "prices", {**row, "currency": "USD", "as_of": AS_OF, "source": "test", **more})

    def spot(self, price: str, sku: str = "m5.xlarge", **more: Any) -> None:
        self.listed(
            sku,
            price,
            **{"purchase_model": "spot", "zone": "r-a", "as_of": datetime(2026, 10, 1), **more},
        )

    def price_list(self) -> None:
        self.listed("m5.large", "0.1")
        self.listed("m5.xlarge", "0.2")
        self.listed("gp2", "0.10", "GiB-month")
        self.listed("gp3", "0.08", "GiB-month")
        self.listed("gp3:iops", "0.005", "IOPS-month")
        self.listed("gp3:throughput", "0.04", "MiBps-month")
        self.listed("public_ip:unused", "0.005")
        self.listed("public_ip:in_use", "0.005")

    def bill(self, name: str | None, cost: str | Decimal, meter: str = "BoxUsage", **more: Any) -> None:
        """A charge for thirty days, 720 hours."""
        row = {
            "x_Cloud": "aws", "x_AccountId": "1", "x_ResourceKey": name, "RegionId": "r", "BillingCurrency": "USD",
            "ChargeCategory": "Usage", "ChargePeriodStart": datetime(2026, 10, 2), "ChargePeriodEnd": AS_OF,
            "x_Cost": Decimal(cost), "x_CostBasis": "effective", "x_Source": "test", "x_UsageType": meter,
        }  # fmt: skip
        put(self.con, "charges", {**row, **more})

    def assess(self, *verdicts: Verdict, min_savings: Decimal | None = None) -> Assessment:
        rollups.build(self.con, AS_OF)
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE judged (rule VARCHAR, cloud VARCHAR, account_id VARCHAR, region VARCHAR, "
            "resource_id VARCHAR, verdict VARCHAR, components VARCHAR)"
        )
        rows = [
            (one.rule.id, *one.key[:2], one.region, one.key.resource_id, "finding", ",".join(one.components))
            for one in verdicts
        ]
        if rows:
            marks = ", ".join(["unnest(?)"] * 7)
            self.con.execute(
                f"INSERT INTO judged SELECT {marks}", [list(column) for column in zip(*rows, strict=True)]
            )
        return assess(self.con, verdicts, AS_OF, min_savings)

    def price(self, verdict: Verdict) -> Priced:
        (one,) = self.assess(verdict).priced
        return one


@pytest.fixture
def world(con: Connection) -> World:
    return World(con)


def verdict(
    resource: str = "i-1", action: str = "terminate", components: str = "all", **more: Any
) -> Verdict:
    facts = RuleFacts(more.pop("rule", "a-rule"), "A rule", "unused", "low", "low", (), {})
    key = Key(more.pop("cloud", "aws"), more.pop("account", "1"), resource)
    given = {
        "region": "r",
        "resource_type": "instance",
        "reason": "It is.",
        "current": {},
        "proposed": {},
        "evidence": {},
    }
    return Verdict(facts, key, action=action, components=tuple(components.split(",")), **{**given, **more})  # type: ignore[arg-type]


def resize(**more: Any) -> Verdict:
    types = {"current": {"instance_type": "m5.xlarge"}, "proposed": {"instance_type": "m5.large"}}
    return verdict(action="resize", components="compute", **{"rule": "resize", **types, **more})


def to_gp3(size: float, current: str = "gp2", **proposed: Any) -> Verdict:
    return verdict(
        "v-1",
        "change-type",
        "storage,iops,throughput",
        resource_type="volume",
        current={"volume_type": current, "size_gib": size},
        proposed={"volume_type": "gp3", "size_gib": size, **proposed},
    )


def to_spot(**more: Any) -> Verdict:
    proposed = {"instance_type": "m5.xlarge", "zone": "r-a"}
    return verdict(action="spot", components="compute", **{"rule": "spot", "proposed": proposed, **more})


# ------------------------------------------------------------------------------------------- what it costs


def test_a_billed_machine_costs_what_the_bill_says(world: World) -> None:
    world.price_list()
    world.machine()
    world.bill("i-1", "100")
    one = world.price(verdict())
    assert (one.monthly_cost, one.monthly_savings, one.net_savings) == (Decimal("101.39"),) * 3
    assert (one.basis, one.currency, one.confidence, one.reasons) == ("billed", "USD", "high", [])
    assert one.saving == 100 * MONTH
    assert one.cost is not None
    assert (one.cost.billed, one.cost.hours) == (Decimal(100), Decimal(720))


def test_without_a_bill_it_costs_the_list_price_and_says_so(world: World) -> None:
    world.price_list()
    world.machine()
    one = world.price(verdict())
    assert (one.monthly_cost, one.net_savings) == (Decimal("146.00"), Decimal("146.00"))
    assert (one.basis, one.confidence, one.reasons) == ("list", "medium", ["at list prices"])


def test_what_the_bill_does_not_name_is_at_list_price_and_says_so(world: World) -> None:
    world.price_list()
    world.machine()
    world.bill("i-2", "100")
    result = world.assess(verdict())
    (one,) = result.priced
    assert (one.basis, one.monthly_savings, one.net_savings) == ("list", Decimal("146.00"), Decimal("0.00"))
    assert one.reasons == [
        "at list prices: the bill does not name it",
        "the bill does not hold these costs, so the total counts only what it could hold",
    ]
    assert [(account.basis, account.total) for account in result.accounts] == [("billed", 100 * MONTH)]


def test_list_prices_count_up_to_what_the_bill_does_not_attribute(world: World) -> None:
    world.price_list()
    world.machine()
    world.bill(None, "72")
    result = world.assess(verdict())
    (one,) = result.priced
    assert (one.monthly_savings, one.net_savings) == (Decimal("146.00"), Decimal("73.00"))
    assert one.confidence == "low"


def test_refunds_elsewhere_limit_what_the_account_can_save_and_stop_nothing(world: World) -> None:
    world.price_list()
    world.machine()
    world.bill("i-1", "72")
    world.bill(None, "-36")
    (one,) = world.assess(verdict()).priced
    assert (one.monthly_savings, one.net_savings) == (Decimal("73.00"), Decimal("36.50"))
    assert "refunds or discounts" in one.reasons[-1]


def test_what_nobody_prices_is_not_known_and_not_zero(world: World) -> None:
    world.machine()
    one = world.price(verdict())
    assert (one.monthly_cost, one.monthly_savings, one.net_savings, one.saving) == (None,) * 4
    assert (one.basis, one.currency, one.confidence) == ("none", None, "low")
    assert one.reasons == ["neither the bill nor a list price tells what it costs"]


def test_what_is_not_known_does_not_pass_a_least_saving(world: World) -> None:
    world.machine()
    assert world.assess(verdict(), min_savings=Decimal(0)).priced == []


def test_a_bill_that_does_not_tell_the_part_that_changes(world: World) -> None:
    """The saving is not known; it was left out as a saving of nothing."""
    world.price_list()
    world.machine()
    world.bill("i-1", "100", "Something")
    one = world.price(resize())
    assert (one.monthly_cost, one.monthly_savings, one.basis) == (Decimal("101.39"), None, "none")
    assert one.reasons == ["the bill does not tell which part of its cost this changes"]


@pytest.mark.parametrize(
    ("machine", "cost"),
    [
        ({"state": "running"}, "146.00"),
        ({"state": "stopped"}, "0.00"),
        ({"state": "other"}, "0.00"),
        ({"state": "stopped", "stopped_mode": "stop_charging"}, "0.00"),
        ({"state": "stopped", "stopped_mode": "keep_charging"}, "146.00"),
        # What was agreed for a term is not the price on demand.
        ({"state": "stopped", "purchase_model": "subscription"}, None),
        ({"state": "running", "purchase_model": "reserved"}, None),
    ],
)
def test_stopped_hours_cost_nothing_where_they_do_not(
    machine: dict[str, Any], cost: str | None, world: World
) -> None:
    world.price_list()
    world.machine(**machine)
    assert world.price(verdict()).monthly_cost == (Decimal(cost) if cost else None)


def test_the_hours_a_machine_ran_before_it_was_switched_off_are_no_saving(world: World) -> None:
    world.price_list()
    world.machine(state="stopped")
    world.bill("i-1", "36")
    world.bill("i-1", "7.2", "EBS:VolumeUsage")
    assert world.price(verdict()).net_savings == Decimal("7.30")


def test_a_windows_machine_costs_its_own_list_price(world: World) -> None:
    world.price_list()
    world.listed("m5.xlarge", "0.384", platform="windows")
    world.machine(platform="windows")
    world.machine("i-2", platform="linux")
    result = world.assess(verdict(), verdict("i-2"))
    assert [one.monthly_cost for one in result.priced] == [Decimal("280.32"), Decimal("146.00")]


def test_a_spot_machine_costs_its_spot_price(world: World) -> None:
    world.price_list()
    world.spot("0.05")
    world.machine(purchase_model="spot", zone="r-a")
    world.machine("i-2", purchase_model="spot", zone="r-b")
    known, unknown = world.assess(verdict(), verdict("i-2")).priced
    assert known.monthly_cost == Decimal("36.50")
    assert unknown.monthly_cost is None


@pytest.mark.parametrize(
    ("volume", "cost"),
    [
        ({}, "8.00"),
        ({"iops": 3000, "throughput_mib": 125}, "8.00"),
        ({"iops": 4000, "throughput_mib": 225}, "17.00"),  # 1,000 operations and 100 MiB more than included
        ({"volume_type": "gp2", "iops": 300}, "10.00"),  # gp2 has its operations from its size
        ({"volume_type": "io1", "iops": 1000}, "77.50"),
        ({"volume_type": "io1", "iops": None}, None),  # everything is provisioned, and how much is not known
        ({"volume_type": "st1"}, None),
        ({"volume_type": None}, None),
        ({"size_gib": None}, None),
        ({"volume_type": "cloud_essd", "performance_level": "PL1"}, "14.00"),
        ({"volume_type": "cloud_essd", "performance_level": "PL3"}, None),
    ],
)
def test_a_volume_costs_its_parts(volume: dict[str, Any], cost: str | None, world: World) -> None:
    world.price_list()
    world.listed("io1", "0.125", "GiB-month")
    world.listed("io1:iops", "0.065", "IOPS-month")
    world.listed("cloud_essd.PL1", "0.14", "GiB-month")
    world.volume(**volume)
    one = world.price(verdict("v-1", "delete", resource_type="volume"))
    assert one.monthly_cost == (None if cost is None else Decimal(cost))


def test_a_resource_that_is_billed_in_two_currencies_counts_the_larger_one(world: World) -> None:
    world.bill("i-1", "72")
    world.bill("i-1", "7.2", BillingCurrency="CNY")
    one = world.price(verdict())
    assert (one.monthly_cost, one.currency, one.confidence) == (Decimal("73.00"), "USD", "medium")
    assert one.reasons == ["it is billed in several currencies, of which one is counted"]


def test_an_account_is_billed_in_each_of_its_currencies(world: World) -> None:
    world.bill("i-1", "72")
    world.bill("i-2", "7.2", BillingCurrency="CNY", x_CostBasis="billed")
    accounts = world.assess().accounts
    assert [(one.currency, round(one.total, 20), one.note is None) for one in accounts] == [
        ("CNY", Decimal("7.3"), False),
        ("USD", Decimal("73"), True),
    ]


def test_an_account_without_a_bill_costs_its_inventory(world: World) -> None:
    world.price_list()
    world.machine()
    world.machine("i-2", instance_type="x9.weird")
    world.volume()
    (account,) = world.assess(verdict()).accounts
    assert (account.basis, account.total, account.judged) == ("list", Decimal("154.00"), Decimal("146.0"))
    assert account.note == "list prices: no bill is loaded"


# -------------------------------------------------------------------------------------- what an action leaves


def test_a_resize_keeps_the_discount_of_the_bill(world: World) -> None:
    """Half the list price is half of what was paid, whatever discount that was."""
    world.price_list()
    world.machine()
    world.bill("i-1", "72")
    one = world.price(resize())
    assert (one.monthly_cost, one.monthly_savings) == (Decimal("73.00"), Decimal("36.50"))
    assert one.verdict.evidence == {"list_price_now": 146.0, "list_price_then": 73.0}


def test_a_resize_changes_the_machine_only(world: World) -> None:
    world.price_list()
    world.machine()
    world.bill("i-1", "72")
    world.bill("i-1", "7.2", "DataTransfer-Regional-Bytes")
    one = world.price(resize())
    assert (one.monthly_cost, one.monthly_savings) == (Decimal("80.30"), Decimal("36.50"))
    assert set(one.before) == {Cell(Key("aws", "1", "i-1"), "compute")}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"proposed": {"instance_type": "m5.tiny"}}, "there is no list price for m5.tiny in r"),
        ({"current": {"instance_type": "m5.huge"}}, "there is no list price for m5.huge in r"),
        ({"proposed": {"instance_type": "m5.euro"}}, "the list prices are in USD and EUR"),
        ({"current": {"instance_type": "m5.free"}}, "there is no list price for m5.free in r"),
    ],
)
def test_a_resize_without_both_prices_is_not_known(more: dict[str, Any], reason: str, world: World) -> None:
    world.price_list()
    world.listed("m5.euro", "0.1", currency="EUR")
    world.listed("m5.free", "0")
    world.machine()
    world.bill("i-1", "72")
    one = world.price(resize(**more))
    assert (one.monthly_cost, one.monthly_savings, one.net_savings) == (Decimal("73.00"), None, None)
    assert (one.basis, one.confidence, one.reasons) == ("none", "low", [reason])


def test_a_change_of_rate_that_saves_nothing_is_not_worth_a_word(world: World) -> None:
    world.price_list()
    world.machine()
    same = {"proposed": {"instance_type": "m5.xlarge"}}
    dearer = {"current": {"instance_type": "m5.large"}, "proposed": {"instance_type": "m5.xlarge"}}
    assert world.assess(resize(**same)).priced == []
    assert world.assess(resize(**dearer)).priced == []


@pytest.mark.parametrize(
    ("size", "proposed", "saving"),
    [
        (100, {"iops": 3000, "throughput_mib": 125}, "2.00"),
        (1500, {"iops": 4500, "throughput_mib": 250}, "17.50"),  # 150 − (120 + 7.50 + 5)
        (200, {"iops": 3000, "throughput_mib": 250}, None),  # 20 − (16 + 5): dearer
        (250, {"iops": 3000, "throughput_mib": 250}, None),  # 25 − (20 + 5): the same
    ],
)
def test_gp3_is_priced_with_what_must_be_provisioned(
    size: float, proposed: dict[str, Any], saving: str | None, world: World
) -> None:
    world.price_list()
    world.volume(volume_type="gp2", size_gib=size)
    priced = world.assess(to_gp3(size, **proposed)).priced
    assert [one.monthly_savings for one in priced] == ([] if saving is None else [Decimal(saving)])


def test_an_unknown_price_of_a_part_makes_the_whole_unknown(world: World) -> None:
    world.listed("gp2", "0.10", "GiB-month")
    world.listed("gp3", "0.08", "GiB-month")
    world.volume(volume_type="gp2", size_gib=1500)
    one = world.price(to_gp3(1500, iops=4500))
    assert (one.monthly_cost, one.monthly_savings) == (Decimal("150.00"), None)
    assert one.reasons == ["there is no list price for gp3 in r"]


def test_spot_saves_by_the_history_of_its_zone(world: World) -> None:
    world.price_list()
    world.spot("0.05")
    world.machine(zone="r-a")
    world.bill("i-1", "72")
    # Half a dollar a day off the list; the spot price stays what it is: 73.00 now, 36.50 as spot.
    assert world.price(to_spot()).monthly_savings == Decimal("36.50")
    one = world.price(to_spot(proposed={"instance_type": "m5.xlarge", "zone": "r-b"}))
    assert (one.monthly_savings, one.reasons) == (None, ["there is no spot price for m5.xlarge in r-b"])


def test_spot_of_a_region_holds_in_every_zone(world: World) -> None:
    world.price_list()
    world.spot("0.05", zone=None)
    world.machine(zone="r-c")
    assert world.price(
        to_spot(proposed={"instance_type": "m5.xlarge", "zone": "r-c"})
    ).monthly_savings == Decimal("109.50")


def test_spot_of_windows_is_the_spot_price_of_windows(world: World) -> None:
    world.price_list()
    world.listed("m5.xlarge", "0.4", platform="windows")
    world.spot("0.05")
    world.spot("0.3", platform="windows")
    world.machine(zone="r-a", platform="windows")
    one = world.price(to_spot(current={"platform": "windows"}))
    assert (one.monthly_cost, one.monthly_savings) == (Decimal("292.00"), Decimal("73.00"))


def test_removing_what_costs_nothing_is_still_told(world: World) -> None:
    world.price_list()
    world.machine(state="stopped")
    one = world.price(verdict())
    assert (one.monthly_savings, one.net_savings, one.choice.counted) == (
        Decimal("0.00"),
        Decimal("0.00"),
        True,
    )


def test_a_refund_in_the_window_makes_the_saving_unknown(world: World) -> None:
    world.bill("i-1", "72")
    world.bill("i-1", "-144", ChargeClass="Correction")
    world.bill("i-2", "720")
    one = world.price(verdict())
    assert (one.monthly_cost, one.monthly_savings, one.net_savings) == (Decimal("-73.00"), None, None)
    assert one.reasons == ["what it was charged in this window is negative, as after a refund"]


@pytest.mark.parametrize(("committed", "told"), [("7.1", False), ("7.2", False), ("7.3", True), ("72", True)])
def test_a_commitment_that_goes_on_lowers_the_confidence_and_says_so(
    committed: str, told: bool, world: World
) -> None:
    world.bill("i-1", committed, CommitmentDiscountId="sp-1", CommitmentDiscountStatus="Used")
    if committed != "72":
        world.bill("i-1", Decimal(72) - Decimal(committed))
    one = world.price(verdict())
    assert one.net_savings == Decimal("73.00")
    assert one.confidence == ("low" if told else "high")
    share = "100%" if committed == "72" else "10%"
    sentence = f"{share} of its cost is covered by a commitment that is paid whether it is used or not"
    assert one.reasons == ([sentence] if told else [])


def test_the_rules_own_doubt_comes_first(world: World) -> None:
    world.price_list()
    world.machine()
    one = world.price(verdict(confidence="low", confidence_reasons=("the data is short",)))
    assert (one.confidence, one.reasons) == ("low", ["the data is short", "at list prices"])


# --------------------------------------------------------------------------------------------- children


def test_a_machine_goes_with_what_the_cloud_deletes_with_it(world: World) -> None:
    world.machine()
    world.volume("boot", "i-1")
    world.volume("data", "i-1", delete_with_instance=False)
    world.address("e-1", "i-1")
    for name, cost, meter in (
        ("i-1", "72", "BoxUsage"),
        ("boot", "7.2", "EBS:VolumeUsage"),
        ("data", "3.6", "EBS:VolumeUsage"),
        ("e-1", "1.44", "PublicIPv4:InUseAddress"),
    ):
        world.bill(name, cost, meter)
    dependents, attached = (
        world.price(verdict(components=f"all,{kind}")) for kind in ("dependents", "attached")
    )
    assert (dependents.monthly_cost, attached.monthly_cost) == (Decimal("80.30"), Decimal("85.41"))
    assert {cell.key.resource_id for cell in attached.before} == {"i-1", "boot", "data", "e-1"}


def test_a_child_of_a_removed_parent_is_counted_once(world: World) -> None:
    world.machine()
    world.volume("boot", "i-1")
    world.bill("i-1", "72")
    world.bill("boot", "7.2", "EBS:VolumeUsage")
    parent, child = world.assess(
        verdict(components="all,dependents"), verdict("boot", "delete", rule="b-rule", resource_type="volume")
    ).priced
    assert (parent.net_savings, child.net_savings) == (Decimal("80.30"), Decimal("0.00"))
    assert (child.monthly_savings, child.choice.superseded_by) == (Decimal("7.30"), parent.id)
    assert parent.choice.group == child.choice.group


def test_a_child_that_is_billed_under_its_parents_id_is_not_counted_twice(world: World) -> None:
    """Alibaba bills system disks under the instance: the inventory's disk is that charge, at list price."""
    world.price_list()
    world.machine()
    world.volume("boot", "i-1")
    world.bill("i-1", "72")
    world.bill("i-1", "7.2", "EBS:VolumeUsage")
    one = world.price(verdict(components="all,dependents"))
    assert (one.monthly_cost, one.basis, one.reasons) == (Decimal("80.30"), "billed", [])


def test_a_machine_that_is_off_is_not_billed_and_its_volumes_are(world: World) -> None:
    world.price_list()
    world.machine(state="stopped")
    world.volume("boot", "i-1")
    world.bill("boot", "7.2", "EBS:VolumeUsage")
    one = world.price(verdict(components="all,attached"))
    assert (one.monthly_cost, one.net_savings) == (Decimal("7.30"), Decimal("7.30"))
    assert (one.basis, one.confidence, one.reasons) == ("billed", "high", [])


def test_a_machine_that_is_off_with_a_volume_that_no_bill_names(world: World) -> None:
    world.price_list()
    world.machine(state="stopped")
    world.volume("boot", "i-1")
    world.volume("data", "i-1")
    world.bill("boot", "7.2", "EBS:VolumeUsage")
    result = world.assess(verdict(components="all,attached"), verdict("boot", "delete", rule="b-rule"))
    one = result.priced[0]
    assert (one.monthly_cost, one.basis) == (Decimal("15.30"), "list")
    assert {cell.key.resource_id for cell in one.listed} == {"i-1", "data"}
    assert (one.monthly_savings, one.net_savings) == (Decimal("15.30"), Decimal("7.30"))
    # The account may save its bill and not a cent more.
    with pytest.raises(InvariantError, match=r"account 1 \(7\.31 USD\) are more than it costs \(7\.30 USD\)"):
        invariants.check(
            [changed(one, net_savings=Decimal("7.31"), monthly_cost=Decimal("99.00"))], result.accounts
        )


def test_a_child_that_nobody_prices_lowers_the_confidence(world: World) -> None:
    world.machine()
    world.volume("boot", "i-1")
    world.bill("i-1", "72")
    one = world.price(verdict(components="all,dependents"))
    assert (one.monthly_cost, one.confidence) == (Decimal("73.00"), "medium")
    assert one.reasons == ["the cost of boot, which goes with it, is not known"]


def test_a_child_in_another_currency_is_left_out_and_told(world: World) -> None:
    world.machine()
    world.volume("boot", "i-1")
    world.bill("i-1", "72")
    world.bill("boot", "7.2", "EBS:VolumeUsage", BillingCurrency="CNY")
    one = world.price(verdict(components="all,dependents"))
    assert (one.monthly_cost, one.currency, one.confidence) == (Decimal("73.00"), "USD", "medium")
    assert one.reasons == ["the cost of boot, which goes with it, is in CNY"]


def test_the_same_id_in_two_accounts_is_two_resources(world: World) -> None:
    world.machine()
    world.volume("boot", "i-1", account_id="2")
    world.bill("i-1", "72")
    world.bill("i-1", "36", x_AccountId="2")
    world.bill("boot", "7.2", "EBS:VolumeUsage", x_AccountId="2")
    one, other = world.assess(
        verdict(components="all,dependents"), verdict(account="2", components="all,dependents")
    ).priced
    assert (one.net_savings, other.net_savings) == (Decimal("73.00"), Decimal("43.80"))
    assert one.id != other.id


# ---------------------------------------------------------------------------------------------- what counts


def test_alternatives_on_one_machine_exclude_each_other_and_traffic_does_not(world: World) -> None:
    world.price_list()
    world.spot("0.025")
    world.machine(zone="r-a")
    world.bill("i-1", "72")
    world.bill("i-1", "7.2", "DataTransfer-Regional-Bytes")
    move = verdict(action="move", components="cross_zone", rule="move")
    smaller, spot, moved = world.assess(resize(), to_spot(), move).priced
    assert [one.monthly_savings for one in (smaller, spot, moved)] == [
        Decimal("36.50"),
        Decimal("54.75"),
        Decimal("7.30"),
    ]
    assert [one.net_savings for one in (smaller, spot, moved)] == [
        Decimal("0.00"),
        Decimal("54.75"),
        Decimal("7.30"),
    ]
    assert smaller.choice == Choice(False, spot.id, spot.choice.group)
    assert moved.choice == Choice(True)


def test_a_schedule_saves_the_hours_that_it_leaves_out(world: World) -> None:
    world.price_list()
    world.machine()
    world.bill("i-1", "72")
    office = verdict(action="schedule", components="compute", proposed={"hours_a_week": 50})
    assert world.price(office).monthly_savings == Decimal("51.27")  # 118 of 168 hours of 73.00
    vague = world.price(verdict(action="schedule", components="compute"))
    assert vague.monthly_savings is None
    assert vague.reasons == ["the rule does not say how many hours of a week it would run"]


def test_a_smaller_size_bought_as_spot_counts_as_one_chain(world: World) -> None:
    """73.00 at half the size are 36.50, and 730 hours of the smaller size as spot are 7.30: never 36.50 and 54.75."""
    world.price_list()
    world.spot("0.025")
    world.spot("0.01", sku="m5.large")
    world.machine(zone="r-a")
    world.bill("i-1", "72")
    smaller, spot = world.assess(resize(), to_spot()).priced
    assert [one.monthly_savings for one in (smaller, spot)] == [Decimal("36.50"), Decimal("54.75")]
    assert [one.net_savings for one in (smaller, spot)] == [Decimal("36.50"), Decimal("29.20")]
    assert spot.choice.follows == (smaller.id,)
    assert smaller.choice.group == spot.choice.group


def test_shares_that_add_up_to_more_than_a_machine_costs_are_counted_once(world: World) -> None:
    """Spot, another processor, a third, a newer generation: 55, 20, 10 and 30 % of one machine are not 115 %."""
    world.price_list()
    world.spot("0.09")
    for sku, price in (("m6g.xlarge", "0.16"), ("m6a.xlarge", "0.18"), ("m7i.large", "0.14")):
        world.listed(sku, price)
        world.spot(str(Decimal(price) / 2), sku=sku)
    world.machine(zone="r-a")
    world.bill("i-1", "144")
    moves = [
        resize(rule=sku, proposed={"instance_type": sku}) for sku in ("m6g.xlarge", "m6a.xlarge", "m7i.large")
    ]
    priced = world.assess(to_spot(), *moves).priced
    gross = sum((one.monthly_savings or Decimal(0) for one in priced), Decimal(0))
    net = sum((one.net_savings or Decimal(0) for one in priced), Decimal(0))
    assert gross == Decimal("167.90")
    assert net == Decimal("94.90")  # to m7i.large, and that as spot: 146.00 to 51.10
    assert [one.verdict.rule.id for one in priced if one.choice.counted] == ["spot", "m7i.large"]


def test_a_rule_that_excludes_another_does_so_on_one_machine_only(world: World) -> None:
    world.price_list()
    for name in ("i-1", "i-2"):
        world.machine(name)
        world.bill(name, "72")
        world.bill(name, "7.2", "DataTransfer-Regional-Bytes")
    moves = [verdict(name, "move", "cross_zone", rule="move") for name in ("i-1", "i-2")]
    facts = RuleFacts("resize", "A rule", "oversized", "low", "low", (), {}, excludes=("move",))
    smaller, *moved = world.assess(replace(resize(), rule=facts), *moves).priced
    assert [one.net_savings for one in (smaller, *moved)] == [
        Decimal("36.50"),
        Decimal("0.00"),
        Decimal("7.30"),
    ]


def test_a_removal_beats_what_it_contains(world: World) -> None:
    world.price_list()
    world.machine()
    world.bill("i-1", "72")
    world.bill("i-1", "7.2", "DataTransfer-Regional-Bytes")
    move = verdict(action="move", components="cross_zone", rule="move")
    removed, smaller, moved = world.assess(verdict(), resize(), move).priced
    assert [one.net_savings for one in (removed, smaller, moved)] == [
        Decimal("80.30"),
        Decimal("0.00"),
        Decimal("0.00"),
    ]


def test_what_has_no_price_neither_counts_nor_stands_in_the_way(world: World) -> None:
    world.price_list()
    world.machine()
    unknown, known = world.assess(
        resize(rule="a", proposed={"instance_type": "m5.tiny"}), resize(rule="b")
    ).priced
    assert (unknown.choice, known.choice) == (Choice(False), Choice(True))
    assert (unknown.net_savings, known.net_savings) == (None, Decimal("73.00"))


def test_a_least_saving_is_netted_anew(world: World) -> None:
    """Two small ones win together against a large one; when they are filtered out, the large one counts."""
    world.price_list()
    world.spot("0.0525")
    world.machine(zone="r-a")
    world.bill("i-1", "72")
    world.bill("i-1", "7.2", "DataTransfer-Regional-Bytes")
    large = verdict(
        action="resize", components="compute,cross_zone", rule="large",
        current={"instance_type": "m5.xlarge"}, proposed={"instance_type": "m5.large"},
    )  # fmt: skip
    all_three = (large, to_spot(), verdict(action="move", components="cross_zone", rule="move"))
    assert [one.net_savings for one in world.assess(*all_three).priced] == [
        Decimal("0.00"),
        Decimal("34.68"),
        Decimal("7.30"),
    ]
    (one,) = world.assess(*all_three, min_savings=Decimal(35)).priced
    assert (one.verdict.rule.id, one.net_savings, one.choice) == ("large", Decimal("40.15"), Choice(True))
    assert world.assess(*all_three, min_savings=Decimal("40.16")).priced == []


def test_the_order_of_verdicts_changes_nothing(world: World) -> None:
    world.price_list()
    world.spot("0.05")
    world.machine(zone="r-a")
    world.volume("boot", "i-1")
    verdicts = [
        verdict(components="all,dependents"),
        resize(),
        to_spot(),
        verdict("boot", "delete", rule="b-rule"),
    ]
    forward, backward = (
        {one.id: one for one in world.assess(*some).priced} for some in (verdicts, verdicts[::-1])
    )
    assert {name: (one.net_savings, one.choice) for name, one in forward.items()} == {
        name: (one.net_savings, one.choice) for name, one in backward.items()
    }


def test_an_id_is_the_same_in_every_run_and_on_every_machine() -> None:
    assert finding_id("idle-instance", Key("aws", "012345678901", "i-1")) == "ee0d6b75858c9ce9"


# ------------------------------------------------------------------------------------------------- cents

AMOUNTS = st.decimals(Decimal("0"), Decimal("3"), places=4)
RESOURCES = st.lists(
    st.tuples(AMOUNTS, AMOUNTS, st.sampled_from(("terminate", "resize", "both"))), min_size=1, max_size=12
)


@settings(max_examples=tries(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RESOURCES, st.sampled_from(("0.0999", "0.0667", "0.05")))
def test_parts_are_never_more_than_the_whole(
    empty: Connection, resources: list[tuple[Decimal, Decimal, str]], smaller: str
) -> None:
    """Any amounts: the net of a resource is at most its cost, of an account at most its bill, all in cents."""
    empty.begin()
    try:
        world = World(empty)
        world.listed("m5.large", smaller)
        world.listed("m5.xlarge", "0.1")
        verdicts = []
        for number, (compute, traffic, kind) in enumerate(resources):
            name = f"i-{number}"
            world.machine(name)
            world.bill(name, compute)
            world.bill(name, traffic, "DataTransfer-Regional-Bytes")
            verdicts += [resize(resource=name)] if kind != "terminate" else []
            verdicts += [verdict(name, "move", "cross_zone", rule="move")] if kind != "terminate" else []
            verdicts += [verdict(name)] if kind != "resize" else []
        result = world.assess(*verdicts)
    finally:
        empty.rollback()
    check_sums(result)


def check_sums(result: Assessment) -> None:
    (account,) = result.accounts
    total = account.total.quantize(Decimal("0.01"))
    net = sum((one.net_savings or Decimal(0) for one in result.priced), Decimal(0))
    assert net <= total
    for one in result.priced:
        assert one.net_savings is not None
        assert one.monthly_savings is not None
        assert Decimal(0) <= one.net_savings <= one.monthly_savings <= (one.monthly_cost or 0)
        assert abs(one.monthly_savings - (one.saving or 0)) < Decimal("0.01")
    (totals,) = currency_totals(result.accounts, [finding_of(one) for one in result.priced]).values()
    assert totals.net_monthly_savings == net
    assert totals.monthly_cost == total


def finding_of(one: Priced, **more: Any) -> Finding:
    """The little of a finding that totals look at."""
    return Finding.model_construct(
        **{
            "cloud": one.verdict.key.cloud, "account": one.verdict.key.account_id, "currency": one.currency,
            "resource_id": one.verdict.key.resource_id, "monthly_savings": one.monthly_savings,
            "net_monthly_savings": one.net_savings, "superseded_by": one.choice.superseded_by, "co2e": Co2e(), **more,
        }
    )  # fmt: skip


@pytest.mark.parametrize("amount", ["0.0060", "0.0050", "0.0149"])
def test_thousands_of_amounts_below_a_cent_add_up(amount: str, world: World) -> None:
    """Each of 2,000 rounds up on its own; together they would promise more than the account costs."""
    cost = Decimal(amount) / MONTH
    world.con.execute(
        "INSERT INTO charges (x_Cloud, x_AccountId, x_ResourceKey, RegionId, BillingCurrency, ChargeCategory, "
        "ChargePeriodStart, ChargePeriodEnd, x_Cost, x_CostBasis, x_Source, x_UsageType) "
        "SELECT 'aws', '1', 'v-' || i, 'r', 'USD', 'Usage', DATE '2026-10-02', DATE '2026-11-01', ?, 'effective', 'test', "
        "'EBS:VolumeUsage' FROM range(2000) AS n (i)",
        [cost],
    )
    result = world.assess(
        *(verdict(f"v-{number}", "delete", resource_type="volume") for number in range(2000))
    )
    check_sums(result)
    net = sum((one.net_savings or Decimal(0) for one in result.priced), Decimal(0))
    # Rounded down each on its own they may be less than the total, but never by a cent each.
    assert net <= Decimal(amount) * 2000
    assert net >= (Decimal(amount) * 2000).quantize(Decimal("0.01")) or all(
        (one.net_savings or 0) <= (one.saving or 0) for one in result.priced
    )


# -------------------------------------------------------------------------------------------- promises


def changed(one: Priced, **more: Any) -> Priced:
    for name, value in more.items():
        setattr(one, name, value)
    return one


@pytest.fixture
def assessed(world: World) -> Assessment:
    """Two machines at 73.00 each, one of them removed and one halved."""
    world.price_list()
    for name in ("i-1", "i-2"):
        world.machine(name)
        world.bill(name, "72")
    return world.assess(verdict(), resize(resource="i-2"))


def test_a_sound_assessment_keeps_its_promises(assessed: Assessment) -> None:
    invariants.check(assessed.priced, assessed.accounts)


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a net above the cost of its resource": ({"net_savings": Decimal("73.01")}, "The net savings of resource i-1 (73.01 USD) are more than it costs (73.00 USD)."),
    "a net above the cost of its account": ({"net_savings": Decimal("146.00"), "monthly_cost": Decimal("500.00")}, "The net savings of account 1 (182.50 USD) are more than it costs (146.00 USD)."),
    "a net in an account that costs nothing": ({"currency": "EUR"}, "The net savings of account 1 (73.00 EUR) are more than it costs (0.00 EUR)."),
    "a cost that is no whole cents": ({"monthly_cost": Decimal("73.001")}, "is not whole cents."),
    "a saving that is no whole cents": ({"monthly_savings": Decimal("72.999")}, "is not whole cents."),
    "a net that is no whole cents": ({"net_savings": Decimal("72.999")}, "is not whole cents."),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_a_bug_and_told(name: str, assessed: Assessment) -> None:
    more, sentence = BROKEN[name]
    changed(assessed.priced[0], **more)
    with pytest.raises(InvariantError) as caught:
        invariants.check(assessed.priced, assessed.accounts)
    assert sentence in str(caught.value)
    assert caught.value.exit_code == 70


def test_a_piece_of_cost_that_counts_twice_is_a_bug_and_told(assessed: Assessment) -> None:
    one, other = assessed.priced
    changed(other, before=dict(one.before), choice=Choice(True, taken=dict(one.choice.taken)))
    with pytest.raises(InvariantError, match=f"is counted by the findings {one.id} and {other.id}"):
        invariants.check(assessed.priced, assessed.accounts)
    changed(other, choice=Choice(False), net_savings=Decimal("0.00"))
    invariants.check(assessed.priced, assessed.accounts)


# ------------------------------------------------------------------------------------------------ totals


def account(currency: str, total: str, judged: str = "0") -> AccountCost:
    return AccountCost("aws", "1", currency, "billed", Decimal(total), Decimal(judged), Decimal(total))


def saving(currency: str | None, gross: str | None, net: str | None, **more: Any) -> Finding:
    money = {
        "currency": currency,
        "monthly_savings": gross and Decimal(gross),
        "net_monthly_savings": net and Decimal(net),
    }
    names = {"cloud": "aws", "account": "1", "resource_id": "i-1", "superseded_by": None, "co2e": Co2e()}
    return Finding.model_construct(**{**names, **money, **more})


USD_AND_CNY = (
    [account("USD", "100", "50"), account("CNY", "700", "700")],
    [
        saving("USD", "10", "10"),
        saving("USD", "6", "0.00"),
        saving("CNY", "70", "70"),
        saving(None, None, None),
    ],
)


def test_totals_of_each_currency_are_the_sums_of_its_rows() -> None:
    totals = currency_totals(*USD_AND_CNY)
    assert list(totals) == ["CNY", "USD"]
    assert totals["USD"] == CurrencyTotals(
        monthly_cost=Decimal(100), gross_monthly_savings=Decimal(16), net_monthly_savings=Decimal(10), net_low=None,
        net_high=None, evaluated_cost_share=0.5, findings=2,
    )  # fmt: skip
    assert (totals["CNY"].net_monthly_savings, totals["CNY"].evaluated_cost_share) == (Decimal(70), 1.0)


def test_totals_over_currencies_need_a_rate() -> None:
    by_currency = currency_totals(*USD_AND_CNY)
    totals = overall(by_currency, USD_AND_CNY[1], 3, "USD", {}, None)
    assert (totals.monthly_cost, totals.gross_monthly_savings, totals.net_monthly_savings) == (
        None,
        None,
        None,
    )
    assert (totals.evaluated_cost_share, totals.findings, totals.not_evaluated) == (None, 4, 3)


def test_totals_over_currencies_with_a_rate() -> None:
    by_currency = currency_totals(*USD_AND_CNY)
    totals = overall(by_currency, USD_AND_CNY[1], 0, "USD", {"CNY": Decimal("0.14")}, None)
    assert totals.monthly_cost == Decimal("198.00")
    assert totals.gross_monthly_savings == Decimal("25.80")
    assert totals.net_monthly_savings == Decimal("19.80")
    assert totals.evaluated_cost_share == round((50 + 98) / 198, 4)


def test_totals_in_a_third_currency_need_both_rates() -> None:
    by_currency = currency_totals(*USD_AND_CNY)
    assert overall(by_currency, [], 0, "EUR", {"CNY": Decimal("0.13")}, None).monthly_cost is None
    both = {"CNY": Decimal("0.13"), "USD": Decimal("0.9")}
    assert overall(by_currency, [], 0, "EUR", both, None).monthly_cost == Decimal("181.00")


def test_totals_of_nothing_are_not_known() -> None:
    assert currency_totals([], []) == {}
    totals = overall({}, [], 0, None, {}, None)
    assert (totals.monthly_cost, totals.net_monthly_savings, totals.co2e_saved_kg) == (None, None, None)


def test_totals_of_a_currency_in_which_nothing_is_billed() -> None:
    totals = currency_totals([account("CNY", "700")], [saving("USD", "5", "5")])
    assert (totals["USD"].monthly_cost, totals["USD"].net_monthly_savings) == (None, Decimal(5))
    assert overall(totals, [], 0, "USD", {"CNY": Decimal("0.14")}, None).monthly_cost is None


@pytest.mark.parametrize(("total", "judged", "share"), [("0.006", "0.006", 1.0), ("0.014", "0.014", 1.0), ("90", "45", 0.5), ("0", "0", None), ("-5", "0", None)])  # fmt: skip
def test_a_share_is_of_the_exact_cost_and_never_above_one(
    total: str, judged: str, share: float | None
) -> None:
    assert currency_totals([account("USD", total, judged)], [])["USD"].evaluated_cost_share == share


def test_emissions_saved_are_the_sum_of_what_counts_to_the_gram() -> None:
    def told(kg: float | None) -> Co2e:
        ends = ("_low", "", "_high")
        return Co2e(
            saved_kg=9.0,
            net_saved_kg=kg,
            **{f"net_saved_operational{end}_kg": kg for end in ends if kg is not None},
        )

    findings = [saving("USD", "10", "10", co2e=told(kg)) for kg in (0.1, 0.2, 0.0, None)]
    emitted = Parts(Grams(300, 300, 300), Grams(0, 1, 2))
    totals = overall({}, findings, 0, None, {}, emitted)
    assert (totals.co2e_saved_kg, totals.co2e_saved_operational_high_kg, totals.co2e_saved_embodied_kg) == (
        0.3,
        0.3,
        0,
    )
    assert (totals.monthly_co2e_low_kg, totals.monthly_co2e_kg, totals.monthly_co2e_high_kg) == (
        0.3,
        0.301,
        0.302,
    )
    with pytest.raises(InvariantError, match="than the estate emits"):
        overall({}, findings, 0, None, {}, Parts(Grams(299, 299, 299)))


def rate(base: str, quote: str, factor: str, day: date) -> Rate:
    return Rate.model_validate({"from": base, "to": quote, "rate": factor, "date": day})


def test_the_latest_rate_holds_in_either_direction() -> None:
    rates = [
        rate("CNY", "USD", "0.14", date(2026, 10, 1)),
        rate("CNY", "USD", "0.13", date(2026, 9, 1)),
        rate("USD", "EUR", "0.8", date(2026, 10, 1)),
        rate("GBP", "CNY", "9", date(2026, 10, 1)),
    ]
    assert _rates(rates, "USD") == {"CNY": Decimal("0.14"), "EUR": Decimal("1.25")}
    assert _rates(rates, "EUR") == {"USD": Decimal("0.8")}
    assert _rates(rates, "JPY") == {}
    assert _rates([], None) == {}
