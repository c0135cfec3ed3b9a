"""What the estate has beside Compute Engine: caches, Kubernetes clusters, registries, log buckets, models, functions."""

from typing import Any

from tests.servers import shapes as s
from tests.servers.gcp.estate import Estate
from tests.servers.gcp.state import COMPUTE, Item, Project, millis, zulu

REDIS, RUN = "redis.googleapis.com", "run.googleapis.com"
PREDICTION = "aiplatform.googleapis.com/prediction/online"
DIGEST = "sha256:"


def build_tenants(estate: Estate) -> None:
    for turn, region in enumerate(estate.regions):
        project = estate.projects[turn % len(estate.projects)]
        subnets(estate, project, region)
        caches(estate, project, region)
        models(estate, project, region)
        services(estate, project, region)
    for project in estate.projects:
        log_buckets(estate, project)
    registry(estate, estate.projects[0], estate.regions[0])
    clusters(estate)
    for project in estate.projects:
        for scope, group in list(project.every("instanceGroupManagers")):
            own = {
                "location": scope.partition("/")[2],
                "instance_group_name": group["name"],
                "instance_group_id": estate.id(),
            }
            size = s.flat(group["targetSize"], 0, 0, 1e6)
            estate.series(project, "compute.googleapis.com/instance_group/size", "instance_group", own, {}, size, group["_from"])  # fmt: skip


def name_in(project: Project, location: str, kind: str, name: str) -> str:
    return f"projects/{project.id}/locations/{location}/{kind}/{name}"


def subnets(estate: Estate, project: Project, region: str) -> None:
    """One from which Google is reached in private, one from which it is not."""
    for number, (name, private) in enumerate((("default", True), ("old", False))):
        prefix = f"{COMPUTE}/projects/{project.id}"
        made = project.add("subnetworks", f"regions/{region}", {
            "kind": "compute#subnetwork", "id": estate.id(), "name": name, "network": f"{prefix}/global/networks/default",
            "creationTimestamp": "2022-05-06T02:30:00.000-07:00", "ipCidrRange": f"10.{128 + 4 * number}.0.0/20",
            "gatewayAddress": f"10.{128 + 4 * number}.0.1", "region": f"{prefix}/regions/{region}", "purpose": "PRIVATE",
            "selfLink": f"{prefix}/regions/{region}/subnetworks/{name}", "privateIpGoogleAccess": private, "stackType": "IPV4_ONLY",
        })  # fmt: skip
        estate.note("subnet_private" if private else "subnet_public", project, f"regions/{region}", made)


def caches(estate: Estate, project: Project, region: str) -> None:
    """One that is used and one that nobody asks anything."""
    for name, tier, cores, clients in (("redis_used", "STANDARD_HA", s.rate(60), s.flat(30, 4, 0, 500)), ("redis_idle", "BASIC", s.zero(), s.zero())):  # fmt: skip
        made, label = estate.ago(300), name.replace("_", "-")
        full = name_in(project, region, "instances", label)
        item = project.add("caches", f"regions/{region}", {
            "name": full, "displayName": f"Cache {label}", "labels": {"env": "prod"}, "locationId": f"{region}-b",
            "currentLocationId": f"{region}-b", "redisVersion": "REDIS_7_2", "host": "10.4.0.3", "port": 6379, "state": "READY", "tier": tier,
            "createTime": zulu(made), "memorySizeGb": 5, "connectMode": "DIRECT_PEERING", "transitEncryptionMode": "DISABLED",
            "authorizedNetwork": f"projects/{project.id}/global/networks/default", "persistenceIamIdentity": "", "_from": made,
        })  # fmt: skip
        estate.note(name, project, f"regions/{region}", {**item, "id": full, "name": label})
        own = {"region": region, "instance_id": full, "node_id": "node-0"}
        for metric, labels, shape in (
            (f"{REDIS}/stats/cpu_utilization_main_thread", {"role": "primary", "space": "sys", "relationship": "parent"}, cores),
            (f"{REDIS}/stats/memory/usage_ratio", {"role": "primary"}, s.flat(0.4, 0.02, 0, 1)),
            (f"{REDIS}/clients/connected", {"role": "primary"}, clients),
        ):  # fmt: skip
            estate.series(project, metric, "redis_instance", own, labels, shape, made)


