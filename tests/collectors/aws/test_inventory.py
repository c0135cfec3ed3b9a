"""Machines, types, groups, volumes and snapshots: raw answers in, rows out."""

from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from collectors.aws.inventory import (
    get_instance_types,
    get_instances,
    get_snapshots,
    get_volumes,
    transform_instance_types,
    transform_instances,
    transform_snapshots,
    transform_volumes,
    utc,
)
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.aws.answers import TOKYO, Canned, needs_recorded, recorded, shaped

LAUNCHED = datetime(2026, 1, 2, 3, 4, 5)
HERE = {"cloud": "aws", "account_id": "012345678901", "region": "eu-west-1"}
HOSTILE = {
    "html": "<script>alert('x')</script>",
    "formula": "=cmd|' /C calc'!A0",
    "quotes": 'O\'Brien "the" server; DROP TABLE tags; --',
    "lines": "one\r\ntwo\ttab",
    "long": "n" * 255,
    "": "a key that is empty",
    "empty": "",
    "right to left": "名前 🚀 ‮gnirts‬",
    "=1+1|<b>key</b>": "v",
    "k" * 128: "a long key",
    " spaces ": "  kept  ",
}


def scope(dataset: str) -> Scope:
    return Scope("aws", "012345678901", "eu-west-1", dataset)


