"""Carbon netted as money is: what counts, each gram once, never more than is emitted; the estate and its sources."""

import functools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops import carbon
from finops.carbon import Emissions, Running, Spec, Unknown
from finops.emissions import (
    Footprints,
    Grams,
    Parts,
    carbon_method,
    check_total,
    co2e,
    footprint_lines,
    net_savings,
    saved_in_all,
    total_of,
)
from finops.emissions.counting import check_saved
from finops.errors import InvariantError
from finops.model import Action, Exemption
from finops.savings.actions import Cell
from finops.savings.estate import Address, Estate, Instance, Volume
from finops.savings.netting import Choice
from finops.savings.priced import Priced
from finops.verdicts import Key, RuleFacts, Verdict

NOBODY = Exemption(owner="Ann", reason="why not", expires_at="2027-01-01", source="a file")  # type: ignore[arg-type]
SMALLER = {"instance_type": "m5.2xlarge", "vcpu": 8, "memory_gib": 32}


def key(name: str) -> Key:
    return Key("aws", "1", name)


def machine(
    name: str = "i-1", state: str = "running", kind: str = "m5.4xlarge", region: str = "us-east-1"
) -> Instance:
    return Instance(
        key(name), region, None, name, state, kind, None, "on_demand", None, None, 16, 64, 0, None, "x86_64"
    )


def volume(
    name: str = "v-1", size: float = 500, machine: str | None = None, medium: str | None = "hdd"
) -> Volume:
    return Volume(
        key(name), "us-east-1", None, name, "st1", None, medium, size, None, None, machine, True, None, None, False
    )  # fmt: skip


@functools.cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def footprints(*resources: Instance | Volume | Address, cpu: float | None = 0.08) -> Footprints:
    con = connection()
    con.execute(
        "CREATE OR REPLACE TABLE usage (cloud TEXT, account_id TEXT, resource_id TEXT, metric TEXT, avg DOUBLE)"
    )
    estate = Estate()
    for one in resources:
        estate.resources[one.key] = one
        if isinstance(one, Volume) and one.instance_id:
            estate.dependents[key(one.instance_id)].append(one.key)
        if isinstance(one, Instance) and cpu is not None:
            con.execute("INSERT INTO usage VALUES (?, ?, ?, 'cpu_utilization', ?)", [*one.key, cpu])
    return Footprints(con, estate)


def finding(
    name: str,
    action: Action,
    resource: str = "i-1",
    *,
    counted: bool = True,
    priced: bool = True,
    exempt: bool = False,
    components: Sequence[str] = ("all", "dependents"),
    current: dict[str, Any] | None = None,
    proposed: dict[str, Any] | None = None,
) -> Priced:
    facts = RuleFacts(name, name, "unused", "low", "low", (), {})
    kind = "volume" if resource.startswith("v") else "instance"
    verdict = Verdict(
        facts, key(resource), "us-east-1", kind, action, "It is.", tuple(components), current or {}, proposed or {}, {},
        exemption=NOBODY if exempt else None,
    )  # fmt: skip
    cells = {Cell(key(resource), "compute"): Decimal(100)}
    left = dict.fromkeys(cells, Decimal("0.5")) if priced else None
    one = Priced(name, verdict, cells if priced else {}, left, None, "billed", "USD")
    one.choice = Choice(counted=counted and priced and not exempt)
    return one


def resize(name: str = "resize", **more: Any) -> Priced:
    return finding(name, "resize", proposed=SMALLER, **more)


def schedule(hours: object = 84, **more: Any) -> Priced:
    return finding(
        "schedule", "schedule", current={"hours_a_week": 168}, proposed={"hours_a_week": hours}, **more
    )


def emitted(place: Footprints, name: str) -> Parts:
    estimate = place.of(key(name))
    assert isinstance(estimate, Emissions)
    return Parts.of(estimate)


# ----------------------------------------------------------------------------------------- what counts


def test_of_a_smaller_size_and_then_spot_only_the_size_saves_carbon() -> None:
    place = footprints(machine())
    small, spot = resize(), finding("spot", "spot")
    net = net_savings([spot, small], place)
    assert net["spot"] == Parts()
    assert net["resize"] == place.effect(small).whole
    assert net["resize"].total.central > 0  # type: ignore[union-attr]
    assert (place.effect(spot).reason, co2e(spot, place, Parts()).saved_kg) == ("price_only", 0.0)


def test_a_removed_machine_takes_its_volumes_with_it_and_each_gram_once() -> None:
    place = footprints(machine(), volume(machine="i-1"), volume("v-2"))
    gone, disk, other = (
        finding("idle", "terminate"),
        finding("low-io", "delete", "v-1"),
        finding("loose", "delete", "v-2"),
    )
    net = net_savings([disk, gone, other], place)
    assert net == {
        "idle": emitted(place, "i-1") + emitted(place, "v-1"),
        "low-io": Parts(),
        "loose": emitted(place, "v-2"),
    }
    assert place.effect(disk).whole == emitted(place, "v-1"), "alone it would save all of it"
    assert sum(net.values(), Parts()) == total_of(place)  # type: ignore[arg-type]


