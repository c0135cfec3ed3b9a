"""The contract of rules with the engine: over every rule of the catalogue, and for rules that break it."""

import re
import shlex
import string
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest

from collectors import sample
from finops.errors import RuleError
from finops.model import Action, Level
from finops.schema_comments import schema_sql, tables
from finops.verdicts import Key, Unjudged
from finops.warehouse import writing
from rules.engine import rollups, running
from rules.engine.catalogue import Rule, built_in_folder, rule_files

AS_OF = sample.AS_OF
IDS = sorted(path.stem for path in rule_files(built_in_folder()))
# The ids that the design fixes, whether the rule is written yet or not.
CATALOGUE = {
    "idle-instance", "oversized-instance", "spot-eligible-instance", "stopped-instance",
    "off-hours-instance", "scaling-group-floor", "previous-generation-instance", "cheaper-region",
    "unattached-volume", "low-io-volume", "oversized-volume", "volume-type-upgrade", "old-snapshot",
    "orphan-snapshot", "unused-public-ip", "idle-load-balancer", "idle-nat-gateway",
    "cross-zone-traffic", "public-ip-traffic", "commitment-coverage", "commitment-underused",
    "commitment-expiring", "commitment-marketplace", "bucket-without-lifecycle", "idle-database",
    "oversized-database", "untagged-registry-images", "idle-cluster-node", "idle-ml-endpoint",
    "log-retention",
}  # fmt: skip
# Rules of whose things the sample's inventory has some.
SAMPLED = {
    "commitment-coverage", "cross-zone-traffic", "idle-instance", "low-io-volume", "oversized-instance",
    "spot-eligible-instance", "stopped-instance", "unattached-volume", "unused-public-ip", "volume-type-upgrade",
}  # fmt: skip
# Google keeps these in no zone or region of a project, or wants the region as a location.
NO_PLACE = r"| --location \{region\}|gcloud (compute snapshots (describe|delete)|sql|storage) "
Connection = duckdb.DuckDBPyConnection
Insert = Callable[..., None]
Written = Callable[[str, str], Rule]


# ---------------------------------------------------------------------------------- every rule, any estate


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's inventory with a few charges: something for every rule."""
    path = tmp_path_factory.mktemp("estate") / "w.duckdb"
    with writing(path, "test", at=AS_OF) as writer:
        sample.load_inventory(writer)
        writer.con.execute(
            """
            INSERT INTO charges (x_Cloud, x_AccountId, x_ResourceKey, RegionId, BillingCurrency, ChargeCategory,
                ChargePeriodStart, ChargePeriodEnd, x_Cost, x_CostBasis, x_Source, ConsumedQuantity, x_UsageType)
            SELECT i.cloud, i.account_id, i.instance_id, i.region, 'USD', 'Usage', DATE '2026-10-02', DATE '2026-11-01',
                7, 'effective', 'test', 700, u.x
            FROM instances AS i
            CROSS JOIN (VALUES ('DataTransfer-Regional-Bytes'), ('PublicIPv4:IdleAddress')) AS u (x)
            WHERE i.cloud = 'aws'
            """
        )
    return path


@pytest.fixture(scope="module")
def copy(estate: Path) -> Iterator[Connection]:
    con = duckdb.connect(config={"threads": 1})
    con.execute("PRAGMA disable_optimizer")
    con.execute(schema_sql())
    con.execute(f"ATTACH '{estate}' AS estate (READ_ONLY)")
    for table in tables():
        con.execute(f"INSERT INTO {table.name} SELECT * FROM estate.{table.name}")
    con.execute("DETACH estate")
    yield con
    con.close()


@pytest.fixture
def copied(copy: Connection) -> Iterator[Connection]:
    """The estate in memory, where it may be shuffled."""
    copy.begin()
    yield copy
    copy.rollback()


