"""Scaling groups, what changes their size, and how large they have been: raw answers in, rows out."""

from typing import Any

import pytest

from collectors.aws.groups import get_scaling_groups, transform_scaling_groups
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned, needs_recorded, recorded


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
