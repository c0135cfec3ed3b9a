"""The sheet Decisions: what a reader is asked to decide, all of it, with sums over the sheet Findings."""

from finops.model import AuditReport
from reports import decisions as deciding
from reports import words
from reports.decisions import Decision
from reports.xlsx.book import Book, Column, Formula
from reports.xlsx.findings import TABLE
from reports.xlsx.formulas import Names, sum_where

SHEET = "Decisions"


def decisions(book: Book, report: AuditReport) -> None:
    """The sheet: one line for each kind, action and currency, the largest saving first."""
    rows = deciding.decisions(report, None)
    about = (
        "What to decide, the largest saving first; together it is the net saving."
        if rows
        else "Nothing asks for a decision."
    )
    sheet = book.sheet(SHEET, about)
    rules = Names(one.rule for one in report.findings)

    def net(one: Decision) -> Formula:
        where = {"Rule": "M{row}", "Action": "N{row}", "Currency": "C{row}"}
        return sum_where(TABLE, "Net saving", where, one.net, plain=rules.plain(one.rule))

    columns: list[Column[Decision]] = [
        Column("What to decide", 50, "What would be done, and to how many.", lambda one: one.what, wrap=True),
        Column("Net saving", 15, "The sum of its lines on the sheet Findings, in 730 hours.", net, "money", bar=True),
        Column("Currency", 9, "What the amounts of this line are in.", lambda one: one.currency),
        Column("Low", 14, "The sum of the low ends of its findings, as if all went ill at once. Empty: not known.",
               lambda one: one.low, "money"),
        Column("High", 14, "The sum of the high ends.", lambda one: one.high, "money"),
        Column("Findings", 10, "How many.", lambda one: len(one.findings), "count"),
        Column("Who decides", 14, "Finance where money is bound for a term, else engineering.", lambda one: one.decides),
        Column("Owner", 22, "Who answers for most of it, by tags. Empty: no tag says so.", lambda one: one.owner),
        Column("Confidence", 11, "Of the least sure of them.", lambda one: one.confidence),
        Column("Risk", 9, "The highest of them.", lambda one: one.risk),
        Column("Effort", 9, "The most of them.", lambda one: one.effort),
        Column("Can it be undone", 32, "Whether the step can be taken back.", lambda one: one.undo),
        Column("Rule", 26, "The rule that found it.", lambda one: one.rule),
        Column("Action", 12, "The action as the JSON calls it.", lambda one: one.action),
        Column("What the action means", 60, "For somebody who has never done it.", lambda one: words.ACTIONS[one.action][1]),
    ]  # fmt: skip
    placed = sheet.table(
        SHEET, columns, rows, lambda one: one.currency, bars=len({one.currency for one in rows}) == 1
    )
    sheet.widths(columns)
    sheet.frozen(placed)
