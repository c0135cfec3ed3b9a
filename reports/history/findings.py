"""What `finops findings list` tells, as a page and as records."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from finops.instants import iso
from reports import amounts, words
from reports.history.diff import RESOLUTIONS
from reports.history.page import Grid, Page
from reports.language import tn

COLUMNS = (
    "id", "status", "resolution", "decision", "owner", "due", "comment", "rule", "cloud", "account", "region",
    "resource_id", "resource_name", "action", "net_monthly_savings", "currency", "first_seen", "last_seen",
    "resolved_at",
)  # fmt: skip


def rows(records: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """One record per finding, instants as they are written everywhere."""
    return [[_plain(record[name]) for name in COLUMNS] for record in records]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, date) else value


def page(records: Sequence[Mapping[str, Any]]) -> Page:
    """What a person reads."""
    heads = ["Id", "State", "Decided", "Net saving", "What to do", "Resource", "Where"]
    rows = [
        [
            record["id"],
            _state(record),
            _decided(record),
            amounts.money(record["net_monthly_savings"], record["currency"]),
            f"{record['action']}, {words.kind(record['rule']).lower()}"
            if record["rule"]
            else amounts.UNKNOWN,
            record["resource_name"] or record["resource_id"] or amounts.UNKNOWN,
            " ".join(record[name] or "" for name in ("cloud", "account", "region")),
        ]
        for record in records
    ]
    return Page(
        title=tn("{n} finding", "{n} findings", len(records)),
        subtitle="Net savings in 730 hours, as of the last time each was open.",
        grids=[Grid("", heads, rows, frozenset(("Net saving",)))] if rows else [],
    )


def _decided(record: Mapping[str, Any]) -> str:
    """Such as agreed (team shop, due 2026-12-01)."""
    beside = ", ".join(filter(None, (record["owner"], record["due"] and f"due {record['due'].isoformat()}")))
    return " ".join(filter(None, (record["decision"], beside and f"({beside})")))


def _state(record: Mapping[str, Any]) -> str:
    if record["status"] != "resolved":
        return str(record["status"])
    return f"resolved, {RESOLUTIONS.get(record['resolution'], record['resolution'])}"
