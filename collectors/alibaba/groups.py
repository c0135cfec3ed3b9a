"""Scaling groups of one region (ESS): their bounds, what changes their size, and how large they were.

Sizes of the past are told by the activities of the last 30 days, each with how many machines there were after it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from collectors.alibaba.answers import unwrapped, utc
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.inventory import GROUP_TAG, tags_of
from collectors.alibaba.products import NUMBERS
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.hours import DAY, HOUR, Grid, MetricRows, Window, first_hour, hour_of
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

_ONE = {"PageNumber": 1, "PageSize": 1}
DESCRIBE_GROUPS = Api(
    "ess", "DescribeScalingGroups", "ess:DescribeScalingGroups", items="ScalingGroups.ScalingGroup", paging=NUMBERS,
    page=50, probe=_ONE,
)  # fmt: skip
DESCRIBE_GROUPS_ANEW = Api(
    "ess-2022", "DescribeScalingGroups", "ess:DescribeScalingGroups", items="ScalingGroups.ScalingGroup",
    paging=NUMBERS, page=50,
)  # fmt: skip
DESCRIBE_MEMBERS = Api(
    "ess", "DescribeScalingInstances", "ess:DescribeScalingInstances", items="ScalingInstances.ScalingInstance",
    paging=NUMBERS, page=50, probe=_ONE,
)  # fmt: skip
DESCRIBE_RULES = Api(
    "ess", "DescribeScalingRules", "ess:DescribeScalingRules", items="ScalingRules.ScalingRule", paging=NUMBERS,
    page=50, probe=_ONE,
)  # fmt: skip
DESCRIBE_TASKS = Api(
    "ess", "DescribeScheduledTasks", "ess:DescribeScheduledTasks", items="ScheduledTasks.ScheduledTask",
    paging=NUMBERS, page=50, probe=_ONE,
)  # fmt: skip
DESCRIBE_ALARMS = Api(
    "ess",
    "DescribeAlarms",
    "ess:DescribeAlarms",
    items="AlarmList.Alarm",
    paging=NUMBERS,
    page=50,
    probe=_ONE,
)
DESCRIBE_ACTIVITIES = Api(
    "ess", "DescribeScalingActivities", "ess:DescribeScalingActivities", items="ScalingActivities.ScalingActivity",
    paging=NUMBERS, page=50, probe={**_ONE, "ScalingGroupId": "asg-finops-doctor"},
)  # fmt: skip

ACTIVITY_DAYS = 30
# Rules that change the size by themselves; others do what a task or an alarm tells them.
_BY_THEMSELVES = ("TargetTrackingScalingRule", "PredictiveScalingRule")
_DONE = ("Successful", "Warning")  # activities after which the size is another


def get_groups(client: Client, problems: Problems) -> Raw:
    """Scaling groups of the region, each with `autoscaled`; None where that could not be read."""
    found = client.all_of_first(DESCRIBE_GROUPS, DESCRIBE_GROUPS_ANEW, RegionId=client.region)
    moved = _moved(client, problems) if found else set()
    return [
        {**one, "autoscaled": None if moved is None else str(one["ScalingGroupId"]) in moved} for one in found
    ]


def _moved(client: Client, problems: Problems) -> set[str] | None:
    """Groups whose size a rule, a task or an alarm changes."""
    lists: list[Raw] = []
    for api in (DESCRIBE_RULES, DESCRIBE_TASKS, DESCRIBE_ALARMS):
        listed = beside(problems, lambda api=api: _where_known(client, api))  # type: ignore[misc]
        if listed is None:
            return None
        lists.append(listed)
    rules, tasks, alarms = lists
    groups = {str(one.get("ScalingRuleAri")): str(one["ScalingGroupId"]) for one in rules}
    moved = {str(one["ScalingGroupId"]) for one in rules if one.get("ScalingRuleType") in _BY_THEMSELVES}
    for one in tasks:
        if _on(one.get("TaskEnabled")):
            moved.add(str(one.get("ScalingGroupId") or groups.get(str(one.get("ScheduledAction")))))
    return moved | {str(one.get("ScalingGroupId")) for one in alarms if _on(one.get("Enable"))}


def _on(told: Any) -> bool:
    return told is None or str(told).lower() == "true"


def _where_known(client: Client, api: Api) -> Raw | None:
    """All of a list; None where the service does not know it."""
    try:
        return client.all(api, RegionId=client.region)
    except CallError as error:
        if error.status == "skipped":
            return None
        raise


def get_members(client: Client) -> dict[str, str]:
    """The scaling group of each instance that is in one, by id."""
    found = client.all(DESCRIBE_MEMBERS, RegionId=client.region)
    return {str(one["InstanceId"]): str(one["ScalingGroupId"]) for one in found}


def members_of(one: Mapping[str, Any]) -> int:
    """How many instances a group says it has."""
    told = one.get("TotalInstanceCount")
    return int((told if told is not None else one.get("TotalCapacity")) or 0)


def transform_groups(
    raw: Raw,
    scope: Scope,
    instances: Raw | None,
    members: Mapping[str, str],
    pools: Sequence[Mapping[str, Any]] | None = (),
) -> Rows:
    """Rows of scaling_groups and their tags. Types are those of the members that `instances` has; `members` are the
    groups of those that carry no mark, `pools` what node pools tell of theirs; None where nobody knows these."""
    types: dict[str, set[str]] = {}
    for machine in instances or ():
        group = tags_of(machine).get(GROUP_TAG) or members.get(str(machine["InstanceId"]))
        if group:
            types.setdefault(group, set()).add(str(machine.get("InstanceType")))
    of_pools = {str(one["scaling_group_id"]): one for one in pools or ()}
    rows: Rows = {"scaling_groups": [], "tags": []}
    for one in once(raw, "ScalingGroupId"):
        identity = str(one["ScalingGroupId"])
        row = {**place(scope), **_group(one, types.get(identity, set()))}
        row["kind"] = None if pools is None else "group"
        if pool := of_pools.pop(identity, None):
            row |= {name: pool[name] for name in ("kind", "cluster")}
            row["autoscaled"] = bool(pool["autoscaled"] or row["autoscaled"])
        rows["scaling_groups"].append(row)
        rows["tags"] += tag_rows(scope, "scaling_group", identity, tags_of(one))
    for pool in of_pools.values():  # which ESS does not show
        rows["scaling_groups"].append({**place(scope), **pool})
    return rows


def _group(one: Mapping[str, Any], types: set[str]) -> dict[str, Any]:
    desired = one.get("DesiredCapacity")
    return {
        "scaling_group_id": str(one["ScalingGroupId"]),
        "name": one.get("ScalingGroupName"),
        "min_size": _whole(one.get("MinSize")),
        "max_size": _whole(one.get("MaxSize")),
        "desired_size": _whole(one.get("TotalCapacity") if desired is None else desired),
        "instance_type": next(iter(types)) if len(types) == 1 else None,
        "is_spot": _all_spot(one),
        "cluster": None,
        "autoscaled": one.get("autoscaled"),
        "created_at": utc(one.get("CreationTime")),
    }


def _all_spot(one: Mapping[str, Any]) -> bool | None:
    """Whether a cost-optimised group keeps no member at the full price."""
    above = one.get("OnDemandPercentageAboveBaseCapacity")
    return None if above is None else int(above) == 0 and not int(one.get("OnDemandBaseCapacity") or 0)


def _whole(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


# --- sizes of the past ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupBatch:
    """One group, its size now, and the window in which its size is wanted."""

    group: str
    size: int | None
    window: Window

    @property
    def points(self) -> int:
        return 0  # of CloudMonitor


def sizes_wanted(groups: Sequence[Mapping[str, Any]], at: datetime, days: int) -> Iterator[GroupBatch]:
    """A question for each group."""
    first = first_hour(at, min(days, ACTIVITY_DAYS))
    for one in groups:
        made = one["created_at"]
        start = max(first, made) if made else first
        if start < at:
            yield GroupBatch(str(one["scaling_group_id"]), one["desired_size"], Window(start, at))


def measured_sizes(client: Client, batch: GroupBatch, scope: Scope) -> pa.Table | None:
    """Rows of metrics of one group: how many machines it had on each day, on average and at most."""
    try:
        known = list(_held(client, batch))
    except CallError as error:
        if error.status == "skipped" or "NotFound" in error.code:
            return None
        raise
    hours: dict[int, tuple[float, float, float]] = {}
    for start, end, size in known:
        _fill(hours, start, end, size)
    told = {hour: (total / share, top) for hour, (total, share, top) in hours.items()}
    rows = MetricRows(scope)
    rows.add(batch.group, "group_size", DAY, *Grid(batch.window, told).days(percentiles=False))
    return rows.table()


def _held(client: Client, batch: GroupBatch) -> Iterator[tuple[datetime, datetime, int]]:
    """From when until when it had which size. Before the oldest activity the size is known only if there is none."""
    window, until = batch.window, batch.window.end
    for page in client.pages(DESCRIBE_ACTIVITIES, RegionId=client.region, ScalingGroupId=batch.group):
        for one in unwrapped(page, DESCRIBE_ACTIVITIES.items):  # the newest first
            at, size = utc(one.get("EndTime") or one.get("StartTime")), _whole(one.get("TotalCapacity"))
            if one.get("StatusCode") not in _DONE or at is None or size is None or at >= until:
                continue
            yield max(at, window.start), until, size
            until = at
            if at <= window.start:
                return
    if until == window.end and batch.size is not None:
        yield window.start, until, batch.size


def _fill(hours: dict[int, tuple[float, float, float]], start: datetime, end: datetime, size: int) -> None:
    """Adds to hours: machine-hours, how much of the hour is known, and the highest size however short."""
    while start < end:
        hour = hour_of(start)
        following = min(end, start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
        share = (following - start).total_seconds() / HOUR
        total, known, top = hours.get(hour, (0.0, 0.0, 0.0))
        hours[hour] = total + size * share, known + share, max(top, float(size))
        start = following
