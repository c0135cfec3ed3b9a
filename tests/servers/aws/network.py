"""The estate's scaling groups, NAT gateways and load balancers, made through the API like anybody's."""

from typing import Any

import boto3
from moto.autoscaling.models import autoscaling_backends
from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends

from tests.servers import shapes as s
from tests.servers.aws import plan, state
from tests.servers.aws.estate import Estate
from tests.servers.series import Shape


class Builder:
    """boto3 clients of one account on our own endpoint."""

    def __init__(self, endpoint: str, account: str) -> None:
        self._endpoint, self._account = endpoint, account
        self._session = boto3.Session(state.BUILDER_KEY, "secret", region_name="us-east-1")

    def client(self, service: str, region: str) -> Any:
        client: Any = self._session.client(service, region_name=region, endpoint_url=self._endpoint)
        client.meta.events.register("before-sign.*", self._as_account)
        return client

    def _as_account(self, request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = self._account


def build_network(estate: Estate, builder: Builder) -> None:
    for region in estate.regions:
        scaling_groups(estate, builder, region)
        nat_gateways(estate, region)
        load_balancers(estate, builder.client("elbv2", region), region)
        classic(estate, builder.client("elb", region), region)
    terminated(estate)


def scaling_groups(estate: Estate, builder: Builder, region: str) -> None:
    """Groups around instances that carry their tag already."""
    members: dict[str, list[Any]] = {}
    for _, where, instance in estate.instances:
        group = {tag["key"]: tag["value"] for tag in instance.get_tags()}.get(plan.GROUP_TAG)
        if group and where == region:
            members.setdefault(group, []).append(instance)
    client = builder.client("autoscaling", region)
    subnets = ",".join(subnet.id for subnet in estate.backend(region).get_default_subnets().values())
    for name, instances in members.items():
        kind, image = instances[0].instance_type, instances[0].image_id
        client.create_launch_configuration(LaunchConfigurationName=name, ImageId=image, InstanceType=kind)
        client.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName=name,
            MinSize=0,
            MaxSize=len(instances) + 4,
            DesiredCapacity=0,
            VPCZoneIdentifier=subnets,
        )
        for begin in range(0, len(instances), 20):
            ids = [instance.id for instance in instances[begin : begin + 20]]
            client.attach_instances(AutoScalingGroupName=name, InstanceIds=ids)
        made: Any = autoscaling_backends[estate.account][region].autoscaling_groups[name]
        made.created_time = estate.ago(700)
        estate.note("scaling_group", name, region, members=[instance.id for instance in instances])


def nat_gateways(estate: Estate, region: str) -> None:
    """One that works, one that nobody uses."""
    backend = estate.backend(region)
    subnet = next(iter(backend.get_default_subnets().values()))
    for name, bytes_per_second in (("nat_gateway", 50_000.0), ("idle_nat_gateway", 0.0)):
        address = estate.address(region, "nat_ip")
        gateway = backend.create_nat_gateway(subnet.id, address.allocation_id, {"Name": name})
        gateway._created_at = estate.ago(200)
        gateway._eni.interface_type, gateway._eni.description = (
            "nat_gateway",
            f"Interface for NAT Gateway {gateway.id}",
        )
        shape = s.rate(bytes_per_second) if bytes_per_second else s.zero()
        for metric in (
            "BytesOutToDestination",
            "BytesInFromSource",
            "BytesInFromDestination",
            "BytesOutToSource",
        ):
            estate.series(
                region,
                "AWS/NATGateway",
                metric,
                {"NatGatewayId": gateway.id},
                shape,
                gateway._created_at,
                unit="Bytes",
            )
        connections = s.flat(20, 3) if bytes_per_second else s.zero()
        estate.series(
            region,
            "AWS/NATGateway",
            "ActiveConnectionCount",
            {"NatGatewayId": gateway.id},
            connections,
            gateway._created_at,
        )
        estate.note(name, gateway.id, region)


