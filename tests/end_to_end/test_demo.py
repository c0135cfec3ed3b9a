"""The whole pipeline on the built-in estate, by the real command."""

import csv
import gzip
import io
import re
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.sample import AS_OF
from collectors.sample.service import IDS
from collectors.sample.services import services
from tests.end_to_end.command import Done, cold, finops

pytestmark = pytest.mark.slow
HOSTILE = "</script><script>alert('finops')</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Done:
    done = cold("demo", "-o", "out", cwd=folder)
    assert done.code == 0, done.err
    return done


@pytest.fixture(scope="module")
def audit(folder: Path, demo: Done) -> dict[str, Any]:
    done = finops("audit", "--db", "out/demo.duckdb", "--format", "json", cwd=folder)
    assert done.code == 3, "a scope of the sample is denied, so an audit is incomplete"
    return done.json  # type: ignore[no-any-return]


def of(audit: dict[str, Any], rule: str, name: str | None = None) -> list[dict[str, Any]]:
    return [
        finding
        for finding in audit["findings"]
        if finding["rule"] == rule and (name is None or (finding["resource_name"] or "").startswith(name))
    ]


@pytest.mark.thorough
def test_a_service_is_stored_under_the_id_that_its_bill_has(folder: Path, demo: Done) -> None:
    """Otherwise a rule would find waste that nobody can price."""
    with duckdb.connect(str(folder / "out" / "demo.duckdb"), read_only=True) as con:
        charged = {row[0] for row in con.execute("SELECT DISTINCT x_ResourceKey FROM charges").fetchall()}
        for one in services(AS_OF):
            stored = con.execute(
                f"SELECT count(*) FROM {one.table} WHERE {IDS[one.table]} = ? AND cloud = ?",
                [one.id, one.cloud],
            ).fetchone()
            assert stored == (1,), one.id
            assert one.id in charged or not one.charges, one.id


def test_it_ends_with_a_table_and_the_path_of_a_report(folder: Path, demo: Done) -> None:
    path = re.search(r"Report: +(\S+\.html)", demo.out)
    assert path
    assert Path(path[1]).is_file()
    assert "legacy-crm" in demo.out
    assert (
        max(len(line) for line in demo.out.splitlines() if "Report:" not in line and "Warehouse:" not in line)
        <= 100
    )


def test_every_finding_has_the_commands_that_act_on_it(audit: dict[str, Any]) -> None:
    assert [(one["cloud"], one["rule"]) for one in audit["findings"] if not one["remediation"]] == []


