"""Auto Scaling groups, node groups of EKS among them, and how large they have been, by the verbs of inventory.

CloudWatch has the size of a group only where somebody switched group metrics on. Of the others it follows from the
scaling activities of the last six weeks, counted back from the members there are now. What is older is not known, nor
is a group with a warm pool, whose machines come and go without being in service.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, cluster_of, tag, tags_of, utc
from collectors.conduct import Rows
from collectors.hours import DAY, MetricRows, midnight
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

_ONE = {"MaxRecords": 1}
DESCRIBE_GROUPS = Api(
    "autoscaling", "describe_auto_scaling_groups", "autoscaling:DescribeAutoScalingGroups", probe=_ONE
)
DESCRIBE_POLICIES = Api("autoscaling", "describe_policies", "autoscaling:DescribePolicies", probe=_ONE)
DESCRIBE_SCHEDULES = Api(
    "autoscaling", "describe_scheduled_actions", "autoscaling:DescribeScheduledActions", probe=_ONE
)
DESCRIBE_ACTIVITIES = Api(
    "autoscaling", "describe_scaling_activities", "autoscaling:DescribeScalingActivities", probe=_ONE
)

_MANAGED = "eks:nodegroup-name"
_AUTOSCALER = "k8s.io/cluster-autoscaler/enabled"
_SIZE_METRIC = "GroupInServiceInstances"
_ACTIVITY_DAYS = 42  # that AWS keeps. Source: DescribeScalingActivities
_ACTIVITY_PAGES = 50  # of 100: a group that scales all day must not hold the run
# What an activity does to the number of machines in service, by how its description begins.
_CHANGES = (
    ("Launching a new EC2 instance:", 1), ("Attaching an existing EC2 instance:", 1), ("Terminating EC2 instance:", -1),
    ("Detaching EC2 instance:", -1), ("Moving EC2 instance to Standby:", -1),
    ("Moving EC2 instance out of Standby:", 1),
)  # fmt: skip


def get_groups(client: Client) -> Raw:
    """Groups alone."""
    return all_of(client, DESCRIBE_GROUPS, "AutoScalingGroups")


def get_scaling_groups(client: Client, problems: Problems) -> dict[str, Any]:
    """Groups, and the policies and schedules that change their size."""
    groups = get_groups(client)
    told: dict[str, Any] = {"groups": groups, "policies": [], "schedules": []}
    if groups:
        told["policies"] = beside(problems, lambda: all_of(client, DESCRIBE_POLICIES, "ScalingPolicies"))
        told["schedules"] = beside(
            problems, lambda: all_of(client, DESCRIBE_SCHEDULES, "ScheduledUpdateGroupActions")
        )
    return told


def transform_scaling_groups(raw: Mapping[str, Any], scope: Scope) -> Rows:
    """Rows of scaling_groups and their tags."""
    rows: Rows = {"scaling_groups": [], "tags": []}
    scaled = _scaled(raw["policies"], raw["schedules"])
    for one in once(raw["groups"], "AutoScalingGroupName"):
        name = str(one["AutoScalingGroupName"])
        rows["scaling_groups"].append({**place(scope), **_group(one, name, scaled)})
        rows["tags"] += tag_rows(scope, "scaling_group", name, tags_of(one))
    return rows


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Names of groups that a policy or a schedule changes, and whether both lists could be had."""

    names: frozenset[str]
    whole: bool


def _scaled(policies: Raw | None, schedules: Raw | None) -> _Scaled:
    lists = [each for each in (policies, schedules) if each is not None]
    names = {str(one["AutoScalingGroupName"]) for each in lists for one in each if one.get("Enabled", True)}
    return _Scaled(frozenset(names), len(lists) == 2)


def _group(one: Mapping[str, Any], name: str, scaled: _Scaled) -> dict[str, Any]:
    types = {member.get("InstanceType") for member in one.get("Instances") or ()} - {None}
    mix = (one.get("MixedInstancesPolicy") or {}).get("InstancesDistribution") or {}
    above = mix.get("OnDemandPercentageAboveBaseCapacity")
    cluster, pool = cluster_of(one), tag(one, _MANAGED)
    return {
        "scaling_group_id": name,
        "name": pool or name,
        "min_size": one.get("MinSize"),
        "max_size": one.get("MaxSize"),
        "desired_size": one.get("DesiredCapacity"),
        "instance_type": types.pop() if len(types) == 1 else None,
        "is_spot": above == 0 and not mix.get("OnDemandBaseCapacity") if mix else None,
        "kind": "node_pool" if cluster or pool else "group",
        "cluster": cluster,
        "autoscaled": _autoscaled(one, name, scaled, managed=pool is not None),
        "created_at": utc(one.get("CreatedTime")),
    }


