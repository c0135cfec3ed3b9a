"""The sheets of findings: those that ask for a decision, with what people may write, and those somebody accepted."""

from collections.abc import Callable

from finops.model import AuditReport, Finding
from reports import amounts, decisions, summary, words
from reports.html import facets
from reports.language import Worded, joint, mark, markc, t
from reports.xlsx import names
from reports.xlsx.book import HIGH, LOW, Book, Column, Formula, Placed
from reports.xlsx.formulas import SHOWN

TABLE, ACCEPTED = "Findings", mark("Accepted")
NO_TEAM = mark("Not allocated")
LEVELS = Worded({"low": mark("low"), "medium": mark("medium"), "high": mark("high")})
_PRICES = Worded({"billed": mark("billed"), "list": mark("list"), "none": markc("price basis", "none")})
_STATES = Worded({"new": mark("new"), "open": mark("open"), "reopened": mark("reopened")})
_FROZEN = 3  # id, what to do, resource
_PRINTED = 11  # to Kind


def team_of(report: AuditReport) -> Callable[[Finding], str]:
    """Who a finding belongs to: by the tag that spending is allocated by, else by any tag that names an owner."""
    tags = [one.tag for one in report.finance.spend if one.by == "team"] if report.finance else []
    if tags and (tag := tags[0]):
        return lambda finding: facets.tagged(finding, tag) or t(NO_TEAM)
    return lambda finding: decisions.owner(finding) or t(NO_TEAM)


def account_of(finding: Finding) -> str:
    """The account with its cloud, which no spreadsheet takes for a number."""
    return words.account(finding.cloud, finding.account)


def findings(book: Book, report: AuditReport) -> Placed:
    """The sheet Findings: everything but what somebody accepted, so that its columns sum up to the totals."""
    rows = summary.pending(report)
    about = _about() if rows else t("Nothing was found that asks for a decision.")
    sheet = book.sheet(names.SHEET, about, colour="#0072B2")
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
            "source": [names.STATUS_WORDS[one] for one in names.STATUSES],
            "error_title": t(names.STATUS),
            "error_message": t(
                "Write {agreed}, {done}, {rejected}, or leave it empty.", **names.STATUS_WORDS
            ),
        },
    )
    return placed


def _about() -> str:
    return t(
        "One line for each thing that can be done. Filter it and the sheet {summary} follows. Write into the yellow "
        "columns; finops findings import FILE brings them back.",
        summary=t("Summary"),
    )


def accepted(book: Book, report: AuditReport) -> Placed:
    """The sheet Accepted: what an exemption sets aside. It is in no total."""
    rows = summary.accepted(report)
    about = (
        t("What somebody accepted as it is, and what it costs; in no total.")
        if rows
        else t("Nothing is accepted.")
    )
    sheet = book.sheet(ACCEPTED, about)
    columns: list[Column[Finding]] = [
        _id(),
        *_what(),
        Column(
            mark("Waste a month"), 14,
            t("What keeping it costs in 730 hours, beyond what other lines count. Empty: no price is known."),
            lambda one: one.exemption and one.exemption.monthly_waste, "money", bar=True,
        ),
        _currency(),
        Column(mark("Who accepted it"), 20, t("Whom the exemption names."), lambda one: one.exemption and one.exemption.owner),
        Column(mark("Reason"), 44, t("Why, in their words."), lambda one: one.exemption and one.exemption.reason, wrap=True),
        Column(
            mark("Until"), 12, t("The last day on which this holds."),
            lambda one: amounts.last_day(one.exemption.expires_at) if one.exemption else None,
        ),
        Column(mark("From"), 30, t("Where the exemption stands."), lambda one: one.exemption and one.exemption.source),
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
        names.ID,
        19,
        t("Which finding this is; the import goes by it. Leave it as it is."),
        lambda one: one.id,
    )


def _currency() -> Column[Finding]:
    return Column(mark("Currency"), 9, t("What the amounts of this line are in."), lambda one: one.currency)


def _what() -> list[Column[Finding]]:
    return [
        Column(mark("What to do"), 30, t("The action. The tool never takes it."), words.action),
        Column(mark("Resource"), 26, t("What it is about: its name, else its id."), words.name),
    ]


def _asked() -> list[Column[Finding]]:
    """What somebody who decides reads first, and where they write."""
    return [
        _id(),
        *_what(),
        Column(
            mark("Net saving"), 13,
            t("What it saves in 730 hours after all that overlaps is taken off: the column sums up to the total. 0 where "
              "another line counts instead; empty where no price is known."),
            lambda one: one.net_monthly_savings, "money", bar=True,
        ),
        _currency(),
        Column(
            names.STATUS, 11,
            t("Yours: {agreed}, {done} or {rejected}. An empty cell changes nothing when it is brought back.", **names.STATUS_WORDS),
            _status, edited=True,
        ),
        Column(names.OWNER, 18, t("Yours: who takes care of it."), lambda one: one.decision and one.decision.owner, edited=True),
        Column(
            names.DUE, 12, t("Yours: the day by which it is to be done, as a date."), lambda one: one.decision and one.decision.due,
            "date", edited=True,
        ),
        Column(
            names.COMMENT, 34, t("Yours: why, in words."), lambda one: one.decision and one.decision.comment, edited=True,
        ),
        Column(
            names.DECIDED, 20,
            t("When what stands to the left was recorded. Leave it as it is: by it the import sees what you changed, and what "
              "others decided meanwhile."),
            lambda one: names.decided(one.decision.decided_at if one.decision else None),
        ),
    ]  # fmt: skip


