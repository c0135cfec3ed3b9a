"""The estate's addresses, load balancers, routers with NAT, commitments, databases and buckets."""

from datetime import timedelta
from typing import Any

from tests.servers import shapes as s
from tests.servers.gcp import items, plan
from tests.servers.gcp.balancers import balancers
from tests.servers.gcp.estate import Estate
from tests.servers.gcp.state import COMPUTE, Item, Project, millis, pacific
from tests.servers.population import per_hundred

NAT = "router.googleapis.com/nat"
SQL = "cloudsql.googleapis.com/database"


def build_network(estate: Estate) -> None:
    addresses(estate)
    for turn, region in enumerate(estate.regions):
        project = estate.projects[turn % len(estate.projects)]
        routers(estate, project, region)
        balancers(estate, project, region, turn)
        databases(estate, project, region, turn)
    buckets(estate)
    commitments(estate)


def address(estate: Estate, project: Project, scope: str, name: str, **more: Any) -> Item:
    """An address of a class; names repeat in regions and projects."""
    number = estate.rng.getrandbits(16)
    text = f"{'10.132' if more.get('addressType') == 'INTERNAL' else '35.201'}.{number >> 8}.{number & 255}"
    held = len(project.of("addresses", scope))
    made = project.add(
        "addresses",
        scope,
        items.address(project, scope, f"address-{held + 1}", estate.id(), text, estate.ago(200), **more),
    )
    estate.note(name, project, scope, made, address=text)
    return made


def addresses(estate: Estate) -> None:
    """Unused ones, used ones, ones on machines that are stopped, and internal ones, which are free."""
    for turn in range(per_hundred(estate.n, 5)):
        project, region = estate.place(turn)
        scope = "global" if turn % 4 == 3 else f"regions/{region}"
        address(estate, project, scope, "address_unused", description=plan.description(turn * 6 + 4))
    for turn in range(per_hundred(estate.n, 2)):
        project, region = estate.place(turn)
        network = f"{COMPUTE}/projects/{project.id}/regions/{region}/subnetworks/default"
        address(
            estate,
            project,
            f"regions/{region}",
            "address_internal",
            addressType="INTERNAL",
            purpose="GCE_ENDPOINT",
            subnetwork=network,
            networkTier=None,
        )
    first = estate.projects[0]
    address(
        estate, first, "global", "address_range", addressType="INTERNAL", purpose="VPC_PEERING", prefixLength=16, networkTier=None,
        network=f"{COMPUTE}/projects/{first.id}/global/networks/default",
    )  # fmt: skip
    for name, of, every in (
        ("address_used", "steady", 3),
        ("address_stopped", "stopped", 2),
        ("address_spot", "spot_already", 3),
    ):
        for project, item in [(project, item) for kind, project, item in estate.instances if kind == of][
            ::every
        ]:
            held = address(
                estate,
                project,
                f"regions/{item['zone'].rpartition('/')[2][:-2]}",
                name,
                status="IN_USE",
                users=[item["selfLink"]],
            )
            item["networkInterfaces"][0]["accessConfigs"] = [{
                "kind": "compute#accessConfig", "type": "ONE_TO_ONE_NAT", "name": "External NAT", "networkTier": "PREMIUM", "natIP": held["address"],
            }]  # fmt: skip
            estate.classes[name][-1]["instance"] = item["id"]