def load_balancers(estate: Estate, client: Any, region: str) -> None:
    """Application and network ones: with traffic, without any, and without targets."""
    subnets = [subnet.id for subnet in estate.backend(region).get_default_subnets().values()][:2]
    vpc = estate.backend(region).get_default_vpc().id
    targets = [
        instance.id
        for name, where, instance in estate.instances
        if where == region and name in ("steady", "oversized")
    ][:2]
    for name, kind, registered, busy in (
        ("alb", "application", targets, True),
        ("idle_alb", "application", targets, False),
        ("alb_without_targets", "application", [], False),
        ("nlb", "network", targets, True),
        ("idle_nlb", "network", targets, False),
    ):
        plain = name.replace("_", "-")
        made = client.create_load_balancer(Name=plain, Subnets=subnets, Type=kind)["LoadBalancers"][0]
        arn, protocol, port = (
            made["LoadBalancerArn"],
            *(("HTTP", 80) if kind == "application" else ("TCP", 443)),
        )
        group = client.create_target_group(
            Name=plain, Protocol=protocol, Port=port, VpcId=vpc, TargetType="instance"
        )
        group_arn = group["TargetGroups"][0]["TargetGroupArn"]
        if registered:
            client.register_targets(TargetGroupArn=group_arn, Targets=[{"Id": each} for each in registered])
        action = [{"Type": "forward", "TargetGroupArn": group_arn}]
        client.create_listener(LoadBalancerArn=arn, Protocol=protocol, Port=port, DefaultActions=action)
        balancer: Any = elbv2_backends[estate.account][region].load_balancers[arn]
        balancer.created_time = estate.ago(250)
        balancer.state = "active"
        estate.note(name, arn, region, name=plain)
        measured(estate, region, arn.partition("loadbalancer/")[2], kind, busy)


def measured(estate: Estate, region: str, dimension: str, kind: str, busy: bool) -> None:
    """Request counts exist only where there were requests; processed bytes always."""
    own = {"LoadBalancer": dimension}
    if kind == "application":
        metrics: dict[str, Shape] = {"RequestCount": s.rate(25)} if busy else {}
        namespace = "AWS/ApplicationELB"
    else:
        metrics = {
            "ProcessedBytes": s.rate(90_000) if busy else s.zero(),
            "ActiveFlowCount": s.flat(9, 2) if busy else s.zero(),
        }
        namespace = "AWS/NetworkELB"
    for name, shape in metrics.items():
        estate.series(region, namespace, name, own, shape)
        estate.series(
            region, namespace, name, {**own, "AvailabilityZone": f"{region}a"}, s.scaled(shape, 0.5)
        )


def classic(estate: Estate, client: Any, region: str) -> None:
    """Classic load balancers, used and not."""
    targets = [
        instance.id for name, where, instance in estate.instances if where == region and name == "steady"
    ][:1]
    for name, shape in (("classic_elb", s.rate(5)), ("idle_classic_elb", None)):
        plain = name.replace("_", "-")
        listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}
        client.create_load_balancer(
            LoadBalancerName=plain, Listeners=[listener], AvailabilityZones=[f"{region}a"]
        )
        if targets:
            client.register_instances_with_load_balancer(
                LoadBalancerName=plain, Instances=[{"InstanceId": each} for each in targets]
            )
        elb_backends[estate.account][region].load_balancers[plain].created_time = estate.ago(500)
        estate.note(name, plain, region)
        if shape:
            estate.series(region, "AWS/ELB", "RequestCount", {"LoadBalancerName": plain}, shape)


def terminated(estate: Estate) -> None:
    """One machine that went minutes ago: AWS shows it for about an hour."""
    region = estate.regions[0]
    backend = estate.backend(region)
    image = estate.images[region, "linux"]
    subnet = next(iter(backend.get_default_subnets().values()))
    instance = backend.run_instances(
        image, 1, None, [], instance_type="m5.large", is_instance_type_default=True, region_name=region, subnet_id=subnet.id, nics=[],
        block_device_mappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "VolumeType": "gp3", "DeleteOnTermination": True}}],
    ).instances[0]  # fmt: skip
    instance.launch_time = estate.ago(80)
    backend.terminate_instances([instance.id])
    instance._reason = f"User initiated ({estate.as_of:%Y-%m-%d %H:%M:%S} GMT)"
    estate.note("terminated", instance.id, region)
