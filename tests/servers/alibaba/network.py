"""The estate's addresses, NAT gateways, load balancers, databases, and what was committed to."""

from datetime import datetime, timedelta
from typing import Any

from tests.servers import shapes as s
from tests.servers.alibaba import items, loads
from tests.servers.alibaba.estate import Estate, tags_of
from tests.servers.alibaba.plan import per_second
from tests.servers.alibaba.state import BEIJING, Item, epoch, minutes, seconds
from tests.servers.population import HOSTILE, name_of, per_hundred
from tests.servers.series import Shape


def build_network(estate: Estate) -> None:
    addresses(estate)
    for turn, region in enumerate(estate.regions):
        nat_gateways(estate, region, turn)
        classic(estate, region, turn)
        modern(estate, region)
        databases(estate, region, turn)
    commitments(estate)


def address(estate: Estate, region: str, name: str, **more: Any) -> Item:
    """An elastic address of a class."""
    number = estate.rng.getrandbits(16)
    text = f"39.{100 + len(estate.classes) % 100}.{number >> 8}.{number & 255}"
    made = estate.add(
        "eip",
        region,
        "AllocationId",
        items.eip(region, estate.id("eip", region), text, estate.ago(200), **more),
    )
    estate.note(name, made["AllocationId"], region, address=text, instance=made["InstanceId"] or None)
    level = per_second(200_000) if made["Status"] == "InUse" else s.zero()
    for metric in ("net_rx.rate", "net_tx.rate"):
        estate.series(region, "acs_vpc_eip", metric, {"instanceId": made["AllocationId"]}, level)
    return made


