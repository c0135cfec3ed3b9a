"""The lists of the local Alibaba Cloud: pages, limits, wrapping, and what is in them."""

import json

import pytest

from tests.servers.alibaba.asking import ask, refused, walked
from tests.servers.alibaba.cloud import REGIONS, Cloud, Truth


def test_instances_come_in_pages_of_ten_to_a_hundred(cloud: Cloud, truth: Truth) -> None:
    there = truth.inventory["cn-hangzhou"]["instance"]
    for asked, size in ((None, 10), (1, 10), (15, 15), (500, 100)):
        more = {} if asked is None else {"MaxResults": asked}
        pages, _ = walked(cloud, "ecs", "DescribeInstances", **more)
        assert len(pages[0]["Instances"]["Instance"]) == min(size, there)
        ids = [each["InstanceId"] for page in pages for each in page["Instances"]["Instance"]]
        assert len(ids) == len(set(ids)) == there


def test_the_last_token_is_empty_null_or_absent_in_turn(cloud: Cloud) -> None:
    ends = [walked(cloud, "ecs", "DescribeInstances", MaxResults=100)[1][-1] for _ in range(3)]
    assert {repr(end) for end in ends} == {"''", "None", "'absent'"}


def test_totals_mean_nothing_where_tokens_are_used(cloud: Cloud, truth: Truth) -> None:
    there = truth.inventory["cn-hangzhou"]["instance"]
    assert ask(cloud, "ecs", "DescribeInstances", MaxResults=10)["TotalCount"] != there
    assert ask(cloud, "ecs", "DescribeInstances", PageNumber=1, PageSize=10)["TotalCount"] == there


def test_a_made_up_token_is_refused(cloud: Cloud) -> None:
    assert refused(cloud, "ecs", "DescribeInstances", NextToken="xyz")[1] == 400


def test_up_to_a_hundred_instances_are_found_by_name(cloud: Cloud, truth: Truth) -> None:
    wanted = [each["id"] for each in truth.classes["idle"] if each["region"] == "cn-hangzhou"]
    found = ask(cloud, "ecs", "DescribeInstances", InstanceIds=json.dumps(wanted), MaxResults=100)
    assert {each["InstanceId"] for each in found["Instances"]["Instance"]} == set(wanted)
    assert refused(cloud, "ecs", "DescribeInstances", InstanceIds=json.dumps(["i-0"] * 101))[1] == 400
    assert refused(cloud, "ecs", "DescribeInstances", InstanceIds="i-0,i-1")[1] == 400


def test_disks_come_in_pages_of_up_to_500(cloud: Cloud, truth: Truth) -> None:
    page = ask(cloud, "ecs", "DescribeDisks", MaxResults=500)
    assert len(page["Disks"]["Disk"]) == truth.inventory["cn-hangzhou"]["disk"]


def test_untagged_instances_have_no_key_for_tags(cloud: Cloud) -> None:
    listed = ask(cloud, "ecs", "DescribeInstances", MaxResults=100)["Instances"]["Instance"]
    assert any("Tags" not in each for each in listed)
    assert all(each["Tags"]["Tag"] for each in listed if "Tags" in each)


def test_times_of_instances_have_no_seconds_and_those_of_disks_have(cloud: Cloud) -> None:
    instance = ask(cloud, "ecs", "DescribeInstances")["Instances"]["Instance"][0]
    disk = ask(cloud, "ecs", "DescribeDisks")["Disks"]["Disk"][0]
    assert len(instance["CreationTime"]) == len("2026-01-01T00:00Z")
    assert len(disk["CreationTime"]) == len("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("product", "action", "most"),
    [("vpc", "DescribeEipAddresses", 100), ("vpc", "DescribeNatGateways", 50), ("ecs", "DescribeReservedInstances", 100),
     ("rds", "DescribeDBInstances", 100), ("ess", "DescribeScalingGroups", 50), ("ess2022", "DescribeScalingInstances", 50)],
)  # fmt: skip
def test_pages_by_number_have_their_limits(cloud: Cloud, product: str, action: str, most: int) -> None:
    assert ask(cloud, product, action, PageSize=most, PageNumber=1)["PageNumber"] == 1
    assert refused(cloud, product, action, PageSize=most + 1, PageNumber=1)[1] == 400


def test_classic_load_balancers_want_size_and_number_or_neither(cloud: Cloud) -> None:
    assert len(ask(cloud, "slb", "DescribeLoadBalancers")["LoadBalancers"]["LoadBalancer"]) == 4
    assert refused(cloud, "slb", "DescribeLoadBalancers", PageSize=50) == ("MissingParameter", 400)
    assert refused(cloud, "slb", "DescribeLoadBalancers", PageNumber=1) == ("MissingParameter", 400)
    page = ask(cloud, "slb", "DescribeLoadBalancers", PageSize=3, PageNumber=2)
    assert (len(page["LoadBalancers"]["LoadBalancer"]), page["TotalCount"]) == (1, 4)


def test_listeners_are_absent_where_there_are_none(cloud: Cloud, truth: Truth) -> None:
    [bare] = [
        each["id"] for each in truth.classes["slb_without_listeners"] if each["region"] == "cn-hangzhou"
    ]
    assert "Listeners" not in ask(cloud, "slb", "DescribeLoadBalancerListeners", LoadBalancerId_1=bare)
    assert len(ask(cloud, "slb", "DescribeLoadBalancerListeners", MaxResults=100)["Listeners"]) == 3
    about = ask(cloud, "slb", "DescribeLoadBalancerAttribute", LoadBalancerId=bare)
    assert about["ListenerPorts"] == {"ListenerPort": []}
    assert about["BackendServers"]["BackendServer"]


