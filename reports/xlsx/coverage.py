"""The sheets of what was looked at, and of what could not be judged."""

from finops.model import AuditReport, Coverage, NotEvaluated
from reports import words
from reports.xlsx.book import Book, Column

MOST = 100_000  # lines of what could not be judged; the JSON has them all


def coverage(book: Book, report: AuditReport) -> None:
    """The sheet Coverage: what became of each scope when it was collected last."""
    about = "What was read of each account and region; what is not “complete” may hide more." if report.coverage else (
        "Nothing was collected from a cloud."
    )  # fmt: skip
    sheet = book.sheet("Coverage", about)
    columns: list[Column[Coverage]] = [
        Column("Cloud", 10, "aws, alibaba or gcp.", lambda one: one.cloud),
        Column("Account", 24, "The account as the cloud names it.", lambda one: one.account),
        Column("Region", 16, "Where.", lambda one: one.region),
        Column("Dataset", 18, "What was read.", lambda one: one.dataset),
        Column("Status", 11, "complete, partial, denied, throttled, failed, or skipped where it does not exist.", lambda one: one.status),
        Column("Which means", 40, "The status in words.", lambda one: words.STATUSES[one.status]),
        Column("Error", 60, "What the cloud answered.", lambda one: one.error, wrap=True),
        Column("Rows", 10, "Rows that were stored.", lambda one: one.rows, "count"),
        Column("Calls", 10, "Calls that it took.", lambda one: one.calls, "count"),
        Column("Collected", 17, "When, UTC. Empty: never.", lambda one: one.collected_at, "instant"),
    ]  # fmt: skip
    placed = sheet.table("Coverage", columns, report.coverage)
    sheet.widths(columns)
    sheet.frozen(placed)


def not_evaluated(book: Book, report: AuditReport) -> None:
    """The sheet Not evaluated: what no rule could judge, and why."""
    lines = report.not_evaluated
    about = "What could not be judged, and why: nothing is said of it, neither that it is idle nor that it is not."
    if len(lines) > MOST:
        about += f" The first {MOST:,} of {len(lines):,}; the JSON has them all."
    sheet = book.sheet("Not evaluated", about if lines else "Every check had an answer.")
    columns: list[Column[NotEvaluated]] = [
        Column("Rule", 28, "The rule that could not judge.", lambda one: one.rule),
        Column("Cloud", 10, "aws, alibaba or gcp.", lambda one: one.cloud),
        Column("Account", 24, "The account as the cloud names it.", lambda one: one.account),
        Column("Region", 16, "Where. Empty: everywhere.", lambda one: one.region),
        Column("Resource", 32, "What it is about. Empty: the whole account or region.", lambda one: one.resource_id),
        Column("Why", 90, "What was missing.", lambda one: one.reason, wrap=True),
    ]  # fmt: skip
    placed = sheet.table("NotEvaluated", columns, lines[:MOST])
    sheet.widths(columns)
    sheet.frozen(placed)