def tagged(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


# --- instances --------------------------------------------------------------------------------------------


def machine(identity: str = "i-1", **more: Any) -> dict[str, Any]:
    return {
        "InstanceId": identity,
        "State": {"Name": "running"},
        "InstanceType": "m5.large",
        "LaunchTime": "2026-01-02T03:04:05.000Z",
        "PlatformDetails": "Linux/UNIX",
        **more,
    }


def instance(**more: Any) -> dict[str, Any]:
    """The row of one machine."""
    (row,) = transform_instances([machine(**more)], scope("instances"))["instances"]
    return row


def test_a_running_machine_has_all_its_columns() -> None:
    row = instance(
        Placement={"AvailabilityZone": "eu-west-1a"},
        PrivateIpAddress="10.0.0.7",
        VpcId="vpc-1",
        SubnetId="subnet-1",
        ImageId="ami-1",
        Tags=tagged(Name="web-1", team="core"),
    )
    assert row == {
        **HERE,
        "instance_id": "i-1",
        "zone": "eu-west-1a",
        "name": "web-1",
        "state": "running",
        "state_since": LAUNCHED,
        "instance_type": "m5.large",
        "platform": "linux",
        "purchase_model": "on_demand",
        "scaling_group": None,
        "launched_at": LAUNCHED,
        "cluster": None,
        "private_ip": "10.0.0.7",
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "image_id": "ami-1",
    }


def test_a_machine_that_says_almost_nothing_still_is_a_row() -> None:
    (row,) = transform_instances([{"InstanceId": "i-1", "State": {"Name": "pending"}}], scope("instances"))[
        "instances"
    ]
    assert {key for key, value in row.items() if value is not None} == {
        "cloud", "account_id", "region", "instance_id", "state", "platform", "purchase_model",
    }  # fmt: skip
    assert (row["state"], row["platform"]) == ("other", "linux")


@pytest.mark.parametrize(
    ("state", "reason", "told", "since"),
    [
        ("stopped", "User initiated (2026-08-01 10:20:30 GMT)", "stopped", datetime(2026, 8, 1, 10, 20, 30)),
        ("stopped", "User initiated (2026-08-01 10:20:30 UTC)", "stopped", datetime(2026, 8, 1, 10, 20, 30)),
        ("stopped", "Server.ScheduledStop: Stopped due to scheduled retirement", "stopped", None),
        ("stopped", "", "stopped", None),
        ("stopped", None, "stopped", None),
        ("running", "", "running", LAUNCHED),
        # What a machine was stopped for before it was started again is not since when it runs.
        ("running", "User initiated (2025-08-01 10:20:30 GMT)", "running", LAUNCHED),
        ("stopping", "User initiated (2026-08-01 10:20:30 GMT)", "other", None),
        ("pending", "", "other", None),
    ],
)
def test_since_when_a_machine_is_in_its_state(
    state: str, reason: str | None, told: str, since: datetime | None
) -> None:
    row = instance(State={"Name": state}, StateTransitionReason=reason)
    assert (row["state"], row["state_since"]) == (told, since)


@pytest.mark.parametrize(
    ("details", "platform"),
    [
        ("Linux/UNIX", "linux"),
        ("Linux with SQL Server Standard", "special"),
        ("Windows", "windows"),
        ("Windows with SQL Server Web", "special"),
        ("Windows BYOL", "other"),
        ("Red Hat Enterprise Linux", "rhel"),
        ("Red Hat Enterprise Linux with HA", "special"),
        ("Red Hat BYOL Linux", "other"),
        ("SUSE Linux", "suse"),
        ("Ubuntu Pro", "special"),
    ],
)
def test_the_platform_is_the_licence_in_the_price(details: str, platform: str) -> None:
    assert instance(PlatformDetails=details)["platform"] == platform


def test_a_machine_of_ones_own_hardware_has_no_price_on_the_list() -> None:
    assert instance(Placement={"Tenancy": "dedicated"})["platform"] == "special"
    assert instance(Placement={"Tenancy": "default"})["platform"] == "linux"


def test_an_old_answer_tells_windows_by_its_platform_only() -> None:
    assert instance(PlatformDetails=None, Platform="windows")["platform"] == "windows"
    assert instance(PlatformDetails=None)["platform"] == "linux"


@pytest.mark.parametrize(
    ("lifecycle", "model"), [("spot", "spot"), ("scheduled", "on_demand"), (None, "on_demand")]
)
def test_a_spot_machine_is_told_from_one_on_demand(lifecycle: str | None, model: str) -> None:
    assert instance(InstanceLifecycle=lifecycle)["purchase_model"] == model


@pytest.mark.parametrize(
    ("tags", "cluster"),
    [
        ({"aws:eks:cluster-name": "prod"}, "prod"),
        ({"eks:cluster-name": "prod"}, "prod"),
        ({"kubernetes.io/cluster/mine": "owned"}, "mine"),
        ({"kubernetes.io/cluster/mine": "owned", "aws:eks:cluster-name": "prod"}, "prod"),
        ({"kubernetes.io/role/elb": "1", "Name": "kubernetes.io/cluster/no"}, None),
        ({}, None),
    ],
)
def test_a_node_knows_its_cluster_by_a_tag(tags: dict[str, str], cluster: str | None) -> None:
    assert instance(Tags=tagged(**tags))["cluster"] == cluster


def test_a_member_knows_its_scaling_group_by_a_tag() -> None:
    assert instance(Tags=tagged(**{"aws:autoscaling:groupName": "workers"}))["scaling_group"] == "workers"


def test_terminated_machines_are_left_out_and_others_of_their_reservation_are_not() -> None:
    states = ("running", "terminated", "shutting-down", "stopped")
    members = [machine(f"i-{state}", State={"Name": state}) for state in states]
    client = Canned(ec2_describe_instances=[{"Reservations": [{"Instances": members}]}])
    assert [one["InstanceId"] for one in get_instances(client)] == ["i-running", "i-stopped"]


def test_pages_without_reservations_or_instances_are_nothing() -> None:
    client = Canned(ec2_describe_instances=[{}, {"Reservations": []}, {"Reservations": [{"Groups": []}]}])
    assert get_instances(client) == []
    assert transform_instances([], scope("instances")) == {"instances": [], "tags": []}


def test_a_machine_that_two_pages_show_is_one_row_as_it_was_seen_last() -> None:
    pages = [
        {"Reservations": [{"Instances": [machine("i-1", Tags=tagged(Name="old")), machine("i-2")]}]},
        {
            "Reservations": [
                {"Instances": [machine("i-1", State={"Name": "stopped"}, Tags=tagged(Name="new"))]}
            ]
        },
    ]
    rows = transform_instances(get_instances(Canned(ec2_describe_instances=pages)), scope("instances"))
    assert [(row["instance_id"], row["state"]) for row in rows["instances"]] == [
        ("i-1", "stopped"),
        ("i-2", "running"),
    ]
    assert [(row["resource_id"], row["value"]) for row in rows["tags"]] == [("i-1", "new")]


def test_hostile_tags_are_carried_over_unchanged() -> None:
    rows = transform_instances([machine(Tags=tagged(**HOSTILE))], scope("instances"))["tags"]
    assert {row["key"]: row["value"] for row in rows} == HOSTILE
    assert {(row["resource_type"], row["resource_id"]) for row in rows} == {("instance", "i-1")}
    assert {key: rows[0][key] for key in HERE} == HERE


@pytest.mark.parametrize("value", list(HOSTILE.values()))
def test_a_hostile_name_is_carried_over_unchanged(value: str) -> None:
    assert instance(Tags=tagged(Name=value))["name"] == value


def test_of_a_repeated_key_the_last_value_is_kept_and_is_the_name() -> None:
    twice = [{"Key": "Name", "Value": "first"}, {"Key": "Name", "Value": "last"}]
    rows = transform_instances([machine(Tags=twice)], scope("instances"))
    assert [(row["key"], row["value"]) for row in rows["tags"]] == [("Name", "last")]
    assert rows["instances"][0]["name"] == "last"


def test_keys_that_differ_by_case_or_have_no_value_are_keys_of_their_own() -> None:
    tags = [{"Key": "env", "Value": "a"}, {"Key": "ENV", "Value": "b"}, {"Key": "none"}]
    rows = transform_instances([machine(Tags=tags)], scope("instances"))["tags"]
    assert [(row["key"], row["value"]) for row in rows] == [("env", "a"), ("ENV", "b"), ("none", None)]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (None, None),
        ("2026-01-02T03:04:05Z", LAUNCHED),
        ("2026-01-02T03:04:05.000Z", LAUNCHED),
        ("2026-01-02T12:04:05+09:00", LAUNCHED),
        (1767323045, LAUNCHED),
        (1767323045.0, LAUNCHED),
        (datetime(2026, 1, 2, 12, 4, 5, tzinfo=TOKYO), LAUNCHED),
        (LAUNCHED, LAUNCHED),
    ],
)
def test_an_instant_is_utc_however_it_arrives(at: Any, expected: datetime | None) -> None:
    assert utc(at) == expected