def test_modern_load_balancers_are_flat_lists(cloud: Cloud, truth: Truth) -> None:
    for product in ("alb", "nlb"):
        pages, _ = walked(cloud, product, "ListLoadBalancers", MaxResults=2)
        ids = {each["LoadBalancerId"] for page in pages for each in page["LoadBalancers"]}
        assert ids == {
            each["id"]
            for suffix in ("used", "idle", "without_listeners", "redirecting", "without_servers")
            for each in truth.classes.get(f"{product}_{suffix}", [])
            if each["region"] == "cn-hangzhou"
        }
        assert len(ask(cloud, product, "ListListeners")["Listeners"]) == {"alb": 4, "nlb": 2}[product]
        assert refused(cloud, product, "ListLoadBalancers", MaxResults=101)[1] == 400


def test_gateways_entries_are_told_by_table_or_gateway(cloud: Cloud) -> None:
    gateways = ask(cloud, "vpc", "DescribeNatGateways")["NatGateways"]["NatGateway"]
    told = {}
    for each in gateways:
        number = each["NatGatewayId"]
        snat = ask(
            cloud, "vpc", "DescribeSnatTableEntries", SnatTableId=each["SnatTableIds"]["SnatTableId"][0]
        )
        forward = ask(cloud, "vpc", "DescribeForwardTableEntries", NatGatewayId=number)
        told[each["Name"]] = (snat["TotalCount"], forward["TotalCount"], len(each["IpLists"]["IpList"]))
    assert told == {
        "nat_used": (1, 1, 1),
        "nat_without_entries": (0, 0, 1),
        "nat_forward_only": (0, 1, 1),
        "nat_without_address": (0, 0, 0),
        "nat_private": (1, 0, 0),
    }
    assert refused(cloud, "vpc", "DescribeSnatTableEntries") == ("MissingParameter", 400)


def test_scaling_groups_are_wrapped_in_the_older_version_only(cloud: Cloud, truth: Truth) -> None:
    old, new = ask(cloud, "ess", "DescribeScalingGroups"), ask(cloud, "ess2022", "DescribeScalingGroups")
    group = old["ScalingGroups"]["ScalingGroup"][0]
    assert group["ScalingGroupId"] == new["ScalingGroups"][0]["ScalingGroupId"]
    assert group["VSwitchIds"]["VSwitchId"] == new["ScalingGroups"][0]["VSwitchIds"]
    members = ask(
        cloud, "ess2022", "DescribeScalingInstances", ScalingGroupId=group["ScalingGroupId"], PageSize=50
    )
    expected = next(
        each["members"] for each in truth.classes["scaling_group"] if each["id"] == group["ScalingGroupId"]
    )
    assert [each["InstanceId"] for each in members["ScalingInstances"]] == expected


def test_databases_have_counts_of_their_own_names(cloud: Cloud) -> None:
    page = ask(cloud, "rds", "DescribeDBInstances")
    assert (page["TotalRecordCount"], page["PageRecordCount"], len(page["Items"]["DBInstance"])) == (2, 2, 2)
    ids = ",".join(each["DBInstanceId"] for each in page["Items"]["DBInstance"])
    about = ask(cloud, "rds", "DescribeDBInstanceAttribute", DBInstanceId=ids)["Items"]["DBInstanceAttribute"]
    assert [each["DBInstanceStorage"] for each in about] == [100, 100]


def test_what_was_released_is_in_no_list(cloud: Cloud, truth: Truth) -> None:
    listed = {
        each["InstanceId"]
        for region in REGIONS
        for page in walked(cloud, "ecs", "DescribeInstances", region=region, MaxResults=100)[0]
        for each in page["Instances"]["Instance"]
    }
    assert truth.ids("released")
    assert not listed & truth.ids("released")


def test_local_disks_are_listed_with_the_others(cloud: Cloud, truth: Truth) -> None:
    host = truth.classes["local_disk"][0]
    disks = ask(cloud, "ecs", "DescribeDisks", region=host["region"], InstanceId=host["id"])["Disks"]["Disk"]
    local = [disk for disk in disks if disk["Category"].startswith("local_")]
    assert {disk["DiskId"] for disk in local} <= truth.ids("local")
    assert {(disk["Portable"], disk["DeleteWithInstance"]) for disk in local} == {(False, True)}
    assert len(disks) > len(local)


def test_the_estate_is_what_its_truth_says(cloud: Cloud, truth: Truth) -> None:
    found: dict[str, dict[str, int]] = {}
    for region in REGIONS:
        instances = walked(cloud, "ecs", "DescribeInstances", region=region, MaxResults=100)[0]
        disks = walked(cloud, "ecs", "DescribeDisks", region=region, MaxResults=500)[0]
        snapshots = walked(cloud, "ecs", "DescribeSnapshots", region=region, MaxResults=100)[0]
        found[region] = {
            "instance": sum(len(page["Instances"]["Instance"]) for page in instances),
            "disk": sum(len(page["Disks"]["Disk"]) for page in disks),
            "snapshot": sum(len(page["Snapshots"]["Snapshot"]) for page in snapshots),
            "eip": ask(cloud, "vpc", "DescribeEipAddresses", region=region)["TotalCount"],
        }
    assert found == {
        region: {kind: held[kind] for kind in found[region]} for region, held in truth.inventory.items()
    }
    assert sum(each["instance"] for each in found.values()) == truth.n
