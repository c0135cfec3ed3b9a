"""Resources as the API tells them: each function makes a complete item that its arguments overrule (None: absent)."""

from datetime import datetime
from typing import Any

from tests.servers.alibaba import catalogue
from tests.servers.alibaba.state import Item, minutes, seconds

NEVER, NEVER_DISK = "2099-12-31T15:59Z", "2999-09-08T16:00Z"


def instance(region: str, zone: str, name: str, kind: str, created: datetime, **more: Any) -> Item:
    """Without tags; memory in MiB, times without seconds."""
    about = catalogue.types()[kind]
    return {
        "InstanceId": name, "InstanceName": name, "Description": "", "HostName": "host", "RegionId": region, "ZoneId": zone,
        "InstanceType": kind, "InstanceTypeFamily": about.told_family, "Cpu": about.vcpus, "Memory": int(about.memory * 1024),
        "GPUAmount": about.gpus, "GPUSpec": about.gpu, "Status": "Running", "StoppedMode": "Not-applicable",
        "InstanceChargeType": "PostPaid", "ExpiredTime": NEVER, "AutoReleaseTime": "", "CreationTime": minutes(created),
        "StartTime": minutes(created), "SpotStrategy": "NoSpot", "SpotPriceLimit": 0.0, "InternetChargeType": "PayByTraffic",
        "InternetMaxBandwidthIn": -1, "InternetMaxBandwidthOut": 0, "PublicIpAddress": {"IpAddress": []}, "InnerIpAddress": {"IpAddress": []},
        "RdmaIpAddress": {"IpAddress": []}, "EipAddress": {"AllocationId": "", "InternetChargeType": "", "IpAddress": ""},
        "InstanceNetworkType": "vpc", "VpcAttributes": {
            "VpcId": f"vpc-{region}", "VSwitchId": f"vsw-{zone}", "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": ["172.16.0.1"]},
        },
        "NetworkInterfaces": {"NetworkInterface": [{
            "NetworkInterfaceId": f"eni-{name[2:]}", "PrimaryIpAddress": "172.16.0.1", "MacAddress": "00:16:3e:0d:00:01", "Type": "Primary",
            "PrivateIpSets": {"PrivateIpSet": [{"Primary": True, "PrivateIpAddress": "172.16.0.1"}]},
        }]},
        "OSType": "linux", "OSName": "Alibaba Cloud Linux  3.2104 LTS 64位", "OSNameEn": "Alibaba Cloud Linux  3.2104 LTS 64 bit",
        "ImageId": "aliyun_3_x64_20G_alibase_20260601.vhd", "IoOptimized": True, "DeletionProtection": False, "Recyclable": False,
        "OperationLocks": {"LockReason": []}, "SecurityGroupIds": {"SecurityGroupId": ["sg-default"]}, "ResourceGroupId": "",
        "SaleCycle": "", "DeviceAvailable": True, "ClusterId": "", "VlanId": "", "SerialNumber": "51d1353b-22bf-4567-a176-8b3e12e43135",
        "KeyPairName": "", "HpcClusterId": "", "DeploymentSetId": "", "CreditSpecification": "Standard" if about.about.baseline else "",
        "CpuOptions": {"CoreCount": max(1, about.vcpus // 2), "ThreadsPerCore": 2, "Numa": "ON"},
        "DedicatedHostAttribute": {"DedicatedHostId": "", "DedicatedHostName": ""},
        "DedicatedInstanceAttribute": {"Affinity": "", "Tenancy": ""}, "HibernationOptions": {"Configured": False},
        "EcsCapacityReservationAttr": {"CapacityReservationId": "", "CapacityReservationPreference": ""},
        "MetadataOptions": {"HttpEndpoint": "", "HttpTokens": ""},
        **({"LocalStorageAmount": max(1, about.vcpus // 4), "LocalStorageCapacity": 1788} if about.about.local else {}),
        "_from": created, **more,
    }  # fmt: skip


def disk(region: str, zone: str, name: str, created: datetime, **more: Any) -> Item:
    """A data disk that nothing holds; times with seconds."""
    size, category = int(more.get("Size", 40)), more.get("Category", "cloud_essd")
    level = more.get("PerformanceLevel", "PL1" if category == "cloud_essd" else "")
    iops, throughput = performance(category, level, size)
    return {
        "DiskId": name, "DiskName": "", "Description": "", "RegionId": region, "ZoneId": zone, "Category": category,
        "PerformanceLevel": level, "Size": size, "Type": "data", "Status": "Available", "InstanceId": "", "Device": "",
        "DiskChargeType": "PostPaid", "ExpiredTime": NEVER_DISK, "Portable": True, "DeleteWithInstance": False,
        "DeleteAutoSnapshot": False, "EnableAutoSnapshot": False, "EnableAutomatedSnapshotPolicy": False, "AutoSnapshotPolicyId": "",
        "CreationTime": seconds(created), "AttachedTime": "", "DetachedTime": "", "Encrypted": False, "ImageId": "",
        "SourceSnapshotId": "", "IOPS": iops, "IOPSRead": 0, "IOPSWrite": 0, "Throughput": throughput, "ThroughputRead": 0,
        "ThroughputWrite": 0, "MultiAttach": "Disabled", "MountInstanceNum": 0, "MountInstances": {"MountInstance": []},
        "Attachments": {"Attachment": []}, "OperationLocks": {"OperationLock": []}, "ProductCode": "", "ResourceGroupId": "",
        "SerialNumber": name[2:], "StorageSetId": "", "StorageClusterId": "", "BdfId": "", "KMSKeyId": "",
        **({"ProvisionedIops": 0, "BurstingEnabled": False} if category == "cloud_auto" else {}),
        "_from": created, **more,
    }  # fmt: skip


def performance(category: str, level: str, size: int) -> tuple[int, int]:
    """Operations and MiB per second that a disk of this size may do."""
    if category == "cloud_essd":
        base, per_gib, most = {
            "PL0": (1800, 12, 10_000),
            "PL2": (1800, 50, 100_000),
            "PL3": (1800, 50, 1_000_000),
        }.get(level, (1800, 50, 50_000))
        return min(base + per_gib * size, most), min(
            120 + size // 2, {"PL0": 180, "PL1": 350, "PL2": 750}.get(level, 4000)
        )
    if category == "cloud_auto":
        return min(1800 + 50 * size, 50_000), min(120 + size // 2, 350)
    if category == "cloud_ssd":
        return min(1800 + 30 * size, 25_000), min(120 + size // 2, 300)
    return min(1800 + 8 * size, 5_000), min(100 + size // 7, 140)


def snapshot(region: str, name: str, of: str, size: int, created: datetime, **more: Any) -> Item:
    """The size of its disk is a text."""
    return {
        "SnapshotId": name, "SnapshotName": "", "Description": "", "RegionId": region, "SourceDiskId": of, "SourceDiskSize": str(size),
        "SourceDiskType": "data", "Category": "standard", "SnapshotType": "user", "Status": "accomplished", "Progress": "100%",
        "CreationTime": seconds(created), "LastModifiedTime": seconds(created), "Available": True, "Encrypted": False, "InstantAccess": False,
        "InstantAccessRetentionDays": 0, "RemainTime": 0, "Usage": "none", "SnapshotLinkId": f"sl-{of[2:]}", "SnapshotSN": "64472-116742336",
        "ProductCode": "", "ResourceGroupId": "", "SourceStorageType": "disk", "KMSKeyId": "", "_from": created, **more,
    }  # fmt: skip


def eip(region: str, name: str, address: str, created: datetime, **more: Any) -> Item:
    """Bandwidth is a text; tags are Key and Value here."""
    return {
        "AllocationId": name, "IpAddress": address, "Name": "", "Description": "", "RegionId": region, "Status": "Available", "InstanceId": "",
        "InstanceType": "", "InstanceRegionId": "", "PrivateIpAddress": "", "ChargeType": "PostPaid", "InternetChargeType": "PayByTraffic",
        "Bandwidth": "5", "EipBandwidth": "5", "BandwidthPackageId": "", "BandwidthPackageType": "", "BandwidthPackageBandwidth": "",
        "BusinessStatus": "Normal", "AllocationTime": seconds(created), "ExpiredTime": "", "ISP": "BGP", "Mode": "NAT", "Netmode": "public",
        "HDMonitorStatus": "OFF", "DeletionProtection": False, "HasReservationData": "false", "OperationLocks": {"LockReason": []},
        "ResourceGroupId": "rg-acfmxazb4p****", "SecurityProtectionTypes": {"SecurityProtectionType": []}, "SegmentInstanceId": "",
        "ServiceManaged": 0, "PublicIpAddressPoolId": "", "VpcId": "", "Zone": "", "BizType": "", "_from": created, **more,
    }  # fmt: skip


def nat(region: str, name: str, zone: str, created: datetime, **more: Any) -> Item:
    return {
        "NatGatewayId": name, "Name": "", "Description": "", "RegionId": region, "VpcId": f"vpc-{region}", "Status": "Available",
        "BusinessStatus": "Normal", "NatType": "Enhanced", "NetworkType": "internet", "Spec": "", "InstanceChargeType": "PostPaid",
        "InternetChargeType": "PayByLcu", "CreationTime": seconds(created), "ExpiredTime": "", "AutoPay": False, "DeletionProtection": False,
        "EcsMetricEnabled": False, "IcmpReplyEnabled": True, "EipBindMode": "MULTI_BINDED", "ResourceGroupId": "rg-acfmxazb4p****",
        "SnatTableIds": {"SnatTableId": [f"stb-{name[4:]}"]}, "ForwardTableIds": {"ForwardTableId": [f"ftb-{name[4:]}"]},
        "FullNatTableIds": {"FullNatTableId": []}, "IpLists": {"IpList": []}, "PrivateLinkEnabled": False, "SecurityProtectionEnabled": False,
        "NatGatewayPrivateInfo": {
            "EniInstanceId": f"eni-{name[4:]}", "IzNo": zone, "VswitchId": f"vsw-{zone}", "MaxBandwidth": 5120, "PrivateIpAddress": "172.16.0.9",
        },
        "_from": created, **more,
    }  # fmt: skip


def slb(region: str, name: str, zone: str, created: datetime, **more: Any) -> Item:
    return {
        "LoadBalancerId": name, "LoadBalancerName": "", "LoadBalancerStatus": "active", "Address": "47.100.0.1", "AddressType": "internet",
        "AddressIPVersion": "ipv4", "Bandwidth": 5120, "CreateTime": minutes(created), "CreateTimeStamp": int(created.timestamp()) * 1000,
        "RegionId": region, "RegionIdAlias": region, "MasterZoneId": zone, "SlaveZoneId": zone, "NetworkType": "classic", "VpcId": "",
        "VSwitchId": "", "PayType": "PayOnDemand", "InternetChargeType": "4", "InternetChargeTypeAlias": "paybytraffic",
        "InstanceChargeType": "PayBySpec", "LoadBalancerSpec": "slb.s1.small", "ResourceGroupId": "rg-acfmxazb4p****",
        "DeleteProtection": "off", "ModificationProtectionStatus": "NonProtection", "ModificationProtectionReason": "",
        "_servers": [], "_from": created, **more,
    }  # fmt: skip


def modern_balancer(region: str, name: str, created: datetime, application: bool, **more: Any) -> Item:
    """Application and network load balancers: flat, tags as a plain list."""
    own = (
        {
            "LoadBalancerEdition": "Standard",
            "AddressAllocatedMode": "Dynamic",
            "LoadBalancerBussinessStatus": "Normal",
        }
        if application
        else {
            "LoadBalancerType": "Network",
            "RegionId": region,
            "LoadBalancerBusinessStatus": "Normal",
            "ZoneMappings": [],
            "CrossZoneEnabled": True,
        }
    )
    return {
        "LoadBalancerId": name, "LoadBalancerName": name, "LoadBalancerStatus": "Active",
        "AddressType": "Internet", "AddressIpVersion": "IPv4", "CreateTime": seconds(created), "DNSName": f"{name}.{region}.example.com",
        "VpcId": f"vpc-{region}", "ResourceGroupId": "rg-acfmxazb4p****", "LoadBalancerBillingConfig": {"PayType": "PostPay"},
        "DeletionProtectionConfig": {"Enabled": False}, "ModificationProtectionConfig": {"Status": "NonProtection"}, "Tags": [],
        **own, "_from": created, **more,
    }  # fmt: skip


def db(region: str, name: str, zone: str, created: datetime, **more: Any) -> Item:
    """What the list tells, and what only the attribute call does."""
    return {
        "DBInstanceId": name, "DBInstanceDescription": name, "Engine": "MySQL", "EngineVersion": "8.0", "DBInstanceStatus": "Running",
        "DBInstanceClass": "mysql.n2.medium.1", "DBInstanceClassType": "x", "DBInstanceType": "Primary", "DBInstanceNetType": "Intranet",
        "DBInstanceStorageType": "cloud_essd", "PayType": "Postpaid", "CreateTime": seconds(created), "ExpireTime": "", "RegionId": region,
        "ZoneId": zone, "InstanceNetworkType": "VPC", "ConnectionMode": "Standard", "LockMode": "Unlock", "LockReason": "", "Category": "HighAvailability",
        "VpcId": f"vpc-{region}", "VSwitchId": f"vsw-{zone}", "VpcCloudInstanceId": name, "ReadOnlyDBInstanceIds": {"ReadOnlyDBInstanceId": []},
        "MutriORsignle": False, "InsId": 1, "ResourceGroupId": "rg-acfmxazb4p****", "DeletionProtection": False, "TipsLevel": 0,
        "AutoRenewal": False, "DBInstanceStorage": 100, "DBInstanceCPU": "2", "DBInstanceMemory": 4096, "MaxIOPS": 2800, "MaxConnections": 2000,
        "_from": created, **more,
    }  # fmt: skip


def cache(region: str, name: str, zone: str, created: datetime, **more: Any) -> Item:
    """Capacity in MiB."""
    return {
        "InstanceId": name, "InstanceName": name, "InstanceClass": "redis.master.small.default", "InstanceStatus": "Normal",
        "InstanceType": "Redis", "ArchitectureType": "standard", "NodeType": "double", "EngineVersion": "7.0", "Capacity": 1024,
        "Bandwidth": 96, "Connections": 10000, "QPS": 100000, "ChargeType": "PostPaid", "CreateTime": seconds(created), "EndTime": "",
        "RegionId": region, "ZoneId": zone, "SecondaryZoneId": "", "VpcId": f"vpc-{region}", "VSwitchId": f"vsw-{zone}",
        "PrivateIp": "172.16.0.20", "NetworkType": "VPC", "Port": 6379, "ConnectionDomain": f"{name}.redis.rds.aliyuncs.com",
        "ReplicaCount": 1, "ShardCount": 1, "PackageType": "standard", "IsRds": True, "Config": "{}", "UserName": name,
        "_from": created, **more,
    }  # fmt: skip


def polardb(region: str, name: str, zone: str, created: datetime, **more: Any) -> Item:
    """Numbers as texts here and there; storage in bytes."""
    nodes = [
        {"DBNodeId": f"pi-{name[3:]}{number}", "DBNodeClass": "polar.mysql.x4.medium", "DBNodeRole": role, "RegionId": region, "ZoneId": zone}
        for number, role in enumerate(("Writer", "Reader"))
    ]  # fmt: skip
    return {
        "DBClusterId": name, "DBClusterDescription": name, "DBClusterStatus": "Running", "DBClusterNetworkType": "VPC", "Engine": "POLARDB",
        "DBType": "MySQL", "DBVersion": "8.0", "DBNodeClass": "polar.mysql.x4.medium", "DBNodeNumber": 2, "DBNodes": {"DBNode": nodes},
        "Category": "Normal", "SubCategory": "Exclusive", "CpuCores": "2", "MemorySize": "8192", "PayType": "Postpaid",
        "CreateTime": seconds(created), "ExpireTime": "", "Expired": "false", "RegionId": region, "ZoneId": zone, "VpcId": f"vpc-{region}",
        "VswitchId": f"vsw-{zone}", "StorageUsed": 21474836480, "StorageSpace": 0, "StoragePayType": "Postpaid", "StorageType": "PSL5",
        "HotStandbyCluster": "OFF", "LockMode": "Unlock", "DeletionLock": 0, "Tags": {"Tag": []}, "_from": created, **more,
    }  # fmt: skip


def server_group(name: str, balancer: str, servers: int, created: datetime, **more: Any) -> Item:
    """Of an application or network balancer, with how many servers it has."""
    return {
        "ServerGroupId": name, "ServerGroupName": name, "ServerGroupStatus": "Available", "ServerGroupType": "Instance", "Protocol": "TCP",
        "RelatedLoadBalancerIds": [balancer], "ServerCount": servers, "Scheduler": "Wrr", "VpcId": "vpc-1", "Tags": [],
        "_from": created, **more,
    }  # fmt: skip


def cluster(region: str, name: str, created: datetime, **more: Any) -> Item:
    """Of Kubernetes: names in small letters, times with an offset."""
    return {
        "cluster_id": name, "name": name, "cluster_type": "ManagedKubernetes", "cluster_spec": "ack.pro.small", "profile": "Default",
        "region_id": region, "zone_id": "", "state": "running", "current_version": "1.34.1-aliyun.1", "init_version": "1.32.1-aliyun.1",
        "created": f"{created:%Y-%m-%dT%H:%M:%S}+08:00", "updated": f"{created:%Y-%m-%dT%H:%M:%S}+08:00", "size": 3, "deletion_protection": False,
        "vpc_id": f"vpc-{region}", "vswitch_ids": [], "resource_group_id": "rg-acfm", "tags": [{"key": "ack.aliyun.com", "value": name}],
        "meta_data": "{}", "proxy_mode": "ipvs", "network_mode": "vpc", "_from": created, **more,
    }  # fmt: skip


def node_pool(region: str, name: str, of: str, group: str, created: datetime, **more: Any) -> Item:
    return {
        "nodepool_info": {
            "nodepool_id": name, "name": "default-nodepool", "region_id": region, "type": "ess", "is_default": True,
            "created": f"{created:%Y-%m-%dT%H:%M:%S}+08:00", "resource_group_id": "rg-acfm",
        },
        "scaling_group": {
            "scaling_group_id": group, "instance_types": ["ecs.g7.xlarge"], "instance_charge_type": "PostPaid", "spot_strategy": "NoSpot",
            "desired_size": 2, "vswitch_ids": [f"vsw-{region}"], "multi_az_policy": "BALANCE", "system_disk_category": "cloud_essd",
        },
        "auto_scaling": {"enable": True, "min_instances": 1, "max_instances": 10, "type": "cpu", "is_bond_eip": False},
        "kubernetes_config": {"runtime": "containerd", "labels": [], "taints": []}, "management": {"enable": True},
        "status": {"total_nodes": 2, "healthy_nodes": 2, "failed_nodes": 0, "state": "active"}, "nodepool_id": name,
        "_cluster": of, "_group": group, "_from": created, **more,
    }  # fmt: skip


def vswitch(region: str, name: str, zone: str, created: datetime, **more: Any) -> Item:
    return {
        "VSwitchId": name, "VSwitchName": "", "VpcId": f"vpc-{region}", "ZoneId": zone, "CidrBlock": "172.16.0.0/24", "Status": "Available",
        "IsDefault": False, "AvailableIpAddressCount": 250, "CreationTime": seconds(created), "Description": "", "_from": created, **more,
    }  # fmt: skip