@needs_recorded
def test_recorded_machines_become_rows() -> None:
    answer = recorded("ec2.DescribeInstances/test_iam_instance_profile_unused")
    rows = transform_instances(get_instances(Canned(ec2_describe_instances=[answer])), scope("instances"))
    stopped = datetime(2016, 8, 24, 0, 4, 5)
    assert [
        (one["instance_id"], one["state"], one["state_since"], one["instance_type"], one["name"])
        for one in rows["instances"]
    ] == [
        ("i-069c2984d70308ceb", "running", datetime(2016, 9, 27, 18, 55, 11), "t2.micro", "TestEC2-003"),
        ("i-094bc87c84d56c589", "stopped", stopped, "t2.medium", "Mandeep-portworx"),
        ("i-0bc6dcda399bbb39a", "stopped", stopped, "t2.medium", "Mandeep-portworx"),
        ("i-015739b967104bdb7", "stopped", stopped, "t2.medium", "Mandeep-portworx"),
        ("i-05329d73456d367f5", "running", rows["instances"][4]["launched_at"], "t2.micro", "c7n-test"),
    ]


@needs_recorded
@pytest.mark.parametrize(
    ("name", "machines", "tags"),
    [
        ("test_ec2_modify_groups_action", 3, 3),
        ("test_ec2_offhours_filter", 2, 2),
        ("test_ec2_unmonitor_instance", 1, 0),
        ("test_ec2_untag_array", 1, 4),
        ("test_interface_detach_primary_nic_1", 1, 1),
    ],
)
def test_every_recorded_machine_is_linux_on_demand_with_a_zone(name: str, machines: int, tags: int) -> None:
    raw = get_instances(Canned(ec2_describe_instances=[recorded(f"ec2.DescribeInstances/{name}")]))
    rows = transform_instances(raw, scope("instances"))
    assert (len(rows["instances"]), len(rows["tags"])) == (machines, tags)
    for row in rows["instances"]:
        assert (row["platform"], row["purchase_model"]) == ("linux", "on_demand")
        assert row["zone"].startswith("us-")
        assert row["launched_at"].year in (2016, 2018, 2020, 2023)


# --- instance types ---------------------------------------------------------------------------------------


def kind(name: str = "m5.large", **more: Any) -> dict[str, Any]:
    """The row of one type."""
    (row,) = transform_instance_types([{"InstanceType": name, **more}])["instance_types"]
    return row


