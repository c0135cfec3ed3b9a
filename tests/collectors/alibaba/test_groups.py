"""Scaling groups, what moves them, how large they were; clusters and their node pools."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.clusters import get_clusters, pools_of, transform_clusters
from collectors.alibaba.groups import GroupBatch, get_groups, measured_sizes, sizes_wanted, transform_groups
from collectors.calls import CallError
from collectors.hours import Window
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned
from tests.collectors.alibaba.live import AT, collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
HERE = {"cloud": "alibaba", "account_id": ACCOUNT, "region": REGION}
DENIED = CallError("denied", "Forbidden.RAM", "denied")
ABSENT = CallError("skipped", "NoSuchService", "not offered")


def scope(dataset: str) -> Scope:
    return Scope("alibaba", ACCOUNT, REGION, dataset)


# --- what moves them --------------------------------------------------------------------------------------


def listed(
    rules: Any = (), tasks: Any = (), alarms: Any = (), **more: Any
) -> tuple[dict[str, bool | None], list[str]]:
    """Whether each of three groups is autoscaled, and what was told."""
    client = Canned(
        **{
            "ess_DescribeScalingGroups": {
                "ScalingGroups": {"ScalingGroup": [{"ScalingGroupId": f"asg-{one}"} for one in (1, 2, 3)]}, "TotalCount": 3,
            },
            "ess_DescribeScalingRules": {"ScalingRules": {"ScalingRule": list(rules)}, "TotalCount": len(rules)},
            "ess_DescribeScheduledTasks": {"ScheduledTasks": {"ScheduledTask": list(tasks)}, "TotalCount": len(tasks)},
            "ess_DescribeAlarms": {"AlarmList": {"Alarm": list(alarms)}, "TotalCount": len(alarms)},
        }
        | more
    )  # fmt: skip
    problems: list[str] = []
    found = get_groups(client, problems)
    return {one["ScalingGroupId"]: one["autoscaled"] for one in found}, problems


SIMPLE = {"ScalingGroupId": "asg-1", "ScalingRuleType": "SimpleScalingRule", "ScalingRuleAri": "ari:1"}


@pytest.mark.parametrize(
    ("rules", "tasks", "alarms", "moved"),
    [
        ([], [], [], set()),
        ([SIMPLE], [], [], set()),
        ([{**SIMPLE, "ScalingRuleType": "TargetTrackingScalingRule"}], [], [], {"asg-1"}),
        ([{**SIMPLE, "ScalingRuleType": "PredictiveScalingRule"}], [], [], {"asg-1"}),
        ([SIMPLE], [{"ScheduledAction": "ari:1", "TaskEnabled": True}], [], {"asg-1"}),
        ([SIMPLE], [{"ScheduledAction": "ari:1", "TaskEnabled": False}], [], set()),
        ([], [{"ScalingGroupId": "asg-2", "MinValue": 1, "TaskEnabled": "true"}], [], {"asg-2"}),
        ([], [], [{"ScalingGroupId": "asg-3", "Enable": True}], {"asg-3"}),
        ([], [], [{"ScalingGroupId": "asg-3", "Enable": "false"}], set()),
    ],
)
def test_a_group_is_moved_by_what_is_switched_on(
    rules: list[Any], tasks: list[Any], alarms: list[Any], moved: set[str]
) -> None:
    found, problems = listed(rules, tasks, alarms)
    assert ({one for one, yes in found.items() if yes}, problems) == (moved, [])


@pytest.mark.parametrize(("error", "told"), [(DENIED, ["denied"]), (ABSENT, [])])
def test_what_moves_groups_is_unknown_where_it_cannot_be_read(error: CallError, told: list[str]) -> None:
    found, problems = listed(ess_DescribeAlarms=error)
    assert (set(found.values()), problems) == ({None}, told)


# --- sizes of the past ------------------------------------------------------------------------------------


def activity(days_ago: float, size: int, status: str = "Successful") -> dict[str, Any]:
    at = f"{AT - timedelta(days=days_ago):%Y-%m-%dT%H:%MZ}"
    return {"StatusCode": status, "StartTime": at, "EndTime": at, "TotalCapacity": str(size)}


def sizes(*activities: dict[str, Any], now: int | None = 2, days: int = 4) -> dict[int, tuple[float, float]]:
    """Days ago → mean and highest size of that day."""
    client = Canned(
        ess_DescribeScalingActivities={
            "ScalingActivities": {"ScalingActivity": list(activities)}, "TotalCount": len(activities),
        }
    )  # fmt: skip
    batch = GroupBatch("asg-1", now, Window(AT - timedelta(days=days), AT))
    table = measured_sizes(client, batch, scope("metrics"))  # type: ignore[arg-type]
    return {
        (AT - row["bucket_start"]).days: (row["avg"], row["max"])
        for row in (table.to_pylist() if table else [])
    }


def test_a_group_that_nothing_happened_to_was_always_as_large_as_it_is() -> None:
    assert sizes() == {4: (2.0, 2.0), 3: (2.0, 2.0), 2: (2.0, 2.0), 1: (2.0, 2.0)}
    assert sizes(now=None) == {}


def test_a_day_has_the_mean_and_the_highest_of_its_sizes() -> None:
    found = sizes(activity(1.5, 2), activity(1.75, 6), activity(9, 2))
    assert found == {4: (2.0, 2.0), 3: (2.0, 2.0), 2: (3.0, 6.0), 1: (2.0, 2.0)}


def test_before_the_oldest_activity_nobody_knows_the_size() -> None:
    assert sizes(activity(2.5, 3)) == {3: (3.0, 3.0), 2: (3.0, 3.0), 1: (3.0, 3.0)}


def test_what_failed_or_is_not_done_changed_nothing() -> None:
    assert sizes(activity(0.5, 9, "Failed"), activity(1.5, 9, "InProgress"), activity(9, 2)) == sizes()


def test_an_interface_that_knows_no_activities_tells_no_sizes() -> None:
    batch = GroupBatch("asg-1", 2, Window(AT - timedelta(days=1), AT))
    for error in (ABSENT, CallError("failed", "InvalidScalingGroupId.NotFound", "gone")):
        client = Canned(ess_DescribeScalingActivities=error)
        assert measured_sizes(client, batch, scope("metrics")) is None


def test_a_group_is_asked_about_since_it_was_made_and_for_thirty_days_at_most() -> None:
    made = AT - timedelta(days=3)
    groups = [
        {"scaling_group_id": "asg-1", "desired_size": 1, "created_at": made},
        {"scaling_group_id": "asg-2", "desired_size": 1, "created_at": None},
        {"scaling_group_id": "asg-3", "desired_size": 1, "created_at": AT},
    ]
    found = {one.group: one.window.start for one in sizes_wanted(groups, AT, 91)}
    assert found["asg-1"] == made
    assert AT - timedelta(days=30) <= found["asg-2"] < AT - timedelta(days=29)
    assert "asg-3" not in found


# --- clusters ---------------------------------------------------------------------------------------------

CLUSTER = {
    "cluster_id": "c-1", "name": "<b>prod</b>", "cluster_type": "ManagedKubernetes", "profile": "Default", "state": "running",
    "current_version": "1.34.1-aliyun.1", "created": "2026-01-02T11:04:05+08:00", "tags": [{"key": "team", "value": "a"}],
}  # fmt: skip
POOL = {
    "nodepool_info": {"nodepool_id": "np-1", "name": "pool", "created": "2026-01-02T11:04:05+08:00"},
    "scaling_group": {"scaling_group_id": "asg-1", "instance_types": ["ecs.g7.large"], "spot_strategy": "NoSpot"},
    "auto_scaling": {"enable": True, "min_instances": 1, "max_instances": 9}, "status": {"total_nodes": 3},
}  # fmt: skip


def clusters(*found: dict[str, Any], **answers: Any) -> tuple[list[dict[str, Any]], list[str], Canned]:
    client = Canned(
        **{
            "cs_DescribeClustersV1": {"clusters": list(found), "page_info": {"total_count": len(found)}},
            "cs_DescribeClusterNodePools": {"nodepools": [POOL]},
        }
        | answers
    )
    problems: list[str] = []
    return get_clusters(client, problems), problems, client


def test_a_cluster_has_all_its_columns() -> None:
    raw, problems, _ = clusters(dict(CLUSTER))
    found = transform_clusters(raw, scope("clusters"))
    assert problems == []
    assert found["clusters"] == [
        {
            **HERE, "cluster_id": "c-1", "name": "<b>prod</b>", "kind": "ack", "version": "1.34.1-aliyun.1", "state": "active",
            "mode": "standard", "created_at": datetime(2026, 1, 2, 3, 4, 5),
        }
    ]  # fmt: skip
    assert found["tags"] == [
        {**HERE, "resource_type": "cluster", "resource_id": "c-1", "key": "team", "value": "a"}
    ]


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"cluster_type": "Ask"}, "mode", "serverless"),
        ({"profile": "Serverless"}, "mode", "serverless"),
        ({"state": "deleting"}, "state", "other"),
        ({"current_version": ""}, "version", None),
    ],
)
def test_what_a_cluster_tells(more: dict[str, Any], column: str, value: Any) -> None:
    raw, _, client = clusters(CLUSTER | more)
    (row,) = transform_clusters(raw, scope("clusters"))["clusters"]
    assert row[column] == value
    assert len(client.questions("cs_DescribeClusterNodePools")) == (0 if value == "serverless" else 1)


def test_pools_that_may_not_be_read_are_asked_once_and_told() -> None:
    raw, problems, client = clusters(
        dict(CLUSTER), CLUSTER | {"cluster_id": "c-2"}, cs_DescribeClusterNodePools=DENIED
    )
    assert (problems, list(pools_of(raw))) == (["denied"], [])
    assert len(client.questions("cs_DescribeClusterNodePools")) == 1


def test_the_group_of_a_pool_is_told_with_its_cluster_and_one_that_ess_does_not_show_by_itself() -> None:
    pools = list(pools_of(clusters(dict(CLUSTER))[0]))
    shown = {
        "ScalingGroupId": "asg-1",
        "ScalingGroupName": "ack",
        "MinSize": 0,
        "MaxSize": 5,
        "DesiredCapacity": 2,
    }
    (row,) = transform_groups([shown | {"autoscaled": False}], scope("scaling_groups"), None, {}, pools)[
        "scaling_groups"
    ]
    assert (row["kind"], row["cluster"], row["autoscaled"], row["max_size"]) == ("node_pool", "c-1", True, 5)
    (row,) = transform_groups([], scope("scaling_groups"), None, {}, pools)["scaling_groups"]
    assert (row["scaling_group_id"], row["kind"], row["min_size"], row["max_size"], row["desired_size"]) == (
        "asg-1", "node_pool", 1, 9, 3,
    )  # fmt: skip
    (row,) = transform_groups([shown], scope("scaling_groups"), None, {}, None)["scaling_groups"]
    assert (row["kind"], row["cluster"]) == (None, None), "where pools are not known"


# --- a region of the local cloud --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


def region(process: Cloud) -> dict[str, str]:
    """A cluster with a pool of one node, a group beside it."""
    process.fresh()
    process.clock(AS_OF)
    group = process.put("scaling_group", REGION, {"ScalingGroupName": "pool"})
    plain = process.put("scaling_group", REGION, {"ScalingGroupName": "plain"})
    cluster = process.put("cluster", REGION, {})
    process.put("node_pool", REGION, {"_cluster": cluster, "_group": group})
    node = process.put("instance", REGION, {})
    process.change("scaling_group", REGION, group, {"TotalInstanceCount": 1})
    process.put("scaling_instance", REGION, {"InstanceId": node, "ScalingGroupId": group})
    return {"group": group, "plain": plain, "cluster": cluster, "node": node}


ONLY = ("instances", "volumes", "clusters", "scaling_groups", "metrics")


def test_nodes_groups_and_clusters_belong_together_in_the_warehouse(process: Cloud, tmp_path: Path) -> None:
    ids = region(process)
    db = tmp_path / "w.duckdb"
    assert collect(db, process.env, REGION, only=ONLY, days=3).errors == {}
    assert rows(db, "SELECT cluster_id, mode FROM clusters") == [(ids["cluster"], "standard")]
    assert set(rows(db, "SELECT scaling_group_id, kind, cluster, autoscaled FROM scaling_groups")) == {
        (ids["group"], "node_pool", ids["cluster"], True),
        (ids["plain"], "group", None, False),
    }
    assert rows(db, "SELECT scaling_group FROM instances") == [(ids["group"],)]
    assert set(
        rows(db, "SELECT resource_id, max(max) FROM metrics WHERE metric = 'group_size' GROUP BY 1")
    ) == {
        (ids["group"], 1.0),
        (ids["plain"], 1.0),
    }


def test_groups_without_the_clusters_are_told_which_are_pools_all_the_same(
    process: Cloud, tmp_path: Path
) -> None:
    ids = region(process)
    db = tmp_path / "w.duckdb"
    assert collect(db, process.env, REGION, only=("scaling_groups",)).errors == {}
    assert set(rows(db, "SELECT scaling_group_id, kind FROM scaling_groups")) == {
        (ids["group"], "node_pool"),
        (ids["plain"], "group"),
    }
    assert set(coverage(db)) == {(REGION, "scaling_groups")}


def test_an_endpoint_that_leads_to_something_else_has_no_clusters_and_nothing_is_missing(
    process: Cloud, tmp_path: Path
) -> None:
    ids = region(process)
    process.faults(
        [{"kind": "body", "product": "cs", "status": 403, "body": "<Error><Code>AccessDenied</Code></Error>"}]
    )
    db = tmp_path / "w.duckdb"
    assert collect(db, process.env, REGION, only=ONLY, days=3).errors == {}
    status, error, _ = coverage(db)[REGION, "clusters"]
    assert status == "skipped"
    assert "NoSuchService" in str(error)
    assert set(rows(db, "SELECT kind FROM scaling_groups")) == {("group",)}
    process.faults([])
    assert ids


def test_where_groups_may_not_be_read_members_are_asked_for_all_the_same(
    process: Cloud, tmp_path: Path
) -> None:
    region(process)
    machine = process.put("instance", REGION, {})
    process.put("scaling_instance", REGION, {"InstanceId": machine, "ScalingGroupId": "asg-9"})
    process.deny("ess:DescribeScalingGroups")
    db = tmp_path / "w.duckdb"
    collect(db, process.env, REGION, only=("instances", "scaling_groups"))
    process.deny()
    assert coverage(db)[REGION, "scaling_groups"][0] == "denied"
    assert coverage(db)[REGION, "instances"][0] == "complete"
    assert ("asg-9",) in rows(db, "SELECT scaling_group FROM instances")


def test_a_request_of_the_rest_kind_is_refused_where_its_signature_is_wrong(
    process: Cloud, tmp_path: Path
) -> None:
    region(process)
    env = process.env | {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrong"}
    with pytest.raises(Exception, match="refused the credentials"):
        collect(tmp_path / "w.duckdb", env, REGION, only=("clusters",))
