"""What left its limits, what the month will cost and how budgets stand, in words for every rendering."""

from collections.abc import Sequence
from dataclasses import dataclass

from finops.model import AuditReport
from finops.night_model import Anomaly, BudgetLine, Forecast
from reports import amounts
from reports.plain import one_line

TITLE = "What is out of control?"
CALM = "No cost and no figure of the pipeline left its limits, as far as their history allows to tell."
FORECAST = "What this month will cost"
BUDGETS = "Budgets"
BUDGET_STATES = {
    "within": "within",
    "at_risk": "at risk",
    "over": "over",
    "not_evaluated": "not evaluated",
}
_STATES = {"open": "open", "over": "over", "accepted": "accepted", "expected": "announced"}
_KINDS = {"spike": "rise", "drift": "new level", "drop": "fall"}
_PARTS = 20  # accounts whose forecast is shown


@dataclass(frozen=True, slots=True)
class Alarm:
    """An anomaly in words; `grave` are those that are going on."""

    id: str
    grave: bool
    what: str  # rise, new level, fall, and whether it goes on
    days: str
    message: str


@dataclass(frozen=True, slots=True)
class Month:
    """A forecast in words. `whole` is the total of a currency."""

    whole: bool
    who: str
    spent: str
    through: str
    forecast: str
    band: str


@dataclass(frozen=True, slots=True)
class Control:
    """The answers, each for itself: nothing where the night had nothing to tell."""

    alarms: Sequence[Alarm]
    months: Sequence[Month]
    budgets: Sequence[tuple[str, str, str]]  # name, state, sentence

    @property
    def open(self) -> int:
        """How many alarms are going on."""
        return sum(one.grave for one in self.alarms)


def control(report: AuditReport) -> Control | None:
    """None where no night stands behind the report, or it had no costs to watch."""
    night = report.night
    if not night or not (night.anomalies or night.forecasts or night.budgets):
        return None
    return Control(
        [_alarm(one) for one in night.anomalies],
        months_told(night.forecasts),
        [budget_told(one) for one in night.budgets],
    )


def forecasts(report: AuditReport) -> list[Forecast]:
    """What the month will cost: by the night that made the report, else by the bills as they are loaded."""
    told = report.night or report.finance
    return told.forecasts if told else []


def budgets(report: AuditReport) -> list[BudgetLine]:
    """How budgets stand, from the same place as the forecasts."""
    told = report.night or report.finance
    return told.budgets if told else []


def answer(told: Control) -> str:
    """The first sentence."""
    if not told.alarms:
        return CALM
    over = len(told.alarms) - told.open
    more = f"; {over:,} of the last weeks {'is' if over == 1 else 'are'} over or accepted" if over else ""
    return f"{amounts.count(told.open, 'anomaly', 'anomalies')} open{more}."


def _alarm(one: Anomaly) -> Alarm:
    days = f"{one.first_day}" if one.first_day == one.last_day else f"{one.first_day} to {one.last_day}"
    return Alarm(
        one.id,
        one.state == "open",
        f"{_KINDS[one.kind]}, {_STATES[one.state]}",
        days,
        one_line(one.message),
    )


def months_told(forecasts: Sequence[Forecast]) -> list[Month]:
    """Forecasts in words: the totals, their clouds, and the largest accounts."""
    wholes = [one for one in forecasts if one.level in ("total", "provider")]
    accounts = [one for one in forecasts if one.level == "account"]
    largest = sorted(
        accounts, key=lambda one: (-(one.forecast or one.spent), one.currency, one.account or "")
    )
    return [_month(one) for one in [*wholes, *largest[:_PARTS]]]


def _month(one: Forecast) -> Month:
    who = {"total": f"Everything in {one.currency}", "provider": one.cloud or ""}.get(
        one.level, f"{one.account} ({one.cloud})"
    )
    return Month(
        one.level == "total",
        one_line(who),
        amounts.money(one.spent, one.currency),
        str(one.settled_until or amounts.UNKNOWN),
        amounts.money(one.forecast, one.currency),
        one_line(one.reason) if one.reason else amounts.money_range(one.low, one.high, one.currency),
    )


def budget_told(one: BudgetLine) -> tuple[str, str, str]:
    """A budget in words: its name, its state, and a sentence with the figures."""
    return one_line(one.name), BUDGET_STATES[one.state], one_line(one.message)
