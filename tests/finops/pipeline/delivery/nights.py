"""Nights to tell of, made by hand."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from finops.config import Settings
from finops.model import AuditReport, ExemptionLine
from finops.night_model import Anomaly, BudgetLine, DataTest, Night, Restatement
from finops.pipeline.delivery.facts import Before, Facts
from finops.pipeline.nightly.context import Context
from finops.pipeline.nightly.journal import Entry, Journal
from tests.reports import build

AT = datetime(2026, 11, 20, 2, 30)
DONE = tuple(Entry(step, None, "done", AT, AT) for step in ("open", "test", "audit", "report"))


def report(*findings: Any, **night: Any) -> AuditReport:
    told = Night(run_id="0a1b2c3d", command="nightly", started_at=AT, **night)
    return build.report(findings).model_copy(update={"night": told})


def facts(found: AuditReport | None, *steps: Entry, before: Before | None = None) -> Facts:
    return Facts(AT, found, (*DONE, *steps), before)


def failed(step: str, part: str | None = None, message: str = "denied", status: str = "failed") -> Entry:
    return Entry(step, part, status, AT, AT, message=message)


def anomaly(number: int = 1, **over: Any) -> Anomaly:
    fields = dict.fromkeys(Anomaly.model_fields)
    fields |= {
        "id": f"a{number}", "level": "service", "cloud": "aws", "service": "AmazonEC2", "currency": "USD",
        "kind": "spike", "first_day": date(2026, 11, 18), "last_day": date(2026, 11, 18), "expected": 100.0,
        "actual": 300.0, "low": 80.0, "high": 120.0, "state": "open", "message": "AmazonEC2 cost 300 USD, expected 100.",
    }  # fmt: skip
    return Anomaly.model_validate(fields | over)


def restatement(after: str = "1412.00") -> Restatement:
    return Restatement(
        provider="aws", billing_account="123456789012", month=date(2026, 10, 1), currency="USD",
        before=Decimal("1000.00"), after=Decimal(after), days=3, message=f"October changed to {after} USD.",
    )  # fmt: skip


def budget(state: str) -> BudgetLine:
    return BudgetLine(
        name="shop", currency="USD", month=date(2026, 11, 1), budget=Decimal(1000), spent=Decimal(900), forecast=None,
        low=None, high=None, variance=None, state=state, message=f"Budget shop is {state}.",
    )  # fmt: skip


def data_test(severity: str = "error", status: str = "failed") -> DataTest:
    return DataTest(
        test="bill-fresh", subject="aws", stage="bill", severity=severity, status=status,
        message="The newest day is 4 days old; the limit is 2.", since=None,
    )  # fmt: skip


def mute(days: int) -> ExemptionLine:
    return ExemptionLine(
        rule="idle-instance", selector="i-1", owner="kim", reason="test", expires_at=AT + timedelta(days=days),
        source="finops.mutes.toml 1", state="in_force", note=None, findings=1,
    )  # fmt: skip


def context(folder: Path, found: AuditReport | None, *targets: dict[str, Any], **over: Any) -> Context:
    """A night at the point where it tells people, all but telling done."""
    settings = Settings.model_validate(
        {"nightly": {"folder": folder / "shelf", "formats": ["json", "csv"]}, "deliver": targets}
    )
    said: list[str] = []
    night = Context("0a1b2c3d", "nightly", folder / "w.duckdb", settings, AT, AT, lambda: AT, said.append)
    journal = Journal(night.db, night.run_id, night.command, AT, AT)
    for entry in DONE:
        journal.end(entry)
    night.report = found
    return replace(night, **over)