def test_a_type_has_all_its_columns() -> None:
    row = kind(
        "m5d.large",
        VCpuInfo={"DefaultVCpus": 2},
        MemoryInfo={"SizeInMiB": 8192},
        ProcessorInfo={"SupportedArchitectures": ["x86_64"], "Manufacturer": "Intel"},
        BurstablePerformanceSupported=False,
        InstanceStorageInfo={"TotalSizeInGB": 75},
        NetworkInfo={"NetworkCards": [{"BaselineBandwidthInGbps": 0.75, "PeakBandwidthInGbps": 10.0}]},
        EbsInfo={
            "EbsOptimizedInfo": {
                "BaselineThroughputInMBps": 81.25,
                "BaselineIops": 3600,
                "MaximumIops": 18750,
            }
        },
    )
    assert row == {
        "cloud": "aws",
        "instance_type": "m5d.large",
        "vcpu": 2,
        "memory_gib": 8.0,
        "architecture": "x86_64",
        "family": "m5d",
        "generation": 5,
        "burstable": False,
        "gpu_count": 0,
        "gpu_model": None,
        "cpu_model": "Intel",
        "local_disk_gib": 75.0,
        "baseline_vcpu": None,
        "network_gbps": 0.75,
        "disk_throughput_mib": pytest.approx(77.486, abs=0.001),  # 650 Mbit per second
        "disk_iops": 3600.0,
        "line": "m-d",
    }


@pytest.mark.parametrize(
    ("cards", "gbps"),
    [
        ([], None),
        ([{}], None),
        ([{"BaselineBandwidthInGbps": 25.0}, {"BaselineBandwidthInGbps": 25.0}], 50.0),
        ([{"BaselineBandwidthInGbps": 25.0}, {"NetworkPerformance": "High"}], None),
    ],
)
def test_bandwidth_is_that_of_all_cards_and_unknown_with_one_of_them(
    cards: list[dict[str, Any]], gbps: float | None
) -> None:
    assert kind(NetworkInfo={"NetworkCards": cards})["network_gbps"] == gbps


@pytest.mark.parametrize(
    ("name", "vcpu", "baseline"),
    [
        ("t3.nano", 2, 0.1), ("t3a.2xlarge", 8, 3.2), ("t2.2xlarge", 8, 1.36), ("t2.micro", 1, 0.1), ("t4g.large", 2, 0.6),
        ("m5.large", 2, None), ("t9.large", 2, None), ("t3.large", None, None),
    ],
)  # fmt: skip
def test_a_burstable_type_may_always_use_a_share_of_its_processors(
    name: str, vcpu: int | None, baseline: float | None
) -> None:
    assert kind(name, VCpuInfo={"DefaultVCpus": vcpu})["baseline_vcpu"] == (
        None if baseline is None else pytest.approx(baseline)
    )


@pytest.mark.parametrize(("mib", "gib"), [(512, 0.5), (1024, 1.0), (3840, 3.75), (25165824, 24576.0)])
def test_memory_is_counted_in_gib(mib: int, gib: float) -> None:
    assert kind(MemoryInfo={"SizeInMiB": mib})["memory_gib"] == gib


@pytest.mark.parametrize(
    ("supported", "architecture"),
    [
        (["arm64"], "arm64"),
        (["arm64_mac"], "arm64"),
        (["i386", "x86_64"], "x86_64"),
        (["x86_64_mac"], "x86_64"),
        ([], None),
    ],
)
def test_the_architecture_is_one_of_two(supported: list[str], architecture: str | None) -> None:
    assert kind(ProcessorInfo={"SupportedArchitectures": supported})["architecture"] == architecture


@pytest.mark.parametrize(
    ("name", "family", "generation"),
    [("m6g.16xlarge", "m6g", 6), ("u-6tb1.112xlarge", "u-6tb1", 6), ("c7gn.metal", "c7gn", 7), ("hpc.large", "hpc", None)],
)  # fmt: skip
def test_family_and_generation_are_read_from_the_name(name: str, family: str, generation: int | None) -> None:
    row = kind(name)
    assert (row["family"], row["generation"]) == (family, generation)


NEURON = {
    "NeuronDevices": [
        {"Count": 16, "Name": "Inferentia", "CoreInfo": {"Count": 4, "Version": 1}, "MemoryInfo": {"SizeInMiB": 8192}}
    ]
}  # fmt: skip
INFERENCE = {"Accelerators": [{"Count": 16, "Name": "Inferentia", "Manufacturer": "AWS"}]}


