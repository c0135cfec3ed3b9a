"""The sheets of findings: those that ask for a decision, with what people may write, and those somebody accepted."""

from collections.abc import Callable

from finops.model import AuditReport, Finding
from reports import amounts, decisions, summary, words
from reports.plain import one_line
from reports.xlsx import names
from reports.xlsx.book import Book, Column, Formula, Placed

TABLE, ACCEPTED, SHOWN = "Findings", "Accepted", "Shown"
NO_TEAM = "Not allocated"
_FROZEN = 3  # id, what to do, resource
_PRINTED = 10  # to Kind
_EDIT = (
    "One line for each thing that can be done. Filter it and the sheet Summary follows. Write into the yellow columns; "
    "finops findings import FILE brings them back."
)
_NONE = "Nothing was found that asks for a decision."


def team_of(report: AuditReport) -> Callable[[Finding], str]:
    """Who a finding belongs to: by the tag that spending is allocated by, else by any tag that names an owner."""
    tags = [one.tag for one in report.finance.spend if one.by == "team"] if report.finance else []
    if tags and (tag := tags[0]):
        return lambda finding: one_line(finding.tags.get(tag, "")) or NO_TEAM
    return lambda finding: decisions.owner(finding) or NO_TEAM


def account_of(finding: Finding) -> str:
    """The account with its cloud, which no spreadsheet takes for a number."""
    return words.account(finding.cloud, finding.account)


def findings(book: Book, report: AuditReport) -> Placed:
    """The sheet Findings: everything but what somebody accepted, so that its columns sum up to the totals."""
    rows = summary.pending(report)
    sheet = book.sheet(names.SHEET, _EDIT if rows else _NONE, colour="#0072B2")
    columns = [*_asked(), *_told(), *_where(team_of(report))]
    several = len(report.totals_by_currency) > 1
    if several:
        columns.append(_shown())
    placed = sheet.table(TABLE, columns, rows, lambda one: one.currency, bars=not several)
    sheet.widths(columns)
    sheet.frozen(placed, _FROZEN)
    sheet.printed(placed, _PRINTED)
    status = placed.columns.index(names.STATUS)
    sheet.worksheet.data_validation(
        placed.top + 1,
        status,
        placed.last,
        status,
        {
            "validate": "list",
            "source": list(names.STATUSES),
            "error_title": "Status",
            "error_message": f"Write {', '.join(names.STATUSES)}, or leave it empty.",
        },
    )
    return placed


def accepted(book: Book, report: AuditReport) -> Placed:
    """The sheet Accepted: what an exemption sets aside. It is in no total."""
    rows = summary.accepted(report)
    about = (
        "What somebody accepted as it is, and what it costs; in no total." if rows else "Nothing is accepted."
    )
    sheet = book.sheet(ACCEPTED, about)
    columns: list[Column[Finding]] = [
        _id(),
        *_what(),
        Column(
            "Waste a month", 14,
            "What keeping it costs in 730 hours, beyond what other lines count. Empty: no price is known.",
            lambda one: one.exemption and one.exemption.monthly_waste, "money", bar=True,
        ),
        _currency(),
        Column("Who accepted it", 20, "Whom the exemption names.", lambda one: one.exemption and one.exemption.owner),
        Column("Reason", 44, "Why, in their words.", lambda one: one.exemption and one.exemption.reason, wrap=True),
        Column(
            "Until", 12, "The last day on which this holds.",
            lambda one: amounts.last_day(one.exemption.expires_at) if one.exemption else None,
        ),
        Column("From", 30, "Where the exemption stands.", lambda one: one.exemption and one.exemption.source),
        *_where(team_of(report)),
    ]  # fmt: skip
    placed = sheet.table(
        ACCEPTED, columns, rows, lambda one: one.currency, bars=len({one.currency for one in rows}) < 2
    )
    sheet.widths(columns)
    sheet.frozen(placed, _FROZEN)
    return placed


def _id() -> Column[Finding]:
    return Column(
        names.ID, 19, "Which finding this is; the import goes by it. Leave it as it is.", lambda one: one.id
    )


def _currency() -> Column[Finding]:
    return Column("Currency", 9, "What the amounts of this line are in.", lambda one: one.currency)


def _what() -> list[Column[Finding]]:
    return [
        Column("What to do", 30, "The action. The tool never takes it.", words.action),
        Column("Resource", 26, "What it is about: its name, else its id.", words.name),
    ]


