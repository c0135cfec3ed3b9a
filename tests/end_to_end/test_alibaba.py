"""`finops audit alibaba` against a local Alibaba Cloud of known truth: what is found, what is not, how often it asks."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import Done, finops
from tests.servers.alibaba.cloud import AS_OF, REGIONS, Cloud, Truth

pytestmark = pytest.mark.slow

WHERE = [word for region in REGIONS for word in ("--region", region)]
# Rules whose every finding is known beforehand, and the classes of the estate they must find.
FOUND = {
    "idle-instance": ("idle", "subscription_idle_renewing", "subscription_idle_ending"),
    "oversized-instance": (
        "oversized",
        "disk_busy",
    ),  # busy disks keep a quiet machine from being idle, not from being smaller
    "spot-eligible-instance": ("spot_eligible",),
    "stopped-instance": ("stopped_charging", "stopped_economical", "subscription_stopped"),
    "low-io-volume": ("low_io",),
    "unattached-volume": ("unattached", "unattached_never", "prepaid_unattached"),
    "unused-public-ip": ("eip_unused", "eip_prepaid_unused"),
    "volume-type-upgrade": ("essd_pl_too_high",),
}
INNOCENT = (
    "daily_spike", "month_end", "quarter_end", "memory_bound", "gpu_busy", "missing_data", "no_data",
    "new", "stateful", "spot_already", "steady", "memory_unknown", "stopped_recently", "ack_node", "local_disk", "burstable",
)  # fmt: skip
OF_INSTANCES = ("idle-instance", "oversized-instance", "spot-eligible-instance", "stopped-instance")
SUBSCRIPTIONS = (
    "subscription_idle_renewing",
    "subscription_idle_ending",
    "subscription_stopped",
    "prepaid_unattached",
    "eip_prepaid_unused",
)


@dataclass
class Audited:
    """One audit of an empty warehouse, and what the cloud saw of it."""

    folder: Path
    truth: Truth
    done: Done
    calls: list[dict[str, Any]]
    again: Done
    calls_again: int

    @property
    def report(self) -> Any:
        return self.done.json

    def found(self, rule: str) -> set[str]:
        """What a rule found and nothing better supersedes; that the renewal of an idle one is told instead is no
        better."""
        findings = self.report["findings"]
        told = ("idle-subscription",) if rule == "idle-instance" else ()
        renewing = {finding["id"] for finding in findings if finding["rule"] in told}
        return {
            finding["resource_id"]
            for finding in findings
            if finding["rule"] == rule and finding["superseded_by"] in {None, *renewing}
        }

    def of(self, *classes: str) -> list[Any]:
        """Findings about the resources of these classes."""
        wanted = self.truth.ids(*classes)
        return [one for one in self.report["findings"] if one["resource_id"] in wanted]


def audit(
    cloud: Cloud, folder: Path, *more: str, as_of: str = AS_OF, env: dict[str, str] | None = None
) -> Done:
    return finops(
        "audit",
        "alibaba",
        *WHERE,
        "--as-of",
        as_of,
        "--format",
        "json",
        *more,
        cwd=folder,
        env=env or cloud.env,
    )


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def audited(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("audited")
    truth = cloud.estate(n=48)
    done = audit(cloud, folder)
    calls = cloud.calls()
    cloud.reset_calls()
    again = audit(cloud, folder)
    return Audited(folder, truth, done, calls, again, cloud.count())


def test_an_empty_warehouse_and_one_command_give_the_whole_audit(audited: Audited) -> None:
    assert audited.done.code == 0, audited.done.err
    assert {scope["status"] for scope in audited.report["coverage"]} == {"complete"}
    assert {scope["account"] for scope in audited.report["coverage"]} == {audited.truth.account}
    assert {scope["region"] for scope in audited.report["coverage"]} == {*REGIONS, "global"}
    assert audited.report["as_of"] == AS_OF


@pytest.mark.parametrize("rule", FOUND)
def test_everything_that_is_waste_is_found_and_nothing_else(rule: str, audited: Audited) -> None:
    wanted = audited.truth.ids(*FOUND[rule])
    assert audited.found(rule) == wanted
    assert wanted


@pytest.mark.parametrize("kind", INNOCENT)
def test_no_instance_that_works_or_cannot_be_judged_is_flagged(kind: str, audited: Audited) -> None:
    flagged = {
        finding["resource_id"] for finding in audited.report["findings"] if finding["rule"] in OF_INSTANCES
    }
    assert audited.truth.ids(kind)
    assert not flagged & audited.truth.ids(kind)


def test_what_could_not_be_judged_says_why(audited: Audited) -> None:
    reasons: dict[str, set[str]] = {}
    for item in audited.report["not_evaluated"]:
        if item["rule"] == "idle-instance":
            reasons.setdefault(item["resource_id"], set()).add(item["reason"])
    for identity in audited.truth.ids("no_data"):
        assert reasons[identity] == {"There is no processor data for it."}
    for identity in audited.truth.ids("new"):
        assert reasons[identity] == {"It was launched less than 14 days ago."}


def test_a_subscription_is_paid_already_and_says_when_it_ends(audited: Audited) -> None:
    findings = audited.of(*SUBSCRIPTIONS)
    assert {one["resource_id"] for one in findings} == audited.truth.ids(*SUBSCRIPTIONS)
    for one in findings:
        assert "subscription" in one["reason"], one["reason"]
        assert one["confidence"] == "low"
        assert not [line for line in one["remediation"] if " Delete" in line or " Release" in line]


def test_a_machine_that_keeps_charging_costs_itself_and_one_that_does_not_costs_its_disks(
    audited: Audited,
) -> None:
    charging, economical = audited.of("stopped_charging"), audited.of("stopped_economical")
    assert charging
    assert economical
    for one in charging:
        assert any("StopCharging" in line for line in one["remediation"]), one["remediation"]
    assert min(one["monthly_cost"] for one in charging) > max(one["monthly_cost"] for one in economical)


def test_traffic_between_zones_is_never_waste_here(audited: Audited) -> None:
    assert not [one for one in audited.report["findings"] if one["rule"] == "cross-zone-traffic"]


def test_all_money_is_in_the_currency_of_the_account(audited: Audited) -> None:
    priced = [one for one in audited.report["findings"] if one["price_basis"] != "none"]
    assert {one["currency"] for one in priced} == {audited.truth.currency}
    assert set(audited.report["totals_by_currency"]) == {audited.truth.currency}


def test_findings_are_priced_by_the_bill_where_it_tells_the_cost(audited: Audited) -> None:
    running = [one for one in audited.of("idle", "oversized") if one["superseded_by"] is None]
    assert {one["price_basis"] for one in running} == {"billed"}
    assert all(0 < one["net_monthly_savings"] <= one["monthly_cost"] for one in running)


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
    """Pages of metrics are as full as they may be (1,440 points), lists come in one page of the largest size."""
    assert {call["outcome"] for call in audited.calls} == {"ok", "NoSuchLifecycle"}
    points: dict[tuple[str, ...], list[int]] = {}
    for call in audited.calls:
        if call["action"] == "DescribeMetricList":
            asked = call["params"]
            series = (call["region"], asked["MetricName"], asked["StartTime"], asked["Period"])
            points.setdefault(series, []).append(call["items"])
    floor = sum(max(1, math.ceil(sum(pages) / 1440)) for pages in points.values())
    assert sum(map(len, points.values())) <= 1.1 * floor
    made = Counter((call["action"], call["region"]) for call in audited.calls if call["product"] != "kvstore")
    lists = (
        "DescribeInstances",
        "DescribeDisks",
        "DescribeSnapshots",
        "DescribeEipAddresses",
        "DescribeDBInstances",
    )
    assert {made[name, region] for name in lists for region in REGIONS} == {1}


def test_commands_save_before_they_delete_and_tell_the_undo(audited: Audited) -> None:
    lines = {one["rule"]: one["remediation"] for one in audited.of("unattached", "idle", "stopped_charging")}
    for rule in ("unattached-volume", "idle-instance"):
        words = [line.split()[2] for line in lines[rule] if line.startswith("aliyun ")]
        assert words[0] in ("CreateSnapshot", "CreateImage"), words
        assert all("{" not in line for line in lines[rule])


def test_the_report_of_a_hostile_estate_is_a_file_without_its_script(audited: Audited) -> None:
    names = {one["resource_name"] for one in audited.report["findings"] if one["resource_name"]}
    keys = {key for one in audited.report["findings"] for key in one["tags"]}
    hostile = {text for text in names | keys if "<" in text}
    assert "<script>alert('x')</script>" in hostile
    assert "=1+1|<b>key</b>" in hostile
    done = finops("report", "-o", "out", "--format", "html,csv", cwd=audited.folder)
    assert done.code == 0, done.err
    (page,) = (audited.folder / "out").glob("*.html")
    written = page.read_text(encoding="utf-8")
    assert not [text for text in hostile if text in written]


def test_only_what_is_newer_is_asked_the_next_day(audited: Audited, cloud: Cloud) -> None:
    first = [call for call in audited.calls if call["action"] == "DescribeMetricList"]
    cloud.reset_calls()
    done = audit(cloud, audited.folder, "--max-age", "1h", as_of="2026-11-21T00:00:00Z")
    second = cloud.calls("DescribeMetricList")
    assert done.code == 0, done.err
    assert 0 < len(second) < 0.2 * len(first)
    held = finops(
        "sql",
        "SELECT resource_id, metric, bucket_seconds FROM metrics "
        "GROUP BY ALL HAVING count(*) <> count(DISTINCT bucket_start)",
        cwd=audited.folder,
    )
    assert len(held.out.splitlines()) == 1, held.out


def test_an_audit_of_one_region_shows_only_that(audited: Audited, cloud: Cloud) -> None:
    done = finops(
        "audit", "alibaba", "--region", "cn-beijing", "--cached", "--as-of", AS_OF, "--format", "json",
        cwd=audited.folder, env=cloud.env,
    )  # fmt: skip
    # What was bought for a whole account is of no region.
    assert {one["region"] for one in json.loads(done.out)["findings"]} - {"global"} == {"cn-beijing"}