@pytest.mark.parametrize(
    ("described", "count", "model"),
    [
        ({"GpuInfo": {"Gpus": [{"Count": 4, "Manufacturer": "NVIDIA", "Name": "T4"}]}}, 4, "NVIDIA T4"),
        ({"GpuInfo": {"Gpus": [{"Count": 1, "Name": "a"}, {"Count": 2, "Name": "b"}]}}, 3, "a"),
        ({"InferenceAcceleratorInfo": INFERENCE}, 16, "AWS Inferentia"),
        ({"NeuronInfo": NEURON}, 16, "Inferentia"),
        # inf1 and inf2 describe the same chips twice.
        ({"InferenceAcceleratorInfo": INFERENCE, "NeuronInfo": NEURON}, 16, "AWS Inferentia"),
        ({"GpuInfo": {"Gpus": []}}, 0, None),
        ({}, 0, None),
    ],
)
def test_accelerators_are_counted_once(described: dict[str, Any], count: int, model: str | None) -> None:
    row = kind(**described)
    assert (row["gpu_count"], row["gpu_model"]) == (count, model)


def test_types_are_asked_for_by_family_200_patterns_at_a_time() -> None:
    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        patterns = parameters["Filters"][0]["Values"]
        return {"InstanceTypes": [{"InstanceType": name.replace("*", "large")} for name in patterns]}

    client = Canned(ec2_describe_instance_types=answer)
    families = [f"m{number}" for number in range(450)]
    rows = transform_instance_types(get_instance_types(client, [*families, *families]))["instance_types"]
    assert sorted(row["family"] for row in rows) == sorted(families)
    assert [len(asked["Filters"][0]["Values"]) for _, asked in client.asked] == [200, 200, 50]


# --- volumes ----------------------------------------------------------------------------------------------


def disk(**more: Any) -> dict[str, Any]:
    return {"VolumeId": "vol-1", "State": "available", "VolumeType": "gp3", "Size": 100, **more}


