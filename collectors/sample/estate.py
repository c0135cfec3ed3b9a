"""The sample's resources. Every group is a line of PLAN; ids are made from its name, so they never change."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from collectors.sample.catalogue import zones

HOSTILE_NAME = "</script><script>alert('finops')</script>"
HOSTILE_TAGS = {
    "owner": '=HYPERLINK("http://198.51.100.7","pay")',
    "note": "invoice\u202egpj.exe",
    "{{7*7}}": "${7*7}",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the sample with all that the inventory, the metrics and the bill need."""

    cloud: str
    account: str
    region: str
    zone: str
    id: str
    name: str
    type: str
    shape: str
    state: str
    launched_at: datetime
    stopped_at: datetime | None
    model: str
    group: str | None
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Disk:
    """A volume of the sample."""

    cloud: str
    account: str
    region: str
    zone: str
    id: str
    name: str
    type: str
    level: str | None
    medium: str
    size_gib: int
    shape: str | None
    machine: Machine | None
    is_boot: bool
    created_at: datetime
    detached_at: datetime | None = None
    claim: str | None = None


@dataclass(frozen=True, slots=True)
class Ip:
    """A public address of the sample."""

    cloud: str
    account: str
    region: str
    id: str
    address: str
    machine: Machine | None
    unused_since: datetime | None


@dataclass(frozen=True, slots=True)
class _Group:
    """One line of the plan: `count` like machines, optionally with data disks."""

    account: str
    region: str
    name: str
    type: str
    shape: str
    count: int
    stage: str = "prod"
    data: tuple[tuple[str, int, str], ...] = ()  # (volume type, GiB, shape)
    state: str = "running"
    stopped_days: int = 0
    age_days: int = 400
    model: str = "on_demand"
    group: str | None = None
    public: bool = False
    team: str = "shop"


@dataclass(slots=True)
class Sample:
    """All resources of the sample."""

    machines: list[Machine] = field(default_factory=list)
    disks: list[Disk] = field(default_factory=list)
    ips: list[Ip] = field(default_factory=list)


AWS_PROD, AWS_DEV = "111122223333", "044455556666"
ALIBABA = "1234567890123456"
GCP_PROD, GCP_DEV = "acme-shop-prod", "acme-data-dev"
CLOUD_OF = {AWS_PROD: "aws", AWS_DEV: "aws", ALIBABA: "alibaba", GCP_PROD: "gcp", GCP_DEV: "gcp"}
_BOOT = {"aws": ("gp3", 30, "ssd"), "alibaba": ("cloud_essd", 40, "ssd"), "gcp": ("pd-balanced", 30, "ssd")}
_HDD = {"pd-standard", "st1", "cloud_efficiency"}

