"""Machines, types, groups, disks and snapshots: raw answers in, rows out; and what a whole region then holds."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.answers import ends, utc
from collectors.alibaba.groups import get_groups, get_members, transform_groups
from collectors.alibaba.instance_types import (
    get_offered,
    get_types,
    is_successor,
    line_of,
    transform_types,
)
from collectors.alibaba.inventory import (
    get_instances,
    get_renewals,
    get_snapshots,
    get_volumes,
    tags_of,
    transform_instances,
    transform_snapshots,
    transform_volumes,
)
from collectors.calls import CallError
from collectors.rows import number
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned
from tests.collectors.alibaba.live import AT, collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

HERE = {"cloud": "alibaba", "account_id": ACCOUNT, "region": "cn-hangzhou"}
CREATED = datetime(2026, 1, 2, 3, 4)
STARTED = datetime(2026, 5, 6, 7, 8)
HOSTILE = {
    "html": "<script>alert('x')</script>",
    "formula": "=cmd|' /C calc'!A0",
    "quotes": 'O\'Brien "the" server; DROP TABLE tags; --',
    "lines": "one\r\ntwo\ttab",
    "long": "n" * 4096,
    "": "a key that is empty",
    "empty": "",
    "right to left": "名前 🚀 ‮gnirts‬",
    "=1+1|<b>key</b>": "v",
    "k" * 128: "a long key",
    " spaces ": "  kept  ",
    "key:env value:fake; ": "; key:team value:other",
}


def scope(dataset: str) -> Scope:
    return Scope("alibaba", ACCOUNT, "cn-hangzhou", dataset)


def tagged(tags: dict[str, str]) -> dict[str, Any]:
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]}


# --- times, numbers, tags ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "instant"),
    [
        ("2026-01-02T03:04Z", CREATED),
        ("2026-01-02T03:04:00Z", CREATED),
        ("2026-01-02T03:04:05.000Z", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T11:04+08:00", CREATED),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_with_and_without_seconds(told: str | None, instant: datetime | None) -> None:
    assert utc(told) == instant


@pytest.mark.parametrize("told", ["2099-12-31T15:59Z", "2999-09-08T16:00Z", "", None])
def test_what_never_ends_has_no_end(told: str | None) -> None:
    assert ends(told) is None


def test_what_ends_ends_then() -> None:
    assert ends("2027-01-31T16:00Z") == datetime(2027, 1, 31, 16)


@pytest.mark.parametrize(
    ("told", "value"), [("40", 40.0), (40, 40.0), ("0", 0.0), (0, 0.0), ("", None), (None, None)]
)
def test_numbers_may_be_text_and_missing_is_not_zero(told: Any, value: float | None) -> None:
    assert number(told) == value


@pytest.mark.parametrize("tags", [None, {}, {"Tag": []}, {"Tag": None}, [], ""])
def test_an_untagged_resource_has_no_tags_however_it_is_told(tags: Any) -> None:
    assert tags_of({"Tags": tags}) == {}
    assert tags_of({}) == {}


def test_tags_are_read_in_each_of_their_shapes() -> None:
    wrapped, plain = {"Tag": [{"TagKey": "a", "TagValue": "1"}]}, [{"TagKey": "a", "TagValue": "1"}]
    short = [{"Key": "a", "Value": "1"}]
    for tags in (wrapped, plain, short, {"Tag": short}):
        assert tags_of({"Tags": tags}) == {"a": "1"}


@pytest.mark.parametrize(
    "tag", [{"TagKey": "a"}, {"TagKey": "a", "TagValue": None}, {"Key": "a", "Value": ""}]
)
def test_a_tag_without_a_value_is_empty(tag: dict[str, Any]) -> None:
    assert tags_of({"Tags": {"Tag": [tag]}}) == {"a": ""}


# --- instances --------------------------------------------------------------------------------------------


def machine(identity: str = "i-1", **more: Any) -> dict[str, Any]:
    """An instance as DescribeInstances tells a plain one."""
    return {
        "InstanceId": identity,
        "Status": "Running",
        "InstanceType": "ecs.g7.large",
        "InstanceChargeType": "PostPaid",
        "SpotStrategy": "NoSpot",
        "CreationTime": "2026-01-02T03:04Z",
        "StartTime": "2026-05-06T07:08Z",
        "ExpiredTime": "2099-12-31T15:59Z",
        "StoppedMode": "Not-applicable",
        "OSType": "linux",
        "EipAddress": {"AllocationId": "", "InternetChargeType": "", "IpAddress": ""},
        **more,
    }


def instance(
    members: dict[str, str] | None = None,
    renewals: dict[str, bool] | None = None,
    off_since: dict[str, datetime] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The row of one machine."""
    (row,) = transform_instances(
        [machine(**more)], scope("instances"), members or {}, renewals or {}, off_since or {}
    )["instances"]
    return row


def test_a_running_machine_has_all_its_columns() -> None:
    row = instance(
        ZoneId="cn-hangzhou-k",
        InstanceName="web-1",
        VpcAttributes={
            "PrivateIpAddress": {"IpAddress": ["172.16.0.7", "172.16.0.8"]},
            "VpcId": "vpc-1",
            "VSwitchId": "vsw-1",
        },
        ImageId="m-1",
        Tags=tagged({"ack.aliyun.com": "c8f2", "acs:autoscaling:scalingGroupId": "asg-1"}),
    )
    assert row == {
        **HERE,
        "instance_id": "i-1",
        "zone": "cn-hangzhou-k",
        "name": "web-1",
        "state": "running",
        "state_since": STARTED,
        "instance_type": "ecs.g7.large",
        "platform": "linux",
        "purchase_model": "on_demand",
        "scaling_group": "asg-1",
        "launched_at": CREATED,
        "stopped_mode": None,
        "cluster": "c8f2",
        "private_ip": "172.16.0.7",
        "vpc_id": "vpc-1",
        "subnet_id": "vsw-1",
        "image_id": "m-1",
        "expires_at": None,
        "auto_renew": None,
    }


