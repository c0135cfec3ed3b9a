"""The printed role is exactly what a collection needs, permission by permission; a doctor sees what is missing."""

from collections.abc import Iterator
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp import Request
from collectors.gcp.doctor import _plan, examine
from collectors.gcp.handing import DATASETS
from collectors.gcp.kinds import most_questions
from collectors.gcp.permissions import base_calls, role
from collectors.gcp.services import SERVICES
from tests.collectors.gcp.calling import hurry
from tests.collectors.gcp.canned import Canned, Desk, aggregated, attached, denied, machine
from tests.collectors.gcp.live import INVENTORY, live
from tests.collectors.live import AT, environment
from tests.servers.gcp.cloud import Cloud, Truth

PROJECT, REGION = "acme-web-prod", "us-central1"
ASKED = Request(projects=(PROJECT,))
PERMISSIONS: list[str] = role(ASKED)["includedPermissions"]


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def truth(process: Cloud) -> Truth:
    return process.estate(n=12, regions=(REGION,), projects=1)


@pytest.fixture
def cloud(process: Cloud, truth: Truth, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    hurry(monkeypatch)
    yield process
    process.deny()
    process.disable()
    process.faults([])


def here(*datasets: str) -> set[tuple[str, str]]:
    """Scopes of the region and of the project as such."""
    return {(place, name) for place in (REGION, "global") for name in datasets}


def everywhere(*datasets: str) -> set[tuple[str, str]]:
    """And of the place of several regions that some bucket and some repository are in."""
    return here(*datasets) | {("us", name) for name in datasets}


FOLLOWING = {("global", "instance_types"), *everywhere("metrics")}
ADDRESSES = here("network_addresses")
# What a missing permission takes with it: scopes that cannot be whole without it, and no others.
AFFECTED = {
    "aiplatform.endpoints.list": here("ml_endpoints"),
    "artifactregistry.dockerimages.list": {("global", "repositories")},
    "artifactregistry.repositories.list": everywhere("repositories"),
    "cloudfunctions.functions.list": {("global", "functions")},
    "cloudsql.instances.list": here("databases"),
    "compute.addresses.list": here("public_ips") | ADDRESSES,
    "compute.autoscalers.list": {("global", "scaling_groups")},
    "compute.backendServices.list": {("global", "load_balancers")},
    "compute.commitments.list": here("commitments"),
    "compute.disks.list": here("volumes") | everywhere("metrics"),
    "compute.forwardingRules.list": here("load_balancers") | ADDRESSES,
    "compute.instanceGroupManagers.list": here("scaling_groups"),
    "compute.instanceGroups.list": {("global", "load_balancers")},
    "compute.instances.list": here("instances") | FOLLOWING | ADDRESSES,
    "compute.machineTypes.list": {("global", "instance_types")},
    "compute.routers.list": here("nat_gateways"),
    "compute.snapshots.list": here("snapshots"),
    "compute.subnetworks.list": here("subnets"),
    "compute.targetHttpsProxies.list": {("global", "load_balancers")},
    "compute.targetPools.list": {("global", "load_balancers")},
    "compute.urlMaps.list": {("global", "load_balancers")},
    "container.clusters.list": here("clusters"),
    "logging.buckets.list": everywhere("log_groups"),
    "monitoring.timeSeries.list": {
        *((("global", name)) for name in ("buckets", "log_groups", "ml_endpoints", "repositories")),
        *everywhere("metrics"),
    },
    "notebooks.instances.list": {("global", "ml_endpoints")},
    "redis.instances.list": {("global", "databases")},
    "run.services.list": here("functions"),
    "storage.buckets.list": everywhere("buckets"),
}
# Of proxies that this estate does not have, and of places that the same list tells of.
BESIDE = {
    "compute.targetHttpProxies.list", "compute.targetSslProxies.list", "compute.targetTcpProxies.list",
    "compute.globalAddresses.list", "compute.globalForwardingRules.list", "compute.regionBackendServices.list",
    "compute.regionUrlMaps.list", "compute.regionTargetHttpProxies.list", "compute.regionTargetHttpsProxies.list",
}  # fmt: skip
# Services whose lists tell of nothing else, so that no other list needs to be asked beside them.
ALONE = ("aiplatform", "cloudsql", "container", "run")
WITH_METRICS = ("compute.disks.list", "compute.instances.list", "monitoring.timeSeries.list")


# --- the role ---------------------------------------------------------------------------------------------


def test_every_permission_of_the_role_is_known_here() -> None:
    assert set(PERMISSIONS) == set(AFFECTED) | BESIDE


def test_the_role_allows_reading_only() -> None:
    assert not [one for one in PERMISSIONS if not one.endswith((".list", ".get"))]
    assert not [one for one in PERMISSIONS if "*" in one]
    assert len(PERMISSIONS) == len(set(PERMISSIONS))
    assert {api.service for api in base_calls()} <= set(SERVICES)


@pytest.mark.parametrize(
    ("request_", "more"),
    [
        (Request(), {"resourcemanager.projects.get"}),
        (Request(organization="1"), {
            "resourcemanager.projects.get", "resourcemanager.projects.list", "resourcemanager.folders.get",
            "resourcemanager.folders.list",
        }),
        (Request(billing_account="01"), {"billing.resourceAssociations.list"}),
        (Request(projects=("a",), regions=("us-east1",)), {"compute.regions.list"}),
    ],
)  # fmt: skip
def test_how_projects_are_found_adds_what_it_takes(request_: Request, more: set[str]) -> None:
    assert set(role(request_)["includedPermissions"]) - set(PERMISSIONS) == more


def test_a_bill_adds_what_its_export_takes() -> None:
    with_bill = set(role(ASKED, "p.d.t")["includedPermissions"]) - set(PERMISSIONS)
    assert {"bigquery.jobs.create", "bigquery.tables.getData"} <= with_bill
    assert all(one.startswith("bigquery.") for one in with_bill)


def test_exactly_the_role_collects_everything(cloud: Cloud, desk: Desk, tmp_path: Any) -> None:
    env = cloud.account(tmp_path, permissions=[{"permission": one} for one in PERMISSIONS])
    result = live(desk, env, only=DATASETS, projects=(PROJECT,))
    assert result.outcome.errors == {}
    assert set(result.outcome.statuses.values()) == {"complete"}


@pytest.mark.parametrize("permission", AFFECTED)
def test_one_missing_permission_is_named_and_everything_else_is_stored(
    permission: str, cloud: Cloud, truth: Truth, desk: Desk
) -> None:
    affected = {dataset for _, dataset in AFFECTED[permission]}
    aside = {place for place, _ in AFFECTED[permission]} == {"global"}  # a list that only adds to another one
    alone = permission.partition(".")[0] in ALONE
    asked = ("instances", *affected) if aside or alone else INVENTORY
    asked += ("metrics",) if permission in WITH_METRICS else ()
    cloud.deny(permission)
    result = live(desk, cloud.env, only=asked, projects=(PROJECT,), days=2)
    told = desk.coverage()
    assert {key for key, (status, _, _) in told.items() if status != "complete"} == AFFECTED[permission]
    words = " ".join(result.outcome.errors.values())
    assert permission in words
    assert f"in project {PROJECT}" in words
    assert "finops permissions gcp" in words
    places = [place for place, _ in told if place in (REGION, "global")]
    assert len(places) == len(asked) * 2 - ("instance_types" in asked)  # which are the project's
    for dataset in {"instances", "volumes", "buckets", "public_ips"} & (set(asked) - affected):
        assert desk.rows(f"SELECT count(*) > 0 FROM {dataset}") == [(True,)]


# --- what is not enabled ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("services", "skipped"),
    [
        (("sqladmin", "redis"), here("databases")),
        (("storage",), everywhere("buckets")),
        (
            ("run", "cloudfunctions", "container", "logging"),
            here("functions", "clusters") | everywhere("log_groups"),
        ),
        (("aiplatform", "notebooks", "artifactregistry"), here("ml_endpoints") | everywhere("repositories")),
    ],
)
def test_a_service_that_is_not_enabled_has_nothing_and_nothing_is_missing(
    services: tuple[str, ...], skipped: set[tuple[str, str]], cloud: Cloud, desk: Desk
) -> None:
    cloud.disable(*services)
    result = live(desk, cloud.env, projects=(PROJECT,))
    told = desk.coverage()
    assert {key for key, (status, _, _) in told.items() if status == "skipped"} == skipped
    assert {status for status, _, _ in told.values()} == {"complete", "skipped"}
    assert result.outcome.errors == {}


