"""The sentence a reader may stop after: where the month is heading, why, what we ask for, and what that changes.

Made of numbers only. What is not known is left out or said to be unknown; nothing is guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from finops.finance_model import Bridge, SpendLine
from finops.model import AuditReport
from reports import amounts, decisions, summary, words
from reports.html.months import Month, months
from reports.plain import one_line, shortened

STEPS = {
    "price": "prices",
    "volume": "how much is used",
    "new": "what is new",
    "gone": "what is gone",
    "one_off": "tax, credits and other one-off charges",
    "savings": "savings that were carried out",
    "not_compared": "what cannot be compared",
}
_OF = {"service": "", "team": "team ", "account": "account ", "region": "region "}
_LARGEST = Decimal("0.5")  # of a change, from which on one step or one service is said to explain it
_EVEN = Decimal("0.005")  # of a budget, within which a forecast is said to be on it


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the sentence. `tone` is over, under, saving, strong or nothing; `full` the amount that is shortened."""

    text: str
    tone: str = ""
    full: str = ""


def headline(report: AuditReport) -> list[Piece]:
    """The sentences in pieces, so that the page may set amounts in bold."""
    found = months(report)
    if not any(one.spent is not None for one in found):
        plain = words.headline(report)
        return [Piece(plain.before), *_saving(plain.saving), Piece(plain.after)]
    lead = _one(report, found[0]) if len(found) == 1 else _several(found)
    return [*lead, *_ask(report, found)]


def _saving(text: str) -> list[Piece]:
    return [Piece(text, "saving")] if text else []


def _one(report: AuditReport, month: Month) -> Iterator[Piece]:
    name = amounts.month(month.key, report.as_of)
    if month.expected is not None:
        yield Piece(f"{name} is heading for ")
        yield _amount(month.expected, month.currency)
    else:
        yield Piece(f"{name} has cost " if month.running else f"{name} cost ")
        yield _amount(month.spent or Decimal(0), month.currency)
        yield Piece(" so far" if month.running else "")
    yield from _against_budget(month)
    yield Piece(". ")
    yield from _why(report, month)
    if month.forecast and month.forecast.reason:
        yield Piece(f"What it will come to is not known: {_sentence(month.forecast.reason)} ")


def _amount(amount: Decimal, currency: str, tone: str = "strong") -> Piece:
    text = amounts.short(amount, currency)
    full = amounts.money(amount, currency)
    return Piece(text, tone, "" if text == full else full)


def _sentence(text: str) -> str:
    told = one_line(text).rstrip(". ")
    return f"{told[:1].lower()}{told[1:]}."


def _against_budget(month: Month) -> Iterator[Piece]:
    budget = month.budget
    if budget is None:
        bad = sum(one.state in ("over", "at_risk") for one in month.budgets)
        if bad:
            yield Piece("; ")
            yield Piece(f"▲ {bad} of {amounts.count(len(month.budgets), 'budget')}", "over")
            yield Piece(f" {'is' if bad == 1 else 'are'} over or at risk")
        return
    apart = _apart(month)
    if apart is None:
        return
    if abs(apart) < budget.budget * _EVEN:
        yield Piece(", on budget")
        return
    share = amounts.change_share(budget.budget + apart, budget.budget)
    side, tone = ("over", "over") if apart > 0 else ("under", "under")
    part = f" ({share})" if share != amounts.UNKNOWN else ""
    text = f"{amounts.direction(apart)} {amounts.short(abs(apart), month.currency)}{part} {side} budget"
    yield Piece(", " if month.expected is not None else ", already ")
    yield Piece(text, tone, amounts.money(abs(apart), month.currency))


def _apart(month: Month) -> Decimal | None:
    """Forecast less budget; without a forecast what is spent above it; None where neither tells anything."""
    if month.budget is None:
        return None
    if month.budget.variance is not None:
        return month.budget.variance
    above = (month.spent or Decimal(0)) - month.budget.budget
    return above if above > 0 else None


def _why(report: AuditReport, month: Month) -> Iterator[Piece]:
    """The largest step of the bridge, and where most of the change is."""
    bridge = month.bridge
    change = bridge.cost - bridge.previous if bridge else Decimal(0)
    if not bridge or not change:
        return
    than = amounts.month(bridge.previous_month, report.as_of)
    of = f"the same days of {than}" if bridge.compared == "same days" else than
    size = amounts.short(abs(change), month.currency)
    causes = [text for text in (_step(bridge, change), _where(report, month, change)) if text]
    yield Piece(
        ", ".join(
            [
                f"{_it(report, month, bridge)} {size} {'more' if change > 0 else 'less'} than {of}",
                ", and ".join(causes),
            ]
        ).rstrip(", ")
        + ". "
    )


