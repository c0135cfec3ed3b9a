"""Databases of RDS, with Aurora, DocumentDB and Neptune, and caches of ElastiCache, by the verbs of inventory.

What a class offers is what the EC2 type of the same name does: db.m5.large has the processors and memory of m5.large.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, tags_of, utc
from collectors.aws.tagging import tagged
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once, place, tag_rows
from finops.warehouse import Scope

_SMALL = {"MaxRecords": 20}
DESCRIBE_DATABASES = Api("rds", "describe_db_instances", "rds:DescribeDBInstances", probe=_SMALL)
DESCRIBE_DATABASE_CLUSTERS = Api("rds", "describe_db_clusters", "rds:DescribeDBClusters", probe=_SMALL)
DESCRIBE_CACHES = Api(
    "elasticache", "describe_cache_clusters", "elasticache:DescribeCacheClusters", probe=_SMALL
)
DESCRIBE_CACHE_GROUPS = Api(
    "elasticache", "describe_replication_groups", "elasticache:DescribeReplicationGroups", probe=_SMALL
)

_KINDS = {"docdb": "document", "neptune": None}
# States in which a database serves and is paid for like any other. Source: DB instance status, RDS user guide.
_AT_WORK = (
    "available", "backing-up", "modifying", "storage-optimization", "storage-full", "storage-config-upgrade",
    "maintenance", "upgrading", "rebooting", "renaming", "resetting-master-credentials", "snapshotting",
    "rebooting cache cluster nodes",
)  # fmt: skip
_STOP_LASTS = timedelta(days=7)  # after which RDS starts a stopped database by itself

Types = Mapping[str, Mapping[str, Any]]


def get_databases(client: Client, problems: Problems) -> dict[str, Any]:
    """Databases and caches; of those in clusters and groups which of them is the primary."""
    instances = all_of(client, DESCRIBE_DATABASES, "DBInstances")
    caches = _where_offered(lambda: all_of(client, DESCRIBE_CACHES, "CacheClusters"))
    clusters: Raw | None = []
    groups: Raw | None = []
    if any(one.get("DBClusterIdentifier") for one in instances):
        clusters = beside(problems, lambda: all_of(client, DESCRIBE_DATABASE_CLUSTERS, "DBClusters"))
    if any(one.get("ReplicationGroupId") for one in caches):
        groups = beside(problems, lambda: all_of(client, DESCRIBE_CACHE_GROUPS, "ReplicationGroups"))
    tags = tagged(client, "elasticache:cluster", problems) if caches else {}
    return {
        "instances": instances, "clusters": clusters or [], "caches": caches, "groups": groups or [], "tags": tags,
    }  # fmt: skip


def _where_offered(ask: Callable[[], Raw]) -> Raw:
    """What a service lists; nothing where the region does not have it."""
    try:
        return ask()
    except CallError as error:
        if error.status != "skipped":
            raise
        return []


def type_of(name: str | None) -> str:
    """The EC2 type that a class of a database, a cache or a machine-learning service is named after."""
    head, _, rest = (name or "").partition(".")
    return rest if head in ("db", "cache", "ml") else name or ""


def classes_of(raw: Mapping[str, Any]) -> set[str]:
    """The classes in an answer."""
    found = {one.get("DBInstanceClass") for one in raw["instances"]}
    return {str(name) for name in found | {one.get("CacheNodeType") for one in raw["caches"]} if name}


def transform_databases(raw: Mapping[str, Any], scope: Scope, types: Types, partition: str = "aws") -> Rows:
    """Rows of databases and their tags; `types` are EC2's by name. The id is the ARN, as bills write it."""
    beginning = f"arn:{partition}:elasticache:{scope.region}:{scope.account_id}:cluster:"
    caches = [{"ARN": beginning + one["CacheClusterId"], **one} for one in raw["caches"]]
    rows: Rows = {"databases": [], "tags": []}
    clusters = {one["DBClusterIdentifier"]: one for one in raw["clusters"]}
    writers = _writers(raw["clusters"], raw["instances"])
    for one in once(raw["instances"], "DBInstanceArn"):
        cluster = clusters.get(one.get("DBClusterIdentifier"))
        rows["databases"].append({**place(scope), **_database(one, cluster, writers, types)})
        tags = tags_of({"Tags": one.get("TagList")})
        rows["tags"] += tag_rows(scope, "database", one["DBInstanceArn"], tags)
    primaries = _primaries(raw["groups"], caches)
    for one in once(caches, "ARN"):
        rows["databases"].append({**place(scope), **_cache(one, primaries, types)})
        rows["tags"] += tag_rows(scope, "database", one["ARN"], raw["tags"].get(one["ARN"], {}))
    return rows