def test_remediation_names_every_finding_that_counts_and_runs_nothing(
    folder: Path, audit: dict[str, Any]
) -> None:
    counted = {
        finding["id"]
        for finding in audit["findings"]
        if finding["status"] != "exempt" and not finding["superseded_by"]
    }
    done = finops("remediation", "--db", "out/demo.duckdb", "-o", "remediation.sh", cwd=folder)
    assert (done.code, done.out) == (0, ""), done.err
    script = (folder / "remediation.sh").read_text()
    assert set(re.findall(r"^finding_(\w+)\(\) \{$", script, re.MULTILINE)) == counted
    assert "not written" not in script
    listed = subprocess.run(
        ["bash", "remediation.sh"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (listed.returncode, set(listed.stdout.split())) == (1, counted)


def test_its_json_has_the_keys_of_the_contract(audit: dict[str, Any]) -> None:
    assert list(audit)[:1] == ["schema_version"]
    assert audit["schema_version"] == 1
    assert set(audit) >= {
        "schema_version", "tool_version", "as_of", "currency", "totals", "totals_by_currency", "findings",
        "not_evaluated", "coverage",
        "exemptions", "footprint", "carbon_method", "night", "finance",
    }  # fmt: skip
    assert set(audit["totals"]) >= {
        "monthly_cost", "gross_monthly_savings", "net_monthly_savings", "net_low", "net_high", "monthly_co2e_kg",
        "co2e_saved_kg", "evaluated_cost_share", "findings", "not_evaluated", "accepted_monthly_waste", "exempt_findings",
    }  # fmt: skip
    assert set(audit["findings"][0]) >= {
        "id", "rule", "class", "cloud", "account", "region", "zone", "resource_type", "resource_id", "resource_name",
        "tags", "reason", "action", "current", "proposed", "monthly_cost", "monthly_savings", "net_monthly_savings",
        "savings_low", "savings_high", "currency", "price_basis", "conflict_group", "superseded_by", "confidence",
        "confidence_reasons", "effort", "risk", "co2e", "evidence", "remediation", "status", "first_seen", "sources",
        "exemption", "overlap", "decision",
    }  # fmt: skip
    assert set(audit["findings"][0]["co2e"]) >= {
        "operational_kg", "embodied_kg", "saved_kg", "saved_low_kg", "saved_high_kg", "quality", "reason",
    }  # fmt: skip
    assert set(audit["coverage"][0]) == {
        "cloud", "account", "region", "dataset", "status", "error", "rows", "calls", "collected_at",
    }  # fmt: skip
    assert set(audit["not_evaluated"][0]) == {"rule", "cloud", "account", "region", "resource_id", "reason"}
    assert audit["as_of"] == "2026-11-01T00:00:00Z"


def test_carbon_adds_up_to_its_totals_and_names_its_sources(audit: dict[str, Any], demo: Done) -> None:
    totals = audit["totals"]
    for part in ("", "_operational", "_embodied"):
        for end in ("_low", "", "_high"):
            counted = [f["co2e"][f"net_saved{part}{end}_kg"] or 0 for f in audit["findings"]]
            assert round(sum(counted), 3) == totals[f"co2e_saved{part}{end}_kg"]
            lines = [line[f"emitted{part}{end}_kg"] or 0 for line in audit["footprint"]]
            assert round(sum(lines), 3) == totals[f"monthly_co2e{part}{end}_kg"]
            assert totals[f"co2e_saved{part}{end}_kg"] < totals[f"monthly_co2e{part}{end}_kg"]
    assert {line["cloud"] for line in audit["footprint"]} == {"aws", "alibaba", "gcp"}
    assert {f["co2e"]["saved_kg"] for f in of(audit, "spot-eligible-instance")} == {0}
    method = audit["carbon_method"]
    assert method["grid"]
    assert method["pue"]
    assert f"Carbon by method {method['version']}" in demo.out


def test_every_kind_of_waste_is_found_on_the_right_resources(audit: dict[str, Any]) -> None:
    idle = {finding["resource_name"].rsplit("-", 1)[0] for finding in of(audit, "idle-instance")}
    assert idle == {
        "legacy-crm",
        "sandbox",
        "apac-old",
        "store-legacy",
        "experiment",
        HOSTILE.rsplit("-", 1)[0],
    }
    oversized = {finding["resource_name"].rsplit("-", 1)[0] for finding in of(audit, "oversized-instance")}
    assert {"reporting", "load-test", "apac-search", "store-analytics"} <= oversized
    assert {finding["resource_name"][:-3] for finding in of(audit, "stopped-instance")} == {
        "old-wiki",
        "apac-archive",
    }
    assert {finding["evidence"]["days_unattached"] for finding in of(audit, "unattached-volume")} == {
        64,
        31,
        18,
        40,
        22,
        90,
        27,
    }
    assert len(of(audit, "unused-public-ip")) == 5
    assert {finding["cloud"] for finding in of(audit, "cross-zone-traffic")} == {"aws", "gcp"}
    assert of(audit, "spot-eligible-instance", "batch-0")
    assert of(audit, "low-io-volume", "legacy-crm")
    assert of(audit, "volume-type-upgrade", "orders-db")


@pytest.mark.parametrize("trap", ["cron", "notebook", "month-close", "quarter-close", "apac-close", "inference", "orders-db",
                                  "partner-gw", "trial", "flaky-agent", "maintenance", "shop-web"])  # fmt: skip
def test_a_trap_is_not_called_idle_or_oversized(audit: dict[str, Any], trap: str) -> None:
    assert not of(audit, "idle-instance", trap)
    assert not of(audit, "oversized-instance", trap)


def test_machines_that_are_spot_already_and_volumes_in_use_are_left_alone(audit: dict[str, Any]) -> None:
    assert not of(audit, "spot-eligible-instance", "batch-spot")
    assert not of(audit, "low-io-volume", "shop-db-eu"), "a weekly backup is use"
    assert not [f for f in of(audit, "unattached-volume") if f["evidence"]["days_unattached"] < 14]


def test_savings_keep_their_promises(audit: dict[str, Any]) -> None:
    resources: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in audit["findings"]:
        resources[finding["resource_id"]].append(finding)
    for findings in resources.values():
        assert sum(Decimal(str(f["net_monthly_savings"] or 0)) for f in findings) <= max(
            Decimal(str(f["monthly_cost"] or 0)) for f in findings
        )
    # What nobody can price, such as a bucket without rules, promises nothing; so does what is paid to its end.
    unpriced = {one["rule"] for one in audit["findings"] if one["net_monthly_savings"] is None}
    assert unpriced <= {"bucket-without-lifecycle", "commitment-expiring", "commitment-underused"}
    net = sum(Decimal(str(finding["net_monthly_savings"] or 0)) for finding in audit["findings"])
    assert net == Decimal(str(audit["totals"]["net_monthly_savings"]))
    assert net <= Decimal(str(audit["totals"]["monthly_cost"]))
    gross = sum(Decimal(str(finding["monthly_savings"] or 0)) for finding in audit["findings"])
    assert gross == Decimal(str(audit["totals"]["gross_monthly_savings"]))
    assert gross > net


def test_a_superseded_finding_names_a_counted_one_and_saves_nothing_more(audit: dict[str, Any]) -> None:
    by_id = {finding["id"]: finding for finding in audit["findings"]}
    losers = [finding for finding in audit["findings"] if finding["superseded_by"]]
    assert losers
    for finding in losers:
        winner = by_id[finding["superseded_by"]]
        assert finding["net_monthly_savings"] == 0
        assert winner["superseded_by"] is None
        assert winner["conflict_group"] == finding["conflict_group"]


def test_prices_are_the_bills_and_discounts_are_in_them(audit: dict[str, Any]) -> None:
    crm = of(audit, "idle-instance", "legacy-crm")[0]
    assert crm["price_basis"] == "billed"
    machine = Decimal("0.384") * Decimal("0.92") * 730  # eight per cent off the list
    boot = Decimal(30) * Decimal("0.08") * Decimal("0.92")
    assert Decimal(str(crm["monthly_cost"])) == (machine + boot).quantize(Decimal("0.01"))


def test_the_denied_scope_is_told_everywhere(folder: Path, audit: dict[str, Any]) -> None:
    denied = [scope for scope in audit["coverage"] if scope["status"] == "denied"]
    assert [(scope["account"], scope["region"], scope["dataset"]) for scope in denied] == [
        ("044455556666", "eu-west-1", "metrics")
    ]
    assert any(
        "denied" in item["reason"].lower() and item["region"] == "eu-west-1"
        for item in audit["not_evaluated"]
    )
    status = finops("status", "--db", "out/demo.duckdb", cwd=folder)
    assert status.code == 0
    assert "cloudwatch:GetMetricData" in status.out
    html = (folder / "out" / "finops-report.html").read_text(encoding="utf-8")
    assert "cloudwatch:GetMetricData" in html


def test_the_hostile_name_reaches_no_output_as_markup(folder: Path, audit: dict[str, Any]) -> None:
    assert of(audit, "idle-instance", "</script>")
    html = (folder / "out" / "finops-report.html").read_text(encoding="utf-8")
    assert HOSTILE not in html
    done = finops(
        "report", "-o", "all", "--format", "csv,markdown,json", "--db", "out/demo.duckdb", cwd=folder
    )
    assert done.code == 0
    assert HOSTILE not in (folder / "all" / "finops-report.md").read_text(encoding="utf-8")
    rows = list(
        csv.DictReader(io.StringIO((folder / "all" / "finops-findings.csv").read_text(encoding="utf-8-sig")))
    )
    assert len(rows) == len(audit["findings"])
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "@"))]


