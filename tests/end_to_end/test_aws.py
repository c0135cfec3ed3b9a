"""`finops audit aws` against a local AWS of known truth: what is found, what is not, how often it asks."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import Done, finops
from tests.servers.aws.cloud import ACCOUNT, AS_OF, REGIONS, Cloud, Truth

pytestmark = pytest.mark.slow

WHERE = [word for region in REGIONS for word in ("--region", region)]
# Rules whose every finding is known beforehand, and the classes of the estate they must find.
FOUND = {
    "idle-instance": ("idle",),
    "oversized-instance": ("oversized",),
    "spot-eligible-instance": ("spot_eligible",),
    "stopped-instance": ("stopped",),
    "low-io-volume": ("low_io",),
    "unattached-volume": ("unattached",),
    "unused-public-ip": ("unused_ip",),
    "volume-type-upgrade": ("gp2",),
}
INNOCENT = (
    "daily_spike", "month_end", "quarter_end", "memory_bound", "gpu_busy", "missing_data", "no_data", "new",
    "stateful", "spot_already", "steady", "memory_unknown", "stopped_recently",
)  # fmt: skip
OF_INSTANCES = ("idle-instance", "oversized-instance", "spot-eligible-instance", "stopped-instance")


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
        """What a rule found and nothing better supersedes."""
        return {
            finding["resource_id"]
            for finding in self.report["findings"]
            if finding["rule"] == rule and finding["superseded_by"] is None
        }


def audit(
    cloud: Cloud, folder: Path, *more: str, as_of: str = AS_OF, env: dict[str, str] | None = None
) -> Done:
    return finops(
        "audit", "aws", *WHERE, "--as-of", as_of, "--format", "json", *more, cwd=folder, env=env or cloud.env
    )


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def audited(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("audited")
    truth = cloud.estate(n=51)
    done = audit(cloud, folder)
    calls = cloud.calls()
    cloud.reset_calls()
    again = audit(cloud, folder)
    return Audited(folder, truth, done, calls, again, cloud.count())


def test_an_empty_warehouse_and_one_command_give_the_whole_audit(audited: Audited) -> None:
    assert audited.done.code == 0, audited.done.err
    assert {scope["status"] for scope in audited.report["coverage"]} == {"complete"}
    assert {scope["account"] for scope in audited.report["coverage"]} == {ACCOUNT}
    assert {scope["region"] for scope in audited.report["coverage"]} == {*REGIONS, "global"}
    assert audited.report["as_of"] == AS_OF


@pytest.mark.parametrize("rule", [rule for rule in FOUND if rule != "volume-type-upgrade"])
def test_everything_that_is_waste_is_found_and_nothing_else(rule: str, audited: Audited) -> None:
    wanted = audited.truth.ids(*FOUND[rule])
    if rule in ("oversized-instance", "spot-eligible-instance"):
        wanted -= audited.found("idle-instance")
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
    for identity in audited.truth.ids("missing_data"):
        assert any("needed: 14" in reason for reason in reasons[identity])
    for identity in audited.truth.ids("no_data"):
        assert reasons[identity] == {"There is no processor data for it."}
    for identity in audited.truth.ids("new"):
        assert reasons[identity] == {"It was launched less than 14 days ago."}


def test_a_second_audit_within_the_age_makes_no_call_and_says_the_same(audited: Audited) -> None:
    assert audited.calls_again == 0
    assert audited.again.code == 0
    ours, theirs = audited.report, audited.again.json
    for told in (ours, theirs):
        for finding in told["findings"]:
            finding.pop("status")
    assert ours == theirs


def test_no_more_calls_than_the_limits_of_the_api_demand(audited: Audited) -> None:
    """Pages are as full as they may be; of metrics, as many queries as a call may hold."""
    floor = 0
    made = Counter((call["service"], call["operation"], call["region"]) for call in audited.calls)
    queries: dict[tuple[str, bool], int] = Counter()
    for call in audited.calls:
        if call["operation"] == "GetMetricData":
            hourly = call["datapoints"] > 100 * call["queries"]
            queries[call["region"], hourly] += call["queries"]
    for (service, operation, region), count in made.items():
        if operation == "GetMetricData":
            floor += sum(
                math.ceil(asked / (300 if hourly else 500))
                for (where, hourly), asked in queries.items()
                if where == region
            )
        else:
            floor += count
            assert count <= 8 or operation == "GetProducts", (service, operation, region)
    assert len(audited.calls) <= 1.1 * floor
    assert not [call for call in audited.calls if call["outcome"] != "ok"]


def test_savings_of_spot_come_from_the_price_history_of_type_and_zone(audited: Audited) -> None:
    spot = [one for one in audited.report["findings"] if one["rule"] == "spot-eligible-instance"]
    assert len({one["evidence"]["spot_discount"] for one in spot}) > 1
    for one in spot:
        assert one["evidence"]["spot_history_days"] >= 14
        assert one["proposed"]["zone"] == one["zone"]
        assert one["price_basis"] == "list"
        assert 0 < one["monthly_savings"] < one["monthly_cost"]


def test_commands_save_before_they_delete_and_tell_the_undo(audited: Audited) -> None:
    lines = {one["rule"]: one["remediation"] for one in audited.report["findings"]}
    for rule in ("unattached-volume", "idle-instance", "stopped-instance"):
        words = [line.split()[2] for line in lines[rule] if line.startswith("aws ")]
        assert words[0] in ("create-snapshot", "create-image")
        assert words[1] == "wait"
        assert lines[rule][-1].startswith("# undo")
        assert all("{" not in line for line in lines[rule])


def test_hostile_tags_and_names_arrive_as_they_are(audited: Audited, cloud: Cloud) -> None:
    tags = {
        (page["ResourceId"], page["Key"]): page["Value"]
        for region in REGIONS
        for page in cloud.client("ec2", region).describe_tags()["Tags"]
    }
    shown = [
        (one["resource_id"], key, value)
        for one in audited.report["findings"]
        for key, value in one["tags"].items()
    ]
    assert shown
    assert any("<" in value for _, _, value in shown)
    for identity, key, value in shown:
        assert tags[identity, key] == value


def test_the_report_of_a_hostile_estate_is_a_file_without_its_script(audited: Audited) -> None:
    done = finops("report", "-o", "out", "--format", "html,csv", cwd=audited.folder)
    assert done.code == 0, done.err
    (page,) = (audited.folder / "out").glob("*.html")
    named = [
        one["resource_name"]
        for one in audited.report["findings"]
        if "<script" in (one["resource_name"] or "")
    ]
    assert named
    assert not [name for name in named if name in page.read_text(encoding="utf-8")]


def test_only_what_is_newer_is_asked_the_next_day(audited: Audited, cloud: Cloud) -> None:
    first = [call for call in audited.calls if call["operation"] == "GetMetricData"]
    cloud.clock("2026-11-21T00:00:00Z")
    cloud.reset_calls()
    done = audit(cloud, audited.folder, "--max-age", "1h", as_of="2026-11-21T00:00:00Z")
    second = cloud.calls("GetMetricData")
    cloud.clock(AS_OF)
    assert done.code == 0, done.err
    assert sum(call["datapoints"] for call in second) < 0.1 * sum(call["datapoints"] for call in first)
    held = finops(
        "sql",
        "SELECT resource_id, metric, count(*) AS days, count(DISTINCT bucket_start) AS different FROM metrics "
        "WHERE bucket_seconds = 86400 GROUP BY ALL HAVING count(*) <> count(DISTINCT bucket_start) OR count(*) > 97",
        cwd=audited.folder,
    )
    assert len(held.out.splitlines()) == 1, held.out


def test_an_audit_of_one_region_shows_only_that(audited: Audited, cloud: Cloud) -> None:
    done = finops(
        "audit", "aws", "--region", "eu-west-1", "--cached", "--as-of", AS_OF, "--format", "json",
        cwd=audited.folder, env=cloud.env,
    )  # fmt: skip
    # Commitments of no region are in the audit of each.
    assert {one["region"] for one in json.loads(done.out)["findings"]} - {"global"} == {"eu-west-1"}
