"""Exemptions by the real command: a file beside the configuration and a tag, shown everywhere, back when they end."""

import shutil
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops.warehouse import writing
from tests.end_to_end.command import Done, finops

pytestmark = pytest.mark.slow
MUTES = """
[[mute]]
rule = "idle-instance"
account = "{account}"
owner = "Sales"
reason = "the old CRM is needed for the audit"
expires = 2026-12-31

[[mute]]
rule = "all"
region = "nowhere"
owner = "Nobody"
reason = "long ago"
expires = 2026-10-31
"""


def audited(folder: Path, *more: str) -> dict[str, Any]:
    done = finops("audit", "--db", "w.duckdb", "-f", "json", "--cloud", "aws", *more, cwd=folder)
    assert done.code == 3, done.err
    return done.json  # type: ignore[no-any-return]


def net(audit: dict[str, Any]) -> Decimal:
    return Decimal(str(audit["totals"]["net_monthly_savings"]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exempt")
    assert finops("demo", "-o", "out", cwd=folder).code == 0
    shutil.copy(folder / "out" / "demo.duckdb", folder / "w.duckdb")
    return folder


def status(folder: Path) -> Done:
    return finops("status", "--db", "w.duckdb", "-f", "json", cwd=folder)


def test_what_is_exempt_is_priced_shown_and_in_no_saving_and_comes_back_when_it_ends(folder: Path) -> None:
    plain = audited(folder)
    idle = next(
        f
        for f in plain["findings"]
        if (f["resource_name"] or "").startswith("legacy-crm") and f["rule"] == "idle-instance"
    )
    disk = next(f for f in plain["findings"] if f["rule"] == "unattached-volume")
    with writing(folder / "w.duckdb", "test", at=datetime(2026, 11, 1)) as writer:
        place = [disk["cloud"], disk["account"], disk["resource_id"], disk["region"]]
        writer.con.execute(
            "INSERT INTO tags BY NAME SELECT ? AS cloud, ? AS account_id, ? AS resource_id, ? AS region, "
            "'volume' AS resource_type, 'finops-ignore' AS key, 'unattached-volume__until-2026-12-31' AS value", place
        )  # fmt: skip
    (folder / "finops.mutes.toml").write_text(MUTES.format(account=idle["account"]))

    exempt = audited(folder)
    by_id = {f["id"]: f for f in exempt["findings"]}
    kept = by_id[idle["id"]]
    assert (kept["status"], kept["net_monthly_savings"], kept["monthly_savings"]) == (
        "exempt",
        0,
        idle["monthly_savings"],
    )
    assert kept["exemption"]["owner"] == "Sales"
    assert by_id[disk["id"]]["exemption"]["source"] == "tag finops-ignore"
    accepted = [f for f in exempt["findings"] if f["status"] == "exempt"]
    totals = exempt["totals"]
    assert totals["exempt_findings"] == len(accepted)
    assert totals["findings"] == len(exempt["findings"]) - len(accepted)
    waste = sum(Decimal(str(f["exemption"]["monthly_waste"])) for f in accepted)
    assert waste == Decimal(str(totals["accepted_monthly_waste"])) > 0
    assert (
        sum(Decimal(str(f["net_monthly_savings"] or 0)) for f in exempt["findings"])
        == net(exempt)
        < net(plain)
    )
    assert not {f["superseded_by"] for f in exempt["findings"]} & {f["id"] for f in accepted}
    assert [(line["state"], line["findings"] > 0) for line in exempt["exemptions"]] == [
        ("in_force", True), ("expired", False), ("in_force", True),
    ]  # fmt: skip

    told = finops("explain", idle["id"], "--db", "w.duckdb", cwd=folder).out
    assert "the old CRM is needed for the audit" in told
    assert [(line["state"], line["owner"]) for line in status(folder).json["exemptions"]] == [
        ("expired", "Nobody"), ("in_force", "Sales"), ("in_force", "tag on the resource"),
    ]  # fmt: skip
    assert finops("report", "-o", "all", "-f", "html,csv,markdown", "--db", "w.duckdb", cwd=folder).code == 0
    for name in ("finops-report.html", "finops-findings.csv"):
        assert "the old CRM is needed for the audit" in (folder / "all" / name).read_text(
            encoding="utf-8-sig"
        )
    assert "Accepted as it is" in (folder / "all" / "finops-report.md").read_text(encoding="utf-8")

    (folder / "finops.mutes.toml").write_text(
        MUTES.format(account=idle["account"]).replace("2026-12-31", "2026-10-30")
    )
    back = {f["id"]: f for f in audited(folder, "--as-of", "2026-11-01T01:00:00")["findings"]}[idle["id"]]
    assert back["status"] == "reopened"
    assert back["net_monthly_savings"] > 0
    assert "it ended on 2026-10-30" in back["confidence_reasons"][-1]


def test_a_mistake_in_the_file_is_one_sentence_before_anything_is_judged(folder: Path) -> None:
    (folder / "wrong").mkdir()
    (folder / "wrong" / "finops.toml").write_text("")
    (folder / "wrong" / "finops.mutes.toml").write_text('[[mute]]\nrule = "idle-instance"\n')
    done = finops("audit", "--db", "w.duckdb", "--config", "wrong/finops.toml", cwd=folder)
    assert (done.code, done.out) == (2, "")
    assert "wrong/finops.mutes.toml, entry 1 (line 1): it has no owner" in done.sentence