def routers(estate: Estate, project: Project, region: str) -> None:
    """A router with two gateways, one of which nothing uses, and one without any."""
    scope = f"regions/{region}"
    for number, gateways in enumerate((("nat_used", "nat_idle"), ())):
        router = project.add("routers", scope, items.base(project, "routers", scope, f"router-{number + 1}", estate.id(), estate.ago(250)) | {
            "network": f"{COMPUTE}/projects/{project.id}/global/networks/default", "encryptedInterconnectRouter": False,
        })  # fmt: skip
        if not gateways:
            continue
        router["nats"] = [{
            "name": name.replace("_", "-"), "type": "PUBLIC", "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES", "minPortsPerVm": 64,
            "natIpAllocateOption": "AUTO_ONLY" if name == "nat_used" else "MANUAL_ONLY", "enableEndpointIndependentMapping": False,
            "endpointTypes": ["ENDPOINT_TYPE_VM"], "autoNetworkTier": "PREMIUM",
        } for name in gateways]  # fmt: skip
        held = address(
            estate,
            project,
            scope,
            "address_on_nat",
            status="IN_USE",
            purpose="NAT_AUTO",
            users=[router["selfLink"]],
        )
        router["nats"][1]["natIps"] = [held["selfLink"]]
        for name in gateways:
            label = name.replace("_", "-")
            estate.note(
                name, project, scope, {"id": f"{router['id']}/{label}", "name": label}, router=router["id"]
            )
            own = {"region": region, "router_id": router["id"], "gateway_name": label}
            flow, open_ones = (
                (s.rate(50_000), s.flat(20, 3, 0, 1000)) if name == "nat_used" else (s.zero(), s.zero())
            )
            labels = {"nat_gateway_name": label, "ip_protocol": "6"}
            estate.series(project, f"{NAT}/sent_bytes_count", "nat_gateway", own, labels, flow)
            estate.series(project, f"{NAT}/open_connections", "nat_gateway", own, labels, open_ones)


def databases(estate: Estate, project: Project, region: str, turn: int) -> None:
    """One that is used, one that nobody asks anything, one that is stopped."""
    for name, cpu, connections in (("sql_used", s.daily(0.2, 0.6, 0.03, 1), s.flat(25, 4, 0, 500)), ("sql_idle", s.flat(0.02, 0.004, 0, 1), s.zero()),
                                   ("sql_stopped", None, None)):  # fmt: skip
        label, scope = f"{name.replace('_', '-')}-{turn + 1}", f"regions/{region}"
        item = project.add("sql", scope, database(project, label, region, name, estate))
        estate.note(name, project, scope, item, type=item["settings"]["tier"])
        own = {"database_id": f"{project.id}:{label}", "region": region}
        if cpu is None or connections is None:
            continue
        for metric, shape in ((f"{SQL}/cpu/utilization", cpu), (f"{SQL}/network/connections", connections),
                              (f"{SQL}/memory/utilization", s.flat(0.6, 0.02, 0, 1)), (f"{SQL}/disk/utilization", s.flat(0.3, 0.001, 0, 1))):  # fmt: skip
            estate.series(project, metric, "cloudsql_database", own, {}, shape, item["_from"])


def database(project: Project, name: str, region: str, kind: str, estate: Estate) -> Item:
    made = estate.ago(300)
    return {
        "kind": "sql#instance", "name": name, "project": project.id, "region": region, "gceZone": f"{region}-{'b'}", "state": "RUNNABLE",
        "databaseVersion": "POSTGRES_15", "instanceType": "CLOUD_SQL_INSTANCE", "connectionName": f"{project.id}:{region}:{name}", "createTime": millis(made),
        "backendType": "SECOND_GEN", "ipAddresses": [{"type": "PRIMARY", "ipAddress": "34.77.8.9"}], "_from": made, "_stopped": kind == "sql_stopped",
        "selfLink": f"https://sqladmin.googleapis.com/sql/v1beta4/projects/{project.id}/instances/{name}",
        "settings": {
            "kind": "sql#settings", "tier": "db-custom-2-7680" if kind != "sql_idle" else "db-n1-standard-2", "edition": "ENTERPRISE", "pricingPlan": "PER_USE",
            "availabilityType": "REGIONAL" if kind == "sql_used" else "ZONAL", "activationPolicy": "NEVER" if kind == "sql_stopped" else "ALWAYS",
            "dataDiskType": "PD_SSD", "dataDiskSizeGb": "100", "storageAutoResize": True, "userLabels": {"env": "prod"},
            "backupConfiguration": {"enabled": True, "backupRetentionSettings": {"retainedBackups": 7}},
        },
    }  # fmt: skip


