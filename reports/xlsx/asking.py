"""The sheet Decisions: what a reader is asked to decide, all of it, with sums over the sheet Findings."""

from finops.model import AuditReport
from reports import decisions as deciding
from reports import words
from reports.decisions import Decision
from reports.language import mark, t
from reports.xlsx import names
from reports.xlsx.book import HIGH, LOW, Book, Column, Formula
from reports.xlsx.findings import LEVELS, TABLE
from reports.xlsx.formulas import Names, sum_where

SHEET, _TABLE = mark("Decisions"), "Decisions"


def decisions(book: Book, report: AuditReport) -> None:
    """The sheet: one line for each kind, action and currency, the largest saving first."""
    rows = deciding.decisions(report, None)
    about = (
        t("What to decide, the largest saving first; together it is the net saving.")
        if rows
        else t("Nothing asks for a decision.")
    )
    sheet = book.sheet(SHEET, about)
    rules = Names(one.rule for one in report.findings)

    def net(one: Decision) -> Formula:
        where = {"Rule": "M{row}", "Action": "N{row}", "Currency": "C{row}"}
        return sum_where(TABLE, "Net saving", where, one.net, plain=rules.plain(one.rule))

    columns: list[Column[Decision]] = [
        Column(mark("What to decide"), 50, t("What would be done, and to how many."), lambda one: one.what, wrap=True),
        Column(mark("Net saving"), 15, t("The sum of its lines on the sheet {sheet}, in 730 hours.", sheet=t(names.SHEET)), net, "money", bar=True),
        Column(mark("Currency"), 9, t("What the amounts of this line are in."), lambda one: one.currency),
        Column(LOW, 14, t("The sum of the low ends of its findings, as if all went ill at once. Empty: not known."),
               lambda one: one.low, "money"),
        Column(HIGH, 14, t("The sum of the high ends."), lambda one: one.high, "money"),
        Column(mark("Findings"), 10, t("How many."), lambda one: len(one.findings), "count"),
        Column(mark("Who decides"), 14, t("Finance where money is bound for a term, else engineering."), lambda one: one.decides),
        Column(mark("Owner"), 22, t("Who answers for most of it, by tags. Empty: no tag says so."), lambda one: one.owner),
        Column(mark("Confidence"), 11, t("Of the least sure of them."), lambda one: LEVELS[one.confidence]),
        Column(mark("Risk"), 9, t("The highest of them."), lambda one: LEVELS[one.risk]),
        Column(mark("Effort"), 9, t("The most of them."), lambda one: LEVELS[one.effort]),
        Column(mark("Can it be undone"), 32, t("Whether the step can be taken back."), lambda one: one.undo),
        Column(mark("Rule"), 26, t("The rule that found it."), lambda one: one.rule),
        Column(mark("Action"), 12, t("The action as the JSON calls it."), lambda one: one.action),
        Column(mark("What the action means"), 60, t("For somebody who has never done it."),
               lambda one: words.MEANINGS[one.action]),
    ]  # fmt: skip
    placed = sheet.table(
        _TABLE, columns, rows, lambda one: one.currency, bars=len({one.currency for one in rows}) == 1
    )
    sheet.widths(columns)
    sheet.frozen(placed)