def clusters(estate: Estate) -> None:
    """A cluster for each node pool's group that there is."""
    for project in estate.projects:
        for scope, group in list(project.every("instanceGroupManagers")):
            if not group["name"].startswith("gke-"):
                continue
            zone = scope.removeprefix("zones/")
            made = {
                "name": "prod", "location": zone, "locations": [zone], "zone": zone, "status": "RUNNING", "currentMasterVersion": "1.33.4-gke.1350000",
                "initialClusterVersion": "1.30.1-gke.1", "createTime": zulu(group["_from"]), "resourceLabels": {"team": "platform"}, "id": estate.letters(32),
                "autopilot": {}, "endpoint": "34.1.2.3", "currentNodeCount": group["targetSize"], "selfLink":
                    f"https://container.googleapis.com/v1/projects/{project.id}/zones/{zone}/clusters/prod",
                "nodePools": [{
                    "name": "pool-1", "status": "RUNNING", "initialNodeCount": 1, "version": "1.33.4-gke.1350000",
                    "autoscaling": {"enabled": True, "minNodeCount": 1, "maxNodeCount": 20}, "locations": [zone],
                    "instanceGroupUrls": [group["selfLink"]], "config": {"machineType": "e2-standard-4", "diskSizeGb": 100},
                }],
            }  # fmt: skip
            project.add("clusters", scope, made)
            estate.note("cluster", project, scope, {**made, "id": "prod"})
    for name, project, item in estate.instances:
        if name == "gke_node":
            node(estate, project, item)


def node(estate: Estate, project: Project, item: Item) -> None:
    """What a node can give, and what its pods ask for: two containers of one core and 4 GiB together."""
    zone = item["zone"].rpartition("/")[2]
    here = {"location": zone, "cluster_name": "prod"}
    for metric, amount in (("cpu/allocatable_cores", 3.92), ("memory/allocatable_bytes", 13.0 * 2**30)):
        own = {**here, "node_name": item["name"]}
        estate.series(project, f"kubernetes.io/node/{metric}", "k8s_node", own, {}, s.flat(amount, 0, 0, 1e18), item["_from"])  # fmt: skip
    for number, (cores, memory) in enumerate(((0.25, 1.0), (0.75, 3.0))):
        own = {
            **here,
            "namespace_name": "default",
            "pod_name": f"{item['name']}-pod-{number}",
            "container_name": "main",
        }
        for metric, amount in (("cpu/request_cores", cores), ("memory/request_bytes", memory * 2**30)):
            estate.series(project, f"kubernetes.io/container/{metric}", "k8s_container", own, {},
                          s.flat(amount, 0, 0, 1e18), item["_from"], system={"node_name": item["name"]})  # fmt: skip


def registry(estate: Estate, project: Project, region: str) -> None:
    """A repository of images, tagged and not, one of them for two platforms; one with a policy; one of packages."""
    for location, name, more in (
        (region, "app", {}),
        ("us", "gcr.io", {"cleanupPolicies": {"old": {"id": "old", "action": "DELETE", "condition": {"tagState": "UNTAGGED"}}}}),
        (region, "wheels", {"format": "PYTHON"}),
    ):  # fmt: skip
        full, made = name_in(project, location, "repositories", name), estate.ago(400)
        item: Item = {
            "name": full, "format": "DOCKER", "mode": "STANDARD_REPOSITORY", "description": "", "labels": {"env": "prod"}, "createTime": zulu(made),
            "updateTime": zulu(estate.ago(3)), "sizeBytes": str(7 * 2**30), "satisfiesPzs": True, **more,
        }  # fmt: skip
        project.add("repositories", f"places/{location}", item)
        estate.note(f"repository_{item['format'].lower()}", project, "global", {**item, "id": full})
        own = {"resource_container": project.number, "location": location, "repository_id": name}
        size = s.flat(7 * 2**30, 0, 0, 1e18)
        estate.series(project, "artifactregistry.googleapis.com/repository/size", "artifactregistry.googleapis.com/Repository", own, {}, size, made)  # fmt: skip
        if item["format"] == "DOCKER":
            images(estate, project, full)