def test_fewer_hours_and_then_a_smaller_size_save_the_difference_of_beginning_and_end() -> None:
    place = footprints(machine())
    hours, small = schedule(), resize()
    net = net_savings([small, hours], place)
    end = carbon.saved_by_running(
        "aws", "us-east-1", measured=Spec("m5.4xlarge", 16, 64, architecture="x86_64"),
        before=Running(Spec("m5.4xlarge", 16, 64)), after=Running(Spec("m5.2xlarge", 8, 32, architecture="x86_64"), 0.5),
        hours=730, cpu_utilization=0.08,
    )  # fmt: skip
    assert end.saved_g is not None
    both = sum(net.values(), Parts()).total  # type: ignore[arg-type]
    assert both.central == pytest.approx(end.saved_g.central, abs=3)
    alone = sum((place.effect(one).whole or Parts() for one in (hours, small)), Parts()).total
    assert both.central < alone.central


def test_work_that_does_not_fit_into_fewer_hours_is_not_known() -> None:
    place = footprints(machine(), cpu=0.6)
    assert net_savings([schedule()], place) == {"schedule": None}
    assert "would need 120% CPU" in (place.effect(schedule()).reason or "")
    for hours in (None, "office", 0):
        told = co2e(schedule(hours), place, None)
        assert (told.saved_kg, bool(told.reason)) == (None, True)


@pytest.mark.parametrize("more", [{"exempt": True}, {"counted": False}])
def test_what_the_money_does_not_count_the_carbon_does_not(more: dict[str, bool]) -> None:
    place = footprints(machine())
    one = finding("idle", "terminate", **more)  # type: ignore[arg-type]
    assert net_savings([one], place) == {"idle": Parts()}
    told = co2e(one, place, Parts())
    assert (told.net_saved_kg, told.saved_kg) == (0.0, emitted(place, "i-1").total.central / 1000)


def test_of_findings_without_a_price_the_best_on_each_resource_counts_where_nothing_else_does() -> None:
    place = footprints(machine(), machine("i-2"))
    gone, small = finding("idle", "terminate", priced=False), resize(priced=False)
    assert net_savings([small, gone], place) == {"idle": emitted(place, "i-1"), "resize": Parts()}
    rest = net_savings([gone, finding("spot", "spot")], place)
    assert rest["idle"] == Parts(), "the price of another step on it is known, so that one was chosen"


def test_what_is_not_known_stays_so_with_its_reason_and_is_in_no_total() -> None:
    place = footprints(machine(kind="zz9.large"), volume(medium=None), volume("v-2"))
    found = [
        finding("idle", "terminate"),
        finding("loose", "delete", "v-1"),
        finding("other", "delete", "v-2"),
    ]
    net = net_savings(found, place)
    told = {one.id: co2e(one, place, net[one.id]) for one in found}
    assert (net["idle"], told["idle"].saved_kg, told["idle"].net_saved_kg) == (None, None, None)
    assert "not in the carbon tables" in (told["idle"].reason or "")
    assert told["loose"].reason == "whether it is a disk or flash is not known"
    assert saved_in_all(told.values()) == emitted(place, "v-2")
    assert saved_in_all([told["idle"]]) is None


def test_a_resize_of_what_is_off_saves_nothing_now() -> None:
    place = footprints(machine(state="stopped"))
    assert net_savings([resize()], place) == {"resize": Parts()}
    assert co2e(resize(), place, Parts()).reason == "nothing of it uses energy now"


def test_less_traffic_is_flagged_and_claims_nothing() -> None:
    place = footprints(machine())
    told = co2e(finding("traffic", "move"), place, Parts())
    assert (told.saved_kg, told.quality) == (0.0, "unknown")
    assert "low confidence" in (told.reason or "")


def test_a_finding_tells_low_central_and_high_of_both_kinds_and_where_they_come_from() -> None:
    place = footprints(machine())
    one = resize()
    told = co2e(one, place, net_savings([one], place)["resize"])
    for prefix in ("", "saved_", "net_saved_"):
        for kind in ("operational", "embodied"):
            low, central, high = (getattr(told, f"{prefix}{kind}{end}_kg") for end in ("_low", "", "_high"))
            assert 0 < low < central < high
    assert told.saved_kg == pytest.approx(told.saved_operational_kg + told.saved_embodied_kg)  # type: ignore[operator]
    assert (told.method_version, told.utilisation_source, told.grid_year) == (
        carbon.METHOD_VERSION,
        "metric",
        2023,
    )
    assert "eGRID2023" in (told.grid_source or "")
    assert "AWS disclosure" in (told.pue_source or "")


# ---------------------------------------------------------------------------------------------- the estate


