"""Addresses, balancers and gateways: raw answers in, rows out."""

from datetime import datetime
from typing import Any

import pytest

from collectors.aws.network import (
    get_load_balancers,
    get_nat_gateways,
    get_public_ips,
    transform_load_balancers,
    transform_nat_gateways,
    transform_public_ips,
)
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned, needs_recorded, recorded

PREFIX = "arn:aws:elasticloadbalancing:eu-west-1:012345678901:loadbalancer/"
DENIED = CallError("denied", "AccessDenied", "It is denied.")


def scope(dataset: str) -> Scope:
    return Scope("aws", "012345678901", "eu-west-1", dataset)


# --- public addresses -------------------------------------------------------------------------------------


def interface(identity: str = "eni-1", **more: Any) -> dict[str, Any]:
    return {"NetworkInterfaceId": identity, **more}


def lent(*addresses: str, allocation: str | None = None, **more: Any) -> dict[str, Any]:
    """An interface with public addresses: AWS's own, or elastic ones."""
    told = {"AllocationId": allocation} if allocation else {"IpOwnerId": "amazon"}
    return interface(
        PrivateIpAddresses=[{"Association": {"PublicIp": each, **told}} for each in addresses], **more
    )


def address(**more: Any) -> dict[str, Any]:
    return {"AllocationId": "eipalloc-1", "PublicIp": "52.0.0.1", **more}


def public_ips(*addresses: dict[str, Any], interfaces: list[dict[str, Any]] | None = None) -> list[Any]:
    """(id, address, state, what uses it, and of which kind) of each row."""
    rows = transform_public_ips((list(addresses), interfaces or []), scope("public_ips"))["public_ips"]
    return [
        (row["ip_id"], row["address"], row["state"], row["resource_id"], row["resource_type"]) for row in rows
    ]


def test_an_address_that_nothing_uses_is_unused() -> None:
    assert public_ips(address()) == [("eipalloc-1", "52.0.0.1", "unused", None, None)]


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ({"Attachment": {"InstanceId": "i-1"}}, ("i-1", "instance")),
        (
            {"InterfaceType": "nat_gateway", "Description": "Interface for NAT Gateway nat-1"},
            ("nat-1", "nat_gateway"),
        ),
        ({"Description": "Interface for NAT Gateway nat-1"}, ("nat-1", "nat_gateway")),
        ({"InterfaceType": "nat_gateway", "Description": ""}, (None, "nat_gateway")),
        ({"Description": "ELB app/shop/50dc6c495c0c9188"}, (f"{PREFIX}app/shop/50dc6c495c0c9188", "load_balancer")),
        ({"Description": "ELB old"}, (f"{PREFIX}old", "load_balancer")),
        ({"Description": "VPC Endpoint Interface vpce-1"}, ("eni-1", "other")),
        ({"Description": None}, ("eni-1", "other")),
        # AWS attaches the interfaces of balancers itself, to no machine of the account.
        ({"Attachment": {"InstanceOwnerId": "amazon-elb"}, "Description": "ELB net/n/1"},
         (f"{PREFIX}net/n/1", "load_balancer")),
    ],
)  # fmt: skip
def test_an_address_belongs_to_whatever_its_interface_belongs_to(
    user: dict[str, Any], told: tuple[str | None, str]
) -> None:
    used = address(AssociationId="eipassoc-1", NetworkInterfaceId="eni-1")
    assert public_ips(used, interfaces=[interface(**user)]) == [("eipalloc-1", "52.0.0.1", "in_use", *told)]


def test_an_address_of_a_machine_names_it_without_any_interface() -> None:
    used = address(AssociationId="eipassoc-1", InstanceId="i-1", NetworkInterfaceId="eni-9")
    assert public_ips(used) == [("eipalloc-1", "52.0.0.1", "in_use", "i-1", "instance")]


def test_an_address_of_an_interface_nobody_knows_is_in_use_all_the_same() -> None:
    used = address(AssociationId="eipassoc-1", NetworkInterfaceId="eni-9")
    assert public_ips(used) == [("eipalloc-1", "52.0.0.1", "in_use", None, "other")]


def test_an_address_of_the_time_before_vpc_is_known_by_itself() -> None:
    assert public_ips({"PublicIp": "52.0.0.9", "InstanceId": ""}) == [
        ("52.0.0.9", "52.0.0.9", "unused", None, None)
    ]