def test_a_machine_that_says_almost_nothing_still_is_a_row() -> None:
    raw = [{"InstanceId": "i-1", "Status": "Pending"}]
    (row,) = transform_instances(raw, scope("instances"), {}, {}, {})["instances"]
    told = {key: value for key, value in row.items() if value is not None}
    assert told == {
        **HERE, "instance_id": "i-1", "state": "other", "platform": "linux", "purchase_model": "on_demand",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "mode", "state", "stopped_mode"),
    [
        ("Running", "Not-applicable", "running", None),
        ("Stopped", "KeepCharging", "stopped", "keep_charging"),
        ("Stopped", "StopCharging", "stopped", "stop_charging"),
        ("Stopped", "Not-applicable", "stopped", None),
        ("Stopped", None, "stopped", None),
        ("Stopped", "SomethingNew", "stopped", None),
        ("Stopping", "StopCharging", "other", None),
        ("Starting", None, "other", None),
        ("Pending", None, "other", None),
    ],
)
def test_how_a_machine_is_stopped_is_told_of_stopped_ones(
    status: str, mode: str | None, state: str, stopped_mode: str | None
) -> None:
    row = instance(Status=status, StoppedMode=mode)
    assert (row["state"], row["stopped_mode"]) == (state, stopped_mode)


def test_a_stopped_machine_is_off_since_its_last_hour_and_not_since_it_was_started() -> None:
    off = datetime(2026, 10, 1, 12)
    assert instance(Status="Stopped", off_since={"i-1": off})["state_since"] == off
    assert instance(Status="Stopped")["state_since"] is None
    assert instance(Status="Running", off_since={"i-1": off})["state_since"] == STARTED
    assert instance(Status="Stopping")["state_since"] is None


@pytest.mark.parametrize(
    ("charge", "strategy", "model"),
    [
        ("PostPaid", "NoSpot", "on_demand"),
        ("PostPaid", "", "on_demand"),
        ("PostPaid", None, "on_demand"),
        ("PostPaid", "SpotAsPriceGo", "spot"),
        ("PostPaid", "SpotWithPriceLimit", "spot"),
        ("PrePaid", "NoSpot", "subscription"),
        ("PrePaid", None, "subscription"),
    ],
)
def test_how_a_machine_is_paid_for(charge: str, strategy: str | None, model: str) -> None:
    assert instance(InstanceChargeType=charge, SpotStrategy=strategy)["purchase_model"] == model


def test_only_a_subscription_ends_and_renews_itself() -> None:
    renewals, until = {"i-1": True}, "2027-01-31T16:00Z"
    row = instance(renewals=renewals, InstanceChargeType="PrePaid", ExpiredTime=until)
    assert (row["expires_at"], row["auto_renew"]) == (datetime(2027, 1, 31, 16), True)
    row = instance(renewals={}, InstanceChargeType="PrePaid", ExpiredTime=until)
    assert row["auto_renew"] is None, "what nobody tells is not known"
    row = instance(renewals={"i-1": False}, ExpiredTime=until)
    assert (row["expires_at"], row["auto_renew"]) == (None, None)


def test_a_group_is_that_of_the_mark_else_the_one_that_was_asked_for() -> None:
    marked = tagged({"acs:autoscaling:scalingGroupId": "asg-1"})
    assert instance(members={"i-1": "asg-2"}, Tags=marked)["scaling_group"] == "asg-1"
    assert instance(members={"i-1": "asg-2"})["scaling_group"] == "asg-2"
    assert instance()["scaling_group"] is None


@pytest.mark.parametrize(
    ("more", "platform"),
    [
        ({"OSType": "windows"}, "windows"),
        ({"OSType": "Windows"}, "windows"),
        ({"OSType": "linux"}, "linux"),
        ({"OSType": None}, "linux"),
        ({"DedicatedHostAttribute": {"DedicatedHostId": "dh-1"}}, "special"),
        ({"DedicatedHostAttribute": {"DedicatedHostId": ""}}, "linux"),
    ],
)
def test_a_machine_has_the_platform_it_is_priced_as(more: dict[str, Any], platform: str) -> None:
    assert instance(**more)["platform"] == platform


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({"VpcAttributes": {"PrivateIpAddress": {"IpAddress": []}}, "InnerIpAddress": {"IpAddress": ["10.1.1.1"]}}, "10.1.1.1"),
        ({"VpcAttributes": {"PrivateIpAddress": None}, "InnerIpAddress": None}, None),
        ({"VpcAttributes": None}, None),
        ({"VpcAttributes": {}}, None),
    ],
)  # fmt: skip
def test_the_private_address_is_that_of_the_vpc_or_of_the_classic_network(
    more: dict[str, Any], address: str | None
) -> None:
    assert instance(**more)["private_ip"] == address


def test_hostile_names_and_tags_are_kept_letter_by_letter() -> None:
    name = "<img src=x onerror=alert(1)>\r\n=1+1"
    raw = [machine(InstanceName=name, Tags=tagged(HOSTILE))]
    found = transform_instances(raw, scope("instances"), {}, {}, {})
    assert found["instances"][0]["name"] == name
    assert {one["key"]: one["value"] for one in found["tags"]} == HOSTILE
    assert {(one["resource_type"], one["resource_id"]) for one in found["tags"]} == {("instance", "i-1")}