def said(con: Connection, rules: dict[str, Rule], **settings: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every rule, in order."""
    rollups.build(con, AS_OF)
    rows = {}
    for rule in rules.values():
        running.run(con, [rule], AS_OF, settings)
        keys = "ORDER BY cloud, account_id, region, resource_id"
        rows[rule.id] = [
            tuple(map(to_ten_digits, row)) for row in con.execute(f"SELECT * FROM said {keys}").fetchall()
        ]
    return rows


def to_ten_digits(value: Any) -> Any:
    """As findings show it: the last bits of a mean depend on the order of its terms."""
    return float(f"{value:.10g}") if isinstance(value, float) else value


def test_an_empty_warehouse_says_nothing(con: Connection, rules: dict[str, Rule]) -> None:
    rollups.build(con, AS_OF)
    verdicts = running.run(con, rules.values(), AS_OF)
    assert verdicts.findings == []
    assert verdicts.unjudged == []
    assert verdicts.counts == {name: {} for name in IDS}
    assert con.execute("SELECT count(*) FROM judged").fetchone() == (0,)


def test_the_order_of_rows_does_not_matter(copied: Connection, rules: dict[str, Rule]) -> None:
    before = said(copied, rules)
    # Rules about rates read what is left once usage actions are accepted, and nothing has been yet.
    assert {rule for rule in SAMPLED if not before[rule]} == {"commitment-coverage"}
    rollups.prepare(copied)
    for table in tables():
        copied.execute(
            f"CREATE TEMP TABLE shuffled AS SELECT * FROM {table.name} ORDER BY hash(rowid * 7919)"
        )
        copied.execute(f"DELETE FROM {table.name}")
        copied.execute(f"INSERT INTO {table.name} SELECT * FROM shuffled")
        copied.execute("DROP TABLE shuffled")
    assert said(copied, rules) == before


def test_unrelated_resources_do_not_matter(copied: Connection, rules: dict[str, Rule]) -> None:
    """Every account twice, the second time with everything about it turned upside down."""
    before = said(copied, rules)
    rollups.prepare(copied)
    for table in ("instances", "volumes", "public_ips", "tags", "metrics"):
        copied.execute(
            f"INSERT INTO {table} SELECT * REPLACE ('other-' || account_id AS account_id) FROM {table}"
        )
    copied.execute("UPDATE metrics SET avg = 0.9, p95 = 0.9, max = 0.9 WHERE account_id LIKE 'other-%'")
    copied.execute("UPDATE volumes SET detached_at = TIMESTAMP '2026-10-31' WHERE account_id LIKE 'other-%'")
    after = said(copied, rules)
    for rule, rows in after.items():
        assert [row for row in rows if not row[1].startswith("other-")] == before[rule], rule
    assert sum(len(rows) for rows in after.values()) > 1.8 * sum(len(rows) for rows in before.values())


def test_rollups_and_rules_can_be_run_again_on_one_connection(
    copied: Connection, rules: dict[str, Rule]
) -> None:
    assert said(copied, rules) == said(copied, rules)


def test_what_an_earlier_stage_looked_at_stays_when_the_next_one_runs(
    copied: Connection, rules: dict[str, Rule]
) -> None:
    rollups.build(copied, AS_OF)
    running.run(copied, [rules["idle-instance"]], AS_OF)
    judged = "SELECT rule, count(*) FROM judged GROUP BY ALL ORDER BY ALL"
    before = copied.execute(judged).fetchall()
    running.run(copied, [rules["unattached-volume"]], AS_OF, again=True)
    after = copied.execute(judged).fetchall()
    assert [row for row in after if row[0] == "idle-instance"] == before
    assert {row[0] for row in after} == {"idle-instance", "unattached-volume"}


def test_what_was_looked_at_is_left_behind(copied: Connection, rules: dict[str, Rule]) -> None:
    rollups.build(copied, AS_OF)
    verdicts = running.run(copied, rules.values(), AS_OF)
    rows = copied.execute("SELECT rule, verdict, count(*) FROM judged GROUP BY ALL ORDER BY ALL").fetchall()
    counts = {rule: {row[1]: row[2] for row in mine} for rule, mine in groupby(rows, key=lambda row: row[0])}
    assert counts == {rule: found for rule, found in verdicts.counts.items() if found}
    assert len(verdicts.findings) == sum(one.get("finding", 0) for one in verdicts.counts.values())
    assert set(verdicts.seconds) == set(IDS)


# ------------------------------------------------------------------------------------ every rule, its words


def commands(lines: list[str]) -> list[str]:
    """Without what is said in words: what is kept, why nothing undoes it."""
    return [line for line in lines if not line.startswith(("# kept: ", "# cannot be undone: "))]


@pytest.mark.parametrize("name", IDS)
class TestAHeader:
    def test_says_what_a_finding_needs(self, name: str, rules: dict[str, Rule]) -> None:
        facts = running.facts(rules[name])
        assert facts.effort in get_args(Level)
        assert facts.risk in get_args(Level)
        assert facts.title[0].isupper()
        assert not facts.title.endswith(".")
        assert all(url.startswith("https://") for url in facts.sources)

    def test_has_commands_of_the_clouds_own_tools_that_never_run_unread(
        self, name: str, rules: dict[str, Rule]
    ) -> None:
        header = rules[name].header
        tools = {"aws": "aws", "alibaba": "aliyun", "gcp": "gcloud"}
        for cloud in header.remediation:
            for action in header.cases() | {*get_args(Action)}:
                for line in commands(header.remediation_lines(cloud, action, action)):
                    done = re.sub(r"^# undo[^:]*: ", "", line)
                    assert shlex.split(done)[0] == tools[cloud]
                    assert not re.search(r"[;&|<>`$\n]", line), line

    @pytest.mark.parametrize(
        ("cloud", "removes", "saved", "changes"),
        [
            ("aws", "delete-volume|terminate-", "wait (snapshot|image)-", "delete|terminate|release|modify"),
            (
                "alibaba",
                "DeleteDisk|ecs DeleteInstance",
                r"Describe(Snapshots|Images) .* --waiter expr='\w+\.\w+\[0\]\.Status' to=(accomplished|Available)",
                "Delete|Release|Modify|SetRenewal|Detach|Run",
            ),
            (
                "gcp",
                "(disks|instances) delete ",
                "(machine-images|snapshots) create|(sql|redis instances) export",
                "(disks|instances) (delete|update|set-machine-type|detach-disk)|start-update",
            ),
        ],
    )
    def test_saves_what_it_deletes_first_and_tells_how_to_undo_it(
        self, cloud: str, removes: str, saved: str, changes: str, name: str, rules: dict[str, Rule]
    ) -> None:
        header = rules[name].header
        for action in header.cases() | {*get_args(Action)}:
            lines = header.remediation_lines(cloud, action, action)
            for at in [at for at, line in enumerate(lines) if re.search(removes, line)]:
                assert any(re.search(saved, one) for one in lines[:at]), lines
            changed = any(re.search(changes, line) for line in lines)
            assert not changed or any(re.match("# (undo|cannot be undone)", line) for line in lines), lines

    def test_a_hostile_value_stays_one_word_of_its_command(self, name: str, rules: dict[str, Rule]) -> None:
        """Values are quoted where they are filled in, so that no template may quote them again."""
        header, hostile = rules[name].header, 'x\'; rm -rf "$HOME" `id` \\'
        for cloud in header.remediation:
            for action in header.cases() | {*get_args(Action)}:
                for line in commands(header.remediation_lines(cloud, action, action)):
                    plain, filled = (
                        shlex.split(
                            string.Formatter().vformat(line, (), defaultdict(lambda t=text: shlex.quote(t)))
                        )
                        for text in ("x", hostile)
                    )
                    assert len(filled) == len(plain), line
                    assert [word.replace(hostile, "x") for word in filled] == plain, line

    def test_on_google_names_the_project_the_place_and_no_id(self, name: str, rules: dict[str, Rule]) -> None:
        """gcloud wants names, which repeat in every project and zone."""
        header = rules[name].header
        for action in header.cases() | {*get_args(Action)}:
            for line in commands(header.remediation_lines("gcp", action, action)):
                assert " --project {account_id}" in line
                place = (
                    r" --(source-(disk|instance)-)?(zone|region) \{(zone|region|current_zone|proposed_zone)\}"
                )
                other = "| --global| --location LOCATION|instance-templates create" + NO_PLACE
                assert re.search(place + other, line), line
                assert "{resource_id}" not in re.sub(r"(backup|before-\w+)-\{resource_id\}", "", line), line

    def test_on_alibaba_names_the_region_of_what_is_in_one(self, name: str, rules: dict[str, Rule]) -> None:
        header = rules[name].header
        for action in header.cases() | {*get_args(Action)}:
            for line in commands(header.remediation_lines("alibaba", action, action)):
                assert re.search(r" --region \{(proposed_)?region\} | bssopenapi ", line), line
                assert "--RegionId" not in line  # one of the two; the first is there for every operation

    def test_ends_a_subscription_by_its_renewal_and_deletes_nothing(
        self, name: str, rules: dict[str, Rule]
    ) -> None:
        lines = rules[name].header.remediation_lines("alibaba", "none", "subscription")
        assert not re.search(r"Delete|Release|StoppedMode", " ".join(lines))
        if rules[name].header.class_ == "unused" and lines:
            assert "NotRenewal" in lines[0]

    def test_never_proposes_to_delete_what_it_would_only_change(
        self, name: str, rules: dict[str, Rule]
    ) -> None:
        for cloud in rules[name].header.remediation:
            for action in ("change-type", "resize", "spot", "move"):
                for line in rules[name].header.remediation_lines(cloud, action):
                    if rules[name].header.action == action or isinstance(
                        rules[name].header.remediation[cloud], dict
                    ):
                        done = "" if line.startswith(("# undo", "# cannot be undone: ")) else line
                        assert not re.search(r"delete|terminate|release|Delete|Release", done), line

    def test_excludes_rules_that_exist_or_will(self, name: str, rules: dict[str, Rule]) -> None:
        assert set(rules[name].header.excludes) <= (CATALOGUE | set(IDS)) - {name}

    def test_documents_how_it_can_be_wrong(self, name: str, rules: dict[str, Rule]) -> None:
        assert re.search(r"\b(wrong|never|no promise|not judged|[Nn]ot all)\b", rules[name].header.doc)
        assert all(one.doc[0].islower() for one in rules[name].header.parameters.values())


# ------------------------------------------------------------------------------ rules that break the contract

BROKEN = """/*---
id: broken
title: A rule that breaks its contract
class: unused
action: delete
resource: volume
needs: [volumes]
effort: low
risk: low
sources: [{title: "A document", url: "https://example.com/"}]
doc: |
  It checks under its header, and what it then says is not what a rule may say.
---*/
SELECT cloud, account_id, region, volume_id AS resource_id, 'finding' AS verdict, 'It is there.' AS reason,
    'all' AS components, 'high' AS confidence, 'delete' AS action, size_gib AS size
FROM volumes
"""
CONTRACT = {
    "no key": ("volume_id AS resource_id", "volume_type AS resource_id", "the row for None (verdict finding) lacks a key, a reason or components"),
    "no reason": ("'It is there.'", "CAST(NULL AS VARCHAR)", "lacks a key, a reason or components"),
    "no components": ("'all' AS", "CAST(NULL AS VARCHAR) AS", "lacks a key, a reason or components"),
    "no verdict": ("'finding'", "CAST(NULL AS VARCHAR)", "(verdict None)"),
    "a verdict of its own": ("'finding'", "'idle'", "the row for v-1 (verdict idle)"),
    "a resource twice": ("volume_id AS", "'v' AS", "it returns more than one row for aws/1/r/v"),
    "a component that no bill has": ("'all' AS", "'storage,iopz' AS", "components says 'iopz'; known are all, dependents"),
    "empty components": ("'all' AS", "'' AS", "components says ''; known are"),
    "an action of its own": ("'delete' AS", "'shrink' AS", "action says 'shrink'; known are terminate, stop"),
    "a confidence of its own": ("'high' AS", "'sure' AS", "confidence says 'sure'; known are low, medium, high"),
    "a confidence that is a number": ("'high' AS", "1 AS", "confidence says '1'; known are low, medium, high"),
    "a key that is a number": ("volume_id AS", "size_gib AS", "the column resource_id is DOUBLE, and must be text"),
    "a stretch of time as a value": ("size_gib AS size", "created_at - created_at AS size", "the column size is INTERVAL, which a report cannot hold"),
    "a cast that fails": ("size_gib AS size", "CAST(volume_id AS DOUBLE) AS size", "the rule failed: Conversion Error"),
    "kinds that do not compare": ("size_gib AS size", "size_gib > volume_id || 'x' AS size", "the rule failed: "),
}  # fmt: skip


WITH_CASES = BROKEN.replace(
    "effort: low",
    """remediation:
  aws: {delete: "aws delete {resource_id}", locked: ["aws unlock {resource_id}", "aws delete {resource_id}"]}
  gcp: gcloud delete {resource_id}
effort: low""",
).replace("size_gib AS size", "volume_type AS remediation_case")


def volume(cloud: str, name: str, kind: str | None) -> dict[str, Any]:
    key = {"cloud": cloud, "account_id": "1", "region": "r", "volume_id": name}
    return key | {"state": "other", "volume_type": kind}


def test_a_special_case_has_its_own_commands_where_the_cloud_has_any(
    con: Connection, insert: Insert, written: Written
) -> None:
    insert(
        "volumes", volume("aws", "v-1", None), volume("aws", "v-2", "locked"), volume("gcp", "v-3", "locked")
    )
    rollups.build(con, AS_OF)
    findings = running.run(con, [written("broken", WITH_CASES)], AS_OF).findings
    commands = {one.key.resource_id: one.rule.remediation[one.key.cloud] for one in findings}
    assert commands == {
        "v-1": ("aws delete {resource_id}",),
        "v-2": ("aws unlock {resource_id}", "aws delete {resource_id}"),
        "v-3": ("gcloud delete {resource_id}",),
    }


def test_a_case_without_commands_anywhere_is_a_slip(
    con: Connection, insert: Insert, written: Written
) -> None:
    insert("volumes", volume("aws", "v-1", "loked"))
    rollups.build(con, AS_OF)
    with pytest.raises(
        RuleError, match=r"^broken\.sql: remediation_case says 'loked'; known are delete, locked\.$"
    ):
        running.run(con, [written("broken", WITH_CASES)], AS_OF)


def test_where_there_is_nothing_to_find_the_audit_says_why_instead_of_finding_it(
    con: Connection, insert: Insert, written: Written
) -> None:
    rule = written("broken", BROKEN.replace("effort:", "not_on: {gcp: Disks are free there.}\neffort:"))
    insert("volumes", volume("aws", "v-1", None), volume("gcp", "v-2", None))
    scope = {"region": "r", "status": "complete", "rows": 1, "calls": 1, "attempted_at": AS_OF, "run_id": "x"}
    insert(
        "coverage",
        scope | {"cloud": "aws", "account_id": "1", "dataset": "volumes"},
        scope | {"cloud": "gcp", "account_id": "1", "dataset": "volumes", "status": "denied"},
        scope | {"cloud": "gcp", "account_id": "2", "dataset": "instances"},
    )
    rollups.build(con, AS_OF)
    verdicts = running.run(con, [rule], AS_OF)
    assert [one.key.resource_id for one in verdicts.findings] == ["v-1"]
    assert verdicts.unjudged == [
        Unjudged("broken", "gcp", account, None, None, "Disks are free there.") for account in ("1", "2")
    ]
    judged = con.execute("SELECT DISTINCT cloud FROM judged").fetchall()
    assert judged == [("aws",)]


@pytest.mark.parametrize("name", CONTRACT)
def test_a_rule_that_breaks_its_contract_is_told(
    name: str, con: Connection, insert: Insert, written: Written
) -> None:
    old, new, words = CONTRACT[name]
    assert old in BROKEN
    rule = written("broken", BROKEN.replace(old, new))
    for volume in ("v-1", "v-2"):
        insert(
            "volumes",
            {
                "cloud": "aws",
                "account_id": "1",
                "region": "r",
                "volume_id": volume,
                "state": "other",
                "size_gib": 8,
            },
        )
    rollups.build(con, AS_OF)
    with pytest.raises(RuleError) as caught:
        running.run(con, [rule], AS_OF)
    assert str(caught.value).startswith("broken.sql: ")
    assert words in str(caught.value)


def test_a_finding_carries_what_the_rule_said(con: Connection, insert: Insert, written: Written) -> None:
    rule = written(
        "broken",
        BROKEN.replace(
            "size_gib AS size",
            "size_gib AS current_size, 'gone' AS proposed_state, created_at, DATE '2026-01-02' AS day, 1 / 3.0 AS third, "
            "CAST(2 AS DECIMAL(9, 3)) AS two, name AS nothing, 'because' AS confidence_reason",
        ),
    )
    insert(
        "volumes",
        {"cloud": "aws", "account_id": "01", "region": "r", "volume_id": "v", "state": "other", "size_gib": 8.0, "created_at": datetime(2026, 1, 1)},
    )  # fmt: skip
    rollups.build(con, AS_OF)
    (verdict,) = running.run(con, [rule], AS_OF).findings
    assert verdict.key == Key("aws", "01", "v")
    assert verdict.current == {"size": 8}
    assert verdict.proposed == {"state": "gone"}
    assert verdict.evidence == {
        "created_at": "2026-01-01T00:00:00Z",
        "day": "2026-01-02",
        "third": 0.3333333333,
        "two": 2,
    }
    assert (verdict.confidence, verdict.confidence_reasons) == ("high", ("because",))
    assert (verdict.resource_type, verdict.action, verdict.components) == ("volume", "delete", ("all",))


def test_a_rule_that_is_switched_off_is_not_run(copied: Connection, rules: dict[str, Rule]) -> None:
    rollups.build(copied, AS_OF)
    verdicts = running.run(copied, rules.values(), AS_OF, {"idle-instance": {"enabled": False}})
    assert "idle-instance" not in verdicts.counts
    assert not [one for one in verdicts.unjudged if one.rule == "idle-instance"]
    assert "oversized-instance" in verdicts.counts


# ------------------------------------------------------------------------------- what nobody could look at


@pytest.fixture
def covered(insert: Insert) -> Callable[..., None]:
    def covered(dataset: str, status: str = "complete", **more: Any) -> None:
        row = {"cloud": "aws", "account_id": "1", "region": "r", "dataset": dataset, "status": status}
        rest = {"rows": 0, "calls": 0, "attempted_at": AS_OF, "run_id": "x"}
        insert("coverage", {**row, **rest, **more})

    return covered


def unjudged(con: Connection, rule: Rule) -> Iterator[Unjudged]:
    rollups.build(con, AS_OF)
    return iter(running.run(con, [rule], AS_OF).unjudged)


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        ("denied", "AccessDenied: no cloudwatch:GetMetricData.", "Metrics denied: AccessDenied: no cloudwatch:GetMetricData."),
        ("throttled", None, "Metrics throttled out."),
        ("partial", "page 3 of 9", "Metrics only partly read: page 3 of 9."),
        ("failed", None, "Metrics failed."),
        ("skipped", None, "Metrics skipped."),
    ],
)  # fmt: skip
def test_a_scope_that_failed_is_told_by_every_rule_that_needs_it(
    status: str,
    error: str | None,
    reason: str,
    con: Connection,
    covered: Callable[..., None],
    rules: dict[str, Rule],
) -> None:
    for dataset in ("instances", "volumes", "instance_types"):
        covered(dataset)
    covered("metrics", status, error=error)
    assert list(unjudged(con, rules["idle-instance"])) == [
        Unjudged("idle-instance", "aws", "1", "r", None, reason)
    ]
    assert list(unjudged(con, rules["stopped-instance"])) == [
        Unjudged("stopped-instance", "aws", "1", None, None, "No public ips were collected for this account.")
    ]


def test_a_billing_account_of_google_which_can_hold_nothing_is_not_asked_for_machines(
    con: Connection, covered: Callable[..., None], rules: dict[str, Rule]
) -> None:
    covered("charges", cloud="gcp", account_id="01A2B3-C4D5E6-F70819")
    covered("charges", cloud="gcp", account_id="acme-web-prod")
    told = unjudged(con, rules["unused-public-ip"])
    assert [one.account_id for one in told if one.cloud == "gcp"] == ["acme-web-prod"]


def test_an_account_that_nobody_collected_is_told(
    con: Connection, covered: Callable[..., None], rules: dict[str, Rule]
) -> None:
    covered("charges", account_id="2")
    expected = {
        "arm-instance": ["No instances or volumes were collected for this account."],
        "cheaper-region": ["No instances or metrics or volumes were collected for this account."],
        "avoidable-public-ip": ["No instances or public ips or flow logs were collected for this account."],
        "commitment-coverage": [],
        "commitment-expiring": ["No commitments were collected for this account."],
        "commitment-marketplace": ["No commitment offers were collected for this account."],
        "commitment-underused": ["No commitments were collected for this account."],
        "cross-zone-traffic": [],
        "idle-cluster-node": ["No instances or metrics or scaling groups were collected for this account."],
        "idle-instance": ["No instances or metrics were collected for this account."],
        "idle-subscription": [
            "Machines, disks, addresses and databases of AWS are not paid by subscription; commitments are judged by "
            "commitment-expiring."
        ],
        "low-io-volume": ["No instances or metrics or volumes were collected for this account."],
        "off-hours-instance": ["No instances or metrics were collected for this account."],
        "oversized-instance": ["No instances or metrics or volumes were collected for this account."],
        "previous-generation-instance": ["No instances or volumes were collected for this account."],
        "scaling-group-floor": ["No instances or metrics or scaling groups were collected for this account."],
        "spot-eligible-instance": ["No instances or volumes were collected for this account."],
        "stopped-instance": ["No instances or public ips or volumes were collected for this account."],
        "unattached-volume": ["No metrics or volumes were collected for this account."],
        "unused-public-ip": ["No public ips were collected for this account."],
        "volume-type-upgrade": ["No instances or metrics or volumes were collected for this account."],
    }
    assert {rule: [one.reason for one in unjudged(con, rules[rule])] for rule in expected} == expected


def test_an_account_without_a_bill_is_told_where_only_the_bill_counts(
    con: Connection, covered: Callable[..., None], rules: dict[str, Rule]
) -> None:
    covered("instances")
    assert [one.reason for one in unjudged(con, rules["cross-zone-traffic"])] == [
        "No charges were collected for this account."
    ]


def test_everything_collected_leaves_nothing_to_tell(
    con: Connection, covered: Callable[..., None], rules: dict[str, Rule]
) -> None:
    for dataset in {need.partition(":")[0] for rule in rules.values() for need in rule.header.needs}:
        covered(dataset)
    covered("charges")
    rollups.build(con, AS_OF)
    told = {
        name: running.run(con, [rule], AS_OF).unjudged
        for name, rule in rules.items()
        if "aws" not in rule.header.not_on
    }
    assert told == {name: [] for name in told}


def test_the_schema_of_this_test_is_the_warehouses(con: Connection) -> None:
    there = con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    assert {name for (name,) in there} == {table.name for table in tables()}
    assert schema_sql().count("CREATE TABLE") == len(tables())
