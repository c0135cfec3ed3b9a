"""Audits are kept and come back as they were."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from finops.errors import UsageError
from finops.model import AuditReport
from finops.pipeline.record import last_audit, record
from finops.warehouse import reading, writing
from tests.reports import sample

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