def _autoscaled(one: Mapping[str, Any], name: str, scaled: _Scaled, *, managed: bool) -> bool | None:
    """Whether something changes its size. EKS puts the tag of the Cluster Autoscaler on every node group, whether one
    runs or not; on a group of one's own somebody put it for it."""
    if name in scaled.names:
        return True
    if one.get("MinSize") is not None and one.get("MinSize") == one.get("MaxSize"):
        return False
    if tag(one, _AUTOSCALER) is not None:
        return None if managed else True
    return False if scaled.whole else None


# --- how large they have been -----------------------------------------------------------------------------


def measured(group: Mapping[str, Any]) -> bool:
    """Whether CloudWatch has the size of a group."""
    return any(one.get("Metric") == _SIZE_METRIC for one in group.get("EnabledMetrics") or ())


def get_activities(client: Client) -> tuple[Raw, bool]:
    """Activities of all groups of a region, the newest first, and whether these are all there are."""
    pages = client.pages(DESCRIBE_ACTIVITIES)
    found = [one for page in islice(pages, _ACTIVITY_PAGES) for one in page.get("Activities") or ()]
    return found, next(pages, None) is None


def sizes(
    groups: Sequence[Mapping[str, Any]],
    activities: tuple[Raw, bool],
    at: datetime,
    scope: Scope,
    days: int = _ACTIVITY_DAYS,
) -> pa.Table | None:
    """Rows of metrics of so many days at most: of each the mean and the largest number of machines in service."""
    found, whole = activities
    oldest = at - timedelta(days=min(days, _ACTIVITY_DAYS))
    if not whole and found:  # before the oldest that was read anything may have happened
        oldest = max(oldest, min(begun for one in found if (begun := utc(one["StartTime"]))))
    changes = _changes(found)
    rows = MetricRows(scope)
    for one in groups:
        name, created = str(one["AutoScalingGroupName"]), utc(one.get("CreatedTime"))
        if one.get("WarmPoolConfiguration"):
            continue
        since = max(oldest, created) if created else oldest
        first = midnight(since) if created == since else midnight(since) + timedelta(days=1)
        in_service = sum(each.get("LifecycleState") == "InService" for each in one.get("Instances") or ())
        columns = _days(in_service, changes.get(name, []), first, at)
        if columns is not None:
            rows.add(name, "group_size", DAY, *columns)
    return rows.table()


def _changes(activities: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[datetime, int]]]:
    """What became of each group's size and when, the newest first."""
    found: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for one in activities:
        ended = utc(one.get("EndTime") or one.get("StartTime"))
        text = str(one.get("Description") or "")
        change = next((by for begin, by in _CHANGES if text.startswith(begin)), 0)
        if change and ended and one.get("StatusCode") == "Successful":
            found[str(one["AutoScalingGroupName"])].append((ended, change))
    for each in found.values():
        each.sort(reverse=True)
    return found


def _days(
    now: int, changes: Iterable[tuple[datetime, int]], first: datetime, at: datetime
) -> tuple[np.ndarray, ...] | None:
    """Starts, mean, no p95, highest and no samples of each day, counted back from the size there is now."""
    count = -(-int((at - first).total_seconds()) // DAY)
    if count <= 0:
        return None
    starts = [first + timedelta(days=day) for day in range(count)]
    seconds, top = np.zeros(count), np.zeros(count)
    end, size = at, now
    for begin, change in (*((when, by) for when, by in changes if when > first), (first, 0)):
        when = min(begin, end)
        _spread(starts, seconds, top, when, end, size)
        end, size = when, max(0, size - change)
    lengths = np.array([(min(at, start + timedelta(days=1)) - start).total_seconds() for start in starts])
    none = np.full(count, np.nan)
    return np.array(starts, dtype="datetime64[us]"), seconds / lengths, none, top, none


def _spread(
    starts: Sequence[datetime],
    seconds: np.ndarray,
    top: np.ndarray,
    begin: datetime,
    end: datetime,
    size: int,
) -> None:
    """Adds a time of one size to the days it lies in."""
    first = starts[0]
    for day in range(
        int((begin - first).total_seconds()) // DAY, -(-int((end - first).total_seconds()) // DAY)
    ):
        inside = (min(end, starts[day] + timedelta(days=1)) - max(begin, starts[day])).total_seconds()
        seconds[day] += inside * size
        if inside > 0:  # what came after the instant it is about lasted for none of it
            top[day] = max(top[day], size)