def test_monitoring_that_is_not_enabled_is_missing_with_the_command_that_enables_it(
    cloud: Cloud, desk: Desk
) -> None:
    cloud.disable("monitoring")
    live(desk, cloud.env, only=("instances", "volumes", "metrics"), projects=(PROJECT,))
    status, error, _ = desk.coverage()["global", "metrics"]
    assert status == "denied"
    assert f"gcloud services enable monitoring.googleapis.com --project {PROJECT}" in str(error)


# --- the doctor -------------------------------------------------------------------------------------------


def checks(cloud: Cloud) -> dict[str, str]:
    """Each subject with its status."""
    with environment(cloud.env, "GOOGLE_", "CLOUDSDK_", "FINOPS_"):
        return {one.subject: one.status for one in examine(ASKED, AT, 5).checks}


def test_a_doctor_tries_every_permission_once_and_finds_nothing_missing(cloud: Cloud) -> None:
    cloud.reset_calls()
    found = checks(cloud)
    assert set(found.values()) <= {"ok", "untested"}
    first = {api.action for api in base_calls()}
    assert set(found) == {"credentials"} | first
    asked = [
        (call["service"], call["action"])
        for call in cloud.calls()
        if "instances.aggregated" not in call["action"]
    ]
    assert len(asked) == len(set(asked))


