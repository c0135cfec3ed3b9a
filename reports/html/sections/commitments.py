"""What commitments did, and when they end."""

from finops.finance_model import CommitmentUse
from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import MOST, Table, beyond
from reports.language import Worded, mark, t, tc
from reports.plain import one_line

_KINDS = Worded(
    {
        "savings_plan": mark("savings plan"),
        "reserved": mark("reserved"),
        "committed_use": mark("committed use"),
        "resource_package": mark("resource package"),
    }
)


def columns() -> tuple[str, ...]:
    """The header of the lines that `row` makes."""
    return (
        t("Cloud and month"), t("Covered, at list prices"), t("On demand"), tc("of commitments", "Coverage"), t("Used"),
        t("Unused"), t("Utilisation"), t("Paid in all"), t("The same on demand"), t("Effective savings rate"),
    )  # fmt: skip


def use_table(report: AuditReport) -> Table | None:
    """What commitments did by cloud, month and currency, for where nothing of it can be drawn."""
    uses = report.finance.commitments if report.finance else []
    if not uses:
        return None
    header = columns()
    numeric = frozenset(range(1, len(header)))
    return Table(t("What was paid, and what commitments did"), header, [*map(row, uses)], [], numeric)


def row(one: CommitmentUse) -> tuple[str, ...]:
    """A line of that table; what is not known is a dash."""
    covered, demand, used, unused, effective, listed = (
        amounts.money(value, one.currency)
        for value in (one.covered, one.on_demand, one.used, one.unused, one.effective, one.list)
    )
    return (
        one_line(f"{one.cloud} {amounts.month(one.month)}"),
        covered, demand, amounts.share(one.coverage), used, unused, amounts.share(one.utilisation),
        effective, listed, amounts.share(one.effective_savings_rate),
    )  # fmt: skip


def expiry_table(report: AuditReport) -> Table | None:
    """The calendar of what ends within the next 120 days, the next one first."""
    expiries = report.finance.expiries if report.finance else []
    rows = [
        (
            amounts.day(one.ends_on),
            amounts.number((one.ends_on - report.as_of.date()).days),
            _KINDS.get(one.kind) or one_line(one.kind).replace("_", " "),
            one_line(one.commitment_id),
            words.account(one.cloud, one.account),
            _then(one.renews),
            amounts.money(one.monthly_cost, one.currency),
        )
        for one in sorted(expiries, key=lambda one: (one.ends_on, one.cloud, one.commitment_id))
    ]
    if not rows:
        return None
    header = (
        t("Ends on"), t("Days left"), t("Kind"), t("Commitment"), t("Account"), t("Then"), t("Costs a month"),
    )  # fmt: skip
    caption = t("Commitments that end within 120 days")
    return Table(caption, header, rows[:MOST], beyond(rows, "json"), frozenset({1, 6}))


def _then(renews: bool | None) -> str:
    if renews is None:
        return amounts.UNKNOWN
    return t("Renews by itself") if renews else t("Ends: decide before")