def test_of_a_key_that_is_there_twice_the_last_value_counts() -> None:
    tags = {"Tag": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]}
    found = transform_instances([machine(Tags=tags)], scope("instances"), {}, {}, {})
    assert [(one["key"], one["value"]) for one in found["tags"]] == [("a", "2")]


def test_ids_that_are_numbers_are_text() -> None:
    raw = [machine(InstanceId=4711)]
    found = transform_instances(raw, scope("instances"), {"4711": "asg-1"}, {}, {})["instances"]
    assert [(row["instance_id"], row["scaling_group"]) for row in found] == [("4711", "asg-1")]


def test_a_machine_that_two_pages_show_is_one_and_as_the_last_says() -> None:
    client = Canned(
        ecs_DescribeInstances=[
            {"Instances": {"Instance": [machine("i-1"), machine("i-2")]}, "NextToken": "a", "TotalCount": 1},
            {"Instances": {"Instance": [machine("i-2", Status="Stopping"), machine("i-3")]}, "NextToken": ""},
        ]
    )
    found = transform_instances(get_instances(client), scope("instances"), {}, {}, {})["instances"]
    assert [(row["instance_id"], row["state"]) for row in found] == [
        ("i-1", "running"), ("i-2", "other"), ("i-3", "running"),
    ]  # fmt: skip
    first, second = client.questions("ecs_DescribeInstances")
    assert first == {"RegionId": "cn-hangzhou", "MaxResults": 100}
    assert second == {**first, "NextToken": "a"}


@pytest.mark.parametrize("end", [{"NextToken": ""}, {"NextToken": None}, {}])
def test_each_of_the_three_ways_to_say_that_there_are_no_more_pages(end: dict[str, Any]) -> None:
    page = {"Instances": {"Instance": [machine()]}, "TotalCount": 500, **end}
    assert len(get_instances(Canned(ecs_DescribeInstances=[page]))) == 1


@pytest.mark.parametrize("wrapped", [{"Instance": [machine()]}, [machine()]])
def test_a_list_that_is_wrapped_once_or_twice(wrapped: Any) -> None:
    client = Canned(ecs_DescribeInstances={"Instances": wrapped, "Unknown": {"Field": 1}})
    assert get_instances(client) == [machine()]


# --- who renews itself, who is in which group -------------------------------------------------------------


def test_renewal_is_asked_of_billing_and_known_where_it_is_told() -> None:
    told = [
        {"InstanceID": "i-1", "RenewStatus": "AutoRenewal"},
        {"InstanceID": "i-2", "RenewStatus": "ManualRenewal"},
        {"InstanceID": "i-3", "RenewStatus": "NotRenewal"},
        {"InstanceID": "i-4", "RenewStatus": ""},
        {"InstanceID": "i-5"},
    ]
    client = Canned(bss_QueryAvailableInstances={"Data": {"InstanceList": told, "TotalCount": 5}})
    assert get_renewals(client.session) == {"i-1": True, "i-2": False, "i-3": False}
    ((_, asked),) = client.asked
    assert asked == {"ProductCode": "ecs", "SubscriptionType": "Subscription", "PageSize": 300, "PageNum": 1}


def test_members_are_asked_page_by_page_until_as_many_as_are_counted() -> None:
    def page(parameters: dict[str, Any]) -> dict[str, Any]:
        first = (parameters["PageNumber"] - 1) * 50
        numbers = range(first, min(first + 50, 120))
        members = [{"InstanceId": f"i-{each}", "ScalingGroupId": "asg-1"} for each in numbers]
        return {"ScalingInstances": {"ScalingInstance": members}, "TotalCount": 120}

    client = Canned(ess_DescribeScalingInstances=page)
    assert len(get_members(client)) == 120
    assert [asked["PageNumber"] for asked in client.questions("ess_DescribeScalingInstances")] == [1, 2, 3]


# --- instance types ---------------------------------------------------------------------------------------


def kind(name: str, family: str, **more: Any) -> dict[str, Any]:
    return {
        "InstanceTypeId": name, "InstanceTypeFamily": family, "CpuArchitecture": "X86", "CpuCoreCount": 2,
        "MemorySize": 8.0, "GPUAmount": 0, "GPUSpec": "", "InstanceFamilyLevel": "EnterpriseLevel", **more,
    }  # fmt: skip


