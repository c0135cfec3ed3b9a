"""Projects of Google Cloud: which are taken, and what is told of one where something is denied, off or out of reach."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from finops.warehouse import reading
from tests.end_to_end.command import Done, finops
from tests.servers.gcp.cloud import AS_OF, Cloud, Truth
from tests.servers.gcp.export import DATASET, TABLE

pytestmark = pytest.mark.slow

WEB, DATA, DEV = "acme-web-prod", "acme-data-77", "acme-dev-1f2a"
EXPORT = f"{WEB}.{DATASET}.{TABLE}"
LOST = "us-central1-b"  # a zone


@dataclass
class Troubled:
    """A collection while much is wrong, what an audit finds in it, and a collection when all is well again."""

    folder: Path
    truth: Truth
    done: Done
    findings: list[dict[str, Any]]
    coverage: dict[tuple[str, str, str], Any]
    healed: Done
    calls_healed: list[dict[str, Any]]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def troubled(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    folder = tmp_path_factory.mktemp("troubled")
    truth = cloud.estate(n=36, regions=("us-central1", "europe-west1"))
    collect = ("collect", "gcp", "--since", "35d", "--as-of", AS_OF)
    cloud.deny("compute.disks.list", project=DATA)
    cloud.disable("sqladmin", "redis", project=WEB)
    cloud.unreachable(f"zones/{LOST}")
    cloud.faults([
        {"kind": "disabled", "service": "monitoring", "project": DEV},
        {"kind": "ratelimit", "service": "compute", "project": WEB, "every": 5},
        {"kind": "denied", "service": "bigquery"},
        {"kind": "http503", "service": "monitoring", "project": WEB, "every": 7},
    ])  # fmt: skip
    done = finops(*collect, "--billing-export", EXPORT, cwd=folder, env=cloud.env)
    told = finops("audit", "gcp", "--cached", "--as-of", AS_OF, "--format", "json", cwd=folder)
    cloud.deny()
    cloud.disable()
    cloud.unreachable()
    cloud.faults([])
    cloud.reset_calls()
    healed = finops(*collect, "--max-age", "1h", cwd=folder, env=cloud.env)
    scopes = {(one["account"], one["region"], one["dataset"]): one for one in told.json["coverage"]}
    return Troubled(folder, truth, done, told.json["findings"], scopes, healed, cloud.calls())


def held(folder: Path, query: str) -> set[str]:
    with reading(folder / "finops.duckdb") as con:
        return {str(value) for row in con.execute(query).fetchall() for value in row}


def test_a_permission_that_is_denied_in_one_project_is_named_and_the_others_are_judged(
    troubled: Troubled,
) -> None:
    assert troubled.done.code == 3
    assert "compute.disks.list" in troubled.done.err
    assert DATA in troubled.done.err
    for region in ("us-central1", "europe-west1", "global"):
        assert troubled.coverage[DATA, region, "volumes"]["status"] == "denied"
    found = {one["account"] for one in troubled.findings if one["rule"] == "unattached-volume"}
    assert found
    assert DATA not in found
    assert {one["account"] for one in troubled.findings} == {WEB, DATA, DEV}


def test_an_inventory_api_that_is_not_enabled_means_that_there_is_nothing(troubled: Troubled) -> None:
    told = troubled.coverage[WEB, "global", "databases"]
    assert told["status"] == "skipped"
    assert "Cloud SQL Admin API is not enabled" in told["error"]


def test_monitoring_that_is_not_enabled_is_lacking_and_no_machine_there_is_judged_by_it(
    troubled: Troubled,
) -> None:
    told = troubled.coverage[DEV, "global", "metrics"]
    assert told["status"] == "denied"
    assert f"gcloud services enable monitoring.googleapis.com --project {DEV}" in told["error"]
    idle = {one["account"] for one in troubled.findings if one["rule"] == "idle-instance"}
    assert idle
    assert DEV not in idle


def test_a_zone_out_of_reach_makes_its_region_partial_and_no_other(troubled: Troubled) -> None:
    for project in (WEB, DATA, DEV):
        told = troubled.coverage[project, "us-central1", "instances"]
        assert told["status"] == "partial"
        assert LOST in told["error"]
        assert troubled.coverage[project, "europe-west1", "instances"]["status"] == "complete"


def test_an_export_that_may_not_be_read_is_named(troubled: Troubled) -> None:
    told = troubled.coverage[WEB, "global", "charges"]
    assert told["status"] == "denied"
    assert EXPORT in told["error"] or "bigquery.tables.get" in told["error"]


def test_limits_and_failures_that_pass_are_tried_again_and_not_told(troubled: Troubled) -> None:
    assert troubled.coverage[WEB, "europe-west1", "metrics"]["status"] == "complete"
    assert "rateLimitExceeded" not in troubled.done.err


def test_when_all_is_well_again_only_what_was_lacking_is_asked_for(troubled: Troubled) -> None:
    assert troubled.healed.code == 0, troubled.healed.err
    asked = {(call["action"], call["project"]) for call in troubled.calls_healed}
    assert ("disks.aggregatedList", DATA) in asked
    assert ("snapshots.list", WEB) not in asked
    ids = held(troubled.folder, "SELECT instance_id FROM instances")
    every = {
        one["id"]
        for some in troubled.truth.classes.values()
        for one in some
        if "created_at" in one and "deleted_at" not in one
    }
    assert ids == every


@pytest.mark.parametrize(
    ("options", "projects"),
    [
        (("--organization", "433637338589"), {WEB, DATA, DEV}),
        (("--folder", "567890123402", "--project", WEB), {WEB, DEV}),
    ],
)
def test_projects_of_an_organisation_of_a_folder_and_by_name_are_taken(
    options: tuple[str, ...], projects: set[str], cloud: Cloud, troubled: Troubled, tmp_path: Path
) -> None:
    more = ("--region", "europe-west1", "--only", "instances", "--as-of", AS_OF)
    done = finops("collect", "gcp", *options, *more, cwd=tmp_path, env=cloud.env)
    assert done.code == 0, done.err
    assert held(tmp_path, "SELECT DISTINCT account_id FROM instances") == projects
    assert held(tmp_path, "SELECT DISTINCT region FROM instances") == {"europe-west1"}
