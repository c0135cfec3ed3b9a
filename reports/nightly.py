"""What a night says to people, in words: the subject of its message, and each single thing it has to tell.

Data in, words out: which of them a message has, and who gets it, is decided where it is made. Names of steps, tests and
files are as programs call them, and what a step or a test wrote is told behind our words, in English.
"""

from collections.abc import Sequence
from datetime import datetime

from finops.model import Finding
from finops.night_model import Restatement
from reports import amounts, summary, words
from reports.language import Worded, between, joint, mark, t, tn
from reports.pieces import Piece
from reports.plain import English

NO_AUDIT = mark("There is no audit of this night; the report of the one before is still there.")
# What stands above things of a kind.
TITLES = Worded(
    {
        "trouble": mark("What went wrong"),
        "partial": mark("What could not be read whole"),
        "unmade": mark("Files that could not be made"),
        "test": mark("Warnings of data tests"),
        "anomaly": mark("Costs and figures out of their limits"),
        "restatement": mark("Bills that were changed afterwards"),
        "budget": mark("Budgets"),
        "mute": mark("Exemptions that end soon"),
    }
)
# What stands above the other parts of a message.
PARTS = Worded({"all": mark("In all"), "files": mark("Files"), "invoices": mark("Invoices")})
_STEPS = Worded(
    {
        "failed": mark("{step} failed"),
        "incomplete": mark("{step} incomplete"),
        "aborted": mark("{step} aborted"),
        "skipped": mark("{step} skipped"),
    }
)
_UNREAD = Worded(
    {
        "denied": mark("{datasets} of {account} denied"),
        "failed": mark("{datasets} of {account} failed"),
        "throttled": mark("{datasets} of {account} throttled"),
        "partial": mark("{datasets} of {account} partial"),
    }
)


# --- single things ----------------------------------------------------------------------------------------


def step(name: str, part: str | None, status: str) -> str:
    """What became of a step that was not done."""
    return _STEPS[status].format(step=f"{name} {part}" if part else name)


def not_made(file: str) -> str:
    return t("{file} was not made", file=file)


def unread(group: summary.Unread) -> str:
    """Data sets of an account that could not be read whole."""
    account = words.account(group.cloud, group.account)
    return _UNREAD[group.status].format(datasets=joint(", ").join(group.datasets), account=account)


def failed_test(test: str, subject: str) -> str:
    return t("data test {test} of {subject}", test=test, subject=subject)


def ending(rule: str, selector: str, owner: str, at: datetime) -> str:
    """An exemption that ends soon."""
    told = {"rule": rule, "selector": selector, "owner": owner, "day": amounts.iso_day(at.date())}
    return t("The exemption of {rule} for {selector} ({owner}) ends on {day}.", **told)


def finding(one: Finding) -> list[Piece]:
    """A finding on one line, with the reason that its rule gives."""
    saving = one.net_monthly_savings
    told = t(
        "{worth}: {action}, {resource} ({account}).",
        worth=t("no price is known")
        if saving is None
        else t("{amount} a month", amount=amounts.money(saving, one.currency)),
        action=words.action(one),
        resource=words.name(one),
        account=words.account(one.cloud, one.account),
    )
    return [Piece(told + between()), Piece(English(one.reason))]


# --- the subject ------------------------------------------------------------------------------------------


def trouble(first: str, more: int, *, failed: bool) -> str:
    """That the night is not whole; `failed` where there is no report. `first` is what of it is named."""
    if not more:
        return (
            t("night failed: {first}", first=first) if failed else t("night incomplete: {first}", first=first)
        )
    if failed:
        return tn(
            "night failed: {first} and {n} more", "night failed: {first} and {n} more", more, first=first
        )
    return tn(
        "night incomplete: {first} and {n} more", "night incomplete: {first} and {n} more", more, first=first
    )


def whole_again() -> str:
    return t("the night is whole again")


def new_findings(found: Sequence[Finding]) -> str:
    """How many there are and what they would save."""
    saved = _together(summary.together(found))
    if not saved:
        return tn("{n} new finding", "{n} new findings", len(found))
    return tn(
        "{n} new finding, {amount} a month", "{n} new findings, {amount} a month", len(found), amount=saved
    )


def nothing_new(possible: Sequence[summary.Amount]) -> str:
    """That nothing is new, and what can be saved all the same."""
    saved = _together(possible)
    return t("nothing new; {amount} a month can be saved", amount=saved) if saved else t("nothing new")


def _together(sums: Sequence[summary.Amount]) -> str:
    return amounts.joined([amounts.rounded(*amount) for amount in sums])


def warnings(number: int) -> str:
    return tn("{n} warning of a data test", "{n} warnings of data tests", number)


def anomalies(number: int) -> str:
    return tn("{n} anomaly", "{n} anomalies", number)


def endings(number: int) -> str:
    return tn("{n} exemption ends soon", "{n} exemptions end soon", number)


def restated(found: Sequence[Restatement]) -> str:
    """Which month of bills was changed and by how much, or how many were."""
    if len(found) > 1:
        return tn("{n} month restated", "{n} months restated", len(found))
    one = found[0]
    change = one.after - one.before
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return t(
        "{month} restated {amount}",
        month=amounts.month(f"{one.month:%Y-%m}", one.month),
        amount=sign + amounts.rounded(abs(change), one.currency),
    )


# --- the body ---------------------------------------------------------------------------------------------


def findings_title(since: datetime | None) -> str:
    return t("New findings since {day}", day=amounts.day(since)) if since else t("Findings")


def more(number: int) -> str:
    """That the rest of a list is in the report."""
    return tn("and {n} more, in the report", "and {n} more, in the report", number)


def cut() -> str:
    """The same where nobody counted."""
    return t("and more, in the report")


def files(names: Sequence[str], folder: str) -> str:
    """The files of the report, and where they are if that may be told."""
    told = joint(", ").join(names)
    return (
        t("Files in {folder}: {files}", folder=folder, files=told)
        if folder
        else t("Files: {files}", files=told)
    )