def test_a_type_has_all_its_columns() -> None:
    raw = [kind("ecs.g7.large", "ecs.g7", PhysicalProcessorModel="Intel Xeon (Ice Lake) Platinum 8369B")]
    assert transform_types(raw, ["ecs.g7.large"])["instance_types"] == [
        {
            "cloud": "alibaba", "instance_type": "ecs.g7.large", "vcpu": 2.0, "memory_gib": 8.0,
            "architecture": "x86_64", "family": "g7", "generation": 7, "burstable": False, "gpu_count": 0,
            "gpu_model": None, "cpu_model": "Intel Xeon (Ice Lake) Platinum 8369B", "local_disk_gib": 0.0,
            "network_gbps": None, "line": "g",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "family", "told", "generation"),
    [
        ("ecs.gn6i-c4g1.xlarge", "ecs.gn6i", "gn6i", 6),
        ("ecs.u1-c1m2.large", "ecs.u1", "u1", 1),
        ("ecs.t6-c1m2.large", "ecs.t6", "t6", 6),
        ("ecs.g8y.large", "ecs.g8y", "g8y", 8),
        ("ecs.vgn6i-m4-vws.xlarge", "ecs.vgn6i-vws", "vgn6i-vws", 6),
        ("ecs.xn4.small", "ecs.xn4", "xn4", 4),
        ("ecs.e-c1m1.large", "ecs.e", "e", None),
        ("ecs.gn6i-c4g1.xlarge", "", "gn6i", 6),
    ],
)
def test_families_are_told_and_need_not_be_a_part_of_the_name(
    name: str, family: str, told: str, generation: int | None
) -> None:
    (row,) = transform_types([kind(name, family)], [name])["instance_types"]
    assert (row["family"], row["generation"]) == (told, generation)


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"CpuArchitecture": "ARM"}, "architecture", "arm64"),
        ({"CpuArchitecture": ""}, "architecture", None),
        ({"CpuArchitecture": None}, "architecture", None),
        ({"InstanceFamilyLevel": "CreditEntryLevel"}, "burstable", True),
        ({"InstanceFamilyLevel": "EntryLevel"}, "burstable", False),
        ({"BaselineCredit": 24}, "burstable", True),
        ({"BaselineCredit": 0}, "burstable", False),
        ({"GPUAmount": 4, "GPUSpec": "NVIDIA T4"}, "gpu_count", 4),
        ({"GPUAmount": None}, "gpu_count", 0),
        ({"GPUSpec": "NVIDIA T4"}, "gpu_model", "NVIDIA T4"),
        ({"MemorySize": 0.5}, "memory_gib", 0.5),
        ({"LocalStorageAmount": 2, "LocalStorageCapacity": 894}, "local_disk_gib", 1788.0),
        ({"LocalStorageCategory": "local_ssd_pro"}, "local_disk_gib", 1.0),
        ({"LocalStorageCategory": ""}, "local_disk_gib", 0.0),
        ({"InstanceBandwidthRx": 2048000, "InstanceBandwidthTx": 1024000}, "network_gbps", 1.024),
        ({"InstanceBandwidthRx": 2048000}, "network_gbps", None),
        ({"InstanceBandwidthRx": 0, "InstanceBandwidthTx": 0}, "network_gbps", None),
    ],
)
def test_what_a_type_offers(more: dict[str, Any], column: str, value: Any) -> None:
    (row,) = transform_types([kind("ecs.x7.large", "ecs.x7", **more)], ["ecs.x7.large"])["instance_types"]
    assert row[column] == value


def test_all_sizes_of_the_families_in_use_and_of_their_successors_are_told_and_no_others() -> None:
    raw = [
        kind("ecs.g7.large", "ecs.g7"), kind("ecs.g7.xlarge", "ecs.g7"), kind("ecs.g7.xlarge", "ecs.g7"),
        kind("ecs.c7.large", "ecs.c7"), kind("ecs.g8y.large", "ecs.g8y"), kind("ecs.g6.large", "ecs.g6"),
        kind("ecs.g8ne.large", "ecs.g8ne"),
    ]  # fmt: skip
    told = transform_types(raw, ["ecs.g7.xlarge", "ecs.gone.large"])["instance_types"]
    assert [row["instance_type"] for row in told] == ["ecs.g7.large", "ecs.g7.xlarge", "ecs.g8y.large"]


@pytest.mark.parametrize(
    ("family", "line"),
    [
        ("g7", ("g", 7)), ("g8i", ("g", 8)), ("g8y", ("g", 8)), ("c6r", ("c", 6)), ("g6e", ("g", 6)), ("g7ne", ("g-ne", 7)),
        ("g7se", ("g-se", 7)), ("hfc7", ("hfc", 7)), ("ebmg7a", ("ebmg", 7)), ("sn2ne", ("g", 4)), ("sn1", ("c", 4)),
        ("se1ne", ("r", 4)), ("u1", ("u", 1)), ("t6", ("t", 6)), ("e", (None, None)), ("vgn6i-vws", (None, 6)),
    ],
)  # fmt: skip
def test_families_succeed_each_other_in_lines(family: str, line: tuple[str | None, int | None]) -> None:
    assert line_of(family) == line


def test_a_successor_is_as_large_and_newer_or_of_the_other_architecture() -> None:
    def one(family: str, **more: Any) -> dict[str, Any]:
        line, generation = line_of(family)
        return {"family": family, "line": line, "generation": generation, "vcpu": 2, "memory_gib": 8, "architecture": "x86_64"} | more  # fmt: skip

    mine = one("g8i")
    assert is_successor(one("g9i"), mine)
    assert is_successor(one("g8y", architecture="arm64"), mine)
    assert not is_successor(one("g8a"), mine), "another maker is no newer"
    assert not is_successor(one("g9i", vcpu=4), mine)
    assert not is_successor(one("c9i"), mine)
    assert not is_successor(one("g7"), mine)
    assert not is_successor(mine, mine)


def test_types_that_no_zone_has_are_not_on_offer() -> None:
    def resources(*told: tuple[str, str]) -> dict[str, Any]:
        found = [{"Value": name, "Status": status} for name, status in told]
        return {
            "AvailableResources": {
                "AvailableResource": [{"SupportedResources": {"SupportedResource": found}}]
            }
        }

    zones = [resources(("a", "Available"), ("b", "SoldOut")), resources(("c", "Available")), {"ZoneId": "x"}]
    problems: list[str] = []
    client = Canned(ecs_DescribeAvailableResource={"AvailableZones": {"AvailableZone": zones}})
    assert get_offered(client, problems) == {"a", "c"}
    for error, told in (
        (CallError("skipped", "InvalidAction", "x"), []),
        (CallError("denied", "No", "x"), ["x"]),
    ):
        problems = []
        assert get_offered(Canned(ecs_DescribeAvailableResource=error), problems) is None
        assert problems == told


def test_types_are_asked_in_the_largest_pages() -> None:
    page = {"InstanceTypes": {"InstanceType": [kind("ecs.g7.large", "ecs.g7")]}, "NextToken": ""}
    client = Canned(ecs_DescribeInstanceTypes=page)
    assert len(get_types(client)) == 1
    assert client.asked == [("ecs_DescribeInstanceTypes", {"MaxResults": 1600})]


