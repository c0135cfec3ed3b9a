"""A month on the built-in estate by the real commands: a machine goes, the bill shows it, and everything is told."""

import csv
import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops.warehouse import writing
from tests.end_to_end.command import Done, finops
from tests.finops.pipeline.returning.files import edited_file
from tests.reports.xlsx.opened import opened, rows

pytestmark = pytest.mark.slow
GONE = datetime(2026, 11, 6)
LATER = datetime(2026, 11, 30)


def run(folder: Path, *arguments: str) -> Done:
    return finops(*arguments, "--db", "out/demo.duckdb", cwd=folder)


def change(folder: Path, at: datetime, *statements: str) -> None:
    """A collection at that instant that found what the statements make of the warehouse."""
    with writing(folder / "out" / "demo.duckdb", "collect aws", at=at) as writer:
        for statement in statements:
            writer.con.execute(statement)
        writer.con.execute("UPDATE coverage SET collected_at = ? WHERE status = 'complete'", [at])


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder, and the finding that was acted upon."""
    folder = tmp_path_factory.mktemp("month")
    assert finops("demo", "-o", "out", cwd=folder).code == 0
    found = run(folder, "findings", "list", "--format", "json").json
    one = next(
        row for row in found if row["resource_name"] == "legacy-crm-01" and row["rule"] == "idle-instance"
    )
    assert run(folder, "findings", "agree", one["id"][:10], "--owner", "team crm").code == 0
    gone = f"'{one['resource_id']}'"
    volumes = f"SELECT volume_id FROM volumes WHERE instance_id = {gone}"
    november = (
        "SELECT * REPLACE (ChargePeriodStart + INTERVAL 30 DAY AS ChargePeriodStart, "
        "ChargePeriodEnd + INTERVAL 30 DAY AS ChargePeriodEnd, "
        "BillingPeriodStart + INTERVAL 1 MONTH AS BillingPeriodStart, BillingPeriodEnd + INTERVAL 1 MONTH AS BillingPeriodEnd) "
        "FROM charges WHERE ChargePeriodStart >= '2026-10-02'"
    )
    change(
        folder,
        GONE,
        f"INSERT INTO charges SELECT * FROM ({november}) WHERE NOT (ChargePeriodStart >= '{GONE:%Y-%m-%d}' "
        f"AND (x_ResourceKey = {gone} OR x_ResourceKey IN ({volumes})))",
        f"DELETE FROM volumes WHERE volume_id IN ({volumes})",
        f"DELETE FROM instances WHERE instance_id = {gone}",
    )
    assert run(folder, "audit", "--format", "json").code == 3
    change(folder, LATER)
    assert run(folder, "audit", "--format", "json").code == 3
    return folder, one


def test_the_difference_names_the_machine_that_is_gone_and_why(month: tuple[Path, dict[str, Any]]) -> None:
    folder, one = month
    runs = run(folder, "sql", "SELECT run_id FROM audits ORDER BY as_of", "--format", "json").json
    done = run(folder, "diff", *(row["run_id"] for row in runs[:2]), "--format", "json")
    assert done.code == 0, done.err
    lines = {line["id"]: line for line in done.json["lines"]}
    assert (lines[one["id"]]["kind"], lines[one["id"]]["resolution"]) == ("gone", "gone")
    moved = sum(
        Decimal(str(line["saving_after"] or 0)) - Decimal(str(line["saving_before"] or 0))
        for line in lines.values()
        if line["kind"] != "unseen"
    )
    assert moved == Decimal(str(done.json["totals"]["USD"]["net_change"]))
    for form in ("table", "csv", "markdown"):
        told = run(folder, "diff", "--format", form)
        assert told.code == 0, told.err


def test_what_the_machine_cost_is_on_the_bill_beside_the_estimate(month: tuple[Path, dict[str, Any]]) -> None:
    folder, one = month
    done = run(folder, "savings", "--format", "json")
    assert done.code == 0, done.err
    line = next(line for line in done.json["lines"] if line["id"] == one["id"])
    assert (line["state"], line["resolution"], line["settled_days"]) == ("measured", "gone", 21)
    assert line["estimate"] == one["net_monthly_savings"]
    assert line["realised"] == pytest.approx(line["estimate"], rel=0.02), (
        "October had the same days as November"
    )
    assert line["control_factor"] == pytest.approx(1, abs=0.01)
    funnel = done.json["currencies"]["USD"]
    assert (
        funnel["agreed"]["findings"] >= funnel["done"]["findings"] >= funnel["on_the_bill"]["findings"] >= 1
    )
    total = sum(Decimal(str(each["realised"])) for each in done.json["lines"] if each["realised"] is not None)
    assert total == Decimal(str(funnel["on_the_bill"]["monthly"]))


def test_every_rendering_of_savings_has_the_same_amounts(month: tuple[Path, dict[str, Any]]) -> None:
    folder, one = month
    amount = next(
        line["realised"]
        for line in run(folder, "savings", "--format", "json").json["lines"]
        if line["id"] == one["id"]
    )
    records = list(csv.DictReader(io.StringIO(run(folder, "savings", "--format", "csv").out)))
    assert {row["id"]: row["realised"] for row in records}[one["id"]] == f"{amount:.2f}"
    assert f"${amount:,.2f}" in run(folder, "savings", "--format", "markdown").out
    written = run(folder, "savings", "-o", "savings.txt")
    assert (written.code, written.out) == (0, "")
    assert f"${amount:,.2f}" in (folder / "savings.txt").read_text()


def test_mistakes_get_one_sentence_and_exit_2(month: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = month
    for arguments, said in (
        (("diff", "nope", "nope"), "There is no run nope"),
        (("diff", "one"), "compares two runs"),
        (("findings", "done", "zzz"), "There is no finding zzz"),
        (("findings", "list", "--status", "shut"), "--status shut: write one of"),
    ):
        done = run(folder, *arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert said in done.err
        assert done.err.count("\n") == 1


def test_a_workbook_that_was_written_edited_and_brought_back_changes_what_is_decided(
    month: tuple[Path, dict[str, Any]],
) -> None:
    folder, _ = month
    assert run(folder, "report", "-o", "book", "--format", "xlsx").code == 0
    path = folder / "book" / "finops-report.xlsx"
    lines = rows(opened(path.read_bytes()), "Findings")
    one, other = lines[0]["Id"], lines[1]["Id"]
    edited_file(path, {one: {"Status": "agreed", "Owner": "team shop"}}, folder / "edited.xlsx")
    before = run(folder, "sql", "SELECT count(*) AS n FROM decisions", "--format", "json").json
    dry = run(folder, "findings", "import", "edited.xlsx", "--dry-run")
    assert (dry.code, dry.out.splitlines()[1].split("\t")[::2]) == (
        0,
        [one, "status: none → agreed, owner: none → team shop"],
    )
    assert f"1 finding would change; {len(lines) - 1} stay as they are." in dry.err
    assert run(folder, "sql", "SELECT count(*) AS n FROM decisions", "--format", "json").json == before
    done = run(folder, "findings", "import", "edited.xlsx")
    assert (done.code, done.out) == (0, dry.out)
    again = run(folder, "findings", "import", "edited.xlsx")
    assert (again.code, again.out) == (0, "")
    assert f"0 findings changed; {len(lines)} stay as they are." in again.err
    assert run(folder, "report", "-o", "book", "--format", "xlsx,json").code == 0
    line = {each["Id"]: each for each in rows(opened(path.read_bytes()), "Findings")}[one]
    assert (line["Status"], line["Owner"], line["Comment"]) == ("agreed", "team shop", None)
    told = json.loads((folder / "book" / "finops-report.json").read_text())
    assert next(each["decision"]["owner"] for each in told["findings"] if each["id"] == one) == "team shop"
    edited_file(path, {other: {"Status": "perhaps"}}, folder / "wrong.xlsx")
    wrong = run(folder, "findings", "import", "wrong.xlsx")
    assert (wrong.code, wrong.out) == (2, "")
    assert (
        "wrong.xlsx, sheet Findings, row 4: Status 'perhaps' is none of agreed, done, rejected" in wrong.err
    )
