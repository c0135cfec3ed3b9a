"""What CloudWatch is asked for, as few calls as its limits allow, and what its answers mean."""

import calendar
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.aws import services
from collectors.aws.metrics import (
    POINTS,
    QUERIES,
    Assets,
    Batch,
    get_metrics,
    get_series,
    plan,
    transform_metrics,
)
from collectors.hours import DAY, HOUR, keep_from
from finops.warehouse import Scope
from tests.collectors.aws.answers import TOKYO, Canned, needs_recorded, recorded

AT = datetime(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12)
SCOPE = Scope("aws", "012345678901", "eu-west-1", "metrics")
EMPTY: dict[str, Any] = {"MetricDataResults": []}


# --- an estate --------------------------------------------------------------------------------------------


def machine(identity: str = "i-1", state: str = "running") -> dict[str, Any]:
    return {"instance_id": identity, "state": state}


def disk(identity: str = "vol-1", **more: Any) -> dict[str, Any]:
    usual = {"instance_id": None, "is_boot": None, "size_gib": 100.0, "volume_type": "gp3", "iops": 3000.0}
    return {"volume_id": identity, **usual, **more}


def balancer(kind: str, identity: str) -> dict[str, Any]:
    prefix = "arn:aws:elasticloadbalancing:eu-west-1:012345678901:loadbalancer/"
    return {"load_balancer_id": prefix + identity, "kind": kind}


def agent(identity: str | None, name: str = "mem_used_percent", **dimensions: str) -> dict[str, Any]:
    told = dimensions | ({"InstanceId": identity} if identity else {})
    pairs = [{"Name": key, "Value": value} for key, value in told.items()]
    return {"Namespace": "CWAgent", "MetricName": name, "Dimensions": pairs}


def gpus(identity: str, number: int) -> list[dict[str, Any]]:
    return [agent(identity, "nvidia_smi_utilization_gpu", index=str(index)) for index in range(number)]


# --- what is asked ----------------------------------------------------------------------------------------

Series = tuple[str, str, tuple[tuple[str, str], ...], str, int]


def queries(batch: Batch) -> list[dict[str, Any]]:
    """What the call of a batch asks."""
    client = Canned(cloudwatch_get_metric_data=EMPTY)
    get_metrics(client, batch, [])
    return list(client.asked[0][1]["MetricDataQueries"])


def series(batches: Iterable[Batch]) -> Counter[Series]:
    """Every series with the statistic and period that is asked of it, and how often."""
    return Counter(
        (
            stat["Metric"]["Namespace"],
            stat["Metric"]["MetricName"],
            tuple((one["Name"], one["Value"]) for one in stat["Metric"]["Dimensions"]),
            stat["Stat"],
            stat["Period"],
        )
        for batch in batches
        for stat in (query["MetricStat"] for query in queries(batch))
    )


def of(batches: Iterable[Batch], seconds: int = DAY) -> dict[str, set[tuple[str, str]]]:
    """What is asked of each resource: metric and statistic."""
    found: dict[str, set[tuple[str, str]]] = {}
    for (_, name, dimensions, stat, period), _ in series(batches).items():
        if period == seconds:
            found.setdefault(dict(dimensions).get("InstanceId") or dimensions[0][1], set()).add((name, stat))
    return found


def test_a_running_machine_is_asked_for_processor_network_and_what_its_agent_reports() -> None:
    asked = of(plan(Assets([machine()]), [agent("i-1"), *gpus("i-1", 1)], {}, AT))
    assert asked == {
        "i-1": {
            ("CPUUtilization", "Average"), ("CPUUtilization", "p95"), ("CPUUtilization", "Maximum"),
            ("CPUUtilization", "SampleCount"), ("NetworkIn", "Sum"), ("NetworkIn", "Maximum"),
            ("NetworkOut", "Sum"), ("NetworkOut", "Maximum"),
            ("mem_used_percent", "Average"), ("mem_used_percent", "p95"), ("mem_used_percent", "Maximum"),
            ("nvidia_smi_utilization_gpu", "Average"), ("nvidia_smi_utilization_gpu", "p95"),
            ("nvidia_smi_utilization_gpu", "Maximum"),
        }
    }  # fmt: skip


def test_the_hours_of_the_processor_are_asked_for_14_days() -> None:
    batches = plan(Assets([machine()]), [], {}, AT)
    assert of(batches, HOUR) == {"i-1": {("CPUUtilization", "Average"), ("CPUUtilization", "Maximum")}}
    (hourly,) = (batch for batch in batches if batch.seconds == HOUR)
    assert (hourly.start, hourly.end) == (AT - timedelta(days=14), AT)


@pytest.mark.parametrize("state", ["stopped", "other"])
def test_a_machine_that_does_not_run_is_not_asked(state: str) -> None:
    assert plan(Assets([machine(state=state)]), [agent("i-1")], {}, AT) == []


