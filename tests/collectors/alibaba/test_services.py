"""What CloudMonitor tells of databases, balancers and gateways, in our names and units."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.measures import Assets, plan
from collectors.alibaba.metrics import Refusals, get_hours
from collectors.alibaba.services import measured
from collectors.calls import CallError
from collectors.hours import Window
from tests.collectors.alibaba.canned import Canned
from tests.collectors.alibaba.live import AT, collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
START = f"{AT - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
DAYS = 48 * 12  # points of five minutes


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


# Kind of resource, namespace, metric, dimensions beside the id, its name, a value; our metric and value.
TOLD: tuple[tuple[str, str, str, str, float, str, float], ...] = (
    ("db", "acs_rds_dashboard", "CpuUsage", "instanceId", 40.0, "cpu_utilization", 0.4),
    ("db", "acs_rds_dashboard", "MemoryUsage", "instanceId", 50.0, "memory_utilization", 0.5),
    ("db", "acs_rds_dashboard", "ConnectionUsage", "instanceId", 10.0, "connection_utilization", 0.1),
    ("db", "acs_rds_dashboard", "DiskUsage", "instanceId", 30.0, "storage_utilization", 0.3),
    ("cache", "acs_kvstore", "StandardCpuUsage", "instanceId", 20.0, "cpu_utilization", 0.2),
    ("cache", "acs_kvstore", "StandardUsedConnection", "instanceId", 7.0, "connections", 7.0),
    ("polardb", "acs_polardb", "cluster_cpu_utilization", "clusterId", 60.0, "cpu_utilization", 0.6),
    ("slb", "acs_slb_dashboard", "InstanceTrafficRX", "instanceId", 800.0, "network_in_bytes_per_second", 100.0),
    ("alb", "acs_alb", "LoadBalancerQPS", "loadBalancerId", 250.0, "requests_per_second", 250.0),
    ("alb", "acs_alb", "LoadBalancerInBits", "loadBalancerId", 80.0, "network_in_bytes_per_second", 10.0),
    ("nlb", "acs_nlb", "InstanceTrafficTX", "instanceId", 8.0, "network_out_bytes_per_second", 1.0),
    ("nat", "acs_nat_gateway", "BWRateOutToOutside", "instanceId", 160.0, "network_out_bytes_per_second", 20.0),
)  # fmt: skip


def test_every_service_is_told_in_our_names_and_units(process: Cloud, tmp_path: Path) -> None:
    process.fresh()
    process.clock(AS_OF)
    ids = {kind: process.put(kind, REGION, {}) for kind in dict.fromkeys(one[0] for one in TOLD)}
    for kind, namespace, name, dimension, value, _, _ in TOLD:
        process.series(REGION, namespace, name, {dimension: ids[kind]}, START, 300, [value] * DAYS)
    # The nodes of a cluster are told one by one: the busiest counts.
    own = {"clusterId": ids["polardb"], "nodeId": "pi-2"}
    process.series(REGION, "acs_polardb", "cluster_memory_utilization", own, START, 300, [30.0] * DAYS)
    process.series(
        REGION,
        "acs_polardb",
        "cluster_memory_utilization",
        own | {"nodeId": "pi-1"},
        START,
        300,
        [70.0] * DAYS,
    )
    db = tmp_path / "w.duckdb"
    only = ("instances", "volumes", "databases", "load_balancers", "nat_gateways", "metrics")
    done = collect(db, process.env, REGION, only=only, days=3)
    assert done.errors == {}
    found = {
        (resource, metric): value
        for resource, metric, value in rows(
            db, "SELECT resource_id, metric, max(avg) FROM metrics WHERE bucket_seconds = 86400 GROUP BY ALL"
        )
    }
    expected = {(ids[kind], metric): value for kind, *_, metric, value in TOLD}
    assert found == pytest.approx(expected | {(ids["polardb"], "memory_utilization"): 0.7})


def test_a_list_that_is_denied_makes_metrics_partial_and_one_that_is_not_offered_does_not(
    process: Cloud, tmp_path: Path
) -> None:
    process.fresh()
    process.clock(AS_OF)
    process.deny("vpc:DescribeNatGateways")
    process.faults([{"kind": "error", "product": one, "code": "InvalidAction.NotFound", "status": 404}
                    for one in ("rds", "kvstore", "polardb")])  # fmt: skip
    db = tmp_path / "w.duckdb"
    only = ("instances", "volumes", "databases", "nat_gateways", "metrics")
    collect(db, process.env, REGION, only=only, days=3)
    told = {dataset: (status, error) for (_, dataset), (status, error, _) in coverage(db).items()}
    assert told["databases"][0] == "skipped"
    assert told["nat_gateways"][0] == "denied"
    assert told["metrics"] == (
        "failed",
        "What to ask about is not known: nat gateways were never collected.",
    )


def row(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "database_id": "x-1",
        "state": "running",
        "kind": kind,
        "storage_type": None,
        "engine": None,
        **more,
    }


def test_what_is_stopped_or_of_an_architecture_nobody_knows_is_not_asked() -> None:
    found = [
        row("relational", state="stopped"),
        row("cache", storage_type="of tomorrow"),
        row("cache", storage_type="rwsplit", database_id="r-2"),
    ]
    ((measures, key, asked),) = measured(found, [], [])
    assert {measure.series[0].name for measure in measures} >= {"SplitrwCpuUsage", "SplitrwUsedConnection"}
    assert (key, [one["database_id"] for one in asked]) == ("database_id", ["r-2"])


def test_a_metric_that_is_told_as_a_value_is_read_and_one_that_is_not_there_is_none() -> None:
    (batch, *_) = plan(
        Assets(services=list(measured([], [], [{"nat_gateway_id": "ngw-1", "created_at": None}]))), {}, AT, 2
    )
    window = Window(AT - timedelta(days=1), AT)
    points = '[{"timestamp":1795046400000,"userId":"1","instanceId":"ngw-1","Value":80.0}]'
    client = Canned(cms_DescribeMetricList={"Datapoints": points})
    (hours,) = get_hours(client, batch, window, Refusals()).values()  # type: ignore[arg-type]
    ((mean, top),) = hours.values()
    assert mean == 10.0
    assert top != top, "no highest moment is told"
    nothing = Canned(cms_DescribeMetricList=CallError("failed", "ResourceNotFound", "no"))
    assert get_hours(nothing, batch, window, Refusals()) == {}  # type: ignore[arg-type]


def test_what_pods_of_a_node_ask_for_is_a_share_of_what_the_node_can_give(
    process: Cloud, tmp_path: Path
) -> None:
    process.fresh()
    process.clock(AS_OF)
    cluster = process.put("cluster", REGION, {})
    tags = {"Tag": [{"TagKey": "ack.aliyun.com", "TagValue": cluster}]}
    node = process.put("instance", REGION, {"Tags": tags})  # with the address 172.16.0.1
    for metric, value in (
        ("cpu.request", 1.0),
        ("cpu.allocatable", 4.0),
        ("memory.request", 3e9),
        ("memory.allocatable", 4e9),
    ):
        for address, factor in (("172.16.0.1", 1), ("172.16.0.99", 2)):
            own = {"cluster": cluster, "node": f"{REGION}.{address}"}
            process.series(REGION, "acs_k8s", f"node.{metric}", own, START, 300, [value * factor] * DAYS)
    db = tmp_path / "w.duckdb"
    only = ("instances", "volumes", "clusters", "metrics")
    assert collect(db, process.env, REGION, only=only, days=3).errors == {}
    asked = "SELECT resource_id, metric, max(avg), max(max) FROM metrics WHERE metric LIKE '%request_utilization' GROUP BY ALL"
    assert set(rows(db, asked)) == {
        (node, "cpu_request_utilization", 0.25, 0.25),
        (node, "memory_request_utilization", 0.75, 0.75),
    }
    process.reset_calls()
    assert collect(db, process.env, REGION, only=only, days=3).errors == {}
    windows = {
        call["params"]["StartTime"]
        for call in process.calls("DescribeMetricList")
        if "acs_k8s" in str(call["params"])
    }
    assert len(windows) == 1, "only what is new"