def test_the_same_data_give_the_same_audit(folder: Path, audit: dict[str, Any]) -> None:
    again = finops("audit", "--db", "out/demo.duckdb", "--format", "json", cwd=folder).json
    assert {**again, "run_id": ""} == {**audit, "run_id": ""}


def test_the_bills_reconcile_with_the_warehouse_to_the_last_digit(folder: Path, demo: Done) -> None:
    for cloud, provider in (("aws", "AWS"), ("alibaba", "Alibaba Cloud"), ("gcp", "Google Cloud")):
        with gzip.open(folder / "out" / "bills" / f"focus-{cloud}.csv.gz", "rt", encoding="utf-8") as file:
            total = sum(Decimal(row["BilledCost"]) for row in csv.DictReader(file))
        done = finops(
            "sql",
            f"SELECT sum(BilledCost) FROM charges WHERE ProviderName = '{provider}'",
            "--db",
            "out/demo.duckdb",
            cwd=folder,
        )
        assert Decimal(done.out.splitlines()[1]) == total


def test_explain_tells_rule_rows_money_and_carbon(folder: Path, audit: dict[str, Any]) -> None:
    finding = of(audit, "oversized-instance", "reporting")[0]
    done = finops("explain", finding["id"][:8], "--db", "out/demo.duckdb", cwd=folder)
    assert done.code == 0, done.err
    for words in ("## Why", "## Money", "## Carbon", "## The rows it saw", "```sql", "$headroom = 0.2", "cpu_utilization",
                  "aws ec2 modify-instance-attribute", "730 hours", finding["resource_id"]):  # fmt: skip
        assert words in done.out


def test_explain_of_an_unknown_finding_is_a_sentence(folder: Path, demo: Done) -> None:
    done = finops("explain", "zzz", "--db", "out/demo.duckdb", cwd=folder)
    assert (done.code, "no finding zzz" in done.sentence) == (2, True)


