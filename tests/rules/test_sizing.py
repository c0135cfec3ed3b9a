"""What sizes are judged by: the rollups sizing, replay and listed; and the rule on them beside a plain search."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.schema_comments import schema_sql
from rules.engine import rollups
from rules.engine.catalogue import Rule
from rules.engine.running import run

AS_OF = datetime(2026, 11, 1)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RULE = "oversized-instance"
MACHINE = {"cloud": "aws", "account_id": "1", "region": "r", "resource_id": "i-1"}
Connection = duckdb.DuckDBPyConnection
Insert = Callable[..., None]
Row = dict[str, Any]


@pytest.fixture
def measured(insert: Insert) -> Callable[..., None]:
    """Daily buckets, the oldest first, up to now: measured("cpu_utilization", [0.1, 0.2])."""

    def measured(
        metric: str, values: list[float], *, of: str = "i-1", seconds: int = 86400, **more: Any
    ) -> None:
        for back, value in zip(range(len(values), 0, -1), values, strict=True):
            start = AS_OF - back * timedelta(seconds=seconds)
            row = {
                **MACHINE,
                "resource_id": of,
                "metric": metric,
                "bucket_start": start,
                "bucket_seconds": seconds,
            }
            insert("metrics", {**row, "avg": value, "p95": value, "max": value, **more})

    return measured


@pytest.fixture
def rolled(con: Connection) -> Callable[..., list[Row]]:
    """Builds the rollups and returns the rows of one of them."""

    def rolled(name: str, as_of: datetime = AS_OF) -> list[Row]:
        rollups.build(con, as_of)
        return rows(con, f"SELECT * FROM temp.{name} ORDER BY ALL")

    return rolled


def rows(con: Connection, sql: str) -> list[Row]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# --- sizing -----------------------------------------------------------------------------------------------


def test_the_last_seven_days_are_told_apart(
    measured: Callable[..., None], rolled: Callable[..., list[Row]]
) -> None:
    measured("cpu_utilization", [0.1] * 20 + [0.2] + [0.3] * 7)
    (row,) = rolled("sizing")
    assert (row["cpu_load"], row["cpu_peak"]) == (0.2, 0.2)
    assert (row["replay_load"], row["replay_peak"], row["replay_days"]) == (0.3, 0.3, 7)
    assert (row["replay_grain"], row["replay_hours"]) == ("day", 168)


@pytest.mark.parametrize(
    ("levels", "growth"),
    [
        ([0.1 + 0.001 * day for day in range(90)], 0.001 / 0.19),  # at the end of the last day it is at 0.19
        ([0.2 - 0.001 * day for day in range(90)], 0),
        ([0.1] * 90, 0),
        ([0.1, 0.12] * 45, 0),  # a line through them explains next to nothing
        ([0.1] * 89 + [0.9], 0),  # a month's end
        ([0.0] * 90, 0),
        ([0.1], 0),
    ],
)
def test_growth_is_told_where_a_line_explains_it(
    levels: list[float], growth: float, measured: Callable[..., None], rolled: Callable[..., list[Row]]
) -> None:
    measured("cpu_utilization", levels)
    measured("memory_utilization", levels)
    (row,) = rolled("sizing")
    assert row["cpu_growth"] == pytest.approx(growth, abs=1e-9)
    assert row["memory_growth"] == pytest.approx(growth, abs=1e-9)


def test_hours_see_what_no_day_shows(measured: Callable[..., None], rolled: Callable[..., list[Row]]) -> None:
    measured("cpu_utilization", [0.1] * 30)
    hours = [0.1] * 336
    hours[20] = hours[50] = hours[70] = 0.4  # three hours before the last seven days
    hours[200] = hours[220] = 0.5  # two in them
    measured("cpu_utilization", hours, seconds=3600)
    (row,) = rolled("sizing")
    assert (row["cpu_load"], row["cpu_peak"]) == (pytest.approx(0.4), 0.4)
    assert (row["replay_load"], row["replay_peak"]) == (pytest.approx(0.5), 0.5)
    assert (row["replay_grain"], row["replay_hours"]) == ("hour", 168)


def test_too_few_hours_are_no_grain(measured: Callable[..., None], rolled: Callable[..., list[Row]]) -> None:
    measured("cpu_utilization", [0.1] * 30)
    measured("cpu_utilization", [0.1] * 119, seconds=3600)
    (row,) = rolled("sizing")
    assert (row["replay_grain"], row["replay_hours"]) == ("day", 168)


def test_the_busier_direction_counts_and_the_disks_together(
    measured: Callable[..., None], rolled: Callable[..., list[Row]], insert: Insert
) -> None:
    measured("cpu_utilization", [0.1] * 30)
    measured("network_in_bytes_per_second", [10.0] * 30)
    measured("network_out_bytes_per_second", [30.0] * 30)
    volume = {"cloud": "aws", "account_id": "1", "region": "r", "state": "attached", "instance_id": "i-1"}
    for name in ("v-1", "v-2"):
        insert("volumes", {**volume, "volume_id": name})
        for way in ("read", "write"):
            measured(f"disk_{way}_ops_per_second", [5.0] * 30, of=name)
    (row,) = rolled("sizing")
    assert (row["network_peak"], row["ops_peak"], row["bytes_peak"]) == (30.0, 20.0, None)


def test_a_machine_without_processor_data_has_no_row(
    measured: Callable[..., None], rolled: Callable[..., list[Row]]
) -> None:
    measured("memory_utilization", [0.1] * 30)
    assert rolled("sizing") == []


# --- replay -----------------------------------------------------------------------------------------------


@pytest.fixture
def typed(insert: Insert) -> None:
    place = {"cloud": "aws", "account_id": "1", "region": "r"}
    insert("instances", {**place, "instance_id": "i-1", "state": "running", "instance_type": "m.8"})
    for vcpu in (2, 4, 8, 16):
        insert("instance_types", {"cloud": "aws", "instance_type": f"m.{vcpu}", "vcpu": vcpu})


@pytest.mark.usefixtures("typed")
def test_hours_above_each_smaller_size_are_counted(
    measured: Callable[..., None], rolled: Callable[..., list[Row]]
) -> None:
    measured("cpu_utilization", [0.1] * 30)
    hours = [0.1] * 336
    hours[100] = 0.9  # before the last seven days
    hours[200] = 0.6
    hours[210] = hours[211] = 0.5  # exactly four of eight vCPUs
    measured("cpu_utilization", hours, seconds=3600)
    assert {row["vcpu"]: row["hours_above"] for row in rolled("replay")} == {2: 3, 4: 1, 8: 0}


@pytest.mark.usefixtures("typed")
def test_where_there_are_only_days_all_hours_of_one_count(
    measured: Callable[..., None], rolled: Callable[..., list[Row]]
) -> None:
    measured("cpu_utilization", [0.9] * 20 + [0.1] * 6 + [0.3])
    assert {row["vcpu"]: row["hours_above"] for row in rolled("replay")} == {2: 24, 4: 0, 8: 0}


# --- listed -----------------------------------------------------------------------------------------------


def test_the_newest_list_price_of_each_platform(insert: Insert, rolled: Callable[..., list[Row]]) -> None:
    price = {
        "cloud": "aws",
        "region": "r",
        "sku": "m.2",
        "purchase_model": "on_demand",
        "unit": "hour",
        "currency": "USD",
    }
    for days, amount, more in (
        (9, "1.0", {}),
        (5, "0.9", {}),
        (5, "0.8", {}),
        (-1, "0.1", {}),  # not yet
        (5, "2.0", {"platform": "windows"}),
        (5, "0.2", {"purchase_model": "spot"}),
        (5, "0.2", {"unit": "month"}),
        (5, "0.2", {"tier_start": 100}),
    ):
        insert("prices", {**price, "price": amount, "as_of": AS_OF - days * DAY, "source": "x", **more})
    assert [(row["platform"], row["price"]) for row in rolled("listed")] == [("linux", 0.8), ("windows", 2.0)]


# --- the rule beside a plain search -----------------------------------------------------------------------

FIFTHS = st.sampled_from([0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.9])
MAYBE = st.none() | st.sampled_from([1.0, 2.0, 4.0])


@st.composite
def types(draw: st.DrawFn) -> list[Row]:
    """A catalogue of few sizes in two families, some of whose capacities and prices are not known."""
    return [
        {
            "instance_type": f"t{number}",
            "vcpu": draw(st.sampled_from([1.0, 2.0, 4.0, 8.0])),
            "memory_gib": draw(st.sampled_from([2.0, 4.0, 8.0, 16.0])),
            "architecture": draw(st.sampled_from(["x86_64", "x86_64", "arm64"])),
            "family": draw(st.sampled_from(["a", "a", "b"])),
            "generation": draw(st.sampled_from([5, 6])),
            "burstable": draw(st.sampled_from([False, False, True])),
            "baseline_vcpu": draw(st.none() | st.sampled_from([0.2, 0.8])),
            "gpu_count": 0,
            "local_disk_gib": draw(st.sampled_from([0.0, 0.0, 100.0])),
            "network_gbps": draw(MAYBE),
            "disk_iops": draw(MAYBE),
            "disk_throughput_mib": draw(MAYBE),
            "price": draw(st.none() | st.sampled_from([1.0, 2.0, 3.0])),
        }
        for number in range(draw(st.integers(2, 7)))
    ]


@st.composite
def loads(draw: st.DrawFn) -> Row:
    """What a machine was measured to do."""
    return {
        "cpu_day": draw(FIFTHS),
        "cpu_load": draw(FIFTHS),
        "cpu_peak": draw(FIFTHS),
        "cpu_growth": draw(st.sampled_from([0.0, 0.0, 0.01])),
        "replay_load": draw(FIFTHS),
        "replay_peak": draw(FIFTHS),
        "memory_peak": draw(st.none() | FIFTHS),
        "memory_growth": draw(st.sampled_from([0.0, 0.0, 0.01])),
        "network_peak": draw(st.none() | st.sampled_from([0.4, 1.6, 3.0]).map(lambda gbps: gbps * 1e9 / 8)),
        "ops_peak": draw(MAYBE),
        "bytes_peak": draw(st.none() | st.sampled_from([1.0, 3.0]).map(lambda mib: mib * 2**20)),
    }


def carries(now: Row, new: Row, load: Row, same_memory: bool) -> bool:
    """Whether a type may be proposed in place of another, said once more and plainly."""
    if load["memory_peak"] is None and not same_memory:
        return False
    kin = now["family"] == new["family"]
    known = now["price"] is not None and new["price"] is not None
    cheaper = new["price"] < now["price"] if known else kin and new["memory_gib"] <= now["memory_gib"]
    alike = now["architecture"] == new["architecture"] and (now["burstable"] or not new["burstable"])
    smaller = new["vcpu"] < now["vcpu"] or (
        kin and new["vcpu"] == now["vcpu"] and new["memory_gib"] < now["memory_gib"]
    )
    other = kin or (
        new["price"] is not None and new["generation"] >= now["generation"] and not now["burstable"]
    )
    disks = not now["local_disk_gib"] or new["local_disk_gib"]
    return bool(
        cheaper and alike and smaller and other and disks and _holds(now, new, load, 1 if kin else 1.5)
    )


def _holds(now: Row, new: Row, load: Row, factor: float) -> bool:
    cpu, peak = max(load["cpu_load"], load["replay_load"]), max(load["cpu_peak"], load["replay_peak"])
    more, memory_more = 1 + 30 * load["cpu_growth"], 1 + 30 * load["memory_growth"]
    needs = max(cpu / 0.8, cpu * more / 0.9, peak * more) * factor * now["vcpu"]
    full = load["memory_peak"]
    memory = now["memory_gib"] * (1 if full is None else max(full / 0.8, full * memory_more / 0.9))
    mean = load["cpu_day"] * now["vcpu"] if new["burstable"] and new["baseline_vcpu"] is not None else 0
    return (
        needs <= new["vcpu"] + 1e-9
        and memory <= new["memory_gib"] + 1e-9
        and mean <= (new["baseline_vcpu"] or 0) + 1e-9
        and _passes(load["network_peak"], 8 / 1e9, now["network_gbps"], new["network_gbps"])
        and _passes(load["ops_peak"], 1, now["disk_iops"], new["disk_iops"])
        and _passes(load["bytes_peak"], 1 / 2**20, now["disk_throughput_mib"], new["disk_throughput_mib"])
    )


def _passes(peak: float | None, scale: float, now: float | None, new: float | None) -> bool:
    if peak is None:
        return True
    limit = new if new is not None else now / 2 if now is not None else None
    return limit is None or peak * scale <= limit + 1e-9


@pytest.fixture(scope="module")
def estate() -> Iterator[Connection]:
    """An empty warehouse whose rollups are made."""
    con = duckdb.connect(config={"threads": 1})
    con.execute(schema_sql())
    rollups.build(con, AS_OF)
    yield con
    con.close()


@settings(max_examples=6, deadline=None)
@given(machines=st.lists(st.tuples(types(), loads()), min_size=8, max_size=12), same_memory=st.booleans())
def test_what_is_proposed_is_the_cheapest_that_carries_the_load(
    machines: list[tuple[list[Row], Row]], same_memory: bool, estate: Connection, rules: dict[str, Rule]
) -> None:
    verdicts = judged(estate, rules[RULE], machines, {RULE: {"same_memory": same_memory}})
    for (catalogue, load), said in zip(machines, verdicts, strict=True):
        now = catalogue[0]
        fit = {one["instance_type"]: one for one in catalogue[1:] if carries(now, one, load, same_memory)}
        assert (said["verdict"] == "finding") == bool(fit)
        if fit:
            chosen = fit[said["proposed_instance_type"]]
            priced = [one["price"] for one in fit.values() if None not in (one["price"], now["price"])]
            assert chosen["price"] == min(priced) if priced else chosen["family"] == now["family"]
            assert said["replay_hours_above"] == 0


def judged(
    con: Connection, rule: Rule, machines: list[tuple[list[Row], Row]], settings: dict[str, Row]
) -> list[Row]:
    """What the rule says about machines of the first types of their catalogues, each in a cloud of its own."""
    days = {"cpu_days": 95, "cpu_coverage": 1.0, "memory_days": 95, "memory_coverage": 1.0, "replay_days": 7}
    con.begin()
    try:
        for number, (catalogue, load) in enumerate(machines):
            place = {"cloud": f"cloud-{number:02d}", "region": "r"}
            machine = {**place, "account_id": "1"}
            put(con, "instances", {**machine, "instance_id": "i", "state": "running", "instance_type": "t0"})
            for one in catalogue:
                described = {name: one[name] for name in one if name != "price"}
                put(con, "instance_types", {"cloud": place["cloud"], **described})
                if one["price"] is not None:
                    listed = {**place, "sku": one["instance_type"], "platform": "linux", "currency": "USD"}
                    put(con, "listed", {**listed, "price": one["price"]})
            week = {"replay_hours": 168, "replay_grain": "hour"}
            put(con, "sizing", {**machine, "resource_id": "i", **days, **week, **load})
        run(con, [rule], AS_OF, settings)
        return rows(con, "SELECT * FROM said ORDER BY cloud")
    finally:
        con.rollback()


def put(con: Connection, table: str, row: Row) -> None:
    names = ", ".join(row)
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()])