def volume(*machines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The row of one volume, with these machines in the inventory."""
    (row,) = transform_volumes([disk(**more)], scope("volumes"), list(machines))["volumes"]
    return row


def attached(device: str | None = "/dev/xvda", to: str | None = "i-1", **more: Any) -> dict[str, Any]:
    return {"State": "in-use", "Attachments": [{"InstanceId": to, "Device": device, **more}]}


def test_a_volume_has_all_its_columns() -> None:
    row = volume(
        machine(RootDeviceName="/dev/xvda"),
        **attached(DeleteOnTermination=True),
        AvailabilityZone="eu-west-1a",
        Iops=3000,
        Throughput=125,
        CreateTime="2026-01-02T03:04:05.000Z",
        Tags=tagged(Name="data"),
    )
    assert row == {
        **HERE,
        "volume_id": "vol-1",
        "zone": "eu-west-1a",
        "name": "data",
        "state": "attached",
        "volume_type": "gp3",
        "medium": "ssd",
        "size_gib": 100.0,
        "iops": 3000.0,
        "throughput_mib": 125.0,
        "instance_id": "i-1",
        "is_boot": True,
        "delete_with_instance": True,
        "created_at": LAUNCHED,
        "kubernetes_claim": None,
    }


@pytest.mark.parametrize(
    ("root", "device", "boots"),
    [
        ("/dev/xvda", "/dev/xvda", True),
        ("/dev/sda1", "/dev/xvda", False),  # the machine's word counts more than the name's
        ("/dev/nvme0n1", "/dev/nvme0n1", True),
        (None, "/dev/xvda", True),
        (None, "/dev/sda1", True),
        (None, "/dev/sdf", False),
        ("/dev/xvda", None, None),
        (None, None, None),
    ],
)
def test_a_boot_volume_is_known_by_the_machine_and_else_by_its_device(
    root: str | None, device: str | None, boots: bool | None
) -> None:
    assert volume(machine(RootDeviceName=root), **attached(device))["is_boot"] is boots


def test_without_the_machines_a_boot_volume_is_known_by_its_device() -> None:
    raw = [disk(**attached("/dev/sda1"))]
    (row,) = transform_volumes(raw, scope("volumes"), None)["volumes"]
    assert row["is_boot"] is True


def test_an_unattached_volume_says_nothing_of_a_machine() -> None:
    row = volume()
    assert row["state"] == "unattached"
    assert (row["instance_id"], row["is_boot"], row["delete_with_instance"]) == (None, None, None)


@pytest.mark.parametrize("state", ["creating", "deleting", "error", None])
def test_a_volume_that_is_neither_attached_nor_free_is_other(state: str | None) -> None:
    assert volume(State=state)["state"] == "other"


def test_a_volume_of_another_account_s_machine_is_attached_to_nothing_we_know() -> None:
    row = volume(**attached(to=None))
    assert (row["state"], row["instance_id"]) == ("attached", None)


def test_a_volume_attached_to_two_machines_is_one_row_of_the_first() -> None:
    both = [{"InstanceId": "i-1", "Device": "/dev/sdf"}, {"InstanceId": "i-2", "Device": "/dev/sdg"}]
    row = volume(State="in-use", VolumeType="io2", Attachments=both, MultiAttachEnabled=True)
    assert (row["state"], row["instance_id"], row["is_boot"]) == ("attached", "i-1", False)


@pytest.mark.parametrize(
    ("kinds", "medium"),
    [(("gp2", "gp3", "io1", "io2"), "ssd"), (("st1", "sc1", "standard"), "hdd"), (("xx9", None), None)],
)
def test_the_medium_follows_from_the_type(kinds: tuple[str | None, ...], medium: str | None) -> None:
    assert {volume(VolumeType=kind)["medium"] for kind in kinds} == {medium}


@pytest.mark.parametrize(
    ("tags", "claim"),
    [
        ({"namespace": "shop", "name": "data-0"}, "shop/data-0"),
        ({"name": "data-0"}, "?/data-0"),
        ({"namespace": "shop"}, "shop/?"),
        ({}, None),
    ],
)
def test_a_claim_is_known_by_the_driver_s_tags(tags: dict[str, str], claim: str | None) -> None:
    prefixed = {f"kubernetes.io/created-for/pvc/{key}": value for key, value in tags.items()}
    assert volume(Tags=tagged(**prefixed))["kubernetes_claim"] == claim


@needs_recorded
def test_recorded_volumes_become_rows() -> None:
    raw = get_volumes(
        Canned(ec2_describe_volumes=[recorded("ec2.DescribeVolumes/test_ebs_modifyable_filter")])
    )
    rows = transform_volumes(raw, scope("volumes"), [])["volumes"]
    assert [
        (row["volume_type"], row["medium"], row["size_gib"], row["iops"], row["state"], row["is_boot"])
        for row in rows
    ] == [
        ("gp2", "ssd", 8.0, 100.0, "attached", False),
        ("gp2", "ssd", 8.0, 100.0, "attached", True),
        ("io1", "ssd", 16.0, 400.0, "attached", True),
        ("standard", "hdd", 128.0, None, "attached", False),
        ("gp2", "ssd", 32.0, 100.0, "attached", False),
        ("io1", "ssd", 64.0, 1000.0, "unattached", None),
    ]
    assert rows[0]["created_at"] == datetime(2017, 7, 11, 8, 27, 37, 72000)
    assert rows[0]["delete_with_instance"] is False


# --- snapshots --------------------------------------------------------------------------------------------


def image(identity: str, *snapshots: str | None) -> dict[str, Any]:
    """An image over these snapshots; None is a disk that none belongs to."""
    disks = [
        {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"} if one is None else {"Ebs": {"SnapshotId": one}}
        for one in snapshots
    ]  # fmt: skip
    return {"ImageId": identity, "BlockDeviceMappings": [*disks, {"Ebs": {"VolumeSize": 8}}]}


def test_a_snapshot_knows_the_image_that_needs_it() -> None:
    client = Canned(
        ec2_describe_snapshots=[
            {"Snapshots": [{"SnapshotId": "snap-1", "VolumeId": "vol-1", "VolumeSize": 8}]},
            {
                "Snapshots": [
                    {"SnapshotId": "snap-2", "StorageTier": "archive"},
                    {"SnapshotId": "snap-1", "VolumeId": "vol-1", "VolumeSize": 8},
                ]
            },
        ],
        ec2_describe_locked_snapshots={},
        ec2_describe_images=[
            {"Images": [image("ami-1", "snap-1", None)]},
            {"Images": [{"ImageId": "ami-2"}]},
        ],
    )
    problems: list[str] = []
    rows = transform_snapshots(get_snapshots(client, problems), scope("snapshots"))["snapshots"]
    assert problems == []
    assert [(row["snapshot_id"], row["image_id"], row["size_gib"], row["tier"]) for row in rows] == [
        ("snap-1", "ami-1", 8.0, "standard"),
        ("snap-2", None, None, "archive"),
    ]
    asked = dict(client.asked)
    assert asked["ec2_describe_snapshots"]["OwnerIds"] == ["self"]
    assert asked["ec2_describe_images"]["Owners"] == ["self"]


def test_a_snapshot_tells_its_whole_size_its_lock_and_who_took_it() -> None:
    snapshots = [
        {"SnapshotId": "snap-1", "FullSnapshotSizeInBytes": 4096, "Tags": tagged(**{"aws:dlm:lifecycle-policy-id": "p"})},
        {"SnapshotId": "snap-2"},
    ]  # fmt: skip
    locks = shaped("ec2", "DescribeLockedSnapshots", {"Snapshots": [
        {"SnapshotId": "snap-1", "LockState": "governance", "LockExpiresOn": datetime(2027, 1, 1)},
        {"SnapshotId": "snap-2", "LockState": "expired", "LockExpiresOn": datetime(2025, 1, 1)},
    ]})  # fmt: skip
    client = Canned(
        ec2_describe_snapshots={"Snapshots": snapshots},
        ec2_describe_locked_snapshots=locks,
        ec2_describe_images={},
    )
    rows = transform_snapshots(get_snapshots(client, []), scope("snapshots"))["snapshots"]
    assert [(row["full_bytes"], row["kind"], row["locked_until"]) for row in rows] == [
        (4096.0, "automatic", datetime(2027, 1, 1)),
        (None, "snapshot", None),
    ]


def test_without_snapshots_nobody_asks_which_are_locked() -> None:
    client = Canned(ec2_describe_snapshots={"Snapshots": []}, ec2_describe_images={})
    assert transform_snapshots(get_snapshots(client, []), scope("snapshots")) == {"snapshots": [], "tags": []}


def test_without_the_images_snapshots_are_told_and_the_reason_too() -> None:
    client = Canned(
        ec2_describe_snapshots=[{"Snapshots": [{"SnapshotId": "snap-1"}]}],
        ec2_describe_locked_snapshots={},
        ec2_describe_images=CallError("denied", "UnauthorizedOperation", "ec2:DescribeImages is denied."),
    )
    problems: list[str] = []
    rows = transform_snapshots(get_snapshots(client, problems), scope("snapshots"))["snapshots"]
    assert [row["image_id"] for row in rows] == [None]
    assert problems == ["ec2:DescribeImages is denied."]


@needs_recorded
def test_recorded_snapshots_are_matched_with_recorded_images() -> None:
    client = Canned(
        ec2_describe_snapshots=[recorded("ec2.DescribeSnapshots/test_asg_invalid_third_ami")],
        ec2_describe_locked_snapshots={},
        ec2_describe_images=[recorded("ec2.DescribeImages/test_asg_invalid_third_ami")],
    )
    rows = transform_snapshots(get_snapshots(client, []), scope("snapshots"))
    assert {row["snapshot_id"]: row["image_id"] for row in rows["snapshots"]} == {
        "snap-031e6c09f6598d374": "ami-0749e67d",
        "snap-03215737c84137756": "ami-c772ddbd",
        "snap-07be51844bd81659c": "ami-3848e742",
        "snap-0849969e30adfb2bf": "ami-0749e67d",
        "snap-0ee44da6abc3a536f": None,
    }
    assert Counter(row["value"] for row in rows["tags"]) == Counter(["dev-2", "c7n-dev"])


@needs_recorded
def test_a_recorded_snapshot_s_time_with_a_zone_is_utc() -> None:
    answer = recorded("ec2.DescribeSnapshots/test_ebs_volume_snapshots_filter")
    raw = {"snapshots": answer["Snapshots"], "images": None, "locks": None}
    rows = transform_snapshots(raw, scope("snapshots"))["snapshots"]
    assert rows[0]["created_at"] == datetime(2024, 1, 30, 10, 33, 22, 36000)