def test_a_doctor_names_each_permission_that_is_missing(cloud: Cloud) -> None:
    missing = {
        "compute.disks.list",
        "monitoring.timeSeries.list",
        "storage.buckets.list",
        "cloudsql.instances.list",
    }
    cloud.deny(*missing)
    assert {subject for subject, status in checks(cloud).items() if status == "denied"} == missing


def test_a_doctor_plans_as_many_calls_as_a_run_makes(cloud: Cloud, desk: Desk) -> None:
    with environment(cloud.env, "GOOGLE_", "CLOUDSDK_", "FINOPS_"):
        planned = examine(ASKED, AT, 5)
    result = live(desk, cloud.env, only=DATASETS, projects=(PROJECT,), days=5)
    assert planned.places == 1
    assert 0.7 * result.outcome.calls <= planned.calls <= 1.5 * result.outcome.calls


@pytest.mark.parametrize("answer", [denied(), {"items": []}, {}, CallError("failed", "500", "It failed.")])
def test_a_plan_without_machines_is_only_the_lists(answer: Any) -> None:
    calls, points = _plan(Canned(PROJECT, instances=answer).session, AT, 30)
    assert (len(DATASETS) <= calls <= 35, points) == (True, 0)


def test_a_plan_counts_pages_and_points_of_machines_and_disks() -> None:
    machines = [machine(n, disks=[attached("a", "a"), attached("b", "b")]) for n in range(50)]
    client = Canned(PROJECT, instances=aggregated("instances", *machines))
    calls, points = _plan(client.session, AT, 10)
    # Two ratios twice, perhaps one of graphics, two rates of the network, four of each of two disks.
    assert points == 50 * 240 * (2 * 2 + 2 + 2 + 2 * 4)
    assert calls == 35 + most_questions() + 12