def _it(report: AuditReport, month: Month, bridge: Bridge) -> str:
    """What is compared, as the beginning of a sentence."""
    if bridge.month != month.key:
        return f"{amounts.month(bridge.month, report.as_of)} was"
    return "It is" if month.running else "That is"


def _step(bridge: Bridge, change: Decimal) -> str:
    """Which step of the bridge drives the change: the largest in its direction, never one of what is not compared."""
    same = {name: getattr(bridge, name) for name in STEPS if getattr(bridge, name) * change > 0}
    if not same:
        return ""
    name = max(same, key=lambda step: abs(same[step]))
    if name == "not_compared":
        return ""
    part = abs(same[name]) / abs(sum(same.values(), Decimal(0)))
    return f"{'mostly' if part > _LARGEST else 'the largest part'} because of {STEPS[name]}"


def _where(report: AuditReport, month: Month, change: Decimal) -> str:
    """The one service or team that has most of the change; empty where no one has."""
    for kind in ("service", "team", "account"):
        for spend in report.finance.spend if report.finance else []:
            if (spend.by, spend.currency, spend.month) == (kind, month.currency, month.bridge_month):
                line = _leading(spend.lines, change)
                if line:
                    name = shortened(one_line(line.name or line.key or ""), 40)
                    return f"most of it in {_OF[kind]}{name}"
    return ""


def _leading(lines: list[SpendLine], change: Decimal) -> SpendLine | None:
    moved = [one for one in lines if one.change is not None and one.key and not one.others]
    if len(moved) < 2:
        return None
    most = max(moved, key=lambda one: (one.change or Decimal(0)) * (1 if change > 0 else -1))
    return most if (most.change or Decimal(0)) / change > _LARGEST else None


def _several(found: list[Month]) -> Iterator[Piece]:
    """Amounts of several currencies side by side: no cause, which would be one of each."""
    foreseen = [one for one in found if one.expected is not None]
    yield Piece("The month is heading for " if foreseen else "The month has cost ")
    shown = [(one.expected, one.currency) for one in foreseen] or [(one.spent, one.currency) for one in found]
    known = [(amount, currency) for amount, currency in shown if amount is not None]
    for number, (amount, currency) in enumerate(known):
        yield Piece(" and " if number else "")
        yield _amount(amount, currency)
    budgets = [budget for one in found for budget in one.budgets]
    bad = sum(one.state in ("over", "at_risk") for one in budgets)
    if bad:
        yield Piece("; ")
        yield Piece(f"▲ {bad} of {amounts.count(len(budgets), 'budget')}", "over")
        yield Piece(f" {'is' if bad == 1 else 'are'} over or at risk")
    yield Piece(". ")


def _ask(report: AuditReport, found: list[Month]) -> Iterator[Piece]:
    """What is asked for and what it changes."""
    steps = summary.counted(report)
    shown = decisions.decisions(report)
    if not shown:
        yield Piece(_no_decision(report, bool(steps)))
        return
    yield Piece("The decision below saves " if len(shown) == 1 else f"The {len(shown)} decisions below save ")
    for number, (currency, amount) in enumerate(_together(shown).items()):
        yield Piece(" and " if number else "")
        yield _amount(amount, currency, "saving")
    yield Piece(" a month")
    yield Piece(_effect(found, shown))
    yield Piece(".")


def _no_decision(report: AuditReport, steps: bool) -> str:
    if steps:
        found = amounts.count(len(summary.counted(report)), "thing")
        return (
            f"{found} to do came up, but what can be saved is not known, because no price or bill is loaded."
        )
    if report.not_evaluated and not report.totals.evaluated_cost_share:
        return "Nothing to save was found, but nothing could be judged either."
    return "Nothing to save was found."


def _together(shown: list[decisions.Decision]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for one in shown:
        sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.net
    return sums


def _effect(found: list[Month], shown: list[decisions.Decision]) -> str:
    """What the decisions do for the budget."""
    if len(found) != 1:
        return ""
    apart, saved = _apart(found[0]), _together(shown).get(found[0].currency)
    if not apart or apart <= 0 or not saved:
        return ""
    if saved >= apart:
        return ", enough for a month like this to stay within budget"
    return f", {amounts.share(float(saved / apart))} of what is over"