def _asked() -> list[Column[Finding]]:
    """What somebody who decides reads first, and where they write."""
    return [
        _id(),
        *_what(),
        Column(
            "Net saving", 13,
            "What it saves in 730 hours after all that overlaps is taken off: the column sums up to the total. 0 where "
            "another line counts instead; empty where no price is known.",
            lambda one: one.net_monthly_savings, "money", bar=True,
        ),
        _currency(),
        Column(
            names.STATUS, 11, "Yours: agreed, done or rejected. An empty cell changes nothing when it is brought back.",
            lambda one: one.decision and one.decision.decision, edited=True,
        ),
        Column(names.OWNER, 18, "Yours: who takes care of it.", lambda one: one.decision and one.decision.owner, edited=True),
        Column(
            names.COMMENT, 34, "Yours: why, in words.", lambda one: one.decision and one.decision.comment, edited=True,
        ),
        Column(
            names.DECIDED, 20, "When what stands to the left was recorded. Leave it as it is: by it the import sees what "
            "you changed, and what others decided meanwhile.",
            lambda one: names.decided(one.decision.decided_at if one.decision else None),
        ),
    ]  # fmt: skip


def _told() -> list[Column[Finding]]:
    """Why, how much and how sure."""
    return [
        Column("Kind", 34, "What was found, in plain words.", lambda one: words.kind(one.rule)),
        Column("Why", 60, "What was seen and the limit it was judged by.", lambda one: one.reason),
        Column("Low", 12, "The low end of what it will save: four of five times it ends between low and high.", lambda one: one.savings_low, "money"),
        Column("High", 12, "The high end of what it will save.", lambda one: one.savings_high, "money"),
        Column(
            "Gross saving", 13, "What it would save alone. Lines about the same thing overlap, so this sums up to too much.",
            lambda one: one.monthly_savings, "money",
        ),
        Column("Cost now", 13, "What the resource costs in 730 hours.", lambda one: one.monthly_cost, "money"),
        Column("Price", 9, "billed: from the bill. list: at list prices. none: no price is known.", lambda one: one.price_basis),
        Column(
            "Instead of it", 14, "The line that counts instead of this one, as both cannot be done. Empty: this one counts.",
            lambda one: one.superseded_by,
        ),
        Column("Confidence", 11, "How sure it is.", lambda one: one.confidence),
        Column("Effort", 9, "How much work it is.", lambda one: one.effort),
        Column("Risk", 9, "What can go wrong.", lambda one: one.risk),
        Column("Can it be undone", 30, "Whether the step can be taken back.", lambda one: words.UNDO[one.action]),
        Column("State", 10, "new: found for the first time. open: found before. reopened: it was gone and is back.", lambda one: one.status),
        Column("First seen", 12, "When it was found first.", lambda one: one.first_seen, "date"),
        Column(
            "CO2e saved kg", 13, "Kilograms that the line adds to what is saved in 730 hours; an estimate. Empty: not known.",
            summary.carbon_counted, "number",
        ),
        Column("Not known", 34, "What of this line is not known, and why.", _unknown),
        Column("Why so sure", 40, "What the confidence is from.", lambda one: "; ".join(one.confidence_reasons)),
    ]  # fmt: skip


def _where(team: Callable[[Finding], str]) -> list[Column[Finding]]:
    return [
        Column("Team", 18, f"Who pays or owns it, by its tags; {NO_TEAM} where none says so.", team),
        Column("Cloud", 9, "aws, alibaba or gcp.", lambda one: one.cloud),
        Column("Account", 24, "The account with its cloud.", account_of),
        Column("Account id", 20, "The account as the cloud names it, as text.", lambda one: one.account),
        Column("Region", 15, "Where it is.", lambda one: one.region),
        Column("Resource type", 15, "What it is.", lambda one: words.resource(one.resource_type)),
        Column("Resource id", 26, "Its id in the cloud, as text.", lambda one: one.resource_id),
        Column("Rule", 24, "The rule that found it; finops rules show RULE tells all about it.", lambda one: one.rule),
        Column("Action", 12, "The action as the JSON calls it.", lambda one: one.action),
    ]  # fmt: skip


def _shown() -> Column[Finding]:
    """1 where a filter shows the line: the totals of each currency go by it. AGGREGATE, and not SUBTOTAL: a filter
    takes a last line with that for a total and never hides it."""
    return Column(
        SHOWN, 8, "1 where the filter shows the line, else 0: totals per currency go by it.",
        lambda _: Formula("_xlfn.AGGREGATE(3,5,A{row})", 1.0), "count",
    )  # fmt: skip


def _unknown(finding: Finding) -> str:
    told = []
    if finding.net_monthly_savings is None:
        told.append(
            "saving: no price or bill is loaded" if finding.price_basis == "none" else "saving: not known"
        )
    if summary.carbon_counted(finding) is None:
        told.append(f"CO2e: {finding.co2e.reason or 'not estimated'}")
    return "; ".join(told)
