"""What the sample keeps: objects, snapshots, container images, logs; some of it for nothing."""

from collections.abc import Iterator

from collectors.sample import shapes
from collectors.sample.estate import ALIBABA, AWS_PROD, CLOUD_OF, GCP_PROD
from collectors.sample.service import GIB, Ago, Service, arn, by_month, charge


def services(ago: Ago) -> Iterator[Service]:
    """All of it."""
    for make in (_buckets, _snapshots, _registries, _logs):
        yield from make(ago)


_OBJECTS, _LOGS = ("Storage", "Object Storage"), ("Management and Governance", "Observability")


def _buckets(ago: Ago) -> Iterator[Service]:
    """The two kinds of buckets there are: one that a rule tidies, and one that only grows."""
    plan = (
        (AWS_PROD, "us-east-1", "acme-shop-exports", 9000, False, 0.02),
        (AWS_PROD, "us-east-1", "acme-shop-images", 4000, True, 45.0),
        (ALIBABA, "ap-southeast-1", "acme-apac-backup", 5000, False, 0.0),
        (GCP_PROD, "us-central1", "acme-store-archive", 6000, False, 0.01),
    )
    names = {"aws": "Amazon Simple Storage Service", "alibaba": "oss", "gcp": "Cloud Storage"}
    for account, region, name, gib, tidy, requests in plan:
        cloud = CLOUD_OF[account]
        meter = {"aws": "TimedStorage-ByteHrs", "alibaba": "storage", "gcp": ""}[cloud]
        yield Service(
            account, region, "buckets", name,
            {
                "storage_class": "STANDARD", "stored_bytes": gib * GIB, "standard_bytes": gib * GIB,
                "objects": gib * 40, "has_lifecycle": tidy, "moves_class": tidy, "aborts_uploads": tidy,
                "expires_versions": tidy, "versioned": False, "adapts_class": False, "created_at": ago(700),
                "unfinished_uploads": 0 if tidy else 35, "unfinished_bytes": 0.0 if tidy else 120 * GIB,
                "unfinished_since": None if tidy else ago(210),
            },
            (charge(names[cloud], _OBJECTS, meter, "Standard storage", "GB-Months", by_month(gib), "0.023"),),
            {"requests_per_second": shapes.level(requests, 3 * requests)},
        )  # fmt: skip


def _snapshots(ago: Ago) -> Iterator[Service]:
    plan = (
        (AWS_PROD, "us-east-1", "snap-0a1b2c3d4e5f60001", 420, 300, "vol-gone0000000000001"),
        (AWS_PROD, "us-east-1", "snap-0a1b2c3d4e5f60002", 180, 250, "vol-gone0000000000002"),
        (AWS_PROD, "us-east-1", "snap-0a1b2c3d4e5f60003", 3, 120, "vol-gone0000000000003"),
        (ALIBABA, "ap-southeast-1", "s-t4n0001", 240, 200, "d-t4ngone0001"),
        (GCP_PROD, "us-central1", "7210000000000000001", 200, 150, "7310000000000000001"),
    )
    names = {"aws": "Amazon Elastic Block Store", "alibaba": "snapshot", "gcp": "Compute Engine"}
    for account, region, identity, days, gib, volume in plan:
        cloud = CLOUD_OF[account]
        words = {"aws": "snapshot storage", "alibaba": "snapshot", "gcp": "Storage PD Snapshot in US"}[cloud]
        meter = "EBS:SnapshotUsage" if cloud == "aws" else ""
        yield Service(
            account, region, "snapshots", identity,
            {
                "name": f"before-upgrade-{days}", "volume_id": volume, "size_gib": float(2 * gib),
                "stored_bytes": None if cloud == "aws" else gib * GIB, "full_bytes": gib * 1.5 * GIB,
                "created_at": ago(days), "tier": "standard", "kind": "snapshot",
            },
            (charge(names[cloud], ("Storage", "Backup Storage"), meter, words, "GB-Months", by_month(gib), "0.05"),),
        )  # fmt: skip


def _registries(ago: Ago) -> Iterator[Service]:
    """A registry of whose images most were replaced and never removed."""
    identity = arn("ecr", AWS_PROD, "repository/shop/web")
    images = tuple(
        {
            "repository_id": identity, "image_id": f"sha256:{number:064x}", "tagged": number < 4,
            "stored_bytes": 1.2 * GIB, "pushed_at": ago(10 + 9 * number),
            "last_pulled_at": ago(2) if number < 4 else None,
        }
        for number in range(40)
    )  # fmt: skip
    words = (
        "Amazon Elastic Container Registry",
        ("Containers", "Container Registries"),
        "TimedStorage-ByteHrs",
    )
    yield Service(
        AWS_PROD, "us-east-1", "repositories", identity,
        {"name": "shop/web", "has_cleanup": False, "pulls_known": True, "created_at": ago(500)},
        (charge(*words, "image storage", "GB-Months", by_month(48), "0.10"),),
        others={"registry_images": images},
    )  # fmt: skip


def _logs(ago: Ago) -> Iterator[Service]:
    plan = (
        (AWS_PROD, "us-east-1", "/ecs/shop-web", 3200, None),
        (AWS_PROD, "us-east-1", "/aws/lambda/thumbnails", 90, 30),
        (ALIBABA, "ap-southeast-1", "apac/access-log", 1500, None),
    )
    for account, region, name, gib, days in plan:
        cloud = CLOUD_OF[account]
        aws = cloud == "aws"
        yield Service(
            account, region, "log_groups", arn("logs", account, f"log-group:{name}", region) if aws else name,
            {
                "name": name, "stored_bytes": gib * GIB, "retention_days": days, "unlimited": days is None,
                "created_at": ago(900),
            },
            (
                charge(
                    "AmazonCloudWatch" if aws else "sls", _LOGS, "TimedStorage-ByteHrs" if aws else "storage",
                    "log storage", "GB-Months", by_month(gib), "0.03",
                ),
            ),
        )  # fmt: skip