def test_a_volume_is_asked_for_operations_and_bytes() -> None:
    names = ("VolumeReadOps", "VolumeWriteOps", "VolumeReadBytes", "VolumeWriteBytes")
    assert of(plan(Assets(volumes=[disk()]), [], {}, AT)) == {
        "vol-1": {(name, stat) for name in names for stat in ("Sum", "Maximum")}
        | {("VolumeReadOps", "SampleCount")}
    }


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"is_boot": True}, False),
        ({"is_boot": True, "size_gib": 170.0, "volume_type": "gp2", "iops": 510.0}, False),
        ({"is_boot": True, "size_gib": 170.0, "volume_type": "gp2", "iops": 9000.0}, False),
        ({"is_boot": True, "iops": None, "volume_type": "standard"}, False),
        ({"is_boot": True, "size_gib": 171.0}, True),
        ({"is_boot": True, "iops": 3001.0}, True),
        ({"is_boot": True, "volume_type": "io1", "iops": 100.0}, True),
        ({"is_boot": True, "volume_type": "io2", "iops": 100.0}, True),
        ({"is_boot": False}, True),
        ({"is_boot": None}, True),
        ({"instance_id": "i-stopped"}, False),
        ({"instance_id": "i-running"}, True),
        ({"instance_id": "i-of-another-account"}, True),
    ],
)
def test_plain_boot_volumes_and_those_of_stopped_machines_are_left_out(
    more: dict[str, Any], asked: bool
) -> None:
    machines = [machine("i-stopped", "stopped"), machine("i-running")]
    assert ("vol-1" in of(plan(Assets(machines, [disk(**more)]), [], {}, AT))) is asked


@pytest.mark.parametrize(
    ("kind", "identity", "namespace", "dimension", "names"),
    [
        ("application", "app/shop/1", "AWS/ApplicationELB", ("LoadBalancer", "app/shop/1"), {"RequestCount", "ProcessedBytes"}),
        ("network", "net/n/1", "AWS/NetworkELB", ("LoadBalancer", "net/n/1"), {"NewFlowCount", "ProcessedBytes"}),
        ("gateway", "gwy/g/1", "AWS/GatewayELB", ("LoadBalancer", "gwy/g/1"), {"NewFlowCount", "ProcessedBytes"}),
        ("classic", "old", "AWS/ELB", ("LoadBalancerName", "old"), {"RequestCount", "EstimatedProcessedBytes"}),
    ],
)  # fmt: skip
def test_each_kind_of_balancer_has_its_own_names(
    kind: str, identity: str, namespace: str, dimension: tuple[str, str], names: set[str]
) -> None:
    asked = series(plan(Assets(load_balancers=[balancer(kind, identity)]), [], {}, AT))
    assert {(space, dimensions) for space, _, dimensions, _, _ in asked} == {(namespace, (dimension,))}
    assert {name for _, name, _, _, _ in asked} == names


def test_a_balancer_of_a_kind_nobody_knows_is_not_asked() -> None:
    assert plan(Assets(load_balancers=[balancer("quantum", "q/1")]), [], {}, AT) == []


def test_a_gateway_is_asked_for_both_directions() -> None:
    asked = of(plan(Assets(nat_gateways=[{"nat_gateway_id": "nat-1"}]), [], {}, AT))
    assert {name for name, _ in asked["nat-1"]} == {"BytesOutToDestination", "BytesInFromDestination"}


def test_agent_series_of_nobody_or_of_machines_that_are_gone_are_not_asked() -> None:
    asked = of(plan(Assets([machine()]), [agent(None, host="x"), agent("i-gone")], {}, AT))
    assert {name for name, _ in asked["i-1"]} == {"CPUUtilization", "NetworkIn", "NetworkOut"}
    assert set(asked) == {"i-1"}


@pytest.mark.parametrize(
    ("windows", "gpu", "names"),
    [
        (False, False, ["mem_used_percent"]),
        (True, False, ["mem_used_percent", "Memory % Committed Bytes In Use"]),
        (False, True, ["mem_used_percent", "nvidia_smi_utilization_gpu"]),
        (True, True, ["mem_used_percent", "Memory % Committed Bytes In Use", "nvidia_smi_utilization_gpu"]),
    ],
)
def test_only_agent_series_that_there_can_be_are_listed(windows: bool, gpu: bool, names: list[str]) -> None:
    client = Canned(cloudwatch_list_metrics=[{"Metrics": [agent("i-1")]}, {"Metrics": [agent("i-2")]}, {}])
    running = [{"platform": "windows" if windows else "linux", "cluster": None}]
    found = get_series(client, services.names(running, gpus=gpu, endpoints=[], functions=[]))
    assert [parameters["MetricName"] for _, parameters in client.asked] == names
    assert len(found) == 2 * len(names)