def test_the_estate_adds_up_by_account_region_and_kind_and_says_what_it_could_not_estimate() -> None:
    address = Address(key("e-1"), "us-east-1", None, "unused", None, None, None, None, None)
    off, odd, far = (
        machine("i-2", "stopped"),
        machine("i-3", kind="zz9.large"),
        machine("i-4", region="eu-north-1"),
    )
    place = footprints(machine(), off, odd, far, volume(), address)
    lines = footprint_lines(place)
    assert [(line.region, line.service, line.resources, line.estimated) for line in lines] == [
        ("eu-north-1", "instance", 1, 1),
        ("us-east-1", "instance", 3, 1),
        ("us-east-1", "public_ip", 1, 0),
        ("us-east-1", "volume", 1, 1),
    ]
    assert lines[1].not_estimated == {
        "The hardware of instance type 'zz9.large' is not in the carbon tables.": 1,
        "it is not running": 1,
    }
    assert (lines[2].emitted_kg, lines[2].emitted_operational_low_kg) == (None, None)
    total = total_of(place)
    assert total is not None
    assert round(sum(line.emitted_kg or 0 for line in lines) * 1000) == total.total.central
    assert footprint_lines(place, lambda one: one.resource_id == "i-4") == lines[:1]
    assert total_of(footprints(address)) is None


def test_the_method_names_its_version_and_every_source_in_use_with_its_regions() -> None:
    method = carbon_method(
        footprints(
            machine(),
            machine("i-2", region="eu-north-1"),
            machine("i-3", kind="zz9.large", region="sa-east-1"),
        )
    )
    assert method.version == carbon.METHOD_VERSION
    assert sorted(region for one in method.grid for region in one.regions) == [
        "aws eu-north-1",
        "aws us-east-1",
    ]
    assert [(one.year, one.regions) for one in method.pue] == [(2024, ["aws eu-north-1", "aws us-east-1"])]


# ---------------------------------------------------------------------------------------------- promises


def test_more_saved_than_emitted_is_a_bug_of_ours() -> None:
    one, more = Parts(Grams(1, 2, 3)), Parts(Grams(1, 2, 4))
    with pytest.raises(InvariantError, match="i-1"):
        check_saved({key("i-1"): more}, {key("i-1"): one})
    with pytest.raises(InvariantError, match="than the estate emits"):
        check_total(more, one)
    check_total(one, more)
    check_total(None, None)


ACTIONS: list[Action] = [
    "terminate",
    "stop",
    "delete",
    "release",
    "move",
    "schedule",
    "resize",
    "change-type",
    "spot",
]
DRAWN = st.tuples(
    st.sampled_from(ACTIONS),
    st.sampled_from(["i-1", "i-2", "v-1", "v-2"]),
    st.sampled_from(["counted", "superseded", "unpriced", "exempt"]),
    st.sampled_from(
        [("m5.2xlarge", 8, 32), ("m6g.2xlarge", 8, 32), ("m5.8xlarge", 32, 128), ("zz9.big", 8, 8)]
    ),
    st.integers(0, 168),
)


@settings(max_examples=60, deadline=None)
@given(
    drawn=st.lists(DRAWN, max_size=8),
    cpu=st.none() | st.floats(0, 1),
    shuffled=st.randoms(use_true_random=False),
)
def test_whatever_is_counted_no_more_is_saved_than_emitted_and_parts_are_the_total(
    drawn: list[tuple[Any, ...]], cpu: float | None, shuffled: Any
) -> None:
    """Even where what is counted contradicts itself, as the netting of money never lets it."""
    place = footprints(machine(), machine("i-2"), volume(machine="i-1"), volume("v-2", medium="ssd"), cpu=cpu)
    found = [
        finding(
            f"f{number}", action, resource, counted=fate == "counted", priced=fate != "unpriced", exempt=fate == "exempt",
            current={"hours_a_week": 168},
            proposed={"instance_type": kind, "vcpu": vcpu, "memory_gib": memory, "hours_a_week": hours, "medium": "ssd"},
        )
        for number, (action, resource, fate, (kind, vcpu, memory), hours) in enumerate(drawn)
    ]  # fmt: skip
    net = net_savings(found, place)
    shuffled.shuffle(found)
    assert net_savings(found, place) == net
    told = [co2e(one, place, net[one.id]) for one in found]
    saved = saved_in_all(told)
    check_total(saved, total_of(place))
    known = [parts for parts in net.values() if parts is not None]
    assert (saved or Parts()) == sum(known, Parts())
    for one, said in zip(found, told, strict=True):
        if one.verdict.exemption or (one.left is not None and not one.choice.counted):
            assert said.net_saved_kg == 0
        for low, central, high in ((said.net_saved_low_kg, said.net_saved_kg, said.net_saved_high_kg),):
            assert low is None or low <= central <= high  # type: ignore[operator]


def test_estimates_are_unknown_for_resources_that_are_not_in_the_inventory() -> None:
    assert footprints().of(key("i-9")) == Unknown("it is not in the inventory")