# --- scaling groups ---------------------------------------------------------------------------------------


def group(**more: Any) -> dict[str, Any]:
    return {
        "ScalingGroupId": "asg-1",
        "ScalingGroupName": "workers",
        "MinSize": 0,
        "MaxSize": 20,
        "DesiredCapacity": 3,
        **more,
    }


def group_row(instances: Any = None, members: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    (row,) = transform_groups([group(**more)], scope("scaling_groups"), instances, members or {})[
        "scaling_groups"
    ]
    return row


def test_a_group_has_all_its_columns() -> None:
    mark = tagged({"acs:autoscaling:scalingGroupId": "asg-1"})
    assert group_row([machine(Tags=mark)]) == {
        **HERE, "scaling_group_id": "asg-1", "name": "workers", "min_size": 0, "max_size": 20, "desired_size": 3,
        "instance_type": "ecs.g7.large", "is_spot": None, "kind": "group", "cluster": None, "autoscaled": None,
        "created_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "size"),
    [
        ({"DesiredCapacity": 0, "TotalCapacity": 2}, 0),
        ({"DesiredCapacity": None, "TotalCapacity": 2}, 2),
        ({"DesiredCapacity": None, "TotalCapacity": "2"}, 2),
        ({"DesiredCapacity": None}, None),
    ],
)
def test_the_size_of_a_group_is_the_desired_one_and_0_is_one(more: dict[str, Any], size: int | None) -> None:
    assert group_row(**more)["desired_size"] == size


def test_the_type_of_a_group_is_that_of_all_its_members_however_they_came_into_it() -> None:
    mark = tagged({"acs:autoscaling:scalingGroupId": "asg-1"})
    marked, put = machine("i-1", Tags=mark), machine("i-2", InstanceType="ecs.c7.large")
    assert group_row([marked, put])["instance_type"] == "ecs.g7.large"
    assert group_row([marked, put], {"i-2": "asg-1"})["instance_type"] is None
    assert group_row([put], {"i-2": "asg-1"})["instance_type"] == "ecs.c7.large"
    assert group_row(None)["instance_type"] is None


@pytest.mark.parametrize(
    ("more", "spot"),
    [
        ({}, None),
        ({"OnDemandPercentageAboveBaseCapacity": 0, "OnDemandBaseCapacity": 0}, True),
        ({"OnDemandPercentageAboveBaseCapacity": 0}, True),
        ({"OnDemandPercentageAboveBaseCapacity": "0", "OnDemandBaseCapacity": "2"}, False),
        ({"OnDemandPercentageAboveBaseCapacity": 50}, False),
    ],
)
def test_a_group_is_spot_when_none_of_its_members_has_the_full_price(
    more: dict[str, Any], spot: bool | None
) -> None:
    assert group_row(**more)["is_spot"] is spot


def test_groups_are_asked_of_the_newer_interface_where_the_older_one_is_gone() -> None:
    client = Canned(
        ess_DescribeScalingGroups=CallError("failed", "InvalidAction.NotFound", "gone"),
        ess_2022_DescribeScalingGroups={"ScalingGroups": [group()], "TotalCount": 1},
        ess_DescribeScalingRules=CallError("skipped", "InvalidAction.NotFound", "gone"),
    )
    problems: list[str] = []
    assert get_groups(client, problems) == [{**group(), "autoscaled": None}]
    assert problems == []


def test_groups_that_may_not_be_read_are_not_asked_for_twice() -> None:
    client = Canned(ess_DescribeScalingGroups=CallError("denied", "Forbidden.RAM", "denied"))
    with pytest.raises(CallError, match="denied"):
        get_groups(client, [])
    assert len(client.asked) == 1


# --- disks ------------------------------------------------------------------------------------------------


def disk(**more: Any) -> dict[str, Any]:
    return {
        "DiskId": "d-1", "DiskName": "data", "ZoneId": "cn-hangzhou-k", "Category": "cloud_essd", "PerformanceLevel": "PL1",
        "Size": 200, "Type": "data", "Status": "In_use", "InstanceId": "i-1", "DiskChargeType": "PostPaid",
        "ExpiredTime": "2999-09-08T16:00Z", "DeleteWithInstance": False, "CreationTime": "2026-01-02T03:04:00Z",
        "AttachedTime": "2026-02-02T03:04:05Z", "DetachedTime": "", **more,
    }  # fmt: skip


def volume(**more: Any) -> dict[str, Any]:
    (row,) = transform_volumes([disk(**more)], scope("volumes"))["volumes"]
    return row


def test_a_disk_has_all_its_columns() -> None:
    assert volume() == {
        **HERE, "volume_id": "d-1", "zone": "cn-hangzhou-k", "name": "data", "state": "attached",
        "volume_type": "cloud_essd", "performance_level": "PL1", "medium": "ssd", "size_gib": 200.0, "iops": None,
        "instance_id": "i-1", "is_boot": False, "delete_with_instance": False, "created_at": CREATED,
        "detached_at": None, "kubernetes_claim": None, "purchase_model": "on_demand", "expires_at": None,
    }  # fmt: skip


def test_a_disk_that_nothing_holds_was_detached_at_a_time() -> None:
    row = volume(
        Status="Available", InstanceId="", DetachedTime="2026-03-04T05:06:07Z", Attachments={"Attachment": []}
    )
    assert (row["state"], row["instance_id"]) == ("unattached", None)
    assert row["detached_at"] == datetime(2026, 3, 4, 5, 6, 7)
    assert row["delete_with_instance"] is None


def test_a_disk_that_was_never_attached_has_no_time_of_detachment() -> None:
    assert volume(Status="Available", InstanceId="", DetachedTime="")["detached_at"] is None


def test_a_disk_that_is_attached_again_is_not_detached() -> None:
    assert volume(DetachedTime="2026-03-04T05:06:07Z")["detached_at"] is None


@pytest.mark.parametrize("status", ["Attaching", "Detaching", "Creating", "ReIniting", "All", "Unknown"])
def test_a_disk_on_its_way_is_neither_attached_nor_unattached(status: str) -> None:
    assert volume(Status=status)["state"] == "other"


def test_a_disk_on_several_machines_is_that_of_the_first() -> None:
    attached = {"Attachment": [{"InstanceId": "i-7"}, {"InstanceId": "i-8"}]}
    assert volume(InstanceId="", Attachments=attached)["instance_id"] == "i-7"
    assert volume(InstanceId="", Attachments=None)["instance_id"] is None


@pytest.mark.parametrize(
    "category", ["local_ssd_pro", "local_hdd_pro", "local_ssd", "ephemeral", "ephemeral_ssd"]
)
def test_local_disks_are_a_part_of_their_machine(category: str) -> None:
    assert transform_volumes([disk(Category=category)], scope("volumes"))["volumes"] == []


@pytest.mark.parametrize(
    ("category", "told", "level", "medium"),
    [
        ("cloud", "", None, "hdd"),
        ("cloud_efficiency", "", None, "hdd"),
        ("cloud_ssd", None, None, "ssd"),
        ("cloud_essd", "PL3", "PL3", "ssd"),
        ("cloud_essd", "", None, "ssd"),
        ("cloud_essd_entry", "PL0", None, "ssd"),
        ("cloud_auto", "PL1", None, "ssd"),
        ("elastic_ephemeral_disk_premium", "", None, "ssd"),
        ("cloud_of_tomorrow", "", None, "ssd"),
        (None, "", None, None),
    ],
)
def test_levels_and_media_follow_from_the_category(
    category: str | None, told: str | None, level: str | None, medium: str | None
) -> None:
    row = volume(Category=category, PerformanceLevel=told)
    assert (row["volume_type"], row["performance_level"], row["medium"]) == (category, level, medium)


def test_operations_are_provisioned_on_cloud_auto_only() -> None:
    assert volume(Category="cloud_auto", ProvisionedIops=5000, IOPS=11800)["iops"] == 5000.0
    assert volume(Category="cloud_auto", ProvisionedIops=0)["iops"] == 0.0
    assert volume(Category="cloud_auto")["iops"] is None
    assert volume(Category="cloud_essd", ProvisionedIops=5000, IOPS=11800)["iops"] is None


def test_a_boot_disk_is_known_by_its_type() -> None:
    assert [volume(Type=told)["is_boot"] for told in ("system", "data", "", None)] == [
        True,
        False,
        None,
        None,
    ]


def test_a_subscribed_disk_ends() -> None:
    row = volume(DiskChargeType="PrePaid", ExpiredTime="2027-01-31T16:00Z")
    assert (row["purchase_model"], row["expires_at"]) == ("subscription", datetime(2027, 1, 31, 16))


@pytest.mark.parametrize(
    ("tags", "claim"),
    [
        ({"kubernetes.io/created-for/pvc/namespace": "shop", "kubernetes.io/created-for/pvc/name": "data-0"}, "shop/data-0"),
        ({"kubernetes.io/created-for/pvc/name": "data-0"}, "?/data-0"),
        ({"kubernetes.io/created-for/pvc/namespace": "shop"}, "shop/?"),
        ({"createdby": "alibabacloud-csi-plugin"}, "?/data"),
        ({"createdby": "somebody"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_claim_is_known_by_the_plugin_s_tags(tags: dict[str, str], claim: str | None) -> None:
    assert volume(Tags=tagged(tags))["kubernetes_claim"] == claim


def test_disks_are_asked_in_pages_of_500_and_each_is_told_once() -> None:
    pages = [{"Disks": {"Disk": [disk()]}, "NextToken": "a"}, {"Disks": {"Disk": [disk(Size="250")]}}]
    client = Canned(ecs_DescribeDisks=pages)
    told = transform_volumes(get_volumes(client), scope("volumes"))["volumes"]
    assert [(row["volume_id"], row["size_gib"]) for row in told] == [("d-1", 250.0)]
    assert [asked["MaxResults"] for asked in client.questions("ecs_DescribeDisks")] == [500, 500]


# --- snapshots --------------------------------------------------------------------------------------------


def test_a_snapshot_has_all_its_columns() -> None:
    raw = {
        "SnapshotId": "s-1", "SnapshotName": "before", "SourceDiskId": "d-gone", "SourceDiskSize": "40",
        "CreationTime": "2026-01-02T03:04:00Z", "Category": "standard", "Tags": tagged({"team": "core"}),
    }  # fmt: skip
    client = Canned(
        ecs_DescribeSnapshots=[
            {"Snapshots": {"Snapshot": [raw]}, "NextToken": "a"},
            {"Snapshots": {"Snapshot": [raw]}},
        ]
    )
    found = transform_snapshots(get_snapshots(client, []), scope("snapshots"))
    assert found["snapshots"] == [
        {
            **HERE, "snapshot_id": "s-1", "name": "before", "volume_id": "d-gone", "size_gib": 40.0,
            "created_at": CREATED, "tier": "standard", "image_id": None, "full_bytes": None, "kind": "snapshot",
        }
    ]  # fmt: skip
    assert [(one["resource_type"], one["resource_id"], one["key"]) for one in found["tags"]] == [
        ("snapshot", "s-1", "team")
    ]


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"SourceDiskId": ""}, "volume_id", None),
        ({"SourceDiskSize": ""}, "size_gib", None),
        ({"SourceDiskSize": 40}, "size_gib", 40.0),
        ({"Category": "Archive"}, "tier", "archive"),
        ({"Category": "flash"}, "tier", "standard"),
        ({"Category": None}, "tier", "standard"),
        ({"SnapshotType": "auto"}, "kind", "automatic"),
        ({"FullSnapshotSizeInBytes": 1024}, "full_bytes", 1024.0),
        ({"image": "m-1"}, "image_id", "m-1"),
    ],
)
def test_what_a_snapshot_tells(more: dict[str, Any], column: str, value: Any) -> None:
    (row,) = transform_snapshots([{"SnapshotId": "s-1", **more}], scope("snapshots"))["snapshots"]
    assert row[column] == value


@pytest.mark.parametrize(
    ("answer", "image", "told"),
    [
        ({"Images": {"Image": [{"ImageId": "m-1", "DiskDeviceMappings": {"DiskDeviceMapping": [{"SnapshotId": "s-1"}]}}]}, "TotalCount": 1}, "m-1", []),
        ({"Images": {"Image": []}, "TotalCount": 0}, "?", []),
        (CallError("skipped", "InvalidAction", "x"), "?", []),
        (CallError("denied", "Forbidden.RAM", "denied"), "?", ["denied"]),
    ],
)  # fmt: skip
def test_a_snapshot_that_an_image_is_made_of_is_needed_whoever_may_read_images(
    answer: Any, image: str, told: list[str]
) -> None:
    listed = {
        "Snapshots": {
            "Snapshot": [{"SnapshotId": "s-1", "Usage": "image"}, {"SnapshotId": "s-2", "Usage": "none"}]
        }
    }
    problems: list[str] = []
    found = get_snapshots(Canned(ecs_DescribeSnapshots=listed, ecs_DescribeImages=answer), problems)
    rows_ = transform_snapshots(found, scope("snapshots"))["snapshots"]
    assert [row["image_id"] for row in rows_] == [image, None]
    assert problems == told


# --- a region of the local cloud --------------------------------------------------------------------------

REGION = "cn-hangzhou"
INVENTORY = ("instances", "volumes", "snapshots", "scaling_groups")


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud) -> Cloud:
    """Nothing there, the clock at the instant of the collection."""
    process.fresh()
    process.clock(AS_OF)
    return process