def test_nothing_to_measure_is_no_call() -> None:
    assert plan(Assets(), [], {}, AT) == []


# --- windows ----------------------------------------------------------------------------------------------


def windows(newest: Mapping[Any, datetime], at: datetime, days: int = 95) -> dict[int, tuple[datetime, int]]:
    """bucket_seconds → start and number of buckets, of one machine."""
    batches = plan(Assets([machine()]), [], newest, at, days)
    return {
        batch.seconds: (batch.start, ceil((batch.end - batch.start).total_seconds() / batch.seconds))
        for batch in batches
    }


@pytest.mark.parametrize("at", [AT, AT + timedelta(seconds=1), NOON, AT + timedelta(hours=23, minutes=59)])
@pytest.mark.parametrize("days", [1, 14, 35, 95])
def test_as_many_days_as_wanted_today_s_included(at: datetime, days: int) -> None:
    start, buckets = windows({}, at, days)[DAY]
    assert buckets == days
    assert start == start.replace(hour=0, minute=0, second=0)


def test_at_noon_the_last_of_95_buckets_is_today_s() -> None:
    assert windows({}, NOON)[DAY] == (datetime(2026, 8, 18), 95)
    assert windows({}, AT)[DAY] == (datetime(2026, 8, 17), 95)


def test_hours_begin_with_a_whole_one() -> None:
    assert windows({}, datetime(2026, 11, 20, 12, 34))[HOUR] == (datetime(2026, 11, 6, 12), 14 * 24 + 1)


METRICS = ("cpu_utilization", "network_in_bytes_per_second", "network_out_bytes_per_second")


def stored(day: datetime, hour: datetime | None = None, *, but: str = "") -> dict[Any, datetime]:
    """The newest stored buckets of the machine."""
    daily = {("i-1", metric, DAY): day for metric in METRICS if metric != but}
    return daily | ({("i-1", "cpu_utilization", HOUR): hour} if hour else {})


def test_only_what_is_newer_than_what_is_stored_is_asked_and_the_newest_bucket_again() -> None:
    newest = stored(datetime(2026, 11, 18), datetime(2026, 11, 19, 22))
    assert windows(newest, AT) == {DAY: (datetime(2026, 11, 18), 2), HOUR: (datetime(2026, 11, 19, 22), 2)}


def test_a_metric_that_is_missing_is_asked_for_from_the_beginning() -> None:
    assert windows(stored(datetime(2026, 11, 18), but=METRICS[2]), AT)[DAY] == (datetime(2026, 8, 17), 95)


def test_what_was_stored_long_ago_does_not_make_the_window_longer() -> None:
    assert windows(stored(datetime(2026, 1, 1)), AT)[DAY] == (datetime(2026, 8, 17), 95)


def test_what_is_nearly_up_to_date_is_not_asked_as_far_back_as_what_is_new() -> None:
    machines = [machine(f"i-{number}") for number in range(10)]
    newest = {
        (f"i-{number}", metric, DAY): datetime(2026, 11, 18) for number in range(9) for metric in METRICS
    }
    batches = [batch for batch in plan(Assets(machines), [], newest, AT) if batch.seconds == DAY]
    assert [(batch.start, len(batch.wanted)) for batch in batches] == [
        (datetime(2026, 8, 17), 1),
        (datetime(2026, 11, 18), 9),
    ]


def test_kept_is_what_the_longest_window_asks_for() -> None:
    kept = keep_from(NOON)
    assert kept[DAY] <= windows({}, NOON)[DAY][0]
    assert kept[HOUR] <= windows({}, NOON)[HOUR][0]
    assert kept[DAY] >= NOON - timedelta(days=97)


# --- batches ----------------------------------------------------------------------------------------------


@st.composite
def estates(draw: st.DrawFn) -> tuple[Assets, list[dict[str, Any]], dict[Any, datetime], datetime, int]:
    """Regions of all sizes, partly stored, at any time of a day."""
    states = draw(st.lists(st.sampled_from(["running", "running", "running", "stopped"]), max_size=20))
    states *= draw(st.sampled_from([1, 1, 7, 40]))
    machines = [machine(f"i-{number}", state) for number, state in enumerate(states)]
    boots = draw(st.lists(st.booleans(), max_size=15)) * draw(st.sampled_from([1, 1, 11]))
    volumes = [
        disk(f"vol-{number}", is_boot=boot, instance_id=f"i-{number}") for number, boot in enumerate(boots)
    ]
    gateways = [{"nat_gateway_id": f"nat-{number}"} for number in range(draw(st.integers(0, 5)))]
    kinds = draw(st.lists(st.sampled_from(["application", "network", "gateway", "classic"]), max_size=8))
    balancers = [balancer(kind, f"x/{number}") for number, kind in enumerate(kinds)]
    agents = draw(st.lists(st.integers(0, 12), max_size=5))
    reported = [
        one
        for number, many in enumerate(agents)
        for one in [agent(f"i-{number}"), *gpus(f"i-{number}", many)]
    ]
    at = AT + timedelta(minutes=draw(st.integers(0, 1439)))
    newest = {
        (f"i-{number}", metric, seconds): at - timedelta(hours=draw(st.integers(1, 200)))
        for number in draw(st.sets(st.integers(0, 30), max_size=4))
        for metric in METRICS
        for seconds in (DAY, HOUR)
    }
    newest = {
        (resource, metric, seconds): when.replace(minute=0, hour=0 if seconds == DAY else when.hour)
        for (resource, metric, seconds), when in newest.items()
    }
    days = draw(st.sampled_from([1, 14, 35, 95]))
    return Assets(machines, volumes, gateways, balancers), reported, newest, at, days


