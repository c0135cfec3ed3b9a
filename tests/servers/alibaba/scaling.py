"""What changes the size of scaling groups, and when it did (ESS 2014-08-28)."""

from typing import Any

from tests.servers.alibaba.pages import numbered
from tests.servers.alibaba.state import Item
from tests.servers.alibaba.vpc import held
from tests.servers.alibaba.wire import Call

VERSION = "2014-08-28"


def page_of(call: Call, kind: str, filters: dict[str, str], *names: str) -> dict[str, Any]:
    page, counts = numbered(call, held(call, kind, filters), most=50)
    return {names[0]: {names[1]: page}, **counts}


def describe_scaling_rules(call: Call) -> dict[str, Any]:
    return page_of(call, "scaling_rule", {"ScalingGroupId": "ScalingGroupId"}, "ScalingRules", "ScalingRule")


def describe_scheduled_tasks(call: Call) -> dict[str, Any]:
    return page_of(
        call, "scheduled_task", {"ScalingGroupId": "ScalingGroupId"}, "ScheduledTasks", "ScheduledTask"
    )


def describe_alarms(call: Call) -> dict[str, Any]:
    return page_of(call, "scaling_alarm", {"ScalingGroupId": "ScalingGroupId"}, "AlarmList", "Alarm")


def describe_scaling_activities(call: Call) -> dict[str, Any]:
    """Of one group, the newest first."""
    call.required("ScalingGroupId")

    def begun(one: Item) -> str:
        return str(one["StartTime"])

    found = sorted(
        held(call, "scaling_activity", {"ScalingGroupId": "ScalingGroupId"}), key=begun, reverse=True
    )
    page, counts = numbered(call, found, most=50)
    return {"ScalingActivities": {"ScalingActivity": page}, **counts}


ANSWERS = {
    (VERSION, "DescribeScalingRules"): describe_scaling_rules,
    (VERSION, "DescribeScheduledTasks"): describe_scheduled_tasks,
    (VERSION, "DescribeAlarms"): describe_alarms,
    (VERSION, "DescribeScalingActivities"): describe_scaling_activities,
}