def test_an_elastic_address_is_not_told_again_as_a_lent_one() -> None:
    used = address(AssociationId="eipassoc-1", InstanceId="i-1", NetworkInterfaceId="eni-1")
    for allocation in ("eipalloc-1", None):  # some answers leave the allocation out
        shown = lent("52.0.0.1", allocation=allocation, Attachment={"InstanceId": "i-1"})
        assert [row[0] for row in public_ips(used, interfaces=[shown])] == ["eipalloc-1"]


def test_a_lent_address_is_known_by_itself_and_belongs_to_its_machine() -> None:
    shown = lent("3.0.0.1", "3.0.0.2", Attachment={"InstanceId": "i-1"})
    assert public_ips(interfaces=[shown, interface("eni-2", PrivateIpAddresses=[{"Association": {}}, {}])]) == [
        ("3.0.0.1", "3.0.0.1", "in_use", "i-1", "instance"),
        ("3.0.0.2", "3.0.0.2", "in_use", "i-1", "instance"),
    ]  # fmt: skip


def test_an_interface_that_two_pages_show_lends_its_address_once() -> None:
    page = {"NetworkInterfaces": [lent("3.0.0.1")]}
    client = Canned(ec2_describe_addresses={}, ec2_describe_network_interfaces=[page, page])
    rows = transform_public_ips(get_public_ips(client, []), scope("public_ips"))["public_ips"]
    assert [row["ip_id"] for row in rows] == ["3.0.0.1"]


def test_without_the_interfaces_elastic_addresses_are_told_and_the_reason_too() -> None:
    client = Canned(
        ec2_describe_addresses={"Addresses": [address(Tags=[{"Key": "Name", "Value": "<b>&\n"}])]},
        ec2_describe_network_interfaces=DENIED,
    )
    problems: list[str] = []
    rows = transform_public_ips(get_public_ips(client, problems), scope("public_ips"))
    assert [row["name"] for row in rows["public_ips"]] == ["<b>&\n"]
    assert [(row["resource_id"], row["value"]) for row in rows["tags"]] == [("eipalloc-1", "<b>&\n")]
    assert problems == ["It is denied."]


@needs_recorded
def test_recorded_addresses_become_rows() -> None:
    raw = recorded("ec2.DescribeAddresses/test_release_attached_ec2")["Addresses"]
    assert public_ips(*raw) == [
        ("eipalloc-2da7a824", "34.237.108.203", "in_use", "i-0efa0d85bb0deee24", "instance")
    ]
    raw = recorded("ec2.DescribeAddresses/test_address_disassociate")["Addresses"]
    assert len({row[0] for row in public_ips(*raw)}) == len(raw) > 2
    assert {row[2:] for row in public_ips(*raw)} == {
        ("in_use", None, "other"),
        ("in_use", "i-05fccf7da99ad47f7", "instance"),
    }


@needs_recorded
def test_a_recorded_machine_s_interface_lends_its_address() -> None:
    answer = recorded("ec2.DescribeInstances/test_interface_detach_primary_nic_1")
    (machine,) = answer["Reservations"][0]["Instances"]
    interfaces = [
        {**each, "Attachment": {**each["Attachment"], "InstanceId": machine["InstanceId"]}}
        for each in machine["NetworkInterfaces"]
    ]
    assert public_ips(interfaces=interfaces) == [
        ("34.207.89.111", "34.207.89.111", "in_use", "i-042c20d5454745bbe", "instance")
    ]


# --- load balancers ---------------------------------------------------------------------------------------


def modern(arn: str = "app/shop/1", **more: Any) -> dict[str, Any]:
    return {
        "LoadBalancerArn": PREFIX + arn,
        "LoadBalancerName": "shop",
        "Type": "application",
        "State": {"Code": "active"},
        "CreatedTime": "2026-01-02T03:04:05.678Z",
        **more,
    }


def classic(name: str = "old", **more: Any) -> dict[str, Any]:
    return {"LoadBalancerName": name, "CreatedTime": "2020-01-01T00:00:00Z", **more}


def health(*states: str | None) -> dict[str, Any]:
    return {
        "TargetHealthDescriptions": [{"TargetHealth": {"State": each} if each else {}} for each in states]
    }


def balancers(problems: list[str] | None = None, **answers: Any) -> list[dict[str, Any]]:
    """The rows of a region whose services answer so; what is left out is empty."""
    empty = {
        "elbv2_describe_load_balancers": {},
        "elb_describe_load_balancers": {},
        "elbv2_describe_target_groups": {},
        "elbv2_describe_target_health": health(),
        "elb_describe_instance_health": {"InstanceStates": []},
    }
    raw = get_load_balancers(Canned(**{**empty, **answers}), [] if problems is None else problems)
    rows: list[dict[str, Any]] = transform_load_balancers(raw, scope("load_balancers"), "aws")[
        "load_balancers"
    ]
    return rows