def _told() -> list[Column[Finding]]:
    """Why, how much and how sure."""
    return [
        Column(mark("Kind"), 34, t("What was found, in plain words."), lambda one: words.kind(one.rule)),
        Column(mark("Why"), 60, t("What was seen and the limit it was judged by."), lambda one: one.reason),
        Column(LOW, 12, t("The low end of what it will save: four of five times it ends between low and high."),
               lambda one: one.savings_low, "money"),
        Column(HIGH, 12, t("The high end of what it will save."), lambda one: one.savings_high, "money"),
        Column(
            mark("Gross saving"), 13, t("What it would save alone. Lines about the same thing overlap, so this sums up to too much."),
            lambda one: one.monthly_savings, "money",
        ),
        Column(mark("Cost now"), 13, t("What the resource costs in 730 hours."), lambda one: one.monthly_cost, "money"),
        Column(
            markc("price basis", "Price"), 9, t("{billed}: from the bill. {list}: at list prices. {none}: no price is known.", **_PRICES),
            lambda one: _PRICES[one.price_basis],
        ),
        Column(
            mark("Instead of it"), 14, t("The line that counts instead of this one, as both cannot be done. Empty: this one counts."),
            lambda one: one.superseded_by,
        ),
        Column(mark("Confidence"), 11, t("How sure it is."), lambda one: LEVELS[one.confidence]),
        Column(mark("Effort"), 9, t("How much work it is."), lambda one: LEVELS[one.effort]),
        Column(mark("Risk"), 9, t("What can go wrong."), lambda one: LEVELS[one.risk]),
        Column(mark("Can it be undone"), 30, t("Whether the step can be taken back."), lambda one: words.UNDO[one.action]),
        Column(
            mark("State"), 10,
            t("{new}: found for the first time. {open}: found before. {reopened}: it was gone and is back.", **_STATES),
            lambda one: _STATES[one.status],
        ),
        Column(mark("First seen"), 12, t("When it was found first."), lambda one: one.first_seen, "date"),
        Column(
            mark("CO2e saved kg"), 13, t("Kilograms that the line adds to what is saved in 730 hours; an estimate. Empty: not known."),
            summary.carbon_counted, "number",
        ),
        Column(mark("Not known"), 34, t("What of this line is not known, and why."), _unknown),
        Column(mark("Why so sure"), 40, t("What the confidence is from."), lambda one: "; ".join(one.confidence_reasons)),
    ]  # fmt: skip


def _where(team: Callable[[Finding], str]) -> list[Column[Finding]]:
    return [
        Column(
            mark("Team"), 18, t("Who pays or owns it, by its tags; {nobody} where none says so.", nobody=t(NO_TEAM)), team,
        ),
        Column(mark("Cloud"), 9, t("aws, alibaba or gcp."), lambda one: one.cloud),
        Column(mark("Account"), 24, t("The account with its cloud."), account_of),
        Column(mark("Account id"), 20, t("The account as the cloud names it, as text."), lambda one: one.account),
        Column(mark("Region"), 15, t("Where it is."), lambda one: one.region),
        Column(mark("Resource type"), 15, t("What it is."), lambda one: words.resource(one.resource_type)),
        Column(mark("Resource id"), 26, t("Its id in the cloud, as text."), lambda one: one.resource_id),
        Column(mark("Rule"), 24, t("The rule that found it; finops rules show RULE tells all about it."), lambda one: one.rule),
        Column(mark("Action"), 12, t("The action as the JSON calls it."), lambda one: one.action),
    ]  # fmt: skip


def _shown() -> Column[Finding]:
    """1 where a filter shows the line: the totals of each currency go by it. AGGREGATE, and not SUBTOTAL: a filter
    takes a last line with that for a total and never hides it."""
    return Column(
        SHOWN, 8, t("1 where the filter shows the line, else 0: totals per currency go by it."),
        lambda _: Formula("_xlfn.AGGREGATE(3,5,A{row})", 1.0), "count",
    )  # fmt: skip


def _unknown(finding: Finding) -> str:
    told = []
    if finding.net_monthly_savings is None:
        unpriced = finding.price_basis == "none"
        told.append(t("saving: no price or bill is loaded") if unpriced else t("saving: not known"))
    if summary.carbon_counted(finding) is None:
        reason = finding.co2e.reason
        told.append(t("CO2e: {reason}", reason=reason) if reason else t("CO2e: not estimated"))
    return joint("; ").join(told)


def _status(finding: Finding) -> str | None:
    """What was decided; nothing where only an owner, a due date or a comment was noted."""
    said = finding.decision
    return names.STATUS_WORDS.get(said.decision) if said else None
