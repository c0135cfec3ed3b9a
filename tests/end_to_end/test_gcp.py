"""`finops audit gcp` against a local Google Cloud of known truth: what is found, what is not, how often it asks."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from finops.warehouse import reading
from tests.benchmarks.floor_gcp import least_calls, zones_of
from tests.end_to_end.command import Done, finops
from tests.servers.gcp.cloud import AS_OF, REGIONS, Cloud, Truth

pytestmark = pytest.mark.slow

NEXT_DAY = "2026-11-21T00:00:00Z"
# Rules whose every finding is known beforehand, and the classes of the estate they must find.
FOUND = {
    "idle-instance": ("idle",),
    # Busy disks keep a quiet machine from being idle, not from being smaller.
    "oversized-instance": ("oversized", "disk_busy"),
    # Nodes of a cluster can be replaced as members of any group can.
    "spot-eligible-instance": ("spot_eligible", "gke_node"),
    "stopped-instance": ("stopped", "suspended"),
    "low-io-volume": ("low_io",),
    "unattached-volume": ("unattached", "unattached_never", "unattached_regional", "by_hand"),
    "unused-public-ip": ("address_unused",),
}
# What the cheaper type carries; whatever else is on an SSD may be found as well.
TOO_FAST = ("ssd_too_fast", "hyperdisk_too_fast")
INNOCENT = (
    "daily_spike", "month_end", "quarter_end", "memory_bound", "memory_unknown", "gpu_busy", "missing_data", "no_data",
    "new", "stateful", "spot_already", "steady", "stopped_recently", "local_disk", "burstable", "windows",
)  # fmt: skip
KEPT = (
    "address_internal", "address_range", "address_used", "address_spot", "address_on_nat", "busy_data", "weekly_backup",
    "daily_peak", "regional_data", "shared_readonly", "ssd_needed", "system", "unattached_recently", "csi_claim",
)  # fmt: skip
OF_INSTANCES = ("idle-instance", "oversized-instance", "spot-eligible-instance", "stopped-instance")
# Text that the API would not take, and that no report may be broken by.
HOSTILE = {
    "name": "<script>alert('x')</script>",
    "labels": {"owner": "=1+1|<b>value</b>", "<i>key</i>": "@SUM(A1)"},
    "lastAttachTimestamp": "2026-08-01T00:00:00.000-07:00",
    "lastDetachTimestamp": "2026-09-01T00:00:00.000-07:00",
}


@dataclass
class Audited:
    """An audit of an empty warehouse, one within its age, a collection a day later, and what the cloud saw of each."""

    folder: Path
    truth: Truth
    done: Done
    calls: list[dict[str, Any]]
    again: Done
    calls_again: int
    later: Done
    calls_later: list[dict[str, Any]]

    @property
    def report(self) -> Any:
        return self.done.json

    def found(self, rule: str) -> set[str]:
        """What a rule found and nothing better supersedes."""
        return {
            finding["resource_id"]
            for finding in self.report["findings"]
            if finding["rule"] == rule and finding["superseded_by"] is None
        }

    def of(self, *classes: str) -> list[Any]:
        """Findings about the resources of these classes."""
        wanted = self.truth.ids(*classes)
        return [one for one in self.report["findings"] if one["resource_id"] in wanted]


def audit(cloud: Cloud, folder: Path) -> Done:
    return finops("audit", "gcp", "--as-of", AS_OF, "--format", "json", cwd=folder, env=cloud.env)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def audited(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("audited")
    truth = cloud.estate(n=120)
    identity = cloud.put("disks", "zones/us-central1-a", dict(HOSTILE))
    truth.classes["by_hand"] = [{"id": identity, "region": "us-central1"}]
    cloud.reset_calls()
    done = audit(cloud, folder)
    calls = cloud.calls()
    cloud.reset_calls()
    again = audit(cloud, folder)
    calls_again = cloud.count()
    cloud.clock(NEXT_DAY)
    later = finops("collect", "gcp", "--as-of", NEXT_DAY, cwd=folder, env=cloud.env)
    return Audited(folder, truth, done, calls, again, calls_again, later, cloud.calls())


def test_an_empty_warehouse_and_one_command_give_the_whole_audit(audited: Audited) -> None:
    assert audited.done.code == 0, audited.done.err
    assert {scope["status"] for scope in audited.report["coverage"]} == {"complete"}
    assert {scope["account"] for scope in audited.report["coverage"]} == set(audited.truth.projects)
    assert {scope["region"] for scope in audited.report["coverage"]} >= {*REGIONS, "global"}
    assert audited.report["as_of"] == AS_OF


@pytest.mark.parametrize("rule", FOUND)
def test_everything_that_is_waste_is_found_and_nothing_else(rule: str, audited: Audited) -> None:
    wanted = audited.truth.ids(*FOUND[rule])
    assert audited.found(rule) == wanted
    assert wanted


@pytest.mark.parametrize("kind", INNOCENT)
def test_no_instance_that_works_or_cannot_be_judged_is_flagged(kind: str, audited: Audited) -> None:
    flagged = {one["resource_id"] for one in audited.report["findings"] if one["rule"] in OF_INSTANCES}
    assert audited.truth.ids(kind)
    assert not flagged & audited.truth.ids(kind)


@pytest.mark.parametrize("kind", KEPT)
def test_nothing_in_use_is_to_be_deleted_or_released(kind: str, audited: Audited) -> None:
    gone = {
        one["resource_id"] for one in audited.report["findings"] if one["action"] in ("delete", "release")
    }
    assert audited.truth.ids(kind)
    assert not gone & audited.truth.ids(kind)


def test_disks_faster_than_they_need_be_are_found_and_those_that_need_it_are_not(audited: Audited) -> None:
    found = audited.found("volume-type-upgrade")
    assert found >= audited.truth.ids(*TOO_FAST)
    assert not found & audited.truth.ids("ssd_needed")
    fast = {one["resource_id"] for one in audited.report["findings"] if one["rule"] == "volume-type-upgrade"}
    kinds = {
        one["id"]: one["category"]
        for some in audited.truth.classes.values()
        for one in some
        if "category" in one
    }
    assert {kinds[identity] for identity in fast} == {"pd-ssd", "hyperdisk-balanced"}


def test_names_repeat_and_every_finding_is_about_one_resource_of_one_project(audited: Audited) -> None:
    places = {
        one["id"]: (one["project"], one["region"])
        for some in audited.truth.classes.values()
        for one in some
        if "project" in one
    }
    findings = [one for one in audited.report["findings"] if one["resource_id"] in places]
    for one in findings:
        project, region = places[one["resource_id"]]
        # Snapshots and some buckets are of no region in the API, and told in the one that keeps them.
        assert (project, region) in {(one["account"], one["region"]), (one["account"], "global")}
    names = Counter(one["resource_name"] for one in findings)
    assert max(names.values()) > 1
    keys = Counter((one["rule"], one["resource_id"]) for one in findings)
    assert max(keys.values()) == 1


def test_what_could_not_be_judged_says_why(audited: Audited) -> None:
    reasons: dict[str, set[str]] = {}
    for item in audited.report["not_evaluated"]:
        if item["rule"] == "idle-instance":
            reasons.setdefault(item["resource_id"], set()).add(item["reason"])
    for identity in audited.truth.ids("no_data"):
        assert reasons[identity] == {"There is no processor data for it."}
    for identity in audited.truth.ids("new"):
        assert reasons[identity] == {"It was launched less than 14 days ago."}


def test_without_a_bill_money_is_list_prices_and_says_so(audited: Audited) -> None:
    priced = [one for one in audited.report["findings"] if one["monthly_cost"] is not None]
    # What a finding saves nothing by has no basis.
    assert {one["price_basis"] for one in priced if one["monthly_savings"] is not None} == {"list"}
    assert {one["currency"] for one in priced} == {audited.truth.currency}
    assert set(audited.report["totals_by_currency"]) == {audited.truth.currency}
    assert all(one["price_basis"] == "list" for one in audited.of("idle", "oversized", "stopped"))
    idle = [one for one in audited.of("idle") if one["superseded_by"] is None]
    assert all(0 < one["net_monthly_savings"] <= one["monthly_cost"] for one in idle)


def test_a_machine_that_is_off_costs_its_disks_and_addresses_only(audited: Audited) -> None:
    stopped = [one for one in audited.of("stopped") if one["rule"] == "stopped-instance"]
    assert stopped
    costing = {
        piece["component"]
        for one in stopped
        for piece in one["evidence"]["cost_pieces"]
        if piece["monthly_cost"]
    }
    assert costing == {"storage", "public_ip"}


def test_carbon_is_told_for_machines_of_known_types(audited: Audited) -> None:
    idle = [one["co2e"] for one in audited.of("idle")]
    assert any(one["saved_kg"] for one in idle)
    assert all(one["saved_kg"] is not None or one["reason"] for one in idle)


def test_a_second_audit_within_the_age_makes_no_call_and_says_the_same(audited: Audited) -> None:
    assert audited.calls_again == 0
    assert audited.again.code == 0
    ours, theirs = audited.report, audited.again.json
    for told in (ours, theirs):
        for finding in told["findings"]:
            finding.pop("status")
    assert ours == theirs


def test_no_more_calls_than_the_limits_of_the_api_demand(audited: Audited) -> None:
    assert {call["outcome"] for call in audited.calls} == {"ok"}
    assert len(audited.calls) <= 1.1 * sum(
        least_calls(audited.calls, zones_of(audited.truth.classes)).values()
    )
    made = Counter((call["action"], call["project"]) for call in audited.calls)
    lists = ("instances.aggregatedList", "disks.aggregatedList", "addresses.aggregatedList", "snapshots.list")
    assert {made[name, project] for name in lists for project in audited.truth.projects} == {1}


def test_only_what_is_newer_is_asked_the_next_day(audited: Audited) -> None:
    assert audited.later.code == 0, audited.later.err
    points, later = (
        sum(call["items"] for call in calls if call["service"] == "monitoring")
        for calls in (audited.calls, audited.calls_later)
    )
    assert 0 < later < 0.05 * points
    assert len(audited.calls_later) < len(audited.calls)
    with reading(audited.folder / "finops.duckdb") as con:
        twice = con.execute(
            "SELECT resource_id FROM metrics GROUP BY resource_id, metric, bucket_seconds HAVING count(*) <> count(DISTINCT bucket_start)"
        ).fetchall()
    assert not twice


def test_commands_save_before_they_delete_and_tell_the_undo(audited: Audited) -> None:
    lines = {one["rule"]: one["remediation"] for one in audited.of("unattached", "idle", "stopped")}
    for rule in ("unattached-volume", "idle-instance"):
        first = lines[rule][0]
        assert "snapshot" in first or "machine-images create" in first, lines[rule]
        assert any("--project" in line for line in lines[rule])
        assert not [line for line in lines[rule] if "{" in line or "None" in line]


def test_the_report_of_a_hostile_estate_is_a_file_without_its_script(audited: Audited) -> None:
    (one,) = audited.of("by_hand")
    assert one["resource_name"] == HOSTILE["name"]
    assert one["tags"] == HOSTILE["labels"]
    assert not [line for line in one["remediation"] if " <script>" in line], (
        "the name is quoted for the shell"
    )
    done = finops("report", "-o", "out", "--format", "html,csv", cwd=audited.folder)
    assert done.code == 0, done.err
    (page,), (sheet,) = ((audited.folder / "out").glob(kind) for kind in ("*.html", "*.csv"))
    written = page.read_text(encoding="utf-8")
    for text in ("<script>alert('x')</script>", "<b>value</b>", "<i>key</i>"):
        assert text not in written
    assert not [
        cell for line in sheet.read_text(encoding="utf-8").splitlines() for cell in line.split(",") if cell[:1] in "=@" and cell
    ]  # fmt: skip