def test_a_balancer_has_all_its_columns() -> None:
    (row,) = balancers(elbv2_describe_load_balancers={"LoadBalancers": [modern()]})
    assert row == {
        "cloud": "aws",
        "account_id": "012345678901",
        "region": "eu-west-1",
        "load_balancer_id": f"{PREFIX}app/shop/1",
        "name": "shop",
        "kind": "application",
        "state": "active",
        "targets": 0,
        "healthy_targets": 0,
        "created_at": datetime(2026, 1, 2, 3, 4, 5, 678000),
    }


def test_targets_of_all_groups_of_a_balancer_are_counted_and_of_a_shared_group_for_each() -> None:
    groups = [
        {"TargetGroupArn": "g1", "LoadBalancerArns": [f"{PREFIX}app/a/1", f"{PREFIX}app/b/1"]},
        {"TargetGroupArn": "g2", "LoadBalancerArns": [f"{PREFIX}app/a/1"]},
        {"TargetGroupArn": "unused", "LoadBalancerArns": []},
    ]
    of = {
        "g1": health("healthy", "unhealthy", "unavailable"),
        "g2": health("healthy", "draining", "unused", None),
    }
    rows = balancers(
        elbv2_describe_load_balancers=[
            {"LoadBalancers": [modern("app/a/1"), modern("app/b/1")]},
            {"LoadBalancers": [modern("app/a/1"), modern("net/c/1", Type="network")]},
        ],
        elbv2_describe_target_groups=[{"TargetGroups": groups[:1]}, {"TargetGroups": groups[1:]}],
        elbv2_describe_target_health=lambda asked: of[asked["TargetGroupArn"]],
    )
    assert [
        (row["load_balancer_id"].removeprefix(PREFIX), row["targets"], row["healthy_targets"]) for row in rows
    ] == [("app/a/1", 7, 3), ("app/b/1", 3, 2), ("net/c/1", 0, 0)]


def test_what_is_behind_a_balancer_is_unknown_when_nobody_may_ask() -> None:
    for name in ("elbv2_describe_target_groups", "elbv2_describe_target_health"):
        problems: list[str] = []
        groups = {"TargetGroups": [{"TargetGroupArn": "g1", "LoadBalancerArns": [f"{PREFIX}app/shop/1"]}]}
        answers = {"elbv2_describe_target_groups": groups, name: DENIED}
        (row,) = balancers(problems, elbv2_describe_load_balancers={"LoadBalancers": [modern()]}, **answers)
        assert (row["targets"], row["healthy_targets"]) == (None, None)
        assert problems == ["It is denied."]


def test_a_balancer_that_is_not_ready_is_other() -> None:
    answer = {"LoadBalancers": [modern(State={"Code": "provisioning"}), modern("app/b/1", State=None)]}
    rows = balancers(elbv2_describe_load_balancers=answer)
    assert [row["state"] for row in rows] == ["other", "other"]


def test_a_classic_balancer_s_id_is_the_arn_that_bills_write() -> None:
    (row,) = balancers(
        elb_describe_load_balancers={
            "LoadBalancerDescriptions": [
                classic(Instances=[{"InstanceId": "i-1"}, {"InstanceId": "i-2"}], ListenerDescriptions=[{}])
            ]
        },
        elb_describe_instance_health={
            "InstanceStates": [{"State": "InService"}, {"State": "OutOfService"}, {"State": "Unknown"}]
        },
    )
    assert row["load_balancer_id"] == f"{PREFIX}old"
    assert (row["kind"], row["state"], row["listeners"]) == ("classic", "active", 1)
    assert (row["targets"], row["healthy_targets"]) == (2, 1)
    assert row["created_at"] == datetime(2020, 1, 1)


def test_a_classic_balancer_without_machines_is_not_asked_for_their_health() -> None:
    (row,) = balancers(
        elb_describe_load_balancers={"LoadBalancerDescriptions": [classic(Instances=[])]},
        elb_describe_instance_health=AssertionError("nobody is there to be asked about"),
    )
    assert (row["targets"], row["healthy_targets"], row["listeners"]) == (0, 0, 0)