def _database(
    one: Mapping[str, Any], cluster: Mapping[str, Any] | None, writers: Mapping[str, str], types: Types
) -> dict[str, Any]:
    arn, engine = str(one["DBInstanceArn"]), str(one.get("Engine") or "")
    member, shared = one.get("DBClusterIdentifier"), engine.startswith(("aurora", "docdb", "neptune"))
    restarts = utc(one.get("AutomaticRestartTime"))
    state = _state(one.get("DBInstanceStatus"))
    return {
        "database_id": arn,
        "name": one.get("DBInstanceIdentifier"),
        "engine": engine or None,
        "engine_version": one.get("EngineVersion"),
        **_class(one.get("DBInstanceClass"), types),
        "state": state,
        "state_since": restarts - _STOP_LASTS if restarts and state == "stopped" else None,
        # Members of a cluster stand by for each other, and each is paid for itself.
        "multi_zone": False if member else one.get("MultiAZ"),
        "storage_type": (shared and (cluster or {}).get("StorageType")) or one.get("StorageType"),
        "storage_gib": None if shared else number(one.get("AllocatedStorage")),
        "replica_of": _replica_of(one, arn, writers),
        "purchase_model": "on_demand",
        "created_at": utc(one.get("InstanceCreateTime")),
        "kind": _KINDS.get(engine, "relational"),
        "zone": one.get("AvailabilityZone"),
        "cluster_id": member,
    }  # fmt: skip


def _class(name: str | None, types: Types) -> dict[str, Any]:
    known = types.get(type_of(name), {})
    return {
        "instance_type": name,
        "vcpu": known.get("vcpu"),
        "memory_gib": known.get("memory_gib"),
        "serverless": name == "db.serverless" if name else None,
    }


def _state(status: str | None) -> str:
    if status in _AT_WORK or (status or "").startswith("configuring-"):
        return "running"
    return "stopped" if status == "stopped" else "other"


def _writers(clusters: Raw, instances: Raw) -> dict[str, str]:
    """The ARN of each cluster's writer, by the cluster."""
    arns = {one["DBInstanceIdentifier"]: str(one["DBInstanceArn"]) for one in instances}
    return {
        cluster["DBClusterIdentifier"]: arns[member["DBInstanceIdentifier"]]
        for cluster in clusters
        for member in cluster.get("DBClusterMembers") or ()
        if member.get("IsClusterWriter") and member.get("DBInstanceIdentifier") in arns
    }


def _replica_of(one: Mapping[str, Any], arn: str, writers: Mapping[str, str]) -> str | None:
    """The ARN of the primary; a source in another region is told as one, a source beside it by its name."""
    writer = writers.get(str(one.get("DBClusterIdentifier")))
    if writer and writer != arn:
        return writer
    source = one.get("ReadReplicaSourceDBInstanceIdentifier")
    if source:
        return str(source) if str(source).startswith("arn:") else f"{arn.rpartition(':')[0]}:{source}"
    cluster = one.get("ReadReplicaSourceDBClusterIdentifier")
    return str(cluster) if cluster else None


# --- caches -----------------------------------------------------------------------------------------------


def _cache(one: Mapping[str, Any], primaries: Mapping[str, str], types: Types) -> dict[str, Any]:
    arn = str(one["ARN"])
    primary = primaries.get(str(one.get("CacheClusterId")))
    return {
        "database_id": arn,
        "name": one.get("CacheClusterId"),
        "engine": one.get("Engine"),
        "engine_version": one.get("EngineVersion"),
        **_class(one.get("CacheNodeType"), types),
        "state": _state(one.get("CacheClusterStatus")),
        "state_since": None,
        "multi_zone": False,  # a replica in another zone is a cache of its own
        "storage_type": None,
        "storage_gib": None,
        "replica_of": primary if primary != arn else None,
        "purchase_model": "on_demand",
        "created_at": utc(one.get("CacheClusterCreateTime")),
        "kind": "cache",
        "zone": one.get("PreferredAvailabilityZone"),
        "cluster_id": one.get("ReplicationGroupId"),
    }


def _primaries(groups: Raw, caches: Raw) -> dict[str, str]:
    """The ARN of the primary by the id of each cache whose group tells one: those without cluster mode do."""
    arns = {one["CacheClusterId"]: str(one["ARN"]) for one in caches}
    found: dict[str, str] = {}
    for group in groups:
        for shard in group.get("NodeGroups") or ():
            members = shard.get("NodeGroupMembers") or ()
            primary = next(
                (one["CacheClusterId"] for one in members if one.get("CurrentRole") == "primary"), None
            )
            if primary in arns:
                found |= {str(one["CacheClusterId"]): arns[primary] for one in members}
    return found


def families_of(classes: Iterable[str]) -> set[str]:
    """The EC2 families that classes are named after."""
    return {type_of(name).partition(".")[0] for name in classes if "." in type_of(name)}
