"""Audits are kept and come back as they were."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from finops.errors import UsageError
from finops.model import AuditReport
from finops.pipeline.record import last_audit, record
from finops.warehouse import reading, writing
from reports.html.netting import can_be_netted_anew
from tests.reports import sample
from tests.reports.crowd import as_report, crowd

AT = datetime(2026, 11, 1)


def keep(path: Path, report: AuditReport, at: datetime = AT) -> None:
    with writing(path, "audit", at=at, run_id=report.run_id) as writer:
        record(writer, report)


def test_a_report_comes_back_as_it_was(tmp_path: Path) -> None:
    for name in ("three_clouds", "hostile", "empty", "two_currencies", "partial"):
        path = tmp_path / f"{name}.duckdb"
        report: AuditReport = getattr(sample, name)()
        keep(path, report)
        with reading(path) as con:
            assert last_audit(con) == report


def test_what_findings_share_comes_back_to_the_last_digit(tmp_path: Path) -> None:
    report = as_report(crowd(3))
    keep(tmp_path / "w.duckdb", report)
    with reading(tmp_path / "w.duckdb") as con:
        assert last_audit(con) == report


def test_an_audit_of_a_version_that_did_not_tell_what_findings_share_is_read(tmp_path: Path) -> None:
    path, report = tmp_path / "w.duckdb", as_report(crowd(3))
    keep(path, report)
    with writing(path, "sql", at=AT) as writer:
        writer.con.execute("UPDATE findings SET overlap = NULL")
        writer.con.execute(
            "UPDATE runs SET result = regexp_replace(result, '\"unnamed\": [^}]*', '\"note\": null', 'g')"
        )
    with reading(path) as con:
        found = last_audit(con, report.run_id)
    assert [one.overlap for one in found.findings] == [None] * len(report.findings)
    assert [one.unnamed for one in found.costs] == [None] * len(report.costs)
    assert not can_be_netted_anew(found)


def test_without_an_audit_there_is_a_sentence(tmp_path: Path) -> None:
    with writing(tmp_path / "w.duckdb", "ingest", at=AT):
        pass
    with reading(tmp_path / "w.duckdb") as con, pytest.raises(UsageError, match="run finops audit first"):
        last_audit(con)


def test_amounts_are_stored_as_decimals_to_the_cent(tmp_path: Path) -> None:
    path, report = tmp_path / "w.duckdb", sample.three_clouds()
    keep(path, report)
    with reading(path) as con:
        total = con.execute("SELECT sum(net_monthly_savings) FROM findings").fetchone()
    assert total
    assert total[0] == sum((f.net_monthly_savings or Decimal(0) for f in report.findings), Decimal(0))