def buckets(estate: Estate) -> None:
    """With a lifecycle, without, with an empty one; in a region and in a continent. Names are everybody's: no two alike."""
    rules = {
        "rule": [
            {"action": {"type": "SetStorageClass", "storageClass": "NEARLINE"}, "condition": {"age": 30}}
        ]
    }
    for turn, region in enumerate(estate.regions):
        project = estate.projects[turn % len(estate.projects)]
        for name, lifecycle in (
            ("bucket_with_lifecycle", rules),
            ("bucket_without_lifecycle", None),
            ("bucket_lifecycle_empty", {"rule": []}),
        ):
            label = f"{name.replace('_', '-')}-{region}-{project.number[-4:]}"
            location = "US" if name == "bucket_without_lifecycle" and turn == 0 else region.upper()
            size, scope = (turn + 1) * 500 * 2**30, "global" if location == "US" else f"regions/{region}"
            item = project.add("buckets", scope, {
                "kind": "storage#bucket", "id": label, "name": label, "projectNumber": project.number, "location": location, "_from": estate.ago(500),
                "locationType": "multi-region" if location == "US" else "region", "storageClass": "STANDARD", "timeCreated": millis(estate.ago(500)),
                "updated": millis(estate.ago(400)), "metageneration": "3", "etag": "CAM=", "selfLink": f"https://www.googleapis.com/storage/v1/b/{label}",
                "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "inherited"}, "lifecycle": lifecycle,
                "softDeletePolicy": {"retentionDurationSeconds": "604800", "effectiveTime": millis(estate.ago(400))}, "_bytes": size,
            })  # fmt: skip
            estate.note(name, project, scope, item, bytes=size)
            own = {"bucket_name": label, "location": location.lower()}
            for storage_class, share in (("STANDARD", 0.8), ("NEARLINE", 0.2)):
                labels = {"storage_class": storage_class}
                estate.series(
                    project,
                    "storage.googleapis.com/storage/total_bytes",
                    "gcs_bucket",
                    own,
                    labels,
                    s.flat(size * share, 0, 0, 1e18),
                    step=86400,
                )
                objects = s.flat(size * share / 2**20, 0, 0, 1e18)
                estate.series(
                    project,
                    "storage.googleapis.com/storage/object_count",
                    "gcs_bucket",
                    own,
                    labels,
                    objects,
                    step=86400,
                )
            if name == "bucket_with_lifecycle":
                labels = {"method": "ReadObject", "response_code": "OK"}
                estate.series(
                    project, "storage.googleapis.com/api/request_count", "gcs_bucket", own, labels, s.rate(2)
                )


def commitments(estate: Estate) -> None:
    """Used up, hardly used, about to end, over, for a family that nobody has, and for cards. Memory is in MB."""
    plans: tuple[tuple[str, str, str, str, int, int, int], ...] = (
        ("commitment_used", "GENERAL_PURPOSE_N2", "TWELVE_MONTH", "ACTIVE", 4, 16384, 200),
        ("commitment_underused", "COMPUTE_OPTIMIZED_C2D", "THIRTY_SIX_MONTH", "ACTIVE", 64, 262144, 900),
        ("commitment_expiring", "GENERAL_PURPOSE_E2", "TWELVE_MONTH", "ACTIVE", 8, 32768, 20),
        ("commitment_expired", "GENERAL_PURPOSE", "TWELVE_MONTH", "EXPIRED", 16, 61440, -30),
    )
    for name, kind, period, status, cores, memory, left in plans:
        for project, region in [(estate.projects[0], estate.regions[0])]:
            scope, ends = f"regions/{region}", estate.as_of + timedelta(days=left)
            starts = ends - timedelta(days=365 if period == "TWELVE_MONTH" else 1095)
            item = project.add("commitments", scope, items.base(project, "commitments", scope, name.replace("_", "-"), estate.id(), starts) | {
                "status": status, "statusMessage": "", "plan": period, "category": "MACHINE", "type": kind, "startTimestamp": pacific(starts),
                "endTimestamp": pacific(ends), "autoRenew": name == "commitment_used", "region": f"{COMPUTE}/projects/{project.id}/{scope}",
                "resources": [{"type": "VCPU", "amount": str(cores)}, {"type": "MEMORY", "amount": str(memory)}],
            })  # fmt: skip
            estate.note(
                name, project, scope, item, cores=cores, memory_gib=memory / 1024, ends_at=pacific(ends)
            )
