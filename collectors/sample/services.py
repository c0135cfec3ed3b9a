"""The sample's services beside machines: databases, balancers, gateways, buckets, snapshots, logs and their like.

Each is a `Service`: its row in the warehouse, what it does, and what a day of it costs. About half of them are waste
that some rule finds, the others look like it and are none.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from collectors.sample import kept, shapes
from collectors.sample.estate import ALIBABA, AWS_DEV, AWS_PROD, CLOUD_OF, GCP_PROD
from collectors.sample.service import Ago, Charge, Service, arn, by_month, charge


def services(as_of: datetime) -> list[Service]:
    """All of them, in a fixed order."""

    def ago(days: int) -> datetime:
        return as_of - timedelta(days=days)

    makers = (_databases, _balancers, _gateways, _groups, _endpoints, _functions, _commitments, kept.services)
    return [one for make in makers for one in make(ago)]


# --- databases --------------------------------------------------------------------------------------------

_DATABASE = ("Databases", "Relational Databases")
_QUIET_CPU, _OFFICE_CPU = shapes.CPU["idle"], shapes.CPU["busy"]


def _databases(ago: Ago) -> Iterator[Service]:
    plan = (
        # account, region, name, class, vcpu, GiB, storage, price an hour, connections, processor, memory
        (AWS_PROD, "us-east-1", "orders", "db.r5.xlarge", 4, 32, 400, "0.50", "busy", "busy", 0.8),
        (AWS_PROD, "us-east-1", "crm-old", "db.m5.large", 2, 8, 200, "0.178", "none", "idle", 0.3),
        (AWS_PROD, "us-east-1", "ledger", "db.m5.4xlarge", 16, 64, 300, "1.424", "few", "oversized", 0.17),
        (
            ALIBABA,
            "ap-southeast-1",
            "apac-orders",
            "mysql.n4.large.1",
            4,
            8,
            200,
            "0.32",
            "busy",
            "busy",
            0.7,
        ),
        (ALIBABA, "ap-southeast-1", "apac-crm", "mysql.n2.medium.1", 2, 4, 100, "0.16", "none", "idle", 0.3),
        (GCP_PROD, "us-central1", "store", "db-custom-4-16384", 4, 16, 300, "0.277", "busy", "busy", 0.75),
        (GCP_PROD, "us-central1", "store-old", "db-custom-2-8192", 2, 8, 100, "0.1386", "none", "idle", 0.3),
    )
    for account, region, name, kind, vcpu, gib, storage, price, talk, load, memory in plan:
        cloud = CLOUD_OF[account]
        identity = {
            "aws": arn("rds", account, f"db:{name}", region),
            "alibaba": f"rm-t4n{name.replace('-', '')}",
            "gcp": f"{account}:{name}",
        }[cloud]
        yield Service(
            account, region, "databases", identity,
            {
                "name": name, "engine": "mysql", "engine_version": "8.0", "instance_type": kind, "state": "running",
                "multi_zone": False, "storage_type": {"aws": "gp3", "alibaba": "cloud_essd", "gcp": "PD_SSD"}[cloud],
                "storage_gib": float(storage), "purchase_model": "on_demand", "created_at": ago(400),
                "kind": "relational", "vcpu": float(vcpu), "memory_gib": float(gib), "serverless": False,
            },
            _database_charges(cloud, kind, price, storage),
            {
                "cpu_utilization": shapes.CPU[load],
                "memory_utilization": shapes.level(memory * 0.9, memory),
                "connections": _CONNECTIONS[talk],
                "disk_read_ops_per_second": shapes.OPS["idle" if talk == "none" else "modest"],
                "disk_write_ops_per_second": shapes.OPS["idle" if talk == "none" else "modest"],
                "storage_utilization": shapes.level(0.4, 0.42),
            },
        )  # fmt: skip


_CONNECTIONS = {
    "none": shapes.level(0.0, 0.0),
    "few": shapes.level(6.0, 18.0),
    "busy": shapes.level(90.0, 240.0),
}


def _database_charges(cloud: str, kind: str, price: str, storage: int) -> tuple[Charge, ...]:
    name = {"aws": "Amazon Relational Database Service", "alibaba": "rds", "gcp": "Cloud SQL"}[cloud]
    meters = {
        "aws": (f"InstanceUsage:{kind}", "RDS:GP3-Storage"),
        "alibaba": ("instance", "storage"),
        "gcp": ("", ""),
    }[cloud]
    words = (
        ("Cloud SQL for MySQL: Zonal - vCPU + RAM", "Cloud SQL for MySQL: Zonal - Standard storage")
        if cloud == "gcp"
        else (f"{kind} hour", "database storage")
    )
    return (
        charge(name, _DATABASE, meters[0], words[0], "Hours", "24", price),
        charge(name, _DATABASE, meters[1], words[1], "GB-Months", by_month(storage), "0.115"),
    )


# --- network ----------------------------------------------------------------------------------------------

_NETWORK = ("Networking", "Other (Networking)")
_NO_REQUESTS, _REQUESTS = shapes.level(0.0, 0.0), shapes.level(40.0, 180.0)


def _balancers(ago: Ago) -> Iterator[Service]:
    plan = (
        (AWS_PROD, "us-east-1", "shop", 12, True),
        (AWS_PROD, "us-east-1", "old-portal", 0, False),
        (ALIBABA, "ap-southeast-1", "apac-old", 0, False),
        (GCP_PROD, "us-central1", "store-canary", 0, False),
    )
    for account, region, name, targets, busy in plan:
        cloud = CLOUD_OF[account]
        identity = {
            "aws": arn("elasticloadbalancing", account, f"loadbalancer/app/{name}/0a1b2c3d4e5f6071", region),
            "alibaba": f"lb-t4n{name.replace('-', '')}",
            "gcp": f"regions/{region}/forwardingRules/{name}",
        }[cloud]
        service = {"aws": "Elastic Load Balancing", "alibaba": "slb", "gcp": "Compute Engine"}[cloud]
        words = (
            "Network Load Balancing: Forwarding Rule Minimum Service Charge" if cloud == "gcp" else "instance"
        )
        meter = "LoadBalancerUsage" if cloud == "aws" else ""
        yield Service(
            account, region, "load_balancers", identity,
            {
                "name": name, "kind": "classic" if cloud == "alibaba" else "application", "state": "active",
                "listeners": 1, "targets": targets, "healthy_targets": targets, "backends_known": True,
                "purchase_model": "on_demand", "created_at": ago(300),
            },
            (charge(service, _NETWORK, meter, words, "Hours", "24", "0.0225"),),
            {
                "requests_per_second": _REQUESTS if busy else _NO_REQUESTS,
                "network_in_bytes_per_second": shapes.level(4e5, 3e6) if busy else shapes.level(0.0, 0.0),
            },
        )  # fmt: skip


def _gateways(ago: Ago) -> Iterator[Service]:
    plan = (
        (AWS_PROD, "us-east-1", "nat-0a1b2c3d4e5f60001", "main", "us-east-1a", 3e5),
        (AWS_DEV, "us-east-1", "nat-0a1b2c3d4e5f60002", "forgotten", "us-east-1b", 0.0),
        (ALIBABA, "ap-southeast-1", "ngw-t4n0001", "apac-egress", None, 2e5),
    )
    for account, region, identity, name, zone, rate in plan:
        cloud = CLOUD_OF[account]
        service = {"aws": "Amazon Elastic Compute Cloud", "alibaba": "nat_gw"}[cloud]
        meter = "NatGateway-Hours" if cloud == "aws" else ""
        yield Service(
            account, region, "nat_gateways", identity,
            {
                "name": name, "zone": zone, "kind": "public", "state": "active", "public_ips": 1,
                "snat_entries": 2 if cloud == "alibaba" else None, "dnat_entries": 0 if cloud == "alibaba" else None,
                "purchase_model": "on_demand", "created_at": ago(250),
            },
            (charge(service, _NETWORK, meter, "NAT gateway hour", "Hours", "24", "0.045"),),
            {
                "network_out_bytes_per_second": shapes.level(rate, 4 * rate),
                "network_in_bytes_per_second": shapes.level(rate, 4 * rate),
            },
        )  # fmt: skip


# --- what runs --------------------------------------------------------------------------------------------


def _groups(ago: Ago) -> Iterator[Service]:
    """The scaling groups that machines of the estate belong to, with their size from day to day."""
    plan = (
        (AWS_PROD, "us-east-1", "asg-shop-web", 6, 24, 12, shapes.level(10.0, 16.0)),
        (AWS_PROD, "us-east-1", "asg-mail", 6, 12, 6, shapes.steady(6.0)),
        (AWS_DEV, "us-east-1", "asg-batch", 8, 16, 8, shapes.steady(8.0)),
        (ALIBABA, "ap-southeast-1", "ess-apac-web", 4, 20, 10, shapes.level(8.0, 12.0)),
        (GCP_PROD, "us-central1", "4402519853410672901", 4, 20, 10, shapes.level(8.0, 12.0)),
    )
    for account, region, identity, least, most, now, size in plan:
        yield Service(
            account, region, "scaling_groups", identity,
            {
                "name": identity, "min_size": least, "max_size": most, "desired_size": now, "kind": "group",
                "autoscaled": True, "is_spot": False, "created_at": ago(400),
            },
            metrics={"group_size": size},
        )  # fmt: skip


def _endpoints(ago: Ago) -> Iterator[Service]:
    plan = (
        (
            "notebook-instance/pricing-study",
            "notebook",
            "ml.t3.xlarge",
            "Notebk:ml.t3.xlarge",
            "0.20",
            "idle",
        ),
        ("endpoint/recommender", "endpoint", "ml.m5.xlarge", "Host:ml.m5.xlarge", "0.23", "busy"),
        ("endpoint/recommender-v1", "endpoint", "ml.m5.xlarge", "Host:ml.m5.xlarge", "0.23", "idle"),
    )
    for name, kind, machine, meter, price, load in plan:
        words = ("Amazon SageMaker", ("AI and Machine Learning", "Other (AI and Machine Learning)"), meter)
        metrics = {"cpu_utilization": shapes.CPU[load]}
        if kind == "endpoint":
            metrics["requests_per_second"] = _REQUESTS if load == "busy" else _NO_REQUESTS
        yield Service(
            AWS_DEV, "us-east-1", "ml_endpoints", arn("sagemaker", AWS_DEV, name),
            {
                "name": name.partition("/")[2], "kind": kind, "state": "running", "state_since": ago(150),
                "instance_type": machine, "instances": 1, "created_at": ago(200),
            },
            (charge(*words, f"{machine} hour", "Hours", "24", price),),
            metrics,
        )  # fmt: skip


def _functions(ago: Ago) -> Iterator[Service]:
    """One that is kept warm for calls that no longer come."""
    words = ("AWS Lambda", ("Compute", "Serverless Compute"), "Lambda-Provisioned-Concurrency")
    yield Service(
        AWS_PROD, "us-east-1", "functions", arn("lambda", AWS_PROD, "function:checkout-old"),
        {
            "name": "checkout-old", "kind": "function", "runtime": "python3.11", "architecture": "x86_64",
            "memory_mib": 1024.0, "kept_warm": 10.0, "created_at": ago(600), "modified_at": ago(200),
        },
        (charge(*words, "provisioned concurrency", "GB-Hours", "240", "0.015"),),
        {"requests_per_second": _NO_REQUESTS, "kept_warm_utilization": shapes.level(0.0, 0.0)},
    )  # fmt: skip


def _commitments(ago: Ago) -> Iterator[Service]:
    """A package of Alibaba Cloud of which half will expire unused, and a reservation that ends soon."""
    yield Service(
        ALIBABA, "global", "commitments", "package-0001",
        {
            "kind": "resource_package", "scope": "OSS storage", "quantity": 12000.0, "unit": "GB", "remaining": 9800.0,
            "started_at": ago(300), "ends_at": ago(-65), "payment": "all_upfront", "state": "active",
            "auto_renew": False, "currency": "USD", "name": "OSS storage package",
        },
    )  # fmt: skip
    yield Service(
        AWS_PROD, "us-east-1", "commitments", "b847fa93-0c31-405b-b745-000000000001",
        {
            "kind": "reserved", "scope": "r5.2xlarge", "quantity": 3.0, "unit": "instances",
            "hourly_cost": Decimal("0.95"), "currency": "USD", "started_at": ago(350), "ends_at": ago(-15),
            "payment": "no_upfront", "state": "active", "auto_renew": False, "offering": "standard",
            "platform": "linux",
        },
    )  # fmt: skip