def images(estate: Estate, project: Project, repository: str) -> None:
    digests = [DIGEST + estate.letters(64) for _ in range(5)]
    for number, digest in enumerate(digests):
        item: Item = {
            "name": f"{repository}/dockerImages/web@{digest}", "uri": f"{digest}", "tags": [["latest"], ["v1"], [], [], []][number],
            "imageSizeBytes": str((number + 1) * 100 * 2**20), "uploadTime": zulu(estate.ago(200 - number)), "updateTime": zulu(estate.ago(100)),
            "buildTime": zulu(estate.ago(201)), "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        }  # fmt: skip
        if number == 0:  # which holds the last one
            item |= {"mediaType": "application/vnd.oci.image.index.v1+json", "imageManifests": [{"architecture": "arm64", "os": "linux", "digest": digests[4]}]}  # fmt: skip
        project.add("dockerImages", repository, {**item, "name": item["name"]})
        tagged = number in (0, 1, 4)
        estate.note(
            "image_tagged" if tagged else "image_untagged", project, "global", {**item, "id": item["name"]}
        )


def log_buckets(estate: Estate, project: Project) -> None:
    """The two that every project has, and one that keeps its entries for years."""
    for name, location, days in (
        ("_Required", "global", 400),
        ("_Default", "global", 30),
        ("audit", estate.regions[0], 3650),
    ):
        full = name_in(project, location, "buckets", name)
        item: Item = {"name": full, "description": "", "retentionDays": days, "lifecycleState": "ACTIVE"}
        if name == "audit":
            item |= {"createTime": zulu(estate.ago(500)), "updateTime": zulu(estate.ago(500))}
        project.add("log_buckets", f"places/{location}", item)
        estate.note(
            "log_bucket_long" if days == 3650 else "log_bucket", project, "global", {**item, "id": full}
        )
        for kind, size in (("LOG", 40 * 2**30), ("AUDIT_LOG", 2 * 2**30)):
            labels = {"data_type": kind, "log_bucket_location": location, "log_bucket_id": name}
            estate.series(
                project,
                "logging.googleapis.com/billing/bytes_stored",
                "global",
                {},
                labels,
                s.flat(size, 0, 0, 1e18),
            )


def models(estate: Estate, project: Project, region: str) -> None:
    """An endpoint that is asked, one that is not, one without a model; a notebook that runs and one that is off."""
    for name, count in (("endpoint_used", s.rate(50)), ("endpoint_idle", s.zero()), ("endpoint_empty", None)):
        number, made = estate.id(), estate.ago(120)
        deployed: dict[str, Any] = {} if count is None else {"deployedModels": [{
            "id": estate.id(), "model": f"projects/{project.number}/locations/{region}/models/{estate.id()}", "displayName": "churn", "createTime": zulu(made),
            "dedicatedResources": {"machineSpec": {"machineType": "n1-standard-4"}, "minReplicaCount": 2, "maxReplicaCount": 5},
        }]}  # fmt: skip
        full = f"projects/{project.number}/locations/{region}/endpoints/{number}"
        project.add("endpoints", f"regions/{region}", {
            "name": full, "displayName": name, "createTime": zulu(made), "updateTime": zulu(made), "etag": "AMEw9yN", "labels": {"team": "ml"}, **deployed,
        })  # fmt: skip
        estate.note(name, project, f"regions/{region}", {"id": number, "name": name})
        own = {"resource_container": project.number, "location": region, "endpoint_id": number}
        if count is not None:
            for metric, shape in (("prediction_count", count), ("replicas", s.flat(2, 0, 0, 50))):
                estate.series(project, f"{PREDICTION}/{metric}", "aiplatform.googleapis.com/Endpoint", own, {"deployed_model_id": "1"}, shape, made)  # fmt: skip
    for name, state in (("notebook_running", "ACTIVE"), ("notebook_stopped", "STOPPED")):
        zone, made = f"{region}-b", estate.ago(90)
        full = name_in(project, zone, "instances", name.replace("_", "-"))
        project.add("notebooks", f"zones/{zone}", {
            "name": full, "state": state, "creator": "ana@acme.example", "createTime": zulu(made), "updateTime": zulu(made), "id": estate.letters(20),
            "healthState": "HEALTHY", "gceSetup": {"machineType": "n1-standard-4", "bootDisk": {"diskSizeGb": "150", "diskType": "PD_BALANCED"}},
        })  # fmt: skip
        estate.note(name, project, f"zones/{zone}", {"id": full, "name": full})


def services(estate: Estate, project: Project, region: str) -> None:
    """Services of Cloud Run that are kept warm, one of which nobody asks, and one that scales to nothing; a function of each generation."""
    for name, warm, active, requests in (
        ("run_used", 2, s.flat(1.5, 0.2, 0, 50), s.rate(30)), ("run_idle", 3, s.zero(), s.zero()), ("run_cold", 0, None, None),
        ("function_second", 0, None, None),
    ):  # fmt: skip
        label, made = name.replace("_", "-"), estate.ago(200)
        managed = {"goog-managed-by": "cloudfunctions"} if name == "function_second" else {}
        scale = {"autoscaling.knative.dev/minScale": str(warm)} if warm else {}
        project.add("services", f"regions/{region}", {
            "apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {
                "name": label, "namespace": project.number, "uid": estate.letters(32), "creationTimestamp": millis(made), "generation": 3,
                "labels": {"cloud.googleapis.com/location": region, "env": "prod", **managed}, "annotations": {"run.googleapis.com/ingress": "all"},
            },
            "spec": {"template": {
                "metadata": {"annotations": {"autoscaling.knative.dev/maxScale": "40", "run.googleapis.com/cpu-throttling": "false", **scale}},
                "spec": {"containers": [{"image": "x", "resources": {"limits": {"cpu": "1000m", "memory": "512Mi"}}}]},
            }},
            "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": zulu(estate.ago(40))}]}, "name": label,
        })  # fmt: skip
        estate.note(name, project, f"regions/{region}", {"id": label, "name": label})
        own = {
            "location": region,
            "service_name": label,
            "revision_name": f"{label}-00003",
            "configuration_name": label,
        }
        if active is not None and requests is not None:
            estate.series(
                project,
                f"{RUN}/request_count",
                "cloud_run_revision",
                own,
                {"response_code": "200"},
                requests,
                made,
            )
            estate.series(
                project,
                f"{RUN}/container/instance_count",
                "cloud_run_revision",
                own,
                {"state": "active"},
                active,
                made,
            )
            estate.series(
                project,
                f"{RUN}/container/instance_count",
                "cloud_run_revision",
                own,
                {"state": "idle"},
                s.flat(1, 0, 0, 9),
                made,
            )
    for name, generation in (("function_first", "GEN_1"), ("function_second", "GEN_2")):
        label, made = name.replace("_", "-"), estate.ago(300)
        service = {"service": name_in(project, region, "services", label)} if generation == "GEN_2" else {}
        project.add("functions", f"regions/{region}", {
            "name": name_in(project, region, "functions", label), "environment": generation, "state": "ACTIVE", "updateTime": zulu(estate.ago(30)),
            "createTime": zulu(made), "buildConfig": {"runtime": "python312", "entryPoint": "main"},
            "serviceConfig": {"availableMemory": "256M", "minInstanceCount": 1, "timeoutSeconds": 60, **service}, "labels": {"env": "prod"},
        })  # fmt: skip
        if generation == "GEN_1":
            own = {"function_name": label, "region": region}
            for status, shape in (("ok", s.rate(10)), ("error", s.rate(1))):
                estate.series(
                    project,
                    "cloudfunctions.googleapis.com/function/execution_count",
                    "cloud_function",
                    own,
                    {"status": status},
                    shape,
                    made,
                )