def test_filters_are_netted_anew(folder: Path, audit: dict[str, Any]) -> None:
    part = finops(
        "audit",
        "--db",
        "out/demo.duckdb",
        "--cloud",
        "gcp",
        "--rule",
        "low-io-volume",
        "--format",
        "json",
        cwd=folder,
    ).json
    assert {finding["cloud"] for finding in part["findings"]} == {"gcp"}
    assert {finding["rule"] for finding in part["findings"]} == {"low-io-volume"}
    assert part["totals"]["net_monthly_savings"] == part["totals"]["gross_monthly_savings"]
    tagged = finops(
        "audit", "--db", "out/demo.duckdb", "--tag", "team=finance", "--format", "json", cwd=folder
    ).json
    assert tagged["findings"]
    assert all(finding["tags"].get("team") == "finance" for finding in tagged["findings"])
    dear = finops(
        "audit", "--db", "out/demo.duckdb", "--min-savings", "250", "--format", "json", cwd=folder
    ).json
    assert dear["findings"]
    assert all(finding["monthly_savings"] >= 250 for finding in dear["findings"])


def test_gates_decide_the_exit_code(folder: Path, demo: Done) -> None:
    for gate, code in (("savings>1", 1), ("savings>999999", 0), ("findings>0", 1), ("sideways", 2)):
        done = finops(
            "audit",
            "--db",
            "out/demo.duckdb",
            "--cloud",
            "gcp",
            "--rule",
            "idle-instance",
            "--fail-on",
            gate,
            "--format",
            "json",
            cwd=folder,
        )
        assert done.code == code, gate


def test_stale_data_exit_with_five(folder: Path, demo: Done) -> None:
    done = finops(
        "audit",
        "--db",
        "out/demo.duckdb",
        "--cloud",
        "gcp",
        "--rule",
        "idle-instance",
        "--max-age",
        "1s",
        "-f",
        "json",
        cwd=folder,
    )
    assert (done.code, "older than 1s" in done.err) == (5, True)


def test_into_a_pipe_a_table_is_tab_separated(folder: Path, demo: Done) -> None:
    done = finops("audit", "--db", "out/demo.duckdb", cwd=folder)
    lines = done.out.splitlines()
    assert len({line.count("\t") for line in lines}) == 1
    assert "\x1b" not in done.out


@pytest.mark.thorough
def test_a_reader_that_goes_away_is_no_error(folder: Path, demo: Done) -> None:
    command = f"{sys.executable} -m finops audit --db out/demo.duckdb 2>err | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("0", "3")
    assert "Traceback" not in (folder / "err").read_text()


def test_redaction_leaves_no_account_name_or_tag(folder: Path, audit: dict[str, Any]) -> None:
    done = finops(
        "report",
        "-o",
        "red",
        "--format",
        "html,csv,json,markdown",
        "--redact",
        "--db",
        "out/demo.duckdb",
        cwd=folder,
    )
    assert done.code == 0, done.err
    secrets = {
        "044455556666",
        "111122223333",
        "acme-shop-prod",
        "legacy-crm-01",
        audit["findings"][0]["resource_id"],
    }
    for path in (folder / "red").iterdir():
        text = path.read_text(encoding="utf-8-sig")
        assert not [secret for secret in secrets if secret in text], path.name


def test_thresholds_of_the_configuration_change_verdicts(folder: Path, demo: Done) -> None:
    (folder / "strict.toml").write_text('[rules.idle-instance.tag."env=sandbox"]\ncpu_peak_max = 0.0001\n')
    done = finops(
        "audit",
        "--db",
        "out/demo.duckdb",
        "--config",
        "strict.toml",
        "--rule",
        "idle-instance",
        "-f",
        "json",
        cwd=folder,
    )
    names = {finding["resource_name"][:7] for finding in done.json["findings"]}
    assert "sandbox" not in names
    assert "legacy-" in names


@pytest.mark.thorough
def test_a_demo_with_every_rule_switched_off_ends_without_a_finding_to_explain(tmp_path: Path) -> None:
    names = [line.split("\t")[0] for line in finops("rules", "list", cwd=tmp_path).out.splitlines()[1:]]
    assert names
    (tmp_path / "off.toml").write_text("".join(f"[rules.{name}]\nenabled = false\n" for name in names))
    done = finops("demo", "-o", "out", "--config", "off.toml", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "finops audit --db" in done.err
    assert "finops explain" not in done.err


@pytest.mark.thorough
def test_the_demo_speaks_the_language_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "finops.toml").write_text('locale = "de"\n')
    done = finops("demo", "-o", "out", cwd=tmp_path)
    assert done.code == 0
    assert done.out.startswith("Von 36.695\N{NO-BREAK SPACE}$ Ausgaben im Monat")
    assert '<html lang="de">' in (tmp_path / "out" / "finops-report.html").read_text(encoding="utf-8")