def test_an_estate_is_in_the_warehouse_as_it_is(process: Cloud, tmp_path: Path) -> None:
    truth = process.estate(100, regions=(REGION,))
    db = tmp_path / "w.duckdb"
    done = collect(db, process.env, REGION, only=(*INVENTORY, "instance_types"))
    assert set(done.statuses.values()) == {"complete"}, done.errors
    kinds = {each["id"]: each for found in truth.classes.values() for each in found}
    stored = rows(db, "SELECT instance_id, instance_type, name, zone, scaling_group FROM instances")
    assert len(stored) == truth.n
    for identity, *columns in stored:
        told = kinds[identity]
        assert columns == [told["type"], told["name"], told["zone"], told["group"]]
    tags = rows(db, "SELECT resource_id, key, value FROM tags WHERE resource_type = 'instance'")
    assert {tag for tag in tags if not tag[1].startswith(("acs:", "ack."))} == {
        (each["id"], key, value)
        for each in kinds.values()
        for key, value in (each.get("tags") or {}).items()
        if "type" in each and not key.startswith(("acs:", "ack."))
    }
    types = {
        name
        for (name,) in rows(db, "SELECT instance_type FROM instance_types WHERE vcpu > 0 AND memory_gib > 0")
    }
    assert {name for _, name, *_ in stored} < types, "and their other sizes"
    families = {name.removeprefix("ecs.").split(".")[0].split("-")[0] for _, name, *_ in stored}
    lines = {line_of(name)[0] for name in families}
    told = {name for (name,) in rows(db, "SELECT DISTINCT family FROM instance_types")}
    assert families <= told
    assert {line_of(name)[0] for name in told} == lines
    images = dict(rows(db, "SELECT snapshot_id, image_id FROM snapshots WHERE image_id IS NOT NULL"))
    assert images == {one["id"]: one["image"] for one in truth.classes["image_snapshot"]}
    volumes = {identity for (identity,) in rows(db, "SELECT volume_id FROM volumes")}
    assert truth.ids("system", "low_io", "unattached", "csi_claim", "prepaid_unattached") <= volumes
    claims = rows(db, "SELECT volume_id FROM volumes WHERE kubernetes_claim IS NOT NULL")
    assert {identity for (identity,) in claims} == truth.ids("csi_claim")


