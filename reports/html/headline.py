"""The sentence a reader may stop after: where the month is heading, why, what we ask for, and what that changes.

Made of numbers only. What is not known is left out or said to be unknown; nothing is guessed.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from finops.finance_model import Bridge, SpendLine
from finops.model import AuditReport
from finops.night_model import BudgetLine
from reports import amounts, decisions, summary, words
from reports.html.months import Month, months
from reports.language import Worded, mark, t, tn
from reports.pieces import Piece, flowing, joined, kept, pieces
from reports.plain import English, one_line, shortened

__all__ = ["Piece", "headline", "opening"]

# The steps of a bridge, as what drives the change of a month: most of it, or the largest part.
_MOSTLY = Worded(
    {
        "price": mark("mostly because of prices"),
        "volume": mark("mostly because of how much is used"),
        "new": mark("mostly because of what is new"),
        "gone": mark("mostly because of what is gone"),
        "one_off": mark("mostly because of tax, credits and other one-off charges"),
        "savings": mark("mostly because of savings that were carried out"),
    }
)
_PARTLY = Worded(
    {
        "price": mark("the largest part because of prices"),
        "volume": mark("the largest part because of how much is used"),
        "new": mark("the largest part because of what is new"),
        "gone": mark("the largest part because of what is gone"),
        "one_off": mark("the largest part because of tax, credits and other one-off charges"),
        "savings": mark("the largest part because of savings that were carried out"),
    }
)
_MOST_OF_IT = Worded(
    {
        "service": mark("most of it in {name}"),
        "team": mark("most of it in team {name}"),
        "account": mark("most of it in account {name}"),
    }
)
_LARGEST = Decimal("0.5")  # of a change, from which on one step or one service is said to explain it
_EVEN = Decimal("0.005")  # of a budget, within which a forecast is said to be on it


def headline(report: AuditReport) -> list[Piece]:
    """The sentences in pieces, so that the page may set amounts in bold."""
    return flowing(_sentences(report, months(report)))


def opening(report: AuditReport) -> list[Piece]:
    """The first of the sentences."""
    return _sentences(report, months(report))[0]


def _sentences(report: AuditReport, found: list[Month]) -> list[list[Piece]]:
    if not any(one.spent is not None for one in found):
        told = words.headline(report)
        saving = [Piece(told.saving, "saving")] if told.saving else []
        return [
            [Piece(told.before), *saving, Piece(told.after)],
            [Piece(told.unpriced)] if told.unpriced else [],
        ]
    if len(found) > 1:
        return [_several(found), _ask(report, found)]
    return [_one(report, found[0]), _why(report, found[0]), _unforeseen(found[0]), _ask(report, found)]


def _stopped(sentence: Sequence[Piece]) -> list[Piece]:
    return pieces(t("{sentence}."), sentence=sentence)


def _one(report: AuditReport, month: Month) -> list[Piece]:
    name = amounts.month(month.key, report.as_of)
    if month.expected is not None:
        amount = _amount(month.expected, month.currency)
        lead = pieces(t("{month} is heading for {amount}"), month=name, amount=amount)
    else:
        amount = _amount(month.spent or Decimal(0), month.currency)
        template = t("{month} has cost {amount} so far") if month.running else t("{month} cost {amount}")
        lead = pieces(template, month=name, amount=amount)
    return _stopped(_against_budget(month, lead))


def _amount(amount: Decimal, currency: str, tone: str = "strong") -> Piece:
    text = amounts.short(amount, currency)
    full = amounts.money(amount, currency)
    return Piece(text, tone, "" if text == full else full)


def _against_budget(month: Month, lead: list[Piece]) -> list[Piece]:
    """The beginning of the sentence, and how that stands to the budget of everything, or how many are broken."""
    budget, apart = month.budget, _apart(month)
    if budget is None:
        return _broken(month.budgets, lead)
    if apart is None:
        return lead
    if abs(apart) < budget.budget * _EVEN:
        return pieces(t("{sentence}, on budget"), sentence=lead)
    share = amounts.change_share(budget.budget + apart, budget.budget)
    amount = amounts.short(abs(apart), month.currency)
    told = Piece(
        _over(amount, share) if apart > 0 else _under(amount, share),
        "over" if apart > 0 else "under",
        amounts.money(abs(apart), month.currency),
    )
    if month.expected is not None:
        return pieces(t("{sentence}, {apart}"), sentence=lead, apart=told)
    return pieces(t("{sentence}, already {apart}"), sentence=lead, apart=told)


def _over(amount: str, share: str) -> str:
    if share == amounts.UNKNOWN:
        return t("▲ {amount} over budget", amount=amount)
    return t("▲ {amount} ({share}) over budget", amount=amount, share=share)


def _under(amount: str, share: str) -> str:
    if share == amounts.UNKNOWN:
        return t("▼ {amount} under budget", amount=amount)
    return t("▼ {amount} ({share}) under budget", amount=amount, share=share)


def _broken(budgets: Sequence[BudgetLine], lead: list[Piece]) -> list[Piece]:
    """The beginning of the sentence, and how many budgets are broken or will be, where any is."""
    bad = sum(one.state in ("over", "at_risk") for one in budgets)
    if not bad:
        return lead
    number = amounts.number(bad)
    of = tn("▲ {bad} of {n} budget", "▲ {bad} of {n} budgets", len(budgets), bad=number)
    template = tn(
        "{sentence}; {budgets} is over or at risk",
        "{sentence}; {budgets} are over or at risk",
        bad,
        **kept("sentence", "budgets"),
    )
    return pieces(template, sentence=lead, budgets=Piece(of, "over"))


def _apart(month: Month) -> Decimal | None:
    """Forecast less budget; without a forecast what is spent above it; None where neither tells anything."""
    if month.budget is None:
        return None
    if month.budget.variance is not None:
        return month.budget.variance
    above = (month.spent or Decimal(0)) - month.budget.budget
    return above if above > 0 else None


def _why(report: AuditReport, month: Month) -> list[Piece]:
    """The largest step of the bridge, and where most of the change is."""
    bridge = month.bridge
    if not bridge or not bridge.change:
        return []
    change = bridge.change
    told = _compared(report, month, bridge)
    causes = [text for text in (_step(bridge, change), _where(report, month, change)) if text]
    if len(causes) > 1:
        told = t("{sentence}, {cause}, and {place}", sentence=told, cause=causes[0], place=causes[1])
    elif causes:
        told = t("{sentence}, {cause}", sentence=told, cause=causes[0])
    if bridge.not_compared:
        amount = amounts.short(bridge.not_compared, month.currency)
        told = t("{sentence}; {amount} cannot be compared", sentence=told, amount=amount)
    return _stopped([Piece(told)])


def _compared(report: AuditReport, month: Month, bridge: Bridge) -> str:
    """How much more or less than the month before, or than its same days."""
    change = bridge.change
    if bridge.month != month.key:
        template = _of_another(bridge, change > 0)
    elif month.running:
        template = _of_this(bridge, change > 0)
    else:
        template = _of_that(bridge, change > 0)
    return template.format(
        month=amounts.month(bridge.month, report.as_of),
        amount=amounts.short(abs(change), month.currency),
        before=amounts.month(bridge.previous_month, report.as_of),
    )


def _of_this(bridge: Bridge, more: bool) -> str:
    """Of a month that runs."""
    if bridge.compared == "same days":
        return (
            t("It is {amount} more than the same days of {before}")
            if more
            else t("It is {amount} less than the same days of {before}")
        )
    return t("It is {amount} more than {before}") if more else t("It is {amount} less than {before}")


def _of_that(bridge: Bridge, more: bool) -> str:
    """Of a month that is over."""
    if bridge.compared == "same days":
        return (
            t("That is {amount} more than the same days of {before}")
            if more
            else t("That is {amount} less than the same days of {before}")
        )
    return t("That is {amount} more than {before}") if more else t("That is {amount} less than {before}")


def _of_another(bridge: Bridge, more: bool) -> str:
    """Of another month than the sentence is about."""
    if bridge.compared == "same days":
        return (
            t("{month} was {amount} more than the same days of {before}")
            if more
            else t("{month} was {amount} less than the same days of {before}")
        )
    return (
        t("{month} was {amount} more than {before}") if more else t("{month} was {amount} less than {before}")
    )


def _step(bridge: Bridge, change: Decimal) -> str:
    """Which step of the bridge drives the change: the largest in its direction."""
    same = {name: getattr(bridge, name) for name in _MOSTLY if getattr(bridge, name) * change > 0}
    if not same:
        return ""
    name = max(same, key=lambda step: abs(same[step]))
    part = abs(same[name]) / abs(sum(same.values(), Decimal(0)))
    return (_MOSTLY if part > _LARGEST else _PARTLY)[name]


def _where(report: AuditReport, month: Month, change: Decimal) -> str:
    """The one service or team that has most of the change; empty where no one has."""
    for kind in _MOST_OF_IT:
        for spend in report.finance.spend if report.finance else []:
            if (spend.by, spend.currency, spend.month) == (kind, month.currency, month.bridge_month):
                line = _leading(spend.lines, change)
                if line:
                    name = shortened(one_line(line.name or line.key or ""), 40)
                    return _MOST_OF_IT[kind].format(name=name)
    return ""


def _leading(lines: list[SpendLine], change: Decimal) -> SpendLine | None:
    moved = [one for one in lines if one.change is not None and one.key and not one.others]
    if len(moved) < 2:
        return None
    most = max(moved, key=lambda one: (one.change or Decimal(0)) * (1 if change > 0 else -1))
    return most if (most.change or Decimal(0)) / change > _LARGEST else None


def _unforeseen(month: Month) -> list[Piece]:
    """Why there is no forecast, in the words of the model."""
    reason = month.forecast.reason if month.forecast else None
    if not reason:
        return []
    told = one_line(reason).rstrip(". ")
    why = English(f"{told[:1].lower()}{told[1:]}.")
    return pieces(t("What it will come to is not known: {reason}"), reason=why)


def _several(found: list[Month]) -> list[Piece]:
    """Amounts of several currencies side by side: no cause, which would be one of each."""
    foreseen = [one for one in found if one.expected is not None]
    shown = [(one.expected, one.currency) for one in foreseen] or [(one.spent, one.currency) for one in found]
    known = _amounts((amount, currency) for amount, currency in shown if amount is not None)
    template = t("The month is heading for {amounts}") if foreseen else t("The month has cost {amounts}")
    told = pieces(template, amounts=known)
    rest = [(one.spent, one.currency) for one in found if foreseen and one.expected is None]
    if spent := _amounts((amount, currency) for amount, currency in rest if amount):
        told = pieces(t("{sentence}, and has cost {amounts} so far"), sentence=told, amounts=spent)
    budgets = [budget for one in found for budget in one.budgets]
    return _stopped(_broken(budgets, told))


def _amounts(known: Iterable[tuple[Decimal, str]], tone: str = "strong") -> list[Piece]:
    return joined([[_amount(amount, currency, tone)] for amount, currency in known])


def _ask(report: AuditReport, found: list[Month]) -> list[Piece]:
    """What is asked for and what it changes."""
    shown = decisions.decisions(report)
    if not shown:
        return [Piece(_no_decision(report))]
    template = tn(
        "The decision below saves {amounts} a month",
        "The {n} decisions below save {amounts} a month",
        len(shown),
        **kept("amounts"),
    )
    saved = _together(shown)
    told = pieces(
        template, amounts=_amounts(((amount, currency) for currency, amount in saved.items()), "saving")
    )
    return _stopped(_effect(found, saved, told))


def _no_decision(report: AuditReport) -> str:
    steps = len(summary.counted(report))
    if steps:
        return tn(
            "{n} thing to do came up, but what can be saved is not known, because no price or bill is loaded.",
            "{n} things to do came up, but what can be saved is not known, because no price or bill is loaded.",
            steps,
        )
    if report.not_evaluated and not report.totals.evaluated_cost_share:
        return t("Nothing to save was found, but nothing could be judged either.")
    return t("Nothing to save was found.")


def _together(shown: list[decisions.Decision]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for one in shown:
        sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.net
    return sums


def _effect(found: list[Month], saved: dict[str, Decimal], told: list[Piece]) -> list[Piece]:
    """The sentence, and what the decisions do for the budget."""
    apart = _apart(found[0]) if len(found) == 1 else None
    mine = saved.get(found[0].currency)
    if not apart or apart <= 0 or not mine or (found[0].running and found[0].expected is None):
        return told  # how far it will be over, nobody knows yet
    if mine >= apart:
        return pieces(t("{sentence}, enough for a month like this to stay within budget"), sentence=told)
    share = amounts.share(float(mine / apart))
    return pieces(t("{sentence}, {share} of what is over"), sentence=told, share=share)