def addresses(estate: Estate) -> None:
    """Unused ones, used ones, ones on machines that are stopped, and one that is paid for in advance."""
    for turn in range(per_hundred(estate.n, 5)):
        tags = tags_of({"owner": HOSTILE[turn % len(HOSTILE)]}, "Key", "Value") if turn % 2 else None
        address(
            estate, estate.regions[turn % len(estate.regions)], "eip_unused", Name=name_of(turn), Tags=tags
        )
    ends = estate.as_of + timedelta(days=25)
    address(
        estate, estate.regions[0], "eip_prepaid_unused", ChargeType="PrePaid", InternetChargeType="PayByBandwidth",
        ExpiredTime=seconds(ends), _ends=ends, _renewal="Normal",
    )  # fmt: skip
    for name, of, every in (("eip_used", "steady", 3), ("eip_stopped", "stopped_charging", 2)):
        held = [(region, item) for kind, region, item in estate.instances if kind == of]
        for region, item in held[::every]:
            made = address(
                estate, region, name, Status="InUse", InstanceId=item["InstanceId"], InstanceType="EcsInstance", InstanceRegionId=region,
                PrivateIpAddress=item["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0],
            )  # fmt: skip
            item["EipAddress"] = {
                "AllocationId": made["AllocationId"], "IpAddress": made["IpAddress"], "Bandwidth": 5, "InternetChargeType": "PayByTraffic",
                "IsSupportUnassociate": True,
            }  # fmt: skip
            loads.public_traffic(
                estate,
                region,
                item,
                made["IpAddress"],
                item["_measured_from"],
                item.get("_stopped_at"),
                150_000,
            )


def nat_gateways(estate: Estate, region: str, turn: int) -> None:
    """One that works, one without any entry, one for the way in only, one without an address, one inside of the network."""
    for name, snat, forward, bound in (
        ("nat_used", True, True, True), ("nat_without_entries", False, False, True), ("nat_forward_only", False, True, True),
        ("nat_without_address", False, False, False), ("nat_private", True, False, False),
    ):  # fmt: skip
        gateway = items.nat(
            region, estate.id("ngw", region), estate.zone(region, turn), estate.ago(250), Name=name,
            NetworkType="intranet" if name == "nat_private" else "internet",
        )  # fmt: skip
        number = gateway["NatGatewayId"]
        estate.add("nat", region, "NatGatewayId", gateway)
        estate.note(name, number, region)
        public = "172.16.0.9"
        if bound:
            made = address(
                estate, region, "eip_on_nat", Status="InUse", InstanceId=number, InstanceType="Nat", InstanceRegionId=region,
            )  # fmt: skip
            public = made["IpAddress"]
            gateway["IpLists"]["IpList"].append({
                "AllocationId": made["AllocationId"], "IpAddress": public, "PrivateIpAddress": "", "SnatEntryEnabled": snat,
                "UsingStatus": "UsedBySnatTable" if snat else "Idle",
            })  # fmt: skip
        entries(estate, region, gateway, public, snat, forward)
        estate.series(
            region,
            "acs_nat_gateway",
            "SessionActiveConnection",
            {"instanceId": number},
            s.flat(20, 3) if snat else s.zero(),
        )


def entries(estate: Estate, region: str, gateway: Item, public: str, snat: bool, forward: bool) -> None:
    """Ways out and in."""
    number = gateway["NatGatewayId"]
    if snat:
        estate.add("snat", region, "SnatEntryId", {
            "SnatEntryId": estate.id("snat", region), "SnatEntryName": "out", "SnatTableId": gateway["SnatTableIds"]["SnatTableId"][0],
            "NatGatewayId": number, "SnatIp": public, "SourceCIDR": "172.16.0.0/24", "SourceVSwitchId": f"vsw-{region}", "Status": "Available",
            "EipAffinity": "0", "NetworkInterfaceId": "",
        })  # fmt: skip
    if forward:
        estate.add("forward", region, "ForwardEntryId", {
            "ForwardEntryId": estate.id("fwd", region), "ForwardEntryName": "in", "ForwardTableId": gateway["ForwardTableIds"]["ForwardTableId"][0],
            "NatGatewayId": number, "ExternalIp": public, "ExternalPort": "443", "InternalIp": "172.16.0.1", "InternalPort": "8443",
            "IpProtocol": "tcp", "Status": "Available",
        })  # fmt: skip


def classic(estate: Estate, region: str, turn: int) -> None:
    """Classic load balancers: busy, idle, without listeners, without servers."""
    servers = [
        item["InstanceId"]
        for name, where, item in estate.instances
        if where == region and name in ("steady", "oversized")
    ][:2]
    for name, listens, backends, shape in (
        ("slb_used", True, servers, per_second(5_000_000)), ("slb_idle", True, servers, s.zero()),
        ("slb_without_listeners", False, servers, s.zero()), ("slb_without_servers", True, [], s.zero()),
    ):  # fmt: skip
        made = items.slb(
            region, estate.id("lb", region), estate.zone(region, turn), estate.ago(500), LoadBalancerName=name, _servers=backends,
            Tags=tags_of({"env": "prod"}) if turn else None,
        )  # fmt: skip
        number = made["LoadBalancerId"]
        estate.add("slb", region, "LoadBalancerId", made)
        estate.note(name, number, region, name=name)
        if listens:
            estate.account.add("slb_listener", region, f"{number}:80", {
                "LoadBalancerId": number, "ListenerPort": 80, "ListenerProtocol": "http", "BackendServerPort": 80, "Bandwidth": -1,
                "Status": "running", "Scheduler": "wrr", "AclStatus": "off", "Description": "",
            })  # fmt: skip
        measured(
            estate,
            region,
            "acs_slb_dashboard",
            {"instanceId": number},
            shape,
            ("InstanceTrafficRX", "InstanceTrafficTX", "InstanceActiveConnection"),
        )


def modern(estate: Estate, region: str) -> None:
    """Application and network load balancers: busy, idle, without listeners."""
    for product, dimension, metrics in (
        ("alb", "loadBalancerId", ("LoadBalancerQPS", "LoadBalancerActiveConnection", "LoadBalancerInBits", "LoadBalancerOutBits")),
        ("nlb", "instanceId", ("InstanceActiveConnection", "InstanceTrafficRX", "InstanceTrafficTX")),
    ):  # fmt: skip
        for suffix, listens, shape in (
            ("used", True, per_second(250)),
            ("idle", True, s.zero()),
            ("without_listeners", False, s.zero()),
        ):
            name = f"{product}_{suffix}"
            made = items.modern_balancer(
                region, estate.id(product, region), estate.ago(250), product == "alb", LoadBalancerName=name
            )
            number = made["LoadBalancerId"]
            estate.add(product, region, "LoadBalancerId", made)
            estate.note(name, number, region, name=name)
            if listens:
                estate.account.add(f"{product}_listener", region, f"{number}:443", {
                    "ListenerId": estate.id("lsn", region), "LoadBalancerId": number, "ListenerPort": 443, "ListenerStatus": "Running",
                    "ListenerProtocol": "HTTPS" if product == "alb" else "TCP", "ListenerDescription": "", "Tags": [],
                })  # fmt: skip
            measured(estate, region, f"acs_{product}", {dimension: number}, shape, metrics)


def measured(
    estate: Estate, region: str, namespace: str, own: dict[str, str], shape: Shape, metrics: tuple[str, ...]
) -> None:
    for metric in metrics:
        estate.series(region, namespace, metric, own, shape)


def databases(estate: Estate, region: str, turn: int) -> None:
    """One that works, one that nobody asks anything."""
    for name, shape, connections in (
        ("rds_used", s.daily(40, 60, 4, 90), s.flat(25, 3)),
        ("rds_idle", s.quiet(1.0), s.zero()),
    ):
        made = items.db(
            region,
            estate.id("rm", region),
            estate.zone(region, turn),
            estate.ago(300),
            DBInstanceDescription=name,
        )
        estate.add("db", region, "DBInstanceId", made)
        estate.note(name, made["DBInstanceId"], region, type=made["DBInstanceClass"])
        own = {"instanceId": made["DBInstanceId"]}
        for metric, drawn in (
            ("CpuUsage", shape),
            ("ConnectionUsage", connections),
            ("IOPSUsage", shape),
            ("MemoryUsage", s.flat(50, 1)),
            ("DiskUsage", s.flat(30, 0.2)),
        ):
            estate.series(region, "acs_rds_dashboard", metric, own, drawn)


def commitments(estate: Estate) -> None:
    """Reserved instances, savings plans and resource packages: running, about to end, over."""
    region = estate.regions[0]
    for number, (kind, amount, scope, left, status, offering) in enumerate((
        ("ecs.g6.xlarge", 2, "Region", 200, "Active", "All Upfront"), ("ecs.c6.2xlarge", 1, "Zone", 20, "Active", "No Upfront"),
        ("ecs.r6.xlarge", 3, "Region", -30, "Expired", "Partial Upfront"),
    )):  # fmt: skip
        ends = estate.as_of + timedelta(days=left)
        made = estate.add("reserved_instance", region, "ReservedInstanceId", {
            "ReservedInstanceId": estate.id("ecsri", region), "ReservedInstanceName": f"ri-{number}", "Description": "", "RegionId": region,
            "ZoneId": estate.zone(region, 0) if scope == "Zone" else "", "InstanceType": kind, "InstanceAmount": amount, "Scope": scope,
            "OfferingType": offering, "Platform": "Linux", "Status": status, "AllocationStatus": "unAllocated", "ResourceGroupId": "",
            "CreationTime": minutes(ends - timedelta(days=365)), "StartTime": minutes(ends - timedelta(days=365)), "ExpiredTime": minutes(ends),
            "OperationLocks": {"OperationLock": []},
        })  # fmt: skip
        estate.note("reserved_instance", made["ReservedInstanceId"], region, type=kind, status=status)
    for number, (kind, pool, used, left, status) in enumerate((
        ("universal", "1.20", "0.80", 200, "NORMAL"), ("ecs", "0.30", "100%", 9, "NORMAL"), ("universal", "2.00", "0.5", -20, "RELEASE"),
    )):  # fmt: skip
        savings_plan(estate, number, kind, pool, used, estate.as_of + timedelta(days=left), status)
    for number, (left, remaining, status) in enumerate(((100, "420.5", "Available"), (-10, "0", "Expired"))):
        package(estate, region, number, estate.as_of + timedelta(days=left), remaining, status)


def savings_plan(
    estate: Estate, number: int, kind: str, pool: str, used: str, ends: datetime, status: str
) -> None:
    """Times are Beijing's, amounts and shares texts; a share is told as 0.8 or as 80 %."""
    begins, region = ends - timedelta(days=365), estate.regions[0]
    name = f"spn-{number:08d}{estate.account.id[-4:]}"
    estate.add("savings_plan", "", "InstanceId", {
        "InstanceId": name, "Status": status, "SavingsType": kind, "PoolValue": pool, "CurrentPoolValue": pool, "RestPoolValue": "0",
        "Utilization": used, "LastBillUtilization": used, "LastBillTotalUsage": "19.2", "TotalSave": "812.35", "PrepayFee": "0",
        "PayMode": "zero", "DeductCycleType": "HOUR", "Cycle": "1:Year", "Currency": estate.account.currency,
        "CommodityCode": "savingplan_common_public_cn", "StartTime": f"{begins + BEIJING:%Y-%m-%d %H:%M:%S}",
        "EndTime": f"{ends + BEIJING:%Y-%m-%d %H:%M:%S}", "StartTimestamp": epoch(begins) * 1000, "EndTimestamp": epoch(ends) * 1000,
        "Region": region if kind == "ecs" else "", "InstanceFamily": "ecs.g6" if kind == "ecs" else "", "AllocationStatus": "unallocated", "Tags": [],
    })  # fmt: skip
    estate.note("savings_plan", name, region, status=status, type=kind)


def package(estate: Estate, region: str, number: int, ends: datetime, remaining: str, status: str) -> None:
    name = f"OSSBAG-{number:08d}{estate.account.id[-4:]}"
    estate.add("resource_package", "", "InstanceId", {
        "InstanceId": name, "CommodityCode": "ossbag", "PackageType": "FPT_ossbag_periodMonthly_1541646", "Region": region, "Status": status,
        "DeductType": "Absolute", "EffectiveTime": seconds(ends - timedelta(days=365)), "ExpiryTime": seconds(ends), "Remark": "500GB",
        "TotalAmount": "500", "TotalAmountUnit": "GB", "RemainingAmount": remaining, "RemainingAmountUnit": "GB",
        "ApplicableProducts": {"Product": ["oss"]}, "_product": "oss",
    })  # fmt: skip
    estate.note("resource_package", name, region, status=status)