def test_since_when_machines_are_off_is_the_end_of_their_last_hour(process: Cloud, tmp_path: Path) -> None:
    truth = process.estate(100, regions=(REGION,))
    db = tmp_path / "w.duckdb"
    collect(db, process.env, REGION, only=("instances",))
    stored = dict(rows(db, "SELECT instance_id, state_since FROM instances WHERE state = 'stopped'"))
    stopped = {
        each["id"]: utc(each["stopped_at"])
        for found in truth.classes.values()
        for each in found
        if each.get("stopped_at")
    }
    assert stored.keys() == stopped.keys()
    for identity, since in stopped.items():
        assert since is not None
        hours = (stored[identity] - since).total_seconds() / 3600
        assert 0 <= hours <= 1, (identity, since, stored[identity])


def test_members_that_carry_no_mark_are_asked_for(cloud: Cloud, tmp_path: Path) -> None:
    made = cloud.put(
        "instance",
        REGION,
        {"InstanceId": "i-made", "Tags": tagged({"acs:autoscaling:scalingGroupId": "asg-1"})},
    )
    put = cloud.put("instance", REGION, {"InstanceId": "i-put"})
    lists = {"VSwitchIds": [], "RemovalPolicies": [], "DBInstanceIds": []}
    cloud.put("scaling_group", REGION, {**group(TotalInstanceCount=2), **lists})
    for member in (made, put):
        cloud.put("scaling_instance", REGION, {"InstanceId": member, "ScalingGroupId": "asg-1"})
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=("instances", "scaling_groups"))
    assert rows(db, "SELECT instance_id, scaling_group FROM instances ORDER BY ALL") == [
        ("i-made", "asg-1"),
        ("i-put", "asg-1"),
    ]
    assert cloud.count("DescribeScalingInstances") == 1
    cloud.change("scaling_group", REGION, "asg-1", {"TotalInstanceCount": 1})
    cloud.reset_calls()
    collect(tmp_path / "other.duckdb", cloud.env, REGION, only=("instances", "scaling_groups"))
    assert cloud.count("DescribeScalingInstances") == 0, "all members carry the mark"