def test_health_behind_a_classic_balancer_is_unknown_when_denied_and_the_number_is_not() -> None:
    problems: list[str] = []
    (row,) = balancers(
        problems,
        elb_describe_load_balancers={
            "LoadBalancerDescriptions": [classic(Instances=[{"InstanceId": "i-1"}])]
        },
        elb_describe_instance_health=DENIED,
    )
    assert (row["targets"], row["healthy_targets"]) == (1, None)
    assert problems == ["It is denied."]


def test_a_balancer_of_another_partition_has_its_arn() -> None:
    raw = {"modern": [], "classic": [classic()], "targets": [], "members": []}
    place = Scope("aws", "012345678901", "cn-north-1", "load_balancers")
    (row,) = transform_load_balancers(raw, place, "aws-cn")["load_balancers"]
    assert row["load_balancer_id"] == (
        "arn:aws-cn:elasticloadbalancing:cn-north-1:012345678901:loadbalancer/old"
    )


@needs_recorded
def test_recorded_classic_balancers_become_rows() -> None:
    pages = [
        recorded(f"elasticloadbalancing.DescribeLoadBalancers/{name}")
        for name in ("test_elb_tags", "test_healthcheck_protocol_mismatch")
    ]
    rows = balancers(
        elb_describe_load_balancers=pages,
        elb_describe_instance_health={"InstanceStates": [{"State": "InService"}]},
    )
    assert (rows[0]["name"], rows[0]["targets"], rows[0]["healthy_targets"]) == ("CloudCustodian", 1, 1)
    assert rows[0]["created_at"] == datetime(2016, 5, 22, 12, 20, 17, 610000)
    assert {(row["targets"], row["healthy_targets"]) for row in rows[1:]} == {(0, 0)}


@needs_recorded
def test_recorded_targets_of_unknown_health_are_not_healthy() -> None:
    answer = recorded("elasticloadbalancing.DescribeTargetHealth/test_appelb_instance_count_non_zero")
    groups = {"TargetGroups": [{"TargetGroupArn": "g1", "LoadBalancerArns": [f"{PREFIX}app/shop/1"]}]}
    (row,) = balancers(
        elbv2_describe_load_balancers={"LoadBalancers": [modern()]},
        elbv2_describe_target_groups=groups,
        elbv2_describe_target_health=answer,
    )
    assert (row["targets"], row["healthy_targets"]) == (2, 0)


# --- NAT gateways -----------------------------------------------------------------------------------------


def gateway(identity: str, state: str, **more: Any) -> dict[str, Any]:
    return {"NatGatewayId": identity, "State": state, "CreateTime": "2026-01-02T03:04:05Z", **more}


def test_gateways_that_are_gone_are_left_out() -> None:
    page = {"NatGateways": [gateway(f"nat-{state}", state) for state in ("available", "deleted", "deleting")]}
    again = {"NatGateways": [gateway("nat-available", "available"), gateway("nat-failed", "failed")]}
    raw = get_nat_gateways(Canned(ec2_describe_nat_gateways=[page, again]))
    rows = transform_nat_gateways(raw, scope("nat_gateways"))["nat_gateways"]
    assert [(row["nat_gateway_id"], row["state"], row["kind"]) for row in rows] == [
        ("nat-available", "active", "public"),
        ("nat-failed", "other", "public"),
    ]


def test_a_private_gateway_is_told_from_a_public_one() -> None:
    (row,) = transform_nat_gateways(
        [gateway("nat-1", "available", ConnectivityType="private")], scope("nat_gateways")
    )["nat_gateways"]
    assert row["kind"] == "private"


@needs_recorded
def test_recorded_gateways_become_rows_with_their_tags() -> None:
    pages = [
        recorded(f"ec2.DescribeNatGateways/{name}")
        for name in ("test_cross_az_nat_gateway_route_filter", "test_nat_gateways_delete")
    ]
    raw = get_nat_gateways(Canned(ec2_describe_nat_gateways=pages))
    rows = transform_nat_gateways(raw, scope("nat_gateways"))
    assert [(row["nat_gateway_id"], row["name"], row["created_at"]) for row in rows["nat_gateways"]] == [
        ("nat-0df07e596f7513ead", "us-west-2b", datetime(2022, 5, 30, 7, 6, 33)),
        ("nat-06e9acaa9c0ab8799", "us-west-2a", datetime(2022, 5, 30, 5, 13, 26)),
        ("nat-0000000000000000", "c7n_test", datetime(2017, 9, 8, 19, 21, 16)),
    ]
    assert len(rows["tags"]) == 7