PLAN = (
    # AWS, production, Virginia
    _Group(AWS_PROD, "us-east-1", "shop-web", "m5.xlarge", "busy", 12, group="asg-shop-web", public=True),
    _Group(AWS_PROD, "us-east-1", "shop-api", "c5.2xlarge", "steady", 8, data=(("gp2", 200, "busy"),)),
    _Group(AWS_PROD, "us-east-1", "orders-db", "r5.2xlarge", "memory_bound", 3, data=(("gp2", 1500, "busy"),)),
    _Group(AWS_PROD, "us-east-1", "reporting", "m5.4xlarge", "oversized", 4, data=(("gp3", 300, "modest"),), team="finance"),
    _Group(AWS_PROD, "us-east-1", "legacy-crm", "m5.2xlarge", "idle", 3, data=(("gp2", 250, "idle"),), team="sales"),
    _Group(AWS_PROD, "us-east-1", "month-close", "m5.2xlarge", "month_end", 2, team="finance"),
    _Group(AWS_PROD, "us-east-1", "quarter-close", "m5.xlarge", "quarter_end", 2, team="finance"),
    _Group(AWS_PROD, "us-east-1", "cron", "m5.large", "daily_spike", 3),
    _Group(AWS_PROD, "us-east-1", "inference", "g4dn.xlarge", "gpu", 2, team="ml"),
    _Group(AWS_PROD, "us-east-1", "old-wiki", "m5.large", "idle", 2, state="stopped", stopped_days=120, data=(("gp2", 500, ""),), public=True),
    _Group(AWS_PROD, "us-east-1", "maintenance", "m5.large", "busy", 1, state="stopped", stopped_days=3),
    _Group(AWS_PROD, "us-east-1", "mail", "m5.large", "light", 6, group="asg-mail"),
    # AWS, production, Ireland
    _Group(AWS_PROD, "eu-west-1", "shop-web-eu", "m5.xlarge", "busy", 6, public=True),
    _Group(AWS_PROD, "eu-west-1", "shop-db-eu", "r5.xlarge", "memory_bound", 2, data=(("gp3", 800, "weekly_backup"),)),
    _Group(AWS_PROD, "eu-west-1", "partner-gw", "m5.large", "memory_unknown", 2),
    # AWS, development
    _Group(AWS_DEV, "us-east-1", "batch", "c5.xlarge", "steady", 8, stage="dev", group="asg-batch", team="data"),
    _Group(AWS_DEV, "us-east-1", "batch-spot", "c5.xlarge", "steady", 4, stage="dev", model="spot", team="data"),
    _Group(AWS_DEV, "us-east-1", "sandbox", "m5.2xlarge", "idle", 4, stage="sandbox", data=(("gp2", 100, "idle"),), team="ml"),
    _Group(AWS_DEV, "us-east-1", "load-test", "m5.4xlarge", "oversized", 2, stage="test"),
    _Group(AWS_DEV, "us-east-1", "desk", "m5.2xlarge", "desk", 3, stage="dev", team="data"),
    _Group(AWS_DEV, "us-east-1", "trial", "m5.xlarge", "idle", 2, stage="dev", age_days=5),
    _Group(AWS_DEV, "us-east-1", "flaky-agent", "m5.xlarge", "gaps", 2, stage="dev"),
    _Group(AWS_DEV, "eu-west-1", "dev-eu", "m5.xlarge", "steady", 6, stage="dev"),
    # Alibaba Cloud, Singapore and Frankfurt
    _Group(ALIBABA, "ap-southeast-1", "apac-web", "ecs.g7.xlarge", "busy", 10, group="ess-apac-web", public=True),
    _Group(ALIBABA, "ap-southeast-1", "apac-app", "ecs.g7.2xlarge", "steady", 6, data=(("cloud_essd", 400, "busy"),)),
    _Group(ALIBABA, "ap-southeast-1", "apac-search", "ecs.g7.4xlarge", "oversized", 3, data=(("cloud_essd", 600, "modest"),)),
    _Group(ALIBABA, "ap-southeast-1", "apac-old", "ecs.g7.2xlarge", "idle", 3, data=(("cloud_essd", 200, "idle"),)),
    _Group(ALIBABA, "ap-southeast-1", "apac-close", "ecs.g7.xlarge", "month_end", 1, team="finance"),
    _Group(ALIBABA, "ap-southeast-1", "apac-archive", "ecs.c7.xlarge", "idle", 2, state="stopped", stopped_days=75, data=(("cloud_essd", 800, ""),), public=True),
    _Group(ALIBABA, "eu-central-1", "eu-mirror", "ecs.g7.large", "steady", 4, data=(("cloud_essd", 300, "low"),)),
    _Group(ALIBABA, "eu-central-1", "eu-ci", "ecs.c7.xlarge", "busy", 4, stage="ci"),
    # Google Cloud
    _Group(GCP_PROD, "us-central1", "store-web", "n2-standard-4", "busy", 10, group="4402519853410672901"),
    _Group(GCP_PROD, "us-central1", "store-db", "n2-standard-8", "memory_bound", 3, data=(("pd-ssd", 500, "busy"),)),
    _Group(GCP_PROD, "us-central1", "store-analytics", "n2-standard-16", "oversized", 3, data=(("pd-ssd", 1000, "modest"),), team="finance"),
    _Group(GCP_PROD, "us-central1", "store-legacy", "n2-standard-8", "idle", 2, data=(("pd-balanced", 300, "idle"),)),
    _Group(GCP_PROD, "europe-west1", "store-eu", "n2-standard-4", "steady", 5, public=True),
    _Group(GCP_DEV, "us-central1", "notebook", "e2-standard-4", "daily_spike", 3, stage="dev", team="data"),
    _Group(GCP_DEV, "us-central1", "etl", "n2-standard-4", "steady", 6, stage="dev", team="data"),
    _Group(GCP_DEV, "us-central1", "experiment", "n2-standard-2", "idle", 3, stage="sandbox", data=(("pd-ssd", 200, "idle"),), team="ml"),
)  # fmt: skip


def build(as_of: datetime) -> Sample:
    """The sample as it is at `as_of`."""
    sample = Sample()
    for group in PLAN:
        for number in range(1, group.count + 1):
            machine = _machine(group, number, as_of)
            sample.machines.append(machine)
            sample.disks += _disks(group, machine)
            if group.public:
                sample.ips.append(_ip(machine, number))
    sample.machines.append(_hostile(as_of))
    sample.disks += list(_loose_disks(as_of))
    sample.ips += list(_loose_ips(as_of))
    return sample


def _machine(group: _Group, number: int, as_of: datetime) -> Machine:
    cloud, name = CLOUD_OF[group.account], f"{group.name}-{number:02d}"
    return Machine(
        cloud=cloud,
        account=group.account,
        region=group.region,
        zone=zones(cloud, group.region)[number % 2],
        id=_id(cloud, "instance", group.account + name),
        name=name,
        type=group.type,
        shape=group.shape,
        state=group.state,
        launched_at=as_of - timedelta(days=group.age_days),
        stopped_at=as_of - timedelta(days=group.stopped_days) if group.state == "stopped" else None,
        model=group.model,
        group=group.group,
        tags={"env": group.stage, "team": group.team},
    )


def _hostile(as_of: datetime) -> Machine:
    """A machine whose owner tries to break whoever shows its name: idle, so that it is shown."""
    return Machine(
        "aws", AWS_PROD, "us-east-1", "us-east-1a", _id("aws", "instance", "hostile"), HOSTILE_NAME, "m5.large",
        "idle", "running", as_of - timedelta(days=200), None, "on_demand", None, HOSTILE_TAGS,
    )  # fmt: skip