def test_renewals_are_asked_once_for_all_regions_and_only_where_something_is_subscribed(
    cloud: Cloud, tmp_path: Path
) -> None:
    regions = ("cn-hangzhou", "cn-beijing")
    cloud.put("instance", regions[0], {"InstanceId": "i-flexible"})
    collect(tmp_path / "none.duckdb", cloud.env, *regions, only=("instances",))
    assert cloud.count("QueryAvailableInstances") == 0
    for region, renewal in zip(regions, ("AutoRenewal", "NotRenewal"), strict=True):
        item = {
            "InstanceId": f"i-{region}",
            "InstanceChargeType": "PrePaid",
            "ExpiredTime": "2026-12-31T16:00Z",
        }
        cloud.put("instance", region, {**item, "_renewal": renewal, "_ends": "2026-12-31T16:00:00Z"})
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, *regions, only=("instances",))
    assert cloud.count("QueryAvailableInstances") == 1
    told = rows(db, "SELECT instance_id, purchase_model, expires_at, auto_renew FROM instances ORDER BY 1")
    until = datetime(2026, 12, 31, 16)
    assert told == [
        ("i-cn-beijing", "subscription", until, False),
        ("i-cn-hangzhou", "subscription", until, True),
        ("i-flexible", "on_demand", None, None),
    ]


@pytest.mark.parametrize(
    ("action", "body", "dataset", "becomes"),
    [
        ("DescribeInstances", {"Instances": {"Instance": [machine(CreationTime="yesterday")]}}, "instances", "failed"),
        ("DescribeInstances", {"Instances": {"Instance": [{"InstanceId": "i-1"}]}}, "instances", "failed"),
        ("DescribeInstances", {"Instances": {"Instance": [machine(Tags="none")]}}, "instances", "failed"),
        ("DescribeInstances", {"Instances": "none"}, "instances", "failed"),
        # What is known of the machine is a row; since when it is off is not known.
        ("DescribeInstances", {"Instances": {"Instance": [machine(Status="Stopped", StartTime="x")]}}, "instances", "partial"),
        ("DescribeDisks", {"Disks": {"Disk": [disk(Size="large")]}}, "volumes", "failed"),
        ("DescribeDisks", {"Disks": {"Disk": [disk(InstanceId="", Attachments=7)]}}, "volumes", "failed"),
        ("DescribeScalingGroups", {"ScalingGroups": {"ScalingGroup": [group(MinSize={})]}, "TotalCount": 1}, "scaling_groups", "failed"),
        ("DescribeScalingGroups", {"ScalingGroups": {"ScalingGroup": [group()]}, "TotalCount": "one"}, "scaling_groups", "failed"),
        # How many members there are is a question of the instances.
        ("DescribeScalingGroups", {"ScalingGroups": {"ScalingGroup": [group(TotalInstanceCount="many")]}, "TotalCount": 1}, "instances", "partial"),
    ],
)  # fmt: skip
def test_an_odd_shape_is_one_sentence_and_the_rest_goes_on(
    action: str, body: dict[str, Any], dataset: str, becomes: str, cloud: Cloud, tmp_path: Path
) -> None:
    cloud.put("instance", REGION, {"InstanceId": "i-plain"})
    cloud.faults([{"kind": "body", "action": action, "body": body}])
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=INVENTORY)
    told = coverage(db)
    status, error, _ = told.pop((REGION, dataset))
    assert status == becomes
    assert error is not None
    assert error.count("shape") == 1
    assert dataset.replace("_", " ") in error
    others = {name: told[REGION, name][0] for name in INVENTORY if name != dataset}
    assert set(others.values()) == {"complete"}, told


@pytest.mark.parametrize("field", ["InstanceId", "StoppedMode"])
def test_an_instance_without_an_id_is_told_and_one_without_a_mode_is_a_row(field: str) -> None:
    raw = {name: value for name, value in machine(Status="Stopped").items() if name != field}
    if field == "InstanceId":
        with pytest.raises(KeyError):
            transform_instances([raw], scope("instances"), {}, {}, {})
    else:
        (row,) = transform_instances([raw], scope("instances"), {}, {}, {})["instances"]
        assert row["stopped_mode"] is None


def test_a_second_collection_replaces_what_is_gone(cloud: Cloud, tmp_path: Path) -> None:
    for identity in ("i-stays", "i-goes"):
        cloud.put("instance", REGION, {"InstanceId": identity, "Tags": tagged(HOSTILE)})
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=("instances",))
    assert rows(db, "SELECT key, value FROM tags WHERE resource_id = 'i-stays' ORDER BY ALL") == sorted(
        HOSTILE.items()
    )
    cloud.change("instance", REGION, "i-goes", None)
    collect(db, cloud.env, REGION, only=("instances",), at=AT)
    assert rows(db, "SELECT instance_id FROM instances") == [("i-stays",)]
    assert rows(db, "SELECT DISTINCT resource_id FROM tags") == [("i-stays",)]