def expected(assets: Assets, reported: Iterable[Mapping[str, Any]]) -> Counter[Series]:
    """Every series with its statistics, told once more in other words."""
    found: Counter[Series] = Counter()

    def ask(space: str, name: str, dimensions: Mapping[str, str], stats: str, period: int = DAY) -> None:
        for stat in stats.split():
            found[space, name, tuple(dimensions.items()), stat, period] += 1

    state = {one["instance_id"]: one["state"] for one in assets.instances}
    for identity, is_in in state.items():
        if is_in == "running":
            who = {"InstanceId": identity}
            ask("AWS/EC2", "CPUUtilization", who, "Average p95 Maximum SampleCount")
            ask("AWS/EC2", "CPUUtilization", who, "Average Maximum", HOUR)
            ask("AWS/EC2", "NetworkIn", who, "Sum Maximum")
            ask("AWS/EC2", "NetworkOut", who, "Sum Maximum")
    for one in reported:
        who = {pair["Name"]: pair["Value"] for pair in one["Dimensions"]}
        if state.get(who["InstanceId"]) == "running":
            ask("CWAgent", one["MetricName"], who, "Average p95 Maximum")
    for one in assets.volumes:
        if not one["is_boot"] and state.get(one["instance_id"]) != "stopped":
            who = {"VolumeId": one["volume_id"]}
            ask("AWS/EBS", "VolumeReadOps", who, "SampleCount")
            for name in ("VolumeReadOps", "VolumeWriteOps", "VolumeReadBytes", "VolumeWriteBytes"):
                ask("AWS/EBS", name, who, "Sum Maximum")
    for one in assets.nat_gateways:
        who = {"NatGatewayId": one["nat_gateway_id"]}
        ask("AWS/NATGateway", "BytesOutToDestination", who, "SampleCount Sum Maximum")
        ask("AWS/NATGateway", "BytesInFromDestination", who, "Sum Maximum")
    for one in assets.load_balancers:
        space, key, name, handled = {
            "application": ("AWS/ApplicationELB", "LoadBalancer", "RequestCount", "ProcessedBytes"),
            "network": ("AWS/NetworkELB", "LoadBalancer", "NewFlowCount", "ProcessedBytes"),
            "gateway": ("AWS/GatewayELB", "LoadBalancer", "NewFlowCount", "ProcessedBytes"),
            "classic": ("AWS/ELB", "LoadBalancerName", "RequestCount", "EstimatedProcessedBytes"),
        }[one["kind"]]
        who = {key: one["load_balancer_id"].split(":loadbalancer/")[1]}
        ask(space, name, who, "Sum")
        ask(space, handled, who, "Sum")
    return found


