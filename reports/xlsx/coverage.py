"""The sheets of what was looked at, and of what could not be judged."""

from finops.model import AuditReport, Coverage, NotEvaluated
from reports import amounts, words
from reports.language import flowing, mark, markc, t
from reports.xlsx.book import Book, Column

SHEET, UNJUDGED = mark("Coverage"), mark("Not evaluated")
MOST = 100_000  # lines of what could not be judged; the JSON has them all


def coverage(book: Book, report: AuditReport) -> None:
    """The sheet Coverage: what became of each scope when it was collected last."""
    about = (
        t("What was read of each account and region; what is not “complete” may hide more.")
        if report.coverage
        else t("Nothing was collected from a cloud.")
    )
    sheet = book.sheet(SHEET, about)
    columns: list[Column[Coverage]] = [
        Column(mark("Cloud"), 10, t("aws, alibaba or gcp."), lambda one: one.cloud),
        Column(mark("Account"), 24, t("The account as the cloud names it."), lambda one: one.account),
        Column(mark("Region"), 16, t("Where."), lambda one: one.region),
        Column(mark("Dataset"), 18, t("What was read."), lambda one: one.dataset),
        Column(
            markc("of a reading", "Status"), 11, t("complete, partial, denied, throttled, failed, or skipped where it does not exist."),
            lambda one: one.status,
        ),
        Column(mark("Which means"), 40, t("The status in words."), lambda one: words.STATUSES[one.status]),
        Column(mark("Error"), 60, t("What the cloud answered."), lambda one: one.error, wrap=True),
        Column(mark("Rows"), 10, t("Rows that were stored."), lambda one: one.rows, "count"),
        Column(mark("Calls"), 10, t("Calls that it took."), lambda one: one.calls, "count"),
        Column(mark("Collected"), 17, t("When, UTC. Empty: never."), lambda one: one.collected_at, "instant"),
    ]  # fmt: skip
    placed = sheet.table("Coverage", columns, report.coverage)
    sheet.widths(columns)
    sheet.frozen(placed)


def not_evaluated(book: Book, report: AuditReport) -> None:
    """The sheet Not evaluated: what no rule could judge, and why."""
    lines = report.not_evaluated
    sheet = book.sheet(UNJUDGED, _about(len(lines)) if lines else t("Every check had an answer."))
    columns: list[Column[NotEvaluated]] = [
        Column(mark("Rule"), 28, t("The rule that could not judge."), lambda one: one.rule),
        Column(mark("Cloud"), 10, t("aws, alibaba or gcp."), lambda one: one.cloud),
        Column(mark("Account"), 24, t("The account as the cloud names it."), lambda one: one.account),
        Column(mark("Region"), 16, t("Where. Empty: everywhere."), lambda one: one.region),
        Column(mark("Resource"), 32, t("What it is about. Empty: the whole account or region."), lambda one: one.resource_id),
        Column(mark("Why"), 90, t("What was missing."), lambda one: one.reason, wrap=True),
    ]  # fmt: skip
    placed = sheet.table("NotEvaluated", columns, lines[:MOST])
    sheet.widths(columns)
    sheet.frozen(placed)


def _about(lines: int) -> str:
    about = t(
        "What could not be judged, and why: nothing is said of it, neither that it is idle nor that it is not."
    )
    if lines <= MOST:
        return about
    first = t(
        "The first {shown} of {all}; the JSON has them all.",
        shown=amounts.number(MOST),
        all=amounts.number(lines),
    )
    return flowing([about, first])