def _disks(group: _Group, machine: Machine) -> Iterator[Disk]:
    kind, size, medium = _BOOT[machine.cloud]
    yield _disk(
        machine, "boot", kind, size, medium, "busy" if machine.state == "running" else None, is_boot=True
    )
    for place, (volume_type, size_gib, shape) in enumerate(group.data):
        medium = "hdd" if volume_type in _HDD else "ssd"
        yield _disk(machine, f"data{place}", volume_type, size_gib, medium, shape or None, is_boot=False)


def _disk(
    machine: Machine, role: str, kind: str, size: int, medium: str, shape: str | None, *, is_boot: bool
) -> Disk:
    return Disk(
        cloud=machine.cloud,
        account=machine.account,
        region=machine.region,
        zone=machine.zone,
        id=_id(machine.cloud, "volume", machine.id + role),
        name=f"{machine.name}-{role}",
        type=kind,
        level="PL1" if kind == "cloud_essd" else None,
        medium=medium,
        size_gib=size,
        shape=shape,
        machine=machine,
        is_boot=is_boot,
        created_at=machine.launched_at,
    )


def _loose_disks(as_of: datetime) -> Iterator[Disk]:
    """Volumes attached to nothing: for months, since yesterday, and one that a Kubernetes claim holds."""
    plan = (
        (AWS_PROD, "us-east-1", "gp2", 750, 64, None),
        (AWS_PROD, "us-east-1", "gp3", 200, 31, None),
        (AWS_DEV, "us-east-1", "gp2", 400, 18, None),
        (AWS_DEV, "us-east-1", "gp3", 100, 1, None),
        (AWS_PROD, "eu-west-1", "gp3", 120, 45, "payments/ledger-data-0"),
        (ALIBABA, "ap-southeast-1", "cloud_essd", 500, 40, None),
        (ALIBABA, "eu-central-1", "cloud_essd", 100, 22, None),
        (GCP_PROD, "us-central1", "pd-ssd", 400, 90, None),
        (GCP_DEV, "us-central1", "pd-standard", 800, 27, None),
    )
    for account, region, kind, size, days, claim in plan:
        cloud = CLOUD_OF[account]
        seed = f"loose{account}{region}{size}"
        yield Disk(
            cloud, account, region, zones(cloud, region)[0], _id(cloud, "volume", seed), f"left-{size}", kind,
            "PL1" if kind == "cloud_essd" else None, "hdd" if kind in _HDD else "ssd", size, None, None, False,
            as_of - timedelta(days=300), as_of - timedelta(days=days), claim,
        )  # fmt: skip


def _loose_ips(as_of: datetime) -> Iterator[Ip]:
    for number, (account, region, days) in enumerate(
        (
            (AWS_PROD, "us-east-1", 200),
            (AWS_PROD, "us-east-1", 33),
            (AWS_PROD, "eu-west-1", 2),
            (AWS_DEV, "us-east-1", 90),
            (ALIBABA, "ap-southeast-1", 60),
            (GCP_PROD, "us-central1", 120),
        )
    ):
        cloud = CLOUD_OF[account]
        yield Ip(
            cloud, account, region, _id(cloud, "public_ip", f"loose{number}"), f"203.0.113.{200 + number}", None,
            as_of - timedelta(days=days),
        )  # fmt: skip


def _ip(machine: Machine, number: int) -> Ip:
    last = int(sha256(machine.id.encode()).hexdigest()[:2], 16)
    return Ip(
        machine.cloud, machine.account, machine.region, _id(machine.cloud, "public_ip", machine.id),
        f"198.51.100.{(last + number) % 254 + 1}", machine, None,
    )  # fmt: skip


def _id(cloud: str, kind: str, seed: str) -> str:
    """An id as the cloud would write it."""
    digest = sha256(f"{cloud}/{kind}/{seed}".encode()).hexdigest()
    if cloud == "gcp":
        return str(10**18 + int(digest[:14], 16))
    if cloud == "alibaba":
        return {"instance": "i-t4n", "volume": "d-t4n", "public_ip": "eip-t4n"}[kind] + digest[:17]
    return {"instance": "i-0", "volume": "vol-0", "public_ip": "eipalloc-0"}[kind] + digest[:16]


def tag_rows(sample: Sample) -> list[dict[str, Any]]:
    """Rows of tags for machines, and for their disks the tags of their machine."""
    rows = []
    for machine in sample.machines:
        rows += _tags(machine, "instance", machine.id, machine.tags)
    for disk in sample.disks:
        if disk.machine and not disk.is_boot:
            rows += _tags(disk, "volume", disk.id, disk.machine.tags)
    return rows


def _tags(of: Machine | Disk, kind: str, resource_id: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "cloud": of.cloud,
            "account_id": of.account,
            "region": of.region,
            "resource_type": kind,
            "resource_id": resource_id,
            "key": key,
            "value": value,
        }
        for key, value in tags.items()
    ]