@given(estates())
@settings(max_examples=60, deadline=None)
def test_every_series_is_asked_exactly_once_within_the_limits_and_in_few_calls(
    estate: tuple[Assets, list[dict[str, Any]], dict[Any, datetime], datetime, int],
) -> None:
    assets, reported, newest, at, days = estate
    batches = plan(assets, reported, newest, at, days)
    assert series(batches) == expected(assets, reported)
    for batch in batches:
        buckets = ceil((batch.end - batch.start).total_seconds() / batch.seconds)
        assert 0 < batch.queries == len(queries(batch)) <= QUERIES
        assert batch.queries * buckets <= POINTS
        assert batch.start < batch.end == at
        assert all(batch.start <= one.start for one in batch.wanted)
    for seconds, limit in ((DAY, QUERIES), (HOUR, min(QUERIES, POINTS // (14 * 24 + 1)))):
        some = [batch for batch in batches if batch.seconds == seconds]
        whole = Counter(one.resource_id for batch in some for one in batch.wanted)
        assert set(whole.values()) <= {1}, "no resource is in two calls"
        assert len(some) <= ceil(sum(batch.queries for batch in some) / limit) + 2


@pytest.mark.parametrize(
    ("machines", "daily", "hourly"), [(1, 1, 1), (62, 1, 1), (63, 2, 1), (150, 3, 1), (2000, 33, 14)]
)
def test_calls_grow_with_the_estate_only(machines: int, daily: int, hourly: int) -> None:
    """8 queries per machine and day, 62 machines to a call; 2 per hour, 300 queries of 336 hours to a call."""
    batches = plan(Assets([machine(f"i-{number}") for number in range(machines)]), [], {}, AT)
    assert Counter(batch.seconds for batch in batches) == {DAY: daily, HOUR: hourly}


def test_a_resource_that_exceeds_a_call_alone_is_asked_in_several_calls_and_answered_as_one() -> None:
    machines = [machine("i-small"), machine("i-huge"), machine("i-other")]
    reported = [*gpus("i-huge", 200), agent("i-small")]
    batches = plan(Assets(machines), reported, {}, AT)
    (huge,) = [batch for batch in batches if batch.queries > QUERIES]
    assert {one.resource_id for one in huge.wanted} == {"i-huge"}
    client = Canned(cloudwatch_get_metric_data=EMPTY)
    get_metrics(client, huge, [])
    asked = [len(parameters["MetricDataQueries"]) for _, parameters in client.asked]
    assert sum(asked) == huge.queries
    assert max(asked) <= QUERIES


# --- asking -----------------------------------------------------------------------------------------------


def test_a_call_asks_in_utc_the_oldest_first_with_ids_that_are_allowed() -> None:
    client = Canned(cloudwatch_get_metric_data=EMPTY)
    (batch, _) = plan(Assets([machine()]), [], {}, NOON)
    assert get_metrics(client, batch, []) == {}
    ((_, asked),) = client.asked
    assert asked["StartTime"] == datetime(2026, 8, 18, tzinfo=UTC)
    assert asked["EndTime"] == NOON.replace(tzinfo=UTC)
    assert (asked["ScanBy"], asked["MaxDatapoints"]) == ("TimestampAscending", 100_800)
    identities = [query["Id"] for query in asked["MetricDataQueries"]]
    assert identities == [f"q{number}" for number in range(8)]


def page(identity: str, values: list[float], status: str, first: int = 0) -> dict[str, Any]:
    times = [f"2026-11-{1 + first + number:02}T00:00:00Z" for number in range(len(values))]
    return {
        "MetricDataResults": [
            {"Id": identity, "Timestamps": times, "Values": values, "StatusCode": status},
            {"Id": "q9", "StatusCode": status},
        ]
    }


def test_values_that_arrive_on_several_pages_are_put_together_by_their_id() -> None:
    pages = [
        page("q0", [1.0, 2.0], "PartialData"),
        page("q0", [3.0], "PartialData", 2),
        page("q0", [4.0], "Complete", 3),
        {},
    ]
    problems: list[str] = []
    (batch, _) = plan(Assets([machine()]), [], {}, AT)
    answers = get_metrics(Canned(cloudwatch_get_metric_data=pages), batch, problems)
    assert answers["q0"] == ([f"2026-11-{day:02}T00:00:00Z" for day in (1, 2, 3, 4)], [1.0, 2.0, 3.0, 4.0])
    assert answers["q9"] == ([], [])
    assert problems == []


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_series_that_could_not_be_read_are_told_with_their_number_and_place(status: str) -> None:
    answer = {"MetricDataResults": [{"Id": f"q{n}", "StatusCode": status} for n in (0, 1)]}
    problems: list[str] = []
    (batch, _) = plan(Assets([machine()]), [], {}, AT)
    get_metrics(Canned(cloudwatch_get_metric_data=answer), batch, problems)
    assert problems == [
        f"cloudwatch:GetMetricData answered {status} for 2 series in account 012345678901, region eu-west-1."
    ]


@pytest.mark.parametrize("status", ["PartialData", "InternalError"])
def test_a_metric_with_one_answer_that_is_not_complete_is_left_out_whole_and_told(status: str) -> None:
    (batch, _) = plan(Assets([machine()]), [], {}, AT)
    whole = {"Timestamps": ["2026-11-01T00:00:00Z"], "Values": [5.0], "StatusCode": "Complete"}
    results = [{"Id": f"q{n}", **whole, **({"StatusCode": status} if n == 2 else {})} for n in range(8)]
    problems: list[str] = []
    client = Canned(cloudwatch_get_metric_data={"MetricDataResults": results})
    table = transform_metrics(get_metrics(client, batch, problems), batch, SCOPE)
    assert table is not None
    # q0 to q2 are the processor's mean, percentile and maximum.
    assert set(table["metric"].to_pylist()) == {"network_in_bytes_per_second", "network_out_bytes_per_second"}
    assert len(problems) == 1


def test_an_error_that_a_later_page_mends_is_none() -> None:
    pages = [page("q0", [1.0], "InternalError"), page("q0", [2.0], "Complete", 1)]
    problems: list[str] = []
    (batch, _) = plan(Assets([machine()]), [], {}, AT)
    get_metrics(Canned(cloudwatch_get_metric_data=pages), batch, problems)
    assert problems == []


# --- rows -------------------------------------------------------------------------------------------------

Told = Mapping[tuple[str, str], Mapping[datetime, float]]


def epochs(day: datetime) -> Any:
    return calendar.timegm(day.timetuple())


def rows(
    batch: Batch, told: Told, written: Callable[[datetime], Any] = epochs, series_of: Any = None
) -> list[dict[str, Any]]:
    """The rows of a batch when CloudWatch tells this of (metric, statistic); instants are written so."""

    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        results = []
        for query in parameters["MetricDataQueries"]:
            stat = query["MetricStat"]
            key = (stat["Metric"]["MetricName"], stat["Stat"])
            index = {pair["Name"]: pair["Value"] for pair in stat["Metric"]["Dimensions"]}.get("index")
            points = series_of[index].get(key[1], {}) if series_of and index else told.get(key, {})
            results.append(
                {
                    "Id": query["Id"],
                    "Timestamps": [written(at) for at in points],
                    "Values": list(points.values()),
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": results}

    answers = get_metrics(Canned(cloudwatch_get_metric_data=answer), batch, [])
    table = transform_metrics(answers, batch, SCOPE)
    return [] if table is None else list(table.to_pylist())


def first(assets: Assets, at: datetime = AT, days: int = 3, reported: Any = (), seconds: int = DAY) -> Batch:
    """The one batch of daily or hourly buckets."""
    (batch,) = (one for one in plan(assets, reported, {}, at, days) if one.seconds == seconds)
    return batch


def by(found: list[dict[str, Any]], metric: str) -> dict[datetime, tuple[Any, ...]]:
    """bucket → avg, p95, max, samples of one metric."""
    return {
        row["bucket_start"]: (row["avg"], row["p95"], row["max"], row["samples"])
        for row in found
        if row["metric"] == metric
    }


def daily(*values: float | None, end: datetime = AT) -> dict[datetime, float]:
    """One value per day, the last the day before `end` (or that day, where it has begun)."""
    last = end.replace(hour=0) if end.hour else end - timedelta(days=1)
    days = [last - timedelta(days=len(values) - 1 - number) for number in range(len(values))]
    return {day: value for day, value in zip(days, values, strict=True) if value is not None}


D17, D18, D19, D20 = (datetime(2026, 11, day) for day in (17, 18, 19, 20))


def test_percent_become_ratios_with_the_number_of_samples() -> None:
    told = {
        ("CPUUtilization", "Average"): daily(50.0, 25.0, 12.5),
        ("CPUUtilization", "p95"): daily(80.0, 60.0, 40.0),
        ("CPUUtilization", "Maximum"): daily(100.0, 99.0, 90.0),
        ("CPUUtilization", "SampleCount"): daily(288, 1440, 12),
    }
    found = rows(first(Assets([machine()])), told)
    assert by(found, "cpu_utilization") == {
        D17: (0.5, 0.8, 1.0, 288),
        D18: (0.25, 0.6, 0.99, 1440),
        D19: (0.125, 0.4, 0.9, 12),
    }
    assert {row["metric"] for row in found} == {"cpu_utilization"}


def test_a_row_has_all_its_columns() -> None:
    (row,) = rows(first(Assets([machine()])), {("CPUUtilization", "Average"): daily(50.0)})
    assert row == {
        "cloud": "aws",
        "account_id": "012345678901",
        "region": "eu-west-1",
        "resource_id": "i-1",
        "metric": "cpu_utilization",
        "bucket_start": D19,
        "bucket_seconds": 86400,
        "avg": 0.5,
        "p95": None,
        "max": None,
        "samples": None,
    }


def test_hours_have_no_percentile() -> None:
    at = datetime(2026, 11, 19, 23)
    told = {("CPUUtilization", "Average"): {at: 50.0}, ("CPUUtilization", "Maximum"): {at: 80.0}}
    (row,) = rows(first(Assets([machine()]), seconds=HOUR), told)
    assert (row["bucket_start"], row["bucket_seconds"]) == (at, 3600)
    assert (row["avg"], row["p95"], row["max"], row["samples"]) == (0.5, None, 0.8, None)


def network(
    counts: Mapping[datetime, float], total: Mapping[datetime, float], top: Mapping[datetime, float]
) -> Told:
    return {
        ("CPUUtilization", "SampleCount"): counts,
        ("NetworkIn", "Sum"): total,
        ("NetworkIn", "Maximum"): top,
    }  # fmt: skip


def rates(told: Told, at: datetime = AT) -> dict[datetime, tuple[float, float]]:
    """bucket → mean and highest rate of NetworkIn, bytes per second."""
    found = by(rows(first(Assets([machine()]), at), told), "network_in_bytes_per_second")
    return {day: (row[0], row[2]) for day, row in found.items()}


def test_a_sum_over_five_minute_samples_is_a_rate_per_second() -> None:
    told = network(daily(288, 288), daily(8_640_000.0, 86_400.0), daily(90_000.0, 300.0))
    assert rates(told) == {D18: (100.0, 300.0), D19: (1.0, 1.0)}


def test_a_sum_over_one_minute_samples_is_a_rate_per_second() -> None:
    told = network(daily(1440, 1440), daily(8_640_000.0, 86_400.0), daily(90_000.0, 60.0))
    assert rates(told) == {D18: (100.0, 1500.0), D19: (1.0, 1.0)}


def test_a_series_that_changed_to_minutes_is_read_by_the_day() -> None:
    told = network(daily(288, 1440), daily(86_400.0, 86_400.0), daily(300.0, 60.0))
    assert rates(told) == {D18: (1.0, 1.0), D19: (1.0, 1.0)}


def test_a_day_that_was_measured_in_part_is_divided_by_that_part() -> None:
    """72 samples of five minutes are six hours, 360 of a minute too: 21,600 seconds."""
    told = network(daily(288, 72), daily(86_400.0, 21_600.0), daily(300.0, 300.0))
    assert rates(told) == {D18: (1.0, 1.0), D19: (1.0, 1.0)}
    told = network(daily(1440, 360), daily(86_400.0, 21_600.0), daily(60.0, 60.0))
    assert rates(told) == {D18: (1.0, 1.0), D19: (1.0, 1.0)}
    # of minutes too few to tell from five: as the other days
    told = network(daily(1440, 120), daily(86_400.0, 7_200.0), daily(60.0, 60.0))
    assert rates(told) == {D18: (1.0, 1.0), D19: (1.0, 1.0)}


@pytest.mark.parametrize("seconds", [60, 300])
@pytest.mark.parametrize(
    "passed",
    [
        timedelta(minutes=3),
        timedelta(minutes=7),
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=12),
        timedelta(hours=23, minutes=55),
    ],
)
def test_today_is_divided_by_what_has_passed_of_it(passed: timedelta, seconds: int) -> None:
    """One byte per second all the time; a sample is there once it has begun."""
    at = D20 + passed
    begun = ceil(passed.total_seconds() / seconds)
    told = network(
        {D19: 86_400 / seconds, D20: begun},
        {D19: 86_400.0, D20: passed.total_seconds()},
        {D19: float(seconds), D20: float(min(seconds, passed.total_seconds()))},
    )
    found = rates(told, at)
    assert found[D19] == (1.0, 1.0)
    assert found[D20][0] == pytest.approx(1.0)
    assert found[D20][1] <= 1.0 + 1e-9


def test_today_that_was_measured_in_part_is_divided_by_that_part() -> None:
    told = network({D19: 288, D20: 36}, {D19: 86_400.0, D20: 10_800.0}, {D19: 300.0, D20: 300.0})
    assert rates(told, NOON) == {D19: (1.0, 1.0), D20: (1.0, 1.0)}


def test_without_a_count_a_sum_is_divided_by_the_whole_bucket() -> None:
    told = {("NetworkIn", "Sum"): daily(86_400.0), ("NetworkIn", "Maximum"): daily(300.0)}
    assert rates(told) == {D19: (1.0, 1.0)}


def test_more_samples_than_a_day_has_are_of_several_reporters_and_the_day_is_whole() -> None:
    told = network(daily(4320), daily(86_400.0), daily(60.0))
    assert rates(told) == {D19: (1.0, 1.0)}


def test_zero_is_a_value_and_no_value_is_no_row() -> None:
    told = network(daily(288, None, 288), daily(0.0, None, 0.0), daily(0.0, None, 0.0))
    assert rates(told) == {D17: (0.0, 0.0), D19: (0.0, 0.0)}
    told = {("CPUUtilization", "Average"): daily(0.0, None, 10.0)}
    assert set(by(rows(first(Assets([machine()])), told), "cpu_utilization")) == {D17, D19}


def test_of_several_gpus_the_busiest_counts_at_each_moment() -> None:
    stats = ("Average", "p95", "Maximum")
    busy = {
        "0": {stat: daily(10.0, 20.0, None) for stat in stats},
        "1": {stat: daily(30.0, 5.0, None) for stat in stats},
        "2": {stat: daily(None, None, 1.0) for stat in stats},
    }
    batch = first(Assets([machine()]), reported=gpus("i-1", 3))
    found = rows(batch, {}, series_of=busy)
    assert by(found, "gpu_utilization") == {
        D17: (0.3, 0.3, 0.3, None),
        D18: (0.2, 0.2, 0.2, None),
        D19: (0.01, 0.01, 0.01, None),
    }


@pytest.mark.parametrize("name", ["mem_used_percent", "Memory % Committed Bytes In Use"])
def test_memory_has_one_name_whatever_the_system(name: str) -> None:
    batch = first(Assets([machine()]), reported=[agent("i-1", name)])
    (row,) = rows(batch, {(name, "Average"): daily(75.0)})
    assert (row["metric"], row["avg"]) == ("memory_utilization", 0.75)


@pytest.mark.parametrize(
    "written",
    [
        lambda at: calendar.timegm(at.timetuple()),
        lambda at: float(calendar.timegm(at.timetuple())),
        lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z",
        lambda at: f"{at:%Y-%m-%dT%H:%M:%S}+00:00",
        lambda at: at.replace(tzinfo=UTC).astimezone(TOKYO).isoformat(),
        lambda at: at.replace(tzinfo=UTC),
        lambda at: at.replace(tzinfo=UTC).astimezone(TOKYO),
        lambda at: at,
    ],
)
def test_times_mean_the_same_however_they_are_written(written: Callable[[datetime], Any]) -> None:
    told = {("CPUUtilization", "Average"): daily(10.0, None, 30.0)}
    found = by(rows(first(Assets([machine()])), told, written), "cpu_utilization")
    assert {day: row[0] for day, row in found.items()} == {D17: 0.1, D19: 0.3}


def test_points_outside_the_window_are_left_out() -> None:
    told = {("CPUUtilization", "Average"): {D17 - timedelta(days=1): 10.0, D19: 20.0, D20: 30.0}}
    assert set(by(rows(first(Assets([machine()])), told), "cpu_utilization")) == {D19}


def test_nothing_measured_is_no_table() -> None:
    batch = first(Assets([machine()], [disk()]))
    assert transform_metrics({}, batch, SCOPE) is None
    assert transform_metrics({"q0": ([], [])}, batch, SCOPE) is None
    # samples alone say nothing of a resource
    assert rows(batch, {("CPUUtilization", "SampleCount"): daily(288)}) == []


def test_each_resource_of_a_batch_has_its_own_rows() -> None:
    batch = first(Assets([machine("i-1"), machine("i-2")], [disk("vol-1")], [{"nat_gateway_id": "nat-1"}]))
    told = {
        ("CPUUtilization", "Average"): daily(50.0),
        ("VolumeReadOps", "Sum"): daily(864_000.0),
        ("VolumeReadOps", "Maximum"): daily(3_000.0),
        ("VolumeReadOps", "SampleCount"): daily(288),
        ("BytesOutToDestination", "Sum"): daily(86_400.0),
    }
    found = {(row["resource_id"], row["metric"]): row["avg"] for row in rows(batch, told)}
    assert found == {
        ("i-1", "cpu_utilization"): 0.5,
        ("i-2", "cpu_utilization"): 0.5,
        ("vol-1", "disk_read_ops_per_second"): 10.0,
        ("nat-1", "network_out_bytes_per_second"): 1.0,
    }


@pytest.mark.parametrize(("at", "seconds"), [(AT, 86_400), (NOON, 43_200)])
def test_requests_of_a_balancer_are_a_rate_over_the_whole_bucket_and_belong_to_its_arn(
    at: datetime, seconds: int
) -> None:
    """They are counted one by one: a sample is a request and says nothing about time."""
    one = balancer("application", "app/shop/1")
    told = {
        ("RequestCount", "Sum"): daily(10.0 * seconds, end=at),
        ("RequestCount", "Maximum"): daily(1.0, end=at),
        ("RequestCount", "SampleCount"): daily(3.0, end=at),
    }
    (row,) = rows(first(Assets(load_balancers=[one]), at), told)
    assert (row["resource_id"], row["metric"]) == (one["load_balancer_id"], "requests_per_second")
    assert (row["avg"], row["max"], row["samples"]) == (10.0, None, None)


@needs_recorded
def test_a_recorded_answer_is_put_together() -> None:
    answer = recorded("monitoring.GetMetricData/bedrock_inference_profile_token_metrics")
    (batch, _) = plan(Assets([machine()]), [], {}, AT)
    answers = get_metrics(Canned(cloudwatch_get_metric_data=answer), batch, [])
    assert [(len(times), values) for times, values in answers.values()] == [(1, [15.0])]


def test_what_is_asked_can_be_sent() -> None:
    (batch, _) = plan(Assets([machine()]), [agent("i-1", host='x"<>')], {}, AT)
    assert json.loads(json.dumps(queries(batch))) == queries(batch)
