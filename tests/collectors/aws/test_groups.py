"""Scaling groups, what changes their size, and how large they have been: raw answers in, rows out."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors.aws.groups import get_activities, get_scaling_groups, sizes, transform_scaling_groups
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned, needs_recorded, recorded, shaped


def scope(dataset: str) -> Scope:
    return Scope("aws", "012345678901", "eu-west-1", dataset)


def group(**more: Any) -> dict[str, Any]:
    """The row of one group."""
    raw = {
        "groups": [{"AutoScalingGroupName": "g", "MinSize": 1, "MaxSize": 4, **more}],
        "policies": [],
        "schedules": [],
    }
    (row,) = transform_scaling_groups(raw, scope("scaling_groups"))["scaling_groups"]
    return row


def mix(above: int | None, base: int | None = 0) -> dict[str, Any]:
    told = {"OnDemandPercentageAboveBaseCapacity": above, "OnDemandBaseCapacity": base}
    return {
        "InstancesDistribution": {key: value for key, value in told.items() if value is not None},
    }


@pytest.mark.parametrize(
    ("policy", "spot"),
    [(mix(0), True), (mix(0, None), True), (mix(0, 1), False), (mix(100), False), (mix(50), False), (None, None)],
)  # fmt: skip
def test_a_group_is_of_spot_when_nothing_in_it_is_on_demand(
    policy: dict[str, Any] | None, spot: bool | None
) -> None:
    assert group(MixedInstancesPolicy=policy)["is_spot"] is spot


@pytest.mark.parametrize(
    ("types", "told"),
    [(["m5.large", "m5.large"], "m5.large"), (["m5.large", "c5.large"], None), ([None, "m5.large"], "m5.large"), ([], None)],
)  # fmt: skip
def test_a_group_has_a_type_when_its_members_agree(types: list[str | None], told: str | None) -> None:
    assert group(Instances=[{"InstanceType": each} for each in types])["instance_type"] == told


@needs_recorded
def test_recorded_groups_become_rows_with_their_tags() -> None:
    pages = [
        recorded(f"autoscaling.DescribeAutoScalingGroups/{name}")
        for name in ("test_asg_resume", "test_asg_suspend_force")
    ]
    client = Canned(
        autoscaling_describe_auto_scaling_groups=pages,
        autoscaling_describe_policies={},
        autoscaling_describe_scheduled_actions={},
    )
    raw = get_scaling_groups(client, [])
    rows = transform_scaling_groups(raw, scope("scaling_groups"))
    told = {
        row["scaling_group_id"]: (row["min_size"], row["max_size"], row["desired_size"], row["instance_type"])
        for row in rows["scaling_groups"]
    }
    assert told["CustodianASG"] == (3, 3, 3, None)
    assert told["custodian-suspend-force-recording"] == (0, 1, 1, "t3.micro")
    assert len(told) == 6
    (public,) = (row for row in rows["scaling_groups"] if row["name"] == "c7n-public-test")
    assert public["is_spot"] is False
    assert ("CustodianASG", "Platform", "ubuntu") in {
        (row["resource_id"], row["key"], row["value"]) for row in rows["tags"]
    }


NODES = [
    {"Key": "eks:nodegroup-name", "Value": "general"},
    {"Key": "eks:cluster-name", "Value": "prod"},
    {"Key": "k8s.io/cluster-autoscaler/enabled", "Value": "true"},
]


def scaled(policies: Any = (), schedules: Any = (), **more: Any) -> dict[str, Any]:
    """The row of a group with these policies and schedules; None where they may not be listed."""
    told = {"AutoScalingGroupName": "g", "MinSize": 1, "MaxSize": 4, **more}
    raw = {"groups": [told], "policies": policies, "schedules": schedules}
    (row,) = transform_scaling_groups(raw, scope("scaling_groups"))["scaling_groups"]
    return row


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ({"policies": [{"AutoScalingGroupName": "g"}]}, True),
        ({"policies": [{"AutoScalingGroupName": "g", "Enabled": False}]}, False),
        ({"policies": [{"AutoScalingGroupName": "another"}]}, False),
        ({"schedules": [{"AutoScalingGroupName": "g"}]}, True),
        ({}, False),
        ({"policies": None}, None),
        ({"policies": None, "schedules": [{"AutoScalingGroupName": "g"}]}, True),
        ({"policies": None, "MaxSize": 1}, False),
        # EKS puts this tag on every node group; on a group of one's own somebody did.
        ({"Tags": NODES}, None),
        ({"Tags": NODES, "MaxSize": 1}, False),
        ({"Tags": NODES[2:]}, True),
    ],
)
def test_whether_something_changes_the_size_of_a_group(group: dict[str, Any], told: bool | None) -> None:
    assert scaled(**group)["autoscaled"] is told


def test_a_node_group_is_a_pool_of_its_cluster_by_its_own_name() -> None:
    row = scaled(Tags=NODES, CreatedTime="2026-01-02T03:04:05Z")
    assert (row["scaling_group_id"], row["name"], row["kind"], row["cluster"]) == (
        "g",
        "general",
        "node_pool",
        "prod",
    )
    assert row["created_at"] == datetime(2026, 1, 2, 3, 4, 5)
    assert (scaled()["kind"], scaled()["cluster"]) == ("group", None)


def test_without_groups_nobody_asks_what_changes_them() -> None:
    client = Canned(autoscaling_describe_auto_scaling_groups={"AutoScalingGroups": []})
    assert get_scaling_groups(client, []) == {"groups": [], "policies": [], "schedules": []}


def test_policies_that_may_not_be_listed_are_told() -> None:
    client = Canned(
        autoscaling_describe_auto_scaling_groups={"AutoScalingGroups": [{"AutoScalingGroupName": "g"}]},
        autoscaling_describe_policies=CallError("denied", "AccessDenied", "It is denied."),
        autoscaling_describe_scheduled_actions={},
    )
    problems: list[str] = []
    rows = transform_scaling_groups(get_scaling_groups(client, problems), scope("scaling_groups"))
    assert [row["autoscaled"] for row in rows["scaling_groups"]] == [None]
    assert problems == ["It is denied."]


# --- how large they have been -----------------------------------------------------------------------------

AT = datetime(2026, 11, 20, 12)
LAUNCH, TERMINATE = "Launching a new EC2 instance: i-1", "Terminating EC2 instance: i-1"


def activity(at: datetime, what: str, *, status: str = "Successful", group: str = "g") -> dict[str, Any]:
    return {
        "ActivityId": f"{at}", "AutoScalingGroupName": group, "Description": what, "Cause": "demand", "StartTime": at,
        "EndTime": at, "StatusCode": status,
    }  # fmt: skip


def history(
    *activities: dict[str, Any], members: int = 2, whole: bool = True, **more: Any
) -> dict[str, tuple[float, float]]:
    """Mean and most machines of each day, of a group that has so many now."""
    shaped("autoscaling", "DescribeScalingActivities", {"Activities": list(activities)})
    group = {
        "AutoScalingGroupName": "g", "Instances": [{"LifecycleState": "InService"}] * members, **more,
    }  # fmt: skip
    found = sizes([group], (list(activities), whole), AT, scope("metrics"))
    if found is None:
        return {}
    assert set(found["metric"].to_pylist()) == {"group_size"}
    days = [f"{day:%m-%d}" for day in found["bucket_start"].to_pylist()]
    return dict(zip(days, zip(found["avg"].to_pylist(), found["max"].to_pylist(), strict=True), strict=True))


def test_a_group_that_never_changed_had_its_size_for_six_weeks() -> None:
    found = history()
    assert set(found.values()) == {(2.0, 2.0)}
    assert (min(found), max(found), len(found)) == ("10-10", "11-20", 42)  # from the first whole day on


def test_sizes_are_counted_back_from_the_members_there_are() -> None:
    at = datetime(2026, 11, 18, 6)
    found = history(activity(at + timedelta(hours=12), TERMINATE), activity(at, LAUNCH))
    assert found["11-20"] == (2.0, 2.0)
    assert found["11-18"] == (2.5, 3.0)  # half of the day one more
    assert found["11-17"] == (2.0, 2.0)


def test_what_happened_after_the_instant_it_is_about_is_counted_back_and_not_shown() -> None:
    later = AT + timedelta(hours=5)
    found = history(activity(later, LAUNCH), activity(later, LAUNCH), members=5)
    assert set(found.values()) == {(3.0, 3.0)}


def test_what_failed_or_belongs_to_another_group_changed_nothing() -> None:
    at = datetime(2026, 11, 18)
    found = history(
        activity(at, LAUNCH, status="Failed"), activity(at, LAUNCH, group="h"), activity(at, "Updating: i-1")
    )
    assert set(found.values()) == {(2.0, 2.0)}


@pytest.mark.parametrize(
    ("what", "before"),
    [
        (LAUNCH, 1.0), (TERMINATE, 3.0), ("Attaching an existing EC2 instance: i-1", 1.0),
        ("Detaching EC2 instance: i-1", 3.0), ("Moving EC2 instance to Standby: i-1", 3.0),
        ("Moving EC2 instance out of Standby: i-1", 1.0),
    ],
)  # fmt: skip
def test_what_each_activity_does_to_the_size(what: str, before: float) -> None:
    found = history(activity(datetime(2026, 11, 18), what))
    assert (found["11-17"][1], found["11-18"][1]) == (before, 2.0)


def test_a_young_group_has_no_size_before_it_was_made() -> None:
    found = history(CreatedTime="2026-11-15T10:00:00Z")
    assert (min(found), len(found)) == ("11-15", 6)


def test_where_not_all_activities_were_read_only_the_days_after_the_oldest_are_known() -> None:
    assert min(history(activity(datetime(2026, 11, 12, 8), LAUNCH), whole=False)) == "11-13"


def test_machines_on_standby_are_not_in_service_and_a_warm_pool_is_not_known() -> None:
    standby = [{"LifecycleState": "InService"}, {"LifecycleState": "Standby"}]
    assert set(history(Instances=standby).values()) == {(1.0, 1.0)}
    assert history(WarmPoolConfiguration={"MinSize": 1}) == {}


def test_activities_without_end_are_read_up_to_a_limit() -> None:
    class Endless(Canned):
        def pages(self, api: Any, **parameters: Any) -> Iterator[dict[str, Any]]:
            while True:
                yield {"Activities": [activity(AT, LAUNCH)]}

    found, whole = get_activities(Endless())
    assert (len(found), whole) == (50, False)
    assert get_activities(Canned(autoscaling_describe_scaling_activities=[{"Activities": []}])) == ([], True)
